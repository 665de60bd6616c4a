"""A whole pull comes into the store: as an upsert, around what is not sent, again after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hikma_tui import search
from hikma_tui.clinic import finding, info
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.syncing import apply as sync_apply
from hikma_tui.syncing import apply_special as sync_apply_special
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Report
from hikma_tui.syncing.spool import Spool
from hikma_tui.wire.shapes import Kind, Trouble
from tests.unit.meeting import NEW, Place
from tests.unit.pulling import body, child, clinic_body, content, on_wire, patient, spooled, take
from tests.unit.sync_running import joined

TODAY = date(2026, 11, 22)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "place")
    yield found
    checked = found.store.on_writer(lambda: search.check(connection())).result()
    found.close()
    assert checked == []


def bare(store: Store, dialect: str = "v3") -> Context:
    return Context("peer-1", dialect, None, Report(), 1_795_000_000_000)  # type: ignore[arg-type]


def wired(place: Place, table: str, row_id: str, **changes: Any) -> dict[str, Any]:
    return on_wire(table, place.theirs(table, row_id, **changes))


# -- plain rows ----------------------------------------------------------------------------------


def test_new_rows_are_agreed_counted_and_found(place: Place) -> None:
    context = place.context()
    take(place.store, context, clinic_body(40))
    row = place.row("patients", patient(3)["id"])
    assert (row["given_name"], row["change_seq"], row["tombstone"]) == ("Name3", 0, None)
    assert row["date_of_birth"] == "1990-05-17"
    assert context.report.total.pulled == 160
    assert context.report.tables["visits"].pulled == 40
    event = place.row("events", child(3, "")["id"])
    assert event["form_data"] == [{"fieldId": "f", "value": "fever"}]
    hits = place.read(lambda: search.find(connection(), "name3 hadd", today=TODAY).hits)
    assert patient(3)["id"] in [hit.id for hit in hits]


def test_the_same_again_changes_nothing_and_counts_nothing(place: Place) -> None:
    take(place.store, place.context(), clinic_body(40))
    before = content(place.store)
    context = place.context()
    take(place.store, context, clinic_body(40))
    assert context.report.total.pulled == 0
    assert content(place.store) == before


def test_only_columns_that_came_are_touched(place: Place) -> None:
    take(place.store, place.context(), body({"patients": [patient(1, camp="A", new="kept")]}))
    short = {"id": patient(1)["id"], "given_name": "Zoe", "last_modified": "2026-04-01T00:00:00Z"}
    context = place.context()
    take(place.store, context, body({"patients": {"updated": [short]}}))
    row = place.row("patients", short["id"])
    assert (row["given_name"], row["camp"], row["surname"]) == ("Zoe", "A", "Haddad")
    assert context.report.total.pulled == 1


def test_a_prescription_item_that_nobody_stamped_is_seen_to_differ(place: Place) -> None:
    item = child(
        1, place.patient, prescription_id=NEW(), drug_id=NEW(), clinic_id=NEW(),
        dosage_instructions="1x", quantity_prescribed=1, notes=None,
    )  # fmt: skip
    take(place.store, place.context(), body({"prescription_items": [item]}))
    context = place.context()
    take(place.store, context, body({"prescription_items": [{**item, "notes": "x"}, item]}))
    assert context.report.total.pulled == 2  # there, and back: the body had it twice
    context = place.context()
    take(place.store, context, body({"prescription_items": [item]}))
    assert context.report.total.pulled == 0


def test_what_the_server_never_stores_is_not_emptied(place: Place) -> None:
    items = [{"drug": "x"}]
    row_id = place.create(
        "prescriptions", patient_id=place.patient, provider_id=place.actor.user_id,
        pickup_clinic_id=place.actor.clinic_id, prescribed_at=1_790_000_000_000, items=items,
    )  # fmt: skip
    vital = place.create(
        "patient_vitals", patient_id=place.patient, timestamp=1_790_000_000_000, event_id=NEW()
    )
    kept = place.row("patient_vitals", vital)["event_id"]
    place.agree()
    context = place.context()
    changes = {
        "prescriptions": [wired(place, "prescriptions", row_id, items=[], notes="n")],
        "patient_vitals": [wired(place, "patient_vitals", vital, event_id=None, pain_level=3)],
    }
    take(place.store, context, body(changes))
    row = place.row("prescriptions", row_id)
    assert (row["items"], row["notes"]) == (items, "n")
    row = place.row("patient_vitals", vital)
    assert (row["event_id"], row["pain_level"]) == (kept, 3)
    assert context.report.total.pulled == 2


def test_ids_that_only_this_store_knows_stay(place: Place) -> None:
    form = place.create("event_forms", name="Ours", form_fields=[])
    event = place.event([])
    place.agree()

    def local() -> None:
        connection().execute("UPDATE event_forms SET change_seq = 7 WHERE id = ?", (form,))
        connection().execute("UPDATE events SET form_id = ? WHERE id = ?", (form, event))

    place.store.write(local).result()
    came = wired(place, "events", event, form_id=None, event_type="Y")
    take(place.store, place.context(), body({"events": [came]}))
    row = place.row("events", event)
    assert (row["form_id"], row["event_type"]) == (form, "Y")
    place.agree()  # now the server has the form: its null is an answer
    take(place.store, place.context(), body({"events": [came]}))
    assert place.row("events", event)["form_id"] is None


def test_an_attribute_under_another_id_takes_the_servers(place: Place) -> None:
    ours = place.create(
        "patient_additional_attributes", patient_id=place.patient, attribute_id="a",
        attribute="village", string_value="Tyre",
    )  # fmt: skip
    theirs = child(9, place.patient, attribute_id="a", attribute="village", string_value="Saida")
    place.agree()
    take(place.store, place.context(), body({"patient_additional_attributes": [theirs]}))
    assert place.row("patient_additional_attributes", ours) == {}
    assert place.row("patient_additional_attributes", theirs["id"])["string_value"] == "Saida"


def test_a_row_without_all_columns_gets_the_empty_ones(place: Place) -> None:
    row = child(
        1, place.patient, clinic_id=NEW(), user_id=NEW(), current_visit_id=NEW(),
        timestamp="Sun, 01 Mar 2026 10:00:00 GMT", duration=30, reason="r", status="pending",
    )  # fmt: skip
    context = place.context()
    context.dialect = "flask"
    take(place.store, context, body({"appointments": [row]}))
    found = place.row("appointments", row["id"])
    assert (found["departments"], found["is_walk_in"], found["reason"]) == ([], False, "r")


# -- special rows --------------------------------------------------------------------------------


def test_an_unsent_edit_survives(place: Place) -> None:
    place.edit("patients", place.patient, phone="777")
    came = wired(place, "patients", place.patient, phone="1", camp="theirs")
    take(place.store, place.context(), body({"patients": [patient(1), came, patient(2)]}))
    row = place.row("patients", place.patient)
    assert (row["phone"], row["camp"]) == ("777", "theirs")
    assert row["change_seq"] > 0
    assert place.row("patients", patient(2)["id"])


def test_a_child_of_a_deleted_patient_stays_hidden(place: Place) -> None:
    take(place.store, place.context(), body({"patients": {"deleted": [place.patient]}}))
    assert place.row("patients", place.patient)["tombstone"] is not None
    late = child(5, place.patient, check_in_timestamp="2026-03-01T10:00:00Z")
    take(place.store, place.context(), body({"visits": [late, child(6, NEW())]}))
    assert place.row("visits", late["id"])["tombstone"] is not None
    assert place.row("visits", child(6, "")["id"])["tombstone"] is None


def test_deletions_come_last_wherever_they_stand_in_the_body(place: Place) -> None:
    one = patient(1)
    late = child(1, one["id"], check_in_timestamp="2026-03-01T10:00:00Z")
    changes = {"patients": {"deleted": [one["id"]], "created": [one]}, "visits": [late]}
    take(place.store, place.context(), body(changes))
    assert place.row("patients", one["id"])["tombstone"] is not None
    assert place.row("visits", late["id"])["tombstone"] is not None


def test_many_special_rows_are_all_met(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than are read at once: those are looked up instead."""
    monkeypatch.setattr(sync_apply_special, "_FEW", 20)
    take(place.store, place.context(), clinic_body(90))

    def edited() -> None:
        connection().execute(
            "UPDATE patients SET change_seq = 5, camp = 'ours' WHERE id <> ?", (place.patient,)
        )
        connection().execute("INSERT INTO index_waiting SELECT id FROM patients")

    place.store.write(edited).result()
    rows = [patient(n, phone="new", updated_at="2026-05-01T00:00:00Z") for n in range(90)]
    context = place.context()
    take(place.store, context, body({"patients": {"updated": rows}}))
    ours = place.row("patients", patient(89)["id"])
    assert (ours["camp"], ours["change_seq"] > 0) == ("ours", True)


