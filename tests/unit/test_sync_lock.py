"""Two syncs of one store exclude each other, also when one is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hikma_tui.syncing import lock as sync_lock
from hikma_tui.wire.shapes import Kind, Trouble
from tests.unit import program

HOLD = """
import sys, time
from pathlib import Path
from hikma_tui.syncing import lock as sync_lock
with sync_lock.held(Path(sys.argv[1]), 1795345229058):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    assert not sync_lock.busy(tmp_path)
    with sync_lock.held(tmp_path, 1_795_345_229_058):
        assert sync_lock.busy(tmp_path)
        with pytest.raises(Trouble) as told, sync_lock.held(tmp_path, 2):
            pass
        assert (told.value.kind, told.value.detail) == (Kind.BUSY, "1795345229058")
    assert not sync_lock.busy(tmp_path)
    with sync_lock.held(tmp_path, 3):
        assert sync_lock.busy(tmp_path)


def test_another_process_holds_it_and_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=program.environment()) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Trouble) as told, sync_lock.held(tmp_path, 2):
            pass
        assert told.value.detail == "1795345229058"
        holder.send_signal(signal.SIGKILL)
    with sync_lock.held(tmp_path, 2):
        assert sync_lock.busy(tmp_path)
