"""The command line under PINs: what asks, what does not, services, files that others can read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.unit.program import new_clinic, run

ASKS = (
    ("find", "x"), ("export",), ("undo",), ("users",), ("audit", "show", "x"), ("report", "x"),
    ("conflicts",), ("sync",), ("import", "-"),
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clinic whose Nora has the PIN 1234."""
    directory = new_clinic(tmp_path / "store")
    done = run("users", "pin", "Nora", "--new-pin-fd", "0", "--data-dir", directory, data="1234\n")
    assert done.returncode == 0, done.stderr
    assert "users recovery" in done.stderr
    return directory


def pin(place: Path, *words: str | Path, data: str = "1234\n") -> tuple[int, str, str]:
    done = run(*words, "--data-dir", place, "--pin-fd", "0", data=data)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", ASKS)
def test_what_reads_or_writes_patients_asks(place: Path, words: tuple[str, ...]) -> None:
    done = run(*words, "--data-dir", place)
    assert done.returncode == 77
    assert "locked with PINs" in done.stderr
    assert not done.stdout


def test_the_rest_does_not_ask(place: Path) -> None:
    for words in (["status"], ["check"], ["backup"], ["audit", "verify"], ["--version"]):
        end = [] if words == ["--version"] else ["--data-dir", str(place)]
        assert run(*words, *end).returncode == 0


def test_a_pin_lets_in_and_a_wrong_one_does_not(place: Path) -> None:
    assert pin(place, "find", "x")[0] == 0
    assert pin(place, "find", "x", data="١٢٣٤\r\n")[0] == 0
    for data in ("", "9999\n", "1234x\n"):
        code, out, said = pin(place, "find", "x", data=data)
        assert (code, out) == (77, "")
        assert "1234" not in said
    code, _out, said = pin(place, "find", "x")
    assert code == 77
    assert "Too many wrong tries" in said
    assert run("find", "x", "--pin-fd", "77", "--data-dir", place).returncode == 77


def test_a_service_acts_from_its_file_alone(place: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    code, _out, said = pin(place, "users", "service", "night", "--file", token)
    assert code == 0, said
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    secret = token.read_text().strip()
    assert run("export", "--service-file", token, "--data-dir", place).returncode == 0
    assert (place / "hikma.db").read_bytes() != b""
    assert not any(
        secret.encode() in path.read_bytes() for path in place.iterdir() if path.is_file()
    )
    token.chmod(0o640)
    done = run("export", "--service-file", token, "--data-dir", place)
    assert done.returncode == 77
    assert "chmod 600" in done.stderr
    token.chmod(0o600)
    assert "night" in pin(place, "users", "services")[1]
    assert pin(place, "users", "revoke", "night")[0] == 0
    assert run("export", "--service-file", token, "--data-dir", place).returncode == 77
    # Over a file that is there nothing is written.
    assert pin(place, "users", "service", "night", "--file", token)[0] != 0
    assert token.read_text().strip() == secret


def test_users_are_added_changed_and_removed(place: Path) -> None:
    code, out, _said = pin(place, "users", "add", "Omar", "--role", "provider")
    assert code == 0
    user_id = out.strip()
    code, out, _said = pin(
        place, "users", "flags", "Omar", "+can_delete_records", "-can_view_history"
    )
    assert "+can_delete_records" in out
    assert "-can_view_history" in out
    assert pin(place, "users", "flags", "Omar", "+nonsense")[0] == 2
    assert pin(place, "users", "rename", "Omar", "Omar B")[0] == 0
    code, out, _said = pin(place, "users", "list")
    assert user_id in out
    assert "no PIN" in out
    # Omar has no PIN: nobody acts as him, not with Nora's either.
    assert pin(place, "find", "x", "--user", "Omar B")[0] == 77
    assert pin(place, "users", "remove", "Omar B")[0] == 0
    assert pin(place, "users", "remove", "Nora")[0] == 1
    assert pin(place, "users", "lock-minutes", "٣")[0] == 0
    assert pin(place, "users", "lock-minutes", "1000")[0] == 1
