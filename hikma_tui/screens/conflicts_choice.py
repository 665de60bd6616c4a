"""One record that was changed in two places, field by field: keep here, take the server's, both."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize, ScreenResume

from hikma_tui.clinic import conflicts, conflicts_sides, server, server_words
from hikma_tui.clinic.conflicts import FieldPair, OpenConflict
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import conflicts_words as words
from hikma_tui.screens import sync_words
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.conflicts_kept import KeptChoices
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.session import not_saved, session
from hikma_tui.screens.who import Who
from hikma_tui.text import cut
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Info, Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class ChoiceScreen(ClinicScreen[str | None]):
    """Gives what to say about the choice, or None when it was left for later."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("choice.ours", "1", N_("keep here"), N_("For the marked field: what stands here")),
        Action("choice.theirs", "2", N_("take server's"),
               N_("For the marked field: what the server has")),
        Action("choice.both", "3", N_("both"),
               N_("For a free text: both, one after the other")),
        Action("choice.save", "f10", N_("save"), N_("Save the choices"),
               more_keys=("ctrl+s",)),
        Action("choice.anew", "f8", N_("choose anew"), N_("Forget what you chose here"),
               show=False),
        Action("choice.leave", "escape", N_("later"), N_("Back; what you chose is kept")),
    )  # fmt: skip

    def __init__(self, one: OpenConflict) -> None:
        super().__init__()
        self._one = one
        self._pairs: tuple[FieldPair, ...] = ()
        self._choices: dict[str, str] = {}
        self._erases = 0
        self._kept: KeptChoices | None = None
        self._read_once = self._busy = False

    def compose(self) -> ComposeResult:
        """Who, which record, the fields, message, keys."""
        yield Who()
        yield Headline(id="what")
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again."""
        self.run_worker(self._read(), group="read", exclusive=True)

    def on_resize(self, _event: Resize) -> None:
        """Lines are broken anew."""
        self._paint()

    def typed_name(self, character: str) -> bool:
        """A letter goes to the search."""
        session(self).to_search(character)
        return True

    async def _read(self) -> None:
        try:
            found = await self.clinic.reading(conflicts.fields, self.actor, self._one.pk)
            table, row_id = self._one.table, self._one.row_id
            self._erases = await self.clinic.reading(server.erased_with, table, row_id)
        except Refused as error:
            self.app.notify(str(error))
            self.dismiss(None)
            return
        self._pairs = tuple(found)
        first, self._read_once = not self._read_once, True
        if first:
            await self._take_draft()
        self._paint()
        rest = [pair.key for pair in self._open if pair.key not in self._choices]
        if first and self._choices and rest:
            self.query_one(RowList).highlight(rest[0])

    async def _take_draft(self) -> None:
        one, pairs = self._one, self._open
        self._kept, self._choices = await KeptChoices.begin(self, one.pk, one.patient_id, pairs)
        if self._choices:
            self.say(_("What you had chosen is back. Nothing is saved yet."))

    def on_unmount(self) -> None:
        """Gone, perhaps with the whole program: send what is not in the store yet."""
        if self._kept is not None:
            self._kept.close(empty=not self._choices)

    def sync_told(self, ended: bool) -> None:
        """The server may have another value by now, or the question may be gone."""
        if ended:
            self._choices.clear()
            self._read_once = False  # what was chosen between the same two values is taken up
            self.run_worker(self._read(), group="read", exclusive=True)

    @property
    def _open(self) -> list[FieldPair]:
        return [pair for pair in self._pairs if not pair.same]

    def _paint(self) -> None:
        if self.left or not self._read_once:
            return
        app, one = session(self), self._one
        if one.patient is not None:
            self.query_one(Who).show_patient(one.patient, app.today)
        heading = f"{one.label}: {words.kind_text(one.kind)}"
        self.query_one("#what", Headline).show(heading)
        self.query_one(RowList).show(self._lines(), keep=True)
        self.refresh_keys()

    def _lines(self) -> list[Line]:
        app, width = session(self), self.size.width
        clock = sync_words.clock_of(app.today, app.facts.zone)
        lines: list[Line] = []
        said = [*words.sides(self._one, clock), words.kind_means(self._one.kind)]
        if self._erases:
            said.append(server_words.erases())
        for text in said:
            lines += [Info(row) for row in sync_words.wrapped(text, width - 4) if row]
        return [*lines, Info(""), *words.field_lines(self._pairs, self._choices, width)]

    # Choosing ------------------------------------------------------------------------------

    @property
    def _marked(self) -> FieldPair | None:
        key = self.query_one(RowList).highlighted_key
        return next((pair for pair in self._pairs if pair.key == key), None)

    def why_not(self, action_id: str) -> str:
        """What can't be chosen, and why."""
        name = action_id.rpartition(".")[2]
        if not self._read_once or name in ("leave", "anew"):
            return ""
        marked = self._marked
        if name == "save":
            n = sum(pair.key not in self._choices for pair in self._open)
            said = ngettext(
                "{n} field is still to be chosen.", "{n} fields are still to be chosen.", n
            )
            return said.format(n=n) if n else ""
        if marked is None:
            return _("There is no field to choose.")
        if name == "both" and not marked.both:
            return _("Both can be kept of a free text only.")
        return ""

    def _choose(self, side: str) -> None:
        marked = self._marked
        if marked is None:
            return
        self._choices[marked.key] = side
        if self._kept is not None:
            self._kept.keep(self._pairs, self._choices)
        self._paint()
        rest = [pair.key for pair in self._open if pair.key not in self._choices]
        if rest:
            after = [p.key for p in self._open]
            at = after.index(marked.key)
            self.query_one(RowList).highlight(
                next((key for key in after[at:] if key in rest), rest[0])
            )
            self.refresh_keys()
            n = len(rest)
            self.say(ngettext("{n} left to choose.", "{n} left to choose.", n).format(n=n))
        else:
            self.say(_("All is chosen: F10 saves it."))

    def action_ours(self) -> None:
        """1."""
        self._choose(words.OURS)

    def action_theirs(self) -> None:
        """2."""
        self._choose(words.THEIRS)

    def action_both(self) -> None:
        """3."""
        self._choose(words.BOTH)

    def action_anew(self) -> None:
        """F8: nothing is chosen."""
        self._choices.clear()
        self._paint()

    def action_save(self) -> None:
        """F10."""
        self.run_worker(self._save(), group="save", exclusive=True)

    async def _save(self) -> None:
        if self._busy:
            return
        careful = [pair for pair in self._open if pair.careful]
        if careful and not await self._sure(careful):
            return
        self._busy = True
        try:
            code = await self._resolve()
        except Refused as error:
            self.say(not_saved(error), loud=True)
            return
        finally:
            self._busy = False
        # Who it is must have room behind what it is.
        what, card = cut(self._one.label, 20), self._one.patient
        outcome = words.outcome_text(code)
        if outcome:  # what one expects of a choice needs no words: the line has room for who it is
            what = f"{what}; {outcome}"
        said = _("Saved: {what}.").format(what=what)
        self.dismiss(said if card is None else saved_line(card, self.clinic.today, what))

    async def _resolve(self) -> str:
        choices = dict(self._choices)
        resolving = partial(conflicts.resolve, self.actor, self._one.pk, choices)
        if self._kept is None:
            return await self.clinic.writing(resolving)
        return await self._kept.saving(resolving, self._pairs, self._choices)

    async def _sure(self, careful: list[FieldPair]) -> bool:
        """A dose or a date is asked about once more (decisions.md 24)."""
        listed = "\n".join(words.chosen_text(pair, self._choices[pair.key]) for pair in careful)
        said = _("A dose or a date is among them. Is this right?")
        if any(pair.key == conflicts_sides.WHOLE for pair in careful):
            means = words.choice_means(self._one.kind, self._choices[conflicts_sides.WHOLE])
            said, listed = _("This is about the whole record. Is this right?"), means or listed
        sure: bool = await self.app.push_screen_wait(Ask(said, listed, careful=True))
        return sure

    def action_leave(self) -> None:
        """Esc: later."""
        self.dismiss(None)
