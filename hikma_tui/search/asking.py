"""From a parsed query to expressions of the index, one per level, each wider than the last."""

from __future__ import annotations

import sqlite3
from datetime import date
from functools import lru_cache

from hikma_tui.search.births import OLDEST, aged, is_day
from hikma_tui.search.query import Alternative, Group, Kind, Unit, parse
from hikma_tui.search.shapes import Filters, Level, Sight
from hikma_tui.search.spelling import MOST_WORDS, beginning, forgiven, having, quoted, sounding
from hikma_tui.search.tokens import NO_CLINIC, SHORTEST_PART, clinic_token, national, sex_token

LEVELS = tuple(Level)
EVERYONE = Filters()
ALL_SEEING = Sight()
STRICT = Level.SPELLED  # the last level above the line
_WHOLE_PHONE = 6  # so many digits at the end of a number are as good as the whole
_LEAST_NATIONAL = 5
_MOST_TOKENS = 400
_LEAST_MEANT = 40


class Asking:
    """One query on one connection; what a unit may mean at a level is looked up once."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        text: str,
        today: date,
        filters: Filters = EVERYONE,
        sight: Sight = ALL_SEEING,
    ) -> None:
        self.connection = connection
        self.today = today
        self.groups: tuple[Group, ...] = parse(text, today)
        self.scope = scope(filters, sight, today)
        # Several short words would mean many words each; the next letter tells more than they do.
        self.most = max(MOST_WORDS // max(len(self.groups), 1) ** 2, _LEAST_MEANT)
        self._known: dict[tuple[Unit, Level], tuple[str, ...]] = {}
        self._added: dict[tuple[Unit, Level], tuple[str, ...]] = {}

    def expression(self, level: Level) -> str | None:
        """The FTS5 expression of all that matches at ``level`` or better; None: nothing can."""
        if self.scope is None or not self.groups:
            return None
        parts = [self._group(group, level) for group in self.groups]
        if not all(parts):
            return None
        return " AND ".join([f"({part})" for part in [*parts, self.scope] if part])

    def _group(self, group: Group, level: Level) -> str:
        alternatives = []
        for alternative in group:
            units = [quoted(self.tokens(unit, level)) for unit in alternative]
            if units and all(units):
                alternatives.append(" AND ".join(f"({unit})" for unit in units))
        return " OR ".join(f"({alternative})" for alternative in alternatives)

    def tokens(self, unit: Unit, level: Level) -> tuple[str, ...]:
        """All tokens by which ``unit`` matches at ``level`` or better."""
        key = (unit, level)
        if key not in self._known:
            wider = LEVELS[: LEVELS.index(level) + 1]
            found = dict.fromkeys(token for one in wider for token in self.added(unit, one))
            self._known[key] = tuple(found)[:_MOST_TOKENS]
        return self._known[key]

    def added(self, unit: Unit, level: Level) -> tuple[str, ...]:
        """The tokens by which ``unit`` matches at ``level``, beyond those of better levels."""
        key = (unit, level)
        if key not in self._added:
            self._added[key] = self._look_up(unit, level)
        return self._added[key]

    def level_of(self, tokens: list[str]) -> Level:
        """The best level at which a patient with these tokens matches."""
        for level in LEVELS:
            if all(any(self._has(a, tokens, level) for a in group) for group in self.groups):
                return level
        return Level.FORGIVEN

    def _has(self, alternative: Alternative, tokens: list[str], level: Level) -> bool:
        return all(matching(tokens, self.tokens(unit, level)) for unit in alternative)

    def _look_up(self, unit: Unit, level: Level) -> tuple[str, ...]:
        if unit.births:
            return unit.births if level is Level.EXACT else ()
        if unit.kind is Kind.ID:
            return {Level.EXACT: ("i" + unit.text,), Level.ANY: (f"i{unit.text}*",)}.get(level, ())
        if unit.kind is Kind.DIGITS:
            return self._digits(unit, level)
        return self._word(unit.text, level)

    def _word(self, word: str, level: Level) -> tuple[str, ...]:
        if level is Level.EXACT:
            return ("n" + word, "j" + word, "i" + word)
        if level is Level.NAME:
            return (
                *beginning(self.connection, "n" + word),
                *beginning(self.connection, "j" + word),
            )
        if level is Level.ANY:
            return (*beginning(self.connection, "c" + word), f"i{word}*")
        if level is Level.SPELLED:
            return (
                *sounding(self.connection, word, self.most),
                *having(self.connection, word, self.most),
            )
        return forgiven(self.connection, word)

    def _digits(self, unit: Unit, level: Level) -> tuple[str, ...]:
        digits = unit.text[:40]
        ids = tuple(dict.fromkeys(("i" + digits, "i" + (digits.lstrip("0") or digits))))
        phones = tuple("p" + form for form in phone_forms(digits, unit.international))
        if level is Level.EXACT:
            whole = tuple(token for token in phones if len(token) > _WHOLE_PHONE)
            return (*ids, "n" + digits, *whole, *self._born(digits))
        if level is Level.NAME:
            return (f"n{digits}*",)
        if level is Level.ANY:
            age = int(digits) if len(digits) <= 3 else OLDEST + 1
            births = aged(age, age, self.today) if age <= OLDEST else ()
            return (*[f"{token}*" for token in (ids[0], *phones)], f"c{digits}*", *births)
        return ()

    def _born(self, digits: str) -> tuple[str, ...]:
        if len(digits) == 4 and is_day(int(digits), 1, 1):
            return ("y" + digits,)
        if len(digits) == 8 and is_day(int(digits[:4]), int(digits[4:6]), int(digits[6:])):
            return ("d" + digits,)
        return ()


def matching(tokens: list[str], asked: tuple[str, ...]) -> str:
    """The first of a patient's ``tokens`` that is among those asked for; empty when none is."""
    whole, begun = _split(asked)
    for token in tokens:
        if token in whole or (begun and token.startswith(begun)):
            return token
    return ""


@lru_cache(maxsize=128)
def _split(asked: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Whole tokens, and beginnings."""
    return frozenset(asked), tuple(token[:-1] for token in asked if token.endswith("*"))


def phone_forms(digits: str, international: bool) -> tuple[str, ...]:
    """What a typed number may look like in a register, from 3 digits on."""
    others = {national(digits, international)}
    if len(digits) > 9:  # perhaps a country code without its plus
        others.add(national(digits, True))
    # A few digits of a number without its zero would be found in the middle of most others.
    forms = [digits, *sorted(form for form in others if len(form) >= _LEAST_NATIONAL)]
    return tuple(dict.fromkeys(form for form in forms if len(form) >= SHORTEST_PART))


def scope(filters: Filters, sight: Sight, today: date) -> str | None:
    """Filters and sight as an FTS5 expression, empty for everyone; None when it admits nobody."""
    parts = []
    if sight.clinic_ids is not None:
        parts.append(quoted(sorted({NO_CLINIC, *map(clinic_token, sight.clinic_ids)})))
    if filters.clinic_id is not None:
        parts.append(quoted([clinic_token(filters.clinic_id)]))
    if filters.sex is not None:
        parts.append(quoted([sex_token(filters.sex)]))
    if filters.age_from is not None or filters.age_to is not None:
        births = aged(filters.age_from, filters.age_to, today)
        if not births:
            return None
        parts.append(quoted(births))
    return " AND ".join(f"({part})" for part in parts)
