"""What encryption costs: the same things on a plain and on a ciphered store, in turns.

    python -m benchmarks.ciphered [PATIENTS]

Prints medians and their ratio. The same SQLite does not run under both: a ciphered store runs on
the one that its wheel brings (docs/dependencies.md).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from hikma_tui import demo, search
from hikma_tui.clinic import patients, setup
from hikma_tui.clinic.actor import actor_named
from hikma_tui.models import connection
from hikma_tui.search.finding import find
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store.cipher import Key
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Report
from tests.unit.pulling import clinic_body, take

TURNS = 7
_TEXTS = ("mona", "had", "ana maria", "sal", "jos", "al ham")


def timed(function: Callable[[], Any]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def _found(store: Store, text: str) -> None:
    store.read(lambda: find(connection(), text, today=date.today())).result()


def one(place: Path, number: int) -> dict[str, float]:
    """Each thing once, on one store."""
    found = {}
    begun = time.perf_counter()
    store = Store.open(place)
    store.read(
        lambda: connection().execute("SELECT count(*) FROM live_clinics").fetchone()
    ).result()
    found["open, the key known"] = time.perf_counter() - begun
    actor = store.read(actor_named).result()
    saves = [
        timed(
            lambda: store.write(
                patients.register, actor, {"given_name": f"Mona{number}", "surname": "Test"}
            ).result()
        )
        for _again in range(20)
    ]
    found["a save"] = median(saves)
    finds = [timed(partial(_found, store, text)) for text in _TEXTS * 5]
    found["a search"] = median(finds)
    found["a copy, checked"] = timed(store.backup)
    found["the index anew"] = timed(
        lambda: store.write(lambda: search.rebuild(connection())).result()
    )
    found["the whole check"] = timed(store.check)
    store.close()
    shutil.rmtree(place / "backups")
    return found


def first_pull(place: Path, key: Key | None, text: bytes) -> float:
    """Seconds from the bytes to patients who can be found, without a network."""
    store = Store.create(place, key)
    store.write(setup.create_clinic, "Clinic", "Nora").result()
    context = Context("peer-1", "v3", None, Report(), 1_795_000_000_000)  # type: ignore[arg-type]
    try:
        return timed(lambda: take(store, context, text))
    finally:
        store.close()
        shutil.rmtree(place)


def main() -> None:
    """Make both stores, take turns, print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    key = store_cipher.derive("some words for a benchmark", store_cipher.salt_with(10))
    store_cipher.hold_key(key)
    seen: dict[str, tuple[list[float], list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="hikma-") as scratch:
        places = Path(scratch) / "plain", Path(scratch) / "ciphered"
        demo.make(places[0], patients=number, seed=1, progress=lambda _a, _b: None).close()
        shutil.copytree(places[0], places[1])
        print(f"encrypt: {timed(lambda: store_convert.convert(places[1], key, print)):.1f} s")
        for turn in range(TURNS):
            for side, place in enumerate(places):
                for what, seconds in one(place, turn).items():
                    seen.setdefault(what, ([], []))[side].append(seconds)
        text = clinic_body(17_500)
        for _turn in range(3):
            for side, own in enumerate((None, key)):
                seconds = first_pull(Path(scratch) / "pull", own, text)
                seen.setdefault("first pull of 70,000", ([], []))[side].append(seconds)
    salt = store_cipher.new_salt()
    print(f"a passphrase: {timed(lambda: store_cipher.derive('some words', salt)):.2f} s")
    for what, (plain, ciphered) in seen.items():
        a, b = median(plain) * 1000, median(ciphered) * 1000
        print(f"{what:24} {a:10.2f} ms {b:10.2f} ms  {b / a:5.2f} x")


if __name__ == "__main__":
    main()
