"""The words and abbreviations of a prescription that ``medicines.reading`` knows. Pure.

English, Spanish, a little Arabic and the Latin of pharmacies; what they mean is upstream's words
(features.md 1.11). What the ISMP's list of error-prone abbreviations warns of is a *doubt*: it is
asked about and never read (decisions.md 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hikma_tui import i18n
from hikma_tui.medicines.wording import (
    COUNTED,
    ROUTES,
    TIMES,
    counted_words,
    form_words,
    known_words,
    times_a_day,
)
from hikma_tui.names import fold

Phrase = tuple[str, ...]

# What a word can be. The value is upstream's word, a number, or a key of ``medicines.wording``.
ROUTE, FORM, FREQUENCY, WHEN, UNIT, SPAN, DOUBT = (
    "route", "form", "frequency", "when", "unit", "span", "doubt"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says: which part of the entry, and its value."""

    part: str
    value: object


@dataclass(frozen=True, slots=True)
class Unclear:
    """A phrase that may mean several things: keys of ``choice_text``."""

    part: str
    choices: tuple[str, ...]


def key_of(typed: str) -> str:
    """One typed word as it is looked up: folded, its dots taken out (``p.o.`` is ``po``)."""
    return fold(typed.replace(".", "")).replace(" ", "") or typed.strip()


