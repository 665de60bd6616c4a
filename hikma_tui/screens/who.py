"""Who am I looking at: the rows on top of every screen of a patient (decisions.md 12, 14).

The first row is name, sex, age, birth and number; below it what must never be overlooked. Where
room runs out the name is cut, never what follows it, and no allergy is hidden behind a count.
"""

from __future__ import annotations

from datetime import date

from hikma_tui.clinic.patients import PatientCard
from hikma_tui.screens.identity import identity_line
from hikma_tui.widgets.headline import Headline


class Who(Headline):
    """The patient; follows the width by itself."""

    def __init__(self) -> None:
        super().__init__(id="who")
        self._about: tuple[PatientCard, date, str] | None = None

    def show_patient(self, card: PatientCard, today: date, more: str = "") -> None:
        """Show this patient; ``more`` stands after the number (a telephone)."""
        self._about = card, today, more
        self._paint_patient()

    def on_resize(self) -> None:
        """The name is cut anew."""
        self._paint_patient()

    def _paint_patient(self) -> None:
        if self._about is not None:
            card, today, more = self._about
            width = self.size.width or self.app.size.width
            self.show_ready(identity_line(card, today, width - 1, more=more))
