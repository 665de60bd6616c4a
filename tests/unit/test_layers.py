"""Who may know whom: the arrows of docs/architecture.md, held by reading every import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "hikma_tui"

# Where each part stands. A part is a folder, a module, or a family of modules (local_tables
# is one of local); a room of a folder may stand elsewhere than the folder.
# A new part must be given a place here: that is the moment to think about it.
PLACE = {
    "__init__": "pure",
    "__main__": "main",
    "app": "app",
    "cli": "cli",
    "clinic": "clinic",
    "clock": "pure",
    "codes": "search",
    "columns": "models",
    "data": "pure",
    "days": "pure",
    "demo": "tools",
    "exchange": "tools",
    "first": "pure",
    "forms": "pure",
    "growth": "pure",
    "i18n": "pure",
    "ids": "pure",
    "json": "pure",
    "local": "models",
    "logs": "pure",
    "medicines": "pure",
    "models": "models",
    "names": "pure",
    "odd": "pure",
    "pharmacy": "models",
    "places": "pure",
    "qr": "pure",
    "quick": "pure",
    "report": "pure",
    "schema": "store",
    "screens": "screens",
    "search": "search",
    "secrets": "pure",
    "store": "store",
    "sync": "sync",
    "syncing": "sync",
    "syncing.known": "pure",
    "syncing.merge": "pure",
    "syncing.shapes": "pure",
    "tables": "models",
    "text": "pure",
    "thin": "pure",
    "verbs": "cli",
    "vitals": "pure",
    "widgets": "widgets",
    "wire": "wire",
}

# Layer -> the layers of ours that it may import, besides itself and "pure".
MAY_IMPORT = {
    "pure": set[str](),
    "models": set[str](),
    "search": {"models"},
    "store": {"models", "search"},
    "clinic": {"models", "search"},
    "wire": set[str](),
    "sync": {"models", "search", "store", "clinic", "wire"},
    "tools": {
        "models",
        "search",
        "store",
        "clinic",
    },  # demo, import and export: no screen knows them
    "widgets": set[str](),
    "screens": {"widgets", "clinic", "search"},
    "app": {"screens", "widgets", "clinic", "search", "store", "sync", "wire"},
    "cli": {"app", "clinic", "search", "store", "models", "sync", "tools", "wire"},
    "main": {"cli"},
}

# Foreign (and heavy) package -> the only layers that may import it.
TAKES = {
    "textual": {"widgets", "screens", "app"},
    "rich": {"widgets", "screens", "app"},
    "peewee": {"models", "search", "store", "clinic", "sync", "tools"},
    "playhouse": {"store"},
    "sqlcipher3": {"store"},  # store/cipher.py alone, by name, when a ciphered file is met
    "sqlite3": {"models", "search", "store", "clinic", "sync", "tools"},
    "httpx": {"wire", "sync"},
    "httpcore": {"wire"},
    "qrcode": {"pure", "widgets", "screens", "wire"},
    "platformdirs": {"pure", "store", "cli"},
}

TIED = [
    {"app", "app.crash"},
    {"app.connect", "app.copies", "app.copying", "app.going", "app.lock", "app.main", "app.sync"},
    {"store.cipher", "store.errors"},
    {"verbs.encrypt", "verbs.store"},
    {"widgets.base", "widgets.dialogs"},
]  # fmt: skip
"""Circles that are still to be untied; one may fall into smaller ones. None is ever added."""

LONGEST_MODULE = 400
LONGEST_SCREEN = 250


def place_of(module: str) -> str | None:
    """The layer of ``hikma_tui.clinic.visits`` or ``hikma_tui.days.words``; None if it has none."""
    parts = module.split(".")
    part = parts[1] if len(parts) > 1 else "__init__"
    room = PLACE.get(".".join(parts[1:3]))
    return room or PLACE.get(part) or PLACE.get(part.split("_")[0])


def name_of(path: Path) -> str:
    """The dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(module: str, source: str, *, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Every import of ``source``, lazy and type-only ones too: its line and its dotted name."""
    base = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{origin}.{alias.name}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def faults(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What ``source``, standing at ``module``, imports and may not."""
    here = place_of(module)
    if here is None:
        return [f"{module}: give it a place in PLACE of test_layers.py"]
    found = []
    for line, target in imports(module, source, is_package=is_package):
        top = target.split(".")[0]
        if top == "hikma_tui":
            # "from hikma_tui import __version__" names no module
            there = place_of(target) or ("pure" if target.count(".") == 1 else None)
            if there not in {"pure", here} | MAY_IMPORT[here]:
                found.append(f"{module}:{line}: {here} may not import {target} ({there})")
        elif top in TAKES and here not in TAKES[top]:
            found.append(f"{module}:{line}: {here} may not import {top}")
    return found


def files() -> list[Path]:
    """The package's sources."""
    return sorted(PACKAGE.rglob("*.py"))


def test_imports_point_downward() -> None:
    assert files()
    found = [
        fault
        for path in files()
        for fault in faults(
            name_of(path),
            path.read_text(encoding="utf-8"),
            is_package=path.name == "__init__.py",
        )
    ]
    assert not found, "\n".join(found)


def test_modules_fit_one_reading() -> None:
    found = []
    for path in files():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        most = LONGEST_SCREEN if place_of(name_of(path)) == "screens" else LONGEST_MODULE
        if lines > most:
            found.append(f"{name_of(path)}: {lines} lines, at most {most}")
    assert not found, "\n".join(found)


def arrows(sources: Mapping[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Module -> those of ours that it imports, wherever the import stands and for types too.

    ``sources``: module -> its text, and whether it is a package's face.
    """
    found: dict[str, set[str]] = {}
    for module, (source, is_package) in sources.items():
        named = {name for _line, name in imports(module, source, is_package=is_package)}
        near = {name if name in sources else name.rpartition(".")[0] for name in named}
        found[module] = (near & sources.keys()) - {module}
    return found


def circles(known: Mapping[str, set[str]]) -> list[set[str]]:
    """The modules that reach each other by the arrows, each circle once."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = known[waiting.pop()] - seen
            seen |= new
            waiting += new
        return seen

    reach = {module: reached(module) for module in known}
    found = [{b for b in reach[a] if a in reach[b]} for a in sorted(known)]
    return [circle for n, circle in enumerate(found) if circle and circle not in found[:n]]


def test_no_modules_know_each_other_in_a_circle() -> None:
    """What two modules need of each other belongs into a third one, lower down."""
    sources = {
        name_of(path): (path.read_text(encoding="utf-8"), path.name == "__init__.py")
        for path in files()
    }
    assert len(sources) > 100
    found = [
        {name.removeprefix("hikma_tui.") for name in circle} for circle in circles(arrows(sources))
    ]
    new = [circle for circle in found if not any(circle <= tied for tied in TIED)]
    assert not new, "\n".join(", ".join(sorted(circle)) for circle in new)


@pytest.mark.parametrize(
    "back",
    [
        "from hikma_tui.clinic import visits",
        "def f():\n    from hikma_tui.clinic.visits import record",
        "if TYPE_CHECKING:\n    from .visits import Recorded",
    ],
)
def test_a_circle_is_found(back: str) -> None:
    sources = {
        "hikma_tui.clinic.visits": ("from hikma_tui.clinic import prescribing", False),
        "hikma_tui.clinic.prescribing": (back, False),
        "hikma_tui.clinic.info": ("import json", False),
    }
    assert circles(arrows(sources)) == [{"hikma_tui.clinic.visits", "hikma_tui.clinic.prescribing"}]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("hikma_tui.screens.patients", "from hikma_tui.models import Patient"),
        ("hikma_tui.screens.patients", "from ..store import open_store"),
        ("hikma_tui.screens.patients", "def f():\n    import peewee"),
        ("hikma_tui.screens.patients", "import sqlite3"),
        ("hikma_tui.widgets.date_entry", "from hikma_tui import clinic"),
        ("hikma_tui.clinic.visits", "from textual.app import App"),
        ("hikma_tui.clinic.visits", "import importlib\nimportlib.import_module('textual')"),
        ("hikma_tui.forms", "from .models import Patient"),
        ("hikma_tui.days.words", "import peewee"),
        ("hikma_tui.models", "from hikma_tui.clinic.visits import record"),
        ("hikma_tui.app", "import httpx"),
        ("hikma_tui.cli", "from textual.app import App"),
        ("hikma_tui.nowhere", ""),
    ],
)
def test_an_upward_import_is_found(module: str, source: str) -> None:
    assert len(faults(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "hikma_tui.screens.patients",
            "from ..widgets.row import Row\nfrom ..clinic import visits",
        ),
        ("hikma_tui.screens.patients", "from hikma_tui import __version__\nimport textual"),
        ("hikma_tui.clinic.visits", "from hikma_tui.models import Visit\nimport peewee, json"),
        ("hikma_tui.wire.v3", "import httpx"),
        ("hikma_tui.__main__", "from .cli import main"),
    ],
)
def test_a_downward_import_is_allowed(module: str, source: str) -> None:
    assert faults(module, source) == []


def test_the_version_costs_no_heavy_import() -> None:
    """``--version`` answers without the screens, the database or the network being loaded."""
    if find_spec("hikma_tui.__main__") is None:
        pytest.skip("hikma_tui/__main__.py does not exist yet")
    probe = (
        "import runpy, sys\n"
        "sys.argv = ['hikma-tui', '--version']\n"
        "try:\n"
        "    runpy.run_module('hikma_tui', run_name='__main__', alter_sys=True)\n"
        "    code = 0\n"
        "except SystemExit as end:\n"
        "    code = end.code or 0\n"
        "print('LOADED', *sorted(sys.modules))\n"
        "sys.exit(code)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said, _, loaded = run.stdout.partition("LOADED ")
    modules = set(loaded.split())
    from hikma_tui import __version__

    assert __version__ in said
    assert "hikma_tui" in modules
    assert modules.isdisjoint({"textual", "rich", "peewee", "sqlite3", "httpx"})
