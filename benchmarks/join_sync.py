"""A clinic that worked alone for years joins a server: all of it goes up and is read back.

    python -m benchmarks.join_sync [--patients 5000] [--limits] [--no-saves] [--work DIR]

Each patient has two visits, two notes, two attributes, two sets of vital signs and a problem: ten
records. The store is made with the program's own saves and joins the test double of v3;
``hikma-tui sync`` runs as a process of its own, which pushes and confirms, and its memory is the
most that it and its children had together. Meanwhile a third process saves and looks patients up,
as a screen does. Own time is what passed while the double was not at work on a request; the CPU
seconds of the sync are told beside it. A second sync afterwards has to find nothing left to do.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hikma_tui.clinic import setup
from hikma_tui.clinic.actor import Actor, users
from hikma_tui.clinic.saving import Save
from hikma_tui.ids import new_id
from hikma_tui.models import (
    BY_TABLE,
    Event,
    Patient,
    PatientAttribute,
    Problem,
    Visit,
    Vitals,
    connection,
)
from hikma_tui.store import Store
from hikma_tui.syncing import join as sync_join
from hikma_tui.wire.shapes import Credentials
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud

from .first_sync import ANSWERS, FAMILY, GIVEN, _sync, _told

_AT_ONCE = 100  # patients of one save
_DAY = 86_400_000


def _some(actor: Actor, first: int, count: int, chance: random.Random) -> None:
    """So many patients with all their records, in one save."""
    with Save(actor) as save:
        for number in range(first, first + count):
            _one(save, number, chance)


def _one(save: Save, number: int, chance: random.Random) -> None:
    actor = save.actor
    here = {"clinic_id": actor.clinic_id}
    by = {"recorded_by_user_id": actor.user_id}
    patient = save.insert(Patient, {
        "given_name": chance.choice(GIVEN), "surname": chance.choice(FAMILY),
        "date_of_birth": f"{1935 + number % 88}-0{1 + number % 9}-1{number % 10}",
        "phone": f"+96278{chance.randrange(10**7):07}", "sex": chance.choice(["male", "female"]),
        "camp": chance.choice(["North", "South"]), "hometown": "Tyre",
        "government_id": f"N{number:09}", "primary_clinic_id": actor.clinic_id,
    })  # fmt: skip
    about = {"patient_id": patient}
    for place, name in enumerate(("blood_group", "village")):
        save.insert(PatientAttribute, {
            **about, "attribute_id": f"attribute-{place}", "attribute": name, "string_value": "A+",
        })  # fmt: skip
    at: dict[str, Any] = {}
    for days in (chance.randrange(400, 800), chance.randrange(2, 399)):
        moment = save.now - days * _DAY
        visit = save.insert(Visit, {
            **about, **here, "provider_id": actor.user_id, "provider_name": "Nora",
            "check_in_timestamp": moment, "created_at": moment,
        })  # fmt: skip
        at = {**about, "visit_id": visit, **by, "created_at": moment}
        save.insert(Event, {**at, "event_type": "Note", "form_data": ANSWERS})
        save.insert(Vitals, {
            **at, "timestamp": moment, "systolic_bp": chance.randrange(95, 170),
            "diastolic_bp": chance.randrange(55, 105), "weight_kg": f"{chance.randrange(9, 110)}.5",
            "temperature_celsius": f"3{chance.randrange(6, 9)}.{chance.randrange(10)}",
        })  # fmt: skip
    save.insert(Problem, {
        **at, "problem_code_system": "icd10", "problem_code": "I10", "clinical_status": "active",
        "problem_label": "Hypertension", "verification_status": "confirmed",
        "onset_date": "2020-05-01", "id": new_id(save.now),
    })  # fmt: skip


def make_store(directory: Path, patients: int) -> None:
    """A clinic of its own, that no server knows."""
    chance = random.Random(5)
    store = Store.create(directory)
    try:
        actor = store.write(setup.create_clinic, "Bench", "Nora").result()
        for first in range(0, patients, _AT_ONCE):
            store.write(_some, actor, first, min(_AT_ONCE, patients - first), chance).result()
    finally:
        store.close()


class Timed(Cloud):
    """The double, with a note of when it was at work on a request."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.requests: list[tuple[str, float]] = []

    def answered(self, request: Any, fault: Any = None) -> Any:
        began = time.monotonic()
        try:
            return super().answered(request, fault)
        finally:
            self.requests.append((request.method, time.monotonic() - began))


