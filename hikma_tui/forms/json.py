"""Reading upstream's JSON in every shape it was ever written in. Pure; never raises.

JSON columns arrive as objects, as JSON text and as JSON text of JSON text (features.md 2.1); keys
may be absent, and some values are wrapped as Effect Options (features.md 2.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from hikma_tui.forms.shape import Translations
from hikma_tui.i18n import _
from hikma_tui.json_text import Unreadable

_WRAPPINGS = 3  # JSON text of JSON text of JSON text is the worst that was seen


def json_of(value: object) -> object:
    """``value`` decoded as long as it is JSON text; text that is no JSON stays text."""
    for _turn in range(_WRAPPINGS):
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if not isinstance(value, str) or isinstance(value, Unreadable):
            break
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            break
    return value


def list_of(value: object) -> list[object]:
    """The list that a JSON column holds, or an empty one."""
    found = json_of(value)
    return list(found) if isinstance(found, list | tuple) else []


def unwrap(value: object) -> object:
    """The content of an Effect Option (``{"_tag": "Some", "value": ...}``); None of a None."""
    for _turn in range(_WRAPPINGS):
        if not isinstance(value, Mapping):
            break
        tag = value.get("_tag")
        if tag == "Some" and "value" in value:
            value = value["value"]
        elif tag == "None":
            value = None
        else:
            break
    return value


def text_of(value: object) -> str:
    """A text, or a number as its text; ``""`` of anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return number_as_text(value)


def number_as_text(value: float) -> str:
    """A number as a person writes it: ``5`` and not ``5.0``."""
    try:
        return str(int(value)) if value == int(value) else repr(value)
    except (ValueError, OverflowError):  # not a number, infinite, or thousands of digits
        return ""


def bool_of(value: object, *, default: bool) -> bool:
    """A truth in any of its shapes (true, 1, "true"); ``default`` of anything else."""
    value = unwrap(value)
    if isinstance(value, bool | int | float):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "1", "0"):
        return value.strip().lower() in ("true", "1")
    return default


def translations_of(value: object, language: str = "en") -> dict[str, str]:
    """A translation object; a bare text is taken to be in ``language``."""
    value = unwrap(value)
    if isinstance(value, Mapping):
        pairs = ((str(key), text_of(text)) for key, text in value.items())
        return {key: text for key, text in pairs if text.strip()}
    text = text_of(value)
    return {language: text} if text else {}


def translate(translations: Translations, language: str) -> str:
    """The text in ``language``, else in English, else the first there is (features.md 1.8)."""
    for key in (language, language.split("-")[0], "en", "en-US"):
        if translations.get(key):
            return translations[key]
    return next(iter(translations.values()), "")


def mapping_of(value: object) -> dict[str, object]:
    """A JSON object with text keys, or an empty one."""
    found = unwrap(json_of(value))
    return {str(key): item for key, item in found.items()} if isinstance(found, Mapping) else {}


def as_json(value: object) -> str:
    """``value`` as JSON text, for showing what is not understood."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return _("(nested too deeply to be shown)")
