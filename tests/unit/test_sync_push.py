"""What goes up, against the test double over real HTTP: all of it, once, and nothing that lies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import sync_peer, sync_push, sync_push_rows, sync_waiting
from hikma_tui.clinic import deletion, setup
from hikma_tui.clinic.saving import Save
from hikma_tui.columns import Digits, Flag, Json, Moment, Number, Text, Uuid, Whole
from hikma_tui.ids import new_id
from hikma_tui.models import BY_TABLE, OWN_COLUMNS, connection, dicts, wire_columns
from hikma_tui.store import Store
from hikma_tui.sync_carry import MARK
from hikma_tui.sync_context import Context
from hikma_tui.sync_shapes import Progress, Reason, Report, State
from hikma_tui.wire.door import open_server
from hikma_tui.wire.http import Options
from hikma_tui.wire.shapes import Credentials, Kind, Trouble
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as CloudStore

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

    def push(self) -> int:
        """One push; what it says is in ``self.report``."""
        self.report = Report()
        context = Context(self.peer, self.dialect, self.actor, self.report, NOW)
        credentials = Credentials(EMAIL, PASSWORD)
        with open_server(self.cloud.url, self.dialect, credentials, Options(timeout=5)) as server:
            return sync_push.push(
                self.store, server, context, progress=self.told.append,
                cancelled=lambda: self.stop, sleep=self.slept.append,
            )  # fmt: skip

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

    def close(self) -> None:
        self.store.close()
        self.cloud.__exit__(None, None, None)


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
