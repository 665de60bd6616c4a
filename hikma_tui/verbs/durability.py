"""The verb ``durability``: whether each save waits for the disk (docs/backups.md)."""

from __future__ import annotations

import argparse

from hikma_tui.clinic import audit, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.copies import require_master
from hikma_tui.i18n import _
from hikma_tui.ids import new_id
from hikma_tui.verbs.codes import OK
from hikma_tui.verbs.store import acting, opened, say


def run(options: argparse.Namespace) -> int:
    """Say what a save waits for, or change it (who administers the clinic)."""
    with opened(options) as store:
        if options.choice:
            store.write(_change, acting(store, options), options.choice).result()
            say(_("From the next start of the program on:"))
        say(*_in_words(store.read(info.get, "durability", "full").result()))
    return OK


def _change(actor: Actor, choice: str) -> None:
    require_master(actor)
    now = info.now_ms()
    changes = {"durability": {"old": info.get("durability", "full"), "new": choice}}
    audit.append(actor, new_id(now), [audit.Entry("UPDATE", "store_info", "", changes)], now)
    info.put("durability", choice)


def _in_words(choice: str) -> list[str]:
    if choice == "normal":
        return [
            _("normal: a save does not wait for the disk."),
            _("When the power fails, the saves of the last moments may be gone, though the screen"
              " said that they were saved: on a slow card up to some minutes of work."
              " The records stay whole, and a killed program loses nothing."),
        ]  # fmt: skip
    return [_("full: a save is on the disk when the screen says so, also when the power fails.")]
