"""What a server has no place for is never said to be safe there."""

from __future__ import annotations

from pathlib import Path

from hikma_tui.clinic import records, server
from tests.unit.sync_running import joined


def test_vitals_that_the_older_server_can_not_have_are_not_called_confirmed(tmp_path: Path) -> None:
    with joined(tmp_path / "here", patients=1, flask=True) as (site, _cloud):
        patient = site.register("Amal")
        assert "All" in site.sync().message
        row = {"patient_id": patient, "timestamp": 1_795_000_000_000, "weight_kg": "61.25"}
        site.store.write(records.create, site.actor, "patient_vitals", row).result()
        report = site.sync()
        assert report.waiting == {"stays": 1}
        assert "All" not in report.message
        assert "1 record stays on this computer" in report.message
        assert not site.store.read(server.state).result().up_to_date
