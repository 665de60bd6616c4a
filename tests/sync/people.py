"""Three machines, a phone and one server: what each can do, and what it must come to."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hikma_tui import clock, search, sync_known
from hikma_tui.clinic import audit, conflicts, deletion, patients, records, visits
from hikma_tui.clinic.errors import Refused
from hikma_tui.models import BY_TABLE, Conflict, connection, dicts
from hikma_tui.store import Store
from tests.cloud import client
from tests.cloud.seed import PASSWORD
from tests.cloud.server import Cloud
from tests.sync.ledger import Key, Ledger
from tests.unit.program import COMMAND, environment
from tests.unit.sync_running import Site

TABLES = (
    "patients", "patient_additional_attributes", "visits", "events", "patient_vitals",
    "patient_problems", "appointments",
)  # fmt: skip
# The text of each table that is written to.
TEXT = {
    "patients": ("hometown", "camp"),
    "patient_additional_attributes": ("string_value",),
    "visits": ("provider_name",),
    "events": ("answer-a", "answer-b"),
    "patient_vitals": ("bp_position",),
    "patient_problems": ("problem_label",),
    "appointments": ("notes", "reason"),
}
ANSWERS = ("answer-a", "answer-b")


def value_of(row: dict[str, Any], place: str) -> Any:
    """What stands at a place of a row (python or wire form)."""
    if place not in ANSWERS:
        return row.get(place)
    for answer in row.get("form_data") or []:
        if isinstance(answer, dict) and answer.get("fieldId") == place:
            return answer.get("value")
    return None


def with_value(row: dict[str, Any], place: str, token: str) -> dict[str, Any]:
    """The columns to save so that ``token`` stands at a place."""
    if place not in ANSWERS:
        return {place: token}
    answers = [a for a in row.get("form_data") or [] if a.get("fieldId") != place]
    return {"form_data": [*answers, _answer(place, token)]}


def _answer(place: str, token: str) -> dict[str, Any]:
    return {"fieldId": place, "name": place, "fieldType": "free-text", "inputType": "text",
            "value": token}  # fmt: skip


class Machine(Site):
    """A site whose clock may be wrong, which may be killed, restored and cloned."""

    def __init__(self, directory: Path, ledger: Ledger, user: str) -> None:
        super().__init__(directory, user)
        self.ledger = ledger
        self.offset = 0  # ms by which its clock is wrong
        self.written: list[str] = []  # tokens in the order in which they were saved here
        self.backups: list[tuple[Path, int]] = []

    def at_its_clock(self, act: Callable[[], Any]) -> Any:
        clock._offset_ms = self.offset
        try:
            return act()
        finally:
            clock._offset_ms = 0

    def live(self, table: str) -> list[dict[str, Any]]:
        """The live rows, in the order in which they came."""
        model = BY_TABLE[table]

        def rows() -> list[dict[str, Any]]:
            return dicts(model.select().where(model.tombstone.is_null()).order_by(model.pk))

        return self.store.on_writer(rows).result()

    # -- saving ----------------------------------------------------------------------------------

    def _saved(self, act: Callable[..., Any], *arguments: Any) -> Any:
        return self.at_its_clock(lambda: self.store.write(act, self.actor, *arguments).result())

    def create(self, table: str, dice: random.Random) -> None:
        """A new record with a token in each of its texts."""
        given = {place: self.ledger.new() for place in TEXT[table]}
        row: dict[str, Any] = {p: t for p, t in given.items() if p not in ANSWERS}
        if table == "patients":
            row |= {
                "given_name": "Amal",
                "sex": "female",
                "primary_clinic_id": self.actor.clinic_id,
            }
            row_id = self._saved(patients.register, row)
        else:
            people = self.live("patients")
            if not people:
                return
            row_id = self._create_for(table, row, given, dice.choice(people)["id"], dice)
        if row_id is None:
            return
        for place, token in given.items():
            self.ledger.wrote((table, row_id, place), token)
            self.written.append(token)

    def _create_for(
        self, table: str, row: dict[str, Any], given: dict[str, str], patient: str,
        dice: random.Random,
    ) -> str | None:  # fmt: skip
        row["patient_id"] = patient
        if table == "patient_additional_attributes":
            row |= {"attribute_id": f"field-{dice.randrange(3)}", "attribute": "Village"}
            for one in self.live(table):
                if (one["patient_id"], one["attribute_id"]) == (patient, row["attribute_id"]):
                    return None
            return str(self._saved(patients.put_attribute, row))
        if table == "visits":
            return str(self._saved(visits.create_visit, {
                **row, "clinic_id": self.actor.clinic_id, "provider_id": self.actor.user_id,
                "check_in_timestamp": 1_795_000_000_000}))  # fmt: skip
        if table == "patient_problems":
            row |= {"problem_code_system": "icd11", "problem_code": "CA40",
                    "clinical_status": "active", "verification_status": "confirmed"}  # fmt: skip
            return str(self._saved(records.create, table, row))
        mine = [v for v in self.live("visits") if v["patient_id"] == patient]
        if not mine:
            return None
        visit = dice.choice(mine)["id"]
        if table == "events":
            answers = [_answer(place, token) for place, token in given.items()]
            return str(self._saved(visits.create_event, {
                "patient_id": patient, "visit_id": visit, "event_type": "Note",
                "form_data": answers, "recorded_by_user_id": self.actor.user_id}))  # fmt: skip
        if table == "patient_vitals":
            row |= {"visit_id": visit, "timestamp": 1_795_000_000_000, "weight_kg": "61.25"}
        else:
            row |= {"current_visit_id": visit, "clinic_id": self.actor.clinic_id,
                    "user_id": self.actor.user_id, "timestamp": 1_799_000_000_000}  # fmt: skip
        return str(self._saved(records.create, table, row))

    def edit_one(self, table: str, dice: random.Random) -> None:
        """Another token in one text of one record."""
        rows = self.live(table)
        if not rows:
            return
        row, place = dice.choice(rows), dice.choice(TEXT[table])
        token, old = self.ledger.new(), value_of(row, place)
        values = {"id": row["id"], **with_value(row, place, token)}
        try:
            if table == "patients":
                self._saved(patients.edit, row["id"], with_value(row, place, token))
            elif table == "patient_additional_attributes":
                pair = {n: row[n] for n in ("patient_id", "attribute_id", "attribute")}
                self._saved(patients.put_attribute, {**pair, **values})
            elif table == "visits":
                self._saved(visits.update_visit, values)
            elif table == "events":
                self._saved(visits.update_event, values)
            else:
                self._saved(records.update, table, values)
        except Refused:
            return
        self.ledger.wrote((table, row["id"], place), token, old)
        self.written.append(token)

    def delete_one(self, table: str, dice: random.Random) -> None:
        """Delete one record, with what hangs on it."""
        rows = self.live(table)
        if not rows:
            return
        row_id = dice.choice(rows)["id"]
        try:
            number = self._saved(deletion.delete, table, row_id, "test")
        except Refused:
            return
        for name in BY_TABLE:
            gone = self.sql(f"SELECT id FROM {name} WHERE tombstone = ?", number)
            self.ledger.deleted |= {(name, one[0]) for one in gone}

    # -- trouble ---------------------------------------------------------------------------------

    def backup(self) -> None:
        self.backups.append((self.store.backup(), len(self.written)))

    def restore(self, dice: random.Random) -> None:
        """Somebody puts an old copy back over the file."""
        if not self.backups:
            return
        number = dice.randrange(len(self.backups))
        path, known = self.backups[number]
        self.backups = self.backups[: number + 1]
        self._lose(known)
        self.store.close()
        for tail in ("-wal", "-shm"):
            (self.directory / f"hikma.db{tail}").unlink(missing_ok=True)
        shutil.copyfile(path, self.directory / "hikma.db")
        self.store = Store.open(self.directory)

    def become_copy_of(self, other: Machine) -> None:
        """This machine's disk died; the other's folder was copied here."""
        self._lose(0)
        self.store.close()
        path = other.store.backup()
        shutil.rmtree(self.directory)
        self.directory.mkdir(mode=0o700)
        shutil.copyfile(path, self.directory / "hikma.db")
        self.store = Store.open(self.directory)
        self.store.write(
            lambda: connection().execute(
                "UPDATE store_info SET value = 'another' WHERE key = 'machine_fingerprint'"
            )
        ).result()
        self.written, self.backups = [], []
        self.actor = other.actor

    def _lose(self, known: int) -> None:
        """What was saved here since can be gone with the disk, if it had not been sent."""
        self.ledger.forgiven |= set(self.written[known:])
        self.written = self.written[:known]

    def sync_and_be_killed(self, url_is_up: float) -> None:
        """The real program, killed in the middle."""
        child = subprocess.Popen(
            [*COMMAND, "sync", "--data-dir", str(self.directory), "--user", self.actor.user_id],
            env={**environment(), "HIKMA_TUI_PASSWORD": PASSWORD},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(url_is_up)
        child.send_signal(signal.SIGKILL)
        child.wait()

    # -- choosing --------------------------------------------------------------------------------

    def choose(self, dice: random.Random) -> int:
        """Decide every open conflict, one way or the other. Returns how many were decided."""
        found = self.store.on_writer(conflicts.open_conflicts, self.actor).result()
        done = 0
        for one in found:
            side = dice.choice(("ours", "theirs"))
            before = self._both(one.pk)
            try:
                became = self._saved(conflicts.resolve_all, one.pk, side)
            except Refused:
                continue
            done += 1
            self.ledger.told.append(
                f"{self.directory.name} chose {side} of {one.kind} {one.table} {one.row_id}:"
                f" {became}; ours {_texts(one.table, before and before[0])},"
                f" theirs {_texts(one.table, before and before[1])}"
            )
            if before is not None:
                self._note_choice(one, side, before, became)
        return done

    def _both(self, pk: int) -> tuple[dict[str, Any], dict[str, Any] | None] | None:
        def read() -> tuple[dict[str, Any], dict[str, Any] | None] | None:
            conflict = Conflict.get_or_none(Conflict.pk == pk)
            if conflict is None:
                return None
            model = BY_TABLE[conflict.table_name]
            rows = dicts(model.select().where(model.id == conflict.row_id))
            return (rows[0], conflict.theirs) if rows else None

        return self.store.on_writer(read).result()

    def _note_choice(self, one: Any, side: str, before: Any, became: str) -> None:
        ours, theirs = before
        if theirs is None or ours["tombstone"] is not None:
            # deleted on one side: the record and what hangs on it is one thing, kept or let go
            self.ledger.deleted.add((one.table, one.row_id))
            for name in TABLES[1:]:
                for column in ("patient_id", "visit_id", "current_visit_id"):
                    if column in BY_TABLE[name]._meta.fields:
                        hanging = self.sql(f"SELECT id FROM {name} WHERE {column} = ?", one.row_id)
                        self.ledger.deleted |= {(name, child[0]) for child in hanging}
            return
        for place in TEXT.get(one.table, ()):
            mine, other = value_of(ours, place), value_of(theirs, place)
            if mine == other:
                continue
            now = self._now(one.table, one.row_id, place)
            for value in (mine, other):
                if value != now:
                    self.ledger.replaced(value, now, again=side == "ours")

    def _now(self, table: str, row_id: str, place: str) -> Any:
        model = BY_TABLE[table]
        rows = self.store.on_writer(
            lambda: dicts(model.select().where(model.id == row_id))
        ).result()
        return value_of(rows[0], place) if rows else None

    # -- what it must come to --------------------------------------------------------------------

    def set_aside(self) -> dict[tuple[str, str], str]:
        """Rows that the server does not have just so, each with its state and reason."""
        rows = self.sql("SELECT table_name, row_id, state || ':' || reason FROM peer_rows")
        return {(row[0], row[1]): row[2] for row in rows}

    def unconfirmed(self) -> set[tuple[str, str]]:
        """Rows of care that the server has not confirmed."""
        found: set[tuple[str, str]] = set()
        for table in TABLES:
            rows = self.sql(f"SELECT id FROM {table} WHERE change_seq > 0")
            found |= {(table, row[0]) for row in rows}
        return found

    def sound(self) -> list[str]:
        """What is wrong inside the store."""
        wrong = self.store.check() + self.store.on_writer(audit.problems).result()
        return wrong + self.store.on_writer(lambda: search.check(connection())).result()


class Phone:
    """A client of the other kind: it reads the server's row, changes one thing, sends it whole."""

    def __init__(self, cloud: Cloud, ledger: Ledger) -> None:
        self.cloud, self.ledger = cloud, ledger

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(client.changes(self.cloud)[table]["created"])

    def edit_one(self, table: str, dice: random.Random) -> None:
        rows = self.rows(table)
        if not rows:
            return
        row, place = dice.choice(rows), dice.choice(TEXT[table])
        token, old = self.ledger.new(), value_of(row, place)
        changed = {**row, **with_value(row, place, token)}
        for name in ("date_of_birth", "onset_date", "end_date"):
            if isinstance(changed.get(name), str):
                changed[name] = changed[name][:10]
        changed["updated_at"] = int(time.time() * 1000) + self.cloud.store.clock.offset // 1000
        client.push(self.cloud, table, changed, kind="updated")
        now = next((r for r in self.rows(table) if r["id"] == row["id"]), {})
        if value_of(now, place) == token:  # a row stamped in the future takes no honest edit
            self.ledger.wrote((table, row["id"], place), token, old)

    def delete_one(self, table: str, dice: random.Random) -> None:
        rows = self.rows(table)
        if not rows:
            return
        row_id = dice.choice(rows)["id"]
        client.push(self.cloud, table, row_id, kind="deleted")
        self.ledger.deleted.add((table, row_id))
        for name in TABLES[1:]:
            hanging = ("patient_id", "visit_id", "current_visit_id")
            for one in self.cloud.store.rows[name].values():
                if any(one.get(column) == row_id for column in hanging):
                    self.ledger.deleted.add((name, str(one["id"])))


