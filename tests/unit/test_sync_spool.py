"""A pull is on the disk before it is anywhere else, and only a whole one stands there."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hikma_tui.store.errors import DiskFull
from hikma_tui.syncing import spool as sync_spool
from hikma_tui.syncing.shapes import Progress
from hikma_tui.syncing.spool import Deleted
from hikma_tui.syncing.values import Decoded, Decoder
from hikma_tui.wire.shapes import Kind, Trouble
from tests.unit.pulling import Bytes, body, child, clinic_body, patient


def fill(path: Path, text: bytes, **more: Any) -> sync_spool.Spool:
    named: dict[str, Any] = {"progress": lambda _p: None, "cancelled": lambda: False, **more}
    return sync_spool.fill(Bytes(text), Decoder("v3"), path, **named)


def test_all_rows_come_back_and_deletions_last(tmp_path: Path) -> None:
    one = patient(1)
    text = body({
        "patients": {"created": [one], "updated": [patient(2)], "deleted": ["A" * 36]},
        "visits": [child(1, one["id"])],
        "no_such_table": [{"id": "x"}],
    })  # fmt: skip
    path = tmp_path / "sync" / "pull.spool"
    spool = fill(path, text)
    items = list(spool.read())
    assert [type(item) for item in items] == [Decoded, Decoded, Decoded, Deleted]
    assert [item.table for item in items] == ["patients", "patients", "visits", "patients"]
    assert items[-1].rows == ["a" * 36]
    assert spool.counts == {"patients": 3, "visits": 1}
    assert (spool.timestamp, spool.bytes) == (1_795_000_000_000, len(text))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["pull.spool"]


def test_it_can_be_read_from_the_middle_and_by_another_process(tmp_path: Path) -> None:
    spool = fill(tmp_path / "x" / "spool", clinic_body(1200))
    frames = list(spool.frames())
    assert len(frames) > 6
    found = sync_spool.left(spool.path)
    assert found == spool
    assert found is not None
    assert [item.rows for item in found.read(frames[3][0])] == [i.rows for _a, i in frames[4:]]


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.GARBAGE, Kind.CANCELLED, Kind.TIMEOUT])
def test_of_anything_but_a_whole_body_nothing_is_left(tmp_path: Path, kind: Kind) -> None:
    text = clinic_body(300)
    path = tmp_path / "spool"
    fill(path, text)  # an older one does not stay either
    cuts = {Kind.CUT: text[:-9], Kind.GARBAGE: text[:-9] + b"],,,,,,,,,"}

    class Stalls(Bytes):
        def __iter__(self) -> Iterator[bytes]:
            yield self.text[:9000]
            raise Trouble(Kind.TIMEOUT)

    whole = cuts.get(kind, text)
    source = Stalls(whole) if kind is Kind.TIMEOUT else Bytes(whole)
    with pytest.raises(Trouble) as raised:
        sync_spool.fill(
            source, Decoder("v3"), path, progress=lambda _p: None,
            cancelled=lambda: kind is Kind.CANCELLED,
        )  # fmt: skip
    assert raised.value.kind is kind
    assert not list(tmp_path.glob("spool*"))


def test_a_full_disk_has_its_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    (tmp_path / "spool.part").symlink_to("/dev/full")
    # the link is replaced, never written through
    fill(path, clinic_body(3))
    assert not path.is_symlink()
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full")

    class Full(Bytes):
        def __iter__(self) -> Iterator[bytes]:
            yield self.text
            raise OSError(28, "No space left on device")

    with pytest.raises(DiskFull):
        sync_spool.fill(
            Full(b'{"success":true,'), Decoder("v3"), path, progress=lambda _p: None,
            cancelled=lambda: False,
        )  # fmt: skip
    assert not list(tmp_path.glob("spool*"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_spool_is_told_from_a_whole_one(tmp_path: Path, data: st.DataObject) -> None:
    spool = fill(tmp_path / "spool", clinic_body(40))
    text = bytearray(spool.path.read_bytes())
    at = data.draw(st.integers(0, len(text) - 1))
    if data.draw(st.booleans()):
        text[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del text[at:]
    spool.path.write_bytes(text)
    found = sync_spool.left(spool.path)
    if found is not None:  # the first bytes and the last are looked at before
        with pytest.raises(Trouble) as raised:
            list(found.read())
        assert raised.value.kind is Kind.STORE


def test_progress_says_bytes_rows_and_the_time_left(tmp_path: Path) -> None:
    told: list[Progress] = []
    fill(tmp_path / "spool", clinic_body(50), progress=told.append)
    assert told[-1].records == 200
    assert told[-1].bytes == len(clinic_body(50))
    assert json.dumps(told[-1].as_json())
