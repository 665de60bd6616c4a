"""The copies in words: a row for each, what stands above them, and the dialogs' own texts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Static

from hikma_tui.clinic import copies
from hikma_tui.clinic.copies import Kept
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.backups_door import BAD, LOCKED, SOUND, Looked, Seen
from hikma_tui.screens.passphrase import NewPassphrase
from hikma_tui.screens.session import moment_text
from hikma_tui.text import display, fit
from hikma_tui.widgets.dialogs import AskReason
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.row_list import Divider, Info, Line, Row

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class AskFolder(AskReason):
    """A folder. Gives what was typed, or None when left with Esc."""

    LONGEST = 1000

    @property
    def label(self) -> str:
        """What stands above the field."""
        return _("Folder:")

    @property
    def lacks(self) -> str:
        """What is said when the field is empty."""
        return _("A folder is needed.")


class CopyPassphrase(NewPassphrase):
    """The passphrase of copies elsewhere, typed twice. "" for none, None when left with Esc."""

    def body(self) -> ComposeResult:
        """What it is for, and two fields."""
        for line in (
            _("The copies are encrypted with it. Whoever restores one"),
            _("needs it: write it down, and keep the paper away from"),
            _("the stick."),
        ):
            yield Static(display(line), markup=False)
        yield Static(display(_("Passphrase (empty: none):")), classes="label", markup=False)
        yield LineInput(id="first", password=True, max_length=4096)
        yield Static(display(_("Once more:")), classes="label", markup=False)
        yield LineInput(id="again", password=True, max_length=4096)


def lines_of(kept: Kept, looked: Looked, today: date, zone: ZoneInfo | None) -> list[Line]:
    """The whole list: what stands above, the copies elsewhere, those here."""
    lines: list[Line] = [Info(text) for text in _above(kept, looked, today, zone)]
    lines.append(Divider(_("elsewhere")))
    outside = [_row(one, today, zone) for one in looked.seen if one.outside]
    lines += outside
    if not outside:
        lines.append(Info(_("None can be seen. A copy outside outlives this computer.")))
    lines.append(Divider(_("on this computer")))
    here = [_row(one, today, zone) for one in looked.seen if not one.outside]
    lines += here
    if not here:
        lines.append(Info(_("None yet.")))
    return lines


def _above(kept: Kept, looked: Looked, today: date, zone: ZoneInfo | None) -> list[str]:
    said = []
    if kept.failed is not None:
        moment = moment_text(kept.failed.at_ms, today, zone)
        said.append(_("THE COPY OF {moment} FAILED:").format(moment=moment))
        said.append("  " + copies.reason(kept.failed))
    if not kept.folder:
        said.append(_("No second place: 2 chooses a stick, which gets a copy every day."))
    elif looked.there:
        said.append(_("Second place: {path}").format(path=kept.folder) + f" ({looked.place})")
    else:
        said.append(_("Second place, not there now: {path}").format(path=kept.folder))
    if kept.outside_at:
        moment = moment_text(kept.outside_at, today, zone)
        said.append(_("Last copy outside this computer: {moment}").format(moment=moment))
    else:
        said.append(_("No copy was ever taken outside this computer."))
    if kept.how == "own":
        said.append(_("Copies elsewhere are encrypted with their own passphrase."))
    elif kept.how == "plain":
        said.append(_("Copies elsewhere are NOT encrypted: 3 chooses a passphrase."))
    if looked.plain and kept.how != "plain":
        n = looked.plain
        said.append(ngettext("{n} older copy there is NOT encrypted: 4 deletes it.",
                             "{n} older copies there are NOT encrypted: 4 deletes them.", n
                             ).format(n=n))  # fmt: skip
    return said


def _row(one: Seen, today: date, zone: ZoneInfo | None) -> Row:
    size = _("{n} MB").format(n=max(1, one.size // 1_000_000))
    cells = fit(moment_text(one.made_ms, today, zone), 14) + fit(size, 9)
    cells += fit(_("encrypted") if one.ciphered else _("plain"), 11)
    style = "warning" if one.state == BAD else ""
    return Row(one.path, cells, inside(one, today, zone), style=style)


def inside(one: Seen, today: date, zone: ZoneInfo | None) -> str:
    """What is in a copy, and how it was checked (each is when it is made)."""
    if one.state == LOCKED:
        return _("another passphrase: it is asked when it is put back")
    if one.state == BAD:
        return _("NOT GOOD: {reason}").format(reason=one.reason)
    n = one.patients or 0
    said = ngettext("{n} patient", "{n} patients", n).format(n=n)
    said += ", " + _("newest {moment}").format(moment=moment_text(one.newest_ms, today, zone))
    return (_("checked now, sound") if one.state == SOUND else _("checked")) + f": {said}"
