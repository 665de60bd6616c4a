"""Diseases for the screens: found as one types, in the user's language (docs/diseases.md).

Called on a store's thread, as everything here. What is stored of a disease is upstream's
``{"code", "desc"}`` with ``code`` and ``title`` of a ``Disease`` whose system is ``icd11``; of any
other its text goes with code ``0000`` (decisions.md 16).
"""

from __future__ import annotations

import time
from pathlib import Path

from hikma_tui import json_text
from hikma_tui.clinic import permissions
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.permissions import Flag
from hikma_tui.codes import Disease, shelf
from hikma_tui.i18n import language
from hikma_tui.models import connection

__all__ = ["Disease", "find", "named", "prepare", "ready", "require_keeper"]

_RECENT_PROBLEMS = 500
_RECENT_EVENTS = 200
_LEAST_PICKED = 2  # chosen once may have been an error
_FRESH = 300.0  # seconds for which the counts of what was picked are kept
_picked: tuple[float, Path, dict[str, int]] | None = None


def find(text: str, limit: int = 10) -> list[Disease]:
    """The diseases for what was typed, best first, labelled in the user's language.

    By words in any order and their beginnings, by code, with a typing error forgiven when little
    else is found. What this clinic chose lately comes first, then what is common anywhere. Until
    ``ready`` (a second or so, once after an installation) only the common ones are found.
    """
    directory = _directory()
    return shelf.find(directory, text, limit, language(), _recently_picked(directory))


def named(code: str, system: str = "icd11") -> Disease | None:
    """The disease of a code in the list in use, None when the list does not have it."""
    return shelf.named(_directory(), code, system, language())


def prepare() -> None:
    """Begin to make the list's index if it is not there; returns at once."""
    shelf.prepare(_directory())


def ready() -> bool:
    """Whether the whole list answers already."""
    return shelf.ready(_directory())


def require_keeper(actor: Actor) -> None:
    """NotAllowed unless the acting user may put another list in the place of this one."""
    permissions.require(actor, Flag.CLINIC_ADMIN, None)


def _directory() -> Path:
    """Where this thread's store lies."""
    return Path(connection().execute("PRAGMA database_list").fetchone()[2]).parent


def _recently_picked(directory: Path) -> dict[str, int]:
    """How often an ICD-11 code was chosen in the newest problems and visit entries."""
    global _picked
    now = time.monotonic()
    if _picked is not None and _picked[1] == directory and now - _picked[0] < _FRESH:
        return _picked[2]
    rows = connection()
    counts: dict[str, int] = {}
    for (code,) in rows.execute(
        "SELECT problem_code FROM live_patient_problems WHERE problem_code_system = 'icd11'"
        " ORDER BY pk DESC LIMIT ?",
        (_RECENT_PROBLEMS,),
    ):
        counts[str(code)] = counts.get(str(code), 0) + 1
    for (form_data,) in rows.execute(
        "SELECT form_data FROM live_events ORDER BY pk DESC LIMIT ?", (_RECENT_EVENTS,)
    ):
        for code in _codes_in(form_data):
            counts[code] = counts.get(code, 0) + 1
    often = {code: n for code, n in counts.items() if n >= _LEAST_PICKED}
    _picked = (now, directory, often)
    return often


def _codes_in(form_data: object) -> list[str]:
    """The codes of the diagnoses in a visit entry, whatever shape it has."""
    if not isinstance(form_data, str) or '"diagnosis"' not in form_data:
        return []
    fields = json_text.read(form_data)
    found = []
    for field in fields if isinstance(fields, list) else []:
        if isinstance(field, dict) and field.get("fieldType") == "diagnosis":
            value = field.get("value")
            for one in value if isinstance(value, list) else []:
                if isinstance(one, dict) and isinstance(one.get("code"), str):
                    found.append(one["code"])
    return found
