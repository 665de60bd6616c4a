"""The verb ``diseases``, as a process of its own; and the diseases on a store's thread."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from hikma_tui.clinic import diseases
from hikma_tui.codes import shelf
from hikma_tui.i18n import use_language
from hikma_tui.store import Store
from tests.unit.program import new_clinic, run

REFUSED, USAGE, NO_INPUT = 1, 2, 66


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    return new_clinic(tmp_path / "clinic")


def asked(directory: Path, *words: str) -> list[dict[str, str]]:
    done = run("--data-dir", directory, "diseases", "find", *words, "--json")
    assert done.returncode == 0, done.stderr
    results: list[dict[str, str]] = json.loads(done.stdout)["results"]
    return results


def test_find_prints_code_and_label(clinic: Path) -> None:
    done = run("--data-dir", clinic, "diseases", "find", "tension", "alta", "--limit", "1")
    assert done.stdout == "icd11   BA00      Essential hypertension  (tension alta)\n"
    spanish = run("--data-dir", clinic, "--language", "es", "diseases", "find", "cholera")
    assert "1A00      Cólera  (Cholera)" in spanish.stdout
    [one] = asked(clinic, "1a00", "--limit", "1")
    assert one == {
        "system": "icd11", "code": "1A00", "label": "Cholera", "title": "Cholera", "matched": "",
    }  # fmt: skip
    none = run("--data-dir", clinic, "diseases", "find", "qqqqqq")
    assert (none.returncode, none.stdout.count("\n")) == (0, 1)


def test_about_says_source_version_licence_and_counts(clinic: Path) -> None:
    said = run("--data-dir", clinic, "diseases", "about").stdout
    for piece in ("diseases.tsv", "World Health Organization", "CC BY-ND 3.0 IGO", "icd11: 17546"):
        assert piece in said


@pytest.mark.parametrize(
    "words", [[], ["find"], ["load"], ["about", "x"], ["reset", "x"], ["eat", "x"]]
)
def test_a_misuse_is_one_line(clinic: Path, words: list[str]) -> None:
    done = run("--data-dir", clinic, "diseases", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (USAGE, "", 1)


def test_an_own_list_is_loaded_and_reset(clinic: Path, tmp_path: Path) -> None:
    file = tmp_path / "ours.tsv"
    file.write_text(
        "system\tcode\tlabel\tsynonyms\nicd11\t1A00\tCholera\trice water\n"
        "icd11\t1Z99\tNot known here\t\nicd10\tB54\tMalaria\t\n",
        encoding="utf-8",
    )
    done = run("--data-dir", clinic, "diseases", "load", file)
    assert done.returncode == 0, done.stderr
    assert "3 diseases are in the list." in done.stdout
    assert "1Z99" in done.stdout
    assert [one["code"] for one in asked(clinic, "rice")] == ["1A00"]
    assert [(one["code"], one["system"]) for one in asked(clinic, "malaria")] == [("B54", "icd10")]
    file.write_text("system\tcode\tlabel\nicd11\tB54\tMalaria\nicd11\t1A00\t\n", encoding="utf-8")
    bad = run("--data-dir", clinic, "diseases", "load", file)
    assert bad.returncode == REFUSED
    assert [line.split(":")[0] for line in bad.stderr.splitlines()] == [
        "line 2", "line 3", "hikma-tui",
    ]  # fmt: skip
    assert [one["code"] for one in asked(clinic, "rice")] == ["1A00"]
    assert run("--data-dir", clinic, "diseases", "reset").returncode == 0
    assert [one["code"] for one in asked(clinic, "malaria", "--limit", "1")] == ["1F4Z"]
    missing = run("--data-dir", clinic, "diseases", "load", tmp_path / "none.tsv")
    assert (missing.returncode, missing.stderr.count("\n")) == (NO_INPUT, 1)


def test_on_a_stores_thread_in_the_users_language(clinic: Path) -> None:
    store = Store.open(clinic)
    try:
        store.read(diseases.prepare).result()
        one = store.read(diseases.named, "1A00").result()
        assert one is not None
        assert one.label == "Cholera"
        end = time.monotonic() + 60
        while not store.read(diseases.ready).result():
            assert time.monotonic() < end
            time.sleep(0.02)
        use_language("es")
        assert store.read(diseases.find, "cholera", 1).result()[0].label == "Cólera"
        assert store.count(diseases.find, "cholera", 1).result()[0].code == "1A00"
        assert store.write(diseases.named, "0000").result() is None
    finally:
        use_language("en")
        store.close()
        shelf.close()
