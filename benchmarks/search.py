"""How fast the search answers, beside upstream's own query and a bare indexed look-up.

    python -m benchmarks.search [--sizes 1000,100000,1000000] [--keep DIRECTORY] [--rounds 3]

One table per size, in milliseconds. Each query of the fixed set is asked in turn, ``--rounds``
times, on a connection with the store's own settings; the first round meets a cold cache. The exact
count is timed apart. The patients are the demo's (``hikma_tui.demo``) when it is there, else those
of ``benchmarks.people``; the queries are drawn from them with a fixed seed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import people
from hikma_tui import search

TODAY = date(2026, 11, 22)
UPSTREAM_WHERE = " OR ".join(
    f"{column} LIKE ?" for column in ("given_name", "surname", "phone", "government_id")
)
UPSTREAM_LIST = (
    f"SELECT * FROM live_patients WHERE {UPSTREAM_WHERE} ORDER BY updated_at DESC LIMIT 30"
)
UPSTREAM_COUNT = f"SELECT count(*) FROM live_patients WHERE {UPSTREAM_WHERE}"
_PER_CLASS = 12


def queries(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The fixed set, by class."""
    rng = random.Random(5)
    most = connection.execute("SELECT max(pk) FROM live_patients").fetchone()[0]
    sample: list[tuple[str, ...]] = []
    while len(sample) < 600:
        row = connection.execute(
            "SELECT given_name, surname, phone FROM live_patients WHERE pk >= ? LIMIT 1",
            (rng.randint(1, most),),
        ).fetchone()
        sample.append(tuple(value or "" for value in row))
    latin = [row for row in sample if len(row[0]) > 4 and row[0].isascii() and len(row[1]) > 2]
    arabic = [row[0] for row in sample if "\u0600" < row[0][:1] < "\u06ff"]
    phones = [row[2] for row in sample if len(row[2]) > 6]
    return {
        "no match": ["zzqqxx", "qwxyz kkk", "ژژژژ", "99999999999", "xq", "mohamed zzqqxx"],
        "one letter": [*"maszfe", "م", "ع", "ا"],
        "two letters": ["mo", "fa", "ah", "zz", "ka", "sh", "مح", "عب", "فا"],
        "whole name": [f"{row[0]} {row[1]}" for row in latin[:_PER_CLASS]],
        "two words out of order": [
            f"{row[1][:3]} {row[0][: 2 + i % 3]}" for i, row in enumerate(latin[:_PER_CLASS])
        ],
        "three short words": ["has moh fat", "moh ali ahm", "mar jos car"],
        "arabic": [name[: 3 + i % 4] for i, name in enumerate(arabic[:_PER_CLASS])],
        "transliteration": [
            "Muhammad", "Mohamad", "Khadidja", "Youssef hasan", "Moustapha", "Othman", "عمر علي",
            "سميرة", "Abdelrahman", "abd al rahman", "Nureddine", "كارلوس",
        ],
        "typing error": [
            _mistyped(row[0], rng) + (f" {row[1]}" if i % 2 else "")
            for i, row in enumerate(latin[-_PER_CLASS:])
        ],
        "phone": [p[:7] if i % 3 else p[-6:] for i, p in enumerate(phones[:_PER_CLASS])],
        "year": ["1950", "1968", "1987", "1992", "2003", "2019", "2025", "ali 1992"],
        "age, date, id": ["34", "6m", "ahm 34", "1992-03-11", "11/3/1992", "1992-03", "A-0123"],
    }  # fmt: skip


def _mistyped(word: str, rng: random.Random) -> str:
    i = rng.randrange(1, len(word) - 1)
    letter = rng.choice("bcdfgklmnprst")
    return rng.choice(
        (
            word[:i] + word[i + 1 :],
            word[:i] + letter + word[i:],
            word[:i] + letter + word[i + 1 :],
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        )
    )


def timed(act: Callable[..., object], *values: Any, **named: Any) -> float:
    """The milliseconds that the call takes."""
    start = time.perf_counter()
    act(*values, **named)
    return (time.perf_counter() - start) * 1000


def line(name: str, times: Sequence[float], counts: Sequence[float] = ()) -> str:
    """One line of the table: p50, p95 and worst of the list, p95 and worst of the count."""
    shown = [f"{name:<34}", f"{len(times):>6}"]
    for group in (times, counts):
        ordered = sorted(group)
        for share in (0.5, 0.95, 1.0):
            place = min(len(ordered) - 1, int(share * len(ordered)))
            shown.append(f"{ordered[place]:>8.2f}" if ordered else " " * 8)
    return " ".join(shown)


