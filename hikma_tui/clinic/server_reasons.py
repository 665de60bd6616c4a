"""Why a row is not confirmed or not stored, and the way out of it, in a sentence."""

from __future__ import annotations

from hikma_tui.i18n import _


def reason(code: str) -> str:
    """Why a row is not confirmed, and the user's way out (``syncing.shapes.Reason``).

    Behind a colon stand the columns that no server takes as they are (``syncing.push_bad``).
    """
    code, _colon, columns = code.partition(":")
    if code == "bad-row" and columns:
        return _bad_fields(columns.split(","))
    if code in ("twice", "unfit"):
        return _aside(code, columns.split(","))
    said = {
        "": "",
        "no-table": _("This server has no place for such records; they stay on this computer."),
        "no-place": _(
            "It names a form, clinic or user that the server does not have; it stays on this"
            " computer."
        ),
        "not-a-uuid": _("Its number is none that a server takes; it stays on this computer."),
        "bad-row": _(
            "The server does not take this record. Open it and look for something odd, save it"
            " again, or show it to the administrator."
        ),
        "parent": _("It waits for the record that it belongs to."),
        "days": _(
            "Which day the server's birth dates mean is not certain, so it waits. Set the clinic's"
            " time zone, or register a patient with a birth date and sync: then it is sent."
        ),
        "altered": _("The server keeps it differently from what was entered. Compare and choose."),
        "dropped": _(
            "The server said yes three times and did not keep it. Tell the administrator; it is"
            " kept here."
        ),
        "conflict": _("It was changed here and elsewhere. Compare and choose."),
        "suggestion": _(
            "It comes from a copy of these records. Look at it and choose; nothing of it is sent"
            " until then."
        ),
    }
    return said.get(code, _("The server does not take it as it is. It is kept here."))


def _aside(code: str, columns: list[str]) -> str:
    """Why a row of the server's is not stored here (``syncing.apply_aside``)."""
    from hikma_tui.clinic.conflicts_words import column_words

    said = (
        _("The server has it twice, and here is room for one alone.")
        if code == "twice"
        else _("A value of it is none that can be stored here.")
    )
    known = [column_words(name) for name in columns if name and not name.endswith("_id")]
    if known:
        said += " " + _("It is about: {fields}.").format(fields=", ".join(known))
    return f"{said} " + _(
        "What stood here before still stands. Tell whoever runs the server; the next full check"
        " tries it again."
    )


def _bad_fields(columns: list[str]) -> str:
    from hikma_tui.clinic.conflicts_words import column_words

    known = [column_words(name) for name in columns if name != "unknown"]
    if not known:
        return _(
            "The server does not take this record, for what another program added to it. It is"
            " kept here: show it to the administrator."
        )
    return _(
        "The server does not take this record as it is: too long, or out of range: {fields}."
        " It is kept here: open it, put that right, save, and sync again."
    ).format(fields=", ".join(known))
