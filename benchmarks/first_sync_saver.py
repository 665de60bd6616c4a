"""The other process of ``first_sync``: saves and looks patients up until a file appears."""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

from hikma_tui import search
from hikma_tui.clinic import patients
from hikma_tui.clinic.actor import users
from hikma_tui.models import connection
from hikma_tui.store import Store


def main(directory: Path, stop: Path) -> None:
    """Register a patient and search for one every fifth of a second; print seconds of each."""
    store = Store.open(directory)
    saves: list[float] = []
    looks: list[float] = []
    try:
        actor = store.read(users).result()[0]
        number = 0
        while not stop.exists():
            number += 1
            began = time.monotonic()
            row = {"given_name": f"New{number}", "surname": "Person", "sex": "female"}
            store.write(patients.register, actor, row).result()
            saves.append(time.monotonic() - began)
            began = time.monotonic()
            store.read(lambda: search.find(connection(), "ka", today=date.today())).result()
            looks.append(time.monotonic() - began)
            time.sleep(0.2)
    finally:
        store.close()
    print(json.dumps({"saves": saves, "looks": looks}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
