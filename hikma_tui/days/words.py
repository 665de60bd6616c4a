"""The words of dates that a person may type, in English, Spanish and Arabic. Pure.

The words that we *show* go through gettext (``month_name``, ``weekday_name``); the words that we
*understand* are all three languages at once, since a clinic's keyboard, screen and papers differ.
"""

from __future__ import annotations

import unicodedata

from hikma_tui.i18n import _

_ENGLISH = "january february march april may june july august september october november december"
_SPANISH = (
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
)
_ARABIC_LEVANT = (
    "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
)
_ARABIC_NILE = "يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
_ARABIC_MAGHREB = "جانفي|فيفري|مارس|أفريل|ماي|جوان|جويلية|أوت|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
_OTHER_MONTHS = {"sept": 9, "set": 9, "setiembre": 9, "ابريل": 4, "إبريل": 4, "يوليوز": 7, "غشت": 8}

_WEEKDAYS = (
    "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday tues thur"
    " thurs lun mar mie jue vie sab dom lunes martes miercoles jueves viernes sabado domingo"
    " الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد"
)
_FILLERS = "de del of the st nd rd th el في من"
_TODAY = "t today now hoy اليوم ف"  # ف stands where t stands on an Arabic keyboard
_YESTERDAY = "yesterday ayer أمس امبارح البارحة"
_TOMORROW = "tomorrow manana غدا بكرة"
_UNKNOWN = "? ؟ unknown unk desconocido desconocida nosabe مجهول مجهولة معروف"
_ABOUT = "about approx approximately around circa ca c est aprox cerca hacia unos حوالي تقريبا نحو"

_UNITS = {
    # The last word of each line: where the letter stands on an Arabic keyboard.
    "d": "d day days dia dias يوم أيام ي",
    "w": "w wk wks week weeks s sem semana semanas أسبوع أسابيع ص",
    "m": "m mo mos mth month months mes meses شهر أشهر شهور ة",
    "y": "y yr yrs yo year years a ano anos سنة سنوات سنين عام أعوام غ",
}


def fold(text: str) -> str:
    """``text`` in lower case, without accents, vowel signs or invisible marks, digits as ASCII."""
    out: list[str] = []
    for char in unicodedata.normalize("NFKD", text):
        category = unicodedata.category(char)
        if category in ("Mn", "Cf") or char == "\u0640":
            continue
        digit = unicodedata.decimal(char, None)
        out.append(char if digit is None else str(digit))
    return "".join(out).translate(_LETTERS).casefold().strip()


_LETTERS = str.maketrans(
    {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "−": "-", "–": "-", "—": "-", "،": ",", "؛": ","}
)


def _set(words: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words.split())


def _month_words() -> dict[str, int]:
    words: dict[str, int] = {fold(name): month for name, month in _OTHER_MONTHS.items()}
    for names in (_ENGLISH, _SPANISH):
        for month, name in enumerate(names.split(), start=1):
            words[name] = words[name[:3]] = month
    for names in (_ARABIC_LEVANT, _ARABIC_NILE, _ARABIC_MAGHREB):
        for month, name in enumerate(names.split("|"), start=1):
            words[fold(name)] = month
    return words


MONTHS = _month_words()
WEEKDAYS = _set(_WEEKDAYS)
FILLERS = _set(_FILLERS)
TODAY = _set(_TODAY)
YESTERDAY = _set(_YESTERDAY)
TOMORROW = _set(_TOMORROW)
UNKNOWN = _set(_UNKNOWN)
ABOUT = _set(_ABOUT)
UNITS = {fold(word): unit for unit, words in _UNITS.items() for word in words.split()}


def month_name(month: int) -> str:
    """The short name of month 1 to 12 in the language in use."""
    names = (
        _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"),
        _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"), _("Dec"),
    )  # fmt: skip
    return names[month - 1]


def weekday_name(weekday: int) -> str:
    """The short name of a weekday, 0 = Monday, in the language in use."""
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return names[weekday]


def month_of(word: str) -> int | None:
    """The month that a folded word names in any of the three languages or the one in use."""
    known = MONTHS.get(word)
    if known is not None:
        return known
    for month in range(1, 13):
        if fold(month_name(month)) == word:
            return month
    return None


def is_weekday(word: str) -> bool:
    """Whether a folded word names a day of the week (it says nothing that the date does not)."""
    return word in WEEKDAYS or any(fold(weekday_name(n)) == word for n in range(7))