_ROUTES = {
    "oral": "po, oral, orally, by mouth, per os, via oral, por via oral, por boca, vo, بالفم, فموي",
    "sublingual": "sl, sublingual, under the tongue, bajo la lengua",
    "rectal": "pr, rectal, rectally, per rectum, via rectal, por via rectal",
    "topical": "top, topical, topically, topico, topica, via topica, on the skin, en la piel",
    "inhalation": "inh, inhaled, inhalation, inhalado, inhalada, neb, nebulised, nebulized,"
    " nebulizado",
    "intravenous": "iv, i/v, intravenous, intravenously, intravenoso, intravenosa, endovenoso,"
    " endovenosa, ev, وريدي",
    "intramuscular": "im, i/m, intramuscular, intramuscularly, عضلي",
    "subcutaneous": "sc, s/c, subcut, subcutaneous, subcutaneously, subcutaneo, subcutanea",
    "nasal": "nasal, intranasal, into the nose",
    "intradermal": "intradermal",
    "ophthalmic": "eye, eyes, ophthalmic, oftalmico, oftalmica",
    "otic": "ear, ears, otic, otico, otica",
    "vaginal": "pv, vaginal, vaginally, per vaginam",
    "transdermal": "transdermal",
}
_FORMS = {
    "tablet": "tab, tabs, tablet, tablets, comp, comprimido, comprimidos, tableta, tabletas,"
    " caplet, caplets,"
    " pastilla, pastillas, حبة, حبوب, قرص, اقراص",
    "capsule": "cap, caps, capsule, capsules, capsula, capsulas, كبسولة, كبسولات",
    "syrup": "syr, syp, syrup, jarabe, شراب",
    "suspension": "susp, suspension",
    "ampule": "amp, amps, ampoule, ampoules, ampule, ampules, ampolla, ampollas",
    "suppository": "supp, suppository, suppositories, supositorio, supositorios",
    "cream": "cream, crema",
    "ointment": "oint, ointment, unguento, pomada",
    "drops": "gotas, drops, gtt, gtts, قطرة",
    "spray": "spray",
    "gel": "gel",
    "lotion": "lotion, locion",
    "inhaler": "inhaler, inhalador, mdi, بخاخ",
    "injection": "inj, injection, inyeccion, iny, inyectable, حقنة",
    "patch": "patch, patches, parche, parches",
    "powder": "powder, polvo",
    "pessary": "pessary, ovulo, ovulos",
}
_UNITS = {
    "mg": "mg, mgs, milligram, milligrams, miligramo, miligramos, ملغ, مغ, ملجم",
    "g": "g, gram, grams, gramo, gramos, غرام",
    "mcg": "mcg, microgram, micrograms, microgramo, microgramos",
    "mL": "ml, mls, millilitre, millilitres, milliliter, milliliters, mililitro, mililitros, مل",
    "L": "l, litre, litres, liter, liters, litro, litros",
    "units": "unit, units, unidad, unidades, وحدة, وحدات",
    "million units": "million units, millones de unidades",
    "mmol": "mmol",
    "mEq": "meq",
    "drop": "drop, drops, gota, gotas, gtt, gtts, قطرة, قطرات",
    "puff": "puff, puffs, inhalacion, inhalaciones, بخة",
    "sachet": "sachet, sachets, sobre, sobres, كيس",
    "vial": "vial, vials, frasco ampolla",
    "application": "application, applications, aplicacion, aplicaciones",
    "pessary": "pessary, pessaries, ovulo, ovulos",
}
# Forms that are counted: "2 tab" is a dose of two tablets.
_COUNTED_FORMS = {
    "tablet": "tablet", "capsule": "capsule", "ampule": "ampoule", "suppository": "suppository",
    "patch": "patch",
}  # fmt: skip
_SPANS = {
    "hours": "h, hr, hrs, hour, hours, hs, hora, horas, ساعة, ساعات",
    "days": "d, day, days, nights, dia, dias, noches, يوم, ايام, يوما",
    "weeks": "w, wk, wks, week, weeks, sem, semana, semanas, اسبوع, اسابيع",
    "months": "mo, mos, mth, mths, month, months, mes, meses, شهر, اشهر, شهور",
    "years": "y, yr, yrs, year, years, ano, anos, سنة, سنوات",
}
_FREQUENCIES = {
    1: "od, daily, once daily, once a day, once per day, every day, cada dia, diario, diaria,"
    " diariamente, una vez al dia, una vez por dia, مرة يوميا, مرة واحدة يوميا, يوميا,"
    " مرة في اليوم, مرة باليوم",
    2: "bd, bid, twice daily, twice a day, twice per day, dos veces al dia, مرتين يوميا,"
    " مرتين في اليوم, مرتين باليوم",
    3: "tds, tid, thrice daily, thrice a day, tres veces al dia",
    4: "qid, qds, cuatro veces al dia",
}
_WHENS = {
    "as needed": "prn, sos, as needed, if needed, when needed, si es necesario, si precisa,"
    " a demanda, عند اللزوم, عند الحاجة",
    "at once": "stat, at once, now, immediately, ahora, ya, de inmediato",
    "at night": "nocte, at night, every night, each night, night, por la noche, de noche, noche,"
    " ليلا, مساء",
    "at bedtime": "hs, qhs, bedtime, at bedtime, al acostarse, عند النوم",
    "in the morning": "mane, om, qam, morning, in the morning, every morning, each morning,"
    " por la manana, en la manana, صباحا",
    "at noon": "noon, at noon, mediodia, al mediodia",
    "in the evening": "evening, in the evening, por la tarde",
    "before meals": "ac, before meals, before food, antes de comer, antes de las comidas,"
    " قبل الاكل",
    "after meals": "pc, after meals, after food, despues de comer, despues de las comidas,"
    " بعد الاكل",
    "with food": "with food, with meals, con comida, con las comidas, مع الاكل",
    "every other day": "alternate days, every other day, on alternate days, dias alternos,"
    " dia por medio, يوما بعد يوم",
    "once a week": "weekly, once weekly, once a week, every week, semanal, una vez a la semana,"
    " una vez por semana",
    "once a month": "monthly, once a month, every month, mensual, una vez al mes",
    "one dose only": "single dose, one dose, one dose only, once only, dosis unica, جرعة واحدة",
    "right eye": "right eye, ojo derecho",
    "left eye": "left eye, ojo izquierdo",
    "both eyes": "both eyes, each eye, ambos ojos, cada ojo",
    "right ear": "right ear, oido derecho",
    "left ear": "left ear, oido izquierdo",
    "both ears": "both ears, each ear, ambos oidos",
}
_MIXED = {
    ("ophthalmic", "drops"): "eye drops, gotas oftalmicas, colirio",
    ("ophthalmic", "ointment"): "eye ointment, unguento oftalmico",
    ("otic", "drops"): "ear drops, gotas oticas",
    ("nasal", "spray"): "nasal spray",
    ("nasal", "drops"): "nasal drops, gotas nasales",
}
SKIPPED = frozenset({"for", "por", "durante", "لمده"})

