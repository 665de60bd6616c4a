"""Every measurement in one go, as docs/performance.md has them.

    python -m benchmarks [--quick] [--only NAME ...]

Runs the benchmarks of this folder one after the other, each in a process of its own, and prints
their tables under the name of this machine. ``--quick`` takes small clinics: some five minutes
instead of an hour. What depends on the machine's mood is printed and never fails; what does not is
held by tests (limits.toml).
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from hikma_tui import __version__

# Name, what is asked in a whole run, and in a quick one.
PARTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("start", ("--patients", "100000"), ("--patients", "1000", "--pairs", "5")),
    ("growth", (), ("--sizes", "1000,20000", "--rounds", "5")),
    ("memory", (), ("--patients", "1000", "--actions", "500")),
    ("search", ("--sizes", "1000,100000,1000000"), ("--sizes", "1000,20000")),
    ("open_patient", ("--patients", "100000"), ("--patients", "2000")),
    ("save", (), ("--patients", "2000", "--rounds", "100")),
    ("form", (), ("--rounds", "10")),
    ("terminal", (), ()),
    ("codes", (), ("--rounds", "1")),
    (
        "first_sync",
        ("--patients", "100000", "--pairs", "3"),
        (
            "--patients",
            "10000",
        ),
    ),
)


def machine() -> str:
    """This machine in a line."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _colon, value = line.partition(":")
            if name.strip().lower() in ("model name", "model"):
                model = value.strip()
                break
    except OSError:
        model = platform.machine()
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return (
        f"{model}, {os.cpu_count()} cores, {pages * size / 1e9:.1f} GB;"
        f" {platform.system()} {platform.release().partition('-')[0]},"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version};"
        f" hikma-tui {__version__}, {datetime.now(UTC):%Y-%m-%d},"
        f" load {os.getloadavg()[0]:.1f}"
    )


def main() -> int:
    """Run them; the exit code is 1 when one of them could not be run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=[part[0] for part in PARTS])
    options = parser.parse_args()
    environment = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    failed = 0
    print(machine(), flush=True)
    for name, whole, quick in PARTS:
        if options.only and name not in options.only:
            continue
        print(f"\n## {name}\n", flush=True)
        words = [sys.executable, "-m", f"benchmarks.{name}", *(quick if options.quick else whole)]
        failed |= subprocess.run(words, env=environment, check=False).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
