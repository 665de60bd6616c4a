"""Forms and answers that mean harm or are absurdly large, and forms that are long."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product

import pytest
from textual.app import ComposeResult
from textual.events import Paste
from textual.screen import Screen
from textual.widgets import TextArea

from hikma_tui.forms import Answers, Form, Kind, Option
from hikma_tui.forms.shape import Field
from hikma_tui.widgets.answer_editors import LONGEST_NOTE
from hikma_tui.widgets.base import BaseApp
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.form_rows import Cursor, Layout, Line
from hikma_tui.widgets.prompt import LineInput
from tests.screens.harness import assert_nothing_to_obey, screen_text
from tests.screens.test_form_editor import EVERY_KIND, TODAY, app_of, ask, form_of, type_

HOSTILE = ["[/x]", "[bold red]", "\x1b[2J\x1b]0;owned\x07", "a\nb\r\nc\td", "\u202egnp.exe", "\0",
           "\ud800", "e" + "\u0301" * 500, "\u200b\u2066x", "محمد [/] علي", "x" * 5000]  # fmt: skip
KINDS = [kind for kind in Kind if kind is not Kind.SEPARATOR]


def hostile_form(text: str) -> tuple[list[Field], Answers]:
    """Every kind of field with ``text`` wherever a form or an answer can hold text."""
    option = Option(text, {"en": text})
    texts = {"en": text}
    fields = [
        Field(kind.value, kind, text, texts, texts, options=(option,), units=(text, "b"),
              content=texts, field_type=text, required=True)
        for kind in KINDS
    ]  # fmt: skip
    answers: Answers = {kind.value: text for kind in KINDS}
    answers["multiselect"] = answers["checkbox"] = [text]
    answers["diagnosis"] = [{"code": text, "desc": text}]
    answers["medicine"] = [{"name": text}]
    return fields, answers


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
async def test_hostile_text_is_shown_harmlessly_and_kept_as_it_is(text: str) -> None:
    fields, answers = hostile_form(text)
    app = app_of(*fields, answers=answers, duplicates_hint=text)
    async with app.run_test(size=(80, 24)) as pilot:
        for field in fields:
            app.editor.go_to(field.id)
            await pilot.pause()
            assert_nothing_to_obey(app.text)
        app.editor.problems()
        assert app.editor.answers == answers


async def test_what_is_typed_is_kept_as_typed() -> None:
    app = app_of(ask("a", Kind.TEXT, "[/x] [red]"), ask("b", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "[/x] <b>", "enter")
        assert app.editor.answers["a"] == "[/x] <b>"
        assert "[/x] [red]" in app.text
        assert "[/x] <b>" in app.text


async def test_a_page_of_paste_is_taken_whole_in_a_long_text() -> None:
    app = app_of(ask("n", Kind.LONG_TEXT), ask("b", Kind.TEXT))
    page = "The patient walked in.\n" * 4400  # 101 kB
    async with app.run_test(size=(80, 24)) as pilot:
        began = time.perf_counter()
        app.query_one(TextArea).post_message(Paste(page))
        await pilot.pause()
        assert time.perf_counter() - began < 5, "a paste must not hang the program"
        assert app.editor.answers["n"] == page
        await type_(pilot, "enter")
        assert app.at == "b"
        assert "The patient walked in. The" in app.text


async def test_what_does_not_fit_is_cut_and_said() -> None:
    app = app_of(
        ask("camp", Kind.TEXT, base=True, column="camp"), ask("n", Kind.LONG_TEXT, base=True)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(LineInput).post_message(Paste("x" * 100_000))
        await pilot.pause()
        assert app.editor.answers["camp"] == "x" * 50, "the server's column (wire.md A5)"
        assert "50 characters were taken, 99950 were not" in app.text
        await type_(pilot, "y")
        assert "were not" in app.text
        assert app.editor.answers["camp"] == "x" * 50
        await type_(pilot, "enter")
        app.query_one(TextArea).post_message(Paste("y" * (LONGEST_NOTE + 7)))
        await pilot.pause()
        assert "7 were not" in app.text


async def test_a_paste_while_choosing_is_letters() -> None:
    app = app_of(ask("sex", Kind.RADIO, "Sex", "male", "female", "unknown"))
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(LineInput).post_message(Paste("female\n"))
        await pilot.pause()
        assert app.editor.answers["sex"] == "female"


async def test_arabic_labels_and_answers_are_read_in_arabic() -> None:
    options = (Option("male", {"ar": "ذكر"}), Option("female", {"ar": "أنثى"}))
    field = Field("a", Kind.SELECT, "Sex", {"ar": "جنس", "en": "Sex"}, options=options)
    app = app_of(field, ask("b", Kind.TEXT))
    app.editor.sheet.language = "ar"
    async with app.run_test(size=(80, 24)) as pilot:
        assert "جنس" in app.text
        assert "1( )ذكر" in app.text
        await type_(pilot, "أ", "enter")
        assert app.editor.answers["a"] == "female"


class Opener(Screen[None]):
    def __init__(self, form: Form) -> None:
        super().__init__()
        self.editor = FormEditor(form, {}, language="en", today=TODAY)

    def compose(self) -> ComposeResult:
        yield self.editor


def at(editor: FormEditor) -> str:
    return editor.current.id if editor.current is not None else ""


async def test_sixty_fields_open_and_are_walked_through() -> None:
    kinds = (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.YES_NO, Kind.LONG_TEXT, Kind.SELECT)
    many = form_of(*(ask(f"f{n}", kinds[n % 6], f"Question {n}", "a", "b") for n in range(60)))
    app = BaseApp[None]()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Opener(many)
        await app.push_screen(screen)
        await pilot.pause()
        editor = screen.editor
        assert len(list(editor.query("*"))) <= 4, "one editor, however long the form is"
        for n in range(59):
            await type_(pilot, "tab")
            assert at(editor) == f"f{n + 1}"
            shown = screen_text(app)
            assert f"> Question {n + 1} " in shown or f"> Question {n + 1}\n" in shown
        await type_(pilot, "pageup")
        assert at(editor) != "f59"
        await type_(pilot, *["pageup"] * 9)
        assert at(editor) == "f0"
        await type_(pilot, *["pagedown"] * 9)
        assert at(editor) == "f59"


async def test_a_form_that_asks_nothing_takes_no_key() -> None:
    app = app_of(ask("t", Kind.TEXT_BLOCK, content={"en": "Read me"}), ask("u", Kind.UNKNOWN))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "1", "f10")
        assert "Read me" in app.text
        assert app.keys == ["stolen", "save"]
        assert app.editor.current is None
        assert app.editor.problems() == []


async def test_an_empty_form_is_no_crash() -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "enter", "tab")
        assert app.editor.answers == {}


async def test_a_draft_comes_back_with_what_did_not_parse() -> None:
    app = app_of(ask("d", Kind.DATE), unparsed={"d": "31/2/26"})
    async with app.run_test(size=(80, 24)):
        assert "31/2/26" in app.text
        assert "has no day 31" in app.text
        assert [field_id for field_id, _sentence in app.editor.problems()] == ["d"]


@pytest.mark.parametrize("size", [(40, 12), (132, 43)])
async def test_other_sizes_of_terminal(size: tuple[int, int]) -> None:
    app = app_of(*EVERY_KIND)
    async with app.run_test(size=size) as pilot:
        for field in EVERY_KIND:
            app.editor.go_to(field.id)
            await pilot.pause()
            if field.id == app.at:
                assert "\n>" in app.text
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Chief complaint" in app.text


class Counting(Layout):
    """A layout that counts how many fields it has laid out."""

    laid = 0

    def lines(self, index: int, cursor: Cursor) -> list[Line]:
        """Count, then lay out."""
        Counting.laid += 1
        return super().lines(index, cursor)


async def test_ten_thousand_fields_cost_what_is_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a stopwatch: a key lays out the fields that it changes and those now in sight."""
    monkeypatch.setattr("hikma_tui.widgets.form_canvas.Layout", Counting)
    kinds = (Kind.TEXT, Kind.NUMBER, Kind.YES_NO, Kind.DIAGNOSIS, Kind.MEDICINE)
    app = app_of(*(ask(f"f{n}", kinds[n % 5], f"Question {n}") for n in range(10_000)))
    Counting.laid = 0
    async with app.run_test(size=(80, 24)) as pilot:
        assert Counting.laid < 200
        for keys in (("tab",), ("7",), ("pagedown",), ("shift+tab",), ("down",)):
            Counting.laid = 0
            await type_(pilot, *keys)
            assert Counting.laid < 80, keys
        app.editor.go_to("f9999")
        await type_(pilot, "paracetamol 1g tds")
        assert "Question 9999" in app.text
        assert app.editor.unparsed == {"f9999": "paracetamol 1g tds"}
        app.editor.finish()
        await pilot.pause()
        assert "paracetamol 1 g, 3 times a day" in app.text
        assert app.editor.problems() == []


