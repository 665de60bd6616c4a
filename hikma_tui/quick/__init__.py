"""The one-line entry: ``bp 140/90 sit hr 82 dx hypertension rx amlodipine 5mg od 30d``. Pure.

A line is read into parts, each echoed in words. What is ambiguous or lacks a unit asks, what is not
understood stands there as such, and both block saving (decisions.md 13). A choice rewrites the
line, so that what stands in it is always the whole truth. The grammar is in docs/quick.md.

This is the door; behind it ``quick.shape`` (parts and tokens), ``quick.words`` (the vocabulary),
``quick.reading`` (from left to right), ``quick.numbers``, ``quick.pressure``, ``quick.doubts``
(values), ``quick.texts`` (diagnoses, medicines, notes), ``quick.unknown``, ``quick.whole``;
``quick.known`` (what the store says).
"""

from __future__ import annotations

from hikma_tui.quick.known import REPEAT_KEY, asked_of, with_problems, with_repeated
from hikma_tui.quick.reading import read
from hikma_tui.quick.shape import LONGEST, Choice, Edit, Kind, Line, Part, choose
from hikma_tui.quick.texts import (
    ICD11,
    NO_CODE,
    REPEAT,
    code_key,
    filled,
    is_named,
    starred,
    with_diseases,
    written,
)  # fmt: skip

__all__ = [
    "ICD11", "LONGEST", "NO_CODE", "REPEAT", "REPEAT_KEY", "Choice", "Edit", "Kind", "Line",
    "Part", "asked_of", "choose", "code_key", "filled", "is_named", "read", "starred",
    "with_diseases", "with_problems", "with_repeated", "written",
]  # fmt: skip
