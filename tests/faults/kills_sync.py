"""SIGKILL at random moments of ``hikma-tui sync``, against the test server.

What was saved here is there, whatever the sync was doing; what is marked as confirmed is on the
server, and equal; what others changed there comes whole, and comes once the killing ends.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hikma_tui import search
from hikma_tui.clinic import server
from hikma_tui.clinic.actor import Actor
from hikma_tui.exchange.rows_in import import_lines
from hikma_tui.exchange.source import Source
from hikma_tui.models import BY_TABLE, connection, dicts
from hikma_tui.store import Store
from hikma_tui.syncing import known as sync_known
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.syncing.carry import restore
from hikma_tui.syncing.values import Decoder, python_row
from tests.cloud import client
from tests.cloud.seed import PASSWORD
from tests.cloud.server import Cloud
from tests.faults.kills import TABLES, Key, Lost, Nurse, Rows, differences, sound, stored
from tests.unit.program import COMMAND, environment

_AHEAD = 400_000_000  # microseconds: a pull's overlap must not hide a watermark that moved too soon


@dataclass
class SyncAccount:
    """What a driver knows of one store and its server, over all kills."""

    directory: Path
    cloud: Cloud
    actor: Actor
    dice: random.Random
    rows: Rows = field(default_factory=dict)  # saved here, and acknowledged
    theirs: dict[str, set[str]] = field(default_factory=dict)  # patient there -> names it ever had
    span: float = 0.6  # seconds a whole run takes from its first line on
    kills: int = 0
    whole: int = 0  # runs that were over before their kill
    confirmed: int = 0  # rows that were marked as confirmed, over all kills
    phases: dict[str, int] = field(default_factory=dict)  # in which the kills fell

    # -- what happens between two runs

    def work(self) -> None:
        """Some saves here, each acknowledged, and an edit by somebody else there."""
        acts, nurse, rows = [], Nurse(self.dice), self.rows
        for _number in range(self.dice.randrange(1, 12)):
            acts.append(nurse.act(rows))
            rows = acts[-1].done(rows)
        store = Store.open(self.directory)
        try:
            reading, writing = os.pipe()
            sender = threading.Thread(target=_send, args=(writing, [act.line for act in acts]))
            sender.start()
            answers = [
                one for batch in import_lines(store, self.actor, Source(reading)) for one in batch
            ]
            sender.join()
            os.close(reading)
        finally:
            store.close()
        assert [a.row_id for a in answers] == [act.row["id"] for act in acts], answers
        self.rows = rows
        self.cloud.store.clock.offset += _AHEAD
        for _number in range(self.dice.randrange(0, 4)):
            self._edit_there()

    def _edit_there(self) -> None:
        patient = self.dice.choice(sorted(self.theirs))
        row = self.cloud.store.find("patients", patient)
        assert row is not None
        name = f"There {self.dice.getrandbits(40):x}"
        stamp = self.cloud.store.now()
        row |= {"given_name": name, "surname": name, "updated_at": stamp, "last_modified": stamp}
        self.theirs[patient].add(name)

    # -- the kill

    def kill_once(self) -> None:
        """Work, a sync that is killed, and the comparison. Lost."""
        self.work()
        if self.dice.random() < 0.4:
            method = self.dice.choice(("GET", "POST"))
            how: dict[str, Any] = {"method": method, "seconds": self.dice.uniform(0.02, 0.2)}
            self.cloud.fault("stall", **how)
        phase, code, _said = self.sync(self.dice.uniform(0, self.span * 1.1))
        self.cloud.faults.clear()
        if code == -signal.SIGKILL:
            self.kills += 1
            self.phases[phase] = self.phases.get(phase, 0) + 1
        else:
            self.whole += 1
        self.compare()

    def sync(self, wait: float | None = None) -> tuple[str, int, str]:
        """Run it; kill it so many seconds after its first line. Its phase, code and words."""
        sync_secret.keep(self.directory, PASSWORD)
        process = subprocess.Popen(
            [*COMMAND, "sync", "--progress-json", "--data-dir", str(self.directory)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        assert process.stdout is not None
        first = process.stdout.readline()
        began = time.monotonic()
        timer = threading.Timer(wait or 0, process.send_signal, (signal.SIGKILL,))
        if wait is not None:
            timer.start()
        said, complained = process.communicate()
        timer.cancel()
        if process.returncode != -signal.SIGKILL:
            self.span = 0.7 * self.span + 0.3 * (time.monotonic() - began)
        assert b"Traceback" not in complained, complained.decode()
        lines = (first + said).decode().splitlines()
        phases = [json.loads(line).get("progress", {}).get("phase") for line in lines if line]
        phase = next((one for one in reversed(phases) if one), "start")
        return phase, process.returncode, lines[-1] if lines else complained.decode()

    # -- what must hold

    def compare(self) -> None:
        """After a kill. Lost."""
        try:
            sound(self.directory)
            self._compare()
        except Lost as lost:
            print(f"kill {self.kills}: {lost}\nacknowledged:")
            print("\n".join(f"{key}: {row}" for key, row in self.rows.items()))
            raise

    def _compare(self) -> None:
        found = stored(self.directory)
        there = self._there()
        mine = {key: row for key, row in found.items() if self._is_mine(key, row)}
        wrong = differences(self.rows, mine)
        for key, row in found.items():
            if key[0] == "patients" and key[1] in self.theirs:
                name = row["given_name"]
                if row["surname"] != name and name.startswith("There"):
                    wrong.append(f"{key}: half of an edit there")
                if name not in self.theirs[key[1]]:
                    wrong.append(f"{key}: {name} was never there")
        wrong += self._falsely_confirmed(there)
        if wrong:
            raise Lost("\n".join(wrong[:40]))

    def _is_mine(self, key: Key, row: dict[str, Any]) -> bool:
        return key[1] not in self.theirs and row.get("patient_id") not in self.theirs

    def _there(self) -> Rows:
        """The server's rows in python form, through its own front door."""
        decoder, found = Decoder("v3"), Rows()
        for table, kinds in client.changes(self.cloud).items():
            for batch in decoder.batch(table, kinds["created"] + kinds["updated"]):
                for row in batch.rows:
                    made = restore(table, python_row(table, batch.columns, row))
                    found[table, made["id"]] = made
        return found

    def _falsely_confirmed(self, there: Rows) -> list[str]:
        wrong = []
        store = Store.open(self.directory)
        try:
            for table in TABLES:
                model = BY_TABLE[table]
                asked = model.select().where(model.change_seq == 0)
                for row in store.on_writer(dicts, asked).result():
                    key = (table, row["id"])
                    if not self._is_mine(key, row):
                        continue
                    self.confirmed += 1
                    if row["tombstone"] is not None:
                        wrong += [f"{key}: its deletion is called agreed"] if key in there else []
                    elif key not in there:
                        wrong.append(f"{key}: called confirmed, and not on the server")
                    else:
                        columns = sync_known.equal("v3", table, row, there[key])
                        wrong += [f"{key}: called confirmed, but for {columns}"] if columns else []
        finally:
            store.close()
        return wrong

    def end(self) -> None:
        """Nobody kills any more: after some runs both are the same. Lost."""
        for _number in range(4):
            _phase, code, said = self.sync()
            if code:
                raise Lost(f"a quiet sync ended with {code}: {said}")
        self.compare()
        found, there = stored(self.directory), self._there()
        wrong = [f"{key}: only on one side" for key in found.keys() ^ there.keys()
                 if key[0] in TABLES]  # fmt: skip
        wrong += [
            f"{key}: {found[key]['given_name']} here, {row['given_name']} there"
            for key, row in there.items()
            if key[0] == "patients" and found.get(key, row)["given_name"] != row["given_name"]
        ]
        store = Store.open(self.directory)
        try:
            state = store.read(server.state).result()
            wrong += store.on_writer(lambda: search.check(connection())).result()
        finally:
            store.close()
        if wrong or not state.up_to_date:
            raise Lost("\n".join([*wrong[:40], str(state)]))


def _send(writing: int, lines: list[bytes]) -> None:
    with os.fdopen(writing, "wb") as pipe:
        pipe.writelines(lines)
