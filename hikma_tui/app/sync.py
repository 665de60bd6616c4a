"""The app's door to the sync: ``hikma-tui sync`` as a process of its own, and what it tells.

The program stays usable while it runs: another process applies what comes, in short transactions
and with less of the processor; this one only reads its lines. A plain ``Popen`` with a thread that
reads, not asyncio's: the child is told to stop and waited for after the event loop has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from hikma_tui import clock, i18n
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.sync_door import CHECK, REFUSED_PASSWORDS, REPAIR, SYNC, Ended, Step
from hikma_tui.store.errors import StoreError

if TYPE_CHECKING:
    from hikma_tui.app.main import HikmaApp
    from hikma_tui.clinic.server import ServerState

PACE = 0.5
"""Seconds between two repaints of the numbers at least."""

_PATIENCE = 10.0  # seconds from the order to stop until the process is killed
_AT_THE_END = 4.0  # the same when the program is left: records are safe either way
_LESS_IMPORTANT = 5  # the nice level of the child, so that a key's echo goes before
_LONGEST_LINE = 1 << 20
_SAID = 2000
_OPTIONS = {SYNC: (), CHECK: ("--check",), REPAIR: ("--check", "--repair")}


class Syncing:
    """One sync at a time as a child, the password of this session, and the counts (all of it on
    the screen's thread). ``app.sync_told(ended)`` is called when there is something new to show.
    """

    def __init__(self, app: HikmaApp) -> None:
        self._app = app
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""
        self._told_at = 0.0
        self._waiting = False  # a repaint is due
        self._counting = False
        self._count_again = False
        self.running = ""
        self.stopping = False
        self.started_at = 0
        self.step: Step | None = None
        self.ended: Ended | None = None
        self.server: ServerState | None = None

    # The password --------------------------------------------------------------------------

    def needs_password(self) -> bool:
        """Whether it must be asked for."""
        from hikma_tui.syncing.secret import ENVIRONMENT

        return not (self._password or os.environ.get(ENVIRONMENT) or self.keeps_password())

    def keeps_password(self) -> bool:
        """Whether one lies beside the store."""
        from hikma_tui.syncing.secret import kept

        return kept(self._app.directory) is not None

    def use_password(self, password: str) -> None:
        """Hold it for this session, in memory alone."""
        self._password = password

    def take_over(self, former: Syncing) -> None:
        """Hold what the app before this one held; its sync was stopped with it."""
        self._password = former._password
        former.stop()

    def keep_password(self, keep: bool) -> None:
        """Write it beside the store, or forget it there and here. Refused."""
        from hikma_tui.syncing import secret as sync_secret

        try:
            if not keep:
                self._password = ""
                sync_secret.forget(self._app.directory)
            elif self._password:
                sync_secret.keep(self._app.directory, self._password)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused(_("The file of the password: {reason}").format(reason=reason)) from error

    # The process ---------------------------------------------------------------------------

    async def start(self, kind: str, *words: str) -> None:
        """Begin a run; one that runs already goes on. Refused when it can't be begun."""
        if self.running:
            return
        self.running, self.stopping, self.step = kind, False, None
        self.started_at = clock.wall_ms()
        command = [*own_command(), "sync", "--progress-json", *_OPTIONS[kind], *words]
        command += ["--data-dir", str(self._app.directory), "--language", i18n.language()]
        if self._app.actor.user_id:
            command += ["--user", self._app.actor.user_id]
        try:
            proof = await self._app.proof()
        except Refused:
            self.running = ""
            raise
        try:
            self._process = await asyncio.to_thread(
                start_child, command, self._app.directory, self._password, proof
            )
        except (OSError, StoreError) as error:
            self.running = ""
            reason = getattr(error, "strerror", "") or type(error).__name__
            raise Refused(_("The sync could not be started: {reason}").format(reason=reason)) from (
                error
            )
        loop = asyncio.get_running_loop()
        threading.Thread(
            target=self._follow, args=(self._process, loop), name="sync-lines", daemon=True
        ).start()
        self._tell()

    def _follow(self, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        """On a thread of its own: hand each line to the screen's thread, the end last."""
        said: list[str] = []
        complaints = threading.Thread(
            target=_drain, args=(process.stderr, said), name="sync-errors", daemon=True
        )
        complaints.start()
        report: Mapping[str, Any] = {}
        assert process.stdout is not None
        with suppress(RuntimeError):  # the loop has ended: nobody is there to be told
            while line := process.stdout.readline(_LONGEST_LINE):
                told = _read(line)
                if isinstance(told.get("report"), dict):
                    report = told["report"]
                elif isinstance(told.get("progress"), dict):
                    loop.call_soon_threadsafe(self._progress, told["progress"])
            code = process.wait()
            complaints.join(2)
            process.stdout.close()
            loop.call_soon_threadsafe(self._end, process, code, report, "".join(said))

    def _progress(self, told: Mapping[str, Any]) -> None:
        known = {name: told[name] for name in Step.__slots__ if told.get(name) is not None}
        try:
            step = Step(**known)
        except TypeError:
            return  # without a phase: not for us
        turned = self.step is None or step.phase != self.step.phase or step.note != self.step.note
        self.step = step
        self._tell_soon(at_once=turned)

    def _tell_soon(self, *, at_once: bool) -> None:
        loop = asyncio.get_running_loop()
        wait = self._told_at + PACE - loop.time()
        if at_once or wait <= 0:
            self._tell()
        elif not self._waiting:
            self._waiting = True
            loop.call_later(wait, self._tell)

    def _tell(self) -> None:
        self._waiting = False
        self._told_at = asyncio.get_running_loop().time()
        self._app.sync_told(False)

    def _end(
        self, process: subprocess.Popen[bytes], code: int, report: Mapping[str, Any], said: str
    ) -> None:
        if process is not self._process:
            return
        lines = [line for line in said.splitlines() if line.strip()]
        result = str(report.get("result") or _result(code, self.stopping))
        self.ended = Ended(
            self.running, result, self.started_at, clock.wall_ms(), report,
            lines[-1] if lines else "",
        )  # fmt: skip
        self._process, self.running, self.stopping = None, "", False
        if result in REFUSED_PASSWORDS:
            self._password = ""
        self._app.sync_told(True)

    def cancel(self) -> None:
        """SIGTERM, on which the child stops cleanly; SIGKILL when it does not."""
        process = self._process
        if process is None or self.stopping:
            return
        self.stopping = True
        _signal(process, signal.SIGTERM)
        asyncio.get_running_loop().call_later(_PATIENCE, self._kill, process)
        self._tell()

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        if process is self._process:
            _signal(process, signal.SIGKILL)

    def stop(self) -> None:
        """The program is being left: stop the child and wait for it shortly. Blocks."""
        process, self._process = self._process, None
        self._password = ""
        if process is None:
            return
        _signal(process, signal.SIGTERM)
        try:
            process.wait(_AT_THE_END)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)

    # The counts ----------------------------------------------------------------------------

    async def finish_index(self) -> None:
        """A killed sync may have left patients whom the search does not know yet: at the start."""
        from hikma_tui.clinic import finding

        taken = 1
        with suppress(Refused):
            while taken and not self.running:  # each turn is a short save of its own
                taken = await self._app.writing(finding.take_in)

    def recount_soon(self) -> None:
        """Something was saved here or by another program: read the counts, beside the screen."""
        if self._app.store is None or not self._app.facts.server:
            return
        if self._counting:
            self._count_again = True
            return
        self._counting = True
        self._app.run_worker(self._recounting(), group="server")

    async def _recounting(self) -> None:
        try:
            while True:
                self._count_again = False
                await self.recount()
                if not self._count_again:
                    return
        finally:
            self._counting = False

    async def recount(self) -> ServerState | None:
        """Read the counts, on the counter's thread; a search that stops it is waited for."""
        from hikma_tui.clinic import server

        for _again in range(5):
            try:
                self.server = await self._app.counting(server.state)
            except Refused:
                await asyncio.sleep(0.2)  # a newer search stopped it: no number is a wrong one
                continue
            self._app.counts_told()
            return self.server
        return self.server


def own_command() -> list[str]:
    """How a process of this program is started."""
    return [sys.executable, "-P", "-m", "hikma_tui"]


def start_child(
    command: list[str], directory: Path, password: str, proof: str = ""
) -> subprocess.Popen[bytes]:
    """The child in a process group of its own; the password, the proof of who is signed in and the
    key of ciphered records go through pipes, never through the arguments or the environment.
    OSError, StoreError.
    """
    from hikma_tui.store.unlock import handed_over

    with handed_over(directory) as keys:
        command = [*command, *(f"--key-fd={key}" for key in keys)]
        return _with_pipes(command, keys, password, proof)


def _with_pipes(
    command: list[str], keys: list[int], password: str, proof: str
) -> subprocess.Popen[bytes]:
    pipes: list[int] = []
    try:
        for option, secret in (("--password-fd", password), ("--proof-fd", proof)):
            if secret:
                pipes.append(_pipe_with(secret))
                command = [*command, option, str(pipes[-1])]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[*pipes, *keys],
            process_group=0,
            env=_environment(),
        )
    finally:
        for pipe in pipes:
            os.close(pipe)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _LESS_IMPORTANT)
    return process


def _pipe_with(secret: str) -> int:
    """A pipe that gives ``secret`` and ends; the end to read from."""
    reading, writing = os.pipe()
    try:
        os.write(writing, secret.encode("utf-8", "surrogateescape") + b"\n")
    finally:
        os.close(writing)
    return reading


def _environment() -> dict[str, str]:
    """Ours, with this very package first on the child's path: it may run from a checkout."""
    here = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{path}" if path else here}


def _read(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _drain(stream: IO[bytes] | None, said: list[str]) -> None:
    """Keep the end of what the child complains of; a full pipe would stop it."""
    if stream is None:
        return
    with stream:
        while line := stream.readline(_LONGEST_LINE):
            said.append(line.decode("utf-8", "replace")[:_SAID])
            del said[:-5]


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        with suppress(OSError):
            os.killpg(process.pid, number)


def _result(code: int, stopped: bool) -> str:
    """Without a report: that it was stopped, or that it broke off."""
    return "cancelled" if stopped or code in (130, -signal.SIGTERM) else "broken"
