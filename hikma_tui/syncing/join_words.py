"""What a join will do, in words: the same for the screen and for the command line."""

from __future__ import annotations

from collections.abc import Mapping

from hikma_tui.clinic import server_words
from hikma_tui.clinic.permissions import Flag
from hikma_tui.i18n import _, ngettext
from hikma_tui.syncing.join import Joined, Left
from hikma_tui.syncing.join_plan import Found, Plan
from hikma_tui.wire.shapes import Kind, Trouble

Lines = list[tuple[str, str]]  # a paragraph, and "heading", "loud" or ""


def answers(found: Found) -> str:
    """What answers at the address, in a sentence."""
    if found.dialect == "flask":
        said = _("The older Hikma Health server answers at {url}.")
    else:
        said = _("A Hikma Health server answers at {url}.")
    return said.format(url=found.url)


def trouble(problem: Trouble, email: str = "", dialect: str = "") -> str:
    """What went wrong with the look or the sign-in, for whoever joins; nothing was changed."""
    kind = problem.kind
    if kind is Kind.WRONG_PASSWORD and dialect == "v3":
        said = _("The server does not let this e-mail and password in: one of them is not right, or"
                 " the account or its clinic was removed. It does not say which.")  # fmt: skip
        if email.lower() != email:
            said += " " + _("This server tells capital letters apart: try {email}.").format(
                email=email.lower()
            )
        return said
    if kind is Kind.UNAUTHORIZED:
        return _("The server knows this account, but does not let it sync. Ask the administrator.")
    if kind is Kind.CANCELLED:
        return _("Stopped. Nothing was changed.")
    if kind is Kind.NO_PASSWORD:
        return _("The server wants the account's password.")
    return server_words.trouble(kind, problem.retry_after)


_NO_NEWS = frozenset({
    Kind.BAD_TEXT, Kind.HUB, Kind.PLAIN_HTTP, Kind.NO_PASSWORD, Kind.CANCELLED,
    Kind.WRONG_PASSWORD, Kind.NO_USER,
})  # fmt: skip


def for_admin(kind: Kind) -> str:
    """For whoever runs the server; "" where there is nothing for them in it."""
    return "" if kind in _NO_NEWS else server_words.for_admin(kind)


def plain_warning(url: str) -> str:
    """Before an address without TLS is used: what that means."""
    return _(
        "{url} is not protected (http): whoever is in the same network can read the password and"
        " every record. Only for a try, or where that network is yours alone."
    ).format(url=url)


def counted(counts: Mapping[str, int]) -> str:
    """``40 patients, 40 visits``: how many rows of each table; empty for none."""
    return ", ".join(_counted(table, n) for table, n in counts.items() if n)


def _counted(table: str, n: int) -> str:
    said = {
        "patients": ngettext("{n} patient", "{n} patients", n),
        "visits": ngettext("{n} visit", "{n} visits", n),
        "events": ngettext("{n} note", "{n} notes", n),
        "appointments": ngettext("{n} appointment", "{n} appointments", n),
        "patient_vitals": ngettext("{n} set of vitals", "{n} sets of vitals", n),
        "patient_problems": ngettext("{n} problem", "{n} problems", n),
        "prescriptions": ngettext("{n} prescription", "{n} prescriptions", n),
        "prescription_items": ngettext("{n} prescribed medicine", "{n} prescribed medicines", n),
        "dispensing_records": ngettext("{n} dispensed medicine", "{n} dispensed medicines", n),
        "patient_additional_attributes": ngettext(
            "{n} further answer of the registration", "{n} further answers of the registration", n
        ),
    }.get(table, "{n} " + table)
    return said.format(n=f"{n:,}")


def size(number: int) -> str:
    """Bytes as a person reads them: ``0.4 MB``, ``120 MB``."""
    megabytes = number / 1_000_000
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:,.0f} MB"


def paragraphs(plan: Plan) -> Lines:
    """All that must be known before the yes (decisions.md 28)."""
    return [*_who(plan), *_up(plan), *_stays(plan), *_down(plan), *_permissions(plan),
            *_users(plan), *_first(plan)]  # fmt: skip


def _who(plan: Plan) -> Lines:
    found: Lines = [(_("Joining {url}").format(url=plan.found.url), "heading")]
    if plan.found.plain:
        found.append((plain_warning(plan.found.url), "loud"))
    account = _("Account: {name}, {email}. Clinic on the server: {clinic}.").format(
        name=plan.account.name, email=plan.account.email, clinic=plan.clinic_name or plan.clinic_id
    )
    found.append((account, ""))
    if plan.clinic_is_here or plan.old_clinic_id != plan.clinic_id:
        said = _(
            "{here} of this computer becomes {there} of the server, and {user} becomes {name}."
        )
        becoming = said.format(
            here=plan.old_clinic_name or _("The clinic"), user=plan.old_user_name,
            there=plan.clinic_name or plan.clinic_id,
            name=plan.account.name or plan.old_user_name,
        )  # fmt: skip
        found.append((becoming, ""))
    return found


def _up(plan: Plan) -> Lines:
    what = counted(plan.goes_up) or _("nothing yet")
    return [
        (_("Goes up with the first sync"), "heading"),
        (what, ""),
        (_("Joining itself sends nothing."), ""),
    ]


