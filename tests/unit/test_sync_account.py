"""A colleague's account goes on where the one that joined was removed (decisions.md 32)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hikma_tui.clinic import audit, server, visits
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.store import Store
from hikma_tui.syncing import account as sync_account
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.verbs import codes as cli_codes
from hikma_tui.wire.shapes import Kind, Trouble
from tests.cloud.seed import EMAIL, PASSWORD, add_user
from tests.cloud.server import Cloud
from tests.unit import program
from tests.unit.sync_running import Site, joined

OMAR = "omar@clinic.test"


def colleague(cloud: Cloud, clinic: object = None) -> str:
    nurse = cloud.store.user(EMAIL, None)
    assert nurse is not None
    row = add_user(cloud.store, "Omar", OMAR, "OmarPass1", clinic or nurse["clinic_id"])
    return str(row["id"])


def removed(cloud: Cloud) -> str:
    """Nora's account is removed; its id."""
    nurse = cloud.store.user(EMAIL, None)
    assert nurse is not None
    nurse["is_deleted"] = True
    return str(nurse["id"])


def chart(site: Site) -> tuple[str, str]:
    """A patient with a visit of Nora's: their ids."""
    patient = site.register("Amal")
    row = {"patient_id": patient, "clinic_id": site.actor.clinic_id}
    visit = site.store.write(visits.create_visit, site.actor, row).result()
    return patient, visit


@pytest.mark.parametrize("flask", [False, True])
def test_what_the_removed_one_wrote_goes_with_her_name(tmp_path: Path, flask: bool) -> None:
    with joined(tmp_path, flask=flask) as (site, cloud):
        assert site.sync().result == "ok"
        patient, visit = chart(site)
        omar, nora = colleague(cloud), removed(cloud)
        sync_secret.keep(site.directory, PASSWORD)
        if not flask:  # the older server lets removed accounts in
            assert site.sync().result == Kind.UNAUTHORIZED
        changed = sync_account.change(site.store, site.actor, OMAR, "OmarPass1")
        assert (changed.email, changed.user_id) == (OMAR, omar)
        assert sync_secret.kept(site.directory) is None  # it was Nora's
        assert site.sync(password="OmarPass1").result == "ok"
        assert site.store.read(server.state).result().up_to_date
        there = cloud.store.find("visits", visit)
        assert there is not None
        assert (there["provider_id"], there["provider_name"]) == (nora, "Nora Nurse")
        assert cloud.store.find("patients", patient) is not None
        assert site.one("SELECT provider_id FROM visits WHERE id = ?", visit) == nora
        assert site.store.on_writer(audit.problems).result() == []


def test_what_a_server_has_forgotten_altogether_goes_with_the_name(tmp_path: Path) -> None:
    with joined(tmp_path) as (site, cloud):
        assert site.sync().result == "ok"
        _patient, visit = chart(site)
        colleague(cloud)
        nora = removed(cloud)
        for row in list(cloud.store.live("user_clinic_permissions")):
            if row["user_id"] == nora:
                row["is_deleted"] = True
        del cloud.store.rows["users"][nora]
        sync_account.change(site.store, site.actor, OMAR, "OmarPass1")
        report = site.sync(password="OmarPass1")
        there = cloud.store.find("visits", visit)
        assert there is not None, report
        assert (there["provider_id"], there["provider_name"]) == (None, "Nora Nurse")
        assert site.one("SELECT provider_id FROM visits WHERE id = ?", visit) == nora


def test_only_an_account_of_the_same_clinic_with_its_own_password(tmp_path: Path) -> None:
    with joined(tmp_path) as (site, cloud):
        before = site.store.read(sync_peer.active).result()
        other = cloud.store.put("clinics", {"name": "Elsewhere"})
        colleague(cloud, other["id"])
        with pytest.raises(Invalid, match="another clinic"):
            sync_account.change(site.store, site.actor, OMAR, "OmarPass1")
        with pytest.raises(Trouble) as caught:
            sync_account.change(site.store, site.actor, OMAR, "wrong")
        assert caught.value.kind is Kind.WRONG_PASSWORD
        assert site.store.read(sync_peer.active).result() == before
        file = tmp_path / "none.pem"
        sync_secret.keep(site.directory, PASSWORD)
        changed = sync_account.change(
            site.store, site.actor, EMAIL, PASSWORD, ca_file=str(file), proxy=""
        )
        assert (changed.ca_file, changed.more.get("former_users")) == (str(file), None)
        again = sync_account.change(site.store, site.actor, EMAIL, PASSWORD)
        assert again.ca_file == str(file)
        assert sync_secret.kept(site.directory) == PASSWORD  # the same account's: it stays
    store = Store.create(tmp_path / "alone")
    with pytest.raises(Refused, match="this computer only"):
        sync_account.change(store, site.actor, OMAR, "OmarPass1")
    store.close()


def test_from_the_command_line(tmp_path: Path) -> None:
    with joined(tmp_path) as (site, cloud):
        colleague(cloud)
        site.store.close()
        words = ("register", "--email", OMAR, "--data-dir", site.directory)
        done = program.run(*words, "--json")
        assert done.returncode == cli_codes.UNAUTHORIZED  # no password
        os.environ[sync_secret.ENVIRONMENT] = "OmarPass1"
        try:
            done = program.run(*words, "--json", "--keep-password")
            assert (done.returncode, json.loads(done.stdout)["email"]) == (0, OMAR)
            done = program.run(*words)
        finally:
            del os.environ[sync_secret.ENVIRONMENT]
        assert (done.returncode, OMAR in done.stdout) == (0, True)
        assert sync_secret.kept(site.directory) == "OmarPass1"
        told = program.run("status", "--json", "--data-dir", site.directory).stdout
        assert json.loads(told)["server"]["email"] == OMAR
