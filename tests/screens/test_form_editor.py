"""Filling a form with the keyboard only, at 80x24: every kind of field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.pilot import Pilot

from hikma_tui.forms import Answer, Field, Form, Kind, Option, unit_key
from hikma_tui.widgets.base import BaseApp
from hikma_tui.widgets.form_editor import FormEditor
from tests.screens.harness import golden, missing_glyphs, screen_text

TODAY = date(2026, 11, 22)  # a Sunday
CLINICS = {"c1": "Al-Salam", "c2": "North"}


def ask(field_id: str, kind: Kind, label: str = "", *choices: str, **more: Any) -> Field:
    """A field whose options are stored as they are shown."""
    options = tuple(Option(choice, {"en": choice}) for choice in choices)
    named = {"en": label or field_id}
    return Field(field_id, kind, label or field_id, named, options=options, **more)


def form_of(*fields: Field) -> Form:
    return Form("f", {"en": "Consultation"}, fields)


class FormApp(BaseApp[None]):
    """One form, and a screen's own keys around it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10,ctrl+s", "pressed('save')"),
        Binding("escape", "pressed('leave')"),
        Binding("f6,f7", "pressed('screen')"),
        Binding("1,2,m,space", "pressed('stolen')"),
    ]

    def __init__(self, fields: Iterable[Field], answers: Mapping[str, Answer], **more: Any) -> None:
        super().__init__()
        self.editor = FormEditor(
            form_of(*fields), answers, language="en", today=TODAY, clinics=CLINICS, **more
        )
        self.changes: list[FormEditor.Changed] = []
        self.ends = 0
        self.keys: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.editor

    def action_pressed(self, name: str) -> None:
        self.keys.append(name)

    def on_form_editor_changed(self, event: FormEditor.Changed) -> None:
        self.changes.append(event)

    def on_form_editor_at_end(self) -> None:
        self.ends += 1

    @property
    def at(self) -> str:
        """The id of the field under the cursor."""
        return self.editor.current.id if self.editor.current else ""

    def answer(self, field_id: str) -> Answer:
        """The answer that the form holds now."""
        return self.editor.answers.get(field_id)

    @property
    def text(self) -> str:
        return screen_text(self)


def app_of(*fields: Field, answers: Mapping[str, Answer] | None = None, **more: Any) -> FormApp:
    return FormApp(fields, answers or {}, **more)


NAMED = {
    *("enter", "tab", "shift+tab", "up", "down", "left", "right", "space", "delete", "backspace"),
    *("ctrl+j", "ctrl+s", "pageup", "pagedown", "escape", "f6", "f10"),
}


async def type_(pilot: Pilot[None], *keys: str) -> None:
    """Type as a scanner does, all at once; what is no key's name is typed letter by letter."""
    for key in keys:
        for one in [key] if key in NAMED else key:
            character = None if key in NAMED and key != "space" else one
            event = Key(one, " " if key == "space" else character)
            pilot.app.post_message(event)
    await pilot.pause()
    await pilot.pause()


_PLACES = ("Aleppo", "Basra", "Cairo", "Dahuk", "Erbil", "Fallujah", "Gaza", "Homs", "Idlib")
CAMPS = [f"Camp {place}" for place in _PLACES]
EVERY_KIND = (
    ask("block", Kind.TEXT_BLOCK, content={"en": "Ask the mother first."}),
    ask("complaint", Kind.TEXT, "Chief complaint", required=True),
    ask("line", Kind.SEPARATOR),
    ask("history", Kind.LONG_TEXT, "History"),
    ask("temp", Kind.NUMBER, "Temperature", units=("°C", "°F")),
    ask("pulse", Kind.NUMBER, "Pulse", units=("bpm",)),
    ask("onset", Kind.DATE, "Onset"),
    ask("born", Kind.BIRTH, "Date of birth"),
    ask("sex", Kind.RADIO, "Sex", "male", "female", "unknown", required=True),
    ask("camp", Kind.SELECT, "Camp", *CAMPS),
    ask("danger", Kind.MULTISELECT, "Danger signs", "convulsions", "lethargic", "vomits"),
    ask("vaccinated", Kind.YES_NO, "Vaccinated"),
    ask("consent", Kind.CHECKBOX, "Consent"),
    ask("clinic", Kind.CLINIC, "Clinic"),
    ask("dx", Kind.DIAGNOSIS, "Diagnosis"),
    ask("rx", Kind.MEDICINE, "Medicines"),
    ask("scan", Kind.UNKNOWN, "Scan", field_type="file"),
)


