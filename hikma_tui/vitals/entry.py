"""The form in which vital signs are typed, and what its answers mean. Pure.

Its fields are texts, since a number, its unit and "nr" (not recordable) are typed in one go; what
they mean is read here and said while one types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hikma_tui import forms, vitals
from hikma_tui.i18n import _
from hikma_tui.vitals.fields import decimal_of

PRESSURE, POSITION = "bp", "bp_position"
_PRESSURE_COLUMNS = ("systolic_bp", "diastolic_bp")
_SINGLE = (
    "pulse_rate", "temperature_celsius", "oxygen_saturation", "respiratory_rate", "weight_kg",
    "height_cm", "waist_circumference_cm", "pain_level",
)  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """What was typed, ready to save: columns in the stored units, and what can't be taken."""

    values: dict[str, object] = field(default_factory=dict)
    not_recordable: tuple[str, ...] = ()
    entered: dict[str, str] = field(default_factory=dict)
    problems: tuple[tuple[str, str], ...] = ()  # (field of the form, sentence)

    @property
    def is_empty(self) -> bool:
        """Nothing at all was measured."""
        return not self.not_recordable and not any(
            value for name, value in self.values.items() if name != POSITION
        )

    @property
    def row(self) -> dict[str, object]:
        """As it would be stored, for reading it back in words."""
        computed = vitals.bmi(self.values.get("weight_kg"), self.values.get("height_cm"))
        metadata = {"not_recordable": list(self.not_recordable)}
        return {**self.values, "bmi": computed, "metadata": metadata}


def form() -> forms.Form:
    """The form, with its texts in the user's language."""
    text = forms.Kind.TEXT
    position = [
        forms.Option(one, {"en": _("not known") if one == "other" else vitals.position_word(one)})
        for one in vitals.POSITIONS
    ]
    fields = [
        forms.Field(PRESSURE, text, PRESSURE, {"en": _("Blood pressure")},
                    {"en": _("Both numbers, like 120/80; nr for not recordable")}),
        forms.Field(POSITION, forms.Kind.RADIO, POSITION, {"en": _("Measured")},
                    options=tuple(position)),
        *(
            forms.Field(name, text, name, {"en": vitals.field(name).label},
                        {"en": _accepts(name)})
            for name in _SINGLE
        ),
    ]  # fmt: skip
    return forms.Form("vitals", {"en": _("Vital signs")}, tuple(fields))


def _accepts(name: str) -> str:
    unit = vitals.field(name).unit
    return {
        "temperature_celsius": _("With its unit: 37.8 c or 100 f; nr for not recordable"),
        "weight_kg": _("In kg; 134 lb or 900 g is converted; nr for not recordable"),
        "height_cm": _("In cm; 67 in or 1.72 m is converted; nr for not recordable"),
        "waist_circumference_cm": _("In cm; 34 in is converted; nr for not recordable"),
        "pain_level": _("0 for none to 10 for the worst; nr for not recordable"),
    }.get(name) or _("In {unit}; nr for not recordable").format(unit=unit)


def read(answers: Mapping[str, object], row: Mapping[str, object] | None = None) -> Typed:
    """What the answers to ``form()`` mean. Nothing is guessed: what is not clear is a problem.

    ``row`` is the entry that is being corrected: what was not touched stays as it is stored there,
    whatever it is, and is never refused.
    """
    taking = _Taking(answers, row)
    taking.pressure()
    for name in _SINGLE:
        if name in taking.untouched:
            taking.keep(name)
        else:
            taking.take(name, name, vitals.read(name, str(answers.get(name) or "")))
    problems = tuple(taking.problems.items())
    return Typed(taking.values, tuple(taking.missed), taking.entered, problems)


