"""Add an allergy, or change what is known of one; common ones are offered as one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import allergies, drafts
from hikma_tui.clinic.allergies import COMMON, REACTIONS
from hikma_tui.clinic.allergies_read import Allergy
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import NotFound
from hikma_tui.forms import Kind
from hikma_tui.forms.entries import NO_CODE
from hikma_tui.i18n import _
from hikma_tui.screens.problem_words import certainties, reaction_word
from hikma_tui.screens.record_form import RecordForm, field
from hikma_tui.widgets.entry_picker import MOST_SUGGESTED, Found, Suggested, Suggestions


class CommonAllergens:
    """What most allergies are to, found by any beginning of a word."""

    def __init__(self) -> None:
        self.names: Mapping[str, str] = {}

    async def diagnoses(self, text: str) -> Found:
        """Allergens with a word that begins as ``text`` does."""
        wanted = text.casefold().strip()
        found = [
            name for name in COMMON
            if any(word.startswith(wanted) for word in name.casefold().replace("-", " ").split())
            or name.casefold().startswith(wanted)
        ]  # fmt: skip
        rows = found[:MOST_SUGGESTED] if wanted else []
        return Found(tuple(Suggested(name, item={"code": NO_CODE, "desc": name}) for name in rows))

    async def medicines(self, text: str, field: forms.Field) -> Found:
        """None: there is no such field."""
        return Found()


class AllergyFormScreen(RecordForm):
    """A new allergy of ``patient_id``, or the one of ``allergy_id`` (its substance stays)."""

    def __init__(self, patient_id: str, allergy_id: str | None = None) -> None:
        super().__init__(patient_id, f"allergy:{patient_id}:{allergy_id or '-'}")
        self._allergy_id = allergy_id
        self._allergy: Allergy | None = None

    def read_stored(self) -> forms.Answers:
        """What is known of the allergy that is changed."""
        if self._allergy_id is None:
            return {}
        listed = allergies.listed(self.actor, self.patient_id)
        found = next((one for one in listed if one.id == self._allergy_id), None)
        if found is None:
            raise NotFound()
        self._allergy = found
        return {
            "reaction": found.reaction, "severity": found.severity, "certainty": found.certainty,
        }  # fmt: skip

    def begun(self) -> forms.Answers:
        """A new one is as the patient says: unconfirmed."""
        return {} if self._allergy_id is not None else {"certainty": "unconfirmed"}

    def heading(self) -> str:
        """Which allergy."""
        if self._allergy is None:
            return _("New allergy")
        return _("Edit the allergy: {allergy}").format(allergy=self._allergy.substance)

    def make_form(self) -> forms.Form:
        """The questions; to what only of a new one."""
        known = ", ".join(REACTIONS[:6])
        fields = [
            field("reaction", Kind.TEXT, _("Reaction"),
                  _("What happened, like: {examples}").format(examples=known)),
            field("severity", Kind.RADIO, _("How bad"),
                  options=[(one, reaction_word(one)) for one in allergies.SEVERITIES if one]),
            field("certainty", Kind.RADIO, _("How sure"), options=certainties("refuted"),
                  required=True),
        ]  # fmt: skip
        if self._allergy_id is None:
            to_what = field(
                "substance", Kind.DIAGNOSIS, _("Allergic to"),
                _("A medicine, a food, or anything else"), required=True,
            )  # fmt: skip
            fields.insert(0, to_what)
        return forms.Form("allergy", {"en": ""}, tuple(fields))

    def _suggest(self) -> Suggestions | None:
        return CommonAllergens()

    async def put(self, answers: Mapping[str, Any], place: Hold) -> str | None:
        """Add each that was named, or change the one."""
        reaction = str(answers.get("reaction") or "")
        severity = str(answers.get("severity") or "")
        certainty = str(answers.get("certainty") or "")
        if self._allergy is not None:
            await self.clinic.writing(
                drafts.saved, self.actor, place, allergies.change, self.actor, self._allergy.id,
                reaction=reaction, severity=severity, certainty=certainty,
            )  # fmt: skip
            return self._allergy.substance
        chosen = answers.get("substance")
        named = [str(one.get("desc") or "") for one in chosen or [] if isinstance(one, dict)]
        if len(named) != 1:
            self._point_at("substance", _("NOT SAVED: one allergy at a time."))
            return None
        await self.clinic.writing(
            drafts.saved, self.actor, place, allergies.add, self.actor, self.patient_id, named[0],
            reaction=reaction, severity=severity, certainty=certainty,
        )  # fmt: skip
        return _("allergy to {substance}").format(substance=named[0])
