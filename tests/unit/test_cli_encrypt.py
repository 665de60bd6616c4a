"""``encrypt``, ``passphrase``, ``decrypt``, and every other verb on ciphered records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from hikma_tui import search
from hikma_tui.clinic import patients, setup
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store import outside as store_outside
from hikma_tui.store import unlock as store_unlock
from hikma_tui.store.cipher import Key, NeedsPassphrase, NoCipher
from hikma_tui.store.errors import Corrupt, Locked
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.verbs import encrypt as cli_encrypt
from hikma_tui.verbs import unlock as cli_unlock
from tests.unit.program import CHEAP_KEYS, COMMAND, environment, run

pytestmark = pytest.mark.skipif(
    not store_cipher.installed(), reason="sqlcipher3 is not installed (this machine has no wheel)"
)
OLD, NEW = "the old passphrase", "a passphrase that is new"
CHEAP = 10


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(store_cipher, "new_salt", lambda: store_cipher.salt_with(CHEAP))
    monkeypatch.delenv("HIKMA_TUI_PASSPHRASE", raising=False)
    yield
    store_cipher.forget_keys()


def cheap(passphrase: str) -> Key:
    return store_cipher.derive(passphrase, store_cipher.salt_with(CHEAP))


def made(directory: Path, key: Key | None) -> Path:
    store = Store.create(directory, key)
    actor = store.write(setup.create_clinic, "Al-Salam", "Nora").result()
    for number in range(40):
        store.write(patients.register, actor, {"given_name": f"Mona{number}"}).result()
    store.close()
    return directory


def names(directory: Path) -> set[str]:
    store = Store.open(directory)
    try:
        rows = store.read(
            lambda: connection().execute("SELECT given_name FROM live_patients").fetchall()
        ).result()
        wrong = store.check() + store.on_writer(lambda: search.check(connection())).result()
        assert wrong == []
    finally:
        store.close()
    return {row[0] for row in rows}


ALL = {f"Mona{number}" for number in range(40)}


def given(
    directory: Path, *words: str, old: str = "", new: str = "", cheap: bool = True
) -> CompletedProcess[str]:
    """Run a verb with passphrases through pipes."""
    command = [sys.executable, "-P", "-c", CHEAP_KEYS] if cheap else COMMAND
    pipes = []
    for option, passphrase in (("--passphrase-fd", old), ("--new-passphrase-fd", new)):
        if passphrase:
            reading, writing = os.pipe()
            os.write(writing, passphrase.encode() + b"\n")
            os.close(writing)
            pipes.append(reading)
            words = (*words, option, str(reading))
    try:
        return run(*words, "--data-dir", directory, pass_fds=pipes, command=command)
    finally:
        for pipe in pipes:
            os.close(pipe)


def test_encrypt_then_open_then_change_then_decrypt(tmp_path: Path) -> None:
    place = made(tmp_path / "clinic", None)
    sync_secret.keep(place, "the server's own word")
    assert run("backup", "--data-dir", place).returncode == 0
    done = given(place, "encrypt", "--copies", "encrypt", new=OLD)
    assert done.returncode == 0, done.stderr
    assert store_cipher.is_ciphered(place / "hikma.db")
    for path in place.rglob("*"):
        assert path.is_dir() or b"Mona3" not in path.read_bytes(), path
        assert path.is_dir() or b"own word" not in path.read_bytes(), path
    assert run("status", "--data-dir", place).returncode == 77
    assert given(place, "status", old="not the passphrase").returncode == 77
    told = given(place, "status", "--json", old=OLD)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["encrypted"] is True
    assert given(place, "check", old=OLD).returncode == 0

    done = given(place, "passphrase", "--copies", "encrypt", old=OLD, new=NEW)
    assert done.returncode == 0, done.stderr
    assert given(place, "check", old=OLD).returncode == 77
    assert given(place, "check", old=NEW).returncode == 0
    listed = given(place, "backup", "--list", old=NEW)
    assert "40 patients" in listed.stdout, listed
    store_cipher.hold_key(store_cipher.derive(NEW, store_cipher.salt_of(place / "hikma.db") or b""))
    assert sync_secret.kept(place) == "the server's own word"

    done = given(place, "decrypt", "--yes", old=NEW)
    assert done.returncode == 0, done.stderr
    assert not store_cipher.is_ciphered(place / "hikma.db")
    assert names(place) == ALL
    assert sync_secret.kept(place) == "the server's own word"
    assert (place / "server-password").read_text() == "the server's own word"


def test_a_new_clinic_can_begin_ciphered(tmp_path: Path) -> None:
    place = tmp_path / "clinic"
    words = ("init", "--clinic", "A", "--user", "Nora", "--encrypt")
    assert given(place, *words, new="short").returncode == 1
    assert not (place / "hikma.db").exists()
    assert given(place, *words, new=NEW, cheap=False).returncode == 0
    assert store_cipher.is_ciphered(place / "hikma.db")
    assert given(place, "status", old=NEW).returncode == 0


def test_the_environment_gives_it_too_and_no_child_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = made(tmp_path / "clinic", cheap(OLD))
    monkeypatch.setenv("HIKMA_TUI_PASSPHRASE", OLD)
    done = run("status", "--data-dir", place)
    assert done.returncode == 0, done.stderr


def test_nothing_changes_while_another_program_has_it_open(tmp_path: Path) -> None:
    place = made(tmp_path / "clinic", None)
    store = Store.open(place)
    store.read(lambda: connection().execute("SELECT 1 FROM store_info").fetchone()).result()
    done = given(place, "encrypt", new=NEW)
    assert done.returncode == Locked.exit_code, done.stderr
    store.close()
    assert not store_cipher.is_ciphered(place / "hikma.db")
    assert names(place) == ALL


def test_what_reads_otherwise_than_it_was_is_never_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = made(tmp_path / "clinic", None)

    class Losing:
        """A medium that loses a row on the way."""

        def __init__(self, path: Path, key: Key | None) -> None:
            self.path, self.key = path, key

        def __call__(self, path: Path) -> None:
            rows = store_cipher.connect(path, self.key)
            rows.execute("DELETE FROM patients WHERE given_name = 'Mona7'")
            rows.commit()
            rows.close()

    key = cheap(NEW)
    monkeypatch.setattr(store_convert, "forget_cached", Losing(place, key))
    with pytest.raises(Corrupt):
        store_convert.convert(place, key, lambda _work: None)
    assert not store_cipher.is_ciphered(place / "hikma.db")
    assert names(place) == ALL
    assert [path.name for path in place.iterdir() if path.is_dir()] == []


KILLED = """
import os, sys
from pathlib import Path
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store import repair as store_repair
key = store_cipher.Key.unpacked(bytes.fromhex(sys.argv[2]))
exchange = store_repair.exchange
def then_dies(*places):
    exchange(*places)
    os._exit(9)
