"""NetworkManager's mark for a connection that costs money, told by a stand-in for the bus."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import info
from hikma_tui.syncing import run_nm as sync_run_nm
from hikma_tui.wire.shapes import Kind
from tests.unit.sync_running import joined


def bus(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    folder.mkdir(exist_ok=True)
    tool = folder / "busctl"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("script", "costs"),
    [
        ("echo u 1", True), ("echo u 3", True), ("echo u 0", False), ("echo u 2", False),
        ("echo u 4", False), ("echo", False), ("echo s 1", False), ("echo u 1; exit 1", False),
        ("exit 127", False), ("printf '\\377'", False),
    ],
)  # fmt: skip
def test_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, costs: bool
) -> None:
    bus(tmp_path / "bin", monkeypatch, script)
    assert sync_run_nm.costs_money(tmp_path) is costs


def test_where_it_does_not_run_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus(tmp_path / "bin", monkeypatch, f"touch {tmp_path}/asked; echo u 1")
    assert not sync_run_nm.costs_money(tmp_path / "nothing")
    assert not (tmp_path / "asked").exists()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert not sync_run_nm.costs_money(tmp_path)


def test_one_that_hangs_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_run_nm, "_SECONDS", 0.2)
    bus(tmp_path / "bin", monkeypatch, "exec sleep 5")
    assert not sync_run_nm.costs_money(tmp_path)


def test_a_marked_network_is_asked_about_until_somebody_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    bus(tmp_path / "bin", monkeypatch, f"echo x >> {asked}; echo u 1")
    monkeypatch.setattr(sync_run_nm, "_RUNS", tmp_path)
    with joined(tmp_path / "a", patients=3) as (site, _cloud):
        report = site.sync()
        assert report.result == Kind.TOO_LARGE  # the first pull: nobody knows how much
        assert "metered-network" in report.notices
        assert len(asked.read_text().split()) == 1
        assert site.sync(agreed=True).result == "ok"
        site.store.write(info.put, "metered", "no").result()
        assert site.sync().notices == []
        assert len(asked.read_text().split()) == 2
