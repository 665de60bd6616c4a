"""What goes up, against the test double over real HTTP: all of it, once, and nothing that lies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import deletion, server, setup
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.saving import Save
from hikma_tui.columns import Digits, Flag, Json, Moment, Number, Text, Uuid, Whole
from hikma_tui.ids import new_id
from hikma_tui.models import BY_TABLE, OWN_COLUMNS, connection, dicts, wire_columns
from hikma_tui.store import Store
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import push as sync_push
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.carry import MARK, restore
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Progress, Reason, Report, State
from hikma_tui.syncing.values import Decoder, python_row
from hikma_tui.wire.door import open_server
from hikma_tui.wire.http import Options
from hikma_tui.wire.shapes import Credentials, Kind, Trouble
from tests.cloud.client import pull
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as CloudStore
from tests.cloud.values import BadValue

NOW = 1795345270725
Row = dict[str, Any]


class Place:
    """A store that is joined to a double, with what both know: clinic, nurse, form, drug."""

    def __init__(self, directory: Path, dialect: str = "v3", *, limits: bool = False) -> None:
        self.dialect = dialect
        self.there = CloudStore()
        nurse = seed(self.there)
        self.user, self.clinic = str(nurse["id"]), str(nurse["clinic_id"])
        self.form = next(iter(self.there.rows["event_forms"]))
        self.drug = next(iter(self.there.rows["drug_catalogue"]))
        self.cloud = Cloud(self.there, flask=dialect == "flask", limits=limits)
        self.store = Store.create(directory)
        self.actor = self.store.write(setup.create_clinic, "Al-Salam", "Nora").result()
        self.store.write(self._join).result()
        self.told: list[Progress] = []
        self.first_of: dict[str, Callable[[], None]] = {}
        self.then: Callable[[], None] | None = None
        self.times = 0
        self.stop = False
        self.slept: list[float] = []

    def _join(self) -> None:
        peer = sync_peer.put(
            self.cloud.url, dialect=self.dialect, email=EMAIL, user_id=self.user,
            clinic_id=self.clinic, now=NOW,
        )  # fmt: skip
        self.peer = peer.id
        drug = {
            "generic_name": "Paracetamol", "form": "tablet", "route": "oral",
            "dosage_quantity": "500", "dosage_units": "mg",
        }  # fmt: skip
        for table, row in (
            ("clinics", {"id": self.clinic, "name": "Hikma Clinic"}),
            ("users", {"id": self.user, "name": "Nora Nurse"}),
            ("event_forms", {"id": self.form, "name": "Triage visit"}),
            ("drug_catalogue", {"id": self.drug, **drug}),
        ):
            BY_TABLE[table].insert({**row, "change_seq": 0}).execute()

    def save(self, table: str, **values: Any) -> str:
        def run() -> str:
            with Save(self.actor) as save:
                return save.insert(BY_TABLE[table], values)

        return self.store.write(run).result()

    def edit(self, table: str, row_id: str, **values: Any) -> None:
        def run() -> None:
            with Save(self.actor) as save:
                save.update(BY_TABLE[table], row_id, values)

        self.store.write(run).result()

    def delete(self, table: str, row_id: str) -> None:
        def run() -> None:
            with Save(self.actor) as save:
                row = dicts(BY_TABLE[table].select().where(BY_TABLE[table].id == row_id))[0]
                save.bury(BY_TABLE[table], [row], 99)

        self.store.write(run).result()

    def patient(self, **values: Any) -> str:
        return self.save("patients", given_name="Amal", **values)

    def visit(self, patient: str, **values: Any) -> str:
        return self.save("visits", **{"patient_id": patient, "clinic_id": self.clinic, **values})

    def push(self, timeout: float = 5) -> int:
        """One push; what it says is in ``self.report``."""
        self.report = Report()
        context = Context(self.peer, self.dialect, self.actor, self.report, NOW)
        credentials = Credentials(EMAIL, PASSWORD)
        with open_server(
            self.cloud.url, self.dialect, credentials, Options(timeout=timeout)
        ) as server:
            return sync_push.push(
                self.store, server, context, progress=self.tell,
                cancelled=self.asked, sleep=self.slept.append,
            )  # fmt: skip

    def tell(self, progress: Progress) -> None:
        """Hears the progress; runs what is to happen at the first word of a phase."""
        self.told.append(progress)
        first = self.first_of.pop(progress.phase, None)
        if first:
            first()

    def asked(self) -> bool:
        """Whether to stop. ``then`` runs once something was asked for the third time: rows are
        made ready by then, and not sent yet.
        """
        self.times += 1
        if self.times == 3 and self.then:
            self.then()
        return self.stop

    def confirm(self) -> None:
        """As the read-back does it: what is there is agreed, with the server's stamps."""

        def run() -> None:
            for table in sync_waiting.TAKEN[self.dialect]:
                for row_id, seq, sent in connection().execute(
                    "SELECT row_id, sent_seq, sent FROM peer_rows"
                    " WHERE table_name = ? AND state = 'sent'", (table,),
                ).fetchall():  # fmt: skip
                    found = self.there.find(table, row_id)
                    if found is None and sent != "{}":
                        continue
                    stamp = int(str(found["updated_at"])) // 1000 if found else 0
                    connection().execute(
                        f"UPDATE {table} SET change_seq = 0, updated_at = ?"
                        " WHERE id = ? AND change_seq = ?", (stamp, row_id, seq),
                    )  # fmt: skip
                    connection().execute("DELETE FROM peer_rows WHERE row_id = ?", (row_id,))

        self.store.write(run).result()

    def line(self, row_id: str) -> Row | None:
        def run() -> Row | None:
            found = connection().execute(
                "SELECT state, reason, sent, sent_seq, base FROM peer_rows WHERE row_id = ?",
                (row_id,),
            ).fetchone()  # fmt: skip
            names = ("state", "reason", "sent", "sent_seq", "base")
            return dict(zip(names, found, strict=True)) if found else None

        return self.store.on_writer(run).result()

    def here(self, table: str, row_id: str) -> Row:
        model = BY_TABLE[table]
        query = model.select().where(model.id == row_id)
        return self.store.on_writer(lambda: dicts(query)[0]).result()

    def posts(self) -> list[Any]:
        return [one for one in self.cloud.seen if one.method == "POST" and "sync" in one.path]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "store")
    with made.cloud:
        yield made
        made.store.close()


