"""Encryption at rest: the raw bytes of every file of a ciphered store hold no name (issue 5).

The same is done with a plain store, where each name must be found: else the look finds nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hikma_tui.clinic import drafts, patients, setup
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store import repair as store_repair
from hikma_tui.store import salvage as store_salvage
from hikma_tui.store.cipher import Key
from hikma_tui.syncing import check as sync_check
from hikma_tui.syncing import restored as sync_restored
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.syncing import spool as sync_spool
from tests.unit.program import ROOT
from tests.unit.pulling import body, patient, spooled

GIVEN, ARABIC, DRAFTED = "Zubaydahrix", "زبيدةالقاسمي", "Quixotenfeldt"
PULLED, SECRET = "Wolkensteinova", "the-servers-own-word"
PASSPHRASE = "some words of the tests"
PULLED_ID = patient(5)["id"]


def needles() -> dict[str, list[bytes]]:
    """Each text in each form in which it could lie on a disk."""
    found = {}
    for text in (GIVEN, ARABIC, DRAFTED, PULLED, SECRET, PULLED_ID, PASSPHRASE):
        forms = {text.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")}
        forms.add(json.dumps(text)[1:-1].encode())
        found[text] = sorted(forms)
    return found


def seen(folder: Path) -> dict[str, set[str]]:
    """Every file in a folder, with the texts that stand in its raw bytes."""
    looked_for = needles()
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            raw = path.read_bytes()
            found[str(path.relative_to(folder))] = {
                text for text, forms in looked_for.items() if any(form in raw for form in forms)
            }
    return found


def cheap() -> Key:
    return store_cipher.derive(PASSPHRASE, store_cipher.salt_with(10))


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    store_cipher.forget_keys()


KILLED = """
import os, signal, sys
from pathlib import Path
from hikma_tui.store import cipher as store_cipher
from hikma_tui.syncing import spool as sync_spool
from hikma_tui.syncing.values import Decoder
from tests.unit.pulling import clinic_body, body, patient
place = Path(sys.argv[1])
if sys.argv[2]:
    store_cipher.hold_key(store_cipher.Key.unpacked(bytes.fromhex(sys.argv[2])))
