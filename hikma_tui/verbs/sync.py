"""The verb ``sync``: one sync with the registered server, for a person, a timer or the program.

The password comes from ``--password-fd``, ``HIKMA_TUI_PASSWORD``, the file kept beside the store,
or is asked for on a terminal; never from an argument, which every user of the machine could read.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import Any

from hikma_tui import sync
from hikma_tui.clinic import server_words
from hikma_tui.clinic.actor import Actor
from hikma_tui.i18n import _
from hikma_tui.store import Store
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.syncing.shapes import Progress, Report
from hikma_tui.verbs import codes as cli_codes
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, opened, say
from hikma_tui.wire.shapes import Kind

_PACE = 0.1  # seconds between two lines of progress of one phase
_PERSON_PACE = 1.0
_LESS_IMPORTANT = 5  # the nice level, so that the key's echo of a program beside it goes before

CODES: dict[str, int] = {
    "ok": cli_codes.OK,
    Kind.NO_NETWORK: cli_codes.NO_NETWORK,
    Kind.NO_NAME: cli_codes.NO_NETWORK,
    Kind.PROXY: cli_codes.NO_NETWORK,
    Kind.TIMEOUT: cli_codes.NO_NETWORK,
    Kind.CUT: cli_codes.NO_NETWORK,
    Kind.CAPTIVE: cli_codes.NO_NETWORK,
    Kind.UNAUTHORIZED: cli_codes.UNAUTHORIZED,
    Kind.WRONG_PASSWORD: cli_codes.UNAUTHORIZED,
    Kind.NO_USER: cli_codes.UNAUTHORIZED,
    Kind.NO_PASSWORD: cli_codes.UNAUTHORIZED,
    Kind.SERVER: cli_codes.SERVER_TROUBLE,
    Kind.REFUSED: cli_codes.SERVER_TROUBLE,
    Kind.GARBAGE: cli_codes.SERVER_TROUBLE,
    Kind.LIMIT: cli_codes.SERVER_TROUBLE,
    Kind.CERTIFICATE: cli_codes.NOT_TRUSTED,
    Kind.CLOCK: cli_codes.NOT_TRUSTED,
    Kind.REDIRECT: cli_codes.NOT_TRUSTED,
    Kind.NOT_HIKMA: cli_codes.NOT_TRUSTED,
    Kind.BAD_TEXT: cli_codes.NOT_TRUSTED,
    Kind.HUB: cli_codes.NOT_TRUSTED,
    Kind.PLAIN_HTTP: cli_codes.NOT_TRUSTED,
    Kind.BUSY: cli_codes.BUSY,
    Kind.NO_SERVER: cli_codes.NO_SERVER,
    Kind.CANCELLED: cli_codes.CANCELLED,
    Kind.TOO_LARGE: cli_codes.TOO_LARGE,
    Kind.STORE: cli_codes.STORE_TROUBLE,
}


def code_of(report: Report) -> int:
    """The exit code for what became of a run (docs/cli.md)."""
    if report.result != "ok":
        return CODES.get(report.result, cli_codes.UNEXPECTED)
    needs = ("conflicts", "refused", "differs", "only_here", "aside")
    return cli_codes.NEEDS_PERSON if any(map(report.waiting.get, needs)) else cli_codes.OK


def run(options: argparse.Namespace) -> int:
    """Sync once; print what came of it."""
    _step_back()
    wanted = sync.RunOptions(
        check=options.check, repair=options.repair, portal_number=options.portal_number,
        max_bytes=options.max_bytes, agreed=options.yes, timeout=options.timeout,
    )  # fmt: skip
    with opened(options) as store, _stoppable() as stopped:
        actor = acting(store, options)
        password = _password(store, options)
        telling = _Telling(options.progress_json, sys.stderr.isatty() and not options.json)
        report = _once(store, actor, password, wanted, telling, stopped)
        if report.result == Kind.TOO_LARGE and not wanted.agreed and _agrees(report, options):
            agreed = replace(wanted, agreed=True)
            report = _once(store, actor, password, agreed, telling, stopped)
        if options.keep_password and password and report.result == "ok":
            sync_secret.keep(store.directory, password)
    _print(report, options, telling)
    return code_of(report)


def _step_back() -> None:
    """Lower our priority, once: a screen that started us has done it, or does so meanwhile. Before
    the store is opened: on Linux the level is a thread's, and later threads inherit it.
    """
    with suppress(OSError, AttributeError):
        if os.getpriority(os.PRIO_PROCESS, 0) < _LESS_IMPORTANT:
            os.setpriority(os.PRIO_PROCESS, 0, _LESS_IMPORTANT)


def _once(
    store: Store, actor: Actor, password: str | None, wanted: sync.RunOptions,
    telling: _Telling, stopped: Callable[[], bool],
) -> Report:  # fmt: skip
    report = sync.run(
        store, user=actor, password=password, options=wanted, progress=telling, cancelled=stopped
    )
    telling.end()
    return report


# -- the password --------------------------------------------------------------------------------


def _password(store: Store, options: argparse.Namespace) -> str | None:
    """Where the password comes from, in the order of docs/cli.md; None where nobody knows it."""
    try:
        found = sync_secret.found(store.directory, options.password_fd)
    except OSError as error:
        tell(_("the password can't be read: {reason}").format(reason=error.strerror))
        return None
    quiet = options.progress_json or options.password_fd is not None
    if found or quiet or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return found
    peer = store.read(sync_peer.active).result()
    if peer is None:
        return None
    asked = _("Password of {email} at {server}: ").format(email=peer.email, server=peer.url)
    try:
        return getpass.getpass(asked, stream=sys.stderr) or None
    except (EOFError, KeyboardInterrupt):
        return None


def _agrees(report: Report, options: argparse.Namespace) -> bool:
    """A metered link: ask a person, where there is one."""
    if options.json or options.progress_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    say_there(report.message)
    try:
        return input(_("Fetch it? (y/n) ")).strip().casefold() in (_("y"), "y", "yes")
    except (EOFError, KeyboardInterrupt):
        return False


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """SIGTERM and Ctrl+C ask the run to stop cleanly; a second one is no longer kept from us."""
    stop = threading.Event()
    before: dict[int, Any] = {}

    def heard(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[number] or signal.SIG_DFL)

    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        before[one] = signal.signal(one, heard)
    try:
        yield stop.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


# -- what is said --------------------------------------------------------------------------------


class _Telling:
    """Progress as lines of JSON for the program, or as one changing line for a person."""

    def __init__(self, as_json: bool, to_person: bool) -> None:
        self._as_json, self._to_person = as_json, to_person and not as_json
        self._phase, self._last, self._width = "", 0.0, 0

    def __call__(self, progress: Progress) -> None:
        if not (self._as_json or self._to_person):
            return
        now = time.monotonic()
        pace = _PACE if self._as_json else _PERSON_PACE
        if progress.phase == self._phase and now - self._last < pace:
            return
        self._phase, self._last = progress.phase, now
        if self._as_json:
            self.line(progress.as_json())
        else:
            self._show(progress)

    def line(self, value: Any) -> None:
        """One line of JSON; nobody reading it any more does not stop a sync."""
        if not self._as_json:
            return
        try:
            print(json.dumps(value, ensure_ascii=False), flush=True)
        except (BrokenPipeError, ValueError):
            self._as_json = False
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.close(nowhere)

    def end(self) -> None:
        """Take the person's line away."""
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)
            self._width = 0

    def _show(self, progress: Progress) -> None:
        text = server_words.phase(progress.phase)
        if progress.note == "limit" and progress.seconds_left:
            text += f"  {server_words.waiting_for_limit(progress.seconds_left)}"
        if progress.records:
            of = f"/{progress.total}" if progress.total else ""
            text += f"  {progress.records}{of}"
        if progress.bytes:
            text += f"  {progress.bytes / 1_000_000:.1f} MB"
            if progress.rate:
                text += f"  {progress.rate / 1000:.0f} KB/s"
        elif progress.rate:
            text += f"  {progress.rate:.0f}/s"
        text = text[:78]
        print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = max(self._width, len(text))


def _print(report: Report, options: argparse.Namespace, telling: _Telling) -> None:
    if options.progress_json:
        telling.line({"report": report.as_json()})
        return
    if options.json:
        print(json.dumps({**report.as_json(), "code": code_of(report)}, ensure_ascii=False))
        return
    if report.result != "ok":
        tell(report.message)
    else:
        total = report.total
        say(
            report.message,
            _(
                "Fetched {pulled}, deleted {deleted}, sent {pushed}, confirmed {confirmed},"
                " refused {refused}, conflicts {conflicts}."
            ).format(
                pulled=total.pulled, deleted=total.deleted, pushed=total.pushed,
                confirmed=total.confirmed, refused=total.refused, conflicts=total.conflicts,
            ),
        )  # fmt: skip
    for code in report.notices:
        say(server_words.notice(code))
    say(*report.check.get("sentences", []))
