"""Import: lines ``{"op": ..., "table": ..., "row": {...}}``, each through the clinic's own rules.

Lines that are there together are saved together: one transaction, a savepoint for each line. An id
is handed out only after its transaction is on the disk.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import DatabaseError as PeeweeError
from peewee import DataError, IntegrityError, InterfaceError

from hikma_tui.clinic import deletion, info, own_forms, patients, records, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotFound, Refused
from hikma_tui.clock import noon_of
from hikma_tui.exchange.lines import LONGEST_LINE, BadLine, parsed
from hikma_tui.exchange.source import Line, Source
from hikma_tui.i18n import _
from hikma_tui.ids import as_uuid
from hikma_tui.models import BY_TABLE, PatientAttribute, connection, dicts, live
from hikma_tui.store import Store

BATCH = 200
"""Lines of one transaction at most: enough to share the wait for the disk, few enough that a live
pipe is answered soon and a save elsewhere never waits long."""

Row = Mapping[str, Any]

_TAKEN_ON = {"visits": "check_in_timestamp", "patient_vitals": "timestamp"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Answer:
    """What became of a line: its row's id, durable by now, or why it was refused."""

    number: int
    row_id: str = ""
    refusal: str = ""


class Stopped(Refused):
    """An all-or-nothing import met a line that it can't keep: nothing was kept."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.refusal)
        self.answer = answer


def import_lines(store: Store, actor: Actor, source: Source) -> Generator[list[Answer], None, None]:
    """Apply lines as they come; gives the answers of each batch once it is durable. StoreError.

    When the caller is interrupted while a batch is being saved, it still gets that batch's answers:
    KeyboardInterrupt is raised after them.
    """
    while lines := source.batch(BATCH):
        saving = store.write(_apply_all, actor, lines)
        try:
            answers = saving.result()
        except KeyboardInterrupt:
            yield saving.result()
            raise
        yield answers


def import_all_or_nothing(store: Store, actor: Actor, source: Source) -> list[Answer]:
    """Apply every line in one transaction. Stopped on the first bad one; then nothing was kept."""

    def every_line() -> list[Answer]:
        answers = []
        while lines := source.batch(BATCH):
            for line in lines:
                answer = _answer(actor, line)
                if answer.refusal:
                    raise Stopped(answer)
                answers.append(answer)
        return answers

    return store.write(every_line).result()


def _apply_all(actor: Actor, lines: list[Line]) -> list[Answer]:
    return [_answer(actor, line) for line in lines]


def _answer(actor: Actor, line: Line) -> Answer:
    """Apply one line inside a savepoint: it is kept whole or leaves no trace.

    What the database itself can't do (a full disk, a lock) is raised; whatever else a line brings
    about is that line's refusal.
    """
    database = connection()
    database.execute("SAVEPOINT line")
    try:
        answer = Answer(line.number, _apply(actor, line))
    except (Refused, BadLine) as refusal:
        answer = Answer(line.number, refusal=str(refusal))
    except (sqlite3.Error, PeeweeError) as error:
        if not isinstance(error, sqlite3.IntegrityError | sqlite3.DataError | IntegrityError
                          | DataError | sqlite3.InterfaceError | InterfaceError):  # fmt: skip
            raise
        answer = Answer(line.number, refusal=_unkeepable(error))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        answer = Answer(line.number, refusal=_unkeepable(error))
    except RecursionError as error:
        answer = Answer(line.number, refusal=_unkeepable(error))
    if answer.refusal:
        database.execute("ROLLBACK TO line")
    database.execute("RELEASE line")
    return answer


def _unkeepable(error: Exception) -> str:
    """No rule foresaw this row. Its own words may hold a patient's data and are not repeated."""
    return _("this row can't be kept ({kind})").format(kind=type(error).__name__)


