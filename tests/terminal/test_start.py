"""The start: something is seen at once, nothing of it stays, and no key is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import patients
from tests.terminal.terminal import CTRL_Q, ENTER, clinic, running

LINE = b"hikma-tui: opening the records ..."


@pytest.fixture
def place(tmp_path: Path) -> Path:
    store, actor = clinic(tmp_path / "store")
    for number, name in enumerate(("Mona", "Mohammed", "Salma")):
        row = {"given_name": name, "surname": "Haddad", "sex": "female",
               "date_of_birth": "1990-01-01", "external_patient_id": f"B-000{number}"}  # fmt: skip
        store.write(patients.register, actor, row).result()
    store.close()
    return tmp_path / "store"


@pytest.mark.parametrize("words", [(), ("--low-bandwidth",)])
def test_a_line_is_seen_before_the_screens_and_nothing_of_it_stays(
    place: Path, words: tuple[str, ...]
) -> None:
    with running(place, *words) as terminal:
        terminal.wait("3 patients", seconds=20)
        assert bytes(terminal.bytes).startswith(LINE), "the line is not the first that is sent"
        line, screens = bytes(terminal.bytes).split(b"\x1b[?1049h", 1)
        assert line == LINE + b"\r\x1b[2K", "it is not erased before the screens, or not alone"
        assert LINE not in screens
        assert "opening the records" not in terminal.text
        terminal.send(CTRL_Q)
        assert terminal.code() == 0


def test_what_can_not_be_opened_is_told_on_an_empty_line(place: Path) -> None:
    (place / "hikma.db").write_bytes(b"SQLite format 3\0" + b"?" * 5000)
    with running(place) as terminal:
        terminal.wait(lambda text: text.strip() != "" and "opening the records" not in text)
        assert "opening the records" not in terminal.text


@pytest.mark.parametrize("typed", ["B-0002" + ENTER, "B-0003\x7f2" + ENTER])
def test_a_card_read_while_the_program_starts_opens_its_patient(place: Path, typed: str) -> None:
    with running(place) as terminal:
        terminal.send(typed)
        terminal.wait("HADDAD, Salma", seconds=20)


@pytest.mark.parametrize("typed", ["mo", "B-00", "1990-01-01"])
def test_what_is_typed_while_the_program_starts_is_searched(place: Path, typed: str) -> None:
    with running(place) as terminal:
        terminal.send(typed)
        terminal.wait(f"Find: {typed}", "of 3 patients" if typed == "mo" else "Salma", seconds=20)


def test_enter_alone_opens_nothing(place: Path) -> None:
    with running(place) as terminal:
        terminal.send(ENTER)
        terminal.wait("3 patients", seconds=20)
        terminal.settle()
        assert "Find:" in terminal.text
