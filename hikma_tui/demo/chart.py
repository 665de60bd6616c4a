"""A patient's rows: the patient, visits with their filled forms, and what else a chart holds."""

from __future__ import annotations

import random

from hikma_tui.columns import moment_text
from hikma_tui.demo.answers import Fillings, band_of, form_names
from hikma_tui.demo.extras import Extras
from hikma_tui.demo.people import Person
from hikma_tui.demo.place import CARD_PREFIX, RATION_CARD, YEARS, Place, Provider
from hikma_tui.demo.rows import LIVE, Deleted, Rows
from hikma_tui.demo.seeded import MARK, Ids
from hikma_tui.demo.turns import Chart, Turn
from hikma_tui.models import Event, Patient, PatientAttribute, Visit

_MINUTE = 60_000
_LONGEST = 366 * YEARS
_ESTIMATED = '{"birth_date_estimated": true}'

# How many visits a patient has: one look by a random number. About 2 on average, or 0.65.
_SOME = [0] * 18 + [1] * 32 + [2] * 22 + [3] * 12 + [4] * 7 + [5] * 4 + [6] * 2 + [8] * 2 + [12]
_FEW = [0] * 55 + [1] * 34 + [2] * 7 + [3] * 2 + [4] + [7]
_MANY = 206  # a few of them deleted: some 200 stay


