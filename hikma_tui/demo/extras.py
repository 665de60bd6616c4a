"""What a chart holds beside visits: vitals, problems, appointments, prescriptions."""

from __future__ import annotations

import json
import random
from typing import Any

from hikma_tui.clock import DAY_MS
from hikma_tui.demo.place import Place, Provider
from hikma_tui.demo.rows import LIVE, Deleted, Rows
from hikma_tui.demo.seeded import MARK, Ids
from hikma_tui.demo.turns import Chart
from hikma_tui.demo.words import cases
from hikma_tui.models import (
    Appointment,
    DispensingRecord,
    Prescription,
    PrescriptionItem,
    Problem,
    Vitals,
)

_HALF_AN_HOUR = 1_800_000
# Substance, class as the table of medicines names it, reaction.
_ALLERGIES = (
    ("Penicillin", "penicillins", "rash"), ("Aspirin", "nsaids", "breathing difficulty"),
    ("Co-trimoxazole", "sulfonamides", "hives"), ("Peanuts", "", "swelling of face or lips"),
)  # fmt: skip
_GONE = 0.03  # of these records are deleted by themselves


class Extras:
    """Makes these rows; of the ``whole`` patient one of each, and one deleted of each."""

    def __init__(self, place: Place, ids: Ids, rows: Rows, share: float) -> None:
        self._place, self._new, self._rows, self._share = place, ids.new, rows, share
        stamps = ("created_at", "updated_at")
        self._vitals = rows.declare(
            Vitals, "id", "patient_id", "visit_id", "timestamp", "systolic_bp", "diastolic_bp",
            "bp_position", "weight_kg", "pulse_rate", "oxygen_saturation", "temperature_celsius",
            "recorded_by_user_id", "metadata", *stamps,
        )  # fmt: skip
        self._problems = rows.declare(
            Problem, "id", "patient_id", "visit_id", "problem_code_system", "problem_code",
            "problem_label", "clinical_status", "verification_status", "onset_date",
            "recorded_by_user_id", "metadata", *stamps,
        )  # fmt: skip
        self._appointments = rows.declare(
            Appointment, "id", "provider_id", "clinic_id", "patient_id", "user_id",
            "current_visit_id", "timestamp", "duration", "reason", "notes", "departments",
            "status", *stamps,
        )  # fmt: skip
        self._prescriptions = rows.declare(
            Prescription, "id", "patient_id", "provider_id", "pickup_clinic_id", "visit_id",
            "expiration_date", "prescribed_at", "status", "notes", "metadata", *stamps,
        )  # fmt: skip
        self._items = rows.declare(
            PrescriptionItem, "id", "prescription_id", "patient_id", "drug_id", "clinic_id",
            "dosage_instructions", "quantity_prescribed", "quantity_dispensed", "notes",
            "recorded_by_user_id", *stamps,
        )  # fmt: skip
        self._dispensed = rows.declare(
            DispensingRecord, "id", "clinic_id", "drug_id", "batch_id", "prescription_item_id",
            "patient_id", "quantity_dispensed", "dosage_instructions", "dispensed_by",
            "dispensed_at", "recorded_by_user_id", *stamps,
        )  # fmt: skip

    def of_patient(self, chart: Chart, came: int, rng: random.Random) -> None:
        """The patient's problems."""
        if rng.random() < 0.12 * self._share:
            self._problem(chart, came, rng, gone=False)
        self._asked(chart, came)
        if chart.turn.whole:
            self._problem(chart, came, rng, gone=False)
            self._problem(chart, came, rng, gone=True)

    def of_visit(
        self, chart: Chart, visit_id: str, provider: Provider, at: int, deleted: Deleted | None,
        rng: random.Random, *, nth: int,
    ) -> None:  # fmt: skip
        """What else was recorded in a visit. A deleted visit took its own with it."""
        draw = rng.random()
        if draw < 0.5 * self._share:
            own = deleted is None or deleted is chart.deleted
            if draw < 0.3 * self._share and own:
                self._vital(chart, visit_id, provider, at, rng, gone=False)
            elif draw < 0.4 * self._share:
                self._appointment(chart, visit_id, provider, at, deleted, gone=False)
            else:
                self._prescription(chart, visit_id, provider, at, deleted, rng, gone=False)
        if chart.turn.whole and nth <= 3:
            gone = nth == 3
            if nth != 0:
                self._vital(chart, visit_id, provider, at, rng, gone=gone)
            self._appointment(chart, visit_id, provider, at, deleted, gone=gone)
            self._prescription(chart, visit_id, provider, at, deleted, rng, gone=gone)

    def _deletion(
        self, chart: Chart, table: str, row_id: str, deleted: Deleted | None, gone: bool, at: int
    ) -> Deleted | None:
        """What took the row: the patient's or the visit's deletion, one of its own, or nothing."""
        deleted = deleted or chart.deleted
        if deleted is None and gone:
            return self._rows.deletion(table, row_id, chart.patient_id, f"{MARK} {table}", 0, at)
        return deleted

    def _vital(
        self, chart: Chart, visit_id: str, provider: Provider, at: int, rng: random.Random,
        *, gone: bool,
    ) -> None:  # fmt: skip
        row_id = self._new()
        gone = gone or rng.random() < _GONE
        deleted = self._deletion(chart, "patient_vitals", row_id, None, gone, at)
        age = chart.person.age_days
        grown = age is None or age > 14 * 365
        weight = (68 + rng.gauss(0, 11)) if grown else 3.4 + (age or 0) / 365 * 2.9
        self._vitals.append(
            (row_id, chart.patient_id, visit_id, at,
             round(rng.gauss(126, 14)) if grown else None,
             round(rng.gauss(79, 8)) if grown else None, "sitting" if grown else None,
             f"{weight:.1f}", round(rng.gauss(82 if grown else 110, 10)),
             str(rng.randint(94, 100)), f"{rng.gauss(36.9, 0.5):.1f}", provider.id,
             _note(deleted), at, at, *_tail(deleted, "patient_vitals"))
        )  # fmt: skip

    def _problem(self, chart: Chart, came: int, rng: random.Random, *, gone: bool) -> None:
        row_id = self._new()
        gone = gone or rng.random() < _GONE
        deleted = self._deletion(chart, "patient_problems", row_id, None, gone, chart.registered)
        system, code, label = rng.choice(cases()["problems"])
        if deleted is not None:
            label = f"{MARK} {label}"
        resolved = rng.random() < 0.15
        provider = self._place.providers[chart.clinic][0]
        self._problems.append(
            (row_id, chart.patient_id, None, system, code, label,
             "resolved" if resolved else "active", "confirmed", self._place.day(came),
             provider.id, "{}", chart.registered, chart.registered,
             *_tail(deleted, "patient_problems"))
        )  # fmt: skip

    def _asked(self, chart: Chart, came: int) -> None:
        """Some have an allergy, some none known; of most nobody asked. Draws of its own, so that
        the rest of the demo stays as it is.
        """
        rng = random.Random(f"allergies {chart.patient_id}")
        draw = 0.0 if chart.turn.whole else rng.random()
        if draw >= 0.18 * self._share:
            return
        code, label, about = "716186003", "No known allergies", {"none_known": ""}
        if draw < 0.06 * self._share:
            substance, kind, reaction = rng.choice(_ALLERGIES)
            code, label = "419199007", f"Allergy: {substance} ({reaction})"
            about = {"substance": substance, "class": kind, "reaction": reaction,
                     "severity": "", "certainty": "unconfirmed"}  # fmt: skip
        day = self._place.day(came)
        if "none_known" in about:
            about["none_known"] = day
        row_id = self._new()
        deleted = self._deletion(chart, "patient_problems", row_id, None, False, chart.registered)
        provider = self._place.providers[chart.clinic][0]
        self._problems.append(
            (row_id, chart.patient_id, None, "snomed", code, label, "active", "unconfirmed", day,
             provider.id, json.dumps({"allergy": about}), chart.registered, chart.registered,
             *_tail(deleted, "patient_problems"))
        )  # fmt: skip

    def _appointment(
        self, chart: Chart, visit_id: str, provider: Provider, at: int, deleted: Deleted | None,
        *, gone: bool,
    ) -> None:  # fmt: skip
        row_id = self._new()
        deleted = self._deletion(chart, "appointments", row_id, deleted, gone, at)
        when = at + 14 * DAY_MS
        departments = [
            {"id": found, "name": name, "seen_at": None, "seen_by": None, "status": "pending"}
            for name, found in list(self._place.departments.items())[1:2]
        ]
        status = "pending" if when > self._place.now else "completed"
        note = MARK if deleted is not None else "Bring the card and all medicines"
        first = chart.clinic == self._place.clinics[0]
        self._appointments.append(
            (row_id, provider.id, chart.clinic, chart.patient_id, provider.id, visit_id, when, 15,
             "follow-up", note, json.dumps(departments if first else []), status, at, at,
             *_tail(deleted, "appointments"))
        )  # fmt: skip

    def _prescription(
        self, chart: Chart, visit_id: str, provider: Provider, at: int, deleted: Deleted | None,
        rng: random.Random, *, gone: bool,
    ) -> None:  # fmt: skip
        row_id = self._new()
        deleted = self._deletion(chart, "prescriptions", row_id, deleted, gone, at)
        picked_up = rng.random() < 0.6
        self._prescriptions.append(
            (row_id, chart.patient_id, provider.id, chart.clinic, visit_id, at + 30 * DAY_MS, at,
             "picked-up" if picked_up else "pending", MARK if deleted is not None else "",
             provider.metadata, at, at, *_tail(deleted, "prescriptions"))
        )  # fmt: skip
        for _n in range(2 if chart.turn.whole or rng.random() < 0.4 else 1):
            one = chart.turn.whole and _n == 1
            self._item(
                chart, row_id, provider, at, deleted, rng, gone=one, given=picked_up or not one
            )

    def _item(
        self, chart: Chart, prescription: str, provider: Provider, at: int,
        deleted: Deleted | None, rng: random.Random, *, gone: bool, given: bool,
    ) -> None:  # fmt: skip
        row_id = self._new()
        gone = gone or rng.random() < _GONE
        deleted = self._deletion(chart, "prescription_items", row_id, deleted, gone, at)
        note = MARK if deleted is not None else None
        number = int(rng.random() * len(self._place.drugs))
        drug, quantity = self._place.drugs[number], rng.choice((10, 14, 20, 28, 30))
        advice = rng.choice(("1 tablet twice a day", "1 tablet three times a day", "once a day"))
        self._items.append(
            (row_id, prescription, chart.patient_id, drug, chart.clinic, advice, quantity,
             quantity if given else 0, note, provider.id, at, at,
             *_tail(deleted, "prescription_items"))
        )  # fmt: skip
        if given:
            self._dispensed.append(
                (self._new(), chart.clinic, drug, self._place.batches[number], row_id,
                 chart.patient_id, quantity, note or advice, provider.id,
                 min(at + _HALF_AN_HOUR, self._place.now), provider.id, at, at,
                 *_tail(deleted, "dispensing_records"))
            )  # fmt: skip


def _note(deleted: Deleted | None) -> str:
    return "{}" if deleted is None else json.dumps({"note": MARK})


def _tail(deleted: Deleted | None, table: str) -> tuple[Any, ...]:
    return LIVE if deleted is None else deleted.takes(table)
