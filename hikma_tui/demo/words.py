"""The words of the demo: names of many peoples, and what is written down about patients."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def names() -> dict[str, dict[str, Any]]:
    """Each culture's names. A list is ``native|spelling,spelling; ...``, the commonest first."""
    return _read("names.json")


@lru_cache(maxsize=1)
def cases() -> dict[str, Any]:
    """Complaints, findings, diagnoses, medicines, by the kind of visit."""
    return _read("cases.json")


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__package__).joinpath(name).read_text("utf-8"))
    return found
