"""Who am I looking at: the rows on top of every screen of a patient (decisions.md 12, 14).

The first row is name, sex, age, birth and number; below it what must never be overlooked. Where
room runs out the name is cut, never what follows it, and no allergy is hidden behind a count.
"""

from __future__ import annotations

from datetime import date

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from hikma_tui.clinic.patients import PatientCard
from hikma_tui.screens import alerts
from hikma_tui.screens.identity import identity_line
from hikma_tui.widgets.headline import Headline

_LOUD = Style(bold=True, reverse=True)
_CALM = Style(bold=False)


class Who(Headline):
    """The patient; follows the width by itself, and is as high as what must be known takes."""

    DEFAULT_CSS = """
    Who { height: auto; max-height: 14; }
    """

    def __init__(self) -> None:
        super().__init__(id="who")
        self._about: tuple[PatientCard, date, str] | None = None
        self._alerts: tuple[alerts.Alert, ...] = ()

    def show_patient(self, card: PatientCard, today: date, more: str = "") -> None:
        """Show this patient; ``more`` stands after the number (a telephone)."""
        self._about = card, today, more
        self._paint_patient()

    def on_resize(self) -> None:
        """The name is cut anew."""
        self._paint_patient()

    @property
    def alerts(self) -> tuple[str, ...]:
        """The rows below the first, as they are shown."""
        return tuple(alert.text for alert in self._alerts)

    def _paint_patient(self) -> None:
        if self._about is None:
            return
        card, today, more = self._about
        width = self.size.width or self.app.size.width
        found = tuple(alerts.rows(card, width - 2))
        if found != self._alerts:
            higher = len(found) != len(self._alerts)
            self._alerts = found
            self.refresh(layout=higher)
        self.show_ready(identity_line(card, today, width - 1, more=more))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The row of the name and those below it."""
        return 1 + len(self._alerts)

    def render_line(self, y: int) -> Strip:
        """The name, or one of the rows below it."""
        if y == 0:
            return super().render_line(y)
        width, base = self.size.width, self.rich_style
        if y > len(self._alerts):
            return Strip.blank(width, base)
        alert = self._alerts[y - 1]
        style = base + (_LOUD if alert.loud else _CALM)
        segments = [Segment(" ", base), Segment(alert.text, style)]
        return Strip(segments).adjust_cell_length(width, base)
