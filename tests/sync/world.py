"""Three machines, a phone and one server, as a story of steps: what may happen in a year.

A step is a name, a machine and a number from which all that is chance in it follows, so a story can
be told again. ``check`` holds after each step, ``end`` when all has come to rest.
"""

from __future__ import annotations

import random
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from hikma_tui.syncing import known as sync_known
from hikma_tui.syncing.shapes import Phase, Progress
from tests.cloud.seed import EMAIL, PASSWORD, RIGHTS, add_user, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as Rows
from tests.sync.ledger import Key, Ledger, Row, tokens_in
from tests.sync.people import Machine
from tests.sync.phone import RULED, Phone
from tests.sync.places import OLDER, TABLES, name_of, value_of, written

MINUTE = 60_000
DAY = 1440 * MINUTE
YEAR = 365 * DAY
SECOND_EMAIL = "rima@clinic.test"
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("cut", {"method": "GET", "after": 900}), ("lost", {"method": "POST", "path": "/api/v2/sync"}),
    ("lost", {"method": "GET"}), ("drop", {"method": "POST", "path": "/api/v2/sync"}),
    ("status", {"method": "GET"}), ("status", {"method": "POST", "path": "/api/v2/sync"}),
    ("garbage", {"method": "GET"}), ("html", {"method": "GET"}),
    ("half_push", {"after": 1}), ("half_push", {"after": 3}),
    ("duplicate", {"method": "GET"}), ("reorder", {"method": "GET"}),
    ("lost", {"method": "POST", "path": "/api/v2/sync", "times": 9}),
    ("duplicate", {"method": "GET", "times": 9}), ("reorder", {"method": "GET", "times": 9}),
]  # fmt: skip
PARENTS = (
    ("patients", "patient_id"), ("visits", "visit_id"), ("visits", "current_visit_id"),
    ("prescriptions", "prescription_id"), ("prescription_items", "prescription_item_id"),
)  # fmt: skip
STEPS = (
    "work", "work", "work", "work", "work", "work", "phone_works", "phone_works", "phone_works",
    "sync", "sync", "sync", "sync_with_a_fault", "sync_with_a_fault", "sync_and_cancel",
    "edit_while_it_syncs", "others_while_it_syncs", "slow_commit", "time_passes",
    "clock_of_a_machine", "clock_of_the_server", "history_limit", "choose", "backup", "restore",
    "clone", "server_backup", "server_restored", "check", "undo", "undo",
)  # fmt: skip