async def test_a_megabyte_of_label_is_cut_and_not_looked_at() -> None:
    long = "س ت" * 350_000
    kinds = [kind for kind in Kind if kind is not Kind.SEPARATOR]
    fields = [
        Field(kind.value, kind, long, {"en": long}, {"en": long}, content={"en": long},
              options=(Option("a", {"en": long}), Option("b", {"en": "b"})), units=(long, "b"))
        for kind in kinds
    ]  # fmt: skip
    app = app_of(*fields, answers={"unknown": {"raw": long}})
    began = time.perf_counter()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, *["a", "tab"] * len(kinds))
        app.editor.problems()
        assert_nothing_to_obey(app.text)
    assert time.perf_counter() - began < 10, "a hang, not a wait"


async def test_ten_thousand_options_are_chosen_from() -> None:
    lands = ["Land " + "".join(letters) for letters in product("abcdefghij", repeat=4)]
    app = app_of(ask("c", Kind.SELECT, "Country", *lands))
    began = time.perf_counter()
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "land jaca", "enter")
        assert app.editor.answers["c"] == "Land jaca"
    assert time.perf_counter() - began < 10, "a hang, not a wait"


async def test_what_could_not_be_read_of_a_form_stands_above_it() -> None:
    app = app_of(ask("a", Kind.TEXT, "Complaint"))
    trouble = tuple(f"Field {n} is broken." for n in range(7))
    app.editor.sheet.form = replace(app.editor.sheet.form, trouble=trouble)
    async with app.run_test(size=(80, 24)) as pilot:
        lines = app.text.splitlines()
        assert lines[0] == "! Field 0 is broken."
        assert lines[4] == "! ... and 3 more."
        assert lines[5].startswith("> Complaint")
        await type_(pilot, "cough")
        assert app.text.splitlines()[5] == "> Complaint   cough"
