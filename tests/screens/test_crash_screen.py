"""The screen after an error of the program, and whether another app may follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from hikma_tui import i18n
from hikma_tui.app.crash import Begun, Showing
from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import info, pins
from hikma_tui.screens import crash
from hikma_tui.screens.crash import CrashScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.lock import LockScreen
from hikma_tui.screens.session import begin
from hikma_tui.secrets_kdf import hashed
from hikma_tui.store import Store
from hikma_tui.widgets.mishap import MOST, QUICK, WINDOW, Mishap, Restarts
from tests.screens.clinic import Clinic, fill, make_clinic
from tests.screens.harness import screen_text

TOLD = """\
 The program met an error of its own

 Code: ABC-123

 Your records
   What was saved is saved. Nothing of it was changed by the error.
   What you typed on that screen and did not save is not kept.

 What to do
   Enter goes on with the list of patients.
   If it comes again at the same place: write the code down and tell
   it@example.org.

 For the technical lead: hikma-tui support --output FILE
"""


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_not_twice_at_once_and_not_for_ever() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    assert restarts.allow()
    clock.now += 100
    assert not restarts.allow()  # the screen that told of the first was never left
    restarts = Restarts(clock)
    assert restarts.allow()
    restarts.go_on()
    clock.now += QUICK / 2
    assert not restarts.allow()
    restarts = Restarts(clock)
    for _number in range(MOST):
        assert restarts.allow()
        restarts.go_on()
        clock.now += QUICK + 1
    assert not restarts.allow()
    restarts.go_on()
    clock.now += WINDOW
    assert restarts.allow()


class Way:
    """What is done in each app that is shown, one after the other, and what stood on its screen."""

    def __init__(self, place: Clinic, *acts: Any) -> None:
        self.place, self.acts, self.seen = place, list(acts), list[str]()
        self.apps = list[HikmaApp]()

    def make(self, store: Store | None, begun: Begun, mishap: Mishap | None) -> HikmaApp:
        self.apps.append(HikmaApp(self.place.store.directory, store, begun, after=mishap))
        return self.apps[-1]

    def run(self, app: HikmaApp) -> None:
        act = self.acts.pop(0)

        async def pilot(pilot: Pilot[Any]) -> None:
            await pilot.pause()
            self.seen.append(screen_text(app))
            try:
                await act(app, pilot)
            finally:
                if app.mishap is None:
                    app.exit()

        try:
            app.run(headless=True, size=(80, 24), auto_pilot=pilot)
        except RuntimeError:
            assert app.mishap is not None  # Textual gives it to the pilot once more

    def go(self) -> int:
        showing = Showing(self.make, self.run)
        store = self.place.store
        try:
            return showing.show(store, store.read(begin, "").result())
        finally:
            showing.close()
            i18n.use_language("en")


async def fails(app: HikmaApp, pilot: Pilot[Any]) -> None:
    def fail() -> None:
        raise RuntimeError("Amal Khalil")

    app.screen.call_later(fail)
    await pilot.pause()
    await pilot.pause()


async def goes_on(app: HikmaApp, pilot: Pilot[Any]) -> None:
    assert isinstance(app.screen, CrashScreen)
    app.screen._since = 0
    await pilot.press("enter")
    await pilot.pause()


@pytest.fixture
def place(tmp_path: Path) -> Clinic:
    made = make_clinic(tmp_path / "store")
    fill(made)
    made.store.write(info.put, "technical_lead", "it@example.org").result()
    return made


def test_it_tells_and_goes_on(place: Clinic) -> None:
    kinds = []

    async def looks(app: HikmaApp, pilot: Pilot[Any]) -> None:
        await goes_on(app, pilot)
        kinds.append(type(app.screen))

    way = Way(place, fails, looks)
    assert way.go() == 0
    assert kinds == [FindScreen]
    assert way.apps[0].mishap is not None
    code = way.apps[0].mishap.code
    log = place.store.directory / "hikma.log"
    told, _trace, where = way.seen[1].partition(" The trace, without any patient's data:")
    assert told.replace(code, "ABC-123") == TOLD
    assert str(log) in "".join(line.strip() for line in where.splitlines())
    assert f"unexpected error {code}" in log.read_text()


def test_a_failing_screen_of_the_error_ends_it(place: Clinic) -> None:
    way = Way(place, fails, fails)
    assert way.go() == 70
    assert way.apps[1].mishap is not None
    assert not way.apps[1].mishap.goes_on
    assert len(way.apps) == 2


@pytest.mark.parametrize("language", ["en", "es", "ar"])
@pytest.mark.parametrize(
    "mishap",
    [Mishap("ABC-123"), Mishap("ABC-123", forms=True, saving=True, syncing=True),
     Mishap("ABC-123", forms=True, lost=True, saving=True, syncing=True)],
)  # fmt: skip
async def test_every_sentence_is_seen(place: Clinic, language: str, mishap: Mishap) -> None:
    place.store.write(info.put, "language", language).result()
    found = place.store.read(begin, "").result()
    app = HikmaApp(place.store.directory, place.store, found, after=mishap)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            text = screen_text(app)
            assert "ABC-123" in text
            assert "it@example.org" in text
            assert "hikma-tui support --output FILE" in text
            assert "hikma.log" in text.replace("\n", "").replace(" ", "")
            assert len(text.splitlines()) == 24
    finally:
        app.close_store()
        i18n.use_language("en")


def with_pin(place: Clinic) -> None:
    place.store.write(pins.set_pin, place.actor, place.actor.user_id, hashed("2468")).result()


@pytest.mark.parametrize("locked", [False, True])
def test_an_error_opens_no_lock(
    place: Clinic, locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash, "_TYPED_AHEAD", 0.0)
    with_pin(place)
    kinds = []

    async def before(app: HikmaApp, pilot: Pilot[Any]) -> None:
        app.locking.locked = locked
        await fails(app, pilot)

    async def looks(app: HikmaApp, pilot: Pilot[Any]) -> None:
        await goes_on(app, pilot)
        kinds.append(type(app.screen))
        assert app.locking.locked is locked

    way = Way(place, before, looks)
    assert way.go() == 0
    assert kinds == [LockScreen if locked else FindScreen]
    assert "Khalil" not in way.seen[1]