class World:
    """One story. ``flask``: the older server."""

    def __init__(self, *, flask: bool = False) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.ledger, self.flask = Ledger(), flask
        self.tables = OLDER if flask else TABLES
        rows = Rows()
        nurse = seed(rows, patients=3)
        second = add_user(rows, "Rima", SECOND_EMAIL, PASSWORD, nurse["clinic_id"])
        every = dict.fromkeys(RIGHTS, True)
        rows.put("user_clinic_permissions",
                 {"user_id": second["id"], "clinic_id": nurse["clinic_id"]})  # fmt: skip
        for row in rows.rows["user_clinic_permissions"].values():
            row |= every  # nobody is stopped from deleting or choosing
        self.cloud = Cloud(rows, flask=flask, limits=False).start()
        self.phone = Phone(self.cloud, self.ledger, flask=flask)
        self.passed = 0
        self.server_off = 0  # ms by which its clock is wrong
        self.server_backups: list[dict[str, Any]] = []
        self.went_back = False
        self.steps = 0
        self.machines: list[Machine] = []
        self.ledger.waiting = self._waiting
        for number in range(3):
            email = SECOND_EMAIL if number == 2 else EMAIL
            place = Path(self.place.name) / f"m{number}"
            machine = Machine(place, self.ledger, self.cloud, self.tables, f"Nora {number}", email)
            machine.edits_items = number == 0
            self.machines.append(machine)
            for table in self.tables:
                machine.create(table, random.Random(number))
            machine.join(self.cloud.url, email)
            machine.sync()
            for table in self.tables:
                machine.create(table, random.Random(number + 10))

    def close(self) -> None:
        for machine in self.machines:
            machine.store.close()
        self.cloud.stop()
        self.place.cleanup()

    def step(self, name: str, which: int, number: int) -> None:
        """One step, and what must hold after each."""
        self.steps += 1
        self.ledger.told.append(f"-- {self.steps}: {name} m{which} {number}")
        getattr(self, name)(self.machines[which], random.Random(number))
        self.check_seen()

    def check_seen(self) -> None:
        """Nothing deleted is ever seen."""
        for machine in self.machines:
            found = machine.seen_though_deleted()
            assert not found, f"{machine.directory.name} shows {found}"

    # -- steps -----------------------------------------------------------------------------------

    def work(self, machine: Machine, dice: random.Random) -> None:
        """Some minutes of a nurse's day."""
        for _act in range(dice.randint(1, 8)):
            table, kind = dice.choice(self.tables), dice.random()
            if kind < 0.38:
                machine.create(table, dice)
            elif kind < 0.86:
                machine.edit_one(table, dice)
            elif kind < 0.93:
                machine.delete_one(table, dice)
            else:
                machine.move_one(dice)

    def phone_works(self, _machine: Machine, dice: random.Random) -> None:
        for _act in range(dice.randint(1, 3)):
            if dice.random() < 0.9:
                self.phone.edit_one(dice.choice(self.tables), dice)
            else:
                self.phone.delete_one(dice.choice(self.tables[:8]), dice)

    def sync(self, machine: Machine, _dice: random.Random) -> None:
        machine.sync()

    def check(self, machine: Machine, dice: random.Random) -> None:
        machine.sync(check=True, repair=dice.random() < 0.3)

    def sync_with_a_fault(self, machine: Machine, dice: random.Random) -> None:
        kind, how = dice.choice(FAULTS)
        self.cloud.fault(kind, skip=dice.choice((0, 0, 1)), **how)
        machine.sync(timeout=1.0)
        self.cloud.faults.clear()

    def sync_and_cancel(self, machine: Machine, dice: random.Random) -> None:
        left = iter(range(dice.randint(0, 40)))
        machine.sync(cancelled=lambda: next(left, None) is None)

    def sync_and_kill(self, machine: Machine, dice: random.Random) -> None:
        machine.sync_and_be_killed(dice.uniform(0.2, 0.9))

    def edit_while_it_syncs(self, machine: Machine, dice: random.Random) -> None:
        phases = list(Phase)[:7]
        when = set(dice.sample(phases, 3)) | {Phase.CONFIRM, Phase.PUSH}

        def progress(progress: Progress) -> None:
            if progress.phase in when and dice.random() < 0.6:
                when.discard(progress.phase)
                for _act in range(2):
                    machine.edit_one(dice.choice(self.tables), dice)
                if dice.random() < 0.2:
                    machine.delete_one(dice.choice(self.tables), dice)

        machine.sync(progress)

    def others_while_it_syncs(self, machine: Machine, dice: random.Random) -> None:
        """A phone between pull and push, where the server has a rule for it; another machine
        between push and read-back. (Where it has none, the second write wins: docs/sync.md,
        "Windows that remain". The older server has none at all.)
        """
        when = {Phase.PUSH, Phase.CONFIRM}
        others = [one for one in self.machines if one is not machine]

        def progress(progress: Progress) -> None:
            if progress.phase not in when:
                return
            when.discard(progress.phase)
            if not self.flask:
                for _act in range(2):
                    self.phone.edit_one(dice.choice(RULED), dice)
            if progress.phase is Phase.CONFIRM and dice.random() < 0.5:
                dice.choice(others).sync()

        machine.sync(progress)

    def slow_commit(self, machine: Machine, _dice: random.Random) -> None:
        """A row whose transaction is open while somebody pulls (wire.md A4, "Missed rows")."""
        token = self.ledger.new()
        store = self.cloud.store
        clinic = next(iter(store.rows["clinics"]))
        patient = {"given_name": "Fadia", "hometown": token, "primary_clinic_id": clinic}
        if not self.flask:
            commit = store.hold("patients", patient)
            machine.sync()
            commit()
        else:
            store.put("patients", patient)
        row = next(r for r in store.rows["patients"].values() if r["hometown"] == token)
        self.ledger.wrote(("patients", str(row["id"]), "hometown"), token)

    def time_passes(self, _machine: Machine, dice: random.Random) -> None:
        self.passed += dice.choice((7, 30, 240, 1440, 1440, 20 * 1440)) * MINUTE
        for one in self.machines:
            one.passed = self.passed
        self._set_server_clock()

    def _set_server_clock(self) -> None:
        self.cloud.store.clock.offset = (self.passed + self.server_off) * 1000

    def clock_of_a_machine(self, machine: Machine, dice: random.Random) -> None:
        machine.offset = dice.choice((0, 0, 0, -3, 10)) * YEAR

    def clock_of_the_server(self, _machine: Machine, dice: random.Random) -> None:
        self.server_off = dice.choice((0, 0, 0, -2 * YEAR, -DAY, DAY, 4 * YEAR))
        self._set_server_clock()

    def history_limit(self, _machine: Machine, dice: random.Random) -> None:
        self.cloud.store.max_history_days = dice.choice((0, 0, 3)) if not self.flask else 0

    def choose(self, machine: Machine, dice: random.Random) -> None:
        machine.at_its_clock(lambda: machine.choose(dice, dice.choice((0.3, 1.0))))

    def undo(self, machine: Machine, dice: random.Random) -> None:
        machine.undo_one(dice)

    def backup(self, machine: Machine, _dice: random.Random) -> None:
        machine.backup()

    def restore(self, machine: Machine, dice: random.Random) -> None:
        if dice.random() < 0.4:
            before = self.everywhere()
            machine.restore(dice)
            self.ledger.forgive(before - self.everywhere())

    def clone(self, machine: Machine, dice: random.Random) -> None:
        other = dice.choice(self.machines)
        if other is not machine and dice.random() < 0.3:
            before = self.everywhere()
            machine.become_copy_of(other)
            self.ledger.forgive(before - self.everywhere())

    def server_backup(self, _machine: Machine, _dice: random.Random) -> None:
        self.server_backups.append(self.cloud.store.snapshot())

    def server_restored(self, _machine: Machine, dice: random.Random) -> None:
        """An administrator puts an older database back (decisions.md 21, 33)."""
        if not self.server_backups or dice.random() < 0.5:
            return
        self.went_back = True
        machines = {pair for one in self.machines for pair in one.held()}
        self.phone.restore(dice.choice(self.server_backups), machines)
        for one in self.machines:  # an edit that waits may be pushed over the older state
            for table in self.tables:
                for row in one.live(table):
                    if row["change_seq"]:
                        has = {token for _key, token in written(table, [row])}
                        self.ledger.written_to((table, name_of(table, row)), has)

    def everywhere(self) -> set[tuple[Key, str]]:
        """All tokens that some disk holds."""
        return self.phone.held().union(*(one.held() for one in self.machines))

    def _waiting(self, row: Row) -> set[str]:
        """The tokens of a record that some machine has not sent yet."""
        return {
            token
            for machine in self.machines
            for one in machine.live(row[0])
            if one["change_seq"] and name_of(row[0], one) == row[1]
            for _key, token in written(row[0], [one])
        }

    # -- the end ---------------------------------------------------------------------------------

    def end(self) -> None:
        """Clocks are right, nobody works any more, all questions are answered: all must agree."""
        self.ledger.told.append("-- the end")
        self.cloud.faults.clear()
        self.cloud.store.max_history_days = 0
        self.server_off = 0
        self._set_server_clock()
        self._quiet_down()
        self._compare()

    def _quiet_down(self) -> None:
        dice = random.Random(7)
        for number in range(20):
            busy = 0
            for machine in self.machines:
                machine.offset = 0
                # what the server lost is offered, and somebody accepts; later on nobody tries any
                # more what it does not keep, or the same question would be asked for ever
                repair = 4 < number < 10 and not self.flask
                report = machine.sync(check=number > 2, repair=repair)
                assert report.result == "ok", report
                chosen = machine.at_its_clock(partial(machine.choose, dice))
                busy += chosen + report.total.pulled + report.total.pushed
                self.check_seen()
            if not busy and number > 6:
                return

    def _compare(self) -> None:
        there = self.phone.decoded()
        aside: set[Row] = set()
        for machine in self.machines:
            name = machine.directory.name
            assert machine.sound() == []
            states = machine.set_aside()
            left = {row for row in machine.unconfirmed(self.tables) if row not in states}
            assert not left, self._told(f"{name} says nothing of {left}", left)
            silent = {row for row, state in states.items() if state == ":"}
            assert not silent, self._told(f"{name}: {silent}", silent)
            if not self.flask:
                lost = {row for row, state in states.items() if "only_here" in state}
                assert not lost, self._told(f"{name}: only here after repairs: {lost}", lost)
            open_ones = machine.sql(
                "SELECT table_name, row_id, kind FROM conflicts WHERE resolved_at IS NULL"
            )
            of = {(one[0], one[1]) for one in open_ones}
            assert not open_ones, self._told(f"{name}: still open: {open_ones}", of)
            found = self.differences(machine, there, states)
            rows = {(one[0], one[1]) for one in found}
            assert not found, self._told(f"{name} and the server: {found}", rows)
            aside |= {(t, i) for t, i in states}
        missing = self.lost(there, self._names(aside))
        assert not missing, "\n".join(missing)

    def _names(self, rows: set[Row]) -> set[Row]:
        """The names under which the ledger has rows."""
        return rows | {
            (table, name_of(table, row))
            for machine in self.machines
            for table in TABLES
            for row in machine.rows(table)
            if (table, row["id"]) in rows
        }

    def _told(self, what: str, rows: set[Row]) -> str:
        story = [what]
        for table, row_id in rows:
            story += self.ledger.story((table, row_id, ""))
        return "\n".join(story)

    def differences(
        self, machine: Machine, there: dict[str, dict[str, dict[str, Any]]], aside: dict[Row, str]
    ) -> list[tuple[str, str, str]]:
        """Where a machine and the server disagree, apart from what is set aside with a reason."""
        found = []
        dialect = "flask" if self.flask else "v3"
        for table in self.tables:
            here = {row["id"]: row for row in machine.live(table)}
            for row_id in sorted(set(here) ^ set(there[table])):
                if (table, row_id) not in aside:
                    where = "only here" if row_id in here else "only there"
                    if where == "only there" and self._is_hidden(machine, there, table, row_id):
                        continue
                    found.append((table, row_id, where))
            for row_id in sorted(set(here) & set(there[table])):
                if (table, row_id) not in aside:
                    columns = sync_known.equal(
                        dialect, table, here[row_id], there[table][row_id]
                    )  # fmt: skip
                    found += [(table, row_id, column) for column in columns]
        return found

    def _is_hidden(
        self, machine: Machine, there: dict[str, dict[str, dict[str, Any]]], table: str, row_id: str
    ) -> bool:
        """Whether a row is hidden with what it hangs on, which is deleted on both sides: a server
        goes on sending children that came, or outlived, a deletion there (wire.md A6).
        """
        row = next((r for r in machine.rows(table) if r["id"] == row_id), None)
        if row is None or row["tombstone"] is None or row["change_seq"] != 0:
            return False
        if there[table][row_id].get("item_status") == "cancelled":
            return True  # handed out: it can't be deleted there (wire.md A6)
        return any(
            row.get(column) and row[column] not in there[parent]
            and any(one["id"] == row[column] and one["tombstone"] is not None
                    for one in machine.rows(parent))
            for parent, column in PARENTS
        )  # fmt: skip

    def _is_empty(self, key: Key, now: set[str]) -> bool:
        """Whether nothing stands, though nobody has chosen that."""
        return not now and "" not in self.ledger.kept.get(key, ())

    def _gone_with_another(self) -> set[Row]:
        """Rows that went with a record whose deletion was wanted by somebody who had not seen
        them: nobody shows them, and the server lost them (decisions.md 21, its one exception).
        """
        live = {
            (table, name_of(table, row))
            for machine in self.machines
            for table in TABLES
            for row in machine.live(table)
        }
        found = set()
        for machine in self.machines:
            for table in TABLES:
                for row in machine.rows(table):
                    if row["tombstone"] is None or row["change_seq"]:
                        continue
                    root = machine.root_of(row["tombstone"])
                    if self.ledger.is_deleted(root):
                        found.add((table, name_of(table, row)))
        return found - live

    def lost(self, there: dict[str, dict[str, dict[str, Any]]], aside: set[Row]) -> list[str]:
        """Saves that are on no server, in no conflict and not set aside."""
        found = []
        gone = self._gone_with_another()
        by_name = {
            (table, name_of(table, row)): row for table in there for row in there[table].values()
        }
        for key, tokens in self.ledger.tokens.items():
            table, name, place = key
            if self.ledger.is_deleted((table, name)) or (table, name) in aside | gone:
                continue
            if self.ledger.doubtful(key):
                continue
            row = by_name.get((table, name))
            now = tokens_in(value_of(row, place)) if row is not None else set()
            standing, either = self.ledger.standing(key), self.ledger.contested(key)
            if now == self.ledger.without_bases(key, standing):
                continue
            if standing != now and ((standing ^ now) - either or self._is_empty(key, now)):
                found.append(f"{key}: {now} on the server, wrote {tokens}, standing {standing}")
                found += [f"    {line}" for line in self.ledger.story(key)]
        return found


__all__ = ["STEPS", "World"]
