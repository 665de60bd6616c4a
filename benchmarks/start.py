"""Start to a usable search, and memory, beside a bare Textual app; measured in pairs.

    python -m benchmarks.start [--patients 100000] [--pairs 15] [--data-dir DIR]

Both programs run on a pseudo terminal of 80x24. Usable means: a letter that was typed while the
program was still starting stands on the screen. Memory is the resident set at that moment, of the
process itself. The order within a pair alternates; medians and the ratio's median are printed.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import resource
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path

import pyte

LETTERS = b"moh"
LIMIT_S = 30.0


def _resident_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _spawn(command: Sequence[str]) -> tuple[int, int]:
    pid, descriptor = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execv(command[0], list(command))
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return pid, descriptor


def processor_ms() -> float:
    """Processor time of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def run_once(command: Sequence[str], done: str) -> tuple[float, float]:
    """Milliseconds until the typed letters (and ``done``) are on the screen, and MB then."""
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    start = time.perf_counter()
    pid, descriptor = _spawn(command)
    os.write(descriptor, LETTERS)
    try:
        while time.perf_counter() - start < LIMIT_S:
            if not select.select([descriptor], [], [], 0.5)[0]:
                continue
            stream.feed(os.read(descriptor, 65536))
            text = "\n".join(screen.display)
            if LETTERS.decode() in text and done in text:
                elapsed = (time.perf_counter() - start) * 1000
                return elapsed, _resident_kb(pid) / 1024
        raise TimeoutError(f"not usable within {LIMIT_S} s: {command}")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(descriptor)


def measure(directory: Path, pairs: int) -> str:
    """The table."""
    ours = [sys.executable, "-m", "hikma_tui", "--data-dir", str(directory)]
    bare = [sys.executable, "-m", "benchmarks.bare_app"]
    run_once(ours, "Find"), run_once(bare, "row 5")  # byte code, page cache
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    processor: dict[str, list[float]] = {"ours": [], "bare": []}
    memory: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(pairs):
        order = [("ours", ours, "Find"), ("bare", bare, "row 5")]
        for name, command, done in order if number % 2 else reversed(order):
            before = processor_ms()
            elapsed, megabytes = run_once(command, done)
            processor[name].append(processor_ms() - before)
            times[name].append(elapsed)
            memory[name].append(megabytes)
    ratios = [a / b for a, b in zip(times["ours"], times["bare"], strict=True)]
    lines = [
        "| program | usable, ms (median) | min | max | memory, MB (median) |",
        "|---|---|---|---|---|",
    ]
    for name in ("bare", "ours"):
        lines.append(
            f"| {name} | {statistics.median(times[name]):.0f} | {min(times[name]):.0f}"
            f" | {max(times[name]):.0f} | {statistics.median(memory[name]):.1f} |"
        )
    more = statistics.median(memory["ours"]) - statistics.median(memory["bare"])
    lines.append(f"\nratio, median of {pairs} pairs: {statistics.median(ratios):.2f}")
    used = [a / b for a, b in zip(processor["ours"], processor["bare"], strict=True)]
    lines.append(
        f"of processor time: {statistics.median(used):.2f}"
        f" ({statistics.median(processor['ours']):.0f} beside"
        f" {statistics.median(processor['bare']):.0f} ms)"
    )
    lines.append(f"memory above the bare app: {more:.1f} MB")
    return "\n".join(lines)


def main() -> int:
    """Make a demo store unless one is given, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--data-dir", type=Path)
    arguments = parser.parse_args()
    if arguments.data_dir is not None:
        print(measure(arguments.data_dir, arguments.pairs))
        return 0
    with tempfile.TemporaryDirectory() as place:
        from hikma_tui.demo import make

        directory = Path(place) / "demo"
        make(directory, patients=arguments.patients).close()
        print(measure(directory, arguments.pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
