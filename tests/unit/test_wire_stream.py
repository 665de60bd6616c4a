"""The body of a pull, whole, cut, wrong, and in pieces of any size."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui.wire import stream
from hikma_tui.wire.shapes import Kind, Trouble
from hikma_tui.wire.stream import Batch, Exact, Tail, batches

BODY = (
    '\n{ "success" :true, "x":[1.5e3,{"a":[true, null]}], "changes":{"patients":{"created":'
    '[{"id":"A\\u00e9\\ud83d\\ude00é😀 \\\\ \\"","n":-1.25e+10,"t":true,"f":false,"nn":null}, '
    '{"id":"b"},\n{"id":"c","d":61.250},{"id":"e"},7,"x",{"id":"\\u0000\\ud800"}],"updated":null,'
    '"deleted":["Q", 3,"r"]},"visits":null,"later":{"created":[[[[[[1]]]]]],"odd":{"a":[1.5]}},'
    '"events":{"updated":[],"deleted":[]}},"timestamp":1795345970000.0, "y":-0.5e1}\n'
).encode()


def read(body: bytes, step: int = 1 << 20, **options: Any) -> list[Batch | Tail]:
    return list(batches((body[at : at + step] for at in range(0, len(body), step)), **options))


def kind_of(body: bytes, step: int = 1 << 20) -> Kind | None:
    """What went wrong; None where nothing did. Any other exception is the test's failure."""
    try:
        read(body, step)
    except Trouble as trouble:
        return trouble.kind
    return None


def test_a_pull_is_read() -> None:
    found = read(BODY)
    assert [(b.table, b.kind, len(b.rows)) for b in found if isinstance(b, Batch)] == [
        ("patients", "created", 7),
        ("patients", "deleted", 2),
        ("later", "created", 1),
    ]
    first = found[0]
    assert isinstance(first, Batch)
    assert first.rows[0]["id"] == 'Aé😀é😀 \\ "'
    assert first.rows[4:6] == [7, "x"]  # no rows; whoever decodes them counts them
    assert isinstance(first.rows[2]["d"], Exact)
    assert first.rows[2]["d"] == 61.25
    assert first.rows[2]["d"].text == "61.250"
    assert found[1] == Batch("patients", "deleted", ["q", "r"])
    assert found[-1] == Tail(1795345970000, odd=1)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("least", [1, 5, 40])
def test_any_pieces_give_the_same(monkeypatch: pytest.MonkeyPatch, step: int, least: int) -> None:
    whole = read(BODY)
    monkeypatch.setattr(stream, "_LEAST", least)
    assert read(BODY, step) == whole


@pytest.mark.parametrize("least", [1, 1 << 18])
def test_a_body_cut_anywhere_is_cut(monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    monkeypatch.setattr(stream, "_LEAST", least)
    end = BODY.rindex(b"}")
    wrong = [at for at in range(end + 1) if kind_of(BODY[:at]) is not Kind.CUT]
    assert not wrong, [(at, BODY[max(at - 20, 0) : at], kind_of(BODY[:at])) for at in wrong]
    assert kind_of(BODY[: end + 1]) is None


def test_batches_are_small() -> None:
    rows = [{"id": str(number)} for number in range(1201)]
    body = json.dumps({"changes": {"visits": {"created": rows}}, "timestamp": 5}).encode()
    found = [len(b.rows) for b in read(body, size=500) if isinstance(b, Batch)]
    assert found == [500, 500, 201]
    wide = [{"id": str(number), "x": "y" * 300_000} for number in range(30)]
    body = json.dumps({"changes": {"visits": {"created": wide}}, "timestamp": 5}).encode()
    found = [len(b.rows) for b in read(body) if isinstance(b, Batch)]
    assert sum(found) == 30
    assert max(found) <= 14  # about two million characters and the text at hand


def test_a_long_row_is_read_and_a_longer_one_is_not() -> None:
    def body(length: int) -> bytes:
        rows = [{"id": "a"}, {"id": "b", "x": "y" * length}, {"id": "c"}]
        return json.dumps({"changes": {"visits": {"created": rows}}, "timestamp": 5}).encode()

    found = read(body(5_000_000), 65536)
    assert sum(len(b.rows) for b in found if isinstance(b, Batch)) == 3
    for step in (1 << 20, 1000):
        with pytest.raises(Trouble) as caught:
            read(body(400_000), step, longest=300_000)
        assert caught.value.kind is Kind.GARBAGE
    endless = (b'{"changes":{"a":{"created":["', *[b"y" * 65536] * 40)
    with pytest.raises(Trouble) as caught:
        list(batches(endless, longest=1_000_000))
    assert caught.value.kind is Kind.GARBAGE


def wrapped(text: str) -> bytes:
    return b'{"changes":{"patients":{"created":[' + text.encode() + b']}},"timestamp":17}'


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Sign in</body></html>",
        b"[object Object]",
        b"null",
        b"[]",
        b"{}",
        b'{"error":"Unauthorized"}',
        b'{"success":false,"changes":{},"timestamp":17}',
        b'{"changes":{},"timestamp":17,"success":false}',
        b'{"changes":{}}',
        b'{"timestamp":17}',
        b'{"changes":null,"timestamp":17}',
        b'{"changes":[],"timestamp":17}',
        b'{"changes":{"a":[]},"timestamp":17}',
        b'{"changes":{"a":{"created":{}}},"timestamp":17}',
        b'{"changes":{},"timestamp":null}',
        b'{"changes":{},"timestamp":true}',
        b'{"changes":{},"timestamp":"soon"}',
        b'{"changes":{},"timestamp":17.5}',
        b'{"changes":{},"timestamp":-17}',
        b'{"changes":{},"timestamp":1e300}',
        b'{"changes":{},"timestamp":1e999}',
        b'{"changes":{},"timestamp":17}{"changes":{},"timestamp":17}',
        b'{"changes":{},"timestamp":17} x',
        b'{"changes":{},,"timestamp":17}',
        b'{"changes":{},"timestamp":17,}',
        b"{'changes':{}}",
        b'{"changes":{"a":{"created":[{"id":"\xff"}]}},"timestamp":17}',
        b'{"changes":{"a":{"created":[{"id":"\xed\xa0\x80"}]}},"timestamp":17}',
        wrapped('{"id":"a" "b":1}') + b" " * 200_000,
        wrapped('{"id":"a"} {"id":"b"}'),
        wrapped('{"id":NaN}'),
        wrapped('{"id":-Infinity}'),
        wrapped('{"id":"line\nbreak"}'),
        wrapped('{"id":01}'),
        wrapped("[" * 100_000 + "]" * 100_000),
        wrapped('{"a":' * 100_000 + "1" + "}" * 100_000),
        wrapped("9" * 5000),
        ('{"x":' + "[" * 100_000).encode(),
    ],
)
def test_what_is_no_pull_is_garbage(body: bytes) -> None:
    assert kind_of(body) is Kind.GARBAGE
    assert kind_of(body, 1000) is Kind.GARBAGE


