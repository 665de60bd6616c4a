"""What the one-line entry did not understand: shown, and offered what it could be. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hikma_tui.i18n import _
from hikma_tui.quick import words
from hikma_tui.quick.numbers import Value, label_of, left_out, possible, said, unit_of, value_at
from hikma_tui.quick.pressure import is_pressure
from hikma_tui.quick.shape import Choice, Edit, Kind, Part, Token
from hikma_tui.quick.texts import free_text
from hikma_tui.quick.words import Measure

_MOST = 8  # so that the digits 1 to 9 choose, with "leave it out" as the last


def unknown_part(text: str, tokens: Sequence[Token], first: int, end: int) -> Part:
    """The part of ``tokens[first:end]``."""
    start, stop = tokens[first].start, tokens[end - 1].end
    typed, folded = text[start:stop], tokens[first].folded
    choices: tuple[Choice, ...]
    sentence = _("not understood: {text}").format(text=typed)
    label = _waiting(folded) if end == first + 1 else ""
    if label:
        sentence, choices = _("which value?"), ()
    elif folded in words.ALLERGY:
        sentence = _("an allergy is entered with the problems: {text}").format(text=typed)
        choices = ()
    elif is_pressure(folded):
        edit = Edit(start, start, "bp ")
        choices = (Choice(f"{words.shown(words.PRESSURE_LABEL)} {typed}", (edit,)),)
    elif folded in words.OPTIONS_BY_KEYWORD and end == first + 1:
        choices = _results(words.OPTIONS_BY_KEYWORD[folded], typed, start, stop)
    elif folded[:1].isdecimal():
        choices = _meanings(tokens, first, start)
    else:
        choices = _texts(typed, start, stop)
    return Part(Kind.UNKNOWN, start, stop, label, typed, sentence=sentence, blocks=True,
                choices=(*choices, left_out(start, stop)))  # fmt: skip


def _waiting(folded: str) -> str:
    """What a keyword without a value is, if the word is one."""
    keyword = folded.rstrip(":=")
    if keyword in words.PRESSURE:
        return words.shown(words.PRESSURE_LABEL)
    measure = words.BY_KEYWORD.get(keyword)
    return label_of(measure) if measure else ""


def _results(options: words.Options, typed: str, start: int, stop: int) -> tuple[Choice, ...]:
    """The results that a test without one can have."""
    firsts = {stored: word for word, stored in reversed(list(options.values.items()))}
    found = [
        Choice(f"{words.shown(options.label)}: {words.shown(stored)}",
               (Edit(stop, stop, f" {firsts[stored]}"),))
        for stored in dict.fromkeys(options.values.values())
    ]  # fmt: skip
    return (*found[: _MOST - 1], Choice(_("Diagnosis"), (Edit(start, start, "dx "),)))


def _meanings(tokens: Sequence[Token], index: int, start: int) -> tuple[Choice, ...]:
    """What a number without a keyword can be."""
    folded = tokens[index].folded
    unit = re.sub(r"^[\d.,]+", "", folded).rstrip("!")
    found: list[tuple[Measure, Value]] = []
    for measure in words.MEASURES:
        value = value_at(tokens[: index + 1], index, folded, set(measure.units))
        if value is not None and (not unit or unit in measure.units) and possible(measure, value):
            found.append((measure, value))
    return tuple(
        Choice(f"{label_of(measure)} {_said(measure, value)}",
               (Edit(start, start, f"{measure.keywords[0]} "),))
        for measure, value in found[:_MOST]
    )  # fmt: skip


def _said(measure: Measure, value: Value) -> str:
    unit = unit_of(measure, value)
    return said(value, unit) if unit else value.number


def _texts(typed: str, start: int, stop: int) -> tuple[Choice, ...]:
    return (
        Choice(_("Diagnosis: {text}").format(text=typed), (Edit(start, start, "dx "),)),
        Choice(_("Medicine: {text}").format(text=typed), (Edit(start, start, "rx "),)),
        Choice(_("Note: {text}").format(text=typed), (Edit(start, stop, f"n {free_text(typed)}"),)),
    )
