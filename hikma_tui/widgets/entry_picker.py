"""What stands below the line of a diagnosis or a medicine while it is typed. Pure, no Textual.

Nothing is taken that was not pointed at (decisions.md 13): a typed line that could mean several
things waits until a person has said which. A medicine's line is read and told in words first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from hikma_tui import medicines
from hikma_tui.forms import Field, Item, Kind, typed_diagnoses, typed_medicines
from hikma_tui.i18n import _
from hikma_tui.text import plain

MOST_SUGGESTED = 8
_LONGEST_ECHO = 400
_LONGEST_READ = 1000  # characters of a medicine's line; nobody writes a longer one


@dataclass(frozen=True)
class Suggested:
    """One row: what it shows, and what taking it means (an entry, a new line, or free text)."""

    label: str
    note: str = ""  # a code
    item: Item | None = None  # the entry that is stored
    line: str | None = None  # the line to go on with
    digit: int = 0
    name: str = ""  # of the code, in the user's language
    is_typed: bool = False  # the last row: the line as it was typed


@dataclass(frozen=True)
class Found:
    """What a search gave; ``trouble`` is why it gave nothing, in a sentence."""

    rows: tuple[Suggested, ...] = ()
    trouble: str = ""


class Suggestions(Protocol):
    """Where suggestions come from. A screen gives one to its form; neither method raises."""

    names: Mapping[str, str]
    """Labels in the user's language by ``diagnosis_key``, as far as they are known."""

    async def diagnoses(self, text: str) -> Found:
        """Diseases that ``text`` may mean, best first; each row has its ``item``."""

    async def medicines(self, text: str, field: Field) -> Found:
        """Names of medicines that begin as ``text`` does, best first; each row has its ``line``."""


@dataclass(frozen=True)
class Outcome:
    """What Enter did: an entry to store, a line to go on with, or a sentence to say."""

    item: Item | None = None
    line: str | None = None
    said: str = ""


class Picker:
    """The line of a diagnosis field, and the rows below it.

    ``searched`` says whether suggestions will come. While they are under way the rows of the
    letters before stay in sight, and can't be taken.
    """

    def __init__(self, field: Field, text: str, *, searched: bool) -> None:
        self.field = field
        self.searched = searched
        self.text = ""
        self.rows: tuple[Suggested, ...] = ()
        self.at: int | None = None
        self.waiting = False
        self.trouble = ""
        self._found: tuple[Suggested, ...] = ()
        self._down_waits = False
        self.type(text)

    @property
    def wanted(self) -> str:
        """What is to be searched for; empty when nothing is."""
        return self.text.strip() if self.searched else ""

    def type(self, text: str) -> None:
        """The line changed: what was pointed at is so no more."""
        self.text, self.at, self.trouble, self._down_waits = text, None, "", False
        self.waiting = bool(self.wanted)
        if not self.waiting:
            self._found = ()
        self._set_rows()

    def found(self, found: Found) -> None:
        """The answer to the line as it is now."""
        self.waiting, self.trouble = False, found.trouble
        self._found = found.rows[:MOST_SUGGESTED]
        self._set_rows()
        if self._down_waits:
            self._down_waits = False
            self.move(1)

    def _set_rows(self) -> None:
        self.rows = (*self._found, self._as_typed()) if self.text.strip() else ()

    def _typed(self) -> Item:
        return typed_diagnoses(" ".join(self.text.split()))[0]

    def _as_typed(self) -> Suggested:
        label = _('as typed: "{text}"').format(text=plain(self.text.strip()[:_LONGEST_ECHO]))
        return Suggested(label, _("(no code)"), self._typed(), is_typed=True)

    @property
    def pointed(self) -> Suggested | None:
        """The row under the pointer."""
        return None if self.at is None else self.rows[self.at]

    def move(self, step: int) -> bool:
        """Move the pointer; False when there is no row that way. Up from the first is the line."""
        if self.waiting and step > 0:
            self._down_waits = True  # done when it is known what it points at
            return True
        if self.at is None:
            self.at = 0 if step > 0 and self.rows else None
            return self.at is not None
        moved = self.at + step
        if moved >= len(self.rows):
            return bool(self.text.strip())
        self.at = moved if moved >= 0 else None
        return True

    def enter(self) -> Outcome:
        """Enter: take what is pointed at, or say what to do. An empty outcome: nothing is typed."""
        row = self.pointed
        if row is not None:
            return Outcome(row.item, row.line)
        if not self.text.strip():
            return Outcome()
        if self.waiting:
            return Outcome(said=_("Just a moment: the list is being searched."))
        if not self._found:
            return Outcome(item=self._typed())
        return Outcome(said=_("CHOOSE: Down points at a line, Enter takes it."))

    def take_digit(self, number: int) -> Outcome | None:
        """A digit, where it chooses; None where it belongs to the line."""
        return None

    def back(self) -> bool:
        """Back from a choice to the line; False when there is none."""
        return False

    def leave(self) -> Item | None:
        """What is taken when the field is left: only a line that can mean one thing."""
        alone = not (self.waiting or self._found or self.trouble)
        return self._typed() if self.text.strip() and alone else None

    @property
    def echo(self) -> str:
        """What is said of the line before it is taken."""
        if self.trouble:
            return self.trouble
        if self.text.strip() and self._found and not self.waiting:
            return _("Down points at a line, Enter takes it.")
        return ""


