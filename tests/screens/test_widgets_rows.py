"""Rows, title, message and key line: hostile text, keys, and how much is painted."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import ComposeResult

from hikma_tui.text import cell_width, fit
from hikma_tui.widgets.base import BaseApp, BaseScreen
from hikma_tui.widgets.keys import Action
from hikma_tui.widgets.prompt import Labelled, SearchPrompt
from hikma_tui.widgets.row_list import Divider, Info, Line, Row, RowList, line_text
from hikma_tui.widgets.title import (
    KeyItem,
    KeyLine,
    MessageLine,
    StateLine,
    broken,
    key_pieces,
    state_line,
)
from tests.screens.harness import (
    assert_nothing_to_obey,
    golden,
    missing_glyphs,
    screen_text,
    settle,
)

HOSTILE = [
    "[/x]",
    "[bold]loud",
    "\x1b]52;c;aGk=\x07",
    "\u202eDrawkcab",
    "\x9b31m",
    "a\x00b\nc",
    "👩\u200d👩\u200d👧",
    "漢字かな" * 20,
    "e" + "\u0301" * 300,
    "x" * 100_000,
]


class Find(BaseScreen[None]):
    """A screen of the first kind: a field with the focus, and a list below it."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("find.open", "enter", "open"),
        Action("find.register", "f2", "register"),
        Action("find.filter", "f3", "filter"),
    )

    def __init__(self, lines: list[Line]) -> None:
        super().__init__()
        self.lines_to_show = lines
        self.opened: list[str] = []
        self.done: list[str] = []
        self.ends = 0

    def compose(self) -> ComposeResult:
        yield StateLine()
        yield Labelled("Find:", SearchPrompt())
        yield RowList(self.lines_to_show)
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(StateLine).show("Al-Salam Dispensary", "Nora", "this computer only")

    def why_not(self, action_id: str) -> str:
        return "You may not register patients." if action_id == "find.register" else ""

    async def on_input_submitted(self) -> None:
        await self.action_do("find.open")

    def action_open(self) -> None:
        self.query_one(RowList).open()

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        self.opened.append(event.key)

    def on_row_list_near_end(self) -> None:
        self.ends += 1

    def action_register(self) -> None:
        self.done.append("register")

    def action_filter(self) -> None:
        self.done.append("filter")


class FindApp(BaseApp[None]):
    def __init__(self, lines: list[Line]) -> None:
        super().__init__()
        self.find = Find(lines)

    def on_mount(self) -> None:
        self.push_screen(self.find)


def some_lines() -> list[Line]:
    cells = fit("M", 3) + fit("34 y", 8) + fit("1992-03-11", 12) + fit("A-0123", 8)
    return [
        Row("a", cells, "Mohammed Hassan", why="tel 070 123456"),
        Row("b", cells, "محمد حسن", why="camp B"),
        Divider("forgiving a letter or a spelling"),
        Row("c", cells, "Mohamad Hasson"),
        Info("no more"),
    ]


async def test_the_first_screen_looks_so() -> None:
    app = FindApp(some_lines())
    async with app.run_test() as pilot:
        await settle(pilot)
        text = screen_text(app)
        golden("widgets_find", text)
        assert missing_glyphs(text) == set()


async def test_keys_move_and_open_while_the_field_keeps_the_focus() -> None:
    app = FindApp(some_lines())
    async with app.run_test() as pilot:
        await settle(pilot)
        assert isinstance(app.focused, SearchPrompt)
        await pilot.press("down", "enter")
        assert app.find.opened == ["b"]
        await pilot.press("down")
        assert app.find.query_one(RowList).highlighted_key == "c"  # over the divider
        assert app.find.ends == 1
        await pilot.press("down", "down", "enter")
        assert app.find.opened == ["b", "c"]
        assert app.find.ends == 1
        await pilot.press("pageup", "enter")
        assert app.find.opened[-1] == "a"
        await pilot.press("pagedown", "enter")
        assert app.find.opened[-1] == "c"
        assert isinstance(app.focused, SearchPrompt)


async def test_a_click_opens() -> None:
    app = FindApp(some_lines())
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.click(RowList, offset=(10, 3))
        await pilot.click(RowList, offset=(10, 2))  # the divider
        await pilot.click(RowList, offset=(10, 10))  # below all rows
        assert app.find.opened == ["c"]


async def test_a_long_list_scrolls_and_stays_where_it_is_told() -> None:
    lines: list[Line] = [Row(str(n), f"{n:3}", f"Name {n}") for n in range(50)]
    app = FindApp(lines)
    async with app.run_test() as pilot:
        await settle(pilot)
        rows = app.find.query_one(RowList)
        await pilot.press(*["down"] * 30)
        assert rows.highlighted_key == "30"
        assert " > " + " 30  Name 30" in screen_text(app)
        rows.show([*lines, Row("x", "  x", "More")], keep=True)
        await settle(pilot)
        assert rows.highlighted_key == "30"
        assert "Name 30" in screen_text(app)
        rows.show(lines[:3])
        await settle(pilot)
        assert rows.highlighted_key == "0"
        assert "Name 30" not in screen_text(app)
        rows.show([])
        await settle(pilot)
        assert rows.highlighted is None
        await pilot.press("down", "up", "pagedown", "enter")
        assert app.find.opened == []


