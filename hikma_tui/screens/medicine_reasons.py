"""Why a medicine is given in spite of an allergy: asked for each, before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui.clinic import medicines
from hikma_tui.forms.shape import Item
from hikma_tui.i18n import _
from hikma_tui.medicines.wording import value_text
from hikma_tui.screens.kept_words import KeptWords
from hikma_tui.screens.session import PatientSideScreen


async def reasons(
    screen: PatientSideScreen, patient_id: str, items: Sequence[Item], words: KeptWords
) -> dict[str, str] | None:
    """A typed reason by the name of each medicine that needs one (decisions.md 14); a draft is kept
    in ``words``.

    None when one was left without a reason: the screen has said that nothing is saved. To be called
    in a worker. Raises Refused.
    """
    names = list(dict.fromkeys(value_text(item.get("name")) for item in items))
    against = await screen.clinic.reading(medicines.warnings, screen.actor, patient_id, names)
    given: dict[str, str] = {}
    for name in names:
        sentences = [one.sentence for one in against if one.medicine == name]
        if not sentences:
            continue
        question = _("{medicine}: why is it given in spite of the allergy?").format(medicine=name)
        more = "\n".join([*sentences, _("Interactions are not checked.")])
        reason = await words.ask(question, more, key=f"allergy {name}")
        if reason is None:
            said = _("NOT SAVED: {medicine} goes against an allergy.").format(medicine=name)
            screen.say(said, loud=True)
            return None
        given[name] = reason
    return given
