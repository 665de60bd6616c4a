"""What the lock shows of the users: their names, and nothing of any patient."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui.clinic import pins
from hikma_tui.clinic.actor import Actor, users
from hikma_tui.i18n import _
from hikma_tui.text import fit
from hikma_tui.widgets.row_list import Info, Line, Row


def known() -> tuple[tuple[Actor, ...], frozenset[str], bool, bool]:
    """The users, the ids of those with a PIN, whether there is one at all, and a recovery code."""
    return tuple(users()), pins.owners(), pins.in_use(), pins.has_recovery()


def used_up() -> str:
    """What is said after a recovery code was used."""
    return _("The recovery code is used up. An administrator makes a new one: Ctrl+P, users, F6.")


def rows(everyone: Sequence[Actor], with_pin: frozenset[str], *, in_use: bool) -> list[Line]:
    """A row each: the digit that chooses, what lacks, the name; of one name, a part of the id."""
    names = [one.user_name.casefold() for one in everyone]
    lines: list[Line] = []
    for number, one in enumerate(everyone, start=1):
        said = f"…{one.user_id[-4:]}" if names.count(one.user_name.casefold()) > 1 else ""
        if in_use and one.user_id not in with_pin:
            said = f"{said} {_('no PIN')}".strip()
        digit = f"{number}" if number < 10 else " "
        lines.append(Row(one.user_id, f"{digit}  {fit(said, 14)} ", one.user_name))
    if not in_use:
        lines += [Info(""), Info(_("No PIN: whoever has this computer sees everything."))]
    return lines
