"""F1: the keys of this screen, then all others, from the definitions that make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hikma_tui.i18n import _
from hikma_tui.text import cell_width, fit
from hikma_tui.widgets.base import BaseScreen
from hikma_tui.widgets.dialogs import Tell
from hikma_tui.widgets.keys import Action


class HelpScreen(Tell):
    """All keys: those of ``own`` first, those that work everywhere, then the other screens'."""

    def __init__(
        self, own: Sequence[Action], everywhere: Sequence[Action], *, here: type | None = None
    ) -> None:
        others = [(title, screen) for title, screen in _screens() if screen is not here]
        parts = [(_("On this screen"), own), (_("Everywhere"), everywhere)]
        parts += [(title, screen.ACTIONS) for title, screen in others]
        shown = [(title, actions) for title, actions in parts if actions]
        width = max((_key_width(action) for _title, part in shown for action in part), default=0)
        text = "\n\n".join(
            f"{title}\n" + "\n".join(_lines(actions, width)) for title, actions in shown
        )
        letters = _("A letter typed outside a text field begins a search.")
        digits = _("Digits work in Arabic too: 1 and ١ are the same key.")
        super().__init__(_("Keys"), f"{text}\n\n{letters}\n{digits}")


def _screens() -> list[tuple[str, type[BaseScreen[None]]]]:
    from hikma_tui.screens.find import FindScreen
    from hikma_tui.screens.patient import PatientScreen
    from hikma_tui.screens.visit import VisitScreen

    return [
        (_("Search"), FindScreen),
        (_("Patient"), PatientScreen),
        (_("Visit"), VisitScreen),
    ]


def _key_width(action: Action) -> int:
    return cell_width(_key_text(action))


def _key_text(action: Action) -> str:
    """The key, or where the command is found that has none."""
    return action.shown_key if action.key else _("(Ctrl+P)")


def _lines(actions: Iterable[Action], width: int) -> list[str]:
    return [f"  {fit(_key_text(action), width)}  {action.shown_help}" for action in actions]
