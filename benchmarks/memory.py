"""Memory of the real program after 100 searches and 50 patients, and over thousands of actions.

    python -m benchmarks.memory [--patients 100000] [--actions 10000] [--data-dir DIR]

The program runs on a pseudo terminal of 80x24 and is given real keys: letters, arrows, Enter, the
help, the filters, a visit that is begun and left. Memory is what is its own (USS: private pages),
what it would be charged for shared pages (PSS), and what is resident (RSS). The floor is the bare
app at rest after as many letters. "Flat" compares the last tenth with the first, after the warm up.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.start import _spawn
from hikma_tui.demo import make

CLEAR, ENTER, ESC, DOWN, F1, F3 = "\x15", "\r", "\x1b", "\x1b[B", "\x1bOP", "\x1bOR"
NAMES = ("moh", "ali", "sara", "hass", "fat", "nor", "abd", "mar", "kha", "zai")
_FIELD = "\x1b[2;"  # the search's own line is drawn anew
_PATIENCE = 20.0
_EVERY = 100  # actions between two samples


@dataclass(frozen=True)
class Memory:
    """MB."""

    uss: float
    pss: float
    rss: float

    def __str__(self) -> str:
        return f"{self.uss:.1f} | {self.pss:.1f} | {self.rss:.1f}"


def memory_of(pid: int) -> Memory:
    """What the kernel says of a process."""
    found: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _colon, rest = line.partition(":")
        found[name] = int(rest.split()[0])
    private = found["Private_Clean"] + found["Private_Dirty"]
    return Memory(private / 1024, found["Pss"] / 1024, found["Rss"] / 1024)


class Session:
    """A program on a pseudo terminal, and how many actions it was given."""

    def __init__(self, words: Sequence[str]) -> None:
        self.pid, self._descriptor = _spawn(words)
        self.actions = 0

    def press(self, keys: str, wanted: str) -> None:
        """Send one action's keys; wait until ``wanted`` has been drawn since."""
        while select.select([self._descriptor], [], [], 0.02)[0]:  # what came late is no answer
            os.read(self._descriptor, 65536)
        os.write(self._descriptor, keys.encode())
        self.actions += 1
        self.wait(wanted)

    def wait(self, wanted: str) -> None:
        """Read until ``wanted`` has come and the program is quiet."""
        seen, end = bytearray(), time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            done = wanted.encode() in seen
            if select.select([self._descriptor], [], [], 0.01 if done else 1.0)[0]:
                seen += os.read(self._descriptor, 65536)
            elif done:
                return
        raise TimeoutError(f"{wanted!r} was not drawn: {bytes(seen)[-500:]!r}")

    def settle(self) -> None:
        """Read until nothing has come for a while."""
        while select.select([self._descriptor], [], [], 0.15)[0]:
            os.read(self._descriptor, 65536)

    def end(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._descriptor)


@contextmanager
def running(words: Sequence[str]) -> Iterator[Session]:
    """A session that ends."""
    session = Session(words)
    try:
        yield session
    finally:
        session.end()


def search(session: Session, number: int) -> None:
    """Type a name letter by letter."""
    name = NAMES[number % len(NAMES)]
    for length, letter in enumerate(name, 1):
        session.press(letter, name[:length])
    session.settle()  # Enter before the list has come opens nothing


def around(session: Session, number: int) -> None:
    """Search, look at a patient and a new visit, the help, the filters; back to an empty search."""
    search(session, number)
    for _row in range(number % 5):
        session.press(DOWN, ">")
    session.press(ENTER, "more")
    if number % 3 == 0:
        session.press("1", "F10")
        session.press(ESC, "more")
    session.press(F1, "Esc")
    session.press(ESC, "more")
    session.press(ESC, "Find:")
    if number % 2:
        session.press(F3, "Esc")
        session.press(ESC, "Find:")
    session.press(CLEAR, _FIELD)


def measure(directory: Path, actions: int) -> str:
    """The table."""
    with running([sys.executable, "-m", "benchmarks.bare_app"]) as bare:
        bare.wait("row 5")
        bare.press("moh", "moh")
        floor = memory_of(bare.pid)
    os.environ["HIKMA_TUI_AUTOMATIC_COPIES"] = "0"
    words = [sys.executable, "-m", "hikma_tui", "--data-dir", str(directory)]
    with running(words) as ours:
        ours.wait(" patients")
        start = memory_of(ours.pid)
        for number in range(100):
            search(ours, number)
            ours.press(CLEAR, _FIELD)
            if number % 2:
                search(ours, number)
                for _row in range(number % 7):
                    ours.press(DOWN, ">")
                ours.press(ENTER, "more")
                ours.press(ESC, "Find:")
                ours.press(CLEAR, _FIELD)
        used, before = memory_of(ours.pid), ours.actions
        print(f"  start {start}, used {used}, bare {floor}", file=sys.stderr, flush=True)
        samples: list[tuple[int, Memory]] = []
        number = 0
        while ours.actions - before < actions:
            around(ours, number)
            number += 1
            if (ours.actions - before) // _EVERY >= len(samples):
                samples.append((ours.actions - before, memory_of(ours.pid)))
                print(f"  {samples[-1][0]} actions: {samples[-1][1]}", file=sys.stderr, flush=True)
    tenth = max(1, len(samples) // 10)
    first = statistics.median(m.uss for _, m in samples[tenth : 2 * tenth] or samples)
    last = statistics.median(m.uss for _, m in samples[-tenth:])
    lines = ["| MB | USS | PSS | RSS |", "|---|---|---|---|", f"| bare app | {floor} |"]
    lines += [f"| at the start | {start} |", f"| 100 searches, 50 patients | {used} |"]
    lines += [f"| after {samples[-1][0]:,} further actions | {samples[-1][1]} |"]
    lines.append(f"\nabove the bare app after 100 searches: {used.uss - floor.uss:.1f} MB (USS)")
    lines.append(f"growth over {samples[-1][0]:,} actions: {last - first:+.1f} MB (USS)")
    return "\n".join(lines)


def main() -> int:
    """Make a demo store unless one is given, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--actions", type=int, default=10_000)
    parser.add_argument("--data-dir", type=Path)
    asked = parser.parse_args()
    if asked.data_dir is not None:
        print(measure(asked.data_dir, asked.actions))
        return 0
    with tempfile.TemporaryDirectory() as place:
        make(Path(place) / "demo", patients=asked.patients).close()
        print(measure(Path(place) / "demo", asked.actions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
