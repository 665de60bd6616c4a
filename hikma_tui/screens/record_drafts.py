"""Drafts of problems, allergies and status: what they are called, and the screens that go on."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui.clinic.drafts import plain_place
from hikma_tui.days import as_date
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen


def kind_word(place: str) -> str:
    """What a draft at ``place`` is of; "" for one of another kind."""
    return {
        "problem": _("problem"), "allergy": _("allergy"), "medicine": _("medicine"),
        "status": _("deceased, moved away, referred"),
    }.get(place.partition(":")[0], "")  # fmt: skip


def open_record(screen: ClinicScreen[object], kind: str, parts: Sequence[str]) -> bool:
    """Take up a draft by the parts of its place after the kind. Whether it was one of these."""
    last = plain_place(parts[-1]) if parts else ""
    row_id = None if last in ("", "-") else last
    if kind == "problem" and len(parts) == 4:
        from hikma_tui.screens.problem_form import ProblemFormScreen

        late = ProblemFormScreen(parts[0], day=as_date(parts[2]), visit=last or "-")
        screen.app.push_screen(late)
        return True
    if kind == "problem" and len(parts) == 2:
        from hikma_tui.screens.problem_form import ProblemFormScreen

        screen.app.push_screen(ProblemFormScreen(parts[0], row_id))
        return True
    if kind == "allergy" and len(parts) == 2:
        from hikma_tui.screens.allergy_form import AllergyFormScreen

        screen.app.push_screen(AllergyFormScreen(parts[0], row_id))
        return True
    if kind == "medicine" and len(parts) >= 2:
        from hikma_tui.screens.medicines import MedicinesScreen

        place = plain_place(":".join((kind, *parts)))
        screen.app.push_screen(MedicinesScreen(parts[0], resume=place))
        return True
    if kind == "status" and len(parts) == 3:
        from hikma_tui.screens.status_form import KINDS, StatusForm

        if parts[1] in KINDS:
            screen.app.push_screen(StatusForm(parts[0], parts[1], row_id or ""))
            return True
    return False
