"""What the store knows of a line: codes, the problem list, the last set of medicines. Pure.

Given to a line after it was read, so that the preview says what will be saved and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from hikma_tui.days import in_words
from hikma_tui.i18n import _
from hikma_tui.quick.numbers import left_out
from hikma_tui.quick.shape import Choice, Edit, Kind, Line, Part
from hikma_tui.quick.texts import NO_CODE, REPEAT, STAR, code_key, said

REPEAT_KEY = "\0repeat"
"""Asked of the store for a line with ``rx same``."""


class ProblemLike(Protocol):
    """A line of the problem list, as much of it as matters here."""

    @property
    def code(self) -> str:
        """Its code, "" for free text."""

    @property
    def label(self) -> str:
        """Its words."""

    @property
    def is_over(self) -> bool:
        """Whether it is resolved or was never true."""


class GivenLike(Protocol):
    """A medicine that was given (``clinic.medicines.CurrentMedicine``)."""

    @property
    def event_id(self) -> str:
        """The event it stands in."""

    @property
    def entry_id(self) -> str:
        """Which entry of it."""

    @property
    def day(self) -> date | None:
        """When; None of a note that has no day."""

    @property
    def words(self) -> str:
        """The entry in words."""


def asked_of(part: Part) -> str:
    """What the store must be asked for this part, the key of ``with_diseases``; or nothing."""
    if part.kind is Kind.DIAGNOSIS:
        code = part.values.get("code", NO_CODE)
        coded = "" if code == NO_CODE else code_key(part.values["system"], code)
        return part.values.get("text") or coded
    return REPEAT_KEY if part.values.get(REPEAT) else ""


def with_problems(line: Line, listed: Sequence[ProblemLike]) -> Line:
    """The line, saying which starred diagnosis stands on the problem list already.

    Such a one is not added twice. One that is over there blocks: whether it came back or is a new
    one is said with the problems.
    """
    parts = tuple(
        _on_the_list(part, [one for one in listed if _same(part, one)], line.text)
        if part.kind is Kind.DIAGNOSIS and part.values.get("problem") and not part.blocks
        else part
        for part in line.parts
    )
    return replace(line, parts=parts)


def _same(part: Part, one: ProblemLike) -> bool:
    code, desc = part.values["code"], part.values["desc"]
    if code != NO_CODE and one.code:
        return one.code == code
    return " ".join(one.label.casefold().split()) == " ".join(desc.casefold().split())


def _on_the_list(part: Part, same: Sequence[ProblemLike], text: str) -> Part:
    if not same:
        return part
    what = said(part.values["code"], part.values["desc"])
    if any(not one.is_over for one in same):
        return replace(part, words=what, sentence=_("already on the problem list"))
    if not text[: part.end].endswith(STAR):
        return part  # not written out yet
    unstarred = Choice(_("only a diagnosis of this visit"), (Edit(part.end - 1, part.end, ""),))
    sentence = _("a problem that is over: reactivate it with the problems")
    return replace(part, words=what, blocks=True, choices=(unstarred,), sentence=sentence)


def with_repeated(line: Line, given: Sequence[GivenLike], today: date) -> Line:
    """The line with each medicine that ``rx same`` repeats as a part of its own, in words.

    ``given`` is the last set; its entry is named in ``values`` as ``event/entry``.
    """
    parts: list[Part] = []
    seen = False
    for part in line.parts:
        if not part.values.get(REPEAT):
            parts.append(part)
        elif seen or not given:
            sentence = _("There are no medicines to repeat.") if not given else _("said twice")
            parts.append(replace(part, blocks=True, sentence=sentence,
                                 choices=(left_out(part.start, part.end),)))  # fmt: skip
        else:
            seen = True
            parts += [
                replace(
                    part,
                    blocks=False,
                    choices=(),
                    words=one.words,
                    sentence=_("repeated from {day}").format(
                        day=in_words(one.day.isoformat(), today) if one.day else _("day not known")
                    ),
                    values={REPEAT: f"{one.event_id}/{one.entry_id}"},
                )
                for one in given
            ]  # fmt: skip
    return replace(line, parts=tuple(parts))