# -- whole or not --------------------------------------------------------------------------------


def test_a_cut_body_leaves_the_store_as_it_was(place: Place) -> None:
    take(place.store, place.context(), clinic_body(20))
    before = content(place.store)
    with pytest.raises(Trouble):
        take(place.store, place.context(), clinic_body(600)[:-3])
    assert content(place.store) == before


def test_a_cancelled_one_goes_on_where_it_was(tmp_path: Path) -> None:
    store, whole = Store.create(tmp_path / "a"), Store.create(tmp_path / "b")
    try:
        spool = spooled(store, clinic_body(3000))
        asked = iter([False] * 4 + [True] * 99)
        with pytest.raises(Trouble) as raised:
            _apply(store, spool, lambda: next(asked, False))
        assert raised.value.kind is Kind.CANCELLED
        here = store.on_writer(lambda: info.number("spool_offset")).result()
        assert 0 < here < spool.path.stat().st_size
        again = bare(store)
        _apply(store, spool, lambda: False, again)
        assert 0 < again.report.total.pulled < 12_000
        sync_apply.index(store, again, progress=lambda _p: None, cancelled=lambda: False)
        take(whole, bare(whole), clinic_body(3000))
        assert content(store) == content(whole)
    finally:
        store.close()
        whole.close()


def _apply(store: Store, spool: Spool, cancelled: Any, context: Context | None = None) -> None:
    sync_apply.apply(
        store, spool, context or bare(store), progress=lambda _p: None, cancelled=cancelled
    )


