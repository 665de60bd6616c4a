"""The copies as the screens see them: looking into files on threads, making one in a child.

A stick can stop answering in the middle of a call, and then no thread of ours ever comes back; so
what writes onto it is a process of its own (``hikma-tui backup``), which can be given up, and what
looks at it is a daemon thread, for which the end of the program does not wait.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hikma_tui import i18n, text
from hikma_tui.app.sync import own_command, start_child
from hikma_tui.clinic.copies import Kept
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.backups_door import BAD, LOCKED, SOUND, Looked, Seen, Stick
from hikma_tui.store import backups as store_backups
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import outside as store_outside
from hikma_tui.store import places as store_places
from hikma_tui.store.cipher import NeedsPassphrase
from hikma_tui.store.errors import StoreError
from hikma_tui.store.files import BACKUPS

if TYPE_CHECKING:
    from hikma_tui.app.main import HikmaApp

T = TypeVar("T")
_PATIENCE = 20.0  # seconds until a stick that does not answer is said to be so
_STOPPING = 3.0


async def _apart(function: Callable[..., T], *arguments: object, wait: float = _PATIENCE) -> T:
    """Run on a daemon thread. Refused when it takes too long."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def put(result: T | None, error: BaseException | None) -> None:
        if not future.done():
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failed = None, None
        try:
            result = function(*arguments)
        except Exception as error:
            failed = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(put, result, failed)

    threading.Thread(target=run, name="copies-look", daemon=True).start()
    try:
        return await asyncio.wait_for(future, wait)
    except TimeoutError as error:
        raise Refused(_("The stick or drive does not answer. Pull it out, put it in again.")) from (
            error
        )
    except (StoreError, OSError) as error:
        raise Refused(str(error)) from error


class Backups:
    """``screens.backups_door.BackupsDoor`` of one app."""

    def __init__(self, app: HikmaApp) -> None:
        self._app = app
        self._process: subprocess.Popen[bytes] | None = None
        self._task: asyncio.Task[str] | None = None
        self._began = 0.0
        self.progress = (0, 0)
        self.cancelled = False

    @property
    def running(self) -> bool:
        """Whether a copy is being made."""
        return self._task is not None and not self._task.done()

    @property
    def seconds(self) -> int:
        """For how long it has been."""
        return int(time.monotonic() - self._began)

    def can_cipher(self) -> bool:
        """Whether the extra is there."""
        return store_cipher.installed()

    def ciphered(self) -> bool:
        """Whether the records are ciphered."""
        return self._app.store is not None and self._app.store.key is not None

    # Looking -------------------------------------------------------------------------------

    async def look(self, kept: Kept) -> Looked:
        """A quick look into each. Refused."""
        return await _apart(_look, self._app.directory, kept)

    async def check(self, kept: Kept, seen: Seen) -> Seen:
        """All pages of one. Refused."""
        return await _apart(_seen, Path(seen.path), seen.outside, kept, True, wait=1800)

    async def sticks(self) -> list[Stick]:
        """What is mounted and can be taken away; one that does not answer is left out."""
        with suppress(Refused):
            return await _apart(_sticks, self._app.directory, wait=5)
        return []

    async def is_folder(self, path: str) -> bool:
        """Whether it is one, and answers."""
        with suppress(Refused):
            return await _apart(os.path.isdir, path, wait=5)
        return False

    async def key_of(self, passphrase: str) -> str:
        """The packed key. Refused."""
        key = await _apart(store_outside.new_key, passphrase, wait=60)
        return store_outside.packed(store_outside.Protection(store_outside.OWN, key))

    async def remove_plain(self, kept: Kept) -> int:
        """Delete what everybody can read there."""
        return await _apart(_remove_plain, kept)

    # Making --------------------------------------------------------------------------------

    async def copy(self, folder: str, *, keep: bool = False, unciphered: bool = False) -> str:
        """Run ``hikma-tui backup``. Refused with its own sentence.

        Whoever waits may leave: the copy goes on, and how it ended is said on the screen of then.
        """
        if self.running:
            raise Refused(_("A copy is being made already."))
        self.progress, self.cancelled, self._began = (0, 0), False, time.monotonic()
        task = self._task = asyncio.create_task(self._made(folder, keep, unciphered))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._ended_alone)
            raise

    def _ended_alone(self, task: asyncio.Task[str]) -> None:
        if not task.cancelled() and self._app.is_running:
            error = task.exception()
            self._app.tell(str(error) if error is not None else task.result())
            self._app.sync_told(True)  # the line of state

    async def _made(self, folder: str, keep: bool, unciphered: bool) -> str:
        app = self._app
        words = [*own_command(), "backup", "--progress-json", "--data-dir", str(app.directory)]
        words += ["--language", i18n.language(), "--user", app.actor.user_id]
        if folder:
            words += ["--keep-at" if keep else "--to", folder]
            words += ["--unciphered"] if unciphered else []
        proof = await app.proof()
        try:
            self._process = process = start_child(words, app.directory, "", proof)
        except (OSError, StoreError) as error:
            raise Refused(str(error)) from error
        said: list[str] = []
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        threading.Thread(
            target=self._follow, args=(process, said, loop, ended), daemon=True, name="copy-lines"
        ).start()
        asked, killed = 0.0, False
        try:
            while not ended.is_set() and not killed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), 0.5)
                if self.cancelled and not asked:
                    asked = time.monotonic()
                    with suppress(OSError):
                        process.send_signal(signal.SIGINT)
                elif asked and time.monotonic() - asked > _STOPPING and not ended.is_set():
                    process.kill()  # a stick that does not answer: nobody waits for it
                    killed = True
        finally:
            self._process = None
        if killed:
            raise Refused(_("The copy was given up. The stick or drive does not answer: pull it"
                            " out, put it in again."))  # fmt: skip
        if process.returncode == 0:
            return " ".join(said[-2:]) or _("The copy is made and checked.")
        if self.cancelled:
            raise Refused(_("The copy was given up; what was half written is deleted."))
        raise Refused(said[-1] if said else _("The copy failed."))

    def _follow(
        self,
        process: subprocess.Popen[bytes],
        said: list[str],
        loop: asyncio.AbstractEventLoop,
        ended: asyncio.Event,
    ) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        with process.stdout as told, process.stderr as complaints:
            for line in told:
                with suppress(ValueError, KeyError, TypeError):
                    done, total = json.loads(line)["progress"]
                    self.progress = int(done), int(total)
            words = complaints.read(20_000).decode(errors="replace").splitlines()
        said += [text.plain(word.removeprefix("hikma-tui: ")) for word in words if word.strip()]
        process.wait()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    def cancel(self) -> None:
        """Have the child told, which deletes what it wrote half."""
        self.cancelled = True

    # Putting back --------------------------------------------------------------------------

    def restore(self, path: str) -> None:
        """End the screens; ``run_restore`` goes on when the terminal is free."""
        self._app.to_restore = path
        self._app.exit(0)


