"""The verb ``support``: one file for the technical lead, shown before it is written.

Versions, sizes, counts, the logs' last lines, the history of syncs, settings from a list of
harmless ones, the result of the checks. No patient, no user's name or e-mail, no password, no text
that came from a person or a server; the address of the server without its path.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from hikma_tui import __version__, logs, schema, search
from hikma_tui.clinic import audit, info, server
from hikma_tui.i18n import _
from hikma_tui.models import BY_TABLE, connection
from hikma_tui.report import files as report_files
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError
from hikma_tui.store.speed import SQLITE
from hikma_tui.text import plain
from hikma_tui.verbs.codes import NO_OUTPUT, OK, REFUSED
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import directory_of, opened, say

_LINES = 200  # of each log
_RUNS = 50
# What may be told of ``store_info``: nothing that a person typed, nothing that identifies anybody.
_SETTINGS = (
    "generation", "language", "time_zone", "bidi", "recent_on_empty_search", "metered",
    "durability", "lock_minutes", "demo", "suggesting", "sync_run_number", "change_seq",
)  # fmt: skip
_PACKAGES = (
    "textual",
    "rich",
    "peewee",
    "httpx",
    "qrcode",
    "platformdirs",
    "python-bidi",
    "sqlcipher3",
)


def run(options: argparse.Namespace) -> int:
    """Show the file, ask, write it; or set who is to get it."""
    if options.lead is not None:
        with opened(options) as store:
            store.write(info.put, "technical_lead", options.lead.strip()[:200]).result()
        say(_("Errors will say: tell {lead}").format(lead=options.lead.strip()[:200]))
        return OK
    text = "\n".join(_told(options)) + "\n"
    sys.stdout.write(text)
    if options.output is None:
        return OK
    path = Path(options.output)
    if not options.yes and not _agreed(path):
        tell(_("Nothing was written."))
        return REFUSED
    try:
        report_files.write_new(path, text)
    except report_files.NotWritten as error:
        tell(str(error))
        return NO_OUTPUT
    say_there(_("Written: {path}. It is the text above and nothing else.").format(path=path))
    return OK


def _agreed(path: Path) -> bool:
    if not sys.stdin.isatty():
        tell(_("say --yes to write it, or run this on a terminal"))
        return False
    say_there(_("Write exactly this to {path}? yes or no:").format(path=path))
    return sys.stdin.readline().strip().casefold() in ("yes", "y", _("yes").casefold())


def _told(options: argparse.Namespace) -> Iterator[str]:
    directory = directory_of(options, unlock=False)  # it is needed most where nothing opens
    yield f"hikma-tui {__version__}, {datetime.now(UTC).isoformat(timespec='seconds')}"
    yield from _machine(directory)
    try:
        with opened(options) as store:
            yield from _store(store)
    except StoreError as error:
        yield f"store: {type(error).__name__} (exit code {error.exit_code})"
    for path in sorted({*directory.glob("*.log"), logs.elsewhere()}):
        yield from _log(path)


def _machine(directory: Path) -> Iterator[str]:
    yield f"Python {platform.python_version()}, SQLite {SQLITE}"
    yield f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores"
    for name in _PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"{name}: not installed"
    term, ssh = plain(os.environ.get("TERM", "")), "SSH_CONNECTION" in os.environ
    yield f"terminal: TERM={term}, ssh: {ssh}"
    if directory.is_dir():
        yield f"disk: {shutil.disk_usage(directory).free // 1_000_000} MB free"
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                found = path.stat()
                yield f"file: {_name(path, directory)} {found.st_size} {found.st_mode & 0o777:o}"


def _name(path: Path, directory: Path) -> str:
    """A name that the program gave; another's may be a person's."""
    from hikma_tui.store.wipe import found

    ours, _others = found(directory)
    return str(path.relative_to(directory)) if path in ours else "(not this program's)"


def _store(store: Store) -> Iterator[str]:
    yield f"schema: {schema.VERSION}, encrypted: {store.key is not None}"
    for name, value in store.read(_settings).result():
        yield f"setting: {name} = {plain(value)}"
    yield from store.on_writer(_counts).result()
    yield f"check of the file: {len(store.check())} faults"
    wrong = store.on_writer(lambda: search.check(connection())).result()
    yield f"check of the search: {len(wrong)}"
    yield f"check of the trail: {len(store.on_writer(audit.problems).result())}"
    state = store.read(server.state).result()
    if not state.registered:
        yield "server: none"
        return
    yield f"server: {_host(state.url)}, {state.dialect}"
    for name in ("not_sent", "sent", "awaiting", "refused", "differs", "held", "stays",
                 "only_here", "aside", "conflicts", "last_confirmed_ms",
                 "last_full_check_ms"):  # fmt: skip
        yield f"server: {name} = {getattr(state, name)}"
    for one in store.read(server.runs, _RUNS).result():
        numbers = {k: v for k, v in one.counts.items() if k in ("total", "seconds", "notices")}
        yield f"run: {one.kind} {one.started_at} {one.ended_at} {one.result} {json.dumps(numbers)}"


def _host(url: str) -> str:
    return plain("/".join(url.split("/")[:3]).rpartition("@")[2])


def _settings() -> list[tuple[str, str]]:
    return [(name, info.get(name)) for name in _SETTINGS if info.get(name)]


def _counts() -> list[str]:
    lines = []
    for table in BY_TABLE:
        query = (
            f"SELECT count(*), count(tombstone), (SELECT count(*) FROM waiting_{table})"
            f" FROM {table}"
        )
        rows, deleted, waiting = connection().execute(query).fetchone()
        lines.append(f"table: {table} {rows}, deleted {deleted}, not confirmed {waiting}")
    return lines


def _log(path: Path) -> Iterator[str]:
    """The last lines of a log; logs are written without patients' data."""
    lines = logs.recent(path, _LINES)
    if lines:
        yield f"log: {path.name}"
        yield from (f"    {plain(line)}" for line in lines)
