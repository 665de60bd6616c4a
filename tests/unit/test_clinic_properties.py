"""After any sequence of creations, edits, deletions and undos: nothing deleted can be reached
through any function that reads, and everything live can.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from hikma_tui import search
from hikma_tui.clinic import (
    audit,
    chart,
    deletion,
    drafts,
    finding,
    patients,
    records,
    setup,
    visits,
)
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import NotFound, Refused
from hikma_tui.exchange.rows_out import Export, chosen
from hikma_tui.models import SYNCED, connection
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError

NAMES = ("Mona", "Mohammed", "محمد", "Lina", "José", "Ada")
MOMENT = "2026-01-31T10:00:00Z"

# What goes with what, said a second time (decisions.md 1), so that the table is not its own judge.
GOES_WITH = {
    "patients": {
        "patient_additional_attributes", "visits", "events", "appointments", "patient_vitals",
        "patient_problems", "prescriptions",
    },
    "visits": {"events", "prescriptions", "appointments"},
}  # fmt: skip


@dataclass
class Made:
    """A row as the test knows it."""

    table: str
    id: str
    patient: str
    visit: str = ""
    name: str = ""
    key: str = ""  # of an attribute
    gone: int = 0  # the number of the deletion that took it


class Sequences(RuleBasedStateMachine):
    """A clinic at work; the machine knows what must be there."""

    some_patients = Bundle("some_patients")
    some_visits = Bundle("some_visits")
    anything = Bundle("anything")
    deletions = Bundle("deletions")

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="hikma-properties-"))
        self.store = Store.create(self.directory)
        self.actor: Actor = self.store.write(setup.create_clinic, "Clinic", "Nora").result()
        self.made: list[Made] = []

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.directory)

    # -- acts ------------------------------------------------------------------------------------

    def do(self, act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Act in a transaction; None when it was refused."""
        try:
            return self.store.write(act, self.actor, *arguments, **named).result()
        except Refused:
            return None

    def keep(self, made: Made, parents: tuple[Made, ...]) -> Made:
        """A child can be made exactly when what it hangs on is live."""
        assert bool(made.id) is all(not parent.gone for parent in parents), made
        if made.id:
            self.made.append(made)
        return made

    @rule(target=some_patients, name=st.sampled_from(NAMES), odd=st.text(max_size=6))
    def register(self, name: str, odd: str) -> Made:
        word = "Q" + "".join(chr(ord("a") + int(digit)) for digit in str(len(self.made)))
        row = {"given_name": name, "surname": word}
        if odd.isprintable() and odd.strip():
            row["hometown"] = odd
        made = Made("patients", self.do(patients.register, row), "", name=word)
        made.patient = made.id
        return self.keep(made, ())

    @rule(patient=some_patients, key=st.sampled_from("abc"), text=st.text("xyz", max_size=3))
    def put_attribute(self, patient: Made, key: str, text: str) -> None:
        row = {
            "patient_id": patient.id,
            "attribute_id": key,
            "attribute": key,
            "string_value": text,
        }
        row_id = self.do(patients.put_attribute, row)
        assert (row_id is not None) is (not patient.gone)
        known = [m for m in self.made if m.patient == patient.id and m.key == key]
        if row_id and known:
            known[0].gone = 0
        elif row_id:
            self.made.append(Made("patient_additional_attributes", row_id, patient.id, key=key))

    @rule(target=some_visits, patient=some_patients, today=st.booleans())
    def create_visit(self, patient: Made, today: bool) -> Made:
        row = {"patient_id": patient.id} | ({} if today else {"check_in_timestamp": MOMENT})
        visit_id = self.do(visits.create_visit, row)
        return self.keep(Made("visits", visit_id or "", patient.id), (patient,))

    def patient_of(self, visit: Made) -> Made:
        return next(made for made in self.made if made.id == visit.patient)

    @rule(target=anything, visit=some_visits)
    def create_event(self, visit: Made) -> Made:
        if not visit.id:
            return multiple()  # type: ignore[return-value]
        row = {"patient_id": visit.patient, "visit_id": visit.id, "form_data": []}
        event_id = self.do(visits.create_event, row)
        return self.keep(Made("events", event_id or "", visit.patient, visit.id), (visit,))

    @rule(
        target=anything,
        visit=some_visits,
        table=st.sampled_from(
            ("patient_vitals", "patient_problems", "appointments", "prescriptions")
        ),
    )
    def create_row(self, visit: Made, table: str) -> Made:
        if not visit.id:
            return multiple()  # type: ignore[return-value]
        clinic, user = self.actor.clinic_id, self.actor.user_id
        columns: dict[str, dict[str, Any]] = {
            "patient_vitals": {"timestamp": MOMENT, "visit_id": visit.id},
            "patient_problems": {
                "problem_code_system": "custom", "problem_code": "x", "problem_label": "x",
                "clinical_status": "active", "verification_status": "confirmed",
                "visit_id": visit.id,
            },
            "appointments": {
                "clinic_id": clinic, "user_id": user, "current_visit_id": visit.id,
                "timestamp": MOMENT,
            },
            "prescriptions": {
                "provider_id": user, "pickup_clinic_id": clinic, "prescribed_at": MOMENT,
                "visit_id": visit.id,
            },
        }  # fmt: skip
        row = {"patient_id": visit.patient, **columns[table]}
        row_id = self.do(records.create, table, row)
        made = Made(table, row_id or "", visit.patient, visit.id)
        return self.keep(made, (visit, self.patient_of(visit)))

    @rule(patient=some_patients)
    def keep_a_draft(self, patient: Made) -> None:
        if not patient.gone:
            self.do(drafts.keep, f"patient:{patient.id}", patient.id, {"a": 1})

    @rule(patient=some_patients, phone=st.text("0123456789", min_size=3, max_size=8))
    def edit(self, patient: Made, phone: str) -> None:
        changed = self.do(patients.edit, patient.id, {"phone": phone})
        assert (changed is not None) is (not patient.gone)

    @rule(target=deletions, victim=st.one_of(some_patients, some_visits, anything))
    def delete(self, victim: Made) -> int:
        if not victim.id:
            return multiple()  # type: ignore[return-value]
        number = self.do(deletion.delete, victim.table, victim.id, "a test")
        assert (number is not None) is (not victim.gone)
        if number is None:
            return multiple()  # type: ignore[return-value]
        for made in self.made:
            hangs = made.patient == victim.id or made.visit == victim.id
            goes = hangs and made.table in GOES_WITH.get(victim.table, ())
            if (made is victim or goes) and not made.gone:
                made.gone = number
        return int(number)

    @rule(number=consumes(deletions))
    def undo(self, number: int) -> None:
        back = [made for made in self.made if made.gone == number]
        by_id = {made.id: made for made in self.made}
        parents = [by_id[i] for made in back[:1] for i in (made.patient, made.visit) if i]
        waits = any(p.gone and p.gone != number for p in parents)
        try:
            self.store.write(deletion.undo, self.actor, number).result()
        except Refused:
            assert waits
            return
        for made in back:
            made.gone = 0

    # -- what must hold --------------------------------------------------------------------------

    def live(self, table: str, **where: str) -> set[str]:
        """The ids that must be there."""
        return {
            made.id
            for made in self.made
            if made.table == table
            and not made.gone
            and all(getattr(made, name) == value for name, value in where.items())
        }

    def found(self, read: Callable[..., Any], *arguments: Any) -> Any:
        """What a screen would get; None for NotFound."""
        try:
            return self.store.read(read, self.actor, *arguments).result()
        except NotFound:
            return None

    @invariant()
    def every_read_tells_the_truth(self) -> None:
        if not hasattr(self, "made"):
            return
        for made in self.made:
            if made.table == "patients":
                self.check_patient(made)
            elif made.table == "visits":
                assert (self.found(chart.visit, made.id) is None) is bool(made.gone)
            elif made.table == "events":
                assert (self.found(chart.event, made.id) is None) is bool(made.gone)
        everyone = self.live("patients")
        told = self.store.read(chart.today, self.actor).result()
        assert {line.patient.id for line in told if line.patient} <= everyone
        waiting = self.store.read(drafts.waiting, self.actor).result()
        assert {draft.patient_id for draft in waiting} <= everyone
        counts = self.store.read(finding.count, self.actor, "").result()
        assert counts == (len(everyone), len(everyone))

    def check_patient(self, made: Made) -> None:
        card = self.found(patients.card, made.id)
        assert (card is None) is bool(made.gone)
        hits = self.store.read(finding.find, self.actor, made.name).result().hits
        assert (made.id in {hit.id for hit in hits}) is (not made.gone)
        draft = search.Draft(given_name="Mona", surname=made.name)
        alike = self.store.read(patients.likely, self.actor, draft, date(2026, 11, 22)).result()
        assert {like.patient_id for like in alike} <= self.live("patients")
        editing = self.found(patients.for_editing, made.id)
        page = self.found(chart.chart, made.id)
        assert (editing is None) is (page is None) is bool(made.gone)
        if page is None:
            return
        wanted = self.live("patient_additional_attributes", patient=made.id)
        assert {row["id"] for row in editing[1]} == wanted
        assert {line.id for line in page.visits} == self.live("visits", patient=made.id)
        assert page.total == len(page.visits)
        for line in page.visits:
            assert {e.id for e in line.events} == self.live("events", visit=line.id)

    @invariant()
    def the_export_holds_the_live_rows_and_no_other(self) -> None:
        if not hasattr(self, "made"):
            return
        tables = ("patients", *GOES_WITH["patients"])
        out = Export(self.store, self.actor, chosen(tables))
        told = [json.loads(line) for line in b"".join(out.blocks()).splitlines()]
        for table in tables:
            assert {t["row"]["id"] for t in told if t["table"] == table} == self.live(table)

    @invariant()
    def index_and_trail_are_sound(self) -> None:
        if hasattr(self, "made"):
            assert self.store.on_writer(lambda: search.check(connection())).result() == []
            assert self.store.on_writer(audit.problems).result() == []


