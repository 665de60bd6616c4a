"""Recorded exchanges with the real servers, played against the double and compared.

A file of ``transcripts/`` holds one exchange a line: what was sent, what came back, and what
Postgres then held. Stamps may differ by the length of a request, and ids that a server makes up by
themselves; everything else has to be equal.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.cloud import values
from tests.cloud.columns import FLASK_TABLES, TABLES, Column
from tests.cloud.flask import Flask
from tests.cloud.server import Cloud
from tests.cloud.store import Store

FOLDER = Path(__file__).with_name("transcripts")
CLOSE = 400_000
"""Microseconds by which a stamp may differ: the real server's requests took about that long."""


@dataclass
class Exchange:
    """One request and its recorded answer."""

    title: str
    at: str
    took: float
    method: str
    target: str
    headers: dict[str, str]
    status: int
    type: str
    bytes: int
    answer: str
    body: str = ""
    stored: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def moment(self) -> int:
        """When the server worked on it: a little before the answer was whole."""
        end = values.micros(datetime.fromisoformat(self.at.replace("Z", "+00:00")))
        return end - (4000 if self.method == "POST" else int(self.took * 300_000))

    @property
    def whole(self) -> bool:
        """Whether the recording holds all of the answer."""
        return len(self.answer.encode()) >= self.bytes - 1


def exchanges(name: str) -> list[Exchange]:
    """The exchanges of ``transcripts/<name>.jsonl``, in order."""
    found = []
    for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        raw: dict[str, Any] = json.loads(line)
        raw.pop("body_bytes", None)
        raw["more"] = {k: raw.pop(k) for k in ("retry-after", "set-cookie") if k in raw}
        found.append(Exchange(**raw))
    return found


