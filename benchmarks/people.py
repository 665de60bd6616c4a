"""Synthetic patients for the benchmarks, in tables of the store's shape; same seed, same people.

Names follow Zipf's law over a vocabulary that grows with the number of patients, as it does in
real registers (misspellings, transliterations); a third is in Arabic script.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

_TABLES = """
CREATE TABLE patients (pk INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, given_name TEXT,
  surname TEXT, date_of_birth TEXT, citizenship TEXT, hometown TEXT, phone TEXT, sex TEXT,
  camp TEXT, government_id TEXT, external_patient_id TEXT, primary_clinic_id TEXT,
  metadata TEXT, created_at INTEGER, updated_at INTEGER, tombstone INTEGER);
CREATE TABLE visits (pk INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, patient_id TEXT,
  clinic_id TEXT, check_in_timestamp INTEGER, tombstone INTEGER);
CREATE TABLE patient_additional_attributes (pk INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL,
  patient_id TEXT, attribute_id TEXT, attribute TEXT, string_value TEXT, number_value REAL,
  date_value INTEGER, boolean_value INTEGER, tombstone INTEGER);
CREATE TABLE registration_forms (pk INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, fields TEXT,
  clinic_id TEXT, server_created_at INTEGER, change_seq INTEGER DEFAULT 1, tombstone INTEGER);
CREATE TABLE peers (status TEXT, metadata TEXT, updated_at INTEGER);
CREATE INDEX visits_live_1 ON visits (patient_id, check_in_timestamp DESC)
  WHERE tombstone IS NULL;
"""
_VIEWED = ("patients", "visits", "patient_additional_attributes", "registration_forms")

GIVEN = (  # noqa: SIM905
    "Mohamed Fatima Ahmed Ali Hassan Aisha Omar Ibrahim Maria Hussein Yusuf Khadija Mahmoud Amina "
    "Mohammed Zainab Said Mariam Jose Khaled Noor Sara Abdullah Layla Juan Mustafa Hana Ana Osman "
    "Samir Rania Muhammad Salma Daniel Nadia Karim Huda Luis Tariq Samira Carlos Yasmin Jamal Mona "
    "David Rasha Bilal Lina Pedro Iman Sami Rosa Walid Dina John Carmen Adam Ruth Grace Isaac"
).split()
ARABIC = (  # noqa: SIM905
    "محمد فاطمة أحمد علي حسن عائشة عمر إبراهيم مريم حسين يوسف خديجة محمود أمينة زينب سعيد خالد نور "
    "سارة عبدالله ليلى مصطفى هناء عثمان سمير رانيا سلمى نادية كريم هدى طارق سميرة ياسمين جمال منى "
    "رشا بلال لينا إيمان سامي وليد دينا آدم عبدالرحمن نورالدين أسماء شيماء هيثم غسان مروان"
).split()
_LATIN = "ba ka ma ra sa ta la na da ha fa ga ja za wa ya mi ri si no lu du ke be sha kha".split()  # noqa: SIM905
_ARABIC_PARTS = "با كم مر سع تل لن ند دا ها فر جا زي وا يا مي ري سي نو لو شا خا عب غر قا طا".split()  # noqa: SIM905
CAMPS = ("", "", "", "Zaatari", "Azraq", "Shatila", "Burj Barajneh", "Ain al-Hilweh", "Nahr")
TOWNS = ("Saida", "Tyre", "Homs", "Aleppo", "Daraa", "Idlib", "حلب", "حمص", "Quetzaltenango", "")
CLINICS = tuple(f"0190aaaa-0000-7000-8000-00000000000{n}" for n in range(4))


def _vocabulary(seeds: list[str], parts: list[str], size: int, rng: random.Random) -> list[str]:
    found = dict.fromkeys(seeds)
    while len(found) < size:
        made = "".join(rng.choice(parts) for _ in range(rng.randint(2, 4)))
        found[made + rng.choice(("", "n", "d", "r")) if made.isascii() else made] = None
    return [name.capitalize() for name in found]


def patients(count: int, seed: int = 7) -> Iterator[tuple[object, ...]]:
    """Rows for ``patients``, ``count`` of them."""
    rng = random.Random(seed)
    size = max(60, int(count**0.5) * 12)
    pools = []
    for seeds, parts in ((GIVEN, _LATIN), (ARABIC, _ARABIC_PARTS)):
        names = _vocabulary(seeds, parts, size, rng)
        weights = list(accumulate(1 / (rank + 8) for rank in range(len(names))))
        pools.append((names, weights))
    start, span = 1_500_000_000_000, 270_000_000_000
    for pk in range(1, count + 1):
        names, weights = pools[rng.random() < 0.3]
        given, surname = rng.choices(names, cum_weights=weights, k=2)
        born = f"{2026 - min(int(rng.expovariate(1 / 28)), 99)}-{rng.randint(1, 12):02}"
        created = start + rng.randrange(span)
        yield (
            pk, f"0190bbbb-0000-7000-8000-{pk:012x}", given, surname,
            f"{born}-{rng.randint(1, 28):02}" if rng.random() < 0.95 else None,
            "", rng.choice(TOWNS), f"07{rng.randint(0, 9)} {rng.randint(100000, 999999)}",
            rng.choice(("male", "female")), rng.choice(CAMPS),
            f"{rng.randint(10**8, 10**9)}" if rng.random() < 0.3 else "",
            f"A-{pk:04}", rng.choice(CLINICS), "{}", created, created, None,
        )  # fmt: skip


def visits(count: int, seed: int = 11) -> Iterator[tuple[object, ...]]:
    """Rows for ``visits``: about one per patient, unevenly."""
    rng = random.Random(seed)
    for pk in range(1, count + 1):
        patient = f"0190bbbb-0000-7000-8000-{rng.randint(1, count):012x}"
        moment = 1_600_000_000_000 + rng.randrange(170_000) * 1_000_000
        yield pk, f"0190cccc-0000-7000-8000-{pk:012x}", patient, rng.choice(CLINICS), moment, None


def create_tables(connection: sqlite3.Connection) -> None:
    """The store's tables, as far as the search reads them, and what of them is live."""
    connection.executescript(_TABLES)
    for table in _VIEWED:
        connection.execute(
            f"CREATE VIEW live_{table} AS SELECT * FROM {table} WHERE tombstone IS NULL"
        )


def make(path: Path, count: int) -> None:
    """Write a file of ``count`` patients with their visits."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = wal")
    create_tables(connection)
    marks = ", ".join("?" * 17)
    connection.executemany(f"INSERT INTO patients VALUES ({marks})", patients(count))
    connection.executemany("INSERT INTO visits VALUES (?, ?, ?, ?, ?, ?)", visits(count))
    connection.commit()
    connection.close()
