"""Orders to the double while it runs: ``POST /_double/<what>`` with JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cloud.faults import Fault
from tests.cloud.web import Answer, Request, answer

if TYPE_CHECKING:
    from tests.cloud.server import Cloud


def control(cloud: Cloud, request: Request) -> Answer:
    """Carry out one order.

    ``fault`` sets one (the fields of ``faults.Fault``), ``clear`` takes all away, ``clock`` shifts
    the server's time by ``seconds``, ``snapshot`` and ``restore`` keep and bring back the database
    under a ``name``, ``history`` sets MAX_HISTORY_DAYS_SYNC to ``days``.
    """
    try:
        given: dict[str, Any] = request.json() if request.body else {}
        return answer(200, _order(cloud, request.path.removeprefix("/_double/"), given))
    except (ValueError, TypeError, KeyError) as error:
        return answer(400, {"error": repr(error)})


def _order(cloud: Cloud, what: str, given: dict[str, Any]) -> dict[str, Any]:
    name = str(given.get("name", "backup"))
    if what == "fault":
        cloud.faults.add(Fault(**given))
    elif what == "clear":
        cloud.faults.clear()
    elif what == "clock":
        cloud.store.clock.offset = int(float(given["seconds"]) * 1_000_000)
    elif what == "snapshot":
        cloud.backups[name] = cloud.store.snapshot()
    elif what == "restore":
        cloud.store.restore(cloud.backups[name])
    elif what == "history":
        cloud.store.max_history_days = int(given["days"])
    elif what != "status":
        raise KeyError(what)
    return {
        "double": True,
        "rows": {table: len(rows) for table, rows in cloud.store.rows.items() if rows},
        "faults": [fault.kind for fault in cloud.faults.waiting],
    }
