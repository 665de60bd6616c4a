"""Folding, compounds and the table of names that must and must not meet."""

from __future__ import annotations

import pytest

from hikma_tui.names import compounds, fold, sounds, spelled_alike, words

MEET = """
محمد Mohamed | محمد Muhammad | محمد Mohammed | محمد Mohammad | Mohamed Muhammad | Mohamad Mohammed
حسن Hassan | حسن Hasan | Hassan Hasan | حسين Hussein | حسين Husain | حسين Hosein | Hussain Hussein
فاطمة Fatima | فاطمة Fatma | فاطمة Fatimah | Fatima Fatma | Fatimah Fatima | يوسف Yusuf
يوسف Yousef | يوسف Youssef | Yusuf Yousef | Youssef Yusuf | عمر Omar | عمر Umar | Omar Umar
علي Ali | على Ali | علي Aly | سعيد Said | سعيد Saeed | Said Saeed | خديجة Khadija | خديجة Khadeeja
أحمد Ahmed | احمد Ahmad | Ahmed Ahmad | إبراهيم Ibrahim | إبراهيم Ebrahim | Ibrahim Ebrahim
عائشة Aisha | عائشة Aicha | عائشة Aysha | Aisha Aicha | عثمان Othman | عثمان Osman | Othman Osman
جمال Jamal | جمال Gamal | Jamal Gamal | مصطفى Mustafa | مصطفى Moustafa | Mustafa Moustafa
محمود Mahmoud | محمود Mahmud | Mahmud Mahmoud | ليلى Layla | ليلى Leila | Layla Leila | منى Mona
هدى Huda | هدى Hoda | Huda Houda | موسى Musa | موسى Moussa | عيسى Issa | Issa Isa | مريم Maryam
مريم Mariam | Maryam Mariam | زينب Zeinab | زينب Zaynab | سليمان Suleiman | سليمان Sulaiman
داود Daoud | داوود Dawood | Daoud Dawud | رمضان Ramadan | رمضان Ramadhan | عبدالله Abdullah
عبدالله Abdallah | Abdullah Abdulla | عبدالرحمن Abdulrahman | عبدالرحمن Abdelrahman
Abdulrahman Abdelrahman | Abdurrahman Abdulrahman | عبدالرحمن Abdurrahman | عبدالعزيز Abdelaziz
نورالدين Noureddine | نورالدين Noureldin | Noureddine Nureddin | المصري Almasri | المصري Masri
Masri Almasri | المصري مصري | أسماء Asmaa | اسماء Asma | كريمة Karima | كريم Karim | خالد Khaled
طارق Tariq | طارق Tarek | Tariq Tarek | غسان Ghassan | مروان Marwan | Marwan Marouane | أنور Anwar
Anwar Anouar | رشيد Rashid | رشيد Rachid | Rashid Rachid | فوزي Fawzi | فوزي Fouzi | شيماء Shaimaa
هيثم Haitham | يحيى Yahya | صالح Saleh | هدى هدا | حُسَيْن Hussein | ياسين Yassine | زكريا Zakaria
صلاح Salah | صالح Salih | نورة Noura | منى Mouna
""".replace("\n", " | ")

APART = """
حسن Hussein | حسين Hassan | Hassan Hussein | Hasan Husain | حسن حسين | محمد Mahmoud
Mohamed Mahmoud | Mahmud Mohamed | محمود Mohamed | Karim Karima | كريم Karima
كريمة Karim | Amin Amina | أمين Amina
Ali Alaa | علي Alaa | علاء Ali | Omar Amira | Salim Salam | Hamad Hamid | Ahmed Hamid | أحمد Mohamed
Fatima Fadima | فاطمة Fadi | Yusuf Yasin | يوسف Yasser | Jamal Jamil | جميل Jamal | Khaled Khalil
خالد Khalil | Maria Mario | Nadia Nadir | Rashid Rasheeda | Samir Samira | سمير Samira | Huda Hadi
Layla Lulu | Musa Mousab | Adam Adama | Noor Nora | Ana Ani | أحمد Hamid | حميد Ahmed
مريم Marwan | Kamal Kamil
""".replace("\n", " | ")


def _pairs(table: str) -> list[tuple[str, str]]:
    return [(p.split()[0], p.split()[1]) for p in table.split("|") if p.strip()]


@pytest.mark.parametrize(("one", "other"), _pairs(MEET))
def test_spellings_of_one_name_meet(one: str, other: str) -> None:
    assert spelled_alike(fold(one), fold(other)), (sounds(fold(one)), sounds(fold(other)))
    assert spelled_alike(fold(other), fold(one))


@pytest.mark.parametrize(("one", "other"), _pairs(APART))
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert not spelled_alike(fold(one), fold(other)), (sounds(fold(one)), sounds(fold(other)))


def test_the_tables_are_large_enough() -> None:
    assert len(_pairs(MEET)) >= 60
    assert len(_pairs(APART)) >= 30


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("MÜLLER-Straße", "muller strasse"),
        ("José  O'Brien’s", "jose obriens"),
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("أحمد إبراهيم آدم ٱلله", "احمد ابراهيم ادم الله"),
        ("مصطفى فاطمة مؤمن عائشة", "مصطفي فاطمه مومن عايشه"),
        ("کریم", "كريم"),
        ("٠٧٠ ۱۲۳", "070 123"),
        ("a\u200fb\u202ec\ufeff", "abc"),
        ("Иван Ёлкин", "иван елкин"),
        ("王小明", "王小明"),
        ('x" OR *:(y)^NEAR\x00z', "x or y near z"),
        ("İstanbul ŁÓDŹ", "istanbul lodz"),
        ("ﻣﺤﻤﺪ", "محمد"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


def test_other_scripts_keep_their_signs() -> None:
    assert words("किशोर कुमार") == [fold("किशोर"), fold("कुमार")]
    assert len(words("ተስፋዬ በቀለ")) == 2


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("abd al rahman", ["abdalrahman"]),
        ("abdul rahman hasan", ["abdulrahman"]),
        ("عبد الرحمن", ["عبدالرحمن"]),
        ("nour el din", ["noureldin"]),
        ("al masri", ["almasri"]),
        ("mohamed hassan", []),
    ],
)
def test_compounds(name: str, joined: list[str]) -> None:
    assert [c[2] for c in compounds(fold(name).split())] == joined
