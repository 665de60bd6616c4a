"""Choosing among options by keyboard: letters narrow, digits pick, arrows point. Pure, no Textual.

The mark beside a choice always tells what is stored; the pointer does not. What several choices
could mean is never guessed (decisions.md 13).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hikma_tui.days.words import fold

_MOST_COMPARED = 400  # characters of a label


@dataclass(frozen=True)
class Choice:
    """One option: what is stored, and what is shown."""

    value: object
    label: str


class Chooser:
    """The state of one field's choices while the cursor is on it."""

    def __init__(
        self, choices: Sequence[Choice], chosen: Sequence[object], *, several: bool, typed: str = ""
    ) -> None:
        self.choices = tuple(choices)
        self.several = several
        self.chosen = [value for value in chosen if value not in ("", None)]
        self.typed = ""
        self.refused = ""  # the last letters that no choice has
        self.matches = list(range(len(self.choices)))
        self.at = self._chosen_place()
        for character in typed:
            self.type(character)

    @cached_property
    def _folded(self) -> list[str]:
        """The labels as letters are compared with them; made when the first letter is typed."""
        return [fold(choice.label[:_MOST_COMPARED]) for choice in self.choices]

    def _chosen_place(self) -> int | None:
        for place, index in enumerate(self.matches):
            if not self.several and self.choices[index].value in self.chosen:
                return place
        return None

    def _matching(self, typed: str) -> list[int]:
        """The choices with a word that begins so, else those that hold it anywhere."""
        wanted = fold(typed) + (" " if typed.endswith(" ") else "")
        starts = [i for i, label in enumerate(self._folded) if f" {wanted}" in f" {label} "]
        return starts or [i for i, label in enumerate(self._folded) if wanted in label]

    @property
    def ambiguous(self) -> bool:
        """Whether letters were typed that more than one choice answers to."""
        return bool(self.typed) and len(self.matches) > 1

    @property
    def pointed(self) -> Choice | None:
        """The choice under the pointer."""
        return None if self.at is None else self.choices[self.matches[self.at]]

    @property
    def is_tick(self) -> bool:
        """Whether this is a lone box to tick, which can be left again."""
        return len(self.choices) == 1 and not self.several

    def is_chosen(self, index: int) -> bool:
        """Whether the choice of this index is (among) the answer."""
        return self.choices[index].value in self.chosen

    def type(self, character: str) -> bool:
        """Narrow by one more letter; False (and nothing changes) when no choice has it.

        One of several that is left alone by the letters is the answer at once.
        """
        matches = self._matching(self.typed + character)
        self.refused = "" if matches else self.typed + character
        if not matches:
            return False
        self.typed += character
        self.matches, self.at = matches, 0
        if len(matches) == 1 and not self.several:
            self.chosen = [self.choices[matches[0]].value]
        return True

    def takes_space(self) -> bool:
        """Whether a space goes on with the typed words ("new " of "New York")."""
        if not self.typed or self.several:
            return False
        wanted = fold(self.typed) + " "
        return any(f" {wanted}" in f" {label} " and label != wanted.strip()
                   for label in self._folded)  # fmt: skip

    def erase(self) -> None:
        """Take back the last letter typed, or else clear the answer."""
        self.refused = ""
        if not self.typed:
            self.clear()
            return
        typed = self.typed[:-1]
        self.matches = self._matching(typed) if typed else list(range(len(self.choices)))
        self.typed = typed
        self.at = 0 if typed else self._chosen_place()

    def clear(self) -> None:
        """No answer, nothing typed."""
        self.chosen = []
        self._show_all()
        self.at = None

    def _show_all(self) -> None:
        self.typed = self.refused = ""
        self.matches = list(range(len(self.choices)))

    def move(self, step: int) -> bool:
        """Move the pointer; False when it stands at that end already."""
        if self.at is None:
            self.at = 0 if step > 0 and self.matches else None
            return self.at is not None
        moved = self.at + step
        if not 0 <= moved < len(self.matches):
            return False
        self.at = moved
        return True

    def pick(self, place: int | None = None) -> bool:
        """Choose (of several: choose or leave) the match at ``place``, else the pointed one."""
        place = self.at if place is None else place
        if place is None and self.is_tick:
            place = 0
        if place is None or not 0 <= place < len(self.matches):
            return False
        index = self.matches[place]
        value = self.choices[index].value
        if not self.several and not self.is_tick:
            self.chosen = [value]
        elif value in self.chosen:
            self.chosen.remove(value)
        else:
            self.chosen.append(value)
        self._show_all()
        self.at = None if self.is_tick and not self.chosen else index
        return True

    def pick_again(self) -> None:
        """Confirm what is chosen already: the letters typed have done their work."""
        self._show_all()
        self.at = self._chosen_place()

    def pick_number(self, character: str) -> bool:
        """Choose by a digit 1 to 9 of any script; False when no match has that number."""
        number = unicodedata.decimal(character, 0)
        return 1 <= number <= 9 and self.pick(number - 1)
