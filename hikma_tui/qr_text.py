"""A QR code as lines of text for a terminal: half blocks where the font has them, else spaces.

Pure. The payload is the bare text, and the error level M, as the portal's own code (wire.md A1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

QUIET = 4  # light modules around the code, as the standard wants; a phone reads it with 2 as well
_HALVES = (" ", "▀", "▄", "█")  # neither, upper, lower, both


class Cells(NamedTuple):
    """One line of a code: pieces of text, and whether each stands on a dark ground.

    Half blocks are dark on light; the wide form is all spaces, told apart by their ground alone.
    """

    pieces: tuple[tuple[str, bool], ...]


def modules(text: str, quiet: int = QUIET) -> list[list[bool]]:
    """The code of ``text``, line by line: True for a dark module. ValueError: nothing, too long."""
    import qrcode
    from qrcode.exceptions import DataOverflowError

    if not text:
        raise ValueError("nothing to show")
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=quiet)
    try:
        code.add_data(text, optimize=0)
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise ValueError("too long for a QR code") from error
    return [[bool(module) for module in line] for line in code.get_matrix()]


def half_blocks(found: Sequence[Sequence[bool]]) -> list[Cells]:
    """Two rows of modules in one line; dark ones are drawn, on a light ground."""
    lines = []
    for top in range(0, len(found), 2):
        below = found[top + 1] if top + 1 < len(found) else [False] * len(found[top])
        pairs = zip(found[top], below, strict=True)
        text = "".join(_HALVES[upper + 2 * lower] for upper, lower in pairs)
        lines.append(Cells(((text, False),)))
    return lines


def wide(found: Sequence[Sequence[bool]]) -> list[Cells]:
    """One row of modules in a line of twice as many spaces: for fonts without half blocks."""
    lines = []
    for row in found:
        pieces: list[tuple[str, bool]] = []
        for module in row:
            if pieces and pieces[-1][1] == module:
                pieces[-1] = (pieces[-1][0] + "  ", module)
            else:
                pieces.append(("  ", module))
        lines.append(Cells(tuple(pieces)))
    return lines


def lines(text: str, width: int, height: int, *, halves: bool = True) -> list[Cells] | None:
    """The code of ``text`` within so many cells; None where it doesn't fit.

    Without ``halves`` only spaces are used (the Linux console's fonts have no half blocks). The
    quiet zone is narrowed to 2 before a code is given up.
    """
    for quiet in (QUIET, 2):
        try:
            found = modules(text, quiet)
        except ValueError:
            return None
        made = half_blocks(found) if halves else wide(found)
        if len(made) <= height and len(found[0]) * (1 if halves else 2) <= width:
            return made
    return None


def half_blocks_work(term: str, encoding: str) -> bool:
    """Whether a terminal of that name and encoding can draw half blocks."""
    if term in ("linux", "dumb", ""):
        return False
    try:
        "".join(_HALVES).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