class Charts:
    """Makes the rows of one patient after another, and lets them wait in ``rows``."""

    def __init__(
        self, place: Place, ids: Ids, rows: Rows, fillings: Fillings, *, few: bool, share: float
    ) -> None:
        """``few``: two visits to three patients; ``share`` of the usual number of other records."""
        self._place, self._new, self._rows, self._fillings = place, ids.new, rows, fillings
        self._visit_counts = _FEW if few else _SOME
        self._second_form = 0.0 if few else 0.25
        self._cards = 0.3 if not few else 0.1
        self.extras = Extras(place, ids, rows, share)
        self.open_visits: list[tuple[str, str, int]] = []
        self.visits = self.events = 0
        bookkeeping = ("created_at", "updated_at")
        self._patients = rows.declare(
            Patient, "id", "given_name", "surname", "date_of_birth", "citizenship", "hometown",
            "phone", "sex", "camp", "metadata", "government_id", "external_patient_id",
            "primary_clinic_id", "last_modified_by", *bookkeeping,
        )  # fmt: skip
        self._attributes = rows.declare(
            PatientAttribute, "id", "patient_id", "attribute_id", "attribute", "string_value",
            *bookkeeping,
        )  # fmt: skip
        self._visit_rows = rows.declare(
            Visit, "id", "patient_id", "clinic_id", "provider_id", "provider_name",
            "check_in_timestamp", "metadata", *bookkeeping,
        )  # fmt: skip
        self._event_rows = rows.declare(
            Event, "id", "patient_id", "visit_id", "form_id", "event_type", "form_data",
            "metadata", "recorded_by_user_id", *bookkeeping,
        )  # fmt: skip

    def add(self, person: Person, turn: Turn, rng: random.Random) -> None:
        """One patient with all that hangs on the patient."""
        place, random_ = self._place, rng.random
        patient_id = self._new()
        where = random_()
        clinic = place.clinics[0 if where < 0.84 else 1 if where < 0.95 else 2]
        primary = None if 0.78 <= where < 0.84 else clinic
        days = self._days(person, turn, rng)
        came = days[-1] if days else 1 + int(random_() * _limit(person))
        registered = place.moment(came, int((random_() - 0.6) * 200) * _MINUTE)
        surname = person.surname
        deleted = None
        if turn.deleted:
            surname = f"{MARK} {surname}".strip()
            deleted = self._rows.deletion(
                "patients", patient_id, patient_id, f"{person.given_name} {surname}",
                int(random_() * min(90, days[0] if days else came)), registered,
            )  # fmt: skip
        provider = _one_of(place.providers[clinic], random_())
        card = f"{CARD_PREFIX}-{turn.number + 1:04d}" if random_() < 0.93 else None
        self._patients.append(
            (patient_id, person.given_name, surname, self._birth(person, random_()),
             person.citizenship, person.hometown, person.phone, person.sex, person.camp,
             _ESTIMATED if person.estimated and person.age_days is not None else "{}",
             person.government_id, card, primary, provider.id, registered, registered,
             *(LIVE if deleted is None else deleted.takes("patients")))
        )  # fmt: skip
        chart = Chart(patient_id, clinic, person, registered, deleted, turn)
        if turn.whole or random_() < self._cards:
            self._ration_card(chart, rng)
        self._visits_of(chart, days, rng)
        self.extras.of_patient(chart, came, rng)

    def _birth(self, person: Person, draw: float) -> str | None:
        if person.age_days is None:
            return None
        day = self._place.day(person.age_days)
        # Who does not know the day is often written down as born on the first of January.
        grown = person.age_days > 700
        return f"{day[:4]}-01-01" if person.estimated and grown and draw < 0.7 else day

    def _days(self, person: Person, turn: Turn, rng: random.Random) -> list[int]:
        """How many days ago the patient came, the last visit first."""
        random_ = rng.random
        if turn.many:
            return self._often(turn, rng)
        many = self._visit_counts[int(random_() * 100)]
        many = max(many, 4 if turn.whole else 1 if turn.today else 0)
        longest = _limit(person)
        day = 0 if turn.today else 1 + int(random_() ** 1.6 * (longest - 1))
        gap = 6 + 150 * random_()
        days: list[int] = []
        while len(days) < many and (day <= longest or (turn.today and not days)):
            days.append(day)
            day += 1 + int(gap * random_())
        if turn.whole:
            days = [longest * n // 5 for n in range(len(days) or 4)]
        return days

    @staticmethod
    def _often(turn: Turn, rng: random.Random) -> list[int]:
        """Somebody who comes every week or two for years."""
        days = [0 if turn.today else 1 + int(rng.random() * 30)]
        while len(days) < _MANY:
            days.append(days[-1] + 2 + int(rng.random() * 12))
        return days

    def _ration_card(self, chart: Chart, rng: random.Random) -> None:
        number = f"RC-{int(rng.random() * 10**6):06d}"
        deleted = chart.deleted
        row_id = self._new()
        if deleted is None and rng.random() < 0.02:
            number = f"{MARK} {number}"
            deleted = self._rows.deletion(
                "patient_additional_attributes", row_id, chart.patient_id, number, 20,
                chart.registered,
            )  # fmt: skip
        tail = deleted.takes("patient_additional_attributes") if deleted else LIVE
        self._attributes.append(
            (row_id, chart.patient_id, RATION_CARD, "Ration%20card", number, chart.registered,
             chart.registered, *tail)
        )  # fmt: skip
        if chart.turn.whole and chart.deleted is None:
            row_id = self._new()
            deleted = self._rows.deletion(
                "patient_additional_attributes", row_id, chart.patient_id, MARK, 3,
                chart.registered,
            )  # fmt: skip
            self._attributes.append(
                (row_id, chart.patient_id, f"{RATION_CARD[:-1]}2", MARK, MARK, chart.registered,
                 chart.registered, *deleted.takes("patient_additional_attributes"))
            )  # fmt: skip

    # -- visits ----------------------------------------------------------------------------------

    def _visits_of(self, chart: Chart, days: list[int], rng: random.Random) -> None:
        place, random_ = self._place, rng.random
        providers = place.providers[chart.clinic]
        band = band_of(chart.person.age_days, chart.person.sex)
        for n, days_ago in enumerate(reversed(days)):
            visit_id = self._new()
            provider = providers[int(random_() * len(providers))]
            draw = random_()
            # One in eight is entered later, from paper, and so carries the noon of its day.
            at = place.moment(days_ago, 0 if draw < 0.12 else int((draw - 0.6) * 560) * _MINUTE)
            at = max(at, chart.registered)
            deleted = chart.deleted
            name = provider.name
            last = n == len(days) - 1
            gone = (chart.turn.whole and n == 0) or (draw > 0.988 and not last)
            if deleted is None and gone:
                name = f"{MARK} {name}"
                deleted = self._rows.deletion("visits", visit_id, chart.patient_id, name, 1, at)
            forms = form_names(band)
            recorded = 2 if random_() < self._second_form else 1
            stamp = min(at + 9 * _MINUTE * recorded, place.now)
            self._visit_rows.append(
                (visit_id, chart.patient_id, chart.clinic, provider.id, name, at,
                 f'{{"lastEventAddedTimestamp": "{moment_text(stamp)}"}}', at, stamp,
                 *(LIVE if deleted is None else deleted.takes("visits")))
            )  # fmt: skip
            self.visits += 1
            first = int(random_() * len(forms))
            for extra in range(recorded):
                form = forms[(first + extra) % len(forms)]
                moment = min(at + (4 + 9 * extra) * _MINUTE, place.now)
                self._event(chart, visit_id, form, band, provider, days_ago, moment, deleted, rng)
            if chart.turn.whole and n == 1 and chart.deleted is None:
                self._event(
                    chart, visit_id, forms[0], band, provider, days_ago, at, None, rng, gone=True
                )
            if chart.turn.opened and last and deleted is None:
                self.open_visits.append((visit_id, provider.id, at))
            self.extras.of_visit(chart, visit_id, provider, at, deleted, rng, nth=n)

    def _event(
        self, chart: Chart, visit_id: str, form: str, band: str, provider: Provider,
        days_ago: int, at: int, deleted: Deleted | None, rng: random.Random, gone: bool = False,
    ) -> None:  # fmt: skip
        fillings = self._fillings.of(form, band)
        filling = fillings[int(rng.random() * len(fillings))]
        event_id, event_type = self._new(), form
        if deleted is None and (gone or rng.random() < 0.008):
            event_type = f"{MARK} {form}"
            deleted = self._rows.deletion("events", event_id, chart.patient_id, event_type, 2, at)
        self._event_rows.append(
            (event_id, chart.patient_id, visit_id, self._fillings.forms[form]["id"], event_type,
             filling.on(self._place, days_ago), provider.metadata, provider.id, at, at,
             *(LIVE if deleted is None else deleted.takes("events")))
        )  # fmt: skip
        self.events += 1


def _limit(person: Person) -> int:
    """How many days ago the patient can have come first: not before being born."""
    age = person.age_days
    return _LONGEST if age is None or age > _LONGEST else max(age, 2)


def _one_of(providers: list[Provider], draw: float) -> Provider:
    return providers[int(draw * len(providers))]
