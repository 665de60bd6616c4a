"""A synthetic clinic: patients who never lived, to try the program on and to test it with.

The same number of patients and the same seed make the same clinic: ids, names, answers; its
moments are those of the day on which it is made. Up to 200,000 patients there are about two visits
a patient, above that two visits to three patients, or a million would fill 9 GB; above 20,000
patients the number of vitals, problems, appointments and prescriptions no longer grows.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event

from hikma_tui.clinic import info
from hikma_tui.demo.build import fill
from hikma_tui.i18n import _
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError
from hikma_tui.store.files import FILE_NAME, prepare_directory, sync_file

_BUILDING = "demo-being-made"


class _Stopped(Exception):
    """Nobody waits for the demo any more."""


def make(
    directory: Path,
    *,
    patients: int = 300,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
    now: int | None = None,
) -> Store:
    """Make a demo store in ``directory`` with ``patients`` live patients; return it open.

    ``progress`` is told how much of how much is done; ``now`` (ms) is taken for the present.
    The store is made in a folder of its own and put in its place when it is whole. Raises
    StoreError, also when there is a store already.
    """
    prepare_directory(directory)
    if Store.exists(directory):
        raise StoreError(_("There are records here already: nothing was changed."))
    building = directory / _BUILDING
    shutil.rmtree(building, ignore_errors=True)
    try:
        store = Store.create(building)
        stopped = Event()

        def told(done: int, total: int) -> None:
            if stopped.is_set():
                raise _Stopped
            if progress is not None:
                progress(done, total)

        try:
            store.on_writer(fill, patients, seed, now, told).result()
        finally:
            stopped.set()  # Ctrl+C reaches this thread: the other must not go on for minutes
            store.close()
        sync_file(building / FILE_NAME)  # it was filled without waiting for the disk
        (building / FILE_NAME).rename(directory / FILE_NAME)
        sync_file(directory)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Store.open(directory)


def is_demo(store: Store) -> bool:
    """Whether a store holds a synthetic clinic."""
    return store.read(info.number, "demo").result() == 1
