"""Diseases and their codes, offline: find one as you type, name one by its code.

The list is a text (``data/diseases.tsv``, or the clinic's own beside the records), read when the
first disease is looked for and never before: its index is then made in the background, once
(docs/diseases.md). ``listing`` reads a list, ``words`` compares, ``index`` keeps it, ``finding``
asks it, ``shelf`` holds the one that is open. Nothing here knows a patient.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Disease"]


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease of the list.

    ``label`` is in the user's language where the list has it; ``system`` is a code system of
    upstream's (``icd11``, ``icd10``, ``icd10cm``, ``snomed``) or ``custom``; ``matched`` is the
    synonym or the other language's label that was found, "" when that is the label or the code.
    ``title`` is the label in the list's own language (for ICD-11 WHO's English title): what is
    written beside the code in a record, so that it reads alike on every device.
    """

    code: str
    label: str
    system: str
    matched: str = ""
    title: str = ""