store_repair.exchange = then_dies
store_convert.convert(Path(sys.argv[1]), key, lambda _work: None)
"""


def readable(place: Path) -> set[str]:
    """The files in which a name can be read."""
    return {
        str(path.relative_to(place))
        for path in place.rglob("*")
        if path.is_file() and b"Mona3" in path.read_bytes()
    }


def test_a_power_cut_right_after_the_exchange_leaves_nothing_that_encrypt_does_not_end(
    tmp_path: Path,
) -> None:
    place = made(tmp_path / "clinic", None)
    assert run("backup", "--data-dir", place).returncode == 0
    [copy] = (place / "backups").glob("*.db")
    (place / "backups" / "automatic-20261101T010101000000.db.part").write_bytes(copy.read_bytes())
    kept = place / "backups" / "damaged-20261101T010101000000"
    kept.mkdir()
    (kept / "hikma.db").write_bytes(copy.read_bytes())
    (kept / "hikma.db-wal").write_bytes(b"Mona3, who was saved last")
    (place / "sync").mkdir()
    (place / "sync" / "pull.spool").write_bytes(b"Mona3, of a killed pull")
    key = cheap(OLD)
    words = [sys.executable, "-c", KILLED, str(place), key.packed().hex()]
    assert subprocess.run(words, env=environment(), check=False).returncode == 9
    copies = {
        f"backups/{copy.name}",
        *(f"backups/{kept.name}/hikma.db{end}" for end in ("", "-wal")),
    }
    assert readable(place) == copies
    assert "but 2 copies" in given(place, "status", old=OLD).stdout
    done = given(place, "encrypt", "--copies", "encrypt", old=OLD, new=NEW)
    assert done.returncode == 0, done.stderr
    assert "but 1 copy" in given(place, "status", old=OLD).stdout
    # what can't be written anew is not given out as encrypted, and its journal is not lost
    assert readable(place) == copies - {f"backups/{copy.name}"}
    assert f"{kept.name}/hikma.db" in done.stdout
    done = given(place, "passphrase", "--copies", "delete", old=OLD, new=NEW)
    assert done.returncode == 0, done.stderr
    assert readable(place) == set()
    assert not kept.exists()
    assert names_with(place, NEW) == ALL
    assert given(place, "encrypt", old=NEW, new=NEW).returncode == 1  # nothing is left to do
    assert "but " not in given(place, "status", old=NEW).stdout


def names_with(place: Path, passphrase: str) -> set[str]:
    salt = store_cipher.salt_of(place / "hikma.db")
    assert salt is not None
    store_cipher.hold_key(store_cipher.derive(passphrase, salt))
    return names(place)


def test_a_ciphered_copy_put_back_stays_as_protected_as_the_records(tmp_path: Path) -> None:
    old, new = cheap(OLD), cheap(NEW)
    place = made(tmp_path / "clinic", old)
    assert given(place, "backup", old=OLD).returncode == 0
    [copy] = (place / "backups").glob("*.db")
    kept = tmp_path / "copy.db"
    kept.write_bytes(copy.read_bytes())
    store_convert.convert(place, new, lambda _work: None)
    assert store_cipher.key_of(place / "hikma.db") == new
    # the newest copy has the older passphrase: it is not given, and nobody can be asked
    assert given(place, "restore", str(kept), "--yes", old=NEW).returncode == 77
    store_cipher.hold_key(old)
    from hikma_tui.syncing import restored as sync_restored

    was = sync_restored.present(place, kept)
    assert was.difference is not None
    sync_restored.put_back(place, kept, was)
    assert store_cipher.key_of(place / "hikma.db") == new
    assert names(place) == ALL


def test_a_plain_copy_put_back_into_ciphered_records_is_ciphered(tmp_path: Path) -> None:
    place = made(tmp_path / "clinic", None)
    assert run("backup", "--data-dir", place).returncode == 0
    [copy] = (place / "backups").glob("*.db")
    store_convert.convert(place, cheap(NEW), lambda _work: None)
    done = given(place, "restore", str(copy), "--yes", old=NEW)
    assert done.returncode == 0, done.stderr
    assert store_cipher.is_ciphered(place / "hikma.db")
    [before] = (place / "backups").glob("before-restore*")
    assert store_cipher.is_ciphered(before)
    assert names(place) == ALL


@pytest.mark.parametrize("how", ["torn", "empty", "gone"])
def test_a_plain_copy_put_back_where_the_ciphered_store_lost_its_head_is_ciphered(
    tmp_path: Path, how: str
) -> None:
    place = made(tmp_path / "clinic", None)
    assert run("backup", "--data-dir", place).returncode == 0
    [copy] = (place / "backups").glob("*.db")
    kept = copy.rename(tmp_path / "plain.db")
    assert given(place, "encrypt", new=NEW).returncode == 0  # makes a copy, too
    path = place / "hikma.db"
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(os.urandom(4096) + path.read_bytes()[4096:] if how == "torn" else b"")
    done = given(place, "restore", str(kept), "--yes", old=NEW)
    assert done.returncode == 0, done.stderr
    assert "encrypted, with the passphrase that they had" in done.stderr
    assert store_cipher.is_ciphered(path)
    assert names_with(place, NEW) == ALL


def test_a_store_damaged_all_over_is_told_by_its_copy(tmp_path: Path) -> None:
    place = made(tmp_path / "clinic", cheap(OLD))
    assert given(place, "backup", old=OLD).returncode == 0
    path = place / "hikma.db"
    path.write_bytes(path.read_bytes()[:16] + os.urandom(path.stat().st_size - 16))
    assert given(place, "status", old="not the passphrase").returncode == 77
    assert given(place, "status", old=OLD).returncode == Corrupt.exit_code
    done = given(place, "restore", "--yes", old=OLD)
    assert done.returncode == 0, done.stderr
    store_cipher.hold_key(store_cipher.derive(OLD, store_cipher.salt_of(path) or b""))
    assert names(place) == ALL


def test_wipe_works_without_the_passphrase(tmp_path: Path) -> None:
    place = made(tmp_path / "clinic", cheap(OLD))
    store_cipher.forget_keys()
    done = run("wipe", "--confirm", "wipe", "--data-dir", place)
    assert not (place / "hikma.db").exists(), done.stderr


def test_a_passphrase_has_a_least_length_and_is_none_that_a_terminal_cuts() -> None:
    assert cli_encrypt.refused("123456789")
    assert cli_encrypt.refused("1234567 \t  ")
    assert not cli_encrypt.refused("1234567890")
    assert not cli_encrypt.refused("word " * 200)
    assert cli_encrypt.refused("word " * 250)
    assert not cli_encrypt.refused("\u0643" * 500)
    assert cli_encrypt.refused("\u0643" * 501)


@pytest.mark.parametrize(
    "typed",
    [
        " caf\u00e9 au lait  sucr\u00e9 ",
        "cafe\u0301 au lait sucre\u0301\r\n",
        "\ufeffcaf\u00e9\tau lait\u00a0sucr\u00e9",
    ],
)
def test_what_looks_the_same_opens_the_same(typed: str) -> None:
    """A field drops the space at the end of a paste, a terminal does not: both must open."""
    salt = store_cipher.salt_with(CHEAP)
    wanted = store_cipher.derive("caf\u00e9 au lait sucr\u00e9", salt)
    assert store_cipher.derive(typed, salt) == wanted


def test_what_a_terminal_cuts_in_the_middle_of_a_letter_is_no_error_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cut(*_words: object, **_named: object) -> str:
        return b"\xc3".decode()

    monkeypatch.setattr("getpass.getpass", cut)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with pytest.raises(NeedsPassphrase, match="too long for a terminal"):
        cli_unlock.typed_unseen("Passphrase: ")


def test_without_the_extra_plain_records_are_not_called_encrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = made(tmp_path / "clinic", None)
    key = cheap(NEW)
    monkeypatch.setattr(store_cipher, "_engine", None)
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    attempts: list[Callable[[], object]] = [
        lambda: store_convert.convert(place, key, lambda _work: None),
        lambda: store_outside.new_key(NEW),
        lambda: store_unlock.new_key(NEW),
    ]
    for attempt in attempts:
        with pytest.raises(NoCipher) as said:
            attempt()
        assert "records are encrypted" not in str(said.value)
    assert names(place) == ALL


def test_a_descriptor_that_stays_open_is_not_waited_for(tmp_path: Path) -> None:
    """A terminal, a FIFO, a pipe whose other end somebody holds: the line is enough."""
    place = made(tmp_path / "clinic", cheap(OLD))
    reading, writing = os.pipe()
    os.write(writing, OLD.encode() + b"\r\n")
    try:
        words = ("status", "--data-dir", place, "--passphrase-fd", str(reading))
        done = run(*words, pass_fds=[reading], timeout=20)
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 0, done.stderr


def test_without_a_person_it_says_how_to_give_it(tmp_path: Path) -> None:
    place = made(tmp_path / "clinic", cheap(OLD))
    done = run("find", "Mona", "--data-dir", place)
    assert done.returncode == NeedsPassphrase.exit_code
    assert "--passphrase-fd" in done.stderr
