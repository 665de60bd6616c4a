"""Starting the screens: what must be set before Textual is imported, the store, the end.

The app itself is ``app.main.HikmaApp``; it is imported here late, on purpose.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hikma_tui.app.crash import Begun
    from hikma_tui.store import Store
    from hikma_tui.widgets.mishap import Mishap

EXIT_NO_USER = 67
"""Exit code when it can't be said who acts (``EX_NOUSER``)."""


LOW_BANDWIDTH = "HIKMA_TUI_LOW_BANDWIDTH"
"""1 or 0 in the environment: whether as few bytes as possible go to the terminal (docs/slow.md)."""


def run(
    directory: Path,
    *,
    demo: bool = False,
    user: str = "",
    language: str = "",
    low_bandwidth: bool = False,
) -> int:
    """Show the clinic in ``directory`` until the user leaves; return the exit code.

    Without a store the set-up makes one. A store that can't be used, or a user who is not there,
    is said in one sentence on the error stream. ``language`` goes before the clinic's setting.
    ``low_bandwidth`` is taken for said over SSH, unless the environment says otherwise.
    """
    if language:
        os.environ["HIKMA_TUI_LANGUAGE"] = language
    remote = "SSH_CONNECTION" in os.environ
    if not remote:
        os.environ.setdefault("TEXTUAL_FPS", "120")  # a key is settled in three frames
    if os.environ.get("TERM") == "linux":
        os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    low_bandwidth |= os.environ.get(LOW_BANDWIDTH, "1" if remote else "0") == "1"
    gc.disable()  # until the first paint (app_main takes it up again)
    _asyncio_without_tls()
    try:
        return _run(
            directory, demo, user, thin=low_bandwidth, mouse=not remote and not low_bandwidth
        )
    finally:
        gc.enable()


def _asyncio_without_tls() -> None:
    """Load asyncio as on a Python without TLS: it would load OpenSSL, and the screens speak to no
    server. Whoever does (``wire.tls``) finds the module ``ssl`` as ever.
    """
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]


def _run(directory: Path, demo: bool, user: str, *, thin: bool, mouse: bool) -> int:
    from hikma_tui import first_words, i18n, text
    from hikma_tui.clinic.errors import Refused
    from hikma_tui.screens.session import begin
    from hikma_tui.store import Store
    from hikma_tui.store.errors import Corrupt, NotOurs, StoreError
    from hikma_tui.store.files import ended_badly

    i18n.use_language(i18n.language_of_environment())
    store: Store | None = None
    begun = None
    unclean = ended_badly(directory)
    while Store.exists(directory) and begun is None:
        try:
            store = Store.open(directory)
            begun = store.read(begin, user).result()
        except (StoreError, Refused) as error:
            if store is not None:
                store.close()
            first_words.clear()
            if isinstance(error, Corrupt | NotOurs) and _repaired(directory, str(error), user):
                continue
            sys.stderr.write(text.plain(str(error)) + "\n")
            return error.exit_code if isinstance(error, StoreError) else EXIT_NO_USER

    from hikma_tui.app.backups import Copying
    from hikma_tui.app.crash import Showing
    from hikma_tui.app.main import HikmaApp

    def make(store: Store | None, begun: Begun, mishap: Mishap | None) -> HikmaApp:
        app = HikmaApp(directory, store, begun, demo=demo, after=mishap)
        if thin:
            from hikma_tui.widgets.thin_driver import ThinDriver

            app.driver_class = ThinDriver
        return app

    showing = Showing(make, lambda app: app.run(mouse=mouse))
    copying = Copying(directory, unclean=unclean)
    copying.begin(showing.copy_ended)
    wanted = ""
    try:
        code = showing.show(store, begun)
        app = showing.app
        wanted, acted = (app.to_restore, app.actor.user_id) if app else ("", "")
    finally:
        showing.close()
        copying.end(copy=not wanted)
    if wanted:
        from hikma_tui.app.copies import run_restore

        run_restore(directory, wanted, acted)
    return code


def _repaired(directory: Path, said: str, user: str) -> bool:
    """Ask what to do about damaged records, where somebody is there to be asked."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from hikma_tui.app.damaged import ask

    return ask(directory, said, user)
