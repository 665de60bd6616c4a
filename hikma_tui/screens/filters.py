"""F3: narrow the search to a sex, an age, a clinic. What is on is said below the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from hikma_tui.i18n import _
from hikma_tui.screens.identity import sex_letter
from hikma_tui.search import Filters
from hikma_tui.text import cut, display
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.keys import N_, Action, digit_of
from hikma_tui.widgets.prompt import Labelled, LineInput

_OLDEST = 130


def filters_text(filters: Filters, clinics: Mapping[str, str]) -> str:
    """The filters in words: ``only: F, 15 to 49 years, Al-Salam``."""
    parts = []
    if filters.sex:
        parts.append(sex_letter(filters.sex))
    first, last = filters.age_from, filters.age_to
    if first is not None and last is not None:
        parts.append(_("{first} to {last} years").format(first=first, last=last))
    elif first is not None:
        parts.append(_("from {first} years").format(first=first))
    elif last is not None:
        parts.append(_("to {last} years").format(last=last))
    if filters.clinic_id:
        parts.append(cut(clinics.get(filters.clinic_id, "?"), 24))
    return _("only: {filters}").format(filters=", ".join(parts)) if parts else ""


def sex_of(text: str) -> str | None:
    """The sex that a word or a letter means; None for everybody. ValueError for what it isn't."""
    word = text.strip()
    if not word:
        return None
    letter = sex_letter(word)
    if letter == "?":
        letter = {_("M"): _("M"), _("F"): _("F")}.get(word.upper(), "?")
    if letter == "?":
        raise ValueError
    return "male" if letter == _("M") else "female"


def years_of(text: str) -> int | None:
    """Whole years from digits of any script; None when empty. ValueError for what they aren't."""
    text = text.strip()
    if not text:
        return None
    digits = [digit_of(character) for character in text]
    if len(digits) > 3 or any(digit is None for digit in digits):
        raise ValueError
    years = int("".join(str(digit) for digit in digits))
    if years > _OLDEST:
        raise ValueError
    return years


class FilterDialog(Dialog[Filters | None]):
    """Four fields. Gives the filters, or None when Esc cleared them."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("filter.use", "f10", N_("use")),
        Action("filter.next", "enter", N_("next field"), show=False),
        Action("filter.clear", "escape", N_("no filters")),
    )

    def __init__(self, filters: Filters, clinics: Mapping[str, str]) -> None:
        numbered = [f"{n}  {name}" for n, name in enumerate(clinics.values(), start=1)]
        super().__init__(_("Show only:"), "\n".join(numbered) if len(clinics) > 1 else "")
        self.filters = filters
        self.clinics = dict(clinics)

    def body(self) -> ComposeResult:
        """Sex, ages, and the clinic where there are several."""
        now = self.filters
        sex = sex_letter(now.sex) if now.sex else ""
        yield Labelled(_("Sex (M, F or empty):"), LineInput(sex, id="sex"))
        first = "" if now.age_from is None else str(now.age_from)
        last = "" if now.age_to is None else str(now.age_to)
        yield Labelled(_("Age in years, from:"), LineInput(first, id="age-from"))
        yield Labelled(_("Age in years, to:"), LineInput(last, id="age-to"))
        if len(self.clinics) > 1:
            keys = list(self.clinics)
            number = str(keys.index(now.clinic_id) + 1) if now.clinic_id in keys else ""
            yield Labelled(_("Number of the clinic:"), LineInput(number, id="clinic"))
        yield Static(display(_("Enter goes on; after the last field the list is narrowed.")),
                     markup=False)  # fmt: skip

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter: the next field, and from the last one use them."""
        event.stop()
        fields = list(self.query(LineInput))
        place = fields.index(event.input) if event.input in fields else 0
        if place + 1 < len(fields):
            fields[place + 1].focus()
        else:
            self.action_use()

    def action_next(self) -> None:
        """Enter outside a field."""
        self.action_use()

    def action_use(self) -> None:
        """Give the filters; a field that can't be read gets the cursor and a sentence."""
        values: dict[str, str | int | None] = {}
        for name, read, hint in (
            ("sex", sex_of, _("Sex: M, F, or leave it empty.")),
            ("age-from", years_of, _("An age is a whole number of years, 0 to 130.")),
            ("age-to", years_of, _("An age is a whole number of years, 0 to 130.")),
            ("clinic", self._clinic_of, _("Type the number of a clinic of the list.")),
        ):
            for field in self.query(f"#{name}").results(LineInput):
                try:
                    values[name] = read(field.value)
                except ValueError:
                    field.focus()
                    self.say(hint, loud=True)
                    return
        self.dismiss(Filters(
            sex=values.get("sex"), age_from=values.get("age-from"),  # type: ignore[arg-type]
            age_to=values.get("age-to"), clinic_id=values.get("clinic"),  # type: ignore[arg-type]
        ))  # fmt: skip

    def _clinic_of(self, text: str) -> str | None:
        number = years_of(text)
        if number is None:
            return None
        if not 1 <= number <= len(self.clinics):
            raise ValueError
        return list(self.clinics)[number - 1]

    def action_clear(self) -> None:
        """Esc: no filters."""
        self.dismiss(None)
