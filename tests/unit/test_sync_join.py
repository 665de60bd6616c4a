"""Joining a server: nothing lost, nobody's work becomes another's, all of it or nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import search, sync
from hikma_tui.clinic import (
    addenda,
    audit,
    drafts,
    info,
    patients,
    records,
    registration,
    setup,
    visits,
    vitals,
)
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import Invalid, NotAllowed, Refused
from hikma_tui.clinic.permissions import Flag, rights
from hikma_tui.columns import Uuid
from hikma_tui.ids import new_id
from hikma_tui.models import BY_TABLE, SYNCED, connection, dicts
from hikma_tui.store import Store
from hikma_tui.store.files import BACKUPS
from hikma_tui.syncing import carry as sync_carry
from hikma_tui.syncing import join as sync_join
from hikma_tui.syncing import join_words as sync_join_words
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.join_plan import Found
from hikma_tui.syncing.run import RunOptions
from hikma_tui.syncing.shapes import Reason
from hikma_tui.wire.shapes import Account, Credentials, Kind, Trouble
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as CloudStore

CLINIC, USER = new_id(), new_id()
FOUND = Found("https://hikma.example.org", "v3")
ACCOUNT = Account(
    USER, "Nora of the server", "provider", "nora@clinic.test", CLINIC, "Hikma Clinic"
)
TODAY = date(2026, 11, 22)


def account(**changes: Any) -> Account:
    return Account(**{**ACCOUNT.__dict__, **changes})


class Place:
    """A clinic with two users and some hundred rows, both users' work among them."""

    def __init__(self, directory: Path) -> None:
        if Store.exists(directory):
            self.store = Store.open(directory)
            self._find()
        else:
            self.store = Store.create(directory)
            self._make()

    def _find(self) -> None:
        self.nora = self.store.read(actor_named, "Nora").result()
        self.sami = self.store.read(actor_named, "Sami").result()
        query = "SELECT id FROM live_patients ORDER BY pk"
        self.patients = self.store.read(
            lambda: [row[0] for row in connection().execute(query)]
        ).result()

    def _make(self) -> None:
        write = self.store.write
        self.nora = write(setup.create_clinic, "Al-Salam", "Nora").result()
        user = {"name": "Sami", "role": "provider", "clinic_id": self.nora.clinic_id}
        sami = write(records.create, self.nora, "users", user).result()
        flags = {flag.value: True for flag in Flag if flag is not Flag.CLINIC_ADMIN}
        row = {"user_id": sami, "clinic_id": self.nora.clinic_id, **flags}
        write(records.create, self.nora, "user_clinic_permissions", row).result()
        self.sami = self.store.read(actor_named, "Sami").result()
        self.patients = [self._patient(number) for number in range(40)]

    def _patient(self, number: int) -> str:
        write = self.store.write
        who = self.sami if number % 3 == 0 else self.nora
        row = {
            "given_name": f"Amal {number}", "surname": "Haddad", "sex": "female",
            "primary_clinic_id": who.clinic_id,
        }  # fmt: skip
        answer = {"attribute_id": "x-1", "attribute": "Tent", "string_value": f"T{number}"}
        patient = write(patients.register, who, row, [answer]).result()
        day = TODAY - timedelta(days=number)
        form = self.store.read(visits.event_forms, who).result()[0]
        field = form["form_fields"][0]["id"]
        made = write(visits.record, who, patient, form["id"], day, {field: "cough"}).result()
        write(vitals.record, who, patient, day, {"weight_kg": "61.25"}).result()
        if number % 5 == 0:
            write(addenda.add, who, made.event_id, "came back better").result()
        return str(patient)

    def close(self) -> None:
        self.store.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The place, made once: a file that each test gets a copy of."""
    directory = tmp_path_factory.mktemp("template") / "store"
    Place(directory).close()
    return directory


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Iterator[Place]:
    shutil.copytree(template, tmp_path / "store")
    made = Place(tmp_path / "store")
    yield made
    made.close()


def plan_of(place: Place, actor: Actor | None = None, **changes: Any) -> sync_join.Plan:
    return sync_join.plan(place.store, actor or place.nora, FOUND, account(**changes))


def everything(store: Store) -> dict[str, dict[str, dict[str, Any]]]:
    """All rows of all synced tables, deleted ones too, as they are stored."""

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        found = {}
        for table in BY_TABLE:
            cursor = connection().execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found[table] = {row["id"]: row for row in rows}
        return found

    return store.on_writer(read).result()


OURS = ("pk", "tombstone", "change_seq")
EXPECTED_TABLES = ("patients", "visits", "events", "patient_vitals")


def test_nothing_is_lost_and_only_the_two_ids_change(place: Place) -> None:
    store, nora, sami = place.store, place.nora, place.sami
    store.write(
        drafts.keep, nora, "patient:new:1", None, {"primary_clinic_id": nora.clinic_id}
    ).result()
    before = everything(store)
    assert all(len(before[table]) >= 40 for table in EXPECTED_TABLES)
    done = sync_join.join(store, plan_of(place), nora)
    after = everything(store)
    ids = {nora.clinic_id or "": CLINIC, nora.user_id: USER}

    def as_after(text: Any) -> Any:
        if isinstance(text, str):
            for old, new in ids.items():
                text = text.replace(old, new)
        return text

    assert {t: len(rows) for t, rows in before.items()} == {t: len(r) for t, r in after.items()}
    own = {"clinics": CLINIC, "users": USER}
    for table, rows in before.items():
        for row_id, row in rows.items():
            now = after[table][ids.get(row_id, row_id)]
            if now["id"] == own.get(table):
                continue
            assert now == {name: as_after(value) for name, value in row.items()}
    # Sami's work is Sami's, Nora's is the account's
    authors = {row["recorded_by_user_id"] for row in after["patient_vitals"].values()}
    assert authors == {sami.user_id, USER}
    assert not any(old in str(after) for old in ids)
    assert done.actor == Actor(USER, "Nora of the server", "provider", CLINIC, nora.machine_id)
    assert store.read(lambda: info.get("last_user_id")).result() == USER
    kept = store.read(lambda: drafts.at(done.actor, "patient:new:1")).result()
    assert kept == {"primary_clinic_id": CLINIC}


def test_the_clinic_and_the_user_become_the_servers(place: Place) -> None:
    sync_join.join(place.store, plan_of(place), place.nora)
    after = everything(place.store)
    clinic, user = after["clinics"][CLINIC], after["users"][USER]
    assert (clinic["name"], clinic["change_seq"], clinic["tombstone"]) == ("Hikma Clinic", 0, None)
    assert (user["name"], user["email"], user["role"]) == (
        "Nora of the server", "nora@clinic.test", "provider",
    )  # fmt: skip
    assert (user["clinic_id"], user["change_seq"]) == (CLINIC, 0)
    others = [
        r for t, rows in after.items() for r in rows.values() if r["id"] not in (CLINIC, USER)
    ]
    assert all(row["change_seq"] > 0 for row in others)
    sami = after["users"][place.sami.user_id]
    assert (sami["name"], sami["clinic_id"]) == ("Sami", CLINIC)


def test_all_columns_that_name_a_clinic_or_user_are_rewritten_deleted_rows_too(
    place: Place,
) -> None:
    """Every such column of every table, asked of the models, in a row that is deleted."""

    def fill() -> None:
        for model in SYNCED:
            columns = {
                name: place.nora.clinic_id if field.table == "clinics" else place.nora.user_id
                for name, field in model._meta.fields.items()
                if isinstance(field, Uuid) and field.table in ("clinics", "users")
            }
            required: dict[str, Any] = {}
            for name, field in model._meta.fields.items():
                if name in columns or name in ("pk", "tombstone", "unknown"):
                    continue
                if (not field.null and field.default is None) or name == "id":
                    required[name] = new_id() if isinstance(field, Uuid) else 1
            model.insert({**required, **columns, "tombstone": 1}).execute()

    place.store.write(fill).result()
    sync_join.join(place.store, plan_of(place), place.nora)
    text = str(everything(place.store))
    assert str(place.nora.clinic_id) not in text
    assert place.nora.user_id not in text


def test_the_joined_one_may_do_all_that_she_could_and_the_other_one_too(place: Place) -> None:
    before = place.store.read(rights, place.nora).result()
    sami = place.store.read(rights, place.sami).result()
    done = sync_join.join(place.store, plan_of(place), place.nora)
    after = place.store.read(rights, done.actor).result()
    assert after.by_clinic == {CLINIC: before.by_clinic[place.nora.clinic_id or ""]}
    assert after.by_clinic[CLINIC] == frozenset(Flag)
    other = place.store.read(actor_named, "Sami").result()
    assert place.store.read(rights, other).result().by_clinic == {
        CLINIC: sami.by_clinic[place.nora.clinic_id or ""]
    }
    # and she can go on working, on the other one's patient too
    row = {"given_name": "New", "sex": "male", "primary_clinic_id": CLINIC}
    assert place.store.write(patients.register, done.actor, row).result()
    day = TODAY - timedelta(days=1)
    for patient in place.patients[:3]:
        place.store.write(vitals.record, done.actor, patient, day, {"pulse_rate": 80}).result()


def test_the_search_and_the_trail_are_sound_afterwards(place: Place) -> None:
    done = sync_join.join(place.store, plan_of(place), place.nora)
    assert place.store.check() == []
    assert place.store.on_writer(lambda: search.check(connection())).result() == []
    assert place.store.on_writer(audit.problems).result() == []

    def trail() -> list[tuple[str, str, str]]:
        return connection().execute(
            "SELECT action_type, row_id, changes FROM event_logs WHERE table_name = 'peers'"
        ).fetchall()  # fmt: skip

    entries = place.store.read(trail).result()
    assert len(entries) == 1
    assert entries[0][:2] == ("CREATE", done.peer_id)
    assert place.nora.user_id in entries[0][2]
    copy = done.backup
    assert copy.parent.name == BACKUPS
    with sqlite3.connect(copy) as file:
        assert file.execute("SELECT count(*) FROM peers").fetchone() == (0,)
        assert file.execute("SELECT count(*) FROM patients").fetchone() == (40,)


def test_the_peer_is_there_in_the_same_moment(place: Place) -> None:
    sync_join.join(place.store, plan_of(place), place.nora)
    peer = place.store.read(sync_peer.active).result()
    assert peer is not None
    assert (peer.url, peer.dialect, peer.email) == (FOUND.url, "v3", "nora@clinic.test")
    assert (peer.user_id, peer.clinic_id, peer.watermark) == (USER, CLINIC, 0)
    assert sync_secret.kept(place.store.directory) is None


def test_the_password_is_kept_only_when_said_so(place: Place) -> None:
    done = sync_join.join(place.store, plan_of(place), place.nora, keep_password="Geheim 1")
    assert done.password_kept
    assert sync_secret.kept(place.store.directory) == "Geheim 1"
    assert b"Geheim 1" not in place.store.path.read_bytes() + done.backup.read_bytes()


def test_a_second_server_is_refused_and_so_is_the_same_one_again(place: Place) -> None:
    done = sync_join.join(place.store, plan_of(place), place.nora)
    before = everything(place.store)
    with pytest.raises(Refused, match="One server at a time"):
        sync_join.plan(place.store, done.actor, Found("https://other.example.org", "v3"), ACCOUNT)
    assert everything(place.store) == before


def test_a_plan_that_is_out_of_date_changes_nothing(place: Place) -> None:
    made = plan_of(place)
    done = sync_join.join(place.store, made, place.nora)
    before = everything(place.store)
    with pytest.raises(Refused):
        sync_join.join(place.store, made, done.actor)
    assert everything(place.store) == before


def test_only_an_administrator_joins(place: Place) -> None:
    with pytest.raises(NotAllowed):
        plan_of(place, place.sami)


def test_the_demo_joins_nothing(place: Place) -> None:
    place.store.write(info.put, "demo", 1).result()
    with pytest.raises(Refused, match="made up"):
        plan_of(place)


def test_another_users_account_does_not_take_over_their_work(place: Place) -> None:
    with pytest.raises(Refused, match="Sami's here"):
        plan_of(place, user_id=place.sami.user_id)


def test_an_account_without_a_clinic_needs_one(place: Place) -> None:
    with pytest.raises(Invalid, match="belongs to no clinic"):
        plan_of(place, clinic_id=None)
    without = account(clinic_id=None)
    with pytest.raises(Invalid, match="not the id of a clinic"):
        sync_join.plan(place.store, place.nora, FOUND, without, clinic_id="Hikma")
    made = sync_join.plan(place.store, place.nora, FOUND, without, clinic_id=CLINIC.upper())
    assert made.clinic_id == CLINIC
    with pytest.raises(Invalid, match="another clinic"):
        sync_join.plan(place.store, place.nora, FOUND, ACCOUNT, clinic_id=new_id())


def test_the_plan_says_what_goes_what_stays_and_why(place: Place) -> None:
    def add() -> None:
        drug, item = new_id(), new_id()
        BY_TABLE["drug_catalogue"].insert(
            {"id": drug, "generic_name": "X", "form": "tablet", "route": "oral",
             "dosage_quantity": "1", "dosage_units": "mg", "change_seq": 1}
        ).execute()  # fmt: skip
        BY_TABLE["prescription_items"].insert(
            {"id": item, "prescription_id": new_id(), "patient_id": place.patients[0],
             "drug_id": drug, "clinic_id": place.nora.clinic_id, "dosage_instructions": "",
             "quantity_prescribed": 1, "change_seq": 1}
        ).execute()  # fmt: skip

    place.store.write(add).result()
    made = plan_of(place)
    assert made.goes_up["patients"] == 40
    assert made.goes_up["patient_vitals"] == 40
    assert made.goes_up["prescription_items"] == 0
    assert [(s.table, s.rows, s.reason) for s in made.stays] == [
        ("prescription_items", 1, Reason.NO_PLACE)
    ]
    assert made.other_users == ("Sami",)
    assert made.others_rows >= 14 * 3  # visits, events, vitals of every third patient
    assert (made.patients, made.clinics) == (40, 1)
    assert made.settings > 5
    assert made.store_bytes > 100_000
    assert set(made.flags) == set(Flag)
    flask = sync_join.plan(
        place.store, place.nora, Found("https://old.example.org", "flask"), ACCOUNT
    )
    assert ("patient_vitals", 40) in [(s.table, s.rows) for s in flask.stays]
    assert "patient_vitals" not in flask.goes_up
    for one, named in ((made, False), (flask, True)):
        said = " ".join(text for text, _style in sync_join_words.paragraphs(one))
        assert ("no place for vitals, problems, appointments" in said) is named


_KILLED = """
import os, signal, sys
from pathlib import Path
from hikma_tui.syncing import join as sync_join
from hikma_tui.clinic.actor import actor_named
from hikma_tui.store import Store
from hikma_tui.syncing.join_plan import Found
from hikma_tui.wire.shapes import Account, Credentials, Kind, Trouble
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as CloudStore

