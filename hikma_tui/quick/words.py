"""The words of the one-line entry: keywords in three languages, units, values. Pure.

A measure is a number with a unit (a column of ``patient_vitals`` or a field of the program's own
form "Measures and tests") or one of the options of such a field. All is written as it is compared,
folded (``quick.shape.fold``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from hikma_tui.i18n import _

Convert = Callable[[Decimal], Decimal]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it is shown; ``convert`` turns a number into the stored unit ``stored``."""

    shown: str
    stored: str
    convert: Convert | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that can be typed. ``key`` is a vitals column, or a field id of own measures.

    ``label`` is empty for a vital sign, which has its name in ``vitals``. ``units`` by what may be
    typed; ``default`` is the unit of a bare number, where there is no
    doubt about it. ``low`` to ``high`` (in the stored unit) only tells whether a bare number, or a
    keyword inside of free text, could mean this: it refuses nothing.
    """

    key: str
    label: str
    keywords: tuple[str, ...]
    units: Mapping[str, Unit]
    default: Unit | None
    low: int
    high: int
    ask: tuple[Unit, ...] = ()  # what to choose from where the unit is missing
    bare: tuple[int, int] = (0, 100_000)  # a bare number beyond these needs its unit said
    own: bool = False  # a field of "Measures and tests", not a column


@dataclass(frozen=True, slots=True)
class Options:
    """A result that is one of a few: the field of own measures, and its stored values by word."""

    key: str
    label: str
    keywords: tuple[str, ...]
    values: Mapping[str, str]
    urine: bool = False


def _times(factor: str) -> Convert:
    return lambda number: number * Decimal(factor)


def _celsius(number: Decimal) -> Decimal:
    return (number - 32) * 5 / 9


def rounded(number: Decimal) -> str:
    """A converted number with at most the two decimals that the columns keep (wire.md A5)."""
    text = format(number.quantize(Decimal("0.01"), ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _units(*pairs: tuple[str, Unit]) -> dict[str, Unit]:
    return {word: unit for words, unit in pairs for word in words.split()}


_MINUTE = Unit("/min", "/min")
_KG, _CM, _PERCENT = Unit("kg", "kg"), Unit("cm", "cm"), Unit("%", "%")
CELSIUS = Unit("°C", "°C")
FAHRENHEIT = Unit("°F", "°C", _celsius)
_GRAM = Unit("g", "kg", _times("0.001"))
_POUND = Unit("lb", "kg", _times("0.45359237"))
METRE = Unit("m", "cm", _times("100"))
_INCH = Unit("in", "cm", _times("2.54"))
_MM = Unit("mm", "mm")
_MGDL, _MMOL = Unit("mg/dL", "mg/dL"), Unit("mmol/L", "mmol/L")
_GDL, _GL = Unit("g/dL", "g/dL"), Unit("g/L", "g/L")

_LENGTHS = _units(
    ("cm cms سم", _CM), ("m mt metre metres meter meters م متر", METRE),
    ("in inch inches", _INCH)
)  # fmt: skip
_MINUTES = _units(("/min /m min bpm lpm ppm rpm /mn /minute نبضه /د /دقيقه", _MINUTE))

MEASURES: tuple[Measure, ...] = (
    Measure(
        "pulse_rate", "",
        ("hr", "p", "pulse", "puls", "pr", "fc", "pulso", "نبض", "النبض"),
        _MINUTES, _MINUTE, 30, 220,
    ),
    Measure(
        "temperature_celsius", "",
        ("t", "temp", "temperature", "temperatura", "حراره", "الحراره"),
        _units(("c celsius centigrade م س", CELSIUS), ("f fahrenheit ف", FAHRENHEIT)),
        None, 30, 44, (CELSIUS, FAHRENHEIT),
    ),
    Measure(
        "weight_kg", "", ("wt", "w", "weight", "peso", "وزن", "الوزن"),
        _units(
            ("kg kgs kilo kilos كغ كجم كغم كيلو", _KG), ("g gr gram grams gm غ غرام", _GRAM),
            ("lb lbs pound pounds libra libras", _POUND),
        ),
        _KG, 1, 250, (_KG, _GRAM), (0, 400),
    ),
    Measure(
        "height_cm", "",
        ("ht", "height", "talla", "estatura", "altura", "length", "طول", "الطول"),
        _LENGTHS, _CM, 40, 220, (_CM, METRE), (3, 300),
    ),
    Measure(
        "waist_circumference_cm", "", ("waist", "wc", "cintura", "خصر", "الخصر"),
        _LENGTHS, _CM, 40, 180,
    ),
    Measure(
        "oxygen_saturation", "",
        ("spo2", "sat", "sats", "sao2", "sato2", "o2", "o2sat", "saturation", "saturacion", "تشبع",
         "اكسجين", "الاكسجين"),
        _units(("% ٪ percent", _PERCENT)), _PERCENT, 50, 100,
    ),
    Measure(
        "respiratory_rate", "",
        ("rr", "resp", "fr", "تنفس", "التنفس"), _MINUTES, _MINUTE, 6, 90,
    ),
    Measure(
        "pain_level", "", ("pain", "dolor", "eva", "الم", "الالم"),
        _units(("/10", Unit("/10", "/10"))), Unit("/10", "/10"), 0, 10,
    ),
    Measure(
        "hikma-measure-muac", "MUAC", ("muac", "pb", "cmb", "مواك"),
        _units(("mm مم", _MM), ("cm سم", _CM)), None, 50, 400, (_MM, _CM), own=True,
    ),
    Measure(
        "hikma-measure-head", "Head circumference", ("head", "hc", "ofc", "pc", "راس", "الراس"),
        _units(("cm سم", _CM)), _CM, 20, 65, own=True,
    ),
    Measure(
        "hikma-measure-glucose", "Blood glucose",
        ("gluc", "glucose", "glu", "bg", "bs", "glucosa", "glucemia", "glicemia", "سكر", "السكر"),
        _units(("mg/dl mg mgdl mg%", _MGDL), ("mmol/l mmol mmoll ملمول", _MMOL)),
        None, 1, 700, (_MMOL, _MGDL), own=True,
    ),
    Measure(
        "hikma-measure-haemoglobin", "Haemoglobin",
        ("hb", "hgb", "haemoglobin", "hemoglobin", "hemoglobina", "خضاب", "هيموغلوبين"),
        _units(("g/dl gdl", _GDL), ("g/l gl", _GL)), None, 2, 220, (_GDL, _GL), own=True,
    ),
)  # fmt: skip

_NEGATIVE = "neg negative negativo negativa - -ve سلبي سلبيه"
_POSITIVE = "pos positive positivo positiva + +ve ايجابي ايجابيه"


def _values(**words: str) -> dict[str, str]:
    """``Negative="neg -"`` turned round: the stored value by each word."""
    return {word: stored for stored, listed in words.items() for word in listed.split()}


_YES_OR_NO = _values(Negative=_NEGATIVE, Positive=_POSITIVE)
_DEGREES = {
    **_values(Negative=f"{_NEGATIVE} nil 0", Trace="trace tr trazas +- +/- اثار"),
    **dict.fromkeys(("1+", "+1", "+"), "1+"),
    **dict.fromkeys(("2+", "+2", "++"), "2+"),
    **dict.fromkeys(("3+", "+3", "+++", "4+", "++++"), "3+ or more"),
}

OPTIONS: tuple[Options, ...] = (
    Options(
        "hikma-measure-malaria", "Malaria test",
        ("malaria", "mal", "rdt", "mrdt", "paludismo", "ملاريا", "الملاريا"),
        {
            **_values(Negative=_NEGATIVE),
            **dict.fromkeys(("pf", "pf+", "falciparum"), "Positive: falciparum"),
            **dict.fromkeys(("pv", "pv+", "vivax"), "Positive: vivax"),
            **dict.fromkeys(("mixed", "mixta", "pf+pv"), "Positive: mixed"),
            **dict.fromkeys(_POSITIVE.split(), "Positive: kind not known"),
        },
    ),
    Options(
        "hikma-measure-hiv", "HIV test", ("hiv", "vih"),
        {**_YES_OR_NO, "declined": "Declined", "rechaza": "Declined"},
    ),
    Options("hikma-measure-pregnancy-test", "Pregnancy test", ("upt", "hcg"), _YES_OR_NO),
    Options(
        "hikma-measure-oedema", "Swelling of both feet",
        ("oedema", "edema", "oed", "وذمه"),
        {
            **dict.fromkeys(("none", "no", "0", "nil", "neg", "ninguno", "لا"), "None"),
            **dict.fromkeys(("1+", "+1", "+"), "+"),
            **dict.fromkeys(("2+", "+2", "++"), "++"),
            **dict.fromkeys(("3+", "+3", "+++"), "+++"),
        },
    ),
    Options("hikma-measure-urine-protein", "Protein in urine",
            ("protein", "prot", "proteinas", "بروتين"), _DEGREES, urine=True),
    Options("hikma-measure-urine-glucose", "Glucose in urine",
            ("glucose", "glu", "gluc", "glucosa", "سكر"), _DEGREES, urine=True),
    Options("hikma-measure-urine-ketones", "Ketones in urine",
            ("ketones", "ket", "cetonas", "كيتون"), _DEGREES, urine=True),
    Options("hikma-measure-urine-blood", "Blood in urine",
            ("blood", "sangre", "دم"), _DEGREES, urine=True),
    Options("hikma-measure-urine-leukocytes", "White cells in urine",
            ("leu", "leuk", "leukocytes", "leucocitos", "wbc"), _DEGREES, urine=True),
    Options("hikma-measure-urine-nitrite", "Nitrite in urine",
            ("nit", "nitrite", "nitritos"), _YES_OR_NO, urine=True),
)  # fmt: skip

PRESSURE = ("bp", "ta", "pa", "tension", "presion", "ضغط", "الضغط")
PRESSURE_LABEL = "Blood pressure"
PRESSURE_UNITS = frozenset({"mmhg", "mm", "ملم"})
URINE = frozenset({"urine", "dipstick", "orina", "بول", "البول"})

POSITIONS: dict[str, str] = {
    **dict.fromkeys(("sit", "sitting", "seated", "sentado", "sentada", "جالس", "جالسه"), "sitting"),
    **dict.fromkeys(
        ("stand", "standing", "depie", "parado", "parada", "واقف", "واقفه"), "standing"
    ),
    **dict.fromkeys(
        ("lie", "lying", "supine", "acostado", "acostada", "مستلق", "مستلقي", "مستلقيه"), "lying"
    ),
    "pos?": "other",
    "posicion?": "other",
    "وضعيه؟": "other",
}
"""Upstream's position by word; ``other`` is also "not known" (features.md 1.9)."""

