"""The first pull of a large server into an empty store, and a small one after it.

    python -m benchmarks.first_sync [--patients 10000] [--body FILE] [--pairs 1] [--no-saves]
                                    [--work DIR]

The body has two visits, two events and two attributes for each patient, as v3 sends them (or is a
FILE of your own). A server of one answer serves it over loopback; ``hikma-tui sync`` runs as a
process of its own, search index included, and its memory is the most that it and its children had
together. Meanwhile a third process saves and looks patients up, as a screen does. The floor beside
it is ``json.load`` and one ``executemany`` per table into tables without indexes, in pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hikma_tui.clinic import setup
from hikma_tui.store import Store
from hikma_tui.syncing import join as sync_join
from hikma_tui.wire.shapes import Credentials
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud

GIVEN = "Amal Bilal Carmen Dina Elias Farah Grace Hadi Ines Jamila Karim Lina Musa Nour".split()  # noqa: SIM905
FAMILY = "Aziz Barakat Castillo Darwish Espinoza Fares Ghanem Hamdan Issa Juma Kanaan".split()  # noqa: SIM905
CLINIC, NURSE, FORM = (str(uuid.UUID(int=n, version=4)) for n in (11, 12, 13))
ANSWERS = [
    {"fieldId": str(uuid.UUID(int=n, version=4)), "name": name, "value": value,
     "inputType": "text", "fieldType": "free-text"}
    for n, (name, value) in enumerate([
        ("Chief complaint", "headache since yesterday, no vomiting"),
        ("Examination", "alert, neck supple, temperature 37.4"),
        ("Plan", "rest and fluids, come again in two days"),
    ])
]  # fmt: skip


def _rows(patients: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows by table, the tables one after the other."""
    chance = random.Random(11)

    def fresh() -> str:
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    people = [
        (fresh(), f"202{chance.randrange(4, 6)}-{1 + chance.randrange(12):02}"
                  f"-{1 + chance.randrange(28):02}T09:{chance.randrange(60):02}:00.000Z")
        for _ in range(patients)
    ]  # fmt: skip

    def stamps(moment: str) -> dict[str, Any]:
        return {
            "is_deleted": False, "created_at": moment, "updated_at": moment,
            "last_modified": moment, "server_created_at": moment, "deleted_at": None,
        }  # fmt: skip

    for number, (one, moment) in enumerate(people):
        yield "patients", {
            "id": one, "given_name": chance.choice(GIVEN),
            "surname": f"{chance.choice(FAMILY)} {chance.choice(FAMILY)}"[: 9 + number % 12],
            "date_of_birth": f"{1935 + number % 88}-0{1 + number % 9}-1{number % 10}",
            "citizenship": "", "hometown": chance.choice(["Tyre", "Homs", "Rafah"]),
            "phone": f"+96278{chance.randrange(10**7):07}",
            "sex": chance.choice(["male", "female"]), "camp": chance.choice(["North", "South"]),
            "additional_data": {},
            "image_timestamp": None, "metadata": {}, "photo_url": "",
            "government_id": f"N{chance.randrange(10**9)}", "external_patient_id": "",
            "primary_clinic_id": CLINIC, "last_modified_by": None, **stamps(moment),
        }  # fmt: skip
    visits = [(fresh(), one, moment) for one, moment in people for _ in range(2)]
    for visit, one, moment in visits:
        yield "visits", {
            "id": visit, "patient_id": one, "clinic_id": CLINIC, "provider_id": NURSE,
            "provider_name": "Nurse", "check_in_timestamp": moment, "metadata": {},
            **stamps(moment),
        }  # fmt: skip
    for visit, one, moment in visits:
        yield "events", {
            "id": fresh(), "patient_id": one, "visit_id": visit, "form_id": FORM,
            "event_type": "Note", "form_data": ANSWERS, "metadata": {},
            "recorded_by_user_id": NURSE, **stamps(moment),
        }  # fmt: skip
    for one, moment in people:
        for number, name in enumerate(("blood_group", "village")):
            yield "patient_additional_attributes", {
                "id": fresh(), "patient_id": one,
                "attribute_id": str(uuid.UUID(int=20 + number, version=4)), "attribute": name,
                "number_value": None, "string_value": "A+", "date_value": None,
                "boolean_value": None, "metadata": {}, **stamps(moment),
            }  # fmt: skip


