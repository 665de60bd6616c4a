"""Keys: one table of actions for each screen, under any keyboard layout (decisions.md 35).

An ``Action`` is written once; bindings, the line of keys, the F1 page and the command palette are
all made from it. A digit key answers to Arabic-Indic and Persian digits too, ``?`` to the Arabic
question mark, and Ctrl with a letter to the key at the same place of an Arabic keyboard.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding
from textual.events import Key

from hikma_tui.i18n import _

# The letter that stands on the key of a Latin letter on the Arabic (101) keyboard. Most terminals
# send the same control byte anyway; those with the extended key protocol send the Arabic letter.
_ARABIC_KEYS = dict(zip("abcdefghijklmnopqrstuvwxyz", "شلؤيثبلاهتنمةىخحضقسفعرصءغئ", strict=True))
_SHOWN = {
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "up": "Up",
    "down": "Down",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "delete": "Del",
    "question_mark": "?",
    "space": "Space",
}


def N_(text: str) -> str:
    """Mark ``text`` for translation where it is written; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do, and its key.

    ``id`` is ``screen.name``; the screen's method ``action_name`` does it. ``key`` is Textual's
    name of the first key; ``more_keys`` do the same without being shown. ``label`` (for the line of
    keys) and ``help`` (for F1 and the palette) are English and marked with ``N_``. An action with
    ``show`` false stands under F1 and in the palette only.
    """

    id: str
    key: str
    label: str
    help: str = ""
    show: bool = True
    more_keys: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """The name after ``action_`` of the method that does it."""
        return self.id.rpartition(".")[2].replace("-", "_")

    @property
    def shown_key(self) -> str:
        """The key as it is written on the screen: ``F2``, ``Enter``, ``Ctrl+S``, ``1``."""
        return shown_key(self.key)

    @property
    def shown_label(self) -> str:
        """The label in the user's language."""
        return _(self.label)

    @property
    def shown_help(self) -> str:
        """The longer explanation in the user's language; the label where there is none."""
        return _(self.help or self.label)


def shown_key(key: str) -> str:
    """Textual's name of a key, as a person knows it."""
    if key in _SHOWN:
        return _SHOWN[key]
    return "+".join(part.capitalize() if len(part) > 1 else part.upper() for part in key.split("+"))


def same_keys(key: str) -> list[str]:
    """``key`` and the keys that must do the same under another keyboard layout."""
    if len(key) == 1 and key in "0123456789":
        digit = int(key)
        return [key, chr(0x660 + digit), chr(0x6F0 + digit)]
    if key in ("question_mark", "?"):
        return ["question_mark", "؟"]
    modifier, plus, letter = key.rpartition("+")
    if plus and modifier == "ctrl" and letter in _ARABIC_KEYS:
        return [key, f"ctrl+{_ARABIC_KEYS[letter]}"]
    return [key]


def bindings(actions: Iterable[Action]) -> list[Binding]:
    """Textual's bindings of ``actions``. Each runs ``action_do``, which asks first if it may."""
    return [
        Binding(
            ",".join(name for key in (action.key, *action.more_keys) for name in same_keys(key)),
            f"do({action.id!r})",
            action.label,
            show=False,
            id=action.id,
            tooltip=action.help,
        )
        for action in actions
    ]


def digit_of(character: str | None) -> int | None:
    """The value of a digit of any script (``3``, ``٣``, ``۳``), or None."""
    if character is None or len(character) != 1:
        return None
    return unicodedata.decimal(character, None)


def is_name_character(character: str | None) -> bool:
    """Whether this one character, typed outside a text field, begins a name."""
    return (
        character is not None
        and len(character) == 1
        and unicodedata.category(character).startswith("L")
    )


def name_character(event: Key) -> str | None:
    """The letter that ``event`` types, or None: letters always mean a name (decisions.md 35).

    Letters with Ctrl or Alt, digits, signs and function keys give None.
    """
    key, character = event.key, event.character
    if "ctrl+" in key or "alt+" in key or "super+" in key:
        return None
    return character if is_name_character(character) else None
