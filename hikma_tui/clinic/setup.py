"""A fresh clinic: what must be there before the first patient (features.md 6).

One transaction makes the clinic, its user, the permission row with all eleven flags, three
departments, the default registration form and the event forms. All ids are such that a server can
be joined years later.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from hikma_tui.clinic import info, own_forms
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clinic.permissions import Flag
from hikma_tui.clinic.records import checked
from hikma_tui.clinic.saving import Save
from hikma_tui.data import default_departments, default_event_forms, default_registration_form
from hikma_tui.i18n import _, language
from hikma_tui.ids import new_id
from hikma_tui.models import (
    AppConfig,
    Clinic,
    Department,
    EventForm,
    RegistrationForm,
    User,
    UserClinicPermissions,
    live,
)


def is_set_up() -> bool:
    """Whether this store has a clinic with a user to act in it."""
    return live(User).select().exists() and live(Clinic).select().exists()


def create_clinic(
    clinic_name: str, user_name: str, *, time_zone: str = "", demo: bool = False
) -> Actor:
    """Make everything a clinic needs to begin. Returns its first user, an administrator.

    Raises Invalid when a name is missing or can't be kept, Refused when there is a clinic already.
    """
    if is_set_up():
        raise Refused(_("There is a clinic here already. Nothing was changed."))
    clinic_name, user_name = clinic_name.strip(), user_name.strip()
    if not clinic_name:
        raise Invalid("clinic", _("The clinic needs a name."))
    if not user_name:
        raise Invalid("user", _("The user needs a name."))
    _identify(time_zone, demo)
    clinic_id, user_id = new_id(), new_id()
    actor = Actor(user_id, user_name, "admin", clinic_id, info.get("machine_id"))
    clinic = checked(Clinic, {"id": clinic_id, "name": clinic_name})
    user = checked(
        User, {"id": user_id, "name": user_name, "role": "admin", "clinic_id": clinic_id}
    )
    with Save(actor) as save:
        save.insert(Clinic, clinic)
        save.insert(User, user)
        save.insert(UserClinicPermissions, _all_flags(user_id, clinic_id))
        _organisation(save, clinic_name)
        for row in default_departments():
            save.insert(Department, {**checked(Department, row), "clinic_id": clinic_id})
        form = checked(RegistrationForm, default_registration_form())
        save.insert(RegistrationForm, {**form, "clinic_id": clinic_id})
        for row in default_event_forms():
            save.insert(EventForm, checked(EventForm, row))
        for key in own_forms.KEYS:
            own_forms.form_id(save, key)
    info.put("last_user_id", user_id)
    return actor


def _identify(time_zone: str, demo: bool) -> None:
    """Which store this is, on which machine (decisions.md 33), and the machine's card prefix."""
    machine_id = new_id()
    info.put("store_id", new_id())
    info.put("machine_id", machine_id)
    info.put("machine_name", socket.gethostname()[:60])
    info.put("generation", 1)
    info.put("language", language())
    info.put("time_zone", time_zone)
    info.put("recent_on_empty_search", "today")
    # Letters of this machine's own id, so that two laptops never hand out the same card number.
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    number = int(machine_id.replace("-", "")[-6:], 16)
    info.put("card_prefix", letters[number % 24] + letters[number // 24 % 24])
    info.put("card_next", 1)
    if demo:
        info.put("demo", 1)


def _all_flags(user_id: str, clinic_id: str) -> Mapping[str, Any]:
    flags = {flag.value: True for flag in Flag}
    return {"user_id": user_id, "clinic_id": clinic_id, "created_by": user_id, **flags}


def _organisation(save: Save, name: str) -> None:
    save.insert(
        AppConfig,
        {
            "namespace": "organization",
            "key": "organization-name",
            "value": name,
            "data_type": "string",
        },
    )
