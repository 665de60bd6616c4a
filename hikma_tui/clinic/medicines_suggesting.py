"""Names of medicines that begin as what is typed: of the form, this clinic, the catalogue.

Fast enough for every key: what the clinic writes is counted a little at each question, the newest
events first, and kept in memory; nothing of it is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hikma_tui import medicines
from hikma_tui.forms.data import items_of
from hikma_tui.forms.entries import entries_of
from hikma_tui.forms.json import text_of
from hikma_tui.medicines.wording import value_text
from hikma_tui.models import connection
from hikma_tui.names import fold

_AT_ONCE = 60  # events looked at for one key: about 3 ms
_MOST = 3000  # events that are counted in all
_LONGEST = 80  # letters of a name that is offered


@dataclass
class _Written:
    """What the newest events of one store hold: how often each name, and as it was written last."""

    counts: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    newest: int = -1  # the pks from oldest to newest are counted
    oldest: int = -1
    seen: int = 0


_of_store: dict[str, _Written] = {}
_catalogues: dict[str, tuple[tuple[object, ...], list[str]]] = {}


def suggestions(text: str, options: Sequence[str], limit: int = 8) -> list[str]:
    """Names for ``text``, at most ``limit``: those of ``options`` first, then what this clinic
    writes most, then the drug catalogue. Each typed word begins a word of the name, folded; names
    whose first word it is come first. For any of the store's threads.
    """
    typed = fold(text).split()
    first: dict[str, str] = {}
    other: dict[str, str] = {}
    for name in _candidates(options):
        folded = fold(name)
        words = folded.split()
        if not words or folded in first or folded in other:
            continue
        if not all(any(word.startswith(part) for word in words) for part in typed):
            continue
        into = first if not typed or words[0].startswith(typed[0]) else other
        into[folded] = name
        if len(first) >= limit:
            break
    return [*first.values(), *other.values()][:limit]


def _candidates(options: Sequence[str]) -> Iterator[str]:
    yield from options
    written = _written()
    for key, _count in written.counts.most_common():
        yield written.names[key]
    yield from _catalogue()


def _store() -> str:
    return str(connection().execute("PRAGMA database_list").fetchone()[2])


def _written() -> _Written:
    """What was counted so far, and a little more."""
    written = _of_store.setdefault(_store(), _Written())
    row = connection().execute("SELECT pk FROM live_events ORDER BY pk DESC LIMIT 1").fetchone()
    top = row[0] if row and row[0] is not None else 0
    if written.newest < 0:
        written.newest, written.oldest = top, top + 1
    if top > written.newest:
        upto = min(top, written.newest + _AT_ONCE)
        _count(written, written.newest + 1, upto)
        written.newest = upto
    elif written.oldest > 1 and written.seen < _MOST:
        since = max(1, written.oldest - _AT_ONCE)
        _count(written, since, written.oldest - 1)
        written.oldest = since
    return written


def _count(written: _Written, first: int, last: int) -> None:
    rows = connection().execute(
        "SELECT form_data FROM live_events WHERE pk BETWEEN ? AND ?"
        " AND instr(form_data, 'medicine') ORDER BY pk DESC",
        (first, last),
    )
    written.seen += last - first + 1
    for (data,) in rows.fetchall():
        for item in items_of(data):
            if text_of(item.get("fieldType")) != "medicine":
                continue
            for entry in entries_of(item.get("value"), medicine=True):
                name = value_text(entry.get("name"))
                key = medicines.substance(name)
                if key and len(name) <= _LONGEST:
                    written.counts[key] += 1
                    written.names.setdefault(key, name)


def _catalogue() -> list[str]:
    """The active drugs of the catalogue, with their strength; read again when it has changed."""
    store = _store()
    mark = connection().execute(
        "SELECT count(*), max(updated_at), max(change_seq) FROM live_drug_catalogue"
    ).fetchone()  # fmt: skip
    known = _catalogues.get(store)
    if known is not None and known[0] == tuple(mark):
        return known[1]
    rows = connection().execute(
        "SELECT generic_name, brand_name, dosage_quantity, dosage_units, is_active"
        " FROM live_drug_catalogue ORDER BY generic_name, pk"
    )
    names = []
    for generic, brand, quantity, units, active in rows.fetchall():
        if active in (0, False):
            continue
        amount = str(quantity or "")
        if "." in amount:  # the wire pads: "5.0000"
            amount = amount.rstrip("0").rstrip(".")
        strength = f" {amount} {units}" if amount not in ("", "0") and units else ""
        for name in (generic, brand):
            if name and str(name).strip():
                names.append(" ".join(f"{name}{strength}".split()))
    names = list(dict.fromkeys(names))
    _catalogues[store] = (tuple(mark), names)
    return names
