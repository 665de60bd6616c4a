"""One-line fields, keys under other layouts, and dialogs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.events import Key, Paste

from hikma_tui.widgets.base import BaseApp, BaseScreen
from hikma_tui.widgets.dialogs import Ask, AskReason, Choice, Choose, Tell
from hikma_tui.widgets.keys import Action, digit_of, name_character, same_keys, shown_key
from hikma_tui.widgets.prompt import LineInput, SearchPrompt
from tests.screens.harness import (
    assert_nothing_to_obey,
    golden,
    missing_glyphs,
    screen_text,
    settle,
)


class FieldApp(BaseApp[None]):
    def __init__(self, make: Callable[[], LineInput]) -> None:
        super().__init__()
        self.make = make
        self.cuts: list[tuple[int, int]] = []

    def compose(self) -> ComposeResult:
        yield self.make()

    @property
    def field(self) -> LineInput:
        return self.query_one(LineInput)

    def on_line_input_paste_cut(self, event: LineInput.PasteCut) -> None:
        self.cuts.append((event.kept, event.dropped))


async def test_a_paste_of_many_lines_becomes_one_line() -> None:
    app = FieldApp(lambda: LineInput("ab"))
    async with app.run_test() as pilot:
        app.field.cursor_position = 1
        app.field.post_message(Paste("\nHassan\nMohammed\r\nA-0123\t5"))
        await settle(pilot)
        assert app.field.value == "aHassan Mohammed A-0123 5b"
        assert app.cuts == []


async def test_a_paste_that_is_too_long_is_cut_and_said() -> None:
    app = FieldApp(lambda: SearchPrompt("abc"))
    async with app.run_test() as pilot:
        started = time.perf_counter()
        app.field.post_message(Paste("x" * 100_000))
        await settle(pilot)
        assert app.field.value == "abc" + "x" * 197
        assert app.cuts == [(197, 99_803)]
        assert time.perf_counter() - started < 2


async def test_a_paste_that_the_field_refuses_is_said() -> None:
    app = FieldApp(lambda: LineInput("1", restrict=r"[0-9]*"))
    async with app.run_test() as pilot:
        app.field.post_message(Paste("ten"))
        await settle(pilot)
        assert app.field.value == "1"
        assert app.cuts == [(0, 3)]


async def test_what_is_pasted_is_kept_and_shown_harmlessly() -> None:
    hostile = "[/x]\x1b]52;c;aGk=\x07\u202e\x9b31m\x00[bold]漢"
    app = FieldApp(lambda: LineInput())
    async with app.run_test() as pilot:
        app.field.post_message(Paste(hostile))
        await settle(pilot)
        assert app.field.value == hostile
        text = screen_text(app)
        assert_nothing_to_obey(text)
        assert "[/x]·]52;c;aGk=···31m·[bold]漢" in text
        await pilot.press("backspace")
        assert app.field.value == hostile[:-1]


async def test_nothing_blinks() -> None:
    app = FieldApp(lambda: SearchPrompt())
    async with app.run_test():
        assert app.field.cursor_blink is False
        assert app.animation_level == "none"


async def test_without_colour_the_screen_and_its_cursor_can_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = FieldApp(lambda: LineInput("Hassan"))
    async with app.run_test() as pilot:
        await settle(pilot)
        strip = app.screen._compositor.render_strips()[0]
        for line_filter in app.get_line_filters():
            strip = strip.apply_filter(line_filter, app.screen.background_colors[1])
        styles = [(segment.text, segment.style) for segment in strip if segment.style]
        assert styles
        for _text, style in styles:
            assert style.color is None or style.color.is_default
            assert style.bgcolor is None or style.bgcolor.is_default
        assert [text for text, style in styles if style.reverse] == [" "]


def test_digits_of_every_script_are_digits() -> None:
    assert [digit_of(character) for character in "3٣۳"] == [3, 3, 3]
    assert [digit_of(character) for character in ("a", "", None, "²", "12")] == [None] * 5


def test_letters_of_every_script_mean_a_name() -> None:
    assert [name_character(Key(c, c)) for c in "aÑميム"] == list("aÑميム")
    for key, character in (("1", "1"), ("٣", "٣"), ("full_stop", "."), ("space", " ")):
        assert name_character(Key(key, character)) is None
    assert name_character(Key("f2", None)) is None
    assert name_character(Key("alt+a", "a")) is None
    assert name_character(Key("ctrl+س", "س")) is None


def test_keys_of_an_arabic_keyboard() -> None:
    assert same_keys("1") == ["1", "١", "۱"]
    assert same_keys("ctrl+s") == ["ctrl+s", "ctrl+س"]
    assert same_keys("?") == ["question_mark", "؟"]
    assert same_keys("f10") == ["f10"]
    assert [shown_key(key) for key in ("f2", "ctrl+s", "enter", "1")] == [
        "F2",
        "Ctrl+S",
        "Enter",
        "1",
    ]


class Chart(BaseScreen[None]):
    """A screen without a text field."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("chart.visit", "1", "visit"),
        Action("chart.save", "ctrl+s", "save", more_keys=("f10",)),
    )

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def typed_name(self, character: str) -> bool:
        self.done.append(character)
        return True

    def action_visit(self) -> None:
        self.done.append("visit")

    def action_save(self) -> None:
        self.done.append("save")


class ChartApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.chart = Chart()

    def on_mount(self) -> None:
        self.push_screen(self.chart)


@pytest.mark.parametrize("key", ["1", "١", "۱"])
async def test_a_digit_acts_and_a_letter_is_a_name(key: str) -> None:
    app = ChartApp()
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press(key, "م", "ctrl+s", "ctrl+س", "f10", "q")
        await settle(pilot)
        assert app.chart.done == ["visit", "م", "save", "save", "save", "q"]


@pytest.mark.parametrize("key", ["f1", "question_mark", "؟"])
async def test_help_shows_the_keys_of_the_screen(key: str) -> None:
    app = ChartApp()
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        text = screen_text(app)
        if key == "f1":
            golden("widgets_keys", text)
        assert "Ctrl+S  save" in text
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is app.chart


async def test_the_palette_offers_our_actions_and_no_screenshot() -> None:
    app = ChartApp()
    async with app.run_test() as pilot:
        await settle(pilot)
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert titles == ["visit", "save", "keys", "quit"]
        assert app.deliver_screenshot() is None
        await pilot.press("ctrl+p")
        await settle(pilot)
        assert missing_glyphs(screen_text(app)) == set()


HOSTILE = "[/x] [bold]\x1b[31m\u202e 漢字"


async def answer(dialog: Ask | AskReason | Choose | Tell, *keys: str) -> tuple[object, str]:
    """What ``dialog`` gives back after ``keys``, and how it looked."""
    app = ChartApp()
    answers: list[object] = []
    async with app.run_test() as pilot:
        await settle(pilot)
        app.push_screen(dialog, answers.append)
        await settle(pilot)
        text = screen_text(app)
        assert_nothing_to_obey(text)
        assert missing_glyphs(text) == set()
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
    return (answers[0] if answers else "open"), text


async def test_ask() -> None:
    assert (await answer(Ask(HOSTILE, HOSTILE), "enter"))[0] is True
    assert (await answer(Ask("Save?"), "f10"))[0] is True
    assert (await answer(Ask("Save?"), "escape"))[0] is False
    assert (await answer(Ask("Save?"), "y", "n", "1"))[0] == "open"


async def test_a_careful_question_is_not_answered_by_enter() -> None:
    given, text = await answer(Ask("Delete HASSAN?", "3 visits, 7 notes", careful=True), "enter")
    assert given == "open"
    golden("widgets_ask", text)
    assert (await answer(Ask("Delete?", careful=True), "enter", "f10"))[0] is True


async def test_a_reason_is_required() -> None:
    assert (await answer(AskReason(HOSTILE, "3 visits"), "enter"))[0] == "open"
    assert (await answer(AskReason("Why?"), "space", "f10"))[0] == "open"
    assert (await answer(AskReason("Why?"), "n", "o", "enter"))[0] == "no"
    assert (await answer(AskReason("Why?"), "n", "escape"))[0] is None


async def test_choose_by_digit_of_any_script_by_arrow_and_not_at_all() -> None:
    choices = [Choice(str(number), f"{HOSTILE} {number}") for number in range(1, 21)]
    for keys, expected in (
        (("3",), "3"),
        (("٣",), "3"),
        (("۳",), "3"),
        (("down", "enter"), "2"),
        (("end", "enter"), "20"),
        (("escape",), None),
        (("x", "0"), "open"),
    ):
        assert (await answer(Choose(HOSTILE, choices), *keys))[0] == expected
    given, text = await answer(Choose("Which form?", [Choice("a", "Visit"), Choice("b", "Child")]))
    assert given == "open"
    golden("widgets_choose", text)


async def test_tell_scrolls_a_long_text() -> None:
    more = "\n".join(f"line {number}" for number in range(100))
    given, text = await answer(Tell(HOSTILE, more), "down", "pagedown")
    assert given == "open"
    assert "line 0" in text
    assert (await answer(Tell("Done."), "enter"))[0] is None


async def test_a_notice_is_plain_text_in_the_console_s_glyphs() -> None:
    app = ChartApp()
    async with app.run_test(notifications=True) as pilot:
        await settle(pilot)
        app.notify(HOSTILE, title="[/title]", timeout=60, markup=True)
        await settle(pilot)
        text = screen_text(app)
        assert "[/x] [bold]·[31m" in text
        assert "[/title]" in text
        assert missing_glyphs(text) == set()