class MedicinePicker(Picker):
    """The line of a medicine: suggestions for its name, its reading in words, its doubts."""

    def __init__(self, field: Field, text: str, *, searched: bool) -> None:
        self._reading: medicines.Reading | None = None
        self._choosing = False
        super().__init__(field, text, searched=searched)

    @property
    def wanted(self) -> str:
        """The name, while nothing but a name is typed."""
        reading = self._reading
        if not self.searched or reading is None or not self.text.strip():
            return ""
        name = str(reading.item.get("name") or "")
        parts = [value for key, value in reading.item.items() if key not in ("id", "name")]
        return name if not any(parts) and not reading.doubts else ""

    def type(self, text: str) -> None:
        """Read the line anew."""
        self._choosing = False
        readable = bool(text.strip()) and len(text) <= _LONGEST_READ
        self._reading = medicines.read(text) if readable else None
        super().type(text)

    def found(self, found: Found) -> None:
        """Names; one that stands there already is none to offer."""
        name = self.text.strip().casefold()
        rows = tuple(row for row in found.rows if row.label.casefold() != name)
        super().found(replace(found, rows=rows))

    def _set_rows(self) -> None:
        self.rows = self._found if self.text.strip() else ()

    def _typed(self) -> Item:
        return typed_medicines(" ".join(self.text.split()))[0]

    def _as_typed(self) -> Suggested:
        label = _('as typed: "{text}"').format(text=plain(self.text.strip()[:_LONGEST_ECHO]))
        return Suggested(label, "", self._typed(), is_typed=True)

    @property
    def _doubt(self) -> medicines.Doubt | None:
        return self._reading.doubts[0] if self._reading and self._reading.doubts else None

    def enter(self) -> Outcome:
        """Take the reading that stands in words; a doubt is chosen first."""
        row = self.pointed
        if row is not None:
            return Outcome(row.item, row.line)
        if not self.text.strip():
            return Outcome()
        if self._reading is not None and not self._reading.doubts:
            return Outcome(item=self._reading.item)
        self._choose()
        return Outcome(said=self.echo)

    def _choose(self) -> None:
        """Show what the doubtful words can mean, and the line as free text."""
        doubt, rows = self._doubt, list[Suggested]()
        for choice in doubt.choices if doubt is not None else ():
            assert doubt is not None
            line = medicines.choose(self.text, doubt, choice)
            rows.append(Suggested(plain(choice), line=line, digit=len(rows) + 1))
        rows.append(replace(self._as_typed(), digit=len(rows) + 1))
        self.rows, self.at, self._choosing = tuple(rows), None, True

    def take_digit(self, number: int) -> Outcome | None:
        """While choosing, digits choose."""
        if not self._choosing:
            return None
        for row in self.rows:
            if row.digit == number:
                return Outcome(row.item, row.line)
        return Outcome(said=self.echo)

    def back(self) -> bool:
        """Back to the line, to write it in another way."""
        if not self._choosing:
            return False
        self._choosing, self.at = False, None
        self._set_rows()
        return True

    def leave(self) -> Item | None:
        """The reading, when nothing in it is in doubt."""
        reading = self._reading
        return reading.item if reading is not None and not reading.doubts else None

    @property
    def echo(self) -> str:
        """The reading in words, and what is to be chosen."""
        doubt = self._doubt
        if self._reading is None:
            return ""
        if doubt is not None:
            return _("CHOOSE: {sentence}").format(sentence=plain(doubt.sentence))
        return "= " + plain(self._reading.words)


def picker_of(field: Field, text: str, *, searched: bool) -> Picker:
    """The picker for a diagnosis or a medicine field."""
    kind = MedicinePicker if field.kind is Kind.MEDICINE else Picker
    return kind(field, text, searched=searched)
