"""Processes that take a part of a large pull: whether there may be one, and starting it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_MEMORY = 300 << 20  # bytes that must be free
_ROOT = str(Path(__file__).resolve().parents[1])  # where this very program's modules are


def room() -> bool:
    """Whether this machine has a processor and the memory for one more process."""
    ours = getattr(os, "sched_getaffinity", None)  # not everywhere
    if ours is None or len(ours(0)) < 2:
        return False
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 >= _MEMORY
    except (OSError, ValueError):
        return False
    return False


def spawn(module: str) -> subprocess.Popen[bytes]:
    """Run a module of ours as a process that is talked to through its input and output. OSError.

    It is as nice as this one: what waits for it is not served by its waiting for others.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([_ROOT, *sys.path[1:]])},
    )  # fmt: skip
