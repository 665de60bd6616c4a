"""A number of a person is a text: capital letters are part of it; ids of rows have none."""

from __future__ import annotations

from pathlib import Path

from hikma_tui.columns import Text
from hikma_tui.models import SYNCED, wire_columns
from hikma_tui.syncing import known as sync_known
from tests.unit.sync_running import joined, there


def test_a_capital_letter_in_an_identity_number_is_sent(tmp_path: Path) -> None:
    with joined(tmp_path / "here", patients=0) as (site, cloud):
        patient = site.register("Amal", government_id="ab-12x", external_patient_id="k-1")
        site.sync()
        site.edit(patient, government_id="AB-12X")
        report = site.sync()
        assert report.total.confirmed == 1
        assert there(cloud, patient)["government_id"] == "AB-12X"
        there(cloud, patient).update(external_patient_id="K-1", last_modified=cloud.store.now())
        site.sync()
        assert site.one("SELECT external_patient_id FROM patients WHERE id = ?", patient) == "K-1"


def test_no_column_but_an_id_is_compared_without_its_capitals() -> None:
    for model in SYNCED:
        for name, kind in wire_columns(model).items():
            if isinstance(kind, Text):
                assert not sync_known.same(name, "A-1", "a-1"), name
