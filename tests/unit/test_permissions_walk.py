"""A walk over every public function of ``clinic/`` that acts for somebody: each asks the flags.

The functions are found by looking into the modules, not from a list: a new one that forgets to ask
fails here until it asks, or stands below with its reason. Each is called twice with the same
arguments, once by a user without a single flag, who must be refused, and once by the
administrator, who must not: so it is the flag that refuses, and nothing else.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import hikma_tui
import hikma_tui.clinic
from hikma_tui import forms
from hikma_tui.clinic import (
    allergies,
    deletion,
    info,
    medicines,
    patients,
    pins,
    problems,
    registration,
    status,
    visits,
    vitals,
)
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotAllowed, NotFound, Refused
from hikma_tui.clinic.permissions import Flag
from hikma_tui.medicines import read
from hikma_tui.models import Conflict
from hikma_tui.secrets_kdf import Work, hashed
from hikma_tui.store import Store
from tests.screens.clinic import Clinic
from tests.screens.server import connected, differ
from tests.unit.test_permissions import Place

PROGRAM = Path(hikma_tui.__file__).parent

NOT_ASKED = {
    # Whom one may see is part of the answer, not a refusal: tested below.
    "chart.today": "shows only whom the actor may see",
    "finding.find": "finds only whom the actor may see",
    "finding.count": "counts only whom the actor may see",
    "patients.likely": "tells of others only that a file exists (decisions.md 20)",
    "registration.whose_card": "tells of others only that a file exists (decisions.md 20)",
    "deletion.undoable": "lists only what the actor may undo",
    "conflicts.open_conflicts": "shows no values of whom the actor may not see",
    "server_needs.needs": "names nobody whom the actor may not see",
    # The actor's own words, by user.
    "drafts.begin": "the actor's own draft",
    "drafts.keep": "the actor's own draft",
    "drafts.at": "the actor's own draft",
    "drafts.discard": "the actor's own draft",
    "drafts.saved": "runs a save, which asks",
    "drafts.waiting": "the actor's own drafts",
    "server_needs.card_of": "tells only that a file is hidden",
    "conflicts.resolve_all_suggestions": "decides only what the actor may see; each is asked",
    # Who works here stands on the lock's screen.
    "users.people": "users, no patient",
    "users.person_named": "users, no patient",
    # Forms and settings, no patient.
    "visits.event_forms": "forms, no patient",
    "own_forms.ensure": "a form, no patient; called inside a save that asked",
    "patients.registration_form": "a form, no patient",
    # Steps of a save or a read that has asked before; nobody else calls them (tested below).
    "addenda.corrected": "makes a value, saves nothing",
    "problems.noted": "makes a value, saves nothing",
    "prescribing.with_reason": "makes a value, saves nothing",
    "report_chapters.allergy_list": "a part of report.gather",
    "report_chapters.problem_list": "a part of report.gather",
    "report_chapters.medicine_lists": "a part of report.gather",
    "report_chapters.results": "a part of report.gather",
    "report_chapters.referrals": "a part of report.gather",
    "audit.append": "what a save writes about itself",
    "audit.export_begun": "written down by an export, which asked (rows_out.may_export)",
    "audit.exported": "written down by an export, which asked (rows_out.may_export)",
    "visits.joined": "which visit a save goes into: the save asks",
    "registration.answers_to_begin": "the actor's own clinic as a first answer, no patient",
    "audit.viewed": "says that somebody looked",
    # What asks, or answers the question itself.
    "permissions.rights": "the answer itself",
    "permissions.require": "the answer itself",
    "permissions.sight": "the answer itself",
    "permissions.may_see": "the answer itself",
    "permissions.require_sight": "the answer itself",
    "visits.may_edit": "the answer itself, as a sentence",
    "vitals.may_record": "the answer itself, as a sentence",
    "vitals.may_correct": "the answer itself, as a sentence",
    "report.may_report": "the answer itself, as a sentence",
    # The lock: it lets in those who act, and acts for whom it let in.
    "pins.right": "records that somebody was let in",
    "pins.wrong": "records that somebody was not",
    "pins.open_session": "a token of the actor's own for the sync that they start",
    "saving.one_save": "makes a function, which asks",
    "pins.reset_pin": "one's own PIN, after the recovery code",
}
"""Functions with an actor that refuse nobody, and why."""

_CLINIC = "hikma_tui.clinic."
UNASKED = {
    ("screens/conflicts_choice.py", "server.erased_with"): "a yes or no about a server",
    ("screens/moving.py", "server.erased_with"): "a yes or no about a server",
    ("screens/register.py", "registration.free_place"): "the place of a draft",
    ("screens/event_place.py", "visits.visits_of_day"): "which visit of a day, for a draft's place",
    ("screens/visit_entry.py", "visits.visits_of_day"): "in one read behind patients.card",
    ("screens/visit_entry.py", "problems.of_patient"): "in one read behind patients.card",
    ("screens/vitals_entry.py", "visits.visits_of_day"): "in one read behind patients.card",
}
"""Where a record is read without saying who asks, and why that shows nothing."""

HIDDEN: dict[str, type[Refused]] = {"conflicts.fields": NotFound}
"""What is refused by not being there at all."""


class World(Place):
    """A patient with one of everything, and what each function takes."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        admin, patient = self.admin, self.patient
        self.nobody = self.user()
        self.day: date = self.write(info.today)
        self.other = self.register("Amal")
        self.allergy = self.write(allergies.add, admin, patient, "penicillin")
        self.refuted = self.write(allergies.add, admin, patient, "peanut")
        self.write(allergies.refute, admin, self.refuted, "a rash")
        gout = {"problem_code": "custom", "problem_code_system": "icd11", "problem_label": "gout"}
        self.problem = self.write(problems.add, admin, patient, gout)
        self.over = self.write(problems.add, admin, patient, {**gout, "problem_label": "flu"})
        self.write(problems.resolve, admin, self.over)
        self.item = read("amlodipine 5mg od").item
        self.write(medicines.prescribe, admin, patient, self.day, [self.item])
        (given,) = self.write(medicines.all_of, admin, patient, self.day)
        self.key = (given.event_id, given.entry_id)
        self.vitals = self.write(
            vitals.record, admin, patient, self.day, {"pulse_rate": 70}
        ).vitals_id
        self.referral = self.write(status.refer, admin, patient, self.day, "Hospital", "ill")
        clinic_made = Clinic(store, admin)
        peer = connected(clinic_made)
        self.conflict = differ(clinic_made, peer, "patients", patient, phone="071")
        self.deleted_note = self.write(
            visits.create_event, admin,
            {"patient_id": patient, "visit_id": self.visit, "event_type": "Gone", "form_data": []},
        )  # fmt: skip
        self.deletion = self.write(deletion.delete, admin, "events", self.deleted_note, "wrong")
        self.pin = hashed("1234", Work(1 << 10, 1))
        self.second = self.user(*Flag)
        for one in (admin, self.second):
            self.write(pins.set_pin, admin, one.user_id, self.pin)
        found = self.write(visits.event_forms, admin)
        self.form = next(one for one in found if one["name"] == "Consultation")
        self.made = forms.event_form(self.form)
        by_type = {one["fieldType"]: one["id"] for one in self.form["form_fields"]}
        named = {one["name"]: one["id"] for one in self.form["form_fields"]}
        amoxicillin = read("amoxicillin 500mg tds 5d").item
        self.complaint = {named["Chief complaint"]: "cough"}
        self.penicillin = {by_type["medicine"]: [amoxicillin]}
        recorded = self.write(
            visits.record, admin, patient, self.form["id"], self.day, self.complaint
        )
        self.answered = recorded.event_id
        self.registration = self.write(registration.form, admin)
        columns = {"given_name": "X", "sex": "male"}
        fields = [one for one in self.registration.fields if one.column in columns]
        self.named = {one.id: columns[one.column] for one in fields}
        self.clash = store.on_writer(lambda: Conflict.get(Conflict.pk == self.conflict)).result()

    def register(self, name: str) -> str:
        row = {"given_name": name, "primary_clinic_id": self.admin.clinic_id}
        return str(self.write(patients.register, self.admin, row))

    def arguments(self, name: str, function: Callable[..., Any]) -> dict[str, Any]:
        """What to call a function with, by the names of its parameters."""
        known: dict[str, Any] = {
            "patient_id": self.patient, "visit_id": self.visit, "event_id": self.event,
            "word": self.patient, "day": self.day, "on": self.day, "table": "events",
            "row_id": self.event, "reason": "because", "text": "more", "to_patient_id": self.other,
            "number": self.deletion, "pk": self.conflict, "choices": {"phone": "ours"},
            "side": "ours", "user_id": self.nobody.user_id, "allergy_id": self.allergy,
            "substance": "iodine", "reaction": "", "severity": "", "certainty": "confirmed",
            "problem_id": self.problem, "names": ["amoxicillin"], "entries": [self.item],
            "entry": self.item, "key": self.key, "keys": [self.key], "where": "Hospital",
            "why": "ill", "outcome": "well", "columns": {"phone": "1"}, "answers": {},
            "form_id": self.form["id"], "values": {"pulse_rate": 80}, "vitals_id": self.vitals,
            "name": "Samir", "role": "provider", "wanted": self.nobody.user_id, "minutes": 5,
            "pin_hash": self.pin, "code_hash": self.pin, "token": "t" * 40, "kind": "text",
            "tables": ["patients"], "counts": {"patients": 1}, "form": self.made,
            "before": {}, "made": self.registration, "one": None, "sentence": "no",
        }  # fmt: skip
        special: dict[str, dict[str, Any]] = {
            "allergies.reinstate": {"allergy_id": self.refuted},
            "allergies.none_known": {"patient_id": self.other},
            "allergies.not_asked": {"patient_id": self.other},
            "chart.chart_of_loose": {"row_id": self.event},
            "chart_visit.alone": {"table": "events"},
            "conflicts_choice.resolve": {"conflict": self.clash},
            "prescribing.unreasoned": {"answers": self.penicillin},
            "prescribing.refuse_allergies": {"answers": self.penicillin},
            "registration.form": {"patient_id": self.patient},
            "registration.register": {"answers": self.named},
            "pins.set_pin": {"user_id": self.admin.user_id},
            "pins.forget": {"user_id": self.admin.user_id},
            "pins.take_away": {"user_id": self.second.user_id},
            "users.rename": {"user_id": self.second.user_id},
            "users.remove": {"user_id": self.second.user_id},
            "users.remove_pin": {"user_id": self.second.user_id},
            "visits.record": {"answers": self.complaint},
            "visits.edit": {"event_id": self.answered, "answers": self.complaint},
            "status.set_deceased": {"day": self.day.isoformat()},
            "status.set_moved": {"day": self.day.isoformat()},
            "problems.add": {"columns": {
                "problem_code": "custom", "problem_code_system": "icd11", "problem_label": "cough"
            }},
            "problems.put": {"values": {
                "patient_id": self.patient, "problem_code": "custom",
                "problem_code_system": "icd11", "problem_label": "cough",
                "clinical_status": "active", "verification_status": "confirmed",
            }},
            "problems.from_diagnosis": {"diagnosis": {"code": "0000", "desc": "cough"}},
            "problems.edit": {"columns": {"severity_score": 3}},
            "problems.reactivate": {"problem_id": self.over},
            "patients.register": {"columns": {
                "given_name": "X", "primary_clinic_id": self.admin.clinic_id
            }},
            "patients.put_attribute": {"row": {
                "patient_id": self.patient, "attribute_id": "a", "attribute": "b",
            }},
            "records.create": {"table": "patients", "row": {
                "given_name": "X", "primary_clinic_id": self.admin.clinic_id
            }},
            "records.update": {"table": "patients", "row": {"id": self.patient, "phone": "3"}},
            "records.require_right": {"table": "events", "row": {"patient_id": self.patient}},
            "status.take_back": {"key": "moved"},
            "status.came_of_it": {"event_id": self.referral},
            "users.set_flags": {"on": (), "off": ()},
            "users.change_role": {"role": "registrar"},
            "visits.create_visit": {"row": {"patient_id": self.patient}},
            "visits.update_visit": {"row": {"id": self.visit, "metadata": {"a": "b"}}},
            "visits.create_event": {"row": {
                "patient_id": self.patient, "visit_id": self.visit, "event_type": "Note",
                "form_data": [],
            }},
            "visits.update_event": {"row": {"id": self.event, "event_type": "Other"}},
            "quick.save": {"text": "hr 70"},
            "copies.protect": {"how": "plain", "key": ""},
        }  # fmt: skip
        given: dict[str, Any] = {}
        for one in list(inspect.signature(function).parameters.values())[1:]:
            asked = special.get(name, {})
            value = asked.get(one.name, known.get(one.name, one.empty))
            if one.name in asked or (value is not one.empty and one.default is one.empty):
                given[one.name] = value
            assert one.name in given or one.default is not one.empty, f"{name} needs {one.name}"
        return given

    def tried(self, actor: Actor, name: str, function: Callable[..., Any]) -> Exception | None:
        """What a call raises; what it saved is undone."""
        arguments = self.arguments(name, function)

        def run() -> None:
            function(actor, **arguments)
            raise _Done

        try:
            self.write(run)
        except Exception as error:
            return None if isinstance(error, _Done) else error
        raise AssertionError


