"""The table of classes: what warns, what does not, and that a misspelling still warns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui import medicines
from hikma_tui.medicines.classes import known_names, one_letter_off


@pytest.mark.parametrize(
    ("medicine", "allergy", "kind"),
    [
        ("amoxicillin", "Penicillin", "class"),
        ("Amoxicilina 500 mg", "penicilina (erupción)", "class"),
        ("amoxycillin", "amoxicillin", "same"),
        ("Augmentin", "amoxicillin", "same"),
        ("Augmentin", "penicillin", "class"),
        ("Coartem 20/120", "lumefantrine", "same"),
        ("ceftriaxone", "penicillin", "cross"),
        ("amoxicillin", "Cephalosporins", "cross"),
        ("Bactrim", "sulfa", "class"),
        ("co-trimoxazole", "Co-trimoxazole", "same"),
        ("cotrimoxazol", "sulfamethoxazole", "same"),
        ("silver sulfadiazine cream", "sulfonamides", "class"),
        ("diclofenac", "Aspirin", "class"),
        ("ASA", "ibuprofen", "class"),
        ("amoxicilin 250", "penicillin", "like"),
        ("ibuprophen", "aspirin", "none"),  # two letters: not forgiven
        ("povidone iodine", "Iodine", "same"),
        ("tetracycline eye ointment", "doxycycline", "class"),
        ("codeina", "morphine", "class"),
        ("iron sucrose", "iron", "same"),
        ("lantadine", "lantadin", "like"),  # of no table: compared with one another
        ("اموكسيسيلين", "بنسلين", "class"),
        ("benzathine penicillin", "penicillin", "same"),
        ("amoxicillin500mg", "penicillin", "class"),  # no space
        ("PenG", "penicillin", "class"),
        ("x-pen", "penicillin", "class"),
        ("penicillinG", "amoxicillin", "like"),
        ("azithro", "erythromycin", "like"),
        ("metro", "flagyl", "like"),
        ("doxy", "tetracycline", "class"),
        ("cotrim", "sulfa", "class"),
        ("silver sulfadiazine cream", "sulphonamides", "class"),
        ("PCM", "paracetamol", "same"),
        ("nolotil", "metamizol", "same"),
        ("amoxicillin", "beta-lactam antibiotics", "class"),
        ("ferrous sulphate", "sulfa", "none"),
        ("paracetamol", "penicillin", "none"),
        ("furosemide", "sulfa", "none"),
        ("metformin", "metronidazole", "none"),
        ("vitamin C", "folic acid", "none"),
        ("chlorpromazine", "chlorpropamide", "none"),
        ("prednisolone", "prednisone tablets", "none"),
    ],
)
def test_a_medicine_against_an_allergy(medicine: str, allergy: str, kind: str) -> None:
    found = medicines.conflicts([medicine], [allergy])
    assert [conflict.kind for conflict in found] == ([] if kind == "none" else [kind])
    for conflict in found:
        assert medicine in conflict.sentence
        assert allergy in conflict.sentence


def test_every_medicine_of_the_table_warns_against_its_own_class() -> None:
    names = medicines.class_names()
    seen = set()
    for name in known_names():
        classes = medicines.class_of(name)
        seen |= set(classes)
        assert set(classes) <= set(names)
        for key in classes:
            assert medicines.conflicts([name], [name])[0].kind == "same"
            assert medicines.conflicts([name.upper()], [_class_word(key)]), (name, key)
    assert seen == set(names)


def _class_word(key: str) -> str:
    other = {"local anaesthetics": "local anesthetic", "aromatic antiepileptics": "carbamazepine"}
    return other.get(key, key)


@given(st.sampled_from([name for name in known_names() if " " not in name and len(name) > 6]),
       st.data())  # fmt: skip
def test_one_wrong_letter_never_silences_a_warning(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from("aeiklmnorst"))
    for wrong in (name[:at] + letter + name[at:], name[:at] + name[at + 1 :]):
        assert medicines.conflicts([wrong], [name]), wrong
        for key in medicines.class_of(name):
            assert medicines.conflicts([wrong], [_class_word(key)]), wrong


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_answered(one: str, other: str) -> None:
    for conflict in medicines.conflicts([one], [other]):
        assert conflict.sentence
    assert one_letter_off(one, one) is False
    assert medicines.substance(one) == medicines.substance(one)


def test_one_letter_off() -> None:
    for wrong in ("amoxicilin", "amoxicillinn", "amoxicillim", "maoxicillin", "amoxicilln"):
        assert one_letter_off(wrong, "amoxicillin")
    assert not one_letter_off("amoxcilin", "amoxicillin")


@pytest.mark.parametrize(
    ("name", "bare"),
    [("Amlodipine 5 mg", "amlodipine"), ("coartem 20/120", "coartem"),
     ("Vitamin B12", "vitamin b12"),
     ("paracetamol 120mg/5ml", "paracetamol"), ("Amoxicilina 500MG", "amoxicilina"),
     ("5-FU", "fu"), ("hydrocortisone 1%", "hydrocortisone")],
)  # fmt: skip
def test_names_are_compared_without_their_strength(name: str, bare: str) -> None:
    assert medicines.substance(name) == bare
