"""A medicine entry in words, as it is echoed before it is saved and shown afterwards. Pure.

Any stored entry is read: our own, the reference app's and older ones (features.md 1.8, 2.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from hikma_tui import i18n
from hikma_tui.forms.json import as_json, text_of, unwrap
from hikma_tui.forms.numbers import number_text
from hikma_tui.i18n import _, ngettext

ROUTES = (
    "oral", "sublingual", "rectal", "topical", "inhalation", "intravenous", "intramuscular",
    "intradermal", "subcutaneous", "nasal", "ophthalmic", "otic", "vaginal", "transdermal",
)  # fmt: skip
TIMES = (
    "as needed", "at once", "at night", "at bedtime", "in the morning", "at noon",
    "in the evening", "before meals", "after meals", "with food", "every other day",
    "once a week", "once a month", "one dose only", "right eye", "left eye", "both eyes",
    "right ear", "left ear", "both ears",
)  # fmt: skip
COUNTED = (
    "tablet", "capsule", "drop", "puff", "sachet", "ampoule", "vial", "suppository", "patch",
    "application", "pessary", "units", "million units", "hours", "days", "weeks", "months", "years",
)  # fmt: skip
# The keys of an entry that ``words`` puts into its sentence; ids and our own marks are not told.
_TOLD = frozenset(
    {"id", "name", "route", "form", "frequency", "intervals", "dose", "doseUnits", "duration",
     "durationUnits"}
)  # fmt: skip
_SHOWN_TOO = ("note", "notes", "instructions")


def known_words(value: str) -> str:
    """A route or a time of taking in the user's language; any other text as it is."""
    return _known(i18n.language()).get(value, value)


@lru_cache(maxsize=4)
def _known(_language: str) -> dict[str, str]:
    return {
        "oral": _("by mouth"),
        "sublingual": _("under the tongue"),
        "rectal": _("into the rectum"),
        "topical": _("on the skin"),
        "inhalation": _("inhaled"),
        "intravenous": _("into a vein"),
        "intramuscular": _("into a muscle"),
        "intradermal": _("into the skin"),
        "subcutaneous": _("under the skin"),
        "nasal": _("into the nose"),
        "ophthalmic": _("in the eye"),
        "otic": _("in the ear"),
        "vaginal": _("into the vagina"),
        "transdermal": _("through the skin"),
        "as needed": _("as needed"),
        "at once": _("at once"),
        "at night": _("at night"),
        "at bedtime": _("at bedtime"),
        "in the morning": _("in the morning"),
        "at noon": _("at noon"),
        "in the evening": _("in the evening"),
        "before meals": _("before meals"),
        "after meals": _("after meals"),
        "with food": _("with food"),
        "every other day": _("every other day"),
        "once a week": _("once a week"),
        "once a month": _("once a month"),
        "one dose only": _("one dose only"),
        "right eye": _("right eye"),
        "left eye": _("left eye"),
        "both eyes": _("both eyes"),
        "right ear": _("right ear"),
        "left ear": _("left ear"),
        "both ears": _("both ears"),
    }


def form_words(value: str) -> str:
    """A form (tablet, syrup ...) in the user's language; any other text as it is."""
    return _forms(i18n.language()).get(value, value)


@lru_cache(maxsize=4)
def _forms(_language: str) -> dict[str, str]:
    return {
        "tablet": _("tablet"),
        "syrup": _("syrup"),
        "suspension": _("suspension"),
        "ampule": _("ampoule"),
        "suppository": _("suppository"),
        "cream": _("cream"),
        "ointment": _("ointment"),
        "drops": _("drops"),
        "bottle": _("bottle"),
        "spray": _("spray"),
        "gel": _("gel"),
        "lotion": _("lotion"),
        "inhaler": _("inhaler"),
        "capsule": _("capsule"),
        "injection": _("injection"),
        "patch": _("patch"),
        "powder": _("powder"),
        "pessary": _("pessary"),
    }


def counted_words(number: str, unit: str) -> str:
    """A number with what it counts: ``2 tablets``, ``7 days``; ``5 mg`` for any other unit."""
    if unit not in COUNTED:
        return f"{number} {unit}".strip()
    return _counted(i18n.language(), number, unit)


@lru_cache(maxsize=1024)
def _counted(_language: str, number: str, unit: str) -> str:
    n = _plural(number)
    said = {
        "tablet": ngettext("{n} tablet", "{n} tablets", n),
        "capsule": ngettext("{n} capsule", "{n} capsules", n),
        "drop": ngettext("{n} drop", "{n} drops", n),
        "puff": ngettext("{n} puff", "{n} puffs", n),
        "sachet": ngettext("{n} sachet", "{n} sachets", n),
        "ampoule": ngettext("{n} ampoule", "{n} ampoules", n),
        "vial": ngettext("{n} vial", "{n} vials", n),
        "suppository": ngettext("{n} suppository", "{n} suppositories", n),
        "patch": ngettext("{n} patch", "{n} patches", n),
        "application": ngettext("{n} application", "{n} applications", n),
        "pessary": ngettext("{n} pessary", "{n} pessaries", n),
        "units": ngettext("{n} unit", "{n} units", n),
        "million units": ngettext("{n} million units", "{n} million units", n),
        "hours": ngettext("{n} hour", "{n} hours", n),
        "days": ngettext("{n} day", "{n} days", n),
        "weeks": ngettext("{n} week", "{n} weeks", n),
        "months": ngettext("{n} month", "{n} months", n),
        "years": ngettext("{n} year", "{n} years", n),
    }
    return said[unit].format(n=number)


