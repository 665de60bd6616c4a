"""The verb ``conflicts``: what was changed in two places, for a script or a person (docs/cli.md).

A dose, a date or a whole record is never decided without ``--yes`` (decisions.md 24).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from hikma_tui.clinic import conflicts
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.conflicts import FieldPair, OpenConflict
from hikma_tui.columns import moment_text
from hikma_tui.exchange.lines import written
from hikma_tui.i18n import _, ngettext
from hikma_tui.verbs.codes import OK, REFUSED, USAGE
from hikma_tui.verbs.errors import tell
from hikma_tui.verbs.options_conflicts import SIDES
from hikma_tui.verbs.store import acting, opened, say

Found = list[tuple[OpenConflict, list[FieldPair]]]


def run(given: argparse.Namespace) -> int:
    """List, or decide."""
    if given.all_suggestions and (given.keep or given.field or given.number is not None):
        tell(_("--all-suggestions stands alone"))
        return USAGE
    deciding = given.action == "resolve"
    if deciding and not given.all_suggestions and given.number is None:
        tell(_("say which one: conflicts resolve NUMBER --keep here|server|both"))
        return USAGE
    if not deciding and (given.keep or given.field or given.number is not None):
        tell(_("to decide, write: conflicts resolve NUMBER --keep here|server|both"))
        return USAGE
    with opened(given) as store:
        actor = acting(store, given)
        if given.all_suggestions:
            if not given.yes:
                tell(_("doses and dates may be among them: look at the list, then add --yes"))
                return REFUSED
            side = SIDES[given.all_suggestions]
            n = store.write(conflicts.resolve_all_suggestions, actor, side).result()
            say(ngettext("{n} decided.", "{n} decided.", n).format(n=n))
            return OK
        if deciding:
            pairs = store.read(conflicts.fields, actor, given.number).result()
            choices = _choices(given, pairs)
            if isinstance(choices, int):
                return choices
            code = store.write(conflicts.resolve, actor, given.number, choices).result()
            say(_outcome(given.number, code))
            return OK
        found = store.read(_found, actor, given.patient or "").result()
    _print(found, as_json=given.json)
    return OK


def _found(actor: Actor, patient_id: str) -> Found:
    return [
        (one, conflicts.fields(actor, one.pk))
        for one in conflicts.open_conflicts(actor)
        if not patient_id or one.patient_id == patient_id
    ]


# -- deciding ------------------------------------------------------------------------------------


def _choices(given: argparse.Namespace, pairs: Sequence[FieldPair]) -> dict[str, str] | int:
    """A side for each field; an exit code, after a sentence, where that can't be."""
    open_ones = {pair.key: pair for pair in pairs if not pair.same}
    chosen = dict.fromkeys(open_ones, SIDES[given.keep]) if given.keep else {}
    for said in given.field:
        key, _equals, side = said.rpartition("=")
        if key not in open_ones or side not in SIDES:
            tell(_("no such field or choice: {said} (fields: {keys})").format(
                said=said, keys=", ".join(key or "''" for key in open_ones)
            ))  # fmt: skip
            return USAGE
        chosen[key] = SIDES[side]
    for key, pair in open_ones.items():
        if key not in chosen:
            tell(_("{field} is not chosen: --keep decides all, --field {key}=here one").format(
                field=pair.label, key=key
            ))  # fmt: skip
            return USAGE
        if chosen[key] == "both" and not pair.both:
            tell(_("{field}: both can be kept of a free text only").format(field=pair.label))
            return REFUSED
    careful = [pair for pair in open_ones.values() if pair.careful]
    if careful and not given.yes:
        for pair in careful:
            value = pair.ours if chosen[pair.key] == "ours" else pair.theirs
            tell(f"{pair.label}: {value}")
        tell(_("a dose, a date or a whole record is among them: look, then add --yes"))
        return REFUSED
    return chosen


def _outcome(number: int, code: str) -> str:
    said = {
        "sent": _("Conflict {n}: it goes to the server with the next sync."),
        "taken": _("Conflict {n}: it is as the server has it."),
        "revived": _("Conflict {n}: it is brought back on the server with the next sync."),
        "copied": _("Conflict {n}: it goes to the server as a new record."),
        "stays": _("Conflict {n}: it stays on this computer."),
        "gone": _("Conflict {n}: it is deleted here too."),
        "deleted": _("Conflict {n}: it is deleted on the server with the next sync."),
        "back": _("Conflict {n}: it is back."),
    }.get(code, _("Conflict {n} is decided."))
    return said.format(n=number)


# -- listing -------------------------------------------------------------------------------------


def _as_json(one: OpenConflict, pairs: Sequence[FieldPair]) -> dict[str, Any]:
    return {
        "number": one.pk,
        "kind": one.kind,
        "table": one.table,
        "row_id": one.row_id,
        "patient_id": one.patient_id,
        "label": one.label,
        "found_at": moment_text(one.found_at),
        "fields": [
            {
                "field": pair.key,
                "label": pair.label,
                "here": pair.ours,
                "server": pair.theirs,
                "before": pair.base,
                "both": pair.both,
                "careful": pair.careful,
                "here_by": pair.ours_by,
                "here_at": moment_text(pair.ours_at) if pair.ours_at else None,
                "server_by": pair.theirs_by,
                "server_at": moment_text(pair.theirs_at) if pair.theirs_at else None,
            }
            for pair in pairs
            if not pair.same
        ],
    }


def _print(found: Found, *, as_json: bool) -> None:
    if as_json:
        document = {"conflicts": [_as_json(one, pairs) for one, pairs in found]}
        sys.stdout.buffer.write(written(document).encode() + b"\n")  # JSON is UTF-8 everywhere
        return
    for one, pairs in found:
        whose = ""
        if one.patient is not None:
            card = one.patient
            name = f"{card.given_name} {card.surname}".strip()
            whose = "  ".join(part for part in (card.external_patient_id, name) if part)
        say(f"{one.pk}  {one.kind}  {one.label}  {whose}".rstrip())
        for pair in pairs:
            if not pair.same:
                here = _("here: {value}").format(value=pair.ours)
                there = _("server: {value}").format(value=pair.theirs)
                say(f"    {pair.key or '-'}  {pair.label}  |  {here}  |  {there}")
    n = len(found)
    say(ngettext("{n} record needs a choice", "{n} records need a choice", n).format(n=n))
