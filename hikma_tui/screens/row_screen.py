"""What the screens of one list share: heading, rows, message, keys; read, painted, opened, left."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Resize

from hikma_tui.clinic.errors import Refused
from hikma_tui.screens.session import PatientSideScreen
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.row_list import Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class RowScreen(PatientSideScreen):
    """A heading, a list, a message, the keys. What it lists is read by ``fetch`` on the store's
    threads, whenever ``read_anew`` asks or a sync has ended, and painted by ``paint``.
    """

    def compose(self) -> ComposeResult:
        """Heading, rows, message, keys."""
        yield Headline(id="what")
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    async def fetch(self) -> None:
        """Read what is listed. Refused."""
        raise NotImplementedError

    def paint(self) -> None:
        """Show what was read; called at another width too, also before anything was read."""
        raise NotImplementedError

    def read_anew(self) -> None:
        """Read and show, in the background."""
        self.run_worker(self.reread(), group="read", exclusive=True)

    async def reread(self) -> None:
        """Read and show; why it can't be read is said."""
        try:
            await self.fetch()
        except Refused as error:
            self.say(str(error), loud=True)
            return
        if not self.left:
            self.paint()

    def show_rows(self, heading: str, lines: Sequence[Line]) -> None:
        """Put them on the screen; what was marked stays so."""
        self.query_one("#what", Headline).show(heading)
        self.query_one(RowList).show(lines, keep=True)
        self.refresh_keys()

    @property
    def marked(self) -> bool:
        """Whether there is a row that Enter would open."""
        return self.query_one(RowList).highlighted is not None

    def on_resize(self, _event: Resize) -> None:
        """Columns follow the width."""
        if not self.left:
            self.paint()

    def action_open(self) -> None:
        """Enter."""
        self.query_one(RowList).open()

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
