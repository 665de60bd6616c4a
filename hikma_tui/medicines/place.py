"""One place in a medicine line, and what can be asked about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hikma_tui.i18n import _
from hikma_tui.medicines.tokens import Token, number_doubts
from hikma_tui.medicines.vocabulary import ABBREVIATED_COUNTS, NUMBER_WORDS, longest
from hikma_tui.medicines.wording import counted_words

PARTED_BY = frozenset({"-", "–", "+"})
SPAN_OF = {"7": "days", "52": "weeks", "12": "months"}  # 3/7, 2/52 and 1/12 of British charts
_MOST_TABLETS = 4


@dataclass(frozen=True, slots=True)
class Match:
    """``length`` tokens that are ``part`` of the entry; ``choices`` when they are in doubt."""

    length: int
    part: str
    value: str = ""
    unit: str = ""
    choices: tuple[str, ...] | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line, and what was found before it."""

    tokens: Sequence[Token]
    keys: list[str]
    at: int
    line: str
    named: bool
    dosed: bool

    def number(self, at: int) -> str:
        """The number at ``at``, as a numeral; ``""`` when there is none."""
        return self.tokens[at].number if 0 <= at < len(self.tokens) else ""

    def count(self, at: int) -> str:
        """The number at ``at``, also as a word ("two")."""
        return self.number(at) or (
            NUMBER_WORDS.get(self.keys[at], "") if 0 <= at < len(self.keys) else ""
        )

    def key(self, at: int) -> str:
        """The key of the word or sign at ``at``."""
        return self.keys[at] if 0 <= at < len(self.keys) else ""

    def glued(self, at: int) -> bool:
        """Whether nothing stands between the piece at ``at`` and the one before."""
        return at < len(self.tokens) and self.tokens[at].glued

    def slice(self, first: int, end: int) -> str:
        """The line from one piece to before another, as typed."""
        return self.line[self.tokens[first].start : self.tokens[end - 1].end]

    def unit(self, at: int) -> tuple[int, str] | None:
        """The unit that begins at ``at``: how many pieces, and upstream's word."""
        found = longest("units", self.keys, at) if self._goes_on(at) else None
        return (found[0], str(found[1].value)) if found else None

    def _goes_on(self, at: int) -> bool:
        """Whether a piece stands there that no comma parts from the one before."""
        return at < len(self.tokens) and not self.tokens[at].parted

    def span(self, at: int) -> tuple[int, str] | None:
        """The unit of time that begins at ``at``."""
        found = longest("spans", self.keys, at) if self._goes_on(at) else None
        return (found[0], str(found[1].value)) if found else None

    def one_of(self, phrases: Sequence[Sequence[str]], at: int) -> int:
        """How many pieces one of these phrases takes at ``at``; 0 for none."""
        fits = (len(p) for p in phrases if self.keys[at : at + len(p)] == list(p))
        return max(fits, default=0)


def for_time(number: str, span: str) -> str:
    """``for 7 days``."""
    return _("for {duration}").format(duration=counted_words(number, span))


def odd_number(place: Place, at: int, end: int) -> tuple[str, ...] | None:
    """The readings of a doubtful number among these pieces, the rest as typed."""
    for n in range(at, end):
        token = place.tokens[n]
        doubts = number_doubts(token.text) if token.number else None
        if doubts is None and token.number == "?":
            doubts = ()
        if doubts is not None:
            before = place.line[place.tokens[at].start : token.start]
            after = place.line[token.end : place.tokens[end - 1].end]
            return tuple(f"{before}{one}{after}" for one in doubts)
    return None


def quantity_of(place: Place, at: int, length: int, unit: str) -> Match:
    """A number at ``at`` with its unit, and what is doubtful about the two."""
    odd = odd_number(place, at, at + length)
    if odd is not None:
        return Match(length, "quantity", place.tokens[at].text, unit, odd, "number")
    number = place.count(at)
    if place.key(at + 1) in ABBREVIATED_COUNTS and float(number) > _MOST_TABLETS:
        # "amlodipine 5 tab" is more often a tablet of 5 mg than five tablets.
        choices = (f"{number} mg", counted_words(number, unit))
        return Match(length, "quantity", number, unit, choices, "dose")
    if float(number) == 0:
        return Match(length, "quantity", number, unit, (), "number")
    return Match(length, "quantity", number, unit)