# What the ISMP's list warns of, and what is ambiguous in itself. "od" depends on what is beside it.
_UNCLEAR: dict[str, Unclear] = {
    "qd": Unclear("frequency", ("1/day", "4/day", "every other day")),
    "q1d": Unclear("frequency", ("1/day", "4/day")),
    "qod": Unclear("frequency", ("every other day", "1/day", "4/day")),
    "eod": Unclear("frequency", ("every other day",)),
    "qn": Unclear("frequency", ("at night", "every hour")),
    "biw": Unclear("frequency", ("2/week", "2/day")),
    "tiw": Unclear("frequency", ("3/week", "3/day")),
    "once": Unclear("frequency", ("1/day", "one dose only")),
    "twice": Unclear("frequency", ("2/day", "2/week")),
    "thrice": Unclear("frequency", ("3/day", "3/week")),
    "os": Unclear("route", ("by mouth", "left eye")),
    "ad": Unclear("route", ("right ear", "as needed")),
    "au": Unclear("route", ("both ears",)),
    "sq": Unclear("route", ("under the skin",)),
    "subq": Unclear("route", ("under the skin",)),
    "ms": Unclear("name", ("=morphine sulfate", "=magnesium sulfate")),
    "mso4": Unclear("name", ("=morphine sulfate", "=magnesium sulfate")),
    "mgso4": Unclear("name", ("=magnesium sulfate", "=morphine sulfate")),
    "znso4": Unclear("name", ("=zinc sulfate", "=morphine sulfate")),
    "azt": Unclear("name", ("=zidovudine", "=azathioprine")),
    "cpz": Unclear("name", ("=chlorpromazine", "=prochlorperazine")),
    "hct": Unclear("name", ("=hydrochlorothiazide", "=hydrocortisone")),
    "mtx": Unclear("name", ("=methotrexate", "=mitoxantrone")),
}

# Units that are asked about: what the number may go with.
UNCLEAR_UNITS: dict[str, tuple[str, ...]] = {
    "ug": ("mcg", "mg"), "µg": ("mcg", "mg"), "μg": ("mcg", "mg"), "u": ("units",),
    "iu": ("units",), "ui": ("units",), "cc": ("mL",), "gr": ("g", "mg"), "gm": ("g", "mg"),
    "gms": ("g", "mg"), "mu": ("million units", "units"), "miu": ("million units",),
    "mui": ("million units",), "m": ("mg", "mL", "months"), "mic": ("mcg",), "gg": ("g",),
    "tsp": ("mL",), "tbsp": ("mL",), "cdta": ("mL",), "cda": ("mL",), "x": (),
}  # fmt: skip
NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "half": "0.5",
    "un": "1", "una": "1", "uno": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5",
    "seis": "6", "media": "0.5", "medio": "0.5", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "siete": "7", "ocho": "8", "nueve": "9", "diez": "10", "quarter": "0.25",
    "cuarto": "0.25", "نصف": "0.5", "ربع": "0.25", "واحده": "1", "اثنين": "2", "ثلاث": "3",
    "ثلاثه": "3", "اربع": "4", "اربعه": "4", "خمس": "5", "خمسه": "5", "ست": "6", "سته": "6",
    "سبع": "7", "سبعه": "7", "ثماني": "8", "ثمانيه": "8", "عشر": "10", "عشره": "10",
}  # fmt: skip
TIMES_WORDS = frozenset({"times", "time", "veces", "vez", "مرات", "مره", "x"})
A_DAY = (
    ("a", "day"), ("per", "day"), ("each", "day"), ("daily",), ("al", "dia"), ("por", "dia"),
    ("/", "day"), ("/", "dia"), ("/", "d"), ("day",), ("dia",), ("diarias",), ("يوميا",),
    ("في", "اليوم"), ("باليوم",),
)  # fmt: skip
A_WEEK = (
    ("a", "week"), ("per", "week"), ("weekly",), ("/", "week"), ("/", "wk"),
    ("a", "la", "semana"), ("por", "semana"), ("/", "semana"),
)  # fmt: skip
EVERY = frozenset({"every", "cada", "q", "each", "كل"})
ABBREVIATED_COUNTS = frozenset({"tab", "tabs", "cap", "caps", "comp"})


