"""The verb ``diseases``: find one, say which list is in use, put the clinic's own in its place."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hikma_tui.clinic import diseases
from hikma_tui.codes import Disease, shelf
from hikma_tui.codes.listing import BadList, Listing
from hikma_tui.exchange.lines import written
from hikma_tui.i18n import _, language, ngettext
from hikma_tui.text import fit, plain
from hikma_tui.verbs.codes import NO_INPUT, OK, REFUSED, USAGE
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, opened, say

_LARGEST = 64 << 20  # bytes; WHO's whole classification in twenty languages


def run(options: argparse.Namespace) -> int:
    """Do what was asked with the list of diseases."""
    wanted = " ".join(options.words)
    if options.action in ("find", "load") and not wanted.strip():
        tell(_("say what to find, or which file to load"))
        return USAGE
    if options.action in ("about", "reset") and wanted:
        tell(_("this takes no more words: {words}").format(words=wanted))
        return USAGE
    if options.action == "find":
        return _find(options, wanted)
    if options.action == "load":
        return _load(options, Path(wanted))
    return _about(options) if options.action == "about" else _reset(options)


def _find(options: argparse.Namespace, text: str) -> int:
    with opened(options) as store:
        found = shelf.find(store.directory, text, options.limit, language(), patience=None)
    if options.json:
        document = {"query": text, "results": [_as_json(disease) for disease in found]}
        sys.stdout.buffer.write(written(document).encode() + b"\n")  # JSON is UTF-8 everywhere
        return OK
    for disease in found:
        matched = f"  ({plain(disease.matched)})" if disease.matched else ""
        say(f"{fit(disease.system, 8)}{fit(disease.code, 10)}{plain(disease.label)}{matched}")
    if not found:
        say(_("No disease of the list is called so."))
    return OK


def _as_json(disease: Disease) -> dict[str, str]:
    return {
        "system": disease.system,
        "code": disease.code,
        "label": disease.label,
        "title": disease.title,
        "matched": disease.matched,
    }


def _about(options: argparse.Namespace) -> int:
    with opened(options) as store:
        found = shelf.about(store.directory)
    say(
        _("List: {path}").format(path=found.path),
        _("It is the clinic's own.") if found.own else _("It came with this program."),
    )
    if found.fault:
        say(_("The clinic's own list can't be used: {what}").format(what=found.fault))
    titles = {
        "title": _("What it is"),
        "source": _("Source"),
        "version": _("Version"),
        "licence": _("Licence"),
    }
    say(*(f"{title}: {found.facts.get(fact) or '-'}" for fact, title in titles.items()))
    say(_("Languages: {codes}").format(codes=", ".join(found.languages)))
    say(*(f"{system}: {count}" for system, count in sorted(found.counts.items())))
    say(_("Common ones, which come first: {n}").format(n=found.common))
    return OK


def _load(options: argparse.Namespace, path: Path) -> int:
    with opened(options) as store:
        store.read(diseases.require_keeper, acting(store, options)).result()
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            tell(_("{path}: it is larger than {n} MB").format(path=path, n=_LARGEST >> 20))
            return NO_INPUT
        try:
            listed = shelf.load(store.directory, content)
        except BadList as error:
            for line in error.lines:
                say_there(line)
            tell(_("The list was not taken; the one in use stays."))
            return REFUSED
        count = len(listed.rows)
        sentence = ngettext("{n} disease is in the list.", "{n} diseases are in the list.", count)
        say(sentence.format(n=count))
        _doubt(listed)
    return OK


def _doubt(listed: Listing) -> None:
    """Say how many ICD-11 codes are new to us: a newer release of WHO's, or typing errors."""
    known = shelf.shipped_codes()
    strange = [row.code for row in listed.rows if row.system == "icd11" and row.code not in known]
    if strange:
        say(
            ngettext(
                "{n} ICD-11 code is not in the list of this program, so look at it: {codes}",
                "{n} ICD-11 codes are not in the list of this program, so look at them: {codes}",
                len(strange),
            ).format(n=len(strange), codes=", ".join(strange[:10]))
        )


def _reset(options: argparse.Namespace) -> int:
    with opened(options) as store:
        store.read(diseases.require_keeper, acting(store, options)).result()
        if shelf.reset(store.directory):
            say(_("The list that came with this program is in use again."))
        else:
            say(_("The list that came with this program is in use already."))
    return OK
