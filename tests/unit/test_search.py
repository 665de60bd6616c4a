"""The search finds what was typed, in every way to write it, best first, and counts it right."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date

import pytest

from benchmarks.people import create_tables
from hikma_tui import search
from hikma_tui.search import Filters, Level, Matched, Sight

TODAY = date(2026, 11, 22)
DAY = 86_400_000
NOW = 1_795_000_000_000
A, B = "0190aaaa-0000-7000-8000-00000000000a", "0190aaaa-0000-7000-8000-00000000000b"


class Register:
    """A small register: patients by a short name."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        create_tables(self.connection)
        search.create(self.connection)
        self.pks = 0

    def add(self, given: str | None = "", surname: str | None = "", **columns: object) -> str:
        """Save a patient; the id says the pk."""
        self.pks += 1
        row = {
            "pk": self.pks,
            "id": f"id{self.pks}",
            "given_name": given,
            "surname": surname,
            "created_at": NOW - 1000 * DAY + self.pks,
            "metadata": "{}",
            **columns,
        }
        marks = ", ".join("?" * len(row))
        self.connection.execute(
            f"INSERT INTO patients ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )
        search.refresh(self.connection, f"id{self.pks}")
        return f"id{self.pks}"

    def visit(self, patient: str, moment: int) -> None:
        self.connection.execute(
            "INSERT INTO visits (id, patient_id, check_in_timestamp) VALUES (?, ?, ?)",
            (f"{patient} {moment}", patient, moment),
        )
        search.refresh(self.connection, patient)

    def set(self, patient: str, **columns: object) -> None:
        for column, value in columns.items():
            self.connection.execute(
                f"UPDATE patients SET {column} = ? WHERE id = ?", (value, patient)
            )
        search.refresh(self.connection, patient)

    def ids(self, text: str, **more: object) -> list[str]:
        found = search.find(self.connection, text, today=TODAY, **more)  # type: ignore[arg-type]
        number = search.count(self.connection, text, today=TODAY, **more)  # type: ignore[arg-type]
        assert number == len(found.hits), (text, number)
        return [hit.id for hit in found.hits]


@pytest.fixture
def register() -> Iterator[Register]:
    made = Register()
    yield made
    assert search.check(made.connection) == []
    made.connection.close()


FIELDS = {
    "phone": "+961 70 123456",
    "government_id": "GX-00417/b",
    "external_patient_id": "A-0123",
    "date_of_birth": "1992-03-11",
    "camp": "Burj el-Barajneh",
    "hometown": "صيدا",
}


@pytest.mark.parametrize(
    "text",
    [
        "mohammed", "MOHAMMED", "moh", "hassan moh", "has moh", "mohammed  hassan", "hamm", "ssan",
        "محمد", "محمد حسن", "Muhammad", "mohamad hasan", "محم", "mohmamed", "mohammde hassan",
        "070123456", "70123456", "+96170123456", "0096170123456", "96170123456", "070 123 456",
        "070-123456", "(070) 123456", "3456", "٠٧٠١٢٣٤٥٦", "123",
        "gx-00417/b", "gx00417b", "00417", "417", "A-0123", "a0123", "a123", "0123",
        "1992", "1992-03-11", "11/3/1992", "11.3.92", "1992-03", "١٩٩٢", "34", "34y", "moh 34",
        "burj", "barajneh", "صيد", "moh burj 1992", '"moh" * ("^:', "moh\x00", "moh\u200f",
    ],
)  # fmt: skip
def test_found(register: Register, text: str) -> None:
    found = register.add("Mohammed", "Hassan", **FIELDS)
    register.add("Zoltan", "Kiss", phone="555", external_patient_id="B-9")
    assert register.ids(text) == [found]


@pytest.mark.parametrize(
    "text", ["zoltan", "moh zoltan", "1993", "35", "070999", "b123", "1992-04", "", "  ", "'", "*"]
)
def test_not_found(register: Register, text: str) -> None:
    register.add("Mohammed", "Hassan", **FIELDS)
    assert register.ids(text) == []


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("عبد الرحمن", "Abdulrahman"),
        ("Abdul Rahman", "عبدالرحمن"),
        ("Abd al-Rahman", "abdelrahman"),
        ("Abdurrahman", "abdul rahman"),
        ("نور الدين", "noureddine"),
        ("المصري", "masri"),
        ("Al-Masri", "almasri"),
        ("الياس", "elias"),
        ("فاطمة", "fat"),
        ("Khadija", "خديج"),
        ("José O'Brien", "jose obrien"),
        ("王小明", "小"),
        ("Иванов", "ива"),
        ("ተስፋዬ", "ተስ"),
    ],
)
def test_spellings_meet(register: Register, stored: str, typed: str) -> None:
    found = register.add("X", stored)
    assert register.ids(typed) == [found]


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Margaret", "magraret"), ("Margaret", "magaret"), ("Margaret", "margtaret"),
        ("Margaret", "nargaret"), ("Margaret", "narga"), ("Margaret", "margares"),
        ("Concepcion", "conzepxion"), ("إسماعيل", "اسماعبل"), ("عبدالكريم", "عبدالكريث"),
    ],
)  # fmt: skip
def test_typing_errors_are_forgiven_below_the_line(
    register: Register, stored: str, typed: str
) -> None:
    found = register.add("X", stored)
    hit = search.find(register.connection, typed, today=TODAY).hits[0]
    assert hit.id == found
    assert hit.forgiving
    assert hit.why == search.Why(Matched.FORGIVEN, stored)
    assert register.ids(typed) == [found]


