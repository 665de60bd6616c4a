"""The copies: which there are, here and elsewhere; making, checking and putting one back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.timer import Timer

from hikma_tui.clinic import copies
from hikma_tui.clinic.copies import Kept
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.backups_asking import OWN, PLAIN, SAME, folder_of, protection
from hikma_tui.screens.backups_door import SOUND, Looked, Seen, backups
from hikma_tui.screens.backups_words import inside, lines_of
from hikma_tui.screens.row_screen import RowScreen
from hikma_tui.screens.session import moment_text, session
from hikma_tui.widgets.dialogs import Ask, Choice, Choose
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import RowList

_HERE, _FORGET = "here", "forget"


class BackupsScreen(RowScreen):
    """A list of copies; Enter checks one or puts it back."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("backups.copy", "1", N_("copy now"), N_("Make a copy now, here or elsewhere")),
        Action("backups.place", "2", N_("second place"),
               N_("Where a copy goes every day: a stick, a drive; or nowhere")),
        Action("backups.protect", "3", N_("passphrase"), N_("The passphrase of copies elsewhere")),
        Action("backups.remove", "4", N_("delete plain"),
               N_("Delete the copies elsewhere that everybody can read"), show=False),
        Action("backups.open", "enter", N_("check, put back")),
        Action("backups.stop", "f8", N_("stop"), N_("Give up the copy that is being made")),
        Action("backups.leave", "escape", N_("back")),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._kept: Kept | None = None
        self._looked: Looked | None = None
        self._checked: dict[str, Seen] = {}
        self._ticking: Timer | None = None

    def on_mount(self) -> None:
        """Read what there is."""
        self.query_one("#what", Headline).show(_("Copies"))
        self.read_anew()

    async def fetch(self) -> None:
        """What is remembered, and what lies here and elsewhere."""
        kept = await self.clinic.reading(copies.kept, self.actor)
        looked = await backups(self).look(kept)
        # What was checked on this screen, and is still the same file, stays so.
        seen = tuple(
            one if (known := self._checked.get(one.path)) is None or known.size != one.size
            else known for one in looked.seen
        )  # fmt: skip
        self._kept, self._looked = kept, replace(looked, seen=seen)

    def paint(self) -> None:
        """A row each, and how far the one is that is being made."""
        if self._kept is None or self._looked is None:
            return
        zone = session(self).facts.zone
        self.show_rows(_("Copies"), lines_of(self._kept, self._looked, self.clinic.today, zone))
        self._show_progress()

    def sync_told(self, ended: bool) -> None:
        """No sync changes what is listed here."""

    def why_not(self, action_id: str) -> str:
        """What can't be done now."""
        if action_id == "backups.stop" and not backups(self).running:
            return _("No copy is being made.")
        if action_id == "backups.remove" and not (self._looked and self._looked.plain):
            return _("There are no such copies.")
        return ""

    def _do(self, act: Callable[..., Any], *arguments: Any) -> None:
        if self._kept is not None:
            self.run_worker(self._doing(act, *arguments), group="copies", exclusive=False)

    async def _doing(self, act: Callable[..., Any], *arguments: Any) -> None:
        try:
            await act(*arguments)
        except Refused as error:
            self.say(str(error), loud=True)
        if not self.left:
            await self.reread()
            session(self).sync_told(True)  # the line of state

    # A copy --------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """1."""
        self._do(self._copy)

    def action_place(self) -> None:
        """2."""
        self._do(self._place)

    def action_protect(self) -> None:
        """3."""
        self._do(protection, self)

    async def _copy(self) -> None:
        kept, looked = self._kept, self._looked
        if kept is None or looked is None or backups(self).running:
            return
        first = [Choice(kept.folder, kept.folder)] if looked.there else []
        chosen = await folder_of(self, _("A copy: where to?"), first, [
            Choice(_HERE, _("on this computer only"))])  # fmt: skip
        if chosen == _HERE:
            await self._make("")
        elif chosen:
            await self._out(chosen, keep=chosen == kept.folder)

    async def _place(self) -> None:
        kept = self._kept
        if kept is None or backups(self).running:
            return
        last = [Choice(_FORGET, _("nowhere: forget {path}").format(path=kept.folder))]
        chosen = await folder_of(
            self, _("Where shall a copy go every day?"), [], last if kept.folder else []
        )
        if chosen == _FORGET:
            await self.clinic.writing(copies.forget_place, self.actor)
            self.say(_("Copies are kept beside the records only, from now on."))
        elif chosen:
            await self._out(chosen, keep=True)

    async def _out(self, folder: str, *, keep: bool) -> None:
        kept = self._kept
        how = kept.how if kept is not None else ""
        if how not in (OWN, SAME, PLAIN) or (how == SAME and not backups(self).ciphered()):
            how = await protection(self)
        if how:
            await self._make(folder, keep=keep, unciphered=how == PLAIN)

    async def _make(self, folder: str, *, keep: bool = False, unciphered: bool = False) -> None:
        made = asyncio.create_task(
            backups(self).copy(folder, keep=keep, unciphered=unciphered)
        )  # begun, before the line of keys says what can be stopped
        await asyncio.sleep(0)
        self._show_progress()
        try:
            self.say(await made)
        finally:
            self._stop_ticking()

    def _show_progress(self) -> None:
        """Each second how far it is, also of a copy that was begun before this screen."""
        if self._ticking is None and backups(self).running:
            self._ticking = self.set_interval(1, self._tick)
            self._tick()
            self.refresh_keys()

    def _stop_ticking(self) -> None:
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        self.refresh_keys()

    def _tick(self) -> None:
        door = backups(self)
        if not door.running:  # begun before this screen: its end was said by the app
            self._stop_ticking()
            self.read_anew()
            return
        done, total = door.progress
        if door.cancelled:
            said = _("Stopping...")
        elif total:
            said = _("Copying: {done} of {total} MB, then it is read again. F8 stops it.").format(
                done=done // 1_000_000, total=max(1, total // 1_000_000))  # fmt: skip
        else:
            minutes, seconds = divmod(door.seconds, 60)
            said = _("Making the copy: {time}. F8 stops it.").format(
                time=f"{minutes}:{seconds:02}")  # fmt: skip
        self.say(said)

    def action_stop(self) -> None:
        """F8."""
        backups(self).cancel()
        self.say(_("Stopping..."))

    def action_remove(self) -> None:
        """4."""
        self._do(self._remove)

    async def _remove(self) -> None:
        more = _("A stick may keep old blocks of them: to be sure, take another stick.")
        question = _("Delete the copies there that are not encrypted?")
        sure = await self.app.push_screen_wait(Ask(question, more, careful=True))
        if (kept := self._kept) is not None and sure:
            n = await backups(self).remove_plain(kept)
            self.say(ngettext("{n} copy was deleted.", "{n} copies were deleted.", n).format(n=n))

    # One of them ---------------------------------------------------------------------------

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """Ask what to do with the marked copy."""
        event.stop()
        found = next((one for one in self._looked.seen if one.path == event.key), None) if (
            self._looked) else None  # fmt: skip
        if found is not None:
            self._do(self._one, found)

    async def _one(self, one: Seen) -> None:
        zone, today = session(self).facts.zone, self.clinic.today
        choices = [Choice("check", _("check all of it")), Choice("restore", _("put it back"))]
        title = _("The copy of {moment}").format(moment=moment_text(one.made_ms, today, zone))
        more = f"{inside(one, today, zone)}\n{one.path}"
        chosen = await self.app.push_screen_wait(Choose(title, choices, more))
        if chosen == "check" and self._kept is not None:
            self.say(_("Checking..."))
            seen = await backups(self).check(self._kept, one)
            self._checked[one.path] = seen
            self.say(inside(seen, today, zone), loud=seen.state != SOUND)
        elif chosen == "restore":
            more = _("What was written since this copy is lost from the records; it is kept as a"
                     " copy. The screens end now, and the terminal says exactly what would be lost"
                     " and asks again.")  # fmt: skip
            if await self.app.push_screen_wait(Ask(_("Put it back?"), more, careful=True)):
                backups(self).restore(one.path)