def _joined_to(directory: Path, cloud: Cloud) -> None:
    store = Store.open(directory)
    try:
        actor = store.read(users).result()[0]
        found = sync_join.look(cloud.url, plain_http=True)
        account = sync_join.sign_in(found, Credentials(EMAIL, PASSWORD))
        sync_join.join(store, sync_join.plan(store, actor, found, account), actor)
    finally:
        store.close()


def _left(directory: Path) -> tuple[int, int]:
    """Rows that wait though they are the server's to have, and lines of ``peer_rows``."""
    store = Store.open(directory)
    tables = ("patients", "visits", "events", "patient_vitals", "patient_problems")
    assert set(tables) <= set(BY_TABLE)

    def count() -> tuple[int, int]:
        asked = [f"SELECT count(*) FROM waiting_{table}" for table in tables]
        asked.append("SELECT count(*) FROM peer_rows")
        found = [connection().execute(one).fetchone()[0] for one in asked]
        return sum(found[:-1]), found[-1]

    try:
        return store.on_writer(count).result()
    finally:
        store.close()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(ready: Path, work: Path, *, saves: bool, limits: bool) -> None:
    """Join with a copy of the store that is ``ready``, and sync twice."""
    directory, stop = work / "clinic", work / "stop"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(ready, directory)
    stop.unlink(missing_ok=True)
    cloud = Timed(limits=limits)
    with cloud:
        seed(cloud.store, patients=0)
        _joined_to(directory, cloud)
        cloud.requests.clear()
        saver = None
        if saves:
            command = [sys.executable, "-m", "benchmarks.first_sync_saver", str(directory)]
            saver = subprocess.Popen([*command, str(stop)], stdout=subprocess.PIPE)
        before = _cpu()
        took, most, report = _sync(directory)
        cpu = _cpu() - before
        if saver is not None:
            stop.touch()
            seen = json.loads(saver.communicate()[0])
            print("    " + _told("saves", seen["saves"]) + "; " + _told("looks", seen["looks"]))
        theirs = sum(seconds for _method, seconds in cloud.requests)
        pushes = [seconds for method, seconds in cloud.requests if method == "POST"]
        rows = report["total"]["confirmed"]
        own = took - theirs
        print(
            f"    {report['result']}: {rows} of {report['total']['pushed']} pushed records"
            f" confirmed in {took:.1f} s, {theirs:.1f} of them the double's: own {own:.1f} s,"
            f" {rows / own:,.0f} a second; CPU {cpu:.1f} s, {most:.0f} MB"
        )
        print(
            f"    {len(pushes)} pushes, the longest {max(pushes, default=0):.1f} s at the double;"
            f" {report['seconds']}"
        )
        took, _most, report = _sync(directory)
        print(f"    again: {report['total']['pushed']} pushed, {took:.1f} s, {report['seconds']}")
    print("    left: {} waiting, {} lines".format(*_left(directory)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--limits", action="store_true", help="with v3's limits of requests")
    parser.add_argument("--no-saves", action="store_true")
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as temporary:
        ready = (options.work or Path(temporary)) / f"alone-{options.patients}"
        if not ready.exists():
            began = time.monotonic()
            make_store(ready, options.patients)
            print(f"a store of {options.patients} patients: {time.monotonic() - began:.1f} s")
        measure(ready, Path(temporary), saves=not options.no_saves, limits=options.limits)


if __name__ == "__main__":
    main()
