"""What a join will do, known before the yes (decisions.md 28): read here, nothing is changed.

What comes down can't be known: a server says neither how many records it has nor how many bytes
they take (wire.md A4: one body, chunked), and it sends everybody everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clinic.permissions import Flag, require, rights
from hikma_tui.clinic.server import SETTINGS
from hikma_tui.columns import Uuid
from hikma_tui.i18n import _
from hikma_tui.ids import is_uuid
from hikma_tui.models import SYNCED, Synced, User, connection, dicts, live
from hikma_tui.syncing.peer import active
from hikma_tui.syncing.shapes import Reason
from hikma_tui.syncing.waiting import TAKEN
from hikma_tui.wire.shapes import Account

# Without a visit the server would make one up (wire.md A5 "Foreign keys and blanks").
_INVENTED = frozenset({("events", "v3"), ("prescriptions", "v3")})


@dataclass(frozen=True)
class Found:
    """What answers at an address: the result of ``syncing.join.look``."""

    url: str
    dialect: str  # "v3" or "flask"
    plain: bool = False  # without TLS


@dataclass(frozen=True)
class Stay:
    """Rows of one table that this server can't have, and why."""

    table: str
    rows: int
    reason: Reason


@dataclass(frozen=True)
class Plan:
    """All that is said before the yes, and all that ``syncing.join.join`` needs."""

    found: Found
    account: Account
    clinic_id: str  # the server's
    clinic_name: str  # the server's; the local name where the server does not say
    old_clinic_id: str
    old_clinic_name: str
    old_user_id: str
    old_user_name: str
    goes_up: dict[str, int]  # live rows by table, those that stay left out
    stays: tuple[Stay, ...]  # records of care
    settings: int  # rows of configuration: forms, departments, users: they always stay here
    patients: int  # live patients of this store, and of how many clinics
    clinics: int
    other_users: tuple[str, ...]  # local users who are not joined: names
    others_rows: int  # rows whose author is one of them: without their id there, with their name
    same_email: tuple[str, ...]  # local users with the account's address
    flags: tuple[Flag, ...]  # what the user may do at the clinic; stays so until the server speaks
    everything: bool  # whether the account may do everything at every clinic (super_admin)
    store_bytes: int
    clinic_is_here: bool = False  # the server's clinic is in this store already: the two become one
    ca_file: str = ""
    proxy: str = ""


def refuse(actor: Actor) -> None:
    """Refused or NotAllowed, with a sentence, where this store may not join any server now.

    For any of the store's threads; asked before the network is.
    """
    if info.get("demo") == "1":
        raise Refused(_("This clinic is made up: it is the demo. It joins no server."))
    peer = active()
    if peer is not None:
        raise Refused(
            _(
                "These records are joined to {url} already. One server at a time: leave it first"
                " (hikma-tui register --leave). Nothing was changed."
            ).format(url=peer.url)
        )
    if not actor.clinic_id:
        raise Refused(_("{user} belongs to no clinic here.").format(user=actor.user_name))
    require(actor, Flag.CLINIC_ADMIN, actor.clinic_id)


def make(
    actor: Actor, found: Found, account: Account, path: Path, clinic_id: str = "",
    *, ca_file: str = "", proxy: str = "",
) -> Plan:  # fmt: skip
    """Read what a join would do; for the reader. Refused, Invalid where it can't be done.

    ``clinic_id`` is the server's clinic, for an account that has none; ``path`` is the store's.
    """
    refuse(actor)
    own, chosen = actor.clinic_id or "", _clinic(account, clinic_id)
    users = [dict(row) for row in dicts(live(User).select())]
    _refuse_another(actor, account, users)
    here = _clinic_names()
    others = [row for row in users if row["id"] not in (actor.user_id, account.user_id)]
    goes_up, stays, by_others = _rows(actor, account, chosen, found.dialect)
    held = rights(actor)
    return Plan(
        found=found, account=account, clinic_id=chosen,
        clinic_name=account.clinic_name or here.get(own, ""),
        old_clinic_id=own, old_clinic_name=here.get(own, ""),
        old_user_id=actor.user_id, old_user_name=actor.user_name,
        goes_up=goes_up, stays=stays, settings=_settings(),
        patients=_count("SELECT count(*) FROM live_patients"), clinics=_clinics_of_patients(),
        other_users=tuple(row["name"] for row in others), others_rows=by_others,
        same_email=tuple(
            row["name"] for row in others
            if row["email"] and row["email"].casefold() == account.email.casefold()
        ),
        flags=tuple(flag for flag in Flag if held.at(flag, own)),
        everything=account.role == "super_admin", store_bytes=_bytes(path),
        clinic_is_here=chosen != own and chosen in here, ca_file=ca_file, proxy=proxy,
    )  # fmt: skip


