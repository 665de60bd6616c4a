"""An error of the program, wherever it falls: one calm screen, and the work goes on."""

from __future__ import annotations

import re
import stat
import time
from pathlib import Path

from hikma_tui.clinic import info
from hikma_tui.store import Store
from tests.terminal.terminal import CTRL_Q, ENTER, restored, running
from tests.terminal.test_first_day import AT_WORK, begin_consultation, kept_draft, one_patient

FAILING = """
import asyncio, sys, threading
from textual.message import Message
from textual.widget import Widget
from hikma_tui.cli import main
from hikma_tui.screens.draft_screen import DraftScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.patient import PatientScreen

from hikma_tui.screens import crash
from hikma_tui.widgets import mishap

HOW = ""
LEFT = "{how}".split()
if len(LEFT) > 1:  # one after the other
    mishap.QUICK, mishap.MOST, crash._TYPED_AHEAD = 0, 99, 0
whole = {{"compose": PatientScreen.compose, "mount": PatientScreen.on_mount}}

class Asked(Message):
    pass

class Bad(Widget):
    DEFAULT_CSS = "Bad {{ height: auto; }}"

    def render(self):
        if HOW == "render":
            fail()
        return ""

    def get_content_height(self, *_arguments):
        if HOW == "layout":
            fail()
        return 1

def fail(*_arguments):
    name = "Amal Khalil"
    raise RuntimeError(f"cannot show {{name}} [/x]", {{"name": name}})

async def afail(*_arguments):
    await asyncio.sleep(0)
    fail()

def compose(self):
    global HOW
    HOW = LEFT.pop(0) if LEFT else ""
    if HOW == "compose":
        fail()
    type(self).key_actions = fail if HOW in ("keys", "again") else keys
    type(self).typed_name = fail if HOW == "letter" else typed_name
    yield from whole["compose"](self)
    if HOW in ("render", "layout"):
        yield Bad()

def mount(self):
    whole["mount"](self)
    loop = asyncio.get_running_loop()
    begin = {{
        "mount": fail,
        "timer": lambda: self.set_timer(0.05, fail),
        "interval": lambda: self.set_interval(0.05, afail),
        "worker": lambda: self.run_worker(afail()),
        "thread": lambda: self.run_worker(fail, thread=True),
        "later": lambda: self.call_later(fail),
        "painted": lambda: self.call_after_refresh(afail),
        "message": lambda: self.post_message(Asked()),
        "reader": lambda: self.run_worker(self.clinic.reading(fail)),
        "writer": lambda: self.run_worker(self.clinic.writing(fail)),
        "app": lambda: self.app.call_later(fail),
        "lost": lambda: (loop.call_soon(fail), self.app.later(fail),
                         threading.Thread(target=fail).start()),
    }}.get(HOW)
    if begin is not None:
        begin()

def typed(self, event):
    if "boom" in repr(self._content(self._editor)):
        fail()
    self.keep_typed()

keys, typed_name = PatientScreen.key_actions, PatientScreen.typed_name
found = FindScreen.on_mount
times = []

def find(self):
    found(self)
    times.append(1)
    if HOW == "again" and len(times) > 1:
        self.call_after_refresh(fail)

PatientScreen.compose, PatientScreen.on_mount = compose, mount
PatientScreen.on_asked = fail
if LEFT == ["again"]:
    FindScreen.on_mount = find
if LEFT == ["form"]:
    DraftScreen.typed.__code__ = typed.__code__
sys.exit(main())
"""
PLACES = (
    "compose", "mount", "keys", "timer", "interval", "worker", "thread", "later", "painted",
    "message", "reader", "writer", "app", "render", "layout", "letter",
)  # fmt: skip
TOLD = ("The program met an error of its own", "Code:", "What was saved is saved.", "Enter go on")


def program(how: str) -> list[str]:
    return ["-c", FAILING.format(how=how)]