_CHILD = """
import sys
from pathlib import Path
from hikma_tui.syncing import apply as sync_apply
from hikma_tui.syncing import spool as sync_spool
from hikma_tui.store import Store
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Report
store = Store.open(Path(sys.argv[1]))
spool = sync_spool.left(store.directory / sync_spool.FILE_NAME)
context = Context("peer-1", "v3", None, Report(), 1795000000000)
said = lambda p: print(p.phase, p.records, flush=True)
sync_apply.apply(store, spool, context, progress=said, cancelled=lambda: False)
print("applied", flush=True)
sync_apply.index(store, context, progress=said, cancelled=lambda: False)
store.close()
print("done", flush=True)
"""


def _run(directory: Path, seconds: float | None) -> str:
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(directory)], stdout=subprocess.PIPE, text=True
    )
    try:
        if seconds is not None:
            time.sleep(seconds)
            child.send_signal(signal.SIGKILL)
        said, _ = child.communicate(timeout=120)
    finally:
        child.kill()
    return said


def test_killed_again_and_again_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    text = clinic_body(4000)
    store = Store.create(tmp_path / "killed")
    spooled(store, text)
    store.close()
    whole = Store.create(tmp_path / "whole")
    take(whole, bare(whole), text)
    wanted = content(whole)
    whole.close()
    said, wait = "", 0.4
    while "done" not in said:
        said = _run(tmp_path / "killed", wait)
        wait += 0.3
    store = Store.open(tmp_path / "killed")
    try:
        assert store.check() == []
        assert store.on_writer(lambda: search.check(connection())).result() == []
        assert content(store) == wanted
    finally:
        store.close()


