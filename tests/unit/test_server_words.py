"""Every code that a sync can tell has its sentence, and no sentence shows a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hikma_tui.clinic import server_words
from hikma_tui.syncing.shapes import Phase, Reason, State
from hikma_tui.wire.shapes import Kind

PACKAGE = Path(server_words.__file__).resolve().parents[1]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_sentence_for_every_trouble(kind: Kind) -> None:
    said = server_words.trouble(kind)
    assert said.endswith(".")
    assert "unexpected" not in said
    if kind not in (Kind.CANCELLED, Kind.NO_SERVER, Kind.NO_PASSWORD, Kind.BAD_TEXT):
        assert server_words.for_admin(kind) or kind in (Kind.PLAIN_HTTP,)


def test_the_wait_of_a_limit_is_said() -> None:
    assert "15 minutes" in server_words.trouble(Kind.LIMIT, 900)
    assert "1 minute." in server_words.trouble(Kind.LIMIT, 3)
    assert server_words.trouble("something new").endswith(".")


@pytest.mark.parametrize("code", [*State, "confirmed", "not_sent"])
def test_a_word_for_every_state(code: str) -> None:
    assert server_words.state(code)
    assert server_words.state(code) != "stays"


def test_a_sentence_for_every_reason_and_phase() -> None:
    unknown = server_words.reason("something new")
    for reason in Reason:
        assert server_words.reason(reason) != unknown
    assert "Phone, Sex." in server_words.reason("bad-row:phone,sex")
    assert "unknown" not in server_words.reason("bad-row:unknown")
    assert "twice" in server_words.reason("twice:patient_id,attribute_id")
    assert "Phone." in server_words.reason("unfit:phone,patient_id")
    assert "about" not in server_words.reason("unfit:")
    for phase in Phase:
        assert server_words.phase(phase) != phase


def test_a_sentence_for_every_notice_in_the_source() -> None:
    found: set[str] = set()
    for path in sorted([PACKAGE / "sync.py", *(PACKAGE / "syncing").glob("*.py")]):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'notices?\.append\(\s*"([a-z-]+)"', text))
        found |= set(re.findall(r'_notice\(\s*"([a-z-]+)"', text))
    assert "server-clock-back" in found
    for code in sorted(found):
        assert f"unknown: {code}" not in server_words.notice(code), code
    assert "unknown: never-heard" in server_words.notice("never-heard")


def test_what_a_run_ends_with() -> None:
    assert "2 records need you" in server_words.result(2, 5)
    assert "5 records are not confirmed" in server_words.result(0, 5)
    assert "All" in server_words.result(0, 0)
    assert "about 7 MB" in server_words.large(7_000_000)
    assert "nobody knows" in server_words.large(None)
    assert "10:04" in server_words.busy_since("10:04")
