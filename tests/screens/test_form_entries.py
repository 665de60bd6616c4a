"""Diagnoses and medicines typed into a form, as a nurse types them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from textual.message import Message
from textual.pilot import Pilot

from hikma_tui.forms import Answer, Field, Kind
from hikma_tui.forms.shape import MedicineChoices
from hikma_tui.widgets.entry_picker import Found, Suggested
from hikma_tui.widgets.form_editor import FormEditor
from tests.screens.harness import assert_nothing_to_obey, golden, missing_glyphs
from tests.screens.test_form_editor import FormApp, ask, type_

DISEASES = {
    "1F40": "Malaria due to Plasmodium falciparum",
    "1F41": "Malaria due to Plasmodium vivax",
    "1F4Z": "Malaria, unspecified",
    "BA00": "Essential hypertension",
}
MEDICINES = ["Amlodipine 5 mg", "Amoxicillin", "Amoxicillin and clavulanic acid"]


class Shelf:
    """A list of our own to search; ``doors`` hold answers back until they are opened."""

    def __init__(self) -> None:
        self.names: Mapping[str, str] = {"BA00\tEssential hypertension": "Hipertensión esencial"}
        self.doors: dict[str, asyncio.Event] = {}
        self.asked: list[str] = []
        self.trouble = ""

    async def _wait(self, text: str) -> None:
        self.asked.append(text)
        if text in self.doors:
            await self.doors[text].wait()

    async def diagnoses(self, text: str) -> Found:
        await self._wait(text)
        words = text.casefold().split()
        return Found(
            tuple(
                Suggested(
                    label,
                    code,
                    {"code": code, "desc": label},
                    name=self.names.get(f"{code}\t{label}", ""),
                )
                for code, label in DISEASES.items()
                if all(word in f"{label} {code}".casefold() for word in words)
            ),
            self.trouble,
        )

    async def medicines(self, text: str, field: Field) -> Found:
        await self._wait(text)
        names = [name for name in MEDICINES if name.casefold().startswith(text.casefold())]
        return Found(tuple(Suggested(name, line=f"{name} ") for name in names))


def lists(answers: Mapping[str, Answer] | None = None, **more: Any) -> tuple[FormApp, Shelf]:
    shelf = Shelf()
    offered = MedicineChoices(dose_units=("mg", "sachets"))
    fields = (
        ask("dx", Kind.DIAGNOSIS, "Diagnosis"),
        ask("rx", Kind.MEDICINE, "Medicines", medicine=offered),
        ask("next", Kind.TEXT, "Next"),
    )
    return FormApp(fields, answers or {}, suggest=shelf, **more), shelf


def names(app: FormApp) -> list[object]:
    answer = app.answer("rx")
    return [entry["name"] for entry in answer] if isinstance(answer, list) else []


async def one_by_one(pilot: Pilot[None], *keys: str) -> None:
    """Type as a person does: every key when the one before has done its work."""
    for key in keys or ("",):
        await type_(pilot, *filter(None, (key,)))
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def test_a_disease_is_pointed_at_and_taken() -> None:
    app, _shelf = lists()
    async with app.run_test(size=(80, 24)) as pilot:
        await one_by_one(pilot, *"malaria")
        golden("form_entries_diagnosis", app.text)
        assert not missing_glyphs(app.text)
        await one_by_one(pilot, "enter")
        assert app.answer("dx") is None, "nothing is taken that was not pointed at"
        assert "CHOOSE: Down points at a line" in app.text
        assert app.at == "dx"
        await one_by_one(pilot, "down", "down", "enter")
        assert app.answer("dx") == [{"code": "1F41", "desc": "Malaria due to Plasmodium vivax"}]
        assert "- Malaria due to Plasmodium vivax (1F41)" in app.text
        assert app.editor.unparsed == {}
        await one_by_one(pilot, *"hypert", "down", "enter", "enter")
        assert app.at == "rx"
        assert "(2) Malaria due to" in app.text, "a row that is cut says how many there are"
        assert "Hipertensión esencial" in app.text, "shown in the user's language"
        diagnoses = app.answer("dx")
        assert isinstance(diagnoses, list)
        assert diagnoses[1] == {"code": "BA00", "desc": "Essential hypertension"}


async def test_free_text_is_the_last_row() -> None:
    app, _shelf = lists()
    async with app.run_test(size=(80, 24)) as pilot:
        await one_by_one(pilot, *"malaria", "down", "down", "down", "down", "down")
        assert '> as typed: "malaria"' in app.text
        assert "(no code)" in app.text
        await one_by_one(pilot, "enter")
        assert app.answer("dx") == [{"code": "0000", "desc": "malaria"}]
        await one_by_one(pilot, *"old man's rattle", "enter")  # the list has nothing
        entries = app.answer("dx")
        assert isinstance(entries, list)
        assert entries[1] == {"code": "0000", "desc": "old man's rattle"}


async def test_a_row_is_not_exchanged_under_the_pointer() -> None:
    app, shelf = lists()
    async with app.run_test(size=(80, 24)) as pilot:
        await one_by_one(pilot, *"malaria")
        door = shelf.doors["malaria v"] = asyncio.Event()
        await type_(pilot, " v", "enter", "down", "enter")
        assert app.answer("dx") is None, "the rows in sight are those of other letters"
        assert app.editor.unparsed == {"dx": "malaria v"}, "and typing was not held up"
        door.set()
        await one_by_one(pilot)
        assert "> Malaria due to Plasmodium vivax" in app.text, "the Down typed ahead"
        await one_by_one(pilot, "enter")
        assert app.answer("dx") == [{"code": "1F41", "desc": "Malaria due to Plasmodium vivax"}]


async def test_answers_to_earlier_letters_are_dropped_and_do_not_pile_up() -> None:
    app, shelf = lists()
    async with app.run_test(size=(80, 24)) as pilot:
        door = shelf.doors["m"] = asyncio.Event()
        await type_(pilot, "m")
        await type_(pilot, "alaria", "backspace", "backspace")
        door.set()
        await one_by_one(pilot)
        assert shelf.asked == ["m", "malar"]
        await type_(pilot, "ctrl+u", "hyper")
        await one_by_one(pilot)
        assert "Malaria" not in app.text


async def test_a_list_that_fails_or_hangs_leaves_free_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hikma_tui.widgets.form_entries.PATIENCE_S", 0.05)
    app, shelf = lists()
    async with app.run_test(size=(80, 24)) as pilot:
        shelf.doors["gout"] = asyncio.Event()  # never opened
        await one_by_one(pilot, *"gout")
        assert "The list does not answer. Enter takes what is typed." in app.text
        await one_by_one(pilot, "enter")
        assert app.answer("dx") == [{"code": "0000", "desc": "gout"}]
        shelf.trouble = "The list is damaged."
        await one_by_one(pilot, *"zzz")
        assert "The list is damaged." in app.text
        await one_by_one(pilot, "tab")
        assert app.editor.unparsed == {"dx": "zzz"}, "left undecided: it waits"


async def test_an_unfinished_line_is_kept_and_keeps_the_form_from_being_saved() -> None:
    app, _shelf = lists({"dx": [{"code": "BA00", "desc": "Essential hypertension"}]})
    async with app.run_test(size=(80, 24)) as pilot:
        await one_by_one(pilot, *"malar", "tab")
        assert "CHOOSE: malar; Hipertensión" in app.text
        assert app.editor.unparsed == {"dx": "malar"}
        app.editor.finish()
        assert [field_id for field_id, _why in app.editor.problems()] == ["dx"]
        await one_by_one(pilot, "shift+tab")
        assert "Malaria, unspecified" in app.text, "the rows are back with the line"
        await one_by_one(pilot, *["backspace"] * 5)
        assert app.editor.unparsed == {}
        assert app.editor.problems() == []


async def test_a_medicine_is_told_in_words_before_it_is_taken() -> None:
    app, _shelf = lists()
    async with app.run_test(size=(80, 24)) as pilot:
        app.editor.go_to("rx")
        await one_by_one(pilot, *"amlo", "down", "enter")
        assert app.editor.unparsed == {"rx": "Amlodipine 5 mg "}, "a name is no entry yet"
        await one_by_one(pilot, *"od 30d")
        golden("form_entries_medicine", app.text)
        assert app.answer("rx") is None
        await one_by_one(pilot, "enter")
        answer = app.answer("rx")
        assert isinstance(answer, list)
        (entry,) = answer
        assert {key: value for key, value in entry.items() if key != "id"} == {
            "name": "Amlodipine", "dose": 5, "doseUnits": "mg", "route": "", "form": "",
            "frequency": 1, "intervals": "", "duration": 30, "durationUnits": "days",
        }  # fmt: skip
        assert "once a day" in app.text


async def test_a_doubt_is_chosen_with_a_digit_or_taken_as_typed() -> None:
    app, _shelf = lists()
    async with app.run_test(size=(80, 24)) as pilot:
        app.editor.go_to("rx")
        await one_by_one(pilot, *"amoxicillin 500 tds")
        assert "CHOOSE: 500: of what?" in app.text
        await one_by_one(pilot, "enter")
        assert app.answer("rx") is None
        assert "1 500 mg" in app.text
        await one_by_one(pilot, "tab")
        assert [field_id for field_id, _why in app.editor.problems()] == ["rx"]
        await one_by_one(pilot, "shift+tab", "enter", "1")
        assert app.editor.unparsed == {"rx": "amoxicillin 500 mg tds"}
        await one_by_one(pilot, "enter")
        assert names(app) == ["amoxicillin"]
        await one_by_one(pilot, *"zinc 20", "enter", "backspace", *" mg", "enter")
        assert names(app) == ["amoxicillin", "zinc"], "back to the line, to write it out"
        await one_by_one(pilot, *"salt 3", "enter", *["down"] * 10, "enter")
        assert names(app)[2] == "salt 3", "the last row is the line as it was typed"


async def test_an_entry_is_opened_with_enter_and_put_back() -> None:
    drug: dict[str, object] = {"id": "7", "name": "Amoxicillin", "dose": 500, "doseUnits": "mg"}
    app, _shelf = lists({"rx": [drug]})
    opened: list[FormEditor.EntryOpened] = []

    def note(message: Message) -> None:
        if isinstance(message, FormEditor.EntryOpened):
            opened.append(message)

    async with app.run_test(size=(80, 24), message_hook=note) as pilot:
        app.editor.go_to("rx")
        await one_by_one(pilot, "down", "enter")
        event = opened[0]
        assert (event.field.id, event.index, event.item) == ("rx", 0, drug)
        app.editor.replace_entry("rx", 0, {"id": "other"}, {"name": "wrong"})
        assert app.answer("rx") == [drug], "not what was opened: nothing is replaced"
        app.editor.replace_entry("rx", 0, drug, {**drug, "dose": 250})
        assert app.answer("rx") == [{**drug, "dose": 250}]
        assert "250 mg" in app.text
        await pilot.pause()
        assert app.changes[-1].answers["rx"] == [{**drug, "dose": 250}]


@pytest.mark.parametrize("text", ["[/x]", "\x1b[2J", "\u202egnp", "e" + "\u0301" * 200, "محمد"])
async def test_hostile_lines_and_rows_are_harmless(text: str) -> None:
    app, shelf = lists()
    shelf.trouble = text
    DISEASES["XX"] = text + " gout"
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await one_by_one(pilot, *"gout", "down")
            assert_nothing_to_obey(app.text)
            await one_by_one(pilot, "enter")
            assert_nothing_to_obey(app.text)
            app.editor.go_to("rx")
            app.query_one("AnswerInput").take(text)  # type: ignore[attr-defined]
            await one_by_one(pilot, "enter")
            assert_nothing_to_obey(app.text)
    finally:
        del DISEASES["XX"]
