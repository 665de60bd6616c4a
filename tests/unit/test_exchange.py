"""Lines of JSON: what is written, what is read, and how lines are taken from a pipe."""

from __future__ import annotations

import json
import os
import threading
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui.exchange.lines import BadLine, parsed, written
from hikma_tui.exchange.source import Line, Source

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(), VALUES))
def test_what_is_written_is_read_again(value: dict[str, Any]) -> None:
    assert parsed(written(value).encode()) == value


@given(st.text(alphabet=st.characters()))
def test_no_terminal_can_obey_what_is_written(text: str) -> None:
    shown = written({"name": text})
    assert json.loads(shown) == {"name": text}
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(shown) & set("\u200e\u200f\u061c\u202a\u202e\u2066\u2069")


def test_letters_of_every_script_stay_readable() -> None:
    assert written({"name": "محمد José"}) == '{"name": "محمد José"}'


def test_a_number_that_json_has_not_becomes_null() -> None:
    assert written({"a": [float("nan"), {"b": float("inf")}]}) == '{"a": [null, {"b": null}]}'


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense",
        b"[]",
        b'"text"',
        b"17",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"\\uDFFF": 1}',
        b'{"a": ' + b"[" * 65 + b"]" * 65 + b"}",
        b'{"a": ' + b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"a": 1} {"b": 2}',
        "\ufeff{}".encode("utf-16"),
    ],
)
def test_a_line_that_two_programs_could_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(BadLine):
        parsed(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),  # six characters, and no half one
        (b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}", None),
        (b' {"a" : 1.50} ', {"a": 1.5}),
    ],
)
def test_an_odd_line_that_means_one_thing_is_taken(raw: bytes, value: Any) -> None:
    found = parsed(raw)
    assert value is None or found == value


def _batches(data: bytes, most: int) -> list[list[Line]]:
    """The batches that a source gives of a pipe that holds ``data`` and is closed."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    source = Source(reading, longest=100)
    found = []
    while batch := source.batch(most):
        found.append(batch)
    os.close(reading)
    return found


def test_lines_of_every_ending_keep_their_numbers() -> None:
    data = b"\xef\xbb\xbfone\r\n\r\n  \ntwo\n\nlast"
    assert _batches(data, 3) == [[Line(1, b"one"), Line(4, b"two"), Line(6, b"last")]]


def test_a_line_that_is_too_long_is_known_by_its_number_alone() -> None:
    data = b"a\n" + b"x" * 60_000 + b"\nb\n" + b"y" * 101
    assert _batches(data, 9) == [[Line(1, b"a"), Line(2, None), Line(3, b"b"), Line(4, None)]]


def test_no_more_lines_than_asked_for() -> None:
    assert [len(batch) for batch in _batches(b"1\n2\n3\n4\n5\n", 2)] == [2, 2, 1]


@given(st.binary(max_size=400) | st.text("a\n ", max_size=300).map(str.encode), st.integers(1, 7))
def test_any_bytes_give_the_lines_they_hold(data: bytes, most: int) -> None:
    batches = _batches(data, most)
    assert all(len(batch) <= most for batch in batches)
    pieces = data.split(b"\n")
    kept = {
        number: piece.removeprefix(b"\xef\xbb\xbf" if number == 1 else b"").strip(b" \t\r")
        for number, piece in enumerate(pieces, start=1)
        if len(piece) <= 100
    }
    found = {line.number: line.raw for batch in batches for line in batch}
    assert {n: raw for n, raw in found.items() if raw is not None} == {
        n: raw for n, raw in kept.items() if raw
    }
    assert [n for n, raw in found.items() if raw is None] == [
        n for n, piece in enumerate(pieces, start=1) if len(piece) > 100
    ]


def test_a_line_is_given_out_while_the_pipe_stays_open() -> None:
    reading, writing = os.pipe()
    source = Source(reading)
    taken: list[list[Line]] = []
    thread = threading.Thread(target=lambda: taken.append(source.batch(200)))
    thread.start()
    os.write(writing, b"half of a li")
    time.sleep(0.05)
    assert not taken
    os.write(writing, b"ne\nand more")
    thread.join(5)
    assert taken == [[Line(1, b"half of a line")]]
    os.close(writing)
    assert source.batch(200) == [Line(2, b"and more")]
    assert source.batch(200) == []
    os.close(reading)