def opened(path: Path) -> sqlite3.Connection:
    """A connection as the store's reader has it."""
    connection = sqlite3.connect(path)
    for pragma in ("cache_size = -8000", "temp_store = memory", "query_only = 1"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def measure(path: Path, rounds: int) -> None:
    """Print the table of one file."""
    asked = queries(opened(path))
    first = timed(lambda: search.find(opened(path), "moh", today=TODAY))
    connection = opened(path)
    lists, counts = _asked(connection, asked, rounds)
    total = search.total(connection)
    print(f"\n{total:,} patients{'':<22} n      p50      p95    worst | count p50   p95   worst")
    for name in asked:
        print(line(name, lists[name], counts[name]))
    print(line("all", _together(lists), _together(counts)))
    print(line("first query of a fresh connection", [first]))
    beside(connection, asked)
    connection.close()


Times = dict[str, list[float]]


def _asked(
    connection: sqlite3.Connection, asked: dict[str, list[str]], rounds: int
) -> tuple[Times, Times]:
    lists: Times = {name: [] for name in asked}
    counts: Times = {name: [] for name in asked}
    every = [(name, text) for name, texts in asked.items() for text in texts]
    random.Random(9).shuffle(every)
    for _ in range(rounds):
        for name, text in every:
            lists[name].append(timed(search.find, connection, text, today=TODAY))
            counts[name].append(timed(search.count, connection, text, today=TODAY))
    return lists, counts


def _together(times: Times) -> list[float]:
    return [one for some in times.values() for one in some]


def beside(connection: sqlite3.Connection, asked: dict[str, list[str]]) -> None:
    """Upstream's query on the same data, and a patient by id."""

    def rows(sql: str, values: Sequence[object]) -> list[Any]:
        return connection.execute(sql, values).fetchall()

    lists, counts = [], []
    for texts in asked.values():
        for text in texts[:2]:
            lists.append(timed(rows, UPSTREAM_LIST, [f"%{text}%"] * 4))
            counts.append(timed(rows, UPSTREAM_COUNT, [f"%{text}%"] * 4))
    print(line("upstream's LIKE '%q%'", lists, counts))
    most = connection.execute("SELECT max(pk) FROM live_patients").fetchone()[0]
    rng = random.Random(3)
    by_pk = "SELECT id FROM live_patients WHERE pk >= ? LIMIT 1"
    ids = [rows(by_pk, [rng.randint(1, most)])[0] for _ in range(1000)]
    by_id = "SELECT * FROM live_patients WHERE id = ?"
    print(line("a patient by id", [timed(rows, by_id, one) for one in ids]))


def keeping(path: Path, saves: int = 500) -> None:
    """Print what the index costs: bytes per patient, milliseconds per save, and asking after it.

    Half the saves change a name, half the day of a visit. They stay in the file.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = normal", "cache_size = -8000"):
        connection.execute(f"PRAGMA {pragma}")
    number = search.total(connection)
    try:
        size = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%search_%'"
        ).fetchone()[0]
        print(f"index: {size / max(number, 1):.0f} bytes per patient")
    except sqlite3.OperationalError:  # dbstat is not in every SQLite
        print("index: this SQLite cannot say its size")
    picked = connection.execute(
        "SELECT id FROM live_patients ORDER BY random() LIMIT ?", (saves,)
    ).fetchall()
    refreshed, committed = [], []
    for place, (patient,) in enumerate(picked):
        connection.execute("BEGIN IMMEDIATE")
        _change(connection, patient, place)
        refreshed.append(timed(search.refresh, connection, patient))
        committed.append(timed(connection.execute, "COMMIT"))
    print(line("refresh in a save", refreshed))
    print(line("commit of that save, without fsync", committed))
    lists, counts = _asked(connection, queries(connection), 1)
    print(line(f"all, after {len(picked)} saves", _together(lists), _together(counts)))


def _change(connection: sqlite3.Connection, patient: str, number: int) -> None:
    if number % 2:
        name = people.GIVEN[number % len(people.GIVEN)]
        connection.execute("UPDATE patients SET given_name = ? WHERE id = ?", (name, patient))
    else:
        connection.execute(
            "UPDATE visits SET check_in_timestamp = ? WHERE pk = "
            "(SELECT pk FROM live_visits WHERE patient_id = ? LIMIT 1)",
            (1_795_000_000_000 + 60_000 * number, patient),
        )


def made(directory: Path, size: int) -> Path:
    """A file of ``size`` patients with its index, made unless it is there."""
    if importlib.util.find_spec("hikma_tui.demo") and not os.environ.get("HIKMA_TUI_BENCH_PLAIN"):
        return _demo(directory / f"demo-{size}", size)
    path = directory / f"people-{size}.sqlite"
    if not path.exists():
        people.make(path, size)
        connection = sqlite3.connect(path, isolation_level=None)
        search.create(connection)
        seconds = timed(search.rebuild, connection) / 1000
        print(f"built the index of {size:,} patients in {seconds:.1f} s")
        connection.execute("PRAGMA wal_checkpoint (truncate)")
        connection.close()
    return path


def _demo(directory: Path, size: int) -> Path:
    from hikma_tui.store.files import FILE_NAME

    if not (directory / FILE_NAME).exists():
        command = [sys.executable, "-m", "hikma_tui", "demo", "--patients", str(size), "--no-open"]
        subprocess.run([*command, "--data-dir", str(directory)], check=True)
    return directory / FILE_NAME


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--keep", type=Path, help="where to keep the files for the next time")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hikma-tui-bench-") as scratch:
        directory = chosen.keep or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        for size in (int(number) for number in chosen.sizes.split(",")):
            path = made(directory, size)
            measure(path, chosen.rounds)
            keeping(path)


if __name__ == "__main__":
    main()