class _Done(Exception):
    """The call came to its end."""


def acting() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of ``clinic/`` whose first parameter is an actor."""
    for name, function in public():
        first = next(iter(inspect.signature(function).parameters.values()), None)
        if first is not None and "Actor" in str(first.annotation):
            yield name, function


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of ``clinic/``, as ``module.name``."""
    for module in pkgutil.iter_modules(hikma_tui.clinic.__path__):
        found = importlib.import_module(f"hikma_tui.clinic.{module.name}")
        for name, function in vars(found).items():
            own = inspect.isfunction(function) and function.__module__ == found.__name__
            if own and not name.startswith("_"):
                yield f"{module.name}.{name}", function


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store.create(tmp_path_factory.mktemp("walk") / "store")
    yield World(store)
    store.close()


def test_whoever_has_no_flag_is_refused_everywhere(world: World) -> None:
    wrong = []
    for name, function in acting():
        if name in NOT_ASKED:
            continue
        refused = world.tried(world.nobody, name, function)
        if not isinstance(refused, HIDDEN.get(name, NotAllowed)):
            wrong.append(f"{name}: without a flag it says {refused!r}")
        allowed = world.tried(world.admin, name, function)
        if isinstance(allowed, NotAllowed):
            wrong.append(f"{name}: the administrator is refused: {allowed}")
        elif allowed is not None and not isinstance(allowed, Refused):
            wrong.append(f"{name}: the test calls it wrongly: {allowed!r}")
    assert not wrong, "\n".join(wrong)


