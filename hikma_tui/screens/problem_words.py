"""What the values of a problem are called, and the lines of its list. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui.clinic.problems import CERTAINTIES, STATUSES, Problem, VisitDiagnosis
from hikma_tui.i18n import _
from hikma_tui.screens.alerts import said_day
from hikma_tui.text import fit
from hikma_tui.widgets.row_list import Divider, Info, Line, Row


def status_word(status: str) -> str:
    """The clinical status in the user's language; a value of nobody's list stays as it is."""
    return {
        "active": _("active"), "remission": _("in remission"), "resolved": _("resolved"),
        "unknown": _("status unknown"),
    }.get(status, status)  # fmt: skip


def certainty_word(certainty: str) -> str:
    """How sure it is, in the user's language."""
    return {
        "provisional": _("provisional"), "confirmed": _("confirmed"), "refuted": _("refuted"),
        "unconfirmed": _("unconfirmed"),
    }.get(certainty, certainty)  # fmt: skip


def reaction_word(severity: str) -> str:
    """How bad the reaction of an allergy was, in the user's language."""
    return {
        "mild": _("mild"), "moderate": _("moderate"), "severe": _("severe"),
        "life-threatening": _("life-threatening"),
    }.get(severity, severity)  # fmt: skip


def severity_word(score: int | None) -> str:
    """``moderate 5/10``, with upstream's words (features.md 1.10); "" where none was given."""
    if score is None:
        return ""
    word = (
        _("mild") if score <= 3 else _("moderate") if score <= 6
        else _("severe") if score <= 8 else _("critical")
    )  # fmt: skip
    return _("{word} {score}/10").format(score=score, word=word)


def statuses() -> list[tuple[str, str]]:
    """The choices of a status."""
    return [(status, status_word(status)) for status in STATUSES]


def certainties(but: str = "") -> list[tuple[str, str]]:
    """The choices of a certainty, without one."""
    return [(one, certainty_word(one)) for one in CERTAINTIES if one != but]


def span(problem: Problem) -> str:
    """``since Jan 2024``, ``Jan 2024 to 2 Nov 2026``, ``to 2025``, or ""."""
    onset, end = said_day(problem.onset), said_day(problem.end)
    if onset and end:
        return _("{onset} to {end}").format(onset=onset, end=end)
    if onset:
        return _("since {onset}").format(onset=onset)
    return _("to {end}").format(end=end) if end else ""


def lines(problems: Sequence[Problem], width: int) -> list[Line]:
    """Active ones first, then the others; columns before the name (decisions.md 37)."""
    if not problems:
        return [Info(""), Info(_("No problem is on the list. 1 adds one; 5 takes a diagnosis."))]
    active = [one for one in problems if not one.is_over]
    over = [one for one in problems if one.is_over]
    found: list[Line] = [Divider(_("active and not resolved: {n}").format(n=len(active)))]
    found += [_row(one, width) for one in active]
    if over:
        found.append(Divider(_("resolved or refuted: {n}").format(n=len(over))))
        found += [_row(one, width) for one in over]
    return found


def _row(problem: Problem, width: int) -> Row:
    extra = max(0, min(10, (width - 80) // 2))
    certainty = certainty_word(problem.certainty) if problem.certainty != "confirmed" else ""
    state = certainty if problem.certainty == "refuted" else status_word(problem.status)
    cells = (
        fit(state, 14)
        + " "
        + fit("" if problem.certainty == "refuted" else certainty, 11)
        + " "
        + fit(span(problem), 26 + extra)
    )
    code = f" ({problem.code})" if problem.code else ""
    severity = severity_word(problem.severity)
    name = problem.label + code + (f", {severity}" if severity else "")
    return Row(problem.id, cells, name)


def diagnosis_text(found: VisitDiagnosis) -> str:
    """``2 Nov 2026: hypertension``."""
    day = said_day(found.day.isoformat()) if found.day else _("no day")
    return _("{day}: {diagnosis}").format(day=day, diagnosis=found.desc)
