"""The verbs about the store itself: init, status, check, undo; and opening it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hikma_tui import clock, logs, schema, search
from hikma_tui.clinic import audit, copies, deletion, info, pins, setup
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.server import ServerState, confirmed, state
from hikma_tui.clinic.server_needs import put_aside
from hikma_tui.i18n import _, ngettext
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.cipher import Key
from hikma_tui.store.files import BACKUPS, default_directory
from hikma_tui.text import plain
from hikma_tui.verbs.codes import OK, REFUSED, USAGE
from hikma_tui.verbs.errors import tell

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def directory_of(
    options: argparse.Namespace, *, demo: bool = False, unlock: bool = True
) -> Path:  # fmt: skip
    """The directory that was asked for, else the environment's, else the platform's own.

    Where the records in it are ciphered their key is held when this returns. StoreError.
    """
    chosen: Path | None = getattr(options, "data_dir", None)
    directory = chosen if chosen is not None else default_directory(demo)
    logs.use(directory)
    if unlock:
        from hikma_tui.verbs import unlock as cli_unlock

        cli_unlock.unlocked(directory, options)
    return directory


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Store]:
    """The store that was asked for, closed again at the end. StoreError."""
    store = Store.open(directory_of(options))
    try:
        yield store
    finally:
        store.close()


def acting(store: Store, options: argparse.Namespace) -> Actor:
    """The user who acts (decisions.md 8): ``--user``, else the only or last one; where there are
    PINs they prove it, or a service acts for somebody (``verbs.lock``). NotFound, NotProven.
    """
    if not store.read(pins.in_use).result():
        return store.read(actor_named, getattr(options, "user", "")).result()
    from hikma_tui.verbs import lock as cli_lock

    return cli_lock.proven(store, options)


def say(*lines: str) -> None:
    """Harmless lines on standard output."""
    for line in lines:
        print(plain(line))


# -- verbs ---------------------------------------------------------------------------------------


def init(options: argparse.Namespace) -> int:
    """Make the store and the clinic in it."""
    clinic, user = options.clinic.strip(), getattr(options, "user", "").strip()
    if not clinic or not user:
        tell(_("init needs --clinic NAME and --user NAME"))
        return USAGE
    if options.time_zone and clock.zone_of(options.time_zone) is None:
        tell(_("there is no time zone of that name: {zone}").format(zone=options.time_zone))
        return USAGE
    directory = directory_of(options)
    key = None
    if options.encrypt and not Store.exists(directory):
        key = _new_key(options)
        if key is None:
            return REFUSED
    store = Store.create(directory, key)
    try:
        store.write(setup.create_clinic, clinic, user, time_zone=options.time_zone).result()
    finally:
        store.close()
    say(
        _("{clinic} is ready for {user}. The records lie in {path}").format(
            clinic=clinic, user=user, path=store.directory
        )
    )
    return OK


def _new_key(options: argparse.Namespace) -> Key | None:
    """The key of a new passphrase; None where none was settled on."""
    from hikma_tui.verbs.encrypt import new_passphrase

    store_cipher.require(new=True)
    passphrase = new_passphrase(options)
    return store_cipher.derive(passphrase, store_cipher.new_salt()) if passphrase else None


def status(options: argparse.Namespace) -> int:
    """Whose records these are, how many, where, what is not sent, and how old the newest copy is.

    No network is asked, nor loaded: the counts are those of the marks in the store.
    """
    with opened(options) as store:
        clinic, patients, demo = store.read(_facts).result()
        version = store.read(_schema_version).result()
        server = store.read(state).result()
        if options.json:
            told = {
                "clinic": clinic, "patients": patients, "demo": demo, "path": str(store.path),
                "schema": version, "encrypted": store.key is not None,
                "newest_copy_ms": _copied_at(store.directory),
                "copied_outside_ms": store.read(info.number, "copied_outside_at").result() or None,
                "copy_failed": _failed_as_json(store.read(copies.failure).result()),
                "server": {**server.as_json(), "confirmed": store.read(confirmed).result(),
                           "put_aside": store.read(put_aside).result()},
            }  # fmt: skip
            print(json.dumps(told, ensure_ascii=False))
            return OK
        say(
            _("Clinic: {name}").format(name=clinic or _("none yet")),
            _("Patients: {n}").format(n=patients),
            _("Records: {path}").format(path=store.path),
            _("Encrypted: yes") if store.key else _("Encrypted: no (hikma-tui encrypt does it)"),
            *_readable_copies(store),
            _("Schema: {found} (this program: {ours})").format(found=version, ours=schema.VERSION),
            _("Newest copy: {age}").format(age=_newest_copy(store.directory)),
        )
        failed = store.read(copies.failure).result()
        if failed is not None:
            zone = store.read(info.zone).result()
            moment = f"{clock.local(failed.at_ms, zone):%Y-%m-%d %H:%M}"
            said = _("THE COPY OF {moment} FAILED:").format(moment=moment)
            say(f"{said} {copies.reason(failed)}")
        say(*_server_lines(server, store.read(info.zone).result()))
        if demo:
            say(_("This clinic is made up: it is the demo."))
    return OK


def _failed_as_json(found: copies.Failure | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {"at_ms": found.at_ms, "where": found.where, "error": found.kind,
            "reason": copies.reason(found)}  # fmt: skip


def _readable_copies(store: Store) -> list[str]:
    """Encrypted records are as open as their copies: older ones may have been left as they were."""
    from hikma_tui.store import convert as store_convert

    n = len(store_convert.copies_of(store.directory).plain) if store.key else 0
    if not n:
        return []
    return [
        ngettext(
            "  but {n} copy beside them is not (hikma-tui encrypt asks about it)",
            "  but {n} copies beside them are not (hikma-tui encrypt asks about them)", n,
        ).format(n=n)
    ]  # fmt: skip


def _server_lines(server: ServerState, zone: ZoneInfo | None) -> list[str]:
    """Where the store stands with its server, for a person."""
    if not server.registered:
        return [_("Server: none; these records are on this computer only")]
    moment = _("never")
    if server.last_confirmed_ms is not None:
        moment = f"{clock.local(server.last_confirmed_ms, zone):%Y-%m-%d %H:%M}"
    said = [
        _("Server: {url} ({email})").format(url=server.url, email=server.email),
        _("Confirmed: {moment}; not sent: {n}; needs you: {m}").format(
            moment=moment, n=server.not_sent, m=server.needs_you
        ),
    ]
    if server.aside:
        counted = ngettext(
            "{n} record of the server did not fit in here: F8 tells which.",
            "{n} records of the server did not fit in here: F8 tells which.", server.aside,
        )  # fmt: skip
        said.append(counted.format(n=server.aside))
    if server.needs_full_check:
        said.append(_("A full check is due: hikma-tui sync --check"))
    return said


def _facts() -> tuple[str, int, bool]:
    rows = connection()
    clinic = rows.execute("SELECT name FROM live_clinics ORDER BY created_at, pk").fetchone()
    patients = rows.execute("SELECT count(*) FROM live_patients").fetchone()[0]
    return (clinic[0] or "" if clinic else ""), int(patients), info.get("demo") == "1"


def _schema_version() -> int:
    return int(connection().execute("PRAGMA user_version").fetchone()[0])


def _copied_at(directory: Path) -> int | None:
    copies = [path.stat().st_mtime_ns for path in (directory / BACKUPS).glob("*.db")]
    return max(copies) // 1_000_000 if copies else None


def _newest_copy(directory: Path) -> str:
    copied = _copied_at(directory)
    if copied is None:
        return _("none")
    hours = max(0, (clock.wall_ms() - copied) // 3_600_000)
    if hours < 48:
        return ngettext("{n} hour old", "{n} hours old", hours).format(n=hours)
    return ngettext("{n} day old", "{n} days old", hours // 24).format(n=hours // 24)


def check(options: argparse.Namespace) -> int:
    """Walk through the whole file; each thing wrong is a line."""
    with opened(options) as store:
        wrong = [_("file: {problem}").format(problem=text) for text in store.check()]
        if not wrong:
            found = store.on_writer(lambda: search.check(connection())).result()
            wrong += [_("search: {problem}").format(problem=text) for text in found]
            trail = store.on_writer(audit.problems).result()
            wrong += [_("audit trail: {problem}").format(problem=text) for text in trail]
    say(*wrong)
    if not wrong:
        say(_("The file, the search and the audit trail are sound."))
    return REFUSED if wrong else OK


def undo(options: argparse.Namespace) -> int:
    """List what can be undone, or undo one deletion."""
    with opened(options) as store:
        actor = acting(store, options)
        if options.number is not None:
            store.write(deletion.undo, actor, options.number).result()
            say(_("Deletion {n} was undone.").format(n=options.number))
            return OK
        zone = store.read(info.zone).result()
        for found in store.read(deletion.undoable, actor).result():
            moment = clock.local(found.deleted_at, zone)
            say(
                f"{found.number}  {moment:%Y-%m-%d %H:%M}  {found.table}  {found.label}"
                f"  {found.reason}  {found.user_name}"
            )
    return OK
