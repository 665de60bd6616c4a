"""How fast a disease is found, letter by letter, and what the index costs.

    python -m benchmarks.codes [--rounds 3]

Each query is typed: every beginning of it is asked, as a screen asks while the user types. The
common words are typed in three languages, whole titles are drawn with a fixed seed, and one letter
is swapped in a third of them. In milliseconds; the first line is the making of the index.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from hikma_tui.codes import listing, shelf


def queries() -> dict[str, list[str]]:
    """What is typed, by class."""
    rng = random.Random(7)
    rows = listing.read(shelf.SHIPPED.read_text(encoding="utf-8"), check=False).rows
    common = listing.read_common(shelf.COMMON.read_text(encoding="utf-8")).values()
    said = [text for row in common for _language, text in row.synonyms]
    drawn = rng.sample(rows, 60)
    return {
        "common words": rng.sample(said, 120),
        "titles, English": [row.labels["en"][:30] for row in drawn],
        "titles, Spanish": [row.labels.get("es", "")[:30] for row in drawn],
        "typing errors": [_mistyped(text, rng) for text in rng.sample(said, 60)],
        "codes": [row.code for row in drawn],
        "nonsense": ["zzqqxxzz", "xkcd qqqq wwww", "aeiouaeiou", "ضضضضض"],
    }


def _mistyped(text: str, rng: random.Random) -> str:
    if len(text) < 5:
        return text
    i = rng.randrange(1, len(text) - 2)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def typed(texts: Sequence[str]) -> list[str]:
    """Every beginning of every text."""
    return [text[:end] for text in texts for end in range(1, len(text) + 1)]


def _line(name: str, times: Sequence[float]) -> str:
    ordered = sorted(times)
    shares = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 1)]
    return f"{name:<28}{len(times):>7}" + "".join(f"{share:>9.2f}" for share in shares)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.codes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hikma-tui-bench-") as scratch:
        directory = Path(scratch)
        begun = time.perf_counter()
        shelf.find(directory, "cholera", 10, "en")
        first = time.perf_counter() - begun
        shelf.find(directory, "cholera", 10, "en", patience=None)
        made = time.perf_counter() - begun
        [path] = directory.glob("codes-*.db")
        shelf.close()
        begun = time.perf_counter()
        shelf.find(directory, "cholera", 10, "en", patience=None)
        opened = time.perf_counter() - begun
        print(f"index made in {made * 1000:.0f} ms, {path.stat().st_size / 1e6:.1f} MB;", end=" ")
        print(f"first answer, meanwhile, {first * 1000:.0f} ms; opened in {opened * 1000:.0f} ms")
        print(f"{'':<28}{'n':>7}{'p50':>9}{'p95':>9}{'worst':>9}")
        every: list[float] = []
        for name, texts in queries().items():
            times = []
            for _round in range(chosen.rounds):
                for text in typed(texts):
                    begun = time.perf_counter()
                    shelf.find(directory, text, 10, "es")
                    times.append((time.perf_counter() - begun) * 1000)
            print(_line(name, times))
            every += times
        print(_line("all", every))
        shelf.close()


if __name__ == "__main__":
    main()
