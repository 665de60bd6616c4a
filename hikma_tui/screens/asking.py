"""Asking while somebody types: only the newest question counts, one is under way at a time.

The list comes first and never waits for the count (decisions.md 38); an answer to anything but the
newest question is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hikma_tui.clinic import finding
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import session
from hikma_tui.search import Filters, Hit

if TYPE_CHECKING:
    from hikma_tui.clinic.chart import TodayLine

NO_FILTERS = Filters()


@dataclass(frozen=True)
class Question:
    """What is asked. A new ``turn`` asks again although nothing else changed."""

    text: str = ""
    filters: Filters = NO_FILTERS
    limit: int = finding.PAGE
    turn: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing was asked: today's work is the answer."""
        return not self.text.strip() and self.filters == NO_FILTERS


@dataclass(frozen=True)
class Answer:
    """A page of the list, or today's work, or why there is neither."""

    question: Question
    hits: tuple[Hit, ...] = ()
    full: bool = False
    today: tuple[TodayLine, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)  # in drafts of new patients, by place
    refusal: str = ""


def _today(actor: Actor) -> tuple[tuple[TodayLine, ...], dict[str, str]]:
    """Today's work, and the names typed so far in drafts of new patients.

    The forms that it reads are imported here, on the reader's thread, so that the first paint does
    not wait for them.
    """
    from hikma_tui.clinic import chart

    lines = tuple(chart.today(actor))
    begun = any(line.kind == "draft" and line.patient is None for line in lines)
    return lines, _typed_names(actor) if begun else {}


def _typed_names(actor: Actor) -> dict[str, str]:
    """The name that each draft of a new patient holds, by the draft's place."""
    from hikma_tui.clinic import drafts, registration

    fields = {f.column: f.id for f in registration.form(actor).fields if f.base}
    ids = [fields[column] for column in ("given_name", "surname") if column in fields]
    names = {}
    for draft in drafts.waiting(actor):
        answers = draft.content.get("answers")
        if draft.place.startswith("patient:new") and isinstance(answers, dict):
            names[draft.place] = " ".join(str(answers[one]) for one in ids if answers.get(one))
    return names


class Asker:
    """Asks for a screen. ``answered`` gets each answer that still counts, and whether its text is
    that of the answer before; ``counted`` is told when the count has come, and whether it is the
    first.
    """

    def __init__(
        self,
        screen: ClinicScreen[Any],
        answered: Callable[[Answer, bool], None],
        counted: Callable[[bool], None],
    ) -> None:
        self._screen = screen
        self._tell_answer = answered
        self._tell_count = counted
        self._asking = self._counting = False
        self._counted: Question | None = None
        self._found = 0
        self.question = Question()
        self.answer: Answer | None = None
        self.everyone: int | None = None

    @property
    def done(self) -> bool:
        """Whether the newest question has its answer."""
        return self.answer is not None and self.answer.question == self.question

    @property
    def found(self) -> int | None:
        """How many the newest question means; None until that is known."""
        return self._found if self._counted == self.question else None

    def ask(self, text: str, filters: Filters) -> None:
        """Ask for something else."""
        self._ask(Question(text, filters, turn=self.question.turn))

    def ask_again(self) -> None:
        """Ask the same: something may have been saved or deleted."""
        self._ask(replace(self.question, turn=self.question.turn + 1))

    def ask_for_more(self) -> None:
        """Ask for a longer page, where there may be more than the page shown."""
        if self.done and self.answer is not None and self.answer.full:
            self._ask(replace(self.question, limit=self.question.limit + finding.PAGE))

    def _ask(self, question: Question) -> None:
        self.question = question
        session(self._screen).stop_counting()
        if not self._asking:
            self._asking = True
            self._screen.run_worker(self._look_up(), group="find")

    async def _look_up(self) -> None:
        try:
            while not self.done:
                asked = self.question
                try:
                    answer = await self._answer(asked)
                except Refused as error:
                    answer = Answer(asked, refusal=str(error))
                if self._screen.left:
                    return
                if asked == self.question:  # else it is stale: something was typed since
                    again = self.answer is not None and self.answer.question.text == asked.text
                    self.answer = answer
                    self._tell_answer(answer, again)
        finally:
            self._asking = False
        if not self._counting:
            self._counting = True
            self._screen.run_worker(self._count(), group="count")

    async def _answer(self, asked: Question) -> Answer:
        clinic = self._screen.clinic
        if asked.empty:
            today, names = await clinic.reading(_today, clinic.actor)
            return Answer(asked, today=today, names=names)
        found = await clinic.reading(
            finding.find, clinic.actor, asked.text, asked.filters, asked.limit
        )
        return Answer(asked, tuple(found.hits), found.full)

    async def _count(self) -> None:
        clinic = self._screen.clinic
        try:
            while self._counted != self.question:
                asked = self.question
                try:
                    found, everyone = await clinic.counting(
                        finding.count, clinic.actor, asked.text, asked.filters, asked.limit
                    )
                except Refused:
                    if asked == self.question:
                        return  # no number is better than a wrong one
                    continue
                if self._screen.left:
                    return
                if asked == self.question:
                    first = self.everyone is None
                    self._counted, self._found, self.everyone = asked, found, everyone
                    self._tell_count(first)
        finally:
            self._counting = False
