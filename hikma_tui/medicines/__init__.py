"""Medicines as they are typed, stored and told. Pure.

One typed line (``amlodipine 5mg od 30d``) is read into upstream's entry (features.md 1.8, 1.11).
Nothing in it is guessed (decisions.md 13): what is ambiguous is a ``Doubt`` that blocks saving
until it is chosen, and what is not understood stays in the name or in the directions, in sight.
Whether a dose is a usual one is *not* judged: there is no list of doses here.
"""

from __future__ import annotations

from hikma_tui.medicines.classes import Conflict, class_names, class_of, conflicts, substance
from hikma_tui.medicines.reading import Doubt, Reading, choose, read
from hikma_tui.medicines.wording import dose_words, duration_words, how_often, line_of, words

__all__ = [
    "Conflict", "Doubt", "Reading", "choose", "class_names", "class_of", "conflicts",
    "dose_words", "duration_words", "how_often", "line_of", "read", "substance", "words",
]  # fmt: skip