def _clinic(account: Account, chosen: str) -> str:
    chosen = chosen.strip().lower()
    own = (account.clinic_id or "").lower()
    if own and chosen and own != chosen:
        raise Invalid(
            "clinic", _("On the server {email} belongs to another clinic.").format(
                email=account.email)
        )  # fmt: skip
    if own or (chosen and is_uuid(chosen)):
        return own or chosen
    if chosen:
        raise Invalid("clinic", _("That is not the id of a clinic: {id}").format(id=chosen))
    raise Invalid(
        "clinic",
        _(
            "On the server {email} belongs to no clinic. Ask the administrator to give the account"
            " a clinic, or for the clinic's id, and say it here."
        ).format(email=account.email),
    )


def _refuse_another(actor: Actor, account: Account, users: list[dict[str, str]]) -> None:
    """What one local user wrote never becomes another's (decisions.md 28)."""
    if account.user_id == actor.user_id:
        return
    for row in users:
        if row["id"] == account.user_id:
            raise Refused(
                _(
                    "This account is {name}'s here, and you are {user}. Start the program as"
                    " {name} to join with it."
                ).format(name=row["name"], user=actor.user_name)
            )


def _clinic_names() -> dict[str, str]:
    return {
        row[0]: row[1] or "" for row in connection().execute("SELECT id, name FROM live_clinics")
    }


def _count(query: str, *values: object) -> int:
    return int(connection().execute(query, values).fetchone()[0])


def _clinics_of_patients() -> int:
    return _count(
        "SELECT count(DISTINCT primary_clinic_id) FROM live_patients WHERE primary_clinic_id > ''"
    )


def _settings() -> int:
    return sum(_count(f"SELECT count(*) FROM live_{table}") for table in SETTINGS)


def _bytes(path: Path) -> int:
    total = 0
    for name in (path.name, f"{path.name}-wal"):
        try:
            total += path.with_name(name).stat().st_size
        except OSError:
            continue
    return total


def _rows(
    actor: Actor, account: Account, clinic_id: str, dialect: str
) -> tuple[dict[str, int], tuple[Stay, ...], int]:
    """By table what goes, what stays and why; and how many rows another user wrote."""
    goes: dict[str, int] = {}
    stays: list[Stay] = []
    others = 0
    known = {
        "users": (actor.user_id, account.user_id), "clinics": (actor.clinic_id, clinic_id),
    }  # fmt: skip
    for model in SYNCED:
        table = model._meta.table_name
        number = 0 if table in SETTINGS else _count(f"SELECT count(*) FROM live_{table}")
        if not number:
            continue
        if table not in TAKEN[dialect]:
            stays.append(Stay(table, number, Reason.NO_TABLE))
            continue
        homeless = _homeless(model, known, dialect)
        if homeless:
            stays.append(Stay(table, homeless, Reason.NO_PLACE))
        goes[table] = number - homeless
        others += _written_by_others(model, known["users"])
    return goes, tuple(stays), others


def _pointing(model: type[Synced], table: str, null: bool) -> Iterator[str]:
    for name, column in model._meta.fields.items():
        if isinstance(column, Uuid) and column.table == table and bool(column.null) == null:
            yield name


def _homeless(
    model: type[Synced], known: Mapping[str, tuple[str | None, str | None]], dialect: str
) -> int:
    """Rows with a column that may not be empty and names what only this store has."""
    wrong, values = [], list[object]()
    for table, ids in known.items():
        for name in _pointing(model, table, null=False):
            wrong.append(f"{name} NOT IN (?, ?)")
            values += ids
    for name in _pointing(model, "drug_catalogue", null=False):
        wrong.append(f"{name} NOT IN (SELECT id FROM live_drug_catalogue WHERE change_seq = 0)")
    if (model._meta.table_name, dialect) in _INVENTED:
        wrong.append("visit_id IS NULL")
    if not wrong:
        return 0
    return _count(
        f"SELECT count(*) FROM live_{model._meta.table_name} WHERE {' OR '.join(wrong)}", *values
    )


def _written_by_others(model: type[Synced], ours: tuple[str | None, str | None]) -> int:
    columns = list(_pointing(model, "users", null=True))
    if not columns:
        return 0
    wrong = " OR ".join(f"({name} > '' AND {name} NOT IN (?, ?))" for name in columns)
    return _count(
        f"SELECT count(*) FROM live_{model._meta.table_name} WHERE {wrong}", *(ours * len(columns))
    )
