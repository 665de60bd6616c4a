"""A list of diseases as text: what a line may hold, and what is said of one that can't be used.

The first lines may say what the list is (``# title: ...``, ``# source:``, ``# version:``,
``# licence:``, ``# language:`` of the column ``label``). Then comes one line with the names of the
columns, then a line for each disease; columns are divided by tabs:

``system``, ``code``, ``label``; then, each if wanted: columns named by two letters of a language
with the label in it, ``synonyms`` (divided by ``|``), ``rank`` (1 is the most common).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hikma_tui.i18n import _

SYSTEMS = ("icd11", "icd10", "icd10cm", "snomed", "custom")
FACTS = ("title", "source", "version", "licence", "language")
LONGEST = 500  # letters of a label: the longest of WHO's has 228
_MOST_FAULTS = 20
_LEAST_RANK = 1_000_000  # of what has none
# A stem code of ICD-11 MMS: four places, the second a letter, the third a digit; no I, no O.
_ICD11 = re.compile(r"[0-9A-HJ-NP-Z][A-HJ-NP-Z][0-9][0-9A-HJ-NP-Z](\.[0-9A-HJ-NP-Z]{1,2})?")
_ICD11_EXTENSION = re.compile(r"X[A-HJ-NP-Z][0-9A-HJ-NP-Z]{2,4}|X[A-Z0-9]{3,6}")
_ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")
_SNOMED = re.compile(r"[1-9][0-9]{5,17}")
_SPREADSHEET = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\n|\r")
_LANGUAGE = re.compile(r"[a-z]{2}")


class BadList(ValueError):
    """A list that can't be used: ``lines`` are sentences, each with its line's number."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines[0])
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Row:
    """One disease of a list: ``labels`` by language, ``synonyms`` as (language or "", text)."""

    system: str
    code: str
    labels: dict[str, str]
    synonyms: tuple[tuple[str, str], ...] = ()
    rank: int = _LEAST_RANK


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole list: its facts (``FACTS``), the language of ``label``, its rows."""

    facts: dict[str, str]
    language: str
    rows: list[Row] = field(default_factory=list)


def shape_fault(system: str, code: str) -> str:
    """Why ``code`` can't be one of ``system``; "" when it can.

    ICD-11's shape is WHO's (features.md 6.4: 87 codes of upstream's list were damaged by a
    spreadsheet, such as ``2.00E+00`` for ``2E00``). An extension code says nothing alone.
    """
    if _SPREADSHEET.fullmatch(code):
        return _("{code} is a code that a spreadsheet made a number of").format(code=code)
    if system == "icd11" and not _ICD11.fullmatch(code):
        if _ICD11_EXTENSION.fullmatch(code):
            return _("{code} is an extension code, not a disease").format(code=code)
        return _("{code} is not a code of ICD-11").format(code=code)
    if system == "icd11" and code.startswith("X"):
        return _("{code} is an extension code, not a disease").format(code=code)
    if system in ("icd10", "icd10cm") and not _ICD10.fullmatch(code):
        return _("{code} is not a code of ICD-10").format(code=code)
    if system == "snomed" and not _SNOMED.fullmatch(code):
        return _("{code} is not a code of SNOMED CT").format(code=code)
    if system == "custom" and not 0 < len(code) <= 40:
        return _("a code has 1 to 40 letters")
    return ""


def read(text: str, check: bool = True) -> Listing:
    """The list that ``text`` is. BadList with a sentence for each line that can't be used.

    ``check`` off leaves out what has been checked when the list was made or loaded.
    """
    lines = enumerate(_LINE_END.split(text.removeprefix("\ufeff")), start=1)
    facts: dict[str, str] = {}
    columns: list[str] = []
    for number, line in lines:
        if line.startswith("#"):
            key, colon, value = line[1:].partition(":")
            if colon and key.strip().lower() in FACTS:
                facts[key.strip().lower()] = value.strip()[:LONGEST]
        elif line.strip():
            columns = [name.strip().lower() for name in line.split("\t")]
            _check_columns(number, columns)
            break
    if not columns:
        raise BadList([_("line {n}: {what}").format(n=1, what=_("the list is empty"))])
    language = facts.get("language", "en").lower()[:2]
    made = list(_rows(lines, columns, language) if check else _trusted(lines, columns, language))
    if not made:
        raise BadList([_("line {n}: {what}").format(n=1, what=_("the list is empty"))])
    return Listing(facts, language, made)


def not_utf8(content: bytes, place: int) -> str:
    """The sentence for a file whose letters at ``place`` are not UTF-8."""
    what = _("it is not written in UTF-8")
    return _("line {n}: {what}").format(n=content.count(b"\n", 0, place) + 1, what=what)


def _check_columns(number: int, columns: list[str]) -> None:
    faults = [
        _("there is no column {name}").format(name=name)
        for name in ("system", "code", "label")
        if name not in columns
    ]
    known = ("system", "code", "label", "synonyms", "rank")
    faults += [
        _("there is no use for the column {name}").format(name=name or '""')
        for name in columns
        if name not in known and not _LANGUAGE.fullmatch(name)
    ]
    if len(set(columns)) < len(columns):
        faults.append(_("two columns have one name"))
    if faults:
        raise BadList([_("line {n}: {what}").format(n=number, what=fault) for fault in faults])


def _rows(lines: Iterator[tuple[int, str]], columns: list[str], language: str) -> Iterator[Row]:
    """Each row, checked; BadList at the end if there was a fault."""
    faults: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            what = _("it has more cells than there are columns")
        else:
            cells += [""] * (len(columns) - len(cells))
            what = _row_fault(dict(zip(columns, cells, strict=False)))
        if not what:
            row = _row(cells, columns, language)
            before = seen.setdefault((row.system, row.code), number)
            if before == number:
                if not faults:
                    yield row
                continue
            what = _("{code} is already in line {n}").format(code=row.code, n=before)
        faults.append(_("line {n}: {what}").format(n=number, what=what))
        if len(faults) == _MOST_FAULTS:
            faults.append(_("and perhaps more"))
            break
    if faults:
        raise BadList(faults)


def _row_fault(cells: dict[str, str]) -> str:
    if cells["system"] not in SYSTEMS:
        known = ", ".join(SYSTEMS)
        return _("the system is one of {known}").format(known=known)
    fault = shape_fault(cells["system"], cells["code"].upper())
    if fault:
        return fault
    if not cells["label"]:
        return _("there is no label")
    if any(len(cell) > LONGEST for name, cell in cells.items() if name != "synonyms"):
        return _("a label has {n} letters at most").format(n=LONGEST)
    if not all(cell.isprintable() for cell in cells.values()):
        return _("there are signs in it that can't be shown")
    rank = cells.get("rank", "")
    if rank and not (rank.isascii() and rank.isdigit() and 0 < int(rank[:9]) < _LEAST_RANK):
        return _("a rank is a whole number from 1")
    return ""


def _trusted(lines: Iterator[tuple[int, str]], columns: list[str], language: str) -> Iterator[Row]:
    for _number, line in lines:
        if line.strip() and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("\t")]
            yield _row(cells + [""] * (len(columns) - len(cells)), columns, language)


def _row(cells: list[str], columns: list[str], language: str) -> Row:
    of = dict(zip(columns, cells, strict=False))
    labels = {language: of["label"]}
    for name in columns:
        if len(name) == 2 and of[name]:
            labels[name] = of[name]
    synonyms = tuple(("", one.strip()) for one in of.get("synonyms", "").split("|") if one.strip())
    code = of["code"] if of["system"] == "custom" else of["code"].upper()
    return Row(of["system"], code, labels, synonyms, int(of.get("rank") or _LEAST_RANK))


def read_common(text: str) -> dict[str, Row]:
    """Our own table of common diseases: ICD-11 code, the title it must have, words by language.

    Columns ``code``, ``title``, then one of synonyms (divided by ``|``) for each language; the
    order of the lines is the rank.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    languages = lines[0].split("\t")[2:]
    made = {}
    for rank, line in enumerate(lines[1:], start=1):
        code, title, *cells = line.split("\t")
        synonyms = tuple(
            (language, one.strip())
            for language, cell in zip(languages, cells, strict=False)
            for one in cell.split("|")
            if one.strip()
        )
        made[code] = Row("icd11", code, {"en": title}, synonyms, rank)
    return made