def killed(step, done, total):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

store = Store.open(Path(sys.argv[1]))
nora = store.read(actor_named, "Nora").result()
account = Account(*sys.argv[3:5], "provider", "n@x.test", sys.argv[5], "Hikma Clinic")
made = sync_join.plan(store, nora, Found("https://hikma.example.org", "v3"), account)
sync_join.join(store, made, nora, progress=killed)
"""


@pytest.mark.parametrize("step", ["backup", "rows", "index"])
def test_killed_in_the_middle_nothing_has_happened(place: Place, step: str) -> None:
    before = everything(place.store)
    place.close()
    words = [sys.executable, "-c", _KILLED, str(place.store.directory), step, USER, "N", CLINIC]
    root = str(Path(__file__).resolve().parents[2])
    died = subprocess.run(words, env={**os.environ, "PYTHONPATH": root}, check=False)
    assert died.returncode == -signal.SIGKILL
    store = place.store = Store.open(place.store.directory)
    assert everything(store) == before
    assert store.read(sync_peer.active).result() is None
    assert store.on_writer(lambda: search.check(connection())).result() == []
    assert sync_join.join(store, plan_of(place), place.nora).actor.clinic_id == CLINIC


_OPEN = """
import sys
from pathlib import Path
from hikma_tui.clinic.actor import users
from hikma_tui.store import Store
store = Store.open(Path(sys.argv[1]))
store.read(users).result()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="Linux tells who has a file open")
def test_nobody_is_left_typing_as_a_user_who_is_gone(place: Place) -> None:
    root = str(Path(__file__).resolve().parents[2])
    other = subprocess.Popen(
        [sys.executable, "-c", _OPEN, str(place.store.directory)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdout.readline() == b"open\n"
    before = everything(place.store)
    with pytest.raises(Refused, match="has these records open"):
        sync_join.join(place.store, plan_of(place), place.nora)
    assert everything(place.store) == before
    other.communicate(b"")
    assert sync_join.join(place.store, plan_of(place), place.nora).actor.user_id == USER


# Leaving and coming back -----------------------------------------------------------------------


def agreed(store: Store) -> None:
    """As after a sync: the server has everything just so."""

    def settle() -> None:
        for table in BY_TABLE:
            connection().execute(f"UPDATE {table} SET change_seq = 0")

    store.write(settle).result()


def test_leaving_keeps_all_rows_and_makes_them_unsent(place: Place) -> None:
    joined = sync_join.join(place.store, plan_of(place), place.nora, keep_password="x").actor
    agreed(place.store)
    place.store.write(vitals.record, joined, place.patients[0], TODAY, {"pulse_rate": 80}).result()
    before = everything(place.store)

    def conflict() -> None:
        connection().execute(
            "INSERT INTO conflicts (peer_id, table_name, row_id, kind, found_at)"
            " VALUES ('p', 'patients', 'x', 'edit', 1)"
        )

    place.store.write(conflict).result()
    left = sync_join.leave(place.store, joined)
    after = everything(place.store)
    assert left.url == FOUND.url
    assert left.conflicts == 1
    assert left.backup.exists()
    assert place.store.read(sync_peer.active).result() is None
    assert sync_secret.kept(place.store.directory) is None
    for table, rows in before.items():
        assert {i: {**r, "change_seq": 0} for i, r in rows.items()} == {
            i: {**r, "change_seq": 0} for i, r in after[table].items()
        }
        assert all(row["change_seq"] > 0 for row in after[table].values() if not row["tombstone"])
    lines = place.store.read(
        lambda: connection().execute("SELECT count(*) FROM peer_rows").fetchone()[0]
    ).result()
    assert lines == 0
    assert place.store.on_writer(audit.problems).result() == []
    with pytest.raises(Refused, match="no server is connected"):
        sync_join.leave(place.store, joined)


def test_a_store_that_comes_back_begins_anew(place: Place) -> None:
    first = sync_join.join(place.store, plan_of(place), place.nora)
    place.store.write(sync_peer.set_watermark, first.peer_id, 1795345229058).result()
    sync_join.leave(place.store, first.actor)
    before = everything(place.store)
    made = sync_join.plan(place.store, first.actor, FOUND, ACCOUNT)
    again = sync_join.join(place.store, made, first.actor)
    peer = place.store.read(sync_peer.active).result()
    assert peer is not None
    assert (peer.id, peer.watermark, again.actor) == (first.peer_id, 0, first.actor)
    after = everything(place.store)
    for table, rows in before.items():
        assert rows.keys() == after[table].keys()


def test_a_clinic_that_is_here_already_becomes_one_with_the_local_one(place: Place) -> None:
    """Rows of the server came in earlier (import, or a life with that server)."""
    clinic = {"id": CLINIC, "name": "Hikma Clinic"}
    place.store.write(records.create, place.nora, "clinics", clinic).result()
    rows_before = everything(place.store)
    made = plan_of(place)
    assert made.clinic_is_here
    done = sync_join.join(place.store, made, place.nora)
    after = everything(place.store)
    assert list(after["clinics"]) == [CLINIC]
    for table in ("patients", "visits", "events", "patient_vitals", "users"):
        assert len(after[table]) == len(rows_before[table])
    pairs = [(r["user_id"], r["clinic_id"]) for r in after["user_clinic_permissions"].values()]
    assert sorted(pairs) == sorted({(USER, CLINIC), (place.sami.user_id, CLINIC)})
    assert place.store.read(rights, done.actor).result().by_clinic[CLINIC] == frozenset(Flag)
    assert place.store.on_writer(lambda: search.check(connection())).result() == []


# The form of the server ------------------------------------------------------------------------


def test_a_servers_form_goes_before_the_local_one_once_it_is_here(place: Place) -> None:
    joined = sync_join.join(place.store, plan_of(place), place.nora).actor
    local = place.store.read(patients.registration_form, joined).result()

    def pull(clinic_id: str | None, name: str, **more: Any) -> None:
        field = {
            "id": "f1", "column": "camp_no", "label": {"en": "Tent"}, "fieldType": "text",
            "isSearchField": True, "visible": True, "position": 1,
        }  # fmt: skip
        row = {"id": new_id(), "clinic_id": clinic_id, "name": name, "fields": [field],
               "change_seq": 0, "created_at": 5, "server_created_at": 5, **more}  # fmt: skip
        BY_TABLE["registration_forms"].insert(row).execute()

    def chosen() -> str:
        found = place.store.read(patients.registration_form, joined).result()
        searched = place.store.read(
            lambda: connection().execute(search.sql.FORM_FIELDS).fetchone()[0]
        ).result()
        assert ("camp_no" in searched) == bool(found["name"].startswith("server"))
        return str(found["name"])

    place.store.write(pull, new_id(), "another clinic's").result()
    place.store.write(pull, None, "server, without a field", fields=[]).result()
    assert chosen() == local["name"]
    place.store.write(pull, None, "server, for all").result()
    assert chosen() == "server, for all"
    place.store.write(pull, CLINIC, "server, for this clinic").result()
    assert chosen() == "server, for this clinic"
    assert place.store.on_writer(lambda: search.stale(connection())).result()


def test_answers_to_the_former_form_stay_shown_and_can_be_corrected(place: Place) -> None:
    """After the server's form came, of the patient's answers and of nobody else's."""
    write, read = place.store.write, place.store.read

    def add(name: str, field_id: str, **more: Any) -> None:
        field = {
            "id": field_id, "column": name, "label": {"en": name}, "fieldType": "text",
            "visible": True, "position": 1, "required": True,
        }  # fmt: skip
        row = {"id": new_id(), "clinic_id": place.nora.clinic_id, "name": name, "fields": [field],
               "change_seq": 1, "created_at": 5, **more}  # fmt: skip
        BY_TABLE["registration_forms"].insert(row).execute()

    write(add, "Tent", "x-1").result()  # each patient of the place has answered that
    joined = sync_join.join(place.store, plan_of(place), place.nora).actor
    write(add, "Block", "s-1", change_seq=0, clinic_id=CLINIC, server_created_at=9).result()
    patient = place.patients[1]
    assert [f.id for f in read(registration.form, joined).result().fields] == ["s-1"]
    form = read(registration.form, joined, patient).result()
    assert [(f.id, f.required) for f in form.fields] == [("s-1", True), ("x-1", False)]
    answers = read(registration.answers_of, joined, form, patient).result()
    assert answers["x-1"] == "T1"
    changed = {**answers, "s-1": "B", "x-1": "T99"}
    assert write(registration.edit, joined, patient, changed, first=answers).result()
    assert read(registration.answers_of, joined, form, patient).result() == changed


# With the double of the servers ----------------------------------------------------------------


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    store = CloudStore()
    seed(store, 5)
    with Cloud(store, limits=False) as server:
        yield server


def credentials(**changes: str) -> Credentials:
    return Credentials(**{"email": EMAIL, "password": PASSWORD, **changes})


def looked(cloud: Cloud) -> Found:
    return sync_join.look(f"  {cloud.url}\r\n", plain_http=True)


def kind_of(work: Callable[[], object]) -> Kind:
    with pytest.raises(Trouble) as caught:
        work()
    assert PASSWORD not in str(caught.value)
    return caught.value.kind


def test_http_takes_an_explicit_yes(cloud: Cloud) -> None:
    assert kind_of(lambda: sync_join.look(cloud.url)) is Kind.PLAIN_HTTP
    assert not cloud.seen
    found = looked(cloud)
    assert (found.url, found.dialect, found.plain) == (cloud.url, "v3", True)
    public = "http://hikma.example.org"
    assert kind_of(lambda: sync_join.look(public, plain_http=True)) is Kind.PLAIN_HTTP


def test_who_signs_in_is_who_the_server_says(cloud: Cloud) -> None:
    account = sync_join.sign_in(looked(cloud), credentials())
    nurse = next(row for row in cloud.store.live("users") if row["email"] == EMAIL)
    assert (account.user_id, account.name, account.email) == (nurse["id"], "Nora Nurse", EMAIL)
    assert account.clinic_id == nurse["clinic_id"]
    assert account.clinic_name == "Hikma Clinic"


def test_failures_of_the_sign_in_are_told_apart(cloud: Cloud) -> None:
    found = looked(cloud)

    def signing(**changes: str) -> Kind:
        return kind_of(lambda: sync_join.sign_in(found, credentials(**changes)))

    assert signing(password="wrong") is Kind.WRONG_PASSWORD
    assert signing(email=EMAIL.title()) is Kind.WRONG_PASSWORD
    said = sync_join_words.trouble(Trouble(Kind.WRONG_PASSWORD), EMAIL.title(), "v3")
    assert EMAIL in said
    assert EMAIL not in sync_join_words.trouble(Trouble(Kind.WRONG_PASSWORD), EMAIL, "v3")
    cloud.fault("limit", seconds=120)
    assert signing() is Kind.LIMIT
    cloud.fault("status", status=502)
    assert signing() is Kind.SERVER
    cloud.fault("html")
    assert signing() in (Kind.CAPTIVE, Kind.SERVER)
    cloud.stop()
    assert signing() is Kind.NO_NETWORK


@pytest.mark.parametrize("password", ["a:b", ":", "NursePass123:"])
def test_a_colon_in_the_password_is_refused_before_it_is_sent(cloud: Cloud, password: str) -> None:
    found = looked(cloud)
    before = len(cloud.seen)
    with pytest.raises(Invalid, match="colon"):
        sync_join.sign_in(found, credentials(password=password))
    assert len(cloud.seen) == before


def test_an_account_that_signs_in_and_may_not_sync_is_found_out(cloud: Cloud) -> None:
    found = looked(cloud)
    cloud.fault("status", path="/api/v2/sync", status=500)
    assert kind_of(lambda: sync_join.sign_in(found, credentials())) is Kind.SERVER


def test_the_plan_counts_as_the_push_decides(place: Place, cloud: Cloud) -> None:
    """What the plan says stays is what ``syncing.carry`` keeps here, row by row."""
    found = looked(cloud)
    made = sync_join.plan(place.store, place.nora, found, sync_join.sign_in(found, credentials()))
    done = sync_join.join(place.store, made, place.nora)

    def stay() -> dict[str, int]:
        known = sync_waiting.facts(done.peer_id, "v3")
        counts: dict[str, int] = {}
        for table in sync_waiting.TAKEN["v3"]:
            model = BY_TABLE[table]
            for row in dicts(model.select().where(model.tombstone.is_null())):
                values = {
                    n: v for n, v in row.items() if n not in ("pk", "tombstone", "change_seq")
                }
                if isinstance(sync_carry.to_server(table, values, known), Reason):
                    counts[table] = counts.get(table, 0) + 1
        return counts

    assert place.store.on_writer(stay).result() == {s.table: s.rows for s in made.stays}


@pytest.mark.parametrize("flask", [False, True])
def test_joined_and_synced_all_of_both_users_work_is_on_the_server(
    place: Place, flask: bool
) -> None:
    server_store = CloudStore()
    seed(server_store, 5)
    with Cloud(server_store, flask=flask, limits=False) as cloud:
        found = looked(cloud)
        account = sync_join.sign_in(found, credentials())
        made = sync_join.plan(place.store, place.nora, found, account)
        done = sync_join.join(place.store, made, place.nora)
        report = sync.run(
            place.store, user=done.actor, password=PASSWORD, options=RunOptions(),
            progress=lambda _: None, cancelled=lambda: False,
        )  # fmt: skip
        assert report.result == "ok", report
        for table, number in made.goes_up.items():
            own = set(everything(place.store)[table]) & {r["id"] for r in server_store.live(table)}
            assert len(own) >= number, table
        visits_there = {row["id"]: row for row in server_store.live("visits")}
        for row in everything(place.store)["visits"].values():
            if row["provider_id"] == place.sami.user_id:
                assert visits_there[row["id"]]["provider_id"] is None
                assert visits_there[row["id"]]["provider_name"] == "Sami"
        assert len(everything(place.store)["patients"]) == 45
        assert place.store.read(rights, done.actor).result().by_clinic[made.clinic_id]
        assert place.store.on_writer(lambda: search.check(connection())).result() == []


@pytest.mark.parametrize("broken", ["\ud800", "a\x00b", "\u202eabc", "x" * 100_000])
def test_any_text_as_account_is_a_trouble_and_no_crash(cloud: Cloud, broken: str) -> None:
    found = looked(cloud)
    for changed in ({"password": broken}, {"email": broken}):
        with pytest.raises((Trouble, Invalid)):
            sync_join.sign_in(found, credentials(**changed))


def test_a_form_that_comes_later_makes_its_answers_findable(place: Place, cloud: Cloud) -> None:
    found = looked(cloud)
    made = sync_join.plan(place.store, place.nora, found, sync_join.sign_in(found, credentials()))
    joined = sync_join.join(place.store, made, place.nora).actor

    def synced() -> str:
        return sync.run(
            place.store, user=joined, password=PASSWORD, options=RunOptions(),
            progress=lambda _: None, cancelled=lambda: False,
        ).result  # fmt: skip

    assert synced() == "ok"
    field = {"id": "x-1", "column": "Tent", "label": {"en": "Tent"}, "fieldType": "text",
             "isSearchField": True, "visible": True, "position": 1}  # fmt: skip
    form = {"name": "Server's", "clinic_id": made.clinic_id, "fields": [field]}
    cloud.store.put("registration_forms", form)

    def hits() -> int:
        return len(search.find(connection(), "t17", today=TODAY).hits)

    assert place.store.read(hits).result() == 0
    assert synced() == "ok"
    assert place.store.read(hits).result() == 1
    assert place.store.on_writer(lambda: search.check(connection())).result() == []
