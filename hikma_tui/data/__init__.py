"""What a fresh clinic starts with: its registration form, four event forms, three departments.

Field ids are fixed for ever (the registration form's are upstream's, features.md 6.2), so that
records of different clinics stay comparable. Row ids are not here: set-up makes them; but those of
``own_forms.json``, which the program itself writes to, are fixed as well.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import cast


def default_registration_form() -> dict[str, object]:
    """A ``registration_forms`` row without its id: the server's base fields, positions 1 to 11."""
    return cast("dict[str, object]", _read("registration_form.json"))


def default_event_forms() -> list[dict[str, object]]:
    """``event_forms`` rows without ids: consultation, chronic follow-up, antenatal, child."""
    return cast("list[dict[str, object]]", _read("event_forms.json"))


def own_event_forms() -> dict[str, dict[str, object]]:
    """The ``event_forms`` rows that the program itself writes to, by key, with their fixed ids."""
    return cast("dict[str, dict[str, object]]", _read("own_forms.json"))


def default_departments() -> list[dict[str, object]]:
    """``clinic_departments`` rows without ids: reception, consultation, pharmacy."""
    return cast("list[dict[str, object]]", _read("departments.json"))


def _read(name: str) -> object:
    return json.loads(files(__name__).joinpath(name).read_text("utf-8"))