def _plural(number: str) -> int:
    """The whole number whose plural form is meant; parts of one are told as several."""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 2


def times_a_day(times: int) -> str:
    """``once a day``, ``twice a day``, ``3 times a day``."""
    if times == 1:
        return _("once a day")
    if times == 2:
        return _("twice a day")
    return ngettext("{n} time a day", "{n} times a day", times).format(n=times)


def every_hours(hours: int) -> str:
    """``every 8 hours``."""
    return ngettext("every {n} hour", "every {n} hours", hours).format(n=hours)


def every_days(days: int) -> str:
    """``every 3 days``."""
    return ngettext("every {n} day", "every {n} days", days).format(n=days)


def times_a_week(times: int) -> str:
    """``3 times a week``."""
    return ngettext("{n} time a week", "{n} times a week", times).format(n=times)


def whole(value: object) -> int | None:
    """The whole number that a stored value is, as a number or as text; None if it is none."""
    text = number_text(value_text(value))
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        return None
    if number is None or number != number.to_integral_value() or abs(number) > 10**9:
        return None
    return int(number)


def value_text(value: object) -> str:
    """A stored value as text on one line, whatever its shape; upstream's 0 for "none" stays."""
    if isinstance(value, str):  # nearly all: a patient's page asks thousands of times
        return " ".join(value.split())
    value = unwrap(value)
    if value is None or isinstance(value, bool):
        return ""
    text = value if isinstance(value, str) else text_of(value)
    if not text and isinstance(value, list | Mapping) and value:
        text = as_json(value)
    return " ".join(text.split())


def entered(value: object) -> str:
    """A stored value as text; ``""`` for upstream's default of 0, which says none was entered."""
    text = value_text(value)
    return "" if whole(text) == 0 else text


def dose_words(item: Mapping[str, object]) -> str:
    """The dose of an entry: ``5 mg``, ``2 tablets``; empty where none was entered."""
    dose = entered(item.get("dose"))
    return counted_words(dose, value_text(item.get("doseUnits"))) if dose else ""


def how_often(item: Mapping[str, object]) -> str:
    """How often, in words: frequency and interval, each only where it was entered."""
    often, between = entered(item.get("frequency")), entered(item.get("intervals"))
    times, hours = whole(often), whole(between)
    parts = [
        times_a_day(times) if times is not None and times > 0 else known_words(often),
        every_hours(hours) if hours is not None and hours > 0 else between,
    ]
    return ", ".join(part for part in parts if part)


def duration_words(item: Mapping[str, object]) -> str:
    """How long: ``for 30 days``; empty where none was entered."""
    duration = entered(item.get("duration"))
    if not duration:
        return ""
    span = counted_words(duration, value_text(item.get("durationUnits")))
    return _("for {duration}").format(duration=span)


def words(item: Mapping[str, object]) -> str:
    """A stored entry as one sentence: ``amlodipine 5 mg by mouth, once a day, for 30 days``.

    Every part that was entered is in it, also those of other clients that we don't know.
    """
    name = value_text(item.get("name"))
    dose, form = dose_words(item), value_text(item.get("form"))
    unit, route = value_text(item.get("doseUnits")), value_text(item.get("route"))
    counts_form = dose and unit == {"ampule": "ampoule", "drops": "drop"}.get(form, form)
    if dose and any(char.isdigit() for char in name):
        name += ","  # "coartem 20/120, 4 tablets": not one number beside another
    what = [name, dose, "" if counts_form else form_words(form), known_words(route)]
    too = [value_text(item.get(key)) for key in _SHOWN_TOO]
    parts = [" ".join(part for part in what if part), how_often(item), duration_words(item), *too]
    return ", ".join(part for part in parts if part)


def line_of(item: Mapping[str, object]) -> str:
    """A stored entry as the line that reads as the same entry again, to be changed."""
    dose, form = dose_words(item), value_text(item.get("form"))
    unit = value_text(item.get("doseUnits"))
    counts_form = dose and unit == {"ampule": "ampoule", "drops": "drop"}.get(form, form)
    parts = [
        value_text(item.get("name")),
        dose,
        "" if counts_form else form_words(form),
        known_words(value_text(item.get("route"))),
    ]
    if whole(item.get("frequency")) is None and entered(item.get("frequency")):
        # Directions begin after a comma: what is not understood in them is no more of the name.
        parts = [", ".join(filter(None, [" ".join(filter(None, parts)), how_often(item)]))]
    else:
        parts.append(how_often(item))
    return " ".join(part for part in [*parts, duration_words(item)] if part)
