"""Lines as they are typed in a hurry: none is silently misread, cut or given another meaning."""

from __future__ import annotations

import pytest

from hikma_tui import quick
from hikma_tui.quick import Kind
from hikma_tui.quick.reading import MOST_PARTS

ADULT = 40 * 365


def values(text: str) -> dict[str, str]:
    """All values of the measured parts of a line."""
    line = quick.read(text, ADULT)
    return {k: v for part in line.of(Kind.VITAL, Kind.MEASURE) for k, v in part.values.items()}


TWO = [
    "rx iron 1 tab od, folic acid 5mg od",
    "rx iron 1 tab od and folic acid 5mg od",
    "rx iron 1 tab od + folic acid 5mg od",
    "rx iron 1 tab od. folic acid 5mg od",
    "rx hierro 1 tab od y acido folico 5mg od",
    "rx amoxicillin 500mg tds 5d, paracetamol",
    "rx amox, paracetamol",
]


@pytest.mark.parametrize("text", TWO)
def test_two_medicines_are_never_taken_for_one(text: str) -> None:
    line = quick.read(text, ADULT)
    assert not line.ready
    (part,) = line.parts
    after = quick.read(quick.choose(text, part.choices[0]), ADULT)
    assert len(after.of(Kind.MEDICINE)) == 2
    assert all(len(one.words) < 60 for one in after.parts)


ONE = [
    "rx paracetamol 1g tds, after food",
    "rx paracetamol 1g tds, 5 days",
    "rx amoxicillin, 500mg, tds, 5d",
    "rx amoxicillin and clavulanic acid 625mg tds 7d",
    "rx ibuprofen 400mg tds and after food",
]


@pytest.mark.parametrize("text", ONE)
def test_a_comma_within_one_medicine_is_none_between_two(text: str) -> None:
    line = quick.read(text, ADULT)
    assert line.ready, [part.sentence for part in line.blocking]
    assert len(line.parts) == 1


def test_a_comma_that_parts_no_medicines_can_be_said_to_be_none() -> None:
    text = "rx amoxicillin 500mg tds 5d, mother informed"
    (part,) = quick.read(text, ADULT).parts
    assert part.asks
    assert quick.read(quick.choose(text, part.choices[1]), ADULT).ready


@pytest.mark.parametrize(
    "text",
    ["rx paracetamol 1g if t 38c", "rx insulin 10 units sc if bg 200 mg/dl",
     "rx paracetamol 1g para dolor 5", "rx paracetamol 1g for pain 5"],
)  # fmt: skip
def test_the_condition_of_a_medicine_is_no_measure_of_today(text: str) -> None:
    assert values(text) == {}


def test_a_weight_after_a_pulse_is_no_duration() -> None:
    text = "rx ciprofloxacin 500mg bd p 80 w 61"
    assert values(text) == {"pulse_rate": "80", "weight_kg": "61"}
    assert values("dx asthma hr 82 w 61") == {"pulse_rate": "82", "weight_kg": "61"}


@pytest.mark.parametrize("text", ["pain 5 days", "ألم 5 أيام", "w 30 weeks", "waist 90 days"])
def test_how_long_it_lasts_is_no_measure(text: str) -> None:
    assert values(text) == {}
    assert not quick.read(text, ADULT).ready
    (part,) = quick.read(text, ADULT).parts
    assert {text} == {choice.words.partition(": ")[2] for choice in part.choices[:-1]}


@pytest.mark.parametrize("text", ["wt 61½", "wt 6²", "wt ①②", "bp 12½/80 sit", "hr 8²"])
def test_what_only_looks_like_a_digit_is_none(text: str) -> None:
    line = quick.read(text, ADULT)
    assert not line.ready
    for part in line.blocking:
        for choice in part.choices:
            settled = values(quick.choose(text, choice))
            assert not settled.keys() & {"weight_kg", "systolic_bp", "pulse_rate"}


SAME = [
    ("wt 061", {"weight_kg": "61"}),
    ("bp 0120/080 sit", {"systolic_bp": "120", "diastolic_bp": "80", "bp_position": "sitting"}),
    ("bp 90/palp lie", {"systolic_bp": "90", "bp_position": "lying"}),
    ("hr = 82", {"pulse_rate": "82"}),
    ("hr : 82", {"pulse_rate": "82"}),
    ("malaria +ve", {"hikma-measure-malaria": "Positive: kind not known"}),
    ("malaria -ve", {"hikma-measure-malaria": "Negative"}),
    ("rdt pf+", {"hikma-measure-malaria": "Positive: falciparum"}),
    ("وزن ٦١ كغم", {"weight_kg": "61"}),
    ("gluc 110mg%", {"hikma-measure-glucose": "110", "hikma-measure-glucose#unit": "mg/dL"}),
]


@pytest.mark.parametrize(("text", "expected"), SAME, ids=[text for text, _ in SAME])
def test_ways_of_writing(text: str, expected: dict[str, str]) -> None:
    line = quick.read(text, ADULT)
    assert line.ready, [part.sentence for part in line.blocking]
    assert values(text) == expected


def test_a_colon_may_be_glued_to_what_follows() -> None:
    line = quick.read("dx:malaria rx:amoxicillin 500mg tds 5d n:well", ADULT)
    assert [part.kind for part in line.parts] == [Kind.DIAGNOSIS, Kind.MEDICINE, Kind.NOTE]
    assert [part.values["text"] for part in line.parts] == [
        "malaria", "amoxicillin 500mg tds 5d", "well"
    ]  # fmt: skip


def test_a_unit_that_no_body_can_have_is_not_offered() -> None:
    (part,) = quick.read("t 98.6", ADULT).parts
    assert [choice.words for choice in part.choices] == ["98.6 °F = 37 °C"]
    (part,) = quick.read("muac 118", ADULT).parts
    assert [choice.words for choice in part.choices] == ["118 mm"]
    assert part.blocks


@pytest.mark.parametrize(
    "text", ["hb 11 g/l", "hb 30 g/dl", "gluc 110 mmol/l", "gluc 5.6 mg/dl", "muac 45mm",
             "head 12"],
)  # fmt: skip
def test_a_doubtful_result_asks_once(text: str) -> None:
    (part,) = quick.read(text, ADULT).parts
    assert part.asks
    assert "unusually" in part.sentence
    assert quick.read(quick.choose(text, part.choices[0]), ADULT).ready


def test_a_star_that_was_typed_stays_with_what_is_chosen() -> None:
    class Found:
        code, label, system, matched, title = "BA00", "Essential hypertension", "icd11", "", ""

    for text in ("dx ba00*", "dx essential hypertension *"):
        line = quick.read(text, ADULT)
        asked = line.parts[0].values["text"]
        assert "*" not in asked
        assert quick.filled(quick.with_diseases(line, {asked: [Found()]})) == (
            "dx [BA00 Essential hypertension]*"
        )


LONG = {
    "different": " ".join(f"hr {50 + i % 100}" for i in range(200)),
    "pressures": "bp 140/90 " * 100,
    "diagnoses": "dx " + "a," * 500,
    "urine": "urine " + "glu neg " * 125,
    "brackets": "[" * 1000,
    "unknown": "zz 5 " * 200,
}


@pytest.mark.parametrize("kind", LONG)
def test_no_line_makes_the_nurse_wait(kind: str) -> None:
    text = LONG[kind][: quick.LONGEST]
    line = quick.read(text, ADULT)
    assert len(line.parts) <= MOST_PARTS  # the work of a key is bounded by it
    assert not line.ready or kind == "pressures"
    assert line.parts[-1].end == len(text.rstrip(" ,"))