POSITION_CHOICES = (("sitting", "sit"), ("standing", "stand"), ("lying", "lie"), ("other", "pos?"))
"""What can be chosen, and what is written into the line for it."""

DIAGNOSIS = frozenset({"dx", "diag", "diagnosis", "diagnostico", "تشخيص", "التشخيص"})
MEDICINE = frozenset({"rx", "tto", "rp", "tratamiento", "دواء", "علاج", "وصفه"})
NOTE = frozenset({"n", "note", "nota", "ملاحظه"})
ALLERGY = frozenset({"allergy", "allergies", "allergic", "alergia", "alergias", "حساسيه"})

_LASTING = (
    "d day days w wk week weeks month months h hour hours year years"
    " dia dias semana semanas mes meses hora horas ano anos"
    " يوم ايام اسبوع اسابيع شهر اشهر ساعه ساعات"
)
LASTING = frozenset(_LASTING.split())
"""After a number: it is how long, and no measure."""

_CONDITION = (
    "if when for until till after with in at on en al si cuando para por hasta con اذا عند حتي لو"
)
CONDITION = frozenset(_CONDITION.split())
"""Before a measure within a medicine: it says when to take it, and was not measured today."""

AND = frozenset(("and", "y", "e", "+", "&", "و", "plus", "mas"))
"""Between two medicines."""

