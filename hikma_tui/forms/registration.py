"""The registration form, and its answers as patient columns and attributes (features.md 1.5). Pure.

Base fields are columns of ``patients``; every other field is one ``patient_additional_attributes``
row. Selects are stored as the option's English label (decisions.md 6), estimated births carry a
mark in ``patients.metadata`` (decisions.md 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hikma_tui.days import Birth, as_date, day_of_moment
from hikma_tui.forms.data import yes_or_no
from hikma_tui.forms.event import broken_field, unique_fields
from hikma_tui.forms.json import (
    bool_of,
    list_of,
    mapping_of,
    text_of,
    translate,
    translations_of,
    unwrap,
)
from hikma_tui.forms.numbers import number_text, number_value
from hikma_tui.forms.shape import Answer, Answers, Field, Form, Kind, Option, is_empty

BASE_COLUMNS = frozenset(
    {
        "given_name", "surname", "date_of_birth", "sex", "phone", "citizenship", "hometown", "camp",
        "government_id", "external_patient_id", "primary_clinic_id",
    }
)  # fmt: skip
ESTIMATED = "birth_date_estimated"  # the key in patients.metadata
UNKNOWN_BIRTH = "?"
_BETWEEN = "\x1f"  # upstream's mark between the labels of a checkbox
_KINDS = {
    "text": Kind.TEXT,
    "number": Kind.NUMBER,
    "date": Kind.DATE,
    "select": Kind.SELECT,
    "checkbox": Kind.CHECKBOX,
    "boolean": Kind.YES_NO,
}


@dataclass(frozen=True)
class AttributeValue:
    """One row of patient_additional_attributes; ``date_value`` is a day, ``YYYY-MM-DD``."""

    attribute_id: str
    attribute: str
    string_value: str | None = None
    number_value: float | int | None = None
    date_value: str | None = None
    boolean_value: bool | None = None


@dataclass(frozen=True)
class PatientValues:
    """What a filled registration form stores; a metadata value of None removes the key."""

    columns: dict[str, object]
    attributes: list[AttributeValue]
    metadata: dict[str, object] = field(default_factory=dict)


# -- the form --------------------------------------------------------------------------------------


def registration_form(row: Mapping[str, object]) -> Form:
    """The form of a ``registration_forms`` row: shown fields only, in the order of ``position``.

    Never raises: a broken field is Kind.UNKNOWN.
    """
    fields = [_field(came, index) for index, came in enumerate(list_of(row.get("fields")))]
    shown = [made for made in fields if _is_shown(made.raw)]
    shown.sort(key=lambda made: made.position)  # stable: equal positions keep their stored order
    name = text_of(row.get("name"))
    return Form(
        id=text_of(row.get("id")), name={"en": name} if name else {}, fields=unique_fields(shown)
    )


def _is_shown(raw: Mapping[str, object]) -> bool:
    return bool_of(raw.get("visible"), default=True) and not bool_of(
        raw.get("deleted"), default=False
    )


def _field(came: object, index: int) -> Field:
    raw = mapping_of(came)
    if not raw:
        return broken_field(came, index)
    column = text_of(raw.get("column"))
    label = translations_of(raw.get("label")) or translations_of(raw.get("name"))
    label = label or {"en": _decoded(column) or f"#{index}"}
    options = _options(raw.get("options"))
    field_type = text_of(raw.get("fieldType"))
    return Field(
        id=text_of(raw.get("id")) or column or f"#{index}",
        kind=_kind(column, field_type, has_options=bool(options)),
        name=translate(label, "en"),
        label=label,
        description=translations_of(raw.get("description")),
        required=bool_of(raw.get("required"), default=False),
        options=options,
        position=_position(raw.get("position")),
        column=column,
        base=column in BASE_COLUMNS and bool_of(raw.get("baseField"), default=True),
        search=bool_of(raw.get("isSearchField"), default=False),
        summary=bool_of(raw.get("showsInSummary"), default=False),
        field_type=field_type,
        raw=raw,
    )


def _decoded(column: str) -> str:
    """The label that a custom field's column was made from (features.md 2.3: encodeURI)."""
    if "%" not in column:
        return column
    from urllib.parse import unquote  # rare, and it costs milliseconds of every start

    return unquote(column)


