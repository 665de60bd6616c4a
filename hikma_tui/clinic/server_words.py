"""What the sync says to people: one sentence for a nurse, and one for whoever runs the server.

Codes are those of ``wire.shapes.Kind`` and of ``syncing.shapes`` (Reason, State, Phase, and the
codes of notices), as plain text, so that screens can ask without knowing the sync. An unknown code
gets a sentence too: no run may end without words.
"""

from __future__ import annotations

from hikma_tui.clinic.server_reasons import reason
from hikma_tui.i18n import _, ngettext

__all__ = [
    "busy_since", "erases", "for_admin", "large", "notice", "phase", "reason", "result", "state",
    "table_word", "trouble", "waiting_for_limit",
]  # fmt: skip


def _safe() -> str:
    return _("Your records here are safe; nothing is lost.")


def trouble(kind: str, retry_after: float | None = None) -> str:
    """For a nurse: what happened, what it means for the data, what to do.

    ``kind`` is a word of ``wire.shapes.Kind``; ``retry_after`` is in seconds.
    """
    if kind == "limit":
        return f"{_limit(retry_after)} {_safe()}"
    said = {
        "no-network": _("There is no connection to the server. Go on working; sync again later."),
        "no-name": _(
            "The network does not say where the server is: its name can't be looked up. Go on"
            " working; sync again later. If web pages open, tell whoever runs the server."
        ),
        "proxy": _(
            "The proxy that is set on this computer can't be used for the sync. Tell whoever set"
            " it up."
        ),
        "timeout": _("The server answers too slowly, or stopped answering. Sync again later."),
        "cut": _("The connection broke off in the middle. Sync again; it goes on where it can."),
        "captive": _(
            "This network wants you to sign in to it first (a page of its own answers)."
            " Open a web page, accept its terms, then sync again."
        ),
        "redirect": _(
            "The server's address sends elsewhere, and that is not followed. Tell whoever"
            " runs the server."
        ),
        "certificate": _(
            "What answers cannot prove that it is your server, so nothing was sent. Tell"
            " whoever runs the server."
        ),
        "clock": _(
            "This computer's date or time is wrong, so the server can't be trusted yet."
            " Put the clock right, then sync again."
        ),
        "not-hikma": _(
            "Something answers there, but it is not a Hikma server. Check the address with"
            " whoever runs the server."
        ),
        "wrong-password": _(
            "The e-mail or the password is not right. Mind capital letters, in the e-mail too."
        ),
        "no-user": _("The server knows no user with this e-mail. Check it letter by letter."),
        "unauthorized": _(
            "The server does not let you in: the password is not right or was changed, the account"
            " or its clinic was removed, or the server has trouble. Go on working; sync again with"
            " the right password, and ask the administrator if that fails."
        ),
        "server": _(
            "The server has trouble of its own. Go on working; sync again later, and tell"
            " whoever runs the server if it stays so."
        ),
        "refused": _(
            "The server did not take some records. They stay here and are listed under what"
            " needs you."
        ),
        "garbage": _(
            "What the server sent can't be read, so none of it was used. Sync again; if it"
            " stays so, tell whoever runs the server."
        ),
        "too-large": _(
            "The server would send more than was allowed on this connection, so nothing was"
            " taken. Sync where the connection is good, or allow more."
        ),
        "cancelled": _("The sync was stopped. What was done so far is kept; it goes on next time."),
        "busy": _("Another sync of these records is running. Wait until it ends."),
        "no-server": _("These records are on this computer only: no server is connected."),
        "no-password": _(
            "The sync needs the password of the server: F9 asks for it; a script gives it by"
            " --password-fd or HIKMA_TUI_PASSWORD."
        ),
        "store": _("This computer's own records could not be read or written; the sync stopped."),
        "bad-text": _("This is not the text of a registration code. Copy all of it, once more."),
        "hub": _("This is the code of a local hub. Hubs can't be connected yet."),
        "plain-http": _(
            "This address is not protected (http): everybody on the way could read the records."
            " Ask for an address that begins with https."
        ),
    }
    sentence = said.get(kind, _("The sync met something unexpected and stopped."))
    return sentence if kind in _NOTHING_AT_STAKE else f"{sentence} {_safe()}"


# Said where no record is in question, or where the sentence itself must not soothe.
_NOTHING_AT_STAKE = frozenset({
    "wrong-password", "no-user", "no-server", "bad-text", "hub", "plain-http", "store", "busy",
    "cancelled", "no-password",
})  # fmt: skip


