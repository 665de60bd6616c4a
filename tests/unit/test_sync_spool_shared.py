"""A large pull that is decoded by two processes comes out as if one had read it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.syncing import spool as sync_spool
from hikma_tui.syncing import spool_shared as sync_spool_shared
from hikma_tui.syncing.spool import Spool
from hikma_tui.syncing.spool_shared import Helper
from hikma_tui.syncing.values import Decoded, Decoder
from hikma_tui.wire.shapes import Kind, Trouble
from tests.unit.pulling import STAMP, Bytes, clinic_body, nothing_left, patient


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """For bodies of this size, too; on any machine."""
    monkeypatch.setattr(sync_spool_shared, "LEAST", 0)
    monkeypatch.setattr(sync_spool_shared, "_SIZE", 20_000)
    monkeypatch.setattr(sync_spool, "room", lambda: True)


class Filled:
    """What came of a body."""

    def __init__(self, directory: Path, text: bytes, shared: bool, piece: int = 7001) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if not shared:
                patch.setattr(sync_spool_shared, "LEAST", 1 << 60)
            self.decoder = Decoder("v3", 21)
            path = directory / sync_spool.FILE_NAME
            self.spool: Spool = sync_spool.fill(
                Bytes(text, piece), self.decoder, path,
                progress=lambda _p: None, cancelled=lambda: False,
            )  # fmt: skip
        self.rows: dict[tuple[str, Any], list[Any]] = {}
        for item in self.spool.read():
            columns = item.columns if isinstance(item, Decoded) else None
            self.rows.setdefault((item.table, columns), []).extend(item.rows)

    def everything(self) -> Any:
        spool, decoder = self.spool, self.decoder
        return (
            self.rows, spool.counts, spool.timestamp, spool.bytes, spool.odd,
            decoder.hours, decoder.skipped, decoder.replaced,
        )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables of the pieces that the helper was given."""
    tables: list[str] = []
    ask = Helper.ask

    def noted(self: Helper, table: str, piece: bytes) -> bool:
        tables.append(table)
        return ask(self, table, piece)

    monkeypatch.setattr(Helper, "ask", noted)
    return tables


def odd_body() -> bytes:
    """Rows of every kind that the short way could stumble over."""
    nested = [{"id": "x", "name": '},{"id":"no row"}'}, {"id": "y", "options": [{"id": "z"}]}]
    rows: list[Any] = [patient(n) for n in range(700)]
    rows[50] |= {"new column": 5, "given_name": 'quoted },{"id": \\" {', "surname": "آمال é"}
    rows[90] = "no row"
    rows[95] = {"id": "", "given_name": "without an id"}
    rows[120] |= {"surname": "a\x00b", "date_of_birth": "1990-05-16T22:00:00.000Z"}
    rows[300] |= {"additional_data": {"long": "x" * 60_000}}
    forms = [
        {"id": f"form{n}", "name": "F", "form_fields": nested, "created_at": STAMP}
        for n in range(300)
    ]
    changes = {
        "patients": {"created": rows, "updated": [patient(3, camp="B")] * 300, "deleted": ["a"]},
        "event_forms": {"created": forms, "updated": None, "deleted": []},
        "unheard_of": {"created": [{"id": str(n), "text": "x" * 200} for n in range(400)]},
        "clinics": {"updated": [{"id": f"c{n}", "name": "C"} for n in range(900)]},
    }
    text = {"success": True, "changes": changes, "timestamp": 1_795_000_000_000}
    return json.dumps(text, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("piece", [64, 7001, 1 << 20])
@pytest.mark.parametrize("make", [lambda: clinic_body(600), odd_body])
def test_it_is_as_if_one_process_had_read_it(
    tmp_path: Path, asked: list[str], make: Callable[[], bytes], piece: int
) -> None:
    text = make()
    shared = Filled(tmp_path / "shared", text, True, piece).everything()
    assert len(asked) > 3
    assert shared == Filled(tmp_path / "alone", text, False).everything()


def test_a_helper_that_is_killed_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    ask = Helper.ask

    def kill(self: Helper, table: str, piece: bytes) -> bool:
        given = ask(self, table, piece)
        if self._process is not None and table == "visits":
            killed.append(self._process.pid)
            os.kill(self._process.pid, signal.SIGKILL)
        return given

    monkeypatch.setattr(Helper, "ask", kill)
    text = clinic_body(600)
    shared = Filled(tmp_path / "shared", text, True).everything()
    assert killed
    assert shared == Filled(tmp_path / "alone", text, False).everything()


def test_one_that_can_not_be_started_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_module: str) -> Any:
        raise OSError

    monkeypatch.setattr(sync_spool_shared, "spawn", refused)
    text = clinic_body(300)
    shared = Filled(tmp_path / "shared", text, True).everything()
    assert shared == Filled(tmp_path / "alone", text, False).everything()


@pytest.mark.parametrize("share", [0.3, 0.5, 0.77, 0.999])
def test_what_is_cut_or_wrong_leaves_nothing(
    tmp_path: Path, asked: list[str], share: float
) -> None:
    text = clinic_body(600)
    at = int(len(text) * share)
    for bad in (text[:at], text[:at] + b"\x00\xff" + text[at:]):
        with pytest.raises(Trouble) as caught:
            Filled(tmp_path, bad, True)
        assert caught.value.kind in (Kind.CUT, Kind.GARBAGE)
        assert nothing_left(tmp_path)
    assert asked


def test_rows_that_look_like_more_are_not_asked_for_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the short way fails each time it is hardly tried: else all would be read again."""
    tried: list[str] = []
    rows = sync_spool_shared.Sharing.rows

    def noted(self: Any, table: str, first: bytes, more: Iterator[bytes]) -> Any:
        tried.append(table)
        return rows(self, table, first, more)

    monkeypatch.setattr(sync_spool_shared.Sharing, "rows", noted)
    monkeypatch.setattr(sync_spool_shared, "_SIZE", 5000)  # less than a row
    inner = [{"id": f"i{n}", "x": 1} for n in range(600)]
    forms = [{"id": f"form{n}", "name": "F", "form_fields": inner} for n in range(2000)]
    text = json.dumps(
        {"success": True, "changes": {"event_forms": {"created": forms}}, "timestamp": 1},
        separators=(",", ":"),
    ).encode()
    shared = Filled(tmp_path / "shared", text, True)
    assert len(tried) < 12
    assert shared.spool.counts == {"event_forms": 2000}
