"""Bytes to a terminal of 80x24 for each key, as ever and with --low-bandwidth, and what zlib makes.

    python -m benchmarks.terminal [--patients 2000]

The real program runs on a pseudo terminal; zlib is asked as ``ssh -C`` asks it, one stream for the
whole session, emptied after each key. Bytes don't depend on the machine's mood, but for a frame
more or less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zlib
from pathlib import Path

from hikma_tui.demo import make
from tests.terminal.terminal import DOWN, ENTER, ESC, F1, F2, F3, TAB, running

KEYS = {
    "a letter in the search, the list repainted": "m", "the next letter": "o",
    "one more": "h", "an arrow in the list": DOWN, "help opened": F1, "help closed": ESC,
    "the filters opened": F3, "the filters closed": ESC, "a patient opened": ENTER,
    "a new visit": "1", "back to the patient": ESC, "back to the search": ESC,
    "registration opened": F2, "a letter in a field": "a", "Tab to the next field": TAB,
    "a letter in that field": "b",
}  # fmt: skip
_IDLE_S = 20

Sizes = dict[str, tuple[int, int]]


def measure(directory: Path, patients: int, *words: str) -> Sizes:
    """Bytes and packed bytes of each key."""
    packing, sizes = zlib.compressobj(6), Sizes()

    def packed(sent: bytes) -> int:
        return len(packing.compress(sent) + packing.flush(zlib.Z_SYNC_FLUSH))

    with running(directory, *words) as terminal:
        terminal.wait(f"{patients:,} patients", seconds=30)
        terminal.settle(1.0)
        packed(bytes(terminal.bytes))
        for name, keys in KEYS.items():
            before = len(terminal.bytes)
            terminal.send(keys)
            terminal.wait(lambda _text, n=before: len(terminal.bytes) > n)  # type: ignore[misc]
            terminal.settle(0.8)
            sent = bytes(terminal.bytes[before:])
            sizes[name] = (len(sent), packed(sent))
        before = len(terminal.bytes)
        time.sleep(_IDLE_S)
        terminal.settle()
        sizes[f"idle, {_IDLE_S} seconds"] = (len(terminal.bytes) - before, 0)
    return sizes


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=2000)
    patients = parser.parse_args().patients
    with tempfile.TemporaryDirectory() as place:
        make(Path(place) / "demo", patients=patients).close()
        whole = measure(Path(place) / "demo", patients)
        thin = measure(Path(place) / "demo", patients, "--low-bandwidth")
    print("| | bytes | zlib | --low-bandwidth | zlib |\n|---|---|---|---|---|")
    for name, (sent, packed) in whole.items():
        print(f"| {name} | {sent:,} | {packed:,} | {thin[name][0]:,} | {thin[name][1]:,} |")


if __name__ == "__main__":
    main()
