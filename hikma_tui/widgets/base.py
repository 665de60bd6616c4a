"""What every screen and the app itself stand on: actions, theme, and a crash that tells nothing.

Textual prints local variables when it crashes, ships a screenshot command, and quits at Ctrl+Q
without a question; none of that may happen beside a patient (style.md C5, decisions.md 20).
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.events import Event, Key, ScreenResume
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import Input

from hikma_tui import logs
from hikma_tui.i18n import _
from hikma_tui.text import plain
from hikma_tui.widgets.keys import N_, Action, bindings, name_character
from hikma_tui.widgets.mishap import Mishap, Restarts
from hikma_tui.widgets.row_list import RowList
from hikma_tui.widgets.title import KeyLine, MessageLine

T = TypeVar("T")

EXIT_CRASHED = 70
"""Exit code after an error of the program itself (``EX_SOFTWARE``)."""

STYLES = Path(__file__).resolve().parent.parent / "hikma.tcss"


class PlainScrollBar(ScrollBarRender):
    """A scroll bar of coloured spaces: the console's font has no part blocks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class BaseScreen(Screen[T], Generic[T]):
    """A screen whose keys come from ``ACTIONS``, with a reason for each that can't act now."""

    ACTIONS: ClassVar[tuple[Action, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        if "ACTIONS" in cls.__dict__:
            own: list[BindingType] = list(cls.__dict__.get("BINDINGS", []))
            cls.BINDINGS = [*own, *bindings(cls.ACTIONS)]
        super().__init_subclass__(**options)

    def why_not(self, action_id: str) -> str:
        """Why an action can't be done now, in the user's language; empty when it can."""
        return ""

    def early_key(self, event: Key) -> bool:
        """A key came while nothing has the focus; True when it was kept for what will have it."""
        return False

    def typed_name(self, character: str) -> bool:
        """A letter was typed outside a text field (decisions.md 35); True when it was taken."""
        return False

    async def action_do(self, action_id: str) -> None:
        """Do an action of ``ACTIONS``, or say why it can't be done."""
        reason = self.why_not(action_id)
        if reason:
            self.say(reason)
            return
        action = next(action for action in self.ACTIONS if action.id == action_id)
        await self.run_action(action.method)

    def say(self, text: str, *, loud: bool = False) -> None:
        """Show ``text`` in the screen's ``MessageLine``, or as a notice when it has none."""
        lines = self.query(MessageLine)
        if lines:
            lines.first().say(text, loud=loud)
        elif isinstance(self.app, BaseApp):
            self.app.notice(text, severity="warning" if loud else "information")

    def refresh_keys(self) -> None:
        """Show the keys again, after something changed what can be done."""
        for line in self.query(KeyLine):
            line.show(self.key_actions(), self.why_not)

    @on(ScreenResume)
    def paint_whole(self) -> None:
        """The screen comes to the front: ask for its painting before anything is laid out."""
        self.refresh()

    def _compositor_refresh(self) -> None:
        """Paint once, not four times: Textual paints a screen that opens after each layout of it,
        and then whole. What will be painted whole at the next tick (1/60 s) is not before; what
        changed meanwhile is kept. Private: tests/terminal/test_thin.py counts the bytes of a
        dialog, and notices the day that Textual names it otherwise.
        """
        if not self._repaint_required:
            super()._compositor_refresh()

    def key_actions(self) -> tuple[Action, ...]:
        """The actions of the line of keys: the screen's own, and help as the last."""
        return (*self.ACTIONS, HELP)

    def on_mount(self) -> None:
        """Show the keys."""
        self.refresh_keys()

    def on_key(self, event: Key) -> None:
        """Only keys that no field has taken arrive here: arrows for the list, letters of a name."""
        character = name_character(event)
        if (character is not None and self.typed_name(character)) or self._move_list(event.key):
            event.stop()

    def _move_list(self, key: str) -> bool:
        """Move in the first list of the screen. Home and End belong to a field that has focus."""
        field = self.focused
        if field is not None and (not isinstance(field, Input) or key in ("home", "end")):
            return False
        lists = self.query(RowList)
        return bool(lists) and lists.first().take_key(key)


HELP = Action(
    "app.keys", "f1", N_("keys"), N_("Show all the keys of this screen"), more_keys=("?",)
)
PALETTE = Action(
    "app.command_palette", "ctrl+p", N_("commands"), N_("Find a command by its name"), show=False
)
LEAVE = Action("app.leave", "ctrl+q", N_("quit"), N_("Leave the program"), show=False)


class BaseApp(App[T], Generic[T], inherit_bindings=False):
    """The app without Textual's surprises.

    ``log_directory`` is where the log lies that an error's trace goes to. After the end ``mishap``
    tells of the error that ended it, if one did; ``restarts`` says whether another app follows.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (HELP, PALETTE, LEAVE)
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings((HELP, LEAVE)),
        ("ctrl+c", "how_to_leave", ""),
    ]
    CSS_PATH = str(STYLES)
    ENABLE_COMMAND_PALETTE = True
    ESCAPE_TO_MINIMIZE = False
    TITLE = "hikma-tui"

    log_directory: Path | None = None
    mishap: Mishap | None = None
    restarts: Restarts | None = None
    technical_lead = ""  # whom an error tells to write to

    def __init__(self, **options: Any) -> None:
        # Said at once, not only through the theme: Textual chooses its NO_COLOR filter right here,
        # and the one for true colours turns the terminal's own colours into black on black.
        super().__init__(ansi_color=True, **options)
        self.animation_level = "none"
        self.theme = "ansi-dark"
        ScrollBar.renderer = PlainScrollBar

    async def on_event(self, event: Event) -> None:
        """A letter that begins a name changes the screen before the next key is looked at.

        Else the rest of a name typed quickly, or of a scanned card, would still go to the screen
        that is being left, where digits are commands.
        """
        if isinstance(event, Key) and not event.is_forwarded and self._begins_name(event):
            return
        await super().on_event(event)

    def _begins_name(self, event: Key) -> bool:
        screen = self.screen_stack[-1] if self.screen_stack else None
        if not isinstance(screen, BaseScreen) or screen.focused is not None:
            return False
        if screen.early_key(event):
            return True
        character = name_character(event)
        return character is not None and screen.typed_name(character)

    def on_mount(self) -> None:
        """A closed window or a machine that shuts down: leave in order, what was typed kept."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._note_lost_error)
        for number in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread
                loop.add_signal_handler(number, self._end_from_outside, number)

    def _note_lost_error(self, _loop: object, context: dict[str, Any]) -> None:
        """An error that nobody waited for: Python would print its words over the screen."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            logs.failed("task", error, self.log_directory)

    def _end_from_outside(self, number: signal.Signals) -> None:
        """Leave at once; the code is the one that a shell gives to a process ended so."""
        self.exit(return_code=128 + number)

    # Actions that work everywhere ----------------------------------------------------------

    async def action_do(self, action_id: str) -> None:
        """Do one of the app's own actions."""
        action = next(action for action in self.ACTIONS if action.id == action_id)
        await self.run_action(action.method)

    def action_keys(self) -> None:
        """F1: all the keys of this screen."""
        from hikma_tui.widgets.dialogs import KeysHelp

        screen = self.screen
        if not isinstance(screen, KeysHelp):
            own = screen.ACTIONS if isinstance(screen, BaseScreen) else ()
            self.push_screen(KeysHelp((*own, *self.ACTIONS)))

    def action_command_palette(self) -> None:
        """Ctrl+P: every command of this screen by its name, asked for in the user's language."""
        from textual.command import CommandPalette

        app: App[Any] = self
        if not CommandPalette.is_open(app):
            asked = CommandPalette(placeholder=_("Name of a command"), id="--command-palette")
            self.push_screen(asked)

    def action_leave(self) -> None:
        """Ctrl+Q: leave. The program's own app asks first when something would be lost."""
        self.exit()

    def action_how_to_leave(self) -> None:
        """Ctrl+C outside a text field: people expect it to quit, so say what does."""
        self.notice(_("Ctrl+Q leaves the program."))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: the actions of this screen and of the app, and nothing of Textual's."""
        if isinstance(screen, BaseScreen):
            for action in screen.ACTIONS:
                yield self._command(screen, action)
        for action in self.ACTIONS:
            if action is not PALETTE:
                yield self._command(self, action)

    @staticmethod
    def _command(target: BaseScreen[Any] | BaseApp[Any], action: Action) -> SystemCommand:
        """One entry of the palette."""

        async def run() -> None:
            await target.action_do(action.id)

        return SystemCommand(action.shown_label, action.shown_help, run)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A notice, always as plain text: ``markup`` is not obeyed.

        A screen that can't stay says so why it goes. A notice vanishes: the screen below, which is
        shown next, keeps it in its message.
        """
        super().notify(
            plain(message), title=plain(title), severity=severity, timeout=timeout, markup=False
        )
        below = self.screen_stack[-2] if len(self.screen_stack) > 1 else None
        if isinstance(below, BaseScreen) and below.query(MessageLine):
            below.say(message, loud=True)

    def notice(self, message: str, *, severity: SeverityLevel = "information") -> None:
        """A notice of this moment alone."""
        super().notify(plain(message), severity=severity, markup=False)

    # No pictures of patients ---------------------------------------------------------------

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Nothing: a screen with a patient on it is not written to a file (decisions.md 20)."""

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Nothing, as ``action_screenshot``."""
        return None

    # An error of the program ---------------------------------------------------------------

    def _handle_exception(self, error: Exception) -> None:
        """Every unhandled error comes here, also those that Textual would draw by themselves."""
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.note_mishap(error)
        self._fatal_error()

    def note_mishap(self, error: BaseException) -> None:
        """The log gets each error; what is told of them is the first, which led to the others."""
        code = logs.failed("screens", error, self.log_directory)
        if self.mishap is None:
            again = self.restarts is not None and self.restarts.allow()
            self.mishap = replace(self.circumstances(), code=code, goes_on=again)

    def circumstances(self) -> Mishap:
        """What was being done when it happened; the program's own app knows."""
        return Mishap()

    def _fatal_error(self) -> None:
        """Stop: these screens can't be trusted any more."""
        self._return_code = EXIT_CRASHED
        if not self._exit_renderables:
            self._exit_renderables.append("crashed")
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Say the one line, on the error stream, once the terminal is as it was."""
        if not self._exit_renderables:
            return
        self._exit_renderables.clear()
        if self.mishap is not None and not self.mishap.goes_on:
            print(self.last_words(self.mishap), file=sys.__stderr__)

    def last_words(self, mishap: Mishap) -> str:
        """What stands on the terminal after an end that nobody wanted."""
        sentence = _("hikma-tui stopped because of an error of its own. What was saved is safe.")
        code = _("Code: {code}.").format(code=mishap.code)
        trace = _("The trace (without any patient's data) is in {path}").format(
            path=plain(str(logs.newest(self.log_directory)))
        )
        words = [sentence, code, trace]
        if self.technical_lead:
            tell = _("Tell {lead}; what they need: hikma-tui support --output FILE")
            words.append(tell.format(lead=plain(self.technical_lead)))
        return " ".join(words)
