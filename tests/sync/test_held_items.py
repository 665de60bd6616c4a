"""While a deleted visit waits for a choice, medicines prescribed in it are not deleted there."""

from __future__ import annotations

from pathlib import Path

from hikma_tui.clinic import conflicts, deletion, records, visits
from tests.cloud.seed import RIGHTS
from tests.unit.sync_running import joined


def test_an_item_is_not_deleted_for_good_before_somebody_has_chosen(tmp_path: Path) -> None:
    with joined(tmp_path / "here", patients=0) as (site, cloud):
        for row in cloud.store.rows["user_clinic_permissions"].values():
            row.update(dict.fromkeys(RIGHTS, True))
        site.sync()
        actor, clinic = site.actor, site.actor.clinic_id
        patient = site.register("Amal")
        came = {"patient_id": patient, "check_in_timestamp": 1_795_000_000_000}
        visit = site.store.write(visits.create_visit, actor, came).result()
        given = {
            "patient_id": patient, "provider_id": actor.user_id, "visit_id": visit,
            "pickup_clinic_id": clinic, "status": "pending", "priority": "normal",
            "prescribed_at": 1_795_000_000_000, "expiration_date": 1_796_000_000_000,
        }  # fmt: skip
        paper = site.store.write(records.create, actor, "prescriptions", given).result()
        row = {
            "prescription_id": paper, "patient_id": patient, "clinic_id": clinic,
            "drug_id": next(iter(cloud.store.rows["drug_catalogue"])),
            "dosage_instructions": "1-0-1", "quantity_prescribed": 10,
        }  # fmt: skip
        item = site.store.write(records.create, actor, "prescription_items", row).result()
        site.sync()
        site.store.write(deletion.delete, actor, "visits", visit, "wrong").result()
        theirs = cloud.store.find("visits", visit)
        assert theirs is not None
        now = cloud.store.now()
        theirs.update(provider_name="Dr. Saleh", updated_at=now, last_modified=now)
        assert site.sync().total.conflicts == 1
        assert cloud.store.find("prescription_items", item) is not None
        [asked] = site.store.read(conflicts.open_conflicts, actor).result()
        site.store.write(conflicts.resolve_all, actor, asked.pk, "theirs").result()
        assert site.sync(check=True).waiting == {}
