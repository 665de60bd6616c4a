"""The report: nothing deleted in it, nothing that obeys, nothing taken out without the right."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import clock, i18n
from hikma_tui.clinic import addenda, allergies, audit, medicines, moving, records, report, status
from hikma_tui.clinic import patients as patients_of
from hikma_tui.clinic import visits as visits_of
from hikma_tui.clinic import vitals as vitals_of
from hikma_tui.clinic.actor import actor_named
from hikma_tui.clinic.errors import NotAllowed, NotFound, Refused
from hikma_tui.clinic.permissions import Flag
from hikma_tui.models import connection
from hikma_tui.report import HTML, TEXT, Line, Part, Report, Table, file_name
from hikma_tui.report import files as report_files
from hikma_tui.report.html import html
from hikma_tui.report.text import WIDTH, lines, text
from hikma_tui.text import cell_width
from tests.screens.harness import assert_nothing_to_obey
from tests.unit.test_moving import DAYS, Place

HOSTILE = "<script>alert(1)</script> \x1b[31mred\x1b]0;x\x07 \u202egnp.exe\u2066 [bold]&amp;\x00"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "store")
    yield found
    found.store.close()
    i18n.use_language("en")


def gathered(place: Place, patient: str, visit_id: str | None = None) -> Report:
    found: Report = place.read(report.gather, patient, visit_id)[1]
    return found


def written(place: Place, patient: str, visit_id: str | None = None) -> str:
    return " ".join(text(gathered(place, patient, visit_id)).split())


def exports(place: Place) -> list[Any]:
    query = "SELECT table_name, row_id, changes FROM event_logs WHERE action_type = 'EXPORT'"
    return place.store.on_writer(lambda: connection().execute(query).fetchall()).result()


def without_right(place: Place) -> None:
    """The acting user may see the patients and take no report of them."""

    def take() -> None:
        flags = ", ".join(f"{flag} = {int(flag == Flag.VIEW_HISTORY)}" for flag in Flag)
        connection().execute(f"UPDATE user_clinic_permissions SET {flags}")
        connection().execute("UPDATE users SET role = 'provider'")

    place.store.on_writer(take).result()
    place.actor = place.store.read(actor_named, "").result()


# -- nothing deleted -------------------------------------------------------------------------------


class Full:
    """A patient with a row in every table, each with a word of its own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        ada = place.patients[0]
        self.patient = ada
        clinic = self.made("clinics", name="DEADclinics")
        user = self.made("users", name="DEADusers", role="provider", clinic_id=clinic)
        made = place.note(ada, DAYS[0], "DEADevents")
        self.rows = {"clinics": clinic, "users": user, "events": made.event_id}
        common = {"patient_id": ada, "clinic_id": clinic, "visit_id": made.visit_id}
        visit = self.made(
            "visits", patient_id=ada, clinic_id=place.actor.clinic_id,
            provider_name="DEADvisits", check_in_timestamp="2024-05-06T12:00:00.000Z",
        )  # fmt: skip
        self.rows["visits"] = visit
        form = self.made(
            "event_forms", name="DEADevent_forms",
            form_fields=[{"id": "q", "name": "Q", "fieldType": "free-text", "inputType": "text"}],
        )  # fmt: skip
        self.made(
            "events", patient_id=ada, visit_id=made.visit_id, form_id=form, event_type="Kept",
            form_data=[{"fieldId": "q", "name": "Q", "fieldType": "free-text", "value": "kept"}],
        )  # fmt: skip
        self.rows["event_forms"] = form
        self.rows["patient_vitals"] = self.made(
            "patient_vitals", patient_id=ada, visit_id=made.visit_id, pulse_rate=177,
            timestamp="2025-03-01T12:00:00.000Z",
        )  # fmt: skip
        about = {"clinical_status": "active", "verification_status": "confirmed"}
        self.rows["patient_problems"] = self.made(
            "patient_problems", patient_id=ada, visit_id=made.visit_id,
            problem_code_system="custom", problem_code="custom",
            problem_label="DEADpatient_problems", **about,
        )  # fmt: skip
        self.rows["appointments"] = self.made(
            "appointments", patient_id=ada, current_visit_id=made.visit_id, user_id=user,
            clinic_id=clinic, timestamp="2027-01-01T10:00:00.000Z", reason="DEADappointments",
        )  # fmt: skip
        drug = self.made(
            "drug_catalogue", generic_name="DEADdrug_catalogue", form="tablet", route="oral",
            dosage_quantity="500", dosage_units="mg",
        )  # fmt: skip
        self.rows["drug_catalogue"] = drug
        prescription = self.made(
            "prescriptions", patient_id=ada, provider_id=user, pickup_clinic_id=clinic,
            visit_id=made.visit_id, prescribed_at="2025-03-01T12:00:00.000Z",
            notes="DEADprescriptions",
        )  # fmt: skip
        self.rows["prescriptions"] = prescription
        self.rows["prescription_items"] = self.made(
            "prescription_items", patient_id=ada, prescription_id=prescription, drug_id=drug,
            clinic_id=clinic, dosage_instructions="DEADprescription_items",
            quantity_prescribed=7,
        )  # fmt: skip
        self.rows["dispensing_records"] = self.made(
            "dispensing_records", patient_id=ada, clinic_id=clinic, drug_id=drug,
            quantity_dispensed=7, dosage_instructions="DEADdispensing_records",
            dispensed_by=user, dispensed_at="2025-03-01T12:00:00.000Z",
        )  # fmt: skip
        attribute = "DEADpatient_additional_attributes"
        self.rows["patient_additional_attributes"] = self.made(
            "patient_additional_attributes", patient_id=ada, attribute_id="x",
            attribute=attribute, string_value="yes",
        )  # fmt: skip
        assert common

    def made(self, table: str, **row: Any) -> str:
        return str(self.place.write(records.create, table, row))