class Line:
    total = None
    def __iter__(self):
        rows = [patient(n, given_name=sys.argv[3] + "x" * 400) for n in range(3000)]
        text = body({"patients": rows})
        for at in range(0, len(text) * 9 // 10, 4096):
            yield text[at:at + 4096]
        os.kill(os.getpid(), signal.SIGKILL)
sync_spool.fill(Line(), Decoder("v3"), place / sync_spool.FILE_NAME,
                progress=lambda _p: None, cancelled=lambda: False)
"""


def everything(place: Path, key: Key | None) -> dict[str, set[str]]:
    """Do with a clinic what leaves files; what stands in them."""
    store = Store.create(place, key)
    actor = store.write(setup.create_clinic, "Al-Salam", "Nora").result()
    row = {"given_name": GIVEN, "surname": ARABIC, "additional_data": {"token": ARABIC}}
    store.write(patients.register, actor, row).result()
    store.write(drafts.keep, actor, "form:x", None, {"note": DRAFTED}).result()
    sync_secret.keep(place, SECRET)
    store.backup()
    # a full check, killed with its ids; a pull, killed in the middle; one that waits
    spool = spooled(store, body({"patients": [patient(5, given_name=PULLED)]}))
    sync_check._note_ids(
        spool, place / sync_check.FILE_NAME, lambda _p: None, lambda: False
    )  # fmt: skip
    packed = key.packed().hex() if key else ""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(place.parent / "second"), packed, PULLED],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    found = seen(place)  # with the journal, as long as it is open
    assert {"hikma.db", "hikma.db-wal", "hikma.db-shm"} <= set(found)
    store.close()
    second = seen(place.parent / "second")
    found |= {f"killed/{name}": texts for name, texts in second.items()}
    # a restore's stage, what a restore keeps, and what is read of damaged records
    [copy] = (place / "backups").glob("*.db")
    work = store_repair.prepare(place, copy)
    store_convert.same_protection(place, copy, work)
    found |= {f"stage/{name}": texts for name, texts in seen(work).items()}
    store_repair.discard(work)
    sync_restored.put_back(place, copy, sync_restored.present(place, copy))
    work = store_repair.empty_work(place)
    store_salvage.rescue(place, work)
    found |= {f"salvaged/{name}": texts for name, texts in seen(work).items()}
    store_repair.discard(work)
    found |= {f"kept/{name}": t for name, t in seen(store_repair.as_it_is(place)).items()}
    found |= {f"after/{name}": texts for name, texts in seen(place).items()}
    return found


def as_the_second_store_lies(tmp_path: Path, key: Key | None) -> None:
    """The process that is killed writes beside a store of its own, which has the same key."""
    Store.create(tmp_path / "second", key).close()


@pytest.mark.skipif(not store_cipher.installed(), reason="sqlcipher3 is not installed")
def test_no_name_lies_in_any_file_of_a_ciphered_store(tmp_path: Path) -> None:
    key = cheap()
    as_the_second_store_lies(tmp_path, key)
    found = everything(tmp_path / "place", key)
    assert len(found) > 15, sorted(found)
    assert {name: texts for name, texts in found.items() if texts} == {}
    spool = tmp_path / "second" / f"{sync_spool.FILE_NAME}.part"
    assert spool.stat().st_size > 100_000  # killed in the middle of it


def test_in_a_plain_store_each_of_them_is_found(tmp_path: Path) -> None:
    if os.environ.get("HIKMA_TUI_TEST_CIPHERED") == "1":
        pytest.skip("every store is ciphered in this run")
    as_the_second_store_lies(tmp_path, None)
    found = everything(tmp_path / "place", None)
    assert {GIVEN, ARABIC, DRAFTED} <= found["hikma.db-wal"] | found["hikma.db"]
    [copy] = [name for name in found if name.startswith("backups/")]
    assert {GIVEN, ARABIC} <= found[copy]
    assert found[sync_spool.FILE_NAME] == {PULLED, PULLED_ID}
    assert found[f"killed/{sync_spool.FILE_NAME}.part"] == {PULLED, PULLED_ID}
    assert found[sync_check.FILE_NAME] == {PULLED_ID}
    assert found["server-password"] == {SECRET}
    for name in ("stage/hikma.db", "salvaged/hikma.db", "kept/hikma.db", "after/hikma.db"):
        assert {GIVEN, ARABIC} <= found[name], name
    assert not any(PASSPHRASE in texts for texts in found.values())


@pytest.mark.skipif(not store_cipher.installed(), reason="sqlcipher3 is not installed")
def test_a_damaged_ciphered_store_gives_what_can_be_read(tmp_path: Path) -> None:
    """A page that fails its seal loses its own rows and no others."""
    key = cheap()
    place = tmp_path / "place"
    store = Store.create(place, key)
    actor = store.write(setup.create_clinic, "Al-Salam", "Nora").result()

    def all_of_them() -> None:
        for number in range(400):
            patients.register(actor, {"given_name": f"Name{number}"})

    store.write(all_of_them).result()
    store.close()
    size = (place / "hikma.db").stat().st_size // 4096
    shutil.copy(place / "hikma.db", tmp_path / "sound.db")
    saved = []
    for page in range(size // 3, size, size // 6):
        shutil.copy(tmp_path / "sound.db", place / "hikma.db")
        with (place / "hikma.db").open("r+b") as file:
            file.seek(page * 4096 + 100)
            file.write(os.urandom(50))
        work = store_repair.empty_work(place)
        saved.append(store_salvage.rescue(place, work).patients)
        store_repair.discard(work)
    assert saved
    assert min(saved) > 300, saved
