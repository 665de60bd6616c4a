"""The message catalogues: from the source to ``.pot``, ``.po`` and ``.mo``. Standard library only.

``python -m tools.messages update`` collects every sentence marked with ``_``, ``N_`` or
``ngettext``, brings the template and the catalogues up to date (translations are kept) and compiles
them. ``python -m tools.messages check`` changes nothing and says what is out of date, missing or
wrong; it ends with 1 when anything is. docs/translating.md says how to work with them.
"""

from __future__ import annotations

import argparse
import ast
import re
import struct
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "hikma_tui"
LOCALE = PACKAGE / "locale"
DOMAIN = "hikma_tui"
UPDATE = "python -m tools.messages update"

# The rule for plurals of each language, as gettext writes it, and what a form stands for when it
# stands for one number only: such a form may say "two visits" without the figure.
PLURALS = {
    "es": "nplurals=2; plural=n != 1;",
    "ar": (
        "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : "
        "n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;"
    ),
}
_ONE_NUMBER = {"es": (), "ar": (1, 2)}

_FUNCTIONS = {"_": 1, "N_": 1, "ngettext": 2}

Key = tuple[str, ...]
"""A message: its English, or the English for one and for many."""


@dataclass(frozen=True)
class Catalogue:
    """One language: the forms of each message; all empty where it is not translated yet."""

    language: str
    messages: dict[Key, tuple[str, ...]]


# -- from the source -------------------------------------------------------------------------------


def messages_of(source: str) -> Iterator[Key]:
    """The messages that a module's ``source`` marks, written out as the functions need them."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        texts = [
            argument.value
            for argument in node.args[: _FUNCTIONS.get(name, 0)]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if texts and len(texts) == _FUNCTIONS[name]:
            yield tuple(texts)


def collected(package: Path = PACKAGE) -> dict[Key, list[str]]:
    """Every message of the package, sorted, with the files that use it."""
    found: dict[Key, set[str]] = {}
    for path in package.rglob("*.py"):
        place = path.relative_to(package.parent).as_posix()
        for key in messages_of(path.read_text(encoding="utf-8")):
            found.setdefault(key, set()).add(place)
    _merge_singulars(found)
    return {key: sorted(found[key]) for key in sorted(found)}


def _merge_singulars(found: dict[Key, set[str]]) -> None:
    """A text that stands alone and as a singular is one message in gettext's files."""
    for plural in [key for key in found if len(key) == 2]:
        found[plural] |= found.pop(plural[:1], set())


# -- .po -------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{text}"'


_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t"}


def _unquoted(quoted: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), quoted[1:-1])


def header(language: str) -> str:
    """The header of a catalogue; without dates and addresses, which only make diffs."""
    lines = [
        "Project-Id-Version: hikma-tui",
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {PLURALS.get(language, 'nplurals=INTEGER; plural=EXPRESSION;')}",
    ]
    return "".join(f"{line}\n" for line in lines)


def forms_of(language: str, key: Key) -> int:
    """How many forms ``language`` has for a message."""
    if len(key) == 1:
        return 1
    rule = re.match(r"nplurals=(\d+)", PLURALS.get(language, "nplurals=2"))
    assert rule is not None
    return int(rule[1])


def po_text(catalogue: Catalogue, places: dict[Key, list[str]]) -> str:
    """The ``.po`` file, or with the language ``""`` the ``.pot`` file."""
    language = catalogue.language
    blocks = ['msgid ""\nmsgstr ""\n' + "".join(
        f"{_quoted(line)}\n" for line in header(language).splitlines(keepends=True)
    )]  # fmt: skip
    for key, files in places.items():
        lines = [f"#: {place}" for place in files]
        if any("{" in text for text in key):
            lines.append("#, python-brace-format")
        lines.append(f"msgid {_quoted(key[0])}")
        texts = catalogue.messages.get(key) or ("",) * forms_of(language, key)
        if len(key) == 2:
            lines.append(f"msgid_plural {_quoted(key[1])}")
            lines += [f"msgstr[{n}] {_quoted(text)}" for n, text in enumerate(texts)]
        else:
            lines.append(f"msgstr {_quoted(texts[0])}")
        blocks.append("".join(f"{line}\n" for line in lines))
    return "\n".join(blocks)


def read_po(text: str, language: str) -> Catalogue:
    """The catalogue of a ``.po`` file, whatever tool wrote it; fuzzy entries count as missing."""
    messages: dict[Key, tuple[str, ...]] = {}
    for block in re.split(r"\n\s*\n", text):
        if re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE):
            continue
        parts: dict[str, str] = {}
        field = ""
        for line in block.splitlines():
            word, _space, rest = line.partition(" ")
            if word.startswith("msg"):
                field, line = word, rest.strip()
                parts[field] = ""
            if field and line.startswith('"'):
                parts[field] += _unquoted(line.strip())
        if not parts.get("msgid"):
            continue
        plural = parts.get("msgid_plural")
        key = (parts["msgid"],) if plural is None else (parts["msgid"], plural)
        messages[key] = tuple(value for name, value in parts.items() if name.startswith("msgstr"))
    return Catalogue(language, messages)


