"""Vital signs without a database: units, what is refused, what is doubted and marked by age."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui import vitals

YEAR = 366
NEWBORN, INFANT, CHILD, ADULT = 3, 200, 4 * YEAR, 40 * YEAR


@pytest.mark.parametrize(
    ("name", "typed", "value", "entered"),
    [
        ("temperature_celsius", "36.50 c", "36.50", ""),
        ("temperature_celsius", "37,8 °C", "37.8", ""),
        ("temperature_celsius", "100.4 F", "38.00", "100.4 °F"),
        ("temperature_celsius", "99f", "37.22", "99 °F"),
        ("weight_kg", "61", "61", ""),
        ("weight_kg", "134 lb", "60.78", "134 lb"),
        ("weight_kg", "900 g", "0.90", "900 g"),
        ("weight_kg", "٦١٫٥", "61.5", ""),
        ("height_cm", "67 in", "170.18", "67 in"),
        ("height_cm", "1.72 m", "172.00", "1.72 m"),
        ("pulse_rate", "82 bpm", "82", ""),
        ("oxygen_saturation", "98%", "98", ""),
    ],
)
def test_what_is_typed_is_read_with_its_unit(
    name: str, typed: str, value: str, entered: str
) -> None:
    assert vitals.read(name, typed) == vitals.Reading(value=value, entered=entered)


def test_a_temperature_needs_its_unit() -> None:
    reading = vitals.read("temperature_celsius", "37.8")
    assert reading.needs_unit
    assert reading.why == "Which unit? Write 37.8 °C or 37.8 °F."


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("temperature_celsius", "98.6 c"),  # Fahrenheit called Celsius: no body is that hot
        ("temperature_celsius", "37 kg"),
        ("oxygen_saturation", "101"),
        ("pain_level", "11"),
        ("pulse_rate", "-1"),
        ("pulse_rate", "80.5"),
        ("weight_kg", "61.555"),
        ("weight_kg", "1,250"),
        ("height_cm", "1000"),
        ("weight_kg", "sixty"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(name: str, typed: str) -> None:
    reading = vitals.read(name, typed)
    assert not reading.value
    assert reading.why.endswith(".")


def test_what_is_only_rare_is_taken_and_doubted() -> None:
    """A preterm of 900 g, a newborn of 48 cm, a shock with diastolic 30 (decisions.md 15)."""
    assert vitals.refusal("weight_kg", "0.9") == vitals.doubt("weight_kg", "0.9", NEWBORN) == ""
    assert vitals.doubt("height_cm", "48", NEWBORN) == ""
    assert vitals.refusal("diastolic_bp", "30") == ""
    assert "unusually low" in vitals.doubt("diastolic_bp", "30", ADULT)
    assert "unusually low" in vitals.doubt("height_cm", "48", ADULT)
    assert "unusually high" in vitals.doubt("weight_kg", "61", INFANT)
    assert vitals.doubt("weight_kg", "61", None) == ""


def test_a_diastolic_above_the_systolic_and_swapped_height_and_weight_are_doubts() -> None:
    found = vitals.doubts({"systolic_bp": "80", "diastolic_bp": "120"}, ADULT)
    assert [one.name for one in found] == ["diastolic_bp"]
    assert "not below systolic 80" in found[0].sentence
    swapped = vitals.doubts({"weight_kg": "160", "height_cm": "122"}, ADULT)
    assert "BMI of > 99" in swapped[0].sentence
    assert (
        vitals.doubts({"systolic_bp": "120", "diastolic_bp": "80", "weight_kg": "61"}, ADULT) == []
    )


@pytest.mark.parametrize(
    ("name", "value", "age", "mark"),
    [
        ("systolic_bp", "139", ADULT, ""),
        ("systolic_bp", "140", ADULT, "high"),
        ("systolic_bp", "89", ADULT, "low"),
        ("systolic_bp", "75", INFANT, ""),  # an adult's 75 is low, an infant's is not
        ("systolic_bp", "75", ADULT, "low"),
        ("systolic_bp", "120", CHILD, "high"),
        ("pulse_rate", "140", INFANT, ""),
        ("pulse_rate", "140", ADULT, "high"),
        ("pulse_rate", "70", INFANT, "low"),
        ("respiratory_rate", "59", 30, ""),
        ("respiratory_rate", "60", 30, "high"),
        ("respiratory_rate", "49", 61, ""),
        ("respiratory_rate", "50", 61, "high"),
        ("respiratory_rate", "39", 366, ""),
        ("respiratory_rate", "40", 366, "high"),
        ("respiratory_rate", "30", 6 * YEAR, "high"),
        ("respiratory_rate", "21", ADULT, "high"),
        ("temperature_celsius", "37.5", CHILD, "high"),
        ("temperature_celsius", "37.5", ADULT, ""),
        ("oxygen_saturation", "94", None, "low"),
        ("bmi", "16.0", CHILD, ""),
        ("bmi", "16.0", ADULT, "low"),
        ("systolic_bp", "190", None, ""),  # of an unknown age nothing is known
    ],
)
def test_marks_follow_the_age(name: str, value: str, age: int | None, mark: str) -> None:
    assert vitals.mark(name, value, age) == mark


def test_a_pressure_is_typed_as_it_is_spoken() -> None:
    def values(text: str) -> tuple[str, str]:
        upper, lower = vitals.read_pressure(text)
        return upper.value, lower.value

    assert values("120/80") == values(" 120 / 80 mmhg") == values("120 80") == ("120", "80")
    upper, lower = vitals.read_pressure("60/nr")
    assert (upper.value, lower.not_recordable) == ("60", True)
    assert all(reading.not_recordable for reading in vitals.read_pressure("nr"))
    assert all("120/80" in reading.why for reading in vitals.read_pressure("120"))


def test_an_entry_in_words_marks_by_words_and_says_what_was_not_recordable() -> None:
    row = {
        "systolic_bp": 150, "diastolic_bp": 80, "bp_position": "lying",
        "temperature_celsius": "36.50", "weight_kg": "61.0",
        "metadata": {"not_recordable": ["pulse_rate"]},
    }  # fmt: skip
    assert vitals.line(row, ADULT) == (
        "BP 150/80 mmHg lying HIGH  Pulse not recordable  Temp 36.50 °C  Weight 61.0 kg"
    )
    unfelt = {"metadata": {"not_recordable": ["systolic_bp", "diastolic_bp"]}}
    assert vitals.line(unfelt, ADULT) == "BP not recordable"
    half = {"systolic_bp": 60, "metadata": {"not_recordable": ["diastolic_bp"]}}
    assert vitals.line(half, ADULT) == "BP 60/nr mmHg LOW"


def test_the_trend_is_the_newest_against_the_one_before() -> None:
    assert vitals.trend("systolic_bp", "150", "130") == "rising"
    assert vitals.trend("systolic_bp", "138", "130") == "steady"
    assert vitals.trend("weight_kg", "60", "61") == "steady"
    assert vitals.trend("weight_kg", "9", "10") == "falling"
    assert vitals.trend("weight_kg", "9", None) == ""


def test_bmi_has_one_decimal_and_never_more_than_the_column_holds() -> None:
    assert vitals.bmi("61", "172") == "20.6"
    assert vitals.bmi("300", "100") is None
    assert vitals.bmi("61", None) is None


def test_an_age_is_counted_in_days_and_is_unknown_before_birth() -> None:
    assert vitals.age_days("2026-11-20", date(2026, 11, 22)) == 2
    assert vitals.age_days("2026-11-23", date(2026, 11, 22)) is None
    assert vitals.age_days("", date(2026, 11, 22)) is None


@given(st.decimals("0.1", "200", places=2), st.integers(0, 2))
def test_decimals_stay_digit_for_digit(number: Decimal, places: int) -> None:
    """What is typed in the stored unit is what is stored, trailing zeros and all."""
    typed = f"{number:.{places}f}"
    reading = vitals.read("weight_kg", typed)
    assert reading.value == typed if Decimal(typed) >= Decimal("0.1") else reading.why


@given(st.decimals("50", "122", places=1))
def test_fahrenheit_is_converted_exactly(fahrenheit: Decimal) -> None:
    reading = vitals.read("temperature_celsius", f"{fahrenheit} F")
    celsius = Decimal(reading.value)
    assert abs(celsius * 9 / 5 + 32 - fahrenheit) <= Decimal("0.009")
    assert reading.entered == f"{fahrenheit} °F"


@given(st.text(max_size=30))
def test_no_text_makes_it_fall_over(text: str) -> None:
    for vital in vitals.FIELDS:
        reading = vitals.read(vital.name, text)
        assert sum((bool(reading.value), bool(reading.why), reading.not_recordable)) <= 1
        if reading.value:
            assert vitals.refusal(vital.name, reading.value) == ""


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("temperature_celsius", "٣٧٫٨ م", "37.8"),
        ("temperature_celsius", "١٠٠٫٤ ف", "38.00"),
        ("weight_kg", "٦١ كغ", "61"),
        ("weight_kg", "3250 غ", "3.25"),
        ("height_cm", "١٧٠ سم", "170"),
        ("height_cm", "1.70 م", "170.00"),
        ("height_cm", "5'7\"", "170.18"),
        ("height_cm", "5 ft 7 in", "170.18"),
        ("height_cm", "5ft", "152.40"),
    ],
)
def test_units_of_an_arabic_keyboard_and_feet(name: str, typed: str, value: str) -> None:
    found = vitals.read(name, typed)
    assert (found.value, found.why) == (value, "")


@pytest.mark.parametrize("typed", ["5'12\"", "9'11\"", "0'3\"", "5'7 cm"])
def test_no_height_in_feet(typed: str) -> None:
    assert vitals.read("height_cm", typed).why


def test_a_doubtful_comma_says_what_is_doubtful() -> None:
    assert "comma" in vitals.read("weight_kg", "3,250 kg").why


def test_not_recordable_can_be_typed_at_an_arabic_keyboard() -> None:
    assert vitals.read("pulse_rate", "تعذر").not_recordable
    assert all(one.not_recordable for one in vitals.read_pressure("تعذر"))
