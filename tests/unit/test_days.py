"""Days as typed and as shown: examples, then properties."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui.days import (
    Birth,
    Day,
    DayError,
    age_text,
    as_date,
    birth_text,
    day_of_moment,
    in_words,
    moment_of,
    parse_birth,
    parse_day,
    short,
)
from hikma_tui.i18n import use_language
from hikma_tui.text import cell_width

TODAY = date(2026, 11, 22)  # a Sunday
DAYS = st.dates(date(1900, 1, 1), TODAY)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-01-31", "2026-01-31"),
        ("31/1/26", "2026-01-31"),
        ("31.1.2026", "2026-01-31"),
        ("31-1-26", "2026-01-31"),
        ("31 1 26", "2026-01-31"),
        ("31 / 01 / 2026", "2026-01-31"),
        ("2026/1/31", "2026-01-31"),
        ("5/6/2026", "2026-06-05"),
        ("٣١/١/٢٠٢٦", "2026-01-31"),
        ("۳۱/۱/۲۰۲۶", "2026-01-31"),
        ("\u200f٣١/١/٢٠٢٦\u200e", "2026-01-31"),
        ("t", "2026-11-22"),
        ("T", "2026-11-22"),
        ("ف", "2026-11-22"),
        ("t-3", "2026-11-19"),
        ("t - 3", "2026-11-19"),
        ("ف-٣", "2026-11-19"),
        ("t-2w", "2026-11-08"),
        ("-2w", "2026-11-08"),
        ("-3", "2026-11-19"),
        ("−3", "2026-11-19"),
        ("-3d", "2026-11-19"),
        ("-1m", "2026-10-22"),
        ("-1y", "2025-11-22"),
        ("-2s", "2026-11-08"),
        ("-1a", "2025-11-22"),
        ("yesterday", "2026-11-21"),
        ("Ayer", "2026-11-21"),
        ("أمس", "2026-11-21"),
        ("today", "2026-11-22"),
        ("hoy", "2026-11-22"),
        ("اليوم", "2026-11-22"),
        ("3 apr 2026", "2026-04-03"),
        ("apr 3 2026", "2026-04-03"),
        ("Apr 3, 2026", "2026-04-03"),
        ("3rd April 2026", "2026-04-03"),
        ("3apr26", "2026-04-03"),
        ("2026 apr 3", "2026-04-03"),
        ("3 de abril de 2026", "2026-04-03"),
        ("12 ene 2026", "2026-01-12"),
        ("1 septiembre 2026", "2026-09-01"),
        ("3 نيسان 2026", "2026-04-03"),
        ("٣ أبريل ٢٠٢٦", "2026-04-03"),
        ("3 ابريل 2026", "2026-04-03"),
        ("15 كانون الثاني 2026", "2026-01-15"),
        ("15 تشرين الأول، 2026", "2026-10-15"),
        ("5 آب 2026", "2026-08-05"),
        ("3 Apr 2026, Fri", "2026-04-03"),
        ("1/12/95", "1995-12-01"),
        ("1/1/30", "1930-01-01"),
        ("31/1", "2026-01-31"),
        ("24/12", "2025-12-24"),
        ("24 dec", "2025-12-24"),
        ("29/2/2024", "2024-02-29"),
    ],
)
def test_a_day_as_it_is_typed(typed: str, day: str) -> None:
    assert parse_day(typed, TODAY) == Day(day, "day")


@pytest.mark.parametrize(
    ("typed", "day", "precision"),
    [
        ("jan 2024", "2024-01-01", "month"),
        ("2024 jan", "2024-01-01", "month"),
        ("يناير ٢٠٢٤", "2024-01-01", "month"),
        ("كانون الثاني 2024", "2024-01-01", "month"),
        ("ene 2024", "2024-01-01", "month"),
        ("5/2024", "2024-05-01", "month"),
        ("2024-05", "2024-05-01", "month"),
        ("2024", "2024-01-01", "year"),
    ],
)
def test_an_imprecise_day_only_where_it_is_allowed(typed: str, day: str, precision: str) -> None:
    found = parse_day(typed, TODAY, imprecise=True)
    assert (found.day, found.precision) == (day, precision)
    with pytest.raises(DayError, match="whole date"):
        parse_day(typed, TODAY)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("31/2/2026", "Feb 2026 has no day 31"),
        ("29/2/2026", "Feb 2026 has no day 29"),
        ("0/2/2026", "no day 0"),
        ("1/13/2026", "no month 13"),
        ("1/1/0000", "no year 0"),
        ("1/1/0", "no year 0"),
        ("1/1/9999", "year 9999"),
        ("1/1/1700", "year 1700"),
        ("1/1/202", "two or four digits"),
        ("23/11/2026", "in the future"),
        ("t+1", "in the future"),
        ("1/12/26", "in the future"),
        ("tomorrow", "in the future"),
        ("t-99999y", "too far"),
        ("-99999", "cannot be right"),
        ("", "not a date"),
        ("   ", "not a date"),
        ("soon", "not a date"),
        ("3", "not a date"),
        ("1/2/3/2026", "not a date"),
        ("fri", "not a date"),
        ("apr apr 2026", "not a date"),
        ("x-3", "not a date"),
        ("t-3q", "not a date"),
        ("[/x]", "not a date"),
        ("9" * 100_000, "not a date"),
        ("1/1/" + "9" * 40, "two or four digits"),
    ],
)
def test_what_is_no_day_is_refused_with_its_own_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(DayError, match=sentence):
        parse_day(typed, TODAY)


def test_the_future_where_it_is_allowed() -> None:
    assert parse_day("t+2w", TODAY, future=True).day == "2026-12-06"
    assert parse_day("mañana", TODAY, future=True).day == "2026-11-23"
    assert parse_day("غدًا", TODAY, future=True).day == "2026-11-23"
    assert parse_day("1/2/27", TODAY, future=True).day == "2027-02-01"
    assert parse_day("1/2/95", TODAY, future=True).day == "1995-02-01"
    with pytest.raises(DayError, match="Write the year"):
        parse_day("1/2", TODAY, future=True)


def test_the_end_of_a_month_is_clamped() -> None:
    assert parse_day("-1m", date(2026, 3, 31)).day == "2026-02-28"
    assert parse_day("-1y", date(2024, 2, 29)).day == "2023-02-28"


@pytest.mark.parametrize(
    ("typed", "day"),
    [("1/12/26", "1926-12-01"), ("1/11/26", "2026-11-01"), ("3/4/55", "1955-04-03")],
)
def test_two_digit_years_of_birth_are_past(typed: str, day: str) -> None:
    assert parse_day(typed, TODAY, birth=True).day == day


@pytest.mark.parametrize(
    ("typed", "day", "estimated"),
    [
        ("1992-03-11", "1992-03-11", False),
        ("t", "2026-11-22", False),
        ("-3d", "2026-11-19", False),
        ("34", "1992-11-22", True),
        ("٣٤", "1992-11-22", True),
        ("34y", "1992-11-22", True),
        ("34 años", "1992-11-22", True),
        ("34 سنة", "1992-11-22", True),
        ("about 34", "1992-11-22", True),
        ("6m", "2026-05-22", True),
        ("6mo", "2026-05-22", True),
        ("6 meses", "2026-05-22", True),
        ("3w", "2026-11-01", True),
        ("12d", "2026-11-10", True),
        ("0d", "2026-11-22", True),
        ("1y 6m", "2025-05-22", True),
        ("about 1955", "1955-01-01", True),
        ("~1955", "1955-01-01", True),
        ("حوالي ١٩٥٥", "1955-01-01", True),
        ("1955", "1955-01-01", True),
        ("jan 2024", "2024-01-01", True),
        ("about 3 apr 1990", "1990-04-03", True),
        ("130", "1896-11-22", None),
        ("?", None, False),
        ("؟", None, False),
        ("unknown", None, False),
        ("Desconocido", None, False),
        ("غير معروف", None, False),
        ("", None, False),
    ],
)
def test_a_birth_as_it_is_typed(typed: str, day: str | None, estimated: bool | None) -> None:
    if estimated is None:  # before 1900 is refused even as an age
        with pytest.raises(DayError):
            parse_birth(typed, TODAY)
        return
    assert parse_birth(typed, TODAY) == Birth(day, estimated)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0", "age of a baby"),
        ("0y", "age of a baby"),
        ("131", "older than 130"),
        ("1800", "older than 130"),
        ("9000 w", "older than 130"),
        ("127", "Nobody born"),
        ("1899-12-31", "Nobody born in 1899"),
        ("2027", "cannot be in the future"),
        ("1/1/2027", "cannot be in the future"),
        ("34 elephants", "not a date"),
        ("5y 3y", "not a date"),
        ("1y2m3w4d", "not a date"),
        ("9" * 100_000, "not a date"),
    ],
)
def test_what_is_no_birth_is_refused(typed: str, sentence: str) -> None:
    with pytest.raises(DayError, match=sentence):
        parse_birth(typed, TODAY)


@pytest.mark.parametrize(
    ("day", "age"),
    [
        ("2026-11-22", "0 d"),
        ("2026-10-26", "27 d"),
        ("2026-10-25", "1 mo"),
        ("2026-05-22", "6 mo"),
        ("2026-05-23", "5 mo"),
        ("2024-11-23", "23 mo"),
        ("2024-11-22", "2 y"),
        ("1992-03-11", "34 y"),
        ("1992-11-23", "33 y"),
        ("2027-01-01", "age ?"),
        ("rubbish", "age ?"),
        (None, "age ?"),
    ],
)
def test_an_age_as_a_clinician_says_it(day: str | None, age: str) -> None:
    assert age_text(Birth(day), TODAY) == age


def test_a_birth_date_says_when_it_is_estimated_or_unknown() -> None:
    assert birth_text(Birth("1992-03-11")) == "1992-03-11"
    assert birth_text(Birth("1955-01-01", True)) == "about 1955"
    assert birth_text(Birth("2026-05-22", True), TODAY) == "about May 2026"
    assert birth_text(Birth(None)) == "birth date unknown"


def test_days_in_words() -> None:
    assert in_words("2026-04-03", TODAY) == "3 Apr 2026, Fri"
    assert in_words(Day("2024-01-01", "month"), TODAY) == "Jan 2024"
    assert in_words(Day("2024-01-01", "year"), TODAY) == "2024"
    assert in_words("what", TODAY) == "what"
    assert short("2026-11-22", TODAY) == "today"
    assert short("2026-11-21", TODAY) == "yesterday"
    assert short("2026-11-20", TODAY) == "20 Nov"
    assert short("2025-11-20", TODAY) == "20 Nov 2025"
    assert short("", TODAY) == ""


def test_a_day_stored_as_a_moment_is_the_same_day_in_every_usual_zone() -> None:
    for hours in range(-12, 12):
        assert day_of_moment(moment_of("2026-01-31"), timezone(timedelta(hours=hours)))[:10] == (
            "2026-01-31"
        )
    amman = timezone(timedelta(hours=3))
    assert day_of_moment("2026-01-30T22:30:00.000Z", amman) == "2026-01-31"
    assert day_of_moment("2026-01-30T22:30:00.000Z", UTC) == "2026-01-30"
    assert day_of_moment("2026-01-31T00:00:00.000Z", timezone(timedelta(hours=-5))) == "2026-01-31"
    assert day_of_moment("2026-01-31") == "2026-01-31"
    assert day_of_moment("9999-12-31T23:59:00Z", amman) == ""
    assert day_of_moment("nonsense") == ""


@pytest.fixture
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    """The language that a test is told to speak; English again after it."""
    yield use_language(request.param)
    use_language("en")


@pytest.mark.parametrize(
    ("spoken", "echoes"),
    [
        (
            "es",
            ["1 ene 2026, jue", "3 feb 2026, mar", "4 mar 2026, mié", "3 abr 2026, vie",
             "9 may 2026, sáb", "7 jun 2026, dom", "13 jul 2026, lun", "1 ago 2026, sáb",
             "1 sep 2026, mar", "31 oct 2026, sáb", "2 nov 2026, lun", "31 dic 2025, mié"],
        ),
        (
            "ar",
            ["1 ينا 2026، الخميس", "3 فبر 2026، الثلاثاء", "4 مار 2026، الأربعاء",
             "3 أبر 2026، الجمعة", "9 ماي 2026، السبت", "7 يون 2026، الأحد",
             "13 يول 2026، الاثنين", "1 أغس 2026، السبت", "1 سبتم 2026، الثلاثاء",
             "31 أكت 2026، السبت", "2 نوف 2026، الاثنين", "31 ديس 2025، الأربعاء"],
        ),
    ],
    indirect=["spoken"],
)  # fmt: skip
def test_the_echo_is_in_the_words_of_the_language(spoken: str, echoes: list[str]) -> None:
    """One day of every month; each echo also reads back as the day that it tells."""
    days = ["2026-01-01", "2026-02-03", "2026-03-04", "2026-04-03", "2026-05-09", "2026-06-07"]
    days += ["2026-07-13", "2026-08-01", "2026-09-01", "2026-10-31", "2026-11-02", "2025-12-31"]
    assert [in_words(day, TODAY) for day in days] == echoes
    assert [parse_day(echo, TODAY).day for echo in echoes] == days


@pytest.mark.parametrize("spoken", ["es", "ar"], indirect=True)
def test_every_echo_reads_back_in_every_language(spoken: str) -> None:
    """Every day of a year: each month beside each weekday (Spanish has "mar" for both)."""
    for n in range(366):
        iso = (TODAY - timedelta(days=n)).isoformat()
        assert parse_day(in_words(iso, TODAY), TODAY).day == iso
        assert parse_day(short(iso, TODAY), TODAY).day == iso
        month = in_words(Day(iso, "month"), TODAY)
        assert parse_day(month, TODAY, imprecise=True) == Day(f"{iso[:7]}-01", "month")


@pytest.mark.parametrize(
    ("spoken", "said"),
    [("es", ["12 d", "6 m", "34 a"]), ("ar", ["12 يوم", "6 شهر", "34 سنة"])],
    indirect=["spoken"],
)
def test_an_age_reads_back_in_every_language(spoken: str, said: list[str]) -> None:
    """A list has seven cells for an age; a hundred years must fit in them."""
    births = [Birth("2026-11-10"), Birth("2026-05-10"), Birth("1992-03-11")]
    assert [age_text(birth, TODAY) for birth in births] == said
    for text in said:
        assert age_text(parse_birth(text, TODAY), TODAY) == text
    assert cell_width(age_text(Birth("1920-01-01"), TODAY)) <= 7
    for day, estimated in (("1992-07-01", True), ("2024-09-11", True)):
        told = birth_text(Birth(day, estimated), TODAY)
        assert parse_birth(told, TODAY).day is not None, told


@given(DAYS)
def test_the_echo_of_a_day_reads_back_as_that_day(day: date) -> None:
    iso = day.isoformat()
    assert parse_day(in_words(iso, TODAY), TODAY).day == iso
    assert parse_day(iso, TODAY).day == iso
    assert parse_day(short(iso, TODAY), TODAY).day == iso
    assert as_date(iso) == day


@given(DAYS)
def test_an_age_reads_back_as_that_age(day: date) -> None:
    said = age_text(Birth(day.isoformat()), TODAY)
    try:
        again = parse_birth(said, TODAY)
    except DayError:
        assert day.year < 1897
        return
    assert age_text(again, TODAY) == said or said == "1 mo"


@given(st.text(max_size=70) | st.text("0123456789tdwmy/-.+ ٣٤?~", max_size=14), st.booleans())
def test_nothing_typed_ever_does_worse_than_a_sentence(typed: str, flag: bool) -> None:
    said: list[str] = []
    for future, birth in ((flag, False), (False, flag)):
        try:
            found = parse_day(typed, TODAY, future=future, birth=birth, imprecise=flag)
        except DayError as error:
            said.append(str(error))
            continue
        assert date.fromisoformat(found.day) <= TODAY or future
    try:
        parse_birth(typed, TODAY)
    except DayError as error:
        said.append(str(error))
    assert all(sentence.endswith(".") for sentence in said)