def code_on(text: str) -> str:
    found = re.search(r"Code: ([0-9A-Z]{3}-[0-9A-Z]{3})", text)
    assert found, text
    return found[1]


def assert_log(directory: Path, code: str) -> None:
    log = directory / "hikma.log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    written = log.read_text()
    assert f"unexpected error {code}" in written
    assert "builtins.RuntimeError" in written
    assert " fail" in written
    assert "Khalil" not in written


def test_wherever_it_falls_the_work_goes_on(tmp_path: Path) -> None:
    directory = one_patient(tmp_path / "clinic")
    codes = []
    with running(directory, python=program(" ".join(PLACES))) as terminal:
        for how in PLACES:
            terminal.wait(*AT_WORK)
            terminal.press("amal", "Find: amal", "Amal Khalil")
            if how == "letter":
                terminal.press(ENTER, "0 visits")
                terminal.settle()
                terminal.send("k")
            else:
                terminal.send(ENTER)
            terminal.wait(*TOLD)
            assert "Khalil" not in terminal.text
            assert "Traceback" not in terminal.text
            codes.append(code_on(terminal.text))
            assert_log(directory, codes[-1])
            terminal.press(ENTER, *AT_WORK)
        terminal.press("amal", "Find: amal", "Amal Khalil")
        terminal.press(ENTER, "0 visits")  # this time nothing is wrong with it
        terminal.send(CTRL_Q)
        assert terminal.code() == 0
        assert restored(bytes(terminal.bytes)) == []
    assert len(codes) == len(PLACES)


def test_what_nobody_waits_for_is_noted_and_disturbs_nobody(tmp_path: Path) -> None:
    directory = one_patient(tmp_path / "clinic")
    with running(directory, python=program("lost")) as terminal:
        terminal.wait(*AT_WORK)
        terminal.press("amal", "Find: amal", "Amal Khalil")
        terminal.press(ENTER, "0 visits")
        terminal.settle()
        assert "Traceback" not in bytes(terminal.bytes).decode(errors="replace")
        terminal.send(CTRL_Q)
        assert terminal.code() == 0
    written = (directory / "hikma.log").read_text()
    for part in ("task: unexpected", "later: unexpected", "thread Thread"):
        assert part in written
    assert "Khalil" not in written


def test_a_second_error_at_once_ends_it_with_the_code(tmp_path: Path) -> None:
    directory = one_patient(tmp_path / "clinic")
    store = Store.open(directory)
    store.write(info.put, "technical_lead", "it@example.org").result()
    store.close()
    with running(directory, python=program("again")) as terminal:
        terminal.wait(*AT_WORK)
        terminal.press("amal", "Find: amal", "Amal Khalil")
        terminal.press(ENTER, *TOLD, "it@example.org")
        terminal.press(ENTER, "Read this first")  # one that was typed ahead
        time.sleep(0.8)
        terminal.send(ENTER)
        assert terminal.code() == 70
        sent = bytes(terminal.bytes)
        assert restored(sent) == []
    said = sent[sent.rindex(b"\x1b[?1049l") :].decode()
    assert said.count("hikma-tui stopped because of an error of its own.") == 1
    assert "it@example.org" in said
    assert_log(directory, code_on(" ".join(said.split())))
    assert "Khalil" not in said
    assert "Traceback" not in said


def test_what_was_typed_is_kept_as_a_draft(tmp_path: Path) -> None:
    directory = one_patient(tmp_path / "clinic")
    with running(directory, python=program("form")) as terminal:
        begin_consultation(terminal)
        terminal.press("cough since mon", "cough since mon")
        terminal.send(" boom")
        terminal.wait(*TOLD, "What you were typing is kept as a draft")
        assert "cough" not in terminal.text
        time.sleep(0.8)
        terminal.press(ENTER, *AT_WORK)
        assert "cough since mon" in kept_draft(directory)
        terminal.send(CTRL_Q)
        assert terminal.code() == 0
