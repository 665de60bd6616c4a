"""The body of a pull, row by row as its bytes come, in a few megabytes of memory.

Only the standard library's JSON is used: its C scanner reads one row at a time out of a text that
is filled up piece by piece. Nothing of a row is interpreted here, tables and columns are not known
here, and **no row counts before the ``Tail`` came**: a body that is cut or wrong in its last byte
is told only then.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hikma_tui.wire.shapes import Kind, Trouble

LONGEST = 32 << 20  # characters of one row; jsonb of a real form is a few thousand
SIZE = 100  # rows in a batch: a few hundred kilobytes, which stay in the processor's cache
_PIECE = 1 << 20  # bytes that are decoded at once
_LEAST = 1 << 18  # bytes that are gathered before it is tried again
_HELD = 2 << 20  # characters of rows that one batch may stand for
_NEAR = 16  # an error so near the end may come from the end: "tru", "\u00e", "-"
_LEVELS = 4  # what is skipped is walked so deep: body, tables, kinds, rows
_CUT_SHORT = re.compile(
    r"""t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\\|\\?u?[0-9a-fA-F]{0,4}|(?:\.[0-9]*)?(?:[eE][+-]?)?"""
)
_SPACE = re.compile(r"[ \t\n\r]*")

Kinds = Literal["created", "updated", "deleted"]
_KINDS: dict[str, Kinds] = {"created": "created", "updated": "updated", "deleted": "deleted"}


class Exact(float):
    """A number that has kept its digits: ``61.250`` is equal to 61.25 and remembers its zero."""

    __slots__ = ("text",)
    text: str


def _exact(text: str) -> Exact | str:
    number = Exact(text)
    if number - number != 0:  # 1e999 is valid JSON and no double: its text is all there is
        return text
    number.text = text
    return number


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


READER = json.JSONDecoder(parse_float=_exact, parse_constant=_constant)
"""Reads JSON as the wire has it: no NaN, no Infinity, and numbers with a point as ``Exact``."""

_scan: Callable[[str, int], tuple[Any, int]] = READER.scan_once  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one table: objects as they came (created, updated) or lower-case ids (deleted).

    What should be a row and is no object is passed on too: whoever decodes counts it.
    """

    table: str
    kind: Kinds
    rows: list[Any]


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a body that was whole: the server's own time in ms, its next ``last_pulled_at``.

    ``odd`` counts what stood among deleted ids and is no id.
    """

    timestamp: int
    odd: int = 0


class Others(Protocol):
    """Somebody who takes rows off the reader's hands."""

    def wanted(self) -> bool:
        """Whether to ask now."""

    def rows(self, table: str, first: bytes, more: Iterator[bytes]) -> Generator[Any, None, bytes]:
        """Given what follows a row, and what is still to come: yields what it makes of rows, and
        returns the bytes that it did not take.
        """


def batches(
    pieces: Iterable[bytes], size: int = SIZE, longest: int = LONGEST, others: Others | None = None
) -> Iterator[Any]:
    """The rows of a pull in the order they come, at most ``size`` at once, and at the end a Tail.

    ``longest`` is the most characters that one row may have. Unknown tables come too; kinds other
    than the three, other keys of the body and ``null`` in place of a table or a kind are skipped.
    What ``others`` yields, who may take rows (not deleted ones), comes in its place among them.

    Raises:
        Trouble: CUT where the body ends before its end; GARBAGE where it is not the JSON of a pull
            (wire.md A4, Part B), does not say ``success``, or has no ``timestamp``; and whatever
            ``pieces`` itself raises. Nothing else, whatever the bytes.
    """
    try:
        yield from _Body(pieces, size, longest, others).read()
    except RecursionError:
        raise _garbage("nested too deep") from None


def _garbage(detail: str) -> Trouble:
    return Trouble(Kind.GARBAGE, f"the pull's body: {detail}")


def run(text: str, at: int, most: int, longest: int = LONGEST) -> tuple[list[Any], int]:
    """The objects that follow a row at ``at``, at most so many, and the place behind the last."""
    rows: list[Any] = []
    scan = _scan
    try:
        while len(rows) < most:
            if text.startswith(",{", at):
                row, end = scan(text, at + 1)
            elif text.startswith(", {", at):
                row, end = scan(text, at + 2)
            else:
                break
            if end - at > longest:
                break
            rows.append(row)
            at = end
    except (ValueError, StopIteration):
        pass  # cut by the end of the text, or wrong: it is read again, slowly
    return rows, at


