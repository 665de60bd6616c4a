"""Type one medicine in a line: suggestions for its name, an echo in words, what is to be chosen."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from hikma_tui import medicines
from hikma_tui.clinic import drafts
from hikma_tui.clinic import medicines as records
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Refused
from hikma_tui.forms.shape import Item
from hikma_tui.i18n import _
from hikma_tui.screens import drafting
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.kept_words import words_of
from hikma_tui.screens.medicine_rows import echo_of
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Ask, Choice, Choose, Dialog, paste_cut_text
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.row_list import Row, RowList

_SUGGESTED = 6


class MedicineLine(Dialog[Item | None], ClinicScreen[Item | None]):
    """Gives the entry as upstream stores it, or None when it was left. Nothing is saved here.

    ``line`` is what stands in the field at first; ``options`` are names to offer before others.
    ``who`` says for whom (decisions.md 12). A line with a doubt is never given: what is meant is
    chosen first (decisions.md 13). What is typed is a draft at ``place``, also once the entry was
    given: whoever saves the entry forgets the draft with it, by ``hold``.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("line.done", "enter", N_("done"), N_("Take what stands in words"),
               more_keys=("f10",)),
        Action("line.take", "tab", N_("take the marked name")),
        Action("line.leave", "escape", N_("leave, draft kept")),
        Action("line.drop", "f8", N_("drop the draft"), N_("Forget what you typed here"),
               show=False),
    )  # fmt: skip

    def __init__(
        self, question: str, line: str = "", options: tuple[str, ...] = (), *, who: str = "",
        patient_id: str, place: str,
    ) -> None:  # fmt: skip
        super().__init__(question, who)
        self._patient_id, self._place = patient_id, place
        self._keeper: DraftKeeper | None = None
        self._reasons: dict[str, str] = {}  # of the draft: what was typed in the questions after it
        self._first, self._options = line, options
        self._reading_of, self._reading = line, medicines.read(line)

    def body(self) -> ComposeResult:
        """An example, the field, the echo, names."""
        yield Static(display(_("Such as: amlodipine 5mg od 30d")), classes="label", markup=False)
        yield LineInput(self._first, id="line")
        yield Static("", id="echo", markup=False)
        rows = RowList()
        rows.styles.height = _SUGGESTED
        yield rows

    def on_mount(self) -> None:
        """What stands in the field already."""
        field = self.query_one(LineInput)
        field.focus()
        field.cursor_position = len(field.value)
        self._read(field.value)
        self.run_worker(self._begin(), group="draft")

    async def _begin(self) -> None:
        """What was typed here before and not saved comes back."""
        token = drafting.new_token()
        try:
            hold, draft = await self.clinic.reading(
                drafts.begin, self.actor, self._place, token, drafting.is_alive
            )
        except Refused as refusal:
            self.say(str(refusal), loud=True)
            hold, draft = Hold(self._place, token), {}
        before, self._reasons = str(draft.get("line") or ""), words_of(draft)
        typed = self._line != self._first
        if typed:
            hold = Hold(self._place, token)  # the older draft stays beside what is typed now
        self._keeper = DraftKeeper(self, hold, self._patient_id)
        if typed:
            self._keeper.keep(self.content)
        elif before:
            self._put(before)
            self._read(before)
            self.say(_("What you had typed is back. F8 forgets it."))

    @property
    def hold(self) -> Hold:
        """The hold on the draft of what was typed."""
        return self._keeper.mine if self._keeper is not None else Hold(self._place)

    @property
    def content(self) -> dict[str, Any]:
        """What the draft holds: the line as it was last read, the reasons that were typed to it."""
        return {"line": self._reading_of, "reasons": self._reasons}

    def on_unmount(self) -> None:
        """Gone, perhaps with the whole program: send what is not in the store yet."""
        if self._keeper is not None:
            self._keeper.close()

    @on(Input.Changed, "#line")
    def typed(self, event: Input.Changed) -> None:
        """Read the line anew; it is shown in words before anything is taken."""
        event.stop()
        if event.value == self._reading_of:
            return  # set by the program, and told already
        self._read(event.value)
        if self._keeper is not None:
            self._keeper.keep(self.content)

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut."""
        self.say(paste_cut_text(event))

    def _read(self, line: str) -> None:
        self._reading_of, self._reading = line, medicines.read(line)
        self.query_one("#echo", Static).update(display(echo_of(line, self._reading)))
        self.say("")
        self.run_worker(self._suggest(line), group="suggest", exclusive=True)

    @property
    def _line(self) -> str:
        fields = self.query(LineInput)
        return fields.first().value if fields else self._first

    async def _suggest(self, line: str) -> None:
        """Names that begin so, while nothing but a name is typed."""
        item = self._reading.item
        only_name = not any(v for key, v in item.items() if key not in ("id", "name"))
        names: list[str] = []
        if line.strip() and only_name:
            find = records.suggestions
            try:
                names = await self.clinic.reading(find, line, self._options, _SUGGESTED)
            except Refused as refusal:
                self.say(str(refusal), loud=True)
        names = [name for name in names if name.casefold() != line.strip().casefold()]
        if self.is_attached and self._line == line:
            self.query_one(RowList).show([Row(name, "", name) for name in names])

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        self.action_done()

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click on a name."""
        event.stop()
        self._put(f"{event.key} ")

    def action_take(self) -> None:
        """Tab: the marked name goes into the field."""
        key = self.query_one(RowList).highlighted_key
        if key:
            self._put(f"{key} ")

    def _put(self, line: str) -> None:
        field = self.query_one(LineInput)
        field.value = line
        field.cursor_position = len(line)
        field.focus()

    def action_done(self) -> None:
        """Enter: choose what is in doubt, else give the entry."""
        if not self._line.strip():
            self.say(_("Write a medicine first; Esc leaves."))
            return
        self._reading_of, self._reading = self._line, medicines.read(self._line)
        if not self._reading.doubts:
            self.run_worker(self._give(self._reading.item), group="leave", exclusive=True)
            return
        doubt = self._reading.doubts[0]
        if not doubt.choices:
            self.say(doubt.sentence, loud=True)
            return
        line = self._line

        def chosen(key: str | None) -> None:
            if key is not None:
                self._put(medicines.choose(line, doubt, key))

        listed = [Choice(one, one) for one in doubt.choices]
        self.app.push_screen(Choose(doubt.sentence, listed, line), chosen)

    async def _give(self, item: Item) -> None:
        """The draft stays until the entry is saved: a save may fail, or be given up."""
        if self._keeper is not None and await self._keeper.flush(self.content):
            return  # not kept anywhere: it stays in sight, and the keeper has said so
        self.dismiss(item)

    def action_leave(self) -> None:
        """Esc: what was typed is kept; an untouched line leaves no draft."""
        self.run_worker(self._leave(), group="leave", exclusive=True)

    async def _leave(self) -> None:
        trouble, keeper = "", self._keeper
        if keeper is not None and self._line.strip() and self._line != self._first:
            trouble = await keeper.flush(self.content)
        elif keeper is not None:
            trouble = await self._forget(keeper)
        lose = Ask(_("Leave, and lose what you typed?"), trouble, careful=True)
        if trouble and not await self.app.push_screen_wait(lose):
            return
        if keeper is not None and trouble:
            keeper.hold()  # nothing is kept behind the answer
        self.dismiss(None)

    def action_drop(self) -> None:
        """F8: forget the draft, after asking."""
        self.run_worker(self._drop(), group="leave", exclusive=True)

    async def _drop(self) -> None:
        more = _("Nothing that was saved changes.")
        asked = Ask(_("Forget what you typed here?"), more, careful=True)
        if self._keeper is None or not await self.app.push_screen_wait(asked):
            return
        trouble = await self._forget(self._keeper)
        if not trouble:
            self.dismiss(None)
        self.say(trouble, loud=True)

    async def _forget(self, keeper: DraftKeeper) -> str:
        """Drop the draft. Why it could not be, or nothing."""
        try:
            await keeper.discard()
        except Refused as refusal:
            return str(refusal)
        return ""