SAME = frozenset(("same", "repeat", "igual", "idem", "repetir", "نفسه", "نفسها", "نفس"))
"""In the place of a medicine: the last set again."""

BY_KEYWORD: dict[str, Measure] = {word: one for one in MEASURES for word in one.keywords}
OPTIONS_BY_KEYWORD: dict[str, Options] = {
    word: one for one in OPTIONS if not one.urine for word in one.keywords
}
URINE_BY_KEYWORD: dict[str, Options] = {
    word: one for one in OPTIONS if one.urine for word in one.keywords
}
LONGEST_KEYWORD = max(map(len, (*BY_KEYWORD, *PRESSURE, *OPTIONS_BY_KEYWORD)))

# A number whose unit alone says what it is: 61kg, 82bpm, 37.8C.
BY_UNIT: dict[str, str] = {
    **dict.fromkeys(("bpm", "lpm", "ppm"), "pulse_rate"),
    **dict.fromkeys(("kg", "kgs", "kilo", "kilos", "lb", "lbs", "كغ", "كجم", "كغم"), "weight_kg"),
    **dict.fromkeys(("c", "f"), "temperature_celsius"),
    "rpm": "respiratory_rate",
}


def shown(text: str) -> str:
    """A label or a stored result in the user's language; what is a sign stays (``2+``)."""
    return {
        "MUAC": _("MUAC"),
        "Head circumference": _("Head circumference"),
        "Blood glucose": _("Blood glucose"),
        "Haemoglobin": _("Haemoglobin"),
        "Malaria test": _("Malaria test"),
        "HIV test": _("HIV test"),
        "Pregnancy test": _("Pregnancy test"),
        "Swelling of both feet": _("Swelling of both feet"),
        "Protein in urine": _("Protein in urine"),
        "Glucose in urine": _("Glucose in urine"),
        "Ketones in urine": _("Ketones in urine"),
        "Blood in urine": _("Blood in urine"),
        "White cells in urine": _("White cells in urine"),
        "Nitrite in urine": _("Nitrite in urine"),
        "Blood pressure": _("Blood pressure"),
        "Negative": _("Negative"),
        "Positive": _("Positive"),
        "Positive: falciparum": _("Positive: falciparum"),
        "Positive: vivax": _("Positive: vivax"),
        "Positive: mixed": _("Positive: mixed"),
        "Positive: kind not known": _("Positive: kind not known"),
        "Declined": _("Declined"),
        "Trace": _("Trace"),
        "None": _("None"),
        "3+ or more": _("3+ or more"),
    }.get(text, text)
