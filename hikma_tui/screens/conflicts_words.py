"""Conflicts in words: what each kind is, a line of the list, a field with both its values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hikma_tui.clinic.conflicts import FieldPair, OpenConflict
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days import age_text
from hikma_tui.i18n import _
from hikma_tui.screens import sync_words as words
from hikma_tui.screens.identity import birth_of, listed_name, sex_letter
from hikma_tui.text import cell_width, fit
from hikma_tui.widgets.row_list import Info, Line, Row

EDIT, DELETED_THERE, DELETED_HERE = "edit", "deleted_there", "deleted_here"
DIFFERS, SUGGESTION = "differs", "suggestion"
OURS, THEIRS, BOTH = "ours", "theirs", "both"

_WHAT = 24
_WHEN = 13
_CHOICE = 8
_LABEL = 18
_LEAST_COLUMN = 16
_WIDE = 70


def kind_text(kind: str) -> str:
    """What happened, in a few words."""
    return {
        EDIT: _("changed in two places"),
        DELETED_THERE: _("deleted on the server, with unsent work here"),
        DELETED_HERE: _("deleted here, and changed on the server since"),
        DIFFERS: _("the server keeps it differently"),
        SUGGESTION: _("an old change, from a copy of these records"),
    }.get(kind, kind)


def kind_means(kind: str) -> str:
    """What it means, and what the two choices do."""
    first = {
        EDIT: _("Neither value goes over the other until you choose. Both show on the patient."),
        DIFFERS: _("It was sent, and the server altered it."),
        SUGGESTION: _("It was never sent from that copy."),
    }.get(kind, "")
    parts = (first, choice_means(kind, OURS), choice_means(kind, THEIRS))
    return " ".join(part for part in parts if part)


def choice_means(kind: str, choice: str) -> str:
    """What a choice does with the record; "" where that needs no words."""
    ours, theirs = {
        DELETED_THERE: (
            _(
                "Keep here: it is brought back on the server, or goes there as a new record where"
                " that can't be."
            ),
            _("Take the server's: it is deleted here too, with what hangs on it."),
        ),
        DELETED_HERE: (
            _("Keep here: it stays deleted, and is deleted on the server."),
            _("Take the server's: it is back, as the server has it."),
        ),
        DIFFERS: (
            _("Keep here: it is sent once more."),
            _("Take the server's: it becomes the same here."),
        ),
        SUGGESTION: (_("Keep here: it is sent."), _("Take the server's: it is forgotten.")),
    }.get(kind, ("", ""))
    return ours if choice == OURS else theirs


def choice_text(choice: str | None) -> str:
    """What was chosen, as it stands beside the field."""
    return {OURS: _("here"), THEIRS: _("server"), BOTH: _("both")}.get(choice or "", "?")


def sides(one: OpenConflict, clock: words.Clock) -> list[str]:
    """Who changed it where, and when; and that the two times can't be compared."""
    said = []
    for side, name, at in (
        (_("Here"), one.ours_by, one.ours_at), (_("Server"), one.theirs_by, one.theirs_at),
    ):  # fmt: skip
        who = ", ".join(part for part in (name, clock(at) if at else "") if part)
        if who:
            said.append(f"{side}: {who}.")
    known = ["  ".join(said)] if said else []
    if one.ours_at and one.theirs_at:
        known.append(_("The two times come from two clocks."))
    return known


def outcome_text(code: str) -> str:
    """What becomes of the record, by the code of ``conflicts.resolve``; "" for the usual."""
    return {
        "revived": _("it is brought back on the server with the next sync"),
        "copied": _("it goes to the server as a new record"),
        "stays": _("it stays on this computer"),
        "gone": _("deleted here too"),
        "deleted": _("it is deleted on the server with the next sync"),
        "back": _("it is back"),
    }.get(code, "")


def chosen_text(pair: FieldPair, choice: str) -> str:
    """``How to take it: 5 mg (here)``, to be looked at once more."""
    value = {OURS: pair.ours, THEIRS: pair.theirs}.get(choice, f"{pair.theirs} {pair.ours}")
    return f"{pair.label}: {value or _('(empty)')} ({choice_text(choice)})"


def list_row(one: OpenConflict, today: date, clock: words.Clock, width: int) -> Row:
    """Record, when it was found, whose (the name last: decisions.md 37)."""
    wide = width >= _WIDE
    cells = fit(one.label, _WHAT if wide else 12)
    if wide:
        cells += " " + fit(clock(one.found_at), _WHEN)
    if one.patient is None:
        return Row(str(one.pk), cells)
    # Of the facts about the patient the birth date has no room here: the next screen has it.
    about = fit(short(one.patient, today), 18 if wide else 12)
    return Row(str(one.pk), f"{cells} {about}", listed_name(one.patient))


def short(card: PatientCard, today: date) -> str:
    """Sex, age and number: what tells two of one name apart in a narrow row."""
    parts = [sex_letter(card.sex), age_text(birth_of(card), today), card.external_patient_id]
    return " ".join(part for part in parts if part)


def columns(width: int) -> int:
    """Cells for each of the two values beside each other; 0 where they stand below each other."""
    room = (width - 4 - _CHOICE - _LABEL - 2) // 2
    return room if room >= _LEAST_COLUMN else 0


def heading(width: int) -> list[Line]:
    """The names of the columns."""
    room = columns(width)
    if not room:
        return []
    first = " " * _CHOICE + fit(_("Field"), _LABEL)
    return [Info(first + fit(_("Here"), room) + "  " + fit(_("Server"), room))]


def field_lines(pairs: tuple[FieldPair, ...], choices: Mapping[str, str], width: int) -> list[Line]:
    """Each field with both values: side by side where both fit, else below each other, whole."""
    room, lines = columns(width), list[Line]()
    for pair in pairs:
        mark = fit(choice_text(choices.get(pair.key)) if not pair.same else "", _CHOICE)
        ours, theirs = pair.ours or _("(empty)"), pair.theirs or _("(empty)")
        if pair.same:
            lines.append(Info(f"{' ' * _CHOICE}{pair.label}: {ours} {_('(same)')}"))
            continue
        short = max(cell_width(ours), cell_width(theirs)) <= room and "\n" not in ours + theirs
        if room and short and cell_width(pair.label) < _LABEL:
            values = fit(ours, room) + "  " + fit(theirs, room)
            lines.append(Row(pair.key, mark + fit(pair.label, _LABEL) + values))
            continue
        lines.append(Row(pair.key, mark, pair.label))
        lines += _whole(_("here"), ours, width) + _whole(_("server"), theirs, width)
    beside = any(isinstance(line, Row) and not line.name for line in lines)
    return [*heading(width), *lines] if beside else lines


def _whole(side: str, value: str, width: int) -> list[Line]:
    """All of a long value, below its field."""
    indent = cell_width(side) + 2
    rows = [
        row
        for line in value.splitlines() or [""]
        for row in words.wrapped(line, width - 8 - indent)
    ]
    first = f"    {side}: {rows[0]}"
    return [Info(first), *(Info(" " * (4 + indent) + row) for row in rows[1:])]
