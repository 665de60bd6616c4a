"""The one-line entry, read: what is understood, what asks, and that nothing is ever dropped."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hikma_tui import quick
from hikma_tui.quick import Kind
from hikma_tui.quick import words as quick_words
from hikma_tui.quick.shape import fold

ADULT = 40 * 365
LINE = (
    "bp 140/90 sit hr 82 t 37.8c wt 61 spo2 97 rr 18 dx [BA00 Essential hypertension]"
    " rx amlodipine 5mg od 30d"
)


@dataclass(frozen=True)
class Disease:
    code: str
    label: str
    system: str = "icd11"
    matched: str = ""
    title: str = ""


def values(text: str, age: int | None = ADULT) -> dict[str, str]:
    """All values of the measured parts of a line."""
    line = quick.read(text, age)
    return {k: v for part in line.of(Kind.VITAL, Kind.MEASURE) for k, v in part.values.items()}


def only(text: str, age: int | None = ADULT) -> quick.Part:
    (part,) = quick.read(text, age).parts
    return part


def test_a_whole_line_is_ready() -> None:
    line = quick.read(LINE, ADULT)
    assert line.ready
    assert values(LINE) == {
        "systolic_bp": "140", "diastolic_bp": "90", "bp_position": "sitting", "pulse_rate": "82",
        "temperature_celsius": "37.8", "weight_kg": "61", "oxygen_saturation": "97",
        "respiratory_rate": "18",
    }  # fmt: skip
    said = [f"{part.label} {part.words}" for part in line.parts]
    assert said[0] == "Blood pressure 140/90 mmHg HIGH, sitting"
    assert said[2] == "Temperature 37.8 °C"
    assert said[-2] == "Diagnosis Essential hypertension [BA00]"
    assert said[-1].startswith("Medicine amlodipine 5 mg, once")


SAME = [
    ("bp140/90sit", {"systolic_bp": "140", "diastolic_bp": "90", "bp_position": "sitting"}),
    ("BP: 140 / 90 standing", {"systolic_bp": "140", "diastolic_bp": "90",
                               "bp_position": "standing"}),
    ("140/90mmHg lie", {"systolic_bp": "140", "diastolic_bp": "90", "bp_position": "lying"}),
    ("ta 140/90 sentado", {"systolic_bp": "140", "diastolic_bp": "90", "bp_position": "sitting"}),
    ("ضغط ١٤٠/٩٠ جالس", {"systolic_bp": "140", "diastolic_bp": "90", "bp_position": "sitting"}),
    ("bp 140/90 pos?", {"systolic_bp": "140", "diastolic_bp": "90", "bp_position": "other"}),
    ("bp 140/90 hr 80 sit", {"systolic_bp": "140", "diastolic_bp": "90", "pulse_rate": "80",
                             "bp_position": "sitting"}),
    ("82bpm", {"pulse_rate": "82"}),
    ("fc٨٢", {"pulse_rate": "82"}),
    ("t37,8c", {"temperature_celsius": "37.8"}),
    ("temp 37.80 °C", {"temperature_celsius": "37.80"}),
    ("حرارة ٣٧٫٨م", {"temperature_celsius": "37.8"}),
    ("t 100.4F", {"temperature_celsius": "38"}),
    ("61kg", {"weight_kg": "61"}),
    ("wt: 61.50", {"weight_kg": "61.50"}),
    ("134lb", {"weight_kg": "60.78"}),
    ("talla 1.65 m", {"height_cm": "165"}),
    ("ht165", {"height_cm": "165"}),
    ("spo297", {"oxygen_saturation": "97"}),
    ("sat 97%", {"oxygen_saturation": "97"}),
    ("pain 3/10", {"pain_level": "3"}),
    ("gluc 5.6 mmol/l", {"hikma-measure-glucose": "5.6", "hikma-measure-glucose#unit": "mmol/L"}),
    ("muac 118mm", {"hikma-measure-muac": "118", "hikma-measure-muac#unit": "mm"}),
    ("rdt+", {"hikma-measure-malaria": "Positive: kind not known"}),
    ("malaria pf", {"hikma-measure-malaria": "Positive: falciparum"}),
    ("hiv-", {"hikma-measure-hiv": "Negative"}),
    ("urine prot ++ glu neg", {"hikma-measure-urine-protein": "2+",
                               "hikma-measure-urine-glucose": "Negative"}),
    ("oedema ++", {"hikma-measure-oedema": "++"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SAME, ids=[text for text, _ in SAME])
def test_ways_of_writing(text: str, expected: dict[str, str]) -> None:
    line = quick.read(text, ADULT)
    assert line.ready, [part.sentence for part in line.blocking]
    assert values(text) == expected


ASKS = [
    "t 37.8", "bp 140/90", "82", "140/90", "gluc 5.6", "hb 11", "muac 12", "ht 1.65", "wt 3200",
    "hr 82 hr 90", "bp 140/90 sit bp 150/90 sit", "97%", "165cm", "hr 300", "malaria", "bp 140 90",
    "foo", "wt 10 ht 190", "sit", "rx", "dx", "61,500", "hr 820", "bp nr bp 120/80 sit",
]  # fmt: skip


@pytest.mark.parametrize("text", ASKS)
def test_what_is_ambiguous_blocks_and_every_choice_but_leaving_out_settles_it(text: str) -> None:
    line = quick.read(text, ADULT)
    assert not line.ready
    for part in line.blocking:
        assert part.sentence
        for choice in part.choices:
            after = quick.read(quick.choose(text, choice), ADULT)
            assert after.text != text
            # the same question is not asked again
            asked = {(one.start, one.sentence) for one in after.blocking if one.kind is part.kind}
            assert (part.start, part.sentence) not in asked or len(after.text) < len(text)


def test_a_choice_is_written_into_the_line() -> None:
    part = only("t 37.8")
    assert [quick.choose("t 37.8", choice) for choice in part.choices] == ["t 37.8°C"]
    assert [choice.words for choice in part.choices] == ["37.8 °C"]
    part = only("bp 140/90")
    texts = [quick.choose("bp 140/90", choice) for choice in part.choices]
    assert [values(text)["bp_position"] for text in texts] == [
        "sitting", "standing", "lying", "other"
    ]  # fmt: skip
    part = only("hr 300")
    assert quick.choose("hr 300", part.choices[0]) == "hr 300!"
    assert values("hr 300!") == {"pulse_rate": "300"}
    assert quick.read("hr 300!", ADULT).ready


def test_both_values_of_a_sign_said_twice_are_kept_until_one_is_chosen() -> None:
    line = quick.read("hr 82 wt 61 hr 90", ADULT)
    assert len(line.blocking) == 2
    first, second = (quick.choose(line.text, choice) for choice in line.blocking[0].choices)
    assert (values(first)["pulse_rate"], values(second)["pulse_rate"]) == ("82", "90")
    assert quick.read("hr 82 hr 82", ADULT).ready


def test_age_decides_what_is_doubtful() -> None:
    assert quick.read("hr 150", 200).ready
    assert quick.read("wt 3.2", 10).ready
    assert not quick.read("wt 3.2", ADULT).ready


def test_not_recordable_is_an_answer() -> None:
    assert only("bp nr").unrecordable == ("systolic_bp", "diastolic_bp")
    part = only("bp 90/p lie")
    assert part.unrecordable == ("diastolic_bp",)
    assert part.values == {"systolic_bp": "90", "bp_position": "lying"}
    assert only("spo2 nr").unrecordable == ("oxygen_saturation",)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("dx weight loss wt 61", ["weight loss"]),
        ("dx hiv pos", ["hiv pos"]),
        ("dx abdominal pain 3 days wt 61", ["abdominal pain 3 days"]),
        ("dx hypertension, type 2 diabetes rx x", ["hypertension", "type 2 diabetes"]),
        ("dx fever dx cough", ["fever", "cough"]),
        ("تشخيص سكري وزن ٦١", ["سكري"]),
    ],
)
def test_a_text_goes_on_to_the_next_keyword_with_a_value(text: str, kept: list[str]) -> None:
    found = quick.read(text, ADULT).of(Kind.DIAGNOSIS)
    assert [part.values["text"] for part in found] == kept
    assert all(part.blocks for part in found)


def test_medicines_are_parted_and_their_numbers_are_no_vitals() -> None:
    line = quick.read("rx humulin 70/30 10 units bd; paracetamol 1g every 6 hr 5 days hr 82", ADULT)
    texts = [part.values["text"] for part in line.of(Kind.MEDICINE)]
    assert texts == ["humulin 70/30 10 units bd", "paracetamol 1g every 6 hr 5 days"]
    assert values(line.text) == {"pulse_rate": "82"}
    both = quick.read("rx amlodipine 5mg od 30d, metformin 500mg bd 30d", ADULT)
    (part,) = both.parts
    assert part.blocks
    after = quick.read(quick.choose(both.text, part.choices[0]), ADULT)
    assert [one.values["text"] for one in after.parts] == [
        "amlodipine 5mg od 30d", "metformin 500mg bd 30d"
    ]  # fmt: skip


HYPERTENSION = Disease("BA00", "Essential hypertension")
OTHERS = (Disease("BA04.Z", "Secondary hypertension"), Disease("5A11", "Type 2 diabetes, odd [x]"))


def test_a_diagnosis_is_looked_for_chosen_and_read_again() -> None:
    line = quick.read("dx hyperten rx x", ADULT)
    found = {"hyperten": (HYPERTENSION, *OTHERS)}
    offered = quick.with_diseases(line, found)
    part = offered.parts[0]
    assert part.asks
    texts = [quick.choose(line.text, choice) for choice in part.choices]
    assert texts[0] == "dx [BA00 Essential hypertension] rx x"
    assert texts[-1] == 'dx "hyperten" rx x'
    for text, one in zip(texts, (HYPERTENSION, *OTHERS), strict=False):
        chosen = quick.read(text, ADULT).parts[0]
        assert (chosen.values["code"], chosen.values["system"]) == (one.code, one.system)
        assert not chosen.blocks
    free = quick.read(texts[-1], ADULT).parts[0]
    assert (free.values["code"], free.values["desc"]) == ("0000", "hyperten")
    assert "free text" in free.words


def test_only_the_exact_name_of_one_disease_is_taken_by_itself() -> None:
    for text, certain in (("Essential Hypertension", True), ("essential hypertensio", False)):
        line = quick.with_diseases(quick.read(f"dx {text}"), {text: (HYPERTENSION, *OTHERS)})
        assert line.ready is certain, text
    line = quick.with_diseases(quick.read("dx hypertensio"), {"hypertensio": (HYPERTENSION,)})
    assert not line.ready
    exact = quick.read("dx essential hypertension wt 61")
    offered = quick.with_diseases(exact, {"essential hypertension": (HYPERTENSION,)})
    assert quick.filled(offered) == "dx [BA00 Essential hypertension] wt 61"


def test_a_problem_is_marked_and_unmarked() -> None:
    text = "dx [BA00 Essential hypertension] wt 61"
    marked = quick.starred(text, quick.read(text).parts[0])
    part = quick.read(marked).parts[0]
    assert part.values["problem"] == "1"
    assert "also a problem" in part.words
    assert quick.starred(marked, part) == text
    assert values(marked) == {"weight_kg": "61"}


def test_a_note_goes_to_the_end_or_to_the_end_of_its_quotation() -> None:
    line = quick.read("wt 61 n sleeps badly, hr 82; dx x", ADULT)
    assert [part.values.get("text") for part in line.of(Kind.NOTE)] == ["sleeps badly, hr 82; dx x"]
    line = quick.read('n "sleeps badly" hr 82', ADULT)
    assert line.of(Kind.NOTE)[0].values["text"] == "sleeps badly"
    assert values(line.text) == {"pulse_rate": "82"}


# Properties --------------------------------------------------------------------------------

WORDS = sorted(
    {*quick_words.BY_KEYWORD, *quick_words.PRESSURE, *quick_words.OPTIONS_BY_KEYWORD}
    | {*quick_words.URINE, *quick_words.URINE_BY_KEYWORD, *quick_words.POSITIONS}
    | quick_words.DIAGNOSIS | quick_words.MEDICINE | quick_words.NOTE | quick_words.ALLERGY
)  # fmt: skip
VALUES = [
    "140/90", "82", "37.8", "37,8", "٣٧٫٨", "61kg", "97%", "5.6", "mmol/l", "c", "F", "!", "/",
    "nr", "neg", "+", "++", "*", "[BA00 x y]", '"a b"', "[", '"', "«", "amlodipine", "5mg", "od",
    "30d", ",", ";", "،", "؛", "500,000", "1.65", "sitting", "-", ":", "=", "½", "²", "over",
    "pos?", "]",
]  # fmt: skip
PIECES = st.one_of(st.sampled_from(WORDS), st.sampled_from(VALUES), st.text(max_size=6))
LINES = st.builds(
    lambda pieces, glue: "".join(f"{piece}{' ' if space else ''}" for piece, space in
                                 zip(pieces, glue, strict=False)),
    st.lists(PIECES, max_size=14), st.lists(st.booleans(), min_size=14, max_size=14),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(LINES)
@example("wt wt")
@example("dx , , x")
@example("urine prot urine")
def test_every_word_of_the_line_belongs_to_exactly_one_part(text: str) -> None:
    line = quick.read(text, ADULT)
    spans = [(part.start, part.end) for part in line.parts]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    left = list(text)
    for start, end in spans:
        left[start:end] = " " * (end - start)
    assert all(one.isspace() or one in ",،;؛" for one in left), left
    for part in line.parts:
        assert part.blocks or part.values or part.unrecordable
        assert part.sentence or not part.blocks


@settings(max_examples=250, deadline=None)
@given(LINES)
def test_choosing_until_nothing_is_asked_ends_and_loses_only_what_is_left_out(text: str) -> None:
    for _turn in range(40):
        line = quick.read(text, ADULT)
        line = quick.with_diseases(
            line, {part.values["text"]: (HYPERTENSION,) for part in line.of(Kind.DIAGNOSIS)
                   if "text" in part.values}
        )  # fmt: skip
        asking = [part for part in line.parts if part.asks]
        if not asking:
            return
        text = quick.choose(text, asking[0].choices[-1])
    raise AssertionError(f"asked for ever: {text!r}")


@settings(max_examples=150, deadline=None)
@given(st.integers(70, 200), st.integers(40, 69), st.integers(40, 170), st.integers(30, 120),
       st.sampled_from(["sit", "stand", "lie"]), st.randoms())  # fmt: skip
def test_order_spacing_and_script_change_no_value(
    upper: int, lower: int, pulse: int, weight: int, position: str, random: object
) -> None:
    import random as module

    assert isinstance(random, module.Random)
    pieces = [f"bp {upper}/{lower} {position}", f"hr {pulse}", f"wt {weight}", "t 37.5c"]
    expected = values(" ".join(pieces))
    random.shuffle(pieces)
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    for text in (" ".join(pieces), ", ".join(pieces), ";".join(pieces)):
        assert values(text) == values(text.translate(arabic)) == expected


def test_no_keyword_means_two_things_and_all_are_written_folded() -> None:
    tables = [
        set(quick_words.BY_KEYWORD), set(quick_words.PRESSURE), set(quick_words.OPTIONS_BY_KEYWORD),
        set(quick_words.POSITIONS), set(quick_words.URINE), quick_words.DIAGNOSIS,
        quick_words.MEDICINE, quick_words.NOTE, quick_words.ALLERGY,
    ]  # fmt: skip
    every = [word for table in tables for word in table]
    assert len(every) == len(set(every))
    assert [word for word in every if fold(word) != word] == []
    per_measure = [word for one in quick_words.MEASURES for word in one.keywords]
    assert len(per_measure) == len(set(per_measure))
    for one in quick_words.MEASURES:
        assert [unit for unit in one.units if fold(unit) != unit] == []
