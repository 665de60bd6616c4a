"""Lines as they stand on paper in clinics: nothing of them is read as what it does not say.

Each was once read wrongly without a question: a maximum as the number of doses, an hour before
meals as how long it is taken, half a tablet as a whole one.
"""

from __future__ import annotations

import pytest

from hikma_tui import medicines


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("paracetamol 500mg 1-2 tab q4-6h prn max 8/day",
         "paracetamol 500 mg, 1-2 tablets, q4-6h, as needed, max 8/day"),
        ("loperamide 2mg after each stool, max 16mg/day",
         "loperamide 2 mg, after each stool, max 16mg/day"),
        ("omeprazole 20mg 1 hour before meals", "omeprazole 20 mg, 1 hour before meals"),
        ("omeprazole 20 mg una hora antes de comer", "omeprazole 20 mg, una hora antes de comer"),
        ("omeprazole 20 mg 30 min before breakfast", "omeprazole 20 mg, 30 min before breakfast"),
        ("permethrin 5% cream stat repeat after 1 week",
         "permethrin 5% cream, at once, repeat after 1 week"),
        ("fluconazole 150mg stat, repeat in 3 days",
         "fluconazole 150 mg, at once, repeat in 3 days"),
        ("normal saline 0.9% 1L iv over 8 hours",
         "normal saline 0.9%, 1 L into a vein, over 8 hours"),
        ("amlodipine 5mg od until 30/11", "amlodipine 5 mg, once a day, until 30/11"),
        ("amlodipine 5mg od start 2/12", "amlodipine 5 mg, once a day, start 2/12"),
        ("amlodipine 5mg at 8am and 8pm", "amlodipine 5 mg, at 8am and 8pm"),
        ("amlodipine 5mg 8:00", "amlodipine 5 mg, 8:00"),
        ("azithromycin 500mg stat then od", "azithromycin 500 mg, at once, then, once a day"),
        ("adrenaline 1:1000 0.5ml im", "adrenaline 1:1000, 0.5 mL into a muscle"),
        ("lamivudine/3TC 150mg bd", "lamivudine/3TC, 150 mg, twice a day"),
        ("gentamicin 7.5 mg/kg/24h im", "gentamicin 7.5 mg/kg/24h into a muscle"),
        ("alendronate 70mg twice weekly", "alendronate 70 mg, 2 times a week"),
        ("furosemide 40mg every morning", "furosemide 40 mg, in the morning"),
        ("zoledronate 5mg once a year", "zoledronate 5 mg, once a year"),
        ("ibuprofen 400mg 8 hourly 5 days", "ibuprofen 400 mg, every 8 hours, for 5 days"),
        ("ibuprofen 400mg 6hrly", "ibuprofen 400 mg, every 6 hours"),
        ("ibuprofen 400mg tds for a week", "ibuprofen 400 mg, 3 times a day, for 1 week"),
        ("promethazine 25mg nocte for 3 nights", "promethazine 25 mg, at night, for 3 days"),
        ("fentanyl patch 25 mcg/hr q3d", "fentanyl 25 mcg/hr patch, every 3 days"),
        ("amlodipine 10mg half a tablet daily", "amlodipine 10 mg, 0.5 tablets, once a day"),
        ("amlodipine 10mg one and a half tablets daily",
         "amlodipine 10 mg, 1.5 tablets, once a day"),
        ("paracetamol 1 y 1/2 comp c/8h", "paracetamol 1.5 tablets, every 8 hours"),
        ("paracetamol 1 comp y medio c/8h", "paracetamol 1.5 tablets, every 8 hours"),
        ("metformin 1g 1/2-0-1/2", "metformin 1 g, 1/2-0-1/2"),
        ("clonazepam 0,5 mg 1/2 - 0 - 1", "clonazepam 0.5 mg, 1/2 - 0 - 1"),
        ("paracetamol seven times daily", "paracetamol, 7 times a day"),
        ("amoxicillin ٥٠٠ ملغ ثلاث مرات يوميا ٧ ايام",
         "amoxicillin 500 mg, 3 times a day, for 7 days"),
        ("paracetamol حبتين كل 8 ساعات", "paracetamol 2 tablets, every 8 hours"),
        ("furosemide ٤٠ ملغ نصف حبة كل يومين", "furosemide 40 mg, 0.5 tablets, every other day"),
    ],
)  # fmt: skip
def test_it_is_read_as_it_was_meant(line: str, words: str) -> None:
    reading = medicines.read(line)
    assert not reading.doubts, reading.doubts
    assert reading.words == words


