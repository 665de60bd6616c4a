"""Who may do what: the eleven flags of a user at a clinic, done right (features.md 1.4, 1.13).

Order of the checks: permission checking switched off by the organisation; super_admin; no row for
(user, clinic) denies; clinic admin allows; else the flag. Unlike the reference a clinic admin may
also *see* the clinic's patients, and an empty ``primary_clinic_id`` means the same as none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotAllowed
from hikma_tui.i18n import _
from hikma_tui.models import connection
from hikma_tui.search import Sight


class Flag(StrEnum):
    """The eleven columns of ``user_clinic_permissions``."""

    REGISTER_PATIENTS = "can_register_patients"
    VIEW_HISTORY = "can_view_history"
    EDIT_RECORDS = "can_edit_records"
    DELETE_RECORDS = "can_delete_records"
    CLINIC_ADMIN = "is_clinic_admin"
    EDIT_OTHER_PROVIDER_EVENT = "can_edit_other_provider_event"
    DOWNLOAD_PATIENT_REPORTS = "can_download_patient_reports"
    PRESCRIBE_MEDICATIONS = "can_prescribe_medications"
    DISPENSE_MEDICATIONS = "can_dispense_medications"
    DELETE_PATIENT_VISITS = "can_delete_patient_visits"
    DELETE_PATIENT_RECORDS = "can_delete_patient_records"


def in_words(flag: Flag) -> str:
    """What a flag lets somebody do, as the end of "has no permission to"."""
    return {
        Flag.REGISTER_PATIENTS: _("register patients"),
        Flag.VIEW_HISTORY: _("see patients"),
        Flag.EDIT_RECORDS: _("edit records"),
        Flag.DELETE_RECORDS: _("delete records"),
        Flag.CLINIC_ADMIN: _("administer the clinic"),
        Flag.EDIT_OTHER_PROVIDER_EVENT: _("edit what somebody else recorded"),
        Flag.DOWNLOAD_PATIENT_REPORTS: _("take reports out of this program"),
        Flag.PRESCRIBE_MEDICATIONS: _("prescribe medicines"),
        Flag.DISPENSE_MEDICATIONS: _("dispense medicines"),
        Flag.DELETE_PATIENT_VISITS: _("delete visits"),
        Flag.DELETE_PATIENT_RECORDS: _("delete patients"),
    }[flag]


@dataclass(frozen=True)
class Rights:
    """All that one user may do; read once per transaction."""

    everything: bool
    by_clinic: dict[str, frozenset[Flag]]

    def at(self, flag: Flag, clinic_id: str | None) -> bool:
        """Whether the flag holds at a clinic."""
        if self.everything:
            return True
        flags = self.by_clinic.get(clinic_id or "", frozenset())
        return Flag.CLINIC_ADMIN in flags or flag in flags

    def clinics_with(self, flag: Flag) -> tuple[str, ...]:
        """The clinics where the flag holds (not asked when ``everything``)."""
        return tuple(sorted(clinic for clinic in self.by_clinic if self.at(flag, clinic)))


# Plain SQL: these are asked on every key typed and for every row imported.
_CHECKING = (
    "SELECT value FROM live_app_config"
    " WHERE namespace = 'auth' AND key = 'disable-mobile-permissions-checking'"
)
_FLAGS_OF = (
    f"SELECT clinic_id, {', '.join(Flag)} FROM live_user_clinic_permissions"
    " WHERE user_id = ? ORDER BY pk"
)


def _checking_is_off() -> bool:
    row = connection().execute(_CHECKING).fetchone()
    return row is not None and str(row[0]).strip().strip('"').lower() in ("true", "1")


def rights(actor: Actor) -> Rights:
    """What the acting user may do, at each clinic."""
    if actor.role == "super_admin" or _checking_is_off():
        return Rights(True, {})
    by_clinic = {
        clinic_id: frozenset(flag for flag, held in zip(Flag, held_flags, strict=True) if held)
        for clinic_id, *held_flags in connection().execute(_FLAGS_OF, (actor.user_id,))
    }
    return Rights(False, by_clinic)


def require(actor: Actor, flag: Flag, clinic_id: str | None) -> None:
    """NotAllowed, with a sentence, unless the flag holds at a clinic (None: the user's own)."""
    if not rights(actor).at(flag, clinic_id or actor.clinic_id):
        raise NotAllowed(
            _("{user} has no permission to {act} at this clinic. Nothing was changed.").format(
                user=actor.user_name, act=in_words(flag)
            )
        )


def sight(actor: Actor) -> Sight:
    """Whose files the acting user may see; for the search and for every read of a patient."""
    found = rights(actor)
    if found.everything:
        return Sight(None)
    return Sight(found.clinics_with(Flag.VIEW_HISTORY))


def may_see(actor: Actor, primary_clinic_id: str | None) -> bool:
    """Whether a patient of that primary clinic is visible; without one, to everybody."""
    return not primary_clinic_id or rights(actor).at(Flag.VIEW_HISTORY, primary_clinic_id)


def require_sight(actor: Actor, primary_clinic_id: str | None) -> None:
    """NotAllowed unless the acting user may see a patient of that clinic."""
    if not may_see(actor, primary_clinic_id):
        raise NotAllowed(
            _("This patient's file belongs to a clinic that {user} may not see.").format(
                user=actor.user_name
            )
        )
