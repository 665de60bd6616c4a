"""A pull that took long is followed by a short one before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import records
from hikma_tui.syncing import run as sync_run
from hikma_tui.syncing.shapes import Phase, Progress
from tests.cloud import client
from tests.unit.sync_running import joined


@pytest.mark.parametrize(("limit", "stands"), [(0.0, "Theirs"), (60.0, "Ours")])
def test_what_came_during_a_long_pull_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: float, stands: str
) -> None:
    """Of a problem the server takes every push (wire.md A5). The second case is the window."""
    monkeypatch.setattr(sync_run, "STALE", limit)
    with joined(tmp_path / "here", patients=1) as (site, cloud):
        site.sync()
        row = {
            "patient_id": site.one("SELECT id FROM patients"), "problem_code_system": "icd11",
            "problem_code": "CA40", "problem_label": "Old", "clinical_status": "active",
            "verification_status": "confirmed",
        }  # fmt: skip
        made = site.store.write(records.create, site.actor, "patient_problems", row).result()
        assert site.sync().waiting == {}
        edit = {"id": made, "problem_label": "Ours"}
        site.store.write(records.update, site.actor, "patient_problems", edit).result()
        said: list[Phase] = []

        def progress(one: Progress) -> None:
            if one.phase is Phase.APPLY and Phase.APPLY not in said:
                said.append(one.phase)  # the pull is here whole, and not in yet
                there = client.changes(cloud)["patient_problems"]["created"][0]
                client.push(cloud, "patient_problems", {**there, "problem_label": "Theirs"})

        site.sync(progress)
        there: Any = cloud.store.find("patient_problems", made)
        assert there["problem_label"] == stands
        assert (site.sync().waiting == {}) is (stands == "Ours")
