"""Putting a copy back, or what could be read of a damaged store (decisions.md 9, 33).

The records that are put back are marked before they take their place: a new generation, an entry
RESTORE in the audit trail that names both trails' last hashes, and, where a server is joined, that
a full pull must come before any push: what was not sent becomes a suggestion.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hikma_tui.clinic import audit, info
from hikma_tui.clinic.actor import Actor, actor_named, users
from hikma_tui.clinic.copies import require_master
from hikma_tui.clinic.errors import NotFound
from hikma_tui.ids import new_id
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import convert as store_convert
from hikma_tui.store import repair as store_repair
from hikma_tui.store import salvage as store_salvage
from hikma_tui.store.backups import Inside, copy_to, look_into, mark_of
from hikma_tui.store.errors import Corrupt, NoStore, NotOurs, StoreError
from hikma_tui.store.files import FILE_NAME
from hikma_tui.store.salvage import Salvaged
from hikma_tui.syncing import generation as sync_generation


@dataclass(frozen=True)
class Present:
    """The records that stand where the copy would go. ``state``: "none", "sound" or "damaged"."""

    state: str
    store_id: str = ""
    patients: int = 0
    mark: tuple[int, int] = (0, 0)
    head: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    difference: store_repair.Difference | None = None
    reason: str = ""
    ciphered: bool = False


@dataclass(frozen=True)
class Done:
    """What was put in place, and where the records that stood there are kept."""

    inside: Inside
    kept: Path | None
    must_pull: bool  # a server is joined: the next sync reads everything first


def present(directory: Path, copy: Path | None = None, *, user: str = "") -> Present:
    """Look at the records that would be replaced, and compare them with ``copy``.

    Where they are sound, only who administers the clinic may replace them: NotAllowed. StoreError
    where they can't be replaced by this program (made by a newer one, not to be written).
    """
    try:
        store = Store.open(directory)
    except NoStore:
        return Present("none")
    except (Corrupt, NotOurs) as error:
        return Present("damaged", reason=str(error))
    try:
        store.read(_may_replace, user).result()
        patients, mark, head, facts = store.on_writer(_facts).result()
        wrong = store.on_writer(
            lambda: connection().execute("PRAGMA quick_check(1)").fetchone()[0]
        ).result()
    except Corrupt as error:
        return Present("damaged", reason=str(error))
    finally:
        store.close()
    if wrong != "ok":
        return Present("damaged", reason=str(wrong))
    found = store_repair.compare(directory / FILE_NAME, copy) if copy is not None else None
    return Present(
        "sound", facts.get("store_id", ""), patients, mark, head, facts, found,
        ciphered=store.key is not None,
    )  # fmt: skip


def _may_replace(user: str) -> None:
    """NotAllowed, NotFound: who acts may not, or it can't be said who that is."""
    if users():
        require_master(actor_named(user))


def _facts() -> tuple[int, tuple[int, int], str, dict[str, str]]:
    rows = connection()
    last = rows.execute("SELECT hash FROM event_logs ORDER BY pk DESC LIMIT 1").fetchone()
    return (
        int(rows.execute("SELECT count(*) FROM live_patients").fetchone()[0]),
        mark_of(rows),
        str(last[0]) if last else "",
        dict(rows.execute("SELECT key, value FROM store_info").fetchall()),
    )


def put_back(directory: Path, copy: Path, was: Present, *, user: str = "") -> Done:
    """Put ``copy`` in the place of the records in ``directory``; those are kept in ``backups``.

    An older copy is upgraded on the way. StoreError: nothing was changed.
    """
    look_into(copy)
    work = store_repair.prepare(directory, copy)
    store_convert.same_protection(directory, copy, work)
    note = {"copy": copy.name}
    return _in_place(directory, work, was, note, user)


def salvage(
    directory: Path, was: Present, *, user: str = "", told: Callable[[Salvaged], bool] | None = None
) -> Done | None:
    """Put what can be read of the damaged records in their place; those are kept as they are.

    ``told`` is given what could and could not be read, and says whether to go on: None if not.
    StoreError: nothing was changed.
    """
    work = store_repair.empty_work(directory)
    try:
        found = store_salvage.rescue(directory, work)
        if told is not None and not told(found):
            store_repair.discard(work)
            return None
    except StoreError:
        store_repair.discard(work)
        raise
    note = {"salvaged": found.rows, "unreadable": found.unreadable}
    return _in_place(directory, work, was, note, user)


def _in_place(
    directory: Path, work: Path, was: Present, note: dict[str, Any], user: str
) -> Done:  # fmt: skip
    try:
        store = Store.open(work)
        try:
            must_pull = store.write(_settle, directory, was, note, user).result()
        finally:
            store.close()
        store_repair.require_closed(work)
        inside = look_into(work / FILE_NAME)
        kept = store_repair.as_it_is(directory) if was.state == "damaged" else None
        try:
            with store_repair.alone_with(directory) as rows:
                if was.state == "sound" and (rows is None or mark_of(rows) != was.mark):
                    raise store_repair.in_use()  # somebody saved: it was not said to be lost
                if rows is not None and kept is None:
                    kept = copy_to(rows, directory, "before-restore")
                store_repair.exchange(directory, work)
        except StoreError:
            if kept is not None and was.state == "damaged":
                store_repair.discard(kept)  # the original is where it was
            raise
    finally:
        store_repair.discard(work)
    return Done(inside, kept, must_pull)


def _settle(directory: Path, was: Present, note: dict[str, Any], user: str) -> bool:
    """Mark the records that will be put in place; whether they must be pulled before a push."""
    try:
        actor = actor_named(user)
    except NotFound:
        actor = Actor("", "", "", None, info.get("machine_id"))
    now, rows = info.now_ms(), connection()
    last = rows.execute("SELECT hash FROM event_logs ORDER BY pk DESC LIMIT 1").fetchone()
    rows.execute("DELETE FROM store_info WHERE key IN ('sync_spool', 'index_all', 'copy_of')")
    info.put("generation", max(info.number("generation"), _number(was, "generation")) + 1)
    beside = sync_generation.counted(directory, info.get("store_id"))
    must_pull = info.has_server() or info.number("sync_run_number") > 0 or beside > 0
    if must_pull:
        info.put("suggesting", "restored")
    if was.state == "sound" and was.store_id == info.get("store_id"):
        _go_on_counting(was)
    else:  # who else has these records, and which card numbers went out since, is not known
        sync_generation.become_another(now)
    info.put("newest_stamp", max(now, _number(was, "newest_stamp")))
    changes = {
        **note,
        "trail_of_the_copy": str(last[0]) if last else "",
        "trail_that_was_replaced": was.head,
        "replaced": was.state,
    }
    plain = json.loads(json.dumps(changes))
    audit.append(actor, new_id(now), [audit.Entry("RESTORE", "", "", plain)], now)
    return must_pull


def _go_on_counting(was: Present) -> None:
    """Numbers that were given out since the copy are on cards by now: none comes twice."""
    for key in ("machine_id", "machine_name", "card_prefix"):
        if was.facts.get(key):
            info.put(key, was.facts[key])
    info.put("card_next", max(info.number("card_next"), _number(was, "card_next")))
    info.put("change_seq", max(info.number("change_seq"), _number(was, "change_seq")))
    for key in (
        "backup_path", "copied_outside_at", "copied_outside_place", "copy_protection", "copy_key",
        "durability",
    ):  # fmt: skip
        if was.facts.get(key):
            info.put(key, was.facts[key])


def _number(was: Present, key: str) -> int:
    try:
        return int(was.facts.get(key, "0"))
    except ValueError:
        return 0
