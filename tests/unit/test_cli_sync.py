"""``hikma-tui sync`` as a process of its own: exit codes, passwords, signals, kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import audit, server
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.syncing.shapes import Phase, Progress, Report
from hikma_tui.verbs import codes as cli_codes
from hikma_tui.verbs import sync as cli_sync
from hikma_tui.wire.shapes import Kind
from tests.cloud.seed import PASSWORD
from tests.cloud.server import Cloud
from tests.unit import program
from tests.unit.sync_running import joined


@contextmanager
def place(tmp_path: Path, patients: int = 20, **how: Any) -> Iterator[tuple[Path, Cloud]]:
    """A joined store that no process has open, with three patients of its own."""
    with joined(tmp_path / "a", patients=patients, **how) as (site, cloud):
        for number in range(3):
            site.register(f"Amal {number}")
        site.store.close()
        yield site.directory, cloud


def run(directory: Path, *words: str, password: str = PASSWORD) -> tuple[int, str, str]:
    reading, writing = os.pipe()
    os.write(writing, password.encode())
    os.close(writing)
    try:
        done = subprocess.run(
            [*program.COMMAND, "sync", "--data-dir", str(directory), "--password-fd",
             str(reading), *words],
            pass_fds=(reading,), capture_output=True, env=program.environment(), timeout=60,
            check=False, text=True,
        )  # fmt: skip
    finally:
        os.close(reading)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def start(directory: Path, *words: str) -> subprocess.Popen[str]:
    sync_secret.keep(directory, PASSWORD)
    return subprocess.Popen(
        [*program.COMMAND, "sync", "--progress-json", "--data-dir", str(directory), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=program.environment(), text=True,
    )  # fmt: skip


def agreed(directory: Path, cloud: Cloud) -> None:
    """All is confirmed, nothing is lost, the file is sound."""
    store = Store.open(directory)
    try:
        state = store.read(server.state).result()
        assert state.up_to_date, state
        assert state.last_run is not None
        assert state.last_run.result == "ok"
        assert store.check() == []
        assert store.on_writer(audit.problems).result() == []
        ids = "SELECT id FROM live_patients"
        here = store.read(lambda: {row[0] for row in connection().execute(ids)}).result()
    finally:
        store.close()
    assert here == {str(row["id"]) for row in cloud.store.live("patients")}
    found = json.loads(program.run("find", "--data-dir", directory, "--json", "Amal").stdout)
    assert found["found"] >= 3  # those who were pulled can be found, too


def test_a_script_reads_the_report_and_the_code(tmp_path: Path) -> None:
    with place(tmp_path) as (directory, cloud):
        code, said, _complained = run(directory, "--json")
        told = json.loads(said)
        assert (code, told["code"], told["result"]) == (0, 0, "ok")
        assert told["total"]["confirmed"] == 3
        assert told["waiting"] == {}
        agreed(directory, cloud)
        status = program.run("status", "--json", "--data-dir", directory).stdout
        assert json.loads(status)["server"]["confirmed"] == 23 + 20  # patients, and the visits
        code, said, _complained = run(directory)
        assert code == 0
        assert "confirmed by the server" in said


def test_each_trouble_has_its_code(tmp_path: Path) -> None:
    with place(tmp_path) as (directory, cloud):
        code, _said, complained = run(directory, password="wrong")
        assert code == cli_codes.UNAUTHORIZED
        assert "does not let you in" in complained
        assert "wrong" not in complained.replace("wrong;", "")
        cloud.fault("limit", times=-1, seconds=900)
        assert run(directory)[0] == cli_codes.SERVER_TROUBLE
        cloud.faults.clear()
        cloud.fault("redirect", times=-1)
        assert run(directory)[0] in (cli_codes.NOT_TRUSTED, cli_codes.NO_NETWORK)
        cloud.faults.clear()
        assert run(directory, "--max-bytes", "10")[0] == cli_codes.TOO_LARGE
        assert program.run("sync", "--data-dir", directory).returncode == cli_codes.UNAUTHORIZED
        url = cloud.url
    assert url
    code, _said, complained = run(directory)
    assert code == cli_codes.NO_NETWORK
    assert "safe" in complained
    alone = program.new_clinic(tmp_path / "alone")
    assert run(alone)[0] == cli_codes.NO_SERVER


def test_what_needs_a_person_has_a_code() -> None:
    assert cli_sync.code_of(Report()) == 0
    assert cli_sync.code_of(Report(waiting={"not_sent": 3})) == 0
    for state in ("conflicts", "refused", "differs", "only_here"):
        assert cli_sync.code_of(Report(waiting={state: 1})) == cli_codes.NEEDS_PERSON
    codes = {kind: cli_sync.code_of(Report(result=kind)) for kind in Kind}
    assert cli_codes.UNEXPECTED not in codes.values()
    assert 0 not in codes.values()


def test_the_environments_password_reaches_no_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place(tmp_path) as (directory, cloud):
        monkeypatch.setenv(sync_secret.ENVIRONMENT, PASSWORD)
        assert program.run("sync", "--data-dir", directory, "--keep-password").returncode == 0
        monkeypatch.delenv(sync_secret.ENVIRONMENT)
        assert sync_secret.kept(directory) == PASSWORD
        assert program.run("sync", "--data-dir", directory).returncode == 0
        agreed(directory, cloud)


def test_two_at_once(tmp_path: Path) -> None:
    with place(tmp_path) as (directory, cloud):
        cloud.fault("stall", method="GET", after=500, seconds=3.0)
        with start(directory) as first:
            assert first.stdout is not None
            until(first, "pull")
            code, _said, complained = run(directory)
            assert code == cli_codes.BUSY
            assert "since" in complained
            assert first.wait(30) == 0
        agreed(directory, cloud)


def until(process: subprocess.Popen[str], phase: str) -> None:
    """Read lines until a phase begins."""
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("progress", {}).get("phase") == phase:
            return
    pytest.fail(f"it never came to {phase}")


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told(tmp_path: Path, word: signal.Signals) -> None:
    with place(tmp_path) as (directory, cloud):
        cloud.fault("stall", method="GET", after=500, seconds=20.0)
        with start(directory) as process:
            until(process, "pull")
            time.sleep(0.2)
            began = time.monotonic()
            process.send_signal(word)
            said, complained = process.communicate(timeout=20)
            assert time.monotonic() - began < 3
            assert process.returncode == cli_codes.CANCELLED
            report = json.loads(said.splitlines()[-1])["report"]
            assert report["result"] == "cancelled"
            assert "Traceback" not in complained
        assert run(directory)[0] == 0
        agreed(directory, cloud)


KILLS: list[tuple[str, dict[str, Any]]] = [
    ("connect", {"kind": "stall", "method": "GET", "seconds": 5.0}),
    ("pull", {"kind": "stall", "method": "GET", "after": 9000, "seconds": 5.0}),
    ("apply", {}),
    ("index", {}),
    ("push", {"kind": "stall", "method": "POST", "seconds": 5.0}),
    ("confirm", {"kind": "stall", "method": "GET", "skip": 1, "after": 9000, "seconds": 5.0}),
    ("check", {"kind": "stall", "method": "GET", "skip": 2, "after": 9000, "seconds": 5.0}),
]


@pytest.mark.parametrize(("phase", "fault"), KILLS)
def test_killed_in_each_phase_it_goes_on(tmp_path: Path, phase: str, fault: dict[str, Any]) -> None:
    with place(tmp_path, patients=400) as (directory, cloud):
        if fault:
            cloud.fault(**fault)
        with start(directory, *(["--check"] if phase == "check" else [])) as process:
            until(process, phase)
            process.kill()
            process.communicate()
        cloud.faults.clear()
        code, said, _complained = run(directory, "--json")
        told = json.loads(said)
        assert (code, told["result"]) == (0, "ok")
        assert "killed" in told["notices"]
        agreed(directory, cloud)
        assert not list(directory.glob("sync/*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the levels of /proc")
@pytest.mark.parametrize("before", [0, 12])
def test_a_timers_sync_steps_back_once(tmp_path: Path, before: int) -> None:
    """With every thread of its own; what was set further back by its starter stays there."""
    with place(tmp_path) as (directory, cloud):
        cloud.fault("stall", method="GET", after=500, seconds=5.0)
        with start(directory) as process:
            os.setpriority(os.PRIO_PROCESS, process.pid, max(before, os.nice(0)))
            until(process, "pull")
            threads = [int(one.name) for one in Path(f"/proc/{process.pid}/task").iterdir()]
            levels = {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
            process.kill()
    assert len(threads) > 1
    assert levels == {max(before, os.nice(0), 5)}


def test_a_person_sees_records_bytes_and_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    telling = cli_sync._Telling(as_json=False, to_person=True)
    telling(Progress(Phase.PULL, 1200, None, 2_500_000, 410_000.0))
    telling(Progress(Phase.APPLY, 500, 1200, 0, 2000.0))
    said = capsys.readouterr().err
    assert "1200  2.5 MB  410 KB/s" in said
    assert "500/1200  2000/s" in said


def test_nobody_reads_any_more(tmp_path: Path) -> None:
    with place(tmp_path) as (directory, cloud):
        cloud.fault("stall", method="GET", after=500, seconds=1.0)
        with start(directory) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.stdout.close()
            process.wait(30)
        agreed(directory, cloud)


def test_status_tells_the_counts_without_a_network(tmp_path: Path) -> None:
    with place(tmp_path) as (directory, _cloud):
        told = json.loads(program.run("status", "--json", "--data-dir", directory).stdout)
        assert (told["server"]["registered"], told["server"]["not_sent"]) == (True, 3)
        assert told["server"]["confirmed"] == 0
        assert "not sent: 3" in program.run("status", "--data-dir", directory).stdout
    alone = program.new_clinic(tmp_path / "alone")
    told = json.loads(program.run("status", "--json", "--data-dir", alone).stdout)
    assert (told["server"]["registered"], told["server"]["up_to_date"]) == (False, False)
    probe = (
        "import sys\nfrom hikma_tui.cli import main\n"
        f"code = main(['status', '--json', '--data-dir', {str(alone)!r}])\n"
        "print('LOADED', *sorted(sys.modules))\nsys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True,
        env=program.environment(),
    )  # fmt: skip
    loaded = set(done.stdout.partition("LOADED ")[2].split())
    assert "hikma_tui.clinic.server" in loaded
    assert loaded.isdisjoint({"httpx", "textual", "rich", "ssl", "qrcode"})
