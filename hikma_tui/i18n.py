"""The user's language: gettext for what the program says, and which language was chosen.

Everything that a user reads goes through ``_`` or ``ngettext``. The catalogue is loaded once, by
``use_language``; until then (and for English) the sentences in the source are shown as they are.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gettext

LANGUAGES = ("en", "es", "ar")

_LOCALE_DIRECTORY = Path(__file__).with_name("locale")
_catalogue: gettext.NullTranslations | None = None  # English: the sentences of the source
_language = "en"


def use_language(language: str) -> str:
    """Load the catalogue of ``language`` (``es``, ``ar_JO.UTF-8`` ...); return the code in use."""
    global _catalogue, _language
    code = language.split(".")[0].split("_")[0].split("-")[0].lower()
    _language = code if code in LANGUAGES else "en"
    _catalogue = None
    if _language != "en":  # a start in English needs no gettext
        _catalogue = _loaded(_language)
        if _catalogue is None:
            _language = "en"
    return _language


def _loaded(language: str) -> gettext.NullTranslations | None:
    """The catalogue; None of a damaged one: a clinic that reads English beats one that is shut."""
    import gettext
    from struct import error as Cut

    try:
        return gettext.translation(
            "hikma_tui", _LOCALE_DIRECTORY, languages=[language], fallback=True
        )
    except (OSError, ValueError, LookupError, Cut):  # bad numbers, cut off, no UTF-8
        return None


def language_of_environment() -> str:
    """The language code that the environment asks for (LC_ALL, LC_MESSAGES, LANG), else ``en``."""
    for name in ("HIKMA_TUI_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            code = value.split(".")[0].split("_")[0].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def language() -> str:
    """The two-letter code of the language in use."""
    return _language


def _(message: str) -> str:
    """``message`` in the language in use."""
    return message if _catalogue is None else _catalogue.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The form of a counted sentence that the language in use wants for ``n``."""
    if _catalogue is None:
        return one if n == 1 else many
    return _catalogue.ngettext(one, many, n)