@pytest.fixture
def flask(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "store", "flask")
    with made.cloud:
        yield made
        made.store.close()


def test_what_stays_is_counted_so(place: Place) -> None:
    for dialect, tables in server.TAKEN.items():
        assert set(sync_waiting.TAKEN[dialect]) == tables
    bad = place.patient(surname="A\x00B")
    place.visit(bad)
    odd = place.save("patients", id="P-17", given_name="Amal")
    place.visit(odd)
    place.push()
    state = place.store.read(server.state).result()
    assert (state.refused, state.not_sent, state.stays, state.sent) == (1, 1, 2, 0)


def test_nothing_to_send_asks_nothing(place: Place) -> None:
    assert place.push() == 0
    assert place.posts() == []


def test_a_patient_and_a_visit_go_up(place: Place) -> None:
    patient = place.patient(primary_clinic_id=place.clinic, date_of_birth="1990-05-17")
    visit = place.visit(patient, provider_id=place.user, check_in_timestamp=NOW)
    assert place.push() == 2
    there = place.there.find("patients", patient)
    assert there is not None
    assert (there["given_name"], there["date_of_birth"]) == ("Amal", "1990-05-17")
    assert place.there.find("visits", visit) is not None
    line = place.line(visit)
    assert line is not None
    assert (line["state"], line["sent_seq"]) == (
        State.SENT,
        place.here("visits", visit)["change_seq"],
    )
    assert place.report.total.pushed == 2


# -- every table, every column -----------------------------------------------------------------


def filled(table: str, number: int, **values: Any) -> Row:
    """A row with something in every column."""
    row: Row = {}
    for name, kind in wire_columns(BY_TABLE[table]).items():
        if isinstance(kind, Flag):
            row[name] = True
        elif isinstance(kind, Moment):
            row[name] = NOW - 1000 * number
        elif isinstance(kind, Digits):
            row[name] = "36.50"
        elif isinstance(kind, Json):
            made = kind.default()
            row[name] = [{"id": "x", "fieldId": "f", "value": 1}] if made == [] else {"a": [1.5]}
        elif isinstance(kind, Whole | Number):
            row[name] = 7
        elif isinstance(kind, Text):
            row[name] = f"text {number} سلام"
        elif not isinstance(kind, Uuid):
            row[name] = "1994-12-31"
    return {**row, "id": new_id(), "is_deleted": False, "deleted_at": None, **values}


