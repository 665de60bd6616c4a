"""The state line's last part: what is not sent, what needs a person, when all was confirmed.

Times are absolute (decisions.md 36). *Not sent* counts records as the sync counts them: a further
answer of the registration is one of its own, as it is on the server.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.session import moment_text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hikma_tui.clinic.server import ServerState


def state_text(
    server: ServerState | None, running: bool, today: date, zone: ZoneInfo | None
) -> str:
    """``needs you: 2 (F8), 3 not sent, confirmed 14:02``; "" until the counts are known."""
    if server is None:
        return _("syncing") if running else ""
    parts = [_("syncing")] if running else []
    if server.needs_you:
        parts.append(needs_text(server))
    if server.not_sent + server.held:
        n = server.not_sent + server.held
        parts.append(ngettext("{n} not sent", "{n} not sent", n).format(n=n))
    if server.sent + server.awaiting:
        n = server.sent + server.awaiting
        parts.append(ngettext("{n} unconfirmed", "{n} unconfirmed", n).format(n=n))
    parts.append(_confirmed(server, today, zone))
    return ", ".join(part for part in parts if part)


def needs_text(server: ServerState) -> str:
    """``needs you: 2 (F8)``: how many things, and the key that leads to them."""
    return _("needs you: {n} (F8)").format(n=server.needs_you)


def _confirmed(server: ServerState, today: date, zone: ZoneInfo | None) -> str:
    at = server.last_confirmed_ms
    if at is None:
        return _("never synced")
    moment = moment_text(at, today, zone)
    if server.up_to_date:
        return _("all confirmed {moment}").format(moment=moment)
    return _("confirmed {moment}").format(moment=moment)
