"""How long this machine's disk takes for a save, tried on a scratch file beside the records."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

SQLITE = sqlite3.sqlite_version
"""The version of SQLite that this Python has."""


def commits(path: Path, synchronous: str, number: int) -> list[float]:
    """The milliseconds of each of ``number`` commits of one row into a new file at ``path``.

    ``synchronous`` is SQLite's word: FULL waits for the disk as a save does, OFF never waits.
    """
    scratch = sqlite3.connect(path, isolation_level=None)
    try:
        scratch.execute("PRAGMA journal_mode = WAL")
        scratch.execute(f"PRAGMA synchronous = {synchronous}")
        scratch.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
        text, times = os.urandom(1500).hex(), []
        for _number in range(number):
            start = time.perf_counter()
            scratch.execute("INSERT INTO rows (text) VALUES (?)", (text,))
            times.append((time.perf_counter() - start) * 1000)
        return times
    finally:
        scratch.close()