def run_restore(directory: Path, path: str, user: str) -> None:
    """Run ``hikma-tui restore`` on this terminal, then begin the whole program anew in its place.

    The store is closed. Anew, since the records may have another passphrase now.
    """
    from hikma_tui.store.unlock import handed_over

    words = [*own_command(), "restore", path, "--data-dir", str(directory)]
    words += ["--language", i18n.language(), *(["--user", user] if user else [])]
    try:
        with handed_over(directory) as keys:
            command = [*words, *(f"--key-fd={key}" for key in keys)]
            subprocess.run(command, pass_fds=keys, check=False)
    except (OSError, StoreError) as error:
        sys.stderr.write(text.plain(str(error)) + "\n")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    sys.stderr.write(text.plain(_("Enter goes on to the records.")) + "\n")
    with suppress(KeyboardInterrupt):
        sys.stdin.readline()
    again = [*own_command(), "--data-dir", str(directory), "--language", i18n.language()]
    os.execv(again[0], again)


# On a thread of its own -------------------------------------------------------------------------


def _look(directory: Path, kept: Kept) -> Looked:
    found = [_seen(one.path, False, kept, False) for one in store_backups.copies(
        directory / BACKUPS)]  # fmt: skip
    there = store_places.mounted(kept.folder, kept.store_id)
    place, plain = "", 0
    if there is not None:
        with suppress(OSError):
            place = store_places.in_words(store_places.place_of(there, directory))
        outside = store_places.own(there, kept.store_id)
        found += [_seen(one.path, True, kept, False) for one in outside]
        plain = len(store_outside.readable_by_all(there, kept.store_id))
    return Looked(tuple(found), place, there is not None, plain)


def _seen(path: Path, outside: bool, kept: Kept, thorough: bool) -> Seen:
    how = store_outside.of_settings(kept.how, kept.key)
    if how is not None and how.key is not None:
        store_cipher.hold_key(how.key)
    try:
        copy = store_backups.of_path(path)
    except FileNotFoundError as error:
        raise Refused(_("That copy is not there any more.")) from error
    seen = Seen(
        str(path), copy.made_ms, copy.size, outside, copy.kind, store_cipher.is_ciphered(path)
    )
    try:
        inside = store_backups.look_into(path, thorough=thorough)
    except NeedsPassphrase:
        return replace(seen, state=LOCKED)
    except StoreError as error:
        return replace(seen, state=BAD, reason=str(error))
    return replace(
        seen, patients=inside.patients, newest_ms=inside.newest_stamp,
        state=SOUND if thorough else "",
    )  # fmt: skip


def _sticks(directory: Path) -> list[Stick]:
    while not directory.exists():  # the set-up has not made it yet
        directory = directory.parent
    return [Stick(str(path), free) for path, free in store_places.sticks(directory)]


def _remove_plain(kept: Kept) -> int:
    there = store_places.mounted(kept.folder, kept.store_id)
    gone = 0
    for one in store_outside.readable_by_all(there, kept.store_id) if there else []:
        with suppress(OSError):
            one.path.unlink()
            gone += 1
    return gone
