"""A deletion of what the server has lost: it says yes and announces nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import conflicts, deletion, permissions
from hikma_tui.models import connection
from tests.unit.sync_running import joined


@pytest.mark.parametrize("flask", [False, True])
def test_it_is_agreed_after_a_full_check_and_asks_nobody(tmp_path: Path, flask: bool) -> None:
    with joined(tmp_path / "here", patients=2, flask=flask) as (site, cloud):
        site.sync()

        def allow() -> None:
            flags = ", ".join(f"{flag} = 1" for flag in permissions.Flag)
            connection().execute(f"UPDATE user_clinic_permissions SET {flags}")

        site.store.write(allow).result()
        patient = site.one("SELECT id FROM patients LIMIT 1")
        cloud.store.rows["patients"].pop(patient)
        visits = cloud.store.rows["visits"]
        for key in [key for key, row in visits.items() if row["patient_id"] == patient]:
            del visits[key]
        site.store.write(deletion.delete, site.actor, "patients", patient, "twice").result()
        report = site.sync()
        assert report.total.conflicts == 0
        assert report.waiting.keys() == {"awaiting"}
        report = site.sync(check=True)
        assert report.waiting == {}
        assert site.store.read(conflicts.open_conflicts, site.actor).result() == []
        assert site.one("SELECT change_seq FROM patients WHERE id = ?", patient) == 0
        assert report.check["tables"]["patients"]["here"] == 1
