"""A form being filled: its answers, what does not parse yet, and what is wrong with it. Pure.

The widgets draw a ``Sheet`` and type into it; a draft is its ``answers`` and ``unparsed``. What is
typed is never lost: a text that is no answer yet is kept as typed beside the last good answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hikma_tui import medicines
from hikma_tui.days.words import fold
from hikma_tui.forms import (
    Answer,
    Answers,
    Field,
    Form,
    Item,
    Kind,
    birth_of_answer,
    check,
    diagnosis_line,
    is_empty,
    missing,
    needs_unit,
    translate,
    unit_key,
)
from hikma_tui.forms.entries import diagnosis_key
from hikma_tui.i18n import _, ngettext
from hikma_tui.text import cut, plain
from hikma_tui.widgets.form_choices import Choice, Chooser
from hikma_tui.widgets.form_reading import Reading, birth_echo, date_in_words, read

ONE_OF = frozenset({Kind.SELECT, Kind.RADIO, Kind.YES_NO, Kind.CLINIC})
ANY_OF = frozenset({Kind.MULTISELECT, Kind.CHECKBOX})
CHOICES = ONE_OF | ANY_OF
ENTRIES = frozenset({Kind.DIAGNOSIS, Kind.MEDICINE})
SKIPPED = frozenset({Kind.TEXT_BLOCK, Kind.SEPARATOR, Kind.UNKNOWN})


class Sheet:
    """The answers to one form while it is being filled."""

    def __init__(
        self,
        form: Form,
        answers: Mapping[str, Answer],
        *,
        language: str,
        today: date,
        clinics: Mapping[str, str] | None = None,
        unparsed: Mapping[str, str] | None = None,
        stored: Mapping[str, Answer] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.form = form
        self.fields = form.fields
        self.language = language
        self.today = today
        self.unparsed: dict[str, str] = dict(unparsed or {})
        self._answers: Answers = {key: _copied(value) for key, value in answers.items()}
        self._stored = dict(answers if stored is None else stored)
        self._checked: dict[str, tuple[Answer, str]] = {}
        self._clinics = clinics or {}
        self.names = names if names is not None else {}  # of diagnoses, by their key

    # -- reading

    @property
    def answers(self) -> Answers:
        """A copy of the answers; a line of a list that is being typed is not one yet."""
        return {key: _copied(value) for key, value in self._answers.items()}

    def answer(self, field: Field) -> Answer:
        """The answer as it is stored now."""
        return self._answers.get(field.id)

    def label(self, field: Field) -> str:
        """The question in the user's language, as it came (not yet plain)."""
        return translate(field.label, self.language) or field.name

    def typed(self, field: Field) -> str:
        """The text with which the editor of a text field opens."""
        if field.kind in ENTRIES:
            return self.unparsed.get(field.id, "")
        if field.id in self.unparsed:
            return self.unparsed[field.id]
        answer, unit = self._answers.get(field.id), self._answers.get(unit_key(field))
        text = "" if is_empty(answer) else str(answer)
        return f"{text} {unit}" if text and unit and len(field.units) > 1 else text

    def shown(self, field: Field) -> str:
        """The answer in one line for a person, as it came (not yet plain)."""
        if field.kind in ENTRIES:
            texts = [self.entry_text(field, entry) for entry in self.entries(field)]
            if len(texts) > 1:  # how many, where the row may be too short for all
                texts[0] = f"({len(texts)}) {texts[0]}"
            typed = self.unparsed.get(field.id, "")
            # What is not chosen yet stands first: there it is not cut off.
            return "; ".join([*([_("CHOOSE: {text}").format(text=typed)] if typed else []), *texts])
        if field.id in self.unparsed:
            return self.unparsed[field.id]
        answer = self._answers.get(field.id)
        if field.kind in CHOICES:
            choices, chosen = self._choices_of(field)
            return ", ".join(choice.label for choice in choices if choice.value in chosen)
        return "" if is_empty(answer) else self._shown_text(field, answer)

    def _shown_text(self, field: Field, answer: Answer) -> str:
        text = str(answer)
        if field.kind is Kind.DATE:
            return date_in_words(text, self.today)
        if field.kind is Kind.BIRTH:
            return birth_echo(birth_of_answer(answer), self.today)
        if field.kind is Kind.NUMBER:
            only = field.units[0] if len(field.units) == 1 else ""
            # A new number has the one unit that stands beside it, whatever the old one had.
            beside = only if self._stored.get(field.id) != answer else ""
            return f"{text} {beside or self._answers.get(unit_key(field)) or only}".strip()
        return text

    # -- typing

    def type(self, field: Field, text: str) -> Reading:
        """Take ``text`` as it stands in the editor: an answer, or kept as not parsed."""
        if field.kind in ENTRIES:
            if text.strip():
                self.unparsed[field.id] = text
            else:
                self.unparsed.pop(field.id, None)
            return Reading(text)
        reading = read(field, text, self.today)
        if reading.error:
            self.unparsed[field.id] = text
        else:
            self.unparsed.pop(field.id, None)
            self._answers[field.id] = reading.answer
            if len(field.units) > 1:
                self._answers[unit_key(field)] = reading.unit
        return reading

    def reading(self, field: Field) -> Reading:
        """How the text of a field reads as it stands, without changing anything."""
        if field.id not in self.unparsed and field.kind in (Kind.DATE, Kind.BIRTH, Kind.NUMBER):
            return Reading(self.answer(field), echo=plain(self.shown(field)))
        return read(field, self.typed(field), self.today)

    # -- choices

    def chooser(self, field: Field) -> Chooser:
        """A fresh chooser over the field's options and what is chosen of them."""
        choices, chosen = self._choices_of(field)
        typed = self.unparsed.get(field.id, "")
        several = field.kind in ANY_OF and bool(field.options)
        return Chooser(choices, chosen, several=several, typed=typed)

    def _choices_of(self, field: Field) -> tuple[list[Choice], list[object]]:
        """The choices, with those that are chosen and no option any more; and what is chosen."""
        answer = self._answers.get(field.id)
        chosen = answer if isinstance(answer, list) else [] if is_empty(answer) else [answer]
        chosen = [value for value in chosen if value not in ("", None)]
        choices = self._choices(field)
        known = [choice.value for choice in choices] if chosen else []
        choices += [
            Choice(value, _("{value} (not an option now)").format(value=value))
            for value in chosen
            if value not in known and not isinstance(value, bool)
        ]
        return choices, chosen

    def _choices(self, field: Field) -> list[Choice]:
        if field.kind is Kind.CLINIC:
            return [Choice(key, name) for key, name in sorted(
                self._clinics.items(), key=lambda item: fold(item[1]))]  # fmt: skip
        if field.kind is Kind.YES_NO:
            return [Choice(True, _("yes")), Choice(False, _("no"))]
        if field.kind is Kind.CHECKBOX and not field.options:
            return [Choice(True, _("yes"))]
        return [
            Choice(option.value, translate(option.label, self.language) or option.value)
            for option in field.options
        ]

    def choose(self, field: Field, chooser: Chooser) -> None:
        """Store what the chooser has chosen; letters that several choices answer to wait."""
        if field.kind in ANY_OF and field.options:
            order = [choice.value for choice in chooser.choices]
            self._answers[field.id] = sorted(chooser.chosen, key=order.index)
        else:
            self._answers[field.id] = chooser.chosen[0] if chooser.chosen else ""
        waiting = chooser.typed and (chooser.several or chooser.ambiguous)
        if waiting:
            self.unparsed[field.id] = chooser.typed
        else:
            self.unparsed.pop(field.id, None)

    # -- lists of entries

    def entries(self, field: Field) -> list[Item]:
        """The entries of a diagnosis or medicine field, in upstream's shape."""
        answer = self._answers.get(field.id)
        return list(answer) if isinstance(answer, list) else []

    def add_entry(self, field: Field, item: Item) -> None:
        """Put an entry into the list in place of the line that was typed."""
        self._answers[field.id] = [*self.entries(field), dict(item)]
        self.unparsed.pop(field.id, None)

    def replace_entry(self, field: Field, index: int, item: Item) -> None:
        """Put ``item`` where the entry ``index`` stood."""
        entries = self.entries(field)
        entries[index] = dict(item)
        self._answers[field.id] = entries

    def entry_text(self, field: Field, entry: Mapping[str, object]) -> str:
        """An entry in one line: a medicine in words, a diagnosis in the user's language."""
        if field.kind is Kind.MEDICINE:
            return medicines.words(entry)
        name = self.names.get(diagnosis_key(entry))
        return diagnosis_line({**entry, "desc": name} if name else entry)

    def remove_entry(self, field: Field, index: int) -> None:
        """Take one entry out of the list."""
        entries = self.entries(field)
        del entries[index]
        self._answers[field.id] = entries

    # -- what is wrong

    def problem(self, field: Field) -> str:
        """What is wrong with this field's answer, in one sentence, or ``""``."""
        if field.kind in SKIPPED:
            return ""
        if field.id in self.unparsed:
            return self._unparsed_sentence(field)
        answer, stored = self._answers.get(field.id), self._stored.get(field.id)
        if needs_unit(field, self._answers) and answer != stored:
            return _("Choose the unit.")
        known = self._checked.get(field.id)
        if known is None or known[0] is not answer:  # a check reads every letter of a long text
            known = answer, check(field, answer, self.today, stored) or ""
            self._checked[field.id] = known
        return known[1]

    def _unparsed_sentence(self, field: Field) -> str:
        if field.kind in ENTRIES:
            text = cut(self.unparsed[field.id], 40)
            return _('CHOOSE what "{text}" is: Enter takes it.').format(text=text)
        if field.kind not in CHOICES:
            return read(field, self.unparsed[field.id], self.today).error
        n = len(self.chooser(field).matches)
        return ngettext("Choose: {n} fits.", "Choose: {n} fit.", n).format(n=n)

    def problems(self) -> list[tuple[str, str]]:
        """Every field that keeps the form from being saved, in its order, with a sentence."""
        lacking = {field.id for field in missing(self.form, self.answers)}
        found = []
        for field in self.fields:
            sentence = self.problem(field)
            if not sentence and field.id in lacking:
                sentence = self._missing_sentence(field)
            if sentence:
                found.append((field.id, sentence))
        return found

    def _missing_sentence(self, field: Field) -> str:
        if not field.required:  # one of the two names will do (decisions.md 11)
            return _("A name is needed: the first or the last.")
        return _('"{label}" needs an answer.').format(label=cut(self.label(field), 60))


def _copied(value: Answer) -> Answer:
    if isinstance(value, list):
        return [dict(entry) if isinstance(entry, dict) else entry for entry in value]
    return value
