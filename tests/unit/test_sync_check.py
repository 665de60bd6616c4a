"""The full check: every difference in number is told, to the row, and nothing is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui.clinic import server
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.clinic.server import SETTINGS
from hikma_tui.models import PrescriptionItem, connection
from hikma_tui.syncing import check as sync_check
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.check import Account
from hikma_tui.syncing.shapes import Report, State
from tests.unit.sync_running import Site, joined


def accounts(report: Report) -> dict[str, Account]:
    """The accounts of a check, each of which adds up."""
    found = {table: Account(**told) for table, told in report.check["tables"].items()}
    for table, account in found.items():
        assert account.adds_up, (table, account)
    return found


def drop(cloud: Any, table: str, number: int) -> list[str]:
    """Rows that the server has lost: not deleted, not there."""
    rows = cloud.store.rows[table]
    gone = sorted(rows)[:number]
    return [str(rows.pop(key)["id"]) for key in gone]


def live(site: Site) -> int:
    return int(site.one("SELECT count(*) FROM live_patients"))


def test_what_the_server_lost_is_only_here_and_kept(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        site.sync()
        gone = drop(cloud, "patients", 3)
        report = site.sync(check=True, portal_number=17)
        patients = accounts(report)["patients"]
        assert (patients.there, patients.here) == (17, 20)
        assert patients.here_alone == {"only_here": 3}
        assert "only-here" in report.notices
        assert report.waiting["only_here"] == 3
        assert "need you" in report.message
        said = " ".join(report.check["sentences"])
        assert "20 here, 17 on the server" in said
        assert "3 confirmed once, and not there any more" in said
        assert "17, is what the server sends" in said
        assert live(site) == 20
        state = site.store.read(server.state).result()
        assert (state.only_here, state.up_to_date) == (3, False)
        # A plain sync leaves them as they are, and says nothing else of them.
        assert site.sync().result == "ok"
        assert site.store.read(server.state).result().only_here == 3
        again = site.sync(repair=True)
        assert again.check["sent_again"] == 3
        assert set(gone) <= {str(row["id"]) for row in cloud.store.live("patients")}
        assert again.waiting == {}
        assert site.store.read(server.state).result().up_to_date


def test_what_came_back_by_itself_is_not_only_here_any_more(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=9) as (site, cloud):
        site.sync()
        backup = cloud.store.snapshot()
        drop(cloud, "patients", 2)
        assert site.sync(check=True).waiting["only_here"] == 2
        cloud.store.restore(backup)
        assert site.sync(check=True).waiting == {}
        assert site.one("SELECT count(*) FROM peer_rows") == 0


def test_missed_rows_come_with_a_check(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=4) as (site, cloud):
        commit = cloud.store.hold("patients", {"given_name": "Missed", "sex": "female"})
        row: dict[str, Any] = cloud.store.rows["patients"]
        site.sync()
        commit()
        for one in row.values():  # long ago, so that no overlap brings it
            if one["given_name"] == "Missed":
                one["server_created_at"] -= 86_400_000_000
                one["last_modified"] -= 86_400_000_000
        assert site.sync().total.pulled == 0
        assert live(site) == 4
        report = site.sync(check=True)
        assert live(site) == 5
        assert accounts(report)["patients"].here_alone == {}


def test_every_kind_of_difference_adds_up(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        site.sync()
        ids = [row[0] for row in site.sql("SELECT id FROM live_patients ORDER BY id")]
        drop(cloud, "patients", 2)  # ids[0], ids[1] only here
        site.edit(ids[0], phone="070 1")  # only here, with an edit that was not sent
        cloud.fault("status", method="POST", path="/api/v2/sync", times=-1)
        fresh = site.register("Not sent")
        refused = site.register("Refused")
        site.sync(timeout=0.3)
        cloud.faults.clear()
        site.sql(
            "INSERT INTO peer_rows (peer_id, table_name, row_id, sent, sent_seq, state, reason,"
            " tries) SELECT p.id, 'patients', t.id, '{}', t.change_seq, 'refused', 'bad-row', 1"
            " FROM peers p, patients t WHERE t.id = ? ON CONFLICT DO UPDATE SET"
            " state = excluded.state, sent = excluded.sent, sent_seq = excluded.sent_seq",
            refused,
        )
        report = site.sync(check=True, portal_number=30)
        patients = accounts(report)["patients"]
        # The first sync of this run sent what was new and gave the edited one back to the server.
        assert patients.here == live(site) == 22
        assert patients.here_alone == {"only_here": 1, "refused": 1}
        assert fresh in {str(row["id"]) for row in cloud.store.live("patients")}
        said = " ".join(report.check["sentences"])
        assert "differs from what it sends by 10" in said
        assert patients.there == 20


def test_deleted_here_and_not_there_yet(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=6) as (site, _cloud):
        site.sync()
        patient = site.one("SELECT id FROM live_patients ORDER BY id")
        site.sql("UPDATE patients SET tombstone = 1, change_seq = 99 WHERE id = ?", patient)
        # Held back: somebody has to choose first.
        site.sql(
            "INSERT INTO conflicts (peer_id, table_name, row_id, patient_id, kind, found_at)"
            " SELECT id, 'patients', ?, ?, 'deleted_here', 1 FROM peers", patient, patient,
        )  # fmt: skip
        found = accounts(site.sync(check=True))["patients"]
        assert found.there_alone == {"deleted_here": 1}
        assert (found.here, found.there) == (5, 6)


def test_history_limits_and_zombies_delete_nothing(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=10) as (site, cloud):
        rows: dict[str, Any] = cloud.store.rows["patients"]
        for row in list(rows.values())[:6]:
            for stamp in ("created_at", "updated_at", "server_created_at", "last_modified"):
                row[stamp] -= 400 * 86_400_000_000
        site.sync()
        cloud.store.max_history_days = 100
        report = site.sync(check=True, portal_number=10)
        found = accounts(report)["patients"]
        assert (found.here, found.there, found.here_alone) == (10, 4, {"only_here": 6})
        assert report.check["clipped"] == 6
        assert "history-clipped" in report.notices
        assert live(site) == 10
        cloud.store.max_history_days = 0
        zombie = next(iter(cloud.store.rows["patients"].values()))
        zombie["deleted_at"] = cloud.store.now() - 86_400_000_000
        report = site.sync(check=True, portal_number=10)
        assert accounts(report)["patients"].here_alone == {"only_here": 1}
        assert live(site) == 10


def test_the_older_server_has_no_place_for_vitals(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=3, flask=True) as (site, _cloud):
        site.sync()
        patient = site.one("SELECT id FROM live_patients ORDER BY id")
        site.sql(
            "INSERT INTO patient_vitals (id, patient_id, timestamp, metadata, is_deleted,"
            " created_at, updated_at, change_seq)"
            " VALUES ('01900000-0000-7000-8000-000000000001', ?, 1, '{}', 0, 1, 1, 99)", patient,
        )  # fmt: skip
        report = site.sync(check=True)
        state = site.store.read(server.state).result()
        assert (state.stays, state.not_sent) == (1, 0)
        assert report.result == "ok"
        assert accounts(report)["patient_vitals"].here_alone == {"stays": 1}
        said = "Vitals: 1 here, 0 on the server; only here: 1 without a place on this server."
        assert said in report.check["sentences"]


def test_what_is_counted_as_staying_is_what_is_never_pushed() -> None:
    assert {d: frozenset(t) for d, t in sync_waiting.TAKEN.items()} == dict(server.TAKEN)


def test_a_hard_deletion_is_confirmed_by_a_check(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=3) as (site, cloud):
        rows: dict[str, Any] = cloud.store.rows
        visit = next(iter(rows["visits"].values()))
        drug, user = next(iter(rows["drug_catalogue"])), next(iter(rows["users"]))
        order = cloud.store.put("prescriptions", {
            "patient_id": visit["patient_id"], "provider_id": user, "visit_id": visit["id"],
            "pickup_clinic_id": visit["clinic_id"], "expiration_date": "2030-01-01T00:00:00Z",
        })  # fmt: skip
        item = cloud.store.put("prescription_items", {
            "prescription_id": order["id"], "patient_id": visit["patient_id"], "drug_id": drug,
            "clinic_id": visit["clinic_id"], "dosage_instructions": "od", "quantity_prescribed": 9,
        })  # fmt: skip
        assert site.sync().result == "ok"

        def bury() -> None:
            row = live_row(PrescriptionItem, str(item["id"]))
            with Save(site.actor) as save:
                save.bury(PrescriptionItem, [row], 1)

        site.store.write(bury).result()
        report = site.sync()
        assert report.waiting == {"awaiting": 1}
        assert not rows["prescription_items"]
        report = site.sync(check=True)
        assert report.waiting == {}
        assert report.total.confirmed == 1
        assert site.one("SELECT count(*) FROM peer_rows") == 0
        accounts(report)


def test_a_cut_check_changes_nothing(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        site.sync()
        drop(cloud, "patients", 2)
        before = site.content()
        cloud.fault("cut", method="GET", skip=1, times=-1, after=500)
        assert site.sync(check=True).result == "cut"
        assert site.content() == before
        assert not (site.directory / sync_check.FILE_NAME).exists()


@settings(max_examples=15)
@given(data=st.data())
def test_any_mixture_adds_up(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Marks of any kind on rows that are here, there, both or dead: the account is exact."""
    with joined(tmp_path_factory.mktemp("x") / "a", patients=12) as (site, cloud):
        site.sync()
        for number in range(4):
            site.register(f"New {number}")
        rows = site.sql("SELECT id FROM patients")
        states = st.sampled_from(["", *State])
        drop(cloud, "patients", data.draw(st.integers(0, 5)))
        for (row_id,) in rows:
            seq = data.draw(st.sampled_from([0, 7]))
            dead = data.draw(st.sampled_from([None, None, 1]))
            site.sql(
                "UPDATE patients SET change_seq = ?, tombstone = ? WHERE id = ?", seq, dead, row_id
            )
            site.sql("DELETE FROM peer_rows WHERE row_id = ?", row_id)
            if data.draw(st.booleans()):
                site.sql(
                    "INSERT INTO peer_rows (peer_id, table_name, row_id, base, sent_seq, state,"
                    " reason, tries) SELECT id, 'patients', ?, ?, 0, ?, '', 0 FROM peers",
                    row_id, data.draw(st.sampled_from([None, "{}"])), data.draw(states),
                )  # fmt: skip
        peer = site.store.read(sync_peer.active).result()
        assert peer is not None
        told = {str(row["id"]) for row in cloud.store.live("patients")}
        account = site.store.on_writer(account_of, site.directory, peer.id, told).result()
        assert account.adds_up, account
        assert account.here == live(site)
        assert account.there == len(told)
        assert "patients" not in SETTINGS


