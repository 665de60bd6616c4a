"""SIGKILL at random moments while somebody registers patients and writes visits on a terminal.

What the screen said was saved is saved, whole; what was typed and stood on the screen a second
before the kill is in the records or in a draft, which the next start offers.
"""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hikma_tui.models import connection
from hikma_tui.store import Store
from tests.faults.kills import Lost, sound, stored
from tests.terminal.terminal import ENTER, ESC, F2, F10, TAB, Gone, Terminal, running

_LETTERS = "bcdfghjklmnprstvz"
_KEPT_AFTER = 1.0  # seconds from standing on the screen to standing in the file


@dataclass
class Person:
    """What was typed of one patient, and what the screen said of it."""

    given: str
    surname: str
    pressure: str
    note: str
    registered: bool = False  # the screen said so
    visited: bool = False


@dataclass
class ScreenAccount:
    """What a driver knows of one store, over all its kills."""

    directory: Path
    dice: random.Random
    people: list[Person] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)  # typed, not said to be saved: since when
    kills: int = 0
    drafts: int = 0  # typed words that were found in a draft

    @property
    def acknowledged(self) -> int:
        return sum(one.registered + one.visited for one in self.people)

    def kill_once(self) -> None:
        """One session, its end, and the comparison. Lost."""
        with running(self.directory) as terminal:
            terminal.wait("F2 register", seconds=20)
            timer = threading.Timer(self.dice.uniform(0.5, 9.0), terminal.signal, (signal.SIGKILL,))
            timer.start()
            said = ""
            try:
                while True:
                    self._one_patient(terminal)
            except (Gone, OSError) as gone:
                said = str(gone)
            killed = time.monotonic()
            timer.cancel()
            if terminal.code() != -signal.SIGKILL:
                raise Lost(f"it ended by itself, or hung: {said}")
            self._late_words(terminal)
        self.kills += 1
        self._compare(killed)

    # -- what is typed

    def _one_patient(self, terminal: Terminal) -> None:
        person = Person(
            self._name(), self._name(), f"{self.dice.randrange(100, 130)}/78", self._name()
        )
        self.people.append(person)
        self.seen.clear()
        terminal.press(F2, "New patient")
        for text in (person.given, person.surname, "34"):
            self._type(terminal, text)
            terminal.send(TAB)
            if text == "34":
                terminal.wait("34 y")
        terminal.press("2", "(x)female")
        terminal.press(F10, f"Saved: new patient. {person.surname.upper()}")  # names may be cut
        self._registered(person)
        terminal.press("1", "Quick:")
        line = f"bp {person.pressure} sit gluc 90mg/dl n {person.note}"
        self._type(terminal, line)
        terminal.wait("90 mg/dL")
        terminal.press(F10, "Saved:", lambda text: line not in text)
        self._visited(person)
        terminal.press(ESC, "1 visit")
        terminal.press(ESC, "F2 register")

    def _name(self) -> str:
        return "".join(self.dice.choice(_LETTERS) for _n in range(8)).capitalize()

    def _type(self, terminal: Terminal, text: str) -> None:
        terminal.press(text, text)
        self.seen[text] = time.monotonic()
        if self.dice.random() < 0.3:
            end = time.monotonic() + self.dice.uniform(0, 1.8)
            while time.monotonic() < end and not terminal.ended:
                terminal.read(0.05)

    def _registered(self, person: Person) -> None:
        person.registered = True
        self.seen.clear()

    def _visited(self, person: Person) -> None:
        person.visited = True
        self.seen.clear()

    def _late_words(self, terminal: Terminal) -> None:
        """What the dying program still said is an acknowledgement, too."""
        person = self.people[-1]
        if f"Saved: new patient. {person.surname.upper()}" in terminal.text:
            self._registered(person)
        elif person.registered and "Saved: " in terminal.text and "Quick:" in terminal.text:
            self._visited(person)

    # -- what must hold

    def _compare(self, killed: float) -> None:
        sound(self.directory)
        rows = stored(self.directory)
        by_name = {row["given_name"]: row for key, row in rows.items() if key[0] == "patients"}
        told = json.dumps(list(rows.values()), default=str)
        wrong = [
            f"{person.given} {person.surname}: {what}"
            for person in self.people
            for what in self._of(person, by_name.get(person.given), rows)
        ]
        if len(by_name) != len([r for r in rows if r[0] == "patients"]):
            wrong.append("a patient is there twice")
        drafts = self._drafts()
        for text, since in self.seen.items():
            if since < killed - _KEPT_AFTER and text != "34":
                kept = text in drafts
                self.drafts += kept
                if not kept and text.rpartition(" ")[2] not in told:
                    wrong.append(f"typed {killed - since:.2f} s before the kill, and gone: {text}")
        self.seen.clear()
        if wrong:
            print(*self.people, sep="\n")
            raise Lost("\n".join(wrong))

    def _of(self, person: Person, row: dict[str, Any] | None, rows: Any) -> list[str]:
        if row is None:
            return ["not registered, and the screen said so"] if person.registered else []
        if (row["surname"], row["sex"]) != (person.surname, "female") or not row["date_of_birth"]:
            return ["half of it"]
        hers = [one for one in rows.values() if one.get("patient_id") == row["id"]]
        measured = [one for one in hers if "systolic_bp" in one]
        answers = json.dumps([one.get("form_data") for one in hers])
        high = person.pressure.partition("/")[0]
        parts = [
            bool(measured) and str(measured[0]["systolic_bp"]) == high,
            person.note in answers,
            "90" in answers,
            any("check_in_timestamp" in one for one in hers),
        ]
        if any(parts) and not all(parts):
            return [f"half of a visit: {parts}"]
        return ["no visit, and the screen said so"] if person.visited and not any(parts) else []

    def _drafts(self) -> str:
        store = Store.open(self.directory)
        try:
            query = "SELECT content FROM drafts"
            found = store.on_writer(lambda: connection().execute(query).fetchall()).result()
        finally:
            store.close()
        return json.dumps([json.loads(row[0]) for row in found], ensure_ascii=False)

    def offered(self) -> None:
        """The next start offers what was typed last. Lost."""
        with running(self.directory) as terminal:
            terminal.wait("F2 register", seconds=20)
            if self._drafts() != "[]":
                terminal.wait("draft")
                terminal.press(ENTER, "What you had typed is back.")
