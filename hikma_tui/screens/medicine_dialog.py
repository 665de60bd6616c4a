"""Change one medicine of a form, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from hikma_tui import medicines
from hikma_tui.forms import Field, Item
from hikma_tui.i18n import _, language
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.entry_parts import answers_of, changed, parts_form
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.keys import N_, Action

_ROWS = 15  # nine parts and the choices of one


class MedicineDialog(Dialog[Item | None]):
    """An entry as a little form. Gives the changed entry; None when nothing is to change.

    ``who`` is a line that says whose it is. Nothing is saved here: the entry goes back into the
    form that it came from. ``keep`` is told each key's state, for the draft of that form; ``typed``
    is such a state to go on with.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("medicine.take", "f10", N_("take the change"), more_keys=("ctrl+s",)),
        Action("medicine.leave", "escape", N_("back, nothing changes")),
    )

    def __init__(
        self, who: str, field: Field, item: Item, today: date, *,
        typed: Mapping[str, Any] | None = None,
        keep: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:  # fmt: skip
        question = _("Change: {medicine}").format(medicine=medicines.words(item))
        super().__init__(f"{who}\n{question}")
        self._item = item
        self._before = answers_of(field, item)
        self._today = today
        self._form = parts_form(field)
        self._warned = False
        self._typed, self._keep = typed or {}, keep

    def body(self) -> ComposeResult:
        """The parts."""
        answers, half = ({**found} if isinstance(found := self._typed.get(name), dict) else {}
                         for name in ("answers", "unparsed"))  # fmt: skip
        editor = FormEditor(
            self._form, {**self._before, **answers}, language=language(), today=self._today,
            unparsed=half,
        )  # fmt: skip
        editor.styles.height = _ROWS
        yield editor

    def on_mount(self) -> None:
        """What was typed before is said to be so."""
        super().on_mount()
        if self._typed:
            self.say(_("What you had typed is back."))

    @property
    def _editor(self) -> FormEditor:
        return self.query_one(FormEditor)

    @on(FormEditor.Changed)
    def typed(self, event: FormEditor.Changed) -> None:
        """Show the entry as it reads now."""
        event.stop()
        self._warned = False
        if self._keep is not None:
            self._keep({"answers": dict(event.answers), "unparsed": self._editor.unparsed})
        self.say("= " + medicines.words(changed(self._item, self._before, event.answers)))

    @on(FormEditor.AtEnd)
    def at_end(self, event: FormEditor.AtEnd) -> None:
        """Enter on the last part."""
        event.stop()
        self.say(_("That was the last part. F10 takes the change."))

    @on(FormEditor.AtStart)
    def at_start(self, event: FormEditor.AtStart) -> None:
        """Nothing is above the first part."""
        event.stop()

    def action_take(self) -> None:
        """F10: give the changed entry back, or say what is wrong with it."""
        editor = self._editor
        editor.finish()
        problems = editor.problems()
        if problems:
            editor.go_to(problems[0][0])
            self.say(problems[0][1], loud=True)
            return
        item = changed(self._item, self._before, editor.answers)
        self.dismiss(item if item != self._item else None)

    def action_leave(self) -> None:
        """Esc: what was changed is dropped only when it is said again."""
        editor = self._editor
        touched = editor.unparsed or changed(self._item, self._before, editor.answers) != self._item
        if touched and not self._warned:
            self._warned = True
            self.say(_("F10 takes the change. Esc once more drops it."), loud=True)
            return
        self.dismiss(None)
