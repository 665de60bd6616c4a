"""Whether this computer's network is marked as one that costs money: NetworkManager's word for it.

Asked once in a sync, and only where NetworkManager runs. Nothing is sent anywhere: its answer is a
property on the system's own bus.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which

_RUNS = Path("/run/NetworkManager")  # there while it runs
_SECONDS = 2.0
_ASKED = (
    "--system", "--timeout=1", "get-property", "org.freedesktop.NetworkManager",
    "/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager", "Metered",
)  # fmt: skip
# NMMetered: 1 somebody said so, 3 it guesses so (a phone's hotspot); 0 unknown, 2 and 4 not.
_COSTS = frozenset({"1", "3"})


def costs_money(runs: Path | None = None) -> bool:
    """What NetworkManager says of the connection in use; False where nobody says anything."""
    tool = which("busctl") if (runs or _RUNS).is_dir() else None
    if tool is None:
        return False
    try:
        told = subprocess.run(
            [tool, *_ASKED], capture_output=True, timeout=_SECONDS, check=False, text=True,
            stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"}, errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    words = told.stdout.split()
    return told.returncode == 0 and len(words) == 2 and words[0] == "u" and words[1] in _COSTS
