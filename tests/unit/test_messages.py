"""The message catalogues: complete, compiled, harmless, and shown by the program."""

from __future__ import annotations

import gettext
import importlib
import io
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import screens
from hikma_tui.i18n import LANGUAGES, ngettext, use_language
from hikma_tui.medicines.wording import COUNTED, counted_words
from hikma_tui.text import cell_width
from hikma_tui.widgets.base import HELP, BaseScreen
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.title import key_items, key_pieces
from tests.unit.program import COMMAND, ROOT, environment
from tools import messages
from tools.messages import Catalogue

TRANSLATED = ["es", "ar"]
PLACEHOLDER = re.compile(r"\{\w+\}")
TO_DO = f"\nTranslate in hikma_tui/locale/*/LC_MESSAGES/*.po, then run: {messages.UPDATE}"


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    use_language("en")


# -- the catalogues --------------------------------------------------------------------------------


def test_there_is_a_catalogue_for_every_language() -> None:
    assert ["en", *messages.PLURALS] == list(LANGUAGES)
    assert len(messages.collected()) > 400


def test_template_catalogues_and_compiled_files_are_up_to_date() -> None:
    assert not messages.stale(), "\n".join([*messages.stale(), TO_DO])


def test_every_message_is_translated() -> None:
    """Translated, with the English placeholders, without control or direction characters."""
    assert not messages.untranslated(), "\n".join([*messages.untranslated(), TO_DO])


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_file_says_what_the_catalogue_says(language: str) -> None:
    """As read by Python's own gettext, which did not write it."""
    compiled = gettext.GNUTranslations(io.BytesIO(messages.po_path(language, "mo").read_bytes()))
    for key, texts in messages.stored(language).messages.items():
        if len(key) == 1:
            assert compiled.gettext(key[0]) == texts[0]
        else:
            shown = {compiled.ngettext(key[0], key[1], n) for n in (0, 1, 2, 5, 50, 100)}
            assert shown == set(texts)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_failed_save_can_not_be_read_as_a_save(language: str) -> None:
    """Each sentence that says NOT SAVED begins with this language's words for it."""
    loud = {"es": "NO GUARDADO", "ar": "لم يتم الحفظ"}[language]
    said = messages.stored(language).messages
    refusals = [key for key in said if key[0].startswith("NOT SAVED")]
    assert len(refusals) >= 5
    assert all(said[key][0].startswith(loud) for key in refusals)
    assert not any(said[key][0].startswith(loud) for key in said if key not in refusals)


def test_the_letters_of_the_sexes_never_change_sides() -> None:
    """M is a man on a paper in English; on a screen in Spanish it must not become "mujer"."""
    assert messages.stored("es").messages["M",] == ("M",)
    assert messages.stored("es").messages["F",] == ("F",)
    arabic = messages.stored("ar").messages
    assert {arabic["M",], arabic["F",]} == {("ذ",), ("أ",)}
    assert arabic["M",] == ("ذ",)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", {1: "1 visita", 2: "2 visitas", 0: "0 visitas"}),
        (
            "ar",
            {0: "0 زيارة", 1: "زيارة واحدة", 2: "زيارتان", 3: "3 زيارات", 10: "10 زيارات",
             11: "11 زيارة", 100: "100 زيارة", 103: "103 زيارات"},
        ),
    ],
)  # fmt: skip
def test_counted_things_take_the_form_of_their_number(language: str, said: dict[int, str]) -> None:
    use_language(language)
    for n, text in said.items():
        assert ngettext("{n} visit", "{n} visits", n).format(n=n) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dose_keeps_its_figure(language: str) -> None:
    """Half a tablet takes a form of the plural that in Arabic may say "two" without a figure."""
    use_language(language)
    for unit in COUNTED:
        for number in ("0.5", "1", "1.5", "2", "3", "12", "100"):
            assert counted_words(number, unit).startswith(f"{number} "), (number, unit)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_sentence_of_the_screen_is_not_much_longer_than_its_room(language: str) -> None:
    """A message has one line of 78 cells; what cuts its end may cut what to do.

    A text whose English needs more than a line is a dialog's, which wraps.
    """
    places = messages.collected()
    too_long = [
        text
        for key, texts in messages.stored(language).messages.items()
        if any(place.split("/")[1] in ("screens", "widgets") for place in places[key])
        if len(key[0]) < 100
        for text in texts
        if cell_width(PLACEHOLDER.sub("", text)) > 76
    ]
    assert not too_long


# -- the tool --------------------------------------------------------------------------------------

SOURCE = """
_("plain"); N_("kept"); ngettext("{n} cat", "{n} cats", n); _(name); other("not this")
_("two " "halves")
"""


def test_what_is_collected() -> None:
    assert set(messages.messages_of(SOURCE)) == {
        ("plain",), ("kept",), ("{n} cat", "{n} cats"), ("two halves",)
    }  # fmt: skip


