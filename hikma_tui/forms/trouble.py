"""What of a form can't be asked, in sentences that stand above it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from hikma_tui.i18n import _, ngettext

_NAMED = 3  # questions named in one sentence; the others are counted
_LONGEST_NAME = 40  # characters of each


@dataclass
class Troubles:
    """What was met while a form was read. ``sentences`` says it."""

    no_list: bool = False
    broken: int = 0  # questions that are no object at all
    unknown: list[str] = field(default_factory=list)  # questions of a type that is not rendered
    choiceless: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)  # with a choice that could not be read
    alike: list[str] = field(default_factory=list)  # with two choices stored as one text

    def sentences(self) -> tuple[str, ...]:
        """One sentence for each sort of trouble, the worst first; none when all is well."""
        found = []
        if self.no_list:
            found.append(_("The questions of this form could not be read."))
        if self.broken:
            found.append(
                ngettext(
                    "{n} question of this form could not be read.",
                    "{n} questions of this form could not be read.",
                    self.broken,
                ).format(n=self.broken)
            )
        for names, sentence in (
            (self.unknown, _("Can't be answered here, only seen: {questions}.")),
            (self.choiceless, _("Has no choices, so it can't be answered: {questions}.")),
            (self.unreadable, _("Some choices could not be read: {questions}.")),
            (self.alike, _("Two choices would be saved as the same answer: {questions}.")),
        ):
            if names:
                found.append(sentence.format(questions=_named(names)))
        return tuple(found)


def _named(names: list[str]) -> str:
    shown = [" ".join(name[: _LONGEST_NAME * 2].split()) for name in names[:_NAMED]]
    text = ", ".join(
        name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in shown
    )
    more = len(names) - _NAMED
    if more <= 0:
        return text
    return ngettext("{questions} and {n} more", "{questions} and {n} more", more).format(
        questions=text, n=more
    )
