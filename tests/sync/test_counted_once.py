"""What a report counts is rows, not how often they were looked at."""

from __future__ import annotations

from pathlib import Path

from hikma_tui.models import connection
from tests.unit.sync_running import joined, there


def test_a_refused_row_counts_once_in_a_run_of_several_rounds(tmp_path: Path) -> None:
    with joined(tmp_path / "here", patients=1) as (site, cloud):
        site.sync()
        bad = site.register("Bad")

        def spoil() -> None:  # as an older version of this program may have left it
            query = "UPDATE patients SET camp = ? WHERE id = ?"
            connection().execute(query, ("x" * 60, bad))

        site.store.write(spoil).result()
        zombie = next(row for row in cloud.store.rows["patients"])
        there(cloud, zombie)["deleted_at"] = cloud.store.now()  # takes edits and shows none
        site.edit(zombie, hometown="Irbid")
        report = site.sync()
        assert report.total.pushed == 3  # three rounds
        assert report.total.refused == 1
        assert report.tables["patients"].refused == 1