TestSequences = Sequences.TestCase
TestSequences.settings = settings(
    max_examples=int(os.environ.get("HIKMA_SEQUENCES", "20")), stateful_step_count=25, deadline=None
)


# -- the engine itself refuses ---------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = Store.create(tmp_path / "clinic")
    yield opened
    opened.close()


@pytest.mark.parametrize("table", [model._meta.table_name for model in SYNCED])
def test_no_reader_gets_past_the_views(store: Store, table: str) -> None:
    def read(query: str) -> list[Any]:
        return connection().execute(query).fetchall()

    for way in (store.read, store.count):
        assert way(read, f"SELECT id FROM live_{table} LIMIT 0").result() == []
        for query in (
            f"SELECT id FROM {table}",
            f"SELECT count(tombstone) FROM {table}",
            f"SELECT (SELECT id FROM {table})",
            f"WITH live_x AS (SELECT id FROM {table}) SELECT id FROM live_x",
            f"SELECT l.id FROM live_{table} l JOIN {table} t ON t.id = l.id",
        ):
            with pytest.raises(StoreError):
                way(read, query).result()


def test_no_reader_writes(store: Store) -> None:
    with pytest.raises(StoreError):
        store.read(lambda: connection().execute("DELETE FROM store_info")).result()


# -- the trail -------------------------------------------------------------------------------


