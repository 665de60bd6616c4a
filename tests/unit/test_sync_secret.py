"""The password is kept only where it was said so, closed to others, and handed to no child."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hikma_tui.clinic import setup
from hikma_tui.store import Store
from hikma_tui.syncing import secret as sync_secret

SECRET = "Nurse:Päss كلمة 123"


def test_kept_and_forgotten(tmp_path: Path) -> None:
    assert sync_secret.kept(tmp_path) is None
    sync_secret.keep(tmp_path, SECRET)
    path = tmp_path / sync_secret.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sync_secret.kept(tmp_path) == SECRET
    sync_secret.keep(tmp_path, "another")
    assert sync_secret.kept(tmp_path) == "another"
    assert sync_secret.forget(tmp_path)
    assert not sync_secret.forget(tmp_path)
    assert sync_secret.kept(tmp_path) is None


def test_a_file_open_to_others_is_closed(tmp_path: Path) -> None:
    sync_secret.keep(tmp_path, SECRET)
    path = tmp_path / sync_secret.FILE_NAME
    path.chmod(0o644)
    assert sync_secret.kept(tmp_path) == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not ours")
    (tmp_path / sync_secret.FILE_NAME).symlink_to(elsewhere)
    assert sync_secret.kept(tmp_path) is None


def test_the_environment_has_it_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(sync_secret.ENVIRONMENT, SECRET)
    sync_secret.keep(tmp_path, "kept")
    assert sync_secret.found(tmp_path) == SECRET
    assert sync_secret.ENVIRONMENT not in os.environ
    assert sync_secret.found(tmp_path) == "kept"


def test_the_descriptor_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(sync_secret.ENVIRONMENT, "environment")
    reading, writing = os.pipe()
    os.write(writing, f"{SECRET}\nmore".encode())
    os.close(writing)
    assert sync_secret.found(tmp_path, reading) == SECRET
    assert sync_secret.ENVIRONMENT not in os.environ
    with pytest.raises(OSError, match="descriptor"):
        sync_secret.found(tmp_path, reading)  # closed by now


def test_no_copy_has_it(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "clinic")
    store.write(setup.create_clinic, "Al-Salam", "Nora").result()
    sync_secret.keep(store.directory, SECRET)
    copy = store.backup()
    store.close()
    assert SECRET.encode() not in copy.read_bytes()
    assert SECRET.encode() not in (store.directory / "hikma.db").read_bytes()
