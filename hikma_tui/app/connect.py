"""The app's door to a server that is not joined yet: the network and the join, off the screen's
thread (``syncing.join`` does it).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.connect_door import ForAdmin, Lines, PlainHttp, Way
from hikma_tui.screens.session import facts
from hikma_tui.store.errors import StoreError

if TYPE_CHECKING:
    from hikma_tui.app.main import HikmaApp
    from hikma_tui.syncing.join import Found, Joined, Plan
    from hikma_tui.wire.http import Options
    from hikma_tui.wire.shapes import Account, Credentials, Trouble

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class _State:
    """What is known so far."""

    options: Options | None = None
    found: Found | None = None
    credentials: Credentials | None = None
    account: Account | None = None
    plan: Plan | None = None


class Connecting:
    """See ``screens.connect_door.ConnectDoor``."""

    def __init__(self, app: HikmaApp) -> None:
        self._app = app
        self._state = _State()
        self._stop = threading.Event()
        self._joining: asyncio.Future[str] | None = None

    def url(self) -> str:
        """The address that was looked at last."""
        return self._state.found.url if self._state.found else ""

    def cancel(self) -> None:
        """The network is asked no longer."""
        self._stop.set()

    def forget(self) -> None:
        """No password stays in memory for longer than it is needed."""
        self._state.credentials = None

    async def look(self, way: Way, *, plain_http: bool = False) -> str:
        """What answers at the address."""
        from hikma_tui.syncing import join as sync_join
        from hikma_tui.syncing import join_words as sync_join_words
        from hikma_tui.wire import qr
        from hikma_tui.wire.http import Options
        from hikma_tui.wire.shapes import Trouble

        await self._app.reading(sync_join.refuse, self._app.actor)
        stop = self._stop = threading.Event()
        options = Options(ca_file=way.ca_file, proxy=way.proxy, cancelled=stop.is_set)
        self._state = _State(options)
        try:
            code = qr.read(way.text)
            if code.plain and not plain_http:
                raise PlainHttp(sync_join_words.plain_warning(code.url))
            found = await asyncio.to_thread(
                sync_join.look, way.text, plain_http=plain_http, options=options
            )
        except Trouble as trouble:
            raise self._refused(trouble) from trouble
        self._state.found = found
        return sync_join_words.answers(found)

    async def sign_in(self, email: str, password: str) -> None:
        """Show the account."""
        from hikma_tui.syncing import join as sync_join
        from hikma_tui.wire.shapes import Credentials, Trouble

        state = self._state
        if state.found is None or state.options is None:
            raise Refused(_("First the address of the server."))
        self._stop.clear()
        credentials = Credentials(email.strip(), password)
        try:
            state.account = await asyncio.to_thread(
                sync_join.sign_in, state.found, credentials, state.options
            )
        except Trouble as trouble:
            raise self._refused(trouble, email) from trouble
        state.credentials = credentials

    async def plan(self, clinic_id: str = "") -> Lines:
        """What joining would do."""
        from hikma_tui.syncing import join_plan as sync_join_plan
        from hikma_tui.syncing import join_words as sync_join_words

        state, store = self._state, self._app.store
        if state.found is None or state.account is None or store is None or not state.options:
            raise Refused(_("First sign in to the server."))
        state.plan = await self._app.reading(
            sync_join_plan.make, self._app.actor, state.found, state.account, store.path, clinic_id,
            ca_file=state.options.ca_file, proxy=state.options.proxy,
        )  # fmt: skip
        return sync_join_words.paragraphs(state.plan)

    async def join(self, keep_password: bool, told: Callable[[str], None]) -> str:
        """Join, and act as the joined user from then on, whether or not the screen stays."""
        if self._joining is None or self._joining.done():
            self._joining = asyncio.ensure_future(self._join(keep_password, told))
        return await asyncio.shield(self._joining)

    async def _join(self, keep_password: bool, told: Callable[[str], None]) -> str:
        from hikma_tui.syncing import join as sync_join
        from hikma_tui.syncing import join_words as sync_join_words

        state, store, loop = self._state, self._app.store, asyncio.get_running_loop()
        if state.plan is None or state.credentials is None or store is None:
            raise Refused(_("First sign in to the server."))
        password = state.credentials.password

        def progress(step: str, done: int, total: int) -> None:
            loop.call_soon_threadsafe(told, sync_join_words.step(step, done, total))

        done: Joined = await self._off_screen(
            sync_join.join, store, state.plan, self._app.actor,
            keep_password=password if keep_password else "", progress=progress,
        )  # fmt: skip
        self._app.actor = done.actor
        self._app.facts = await self._app.reading(facts)
        self._app.syncing.use_password(password)
        await self._app.syncing.recount()
        self._state = _State()
        return sync_join_words.joined(done, kept_wanted=keep_password)

    async def change_account(self, email: str, password: str) -> str:
        """Sync with another account from now on."""
        from hikma_tui.syncing import account as sync_account
        from hikma_tui.syncing import join_words as sync_join_words
        from hikma_tui.wire.shapes import Trouble

        app = self._app
        if app.store is None:
            raise Refused(_("There is no clinic here yet."))
        if app.syncing.running:
            raise Refused(_("A sync is running: stop it first, or wait until it ends."))
        stop, was_kept = threading.Event(), app.syncing.keeps_password()
        self._stop = stop
        try:
            changed = await self._off_screen(
                sync_account.change, app.store, app.actor, email, password, cancelled=stop.is_set
            )
        except Trouble as trouble:
            raise self._refused(trouble, email) from trouble
        app.syncing.use_password(password)
        await app.syncing.recount()
        return sync_join_words.changed_account(
            changed.email, forgotten=was_kept and not app.syncing.keeps_password()
        )

    def leaving(self, url: str) -> str:
        """What leaving does."""
        from hikma_tui.syncing import join_words as sync_join_words

        return sync_join_words.leaving(url)

    async def leave(self) -> str:
        """Leave the server."""
        from hikma_tui.syncing import join as sync_join
        from hikma_tui.syncing import join_words as sync_join_words

        app = self._app
        if app.store is None:
            raise Refused(_("There is no clinic here yet."))
        if app.syncing.running:
            raise Refused(_("A sync is running: stop it first, or wait until it ends."))
        left = await self._off_screen(sync_join.leave, app.store, app.actor)
        app.syncing.use_password("")
        app.facts = await app.reading(facts)
        await app.syncing.recount()
        return sync_join_words.left(left)

    @staticmethod
    async def _off_screen(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await asyncio.to_thread(function, *arguments, **named)
        except StoreError as error:
            raise Refused(str(error)) from error

    def _refused(self, trouble: Trouble, email: str = "") -> Refused:
        from hikma_tui.syncing import join_words as sync_join_words

        dialect = self._state.found.dialect if self._state.found else ""
        sentence = sync_join_words.trouble(trouble, email, dialect)
        return ForAdmin(sentence, sync_join_words.for_admin(trouble.kind))
