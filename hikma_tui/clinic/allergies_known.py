"""Which row of the problem list is an allergy, whoever wrote it. Needs no store.

Upstream has no allergies. Ours are problems with a fixed code of SNOMED International's free set
for the International Patient Summary (docs/problems.md): phones show them, and we know them again.
Those of other clients are known by their code or by what their label says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SYSTEM = "snomed"
ALLERGY = "419199007"  # Allergy to substance
NONE_KNOWN = "716186003"  # No known allergy
PREFIX = "Allergy: "  # data, not screen text: read by every client

# Allergy to a drug, to food, to the environment, and the older "propensity" ones.
_SNOMED = frozenset({
    ALLERGY, "416098002", "414285001", "426232007", "419511003", "418471000", "418038007",
    "420134006",
})  # fmt: skip
_ICD10 = re.compile(r"Z88(\.|\d|$)|Z91\.?0", re.IGNORECASE)

# "Allergy to ...", "penicillin allergy", "alergia a ...", "حساسية من ...": not "allergic
# rhinitis" or "alergia estacional", which are diseases... a label that is unclear counts.
_SAYS = re.compile(
    r"\ball?erg(?:y|ies|ie|ia)\b|\ballergic (?:reaction\b|to\b)|^\W*allergic\s*[:\-]"
    r"|\balergias?\b|\bal[eé]rgic[oa]s? a\b|^\W*al[eé]rgic[oa]\s*[:\-]|حساسي[ةه]"
    r"|\b(?:hypersensitivity|anaphylaxis|anaphylactic reaction|intolerance) (?:to|with|from)\b"
    r"|\b(?:hipersensibilidad|anafilaxia|intolerancia) (?:a|al|por)\b",
    re.IGNORECASE,
)
# It denies when it stands before the word, or when nothing but it stands after: "penicillin allergy
# (not confirmed)" and "allergic to penicillin, no anaphylaxis" are allergies all the same.
_DENIAL = (
    r"(?:\bno\b|\bnot\b|\bnil\b|\bnone\b|\bnegative\b|\bwithout\b|\bdenies\b|\bsin\b|\bniega\b"
    r"|\bningun[oa]?\b|(?:^|\s)لا\s|(?:^|\s)بدون\s)"
)
_DENIES_BEFORE = re.compile(_DENIAL + r"[^,;:.()]*$", re.IGNORECASE)
_EXCEPT = re.compile(r"\b(?:except|but|apart from|excepto|salvo|menos)\b|إلا", re.IGNORECASE)
_DENIES_AFTER = re.compile(
    r"\W*" + _DENIAL + r"(?:\s+(?:known|conocid[ao]s?|reported))?\W*", re.IGNORECASE
)
_NONE = re.compile(
    r"\s*(?:nka|no(?: known)? allerg(?:y|ies)|nil known allergies|allergies\W+(?:none|nil)"
    r"(?: known)?"
    r"|sin alergias?(?: conocidas?)?|no (?:tiene|se conocen) alergias(?: conocidas)?"
    r"|لا (?:توجد|يوجد|يعاني من) (?:أي )?حساسي[ةه](?: معروفة)?)\s*\.?\s*",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"^\s*(?:allergy\s*:|allerg(?:y|ies|ic)(?: reaction)? to\b|alergia\s*:"
    r"|alergias? a(?:l| la| los| las)?\b"
    r"|al[eé]rgic[oa] a(?:l| la)?\b|حساسي[ةه]\s*:|حساسي[ةه] (?:من|ل|تجاه))\s*",
    re.IGNORECASE,
)
_CAUSE_FIRST = re.compile(r"\s*\ballerg(?:y|ies)\s*$", re.IGNORECASE)
_REACTION = re.compile(r"^(?P<cause>[^()]+?)\s*\((?P<reaction>[^()]*)\)\s*$")


def _system(row: Mapping[str, Any]) -> str:
    return str(row["problem_code_system"] or "").strip().casefold()


def is_none_known(row: Mapping[str, Any]) -> bool:
    """Whether a row says that somebody asked and there is no allergy."""
    if _system(row) == SYSTEM and row["problem_code"] == NONE_KNOWN:
        return True
    return bool(_NONE.fullmatch(str(row["problem_label"] or "")))


def is_allergy(row: Mapping[str, Any]) -> bool:
    """Whether a row stands among the allergies, "none known" too, and not among the diseases.

    A label that denies ("no drug allergy") is no allergy: nobody is warned of what is not there,
    and as it denies less than all allergies, it does not count as "none known" either.
    """
    code, system = str(row["problem_code"] or ""), _system(row)
    if is_none_known(row) or (system == SYSTEM and code in _SNOMED):
        return True
    if system.startswith("icd10") and _ICD10.match(code):
        return True
    label = str(row["problem_label"] or "")
    return any(not _denied(label, said) for said in _SAYS.finditer(label))


def _denied(label: str, said: re.Match[str]) -> bool:
    before, after = label[: said.start()], label[said.end() :]
    if _EXCEPT.search(after):
        return False
    return bool(_DENIES_BEFORE.search(before) or _DENIES_AFTER.fullmatch(after))


def is_ours(row: Mapping[str, Any]) -> bool:
    """Whether a row follows our convention: else it is shown as it was written."""
    metadata = row["metadata"]
    about = metadata.get("allergy") if isinstance(metadata, dict) else None
    return isinstance(about, dict) and _system(row) == SYSTEM and row["problem_code"] == ALLERGY


def cause(label: str) -> tuple[str, str]:
    """The substance and the reaction that a label names, as far as it can be told.

    ``Allergy: penicillin (rash)`` and ``allergic to penicillin (rash)`` give both; of a label
    that follows no pattern the whole is the substance, so that a medicine in it is still found.
    """
    text = _CAUSE.sub("", label, count=1)
    text = _CAUSE_FIRST.sub("", text).strip() or label.strip()
    match = _REACTION.match(text)
    return (match["cause"], match["reaction"].strip()) if match else (text, "")
