"""The synthetic clinic: the number asked for, the same again, nothing deleted in sight."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import demo, forms, search
from hikma_tui.clinic import audit, medicines, own_forms
from hikma_tui.clinic.actor import actor_named
from hikma_tui.clinic.deletion import HANGS_ON
from hikma_tui.columns import Json, Uuid
from hikma_tui.ids import is_uuid
from hikma_tui.models import (
    BY_TABLE,
    SYNCED,
    Clinic,
    Event,
    EventForm,
    Patient,
    RegistrationForm,
    Synced,
    connection,
    dicts,
    live,
    wire_columns,
)
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError

NOW = 1_795_359_600_000  # 22 November 2026, 15:00 UTC
SIZE = 300


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = demo.make(tmp_path_factory.mktemp("demo"), patients=SIZE, seed=7, now=NOW)
    assert demo.is_demo(made)  # its reader too must know its file before another store is opened
    yield made
    made.close()


def every_row(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all synced tables, deleted ones too, by table."""

    def read() -> dict[str, list[tuple[Any, ...]]]:
        return {
            table: connection().execute(f"SELECT * FROM {table} ORDER BY pk").fetchall()
            for table in BY_TABLE
        }

    return store.on_writer(read).result()


def rows_of(store: Store, model: type[Synced]) -> list[dict[str, Any]]:
    """The live rows of a table, as a screen reads them."""
    return store.read(lambda: dicts(live(model).select())).result()


def number(store: Store, sql: str) -> int:
    found = store.on_writer(lambda: connection().execute(sql).fetchone()[0]).result()
    return int(found)


def test_the_number_asked_for_is_the_number_of_live_patients(store: Store) -> None:
    assert number(store, "SELECT count(*) FROM live_patients") == SIZE
    assert number(store, "SELECT count(*) FROM patients WHERE tombstone IS NOT NULL") == 6


@pytest.mark.parametrize("patients", [0, 1, 9, 33])
def test_small_clinics_have_their_number_too(tmp_path: Path, patients: int) -> None:
    store = demo.make(tmp_path / "small", patients=patients, now=NOW)
    try:
        assert number(store, "SELECT count(*) FROM live_patients") == patients
        assert number(store, "SELECT count(*) FROM patients WHERE tombstone IS NOT NULL") == 3
    finally:
        store.close()


def test_the_same_seed_makes_the_same_clinic(store: Store, tmp_path: Path) -> None:
    rows = every_row(store)
    for seed, same in ((7, True), (8, False)):
        again = demo.make(tmp_path / str(seed), patients=SIZE, seed=seed, now=NOW)
        try:
            assert (every_row(again) == rows) is same
        finally:
            again.close()


def test_another_day_makes_the_same_people(store: Store, tmp_path: Path) -> None:
    later = demo.make(tmp_path / "later", patients=SIZE, seed=7, now=NOW + 40 * 86_400_000)
    try:
        columns = ("id", "given_name", "surname", "phone", "government_id", "external_patient_id")
        ours, theirs = (
            [[row[name] for name in columns] for row in rows_of(one, Patient)]
            for one in (store, later)
        )
        assert ours == theirs
    finally:
        later.close()


def test_every_table_has_live_and_deleted_rows(store: Store) -> None:
    for table in BY_TABLE:
        assert number(store, f"SELECT count(*) FROM live_{table}"), table
        assert number(store, f"SELECT count(*) FROM {table} WHERE tombstone IS NOT NULL"), table


def test_no_live_row_hangs_on_a_deleted_one(store: Store) -> None:
    checked = 0
    for model in SYNCED:
        for name, column in wire_columns(model).items():
            if not isinstance(column, Uuid) or column.table not in BY_TABLE:
                continue
            table = model._meta.table_name
            dangling = number(
                store,
                f"SELECT count(*) FROM live_{table} c WHERE c.{name} IS NOT NULL AND NOT EXISTS"
                f" (SELECT 1 FROM live_{column.table} p WHERE p.id = c.{name})",
            )
            assert dangling == 0, f"{table}.{name}"
            checked += 1
    assert checked > sum(map(len, HANGS_ON.values()))


