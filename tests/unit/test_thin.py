"""Only what changed is sent, and the terminal shows the same as if all had been."""

from __future__ import annotations

import random
import tomllib
import zlib
from pathlib import Path

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hikma_tui.thin import Thin

COLUMNS, ROWS = 20, 5
LIMITS = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "benchmarks" / "limits.toml").read_text()
)


def shown(data: str) -> list[list[tuple[object, ...]]]:
    """Every cell of a terminal after ``data``, with its colours and attributes."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l" + data)
    cells = []
    for number in range(ROWS):
        row = []
        for column in range(COLUMNS):
            c = screen.buffer[number][column]
            blank = c.data == " " and not (c.underscore or c.reverse or c.strikethrough)
            look = (c.bg,) if blank else (c.fg, c.bg, c.bold, c.italics, c.underscore,
                                          c.strikethrough, c.reverse)  # fmt: skip
            row.append((c.data, *look))
        cells.append(row)
    return cells


words = st.text(alphabet="ab cd  éم界🙂\u0301", min_size=1, max_size=12)
styles = st.sampled_from(
    ["", "\x1b[1m", "\x1b[31m", "\x1b[1;4;32;44m", "\x1b[7m", "\x1b[38;5;200m", "\x1b[m",
     "\x1b[48;2;1;2;3m", "\x1b[22m", "\x1b[39;49m", "\x1b[0;3m", "\x1b[24m", "\x1b[9;91m"]
)  # fmt: skip


def strip(row: int, column: int, parts: list[tuple[str, str]]) -> str:
    """A piece of a line as Textual draws it: never beyond the line, never half a wide letter."""
    drawn, room = f"\x1b[{row};{column}H", COLUMNS - column + 1
    for style, text in parts:
        plain = "".join(" " if c in "界🙂\u0301" else c for c in text)[:room]
        drawn, room = drawn + style + plain, room - len(plain)
    return drawn + "\x1b[0m"


strips = st.builds(
    strip,
    st.integers(1, ROWS),
    st.integers(1, COLUMNS),
    st.lists(st.tuples(styles, words), min_size=1, max_size=4),
)
frames = st.lists(st.lists(strips, min_size=1, max_size=9).map("".join), min_size=1, max_size=6)


def cleared() -> str:
    """What an app draws first: all of it."""
    return "".join(f"\x1b[{row};1H\x1b[0m{' ' * COLUMNS}" for row in range(1, ROWS + 1))


@given(frames)
def test_the_terminal_shows_the_same(frames: list[str]) -> None:
    thin = Thin(COLUMNS, ROWS, cell_len)
    raw = sent = ""
    thin.write("\x1b[?7l")  # as Textual begins, and shown()
    for frame in [cleared(), *frames]:
        raw, sent = raw + frame, sent + thin.write(frame)
        assert shown(sent) == shown(raw)


def test_what_stands_there_already_is_not_sent_again() -> None:
    thin = Thin(COLUMNS, ROWS, cell_len)
    line = "\x1b[2;1H\x1b[1;31mHASSAN\x1b[0m Mohammed    "
    assert "HASSAN" in thin.write(line)
    assert len(thin.write(line)) < 8  # at most a move of the cursor
    changed = thin.write(line.replace("Mohammed", "Mohammad"))
    assert "a" in changed
    assert "HASSAN" not in changed
    assert len(changed) < 24


def test_wide_and_combined_letters_go_whole() -> None:
    thin = Thin(COLUMNS, ROWS, cell_len)
    raw = sent = ""
    for text in ("界界 e\u0301a  ", "界ab e\u0301b  ", "ab界 ea   "):
        frame = f"\x1b[1;1H{text}\x1b[0m"
        raw, sent = raw + frame, sent + thin.write(frame)
        assert [row[0] for row in shown(sent)[0]] == [row[0] for row in shown(raw)[0]]


def test_a_sequence_that_is_not_known_passes_and_nothing_is_taken_for_known() -> None:
    thin = Thin(COLUMNS, ROWS, cell_len)
    line = "\x1b[1;1Hone two"
    thin.write(line)
    assert "\x1b[2J" in thin.write("\x1b[2J")
    assert "one two" in thin.write(line)
    assert thin.write("\x1b]0;title\x07").startswith("\x1b]0;title\x07")
    assert "one" not in thin.write(line)  # a title changes no cell


def test_another_size_is_drawn_anew() -> None:
    thin = Thin(COLUMNS, ROWS, cell_len)
    thin.write("\x1b[1;1Hone")
    thin.resize(COLUMNS + 5, ROWS)
    assert "one" in thin.write("\x1b[1;1Hone")


@given(st.text(alphabet="\x1b[]0123456789;?Hmabc\x07\n\r\x00\x9b", max_size=40))
def test_any_characters_are_taken(data: str) -> None:
    thin = Thin(COLUMNS, ROWS, cell_len)
    thin.write(data)
    thin.write("\x1b[1;1Hone")


def lists_of_people() -> list[list[str]]:
    """What six letters in the search make of the list: 18 lines of 80 columns each time."""
    drawn = random.Random(6)
    given = ["Amina", "Mary", "Moussa", "Carlos", "Inés"]
    family = ["Haddad", "Diallo", "Jones", "Moyo"]
    return [
        [
            f"     {drawn.choice('FM')} {drawn.randint(1, 80):<2} y   "
            f"{drawn.randint(1940, 2026)}-{drawn.randint(1, 12):02}-{drawn.randint(1, 28):02}  "
            f"DM-{drawn.randint(1, 2000):04}  +{drawn.randint(10**10, 10**11)}  "
            f"{drawn.choice(given)} {drawn.choice(family)}".ljust(80)
            for _line in range(18)
        ]
        for _letter in range(6)
    ]


def packed(sent: list[str]) -> int:
    """Bytes through the one stream of ``ssh -C``, emptied after each; the first is not counted."""
    packing = zlib.compressobj(6)
    sizes = [
        len(packing.compress(part.encode()) + packing.flush(zlib.Z_SYNC_FLUSH)) for part in sent
    ]
    return sum(sizes[1:])


def test_a_list_painted_anew_packs_nearly_as_well_as_its_bare_text() -> None:
    thin, lists = Thin(80, 24, cell_len), lists_of_people()
    thin.write("\x1b[?7l")
    sent = [
        thin.write(
            "".join(f"\x1b[{row};1H\x1b[39;49m{line}\x1b[0m" for row, line in enumerate(a, 3))
        )
        for a in lists
    ]
    bare = packed(["\n".join(line.rstrip() for line in a) for a in lists])
    more = packed(sent) * 100 // bare - 100
    limit = LIMITS["bytes"]["list_packed_above_its_text"]
    assert more <= limit, f"{more} % above the bare text, {limit} % allowed"


def test_a_line_feed_leads_to_the_next_line_only_where_no_letter_can() -> None:
    """Terminals differ in the width of some letters; where lines wrap, one more may be begun."""
    thin = Thin(80, 24, cell_len)
    frames = ["".join(f"\x1b[{row};1H{name} {row}" for row in range(3, 8)) for name in ("é", "m")]
    assert "\n" not in thin.write(frames[0])
    thin.write("\x1b[?7l")
    assert thin.write(frames[1]).count("\r\n") == 4
    thin.write("\x1b[?7h")
    assert "\n" not in thin.write(frames[0])
