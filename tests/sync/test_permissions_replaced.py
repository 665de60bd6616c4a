"""What the server says about who may do what takes the place of what was said here."""

from __future__ import annotations

from pathlib import Path

from hikma_tui.clinic import permissions
from tests.cloud.seed import RIGHTS
from tests.unit.sync_running import joined


def test_one_row_for_a_user_at_a_clinic_and_it_is_the_servers(tmp_path: Path) -> None:
    with joined(tmp_path / "here", patients=1) as (site, cloud):
        site.sync()
        pair = (site.actor.user_id, site.actor.clinic_id)
        query = (
            "SELECT can_edit_records, can_dispense_medications, change_seq"
            " FROM live_user_clinic_permissions WHERE user_id = ? AND clinic_id = ?"
        )
        assert site.sql(query, *pair) == [(1, 0, 0)]  # all flags were held until then
        for row in cloud.store.rows["user_clinic_permissions"].values():
            if row["user_id"] == pair[0]:
                row.update(dict.fromkeys(RIGHTS, False), updated_at=cloud.store.now())
        site.sync()
        assert site.sql(query, *pair) == [(0, 0, 0)]
        rights = site.store.read(permissions.rights, site.actor).result()
        assert not rights.by_clinic[str(pair[1])]