WORDS = {"patient_vitals": "177"}
TABLES = (
    "clinics", "users", "events", "visits", "event_forms", "patient_vitals", "patient_problems",
    "appointments", "drug_catalogue", "prescriptions", "prescription_items",
    "dispensing_records", "patient_additional_attributes",
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_a_deleted_row_is_nowhere_and_all_else_stays(place: Place, table: str) -> None:
    """The tombstone alone is set, so that rows which hang on a deleted one are looked at too."""
    full = Full(place)
    word = WORDS.get(table, f"DEAD{table}")
    before = written(place, full.patient)
    assert word in before, "the test would prove nothing"
    others = {WORDS.get(name, f"DEAD{name}") for name in TABLES} - {word}
    assert all(other in before for other in others)

    def bury() -> None:
        connection().execute(f"UPDATE {table} SET tombstone = 1 WHERE id = ?", (full.rows[table],))

    place.store.on_writer(bury).result()
    found = gathered(place, full.patient)
    for form in (" ".join(text(found).split()), html(found)):
        assert word not in form
    # what hung on it goes with it, or is told without it; nothing else is lost
    gone = {
        "prescriptions": {"DEADprescription_items"},
        "appointments": {"DEADclinics"},
    }.get(table, set())
    left = written(place, full.patient)
    assert {other for other in others if other not in left} == gone


def test_of_a_deleted_patient_there_is_no_report(place: Place) -> None:
    ada = place.patients[0]
    made = place.note(ada, DAYS[0], "headache")

    def bury(table: str, row_id: str) -> None:
        connection().execute(f"UPDATE {table} SET tombstone = 1 WHERE id = ?", (row_id,))

    place.store.on_writer(bury, "visits", made.visit_id).result()
    with pytest.raises(NotFound):
        gathered(place, ada, made.visit_id)
    place.store.on_writer(bury, "patients", ada).result()
    for ask in (report.gather, report.may_report):
        with pytest.raises(NotFound):
            place.read(ask, ada)
    with pytest.raises(NotFound):
        place.write(report.begin, ada, None, TEXT)
    assert exports(place) == []


def test_a_visit_of_another_patient_is_not_shown(place: Place) -> None:
    made = place.note(place.patients[0], DAYS[0], "headache")
    with pytest.raises(NotFound):
        gathered(place, place.patients[1], made.visit_id)


# -- who may, and what is written down -------------------------------------------------------------


def test_without_the_right_nothing_leaves(place: Place) -> None:
    ada = place.patients[0]
    place.note(ada, DAYS[0], "headache")
    place.write(report.begin, ada, None, TEXT)
    without_right(place)
    assert place.read(patients_of.card, ada).given_name == "Ada"  # but may be seen
    for ask in (report.gather, report.may_report):
        with pytest.raises(NotAllowed):
            place.read(ask, ada)
    with pytest.raises(NotAllowed):
        place.write(report.begin, ada, None, HTML)
    assert [row[:2] for row in exports(place)] == [("patients", ada)]  # the first one stands


def test_the_trail_tells_who_took_what(place: Place) -> None:
    ada = place.patients[0]
    made = place.note(ada, DAYS[0], "headache")
    place.write(report.begin, ada, made.visit_id, HTML)
    ((table, row_id, changes),) = exports(place)
    assert (table, row_id) == ("patients", ada)
    assert f'"visit_id": "{made.visit_id}"' in changes
    assert '"format": "html"' in changes
    assert place.store.read(audit.problems).result() == []


def test_a_patient_is_found_by_id_or_exactly_by_number(place: Place) -> None:
    row = {"given_name": "Zoe", "external_patient_id": "A-0123"}
    zoe = place.write(patients_of.register, row)
    assert place.read(report.named, "A-0123") == zoe == place.read(report.named, zoe)
    for word in ("A-012", "Zoe", "", "A-0123 "):
        with pytest.raises(NotFound):
            place.read(report.named, word)
    place.write(patients_of.register, {**row, "given_name": "Zoey"})
    with pytest.raises(Refused):
        place.read(report.named, "A-0123")


def test_another_clinics_patient_is_neither_told_of_nor_in_the_way(place: Place) -> None:
    clinic = place.write(records.create, "clinics", {"name": "B"})
    row = {"given_name": "Zoe", "external_patient_id": "A-0123"}
    zoe = place.write(patients_of.register, {**row, "primary_clinic_id": place.actor.clinic_id})
    hers = {**row, "given_name": "Zainab", "primary_clinic_id": clinic}
    other = place.write(patients_of.register, hers)
    with pytest.raises(Refused, match="2 patients"):
        place.read(report.named, "A-0123")

    def only_here() -> None:
        connection().execute(
            "UPDATE user_clinic_permissions SET can_view_history = 0 WHERE clinic_id = ?", (clinic,)
        )

    without_right(place)
    place.store.on_writer(only_here).result()
    assert place.read(report.named, "A-0123") == zoe
    for ask in (report.named, report.gather):
        with pytest.raises(NotAllowed) as refused:
            place.read(ask, other)
        assert "Zainab" not in str(refused.value)


# -- what it says ----------------------------------------------------------------------------------


def test_it_says_what_a_clinician_must_know(place: Place) -> None:
    ada = place.write(
        patients_of.register,
        {"given_name": "Ada", "surname": "Sol", "date_of_birth": "1970-03-11", "sex": "female"},
    )
    made = place.note(ada, DAYS[0], "headache")
    assert "born 11 Mar 1970" in written(place, ada)
    assert "ALLERGIES NOT ASKED" in written(place, ada)
    place.write(allergies.none_known, ada)
    assert "Allergies none known (asked" in written(place, ada)
    place.write(allergies.add, ada, "penicillin", reaction="rash")
    place.write(allergies.add, ada, "aspirin")
    wrong = place.read(allergies.listed, ada)[1].id
    place.write(allergies.refute, wrong, "was a rumour")
    place.write(status.set_deceased, ada, "2026-03", "heart failure")
    entry = {"name": "Amlodipine", "dose": "5", "doseUnits": "mg"}
    place.write(medicines.prescribe, ada, DAYS[1], [entry])
    place.write(
        vitals_of.record, ada, DAYS[1],
        {"systolic_bp": 190, "diastolic_bp": 120, "bp_position": "sitting"},
        not_recordable=["temperature_celsius"],
    )  # fmt: skip
    place.write(addenda.add, made.event_id, "was seen again")
    place.write(
        visits_of.edit, made.event_id, {place.form.fields[0].id: "backache"}, "typed wrongly"
    )
    said = written(place, ada)
    assert said.index("DECEASED Mar 2026: heart failure") < said.index("ALLERGIES penicillin")
    assert "aspirin NO LONGER HELD TO BE TRUE" in said
    assert "was a rumour" in said
    assert "2 Mar 2025 Amlodipine" in said
    assert "BP 190/120 mmHg HIGH" in said
    assert "Temp not recordable" in said or "not recordable" in said
    assert "Addendum" in said
    assert "typed wrongly before: Chief complaint: headache" in said
    assert "Chief complaint backache" in said
    assert said.index("Visit of 2 Mar 2025") < said.index("Visit of 1 Mar 2025")
    assert "entered late" in said
    visit = written(place, ada, made.visit_id)
    assert "Visit of 1 Mar 2025" in visit
    assert "Visit of 2 Mar 2025" not in visit
    assert "penicillin (rash)" in visit


def test_the_name_of_the_patient_it_was_moved_from_stays_here(place: Place) -> None:
    ada, mona, _lina = place.patients
    made = place.note(ada, DAYS[0], "headache")
    place.write(moving.move, "visits", made.visit_id, mona, "two files")
    came, went = written(place, mona), written(place, ada)
    assert "from another patient's file" in came
    assert "Ada" not in came
    assert "moved to another patient" in went
    assert "Mona" not in went
    assert "headache" not in went


def test_answers_are_told_when_their_form_is_gone(place: Place) -> None:
    ada = place.patients[0]
    place.note(ada, DAYS[0], "headache")

    def bury() -> None:
        connection().execute("UPDATE event_forms SET tombstone = 1")

    place.store.on_writer(bury).result()
    assert "Chief complaint headache" in written(place, ada)


def test_what_hangs_on_no_visit_is_told(place: Place) -> None:
    ada = place.patients[0]
    made = place.note(ada, DAYS[0], "headache")
    place.vital(ada, None, DAYS[0])
    whole = written(place, ada)
    assert "Recorded in no visit -------------------- Vitals" in whole
    assert "in no visit" in written(place, ada, made.visit_id)


# -- hostile text ----------------------------------------------------------------------------------


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}


