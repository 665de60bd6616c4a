"""Three machines, a phone and a server; edits, deletions, wrong clocks, faults, kills, copies.

After quiet syncs and choices all agree, up to the table of what the server changes, and every save
that was acknowledged is on the server, or was chosen against, or is set aside with its reason.

HIKMA_TUI_NIGHTLY=1 makes some 12,000 steps of it. Hypothesis prints how to run a failure again.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.cloud.seed import seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as Rows
from tests.sync.ledger import Ledger
from tests.sync.people import TABLES, Machine, Phone, differences, lost

NIGHTLY = os.environ.get("HIKMA_TUI_NIGHTLY") == "1"
YEAR_MS = 365 * 86_400_000
FAULTS = [
    ("cut", {"method": "GET", "after": 900}), ("lost", {"method": "POST", "path": "/api/v2/sync"}),
    ("lost", {"method": "GET"}), ("drop", {"method": "POST", "path": "/api/v2/sync"}),
    ("status", {"method": "GET"}), ("status", {"method": "POST", "path": "/api/v2/sync"}),
    ("garbage", {"method": "GET"}), ("html", {"method": "GET"}),
    ("half_push", {"after": 1}), ("half_push", {"after": 3}),
    ("duplicate", {"method": "GET"}), ("reorder", {"method": "GET"}),
]  # fmt: skip
machines = st.integers(0, 2)
tables = st.sampled_from(TABLES)
seeds = st.integers(0, 2**32)


class Agreement(RuleBasedStateMachine):
    """What may happen in a year of three dispensaries."""

    @initialize()
    def begin(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.ledger = Ledger()
        rows = Rows()
        seed(rows, patients=3)
        self.cloud = Cloud(rows, limits=False).start()
        self.phone = Phone(self.cloud, self.ledger)
        self.machines = [
            Machine(Path(self.place.name) / f"m{number}", self.ledger, f"Nora {number}")
            for number in range(3)
        ]
        for number, machine in enumerate(self.machines):
            for table in TABLES:
                machine.create(table, random.Random(number))
            machine.join(self.cloud.url)
            machine.sync()

    @rule(which=machines, seed=seeds)
    def work(self, which: int, seed: int) -> None:
        """Some minutes of a nurse's day."""
        machine, dice = self.machines[which], random.Random(seed)
        for _act in range(dice.randint(1, 5)):
            table = dice.choice(TABLES)
            kind = dice.random()
            if kind < 0.35:
                machine.create(table, dice)
            elif kind < 0.92:
                machine.edit_one(table, dice)
            else:
                machine.delete_one(table, dice)

    @rule(which=machines, seed=seeds)
    def work_on(self, which: int, seed: int) -> None:
        self.work(which, seed)

    @rule(seed=seeds)
    def phone_works(self, seed: int) -> None:
        dice = random.Random(seed)
        for _act in range(dice.randint(1, 3)):
            if dice.random() < 0.93:
                self.phone.edit_one(dice.choice(TABLES), dice)
            else:
                self.phone.delete_one(dice.choice(("patients", "visits", "events")), dice)

    @rule(which=machines)
    def sync(self, which: int) -> None:
        machine = self.machines[which]
        report = machine.at_its_clock(machine.sync)
        self.ledger.told.append(f"m{which} synced: {report.result} {report.total}")

    @rule(which=machines, fault=st.sampled_from(FAULTS))
    def sync_with_a_fault(self, which: int, fault: tuple[str, dict[str, Any]]) -> None:
        self.cloud.fault(fault[0], **fault[1])
        self.machines[which].sync(timeout=1.0)
        self.cloud.faults.clear()

    @rule(which=machines, steps=st.integers(0, 12))
    def sync_and_cancel(self, which: int, steps: int) -> None:
        left = iter(range(steps))
        self.machines[which].sync(cancelled=lambda: next(left, None) is None)

    @precondition(lambda _self: NIGHTLY)
    @rule(which=machines, seconds=st.floats(0.2, 0.9))
    def sync_and_kill(self, which: int, seconds: float) -> None:
        self.machines[which].sync_and_be_killed(seconds)

    @rule(which=machines, table=tables, seed=seeds)
    def edit_while_it_syncs(self, which: int, table: str, seed: int) -> None:
        machine, dice, turns = self.machines[which], random.Random(seed), iter(range(1 + seed % 6))

        def progress(_progress: object) -> None:
            if next(turns, None) is None and dice.random() < 0.5:
                machine.edit_one(table, dice)

        machine.sync(progress)

    @rule(which=machines, years=st.sampled_from((0, 0, 0, -3, 10)))
    def clock_of_a_machine(self, which: int, years: int) -> None:
        self.machines[which].offset = years * YEAR_MS

    @rule(which=machines, seed=seeds)
    def choose(self, which: int, seed: int) -> None:
        self.machines[which].choose(random.Random(seed))

    @rule(which=machines)
    def backup(self, which: int) -> None:
        self.machines[which].backup()

    @rule(which=machines, seed=seeds)
    def restore(self, which: int, seed: int) -> None:
        if seed % 4 == 0:
            self.machines[which].restore(random.Random(seed))

    @rule(which=machines, other=machines, seed=seeds)
    def clone(self, which: int, other: int, seed: int) -> None:
        if which != other and seed % 8 == 0:
            self.machines[which].become_copy_of(self.machines[other])

    # -- the end -----------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "machines"):
            return
        try:
            self._quiet_down()
            self._compare()
        finally:
            for machine in self.machines:
                machine.store.close()
            self.cloud.stop()
            self.place.cleanup()

    def _quiet_down(self) -> None:
        dice = random.Random(7)
        self.cloud.faults.clear()
        for number in range(12):
            busy = 0
            for machine in self.machines:
                machine.offset = 0
                report = machine.sync(check=number > 2)
                assert report.result == "ok", report
                busy += machine.choose(dice) + report.total.pulled + report.total.pushed
            if not busy and number > 4:
                return

    def _compare(self) -> None:
        there = {table: {row["id"]: row for row in self.phone.rows(table)} for table in TABLES}
        there = {table: _decoded(table, rows) for table, rows in there.items()}
        aside: set[tuple[str, str]] = set()
        for number, machine in enumerate(self.machines):
            assert machine.sound() == []
            states = machine.set_aside()
            aside |= set(states)
            left = {row for row in machine.unconfirmed() if row not in states}
            assert not left, f"machine {number} says nothing of {left}"
            assert all(state != ":" for state in states.values()), states
            open_ones = machine.one("SELECT count(*) FROM conflicts WHERE resolved_at IS NULL")
            assert open_ones == 0, f"machine {number}: {open_ones} conflicts are left"
            found = differences(machine, there)
            assert not found, "\n".join([f"machine {number} and the server:", *found])
        missing = lost(self.ledger, there, aside)
        assert not missing, "\n".join(missing)


def _decoded(table: str, rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    from hikma_tui.sync_carry import restore
    from hikma_tui.sync_values import Decoder, python_row

    found: dict[str, dict[str, Any]] = {}
    for batch in Decoder("v3").batch(table, list(rows.values())):
        for row in batch.rows:
            decoded = restore(table, python_row(table, batch.columns, row))
            found[decoded["id"]] = decoded
    return found


TestAgreement = Agreement.TestCase
TestAgreement.settings = settings(
    max_examples=240 if NIGHTLY else 6,
    stateful_step_count=50,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