def test_what_is_deleted_is_recognisable_and_nowhere_in_the_live_rows(store: Store) -> None:
    for table in BY_TABLE:
        for row in store.read(_live_tuples, table).result():
            assert not any("ombstone" in value for value in row if isinstance(value, str)), table
    deleted = number(store, "SELECT count(*) FROM patients WHERE tombstone IS NOT NULL")
    named = "SELECT count(*) FROM patients WHERE surname LIKE 'Tombstone%'"
    assert number(store, named) == deleted
    assert number(store, "SELECT count(*) FROM deletions WHERE label NOT LIKE '%Tombstone%'") == 0


def _live_tuples(table: str) -> list[tuple[Any, ...]]:
    columns = ", ".join(name for name in BY_TABLE[table]._meta.fields if name != "tombstone")
    return connection().execute(f"SELECT {columns} FROM live_{table}").fetchall()


def test_each_tombstone_is_the_number_of_a_deletion_that_counted_it(store: Store) -> None:
    def wrong() -> list[tuple[Any, ...]]:
        found: dict[int, dict[str, int]] = {}
        for table in BY_TABLE:
            sql = f"SELECT tombstone, count(*) FROM {table} WHERE tombstone > 0 GROUP BY 1"
            for deletion, rows in connection().execute(sql):
                found.setdefault(deletion, {})[table] = rows
        noted = connection().execute("SELECT pk, counts FROM deletions").fetchall()
        told = {pk: Json().python_value(counts) for pk, counts in noted}
        return [(pk, told.get(pk), found.get(pk)) for pk in {*told, *found}
                if told.get(pk) != found.get(pk)]  # fmt: skip

    assert store.on_writer(wrong).result() == []
    for table, model in BY_TABLE.items():
        if "is_deleted" in model._meta.fields:
            halfway = f"SELECT count(*) FROM {table} WHERE (tombstone IS NULL) = (is_deleted = 1)"
            assert number(store, halfway) == 0
            undated = f"SELECT count(*) FROM {table} WHERE is_deleted <> (deleted_at IS NOT NULL)"
            assert number(store, undated) == 0


def test_answers_are_those_of_their_forms(store: Store) -> None:
    parsed = {row["id"]: forms.event_form(row) for row in rows_of(store, EventForm)}
    today = datetime.fromtimestamp(NOW / 1000, UTC).date()
    events = rows_of(store, Event)
    used = set()
    for event in events:
        form = parsed[event["form_id"]]
        answers, left = forms.answers_of(form, event["form_data"])
        assert left == []
        assert forms.missing(form, answers) == []
        faults = [forms.check(field, answers.get(field.id), today) for field in form.fields]
        assert not any(faults), (form.name, faults)
        assert forms.event_data(form, answers, event["form_data"]) == event["form_data"]
        own = event["form_id"] in map(own_forms.id_of, own_forms.KEYS)
        assert len([answer for answer in answers.values() if answer]) > (1 if own else 8)
        used.add(event["event_type"])
    assert used == {form.name["en"] for form in parsed.values()}


def test_each_form_is_there_once_and_the_own_ones_under_their_fixed_ids(store: Store) -> None:
    rows = rows_of(store, EventForm)
    assert len({row["name"] for row in rows}) == len(rows)
    assert set(map(own_forms.id_of, own_forms.KEYS)) <= {row["id"] for row in rows}


def _current(store: Store, actor: Any, patient_id: str) -> list[Any]:
    return list(store.read(medicines.current, actor, patient_id, _today()).result())


def test_chronic_patients_take_medicines_today(store: Store) -> None:
    actor = store.read(actor_named).result()
    chronic = {"Amlodipine", "Enalapril", "Metformin", "Salbutamol", "Sodium valproate"}
    taken = [
        chronic & {one.name for one in _current(store, actor, row["id"])}
        for row in rows_of(store, Patient)
    ]  # fmt: skip
    assert len([names for names in taken if names]) > SIZE * 0.08


def test_the_form_in_use_has_a_search_field_of_its_own_and_it_finds(store: Store) -> None:
    form = forms.registration_form(rows_of(store, RegistrationForm)[0])
    field = next(field for field in form.fields if field.name == "Ration card")
    assert field.search
    assert not field.base
    said = "SELECT string_value FROM live_patient_additional_attributes LIMIT 1"
    card = store.on_writer(lambda: connection().execute(said).fetchone()[0]).result()
    found = store.read(lambda: search.find(connection(), card, today=_today())).result()
    assert found.hits


