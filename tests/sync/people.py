"""A machine at which people work: saves, deletions, moves, choices; and what befalls its disk."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hikma_tui import clock, search
from hikma_tui.clinic import audit, conflicts, deletion, moving, patients, records, visits
from hikma_tui.clinic.errors import Refused
from hikma_tui.models import BY_TABLE, Conflict, connection, dicts
from hikma_tui.store import Store
from hikma_tui.syncing.shapes import Phase, Progress, Report
from tests.cloud.seed import EMAIL, PASSWORD
from tests.cloud.server import Cloud
from tests.sync.ledger import Key, Ledger, Row, tokens_in
from tests.sync.places import (
    ANSWERS,
    TABLES,
    TEXT,
    answer,
    name_of,
    one_of,
    value_of,
    with_value,
    written,
)
from tests.sync.windows import Window
from tests.unit.program import COMMAND, environment
from tests.unit.sync_running import Site, never, quiet

MOVABLE = ("visits", "events", "patient_vitals", "patient_problems")
OF_VISITS = ("events", "patient_vitals", "appointments", "prescriptions")


class Machine(Site):
    """A site whose clock may be wrong, which may be killed, restored and cloned."""

    def __init__(
        self, directory: Path, ledger: Ledger, cloud: Cloud, tables: tuple[str, ...], user: str,
        email: str = EMAIL,
    ) -> None:  # fmt: skip
        super().__init__(directory, user)
        self.ledger, self.email = ledger, email
        self.cloud, self.tables = cloud, tables
        self.passed = 0  # ms since the beginning of the story
        self.offset = 0  # ms by which its clock is wrong besides
        self.backups: list[Path] = []
        self.edits_items = True  # see ``edit_one``
        self.other: str = self._saved(records.create, "users", {"name": "Sami", "role": "provider"})

    def at_its_clock(self, act: Callable[[], Any]) -> Any:
        before, clock._offset_ms = clock._offset_ms, self.passed + self.offset
        try:
            return act()
        finally:
            clock._offset_ms = before

    def sync(
        self, progress: Callable[[Progress], None] = quiet, cancelled: Callable[[], bool] = never,
        password: str | None = PASSWORD, **options: Any,
    ) -> Report:  # fmt: skip
        run, window = super().sync, Window(self, self.cloud, self.tables)
        phases: list[Phase] = []

        def told(one: Progress) -> None:
            if one.phase is Phase.PUSH and phases[-1:] != [Phase.PUSH]:
                window.before_a_push()  # before anybody else acts: ``progress`` may
            phases.append(one.phase)
            progress(one)

        report: Report = self.at_its_clock(lambda: run(told, cancelled, password, **options))
        self._was_overwritten(window)
        self._was_buried()
        self.ledger.told.append(
            f"{self.directory.name} synced {options}: {report.result} {report.total}"
            f" {report.notices}"
        )
        if report.result == "ok":
            wrong = self.found_by_search()
            assert not wrong, f"{self.directory.name} after a sync: {wrong}"
        return report

    def _was_overwritten(self, window: Window) -> None:
        rows = self.cloud.store.rows
        there = {pair for t in self.tables for pair in written(t, list(rows[t].values()))}
        lost = {one for one in window.after(there) if one not in self.ledger.superseded}
        if lost:
            self.ledger.told.append(f"{self.directory.name} pushed over what it could not see:")
            self.ledger.forgive(lost)

    def _was_buried(self) -> None:
        for table in self.tables:
            for row in self.rows(table):
                tokens = written(table, [row]) if row["change_seq"] == 0 else set()
                if row["tombstone"] is None:
                    self.ledger.confirmed |= tokens
                elif tokens:
                    cause = self._cause(row["tombstone"])
                    self.ledger.bury((table, name_of(table, row)), cause, tokens)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows, deleted ones too, in the order in which they came."""
        model = BY_TABLE[table]
        return self.store.on_writer(lambda: dicts(model.select().order_by(model.pk))).result()

    def live(self, table: str) -> list[dict[str, Any]]:
        """The live rows, in the order in which they came."""
        return [row for row in self.rows(table) if row["tombstone"] is None]

    def held(self) -> set[tuple[Key, str]]:
        """Every token that this machine has, deleted or not, and in open questions."""
        found = {pair for table in TABLES for pair in written(table, self.rows(table))}
        for one in self.store.on_writer(lambda: list(Conflict.select())).result():
            if one.resolved_at is None and one.theirs and one.table_name in TEXT:
                found |= written(one.table_name, [one.theirs])
        return found

    # -- saving ----------------------------------------------------------------------------------

    def _saved(self, act: Callable[..., Any], *arguments: Any) -> Any:
        return self.at_its_clock(lambda: self.store.write(act, self.actor, *arguments).result())

    def create(self, table: str, dice: random.Random) -> None:
        """A new record with a token in each of its texts."""
        given = {place: self.ledger.new() for place in TEXT[table]}
        row: dict[str, Any] = {p: t for p, t in given.items() if p not in ANSWERS}
        if table == "patients":
            clinic = self.actor.clinic_id
            row |= {"given_name": "Amal", "sex": "female", "primary_clinic_id": clinic}
            try:
                row_id = self._saved(patients.register, row)
            except Refused:
                return
        else:
            people = self.live("patients")
            if not people:
                return
            try:
                row_id = self._create_for(table, row, given, one_of(people, dice)["id"], dice)
            except Refused:  # not the right for it, or what it hangs on is another's by now
                return
        if row_id is None:
            return
        new = next(r for r in self.live(table) if r["id"] == row_id)
        for place, token in given.items():
            self.ledger.wrote((table, name_of(table, new), place), token)

    def _create_for(
        self, table: str, row: dict[str, Any], given: dict[str, str], patient: str,
        dice: random.Random,
    ) -> str | None:  # fmt: skip
        me, clinic = self.actor.user_id, self.actor.clinic_id
        row["patient_id"] = patient
        hand = dice.choice((me, me, self.other))
        if table == "patient_additional_attributes":
            row |= {"attribute_id": f"field-{dice.randrange(3)}", "attribute": "Village"}
            pair = (patient, row["attribute_id"])
            if pair in {(one["patient_id"], one["attribute_id"]) for one in self.live(table)}:
                return None
            return str(self._saved(patients.put_attribute, row))
        if table == "visits":
            moment = 1_795_000_000_000 + dice.randrange(3) * 86_400_000
            row |= {"clinic_id": clinic, "provider_id": hand, "check_in_timestamp": moment}
            return str(self._saved(visits.create_visit, row))
        if table == "patient_problems":
            row |= {"problem_code_system": "icd11", "problem_code": "CA40",
                    "clinical_status": "active", "verification_status": "confirmed"}  # fmt: skip
        elif table in OF_VISITS:
            mine = [v["id"] for v in self.live("visits") if v["patient_id"] == patient]
            if not mine:
                return None
            visit = dice.choice(mine)
            if table == "events":
                answers = [answer(place, token) for place, token in given.items()]
                return str(self._saved(visits.create_event, {
                    "patient_id": patient, "visit_id": visit, "event_type": "Note",
                    "form_data": answers, "recorded_by_user_id": hand}))  # fmt: skip
            row |= {"visit_id": visit}
            if table == "patient_vitals":
                row |= {"timestamp": 1_795_000_000_000, "weight_kg": "61.25"}
            elif table == "prescriptions":
                row |= {"provider_id": me, "pickup_clinic_id": clinic, "status": "pending",
                        "prescribed_at": 1_795_000_000_000}  # fmt: skip
            else:
                del row["visit_id"]
                row |= {"current_visit_id": visit, "clinic_id": clinic, "user_id": me,
                        "timestamp": 1_799_000_000_000}  # fmt: skip
        elif not self._pharmacy(table, row, patient, dice):
            return None
        return str(self._saved(records.create, table, row))

    def _pharmacy(self, table: str, row: dict[str, Any], patient: str, dice: random.Random) -> bool:
        drugs = self.live("drug_catalogue")
        above = "prescriptions" if table == "prescription_items" else "prescription_items"
        mine = [one for one in self.live(above) if one["patient_id"] == patient]
        if not drugs or not mine:
            return False
        one = dice.choice(mine)
        row |= {"drug_id": drugs[0]["id"], "clinic_id": self.actor.clinic_id}
        if table == "prescription_items":
            row |= {"prescription_id": one["id"], "quantity_prescribed": 20}
        else:
            row |= {"prescription_item_id": one["id"], "quantity_dispensed": 1,
                    "dispensed_by": self.actor.user_id,
                    "dispensed_at": 1_795_000_000_000}  # fmt: skip
        return True

    def edit_one(self, table: str, dice: random.Random) -> None:
        """Another token in one text of one record.

        Edits of prescribed medicines are made at one machine only: the server has no rule for two
        of them and tells nobody of either, so the second overwrites the first at the server
        unseen, until a full check (wire.md A5; docs/sync.md, "Windows that remain").
        """
        rows = self.live(table)
        if not rows or (table == "prescription_items" and not self.edits_items):
            return
        row, place = one_of(rows, dice), dice.choice(TEXT[table])
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
        self.ledger.wrote((table, name_of(table, row), place), token, old)

    def delete_one(self, table: str, dice: random.Random) -> None:
        """Delete one record, with what hangs on it."""
        rows = self.live(table)
        if not rows:
            return
        row_id = one_of(rows, dice)["id"]
        try:
            number = self._saved(deletion.delete, table, row_id, "test")
        except Refused:
            return
        self.ledger.delete(self._with_tombstone(number), self._cause(number))

    def _cause(self, number: int) -> str:
        return f"{self.directory.name} {self.sql('SELECT row_id FROM deletions WHERE pk = ?', number)[0][0]}"  # noqa: E501

    def root_of(self, number: int) -> Row:
        """The record whose deletion has that number, under the ledger's name."""
        table, row_id = self.sql("SELECT table_name, row_id FROM deletions WHERE pk = ?", number)[0]
        return table, name_of(table, next(r for r in self.rows(table) if r["id"] == row_id))

    def _with_tombstone(self, number: int) -> list[Row]:
        return [
            (table, name_of(table, row))
            for table in TABLES
            for row in self.rows(table)
            if row["tombstone"] == number
        ]

    def undo_one(self, dice: random.Random) -> None:
        """Take back a deletion that no server has heard of."""
        found = self.at_its_clock(
            lambda: self.store.on_writer(deletion.undoable, self.actor).result()
        )
        if not found:
            return
        number = dice.choice(found).number
        try:
            self._saved(deletion.undo, number)
        except Refused:
            return
        self.ledger.undelete(self._cause(number))

    def move_one(self, dice: random.Random) -> None:
        """What was entered on the wrong patient."""
        table = dice.choice(MOVABLE)
        rows, people = self.live(table), self.live("patients")
        if not rows or len(people) < 2:
            return
        target = dice.choice(people)["id"]
        try:
            self._saved(moving.move, table, one_of(rows, dice)["id"], target, "test")
        except Refused:
            return
        for name in TABLES[1:]:  # what hangs on it went along
            for row in self.live(name):
                if row["patient_id"] == target and row["change_seq"]:
                    self.ledger.written_to((name, name_of(name, row)))

    # -- trouble ---------------------------------------------------------------------------------

    def backup(self) -> None:
        self.backups.append(self.store.backup())

    def restore(self, dice: random.Random) -> None:
        """Somebody puts an old copy back over the file."""
        if not self.backups:
            return
        number = dice.randrange(len(self.backups))
        path, self.backups = self.backups[number], self.backups[: number + 1]
        self.store.close()
        for tail in ("-wal", "-shm"):
            (self.directory / f"hikma.db{tail}").unlink(missing_ok=True)
        shutil.copyfile(path, self.directory / "hikma.db")
        self.store = Store.open(self.directory)
        self.ledger.told.append(f"{self.directory.name} restored backup {number}")

    def become_copy_of(self, other: Machine) -> None:
        """This machine's disk died; the other's folder was copied here."""
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
        self.backups, self.actor, self.other = [], other.actor, other.other
        self.ledger.told.append(f"{self.directory.name} is a copy of {other.directory.name}")

    def sync_and_be_killed(self, seconds: float) -> None:
        """The real program, killed in the middle."""
        window = Window(self, self.cloud, self.tables)
        window.before_a_killed_run()
        child = subprocess.Popen(
            [*COMMAND, "sync", "--data-dir", str(self.directory), "--user", self.actor.user_id],
            env={**environment(), "HIKMA_TUI_PASSWORD": PASSWORD},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        child.wait()
        self.ledger.told.append(f"{self.directory.name} synced and was killed")
        self._was_overwritten(window)

    # -- choosing --------------------------------------------------------------------------------

    def choose(self, dice: random.Random, share: float = 1.0) -> int:
        """Decide open conflicts, one way or the other. Returns how many were decided."""
        found = self.store.on_writer(conflicts.open_conflicts, self.actor).result()
        done = 0
        for one in found:
            if dice.random() >= share:
                continue
            before = self._sides(one.pk)
            old = {(t, r["id"]) for t in TABLES for r in self.rows(t)}
            choices = self._choices(one.pk, dice)
            try:
                became = self._saved(conflicts.resolve, one.pk, choices)
            except Refused:
                continue
            done += 1
            self._note_choice(one, choices, before, became, old)
        return done

    def _choices(self, pk: int, dice: random.Random) -> dict[str, str]:
        side = dice.choice(("ours", "theirs", ""))
        try:
            pairs = self.store.on_writer(conflicts.fields, self.actor, pk).result()
        except Refused:
            return {}
        return {
            p.key: side or dice.choice(("ours", "theirs", "both" if p.both else "ours"))
            for p in pairs
        }

    def _sides(self, pk: int) -> tuple[Conflict, dict[str, Any], dict[Row, set[tuple[Key, str]]]]:
        def read() -> tuple[Conflict, dict[str, Any]]:
            conflict = Conflict.get(Conflict.pk == pk)
            model = BY_TABLE[conflict.table_name]
            return conflict, dicts(model.select().where(model.id == conflict.row_id))[0]

        conflict, row = self.store.on_writer(read).result()
        stood = {
            (table, one["id"]): written(table, [one])
            for table in TABLES
            for one in self.rows(table)
            if one["tombstone"] is None or one["tombstone"] == row["tombstone"]
        }
        return conflict, row, stood

    def _note_choice(
        self, one: Any, choices: dict[str, str], before: Any, became: str, old: set[Row]
    ) -> None:
        conflict, ours, stood = before
        theirs = conflict.theirs or {}
        self.ledger.told.append(
            f"{self.directory.name} chose {choices} of {one.kind} {one.table} {one.row_id}:"
            f" {became}; ours {_texts(one.table, ours)}, theirs {_texts(one.table, theirs)}"
        )
        if ours["tombstone"] is not None and became == "back":
            back = {(t, name_of(t, row)) for t in TABLES for row in self.live(t)}
            agreed = ours["change_seq"] == 0
            self.ledger.undelete(self._cause(ours["tombstone"]), back, as_there=agreed)
        if became in ("gone", "copied", "deleted"):
            gone = [
                (table, name_of(table, row))
                for table in TABLES
                for row in self.rows(table)
                if row["tombstone"] is not None and (table, row["id"]) in stood
            ]
            self.ledger.delete(gone, f"{self.directory.name} chose {one.pk}")
            for table in TABLES if became == "copied" else ():
                for row in self.rows(table):
                    for place in TEXT[table] if (table, row["id"]) not in old else ():
                        key = (table, name_of(table, row), place)
                        self.ledger.copied(key, value_of(row, place))
            return
        self._note_values(one, choices, before, became)

    def _note_values(self, one: Any, choices: dict[str, str], before: Any, became: str) -> None:
        """What stands now, of what stood on both sides."""
        conflict, ours, stood = before
        theirs = conflict.theirs or {}
        whole = "theirs" not in choices.values() or became == "sent"
        for table in TABLES:  # of a deletion that was taken back, all that came with it
            for row in self.rows(table):
                is_it = (table, row["id"]) == (one.table, one.row_id)
                if not is_it and (became != "back" or (table, row["id"]) not in stood):
                    continue
                for place in TEXT[table]:
                    key = (table, name_of(table, row), place)
                    gone_here = {t for k, t in stood.get((table, row["id"]), ()) if k == key}
                    there = tokens_in(value_of(theirs, place) if theirs else None)
                    if is_it:
                        gone_here |= there
                    now = tokens_in(value_of(row, place))
                    if is_it and "both" in choices.values() and len(now) > 1:
                        self.ledger.stands(key, now)
                    # what was taken from the server is not sent anew, whatever else of the row is
                    side = choices.get(place) or choices.get(f"form_data/{place}")
                    again = side != "theirs" if side and is_it else whole
                    differs = is_it and there != tokens_in(value_of(ours, place))
                    if gone_here - now or differs:
                        self.ledger.chosen(key, gone_here, now, again=again)

    # -- what must hold --------------------------------------------------------------------------

    def set_aside(self) -> dict[Row, str]:
        """Rows that the server does not have just so, each with its state and reason."""
        lines = self.sql("SELECT table_name, row_id, state || ':' || reason FROM peer_rows")
        return {(line[0], line[1]): line[2] for line in lines}

    def unconfirmed(self, tables: Iterable[str]) -> set[Row]:
        """Rows of care that the server has not confirmed."""
        return {
            (table, row["id"]) for table in tables for row in self.rows(table) if row["change_seq"]
        }

    def seen_though_deleted(self) -> list[Any]:
        """Rows in a view of live ones whose patient, or who themselves, are deleted."""
        found: list[Any] = []
        for table in TABLES:
            owner = "id" if table == "patients" else "patient_id"
            found += self.sql(
                f"SELECT '{table}', v.id FROM live_{table} v JOIN {table} t ON t.id = v.id"
                f" LEFT JOIN patients p ON p.id = v.{owner}"
                " WHERE t.tombstone IS NOT NULL OR p.tombstone IS NOT NULL"
            )
        return found

    def found_by_search(self) -> list[str]:
        """Where the search and the records differ."""
        return self.store.on_writer(lambda: search.check(connection())).result()

    def sound(self) -> list[str]:
        """What is wrong inside the store."""
        wrong = self.store.check() + self.store.on_writer(audit.problems).result()
        return wrong + self.found_by_search()


def _texts(table: str, row: Any) -> dict[str, Any] | None:
    return {place: value_of(row, place) for place in TEXT.get(table, ())} if row else None