class _Pieces:
    """Pieces of at most ``_PIECE`` bytes; what was read too far can be put back."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._left: list[bytes] = []  # the next one is the last
        self._more = iter(pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self._left:
            self.back(next(self._more))
        return self._left.pop()

    def back(self, piece: bytes) -> None:
        """Let it come next."""
        cut = [piece[at : at + _PIECE] for at in range(0, len(piece), _PIECE)]
        self._left += cut[::-1]


class _Body:
    """One body: a text that is filled from behind, and a place in it."""

    def __init__(
        self, pieces: Iterable[bytes], size: int, longest: int, others: Others | None = None
    ) -> None:
        self.others = others
        self.bytes = _Pieces(pieces)
        self.decode = codecs.getincrementaldecoder("utf-8-sig")("strict").decode
        self.size, self.longest = max(size, 1), longest
        self.text, self.at, self.ended = "", 0, False
        self.timestamp: int | None = None
        self.odd, self.changed = 0, False
        self.gone = 0  # characters that are no longer in ``text``

    # The text

    def more(self) -> bool:
        """Put more text behind what is left, at least as much as that; False at the body's end."""
        if self.ended:
            return False
        left = self.text[self.at :]
        found, had, wanted = [left], 0, max(_LEAST, len(left))
        try:
            for piece in self.bytes:
                found.append(self.decode(piece))
                had += len(piece)
                if had >= wanted:
                    break
            else:
                self.ended = True
                self.decode(b"", True)
        except UnicodeDecodeError as error:
            if self.ended:
                raise Trouble(Kind.CUT, "the pull's body ends inside a character") from None
            raise _garbage(f"not UTF-8 ({error.reason})") from None
        self.gone += self.at
        self.text, self.at = "".join(found), 0
        return True

    def need(self) -> None:
        if not self.more():
            raise Trouble(Kind.CUT, "the pull's body ends before its end")

    def peek(self) -> str:
        """The next character that is no space; the place is at it."""
        while True:
            match = _SPACE.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            self.need()

    def value(self) -> Any:
        """The whole value that begins at the next character."""
        self.peek()
        while True:
            try:
                value, end = READER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                # Cut through by the end of what has come so far, or wrong?
                if error.msg.startswith("Unterminated"):
                    if self.ended:
                        raise Trouble(Kind.CUT, "the pull's body ends inside a text") from None
                elif error.pos < len(self.text) - _NEAR:
                    raise _garbage(error.msg) from None
                elif self.ended:
                    raise self.ending(error.pos) from None
            except ValueError as error:  # a constant that is no JSON, a number of 5,000 digits
                raise _garbage(str(error)[:80]) from None
            else:
                # A number goes on behind its end: "1" of "1.5", which is still to come.
                sure = end < len(self.text) - _NEAR or self.text[end - 1] in '}]"'
                if sure or self.ended:
                    if end - self.at > self.longest:
                        raise _garbage("a row too long")
                    self.at = end
                    return value
            if len(self.text) - self.at > self.longest:
                raise _garbage("a row too long")
            self.need()

    def ending(self, at: int) -> Trouble:
        """What is wrong at ``at``, near the end of a body that has ended: CUT if it could go on."""
        if _CUT_SHORT.fullmatch(self.text[at:].strip(" \t\n\r")):
            return Trouble(Kind.CUT, "the pull's body ends inside a value")
        return _garbage("not JSON at its end")

    # Objects and arrays that are walked through

    def keys(self) -> Iterator[str]:
        """The keys of the object that begins here. Whoever asks for the next has read the value."""
        self.expect("{")
        if self.peek() == "}":
            self.at += 1
            return
        while True:
            if self.peek() != '"':
                raise _garbage("no key where one belongs")
            key: str = self.value()
            self.expect(":")
            yield key
            if self.ends("}"):
                return

    def items(self) -> Iterator[None]:
        """Once for each item of the array that begins here, which the caller then reads."""
        self.expect("[")
        if self.peek() == "]":
            self.at += 1
            return
        while True:
            yield
            if self.ends("]"):
                return

    def expect(self, character: str) -> None:
        if self.peek() != character:
            raise _garbage(f"no {character} where one belongs")
        self.at += 1

    def ends(self, bracket: str) -> bool:
        found = self.peek()
        if found not in ("," + bracket):
            raise self.ending(self.at) if self.ended else _garbage("no comma where one belongs")
        self.at += 1
        return found == bracket

    def skip(self, level: int = 0) -> None:
        """Read a value that nobody wants, however large, as far as its parts are small."""
        found = self.peek()
        if level < _LEVELS and found == "{":
            for _key in self.keys():
                self.skip(level + 1)
        elif level < _LEVELS and found == "[":
            for _item in self.items():
                self.skip(level + 1)
        else:
            self.value()

    def empty(self) -> bool:
        """Whether ``null`` stands here; it is read then."""
        return self.peek() == "n" and self.value() is None

    # The pull

    def read(self) -> Iterator[Batch | Tail]:
        for key in self.keys():
            if key == "changes":
                self.changed = True
                for table in self.keys():
                    yield from self.table(table)
            elif key == "timestamp":
                self.stamp(self.value())
            elif key == "success":
                if self.value() is not True:
                    raise _garbage("success is not true")
            else:
                self.skip(1)
        while self.text[self.at :].strip(" \t\n\r") == "" and self.more():
            pass
        if self.text[self.at :].strip(" \t\n\r"):
            raise _garbage("more behind its end")
        if not self.changed or self.timestamp is None:
            raise _garbage("no changes" if not self.changed else "no timestamp")
        yield Tail(self.timestamp, self.odd)

    def stamp(self, value: Any) -> None:
        """Flask sends ``1795345970000.0``. Of two the older holds: asking twice harms nobody."""
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value):
            value = int(value)
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
        if not whole or not 0 <= value < 1 << 53:
            raise _garbage("no timestamp in milliseconds")
        self.timestamp = int(value) if self.timestamp is None else min(self.timestamp, int(value))

    def table(self, table: str) -> Iterator[Batch]:
        if self.empty():
            return
        for kind in self.keys():
            if self.empty():
                continue
            if kind in _KINDS:
                yield from self.rows(table, _KINDS[kind])
            else:
                self.skip(2)

    def rows(self, table: str, kind: Kinds) -> Iterator[Batch]:
        """The rows of one array; a batch ends at ``size`` rows or about two million characters."""
        rows: list[Any] = []
        held = 0
        for _item in self.items():
            self.peek()
            before = self.gone + self.at
            found = [self.value()]
            if self.text[self.at - 1] == "}":
                self.run(found, self.size - len(rows))
            held += self.gone + self.at - before
            rows += found if kind != "deleted" else self.ids(found)
            if len(rows) >= self.size or held > _HELD:
                yield Batch(table, kind, rows)
                rows, held = [], 0
                if kind != "deleted" and self.others is not None and self.others.wanted():
                    yield from self.given_away(table)
        if rows:
            yield Batch(table, kind, rows)

    def given_away(self, table: str) -> Iterator[Any]:
        """Let ``others`` take what follows, and go on with what they leave."""
        assert self.others is not None
        first = self.text[self.at :].encode() + self.pending()
        self.gone += self.at
        left = yield from self.others.rows(table, first, self.bytes)
        self.decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self.bytes.back(left)
        self.text, self.at, self.ended = "", 0, False

    def pending(self) -> bytes:
        """The beginning of a character whose end has not come."""
        decoder: codecs.IncrementalDecoder = self.decode.__self__  # type: ignore[attr-defined]
        return bytes(decoder.getstate()[0])

    def run(self, rows: list[Any], most: int) -> None:
        """Add the objects that follow in the text at hand, while all is plain: the fast way.

        It stops behind a whole object at the first thing that is not ``, {``; ``items`` and
        ``value`` see to that, and to whatever is wrong.
        """
        found, self.at = run(self.text, self.at, most - len(rows), self.longest)
        rows += found

    def ids(self, found: list[Any]) -> list[str]:
        """What of ``found`` can be an id, in lower case; the rest is counted."""
        ids = [item.lower() for item in found if isinstance(item, str) and item.isprintable()]
        self.odd += len(found) - len(ids)
        return ids
