"""Going about in the app: to the search, and to the screens that others lead to by one door.

A screen that another leads back to is opened here, so that the two need not know each other.
"""

from __future__ import annotations

from hikma_tui.app.copying import CopyingApp
from hikma_tui.screens.find import FindScreen
from hikma_tui.widgets.base import BaseScreen


class GoingApp(CopyingApp):
    """An app that knows the way to its screens."""

    def to_search(self, typed: str) -> None:
        """Back to the search from any screen, with what was typed at the end of its text."""
        while len(self.screen_stack) > 1 and not isinstance(self.screen, FindScreen):
            self.pop_screen()
        if isinstance(self.screen, FindScreen) and typed:
            self.screen.begin(typed)

    def show_sync(self, kind: str) -> None:
        """The screen of the sync, which begins at once with a run of ``kind``."""
        from hikma_tui.screens.sync import SyncScreen

        self.push_screen(SyncScreen(begin=True, kind=kind))

    def show_patient(self, patient_id: str, said: str = "") -> None:
        """A patient's file in the place of the screen that is shown, with what there is to say."""
        from hikma_tui.screens.patient import PatientScreen

        self.switch_screen(PatientScreen(patient_id, said=said))

    def action_keys(self) -> None:
        """F1: all keys, those of this screen first."""
        from hikma_tui.screens.help import HelpScreen

        screen = self.screen
        if not isinstance(screen, HelpScreen):
            own = screen.ACTIONS if isinstance(screen, BaseScreen) else ()
            self.push_screen(HelpScreen(own, self.ACTIONS, here=type(screen)))

    def action_undo_deletion(self) -> None:
        """The deletions of the last day, to bring one back."""
        from hikma_tui.screens.undo import UndoScreen

        if self.facts.set_up and not isinstance(self.screen, UndoScreen):
            self.push_screen(UndoScreen())

    def action_connect(self) -> None:
        """The server: connect to one, or what is seldom done with the one that is joined."""
        from hikma_tui.screens.connect import ConnectScreen, JoinedScreen

        if self.facts.set_up and not isinstance(self.screen, ConnectScreen | JoinedScreen):
            self.push_screen(JoinedScreen() if self.facts.server else ConnectScreen())
