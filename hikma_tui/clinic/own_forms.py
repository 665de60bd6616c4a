"""The two event forms that the program itself writes answers to: "measures" and "note".

Pregnancy, a child's measures and bedside results have no columns upstream, and diagnoses or
medicines entered in one line have no form; as answers to these forms they sync like any other.
Row ids and field ids are fixed for ever, so that the answers of different clinics stay comparable.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.records import checked
from hikma_tui.clinic.saving import Save
from hikma_tui.data import own_event_forms
from hikma_tui.models import EventForm, dicts, live

KEYS = ("measures", "note")
_SAYS = frozenset({"name", "description", "language", "form_fields", "translations", "clinic_ids"})


@cache
def _rows() -> dict[str, dict[str, Any]]:
    return {key: checked(EventForm, row) for key, row in own_event_forms().items()}


def id_of(key: str) -> str:
    """The fixed id of the form of that key, whether the store has it or not. KeyError."""
    return str(_rows()[key]["id"])


def name_of(key: str) -> str:
    """Its untranslated name: what an event of it has as ``event_type``."""
    return str(_rows()[key]["name"])


def form(key: str) -> forms.Form:
    """The form as this store has it (a clinic may have changed it), else as we make it.

    For any of the store's threads.
    """
    model = live(EventForm)
    found = dicts(model.select().where(model.id == id_of(key)))
    return forms.event_form(found[0] if found else _rows()[key])


def is_here(row: Mapping[str, Any]) -> bool:
    """Whether ``row`` is one of the two forms, and this store has it just so.

    Every clinic has them under the same ids, so another clinic's rows bring them along.
    """
    if row.get("id") not in {own["id"] for own in _rows().values()}:
        return False
    model = live(EventForm)
    found = dicts(model.select().where(model.id == row["id"]))
    given = {name: value for name, value in checked(EventForm, row).items() if name in _SAYS}
    return bool(found) and all(found[0][name] == value for name, value in given.items())


def form_id(save: Save, key: str) -> str:
    """The form's id, after making it in the same transaction where the store lacks it.

    One that was deleted comes back, since answers to a form that nobody has can't be edited.
    """
    row = _rows()[key]
    model = EventForm
    found = dicts(model.select().where(model.id == row["id"]))
    if not found:
        save.insert(model, row)
    elif found[0]["tombstone"] is not None:
        save.raise_again(model, found[0])
    return str(row["id"])


def ensure(actor: Actor, key: str) -> str:
    """``form_id`` for who has no ``Save`` of their own; call it inside ``Store.write``."""
    with Save(actor) as save:
        return form_id(save, key)
