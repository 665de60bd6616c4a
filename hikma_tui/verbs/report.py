"""The verb ``report``: the report of a patient or of one visit, as text or HTML (issue 3)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hikma_tui.clinic import report
from hikma_tui.i18n import _
from hikma_tui.report import HTML
from hikma_tui.report import files as report_files
from hikma_tui.report.html import html
from hikma_tui.report.text import text
from hikma_tui.verbs.codes import NO_OUTPUT, OK
from hikma_tui.verbs.errors import tell
from hikma_tui.verbs.store import acting, opened, say


def run(options: argparse.Namespace) -> int:
    """Write the report where it was asked for; the audit trail tells of it before."""
    visit_id: str | None = options.visit
    with opened(options) as store:
        actor = acting(store, options)
        patient_id = store.read(report.named, actor, options.patient).result()
        store.write(report.begin, actor, patient_id, visit_id, options.format).result()
        _card, found = store.read(report.gather, actor, patient_id, visit_id).result()
    written = html(found) if options.format == HTML else text(found)
    if options.output == "-":
        if options.format == HTML:
            sys.stdout.buffer.write(written.encode("utf-8", "replace"))  # as its head says
        else:
            sys.stdout.write(written)
        return OK
    path = Path(options.output)
    try:
        report_files.write_new(path, written)
    except report_files.NotWritten as error:
        tell(str(error))
        return NO_OUTPUT
    say(_("{path}: readable by whoever has this file").format(path=path))
    return OK
