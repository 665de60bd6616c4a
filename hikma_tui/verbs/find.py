"""The verb ``find``: the first screen's answers for a script or a person."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from hikma_tui import clock, days, search
from hikma_tui.clinic import finding, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.permissions import sight
from hikma_tui.columns import moment_text
from hikma_tui.exchange.lines import written
from hikma_tui.i18n import _, ngettext
from hikma_tui.models import connection
from hikma_tui.search import Hit, Matched
from hikma_tui.text import fit, plain
from hikma_tui.verbs.codes import OK
from hikma_tui.verbs.store import acting, opened, say


def find(options: argparse.Namespace) -> int:
    """Find patients and print them, best first."""
    text = " ".join(options.text)
    filters = search.Filters(options.sex, options.age_from, options.age_to, options.clinic)
    with opened(options) as store:
        actor = acting(store, options)
        hits = store.read(_hits, actor, text, filters, options.limit).result()
        found, patients = store.read(_counts, actor, text, filters, options.limit).result()
        if options.json:
            results = [_as_json(hit) for hit in hits]
            document = {"query": text, "found": found, "patients": patients, "results": results}
            sys.stdout.buffer.write(written(document).encode() + b"\n")  # JSON is UTF-8 everywhere
            return OK
        today, zone = store.read(lambda: (info.today(), info.zone())).result()
    _print(hits, today, zone)
    counted = ngettext("{found} of {n} patient", "{found} of {n} patients", patients)
    say(counted.format(found=found, n=patients))
    return OK


def _hits(actor: Actor, text: str, filters: search.Filters, limit: int) -> list[Hit]:
    """A page is asked for as the screen asks, or a longer one: a short page forgives too early."""
    page = finding.find(actor, text, filters, max(limit, finding.PAGE))
    return list(page.hits[:limit])


def _counts(actor: Actor, text: str, filters: search.Filters, limit: int) -> tuple[int, int]:
    if limit <= finding.PAGE or not text.strip():
        return finding.count(actor, text, filters)
    shown = sight(actor)
    found = search.count(
        connection(), text, today=info.today(), filters=filters, sight=shown, limit=limit
    )
    return found, search.total(connection(), shown)


def _as_json(hit: Hit) -> dict[str, Any]:
    why = None if hit.why is None else {"matched": hit.why.matched.value, "text": hit.why.text}
    return {
        "id": hit.id,
        "given_name": hit.given_name,
        "surname": hit.surname,
        "sex": hit.sex,
        "date_of_birth": hit.date_of_birth,
        "birth_date_estimated": hit.birth_date_estimated,
        "external_patient_id": hit.external_patient_id,
        "government_id": hit.government_id,
        "phone": hit.phone,
        "camp": hit.camp,
        "hometown": hit.hometown,
        "primary_clinic_id": hit.primary_clinic_id or None,
        "last_seen": moment_text(hit.seen) if hit.seen else None,
        "level": hit.level.value,
        "forgiving": hit.forgiving,
        "why": why,
    }


def _print(hits: list[Hit], today: date, zone: ZoneInfo | None) -> None:
    divided = False
    for hit in hits:
        if hit.forgiving and not divided:
            say(_("-- forgiving a letter or a spelling --"))
            divided = True
        say(_line(hit, today, zone))


def _line(hit: Hit, today: date, zone: ZoneInfo | None) -> str:
    """Sex, age, birth, card, contact, last seen; the name last, since it may be right to left."""
    birth = days.Birth(hit.date_of_birth or None, hit.birth_date_estimated)
    seen = days.short(clock.day_of(hit.seen, zone).isoformat(), today) if hit.seen else ""
    columns = [
        fit(hit.sex, 6),
        fit(days.age_text(birth, today), 6),
        fit(days.birth_text(birth, today), 18),
        fit(hit.external_patient_id, 10),
        fit(hit.phone or hit.camp or hit.hometown, 16),
        fit(seen, 11),
    ]
    name = " ".join(part for part in (hit.given_name, hit.surname) if part)
    return "  ".join([*columns, plain(name) + _reason(hit)])


def _reason(hit: Hit) -> str:
    if hit.why is None or not hit.why.text:
        return ""
    what = {
        Matched.PHONE: _("phone"),
        Matched.CARD: _("card"),
        Matched.GOVERNMENT_ID: _("government id"),
        Matched.BORN: _("born"),
        Matched.AGE: _("age"),
        Matched.CAMP: _("camp"),
        Matched.HOMETOWN: _("from"),
    }.get(hit.why.matched, "")
    return f"  ({what} {plain(hit.why.text)})" if what else f"  ({plain(hit.why.text)})"
