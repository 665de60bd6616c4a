"""The list in use, with its index: which it is, made in the background, replaced when it changes.

One list is open per process. ``find`` waits a moment for an index that is being made, and answers
from the table of common diseases until it is there, so that nobody waits at a closed door.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hikma_tui.codes import Disease, finding, index, listing

OWN = "diseases.tsv"  # the clinic's own list, beside the records
_DATA = Path(__file__).resolve().parents[1] / "data"
SHIPPED = _DATA / "diseases.tsv"
COMMON = _DATA / "diseases_common.tsv"
_PATIENCE = 0.1  # seconds: an index that lies there is open by then, one to be made is not
_NAMED_PATIENCE = 0.02  # seconds: a form may have many codes to name, and the text has them too
_OLD = 3600  # seconds after which a half made index is nobody's
_COMMON_END = 100_000  # ranks below are of our table, or of the clinic's own list

_Signature = tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class _Open:
    """An open index. ``fault`` says why the clinic's own list is not the one in use."""

    signature: _Signature
    path: Path | None
    connection: sqlite3.Connection
    language: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What the list in use says of itself; ``own`` if it is the clinic's. Counts are by system."""

    path: Path
    own: bool
    facts: dict[str, str]
    counts: dict[str, int]
    languages: list[str]
    common: int
    fault: str


_changing = threading.Lock()  # held to change what is open, or which thread makes it
_asking = threading.Lock()  # held while the connection answers, or is closed
_open: _Open | None = None
_making: tuple[_Signature, threading.Thread] | None = None


def sources(directory: Path) -> tuple[Path, bool]:
    """The list's file, and whether it is the clinic's own."""
    own = directory / OWN
    return (own, True) if own.exists() else (SHIPPED, False)


def _signed(directory: Path) -> _Signature:
    """What the list is made of, without reading it: another size or time is another list."""
    signature = [(str(directory), 0, 0)]
    for path in (sources(directory)[0], COMMON):
        state = path.stat()
        signature.append((str(path), state.st_size, state.st_mtime_ns))
    return tuple(signature)


def prepare(directory: Path) -> None:
    """See to it that the index will be there; returns at once."""
    _current(directory, 0)


def ready(directory: Path) -> bool:
    """Whether the whole list answers; until then only the common diseases do."""
    return _open is not None and _open.signature == _signed(directory)


def find(
    directory: Path,
    text: str,
    limit: int,
    language: str,
    picked: dict[str, int] | None = None,
    *,
    patience: float | None = _PATIENCE,
) -> list[Disease]:
    """The diseases for what was typed, best first; the common ones alone until the list is ready.

    An index that turns out to be damaged is made anew.
    """
    for _try in range(2):
        current = _current(directory, patience)
        if current is None:
            break
        try:
            with _asking:
                answers = finding.find(current.connection, text, limit, language, picked)
        except (sqlite3.Error, index.Damaged, ValueError):
            _drop(current)
            continue
        return [
            _disease(answer.found, language, current.language, answer.text) for answer in answers
        ]
    if sources(directory)[1]:
        return []
    return _among_common(text, limit, language)


def named(directory: Path, code: str, system: str, language: str) -> Disease | None:
    """The disease of a code; None when the list does not have it.

    Until the index is there the text itself is looked through, which takes some milliseconds.
    """
    for _try in range(2):
        current = _current(directory, _NAMED_PATIENCE)
        if current is None:
            break
        try:
            with _asking:
                found = finding.named(current.connection, code, system)
        except (sqlite3.Error, index.Damaged, ValueError):
            _drop(current)
            continue
        return None if found is None else _disease(found, language, current.language, "")
    return _in_text(directory, code.strip(), system, language)


def _in_text(directory: Path, code: str, system: str, language: str) -> Disease | None:
    lines = sources(directory)[0].read_text(encoding="utf-8-sig").splitlines()
    columns = next((i for i, line in enumerate(lines) if line and not line.startswith("#")), 0)
    head = lines[: columns + 1]
    wanted = code.casefold()
    for line in lines[columns + 1 :]:
        if wanted not in line.casefold():
            continue
        try:
            listed = listing.read("\n".join([*head, line]))
        except listing.BadList:
            continue
        row = listed.rows[0]
        if row.system == system and row.code in (code, code.upper()):
            found = index.Found(0, row.system, row.code, False, row.labels, list(row.synonyms))
            return _disease(found, language, listed.language, "")
    return None


def _disease(found: index.Found, language: str, own: str, text: str) -> Disease:
    title = found.labels.get(own) or next(iter(found.labels.values()))
    label = found.labels.get(language) or title
    return Disease(found.code, label, found.system, "" if text == label else text, title)


def close() -> None:
    """Close what is open; the next search opens it again."""
    if _open is not None:
        _drop(_open, damaged=False)


# -- making and opening --------------------------------------------------------------------------


def _current(directory: Path, patience: float | None) -> _Open | None:
    """The open index of the list as it is now; None when it is not made within the patience."""
    global _making
    signature = _signed(directory)
    with _changing:
        if _open is not None and _open.signature == signature:
            return _open
        if _making is None or _making[0] != signature or not _making[1].is_alive():
            thread = threading.Thread(
                target=_make, args=(directory, signature), name="diseases", daemon=True
            )
            _making = (signature, thread)
            thread.start()
        worker = _making[1]
    worker.join(patience)
    with _changing:
        return _open if _open is not None and _open.signature == signature else None


