"""What the store remembers of its copies: where they go, how protected, what failed last.

Only who administers the clinic may see to it: a copy holds every patient's record. Making one is
the program's own work beside the store (docs/backups.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hikma_tui.clinic import audit, info, permissions
from hikma_tui.clinic.actor import Actor, users
from hikma_tui.i18n import _
from hikma_tui.ids import new_id

HERE, OUTSIDE = "here", "outside"


@dataclass(frozen=True)
class Failure:
    """The last copy by itself that failed: when (ms), where (HERE, OUTSIDE), what kind of error."""

    at_ms: int
    where: str
    kind: str


@dataclass(frozen=True)
class Kept:
    """Where copies go and how. ``key`` is the packed key of their passphrase, or ""."""

    store_id: str
    folder: str
    how: str
    key: str = field(repr=False)
    outside_at: int
    outside_place: str
    failed: Failure | None


def require_master(actor: Actor) -> None:
    """NotAllowed unless ``actor`` administers the clinic, or nobody here does.

    (After a join the administrators may all be elsewhere; copies must be made all the same.)
    """
    flag = permissions.Flag.CLINIC_ADMIN
    if any(permissions.rights(one).at(flag, one.clinic_id) for one in users()):
        permissions.require(actor, flag, actor.clinic_id)


def kept(actor: Actor) -> Kept:
    """What is remembered. NotAllowed."""
    require_master(actor)
    return Kept(
        info.get("store_id"), info.get("backup_path"), info.get("copy_protection"),
        info.get("copy_key"), info.number("copied_outside_at"), info.get("copied_outside_place"),
        failure(),
    )  # fmt: skip


def protect(actor: Actor, how: str, key: str) -> None:
    """Remember how copies elsewhere are protected from now on. NotAllowed."""
    require_master(actor)
    info.put("copy_protection", how)
    info.put("copy_key", key)
    _note(actor, {"copies elsewhere": how})


def forget_place(actor: Actor) -> None:
    """Copies go nowhere else from now on; those that are there stay. NotAllowed."""
    require_master(actor)
    info.put("backup_path", "")
    failed = failure()
    if failed is not None and failed.where == OUTSIDE:
        info.put("copy_failed", "")
    _note(actor, {"copies elsewhere": "forgotten"})


def _note(actor: Actor, changes: dict[str, str]) -> None:
    now = info.now_ms()
    audit.append(actor, new_id(now), [audit.Entry("UPDATE", "store_info", "", changes)], now)


# What failed ------------------------------------------------------------------------------------


def failure() -> Failure | None:
    """The last failure that no good copy came after; None when there is none."""
    words = info.get("copy_failed").split()
    try:
        return Failure(int(words[0]), words[1], words[2])
    except (ValueError, IndexError):
        return None


def failed(at_ms: int, where: str, kind: str) -> None:
    """Remember a failure."""
    info.put("copy_failed", f"{at_ms} {where} {kind}")


def succeeded(where: str) -> None:
    """A copy was made there: an older failure in that place is over."""
    known = failure()
    if known is None or known.where == where:
        info.put("copy_failed", "")


def reason(found: Failure) -> str:
    """Why it failed and what to do, for a person."""
    here = found.where == HERE
    if found.kind == "DiskFull":
        if here:
            return _("this computer's disk is full: make room on it, then copy again")
        return _("the stick or drive is full: take another one, or make room on it")
    if found.kind == "ReadOnly":
        if here:
            return _("the folder of the copies can't be written: tell the technical lead")
        return _("the stick or drive can't be written: is it locked? Take another one")
    if found.kind == "Corrupt":
        return _("the records' file is damaged: leave the program, then start it again")
    if found.kind == "NoCipher":
        return _("what encrypts the copies is not installed: install hikma-tui[encrypted]")
    if found.kind == "NeedsPassphrase":
        return _("the copies' passphrase is not known here: choose one anew")
    if found.kind == "Locked":
        return _("it took too long: copy again when nobody works here, or onto a quicker stick")
    if here:
        return _("this computer's disk gave an error: copy to a stick now, tell the technical lead")
    return _("the stick or drive gave an error or was pulled out: put it in, then copy again")