def _stays(plan: Plan) -> Lines:
    found: Lines = [(_("Stays on this computer"), "heading")]
    for stay in plan.stays:
        found.append((f"{_counted(stay.table, stay.rows)}: {server_words.reason(stay.reason)}", ""))
    if plan.found.dialect == "flask":
        said = _(
            "This older server has no place for vitals, problems, appointments and the pharmacy:"
            " whatever is recorded of these stays on this computer, later too."
        )
        found.append((said, "loud"))
    found.append((
        _("The forms, departments and settings made here: a server takes none from a clinic. What"
          " was answered in them goes up. The server's own forms come, and its registration form"
          " is the one used then."), ""))  # fmt: skip
    return found


def _down(plan: Plan) -> Lines:
    here = _("Here now: {patients} of {clinics}, {size}.").format(
        patients=ngettext("{n} patient", "{n} patients", plan.patients).format(
            n=f"{plan.patients:,}"
        ),
        clinics=ngettext("{n} clinic", "{n} clinics", plan.clinics).format(n=plan.clinics),
        size=size(plan.store_bytes),
    )
    return [
        (_("Comes down, and is stored here"), "heading"),
        (_("All patients of all clinics of this server, whoever signs in. How many these are it"
           " does not say before they come; ask the administrator."), ""),
        (here, ""),
        (_("Whoever takes this computer takes them all: encrypt its disk."), "loud"),
    ]  # fmt: skip


def _permissions(plan: Plan) -> Lines:
    found: Lines = [(_("Permissions"), "heading")]
    if plan.everything:
        found.append((_("This account may do everything at every clinic."), ""))
        return found
    if len(plan.flags) == len(Flag):
        found.append((_("You may do here all that you may do now, until the server says"
                        " otherwise."), ""))  # fmt: skip
    else:
        said = _("You keep the {n} of {all} permissions that you have here, until the server says"
                 " otherwise.")  # fmt: skip
        found.append((said.format(n=len(plan.flags), all=len(Flag)), ""))
    return found


def _users(plan: Plan) -> Lines:
    if not plan.other_users:
        return []
    names = ", ".join(plan.other_users[:10]) + (", ..." if len(plan.other_users) > 10 else "")
    found: Lines = [
        (_("Other people who work here"), "heading"),
        (_("{names}: the server does not know them. They go on working here, and what they wrote"
           " stays theirs; on the server their name stands beside it ({n} records).").format(
            names=names, n=f"{plan.others_rows:,}"), ""),
    ]  # fmt: skip
    for name in plan.same_email:
        said = _("{name} has the same e-mail here as the account, and stays another person.")
        found.append((said.format(name=name), "loud"))
    return found


def _first(_plan: Plan) -> Lines:
    return [
        (_("Before anything is changed"), "heading"),
        (_("A copy of all records is made in the backups folder. The server can be left again:"
           " hikma-tui register --leave."), ""),
    ]  # fmt: skip


def step(name: str, done: int, total: int) -> str:
    """What a join is doing; ``total`` is 0 where nobody knows it."""
    words = {
        "backup": _("Copying the records"),
        "rows": _("Rewriting the clinic and the user"),
        "index": _("Making patients findable"),
    }
    if not total:
        return words.get(name, name)
    return f"{words.get(name, name)}: {done:,} / {total:,}"


def joined(done: Joined, *, kept_wanted: bool) -> str:
    """That it is done."""
    said = _("Joined. The copy from before: {path}").format(path=done.backup)
    if kept_wanted and not done.password_kept:
        said += " " + _("The password could not be kept; the sync will ask for it.")
    return said


def leaving(url: str) -> str:
    """What leaving does, before the yes."""
    return _(
        "Leaving {url}: all records stay here and on the server, and nothing is exchanged any"
        " more. What was not sent stays unsent. Open questions about single records are closed;"
        " here your version stays."
    ).format(url=url)


def left(done: Left) -> str:
    """That the server was left."""
    return _("Left {url}. The copy from before: {path}").format(url=done.url, path=done.backup)


def as_json(plan: Plan) -> dict[str, object]:
    """The plan for scripts: counts and ids, no names of patients."""
    return {
        "url": plan.found.url, "dialect": plan.found.dialect, "plain_http": plan.found.plain,
        "email": plan.account.email, "user_id": plan.account.user_id,
        "clinic_id": plan.clinic_id, "clinic": plan.clinic_name, "goes_up": plan.goes_up,
        "stays": [
            {"table": stay.table, "rows": stay.rows, "reason": str(stay.reason)}
            for stay in plan.stays
        ],
        "settings": plan.settings, "patients": plan.patients, "clinics": plan.clinics,
        "bytes": plan.store_bytes, "comes_down": None, "other_users": list(plan.other_users),
        "records_of_others": plan.others_rows, "permissions": [str(flag) for flag in plan.flags],
        "everything": plan.everything,
    }  # fmt: skip


def changed_account(email: str, *, forgotten: bool) -> str:
    """Another account syncs; ``forgotten``: the password that was kept was the former one's."""
    said = _("From now on {email} syncs. Nothing has been sent yet.").format(email=email)
    if forgotten:
        said += " " + _("The password that was kept is forgotten: F9, 4 keeps the new one.")
    return said
