"""The plot as text: true distances in time, marks by signs, never more than its room."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hikma_tui.widgets.plot import BAR, HIGH, LOW, POINT, Dot, plot_lines

TODAY = date(2026, 11, 22)


def dots(*pairs: tuple[int, str]) -> list[Dot]:
    return [Dot(TODAY - timedelta(days=days), Decimal(value)) for days, value in pairs]


def columns(lines: list[str], sign: str = POINT) -> list[int]:
    return sorted(x for line in lines for x, one in enumerate(line) if one == sign)


def test_time_is_true_and_a_gap_is_a_gap() -> None:
    at = columns(plot_lines(dots((100, "60"), (90, "61"), (0, "62")), 80, 12, TODAY))
    near, far = at[1] - at[0], at[2] - at[1]
    assert abs(far / near - 9) < 2


def test_nothing_is_drawn_between_two_measurements() -> None:
    lines = plot_lines(dots((100, "60"), (0, "70")), 80, 12, TODAY)
    assert "".join(lines).count(POINT) == 2
    inside = "".join(line[4:] for line in lines[:-2])
    assert set(inside) <= {" ", POINT, BAR, "┤"}


def test_the_higher_value_stands_higher_and_the_axis_names_round_numbers() -> None:
    lines = plot_lines(dots((10, "61.5"), (0, "68.2")), 80, 14, TODAY)
    rows = [y for y, line in enumerate(lines) if POINT in line]
    high = next(line for line in lines if POINT in line)
    assert high.rindex(POINT) > 60  # the newest, right, is the higher one
    assert rows[0] < rows[1]
    named = [line.split("┤")[0].strip() for line in lines if "┤" in line]
    assert (named[0], named[-1]) == ("70", "60")
    assert lines[-1].rstrip().endswith("today")
    assert "12 Nov" in lines[-1]


def test_marks_are_signs_and_are_never_hidden_by_another_dot() -> None:
    day = TODAY
    both = [Dot(day, Decimal(150), "high"), Dot(day, Decimal(150)), Dot(day, Decimal(40), "low")]
    text = "\n".join(plot_lines(both, 80, 12, TODAY))
    assert HIGH in text
    assert LOW in text
    assert POINT not in text


def test_the_two_numbers_of_a_pressure_are_joined() -> None:
    one = [Dot(TODAY, Decimal(150), "high", Decimal(80), "")]
    lines = plot_lines(one, 80, 12, TODAY)
    x = columns(lines, HIGH)[0]
    drawn = [line[x] for line in lines[:-2] if len(line) > x and line[x] != " "]
    assert drawn == [HIGH, *[BAR] * (len(drawn) - 2), POINT]


def test_one_value_alone_and_no_room() -> None:
    assert columns(plot_lines(dots((0, "36.50")), 80, 8, TODAY))
    assert plot_lines([], 80, 12, TODAY) == []
    assert plot_lines(dots((0, "36.50")), 20, 12, TODAY) == []


def test_a_number_of_forty_digits_from_elsewhere_is_not_drawn_in_a_narrow_window() -> None:
    assert plot_lines(dots((0, "1" + "0" * 40), (9, "1")), 40, 12, TODAY) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.decimals("0", "700", places=2)), min_size=1, max_size=40
    ),
    st.integers(0, 130),
    st.integers(0, 50),
)
def test_it_never_leaves_its_room(
    pairs: list[tuple[int, Decimal]], width: int, height: int
) -> None:
    lines = plot_lines(
        [Dot(TODAY - timedelta(days=days), value) for days, value in pairs], width, height, TODAY
    )
    assert len(lines) in (0, height)
    assert all(len(line) <= width for line in lines)