def test_a_catalogue_reads_back_as_it_was_written() -> None:
    kept = {
        ("plain",): ('"quoted" \\ and\nbroken\tin two',),
        ("{n} cat", "{n} cats"): ("{n} gato", "{n} gatos"),
    }
    text = messages.po_text(Catalogue("es", kept), {key: ["hikma_tui/x.py"] for key in kept})
    assert messages.read_po(text, "es").messages == kept
    assert messages.read_po(text.replace("\n\n#: ", "\n\n#, fuzzy\n#: "), "es").messages == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{n} gatos", ""),
        ("", "not translated"),
        ("gatos", "placeholders"),
        ("{m} gatos", "placeholders"),
        ("{n gatos", "brace"),
        ("{n} \u202egatos", "U+202E"),
        ("{n}\x1b[2J", "U+001B"),
        (" {n} gatos", "space"),
    ],
)
def test_a_wrong_translation_is_told(text: str, wrong: str) -> None:
    key = ("{n} cat", "{n} cats")
    said = messages.fault("es", key, 1, text)
    assert bool(said) is bool(wrong)
    assert wrong in said


def test_only_a_form_for_one_number_may_lack_the_figure() -> None:
    key = ("{n} cat", "{n} cats")
    assert not messages.fault("ar", key, 2, "قطتان")
    assert messages.fault("ar", key, 3, "قطط")
    assert messages.fault("ar", ("{n} cats",), 0, "قطط")


def test_a_new_sentence_is_told_with_the_command_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "hikma_tui"
    package.mkdir()
    (package / "new.py").write_text('_("A sentence that nobody has translated")')
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "LOCALE", package / "locale")
    places = messages.collected(package)
    monkeypatch.setattr(messages, "collected", lambda: places)
    assert messages.main(["check"]) == 1
    assert f"out of date. Run: {messages.UPDATE}" in capsys.readouterr().out
    assert messages.main(["update"]) == 1
    assert "'A sentence that nobody has translated'" in capsys.readouterr().out
    for language, text in (("es", "Nueva"), ("ar", "جديدة")):
        path = messages.po_path(language)
        path.write_text(path.read_text().rpartition('msgstr ""')[0] + f'msgstr "{text}"\n')
    assert messages.main(["update"]) == 0
    assert messages.main(["check"]) == 0
    assert messages.stored("es").messages == {
        ("A sentence that nobody has translated",): ("Nueva",)
    }


# -- on the screen ---------------------------------------------------------------------------------


def every_screen() -> list[type[BaseScreen[Any]]]:
    """All screens and dialogs with keys."""
    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"{screens.__name__}.{module.name}")
    found: list[type[BaseScreen[Any]]] = []
    waiting: list[type[BaseScreen[Any]]] = list(BaseScreen.__subclasses__())
    while waiting:
        screen = waiting.pop()
        waiting += screen.__subclasses__()
        if screen.__dict__.get("ACTIONS") and screen.__module__.startswith("hikma_tui."):
            found.append(screen)
    return sorted(found, key=lambda screen: screen.__name__)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_line_of_keys_has_room_for_the_first_three(language: str) -> None:
    use_language(language)
    assert len(every_screen()) >= 12
    for screen in every_screen():
        actions = screen.ACTIONS if issubclass(screen, Dialog) else (*screen.ACTIONS, HELP)
        items = key_items(actions)
        shown = key_pieces(items, 80)
        assert len(shown) >= min(len(items), 3), (screen.__name__, shown)
        assert [text for text, _possible in shown[:3]] == [
            f"{item.key} {item.label}" for item in items[: len(shown[:3])]
        ], screen.__name__
        assert sum(cell_width(text) + 2 for text, _possible in shown) <= 80


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", ("Los registros de una clínica", "buscar pacientes", "Aquí no hay todavía")),
        ("ar", ("سجلات عيادة", "البحث عن مرضى", "لا توجد عيادة هنا بعد")),
    ],
)
def test_the_program_speaks_the_language(
    tmp_path: Path, language: str, words: tuple[str, str, str]
) -> None:
    said = ""
    for arguments in (["--help"], ["find", "ali", "--data-dir", str(tmp_path / "none")]):
        done = subprocess.run(
            [*COMMAND, *arguments],
            env={**environment(), "HIKMA_TUI_LANGUAGE": language, "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        said += done.stdout + done.stderr
    for text in words:
        assert text in said


def test_the_check_is_quick_and_needs_nothing_but_python() -> None:
    """As ``python -I``: no package of the environment is there."""
    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "tools" / "messages.py"), "check"],
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    assert not done.stderr
    assert done.stdout.splitlines()[:-1] == [*messages.stale(), *messages.untranslated()]
    assert done.returncode == bool(done.stdout)
