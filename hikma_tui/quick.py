"""The one-line entry: ``bp 140/90 sit hr 82 dx hypertension rx amlodipine 5mg od 30d``. Pure.

A line is read into parts, each echoed in words. What is ambiguous or lacks a unit asks, what is not
understood stands there as such, and both block saving (decisions.md 13). A choice rewrites the
line, so that what stands in it is always the whole truth. The grammar is in docs/quick.md.

This is the door; behind it ``quick_shape`` (parts and tokens), ``quick_words`` (the vocabulary),
``quick_read`` (from left to right), ``quick_numbers``, ``quick_pressure``, ``quick_doubts``
(values), ``quick_texts`` (diagnoses, medicines, notes), ``quick_unknown``, ``quick_whole``;
``quick_known`` (what the store says).
"""

from __future__ import annotations

from hikma_tui.quick_known import REPEAT_KEY, asked_of, with_problems, with_repeated
from hikma_tui.quick_read import read
from hikma_tui.quick_shape import LONGEST, Choice, Edit, Kind, Line, Part, choose
from hikma_tui.quick_texts import (
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
