"""SIGKILL at random moments while a driver saves through a live pipe, and what must hold then.

The driver keeps its own record of what it sent and what was acknowledged. After each kill the file
is opened again and compared with that record: it must be as after some first part of what was sent,
with all that was acknowledged in that part. One seed makes one course of events, but for the
scheduler's share.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hikma_tui import search
from hikma_tui.clinic import audit
from hikma_tui.models import connection
from hikma_tui.store import Store
from tests.unit.program import COMMAND, environment

Key = tuple[str, str]  # table, id
Rows = dict[Key, dict[str, Any]]

NIGHTLY = os.environ.get("HIKMA_TUI_NIGHTLY") == "1"
TABLES = (
    "patients", "visits", "events", "patient_vitals", "patient_problems",
    "patient_additional_attributes",
)  # fmt: skip
_JSON = {"form_data", "metadata", "additional_data"}
_WORDS = ("Mona", "Salma", "سلمى", "José", "O'Hara", "Nguyễn", "x" * 90, "عبد الرحمن", "Ana María")
_LATEST = 0.7  # seconds after its start in which a process is killed that acknowledged nothing yet


class Lost(AssertionError):
    """A store does not hold what was acknowledged, or holds half of something."""


def seeds(default: int) -> random.Random:
    """The dice of a test, from HIKMA_TUI_SEED where it is set; always printed."""
    seed = int(os.environ.get("HIKMA_TUI_SEED") or default)
    print(f"seed {seed} (again: HIKMA_TUI_SEED={seed})")
    return random.Random(seed)


# What is saved ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """One line for ``import -``: one save."""

    op: str
    table: str
    row: dict[str, Any]

    @property
    def line(self) -> bytes:
        told = {"op": self.op, "table": self.table, "row": self.row, "reason": "test"}
        return json.dumps(told).encode() + b"\n"

    def done(self, rows: Rows) -> Rows:
        """The rows after it, as the docs promise them (decisions.md 1)."""
        key = (self.table, self.row["id"])
        if self.op == "create":
            return {**rows, key: self.row}
        if self.op == "update":
            return {**rows, key: {**rows[key], **self.row}}
        gone = {key}
        if self.table == "patients":
            gone |= {k for k, row in rows.items() if row.get("patient_id") == key[1]}
        elif self.table == "visits":
            gone |= {k for k, row in rows.items() if k[0] == "events" and row["visit_id"] == key[1]}
        return {k: row for k, row in rows.items() if k not in gone}


class Nurse:
    """Makes up saves that fit what was saved before."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def _id(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def _word(self) -> str:
        return f"{self.dice.choice(_WORDS)} {self.dice.getrandbits(40):x}"

    def _pick(self, rows: Rows, table: str) -> dict[str, Any] | None:
        found = [row for key, row in rows.items() if key[0] == table]
        return self.dice.choice(found) if found else None

    def patient(self) -> Act:
        row = {"id": self._id(), "given_name": self._word(), "surname": self._word(),
               "sex": self.dice.choice(("female", "male")), "phone": f"{self.dice.getrandbits(30)}",
               "additional_data": {"token": self._word()}}  # fmt: skip
        return Act("create", "patients", row)

    def act(self, rows: Rows) -> Act:
        """The next save, given all that was sent before it."""
        patient, kind = self._pick(rows, "patients"), self.dice.random()
        if patient is None or kind < 0.3:
            return self.patient()
        under = {"id": self._id(), "patient_id": patient["id"]}
        visits = [row for key, row in rows.items()
                  if key[0] == "visits" and row["patient_id"] == patient["id"]]  # fmt: skip
        if kind < 0.4 or not visits:
            return Act("create", "visits", {**under, "check_in_timestamp": 1_790_000_000_000})
        under["visit_id"] = self.dice.choice(visits)["id"]
        if kind < 0.55:
            answer = {"fieldId": "a", "name": "Note", "fieldType": "free-text",
                      "inputType": "text", "value": self._word()}  # fmt: skip
            row = {**under, "event_type": "Note", "form_data": [answer]}
            return Act("create", "events", row)
        if kind < 0.65:
            row = {**under, "timestamp": 1_790_000_000_000, "systolic_bp": 100 + int(kind * 40),
                   "diastolic_bp": 70}  # fmt: skip
            return Act("create", "patient_vitals", row)
        if kind < 0.72:
            row = {"id": under["id"], "patient_id": patient["id"], "problem_label": self._word(),
                   "problem_code_system": "icd11", "problem_code": self._id()[:4],
                   "clinical_status": "active", "verification_status": "confirmed"}  # fmt: skip
            return Act("create", "patient_problems", row)
        if kind < 0.8:
            row = {"id": under["id"], "patient_id": patient["id"], "attribute_id": self._id(),
                   "attribute": "Village", "string_value": self._word()}  # fmt: skip
            return Act("create", "patient_additional_attributes", row)
        if kind < 0.94:
            row = {"id": patient["id"], "surname": self._word(), "phone": self._id()}
            return Act("update", "patients", row)
        table, gone = ("visits", under["visit_id"]) if kind < 0.97 else ("patients", patient["id"])
        return Act("delete", table, {"id": gone})