_NAMES = {"patient_id", "row_id", "visit_id", "event_id", "pk", "ids", "word"}


def without_an_actor() -> set[str]:
    """Functions that are given a record's id, and not who asks."""
    asked = {name for name, _function in acting()}
    return {
        name for name, function in public()
        if name not in asked and _NAMES & set(inspect.signature(function).parameters)
    }  # fmt: skip


def test_who_asks_is_said_wherever_a_record_is_read_from_outside() -> None:
    """Inside ``clinic/`` a function may lean on the one that asked; nobody else may."""
    quiet, used = without_an_actor(), set()
    for path in sorted(PROGRAM.rglob("*.py")):
        room = path.relative_to(PROGRAM).as_posix()
        if room.startswith(("clinic/", "demo/", "sync")):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "hikma_tui.clinic":
                known |= {one.asname or one.name: one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_CLINIC):
                module = str(node.module).removeprefix(_CLINIC)
                used |= {(room, f"{module}.{one.name}") for one in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used.add((room, f"{known.get(node.value.id, '?')}.{node.attr}"))
    found = {(room, name) for room, name in used if name in quiet}
    assert found == set(UNASKED)


def test_the_exceptions_are_still_there() -> None:
    assert set(NOT_ASKED) <= {name for name, _function in acting()}
