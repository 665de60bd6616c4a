"""A key's echo in the search while the first pull of a large server is applied.

    python -m benchmarks.first_sync_echo [--patients 10000] [--body FILE]

The program runs on a terminal of its own, ``hikma-tui sync`` beside it as another process, with
the nice level that F9 gives it. A letter is typed three times a second, four letters and then they
are deleted; what is measured is from the key to the letter on the screen, by what the run does at
that moment.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.first_sync import _joined, _told, make_body
from tests.cloud.seed import PASSWORD, seed
from tests.cloud.server import Cloud
from tests.terminal.terminal import Terminal, running

WORDS = ("noor", "kha", "layl", "omar", "sara", "hadd")


def _typed(terminal: Terminal, word: str) -> list[float]:
    """Type a word; the seconds until each letter stood in the field."""
    took = []
    for number in range(1, len(word) + 1):
        wanted = f" {word[:number]} "
        began = time.monotonic()
        terminal.send(word[number - 1])
        while not any(wanted in f" {line} " for line in terminal.lines[:4]):
            if not terminal.read(5):
                raise SystemExit(f"no echo of {word}:\n{terminal.text}")
        took.append(time.monotonic() - began)
        until = time.monotonic() + 0.33
        while (left := until - time.monotonic()) > 0:
            terminal.read(left)
    for _letter in word:
        terminal.send("\x7f")
    terminal.settle(0.3)
    return took


def measure(body: Path, work: Path) -> dict[str, list[float]]:
    """Echoes by phase of one first pull."""
    directory = work / "clinic"
    found: dict[str, list[float]] = {}
    phase = ["connect"]
    with Cloud(limits=False) as cloud:
        seed(cloud.store, patients=0)
        _joined(directory, cloud)
        cloud.fault("file", method="GET", path="/api/v2/sync", body=str(body))
        with running(directory, HIKMA_TUI_PASSWORD=PASSWORD) as terminal:
            terminal.settle(1.0)
            for word in WORDS[:3]:
                found.setdefault("nothing beside it", []).extend(_typed(terminal, word))
            command = ["nice", "-n", "5", sys.executable, "-m", "hikma_tui", "sync"]
            command.append("--progress-json")
            child = subprocess.Popen(
                [*command, "--data-dir", str(directory)], stdout=subprocess.PIPE,
                env={**os.environ, "HIKMA_TUI_PASSWORD": PASSWORD},
            )  # fmt: skip

            def watch() -> None:
                for line in child.stdout or ():
                    phase[0] = json.loads(line).get("progress", {}).get("phase", phase[0])

            threading.Thread(target=watch, daemon=True).start()
            number = 0
            while child.poll() is None:
                for took in _typed(terminal, WORDS[number % len(WORDS)]):
                    found.setdefault(phase[0], []).append(took)
                number += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--body", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        body = options.body or work / "body.json"
        if options.body is None:
            make_body(body, options.patients)
        found = measure(body, work)
    for phase, took in found.items():
        print(_told(f"echo, {phase}", took))
    during = [one for phase in ("pull", "apply", "index") for one in found.get(phase, [])]
    print(_told("echo, all of the pull", during), f"; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
