"""A short form of the program's own, filled like any other: drafts, F10, nothing lost at Esc.

What is asked is made in code, with the user's words; what it means is the subclass's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from hikma_tui import forms
from hikma_tui.clinic import drafts, patients
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.i18n import language
from hikma_tui.screens import drafting
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.form_screen import FormScreen
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.session import session
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action


@dataclass(frozen=True)
class Asked:
    """What a form begins with: whose, what is stored, and what was typed before."""

    card: PatientCard
    stored: forms.Answers
    hold: Hold
    draft: dict[str, Any]


def field(
    name: str,
    kind: forms.Kind,
    label: str,
    description: str = "",
    *,
    options: Sequence[tuple[str, str]] = (),
    required: bool = False,
) -> forms.Field:
    """One question; ``options`` are pairs of what is stored and what is shown."""
    here = language()
    return forms.Field(
        name, kind, name, {here: label}, {here: description} if description else {}, required,
        tuple(forms.Option(value, {here: shown}) for value, shown in options),
    )  # fmt: skip


class RecordForm(FormScreen[str]):
    """Asks for one thing about a patient. Gives what to say about the save, or None when left."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("record.save", "f10", N_("save"), more_keys=("ctrl+s",)),
        Action(
            "record.leave", "escape", N_("leave, draft kept"), N_("Leave; what you typed is kept")
        ),
        Action("record.drop", "f8", N_("drop the draft"), N_("Forget what you typed here")),
    )

    def __init__(self, patient_id: str, place: str) -> None:
        super().__init__()
        self.patient_id = patient_id
        self._place = place

    def make_form(self) -> forms.Form:
        """The questions, once the stored answers have been read."""
        raise NotImplementedError

    def read_stored(self) -> forms.Answers:
        """The answers that stand in the record. On the reader's thread. Raises Refused."""
        return {}

    def heading(self) -> str:
        """What this is about."""
        raise NotImplementedError

    async def put(self, answers: Mapping[str, Any], place: Hold) -> str | None:
        """Save, forgetting the draft at ``place`` with it. Gives what was saved in a word or two,
        or None where nothing was and that was said. Raises Refused.
        """
        raise NotImplementedError

    async def _begin(self) -> None:
        asked = await self.clinic.reading(self._read)
        self._card, self._form = asked.card, self.make_form()
        self._keeper = DraftKeeper(self, asked.hold, self.patient_id)
        await self._show_with_draft(asked.stored, asked.draft, self.begun())

    def begun(self) -> forms.Answers:
        """What a new form begins with, in sight; never a draft by itself."""
        return {}

    def _read(self) -> Asked:
        card = patients.card(self.actor, self.patient_id)
        stored = self.read_stored()
        hold, draft = drafts.begin(self.actor, self._place, drafting.new_token(), drafting.is_alive)
        return Asked(card, stored, hold, draft)

    def _show_heads(self) -> None:
        super()._show_heads()
        self.query_one("#what", Headline).show(self.heading())

    async def _write(self, answers: forms.Answers, place: Hold) -> str | None:
        what = await self.put(answers, place)
        if what is None:
            return None
        card = self._card
        # As it is now: an allergy just saved stands on the line that says so.
        with suppress(Refused):
            card = await self.clinic.reading(patients.card, self.actor, self.patient_id)
        assert card is not None
        return saved_line(card, self.clinic.today, what)

    def _go_on(self, said: str) -> None:
        self.dismiss(said)
        session(self).tell(said)
