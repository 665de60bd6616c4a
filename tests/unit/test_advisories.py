"""The check of dependencies: no answer is never called good, and no network is no fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import advisories
from tools.advisories import Found

ANSWER = {
    "dependencies": [
        {"name": "httpx", "version": "0.28.1", "vulns": []},
        {"name": "rich", "version": "15.0.0", "vulns": [
            {"id": "PYSEC-2026-1", "fix_versions": ["15.0.1"], "aliases": ["CVE-2026-1"],
             "description": "x"}]},
        {"name": "peewee", "skip_reason": "not found"},
    ],
    "fixes": [],
}  # fmt: skip


def test_a_hole_is_named_with_what_mends_it() -> None:
    found = Found()
    found.add(json.dumps(ANSWER))
    told = "\n".join(found.told())
    assert "rich 15.0.0: PYSEC-2026-1, CVE-2026-1; mended in 15.0.1" in told
    assert "1 packages without a known hole, 1 with" in told
    assert "not checked: peewee" in told


def test_an_accepted_one_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "ACCEPTED", {"CVE-2026-1": "not reached by us"})
    found = Found()
    found.add(json.dumps(ANSWER))
    assert not found.bad
    assert "rich 15.0.0" in found.good


def test_no_answer_is_not_good() -> None:
    found = Found()
    found.add(json.dumps({"dependencies": [{"name": "rich", "skip_reason": "not found"}]}))
    assert list(found.told()) == ["advisories: not checked: no answer about any of 1 packages"]
    for nonsense in ("", "[]", "{}", '{"dependencies": 5}', "<html>"):
        with pytest.raises(ValueError, match=r"Expecting value|no list of dependencies"):
            Found().add(nonsense)


def test_without_a_network_it_says_so_and_is_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert advisories.main(tmp_path / "environment") == 0
    assert "not checked: no network" in capfd.readouterr().out


def test_every_lock_is_asked_about_and_names_no_registry() -> None:
    locks = {path.name for path in advisories.ROOT.glob("requirements*.lock")}
    assert locks == {*advisories.LOCKS, advisories.TOOL}
    text = (advisories.ROOT / advisories.TOOL).read_text()
    assert "://" not in text
    assert "index" not in text
    for entry in text.replace("\\\n", "").splitlines():
        assert "==" in entry
        assert "--hash=sha256:" in entry
