"""``benchmark``: one page, and not a trace of it in the records."""

from __future__ import annotations

from pathlib import Path

from hikma_tui.clinic import patients
from tests.terminal.terminal import clinic
from tests.unit.program import run


def test_one_page_and_nothing_changes(tmp_path: Path) -> None:
    store, actor = clinic(tmp_path / "store")
    for name in ("Mona", "Musa", "Amal"):
        store.write(patients.register, actor, {"given_name": name}).result()
    store.close()
    files = sorted(path.name for path in (tmp_path / "store").iterdir())
    before = (tmp_path / "store" / "hikma.db").read_bytes()

    done = run("benchmark", "--data-dir", tmp_path / "store")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("3 patients")
    assert sum(" ms, 19 of 20 within " in line for line in lines) == 3
    assert lines[-1].startswith("This machine ") or lines[-1].startswith("Only ")
    assert len(lines) <= 24
    assert (tmp_path / "store" / "hikma.db").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == files


def test_an_empty_clinic_can_be_measured(tmp_path: Path) -> None:
    store, _actor = clinic(tmp_path / "store")
    store.close()
    done = run("benchmark", "--data-dir", tmp_path / "store")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 patients")