def _position(value: object) -> int:
    """A whole position; a field without one stands at the end."""
    number = number_value(text_of(value))
    return int(number) if number is not None else 10**6


def _kind(column: str, field_type: str, *, has_options: bool) -> Kind:
    if column == "date_of_birth":
        return Kind.BIRTH
    if column == "primary_clinic_id":
        return Kind.CLINIC
    kind = _KINDS.get(field_type, Kind.UNKNOWN)
    if kind in (Kind.SELECT, Kind.CHECKBOX) and not has_options:
        return Kind.TEXT if kind is Kind.SELECT else Kind.UNKNOWN
    return kind


def _options(column: object) -> tuple[Option, ...]:
    """Options are translation objects; older ones plain texts or ``{label, value}``."""
    found: dict[str, Option] = {}
    for came in list_of(unwrap(column)):
        option = unwrap(came)
        wrapped = isinstance(option, Mapping) and isinstance(option.get("label"), Mapping | str)
        label = translations_of(mapping_of(option).get("label") if wrapped else option)
        value = translate(label, "en")
        if value:
            found.setdefault(value, Option(value, label))
    return tuple(found.values())


# -- what is stored --------------------------------------------------------------------------------


def patient_values(
    form: Form, answers: Mapping[str, Answer], language: str = "en"
) -> PatientValues:
    """The patient columns, attributes and metadata that ``answers`` mean.

    Every field that the form can show is written, an unanswered one as empty; what it does not
    show is not named, so it stays. ``language`` is that of stored selects (decisions.md 6).
    """
    values = PatientValues({}, [])
    for made in form.fields:
        if not made.asks or made.kind is Kind.UNKNOWN:
            continue
        answer = answers.get(made.id)
        if made.kind is Kind.BIRTH and made.base:
            birth = birth_of_answer(answer)
            values.metadata[ESTIMATED] = True if birth.estimated else None
        if made.base:
            values.columns[made.column] = _column(made, answer, language)
        else:
            values.attributes.append(_attribute(made, answer, language))
    return values


def _column(made: Field, answer: Answer, language: str) -> str | None:
    """A base column's text; no clinic is None, since ``""`` is a clinic that nobody may see."""
    if made.kind is Kind.BIRTH:
        return birth_of_answer(answer).day or ""
    if made.kind is Kind.CLINIC:
        return text_of(answer) or None
    if made.kind is Kind.YES_NO:
        return "true" if answer is True else "false" if answer is False else text_of(answer)
    return _stored_text(made, answer, language)


def _attribute(made: Field, answer: Answer, language: str) -> AttributeValue:
    """A typed attribute row; one that was left empty exists all the same (features.md 1.5)."""
    common = (made.id, made.column)
    number, day = number_value(text_of(answer)), birth_of_answer(answer).day
    if made.kind is Kind.NUMBER and (number is not None or is_empty(answer)):
        return AttributeValue(*common, number_value=number)
    if made.kind in (Kind.DATE, Kind.BIRTH) and (day is None or as_date(day)):
        return AttributeValue(*common, date_value=day)
    if made.kind is Kind.YES_NO:
        given = yes_or_no(answer)
        return AttributeValue(*common, boolean_value=given if isinstance(given, bool) else None)
    return AttributeValue(*common, string_value=_stored_text(made, answer, language))


def _stored_text(made: Field, answer: Answer, language: str) -> str:
    if isinstance(answer, list | tuple):
        return _BETWEEN.join(_label(made, text_of(part), language) for part in answer)
    text = text_of(answer)
    if made.kind is Kind.NUMBER:
        return number_text(text) or text.strip()
    if made.kind is Kind.LONG_TEXT:
        return text
    return _label(made, text.strip(), language)


def _label(made: Field, value: str, language: str) -> str:
    """The label to store for an option's value; an old value that is no option stays."""
    for option in made.options:
        if option.value == value:
            return translate(option.label, language)
    return value


# -- what is read ----------------------------------------------------------------------------------