def test_nothing_in_it_can_be_obeyed(place: Place) -> None:
    hostile = HOSTILE.replace("\x00", "")
    ada = place.write(
        patients_of.register,
        {"given_name": hostile, "surname": '"><img src=x onerror=y>', "hometown": hostile},
    )
    place.write(allergies.add, ada, '<b onclick="x">' + "\x1b]0;t\x07")
    place.note(ada, DAYS[0], hostile + "\r\nsecond \x9b31m line")
    found = gathered(place, ada)
    as_text, as_html = text(found), html(found)
    assert_nothing_to_obey(as_text)
    assert_nothing_to_obey(as_html)
    assert "<script" not in as_html
    reader = _Reader()
    reader.feed(as_html)
    assert reader.tags <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "h4", "p",
        "div", "section", "table", "thead", "tbody", "tr", "th", "td", "br",
    }  # fmt: skip
    assert reader.attributes <= {
        "lang", "dir", "charset", "http-equiv", "content", "name", "class", "colspan",
    }  # fmt: skip
    assert "http:" not in as_html
    assert "https:" not in as_html
    assert "url(" not in as_html


def test_every_text_of_the_shape_is_made_harmless() -> None:
    line = Line(HOSTILE, f"{HOSTILE}\n{HOSTILE}")
    inner = Part(HOSTILE, HOSTILE, (line,), Table((HOSTILE, HOSTILE), ((HOSTILE, HOSTILE),)))
    hostile = Report(
        HOSTILE, "en", HOSTILE, HOSTILE, HOSTILE, "2026-11-22", (line,), HOSTILE, (line,),
        (replace(inner, parts=(inner, replace(inner, parts=(inner,)))),),
    )  # fmt: skip
    for form in (text(hostile), html(hostile)):
        assert_nothing_to_obey(form)
    assert "<script" not in html(hostile)
    assert "onerror" not in html(hostile)
    assert re.fullmatch(r"[A-Za-z0-9-]+\.txt", file_name(hostile, TEXT))


