"""One entry of vital signs in words, and the direction in which a value goes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hikma_tui.i18n import _
from hikma_tui.vitals.fields import FIELDS, decimal_of, field, position_word
from hikma_tui.vitals.limits import mark

_PRESSURE = ("systolic_bp", "diastolic_bp")
_WEIGHT_SAME = Decimal("0.02")  # of the earlier weight: what a meal and clothes make


@dataclass(frozen=True)
class Piece:
    """One sign of an entry: ``text`` is the value with its unit, ``mark`` high, low or nothing.

    ``name`` is the column; a blood pressure is one piece, under ``systolic_bp``.
    """

    name: str
    label: str
    text: str
    mark: str = ""

    @property
    def words(self) -> str:
        """Label, value, and the mark as a word: ``BP 150/95 mmHg HIGH``."""
        return " ".join(part for part in (self.label, self.text, mark_word(self.mark)) if part)


def mark_word(mark: str) -> str:
    """The mark in the user's language; a word, never a colour alone."""
    return {"high": _("HIGH"), "low": _("LOW")}.get(mark, "")


def trend_word(trend: str) -> str:
    """The trend in the user's language."""
    return {"rising": _("rising"), "steady": _("steady"), "falling": _("falling")}.get(trend, "")


def number(name: str, value: object) -> str:
    """A stored value with its unit, digit for digit: ``36.50 °C``."""
    unit = field(name).unit
    gap = "" if unit in ("%", "/min", "/10") else " "
    return f"{value}{gap}{unit}"


def _missed(row: Mapping[str, object]) -> frozenset[str]:
    metadata = row.get("metadata")
    named = metadata.get("not_recordable") if isinstance(metadata, Mapping) else None
    return frozenset(str(name) for name in named) if isinstance(named, Sequence) else frozenset()


def words(row: Mapping[str, object], age_days: int | None) -> list[Piece]:
    """The pieces of one entry in the order of the fields; ``row`` has the columns' names.

    "Not recordable" is said, since it is an answer (decisions.md 15).
    """
    missed = _missed(row)
    pieces = [_pressure(row, age_days, missed)]
    for vital in FIELDS:
        if vital.name in _PRESSURE:
            continue
        value = row.get(vital.name)
        if value not in (None, ""):
            text = number(vital.name, value)
            pieces.append(Piece(vital.name, vital.short, text, mark(vital.name, value, age_days)))
        elif vital.name in missed:
            pieces.append(Piece(vital.name, vital.short, _("not recordable")))
    return [piece for piece in pieces if piece is not None]


def _pressure(
    row: Mapping[str, object], age_days: int | None, missed: frozenset[str]
) -> Piece | None:
    given = [row.get(name) for name in _PRESSURE]
    label = _("BP")
    if all(value in (None, "") for value in given):
        if missed & set(_PRESSURE):
            return Piece("systolic_bp", label, _("not recordable"))
        return None
    marks = [mark(name, value, age_days) for name, value in zip(_PRESSURE, given, strict=True)]
    # One word for the pair: high when either is, else low when either is.
    found = "high" if "high" in marks else "low" if "low" in marks else ""
    shown = "/".join(
        str(value) if value not in (None, "") else _("nr") if name in missed else "-"
        for name, value in zip(_PRESSURE, given, strict=True)
    )
    if "high" in marks and "low" in marks:
        both = " / ".join(mark_word(one) or "-" for one in marks)
        return Piece("systolic_bp", label, f"{shown} mmHg {both}")
    position = str(row.get("bp_position") or "")
    where = f" {position_word(position)}" if position not in ("", "sitting", "other") else ""
    return Piece("systolic_bp", label, f"{shown} mmHg{where}", found)


def line(row: Mapping[str, object], age_days: int | None) -> str:
    """The whole entry as one line, marks as words."""
    return "  ".join(piece.words for piece in words(row, age_days))


def trend(name: str, newest: object, before: object) -> str:
    """``rising``, ``falling`` or ``steady``: the newest value against the one before it.

    Nothing more is claimed than that. Steady is a difference that measuring twice would give
    (``Vital.same``; for a weight 2 %). Empty where one of the two is missing.
    """
    now, then = decimal_of(newest), decimal_of(before)
    if now is None or then is None:
        return ""
    same = then * _WEIGHT_SAME if name == "weight_kg" else field(name).same
    if abs(now - then) <= same:
        return "steady"
    return "rising" if now > then else "falling"