def patient_answers(
    form: Form,
    columns: Mapping[str, object],
    attributes: Iterable[AttributeValue | Mapping[str, object]] = (),
    metadata: object = None,
) -> Answers:
    """The answers that a stored patient holds; a select is read in whatever language it is in.

    ``attributes`` may be rows as they are stored; they are found by attribute_id, else by name.
    """
    by_id: dict[str, AttributeValue] = {}
    by_name: dict[str, AttributeValue] = {}
    for row in map(_attribute_of, attributes):
        by_id[row.attribute_id] = row
        by_name[row.attribute] = row
    estimated = bool_of(mapping_of(metadata).get(ESTIMATED), default=False)
    answers: Answers = {}
    for made in form.fields:
        if made.base:
            answers[made.id] = _column_answer(made, columns.get(made.column), estimated=estimated)
        else:
            found = by_id.get(made.id) or by_name.get(made.column)
            if found is not None:
                answers[made.id] = _attribute_answer(made, found)
    return answers


def _attribute_of(row: AttributeValue | Mapping[str, object]) -> AttributeValue:
    if isinstance(row, AttributeValue):
        return row
    number, truth = row.get("number_value"), row.get("boolean_value")
    text = row.get("string_value")
    return AttributeValue(
        attribute_id=text_of(row.get("attribute_id")),
        attribute=text_of(row.get("attribute")),
        string_value=None if text is None else text_of(text),
        number_value=number if isinstance(number, int | float) else None,
        date_value=stored_day(row.get("date_value")) or None,
        boolean_value=None if truth is None else bool_of(truth, default=False),
    )


def _column_answer(made: Field, value: object, *, estimated: bool) -> Answer:
    if made.kind is Kind.BIRTH:
        day = stored_day(value)
        return f"~{day}" if day and estimated else day or text_of(value)
    return _text_answer(made, text_of(value))


def _attribute_answer(made: Field, row: AttributeValue) -> Answer:
    if made.kind is Kind.NUMBER and row.number_value is not None:
        return text_of(row.number_value)
    if made.kind in (Kind.DATE, Kind.BIRTH) and row.date_value:
        return row.date_value
    if made.kind is Kind.YES_NO and row.boolean_value is not None:
        return row.boolean_value
    if made.kind is Kind.DATE:  # the reference app writes days into the text column
        return stored_day(row.string_value) or row.string_value or ""
    return _text_answer(made, row.string_value or _other_value(row))


def _other_value(row: AttributeValue) -> str:
    """What stands in the other value columns, when the field was of another type once."""
    truth = {True: "true", False: "false", None: ""}[row.boolean_value]
    return text_of(row.number_value) or row.date_value or truth


def _text_answer(made: Field, text: str) -> Answer:
    if made.kind is Kind.CHECKBOX:
        return [_option_of(made, part) for part in text.split(_BETWEEN) if part]
    if made.kind is Kind.SELECT:
        return _option_of(made, text)
    if made.kind is Kind.YES_NO:
        return yes_or_no(text)
    return text


def _option_of(made: Field, stored: str) -> str:
    """The value of the option that ``stored`` is a label of, in any language and case."""
    if any(option.value == stored for option in made.options):
        return stored
    folded = stored.strip().casefold()
    for option in made.options:
        if folded and folded in (label.strip().casefold() for label in option.label.values()):
            return option.value
    return stored


def stored_day(value: object) -> str:
    """The day of a stored date in any shape: a day, an ISO moment, milliseconds; ``""`` if none."""
    if isinstance(value, str):
        day = as_date(value) if len(value) == 10 else None
        return day.isoformat() if day else day_of_moment(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    try:
        return datetime.fromtimestamp(value / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


# -- birth dates as answers ------------------------------------------------------------------------


def answer_of_birth(birth: Birth) -> str:
    """A birth as an answer: a day, ``~day`` when estimated, ``?`` when nobody knows."""
    if birth.day is None:
        return UNKNOWN_BIRTH
    return f"~{birth.day}" if birth.estimated else birth.day


def birth_of_answer(answer: Answer) -> Birth:
    """The birth that an answer holds; unknown and not answered have no day.

    What is no day at all comes back as it is, so that a stored oddity outlives an edit.
    """
    text = text_of(answer).strip()
    if is_empty(text) or text == UNKNOWN_BIRTH:
        return Birth(None)
    return Birth(text.removeprefix("~"), text.startswith("~"))