def _phrases(text: str) -> list[Phrase]:
    return [
        tuple(key_of(word) for word in phrase.replace("/", " / ").split())
        for phrase in text.split(",")
    ]


@lru_cache(maxsize=8)
def _tables(_language: str) -> dict[str, dict[Phrase, Meaning]]:
    """The vocabulary, and beside it what this program itself says in the language in use."""
    said: dict[str, dict[Phrase, Meaning]] = {"words": {}, "units": {}, "spans": {}}
    words, units, spans = said.values()

    def put(table: dict[Phrase, Meaning], part: str, texts: Mapping[Any, str]) -> None:
        for value, text in texts.items():
            for phrase in filter(None, _phrases(text)):
                table.setdefault(phrase, Meaning(part, value))

    put(words, ROUTE, _ROUTES)
    put(words, FORM, _FORMS)
    put(units, UNIT, {unit: _FORMS[form] for form, unit in _COUNTED_FORMS.items()})
    put(words, FREQUENCY, _FREQUENCIES)
    put(words, WHEN, _WHENS)
    put(words, "mixed", _MIXED)
    for text, unclear in _UNCLEAR.items():
        put(words, DOUBT, {unclear: text})
    put(units, UNIT, _UNITS)
    put(spans, SPAN, _SPANS)
    _add_own_words(words, units, spans)
    return said


def _add_own_words(
    words: dict[Phrase, Meaning], units: dict[Phrase, Meaning], spans: dict[Phrase, Meaning]
) -> None:
    """What we write ourselves (a choice, a line to change) is read back, in every language."""

    def put(table: dict[Phrase, Meaning], text: str, meaning: Meaning) -> None:
        phrase = tuple(key_of(word) for word in text.replace(",", " ").split())
        if phrase:
            table.setdefault(phrase, meaning)

    for kind, table in ((ROUTES, words), (TIMES, words)):
        for value in kind:
            part = ROUTE if kind is ROUTES else WHEN
            put(table, known_words(value), Meaning(part, value))
    for value in _FORMS:
        put(words, form_words(value), Meaning(FORM, value))
    for count in range(1, 13):
        put(words, times_a_day(count), Meaning(FREQUENCY, count))
    for value in COUNTED:
        for number in ("1", "2", "5", "11", "0.5"):
            phrase = counted_words(number, value)
            if phrase.startswith(f"{number} "):
                into = spans if value in _SPANS else units
                part = SPAN if value in _SPANS else UNIT
                put(into, phrase.removeprefix(f"{number} "), Meaning(part, value))


def longest(table: str, keys: list[str], at: int) -> tuple[int, Meaning] | None:
    """The longest phrase of a table that begins at ``keys[at]``: its length and its meaning."""
    found = _tables(i18n.language())[table]
    for length in range(min(6, len(keys) - at), 0, -1):
        meaning = found.get(tuple(keys[at : at + length]))
        if meaning is not None:
            return length, meaning
    return None