def _today() -> Any:
    return datetime.fromtimestamp(NOW / 1000, UTC).date()


def test_the_index_agrees_and_knows_no_deleted_patient(store: Store) -> None:
    assert store.on_writer(lambda: search.check(connection())).result() == []
    found = store.read(lambda: search.find(connection(), "tombstone", today=_today())).result()
    assert not [hit for hit in found.hits if "ombstone" in hit.surname]


def test_people_are_of_many_kinds(store: Store) -> None:
    patients = rows_of(store, Patient)
    names = "".join(f"{row['given_name']}{row['surname']}" for row in patients)
    for first, last in ("az", "\u0600\u06ff", "\u1200\u137f"):
        assert any(first <= character <= last for character in names), first
    assert {row["sex"] for row in patients} == {"male", "female", "unknown"}
    births = [row["date_of_birth"] for row in patients]
    assert None in births
    assert any(row["metadata"].get("birth_date_estimated") for row in patients)
    assert {row["primary_clinic_id"] for row in patients} > {None}
    cards = [row["external_patient_id"] for row in patients if row["external_patient_id"]]
    assert len(set(cards)) == len(cards) > 200
    phones = {row["phone"] for row in patients if row["phone"]}
    families = [row["surname"] for row in patients]
    assert len(phones) < len([row for row in patients if row["phone"]])  # families share one
    assert len(set(families)) < len(families) * 0.7
    assert len(rows_of(store, Clinic)) == 3
    for row in patients:
        assert len(row["camp"] or "") <= 50
        assert is_uuid(row["id"])


def test_some_are_seen_today_and_none_in_the_future_or_before_birth(store: Store) -> None:
    midnight = NOW - NOW % 86_400_000
    since = f"FROM live_visits WHERE check_in_timestamp >= {midnight - 3_600_000 * 14}"
    assert number(store, f"SELECT count(DISTINCT patient_id) {since}") >= 5
    assert number(store, f"SELECT count(*) FROM visits WHERE check_in_timestamp > {NOW}") == 0
    assert number(store, f"SELECT count(*) FROM events WHERE created_at > {NOW}") == 0
    assert number(store, "SELECT count(*) FROM open_visits") == 3
    open_ones = "SELECT count(*) FROM open_visits JOIN live_visits ON visit_id = id"
    assert number(store, open_ones) == 3
    unborn = (
        "SELECT count(*) FROM live_visits v JOIN live_patients p ON p.id = v.patient_id"
        " WHERE date(v.check_in_timestamp / 1000, 'unixepoch', '+1 day') < p.date_of_birth"
    )
    assert number(store, unborn) == 0
    most = "SELECT max(n) FROM (SELECT count(*) n FROM live_visits GROUP BY patient_id)"
    assert number(store, most) >= 200


def test_the_store_is_a_whole_and_private_one(store: Store) -> None:
    assert demo.is_demo(store)
    assert store.check() == []
    assert store.on_writer(audit.problems).result() == []
    assert number(store, "SELECT min(change_seq) = 1 AND max(change_seq) = 1 FROM events")
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    files = list(store.directory.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    journal = "SELECT journal_mode = 'wal' FROM pragma_journal_mode"
    assert number(store, journal) == 1
    assert number(store, "PRAGMA synchronous") == 2


def test_a_store_that_is_there_is_left_alone(store: Store) -> None:
    before = every_row(store)
    with pytest.raises(StoreError):
        demo.make(store.directory, patients=5)
    assert every_row(store) == before
    assert not list(store.directory.glob("demo-*"))


def test_an_interrupted_demo_leaves_nothing(tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.make(tmp_path / "stopped", patients=3000, progress=stop)
    assert list((tmp_path / "stopped").iterdir()) == []


def test_two_thousand_patients_take_seconds(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    start = time.monotonic()
    store = demo.make(tmp_path / "many", patients=2000, progress=lambda *now: told.append(now))
    took = time.monotonic() - start
    store.close()
    assert took < 20  # about one second; a row at a time through the clinic takes minutes
    assert told == sorted(told)
    assert told[-1] == (4000, 4000)
