"""SIGKILL while the records are encrypted, get another passphrase, are decrypted: none is lost.

8 kills in CI; HIKMA_TUI_NIGHTLY=1 makes 300.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hikma_tui import search
from hikma_tui.clinic import patients, setup
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import repair as store_repair
from tests.unit.program import ROOT

KILLS = 300 if os.environ.get("HIKMA_TUI_NIGHTLY") == "1" else 8
PATIENTS = 300

# Goes on converting until it is killed: to one key, to the other, to none.
PROGRAM = """
import sys
from pathlib import Path
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
keys = [store_cipher.Key.unpacked(bytes.fromhex(word)) for word in sys.argv[2:4]]
for key in keys:
    store_cipher.hold_key(key)
keys.append(None)
place = Path(sys.argv[1])
now = store_cipher.the_key(place)
at = keys.index(now)
print("go", flush=True)
while True:
    at = (at + 1) % 3
    store_convert.convert(place, keys[at], lambda _work: None)
    print(at, flush=True)
"""


def cheap(passphrase: str) -> store_cipher.Key:
    return store_cipher.derive(passphrase, store_cipher.salt_with(10))


@pytest.mark.skipif(not store_cipher.installed(), reason="sqlcipher3 is not installed")
def test_a_kill_leaves_the_old_or_the_new_store_whole(tmp_path: Path) -> None:
    seed = int(os.environ.get("HIKMA_TUI_SEED") or 5)
    print(f"seed {seed} (again: HIKMA_TUI_SEED={seed})")
    dice = random.Random(seed)
    keys = [cheap("the one passphrase"), cheap("the other passphrase")]
    place = tmp_path / "place"
    store = Store.create(place)
    actor = store.write(setup.create_clinic, "Al-Salam", "Nora").result()
    wanted = {f"Name{number}" for number in range(PATIENTS)}

    def all_of_them() -> None:
        for name in sorted(wanted):
            patients.register(actor, {"given_name": name})

    store.write(all_of_them).result()
    store.close()
    for key in keys:
        store_cipher.hold_key(key)
    found_under, done, in_the_middle = set(), 0, 0
    try:
        for _number in range(KILLS):
            done += _killed(place, keys, dice.uniform(0.0, 0.8))
            in_the_middle += (place / store_repair.WORK).exists()
            under = store_cipher.the_key(place)
            found_under.add(under.salt if under else None)
            store = Store.open(place)
            rows = store.on_writer(
                lambda: connection().execute("SELECT given_name FROM live_patients").fetchall()
            ).result()
            assert {row[0] for row in rows} == wanted
            assert store.check() == []
            assert store.on_writer(lambda: search.check(connection())).result() == []
            store.close()
            store_repair.sweep(place)
            assert not (place / store_repair.WORK).exists()
    finally:
        store_cipher.forget_keys()
    print(f"{KILLS} kills, {in_the_middle} in the middle, {done} conversions were whole")
    assert in_the_middle
    assert len(found_under) > 1


def _killed(place: Path, keys: list[store_cipher.Key], after: float) -> int:
    """Kill a process that converts, so long after it began; how many it had done."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(place), *(key.packed().hex() for key in keys)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"go\n", process.stderr.read()
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    with process:
        told = process.stdout.read().split()
        process.wait()
    return len(told)


def test_a_folder_that_somebody_works_in_is_not_swept(tmp_path: Path) -> None:
    work = store_repair.empty_work(tmp_path)
    program = (
        "import sys; from pathlib import Path; from hikma_tui.store import repair as store_repair\n"
        "store_repair.sweep(Path(sys.argv[1]))"
    )
    words = [sys.executable, "-c", program, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(words, check=True, env=environment)
    assert work.exists()
    store_repair.discard(work)
    work.mkdir()  # of a process that is gone
    subprocess.run(words, check=True, env=environment)
    assert not work.exists()
