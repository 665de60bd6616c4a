"""The verb ``benchmark``: whether this machine is up to this clinic, on one page.

Nothing is written into the records: saves are timed on a scratch file beside them, which is deleted
at the end, and reading a patient here leaves no entry in the audit trail since nobody sees it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hikma_tui.clinic import finding, glance
from hikma_tui.clinic.actor import Actor
from hikma_tui.i18n import _, ngettext
from hikma_tui.models import connection
from hikma_tui.store.speed import commits
from hikma_tui.verbs.codes import OK
from hikma_tui.verbs.store import acting, opened, say

_NAMES = 40  # patients whose names are typed, letter by letter
_OPENED = 30
_SAVES = 40


@dataclass(frozen=True)
class Figure:
    """One thing measured: milliseconds, the limit that the project sets itself, and the floor."""

    what: str
    p50: float
    p95: float
    good: float  # at most this at p95: nobody notices
    usable: float  # at most this at p95: it can be worked with
    floor: float | None = None  # the same by bare SQLite, median

    def verdict(self) -> str:
        """In a word."""
        if self.p95 <= self.good:
            return _("good")
        return _("slow") if self.p95 <= self.usable else _("TOO SLOW")


def benchmark(options: argparse.Namespace) -> int:
    """Measure, and print the page."""
    with opened(options) as store:
        actor = acting(store, options)
        patients = store.read(_patients).result()
        names = store.read(_sample, "given_name", _NAMES).result()
        ids = store.read(_sample, "id", _OPENED).result()
        longest = store.read(_longest).result()
        figures = [
            *([store.read(_searching, actor, names).result()] if names else []),
            *([store.read(_opening, actor, [*longest, *ids]).result()] if ids else []),
            _saving(store.directory),
        ]
        size = sum(path.stat().st_size for path in store.directory.glob("hikma.db*"))
        free = shutil.disk_usage(store.directory).free
    say(ngettext("{n} patient, {mb} MB", "{n} patients, {mb} MB", patients).format(
        n=patients, mb=size // 1_000_000), "")  # fmt: skip
    for figure in figures:
        _print(figure)
    say("", *_verdict(figures, size, free))
    return OK


def _patients() -> int:
    return int(connection().execute("SELECT count(*) FROM live_patients").fetchone()[0])


def _sample(column: str, wanted: int) -> list[str]:
    """Values spread over the whole file, always the same ones of the same records."""
    most = connection().execute("SELECT max(pk) FROM live_patients").fetchone()[0] or 0
    found = []
    for number in range(wanted):
        row = connection().execute(
            f"SELECT {column} FROM live_patients WHERE pk >= ? ORDER BY pk LIMIT 1",
            (1 + most * number // wanted,),
        ).fetchone()  # fmt: skip
        if row and row[0]:
            found.append(str(row[0]))
    return found


def _longest() -> list[str]:
    """The patient with most visits among those seen last: a long history is slowest."""
    row = connection().execute(
        "SELECT patient_id FROM (SELECT patient_id FROM live_visits"
        " ORDER BY check_in_timestamp DESC LIMIT 5000) GROUP BY patient_id"
        " ORDER BY count(*) DESC LIMIT 1"
    ).fetchone()  # fmt: skip
    return [str(row[0])] if row and row[0] else []


def _timed(acts: Iterable[Callable[[], object]]) -> list[float]:
    times = []
    for act in acts:
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _figure(
    what: str, times: Sequence[float], good: float, usable: float, floor: float | None = None
) -> Figure:
    p95 = sorted(times)[max(0, round(len(times) * 0.95) - 1)]
    return Figure(what, statistics.median(times), p95, good, usable, floor)


def _searching(actor: Actor, names: list[str]) -> Figure:
    typed = [name[:length] for name in names for length in range(1, min(len(name), 6) + 1)]
    times = _timed(partial(finding.find, actor, text) for text in typed)
    row = "SELECT given_name FROM live_patients WHERE id = ''"
    floor = statistics.median(_timed(lambda: connection().execute(row).fetchone() for _n in names))
    return _figure(_("a letter typed in the search"), times, 16, 60, floor)


def _opening(actor: Actor, ids: list[str]) -> Figure:
    times = _timed(partial(glance.glance, actor, one) for one in ids)
    return _figure(_("a patient read"), times, 60, 250)


def _saving(directory: Path) -> Figure:
    """A durable commit as the store makes it, and one without waiting for the disk."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=directory) as scratch:
        durable = commits(Path(scratch) / "full.db", "FULL", _SAVES)
        quick = commits(Path(scratch) / "off.db", "OFF", _SAVES)
    what = _("a save, until it is on the disk")
    return _figure(what, durable, 100, 500, statistics.median(quick))


def _print(figure: Figure) -> None:
    say(
        _("{what}: {p50} ms, 19 of 20 within {p95} ms: {verdict}").format(
            what=figure.what, p50=f"{figure.p50:.1f}", p95=f"{figure.p95:.1f}",
            verdict=figure.verdict(),
        )
    )  # fmt: skip
    if figure.floor is not None:
        say("    " + _("(the least that this machine can do: {ms} ms)").format(
            ms=f"{figure.floor:.2f}"))  # fmt: skip


def _verdict(figures: Sequence[Figure], size: int, free: int) -> list[str]:
    lines = []
    if all(figure.p95 <= figure.good for figure in figures):
        lines.append(_("This machine is up to this clinic."))
    elif all(figure.p95 <= figure.usable for figure in figures):
        lines.append(_("This machine can do it, and people will feel it: see the lines above."))
    else:
        lines.append(_("This machine is too slow for this clinic: see the lines above."))
    if free < 3 * size + 200_000_000:
        lines.append(
            _("Only {mb} MB are free on the disk: a copy and an upgrade need {wanted} MB.").format(
                mb=free // 1_000_000, wanted=(3 * size + 200_000_000) // 1_000_000
            )
        )
    return lines
