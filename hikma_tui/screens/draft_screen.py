"""A form being filled: opening it, keeping its draft, leaving it. Saving is ``form_screen``.

Esc goes back and never loses a word (screens.md, Manners), also not one that is half typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.widgets import Static

from hikma_tui import forms
from hikma_tui.clinic import merging
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.i18n import _, language
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.draft_words import draft_text
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.suggesting import prepare
from hikma_tui.screens.who import Who
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.entry_picker import Suggestions
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.title import KeyLine, MessageLine

T = TypeVar("T")


REASONS, PART = "reasons", "part"
BESIDE = (REASONS, PART)
_AHEAD = frozenset({"enter", "tab", "shift+tab", "backspace"})


class DraftScreen(ClinicScreen[T], Generic[T]):
    """A form being filled. A subclass reads it (``_begin``)."""

    def __init__(self) -> None:
        super().__init__()
        self._form = forms.Form("", {}, ())
        self._card: PatientCard | None = None
        self._start: forms.Answers = {}  # what the form showed before anything was typed
        self._first: forms.Answers = {}  # what the record held when it was read, for the merge
        self._clinics: Mapping[str, str] | None = None
        self._keeper: DraftKeeper | None = None
        self._beside: dict[str, Any] = {}  # of the draft: what is typed in dialogs over the form
        self._saving = False
        self._pointed_at = ""  # the field that the message on the screen is about
        self._ahead: list[Key] = []

    def compose(self) -> ComposeResult:
        """Who, which form, and the form when it has been read."""
        yield Who()
        yield Headline(id="what")
        yield Vertical(id="form")
        yield MessageLine()
        yield KeyLine()

    # -- opening

    def on_mount(self) -> None:
        """Read, then show."""
        super().on_mount()
        self.run_worker(self._open(), group="open")

    async def _open(self) -> None:
        try:
            await self._begin()
        except Refused as refusal:
            self.app.notify(str(refusal))
            self.dismiss(self._nothing())

    async def _begin(self) -> None:
        """Read the form and all that stands in it, and ``_show_form``. Raises Refused."""
        raise NotImplementedError

    def _nothing(self) -> T | None:
        """What the screen gives when it is left without a save."""
        return None

    async def _show_with_draft(
        self, stored: forms.Answers, draft: Mapping[str, Any], begun: forms.Answers | None = None
    ) -> None:
        """Show ``stored`` with what a draft changed of it; ``begun`` is what no draft begins with.

        The draft goes on from what it was begun on: what others changed meanwhile is shown as it is
        now, and a change of the same answer is found when it is saved.
        """
        self._first, answers = stored, {**stored, **(begun or {})}
        self._start = dict(answers)
        if draft:
            self._beside = {name: draft[name] for name in BESIDE if name in draft}
            typed, first = draft.get("answers", {}), draft.get("first", stored)
            mine = [f for f in merging.changed(self._form, first, typed) if f in typed]
            answers = merging.taken(self._form, mine, typed, stored)
            self._first = merging.taken(self._form, mine, first, stored)
            self._start = stored
            self.say(_("What you had typed is back. F8 forgets it."))
        await self._show_form(answers, stored, draft.get("unparsed", {}))

    async def _show_form(
        self, answers: forms.Answers, stored: forms.Answers, unparsed: Mapping[str, str]
    ) -> None:
        """Put the editor on the screen, then what was typed while it was being read."""
        await self.query(FormEditor).remove()
        editor = FormEditor(
            self._form, answers, language=language(), today=self.clinic.today,
            clinics=self._clinics, unparsed=unparsed, stored=stored,
            suggest=self._suggest(),
        )  # fmt: skip
        await self.query_one("#form").mount(editor)
        editor.focus()
        self._show_heads()
        self._replay()
        self.call_after_refresh(lambda: self.run_worker(prepare(self, self._form), group="list"))

    def _suggest(self) -> Suggestions | None:
        """Where suggestions for diagnoses and medicines come from, if from anywhere."""
        return None

    async def _show_as_text(self, draft: Mapping[str, Any], why: str) -> None:
        """Of a form that can't be filled any more: what was typed, to be read; and ``why``."""
        lines = Static(draft_text(self._form, draft, self.clinic.today), markup=False)
        room = VerticalScroll(lines)
        await self.query_one("#form").mount(room)
        room.focus()
        self._show_heads()
        self.say(why, loud=True)

    def _replay(self) -> None:
        ahead, self._ahead = self._ahead, []
        for key in ahead:
            if self.focused is not None:
                self.focused.post_message(Key(key.key, key.character))

    def on_key(self, event: Key) -> None:
        """What is typed before the form is there, or during a save, waits for it (and says so)."""
        if (self._editor is None or self._saving) and (event.is_printable or event.key in _AHEAD):
            self._ahead.append(event)
            event.stop()
            if self._saving:
                self.say(_("Saving ..."))

    @property
    def _editor(self) -> FormEditor | None:
        return next(iter(self.query(FormEditor)), None)

    def _show_heads(self) -> None:
        if self._card is not None:
            self.query_one(Who).show_patient(self._card, self.clinic.today)

    # -- typing

    @on(FormEditor.Changed)
    def typed(self, event: FormEditor.Changed) -> None:
        """A keystroke: keep the draft; what was wrong with this field is being mended."""
        if event.field_id == self._pointed_at:
            self._pointed_at = ""
            self.say("")
        self.keep_typed()

    def keep_typed(self) -> None:
        """Keep the draft as it stands now."""
        editor = self._editor
        if editor is not None and self._keeper is not None and not self._saving:
            self._keeper.keep(self._content(editor))

    def keep_beside(self, name: str, value: Any) -> None:
        """Keep what is typed in a dialog over the form; ``name`` is one of ``BESIDE``."""
        if not value and not self._beside.get(name):
            return
        self._beside = {**self._beside, name: value}
        if (editor := self._editor) is not None and self._keeper is not None:
            self._keeper.keep(self._content(editor))

    def _content(self, editor: FormEditor) -> dict[str, Any]:
        typed = {"answers": editor.answers, "unparsed": editor.unparsed, "first": self._first}
        return {**typed, **self._beside}

    @on(FormEditor.AtEnd)
    def at_end(self) -> None:
        """Enter on the last field fills, F10 saves (decisions.md 13)."""
        self.say(_("That was the last field. F10 saves."))

    # -- leaving

    def action_leave(self) -> None:
        """Esc: go back. What was typed is a draft; an untouched form leaves none."""
        if self._saving:
            self.say(_("Just a moment."))
        else:
            self.run_worker(self._leave(), group="leave", exclusive=True)

    async def _leave(self) -> None:
        editor, keeper = self._editor, self._keeper
        if editor is not None and keeper is not None:
            trouble = await self._keep_or_forget(editor, keeper)
            if trouble and not await self.app.push_screen_wait(
                Ask(_("Leave, and lose what you typed?"), trouble, careful=True)
            ):
                return
            keeper.hold()
        self.dismiss(self._nothing())

    async def _keep_or_forget(self, editor: FormEditor, keeper: DraftKeeper) -> str:
        if editor.unparsed or merging.changed(self._form, self._start, editor.answers):
            return await keeper.flush(self._content(editor))
        try:
            await keeper.discard()
        except Refused as refusal:
            return str(refusal)
        return ""

    def action_drop(self) -> None:
        """F8: forget the draft, after asking."""
        if not self._saving:
            self.run_worker(self._drop(), group="leave", exclusive=True)

    async def _drop(self) -> None:
        asked = Ask(
            _("Forget what you typed here?"), _("Nothing that was saved changes."), careful=True
        )
        if self._keeper is None or not await self.app.push_screen_wait(asked):
            return
        try:
            await self._keeper.discard()
        except Refused as refusal:
            self.say(str(refusal), loud=True)
            return
        self.dismiss(self._nothing())

    def on_unmount(self) -> None:
        """Gone, perhaps with the whole program: send what is not in the store yet."""
        if self._keeper is not None:
            self._keeper.close()
