"""A medicine as rows: what it is, since when, how long it goes on, what became of it."""

from __future__ import annotations

from hikma_tui.clinic import medicines
from hikma_tui.clinic.medicines import CurrentMedicine
from hikma_tui.i18n import _, ngettext
from hikma_tui.medicines.reading import Reading
from hikma_tui.screens.patient_rows import day_text
from hikma_tui.widgets.row_list import Info, Line, Row


def key_of(one: CurrentMedicine) -> str:
    """The key of its row."""
    return f"{one.event_id}\n{one.entry_id}"


def left_text(one: CurrentMedicine) -> str:
    """How long it goes on: ``10 days left, to 2 Dec 2026``."""
    if one.duration_unclear:
        return _("its duration can't be read: until stopped")
    if one.days_left is None or one.until is None:
        return _("until stopped")
    if one.days_left == 0:
        return _("ends today")
    said = ngettext("{n} day left, to {day}", "{n} days left, to {day}", one.days_left)
    return said.format(n=one.days_left, day=day_text(one.until))


def became_text(one: CurrentMedicine) -> str:
    """What became of one that is not current."""
    if one.status == medicines.STOPPED:
        said = _("STOPPED {day}, {user}: {reason}")
        return said.format(day=day_text(one.stopped_on), user=one.stopped_by, reason=one.reason)
    if one.status == medicines.REPLACED:
        return _("replaced by a newer one")
    return _("ended {day}").format(day=day_text(one.until))


def lines_of(one: CurrentMedicine) -> list[Line]:
    """The row of a medicine and what is to be known about it below."""
    about = [day_text(one.day) if one.day else _("day not known"), one.by]
    about.append(left_text(one) if one.status == medicines.CURRENT else became_text(one))
    if one.was:
        about.append(_("was {dose}").format(dose=one.was))
    if one.repeat_of is not None:
        about.append(_("repeats {day}").format(day=day_text(one.repeat_of)))
    lines: list[Line] = [
        Row(key_of(one), "", one.words),
        Info("   " + ", ".join(filter(None, about))),
    ]
    if one.given_although:
        said = _("in spite of an allergy: {reason}").format(reason=one.given_although)
        lines.append(Info(f"   {said}"))
    return lines


def echo_of(line: str, reading: Reading) -> str:
    """A typed line in words; or what is to be chosen, after a loud word."""
    if not line.strip():
        return _("The medicine is told here in words, before you take it.")
    if not reading.doubts:
        return f"= {reading.words}"
    doubt = reading.doubts[0]
    if not doubt.choices:
        return _("CHANGE: {sentence}").format(sentence=doubt.sentence)
    said = _("CHOOSE (Enter): {sentence} {choices}")
    return said.format(sentence=doubt.sentence, choices=" / ".join(doubt.choices))
