"""The user's language: gettext for what the program says, and which language was chosen.

Everything that a user reads goes through ``_`` or ``ngettext``. The catalogue is loaded once, by
``use_language``; until then (and for English) the sentences in the source are shown as they are.
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

LANGUAGES = ("en", "es", "ar")

_LOCALE_DIRECTORY = Path(__file__).with_name("locale")
_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def use_language(language: str) -> str:
    """Load the catalogue of ``language`` (``es``, ``ar_JO.UTF-8`` ...); return the code in use."""
    global _catalogue, _language
    code = language.split(".")[0].split("_")[0].split("-")[0].lower()
    _language = code if code in LANGUAGES else "en"
    _catalogue = gettext.translation(
        "hikma_tui", _LOCALE_DIRECTORY, languages=[_language], fallback=True
    )
    return _language


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
    return _catalogue.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The form of a counted sentence that the language in use wants for ``n``."""
    return _catalogue.ngettext(one, many, n)