async def test_every_kind_is_filled_by_keyboard_alone() -> None:
    app = app_of(*EVERY_KIND, answers={"scan": {"id": "raw-1"}})
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "headache", "enter", "three days", "ctrl+j", "worse at night", "enter")
        await type_(pilot, "38.5c", "enter", "٨٨", "enter", "t-3", "enter", "34", "enter")
        golden("form_editor_choices", app.text)
        await type_(pilot, "f", "enter", "homs", "enter", "1", "3", "enter", "n", "enter")
        await type_(pilot, "space", "enter", "north", "enter", "malaria", "enter", "flu", "enter")
        await type_(pilot, "enter", "amoxicillin 500mg", "enter")
        golden("form_editor_filled", app.text)
        assert not missing_glyphs(app.text)
        await type_(pilot, "enter")
        assert app.ends == 1
        answers = app.editor.answers
        medicine = answers.pop("rx")
        assert isinstance(medicine, list)
        assert (medicine[0]["name"], medicine[0]["dose"]) == ("amoxicillin", 500)
        assert answers == {
            "complaint": "headache",
            "history": "three days\nworse at night",
            "temp": "38.5",
            "temp#unit": "°C",
            "pulse": "88",
            "onset": "2026-11-19",
            "born": "~1992-11-22",
            "sex": "female",
            "camp": "Camp Homs",
            "danger": ["convulsions", "vomits"],
            "vaccinated": False,
            "consent": True,
            "clinic": "c2",
            "dx": [{"code": "0000", "desc": "malaria"}, {"code": "0000", "desc": "flu"}],
            "scan": {"id": "raw-1"},
        }
        assert app.editor.problems() == []
        assert app.keys == [], "no key of a choice may reach the screen"