def everything(place: Place) -> dict[str, str]:
    """One row in each of the tables that the server takes; table -> id."""
    patient = place.save("patients", **filled("patients", 1, primary_clinic_id=place.clinic,
                                              last_modified_by=place.user))  # fmt: skip
    of = {"patient_id": patient}
    visit = place.save("visits", **filled("visits", 2, **of, clinic_id=place.clinic,
                                          provider_id=place.user))  # fmt: skip
    inside = {**of, "visit_id": visit, "recorded_by_user_id": place.user}
    made = {"patients": patient, "visits": visit}
    rows: dict[str, Row] = {
        "patient_additional_attributes": of,
        "events": {**inside, "form_id": place.form},
        "appointments": {
            **of, "clinic_id": place.clinic, "user_id": place.user, "provider_id": place.user,
            "current_visit_id": visit, "fulfilled_visit_id": visit,
        },
        "patient_vitals": inside,
        "patient_problems": inside,
        "prescriptions": {
            **of, "visit_id": visit, "provider_id": place.user, "filled_by": place.user,
            "pickup_clinic_id": place.clinic, "items": [], "metadata": {},
        },
    }  # fmt: skip
    if place.dialect == "flask":
        rows = {table: rows[table] for table in rows if table in sync_waiting.TAKEN["flask"]}
    for table, values in rows.items():
        made[table] = place.save(table, **filled(table, 3, **values))
    if place.dialect == "v3":
        drug = {**of, "drug_id": place.drug, "clinic_id": place.clinic}
        item = filled("prescription_items", 4, **drug, prescription_id=made["prescriptions"],
                      metadata={}, recorded_by_user_id=None)  # fmt: skip
        made["prescription_items"] = place.save("prescription_items", **item)
        given = filled("dispensing_records", 5, **drug, dispensed_by=place.user,
                       prescription_item_id=made["prescription_items"], batch_id=None,
                       recorded_by_user_id=place.user)  # fmt: skip
        made["dispensing_records"] = place.save("dispensing_records", **given)
    return made


def read_back(place: Place, table: str, row_id: str) -> Row:
    """A row as a pull has it, in python form, with what we carry put back."""
    changes = json.loads(pull(place.cloud, 1).body)["changes"][table]
    found = [row for row in changes["created"] + changes["updated"] if row["id"] == row_id]
    (decoded,) = Decoder(place.dialect).batch(table, found)
    return restore(table, python_row(table, decoded.columns, decoded.rows[0]))


SERVERS_OWN = {
    "created_at", "updated_at", "last_modified", "server_created_at", "is_deleted", "deleted_at",
    "unknown",
}  # fmt: skip


def differing(place: Place, table: str, row_id: str) -> set[str]:
    mine, theirs = place.here(table, row_id), read_back(place, table, row_id)
    return {
        name
        for name, value in theirs.items()
        if name not in SERVERS_OWN and name not in OWN_COLUMNS and mine[name] != value
    }


def test_each_table_comes_back_as_it_went(place: Place) -> None:
    made = everything(place)
    assert set(made) == set(sync_waiting.TAKEN["v3"])
    assert place.push() == len(made)
    for table, row_id in made.items():
        left = {"batch_id"} if table == "dispensing_records" else set()
        assert differing(place, table, row_id) == left, table
    # and an edit of one column changes that one alone
    place.confirm()
    assert all(place.here(table, row_id)["change_seq"] == 0 for table, row_id in made.items())
    for table, row_id in made.items():
        place.edit(table, row_id, **EDITS[table])
    assert place.push() == len(made)
    for table, row_id in made.items():
        left = {"batch_id"} if table == "dispensing_records" else set()
        assert differing(place, table, row_id) == left, table


EDITS: dict[str, Row] = {
    "patients": {"phone": "0791"},
    "patient_additional_attributes": {"string_value": "other"},
    "visits": {"provider_name": "Sami"},
    "events": {"form_data": [{"fieldId": "f", "value": "cough"}]},
    "appointments": {"notes": "late"},
    "prescriptions": {"notes": "with food"},
    "patient_vitals": {"weight_kg": "61.25"},
    "patient_problems": {"onset_date": "1995-01-01"},
    "prescription_items": {"quantity_prescribed": 20},
    "dispensing_records": {"days_supply": 3},
}


def test_the_older_server_gets_what_it_can_store(flask: Place) -> None:
    made = everything(flask)
    vitals = flask.save("patient_vitals", patient_id=made["patients"], timestamp=NOW)
    late = flask.save("appointments", patient_id=made["patients"], clinic_id=flask.clinic,
                      user_id=flask.user, timestamp=NOW,
                      current_visit_id=made["visits"])  # fmt: skip
    assert flask.push() == len(made)
    for table, row_id in made.items():
        assert flask.there.find(table, row_id) is not None, table
    event = flask.there.find("events", made["events"])
    assert event is not None
    assert event["form_data"] == flask.here("events", made["events"])["form_data"]
    assert (flask.there.rows["patient_vitals"], flask.there.rows["appointments"]) == ({}, {})
    assert flask.line(vitals) is None
    assert flask.line(late) is None
    assert {"patient_vitals", "appointments", "clinics"} <= sync_waiting.stays("flask")
    assert len(flask.there.rows["patients"]) == 1, "nobody was made up"


