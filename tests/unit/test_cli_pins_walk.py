"""Once there is a PIN, each verb that reads or writes patients asks for it: a walk over the parser.

A new verb fails here until it asks, or stands below with its reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui import cli
from hikma_tui.clinic import patients, pins, setup
from hikma_tui.secrets_kdf import Work, hashed
from hikma_tui.store import Store
from hikma_tui.verbs.table import verbs

NO_PIN = 77

OPEN = {
    "init": "makes a store where none is",
    "demo": "a clinic that is made up, in a folder of its own",
    "status": "how many, how old, whose: no patient (docs/lock.md)",
    "check": "whether the file is sound: no patient",
    "support": "counts and versions; it is shown before it is written",
    "qr": "the server's address",
}
WORDS = {
    "find": ["zei"],
    "benchmark": [],
    "export": [],
    "import": ["-"],
    "backup": ["--to", "ELSEWHERE"],
    "restore": ["--yes"],
    "encrypt": [],
    "passphrase": [],
    "decrypt": ["--yes"],
    "durability": ["normal"],
    "diseases": ["reset"],
    "report": ["A-1"],
    "undo": [],
    "sync": [],
    "conflicts": [],
    "register": ["https://clinic.example.org"],
    "users": ["list"],
    "wipe": [],
    "audit": ["show", "A-1"],
}
"""A use of each other verb that reaches patients, or what they are kept with."""


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records with a PIN, and a copy of them."""
    directory = tmp_path_factory.mktemp("pins") / "store"
    store = Store.create(directory)
    actor = store.write(setup.create_clinic, "A", "Nora", time_zone="UTC").result()
    row = {"given_name": "Zeinabu", "external_patient_id": "A-1"}
    store.write(patients.register, actor, row).result()
    store.write(pins.set_pin, actor, actor.user_id, hashed("1234", Work(1 << 10, 1))).result()
    store.close()
    return directory


def test_every_verb_is_named() -> None:
    assert {name for name, *_more in verbs()} == set(OPEN) | set(WORDS)


@pytest.mark.parametrize("verb", WORDS)
def test_a_verb_asks_for_the_pin(
    verb: str, locked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path) if word == "ELSEWHERE" else word for word in WORDS[verb]]
    before = (locked / "hikma.db").read_bytes()
    code = cli.main([verb, "--data-dir", str(locked), *words])
    said = capsys.readouterr()
    assert code == NO_PIN, (code, said)
    assert "locked with PINs" in said.err
    assert "Zeinabu" not in said.out + said.err
    assert (locked / "hikma.db").read_bytes() == before


@pytest.mark.parametrize("verb", ["status", "check", "support", "qr"])
def test_what_does_not_ask_tells_of_no_patient(
    verb: str, locked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [str(tmp_path / "for-the-lead.txt"), "--yes"] if verb == "support" else []
    cli.main([verb, "--data-dir", str(locked), *more])
    said = capsys.readouterr()
    assert "Zeinabu" not in said.out + said.err
