"""The real program as a process of its own, on real stores: for the tests of the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-P", "-m", "hikma_tui"]
CHEAP_KEYS = """
import sys
from hikma_tui.cli import main
from hikma_tui.store import cipher
cipher.new_salt = lambda: cipher.salt_with(10)
sys.exit(main())
"""
"""The same, but that a new passphrase costs no second at each opening (``python -c``)."""


def environment() -> dict[str, str]:
    """The test's environment, from which the checkout's package is found."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(
    *words: str | Path, data: str | bytes = "", timeout: float = 60, pass_fds: Sequence[int] = (),
    command: Sequence[str] = COMMAND,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Run ``hikma-tui`` to its end. No run may ever show a traceback."""
    done = subprocess.run(
        [*command, *map(str, words)],
        input=data.encode() if isinstance(data, str) else data,
        capture_output=True,
        env=environment(),
        timeout=timeout,
        check=False,
        pass_fds=pass_fds,
    )
    said, complained = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in complained, complained
    return subprocess.CompletedProcess(done.args, done.returncode, said, complained)


def start(*words: str | Path) -> subprocess.Popen[bytes]:
    """Start ``hikma-tui`` with pipes, to talk to."""
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        bufsize=0,
    )


def new_clinic(directory: Path, user: str = "Nora") -> Path:
    """A clinic made by ``init``; its directory."""
    done = run("init", "--data-dir", directory, "--clinic", "Al-Salam", "--user", user)
    assert done.returncode == 0, done.stderr
    return directory


def lines(*contents: Any) -> str:
    """Contents as lines of JSON; text stays as it is."""
    return "".join(
        (content if isinstance(content, str) else json.dumps(content)) + "\n"
        for content in contents
    )


def create(table: str, **row: Any) -> dict[str, Any]:
    """The line that creates a row."""
    return {"op": "create", "table": table, "row": row}


def exported(directory: Path, *tables: str) -> list[dict[str, Any]]:
    """What ``export`` writes, line by line."""
    chosen: Sequence[str] = [word for table in tables for word in ("--table", table)]
    done = run("export", "--data-dir", directory, *chosen)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(directory: Path, table: str) -> dict[str, dict[str, Any]]:
    """The live rows of a table by id, as exported."""
    return {line["row"]["id"]: line["row"] for line in exported(directory, table)}
