"""The lines of the search's list: found patients, today's work, what an empty clinic needs. Pure.

Columns before names, since a terminal may swap what stands right of a right-to-left name
(decisions.md 37); a name is cut before anything else (screens.md, Manners).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from hikma_tui import names
from hikma_tui.days import Birth, age_text, as_date, in_words
from hikma_tui.days.words import month_name
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.identity import birth_of, sex_letter
from hikma_tui.screens.session import local, moment_text
from hikma_tui.search import Hit, Matched
from hikma_tui.text import fit
from hikma_tui.widgets.row_list import Divider, Info, Line, Row

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hikma_tui.clinic.chart import TodayLine
    from hikma_tui.clinic.patients import PatientCard

ALIKE = "="
"""Marks rows whose names could be taken for each other (decisions.md 12)."""


MOST_OF_TODAY = 200
"""Visits of today that ``chart.today`` gives at most."""


def found_lines(hits: Sequence[Hit], today: date, zone: ZoneInfo | None, width: int) -> list[Line]:
    """One row a hit, best first, with the line above those that were forgiven something."""
    alike = alike_names([hit_name(hit) for hit in hits])
    lines: list[Line] = []
    divided = False
    for hit, same in zip(hits, alike, strict=True):
        if hit.forgiving and not divided:
            divided = True
            lines.append(Divider(_("forgiving a letter or a spelling")))
        lines.append(_found_row(hit, same, today, zone, width))
    return lines


def hit_name(hit: Hit) -> str:
    """The name as it is written."""
    return " ".join(part for part in (hit.given_name, hit.surname) if part.strip())


def _found_row(hit: Hit, same: bool, today: date, zone: ZoneInfo | None, width: int) -> Row:
    birth = Birth(hit.date_of_birth or None, hit.birth_date_estimated)
    extra = max(0, min(12, (width - 80) // 3))
    cells = (
        fit(ALIKE if same else "", 2)
        + fit(sex_letter(hit.sex), 2)
        + fit(age_text(birth, today), 7)
        + fit(birth_cell(birth, today), 12)
        + fit(hit.external_patient_id, 8 + extra, end="")
        + " "
        + fit(place_text(hit), 14 + extra)
        + " "
        + fit(seen_text(hit.seen, today, zone), 6)
    )
    return Row(hit.id, cells, hit_name(hit) or _("(no name)"))


def birth_cell(birth: Birth, today: date) -> str:
    """The birth date in twelve cells: ``1992-03-11``, ``about 1955``, ``~ Mar 2025``, ``?``."""
    born = as_date(birth.day)
    if born is None:
        return "?"
    if not birth.estimated:
        return born.isoformat()
    if (today - born).days < 5 * 365:
        return _("~ {month} {year}").format(month=month_name(born.month), year=born.year)
    return _("about {year}").format(year=born.year)


def place_text(hit: Hit) -> str:
    """Why the row is here when its other columns don't say it, else how to tell the person."""
    why = hit.why
    if why is not None and why.text and why.matched not in (Matched.CARD, Matched.BORN):
        if why.matched is Matched.PHONE:
            return _phone(why.text)
        if why.matched is Matched.CAMP:
            return _("camp {camp}").format(camp=why.text)
        if why.matched is Matched.GOVERNMENT_ID:
            return _("id {number}").format(number=why.text)
        if why.matched not in (Matched.AGE, Matched.SPELLED, Matched.FORGIVEN):
            return why.text
    if hit.phone:
        return _phone(hit.phone)
    if hit.camp:
        return _("camp {camp}").format(camp=hit.camp)
    return hit.hometown


def _phone(phone: str) -> str:
    """A number that fills the column stands alone: its digits say what it is."""
    return _("tel {phone}").format(phone=phone) if len(phone) <= 10 else phone


def seen_text(seen: int, today: date, zone: ZoneInfo | None) -> str:
    """When the patient was last seen, in six cells: ``today``, ``20 Nov``, ``2025``."""
    at = local(seen, zone)
    if at is None or not seen:
        return ""
    if at.date() == today:
        return _("today")
    if at.year != today.year:
        return str(at.year)
    return _("{day} {month}").format(day=at.day, month=month_name(at.month))


