"""How much a start grows with the clinic: the smallest and the largest in turns, on one machine.

    python -m benchmarks.growth [--sizes 1000,100000,1000000] [--rounds 9] [--keep DIR]

Wall time to a usable search (``benchmarks.start``) and the processor time of the process until
then, medians; the last column is the processor time beside that of the smallest clinic.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.start import processor_ms, run_once
from hikma_tui.demo import make
from hikma_tui.store.files import FILE_NAME


def measure(directories: Sequence[tuple[int, Path]], rounds: int) -> str:
    """The table."""
    wall: dict[int, list[float]] = {size: [] for size, _ in directories}
    processor: dict[int, list[float]] = {size: [] for size, _ in directories}
    for number in range(rounds + 1):
        for size, directory in directories if number % 2 else reversed(directories):
            before = processor_ms()
            elapsed, _memory = run_once(
                [sys.executable, "-m", "hikma_tui", "--data-dir", str(directory)], "Find"
            )
            if number:  # the first only warms the page cache
                wall[size].append(elapsed)
                processor[size].append(processor_ms() - before)
    lines = ["| patients | usable, ms | processor, ms | to the smallest |", "|---|---|---|---|"]
    least = statistics.median(processor[directories[0][0]])
    for size, _directory in directories:
        used = statistics.median(processor[size])
        lines.append(
            f"| {size:,} | {statistics.median(wall[size]):.0f} | {used:.0f} | {used / least:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Make the clinics unless they are kept, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="where to keep the clinics for the next time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hikma-tui-bench-") as scratch:
        place = asked.keep or Path(scratch)
        directories = []
        for size in sorted(int(number) for number in asked.sizes.split(",")):
            directory = place / f"demo-{size}"
            if not (directory / FILE_NAME).exists():
                make(directory, patients=size).close()
            directories.append((size, directory))
        print(measure(directories, asked.rounds))


if __name__ == "__main__":
    main()