def test_what_only_this_store_knows_travels_unseen(place: Place) -> None:
    other = place.save("users", name="Sami", role="provider")
    mine = place.save("event_forms", name="Our form")
    patient = place.patient(last_modified_by=other)
    visit = place.visit(patient, provider_id=other)
    event = place.save("events", patient_id=patient, visit_id=visit, form_id=mine,
                       recorded_by_user_id=other, metadata={"late": True})  # fmt: skip
    answer = place.save("patient_additional_attributes", patient_id=patient, attribute_id="tent",
                        boolean_value=False)  # fmt: skip
    late = place.save("appointments", patient_id=patient, clinic_id=place.clinic, user_id=other,
                      current_visit_id=visit, timestamp=NOW)  # fmt: skip
    assert place.push() == 4
    there = place.there.find("visits", visit)
    assert there is not None
    assert (there["provider_id"], there["provider_name"]) == (None, "Sami")
    for table, row_id in (("patients", patient), ("visits", visit), ("events", event),
                          ("patient_additional_attributes", answer)):  # fmt: skip
        assert differing(place, table, row_id) == set(), table
    line = place.line(late)
    assert line is not None
    assert (line["state"], line["reason"]) == (State.STAYS, Reason.NO_PLACE)
    assert place.there.rows["appointments"] == {}


# -- compare and swap --------------------------------------------------------------------------