def alike_names(shown: Sequence[str]) -> list[bool]:
    """Which of these names could be taken for another one of them: the same words, folded."""
    keys = [" ".join(sorted(names.words(name))) for name in shown]
    counts = Counter(keys)
    return [bool(key) and counts[key] > 1 for key in keys]


def counted(found: int, everyone: int) -> str:
    """``4 of 12,408 patients``."""
    if found == everyone:
        return ngettext("{n} patient", "{n} patients", everyone).format(n=f"{everyone:,}")
    return ngettext("{found} of {n} patient", "{found} of {n} patients", everyone).format(
        found=f"{found:,}", n=f"{everyone:,}"
    )


# Today, on an empty search ------------------------------------------------------------------


def today_lines(
    found: Sequence[TodayLine],
    typed: Mapping[str, str],
    user: str,
    today: date,
    zone: ZoneInfo | None,
) -> list[Line]:
    """Drafts, open visits and who was seen, each under a line of its own with how many.

    ``typed`` holds the names in the drafts of new patients, by their places.
    """
    lines: list[Line] = []
    of_today = [line for line in found if line.kind != "draft" and _is_of(line, today, zone)]
    capped = len(of_today) >= MOST_OF_TODAY
    for kind in ("draft", "open", "seen"):
        part = [line for line in found if line.kind == kind]
        if part:
            lines.append(Divider(_heading(kind, len(part), capped=capped)))
            lines += [_today_row(line, typed, user, today, zone) for line in part]
    if not lines:
        lines.append(Info(_("{day}: nobody has been seen yet today.").format(
            day=in_words(today.isoformat(), today))))  # fmt: skip
        lines.append(
            Info(_("Type a name, a number, a phone or a year of birth to find a patient."))
        )
    return lines


def _is_of(line: TodayLine, today: date, zone: ZoneInfo | None) -> bool:
    at = local(line.moment, zone)
    return at is not None and at.date() == today


def _heading(kind: str, n: int, *, capped: bool) -> str:
    """How many rows follow: each is a visit, so somebody who came twice is two of them."""
    if kind == "draft":
        return ngettext("{n} draft, not saved", "{n} drafts, not saved", n).format(n=n)
    if kind == "open":
        return ngettext("{n} open visit", "{n} open visits", n).format(n=n)
    if capped:
        return ngettext(
            "{n} visit, the newest of today", "{n} visits, the newest of today", n
        ).format(n=n)
    return ngettext("{n} visit today", "{n} visits today", n).format(n=n)


def _today_row(
    line: TodayLine, typed: Mapping[str, str], user: str, today: date, zone: ZoneInfo | None
) -> Row:
    when = moment_text(line.moment, today, zone)
    if line.kind == "draft":
        text = _("draft of {user}, {moment}").format(user=user, moment=when)
        from hikma_tui.screens.draft_kinds import draft_kind

        what = fit(f"{text}: {draft_kind(line.place)}", 46) + " "
        name = line.patient.name if line.patient else typed.get(line.place, "")
        return Row(f"draft:{line.place}", what, name)
    card = line.patient
    assert card is not None
    return Row(card.id, fit(when, 9) + _who_cells(card, today), card.name)


def _who_cells(card: PatientCard, today: date) -> str:
    birth = birth_of(card)
    return (
        fit(sex_letter(card.sex), 2)
        + fit(age_text(birth, today), 7)
        + fit(birth_cell(birth, today), 12)
        + fit(card.external_patient_id, 10)
    )


def teaching(key_register: str) -> list[Line]:
    """What an empty clinic shows: what goes here, and the key that starts it."""
    return [
        Info(""),
        Info(_("There is no patient here yet.")),
        Info(_("{key} registers the first one.").format(key=key_register)),
        Info(_("From then on type any part of a name, a number, a phone or a year of birth")),
        Info(_("here: patients are found while you type, and Enter opens the marked one.")),
    ]


def nothing_found(text: str, key_register: str, *, filtered: bool) -> list[Line]:
    """What stands where nobody was found."""
    lines: list[Line] = [
        Info(_("Nobody found for: {text}").format(text=text)),
        Info(_("{key} registers a new patient with this name.").format(key=key_register)),
    ]
    if filtered:
        lines.append(Info(_("Filters are on: F3 shows and clears them.")))
    return lines