def test_saves_come_in_between(tmp_path: Path) -> None:
    """Another process' saves are kept and wait for no whole pull."""
    place = Place(tmp_path / "place")
    spool = spooled(place.store, clinic_body(8000))
    took: list[float] = []
    done = threading.Event()
    other = Store(place.store.path)  # threads and connections of its own, as another process

    def save() -> None:
        number = 0
        while not done.is_set():
            number += 1
            began = time.monotonic()
            other.write(info.put, f"saved {number}", number).result()
            took.append(time.monotonic() - began)
            time.sleep(0.02)

    thread = threading.Thread(target=save)
    thread.start()
    try:
        _apply(place.store, spool, lambda: False, place.context())
    finally:
        done.set()
        thread.join()
    kept = place.store.on_writer(
        lambda: connection().execute(
            "SELECT count(*) FROM store_info WHERE key LIKE 'saved %'"
        ).fetchone()[0]
    ).result()  # fmt: skip
    assert kept == len(took) > 3
    assert sorted(took)[len(took) // 2] < 0.5
    other.close()
    place.close()


# -- as an upsert --------------------------------------------------------------------------------

pulls = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 6), st.sampled_from(["Ada", "Bea", "علي"]),
            st.sampled_from([None, "A", "B"]),
        ),
        min_size=1, max_size=8,
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pulls)
def test_it_is_an_upsert(tmp_path_factory: pytest.TempPathFactory, history: list[Any]) -> None:
    store = Store.create(tmp_path_factory.mktemp("upsert") / "store")
    wanted: dict[str, dict[str, Any]] = {}
    try:
        for minute, pull in enumerate(history):
            rows = []
            stamp = f"2026-03-01T10:0{minute}:00.000Z"  # never older than what was agreed
            for number, name, camp in pull:
                row = patient(number, given_name=name, updated_at=stamp, last_modified=stamp)
                if camp is not None:
                    row["camp"] = camp
                rows.append(row)
                wanted.setdefault(row["id"], {}).update(row)
            half = len(rows) // 2
            changes = {"patients": {"created": rows[:half], "updated": rows[half:]}}
            take(store, bare(store), body(changes))
        found = {row["id"]: row for row in content(store)["patients"]}
        assert found.keys() == wanted.keys()
        for row_id, row in wanted.items():
            here = found[row_id]
            assert (here["given_name"], here["camp"]) == (row["given_name"], row.get("camp"))
            assert here["change_seq"] == 0
        assert store.on_writer(lambda: search.check(connection())).result() == []
    finally:
        store.close()


def test_who_waits_for_the_index_is_taken_in_without_a_sync(tmp_path: Path) -> None:
    """What the program does at its start after a sync was killed between apply and index."""
    with joined(tmp_path / "a", patients=0) as (site, _cloud):
        mona = site.register("Mona")

        def forget() -> None:
            (pk,) = connection().execute("SELECT pk FROM patients WHERE id = ?", (mona,)).fetchone()
            search.forget(connection(), pk)
            connection().execute("INSERT INTO index_waiting VALUES (?)", (mona,))

        site.store.write(forget).result()
        assert not site.store.read(finding.find, site.actor, "Mona").result().hits
        assert site.store.write(finding.take_in).result() == 1
        assert site.store.write(finding.take_in).result() == 0
        assert site.store.read(finding.find, site.actor, "Mona").result().hits
        assert site.store.on_writer(lambda: search.check(connection())).result() == []