@pytest.mark.parametrize(
    ("body", "timestamp"),
    [
        (b'\xef\xbb\xbf{"changes":{},"timestamp":17}', 17),
        (b'{"timestamp":1795345970000.0,"changes":{}}', 1795345970000),
        (b'{"timestamp":"1795345970000","changes":{}}', 1795345970000),
        (b'{"timestamp":19,"changes":{},"timestamp":17,"changes":{"a":null}}', 17),
        (wrapped('{"id":"a","n":1e999}'), 17),
        (wrapped('{"id":"a","n":' + "9" * 4000 + "}"), 17),
    ],
)
def test_what_is_odd_and_still_a_pull(body: bytes, timestamp: int) -> None:
    assert read(body)[-1] == Tail(timestamp)


def test_the_trouble_of_the_line_comes_through() -> None:
    def pieces() -> Iterator[bytes]:
        yield BODY[:100]
        raise Trouble(Kind.TIMEOUT, "stalled")

    with pytest.raises(Trouble) as caught:
        list(batches(pieces()))
    assert caught.value.kind is Kind.TIMEOUT


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    assert kind_of(body) in {Kind.GARBAGE, Kind.CUT}


@settings(max_examples=400)
@given(st.integers(), st.integers(1, 40), st.integers(1, 300))
def test_any_mutation_of_a_pull(seed: int, times: int, step: int) -> None:
    """Bytes overwritten, cut out, doubled: garbage, cut, or a pull; never another exception."""
    dice = random.Random(seed)
    body = bytearray(BODY)
    for _time in range(times % 4 + 1):
        at = dice.randrange(len(body))
        what = dice.randrange(4)
        if what == 0:
            body[at] = dice.randrange(256)
        elif what == 1:
            body[at] = ord(dice.choice('{}[]",:\\ue-.0'))
        elif what == 2:
            del body[at : at + dice.randrange(1, 5)]
        else:
            body[at:at] = body[at : at + dice.randrange(1, 30)]
    first = kind_of(bytes(body))
    assert first in {None, Kind.GARBAGE, Kind.CUT}
    assert (kind_of(bytes(body), step) is None) == (first is None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150)
@given(
    st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=8),
    st.booleans(),
    st.sampled_from([None, 1, "\t"]),
    st.integers(1, 50),
)
def test_rows_come_as_json_has_them(
    rows: list[dict[str, Any]], ascii_only: bool, indent: int | str | None, step: int
) -> None:
    body = {"changes": {"events": {"updated": rows}}, "timestamp": 17}
    text = json.dumps(body, ensure_ascii=ascii_only, indent=indent)
    if not ascii_only and any("\ud800" <= c <= "\udfff" for c in text):
        return
    expected = json.loads(text)["changes"]["events"]["updated"]
    found = [row for b in read(text.encode(), step) if isinstance(b, Batch) for row in b.rows]
    assert found == expected
