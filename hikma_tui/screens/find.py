"""The first screen: typing searches, Enter opens, an empty field shows today's work."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key, Resize, ScreenResume
from textual.widgets import Input

from hikma_tui.i18n import _
from hikma_tui.screens import find_rows, opening
from hikma_tui.screens.asking import NO_FILTERS, Answer, Asker
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.find_early import EarlyKeys
from hikma_tui.screens.session import session
from hikma_tui.screens.sync_door import door
from hikma_tui.search import Filters
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled, LineInput, SearchPrompt
from hikma_tui.widgets.row_list import Info, Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine, StateLine


class FindScreen(ClinicScreen[None]):
    """Find a patient. The field always has the focus."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("find.open", "enter", N_("open"), N_("Open the marked patient")),
        Action("find.register", "f2", N_("register"), N_("Register a new patient")),
        Action("find.filter", "f3", N_("filter"), N_("Narrow the list: sex, age, clinic")),
        Action("find.today", "f4", N_("today"), N_("Today: drafts, open visits, who was seen")),
        Action("find.sync", "f9", N_("sync"), N_("Exchange records with a server")),
        Action("find.needs", "f8", N_("needs you"),
               N_("What the sync could not settle by itself"), False),
        Action("find.clear", "escape", N_("clear"), N_("Clear the text and the filters"), False),
    )  # fmt: skip

    # Enter is a line feed where it was typed before the terminal was ours (``find_early``).
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+j", "do('find.open')", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.asker = Asker(self, self._answered, self._counted)
        self._open_when_found = False
        self._opened = False  # the text has led somewhere: the next letter begins another
        self._taught = False  # "no patient yet" is on the screen
        self._early = EarlyKeys(self, self.begin)

    def compose(self) -> ComposeResult:
        """State, field, list, count, message, keys."""
        yield StateLine()
        yield Labelled(_("Find:"), SearchPrompt(id="query"))
        yield RowList()
        yield MessageLine(id="count")
        yield MessageLine(id="message")
        yield KeyLine()

    def on_mount(self) -> None:
        """Today first."""
        self.query_one(StateLine).show(*session(self).state())
        self.query_one(SearchPrompt).focus()
        self._early.field_is_there()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Something may have been saved or deleted since: ask again, keep the place."""
        self.query_one(StateLine).show(*session(self).state())
        door(self).recount_soon()
        if self._opened:
            self._opened = False
            self.query_one(SearchPrompt).used()
        self.asker.ask_again()
        opening.warn_of_no_pin(self, self.query_one("#message", MessageLine).message)

    def on_screen_suspend(self) -> None:
        """What was said is over once something else has been looked at."""
        self.query_one("#message", MessageLine).clear()

    def on_resize(self, _event: Resize) -> None:
        """Columns follow the width."""
        if self.asker.answer is not None:
            self._paint(self.asker.answer, keep=True)

    def say(self, text: str, *, loud: bool = False) -> None:
        """The message has a line of its own, below the count."""
        self.query_one("#message", MessageLine).say(text, loud=loud)

    # Asking --------------------------------------------------------------------------------

    @on(Input.Changed, "#query")
    def typed(self, event: Input.Changed) -> None:
        """Each change asks; what was asked before is forgotten."""
        if event.value == self.asker.question.text:
            return
        self._open_when_found = self._early.entered(event.value)
        self.query_one("#message", MessageLine).clear()
        self.asker.ask(event.value, self.asker.question.filters)

    def typed_name(self, character: str) -> bool:
        """A letter that no field has taken is the search's."""
        self.begin(self.query_one(SearchPrompt).value + character)
        return True

    def early_key(self, event: Key) -> bool:
        """Whatever is typed while the program still starts is the search's."""
        return self._early.take(event)

    def begin(self, typed: str) -> None:
        """A letter that was typed on another screen begins a new search."""
        self._opened = False
        field = self.query_one(SearchPrompt)
        field.value = typed
        field.cursor_position = len(typed)
        field.focus()

    # Showing -------------------------------------------------------------------------------

    def _answered(self, answer: Answer, again: bool) -> None:
        """The answer to what is asked now has come; ``again`` when it is the same text."""
        self._paint(answer, keep=again)
        if self._open_when_found:
            self._open_only_one(answer)

    def _paint(self, answer: Answer, *, keep: bool) -> None:
        app, question = session(self), answer.question
        width, zone = self.size.width, app.facts.zone
        lines: list[Line]
        if answer.refusal:
            lines = [Info(answer.refusal)]
        elif question.empty:
            lines = find_rows.today_lines(
                answer.today, answer.names, self.actor.user_name, app.today, zone
            )
            self._taught = self.asker.everyone == 0 and not answer.today
            if self._taught:
                lines = find_rows.teaching("F2")
        elif answer.hits:
            lines = find_rows.found_lines(answer.hits, app.today, zone, width)
        else:
            filtered = question.filters != NO_FILTERS
            lines = find_rows.nothing_found(question.text, "F2", filtered=filtered)
        self.query_one(RowList).show(lines, keep=keep)
        self.refresh_keys()
        self._show_count()

    def _counted(self, first: bool) -> None:
        """The count of what is asked now has come; an empty clinic teaches, until it is none."""
        nobody, answer = self.asker.everyone == 0, self.asker.answer
        if answer is not None and (self._taught or first) and nobody != self._taught:
            self._paint(answer, keep=True)
        self._show_count()

    def _show_count(self) -> None:
        """Below the list: the count when it is known, the filters, what a mark means."""
        asker, parts = self.asker, []
        if asker.found is not None and asker.everyone is not None:
            parts.append(find_rows.counted(asker.found, asker.everyone))
        if asker.question.filters != NO_FILTERS:
            from hikma_tui.screens.filters import filters_text

            parts.append(filters_text(asker.question.filters, session(self).facts.clinics))
        hits = asker.answer.hits if asker.answer else ()
        if any(find_rows.alike_names([find_rows.hit_name(hit) for hit in hits])):
            parts.append(_("= same names: check age and number"))
        self.query_one("#count", MessageLine).say("   ".join(parts))

    # Doing ---------------------------------------------------------------------------------

    @on(Input.Submitted, "#query")
    async def entered(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        await self.action_do("find.open")

    def action_open(self) -> None:
        """Open the marked row, if the list is the answer to the text that is shown."""
        if self.query_one(SearchPrompt).value == self.asker.question.text and self.asker.done:
            self.query_one(RowList).open()
        else:
            self._open_when_found = True

    def _open_only_one(self, answer: Answer) -> None:
        """Enter came before the answer (a scanned card): only a single sure patient opens."""
        self._open_when_found = False
        sure = [hit for hit in answer.hits if not hit.forgiving]
        if len(sure) == 1:
            self._opened = True
            opening.open_patient(self, sure[0].id)
        elif sure:
            self.say(_("The list has only now come: look, then press Enter."))

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """Open a patient, or take up a draft."""
        event.stop()
        self._opened = True
        opening.open_row(self, event.key)

    @on(RowList.NearEnd)
    def near_end(self) -> None:
        """The last row is marked: fifty more, if there are any."""
        self.asker.ask_for_more()

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut of a paste."""
        from hikma_tui.widgets.dialogs import paste_cut_text

        self.say(paste_cut_text(event))

    def action_register(self) -> None:
        """F2, with what was typed as the beginning of the name."""
        self._opened = True
        opening.register(self, self.query_one(SearchPrompt).value)

    def action_filter(self) -> None:
        """F3: the filters; Esc in the dialog clears them."""
        from hikma_tui.screens.filters import FilterDialog

        def chosen(filters: Filters | None) -> None:
            self.asker.ask(self.asker.question.text, filters or NO_FILTERS)

        clinics = session(self).facts.clinics
        self.app.push_screen(FilterDialog(self.asker.question.filters, clinics), chosen)

    def action_today(self) -> None:
        """F4: today's list."""
        self.action_clear()

    def sync_told(self, ended: bool) -> None:
        """Other records may be there now: ask again, keep the place and what is typed."""
        if ended:
            self.asker.ask_again()
            opening.sync_ended(self, self.query_one("#message", MessageLine).message)

    def action_sync(self) -> None:
        """F9: sync, or connect to a server first."""
        opening.sync(self)

    def action_needs(self) -> None:
        """F8: what needs a person."""
        opening.needs(self)

    def action_clear(self) -> None:
        """Esc: an empty field, and no filters."""
        self.query_one(SearchPrompt).value = ""
        self.asker.ask("", NO_FILTERS)