@pytest.mark.parametrize(
    ("line", "typed", "choices"),
    [
        ("diazepam 5 hs", "5 hs", ("5 mg at bedtime", "for 5 hours")),
        ("furosemide 1 1/2 tab od", "1 1/2 tab", ("1.5 tablets", "1 mg 0.5 tablets")),
        ("metformin 850 ½ tab bd", "850 ½ tab", ("850 mg 0.5 tablets", "850.5 tablets")),
        ("warfarin 3/4 mg alternate days", "3/4 mg", ("0.75 mg",)),
        ("amlodipine 10mg half od", "half", ("0.5 tablets", "0.5 capsules", "0.5 mL", "0.5 puffs")),
        ("enalapril 10mg/12h", "10mg/12h", ("10 mg every 12 hours",)),
        ("ibuprofen 400mg 8/24", "8/24", ("every 8 hours",)),
        ("penicillin 2.400.000 UI im", "2.400.000 UI", ("2400000 units",)),
        ("heparin 10 000 units", "10 000 units", ("10000 units",)),
        ("metformin 2 500 mg", "2 500 mg", ("2500 mg", "2 tablets 500 mg")),
        ("amlodipine5mg od", "amlodipine5mg", ("amlodipine 5mg",)),
        ("amlodipine tab iv od", "iv", ("4 tablets", "into a vein")),
        ("simvastatin 40mg ON", "ON", ("at night",)),
        ("tramadol PR 100mg bd", "PR", ("into the rectum", "prolonged-release")),
        ("insulin 10 i.u. sc", "10 i.u.", ("10 units",)),
        ("vitamin c 1 tab od x 1 m", "x 1 m", ("for 1 month",)),
        ("amoxicillin l0mg", "l0mg", ()),
        ("amlodipine 5mg odx30d", "odx30d", ()),
        ("amoxicillin <5mg", "<", ()),
        ("paracetamol 500 mg twelve times daily", "times", ()),
        ("amoxicillin 500mg tds and ibuprofen", "ibuprofen", ()),
        ("stop amlodipine", "stop", ()),
        ("1 tab bd", "1 tab bd", ()),
    ],
)
def test_it_is_asked_about(line: str, typed: str, choices: tuple[str, ...]) -> None:
    reading = medicines.read(line)
    assert [(doubt.typed, doubt.choices) for doubt in reading.doubts] == [(typed, choices)]
    for choice in choices:
        chosen = medicines.choose(line, reading.doubts[0], choice)
        assert not medicines.read(chosen).doubts, chosen


def test_a_cross_of_two_numbers_is_offered_both_ways() -> None:
    """``2x1`` is two once a day here and one twice a day there."""
    (doubt,) = medicines.read("losartan 50mg 2x1").doubts
    assert doubt.choices[:2] == ("2 tablets once a day", "1 tablet twice a day")


@pytest.mark.parametrize(
    "line",
    [
        "iron 1 tab od and folic acid 5mg od",
        "iron 1 tab od folic acid 5mg",
        "amlodipine 5mg od 30d, brandnew 50mg od",
        "amlodipine 5mg od 30d atenolol",
        "prednisolone 40 mg od 5 days then 20 mg od 5 days",
    ],
)
def test_a_second_medicine_behind_the_first_is_asked_about(line: str) -> None:
    assert "second" in [doubt.part for doubt in medicines.read(line).doubts]


@pytest.mark.parametrize(
    "line",
    [
        "ibuprofen 400mg tds with food 5d",
        "paracetamol 1g qid prn for fever, max 4g/day",
        "ORS 1 sachet after each stool",
    ],
)
def test_directions_are_no_second_medicine(line: str) -> None:
    assert not medicines.read(line).doubts
