"""Import and export of the real program: durable ids, refused lines, and the way there and back."""

from __future__ import annotations

import json
import os
import select
import sqlite3
import subprocess
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.unit.program import create, exported, lines, new_clinic, rows, run, start

# What saving a row sets anew, so that the way there and back may change it.
BOOKKEEPING = {"last_modified_by", "last_modified", "server_created_at", "updated_at"}


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    return new_clinic(tmp_path / "clinic")


def import_(
    directory: Path, *contents: Any, options: tuple[str, ...] = ()
) -> tuple[int, list[str], str]:
    """Exit code, ids and complaints of an import."""
    done = run("import", "-", *options, "--data-dir", directory, data=lines(*contents))
    return done.returncode, done.stdout.split(), done.stderr


def update(table: str, **row: Any) -> dict[str, Any]:
    return {"op": "update", "table": table, "row": row}


def delete(table: str, **row: Any) -> dict[str, Any]:
    return {"op": "delete", "table": table, "row": row, "reason": "a test"}


A_CHART = (
    create("patients", id="P-17", given_name="Mona", surname="حداد", sex="female"),
    create(
        "patient_additional_attributes",
        patient_id="P-17",
        attribute_id="a1",
        attribute="Village",
        string_value="Sour",
    ),
    create("visits", id="V1", patient_id="P-17", check_in_timestamp="2026-01-31T10:00:00.000Z"),
    create(
        "events",
        id="E1",
        patient_id="P-17",
        visit_id="V1",
        form_data=[{"fieldId": "f", "name": "BP", "value": "120/80", "fieldType": "free-text"}],
    ),
    create(
        "patient_vitals",
        id="T1",
        patient_id="P-17",
        visit_id="V1",
        weight_kg="61.250",
        timestamp="2026-01-31T10:05:00.000Z",
    ),
    create(
        "patient_problems",
        id="D1",
        patient_id="P-17",
        problem_code_system="custom",
        problem_code="x",
        problem_label="Asthma",
        clinical_status="active",
        verification_status="confirmed",
        onset_date="2001-02-03",
        shiny={"of": "tomorrow"},
    ),
)


# -- the shapes ----------------------------------------------------------------------------------


def test_what_is_exported_has_the_shapes_of_the_wire(clinic: Path) -> None:
    code, ids, said = import_(clinic, *A_CHART)
    assert (code, said) == (0, "")
    assert len(ids) == len(A_CHART)
    found = {line["table"]: line["row"] for line in exported(clinic)}
    patient, visit, event = (found[name] for name in ("patients", "visits", "events"))
    assert patient["external_patient_id"] == "P-17"
    assert visit["patient_id"] == event["patient_id"] == patient["id"] == ids[0]
    assert visit["check_in_timestamp"] == "2026-01-31T10:00:00.000Z"
    assert event["visit_id"] == visit["id"]
    assert event["form_data"][0]["value"] == "120/80"
    assert patient["is_deleted"] is False
    assert patient["metadata"] == {}
    assert found["patient_vitals"]["weight_kg"] == "61.250"
    assert found["patient_problems"]["onset_date"] == "2001-02-03"
    assert found["patient_problems"]["shiny"] == {"of": "tomorrow"}
    assert not {"pk", "unknown", "tombstone", "change_seq"} & set().union(*found.values())
    assert "hashed_password" not in found["users"]


def test_an_export_is_stable_and_harmless(clinic: Path) -> None:
    import_(clinic, *(create("patients", given_name=f"\x1b[31m\u202e\x9b {n}") for n in range(20)))
    first, second = (run("export", "--data-dir", clinic).stdout for _n in range(2))
    assert first == second
    assert not set(first) & set("\x1b\x9b\u202e")
    ids = [line["row"]["id"] for line in exported(clinic, "patients")]
    assert ids == sorted(ids)
    assert len(ids) == 20


def _is_own_form(line: dict[str, Any]) -> bool:
    """The two forms that every clinic has under the same ids are no second record."""
    return line["table"] == "event_forms" and "hikma-" in json.dumps(line["row"]["form_fields"])


