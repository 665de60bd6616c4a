"""The floor of a start: a bare Textual app with one Input and one list of fifty rows."""

from __future__ import annotations

import os

from textual.app import App, ComposeResult
from textual.widgets import Input, OptionList


class BareApp(App[None]):
    """Nothing of ours."""

    def compose(self) -> ComposeResult:
        """An Input and a list."""
        yield Input(placeholder="Find:")
        yield OptionList(*(f"row {number}" for number in range(50)))


def main() -> None:
    """Run it until Ctrl+Q."""
    if "SSH_CONNECTION" not in os.environ:
        os.environ.setdefault("TEXTUAL_FPS", "120")
    BareApp().run()


if __name__ == "__main__":
    main()
