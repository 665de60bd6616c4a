"""Opening the program: what needs no parser, and where byte code is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hikma_tui.verbs import opening as cli_opening

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], {}),
        (["--data-dir", "x", "--user=Nora"], {"data_dir": Path("x"), "user": "Nora"}),
        (["--low-bandwidth", "--language", "es"], {"low_bandwidth": True, "language": "es"}),
        (["status"], None),
        (["--help"], None),
        (["--data-dir"], None),
        (["--data-dir", "--user"], None),
        (["--data-dir", "x", "demo"], None),
        (["--pin-fd", "3"], None),
        (["--data"], None),
        (["--low-bandwidth=1"], None),
    ],
)
def test_only_plain_forms_go_without_the_parser(
    words: list[str], wanted: dict[str, object] | None
) -> None:
    found = cli_opening.plain_options(words)
    assert (None if found is None else vars(found)) == wanted


@pytest.fixture
def nobody_set_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.mark.usefixtures("nobody_set_a_place")
def test_byte_code_beside_the_program_is_enough(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    cli_opening.keep_byte_code(str(tmp_path / "__pycache__" / "a.pyc"))
    assert sys.pycache_prefix is None
    cli_opening.keep_byte_code(str(tmp_path / "not" / "a.pyc"))
    assert sys.pycache_prefix is None


@pytest.mark.usefixtures("nobody_set_a_place")
def test_where_it_can_not_be_kept_the_users_cache_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_asked: False)  # as for anybody but root
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cached = tmp_path / "__pycache__" / "a.pyc"
    cli_opening.keep_byte_code(str(cached))
    place = str(tmp_path / "cache" / "hikma-tui" / "byte-code")
    assert sys.pycache_prefix == place
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    cli_opening.keep_byte_code(str(cached))
    assert sys.pycache_prefix is None


def test_python_takes_it_from_there(tmp_path: Path) -> None:
    """Modules that are loaded after the place was set are kept in it, and found there again."""
    code = (
        "import sys; sys.dont_write_bytecode = False; sys.pycache_prefix = sys.argv[1]\n"
        "import hikma_tui.text; print(hikma_tui.text.__cached__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith(str(tmp_path))
    assert Path(done.stdout.strip()).exists()
