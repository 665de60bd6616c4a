"""The line of a visit's screen: what is typed, what was understood of it, its draft.

Choosing is ``visit_entry_quick``, saving ``visit_entry_saving``. The field has the focus as long as
the screen is shown. While the line is empty, digits and arrows belong to the list of forms; once
something is typed the list shows what was understood of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any

from textual import on
from textual.events import Key
from textual.widgets import Input

from hikma_tui import quick, vitals
from hikma_tui.clinic import drafts
from hikma_tui.clinic.diseases import Disease
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.medicines import CurrentMedicine
from hikma_tui.clinic.problems import Problem
from hikma_tui.i18n import _
from hikma_tui.screens import drafting, quick_panel
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.event_place import BegunLine
from hikma_tui.screens.kept_words import words_of
from hikma_tui.screens.quick_panel import QuickInput
from hikma_tui.screens.session import PatientSideScreen
from hikma_tui.screens.visit_entry_known import look_up
from hikma_tui.widgets.dialogs import paste_cut_text
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.row_list import Info, Line, RowList


class QuickLine(PatientSideScreen):
    """A screen with the one-line entry."""

    def __init__(self, patient_id: str) -> None:
        super().__init__()
        self._patient_id = patient_id
        self._birth = ""
        self._line = quick.Line("", ())
        self._choosing: int | None = None
        self._pointing = False
        self._fill_when_found = False
        self._found: dict[str, tuple[Disease, ...]] = {}
        self._listed: tuple[Problem, ...] = ()
        self._given: tuple[CurrentMedicine, ...] | None = None  # the last set, once it was read
        self._partly: set[str] = set()  # looked for while the list was being prepared
        self._keeper: DraftKeeper | None = None
        self._kept = False  # whether a draft of this line may be in the store
        self._reasons: dict[str, str] = {}  # of the draft: why a medicine is given all the same
        self._saving = False
        self._ahead = ""

    # What the screen of the visit gives ----------------------------------------------------

    @property
    def _day(self) -> date:
        raise NotImplementedError

    def _form_rows(self) -> list[Line]:
        """The rows of the list while the line is empty."""
        raise NotImplementedError

    def _form_names(self) -> list[str]:
        raise NotImplementedError

    def _open_number(self, number: int) -> None:
        """Open the form of that digit."""
        raise NotImplementedError

    def take_key(self, event: Key) -> bool:
        """Whether a key is not text of the line."""
        raise NotImplementedError

    def _fill_line(self) -> None:
        """To the first thing to choose."""
        raise NotImplementedError

    # The draft -----------------------------------------------------------------------------

    def _begin_draft(self, place: str) -> BegunLine | None:
        """On the reader's thread: the draft at ``place``, unless the screen is there already."""
        if self._keeper and drafts.plain_place(self._keeper.mine.place) == place:
            return None
        hold, content = drafts.begin(self.actor, place, drafting.new_token(), drafting.is_alive)
        return BegunLine(hold, str(content.get("line") or ""), words_of(content))

    async def _take_draft(self, begun: BegunLine) -> None:
        """Go on at another place: the line goes along, unless one waits there."""
        old, typed = self._keeper, self.query_one(QuickInput).value
        if old is not None:
            try:
                if begun.line and typed.strip():
                    await old.flush(self._content(typed))
                    typed = ""
                else:
                    await old.discard()
            except Refused as refusal:
                self.say(str(refusal), loud=True)
            old.close()
        self._keeper = DraftKeeper(self, begun.hold, self._patient_id)
        self._kept, self._reasons = bool(begun.line), begun.reasons
        text = " ".join(piece for piece in (begun.line, typed.strip()) if piece)
        if begun.line:
            self.say(_("What you had typed is back. F8 forgets it."))
        if text != typed:
            self._write(text)
        elif text:
            self._read_again(text)
            self._keep()

    def _keep(self) -> None:
        keeper = self._keeper
        if keeper is None or self._saving:
            return
        if self._line.text.strip():
            self._kept = True
            keeper.keep(self._content(self._line.text))
        elif self._kept:
            self._new_draft(drafts.plain_place(keeper.mine.place))
            self.app.run_worker(self._discard(keeper), group="drafts")

    def _content(self, line: str) -> dict[str, Any]:
        return {"line": line, "reasons": self._reasons}

    async def _discard(self, keeper: DraftKeeper) -> None:
        try:
            await keeper.discard()
        except Refused as refusal:
            self.say(str(refusal))

    def _new_draft(self, place: str) -> None:
        """The draft is over (saved, or forgotten): the next one begins at the same place."""
        self._kept, self._reasons = False, {}
        if self._keeper is not None:
            self._keeper.close()
        self._keeper = DraftKeeper(self, Hold(place, drafting.new_token()), self._patient_id)

    def on_unmount(self) -> None:
        """Gone, perhaps with the whole program: send what is not in the store yet."""
        if self._keeper is not None:
            self._keeper.close()

    # Typing --------------------------------------------------------------------------------

    @on(Input.Changed, "#quick")
    def typed(self, event: Input.Changed) -> None:
        """Each key: what is understood now."""
        event.stop()
        if event.value == self._line.text:
            return
        self._choosing, self._pointing, self._fill_when_found = None, False, False
        self.say("")
        self._ask_anew()
        self._read_again(event.value)
        self._keep()

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut of a paste."""
        self.say(paste_cut_text(event), loud=True)

    def _ask_anew(self) -> None:
        """What was looked for in a list that was not whole yet is looked for again."""
        for text in self._partly:
            self._found.pop(text, None)
        self._partly.clear()

    def _write(self, text: str) -> None:
        """Put another text into the field, and read it."""
        self._read_again(text)
        field = self.query_one(QuickInput)
        field.value = text
        field.cursor_position = len(text)
        self._keep()

    def _read_again(self, text: str) -> None:
        line = quick.read(text, vitals.age_days(self._birth, self._day))
        self._line = self._told(line)
        if self._asked:
            look: Callable[[], Awaitable[None]] = partial(self._look_up, self._asked)
            self.run_worker(look, group="diseases", exclusive=True)
        self._paint()

    def _told(self, line: quick.Line) -> quick.Line:
        """The line with what is known of it by now."""
        line = quick.with_problems(quick.with_diseases(line, self._found), self._listed)
        if self._given is None:
            return line
        return quick.with_repeated(line, self._given, self.clinic.today)

    @property
    def _asked(self) -> list[str]:
        """What the store has not been asked for yet (``quick.asked_of``)."""
        keys = [quick.asked_of(part) for part in self._line.parts]
        given = {quick.REPEAT_KEY} if self._given is not None else set()
        return [key for key in keys if key and key not in self._found and key not in given]

    @property
    def _incomplete(self) -> bool:
        """Whether a diagnosis of the line was looked for among the common ones only."""
        return any(quick.asked_of(part) in self._partly for part in self._line.parts)

    async def _look_up(self, texts: list[str]) -> None:
        day = self._day
        try:
            known = await self.clinic.reading(look_up, self.actor, self._patient_id, day, texts)
        except Refused as refusal:
            self.say(str(refusal))
            return
        self._found |= known.diseases
        if known.given is not None and day == self._day:
            self._given = known.given
        if not known.whole:
            self._partly |= {text for text in texts if not text.startswith("\0")}
        self._line = self._told(quick.read(self._line.text, vitals.age_days(self._birth, day)))
        self._paint()
        if self._fill_when_found and not self._asked:
            self._fill_line()

    def _paint(self) -> None:
        rows = self.query_one(RowList)
        if not self._line.parts:
            rows.show(self._form_rows(), keep=True)
        else:
            shown = quick_panel.part_lines(
                self._line, self.size.width, pointing=self._pointing, choosing=self._choosing
            )
            if self._incomplete:
                text = _("The list of diseases is being prepared: only common ones are found yet.")
                shown.append(Info(text))
            rows.show([*shown, *quick_panel.below(self._form_names())], keep=True)
        self.refresh_keys()

    def on_resize(self) -> None:
        """Columns follow the width."""
        self._paint()