def test_the_file_is_of_the_language(place: Place) -> None:
    ada = place.write(patients_of.register, {"given_name": "محمد", "surname": "حسن"})
    place.note(ada, DAYS[0], "ألم في الرأس")
    i18n.use_language("ar")
    found = gathered(place, ada)
    assert '<html lang="ar" dir="rtl">' in html(found)
    assert "محمد حسن" in html(found)
    assert "ألم في الرأس" in text(found)
    i18n.use_language("es")
    assert '<html lang="es" dir="ltr">' in html(gathered(place, ada))


@pytest.mark.parametrize("width", [40, 60, WIDTH])
def test_no_line_is_wider_than_the_page(place: Place, width: int) -> None:
    ada = place.patients[0]
    place.note(ada, DAYS[0], "x" * 500 + " 漢字" * 80 + " ok")
    place.write(allergies.add, ada, "y" * 100)
    found = lines(gathered(place, ada), width)
    assert max(cell_width(line.text) for line in found) <= width
    assert sum(line.text.count("x") for line in found) >= 500  # broken, not cut
    assert sum(line.text.count("漢") for line in found) == 80


def test_the_name_of_the_file_holds_no_name() -> None:
    found = Report("t", "en", "HASSAN, Mohammed", "", "../A/0123", "2026-11-22", (), "")
    assert file_name(found, HTML) == "report-A-0123-2026-11-22.html"
    assert file_name(replace(found, number="أ"), TEXT) == "report-2026-11-22.txt"


