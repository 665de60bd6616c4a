"""After an error of the program: one calm screen, then it goes on at the list of patients.

It reads nothing from the records, so it can be shown whatever was wrong with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.text import display, pieces
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.mishap import Mishap
from hikma_tui.widgets.title import KeyLine, MessageLine

_TYPED_AHEAD = 0.7
"""Seconds in which Enter is taken for one that was meant for the screen before."""


class CrashScreen(ClinicScreen[None]):
    """Tells what happened and what it means. Enter goes on.

    ``lead`` is the address of the technical lead ("" when none is set), ``log`` the file that has
    the trace, ``go_on`` what begins the clinic's screens anew.
    """

    IS_LOCK: ClassVar[bool] = True  # it shows nobody, and its keys are heard before a PIN is given

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("crash.go_on", "enter", N_("go on"), N_("To the list of patients"),
               more_keys=("f10",)),
    )  # fmt: skip

    def __init__(self, mishap: Mishap, lead: str, log: Path, go_on: Callable[[], None]) -> None:
        super().__init__()
        self._mishap, self._lead, self._log, self._go_on = mishap, lead, log, go_on
        self._since = time.monotonic()

    def compose(self) -> ComposeResult:
        """Heading, text, keys."""
        yield Headline(id="what")
        yield Static(id="told", markup=False)
        yield MessageLine()
        yield KeyLine()

    def key_actions(self) -> tuple[Action, ...]:
        """Its own alone."""
        return self.ACTIONS

    def on_mount(self) -> None:
        """Show it; the text follows the width."""
        super().on_mount()
        self._since = time.monotonic()
        self.query_one(Headline).show(_("The program met an error of its own"))
        self._tell()

    def on_resize(self) -> None:
        """Another width."""
        self._tell()

    def _tell(self) -> None:
        room = max(20, (self.size.width or 80) - 5)
        lines = [
            f" {'  ' * deep}{display(piece)}"
            for deep, text in self._told()
            for piece in (pieces(text, room) if text else [""])
        ]
        self.query_one("#told", Static).update("\n".join(lines))

    def _told(self) -> Iterator[tuple[int, str]]:
        """What is said: how far in, and the sentence."""
        mishap = self._mishap
        yield 0, ""
        yield 0, _("Code: {code}").format(code=mishap.code)
        yield 0, ""
        yield 0, _("Your records")
        yield 1, _("What was saved is saved. Nothing of it was changed by the error.")
        if mishap.saving:
            yield 1, _("A save was under way: look whether it is there before you do it again.")
        if mishap.lost:
            yield 1, _("What you were typing could NOT be kept: please type it again.")
        elif mishap.forms:
            yield 1, _("What you were typing is kept as a draft: open the same form again.")
        else:
            yield 1, _("What you typed on that screen and did not save is not kept.")
        if mishap.syncing:
            yield 1, _("The sync that ran was stopped. It goes on where it was: F9 starts it.")
        yield 0, ""
        yield 0, _("What to do")
        yield 1, _("Enter goes on with the list of patients.")
        again = _("If it comes again at the same place: write the code down and tell {lead}.")
        yield 1, again.format(lead=self._lead or _("who looks after this computer"))
        yield 0, ""
        yield 0, _("For the technical lead: hikma-tui support --output FILE")
        yield 0, _("The trace, without any patient's data: {path}").format(path=self._log)

    def action_go_on(self) -> None:
        """Enter, unless it was typed ahead on the screen that is gone."""
        if time.monotonic() - self._since < _TYPED_AHEAD:
            self.say(_("Read this first, then press Enter."))
            return
        self._go_on()