class _Taking:
    """What has been taken of the answers so far."""

    def __init__(self, answers: Mapping[str, object], row: Mapping[str, object] | None) -> None:
        self.values: dict[str, object] = {}
        self.missed: list[str] = []
        self.entered: dict[str, str] = {}
        self.problems: dict[str, str] = {}
        self._answers = answers
        self._row = row or {}
        self._stored = answers_of(row) if row is not None else {}
        self.untouched = {
            place
            for place, text in self._stored.items()
            if text and str(answers.get(place) or "") == text
        }

    def take(self, place: str, name: str, reading: vitals.Reading) -> None:
        """What was typed for a sign."""
        if reading.why:
            self.problems.setdefault(place, reading.why)
        elif reading.not_recordable:
            self.missed.append(name)
        elif reading.value:
            self.values[name] = reading.value
            if reading.entered:
                self.entered[name] = reading.entered

    def keep(self, name: str) -> None:
        """What stands there of a sign that was not touched."""
        metadata, value = _metadata(self._row), self._row.get(name)
        if value not in (None, ""):
            self.values[name] = value
            typed = metadata.get("entered")
            if isinstance(typed, Mapping) and _still(name, value, typed):
                self.entered[name] = str(typed[name])
        elif name in _named(metadata.get("not_recordable")):
            self.missed.append(name)

    def pressure(self) -> None:
        """The two numbers, and how the patient was."""
        both = vitals.read_pressure(str(self._answers.get(PRESSURE) or ""))
        for name, reading in zip(_PRESSURE_COLUMNS, both, strict=True):
            if PRESSURE in self.untouched:
                self.keep(name)
            else:
                self.take(PRESSURE, name, reading)
        if not any(name in self.values for name in _PRESSURE_COLUMNS):
            return
        self.values[POSITION] = position = str(self._answers.get(POSITION) or "")
        as_it_was = PRESSURE in self.untouched and position == self._stored[POSITION]
        if not position and not as_it_was:
            self.problems.setdefault(
                POSITION, _("Choose how the patient was: sitting, standing, lying, not known.")
            )


def answers_of(row: Mapping[str, object]) -> forms.Answers:
    """A stored entry as the form shows it: as it was typed, where that was in another unit."""
    metadata = _metadata(row)
    missed = _named(metadata.get("not_recordable"))
    entered = metadata.get("entered")

    def text(name: str) -> str:
        value = row.get(name)
        if value in (None, ""):
            return "nr" if name in missed else ""
        if isinstance(entered, Mapping) and _still(name, value, entered):
            return str(entered[name])
        return f"{value} °C" if name == "temperature_celsius" else str(value)

    pressure = [text(name) for name in _PRESSURE_COLUMNS]
    shown = "/".join(one or "-" for one in pressure) if any(pressure) else ""
    answers: forms.Answers = {PRESSURE: "nr" if shown == "nr/nr" else shown}
    answers[POSITION] = str(row.get(POSITION) or "")
    return answers | {name: text(name) for name in _SINGLE}


def _metadata(row: Mapping[str, object]) -> Mapping[str, object]:
    metadata = row.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _named(missed: object) -> tuple[str, ...]:
    return tuple(map(str, missed)) if isinstance(missed, list | tuple) else ()


def typed_as(row: Mapping[str, object]) -> list[str]:
    """What was typed in another unit and is what stands there still: ``134 lb``."""
    entered = _metadata(row).get("entered")
    if not isinstance(entered, Mapping):
        return []
    return [str(entered[name]) for name in entered if _still(str(name), row.get(name), entered)]


def _still(name: str, value: object, entered: Mapping[object, object]) -> bool:
    """Whether what was typed once is the value that stands there now: another device may have
    corrected the value, and knows nothing of what was typed.
    """
    if not entered.get(name) or name not in (*_PRESSURE_COLUMNS, *_SINGLE):
        return False
    said = decimal_of(vitals.read(name, str(entered[name])).value)
    return said is not None and said == decimal_of(value)


def doubts(typed: Typed, age_days: int | None) -> list[tuple[str, str]]:
    """What to ask once before saving: (field of the form, sentence)."""
    return [
        (PRESSURE if one.name in _PRESSURE_COLUMNS else one.name, one.sentence)
        for one in vitals.doubts(typed.values, age_days)
    ]


def said(typed: Typed, field_id: str, age_days: int | None) -> str:
    """The line below the form: what is wrong with the field being typed, else what is doubted,
    else the entry in words as it will be kept, this field first.
    """
    wrong = dict(doubts(typed, age_days)) | dict(typed.problems)
    if field_id in wrong:
        return wrong[field_id]
    pieces = vitals.words(typed.row, age_days)
    own = ["systolic_bp"] if field_id in (PRESSURE, POSITION) else [field_id]
    if field_id in ("weight_kg", "height_cm"):
        own.append("bmi")
    pieces.sort(key=lambda piece: piece.name not in own)  # the rest may be cut off, never this
    return "  ".join(piece.words for piece in pieces)
