"""What the clinic's rules refuse. ``str()`` of each is a sentence for the user."""

from __future__ import annotations

from hikma_tui.i18n import _


class Refused(Exception):
    """Something was not done, and nothing was changed."""


class NotAllowed(Refused):
    """The acting user has no permission for it."""


class NotFound(Refused):
    """There is no such record, or it is deleted."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or _("This record is not there any more."))


class Invalid(Refused):
    """A value that can't be kept; ``column`` names where."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column


class SameGovernmentId(Refused):
    """Another live patient has this government id; going on takes a deliberate yes."""

    def __init__(self, sentence: str, patient_id: str) -> None:
        super().__init__(sentence)
        self.patient_id = patient_id


class NotProven(Refused):
    """Nobody has shown yet that it is them: a PIN is missing or wrong, or a token."""


class MustWait(NotProven):
    """Too many wrong tries; ``seconds`` until the next one is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(_("Too many wrong tries. The next one counts in {n} s.").format(n=seconds))
        self.seconds = seconds