def test_there_and_back(clinic: Path, tmp_path: Path) -> None:
    """An export into a second store, and out of it again, is the first one but for bookkeeping."""
    import_(clinic, *A_CHART, create("patients", given_name="Lina"))
    first = exported(clinic)
    other = new_clinic(tmp_path / "other", user="Sami")
    code, ids, said = import_(other, *first)
    assert (code, said) == (0, "")
    assert len(ids) == len(first)
    second = {(line["table"], line["row"]["id"]): line["row"] for line in exported(other)}
    for line in first:
        came, went = second[line["table"], line["row"]["id"]], line["row"]
        for row in (came, went):
            for name in BOOKKEEPING:
                row.pop(name, None)
            (row.get("metadata") or {}).pop("lastEventAddedTimestamp", None)
            if _is_own_form(line):
                row.pop("created_at", None)  # each clinic's set-up made its own
        assert came == went
    assert run("find", "mona", "--data-dir", other).stdout.endswith("1 of 2 patients\n")
    again, no_ids, _said = import_(
        other, *[line for line in first if line["table"] != "patient_additional_attributes"]
    )
    assert again == 1
    assert set(no_ids) == {line["row"]["id"] for line in first if _is_own_form(line)}


def test_tables_can_be_chosen(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    assert {line["table"] for line in exported(clinic, "visits", "patients")} == {
        "patients",
        "visits",
    }
    done = run("export", "--table", "secrets", "--data-dir", clinic)
    assert (done.returncode, done.stdout) == (1, "")


# -- deletion ------------------------------------------------------------------------------------


def test_a_deleted_patient_takes_everything_along(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    assert import_(clinic, delete("patients", id="P-17"))[0] == 0
    tables = {line["table"] for line in exported(clinic)}
    assert not tables & {line["table"] for line in A_CHART}
    assert run("find", "mona", "--data-dir", clinic).stdout == "0 of 0 patients\n"
    code, ids, said = import_(clinic, *A_CHART[1:], update("patients", id="P-17", phone="1"))
    assert (code, ids) == (1, [])
    assert said.count("line ") == len(A_CHART)


def test_a_deleted_visit_leaves_vitals_and_problems(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    assert import_(clinic, delete("visits", id="V1"))[0] == 0
    tables = {line["table"] for line in exported(clinic)}
    assert not tables & {"visits", "events"}
    assert {"patients", "patient_vitals", "patient_problems"} <= tables


def test_an_attribute_is_one_by_patient_and_attribute(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    again = create(
        "patient_additional_attributes", patient_id="P-17", attribute_id="a1", string_value="Tyre"
    )
    code, ids, _said = import_(clinic, again)
    assert code == 0
    assert rows(clinic, "patient_additional_attributes")[ids[0]]["string_value"] == "Tyre"
    gone = delete("patient_additional_attributes", patient_id="P-17", attribute_id="a1")
    assert import_(clinic, gone)[1] == ids
    assert rows(clinic, "patient_additional_attributes") == {}
    missing = update(
        "patient_additional_attributes", patient_id="P-17", attribute_id="a1", string_value="x"
    )
    assert import_(clinic, missing)[0] == 1


# -- updates -------------------------------------------------------------------------------------


def test_an_update_changes_what_it_names_and_nothing_else(clinic: Path) -> None:
    _code, ids, _said = import_(clinic, *A_CHART)
    before = rows(clinic, "patients")[ids[0]]
    assert import_(clinic, update("patients", id=ids[0], phone="070"))[:2] == (0, ids[:1])
    after = rows(clinic, "patients")[ids[0]]
    assert {n for n in after if after[n] != before[n]} == {"phone", "updated_at"}
    import_(
        clinic,
        update("patient_vitals", id="T1", heart_rate=80),
        update("visits", id="V1", provider_name="Sami"),
    )
    assert rows(clinic, "patient_vitals")[ids[4]]["heart_rate"] == 80
    assert rows(clinic, "visits")[ids[2]]["provider_name"] == "Sami"
    assert import_(clinic, update("events", id="E1", form_data=[]))[0] == 0
    assert rows(clinic, "events")[ids[3]]["form_data"] == []


# -- lines that are refused ----------------------------------------------------------------------

BAD = {
    "no json": "{",
    "not an object": "[]",
    "no table": {"op": "create", "row": {}},
    "unknown table": {"op": "create", "table": "passwords", "row": {}},
    "own table": {"op": "create", "table": "event_logs", "row": {"id": "x"}},
    "a table that is no text": {"table": ["patients"], "row": {}},
    "unknown op": {"op": "drop", "table": "patients", "row": {}},
    "op that is no text": {"op": {}, "table": "patients", "row": {}},
    "no row": {"op": "create", "table": "patients"},
    "row that is a list": {"op": "create", "table": "patients", "row": []},
    "no name": create("patients", phone="1"),
    "blank name": create("patients", given_name=" ", surname=""),
    "name that is an object": create("patients", given_name={"a": 1}),
    "NUL": create("patients", given_name="a\0b"),
    "half a character": '{"table": "patients", "row": {"given_name": "\\ud800"}}',
    "half a character, encoded twice": create(
        "patients", given_name="A", metadata='{"a": "\\ud800"}'
    ),
    "NaN, encoded twice": create("patients", given_name="A", metadata='{"a": NaN}'),
    "metadata nested deeply": create("patients", given_name="A", metadata="[" * 100 + "]" * 100),
    "metadata nested endlessly": create("patients", given_name="A", metadata="[" * 100_000),
    "NUL in an unknown column": create("patients", given_name="A", new="\0"),
    "sex too long": create("patients", given_name="A", sex="x" * 25),
    "no such day": create("patients", given_name="A", date_of_birth="2026-02-30"),
    "a birth in the far past": create("patients", given_name="A", date_of_birth="0001-01-01"),
    "a moment of endless digits": create("patients", given_name="A", image_timestamp="9" * 9000),
    "a moment in odd digits": create("patients", given_name="A", image_timestamp="²"),
    "an id that is a list": create("patients", given_name="A", id=[1]),
    "an update without id": update("patients", given_name="A"),
    "an update of nobody": update("patients", id="none", given_name="A"),
    "a deletion of nobody": delete("patients", id="none"),
    "a visit of nobody": create("visits", patient_id="none"),
    "a visit in the future": create(
        "visits", patient_id="P-17", check_in_timestamp="2099-01-01T00:00:00Z"
    ),
    "an event without visit": create("events", patient_id="P-17", form_data=[]),
    "answers that are no list": create(
        "events", patient_id="P-17", visit_id="V1", form_data={"a": 1}
    ),
    "the id of another": create("patients", id="P-17", given_name="A"),
    "weight beyond the column": create(
        "patient_vitals", patient_id="P-17", timestamp="2026-01-31T10:00:00Z", weight_kg=1000
    ),
    "a fraction of a beat": create(
        "patient_vitals", patient_id="P-17", timestamp="2026-01-31T10:00:00Z", heart_rate=80.5
    ),
    "no moment": create("patient_vitals", patient_id="P-17"),
    "neither yes nor no": create("clinics", name="X", is_archived="perhaps"),
    "a super admin": create("users", name="X", role="super_admin"),
    "rights at a clinic of nobody": create(
        "user_clinic_permissions", user_id="u", clinic_id="c", is_clinic_admin=True
    ),
}


def test_bad_lines_are_refused_by_number_and_the_rest_goes_on(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    before = exported(clinic)
    good = [create("patients", id=f"good-{n}", given_name=f"Good {n}") for n in range(len(BAD))]
    mixed = [line for pair in zip(BAD.values(), good, strict=True) for line in pair]
    code, ids, said = import_(clinic, *mixed)
    assert code == 1
    taken = rows(clinic, "patients")
    refused = {
        int(line.split()[1].rstrip(":")): line
        for line in said.splitlines()
        if line.startswith("line ")
    }
    for number, name in enumerate(BAD):
        assert 2 * number + 1 in refused, name
        assert refused[2 * number + 1].count(":") >= 1
    assert len(refused) == len(BAD), said
    assert [taken[row_id]["given_name"] for row_id in ids] == [f"Good {n}" for n in range(len(BAD))]
    assert [line for line in exported(clinic) if line["row"]["id"] not in ids] == before
    assert run("check", "--data-dir", clinic).returncode == 0


def test_no_complaint_repeats_what_a_terminal_obeys(clinic: Path) -> None:
    _code, _ids, said = import_(
        clinic, create("\x1b[2Jx\n", a=1), '{"op": "\\u001b[2J", "table": "visits", "row": {}}'
    )
    assert "\x1b" not in said
    assert said.count("\n") == 3


def test_odd_lines_that_are_taken(clinic: Path) -> None:
    data = (
        "\ufeff" + json.dumps(create("patients", given_name="José 😀 [/x]")) + "\r\n\r\n\n"
        + json.dumps({"table": "patients", "row": {"given_name": "x" * 100_000}}) + "\r\n"
        + json.dumps(create("patients", surname="Last", additional_data='"{\\"a\\": [1]}"'))
    ).encode()  # fmt: skip
    done = run("import", "-", "--data-dir", clinic, data=data)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third = (rows(clinic, "patients")[row_id] for row_id in done.stdout.split())
    assert first["given_name"] == "José 😀 [/x]"
    assert second["given_name"] == "x" * 100_000
    assert third["additional_data"] == {"a": [1]}


def test_a_line_that_is_too_long(clinic: Path) -> None:
    code, ids, said = import_(
        clinic, create("patients", given_name="x" * (5 << 20)), create("patients", given_name="A")
    )
    assert (code, len(ids)) == (1, 1)
    assert said.startswith("line 1: ")


def test_the_same_government_id_takes_a_yes(clinic: Path) -> None:
    import_(clinic, create("patients", given_name="Mona", government_id="777"))
    twin = create("patients", given_name="Lina", government_id="777")
    code, ids, said = import_(clinic, twin)
    assert (code, ids) == (1, [])
    assert "Mona" in said
    assert import_(clinic, {**twin, "same_government_id_ok": "yes"})[0] == 1
    assert import_(clinic, {**twin, "same_government_id_ok": True})[0] == 0


def test_all_or_nothing(clinic: Path) -> None:
    before = exported(clinic)
    good = [create("patients", given_name=f"P{n}") for n in range(300)]
    code, ids, said = import_(clinic, *good, create("patients"), options=("--all-or-nothing",))
    assert (code, ids) == (1, [])
    assert said.startswith("line 301: ")
    assert exported(clinic) == before
    code, ids, said = import_(clinic, *good, options=("--all-or-nothing",))
    assert (code, said) == (0, "")
    assert len(rows(clinic, "patients")) == len(ids) == 300


def test_a_file_that_is_not_there(clinic: Path, tmp_path: Path) -> None:
    done = run("import", tmp_path / "none.ndjson", "--data-dir", clinic)
    assert (done.returncode, done.stdout) == (66, "")


# -- permissions ---------------------------------------------------------------------------------


def other_user(directory: Path, name: str, **flags: bool) -> str:
    """A second user of the first clinic with these flags; the clinic's id."""
    [clinic_id] = rows(directory, "clinics")
    code, _ids, said = import_(
        directory,
        create("users", id=name, name=name, clinic_id=clinic_id),
        create("user_clinic_permissions", user_id=name, clinic_id=clinic_id, **flags),
        options=("--user", "Nora"),
    )
    assert code == 0, said
    return clinic_id


def test_who_may_take_no_reports_exports_no_patient(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    other_user(clinic, "Sami", can_view_history=True)
    done = run("export", "--user", "Sami", "--data-dir", clinic)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Sami" in done.stderr
    assert (
        run("export", "--user", "Sami", "--table", "clinics", "--data-dir", clinic).returncode == 0
    )


def test_an_export_holds_only_what_its_user_may_see(clinic: Path) -> None:
    clinic_id = other_user(clinic, "Sami", can_view_history=True, can_download_patient_reports=True)
    nora = ("--user", "Nora")
    code, ids, said = import_(
        clinic, create("clinics", id="second", name="Second"),
        create("patients", id="here", given_name="Here", primary_clinic_id=clinic_id),
        create("patients", id="there", given_name="There", primary_clinic_id="second"),
        create("patients", id="nowhere", given_name="Nowhere"),
        *(create("visits", patient_id=name) for name in ("here", "there", "nowhere")),
        options=nora,
    )  # fmt: skip
    assert code == 0, said
    done = run("export", "--user", "Sami", "--data-dir", clinic)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    seen = {line["row"]["id"] for line in found if line["table"] == "patients"}
    assert seen == {ids[1], ids[3]}
    assert {line["row"]["patient_id"] for line in found if line["table"] == "visits"} == seen
    everything = run("export", *nora, "--data-dir", clinic).stdout
    assert ids[2] in everything


def test_who_may_not_register_imports_nobody(clinic: Path) -> None:
    other_user(clinic, "Sami", can_view_history=True)
    code, ids, said = import_(
        clinic, create("patients", given_name="A"), options=("--user", "Sami")
    )
    assert (code, ids) == (1, [])
    assert "Sami" in said
    assert rows_of(clinic) == 0


def rows_of(directory: Path) -> int:
    with sqlite3.connect(directory / "hikma.db") as file:
        count = int(file.execute("SELECT count(*) FROM live_patients").fetchone()[0])
    file.close()
    return count


def test_an_administrator_of_one_clinic_is_none_of_another(clinic: Path) -> None:
    other_user(clinic, "Sami", is_clinic_admin=True)
    _code, [second], _said = import_(
        clinic, create("clinics", id="second", name="Second"), options=("--user", "Nora")
    )
    code, ids, _said = import_(
        clinic, update("clinics", id="second", name="Mine"), delete("clinics", id="second"),
        create("user_clinic_permissions", user_id="Sami", clinic_id="second", is_clinic_admin=True),
        update("users", id="Sami", role="super_admin"),
        options=("--user", "Sami"),
    )  # fmt: skip
    assert (code, ids) == (1, [])
    with sqlite3.connect(clinic / "hikma.db") as file:
        assert file.execute("SELECT name FROM live_clinics WHERE id = ?", (second,)).fetchone() == (
            "Second",
        )
    file.close()


# -- the trail -----------------------------------------------------------------------------------


def test_an_export_leaves_its_trail(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    exported(clinic, "patients", "visits")
    with sqlite3.connect(clinic / "hikma.db") as file:
        told = [
            json.loads(row[0])
            for row in file.execute("SELECT changes FROM event_logs WHERE action_type = 'EXPORT'")
        ]
    file.close()
    assert told == [{"begun": ["patients", "visits"]}, {"rows": {"patients": 1, "visits": 1}}]


# -- durable -------------------------------------------------------------------------------------


def test_each_line_of_a_live_pipe_is_answered_at_once(clinic: Path) -> None:
    process = start("import", "-", "--data-dir", clinic)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for number in range(20):
            process.stdin.write(lines(create("patients", given_name=f"P{number}")).encode())
            ready, _w, _x = select.select([process.stdout], [], [], 10)
            assert ready, "no answer while the pipe was open"
            row_id = os.read(process.stdout.fileno(), 100).decode().strip()
            with sqlite3.connect(f"file:{clinic}/hikma.db?mode=ro", uri=True) as file:
                assert file.execute(
                    "SELECT 1 FROM live_patients WHERE id = ?", (row_id,)
                ).fetchone()
            file.close()
    finally:
        process.stdin.close()
        assert process.wait(30) == 0
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2])
def test_every_printed_id_outlives_a_kill(clinic: Path, delay: float) -> None:
    process = start("import", "-", "--data-dir", clinic)
    assert process.stdin is not None
    assert process.stdout is not None
    data = lines(*(create("patients", given_name=f"P{n}") for n in range(1500))).encode()
    feeder = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=process.stdin)
    assert feeder.stdin is not None
    os.set_blocking(feeder.stdin.fileno(), True)
    feeder.stdin.write(data[:60_000])
    feeder.stdin.flush()
    first = process.stdout.readline()
    time.sleep(delay)
    process.kill()
    printed = (first + process.stdout.read()).decode().split()
    process.wait(10)
    for pipe in (process.stdin, process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()
    feeder.kill()
    feeder.communicate()
    assert printed
    assert run("check", "--data-dir", clinic).returncode == 0
    assert set(printed) <= set(rows(clinic, "patients"))


def test_an_event_of_a_form_that_is_not_here_is_kept_as_it_came(clinic: Path) -> None:
    import_(clinic, *A_CHART)
    answers = [{"fieldId": "x", "name": "Old", "value": "5"}]
    line = create(
        "events", id="E9", patient_id="P-17", visit_id="V1", form_id="F9", form_data=answers
    )
    code, ids, said = import_(clinic, line)
    assert (code, len(ids)) == (0, 1), said
    assert rows(clinic, "events")[ids[0]]["form_data"] == answers


# -- what hangs on what --------------------------------------------------------------------------


def test_nothing_hangs_on_another_patient_s_record(clinic: Path) -> None:
    """It would come and go with that patient's record."""
    import_(clinic, *A_CHART, create("patients", id="P-18", given_name="Bob"))
    code, ids, _said = import_(
        clinic,
        create("patient_vitals", patient_id="P-18", visit_id="V1", timestamp="2026-01-31"),
        create(
            "appointments", patient_id="P-18", current_visit_id="V1", timestamp="2026-01-31",
            clinic_id="C", user_id="U",
        ),
        create(
            "prescriptions", patient_id="P-18", visit_id="V1", provider_id="U",
            pickup_clinic_id="C", prescribed_at="2026-01-31",
        ),
    )  # fmt: skip
    assert (code, ids) == (1, [])


def test_vitals_outlive_their_visit(clinic: Path, tmp_path: Path) -> None:
    """They can be changed, deleted, brought back and taken elsewhere; the visit is not told."""
    import_(clinic, *A_CHART, delete("visits", id="V1"))
    vital = exported(clinic, "patient_vitals")[0]["row"]
    assert vital["visit_id"] is None
    change = update("patient_vitals", id="T1", visit_id="V1", pulse_rate=70)
    code, _ids, said = import_(clinic, change, delete("patient_vitals", id="T1"))
    assert (code, said) == (0, "")
    assert run("undo", "2", "--data-dir", clinic).returncode == 0
    other = new_clinic(tmp_path / "other", user="Sami")
    code, _ids, said = import_(other, *exported(clinic))
    assert (code, said) == (0, "")
    assert list(rows(other, "patient_vitals")) == [vital["id"]]
    assert run("undo", "1", "--data-dir", clinic).returncode == 0
    assert exported(clinic, "patient_vitals")[0]["row"]["visit_id"] in rows(clinic, "visits")


def test_what_an_attribute_held_does_not_come_back_with_it(clinic: Path) -> None:
    name = {"patient_id": "P-17", "attribute_id": "tested"}
    import_(
        clinic,
        *A_CHART,
        create("patient_additional_attributes", **name, string_value="private", shiny=1),
        delete("patient_additional_attributes", **name),
        create("patient_additional_attributes", **name, number_value=5),
    )
    found = rows(clinic, "patient_additional_attributes").values()
    [row] = [row for row in found if row["attribute_id"] == "tested"]
    assert (row["number_value"], row["string_value"]) == (5, None)
    assert "shiny" not in row


@pytest.mark.parametrize("table", ["patients", "visits", "events", "patient_vitals"])
def test_unknown_columns_stay_when_others_are_given(clinic: Path, table: str) -> None:
    import_(clinic, *A_CHART)
    row_id = next(iter(rows(clinic, table)))
    for column in ("first", "second"):
        assert import_(clinic, update(table, id=row_id, **{column: {"of": 1}}))[0] == 0
    row = rows(clinic, table)[row_id]
    assert row["first"] == row["second"] == {"of": 1}


@pytest.mark.parametrize("metadata", [{}, {"of": 1}])
def test_no_id_is_refused_for_its_shape(clinic: Path, metadata: Any) -> None:
    """Also one that the server's column for it has no room for (decisions.md 2)."""
    row = {"given_name": "A", "metadata": metadata}
    code, ids, said = import_(clinic, create("patients", id="x" * 300, **row))
    assert (code, said) == (0, "")
    assert rows(clinic, "patients")[ids[0]]["metadata"]["foreign_id"] == "x" * 300
    assert import_(clinic, create("visits", patient_id="x" * 300))[0] == 0


# -- days and moments ----------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Etc/GMT+12"])
def test_no_zone_moves_the_day_of_a_visit(tmp_path: Path, zone: str) -> None:
    words = ["init", "--clinic", "A", "--user", "B", "--time-zone", zone]
    assert run(*words, "--data-dir", tmp_path / "a").returncode == 0
    today = datetime.now(ZoneInfo(zone)).date()
    days = [date(2026, 1, 31), today - timedelta(days=1), today]
    code, ids, said = import_(
        tmp_path / "a",
        create("patients", id="P", given_name="A"),
        *(create("visits", patient_id="P", check_in_timestamp=str(day)) for day in days),
    )
    assert (code, said) == (0, "")
    found = rows(tmp_path / "a", "visits")
    stored = [datetime.fromisoformat(found[i]["check_in_timestamp"]) for i in ids[1:]]
    assert [moment.astimezone(ZoneInfo(zone)).date() for moment in stored] == days
    assert max(stored) <= datetime.now(UTC)


def test_old_events_do_not_make_their_visit_new(clinic: Path, tmp_path: Path) -> None:
    added = {"lastEventAddedTimestamp": "2026-01-31T11:00:00.000Z"}
    import_(
        clinic,
        create("patients", id="P", given_name="A"),
        create(
            "visits", id="V", patient_id="P", check_in_timestamp="2026-01-31T10:00:00.000Z",
            metadata=added, updated_at="2026-01-31T11:00:00.000Z",
        ),
        create(
            "events", patient_id="P", visit_id="V", form_data=[],
            created_at="2026-01-31T11:00:00.000Z",
        ),
    )  # fmt: skip
    visit = exported(clinic, "visits")[0]["row"]
    assert (visit["metadata"], visit["updated_at"]) == (added, "2026-01-31T11:00:00.000Z")


def test_a_pipe_that_waits_keeps_nobody_from_saving(clinic: Path) -> None:
    waiting = start("import", "-", "--all-or-nothing", "--data-dir", clinic)
    assert waiting.stdin is not None
    waiting.stdin.write(lines(create("patients", given_name="A")).encode())
    waiting.stdin.flush()
    time.sleep(1)
    assert import_(clinic, create("patients", given_name="B"))[0] == 0
    said, _complained = waiting.communicate(timeout=30)
    assert (waiting.returncode, len(said.split())) == (0, 1)
    assert len(rows(clinic, "patients")) == 2


def test_an_import_can_lock_nobody_out(clinic: Path) -> None:
    everything = exported(clinic)
    (user,) = (line["row"] for line in everything if line["table"] == "users")
    (own,) = (line["row"] for line in everything if line["table"] == "clinics")
    (flags,) = (line["row"] for line in everything if line["table"] == "user_clinic_permissions")
    lines = [
        {"op": "delete", "table": "users", "row": {"id": user["id"]}},
        {"op": "delete", "table": "clinics", "row": {"id": own["id"]}},
        {"op": "delete", "table": "user_clinic_permissions", "row": {"id": flags["id"]}},
        {"op": "update", "table": "user_clinic_permissions",
         "row": {"id": flags["id"], "is_clinic_admin": False}},
    ]  # fmt: skip
    code, ids, said = import_(clinic, *lines)
    assert (code, ids) == (1, []), said
    assert exported(clinic) == everything


def test_what_stands_for_the_same_id_or_cannot_be_is_refused(clinic: Path) -> None:
    first = create("patients", id="P1", given_name="A", government_id="AB-12")
    bad = [
        create("patients", given_name="B", government_id="ab 12"),
        create("patients", given_name="C", date_of_birth="2099-01-01"),
        create("patients", given_name="\u200b", surname="\u2066"),
        create("visits", patient_id="P1", check_in_timestamp=1577836800),
        create("visits", patient_id="P1", metadata=[]),
    ]
    code, ids, said = import_(clinic, first, *bad)
    assert (code, len(ids)) == (1, 1), said


def test_a_user_is_meant_by_the_exact_name_first(clinic: Path) -> None:
    import_(clinic, create("users", name="nora", clinic_id=None, role="provider"))
    assert run("find", "x", "--user", "Nora", "--data-dir", clinic).returncode == 0
    many = run("find", "x", "--user", "NORA", "--data-dir", clinic)
    assert many.returncode != 0
    assert "Several users" in many.stderr
