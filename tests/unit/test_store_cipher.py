"""The cipher under a store: keys, the file's own word of what it is, connections."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.cipher import Key, NeedsPassphrase

needs_cipher = pytest.mark.skipif(
    not store_cipher.installed(), reason="sqlcipher3 is not installed (this machine has no wheel)"
)
CHEAP = 10
NAME = "Amina Haddad"


def a_key(passphrase: str = "correct horse battery") -> Key:
    return store_cipher.derive(passphrase, store_cipher.salt_with(CHEAP))


def filled(path: Path, key: Key | None, rows: int = 400) -> Path:
    with closing(store_cipher.connect(path, key, isolation_level=None)) as file:
        file.execute("CREATE TABLE people (pk INTEGER PRIMARY KEY, name TEXT)")
        file.execute("BEGIN")
        file.executemany("INSERT INTO people (name) VALUES (?)", [(NAME * 9,)] * rows)
        file.execute("COMMIT")
    return path


def test_a_key_shows_nothing_of_itself() -> None:
    key = a_key()
    for shown in (repr(key), str(key), f"{key}"):
        assert key.raw.hex() not in shown
        assert str(key.raw) not in shown
    assert Key.unpacked(key.packed()) == key


def test_a_passphrase_is_the_same_however_it_is_composed() -> None:
    salt = store_cipher.salt_with(CHEAP)
    composed, apart = "caf\u00e9 con leche", "cafe\u0301 con leche\n"
    assert store_cipher.derive(composed, salt) == store_cipher.derive(apart, salt)
    assert store_cipher.derive("other words", salt) != store_cipher.derive(composed, salt)


def test_a_new_salt_costs_what_is_meant_and_is_never_the_same() -> None:
    salts = {store_cipher.new_salt(0.05) for _number in range(3)}
    assert len(salts) == 3
    for salt in salts:
        power, rounds = store_cipher._cost(salt)
        assert power >= 15
        assert 1 <= rounds <= 4
        assert store_cipher.is_salt(salt)
    assert not store_cipher.is_salt(b"SQLite format 3\x00")
    assert not store_cipher.is_salt(store_cipher._MARK + bytes(12) + b"\x1f")  # 2 TB of memory


@needs_cipher
def test_a_ciphered_file_describes_itself_and_holds_no_name(tmp_path: Path) -> None:
    key = a_key()
    path = filled(tmp_path / "a.db", key)
    assert store_cipher.salt_of(path) == key.salt
    assert store_cipher.is_ciphered(path)
    assert NAME.encode() not in path.read_bytes()
    plain = filled(tmp_path / "b.db", None)
    assert not store_cipher.is_ciphered(plain)
    assert store_cipher.key_of(plain) is None
    assert NAME.encode() in plain.read_bytes()  # that the look above can find one


@needs_cipher
def test_the_held_key_opens_and_none_asks(tmp_path: Path) -> None:
    key = a_key()
    path = filled(tmp_path / "a.db", key)
    with pytest.raises(NeedsPassphrase):
        store_cipher.open_file(path)
    store_cipher.hold_key(key)
    try:
        with closing(store_cipher.open_file(path)) as file:
            assert file.execute("SELECT count(*) FROM people").fetchone() == (400,)
    finally:
        store_cipher.forget_keys()


@needs_cipher
def test_a_wrong_passphrase_is_told_from_a_damaged_page(tmp_path: Path) -> None:
    key = a_key()
    path = filled(tmp_path / "a.db", key)
    assert store_cipher.fits(path, key)
    assert not store_cipher.fits(path, store_cipher.derive("wrong words", key.salt))
    assert not store_cipher.fits(path, a_key())
    with path.open("r+b") as file:  # the first page, but for the salt
        file.seek(100)
        file.write(os.urandom(2000))
    assert store_cipher.fits(path, key)
    with closing(store_cipher.connect(path, key)) as file_, pytest.raises(sqlite3.DatabaseError):
        file_.execute("SELECT count(*) FROM people")


@needs_cipher
def test_errors_are_those_of_sqlite(tmp_path: Path) -> None:
    with closing(store_cipher.connect(tmp_path / "a.db", a_key())) as file:
        with pytest.raises(sqlite3.OperationalError):
            file.execute("no words of SQL")
        file.execute("CREATE TABLE one (id INTEGER UNIQUE)")
        file.execute("INSERT INTO one VALUES (1)")
        with pytest.raises(sqlite3.IntegrityError):
            file.execute("INSERT INTO one VALUES (1)")
        with pytest.raises(sqlite3.InterfaceError):
            raise store_cipher._loaded().InterfaceError("broken")


@needs_cipher
def test_nothing_is_written_to_the_terminal(tmp_path: Path) -> None:
    """SQLCipher writes its errors to stderr by itself: over the screen."""
    path = filled(tmp_path / "a.db", a_key())
    program = (
        "import sys; from pathlib import Path; from hikma_tui.store import cipher as c\n"
        "key = c.derive('wrong', c.salt_of(Path(sys.argv[1])))\n"
        "try: c.connect(sys.argv[1], key).execute('SELECT 1 FROM sqlite_master')\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("DatabaseError\n", "")


@needs_cipher
def test_files_of_different_keys_attach(tmp_path: Path) -> None:
    one, two = a_key(), a_key("another one")
    a, b = filled(tmp_path / "a.db", one, 3), filled(tmp_path / "b.db", two, 4)
    c = filled(tmp_path / "c.db", None, 5)
    with closing(store_cipher.connect(a, one)) as file:
        store_cipher.attach(file, "b", str(b), two)
        store_cipher.attach(file, "c", str(c), None)
        counts = [
            file.execute(f"SELECT count(*) FROM {name}.people").fetchone()[0]
            for name in ("main", "b", "c")
        ]
    assert counts == [3, 4, 5]
    with closing(store_cipher.connect(c, None, attaches=True)) as file:
        store_cipher.attach(file, "a", str(a), one)
        assert file.execute("SELECT count(*) FROM a.people").fetchone()[0] == 3


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_cipher, "_engine", None)
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    assert not store_cipher.available()
    with pytest.raises(store_cipher.NoCipher, match="hikma-tui\\[encrypted\\]"):
        store_cipher.connect(":memory:", a_key())


def test_a_plain_file_needs_no_cipher(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from hikma_tui.store import Store\n"
        "Store.create(Path(sys.argv[1])).close()\n"
        "print([name for name in sys.modules if 'sqlcipher' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "s")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"


# What may open a file by itself: it has no patient in it, or says above itself why.
OPENS_BY_ITSELF = {
    "store/cipher.py",  # for both engines
    "store/speed.py",  # random bytes
    "codes/index.py",  # the list of diseases
    "store/outside.py",  # a copy that it knows to be plain
    "syncing/beside_worker.py",  # never of a ciphered store (sync_beside.start)
}


def test_every_other_file_is_opened_through_the_cipher() -> None:
    package = Path(store_cipher.__file__).parents[1]
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "sqlite3.connect(" in path.read_text(encoding="utf-8")
    }
    assert found <= OPENS_BY_ITSELF


@needs_cipher
def test_what_holds_for_a_plain_store_holds_for_a_ciphered_one() -> None:
    """A part of the tests, on ciphered stores; all of them: HIKMA_TUI_TEST_CIPHERED=1 ./run test"""
    if os.environ.get("HIKMA_TUI_TEST_CIPHERED") == "1":
        pytest.skip("all are ciphered in this run")
    words = [f"tests/unit/test_{name}.py" for name in ("store", "saving", "sync_spool")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *words],
        cwd=Path(__file__).parents[2], env={**os.environ, "HIKMA_TUI_TEST_CIPHERED": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


OTHER = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDWR)
try:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, (1 << 30) + 2)  # SQLite's shared lock
    print("free")
except OSError:
    print("locked")
"""


def test_the_locks_of_a_save_outlast_the_beginning_of_the_end(tmp_path: Path) -> None:
    """Reading the head of a file ends this process' locks on it: not while a save still runs."""
    store = Store.create(tmp_path / "clinic")
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        go_on.wait(30)

    saved = store.write(slow)
    assert begun.wait(30)
    closes = threading.Thread(target=store.close)
    closes.start()
    time.sleep(0.3)
    store_cipher.key_of(store.path)
    words = [sys.executable, "-c", OTHER, str(store.path)]
    other = subprocess.run(words, capture_output=True, text=True, check=False)
    go_on.set()
    closes.join(30)
    saved.result()
    assert other.stdout == "locked\n", other
