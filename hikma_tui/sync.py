"""Sync: the door. ``run`` walks one sync from its lock to its line in the log (docs/sync.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hikma_tui import clock
from hikma_tui.clinic import info, server_needs, server_words
from hikma_tui.clinic.actor import Actor
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError
from hikma_tui.syncing import lock as sync_lock
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import run as sync_run
from hikma_tui.syncing import run_book as sync_run_book
from hikma_tui.syncing.run import RunOptions
from hikma_tui.syncing.run_log import Log
from hikma_tui.syncing.shapes import Phase, Progress, Report
from hikma_tui.wire.shapes import Kind, Trouble

__all__ = ["RunOptions", "run"]


def run(
    store: Store,
    *,
    user: Actor,
    password: str | None,
    options: RunOptions,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> Report:
    """One sync with the registered server; what became of it.

    Never raises for what a server, a line or the disk does: ``result`` is then the ``Kind`` and
    ``message`` a sentence. ``progress`` is called from this thread, some times a second at most
    while waiting and once per batch else; ``cancelled`` is asked often.
    """
    report, log = Report(kind=options.kind), Log(store.directory)
    try:
        report.started_at = store.read(info.now_ms).result()
        with sync_lock.held(store.directory, clock.wall_ms()):
            _locked(store, user, password, options, report, log, progress, cancelled)
    except Trouble as trouble:
        _failed(store, report, trouble)
    except (StoreError, OSError) as error:
        report.result, report.message = Kind.STORE, _said(error)
        log.say(f"store {type(error).__name__}")
    report.ended_at = report.ended_at or report.started_at
    progress(Progress(Phase.DONE))
    return report


def _locked(
    store: Store, user: Actor, password: str | None, options: RunOptions, report: Report,
    log: Log, progress: Callable[[Progress], None], cancelled: Callable[[], bool],
) -> None:  # fmt: skip
    """The run, with the lock held: its line in the log of syncs is opened and closed here."""
    if sync_run.leftovers(store, report.started_at):
        report.notices.append("killed")
    peer = store.read(sync_peer.active).result()
    if peer is None:
        raise Trouble(Kind.NO_SERVER)
    if not password:
        raise Trouble(Kind.NO_PASSWORD)
    pk = store.write(sync_run_book.open_run, peer.id, report.kind, report.started_at).result()
    log.say(f"run {pk} begins: {report.kind}, {peer.dialect}")
    course = sync_run.Course(store, user, password, options, peer, report, log, progress, cancelled)
    try:
        course.go()
    except Trouble as trouble:
        _failed(store, report, trouble)
        log.say(f"run {pk}: {trouble.kind} status {trouble.status} {trouble.detail}")
    except (StoreError, OSError) as error:
        report.result, report.message = Kind.STORE, _said(error)
        log.say(f"run {pk}: {type(error).__name__}")
        log.failed(error)
    except Exception as error:  # a fault of ours must end the run in order, too
        report.result, report.message = Kind.STORE, server_words.trouble(Kind.STORE)
        log.failed(error)
    report.waiting = store.read(sync_run_book.waiting).result()
    if report.waiting.get("aside"):
        report.put_aside = store.read(server_needs.put_aside).result()
    store.write(sync_run_book.close_run, pk, peer.id, course.user, report).result()
    log.say(
        f"run {pk} ends: {report.result}, {report.total}, {report.requests} requests,"
        f" {report.bytes_down} bytes down, {report.seconds}"
    )


def _failed(store: Store, report: Report, trouble: Trouble) -> None:
    report.result = trouble.kind
    report.message = server_words.trouble(trouble.kind, trouble.retry_after)
    if trouble.kind is Kind.BUSY and trouble.detail.isdigit():
        zone = store.read(info.zone).result()
        since: datetime = clock.local(int(trouble.detail), zone)
        report.message = server_words.busy_since(f"{since:%H:%M}")
    if trouble.kind is Kind.TOO_LARGE and (trouble.detail.isdigit() or trouble.detail == "?"):
        size = int(trouble.detail) if trouble.detail.isdigit() else None
        report.message = server_words.large(size)
        report.estimate = size or 0


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, StoreError) else server_words.trouble(Kind.STORE)
