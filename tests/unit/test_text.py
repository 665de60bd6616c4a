"""Text from outside: whatever comes in, nothing that a terminal obeys goes out."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hikma_tui import text
from hikma_tui.text import MARK, cell_width, cut, display, fit, for_title, plain

HOSTILE = [
    "[/x]",
    "[bold]red[/bold]",
    "\x1b]52;c;aGk=\x07",
    "\x1b[2J\x1b[31m",
    "\u202eDrawkcab",
    "\u2066isolated\u2069",
    "\x9b31m",
    "\x9d0;title\x9c",
    "a\x00b",
    "a\nb\r\nc\td",
    "\ud800lone",
    "👩\u200d👩\u200d👧 family",
    "漢字かな交じり",
    "e" + "\u0301" * 500,
    "مُحَمَّد حسن",
    "x" * 100_000,
    "\u200b" * 5000 + "name",
]

anything = st.one_of(st.text(st.characters(exclude_categories=())), st.sampled_from(HOSTILE))


def assert_harmless(shown: str) -> None:
    """No control, no format instruction, no surrogate."""
    for character in shown:
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cs", "Zl", "Zp"), ascii(character)
        assert character not in "\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u00ad"
        assert not "\u202a" <= character <= "\u202e"
        assert not "\u2066" <= character <= "\u2069"


@pytest.fixture(autouse=True)
def _bidi_of_the_terminal() -> Iterator[None]:
    yield
    text.use_bidi("terminal")


@given(anything)
def test_plain_is_harmless_and_settled(value: str) -> None:
    shown = plain(value)
    assert_harmless(shown)
    assert plain(shown) == shown
    shown.encode("utf-8")


@given(anything, st.integers(-3, 200), st.sampled_from(["left", "right"]))
def test_fit_is_exactly_as_wide_as_asked(value: str, width: int, align: text.Align) -> None:
    shown = fit(value, width, align=align)
    assert shown.count("\u200e") == int(text.is_right_to_left(shown))  # ends the run, see below
    assert_harmless(shown.replace("\u200e", ""))
    assert cell_width(shown) == max(0, width)


def test_right_to_left_cells_side_by_side_do_not_join(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that reorders would swap an Arabic sex and age with the birth beside them."""
    cells = fit("ذ", 3) + fit("٣٤ سنة", 8) + fit("1992-03-11", 12)
    assert cells.index("\u200e") < cells.index("٣")
    assert "\u200e" in cells[cells.index("سنة") : cells.index("1992")]
    monkeypatch.setenv("TERM", "linux")  # its font has no such mark, and it reorders nothing
    assert "\u200e" not in fit("ذ", 3)


@given(anything, st.integers(0, 40))
def test_cut_never_goes_over(value: str, width: int) -> None:
    assert cell_width(cut(value, width)) <= width


@given(st.text(st.characters(exclude_categories=["Cn"])))
def test_width_is_what_textual_measures(value: str) -> None:
    """A row that we pad and Textual measures differently would break its columns."""
    shown = plain(value)
    assert cell_width(shown) == cell_len(shown)


def test_plain_shows_what_was_there() -> None:
    assert plain("a\x1b[31mb") == f"a{MARK}[31mb"
    assert plain("one\r\ntwo\tthree") == "one two three"
    assert plain("\u202eabc\u202c") == "abc"
    assert plain("[/x]") == "[/x]"
    assert plain("José Ñandú محمد 漢字") == "José Ñandú محمد 漢字"


def test_plain_keeps_arabic_vowel_signs_and_stops_a_smear() -> None:
    assert plain("مُحَمَّدٌ") == "مُحَمَّدٌ"
    assert len(plain("e" + "\u0301" * 500)) == 1 + text.MOST_MARKS


def test_fit_cuts_by_cells_and_says_so() -> None:
    assert fit("Mohammed Hassan", 8) == "Mohamme…"
    assert fit("漢字漢字", 5) == "漢字…"
    assert fit("漢字漢字", 4, end="") == "漢字"
    assert fit("漢字漢字", 6) == "漢字… "
    assert fit("ab", 5) == "ab   "
    assert fit("ab", 5, align="right") == "   ab"
    assert fit("abc", 1) == "a"
    assert fit("e\u0301e\u0301e\u0301", 2) == "e\u0301…"


def test_a_hundred_kilobytes_cost_nothing_noticeable() -> None:
    started = time.perf_counter()
    for _turn in range(50):
        fit("م" * 100_000, 40)
    assert time.perf_counter() - started < 1.0


def test_without_the_optional_libraries_the_order_stays_logical(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text, "can_reorder", lambda: False)
    text.use_bidi("app")
    assert display("محمد") == "محمد"
    assert text.bidi_sequence() == ""


@pytest.mark.skipif(not text.can_reorder(), reason="arabic-reshaper and python-bidi are optional")
def test_app_orders_each_cell_and_cuts_before_it_orders() -> None:
    text.use_bidi("app")
    assert display("אבג") == "גבא"
    assert fit("אבגדה", 3) == "…בא"
    assert display("Hassan 12") == "Hassan 12"
    assert text.bidi_sequence() == "\x1b[8l"


def test_right_to_left_is_recognised() -> None:
    assert text.is_right_to_left("A محمد")
    assert not text.is_right_to_left("Muhammad 漢")


def test_a_title_is_short_and_plain() -> None:
    shown = for_title("Clinic \x1b]0;evil\x07 " + "x" * 500)
    assert_harmless(shown)
    assert cell_width(shown) <= text.TITLE_CELLS
