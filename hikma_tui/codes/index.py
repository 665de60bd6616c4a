"""The index of a list: one SQLite file that is made from the text, and can always be made anew.

Nothing of a patient is in it. A row carries a checksum that is compared whenever it is read, so a
damaged disk can't give a code another disease's name. The diseases stand in the order in which they
are offered (common ones first, short titles before long ones), so the best of a long answer are
read first, and no answer is sorted as a whole.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hikma_tui.codes.listing import Row
from hikma_tui.codes.words import folded, indexed

FORMAT = 1  # a change of what is in the file
_BATCH = 400  # rows; between two batches the other threads get their turn
_CREATE = """
CREATE TABLE about (rows INTEGER, language TEXT);
CREATE TABLE disease (
    id INTEGER PRIMARY KEY, system TEXT, code TEXT, common INTEGER, texts TEXT, sum INTEGER
);
CREATE TABLE same (text INTEGER, id INTEGER, PRIMARY KEY (text, id)) WITHOUT ROWID;
CREATE TABLE word (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (
    tokens, content = '', columnsize = 0, detail = none, prefix = '1 2 3', tokenize = 'ascii'
);
"""
# Chapters whose titles are seldom what a person came with: tumours, anomalies and injuries after
# the common diseases of the same words; then contacts and all that is no disease of
# this medicine.
_LATER = {"2": 1, "L": 1, "N": 1, "Q": 2, "P": 3, "S": 3, "V": 3}


class Damaged(Exception):
    """What was read is not what was written."""


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the index. ``texts`` are labels by language, then synonyms (language, text)."""

    id: int
    system: str
    code: str
    common: bool
    labels: dict[str, str]
    synonyms: list[tuple[str, str]]


def order(row: Row) -> tuple[int, int, bool, int, str]:
    """Where a disease stands: what is smaller is offered first."""
    label = next(iter(row.labels.values()))
    later = _LATER.get(row.code[0], 0) if row.system == "icd11" else 0
    return row.rank, later, row.code.endswith("Y"), len(label), row.code


def _sum(*values: object) -> int:
    return zlib.crc32("\x1f".join(map(str, values)).encode())


def same_text(text: str) -> int:
    """The number under which texts that fold alike are found."""
    return zlib.crc32(folded(text).encode())


def build(connection: sqlite3.Connection, rows: Iterable[Row], language: str, most: int) -> None:
    """Fill an empty file. A row whose rank is below ``most`` is a common one.

    0.8 s for 17,546 diseases where a new laptop takes 0.4; gives way to other threads meanwhile.
    """
    connection.executescript(_CREATE)
    connection.execute("BEGIN")
    known: set[str] = set()
    same: set[tuple[int, int]] = set()
    ordered = sorted(rows, key=order)
    for start in range(0, len(ordered), _BATCH):
        diseases, tokens = [], []
        for number, row in enumerate(ordered[start : start + _BATCH], start=start + 1):
            texts = json.dumps([row.labels, row.synonyms], ensure_ascii=False)
            values = (number, row.system, row.code, int(row.rank < most), texts)
            diseases.append((*values, _sum(*values)))
            words = {row.code.lower().replace(".", "")}
            for text in (*row.labels.values(), *(text for _language, text in row.synonyms)):
                words |= indexed(text)
                same.add((same_text(text), number))
            known |= words
            tokens.append((number, " ".join(sorted(words))))
        connection.executemany("INSERT INTO disease VALUES (?, ?, ?, ?, ?, ?)", diseases)
        connection.executemany("INSERT INTO words (rowid, tokens) VALUES (?, ?)", tokens)
        time.sleep(0.001)
    connection.executemany("INSERT INTO same VALUES (?, ?)", sorted(same))
    connection.executemany("INSERT INTO word VALUES (?)", [(word,) for word in sorted(known)])
    connection.execute("CREATE INDEX disease_code ON disease (code, system)")
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.execute("INSERT INTO about VALUES (?, ?)", (len(ordered), language))
    connection.execute("COMMIT")


def build_file(path: Path, rows: Iterable[Row], language: str, most: int) -> None:
    """Make the file beside its place and rename it into it (0600). OSError or sqlite3.Error."""
    building = path.with_name(f"{path.name}.new-{os.getpid()}")
    building.unlink(missing_ok=True)
    os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        connection = sqlite3.connect(building, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = off")
            connection.execute("PRAGMA synchronous = off")
            build(connection, rows, language, most)
        finally:
            connection.close()
        descriptor = os.open(building, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        building.rename(path)
    except BaseException:
        building.unlink(missing_ok=True)
        raise


def built_in_memory(rows: Iterable[Row], language: str, most: int) -> sqlite3.Connection:
    """The same without a file, for a directory that can't be written."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    build(connection, rows, language, most)
    return connection


def opened(path: Path) -> sqlite3.Connection:
    """A connection that only reads a file that is sound. sqlite3.Error or Damaged if it is not."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"  # it is replaced whole, never changed
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        wrong = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        rows, _language = connection.execute("SELECT rows, language FROM about").fetchone()
        last = connection.execute("SELECT max(id) FROM disease").fetchone()[0]
        if wrong != "ok" or rows != last:
            raise Damaged(str(wrong))
    except BaseException as error:
        connection.close()
        if isinstance(error, TypeError):  # no row where there must be one
            raise Damaged from error
        raise
    return connection


def checked(values: tuple[int, str, str, int, str, int]) -> Found:
    """A row as it was written. Damaged if it is not."""
    number, system, code, common, texts, total = values
    if _sum(number, system, code, common, texts) != total:
        raise Damaged
    labels, synonyms = json.loads(texts)
    return Found(number, system, code, bool(common), labels, [(s[0], s[1]) for s in synonyms])
