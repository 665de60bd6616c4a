"""Draw docs/picture.svg: the search and a patient of the demo clinic.

    python -m benchmarks.picture

The clinic is always the same, and so is the day. The picture needs no font and no network.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hikma_tui import clock, demo
from hikma_tui.app.main import HikmaApp
from hikma_tui.screens.session import begin

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "picture.svg"
NOON = round(datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp() * 1000)
QUERY = "rana hasan"


async def _screens(directory: Path) -> list[str]:
    """The two screens at 80x24, as Textual draws them."""
    store = demo.make(directory, patients=1000, seed=1, now=NOON)
    app = HikmaApp(directory, store, store.read(begin, "").result())
    drawn = []
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            for keys in (list(QUERY.replace(" ", "_")), ["enter"]):
                names = ["space" if key == "_" else key for key in keys]
                await pilot.press(*names)
                for _turn in range(3):
                    await app.workers.wait_for_complete()
                    await pilot.pause()
                drawn.append(app.export_screenshot(title="hikma-tui"))
    finally:
        app.close_store()
    return drawn


def plain(svg: str) -> str:
    """A drawing without the fonts that it would fetch, and without what made it."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = svg.replace("font-family: Fira Code", "font-family: DejaVu Sans Mono")
    return re.sub(r"\n\s*\n+", "\n", svg)


def stacked(drawings: list[str]) -> str:
    """Several drawings as one, each below the other."""
    boxes = [re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg) for svg in drawings]
    sizes = [(float(box[1]), float(box[2])) for box in boxes if box]
    width, top, parts = max(size[0] for size in sizes), 0.0, []
    for svg, size in zip(drawings, sizes, strict=True):
        inner = svg.replace(
            "<svg ", f'<svg x="0" y="{top:.0f}" width="{size[0]}" height="{size[1]}" ', 1
        )
        parts.append(inner.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1))
        top += size[1] + 8
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {top:.0f}">'
    return head + "\n" + "\n".join(parts) + "\n</svg>\n"


def main() -> None:
    clock._offset_ms = NOON - clock.wall_ms()  # the same picture on every day
    with tempfile.TemporaryDirectory() as folder:
        drawings = asyncio.run(_screens(Path(folder) / "clinic"))
    picture = stacked([plain(svg) for svg in drawings])
    assert picture.count("://") == 1, "the picture must not fetch anything"
    PICTURE.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