# -- .mo -------------------------------------------------------------------------------------------


def mo_bytes(catalogue: Catalogue) -> bytes:
    """The ``.mo`` file: GNU gettext's binary format, sorted, without a hash table."""
    entries = {b"": header(catalogue.language).encode()}
    for key, texts in catalogue.messages.items():
        if all(texts):
            entries["\0".join(key).encode()] = "\0".join(texts).encode()
    pairs = sorted(entries.items())
    count, head = len(pairs), 7 * 4
    originals, translations = head, head + count * 8
    offset = head + count * 16
    tables: list[bytes] = []
    texts_of: list[bytes] = []
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), offset))
            texts_of.append(pair[column] + b"\0")
            offset += len(pair[column]) + 1
    start = struct.pack("<7I", 0x950412DE, 0, count, originals, translations, 0, offset)
    return start + b"".join(tables) + b"".join(texts_of)


# -- what can be wrong with a translation ----------------------------------------------------------


def fields(text: str) -> set[str]:
    """The names of the ``{placeholders}``. ValueError for a text that ``format`` can't read."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def fault(language: str, key: Key, form: int, text: str) -> str:
    """What is wrong with one form of a translation, in a few words; empty when nothing is."""
    if not text.strip():
        return "is not translated"
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            return f"holds the invisible character U+{ord(character):04X}"
    if text[0].isspace() != key[0][0].isspace():
        return "must begin with a space where the English does, and only there"
    wanted = fields(key[-1])
    try:
        found = fields(text)
    except ValueError:
        return "has a brace that belongs to no placeholder"
    may_lack = {"n"} if len(key) == 2 and form in _ONE_NUMBER[language] else set()
    if not wanted - may_lack <= found <= wanted:
        return f"must have the placeholders {sorted(wanted)} and has {sorted(found)}"
    return ""


def faults(catalogue: Catalogue, keys: Iterator[Key] | list[Key]) -> list[str]:
    """A sentence for each form of ``keys`` that is missing or wrong."""
    said = []
    for key in keys:
        texts = catalogue.messages.get(key, ())
        if len(texts) != forms_of(catalogue.language, key):
            texts = ("",)
        for form, text in enumerate(texts):
            what = fault(catalogue.language, key, form, text)
            if what:
                said.append(f"{catalogue.language}: {key[0]!r} (form {form}) {what}")
    return said


# -- update and check ------------------------------------------------------------------------------


def po_path(language: str, ending: str = "po") -> Path:
    """Where the catalogue of ``language`` lies."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.{ending}"


def stored(language: str) -> Catalogue:
    """The catalogue as it lies in the checkout."""
    path = po_path(language)
    return read_po(path.read_text(encoding="utf-8") if path.exists() else "", language)


def outputs() -> Iterator[tuple[Path, bytes]]:
    """Every file that ``update`` writes, with what belongs in it."""
    places = collected()
    yield LOCALE / f"{DOMAIN}.pot", po_text(Catalogue("", {}), places).encode()
    for language in PLURALS:
        known = stored(language).messages
        kept = {
            key: known[key] for key in places if len(known.get(key, ())) == forms_of(language, key)
        }
        catalogue = Catalogue(language, kept)
        yield po_path(language), po_text(catalogue, places).encode()
        yield po_path(language, "mo"), mo_bytes(catalogue)


def update() -> list[str]:
    """Write the files that are out of date; what is left to translate."""
    for path, content in outputs():
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return untranslated()


def untranslated() -> list[str]:
    """A sentence for every translation that is missing or wrong."""
    keys = list(collected())
    return [line for language in PLURALS for line in faults(stored(language), keys)]


def stale() -> list[str]:
    """A sentence for every file that ``update`` would change."""
    return [
        f"{path.relative_to(ROOT).as_posix()} is out of date. Run: {UPDATE}"
        for path, content in outputs()
        if not path.exists() or path.read_bytes() != content
    ]


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit code is 0 when everything is translated and up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.messages", description=__doc__)
    parser.add_argument("verb", choices=("update", "check"))
    verb = parser.parse_args(arguments).verb
    said = update() if verb == "update" else stale() + untranslated()
    for line in said:
        sys.stdout.write(f"{line}\n")
    if said:
        sys.stdout.write(
            f"{len(said)} to do: translate in hikma_tui/locale/*/LC_MESSAGES/{DOMAIN}.po, "
            f"then run: {UPDATE}\n"
        )
    return 1 if said else 0


if __name__ == "__main__":
    raise SystemExit(main())
