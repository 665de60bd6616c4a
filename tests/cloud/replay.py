"""Recorded exchanges with the real servers, played against the double and compared.

A file of ``transcripts/`` holds one exchange a line: what was sent, what came back, and what
Postgres then held. Stamps may differ by the length of a request, and ids that a server makes up by
themselves; everything else has to be equal.
"""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.cloud import values
from tests.cloud.columns import TABLES, Column
from tests.cloud.server import Cloud
from tests.cloud.store import Store

FOLDER = Path(__file__).with_name("transcripts")
CLOSE = 2_000_000
"""Microseconds by which a stamp may differ: the real server's requests took that long."""
SELECT = re.compile(r"select (.+?) from (\w+)(?: where (.+))?$", re.I)
CONDITION = re.compile(r"(\w+)='([^']*)'")


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


def play(cloud: Cloud, exchange: Exchange) -> list[str]:
    """Send it at the recorded time; the differences, as sentences."""
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
        elif exchange.bytes < 5000 and abs(len(got.body) - exchange.bytes) > 2:
            wrong.append(f"{len(got.body)} bytes, recorded {exchange.bytes}")
    elif not wrong and "html" not in exchange.type and got.body.decode() != exchange.answer:
        wrong.append(f"{got.body!r}, recorded {exchange.answer!r}")
    for query in exchange.stored:
        wrong += stored_differently(cloud.store, query)
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
    if ours == theirs and isinstance(ours, bool) is isinstance(theirs, bool):
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


def stored_differently(store: Store, query: dict[str, Any]) -> list[str]:
    """Differences from a recorded SELECT; joins and the like are left out (``readable``)."""
    if not readable(query):
        return []
    _columns, table, where = SELECT.match(query["sql"]).groups()  # type: ignore[union-attr]
    if table == "users":
        return []
    wanted = dict(CONDITION.findall(where or ""))
    rows = [r for r in store.rows[table].values() if all(str(r[k]) == v for k, v in wanted.items())]
    if query["columns"] == ["count"]:
        theirs = query["rows"][0][0]
        return [] if str(len(rows)) == theirs else [f"{query['sql']}: {len(rows)}, not {theirs}"]
    if len(rows) != len(query["rows"]):
        return [f"{query['sql']}: {len(rows)} rows, recorded {len(query['rows'])}"]
    names = _names(query)
    rows.sort(key=lambda row: str(row["id"]))
    found = []
    for row, cells in zip(rows, _sorted_cells(query), strict=True):
        for name, cell in zip(names, cells, strict=True):
            if name and not _cell(TABLES[table][name], row[name], cell):
                found.append(f"{table}.{name}: {row[name]!r}, recorded {cell!r}")
    return found


def readable(query: dict[str, Any]) -> bool:
    match = SELECT.match(query["sql"])
    if match is None or (match[1] != "count(*)" and re.search(r"\(|\.", match[1])):
        return False
    rest = CONDITION.sub("", match[3] or "").replace("and", "").strip()
    return not rest and match[2] != "inventory_transactions" and " " not in match[2]


def _names(query: dict[str, Any]) -> list[str]:
    """The columns of a SELECT; "" for a literal."""
    asked = SELECT.match(query["sql"])[1]  # type: ignore[index]
    if asked == "*":
        return list(query["columns"])
    return ["" if part.strip().startswith("'") else part.split()[0] for part in asked.split(",")]


def _sorted_cells(query: dict[str, Any]) -> list[list[str]]:
    if "id" not in query["columns"]:
        return list(query["rows"])
    place = query["columns"].index("id")
    return sorted(query["rows"], key=lambda cells: str(cells[place]))


def _cell(column: Column, value: object, cell: str) -> bool:
    if value is None or isinstance(value, bool):
        return cell == {None: "", True: "t", False: "f"}[value]
    if column.type.startswith("timestamp") and isinstance(value, int):
        return same(values.iso(value), cell.replace(" ", "T"))
    if column.type == "jsonb":
        return bool(json.loads(cell) == value)
    number = values.javascript_number(value) if isinstance(value, float) else value
    return same(str(number), cell)