def _apply(actor: Actor, line: Line) -> str:
    """Do what one line says; the id of its row. Refused or BadLine."""
    if line.raw is None:
        megabytes = LONGEST_LINE >> 20
        raise BadLine(_("a line may have {n} MB at most").format(n=megabytes))
    content = parsed(line.raw)
    table, row = content.get("table"), content.get("row")
    if not isinstance(table, str) or table not in BY_TABLE:
        raise BadLine(_("there is no table of that name: {table}").format(table=str(table)[:60]))
    if not isinstance(row, dict):
        raise BadLine(_("this has no row"))
    op = content.get("op", "create")
    apply = _OPS.get(op) if isinstance(op, str) else None
    if apply is None:
        raise BadLine(_("op is create, update or delete, and not {op}").format(op=str(op)[:60]))
    return apply(actor, table, _at_noon(table, row), content)


def _at_noon(table: str, row: Row) -> Row:
    """A visit or a vital sign of a day, without an hour, is of that day's local noon, so that no
    zone moves it (decisions.md 4); today's is of now while noon is still to come.
    """
    name = _TAKEN_ON.get(table, "")
    given = row.get(name)
    if not isinstance(given, str) or not _DAY.fullmatch(given):
        return row
    try:
        noon = noon_of(date.fromisoformat(given), info.zone())
    except (ValueError, OverflowError):
        return row  # the column says what is wrong with it
    today = given == info.today().isoformat()
    return {**row, name: min(noon, info.now_ms()) if today else noon}


def _create(actor: Actor, table: str, row: Row, line: Row) -> str:
    if table == "patients":
        agreed = line.get("same_government_id_ok") is True
        return patients.register(actor, row, same_government_id_ok=agreed)
    if table == "patient_additional_attributes":
        return patients.put_attribute(actor, row)
    if table == "visits":
        return visits.create_visit(actor, row)
    if table == "events":
        return visits.create_event(actor, row)
    if table == "event_forms" and own_forms.is_here(row):
        return str(row["id"])
    return records.create(actor, table, row)


def _update(actor: Actor, table: str, row: Row, line: Row) -> str:
    if table == "patient_additional_attributes":
        return patients.put_attribute(actor, {**_attribute(row), **row})
    row_id = _id_of(table, row)
    if table == "patients":
        agreed = line.get("same_government_id_ok") is True
        columns = {name: value for name, value in row.items() if name != "id"}
        patients.edit(actor, row_id, columns, same_government_id_ok=agreed)
        return row_id
    if table == "visits":
        return visits.update_visit(actor, {**row, "id": row_id})
    if table == "events":
        return visits.update_event(actor, {**row, "id": row_id})
    return records.update(actor, table, {**row, "id": row_id})


def _delete(actor: Actor, table: str, row: Row, line: Row) -> str:
    row_id = str(_attribute(row)["id"]) if _is_attribute(table, row) else _id_of(table, row)
    reason = line.get("reason", row.get("reason"))
    if not isinstance(reason, str) or not reason.strip():
        reason = _("deleted by an import")
    deletion.delete(actor, table, row_id, reason)
    return row_id


_OPS: dict[str, Callable[[Actor, str, Row, Row], str]] = {
    "create": _create,
    "update": _update,
    "delete": _delete,
}


def _id_of(table: str, row: Row) -> str:
    """The id that a line names; a foreign system's own becomes ours (decisions.md 2)."""
    given = row.get("id")
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise Invalid("id", _("this needs the record's id"))
    return as_uuid(table, str(given))


def _is_attribute(table: str, row: Row) -> bool:
    return table == "patient_additional_attributes" and not row.get("id")


def _attribute(row: Row) -> dict[str, Any]:
    """Id, patient and attribute of the live attribute that a row names, by its id or by the pair.

    NotFound when there is none: only a create may make one.
    """
    model = live(PatientAttribute)
    if row.get("id"):
        where = model.id == _id_of("patient_additional_attributes", row)
    else:
        patient_id = as_uuid("patients", str(row.get("patient_id") or ""))
        where = (model.patient_id == patient_id) & (
            model.attribute_id == str(row.get("attribute_id") or "")
        )
    for found in dicts(model.select().where(where)):
        return {name: found[name] for name in ("id", "patient_id", "attribute_id")}
    raise NotFound()
