"""What holds for every test: its own home, a plain terminal, no network, repeatable properties."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# In CI a property tries the same examples every time; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)

_LOOPBACK = ("127.", "::1", "localhost")


def _no_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection that would leave this machine."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise RuntimeError(f"a test tried to reach {address[0]}")


sys.addaudithook(_no_network)

CIPHERED = os.environ.get("HIKMA_TUI_TEST_CIPHERED") == "1"
"""Every store of every test is ciphered: what holds for a plain one holds for it."""
_PASSPHRASE = "a passphrase of the tests"


@pytest.fixture(autouse=True)
def ciphered_where_asked(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HIKMA_TUI_TEST_CIPHERED=1: stores are made ciphered, and tests read them so."""
    if not CIPHERED:
        return
    from hikma_tui.store import Store
    from hikma_tui.store import cipher as store_cipher

    key = store_cipher.derive(_PASSPHRASE, store_cipher._MARK + bytes(12) + bytes([10]))
    store_cipher.hold_key(key)
    monkeypatch.setenv("HIKMA_TUI_PASSPHRASE", _PASSPHRASE)
    plain, create = sqlite3.connect, Store.create.__func__  # type: ignore[attr-defined]

    def connect(path: Any, *arguments: Any, **named: Any) -> Any:
        file = Path(str(path).removeprefix("file://").partition("?")[0])
        if file.is_file() and store_cipher.is_ciphered(file):
            return store_cipher.connect(path, key, **named)
        return plain(path, *arguments, **named)

    monkeypatch.setattr(sqlite3, "connect", connect)
    monkeypatch.setattr(
        Store, "create", classmethod(lambda cls, folder, own=None: create(cls, folder, own or key))
    )


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home of its own, so that nothing can reach the user's clinic.

    Returns the directory that stands for the home; processes that the test starts inherit it.
    """
    home = tmp_path / "home"
    for name, place in (
        ("HOME", home),
        ("XDG_DATA_HOME", home / "data"),
        ("XDG_CONFIG_HOME", home / "config"),
        ("XDG_STATE_HOME", home / "state"),
        ("XDG_CACHE_HOME", home / "cache"),
    ):
        place.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(place))
    for name in ("HIKMA_TUI_DATA_DIR", "HIKMA_TUI_LANGUAGE", "LC_ALL", "LC_MESSAGES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (
        ("LANG", "C.UTF-8"),
        ("TERM", "xterm-256color"),
        ("TEXTUAL_ANIMATIONS", "none"),
        ("HIKMA_TUI_AUTOMATIC_COPIES", "0"),  # no process of its own behind a test's back
        ("TEXTUAL_SMOOTH_SCROLL", "0"),
    ):
        monkeypatch.setenv(name, value)
    return home