def test_best_first_then_most_recently_seen(register: Register) -> None:
    spelled = register.add("Mohamad", "A")
    old = register.add("Hassan", "B")
    prefix = register.add("Hassania", "C")
    new = register.add("Hasna", "Hassan")
    place = register.add("D", "E", camp="Hassan")
    arabic = register.add("حسن", "F")
    register.visit(old, NOW)
    register.visit(arabic, NOW + DAY)
    assert register.ids("hassan") == [old, new, prefix, place, arabic]
    register.visit(new, NOW + 5)
    assert register.ids("hassan") == [new, old, prefix, place, arabic]
    hits = search.find(register.connection, "hassan", today=TODAY).hits
    assert [hit.level for hit in hits] == [
        Level.EXACT, Level.EXACT, Level.NAME, Level.ANY, Level.SPELLED,
    ]  # fmt: skip
    assert register.ids("mohamad") == [spelled]


def test_the_end_of_a_phone_number_is_as_good_as_the_whole(register: Register) -> None:
    whole = register.add("Ana", "Paz", phone="+961 70 123456")
    part = register.add("Ana", "Paz", phone="0701234569")
    register.visit(part, NOW)
    assert register.ids("70123456") == [whole, part]


def test_why(register: Register) -> None:
    register.add("Mohammed", "Hassan", **FIELDS)

    def why(text: str) -> tuple[Matched, str] | None:
        hit = search.find(register.connection, text, today=TODAY).hits[0]
        return (hit.why.matched, hit.why.text) if hit.why else None

    assert why("moh has") is None
    assert why("hamm") is None
    assert why("mohamed") == (Matched.SPELLED, "Mohammed")
    assert why("محمد") == (Matched.SPELLED, "Mohammed")
    assert why("mihammed") == (Matched.FORGIVEN, "Mohammed")
    assert why("moh 3456") == (Matched.PHONE, "+961 70 123456")
    assert why("a123") == (Matched.CARD, "A-0123")
    assert why("417") == (Matched.GOVERNMENT_ID, "GX-00417/b")
    assert why("1992") == (Matched.BORN, "1992-03-11")
    assert why("moh 34") == (Matched.AGE, "1992-03-11")
    assert why("صيدا") == (Matched.HOMETOWN, "صيدا")
    assert why("burj") == (Matched.CAMP, "Burj el-Barajneh")


def test_letters_that_stand_in_the_name_by_chance_do_not_hide_the_reason(
    register: Register,
) -> None:
    register.add("Mohamed", "Abdi", phone="0700 111222", camp="Hagadera")
    hit = search.find(register.connection, "mohamed ha", today=TODAY).hits[0]
    assert hit.why == search.Why(Matched.CAMP, "Hagadera")


@pytest.mark.parametrize(
    ("born", "typed", "found"),
    [
        ("1992-11-22", "34", True), ("1992-11-23", "34", False), ("1991-11-23", "34", True),
        ("1991-11-22", "34", False), ("2026-05-22", "6m", True), ("2026-04-23", "6mo", True),
        ("2026-04-22", "6m", False), ("2026-05-23", "6m", False), ("2026-11-22", "0", True),
    ],
)  # fmt: skip
def test_ages_are_those_of_today(register: Register, born: str, typed: str, found: bool) -> None:
    register.add("Ana", "Paz", date_of_birth=born)
    assert bool(register.ids(typed)) is found