def make_body(path: Path, patients: int, only: int | None = None) -> None:
    """Write a pull's body; ``only`` so many rows of each table, edited (an incremental pull)."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"success":true,"changes":{')
        now, count = "", 0
        for table, row in _rows(patients):
            if table != now:
                file.write("]}," if now else "")
                file.write(f'"{table}":{{"created":[],"deleted":[],"updated":[')
                now, count = table, 0
            if only is not None:
                if count >= only:
                    continue
                row |= {"updated_at": "2026-10-01T00:00:00.000Z"}
                row |= {"last_modified": "2026-10-01T00:00:00.000Z"}
            file.write(("," if count else "") + json.dumps(row))
            count += 1
        file.write(f']}}}},"timestamp":{int(time.time() * 1000)}}}')


# -- one run -------------------------------------------------------------------------------------


def _resident(pid: int) -> int:
    """Kilobytes of a process and its children, now."""
    total = 0
    for line in _lines(Path(f"/proc/{pid}/status")):
        if line.startswith("VmRSS:"):
            total += int(line.split()[1])
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for line in _lines(children):
            total += sum(_resident(int(child)) for child in line.split())
    return total


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _sync(directory: Path) -> tuple[float, float, dict[str, Any]]:
    """Seconds, the most megabytes, and the report of one ``hikma-tui sync``."""
    command = [sys.executable, "-m", "hikma_tui", "sync", "--json", "--data-dir", str(directory)]
    began = time.monotonic()
    child = subprocess.Popen(
        command, env={**os.environ, "HIKMA_TUI_PASSWORD": PASSWORD}, stdout=subprocess.PIPE
    )
    most, over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.02):
            most = max(most, _resident(child.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    told, _ = child.communicate()
    took = time.monotonic() - began
    over.set()
    thread.join()
    return took, most / 1024, json.loads(told)


def floor(body: Path, directory: Path) -> float:
    """Seconds of ``json.load`` and an insert of the texts into bare tables."""
    began = time.monotonic()
    with body.open("rb") as file:
        changes = json.load(file)["changes"]
    bare = sqlite3.connect(directory / "bare.db")
    for table, kinds in changes.items():
        rows = kinds["created"] + kinds["updated"]
        if not rows:
            continue
        names = list(rows[0])
        bare.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        values = (
            [json.dumps(v) if isinstance(v, dict | list) else v for v in row.values()]
            for row in rows
        )
        bare.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", values)
    bare.commit()
    bare.close()
    return time.monotonic() - began


def _joined(directory: Path, cloud: Cloud) -> None:
    store = Store.create(directory)
    try:
        actor = store.write(setup.create_clinic, "Bench", "Nora").result()
        found = sync_join.look(cloud.url, plain_http=True)
        account = sync_join.sign_in(found, Credentials(EMAIL, PASSWORD))
        sync_join.join(store, sync_join.plan(store, actor, found, account), actor)
    finally:
        store.close()


def _p(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000 if values else 0.0


def _told(name: str, values: list[float]) -> str:
    return (
        f"{name}: {len(values)}, p50 {_p(values, 0.5):.0f} ms, p95 {_p(values, 0.95):.0f},"
        f" worst {_p(values, 1):.0f}"
    )


def measure(body: Path, small: Path, work: Path, saves: bool) -> tuple[float, float]:
    """One first pull and one small pull after it; seconds of the first and of the floor."""
    directory = work / "clinic"
    shutil.rmtree(directory, ignore_errors=True)
    with Cloud(limits=False) as cloud:
        seed(cloud.store, patients=0)
        _joined(directory, cloud)
        cloud.fault("file", method="GET", path="/api/v2/sync", body=str(body))
        saver = None
        stop = work / "stop"
        stop.unlink(missing_ok=True)
        if saves:
            command = [
                sys.executable,
                "-m",
                "benchmarks.first_sync_saver",
                str(directory),
                str(stop),
            ]
            saver = subprocess.Popen(command, stdout=subprocess.PIPE)
        took, most, report = _sync(directory)
        if saver is not None:
            stop.touch()
            seen = json.loads(saver.communicate()[0])
            print("    " + _told("saves", seen["saves"]) + "; " + _told("looks", seen["looks"]))
        pulled = report["total"]["pulled"]
        print(
            f"    first: {took:.1f} s, {pulled} records, {pulled / took:,.0f} a second,"
            f" {most:.0f} MB; {report['result']} {report['seconds']}"
        )
        cloud.faults.clear()
        cloud.fault("file", method="GET", path="/api/v2/sync", body=str(small))
        took_small, _most, report = _sync(directory)
        own = sum(report["seconds"].get(phase, 0) for phase in ("apply", "index"))
        print(
            f"    then {report['total']['pulled']} changed rows: {took_small:.2f} s with the start"
            f" of Python, {own:.3f} s to apply and index; {report['seconds']}"
        )
    (work / "bare.db").unlink(missing_ok=True)
    return took, floor(body, work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--body", type=Path)
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--no-saves", action="store_true")
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as temporary:
        work = Path(temporary)
        body, small = options.body or work / "body.json", work / "small.json"
        if options.body is None:
            make_body(body, options.patients)
        make_body(small, options.patients if options.body is None else 10, only=3)
        pairs = []
        for number in range(options.pairs):
            print(f"pair {number + 1}: {body.stat().st_size / 1e6:.0f} MB", flush=True)
            ours, bare = measure(body, small, work, not options.no_saves)
            print(f"    floor {bare:.1f} s, ratio {ours / bare:.2f}", flush=True)
            pairs.append(ours / bare)
        print(f"median ratio to the floor {statistics.median(pairs):.2f}")


if __name__ == "__main__":
    main()