@dataclass
class Got:
    """What the double answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.headers["content-type"]

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    cloud: Cloud,
    method: str,
    target: str,
    body: str | bytes = "",
    headers: dict[str, str] | None = None,
) -> Got:
    """One request over HTTP, as any client would send it."""
    host, port = cloud.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        connection.request(method, target, data or None, headers or {})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, found, response.read())
    finally:
        connection.close()


def play(cloud: Cloud, exchange: Exchange, *, lengths: bool = True) -> list[str]:
    """Send it at the recorded time; the differences, as sentences.

    Args:
        lengths: Where the recording was cut short, compare how many bytes there were.
    """
    cloud.store.clock.set(exchange.moment)
    got = ask(cloud, exchange.method, exchange.target, exchange.body, exchange.headers)
    wrong = []
    if got.status != exchange.status:
        wrong.append(f"status {got.status}, recorded {exchange.status}: {got.body[:200]!r}")
    if got.type != exchange.type:
        wrong.append(f"type {got.type}, recorded {exchange.type}")
    if "retry-after" in exchange.more or "retry-after" in got.headers:
        seconds = [int(found.get("retry-after", 0)) for found in (got.headers, exchange.more)]
        if min(seconds) == 0 or abs(seconds[0] - seconds[1]) > 3:
            wrong.append(f"Retry-After {seconds}")
    if not wrong and "json" in exchange.type:
        if exchange.whole:
            wrong += different(got.json(), json.loads(exchange.answer))
        elif lengths and abs(len(got.body) - exchange.bytes) > 2:
            wrong.append(f"{len(got.body)} bytes, recorded {exchange.bytes}")
    elif not wrong and "html" not in exchange.type and got.body.decode() != exchange.answer:
        wrong.append(f"{got.body!r}, recorded {exchange.answer!r}")
    for query in exchange.stored:
        wrong += stored_differently(cloud.store, query, isinstance(cloud.app, Flask))
    return wrong


# Comparing


def _moment(value: object) -> int | None:
    if isinstance(value, float) or (isinstance(value, int) and value > 10**12):
        return int(value) * 1000
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d|\w{3}, \d\d ", value):
        return None
    if "," in value:
        return values.micros(
            datetime.strptime(value.replace("GMT", "+0000"), "%a, %d %b %Y %H:%M:%S %z")
        )
    return values.parse_moment(re.sub(r"\+00$", "+00:00", value))


def same(ours: object, theirs: object) -> bool:
    """Equal, or two stamps that are close, or two ids of version 1 or 7 that a server made up."""
    if ours == theirs and type(ours) is type(theirs):
        return True
    first, second = _moment(ours), _moment(theirs)
    if first is not None and second is not None and type(ours) is type(theirs):
        return abs(first - second) < CLOSE
    return all(values.is_uuid(v) and str(v)[14] in "17" for v in (ours, theirs))


def different(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Paths at which two JSON values differ; rows of a list are matched by id."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        if list(ours) != list(theirs):
            found.append(f"{where}: keys {list(ours)}, recorded {list(theirs)}")
        for key in set(ours) & set(theirs) - {"token"}:
            found += different(ours[key], theirs[key], f"{where}.{key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [f"{where}: {_ids(ours)}, recorded {_ids(theirs)}"]
        pairs = zip(_ordered(ours), _ordered(theirs), strict=True)
        return [line for n, (a, b) in enumerate(pairs) for line in different(a, b, f"{where}[{n}]")]
    return [] if same(ours, theirs) else [f"{where}: {ours!r}, recorded {theirs!r}"]


def _ids(rows: list[Any]) -> list[Any]:
    return [row.get("id", row) if isinstance(row, dict) else row for row in rows]


def _ordered(rows: list[Any]) -> list[Any]:
    if rows and all(isinstance(row, dict) and "id" in row for row in rows):
        return sorted(rows, key=lambda row: str(row["id"]))
    return rows


# What Postgres held


def stored_differently(store: Store, query: dict[str, Any], flask: bool) -> list[str]:
    """Differences from a recorded SELECT, asked of the double's rows in an SQLite of its own."""
    sql = str(query["sql"])
    if "inventory_transactions" in sql:
        return []  # a table that never travels: the double has none
    ours = sorted([_cell(value) for value in row] for row in _asked(store, sql, flask))
    theirs = sorted([str(cell) for cell in row] for row in query["rows"])
    if len(ours) != len(theirs):
        return [f"{sql}: {len(ours)} rows, recorded {len(theirs)}"]
    pairs = zip(ours, theirs, strict=True)
    if all(_same_cell(*cells) for pair in pairs for cells in zip(*pair, strict=True)):
        return []
    return [f"{sql}: {ours}, recorded {theirs}"]


def _asked(store: Store, sql: str, flask: bool) -> list[tuple[object, ...]]:
    """The rows of a SELECT of Postgres."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.create_function("to_timestamp", 1, lambda s: values.iso(round(s * 1_000_000)))
        database.create_function("jsonb_typeof", 1, _json_type)
        for table in re.findall(r"(?:from|join) (\w+)", sql):
            columns = TABLES[table]
            if flask:
                columns = FLASK_TABLES[table]
            database.execute(f"create table {table} ({', '.join(map(_quoted, columns))})")
            marks = ", ".join("?" * len(columns))
            rows = [[_kept(c, row[n]) for n, c in columns.items()]
                    for row in store.rows[table].values()]  # fmt: skip
            database.executemany(f"insert into {table} values ({marks})", rows)
        return list(database.execute(sql))


def _quoted(name: str) -> str:
    return f'"{name}"'


def _json_type(text: str) -> str:
    return {"[": "array", "{": "object"}.get(text[:1], "string")


def _kept(column: Column, value: object) -> object:
    """A value of the double as text, as psql prints it."""
    if value is None:
        return None
    if column.type == "jsonb":
        return json.dumps(value, ensure_ascii=False)
    if column.type.startswith("timestamp") and isinstance(value, int):
        return values.iso(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(values.javascript_number(value)) if isinstance(value, float) else str(value)


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _same_cell(ours: str, theirs: str) -> bool:
    if theirs[:1] in ("{", "[", '"'):
        return bool(ours) and bool(json.loads(ours) == json.loads(theirs))
    return same(ours, re.sub(r"^(\d{4}-\d\d-\d\d) (\d\d:)", r"\1T\2", theirs))