def _make(directory: Path, signature: _Signature) -> None:
    """Open the index of the list, which is made unless it lies there sound."""
    global _open
    fault = ""
    path, own = sources(directory)
    try:
        try:
            made = _made(directory, path, own)
        except (listing.BadList, UnicodeDecodeError, OSError) as error:
            if not own:
                raise
            fault = str(error)
            made = _made(directory, SHIPPED, False)
    except Exception:
        return  # a thread's traceback would spoil the screen; the next search tries again
    place, connection = made
    language = connection.execute("SELECT language FROM about").fetchone()[0]
    with _changing, _asking:
        if _open is not None:
            _open.connection.close()
        _open = _Open(signature, place, connection, language, fault)


def _made(directory: Path, path: Path, own: bool) -> tuple[Path | None, sqlite3.Connection]:
    text, common = path.read_bytes(), COMMON.read_bytes()
    content = hashlib.sha256(b"%d\n%d\n" % (index.FORMAT, len(text)) + text + common).hexdigest()
    place = directory / f"codes-{content[:16]}.db"
    if place.exists():
        try:
            return place, index.opened(place)
        except (sqlite3.Error, index.Damaged):
            with suppress(OSError):
                place.unlink()
    listed = _listed(text.decode("utf-8-sig"), common.decode(), check=own)
    try:
        index.build_file(place, listed.rows, listed.language, _COMMON_END)
        _tidy(directory, place)
        return place, index.opened(place)
    except (OSError, sqlite3.Error, index.Damaged):  # no room, or not ours to write
        return None, index.built_in_memory(listed.rows, listed.language, _COMMON_END)


def _listed(text: str, common: str, *, check: bool) -> listing.Listing:
    """The list, with the synonyms and ranks of our table at the ICD-11 codes that it has."""
    listed = listing.read(text, check)
    extra = listing.read_common(common)
    rows = []
    for row in listed.rows:
        known = extra.get(row.code) if row.system == "icd11" else None
        if known is not None:
            synonyms = tuple(dict.fromkeys((*row.synonyms, *known.synonyms)))
            rank = min(row.rank, known.rank)
            row = listing.Row(row.system, row.code, row.labels, synonyms, rank)
        rows.append(row)
    return listing.Listing(listed.facts, listed.language, rows)


def _tidy(directory: Path, keep: Path) -> None:
    """Take away the indexes of lists that are no longer used, and what a power cut left half made.

    A program that has an old one open reads on: on POSIX the file lives until it is closed.
    """
    with suppress(OSError):
        for path in directory.glob("codes-*.db*"):
            half = ".new-" in path.name
            if path != keep and (not half or time.time() - path.stat().st_mtime > _OLD):
                path.unlink(missing_ok=True)


def _drop(current: _Open, *, damaged: bool = True) -> None:
    global _open
    with _changing, _asking:
        if _open is current:
            _open = None
            current.connection.close()
            if damaged and current.path is not None:
                with suppress(OSError):
                    current.path.unlink(missing_ok=True)


# -- the common ones, before the list is ready ---------------------------------------------------

_common: sqlite3.Connection | None = None


def _among_common(text: str, limit: int, language: str) -> list[Disease]:
    """The answer of the table of common diseases alone (English titles); made in milliseconds."""
    global _common
    with _asking:
        if _common is None:
            rows = listing.read_common(COMMON.read_text(encoding="utf-8")).values()
            _common = index.built_in_memory(rows, "en", _COMMON_END)
        answers = finding.find(_common, text, limit, language)
    return [_disease(answer.found, language, "en", answer.text) for answer in answers]


# -- the clinic's own list -----------------------------------------------------------------------


def load(directory: Path, content: bytes) -> listing.Listing:
    """Put the clinic's own list in the place of the one in use. BadList, OSError; then nothing is.

    The file is written beside its place and renamed into it (0600).
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise listing.BadList([listing.not_utf8(content, error.start)]) from error
    listed = listing.read(text)
    own = directory / OWN
    writing = own.with_name(f"{OWN}.new-{os.getpid()}")
    writing.unlink(missing_ok=True)
    descriptor = os.open(writing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        writing.rename(own)
    except BaseException:
        writing.unlink(missing_ok=True)
        raise
    return listed


def reset(directory: Path) -> bool:
    """Use the list that comes with the program again; False when it was in use already. OSError."""
    own = directory / OWN
    if not own.exists():
        return False
    own.unlink()
    return True


def shipped_codes() -> frozenset[str]:
    """The ICD-11 codes of the list that comes with this program, read from its text."""
    rows = listing.read(SHIPPED.read_text(encoding="utf-8"), check=False).rows
    return frozenset(row.code for row in rows if row.system == "icd11")


def about(directory: Path) -> About:
    """What the list in use is, read from its text. OSError, BadList if the shipped one is bad."""
    path, own = sources(directory)
    common = COMMON.read_text(encoding="utf-8")
    fault = ""
    try:
        listed = _listed(path.read_text(encoding="utf-8-sig"), common, check=own)
    except (OSError, UnicodeDecodeError, listing.BadList) as error:
        if not own:
            raise
        path, own, fault = SHIPPED, False, str(error)
        listed = _listed(path.read_text(encoding="utf-8-sig"), common, check=False)
    counts: dict[str, int] = {}
    for row in listed.rows:
        counts[row.system] = counts.get(row.system, 0) + 1
    languages = sorted({language for row in listed.rows for language in row.labels})
    ranked = sum(row.rank < _COMMON_END for row in listed.rows)
    return About(path, own, listed.facts, counts, languages, ranked, fault)