async def test_only_lines_that_changed_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Line] = [Row(str(n), f"{n:3}", f"Name {n}") for n in range(15)]
    app = FindApp(lines)
    async with app.run_test() as pilot:
        await settle(pilot)
        rows = app.find.query_one(RowList)
        painted: list[int] = []
        draw = RowList.render_line

        def counted(self: RowList, y: int) -> object:
            painted.append(y)
            return draw(self, y)

        monkeypatch.setattr(RowList, "render_line", counted)
        await pilot.press("down")
        await settle(pilot)
        assert sorted(set(painted)) == [0, 1]
        painted.clear()
        rows.show(lines, keep=True)
        await settle(pilot)
        assert painted == []


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_is_shown_harmlessly_everywhere(value: str) -> None:
    app = FindApp([Row(value, fit(value, 10), value, why=value), Divider(value), Info(value)])
    async with app.run_test(notifications=True) as pilot:
        app.find.query_one(StateLine).show(value, value, value)
        app.find.say(value, loud=True)
        app.find.query_one(SearchPrompt).value = value[:200]
        app.notify(value, title=value)
        await settle(pilot)
        text = screen_text(app)
        assert_nothing_to_obey(text)
        assert all(cell_width(line) <= 80 for line in text.splitlines())
        await pilot.press("enter")
        assert app.find.opened == [value]


async def test_a_key_that_can_not_act_says_why() -> None:
    app = FindApp(some_lines())
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "(F2 register)" in screen_text(app)
        await pilot.press("f2", "f3")
        await settle(pilot)
        assert app.find.done == ["filter"]
        assert "You may not register patients." in screen_text(app)


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("width", [1, 3, 20, 80])
def test_a_line_is_exactly_as_wide_as_the_list(value: str, width: int) -> None:
    for line in (Row("k", value, value, value), Divider(value), Info(value)):
        text = line_text(line, width, highlighted=True, why=True)
        assert cell_width(text) == width
        assert_nothing_to_obey(text)


def test_the_name_is_cut_before_what_stands_left_of_it() -> None:
    shown = line_text(Row("k", "M 34 y A-0123", "Mohammed Hassan Abdulrahman"), 30)
    assert shown == "   M 34 y A-0123  Mohammed Ha…"


def test_the_state_is_cut_last() -> None:
    wide = state_line("Al-Salam Dispensary", "Nora", "3 not sent, confirmed 14:02", 80)
    assert cell_width(wide) == 80
    assert "Nora" in wide
    narrow = state_line("Al-Salam Dispensary", "Nora Abdulrahman", "3 not sent", 36)
    assert cell_width(narrow) == 36
    assert "Nora" not in narrow
    assert "Al-Salam Dispensary" in narrow
    assert narrow.endswith("3 not sent ")


def test_help_keeps_its_place_when_there_is_no_room() -> None:
    items = [KeyItem(f"F{n}", "a long label") for n in range(2, 11)] + [KeyItem("F1", "keys")]
    texts = [text for text, _possible in key_pieces(items, 40)]
    assert texts[-1] == "F1 keys"
    assert len("  ".join(texts)) <= 38
    assert key_pieces([KeyItem("F2", "x", "no right"), KeyItem("F1", "keys")], 80) == [
        ("(F2 x)", False),
        ("F1 keys", True),
    ]


@pytest.mark.parametrize("text", ["one two three four five six seven", "漢字かな " * 9, *HOSTILE])
def test_a_broken_message_keeps_its_rows_within_the_width(text: str) -> None:
    for width in (1, 2, 9, 30):
        rows = broken(text, width, 3)
        assert 1 <= len(rows) <= 3
        assert max(map(cell_width, rows)) <= max(width, 2)
        assert_nothing_to_obey("".join(rows))


def test_a_message_is_broken_between_words() -> None:
    assert broken("NOT SAVED: the disk is full", 12, 3) == ["NOT SAVED:", "the disk is", "full"]
    assert broken("saved", 12, 3) == ["saved"]
    assert broken("a b c d e f", 3, 3)[:2] == ["a b", "c d"]


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_a_loud_message_is_shown_whole_and_a_quiet_one_takes_one_row(
    size: tuple[int, int],
) -> None:
    told = (
        "NOT SAVED: the disk of this computer is full. Make room on it, then press F10 once more."
    )
    app = FindApp([Row(str(n), f"row {n}") for n in range(40)])
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        app.screen.query_one(MessageLine).say(told, loud=True)
        await settle(pilot)
        lines = screen_text(app).splitlines()
        assert len(lines) == size[1]
        assert told in " ".join(" ".join(lines[3:]).split())
        assert "F2 register" in lines[-1]
        app.screen.query_one(MessageLine).say(told)
        await settle(pilot)
        assert app.screen.query_one(MessageLine).size.height == 1
        app.screen.query_one(MessageLine).say(told, loud=True)
        app.screen.query_one(MessageLine).clear()
        await settle(pilot)
        assert app.screen.query_one(RowList).size.height == size[1] - 4