def _limit(retry_after: float | None) -> str:
    if not retry_after:
        return _("The server is asked too often just now. Sync again in some minutes.")
    minutes = max(1, round(retry_after / 60))
    return ngettext(
        "The server is asked too often just now. Sync again in {n} minute.",
        "The server is asked too often just now. Sync again in {n} minutes.",
        minutes,
    ).format(n=minutes)


def for_admin(kind: str) -> str:
    """For whoever runs the server: the likely causes and where to look."""
    said = {
        "no-network": _("No route, or nothing listens at the address and port."),
        "no-name": _(
            "DNS: the name of the server (or of the proxy) is not known, or no name server"
            " answered in time. Try it with another program, and by its address."
        ),
        "timeout": _("No byte for the time allowed. Look at the server's load and the link."),
        "proxy": _(
            "Only http and https proxies are spoken to, no SOCKS. Look at --proxy of register and"
            " at HTTPS_PROXY and ALL_PROXY."
        ),
        "cut": _("The body ended before its end: a proxy's limit, a restart, or a bad link."),
        "captive": _("An HTML page came where JSON was asked for: a portal or a proxy's page."),
        "redirect": _("The server redirects to another origin. Register the final address."),
        "certificate": _(
            "The TLS certificate is not trusted: another name, expired, self-signed, or a private"
            " authority that this store was not told of (ca_file)."
        ),
        "clock": _(
            "The certificate is not valid at this computer's time. A Raspberry Pi has no clock of"
            " its own: set the date."
        ),
        "not-hikma": _("Neither the v3 nor the older server answers at this address."),
        "wrong-password": _("Sign-in answered 401. The e-mail is matched exactly, case included."),
        "no-user": _("The older server answered 404 to the sign-in."),
        "unauthorized": _(
            "401: wrong password, a password with a colon, a deleted user or clinic, an unknown"
            " role, or the database behind the sign-in failed. The server does not say which."
        ),
        "limit": _(
            "429. All devices behind one address share 60 requests a minute; without a proxy that"
            " sets X-Forwarded-For, all devices of the server do."
        ),
        "server": _("5xx, or an answer of the wrong type. Look at the server's log."),
        "refused": _("The server answered a push with an error, and single rows are to blame."),
        "garbage": _("200, but not the JSON of a pull or push: a proxy, or another version."),
        "too-large": _("The body is larger than --max-bytes or the metered limit."),
        "store": _("A local error: disk full, file locked or damaged. Run hikma-tui check."),
        "busy": _("sync.lock is held by another process on this computer."),
        "hub": _("A sync_hub code was given; only cloud servers are supported."),
    }
    return said.get(kind, _("See hikma.log beside the records."))


def state(code: str) -> str:
    """What a row's state is called (``syncing.shapes.State``); ``confirmed`` too."""
    said = {
        "": _("not sent"),
        "not_sent": _("not sent"),
        "sent": _("sent, not confirmed yet"),
        "awaiting": _("sent, awaiting a full check"),
        "confirmed": _("confirmed"),
        "refused": _("refused by the server"),
        "differs": _("differs on the server"),
        "stays": _("stays on this computer"),
        "settings": _("settings of this computer"),
        "only_here": _("only here"),
        "aside": _("put aside: does not fit in here"),
        "held": _("waiting for a choice"),
    }
    return said.get(code, code)


def table_word(table: str) -> str:
    """What the rows of a table are called in a clinic, many of them."""
    words = {
        "patients": _("patients"),
        "patient_additional_attributes": _("further answers"),
        "visits": _("visits"),
        "events": _("notes"),
        "appointments": _("appointments"),
        "prescriptions": _("prescriptions"),
        "prescription_items": _("prescribed medicines"),
        "dispensing_records": _("dispensed medicines"),
        "patient_vitals": _("vitals"),
        "patient_problems": _("problems"),
        "clinics": _("clinics"),
        "users": _("users"),
        "user_clinic_permissions": _("permissions"),
        "app_config": _("settings"),
        "clinic_departments": _("departments"),
        "registration_forms": _("registration forms"),
        "event_forms": _("forms"),
        "drug_catalogue": _("medicines of the pharmacy"),
        "clinic_inventory": _("stock"),
    }
    return words.get(table, table)


def phase(code: str) -> str:
    """What a run is doing (``syncing.shapes.Phase``)."""
    said = {
        "connect": _("Reaching the server"),
        "pull": _("Fetching"),
        "apply": _("Taking in"),
        "index": _("Making it findable"),
        "push": _("Sending"),
        "confirm": _("Reading back what was sent"),
        "check": _("Comparing everything"),
        "done": _("Done"),
    }
    return said.get(code, code)


