"""Time to the painted screen on a real terminal: a patient with most visits, one with two, keys.

    python -m benchmarks.painted [--patients 20000] [--data-dir DIR] [--rounds 20]

The real program runs on a pseudo terminal of 80x24. A time is from the key to the last byte that
came of it (nothing followed for ``_QUIET`` seconds); an echo is from the key to the first byte.
Beside each stands the processor time that the program had for it: that depends less on what else
the machine does. Milliseconds.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from hikma_tui.store.files import FILE_NAME
from tests.terminal.terminal import BACKSPACE, ENTER, ESC, Terminal, running

_QUIET = 0.5
_WORDS = ("moh", "fatima", "ali")
_WHO = (
    "SELECT p.external_patient_id, count(*) AS visits FROM live_visits v"
    " JOIN live_patients p ON p.id = v.patient_id WHERE p.external_patient_id <> ''"
    " GROUP BY v.patient_id"
)
_MOST = f"{_WHO} ORDER BY visits DESC LIMIT 1"
_TWO = f"{_WHO} HAVING visits = 2 LIMIT 1"


class Pressed:
    """What came of one key: first and last byte, and processor time, in milliseconds."""

    def __init__(self, terminal: Terminal, keys: str) -> None:
        handle, pieces = terminal._master, list[bytes]()
        busy, start = _busy(terminal.pid), time.perf_counter()
        terminal.send(keys)
        self.first = self.last = 0.0
        while select.select([handle], [], [], _QUIET if pieces else 10)[0]:
            pieces.append(os.read(handle, 65536))
            self.last = (time.perf_counter() - start) * 1000
            self.first = self.first or self.last
        self.busy = _busy(terminal.pid) - busy
        terminal._feed(b"".join(pieces))  # only now: pyte takes its time


def _busy(pid: int) -> float:
    """Milliseconds of processor time that the process has had, all its threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e6


def _found(directory: Path, query: str) -> tuple[str, int]:
    with closing(sqlite3.connect(f"file:{directory / FILE_NAME}?mode=ro", uri=True)) as rows:
        number, visits = rows.execute(query).fetchone()
    return str(number), int(visits)


def line(name: str, times: list[float], busy: list[float]) -> str:
    """One line of the table."""
    p95 = sorted(times)[int(0.95 * (len(times) - 1) + 0.5)]
    return (
        f"| {name} | {statistics.median(times):.0f} | {p95:.0f} | {max(times):.0f}"
        f" | {statistics.median(busy):.0f} |"
    )


def measure(directory: Path, rounds: int) -> str:
    """The table."""
    lines = ["| | p50 | p95 | worst | processor, p50 |", "|---|---|---|---|---|"]
    who = {"most": _found(directory, _MOST), "two": _found(directory, _TWO)}
    opened: dict[str, list[Pressed]] = {name: [] for name in who}
    letters: list[Pressed] = []
    with running(directory) as terminal:
        terminal.wait(" patients", seconds=30)
        terminal.settle(1.0)
        for _round in range(rounds):
            for name, (number, _visits) in who.items():
                terminal.press(number, number)
                terminal.settle(_QUIET)
                opened[name].append(Pressed(terminal, ENTER))
                terminal.send(ESC)
                terminal.settle(_QUIET)
                terminal.send(BACKSPACE * len(number))
                terminal.settle(_QUIET)
            for word in _WORDS:
                letters += [Pressed(terminal, letter) for letter in word]
                terminal.send(BACKSPACE * len(word))
                terminal.settle(_QUIET)
    for name, (_number, visits) in who.items():
        times = [one.last for one in opened[name]]
        lines.append(
            line(f"a patient with {visits} visits, painted", times, [p.busy for p in opened[name]])
        )
    busy = [one.busy for one in letters]
    lines.append(line("a letter in the search, echo", [one.first for one in letters], busy))
    lines.append(line("… the list settled", [one.last for one in letters], busy))
    return "\n".join(lines)


def main() -> None:
    """Make a demo store, or copy the one that is given, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "demo"
        if options.data_dir is not None:
            directory.mkdir()
            shutil.copy2(options.data_dir / FILE_NAME, directory)
        else:
            from hikma_tui.demo import make

            make(directory, patients=options.patients).close()
        print(measure(directory, options.rounds))


if __name__ == "__main__":
    main()