def differences(machine: Machine, there: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Where a machine and the server disagree, apart from what is set aside with a reason."""
    found = []
    aside = machine.set_aside()
    for table in TABLES:
        here = {row["id"]: row for row in machine.live(table)}
        for row_id in sorted(set(here) ^ set(there[table])):
            if (table, row_id) not in aside:
                where = "only here" if row_id in here else "only there"
                found.append(f"{table} {row_id}: {where}")
        for row_id in sorted(set(here) & set(there[table])):
            if (table, row_id) not in aside:
                columns = sync_known.equal("v3", table, here[row_id], there[table][row_id])
                found += [f"{table} {row_id}: {column}" for column in columns]
    return found


def lost(
    ledger: Ledger, there: dict[str, dict[str, dict[str, Any]]], aside: set[tuple[str, str]]
) -> list[str]:
    """Saves that are on no server, in no conflict and not set aside."""
    found = []
    for key, tokens in ledger.tokens.items():
        table, row_id, place = key
        if (table, row_id) in ledger.deleted or (table, row_id) in aside:
            continue
        row = there[table].get(row_id)
        now = value_of(row, place) if row is not None else None
        if ledger.doubtful(key):
            continue
        standing = ledger.standing(key)
        if standing != {now} and not (now is None and not standing):  # nothing may be chosen, too
            found.append(f"{_named(key)}: {now} on the server, wrote {tokens}, standing {standing}")
            found += [f"    {line}" for line in ledger.story(key)]
    return found


def _texts(table: str, row: Any) -> dict[str, Any] | None:
    return {place: value_of(row, place) for place in TEXT.get(table, ())} if row else None


def _named(key: Key) -> str:
    return json.dumps(key)


__all__ = ["TABLES", "TEXT", "Machine", "Phone", "differences", "lost", "sys"]