@pytest.fixture
def trail(store: Store) -> Store:
    actor = store.write(setup.create_clinic, "Clinic", "Nora").result()
    for name in NAMES:
        store.write(patients.register, actor, {"given_name": name}).result()
    assert store.on_writer(audit.problems).result() == []
    return store


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE event_logs SET changes = '{}' WHERE pk = 3",
        "UPDATE event_logs SET user_id = 'x' WHERE pk = 3",
        "UPDATE event_logs SET created_at = created_at + 1 WHERE pk = 3",
        "UPDATE event_logs SET action_type = 'VIEW' WHERE pk = 3",
        "DELETE FROM event_logs WHERE pk = 3",
        "DELETE FROM event_logs WHERE pk = 1",
        "UPDATE event_logs SET hash = '0' WHERE pk = 3",
        "UPDATE event_logs SET ip_address = '10.0.0.1' WHERE pk = 3",
        "UPDATE event_logs SET pk = 1000 WHERE pk = 3",
    ],
)
def test_tampering_is_noticed(trail: Store, tampering: str) -> None:
    trail.on_writer(lambda: connection().execute(tampering).rowcount).result()
    assert trail.on_writer(audit.problems).result()


def test_a_refused_act_leaves_no_trace(trail: Store) -> None:
    def contents() -> list[str]:
        rows = connection()
        tables = [
            name
            for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name != "search_index"  # FTS5 without content: nothing to read
        ]
        return [repr(row) for name in tables for row in rows.execute(f"SELECT * FROM {name}")]

    before = trail.on_writer(contents).result()
    actor = trail.read(actor_named).result()
    for act, arguments in (
        (patients.register, ({"given_name": " "},)),
        (patients.register, ({"given_name": "A"}, [{"attribute_id": "a", "number_value": "x"}])),
        (deletion.delete, ("patients", "nobody", "reason")),
        (visits.create_visit, ({"patient_id": "nobody"},)),
    ):
        with pytest.raises(Refused):
            trail.write(act, actor, *arguments).result()  # type: ignore[arg-type]
    assert trail.on_writer(contents).result() == before


def test_nothing_comes_back_under_what_is_deleted(trail: Store) -> None:
    actor = trail.read(actor_named).result()
    patient = trail.write(patients.register, actor, {"given_name": "Mona"}).result()
    visit = trail.write(visits.create_visit, actor, {"patient_id": patient}).result()
    row = {"patient_id": patient, "visit_id": visit, "form_data": []}
    event = trail.write(visits.create_event, actor, row).result()
    numbers = [
        trail.write(deletion.delete, actor, table, row_id, "reason").result()
        for table, row_id in (("events", event), ("visits", visit), ("patients", patient))
    ]
    for number in numbers[:2]:
        with pytest.raises(Refused):
            trail.write(deletion.undo, actor, number).result()
    for number in reversed(numbers):
        trail.write(deletion.undo, actor, number).result()
    assert trail.read(chart.event, actor, event).result()[0].id == patient
