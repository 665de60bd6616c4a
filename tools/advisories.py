"""``./run advisories``: does anybody know of a hole in what the locks name? pip-audit is asked.

It needs a network and a service that answers; without them it says "not checked" and is content, so
that a clinic's or a train's checkout can still be tested. What was not answered is never called
good. Exit code 1: there is an advisory that ``ACCEPTED`` does not name.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (
    "requirements.lock", "requirements-dev.lock", "requirements-check.lock",
    "requirements-encrypted.lock",
)  # fmt: skip
TOOL = "requirements-advisories.lock"
ACCEPTED: Mapping[str, str] = {}
"""Advisories that do not touch us: their id, and why (the day and the way we use the package)."""

_PATIENCE = 240.0  # seconds for all that the network is needed for, each time


@dataclass
class Found:
    """What the service said of the packages of all locks."""

    good: set[str] = field(default_factory=set)
    bad: dict[str, list[str]] = field(default_factory=dict)  # package and version -> advisories
    unknown: set[str] = field(default_factory=set)

    def add(self, answer: str) -> None:
        """Take one answer of pip-audit in JSON; ValueError when it is none."""
        told = json.loads(answer)
        if not isinstance(told, dict) or not isinstance(told.get("dependencies"), list):
            raise ValueError("no list of dependencies")
        for one in told["dependencies"]:
            name = f"{one.get('name')} {one.get('version', '')}".strip()
            if "skip_reason" in one or "vulns" not in one:
                self.unknown.add(name)
            elif advisories := [line(hole) for hole in one["vulns"] if not accepted(hole)]:
                self.bad[name] = advisories
            else:
                self.good.add(name)
        self.unknown -= self.good | set(self.bad)

    def told(self) -> Iterable[str]:
        """The result, in lines."""
        for name, advisories in sorted(self.bad.items()):
            yield from (f"advisories: {name}: {one}" for one in advisories)
        if self.unknown and not self.good and not self.bad:
            yield f"advisories: not checked: no answer about any of {len(self.unknown)} packages"
            return
        yield f"advisories: {len(self.good)} packages without a known hole, {len(self.bad)} with"
        if self.unknown:
            yield f"advisories: not checked: {', '.join(sorted(self.unknown))}"


def names(hole: Mapping[str, Any]) -> list[str]:
    """All the ids that an advisory has."""
    return [str(hole.get("id")), *map(str, hole.get("aliases") or ())]


def accepted(hole: Mapping[str, Any]) -> bool:
    """Whether we have looked at it and said why it does not touch us."""
    return any(name in ACCEPTED for name in names(hole))


def line(hole: Mapping[str, Any]) -> str:
    """An advisory in one line."""
    mended = ", ".join(map(str, hole.get("fix_versions") or ())) or "no version yet"
    return f"{', '.join(names(hole))}; mended in {mended}"


def tool(place: Path) -> Path | None:
    """pip-audit in an environment of its own, made when it is missing; None where it can't be."""
    lock = (ROOT / TOOL).read_bytes()
    python, there = place / "bin" / "python", place / TOOL
    if there.is_file() and there.read_bytes() == lock:
        return python
    venv.create(place, clear=True, with_pip=True)
    done = _run(
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
        "--retries", "1", "--timeout", "15", "--only-binary", ":all:", "--require-hashes",
        "-r", str(ROOT / TOOL),
    )  # fmt: skip
    if done is None or done.returncode:
        return None
    there.write_bytes(lock)
    return python


def _run(*words: str | Path) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            [str(word) for word in words], capture_output=True, text=True, check=False,
            timeout=_PATIENCE, cwd=ROOT,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main(place: Path = ROOT / ".venv" / "advisories") -> int:
    """Ask about each lock; say what was said."""
    python = tool(place)
    if python is None:
        _say("advisories: not checked: no network (pip-audit could not be installed)")
        return 0
    found = Found()
    for lock in (*LOCKS, TOOL):
        done = _run(
            python, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json",
            "--progress-spinner", "off", "--timeout", "15", "-r", lock,
        )  # fmt: skip
        try:
            found.add(done.stdout if done is not None else "")
        except (ValueError, AttributeError):
            _say(f"advisories: not checked: no network ({lock})")
    for text in found.told():
        _say(text)
    return 1 if found.bad else 0


if __name__ == "__main__":
    sys.exit(main())
