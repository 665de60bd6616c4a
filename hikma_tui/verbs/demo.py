"""The verb ``demo``: a synthetic clinic in a store of its own, never the real one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hikma_tui import demo as demo_clinic
from hikma_tui.clinic import info
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.store import Store
from hikma_tui.store.files import FILE_NAME
from hikma_tui.verbs.codes import OK
from hikma_tui.verbs.store import directory_of, say

PATIENTS = 1000
SEED = 1


def demo(options: argparse.Namespace) -> int:
    """Make the demo where it is not there yet, and open it."""
    directory = directory_of(options, demo=True)
    found = _found(directory)
    patients, seed = options.patients, options.seed
    same = found is not None and patients in (None, found[0]) and seed in (None, found[1])
    if same and not options.no_open:
        say(_("The demo is here already: {path}").format(path=directory))
    else:
        _make(directory, PATIENTS if patients is None else patients, SEED if seed is None else seed)
    if options.no_open:
        return OK
    from hikma_tui.app import run

    user, language = getattr(options, "user", ""), getattr(options, "language", "")
    return run(directory, demo=True, user=user, language=language)


def _found(directory: Path) -> tuple[int, int] | None:
    """Size and seed of the demo that is here, None without one. Refused for anybody's records."""
    if not Store.exists(directory):
        return None
    store = Store.open(directory)
    try:
        is_demo = store.read(info.get, "demo").result() == "1"
        made = [store.read(info.get, name).result() for name in ("demo_patients", "demo_seed")]
    finally:
        store.close()
    if not is_demo:
        raise Refused(
            _("These are a clinic's own records: the demo is never made there. ({path})").format(
                path=directory
            )
        )
    return (int(made[0]), int(made[1])) if all(made) else (-1, -1)


def _make(directory: Path, patients: int, seed: int) -> None:
    """Make a demo in the place of an older one (``_found`` knows it for one), and note which."""
    for suffix in ("-wal", "-shm", ""):
        (directory / f"{FILE_NAME}{suffix}").unlink(missing_ok=True)
    store = demo_clinic.make(directory, patients=patients, seed=seed, progress=_progress)
    try:
        store.write(info.put, "demo_patients", patients).result()
        store.write(info.put, "demo_seed", seed).result()
    finally:
        store.close()
    say(
        _("Made a clinic of {n} patients (seed {seed}): {path}").format(
            n=patients, seed=seed, path=directory
        )
    )


def _progress(done: int, total: int) -> None:
    """Tell a person at a terminal how far it is."""
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{done} / {total}", end=end, file=sys.stderr, flush=True)