async def test_a_wrong_date_says_why_and_stays_until_it_is_right() -> None:
    app = app_of(ask("onset", Kind.DATE), ask("next", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "31/2/26", "enter")
        assert app.at == "onset"
        assert "Feb 2026 has no day 31." in app.text
        assert app.editor.unparsed == {"onset": "31/2/26"}
        assert app.editor.problems() == [("onset", "Feb 2026 has no day 31.")]
        await type_(pilot, "tab")
        assert app.at == "next", "going on without saving is allowed"
        assert " !onset" in app.text
        assert "31/2/26" in app.text
        await type_(pilot, "shift+tab", *["backspace"] * 7, "3 apr 2026")
        assert "= 3 Apr 2026, Fri" in app.text
        await type_(pilot, "enter")
        assert app.at == "next"
        assert app.answer("onset") == "2026-04-03"
        assert app.editor.unparsed == {}


async def test_a_unit_is_never_guessed() -> None:
    temp = ask("temp", Kind.NUMBER, units=("°C", "°F"))
    app = app_of(temp, ask("next", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "٣٨,٥", "enter")
        assert "CHOOSE" in app.text
        assert app.at == "temp"
        await type_(pilot, "enter")
        assert app.at == "temp"
        assert app.editor.problems() == [("temp", "Choose the unit.")]
        assert "temp" not in app.editor.answers
        await type_(pilot, "٢")
        assert app.at == "next"
        assert app.editor.answers == {"temp": "38.5", unit_key(temp): "°F"}
        await type_(pilot, "up", "enter")
        assert app.at == "next", "a number with its unit is accepted as it is"


async def test_a_unit_can_be_given_up_to_correct_the_number() -> None:
    app = app_of(ask("w", Kind.NUMBER, units=("kg", "lb")), ask("next", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "8", "enter", "backspace", "1", "l", "enter")
        assert app.editor.answers == {"w": "81", "w#unit": "lb"}


@pytest.mark.parametrize("typed", ["abc", "1,250", "5 stone", "--3", "1" * 200])
async def test_what_is_no_number_is_kept_and_named(typed: str) -> None:
    app = app_of(ask("w", Kind.NUMBER, units=("kg",)), ask("next", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, typed, "enter")
        assert app.at == "w"
        assert [field_id for field_id, _sentence in app.editor.problems()] == ["w"]


@pytest.mark.parametrize(
    ("typed", "answer", "echo"),
    [
        ("11/3/92", "1992-03-11", "11 Mar 1992, Wed, 34 y"),
        ("6m", "~2026-05-22", "6 mo"),
        ("1955", "~1955-01-01", "about 1955"),
        ("?", "?", "unknown"),
    ],
)
async def test_births_are_echoed(typed: str, answer: str, echo: str) -> None:
    app = app_of(ask("born", Kind.BIRTH))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, typed)
        assert echo in app.text
        assert app.editor.answers == {"born": answer}


async def test_a_missing_answer_is_named_and_gone_to() -> None:
    app = app_of(*EVERY_KIND)
    async with app.run_test(size=(80, 24)) as pilot:
        problems = app.editor.problems()
        assert [field_id for field_id, _sentence in problems] == ["complaint", "sex"]
        assert "Chief complaint" in problems[0][1]
        app.editor.go_to("sex")
        await type_(pilot, "2")
        assert app.at == "sex"
        assert app.answer("sex") == "female"


async def test_letters_that_fit_several_choices_choose_none() -> None:
    app = app_of(ask("camp", Kind.SELECT, "Camp", *CAMPS), ask("next", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "camp", "tab")
        assert app.answer("camp") == ""
        assert app.editor.problems() == [("camp", "Choose: 9 fit.")]
        await type_(pilot, "shift+tab", " er")
        assert "Camp Erbil" in app.text
        assert "Camp Basra" not in app.text
        await type_(pilot, "enter")
        assert app.answer("camp") == "Camp Erbil"
        assert app.editor.problems() == []


async def test_arrows_point_and_only_enter_or_space_choose() -> None:
    app = app_of(ask("camp", Kind.SELECT, "Camp", *CAMPS), ask("next", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "down", "down")
        assert app.editor.answers.get("camp") is None, "passing over a choice chooses nothing"
        assert "> 2( )Camp Basra" in app.text
        await type_(pilot, "enter")
        assert app.at == "next"
        assert app.answer("camp") == "Camp Basra"
        await type_(pilot, "up", "delete")
        assert app.answer("camp") == ""
        await type_(pilot, *["down"] * 10)
        assert app.at == "next", "beyond the last choice Down goes on"


async def test_a_long_list_shows_eight_lines_and_its_number() -> None:
    app = app_of(ask("c", Kind.SELECT, "Country", *(f"Land {n:03}" for n in range(250))))
    async with app.run_test(size=(80, 24)) as pilot:
        assert sum("( )Land" in line for line in app.text.splitlines()) == 8
        assert "250 choices" in app.text
        await type_(pilot, *["down"] * 12, "space")
        assert "> " in app.text
        assert app.answer("c") == "Land 011"
        assert sum(")Land" in line for line in app.text.splitlines()) == 8


async def test_an_option_that_the_form_no_longer_has_is_shown_and_kept() -> None:
    field = ask("sex", Kind.SELECT, "Sex", "male", "female")
    app = app_of(field, ask("next", Kind.TEXT), answers={"sex": "M"})
    async with app.run_test(size=(80, 24)) as pilot:
        assert "M (not an option now)" in app.text
        await type_(pilot, "enter")
        assert app.answer("sex") == "M"
        assert app.editor.problems() == []


async def test_stored_entries_stay_as_they_are() -> None:
    coded: dict[str, object] = {"code": "1A00", "desc": "Cholera", "x": 1}
    drug: dict[str, object] = {"id": "7", "name": "Amoxicillin", "dose": 500, "doseUnits": "mg"}
    app = app_of(
        ask("dx", Kind.DIAGNOSIS), ask("rx", Kind.MEDICINE), answers={"dx": [coded], "rx": [drug]}
    )
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Cholera (1A00)" in app.text
        assert "Amoxicillin 500 mg" in app.text
        await type_(pilot, "fever", "enter", "down", "down", "delete", "enter")
        assert app.editor.answers == {"dx": [coded], "rx": [drug]}


async def test_the_screens_keys_pass_and_nothing_half_typed_is_lost() -> None:
    app = app_of(*EVERY_KIND)
    async with app.run_test(size=(80, 24)) as pilot:
        for field_id in ("complaint", "history", "sex", "dx"):
            app.editor.go_to(field_id)
            await type_(pilot, "m", "f10", "ctrl+s", "escape", "f6")
        assert app.keys == ["save", "save", "leave", "screen"] * 4
        assert app.answer("complaint") == "m"
        assert app.answer("history") == "m"
        assert app.answer("dx") is None, "a line that is being typed is no entry yet"
        assert app.editor.unparsed == {"dx": "m"}, "and is kept for the draft"
        app.editor.finish()
        assert app.answer("dx") == [{"code": "0000", "desc": "m"}]


async def test_every_keystroke_reports_the_answers_for_the_draft() -> None:
    app = app_of(ask("a", Kind.TEXT), ask("d", Kind.DATE))
    async with app.run_test(size=(80, 24)) as pilot:
        await type_(pilot, "ab", "enter", "3")
        assert [(c.field_id, c.answers.get("a")) for c in app.changes] == [
            ("a", "a"), ("a", "ab"), ("d", "ab"),
        ]  # fmt: skip


@pytest.mark.parametrize("column", ["", "first_seen"])
async def test_a_mere_month_is_offered_only_where_it_can_be_stored(column: str) -> None:
    app = app_of(ask("onset", Kind.DATE, column=column), ask("next", Kind.TEXT))
    async with app.run_test(size=(80, 24)) as pilot:
        offered = "jan 2024" in app.text
        await type_(pilot, "jan 2024", "enter")
        if offered:
            assert app.answer("onset") == "2024-01"
            assert app.editor.problems() == []
            assert "Jan 2024" in app.text
        else:
            assert app.at == "onset"
            assert app.editor.unparsed == {"onset": "jan 2024"}


@pytest.mark.parametrize("second", [Kind.TEXT, Kind.LONG_TEXT])
async def test_a_line_erased_in_a_burst_is_the_one_gone_to(second: Kind) -> None:
    app = app_of(ask("a", Kind.TEXT), ask("b", second), answers={"a": "first", "b": "second"})
    async with app.run_test(size=(80, 24)) as pilot:
        for key, character in (("tab", "\t"), ("ctrl+u", "\x15"), ("n", "n")):
            pilot.app.post_message(Key(key, character))
        await pilot.pause()
        await pilot.pause()
        assert (app.answer("a"), app.answer("b")) == ("first", "n")
