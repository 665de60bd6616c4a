"""A clinic that is joined to the double over loopback: for the tests of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from hikma_tui import sync
from hikma_tui.clinic import patients, records, setup
from hikma_tui.clinic.actor import Actor
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.syncing import join as sync_join
from hikma_tui.syncing.shapes import Progress, Report
from hikma_tui.wire.shapes import Credentials
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as Rows


def never() -> bool:
    return False


def quiet(_progress: Progress) -> None:
    """Nobody looks."""


def there(cloud: Cloud, patient: str) -> dict[str, Any]:
    """The row of a patient as the server keeps it, to look at and to change."""
    row: Any = cloud.store.find("patients", patient)
    assert row is not None
    return cast("dict[str, Any]", row)


class Site:
    """One machine with a store, and what it does with a server."""

    def __init__(self, directory: Path, user: str = "Nora") -> None:
        self.store = Store.create(directory)
        self.actor: Actor = self.store.write(setup.create_clinic, "Al-Salam", user).result()

    @property
    def directory(self) -> Path:
        return self.store.directory

    def join(self, url: str, email: str = EMAIL) -> None:
        found = sync_join.look(url, plain_http=True)
        account = sync_join.sign_in(found, Credentials(email, PASSWORD))
        plan = sync_join.plan(self.store, self.actor, found, account)
        self.actor = sync_join.join(self.store, plan, self.actor).actor

    def sync(
        self,
        progress: Callable[[Progress], None] = quiet,
        cancelled: Callable[[], bool] = never,
        password: str | None = PASSWORD,
        **options: Any,
    ) -> Report:
        wanted = sync.RunOptions(**{"timeout": 5.0, "first_wait": 0.01, **options})
        report = sync.run(
            self.store, user=self.actor, password=password, options=wanted, progress=progress,
            cancelled=cancelled,
        )  # fmt: skip
        assert "unexpected" not in self.log(), self.log()
        return report

    def log(self) -> str:
        path = self.directory / "hikma.log"
        return path.read_text() if path.exists() else ""

    def register(self, name: str, **more: Any) -> str:
        row = {
            "given_name": name, "surname": "Haddad", "sex": "female",
            "primary_clinic_id": self.actor.clinic_id, **more,
        }  # fmt: skip
        return self.store.write(patients.register, self.actor, row).result()

    def edit(self, patient: str, **values: Any) -> None:
        row = {"id": patient, **values}
        self.store.write(records.update, self.actor, "patients", row).result()

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Of everything in the file, dead rows too."""
        return self.store.on_writer(lambda: connection().execute(query, values).fetchall()).result()

    def one(self, query: str, *values: Any) -> Any:
        return self.sql(query, *values)[0][0]

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """The records as they are: to see that nothing changed."""
        tables = ("patients", "visits", "events", "patient_vitals", "peer_rows", "conflicts")
        return {table: self.sql(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables}


@contextmanager
def joined(
    directory: Path, *, patients: int = 5, flask: bool = False, **how: Any
) -> Iterator[tuple[Site, Cloud]]:
    """A site that has joined a server with some patients; nothing was synced yet."""
    rows = how.pop("rows", None) or Rows(**how)
    seed(rows, patients=patients)
    with Cloud(rows, flask=flask, limits=False) as cloud:
        site = Site(directory)
        site.join(cloud.url)
        try:
            yield site, cloud
        finally:
            site.store.close()