# The program that is killed ---------------------------------------------------------------------


@dataclass
class Turn:
    """One process from its start to its end."""

    sent: list[Act]
    whole: bool  # all of it is one transaction
    acknowledged: int = 0
    said: str = ""

    def run(self, directory: Path, dice: random.Random) -> None:
        """Feed it, and kill it somewhere."""
        more = ["--all-or-nothing"] if self.whole else []
        process = subprocess.Popen(
            [*COMMAND, "import", "-", "--data-dir", str(directory), *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(), bufsize=0,
        )  # fmt: skip
        at_start = self.whole or dice.random() < 0.12
        acknowledged = 0 if at_start else dice.randrange(1, len(self.sent) // 2)
        wait = dice.uniform(0.1, _LATEST) if at_start else dice.uniform(0, 0.02)
        # What is there at once is saved at once, so the lines come in lumps, as from a live source.
        lump, pause = (99, 0.0) if self.whole else dice.choice(((1, 0.004), (3, 0.01), (9, 0.015)))
        awake = threading.Event()
        feeder = threading.Thread(target=self._feed, args=(process, lump, pause, awake))
        feeder.start()
        assert process.stdout is not None
        assert process.stderr is not None
        out = b""
        while out.count(b"\n") < acknowledged and (piece := os.read(process.stdout.fileno(), 4096)):
            out += piece
            awake.set()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        out += process.stdout.read()
        self.said = process.stderr.read().decode()
        process.wait()
        awake.set()
        feeder.join()
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
        ids = out.decode().split("\n")[:-1]  # an id without its newline is not said yet
        if ids != [act.row["id"] for act in self.sent[: len(ids)]]:
            raise Lost(f"it acknowledged what was not sent: {ids}\n{self.said}")
        if "Traceback" in self.said or "refused" in self.said:
            raise Lost(self.said)
        self.acknowledged = len(ids)

    def _feed(
        self, process: subprocess.Popen[bytes], lump: int, pause: float, awake: threading.Event
    ) -> None:
        """Send everything; the pipe stays open, as a live source's does, unless it is one whole."""
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            for at in range(0, len(self.sent), lump):
                if at and not self.whole:
                    awake.wait()  # else all of it lies there when the program has started
                process.stdin.write(b"".join(act.line for act in self.sent[at : at + lump]))
                time.sleep(pause)
            if self.whole:
                process.stdin.close()


# What must hold ---------------------------------------------------------------------------------


def sound(directory: Path) -> None:
    """The file, its foreign keys, the search and the trail are sound, and no save is there by half:
    whatever has a row has its entry in the trail, and the other way round. Raises Lost.
    """
    store = Store.open(directory)
    try:
        wrong = [
            *store.check(),
            *store.on_writer(audit.problems).result(),
            *store.on_writer(_not_found).result(),
            *store.on_writer(_halves).result(),
        ]
    finally:
        store.close()
    if wrong:
        raise Lost("\n".join(wrong))


def _not_found() -> list[str]:
    """Where the search is wrong, but for patients a killed sync has put down to be indexed next."""
    here = connection()
    waits = "SELECT pk FROM patients WHERE id IN (SELECT patient_id FROM index_waiting)"
    known = {f"patient {pk} is not indexed as it is" for (pk,) in here.execute(waits)}
    return [wrong for wrong in search.check(here) if wrong not in known]


def _halves() -> list[str]:
    here = connection()
    found = [f"foreign key: {row}" for row in here.execute("PRAGMA foreign_key_check").fetchall()]
    entries = "SELECT row_id FROM event_logs WHERE action_type = 'CREATE' AND table_name = ?"
    for table in TABLES:
        told = {row[0] for row in here.execute(entries, (table,))}
        # What came from a server has one entry for the whole sync (decisions.md 9).
        rows = {row[0] for row in here.execute(f"SELECT id FROM {table} WHERE change_seq > 0")}
        all_rows = {row[0] for row in here.execute(f"SELECT id FROM {table}")}
        found += [f"{table} {row_id}: a row without its entry" for row_id in rows - told]
        found += [f"{table} {row_id}: an entry without its row" for row_id in told - all_rows]
    return found


def stored(directory: Path) -> Rows:
    """The live rows, read by SQLite alone from a file that is sound."""
    file = sqlite3.connect(f"file:{directory}/hikma.db?mode=ro", uri=True)
    file.row_factory = sqlite3.Row
    found: Rows = {}
    try:
        if file.execute("PRAGMA integrity_check").fetchall()[0][0] != "ok":
            raise Lost("integrity_check")
        for table in TABLES:
            for row in file.execute(f"SELECT * FROM live_{table}"):
                found[table, row["id"]] = _read(dict(zip(row.keys(), row, strict=True)))
    finally:
        file.close()
    return found


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return {n: json.loads(v) if n in _JSON and v else v for n, v in row.items()}


def differences(wanted: Rows, found: Rows) -> list[str]:
    """Where a store is not as wanted, in the columns that were given."""
    wrong = [f"{key}: missing" for key in wanted.keys() - found.keys()]
    wrong += [f"{key}: nobody saved it" for key in found.keys() - wanted.keys()]
    for key in wanted.keys() & found.keys():
        wrong += [
            f"{key} {name}: {found[key].get(name)!r} and not {value!r}"
            for name, value in wanted[key].items()
            if found[key].get(name) != value
        ]
    return wrong


@dataclass
class Account:
    """What a driver knows of one store, over all its kills."""

    directory: Path
    dice: random.Random
    rows: Rows = field(default_factory=dict)  # as the store must be
    kills: int = 0
    acknowledged: int = 0
    cut: int = 0  # kills that fell between the first and the last save of their process

    def kill_once(self) -> None:
        """One process that saves, its end, and the comparison. Lost."""
        turn = Turn(*self._plan())
        turn.run(self.directory, self.dice)
        self.kills += 1
        self.acknowledged += turn.acknowledged
        self.cut += 0 < turn.acknowledged < len(turn.sent)
        try:
            sound(self.directory)
            self.rows = self._compared(turn, stored(self.directory))
        except Lost as lost:
            self._tell(turn, str(lost))
            raise

    def _plan(self) -> tuple[list[Act], bool]:
        whole = self.dice.random() < 0.12
        nurse, rows, sent = Nurse(self.dice), self.rows, []
        for _number in range(self.dice.choice((30, 60)) if whole else self.dice.randrange(12, 60)):
            sent.append(nurse.act(rows))
            rows = sent[-1].done(rows)
        return sent, whole

    def _compared(self, turn: Turn, found: Rows) -> Rows:
        """The rows as after what was acknowledged, and perhaps some more of what was sent."""
        rows, first = self.rows, differences(self.rows, found)
        states = {0: rows}
        for number, act in enumerate(turn.sent, 1):
            rows = states[number] = act.done(rows)
        may = range(turn.acknowledged, len(turn.sent) + 1)
        if turn.whole:
            may = range(turn.acknowledged, len(turn.sent) + 1, len(turn.sent))
        for number in may:
            if not differences(states[number], found):
                return states[number]
        wrong = differences(states[turn.acknowledged], found) or first
        raise Lost("\n".join(["the store is as after no part of what was sent:", *wrong[:40]]))

    def _tell(self, turn: Turn, why: str) -> None:
        print(f"kill {self.kills} of {self.directory}: {why}")
        print(f"acknowledged: {turn.acknowledged} of {len(turn.sent)}, in one: {turn.whole}")
        for number, act in enumerate(turn.sent):
            mark = "saved" if number < turn.acknowledged else "sent "
            print(mark, act.line.decode().strip())


def told(accounts: Sequence[Account]) -> str:
    """One line of what was done."""
    return (
        f"{sum(a.kills for a in accounts)} kills, {sum(a.acknowledged for a in accounts)}"
        f" acknowledged saves, {sum(a.cut for a in accounts)} kills in mid-stream"
    )