def account_of(directory: Path, peer_id: str, ids: set[str]) -> Account:
    """The account of patients against a server that sends just these ids."""
    from hikma_tui.clinic.actor import Actor
    from hikma_tui.syncing.context import Context

    context = Context(peer_id, "v3", Actor("u", "U", "admin", None, "m"), Report(), 1)
    rows = connection()
    rows.execute("ATTACH ? AS seen", (str(directory / sync_check.FILE_NAME),))
    try:
        rows.execute("CREATE TABLE seen.there (t TEXT, id TEXT, PRIMARY KEY (t, id))")
        rows.executemany(
            "INSERT INTO seen.there VALUES ('patients', ?)", [(one,) for one in sorted(ids)]
        )
        return sync_check._account("patients", context)
    finally:
        rows.execute("DETACH seen")


def test_a_repair_tries_what_was_refused_once_more(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=3) as (site, cloud):
        site.sync()
        mended, bad = site.register("Mended"), site.register("Bad")
        site.sql("UPDATE patients SET camp = ? WHERE id = ?", "x" * 60, bad)  # no server takes 60
        cloud.fault("status", method="POST", path="/api/v2/sync", times=-1)
        site.sync(timeout=0.3)
        cloud.faults.clear()
        site.sql(
            "UPDATE peer_rows SET state = 'refused', reason = 'bad-row' WHERE row_id = ?", mended
        )
        # Refused it stays, however often an ordinary sync runs: nobody has changed it.
        assert site.sync().waiting["refused"] == 2
        assert cloud.store.find("patients", mended) is None
        before = site.one("SELECT reason FROM peer_rows WHERE row_id = ?", bad)
        report = site.sync(repair=True)
        assert report.check["tried_again"] == 2
        assert cloud.store.find("patients", mended) is not None
        assert report.waiting == {"refused": 1}
        assert report.total.refused == 1
        assert site.one("SELECT reason FROM peer_rows WHERE row_id = ?", bad) == before
        assert site.sync(repair=True).check["tried_again"] == 1


def test_a_repair_leaves_what_waits_for_a_choice(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=3) as (site, _cloud):
        site.sync()
        (one,) = site.sql("SELECT id FROM live_patients LIMIT 1")
        site.sql(
            "INSERT INTO peer_rows (peer_id, table_name, row_id, sent_seq, state, reason, tries)"
            " SELECT id, 'patients', ?, 0, 'differs', 'dropped', 3 FROM peers", one[0],
        )  # fmt: skip
        peer = site.one("SELECT id FROM peers")
        site.sql(
            "INSERT INTO conflicts (peer_id, table_name, row_id, kind, found_at, theirs)"
            " VALUES ('x', 'patients', ?, 'differs', 1, '{}')", one[0],
        )  # fmt: skip
        assert site.store.write(sync_check.try_again, peer).result() == 0
        site.sql("UPDATE conflicts SET resolved_at = 2")
        assert site.store.write(sync_check.try_again, peer).result() == 1
        assert site.sql("SELECT state, tries FROM peer_rows") == [("", 0)]