def notice(code: str) -> str:
    """A sentence for something that a run noticed; codes are those of ``Report.notices``."""
    said = {
        "slow-network": _("The sync was slow because the network is slow or far away."),
        "many-unsent": _("The sync was slow because very many records had not been sent before."),
        "slow-server": _(
            "The sync was slow, and neither the network nor the number of records explains it:"
            " tell whoever runs the server."
        ),
        "limit": _("The server asked us to wait, and we did."),
        "killed": _("The last sync was cut short on this computer. This one went on from there."),
        "server-clock-back": _(
            "The server's clock, or its records, went back. Nothing was repaired or deleted:"
            " tell whoever runs the server."
        ),
        "server-clock-off": _(
            "The server's clock and this computer's are far apart. Compare both with a watch."
        ),
        "server-restored": _(
            "Records that the server had confirmed are not there any more: it may have been"
            " restored from a backup. They are all here; tell whoever runs the server."
        ),
        "history-clipped": _(
            "The server seems to send recent records only. What is older is kept here, and an"
            " ordinary sync can't tell whether it changed elsewhere."
        ),
        "only-here": _("Some records are only on this computer now. They are kept, not deleted."),
        "clone": _(
            "These records were copied from another computer. What was not sent there is shown"
            " as suggestions; nothing of it is sent until you choose."
        ),
        "copied": _(
            "These records are a copy of others on this computer, or were moved from another disk."
            " Everything was fetched first, and old unsent changes are suggestions now."
        ),
        "restored": _(
            "These records were restored from a backup. Everything was fetched first, and old"
            " unsent changes are suggestions now."
        ),
        "needs-full-check": _(
            "The last good sync is long ago, so a full check is needed before this computer can"
            " be called up to date. Run it where the connection is good."
        ),
        "metered": _("The connection costs money: large amounts are asked about first."),
        "metered-network": _(
            "This computer's network is marked as one that costs money: large amounts are asked"
            " about first. F9, 4 says otherwise."
        ),
        "days-doubtful": _(
            "It is not certain which day the server's birth dates mean: its time zone can't be"
            " told from what it sends. Compare one birth date with the portal."
        ),
        "days-moved": _("The server's time zone was recognised anew, and birth dates read again."),
        "aside": _(
            "Some of the server's records did not fit in here. They are kept aside and named under"
            " what needs you (F8); the next full check tries them again."
        ),
        "conflicts": _("Some records were changed here and elsewhere: please choose."),
        "refused": _("Some records were not taken by the server. They are kept here."),
        "differs": _("The server keeps some records differently from what was entered."),
        "rounds": _(
            "Others were changing the same records while we sent ours; the rest goes next time."
        ),
    }
    return said.get(
        code, _("The server or the sync told something unknown: {code}").format(code=code)
    )


def result(counts_need: int, not_sent: int, stays: int = 0) -> str:
    """The sentence for a run that went through: what waits for a person, what is still to go,
    what never goes.
    """
    if counts_need:
        return ngettext(
            "Synced. {n} record needs you.", "Synced. {n} records need you.", counts_need
        ).format(n=counts_need)
    if not_sent:
        return ngettext(
            "Synced, but {n} record is not confirmed yet.",
            "Synced, but {n} records are not confirmed yet.",
            not_sent,
        ).format(n=not_sent)
    if stays:
        return ngettext(
            "Synced. {n} record stays on this computer alone: this server has no place for it.",
            "Synced. {n} records stay on this computer alone: this server has no place for them.",
            stays,
        ).format(n=stays)
    return _("Synced. All that was entered here is confirmed by the server.")


def busy_since(when: str) -> str:
    """Another sync runs since ``when`` (a clock time, or "" where nobody knows)."""
    if not when:
        return trouble("busy")
    return _("Another sync of these records is running since {time}. Wait until it ends.").format(
        time=when
    )


def large(size: int | None) -> str:
    """A metered link, and a pull of about ``size`` bytes (None: nobody knows) is due."""
    if size is None:
        return _(
            "This connection costs money, and nobody knows how much the server will send."
            " Say yes to fetch it, or sync where the connection is free."
        )
    return _(
        "This connection costs money, and the server will send about {n} MB."
        " Say yes to fetch it, or sync where the connection is free."
    ).format(n=max(1, round(size / 1_000_000)))


def erases() -> str:
    """Before a prescription of another program goes to the server again (decisions.md 31)."""
    return _(
        "Take care: the server erases what another program keeps inside this prescription when it"
        " is sent again. It stays on this computer."
    )


def waiting_for_limit(seconds: float) -> str:
    """The server asked us to wait, and we do."""
    return _("waiting {n} s, as the server asks").format(n=round(seconds))
