"""An error of the program itself: one plain line, exit code 70, and no patient's data anywhere."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from textual import work
from hikma_tui.widgets.base import BaseApp
from rich.errors import MarkupError

HOW = sys.argv[1]

class Crash(BaseApp[None]):
    log_directory = Path(sys.argv[2])
    technical_lead = "it@example.org"

    def on_mount(self) -> None:
        name = "Secret " + "Patient"
        if HOW == "handler":
            try:
                raise KeyError(name)
            except KeyError as error:
                raise ValueError(f"bad name {name}") from error
        if HOW == "markup":
            raise MarkupError(f"tag {name}")
        if HOW == "worker":
            self.fail(name)

    @work(thread=True)
    def fail(self, name: str) -> None:
        raise RuntimeError(f"worker {name}")

app = Crash()
app.run(headless=True)
sys.exit(app.return_code)
"""


@pytest.mark.parametrize(
    ("how", "kind"),
    [("handler", "ValueError"), ("markup", "MarkupError"), ("worker", "RuntimeError")],
)
def test_a_crash_tells_where_and_nothing_else(how: str, kind: str, tmp_path: Path) -> None:
    log = tmp_path / "hikma.log"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 70, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Tell it@example.org" in done.stderr
    assert str(log) in done.stderr
    written = log.read_text(encoding="utf-8")
    assert kind in written
    assert f"Code: {written.split('error ')[1].split()[0]}." in done.stderr
    assert "on_mount" in written or "fail" in written
    for text in (done.stdout, done.stderr, written):
        assert "Secret" not in text
        assert "Patient" not in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_log_that_can_not_be_written_changes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "handler", "/dev/null/no"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 70
    assert "Secret" not in done.stderr + done.stdout