def test_an_edit_goes_just_above_what_the_server_had(place: Place) -> None:
    patient = place.patient()
    place.push()
    place.confirm()
    place.edit("patients", patient, phone="0791")
    row = place.there.find("patients", patient)
    assert row is not None
    had = int(str(row["updated_at"]))
    place.push()
    row = place.there.find("patients", patient)
    assert row is not None
    assert (row["phone"], int(str(row["updated_at"])) // 1000) == ("0791", had // 1000 + 1)
    # somebody else was faster: ours is dropped, and the read-back will show it
    place.confirm()
    place.edit("patients", patient, phone="0792")
    row["phone"], row["updated_at"] = "0793", int(str(row["updated_at"])) + 60_000_000
    assert place.push() == 1
    found = place.there.find("patients", patient)
    assert found is not None
    assert found["phone"] == "0793"


def test_an_edit_while_the_request_runs_is_not_sent(place: Place) -> None:
    patient = place.patient()
    other = place.patient()

    def at_first_word() -> None:  # it comes before the first request
        place.edit("patients", patient, phone="0791")
        place.visit(patient)

    place.first_of["push"] = at_first_word
    assert place.push() == 1
    assert set(place.there.rows["patients"]) == {other}
    assert place.line(patient) is None
    assert place.there.rows["visits"] == {}
    assert place.push() == 3


@pytest.mark.parametrize("what", ["edit", "delete"])
def test_a_row_that_changes_before_its_request_waits(place: Place, what: str) -> None:
    patient = place.patient()
    other = place.patient()

    def change() -> None:
        if what == "edit":
            place.edit("patients", patient, phone="0791")
        else:
            place.delete("patients", patient)

    place.then = change
    place.push()
    assert place.times > 3
    assert set(place.there.rows["patients"]) == {other}
    assert place.line(patient) is None
    assert place.push() == (2 if what == "edit" else 1)


# -- one bad row -------------------------------------------------------------------------------


def test_a_bad_row_is_found_among_many(place: Place) -> None:
    good = [place.patient(surname=f"S{number}") for number in range(150)]
    bad = place.patient(government_id="1", primary_clinic_id=place.clinic)
    visits = [place.visit(patient) for patient in good[:100]]
    child = place.visit(bad)
    event = place.save("events", patient_id=bad, visit_id=child)
    more = [place.patient(surname=f"T{number}") for number in range(150)]
    real = place.there.rows["patients"]
    place.there.rows["patients"] = Poisoned(real, {bad})
    assert place.push() == 400
    assert all(one in real for one in (*good, *more))
    assert all(place.there.find("visits", one) for one in visits)
    line = place.line(bad)
    assert line is not None
    assert (line["state"], line["reason"]) == (State.REFUSED, Reason.BAD_ROW)
    for one in (child, event):
        line = place.line(one)
        assert line is not None
        assert (line["state"], line["reason"]) == (State.NOT_SENT, Reason.PARENT)
    assert place.there.find("visits", child) is None, "no visit of a patient who is not there"
    assert len(place.there.rows["events"]) == 0
    assert len(place.posts()) <= sync_push.BUDGET + 2
    assert place.report.total.refused == 1
    # it is left alone until somebody edits it, and then all of it goes
    place.confirm()
    before = len(place.posts())
    assert place.push() == 0
    assert len(place.posts()) == before
    why = place.store.on_writer(sync_waiting.why, place.peer, "visits", child).result()
    assert (why.reason, why.parent) == (Reason.PARENT, ("patients", bad))
    place.there.rows["patients"] = dict(real)
    place.edit("patients", bad, government_id="2")
    assert place.push() == 3
    assert place.there.find("events", event) is not None


def test_children_in_the_same_request_wait_too(place: Place) -> None:
    bad, good = place.patient(), place.patient()
    visits = [place.visit(bad), place.visit(good)]
    events = [place.save("events", patient_id=p, visit_id=v)
              for p, v in ((bad, visits[0]), (good, visits[1]))]  # fmt: skip
    place.there.rows["patients"] = Poisoned({}, {bad})
    assert place.push() == 3
    assert set(place.there.rows["visits"]) == {visits[1]}
    assert set(place.there.rows["events"]) == {events[1]}
    for one in (visits[0], events[0]):
        line = place.line(one)
        assert line is not None
        assert (line["state"], line["reason"]) == (State.NOT_SENT, Reason.PARENT)


class Poisoned(dict[str, Any]):
    """A table in which some rows can't be stored."""

    def __init__(self, rows: dict[str, Any], bad: set[str]) -> None:
        super().__init__()
        self.rows, self.bad = rows, bad

    def get(self, key: str, default: Any = None) -> Any:
        if key in self.bad:
            raise BadValue("poison")
        return self.rows.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self.rows

    def __setitem__(self, key: str, value: Any) -> None:
        self.rows[key] = value

    def __getitem__(self, key: str) -> Any:
        return self.rows[key]

    def __delitem__(self, key: str) -> None:
        del self.rows[key]

    def values(self) -> Any:
        return self.rows.values()

    def items(self) -> Any:
        return self.rows.items()

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def test_more_bad_rows_than_one_run_can_find(place: Place) -> None:
    rows = [place.patient(surname=f"S{number}") for number in range(200)]
    bad = set(rows[5::20])
    real: dict[str, Any] = {}
    place.there.rows["patients"] = Poisoned(real, bad)
    runs = 0
    while runs < 8:
        runs += 1
        before = len(place.posts())
        place.push()
        assert len(place.posts()) - before <= sync_push.BUDGET + 1
        place.confirm()
        if len(real) == 190 and all(place.line(one) for one in bad):
            states = {place.line(one)["state"] for one in bad}  # type: ignore[index]
            if states == {State.REFUSED}:
                break
    assert len(real) == 190
    assert runs > 1


def test_values_that_no_server_takes_are_named_before_they_are_sent(place: Place) -> None:
    rows: dict[str, tuple[Row, str]] = {
        "zero": ({"surname": "A\x00B"}, "surname"),
        "long": ({"government_id": "9" * 101}, "government_id"),
        "half": ({"camp": "\ud800"}, "camp"),
        "json": ({"additional_data": {"a": "\x00"}}, "additional_data"),
        "nan": ({"metadata": {"a": float("nan")}}, "metadata"),
        "day": ({"date_of_birth": "soon"}, "date_of_birth"),
        "moment": ({"image_timestamp": 9_000_000_000_000}, "image_timestamp"),
    }
    ids = {}
    for name, (values, column) in rows.items():
        if name == "half":
            continue  # SQLite itself does not take it
        ids[place.patient(**values)] = column
    good = place.patient()
    vitals = place.save("patient_vitals", patient_id=good, timestamp=NOW, weight_kg="1000",
                        heart_rate=2**31)  # fmt: skip
    assert place.push() == 1
    for row_id, column in ids.items():
        line = place.line(row_id)
        assert line is not None
        assert (line["state"], line["reason"]) == (State.REFUSED, f"bad-row:{column}")
    why = place.store.on_writer(sync_waiting.why, place.peer, "patient_vitals", vitals).result()
    assert (why.reason, why.columns) == (Reason.BAD_ROW, ("weight_kg", "heart_rate"))
    assert len(place.posts()) == 1
    place.edit("patient_vitals", vitals, weight_kg="61", heart_rate=60)
    assert place.push() == 2  # the patient once more: nobody has confirmed it
    assert place.there.find("patient_vitals", vitals) is not None


def test_a_bad_edit_is_no_news_of_what_was_sent_before(place: Place) -> None:
    patient = place.patient(surname="Haddad")
    place.cloud.fault("drop", method="POST", times=-1)
    with pytest.raises(Trouble):
        place.push()
    place.cloud.faults.clear()
    place.edit("patients", patient, surname="Had\x00dad")
    assert place.push() == 0
    line = place.line(patient)
    assert line is not None
    assert (line["state"], line["reason"]) == (State.REFUSED, "bad-row:surname")
    # the first version may be there: its number must not be that of the second one
    assert json.loads(line["sent"])["surname"] == "Haddad"
    assert line["sent_seq"] < place.here("patients", patient)["change_seq"]


def test_ids_that_no_server_takes(place: Place) -> None:
    odd = place.save("patients", id="P-17", given_name="Amal")
    visit = place.visit(odd)
    assert place.push() == 0
    line, child = place.line(odd), place.line(visit)
    assert line is not None
    assert (line["state"], line["reason"]) == (State.STAYS, Reason.NOT_A_UUID)
    assert child is not None
    assert child["state"] == State.STAYS
    assert place.there.rows["patients"] == {}


def test_an_id_that_another_store_carried_is_learned(place: Place) -> None:
    patient = place.patient()
    visit = place.visit(patient)
    form = new_id()  # of a form made at another clinic: no row of it is here
    event = place.save("events", patient_id=patient, visit_id=visit, form_id=form)
    assert place.push() == 3
    there = place.there.find("events", event)
    assert there is not None
    assert there["form_id"] is None
    assert there["metadata"][MARK]["ids"] == {"form_id": form}  # type: ignore[index]
    # from now on nothing is asked in vain
    place.confirm()
    before = len(place.posts())
    place.save("events", patient_id=patient, visit_id=visit, form_id=form)
    assert place.push() == 1
    assert len(place.posts()) == before + 1


def test_a_form_that_is_missing_costs_nobody_the_authorship(place: Place) -> None:
    patient = place.patient()
    visit = place.visit(patient)
    colleague = _another_account(place)
    event = place.save("events", patient_id=patient, visit_id=visit, form_id=new_id(),
                       recorded_by_user_id=colleague)  # fmt: skip
    assert place.push() == 3
    there = place.there.find("events", event)
    assert there is not None
    assert (there["form_id"], there["recorded_by_user_id"]) == (None, colleague)


def _another_account(place: Place) -> str:
    """A user of the server of whom no pull tells."""
    row = {"name": "Omar", "email": "omar@clinic.test", "role": "provider"}
    return str(place.there.put("users", row)["id"])


@pytest.mark.parametrize("seen_before", [True, False])
def test_a_bad_edit_holds_up_nothing_else_of_the_patient(place: Place, seen_before: bool) -> None:
    patient = place.patient()
    place.push()
    place.confirm()
    place.edit("patients", patient, surname="A\x00B" if seen_before else "Haddad")
    visit = place.visit(patient)
    place.there.rows["patients"] = Poisoned(dict(place.there.rows["patients"]), {patient})
    assert place.push() == 1
    assert place.there.find("visits", visit) is not None
    line = place.line(patient)
    assert line is not None
    assert (line["state"], line["reason"]) == (State.REFUSED, "bad-row:surname")


# -- a server that is ill ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["status", "drop", "html", "garbage"])
def test_a_sick_server_is_no_bad_row(place: Place, kind: str) -> None:
    patient = place.patient()
    place.visit(patient)
    place.cloud.fault(kind, method="POST", times=-1)
    with pytest.raises(Trouble) as raised:
        place.push()
    assert raised.value.kind is not Kind.REFUSED
    line = place.line(patient)
    assert line is None or line["state"] in (State.SENT, State.NOT_SENT)
    place.cloud.faults.clear()
    assert place.push() == 2


def test_the_canary_stops_the_halving(place: Place) -> None:
    rows = [place.patient(surname=f"S{number}") for number in range(20)]
    place.cloud.fault("half_push", method="POST", times=-1, after=0)
    place.cloud.fault("status", path="/rpc/heartbeat", times=-1)
    with pytest.raises(Trouble) as raised:
        place.push()
    assert raised.value.kind is Kind.SERVER
    assert len(place.posts()) == 1
    assert all(place.line(one)["state"] != State.REFUSED for one in rows)  # type: ignore[index]


@pytest.mark.parametrize("kind", ["half_push", "lost", "drop", "cut"])
def test_one_accident_is_got_over(place: Place, kind: str) -> None:
    rows = [place.patient(surname=f"S{number}") for number in range(20)]
    place.cloud.fault(kind, method="POST", after=7)
    assert place.push() == 20
    assert set(place.there.rows["patients"]) == set(rows)


def test_a_push_that_was_killed_is_known_to_have_been_sent(place: Place) -> None:
    patient = place.patient()
    place.cloud.fault("lost", method="POST", times=-1)
    with pytest.raises(Trouble):
        place.push()
    assert place.there.find("patients", patient) is not None
    line = place.line(patient)
    assert line is not None
    assert line["state"] == State.SENT
    assert json.loads(line["sent"])["given_name"] == "Amal"
    # deleted before anybody knows whether it came: the deletion has to go
    place.cloud.faults.clear()
    place.delete("patients", patient)
    assert place.push() == 1
    there = place.there.find("patients", patient)
    assert there is not None
    assert there["is_deleted"] is True


def test_a_limit_is_waited_for(place: Place) -> None:
    place.patient()
    place.cloud.fault("limit", method="POST", times=2, seconds=3)
    assert place.push() == 1
    assert 6 <= sum(place.slept) < 10
    assert "limit" in {one.note for one in place.told}
    place.patient()
    place.cloud.fault("limit", method="POST", seconds=900)
    with pytest.raises(Trouble) as raised:
        place.push()
    assert (raised.value.kind, raised.value.retry_after) == (Kind.LIMIT, 900)


def test_a_slow_line_gets_smaller_requests(place: Place) -> None:
    rows = [place.patient(surname=f"S{number}") for number in range(60)]
    place.cloud.fault("stall", method="POST", seconds=2)
    assert place.push(timeout=0.1) == 60
    assert set(place.there.rows["patients"]) == set(rows)
    assert len(place.posts()) == 3  # all of them, then two halves


def test_it_stops_when_asked(place: Place) -> None:
    place.patient()
    place.stop = True
    with pytest.raises(Trouble) as raised:
        place.push()
    assert raised.value.kind is Kind.CANCELLED
    assert place.there.rows["patients"] == {}


# -- deletions ---------------------------------------------------------------------------------


def test_a_deleted_visit_names_its_children(place: Place) -> None:
    patient = place.patient()
    visit = place.visit(patient)
    events = [place.save("events", patient_id=patient, visit_id=visit) for _ in range(3)]
    place.push()
    place.confirm()
    place.store.write(deletion.delete, place.actor, "visits", visit, "wrong patient").result()
    assert place.push() == 4
    for one in events:
        row = place.there.find("events", one)
        assert row is not None
        assert row["deleted_at"] is not None, "a cascade alone is told to nobody"
    row = place.there.find("visits", visit)
    assert row is not None
    assert row["deleted_at"] is not None
    line = place.line(visit)
    assert line is not None
    assert (line["state"], line["sent"]) == (State.SENT, "{}")


def test_what_was_never_sent_is_not_deleted_there(place: Place) -> None:
    patient = place.patient()
    visit = place.visit(patient)
    event = place.save("events", patient_id=patient, visit_id=visit)
    place.store.write(deletion.delete, place.actor, "visits", visit, "mistake").result()
    assert place.push() == 1
    assert place.here("visits", visit)["change_seq"] == 0
    assert place.here("events", event)["change_seq"] == 0
    assert place.there.rows["visits"] == {}


def test_a_whole_chart_that_was_never_sent_is_nobodys_business(place: Place) -> None:
    made = everything(place)
    place.edit("patients", made["patients"], primary_clinic_id=place.actor.clinic_id)
    place.store.write(
        deletion.delete, place.actor, "patients", made["patients"], "mistake"
    ).result()
    for _again in range(2):
        assert place.push() == 0
        assert place.posts() == []
        for table, row_id in made.items():
            assert place.here(table, row_id)["change_seq"] == 0, table
            assert place.line(row_id) is None


def test_what_was_handed_out_outlives_its_visit(place: Place) -> None:
    made = everything(place)
    place.edit("patients", made["patients"], primary_clinic_id=place.actor.clinic_id)
    place.delete("patient_vitals", made["patient_vitals"])
    place.delete("patient_problems", made["patient_problems"])
    place.store.write(deletion.delete, place.actor, "visits", made["visits"], "x").result()
    place.push()
    given = place.there.find("dispensing_records", made["dispensing_records"])
    item = place.there.find("prescription_items", made["prescription_items"])
    assert given is not None
    assert item is not None
    assert item["item_status"] == "cancelled"
    for table in ("visits", "prescriptions"):
        row = place.there.find(table, made[table])
        assert row is not None
        assert row["is_deleted"] is True, table


def test_vitals_of_a_visit_that_was_deleted_before_it_was_sent(place: Place) -> None:
    patient = place.patient()
    visit = place.visit(patient)
    vitals = place.save("patient_vitals", patient_id=patient, visit_id=visit, timestamp=NOW)
    place.store.write(deletion.delete, place.actor, "visits", visit, "mistake").result()
    assert place.push() == 4  # the visit goes, and its deletion: the vitals name it
    assert place.there.find("patient_vitals", vitals) is not None
    row = place.there.find("visits", visit)
    assert row is not None
    assert row["is_deleted"] is True


def test_an_item_that_was_handed_out_is_cancelled(place: Place) -> None:
    made = everything(place)
    of = {"patient_id": made["patients"], "prescription_id": made["prescriptions"]}
    plain = place.save("prescription_items", **filled("prescription_items", 6, **of,
                       clinic_id=place.clinic, drug_id=place.drug, metadata={},
                       recorded_by_user_id=None))  # fmt: skip
    place.push()
    place.confirm()
    given = made["prescription_items"]
    place.delete("prescription_items", given)
    place.delete("prescription_items", plain)
    assert place.push() == 2
    row = place.there.find("prescription_items", given)
    assert row is not None
    assert row["item_status"] == "cancelled"
    assert place.there.find("prescription_items", plain) is None


def test_an_item_that_another_device_handed_out_is_cancelled(place: Place) -> None:
    made = everything(place)
    place.delete("dispensing_records", made["dispensing_records"])  # this store knows of none
    item = made["prescription_items"]
    place.push()
    place.confirm()
    place.there.put("dispensing_records", {
        "clinic_id": place.clinic, "drug_id": place.drug, "patient_id": made["patients"],
        "prescription_item_id": item, "quantity_dispensed": 1, "dispensed_by": place.user,
    })  # fmt: skip
    place.delete("prescription_items", item)
    assert place.push() == 1
    row = place.there.find("prescription_items", item)
    assert row is not None
    assert row["item_status"] == "cancelled"


def test_a_moved_item_is_deleted_and_made_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = everything(place)
    of = {"patient_id": made["patients"], "prescription_id": made["prescriptions"]}
    item = place.save("prescription_items", **filled("prescription_items", 6, **of,
                      clinic_id=place.clinic, drug_id=place.drug, metadata={},
                      recorded_by_user_id=None))  # fmt: skip
    place.push()
    place.confirm()
    other = place.patient()
    place.edit("prescription_items", item, patient_id=other)
    place.edit("dispensing_records", made["dispensing_records"], patient_id=other)
    bodies = watch_bodies(monkeypatch)
    assert place.push() == 2
    row = place.there.find("prescription_items", item)
    assert row is not None
    assert row["patient_id"] == other
    items = [body["prescription_items"] for body in bodies if "prescription_items" in body]
    assert [one["deleted"] for one in items] == [[item], []]
    line = place.line(made["dispensing_records"])  # stock would go down twice
    assert line is not None
    assert (line["state"], line["reason"]) == (State.STAYS, Reason.NO_PLACE)


def test_a_deletion_that_was_sent_can_t_be_undone(place: Place) -> None:
    patient = place.patient()
    place.push()
    place.confirm()
    number = place.store.write(deletion.delete, place.actor, "patients", patient, "double").result()
    place.push()
    with pytest.raises(Refused):
        place.store.write(deletion.undo, place.actor, number).result()


def test_a_held_chart_sends_nothing(place: Place) -> None:
    patient = place.patient()
    place.push()
    place.confirm()
    visit = place.visit(patient)

    def hold() -> None:
        connection().execute(
            "INSERT INTO conflicts (peer_id, table_name, row_id, kind, found_at)"
            " VALUES (?, 'patients', ?, 'deleted_there', 1)", (place.peer, patient),
        )  # fmt: skip

    place.store.write(hold).result()
    assert place.push() == 0
    assert place.there.find("visits", visit) is None


def watch_bodies(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The bodies of all that is pushed from now on."""
    bodies: list[Any] = []
    original = sync_push._changes

    def watched(items: Any) -> Any:
        bodies.append(original(items))
        return bodies[-1]

    monkeypatch.setattr(sync_push, "_changes", watched)
    return bodies


def test_unknown_columns_go_back_as_they_came(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = place.save("patients", given_name="Amal", unknown={"blood": "0+"})
    bodies = watch_bodies(monkeypatch)
    place.push()
    (row,) = bodies[0]["patients"]["updated"]
    assert (row["id"], row["blood"]) == (patient, "0+")


def test_a_long_push_is_cut_into_requests_that_grow(place: Place) -> None:
    rows = [place.patient(surname=str(uuid.uuid4())) for _ in range(700)]
    assert place.push() == 700
    assert set(place.there.rows["patients"]) == set(rows)
    assert 2 <= len(place.posts()) <= 3
    last = place.told[-1]
    assert (last.records, last.total) == (700, 700)


def test_a_bad_row_of_the_older_server(flask: Place) -> None:
    rows = [flask.patient(surname=f"S{number}") for number in range(40)]
    bad = rows[17]
    visits = [flask.visit(one) for one in rows]
    real = flask.there.rows["patients"]
    poisoned = Poisoned(real, {bad})
    poisoned.__class__.__deepcopy__ = lambda self, _memo: Poisoned(dict(self.rows), self.bad)  # type: ignore[attr-defined]
    flask.there.rows["patients"] = poisoned
    assert flask.push() == 78
    line = flask.line(bad)
    assert line is not None
    assert line["state"] == State.REFUSED
    assert flask.there.find("visits", visits[17]) is None
    assert sum(flask.there.find("visits", one) is not None for one in visits) == 39


def test_the_older_server_deletes_too(flask: Place) -> None:
    made = everything(flask)
    flask.edit("patients", made["patients"], primary_clinic_id=flask.actor.clinic_id)
    flask.push()
    flask.confirm()
    flask.store.write(deletion.delete, flask.actor, "patients", made["patients"], "double").result()
    assert flask.push() == len(made)
    for table, row_id in made.items():
        row = flask.there.find(table, row_id)
        assert row is not None
        assert row["is_deleted"] is True, table
