"""Typed medicine lines: what they are read as, what is asked about, and that no word is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui import i18n, medicines
from hikma_tui.names import fold

KEYS = {
    "id", "name", "route", "form", "frequency", "intervals", "dose", "doseUnits", "duration",
    "durationUnits",
}  # fmt: skip


def said(line: str) -> dict[str, Any]:
    """What a line without doubts is stored as, without what is empty."""
    reading = medicines.read(line)
    assert not reading.doubts, reading.doubts
    assert set(reading.item) == KEYS
    return {key: value for key, value in reading.item.items() if key != "id" and value != ""}


@pytest.mark.parametrize(
    ("line", "item", "words"),
    [
        ("amlodipine 5mg od 30d",
         {"name": "amlodipine", "dose": 5, "doseUnits": "mg", "frequency": 1, "duration": 30,
          "durationUnits": "days"},
         "amlodipine 5 mg, once a day, for 30 days"),
        ("amoxicillin 500 mg caps po tds 7 days",
         {"name": "amoxicillin", "dose": 500, "doseUnits": "mg", "form": "capsule",
          "route": "oral", "frequency": 3, "duration": 7, "durationUnits": "days"},
         "amoxicillin 500 mg capsule by mouth, 3 times a day, for 7 days"),
        ("paracetamol 120mg/5ml syrup 5 ml qid prn 3d",
         {"name": "paracetamol 120mg/5ml", "dose": 5, "doseUnits": "mL", "form": "syrup",
          "frequency": "4 times a day, as needed", "duration": 3, "durationUnits": "days"},
         "paracetamol 120mg/5ml, 5 mL syrup, 4 times a day, as needed, for 3 days"),
        ("ORS 1 sachet", {"name": "ORS", "dose": 1, "doseUnits": "sachet"}, "ORS 1 sachet"),
        ("coartem 20/120 4 tab bd 3d",
         {"name": "coartem 20/120", "dose": 4, "doseUnits": "tablet", "form": "tablet",
          "frequency": 2, "duration": 3, "durationUnits": "days"},
         "coartem 20/120, 4 tablets, twice a day, for 3 days"),
        ("amoxicilina 500 mg cada 8 horas por 7 días",
         {"name": "amoxicilina", "dose": 500, "doseUnits": "mg", "intervals": 8, "duration": 7,
          "durationUnits": "days"},
         "amoxicilina 500 mg, every 8 hours, for 7 days"),
        ("ibuprofeno 400 mg vo 3 veces al día durante una semana",
         {"name": "ibuprofeno", "dose": 400, "doseUnits": "mg", "route": "oral", "frequency": 3,
          "duration": 1, "durationUnits": "weeks"},
         "ibuprofeno 400 mg by mouth, 3 times a day, for 1 week"),
        ("1/2 tab atenolol 50 mg od",
         {"name": "atenolol 50 mg", "dose": 0.5, "doseUnits": "tablet", "form": "tablet",
          "frequency": 1},
         "atenolol 50 mg, 0.5 tablets, once a day"),
        ("inj ceftriaxone 1 g iv od",
         {"name": "ceftriaxone", "dose": 1, "doseUnits": "g", "form": "injection",
          "route": "intravenous", "frequency": 1},
         "ceftriaxone 1 g injection into a vein, once a day"),
        ("amlodipine ٥ ملغ مرة يوميا لمدة ٣٠ يوم",
         {"name": "amlodipine", "dose": 5, "doseUnits": "mg", "frequency": 1, "duration": 30,
          "durationUnits": "days"},
         "amlodipine 5 mg, once a day, for 30 days"),
        ("ceftriaxone 50mg/kg/day iv",
         {"name": "ceftriaxone", "dose": 50, "doseUnits": "mg/kg/day", "route": "intravenous"},
         "ceftriaxone 50 mg/kg/day into a vein"),
        ("methotrexate 2.5 mg 4 tab once weekly",
         {"name": "methotrexate 2.5 mg", "dose": 4, "doseUnits": "tablet", "form": "tablet",
          "frequency": "once a week"},
         "methotrexate 2.5 mg, 4 tablets, once a week"),
        ("ORS 1 sachet after each loose stool",
         {"name": "ORS", "dose": 1, "doseUnits": "sachet",
          "frequency": "after each loose stool"},
         "ORS 1 sachet, after each loose stool"),
        ("timolol 0.5% 1 drop both eyes bd",
         {"name": "timolol 0.5%", "dose": 1, "doseUnits": "drop", "form": "drops",
          "route": "ophthalmic", "frequency": "both eyes, twice a day"},
         "timolol 0.5%, 1 drop in the eye, both eyes, twice a day"),
        ("oral rehydration salts 1 L",
         {"name": "oral rehydration salts", "dose": 1, "doseUnits": "L"},
         "oral rehydration salts 1 L"),
        ("warfarin 1.25mg nocte", {"name": "warfarin", "dose": 1.25, "doseUnits": "mg",
                                   "frequency": "at night"},
         "warfarin 1.25 mg, at night"),
    ],
)  # fmt: skip
def test_lines_as_they_are_typed(line: str, item: dict[str, Any], words: str) -> None:
    assert said(line) == item
    assert medicines.read(line).words == words


@pytest.mark.parametrize(
    ("line", "part", "typed", "first"),
    [
        ("amlodipine 5", "unit", "5", "5 mg"),
        ("amoxicillin 500mg tds 7", "unit", "7", "for 7 days"),
        ("gentamicin eye drops 1 drop od", "frequency", "od", "once a day"),
        ("atenolol 50 mg qd", "frequency", "qd", "once a day"),
        ("atenolol 50 mg qod", "frequency", "qod", "every other day"),
        ("insulin 10u sc", "unit", "10u", "10 units"),
        ("levothyroxine 50ug od", "unit", "50ug", "50 mcg"),
        ("levothyroxine 50 µg od", "unit", "50 µg", "50 mcg"),
        ("digoxin .5 mg", "number", ".5 mg", "0.5 mg"),
        ("warfarin 5.0mg", "number", "5.0mg", "5mg"),
        ("heparin 5,000 units", "number", "5,000 units", "5000 units"),
        ("MS 10mg im", "name", "MS", "morphine sulfate"),
        ("MgSO4 4 g iv", "name", "MgSO4", "magnesium sulfate"),
        ("azithromycin 500 mg x3", "frequency", "x3", "3 times a day"),
        ("ciprofloxacin 500mg 5/7", "duration", "5/7", "for 5 days"),
        ("amlodipine 5 tab od", "dose", "5 tab", "5 mg"),
        ("losartan 50 mg once", "frequency", "once", "once a day"),
        ("ibuprofen 400 mg q8", "interval", "q8", "every 8 hours"),
    ],
)
def test_what_is_doubtful_is_asked_and_every_choice_settles_it(
    line: str, part: str, typed: str, first: str
) -> None:
    reading = medicines.read(line)
    assert [(doubt.part, doubt.typed) for doubt in reading.doubts] == [(part, typed)]
    doubt = reading.doubts[0]
    assert doubt.choices[0] == first
    assert typed in doubt.sentence
    for choice in doubt.choices:
        chosen = medicines.choose(line, doubt, choice)
        after = medicines.read(chosen)
        assert not after.doubts, (chosen, after.doubts)
        assert line.replace(typed, "").split()[0] in chosen


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_choices_are_read_in_the_language_they_are_offered_in(language: str) -> None:
    i18n.use_language(language)
    try:
        for line in ("amlodipine 5", "atenolol 50 mg qd", "ciprofloxacin 500mg 5/7", "zinc 20mg 7"):
            (doubt,) = medicines.read(line).doubts
            for choice in doubt.choices:
                assert not medicines.read(medicines.choose(line, doubt, choice)).doubts, choice
    finally:
        i18n.use_language("en")


@pytest.mark.parametrize(
    "line",
    ["amlodipine 5mgod", "amlodipine 5 mg 10 mg", "amlodipine 5 mg bd tds", "5 mg", "",
     "amoxicillin 500 mg bd q8h", "amlodipine 5mg po iv", "zinc 20 mg 5d 10d", "x 0 mg",
     "amlodipine 1.2.3 mg", "amlodipine 99999999999999999999 mg"],
)  # fmt: skip
def test_what_has_no_good_reading_blocks(line: str) -> None:
    assert medicines.read(line).doubts


TYPED = (
    "amlodipine paracetamol vitamin d b12 5 0.5 .5 5.0 1,250 500 mg ml g mcg ug u tab tabs caps"
    " 5mg 120mg/5ml 20/120 1/2 3/7 1-0-1 od bd tds qid q6h q8h c/8h prn stat nocte mane hs po iv"
    " im sc pr eye ear drops gotas 2 x3 x7d 3x/day 30d 7 days for por cada 8 horas al día 1%"
    " once qd weekly semana mg/kg ٥ ملغ يوميا after food headache [/red] lantern q9z 3m -"
)
WORDS = st.sampled_from(TYPED.split())
NOISE = st.one_of(WORDS, st.text(max_size=6))


@given(st.lists(NOISE, max_size=9).map(" ".join))
def test_reading_never_raises_and_no_unknown_word_is_lost(line: str) -> None:
    reading = medicines.read(line)
    told = fold(f"{reading.words} {' '.join(doubt.typed for doubt in reading.doubts)}").split()
    for word in ("lantern", "headache", "q9z", "amlodipine", "paracetamol"):
        assert fold(line).split().count(word) <= told.count(word), (line, reading)
    for doubt in reading.doubts:
        assert line.startswith(doubt.typed, doubt.at)
    for number in re.findall(r"(?<!\S)(?:5|30|500|0\.5)(?!\S)", line):
        assert any(number in part for part in (reading.words, *(d.typed for d in reading.doubts)))


PIECES = st.sampled_from(
    [
        "5mg", "0.5 mg", "500 mg", "120mg/5ml", "20/120", "1%", "1/2 tab", "2 tab", "caps", "5 ml",
        "2 puffs", "po", "iv", "sc", "pr", "eye drops", "od", "bd", "tds", "q6h", "c/8h", "3x/day",
        "cada 8 horas", "3 veces al día", "prn", "stat", "nocte", "hs", "after food", "1-0-1",
        "30d", "por 7 días", "for 2 weeks", "x7d", "headache", "lantern", "syrup", "weekly",
        "٥ ملغ", "يوميا", "mg/kg", "5 mg/kg/day", "(as before)", "ac,", "/", "[/red]",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=7).map(" ".join))
def test_a_line_made_of_an_entry_reads_as_that_entry(line: str) -> None:
    reading = medicines.read(f"amlodipine {line}")
    if reading.doubts:
        return
    again = medicines.read(medicines.line_of(reading.item))
    assert {**again.item, "id": ""} == {**reading.item, "id": ""}
    assert not again.doubts


def test_entries_of_other_clients_are_told() -> None:
    upstream = {
        "id": "0.123", "name": "Amoxicillin", "route": "oral", "form": "tablet", "frequency": "3",
        "intervals": 8, "dose": "500", "doseUnits": "mg", "duration": 7, "durationUnits": "days",
    }  # fmt: skip
    assert medicines.words(upstream) == (
        "Amoxicillin 500 mg tablet by mouth, 3 times a day, every 8 hours, for 7 days"
    )
    empty = {"name": "Zinc", "dose": 0, "doseUnits": "mg", "duration": 0, "durationUnits": "days"}
    assert medicines.words(empty) == "Zinc"
    odd = {"name": {"_tag": "Some", "value": "Zinc"}, "dose": 2.5, "doseUnits": "g",
           "frequency": "twice daily", "note": "with water", "route": ["a"]}  # fmt: skip
    assert medicines.words(odd) == 'Zinc 2.5 g ["a"], twice daily, with water'
    assert medicines.words({}) == ""
