"""The line of a visit's screen: what is typed, what was understood of it, its draft.

Choosing is ``visit_entry_quick``, saving ``visit_entry_saving``.

The field has the focus as long as the screen is shown. While the line is empty, digits and arrows
belong to the list of forms; once something is typed the list shows what was understood of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from textual import on
from textual.events import Key
from textual.widgets import Input

from hikma_tui import quick, vitals
from hikma_tui.clinic import diseases, drafts
from hikma_tui.clinic.diseases import Disease
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.quick import Kind
from hikma_tui.screens import drafting, quick_panel
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.quick_panel import QuickInput
from hikma_tui.screens.session import PatientSideScreen
from hikma_tui.widgets.dialogs import paste_cut_text
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.row_list import Line, RowList

MOST_DISEASES = 8
"""Offered for a diagnosis: with "as free text" they are nine, which a digit can choose."""


@dataclass(frozen=True)
class Begun:
    """The draft of the line that the screen goes on with."""

    hold: Hold
    line: str


def place_of(patient_id: str, day: date, which: str) -> str:
    """Where the draft of a line is kept; ``which`` as in ``event_place``."""
    return f"quick:{patient_id}:{day.isoformat()}:{which}"


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
        self._partly: set[str] = set()  # looked for while the list was being prepared
        self._keeper: DraftKeeper | None = None
        self._kept = False  # whether a draft of this line may be in the store
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

    def _begin_draft(self, place: str) -> Begun | None:
        """On the reader's thread: the draft at ``place``, unless the screen is there already."""
        if self._keeper and drafts.plain_place(self._keeper.mine.place) == place:
            return None
        hold, content = drafts.begin(self.actor, place, drafting.new_token(), drafting.is_alive)
        return Begun(hold, str(content.get("line") or ""))

    async def _take_draft(self, begun: Begun) -> None:
        """Go on at another place: the line goes along, unless one waits there."""
        old, typed = self._keeper, self.query_one(QuickInput).value
        if old is not None:
            try:
                if begun.line and typed.strip():
                    await old.flush({"line": typed})
                    typed = ""
                else:
                    await old.discard()
            except Refused as refusal:
                self.say(str(refusal), loud=True)
            old.close()
        self._keeper = DraftKeeper(self, begun.hold, self._patient_id)
        self._kept = bool(begun.line)
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
            keeper.keep({"line": self._line.text})
        elif self._kept:
            self._new_draft(drafts.plain_place(keeper.mine.place))
            self.app.run_worker(self._discard(keeper), group="drafts")

    async def _discard(self, keeper: DraftKeeper) -> None:
        try:
            await keeper.discard()
        except Refused as refusal:
            self.say(str(refusal))

    def _new_draft(self, place: str) -> None:
        """The draft is over (saved, or forgotten): the next one begins at the same place."""
        self._kept = False
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
        for text in self._partly:
            self._found.pop(text, None)
        self._partly.clear()
        self._read_again(event.value)
        self._keep()

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut of a paste."""
        self.say(paste_cut_text(event), loud=True)

    def _write(self, text: str) -> None:
        """Put another text into the field, and read it."""
        self._read_again(text)
        field = self.query_one(QuickInput)
        field.value = text
        field.cursor_position = len(text)
        self._keep()

    def _read_again(self, text: str) -> None:
        line = quick.read(text, vitals.age_days(self._birth, self._day))
        self._line = quick.with_diseases(line, self._found)
        if self._asked:
            self.run_worker(self._look_up(self._asked), group="diseases", exclusive=True)
        self._paint()

    @property
    def _asked(self) -> list[str]:
        """The texts of diagnoses that the list of diseases has not been asked for yet."""
        texts = [part.values.get("text", "") for part in self._line.of(Kind.DIAGNOSIS)]
        return [text for text in texts if text and text not in self._found]

    async def _look_up(self, texts: list[str]) -> None:
        def find() -> tuple[dict[str, tuple[Disease, ...]], bool]:
            whole = diseases.ready()  # asked before: what comes in between is asked again
            return {text: tuple(diseases.find(text, MOST_DISEASES)) for text in texts}, whole

        try:
            found, whole = await self.clinic.reading(find)
        except Refused as refusal:
            self.say(str(refusal))
            return
        self._found |= found
        if not whole:
            self._partly |= found.keys()
            self.say(_("The list of diseases is being prepared: only common ones are found yet."))
        self._line = quick.with_diseases(self._line, self._found)
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
            rows.show([*shown, *quick_panel.below(self._form_names())], keep=True)
        self.refresh_keys()

    def on_resize(self) -> None:
        """Columns follow the width."""
        self._paint()