def test_filters(register: Register) -> None:
    child = register.add(
        "Ana", "Paz", sex="female", date_of_birth="2020-06-01", primary_clinic_id=A
    )
    man = register.add("Anas", "Paz", sex="male", date_of_birth="1980-01-31", primary_clinic_id=B)
    register.add("Anna", "Paz")
    assert register.ids("ana", filters=Filters(sex="female")) == [child]
    assert register.ids("ana", filters=Filters(age_to=17)) == [child]
    assert register.ids("ana", filters=Filters(age_from=46, age_to=46)) == [man]
    assert register.ids("ana", filters=Filters(age_from=47)) == []
    assert register.ids("ana", filters=Filters(clinic_id=B)) == [man]
    assert register.ids("ana", filters=Filters(age_from=9, age_to=3)) == []
    recent = search.recent(register.connection, today=TODAY, filters=Filters(sex="male"))
    assert [hit.id for hit in recent.hits] == [man]
    assert search.total(register.connection, today=TODAY, filters=Filters(sex="male")) == 1


def test_sight(register: Register) -> None:
    ours = register.add("Ana", "A", primary_clinic_id=A)
    theirs = register.add("Ana", "B", primary_clinic_id=B)
    none = register.add("Ana", "C", primary_clinic_id=None)
    empty = register.add("Ana", "D", primary_clinic_id="")
    for sight, seen in (
        (Sight(), {ours, theirs, none, empty}),
        (Sight((A,)), {ours, none, empty}),
        (Sight((A, B)), {ours, theirs, none, empty}),
        (Sight(()), {none, empty}),
    ):
        assert set(register.ids("ana", sight=sight)) == seen
        assert search.total(register.connection, sight) == len(seen)
        recent = search.recent(register.connection, today=TODAY, sight=sight)
        assert {hit.id for hit in recent.hits} == seen
    register.set(theirs, primary_clinic_id=A)
    assert search.total(register.connection, Sight((A,))) == 4


def test_a_deleted_patient_is_gone(register: Register) -> None:
    patient = register.add("Mohammed", "Hassan", **FIELDS)
    register.set(patient, tombstone=1)
    for text in ("moh", "محمد", "070123456", "a123", "1992", "burj", "mohmamed"):
        assert register.ids(text) == []
    assert search.total(register.connection) == 0
    assert register.connection.execute("SELECT count(*) FROM search_words").fetchone() == (0,)
    assert register.connection.execute("SELECT count(*) FROM search_sounds").fetchone() == (0,)
    register.set(patient, tombstone=None)
    assert register.ids("moh") == [patient]


def test_the_forms_own_search_fields(register: Register) -> None:
    fields = """[{"id": "f1", "column": "village", "isSearchField": true, "baseField": false},
        {"id": "f2", "column": "secret", "isSearchField": false, "baseField": false}]"""
    register.connection.execute(
        "INSERT INTO registration_forms (id, fields) VALUES ('r', ?)", (fields,)
    )
    patient = register.add("Ana", "Paz")
    for field, text in (("f1", "Deir Ammar"), ("f2", "Hidden")):
        register.connection.execute(
            "INSERT INTO patient_additional_attributes "
            "(id, patient_id, attribute_id, string_value) VALUES (?, ?, ?, ?)",
            (field, patient, field, text),
        )
    search.refresh(register.connection, patient)
    assert register.ids("ammar") == [patient]
    assert register.ids("hidden") == []
    assert search.stale(register.connection)
    search.rebuild(register.connection)
    assert not search.stale(register.connection)
    assert register.ids("ana deir") == [patient]


def test_a_full_page_forgives_nothing_and_the_count_says_the_same(register: Register) -> None:
    for _ in range(60):
        register.add("Margaret", "Hall")
    register.add("Magraret", "Hall")
    found = search.find(register.connection, "margaret", today=TODAY)
    assert len(found.hits) == 50
    assert found.full
    assert not any(hit.forgiving for hit in found.hits)
    assert search.count(register.connection, "margaret", today=TODAY) == 60
    assert search.count(register.connection, "margaret", today=TODAY, limit=61) == 61
    one = search.find(register.connection, "magraret", today=TODAY)
    assert [hit.forgiving for hit in one.hits] == [False] + [True] * 49
    assert search.count(register.connection, "magraret", today=TODAY) == 61


def test_a_huge_paste_is_cut(register: Register) -> None:
    patient = register.add("Ana", "Paz")
    assert register.ids("ana " + " " * 100_000) == [patient]
    register.ids("ana paz " * 20_000)
    register.ids("\U0001f600[/x]\x1b[31m" * 5000)


def test_odd_values_are_indexed(register: Register) -> None:
    register.add(
        None, None, phone="x" * 5000, date_of_birth="not a date", external_patient_id="\x00"
    )
    register.add("[/x]\x1b[2J", "a\x00b", created_at=-(10**15), metadata="no json")
    register.add("Far", "Future", created_at=10**17, primary_clinic_id="not a uuid")
    assert register.ids("far fut") == ["id3"]
