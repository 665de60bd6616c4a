"""A damaged catalogue of sentences: the program speaks English, and starts."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from hikma_tui import i18n
from hikma_tui.i18n import _


@pytest.mark.parametrize("how", ["rubbish", "empty", "cut", "spoiled"])
def test_it_speaks_english(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(i18n._LOCALE_DIRECTORY, tmp_path / "locale")
    [catalogue] = (tmp_path / "locale" / "es").rglob("*.mo")
    whole = catalogue.read_bytes()
    dice = random.Random(7)
    texts = {
        "rubbish": [b"rubbish"], "empty": [b""],
        "cut": [whole[: dice.randrange(1, len(whole))] for _n in range(20)],
        "spoiled": [whole[:at] + bytes([dice.randrange(256)] * 40) + whole[at + 40 :]
                    for at in (dice.randrange(len(whole) - 40) for _n in range(40))],
    }[how]  # fmt: skip
    monkeypatch.setattr(i18n, "_LOCALE_DIRECTORY", tmp_path / "locale")
    try:
        for number, text in enumerate(texts):
            place = tmp_path / "locale" / str(number) / "es" / "LC_MESSAGES"
            place.mkdir(parents=True)
            (place / catalogue.name).write_bytes(text)
            monkeypatch.setattr(i18n, "_LOCALE_DIRECTORY", tmp_path / "locale" / str(number))
            spoken = i18n.use_language("es")
            assert spoken == i18n.language()
            assert spoken in ("en", "es")
            assert isinstance(_("Locked"), str)
            if how != "spoiled":
                assert spoken == "en"
    finally:
        i18n.use_language("en")
