"""The verb ``audit``: check the trail, show what was done with a patient's file, print its head."""

from __future__ import annotations

import argparse
import json
from typing import Any

from hikma_tui import clock
from hikma_tui.clinic import audit, info, trail
from hikma_tui.i18n import _
from hikma_tui.text import plain
from hikma_tui.verbs.codes import OK, REFUSED, USAGE
from hikma_tui.verbs.errors import tell
from hikma_tui.verbs.store import acting, opened, say

_LONGEST = 200  # characters of one value that are printed


def run(options: argparse.Namespace) -> int:
    """Do what was asked with the trail."""
    if (options.action == "show") != bool(options.patient):
        tell(_("say whose file: audit show PATIENT"))
        return USAGE
    if options.action == "show":
        return _show(options)
    return _verify(options) if options.action == "verify" else _head(options)


def _verify(options: argparse.Namespace) -> int:
    with opened(options) as store:
        wrong = store.on_writer(audit.problems).result()
        found = store.on_writer(trail.head).result()
    say(*(_("audit trail: {problem}").format(problem=text) for text in wrong))
    if not wrong:
        number = found.entries if found else 0
        say(
            _("The audit trail holds: {n} entries, each linked to the one before.").format(n=number)
        )
    return REFUSED if wrong else OK


def _head(options: argparse.Namespace) -> int:
    with opened(options) as store:
        found = store.on_writer(trail.head).result()
    if found is None:
        say(_("The audit trail is empty."))
        return OK
    say(
        _("Entry {n}: {hash}").format(n=found.number, hash=found.hash),
        _("Kept on paper, it shows later that nothing up to here was changed."),
    )
    return OK


def _show(options: argparse.Namespace) -> int:
    with opened(options) as store:
        actor = acting(store, options)
        told = store.on_writer(trail.of_patient, actor, options.patient).result()
        zone = store.read(info.zone).result()
    for one in told:
        moment = clock.local(one.at, zone)
        machine = f"  [{one.machine}]" if one.machine else ""
        say(f"{one.number}  {moment:%Y-%m-%d %H:%M:%S}  {one.user}  {one.action}  {one.table}"
            f"  {one.row_id}{machine}")  # fmt: skip
        say(*(f"    {line}" for line in _lines(one)))
    return OK


def _lines(one: trail.Told) -> list[str]:
    """What changed, a column a line."""
    if one.action == "VIEW":
        return []
    return [f"{name}: {_value(change)}" for name, change in one.changes.items() if name != "row_id"]


def _value(change: Any) -> str:
    if isinstance(change, dict) and set(change) == {"old", "new"}:
        return f"{_short(change['old'])} -> {_short(change['new'])}"
    return _short(change)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = plain(text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."