# -- files -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "folder"
    found.mkdir()
    return found


def test_a_file_is_for_its_owner_and_never_over_another(folder: Path) -> None:
    path = folder / "r.txt"
    report_files.write_new(path, "محمد\n")
    assert path.read_text(encoding="utf-8") == "محمد\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(report_files.NotWritten):
        report_files.write_new(path, "other")
    dangling = folder / "link"
    dangling.symlink_to(folder / "elsewhere")
    with pytest.raises(report_files.NotWritten):
        report_files.write_new(dangling, "other")
    assert path.read_text(encoding="utf-8") == "محمد\n"
    assert sorted(folder.iterdir()) == [dangling, path]
    assert report_files.free_place(folder, "r.txt").name == "r-2.txt"
    assert report_files.place_of(str(folder), "name.txt") == folder / "name.txt"


@pytest.mark.parametrize("where", ["no/such/place/r.txt", "x" * 300, "a\x00b", "file/r.txt"])
def test_a_place_that_is_none_is_a_sentence(folder: Path, where: str) -> None:
    (folder / "file").write_text("")
    with pytest.raises(report_files.NotWritten) as told:
        report_files.write_new(folder / where, "text")
    assert str(told.value).endswith((".", ")", where))
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_a_full_disk_leaves_nothing(folder: Path) -> None:
    """A real limit of this process stands for the disk: the write ends with EFBIG."""
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(report_files.NotWritten) as told:
            report_files.write_new(folder / "r.txt", "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.strerror(errno.EFBIG) in str(told.value)
    assert list(folder.iterdir()) == []


def test_days_in_it_are_words(place: Place) -> None:
    clock._offset_ms = 0
    ada = place.patients[0]
    place.note(ada, DAYS[0], "headache")
    said = written(place, ada)
    assert "2025-03-01" not in said
    assert "1 Mar 2025" in said
