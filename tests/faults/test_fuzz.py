"""Real examples, spoiled at random: what comes from outside is taken, or refused in known words.

Some 2,000 inputs in CI, 100,000 with HIKMA_TUI_NIGHTLY=1. A failure prints the input and its
number; HIKMA_TUI_SEED and that number make it again.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import forms, i18n, search
from hikma_tui.clinic import (
    allergies,
    audit,
    chart,
    chart_visit,
    conflicts,
    drafts,
    finding,
    glance,
    measures,
    medicines_given,
    next_visit,
    patients,
    problems,
    registration,
    report,
    server,
    server_needs,
    status,
    trail,
    visits,
    vitals,
    vitals_series,
)
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.exchange.rows_in import import_lines
from hikma_tui.exchange.rows_out import Export, chosen
from hikma_tui.exchange.source import Source
from hikma_tui.forms.data import items_of
from hikma_tui.models import BY_TABLE, connection
from hikma_tui.report.html import html
from hikma_tui.report.text import lines as report_lines
from hikma_tui.store import Store
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Report
from hikma_tui.syncing.values import Decoder, encode, python_row
from hikma_tui.wire import qr, stream
from hikma_tui.wire.shapes import Trouble
from tests.faults.kills import NIGHTLY, TABLES, Nurse, Rows
from tests.forms.filling import CORPUS, filled, load
from tests.screens.clinic import TODAY, fill, make_clinic
from tests.unit.pulling import clinic_body, take

SEED = int(os.environ.get("HIKMA_TUI_SEED") or 7)
TRANSCRIPTS = Path(__file__).resolve().parents[1] / "cloud" / "transcripts"
DATA = Path(i18n.__file__).parent / "data"

WORDS: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 2**64, 10**30, 0.5, -0.0, 1e308, "", " ",
    "0", "null", "NaN", "x" * 5000, "é", "سلمى\u202e", "\u0000", "\ud800",
    "\x1b[2J\x1b]52;c;aGk=\x07",
    "[red]x[/red]", "=1+1", "a\nb\tc", "0000-00-00", "2026-02-30", "0001-01-01", "9999-12-31",
    "2026-11-22T25:61:00Z", "-271821-04-20T00:00:00.000Z", "2026-03-01T10:00:00.000Z",
    1_790_000_000_000, -62_135_596_800_001, 253_402_300_800_000, [], {}, [[]], [None], [{}],
    {"": ""},
    {"_tag": "None"}, {"_tag": "Some", "value": {"_tag": "Some"}}, '{"a": ', '"[]"', "[{}]", "{}",
    [{"fieldId": None, "value": [1, {"a": []}]}], {"code": 7, "desc": ["x"]}, [1, "a", None, {}],
    {"hikma_tui": 3}, {"hikma_tui": {"patient_id": 5}}, {"addenda": "no"}, {"deceased": [1]},
]  # fmt: skip


def spoiled(value: Any, dice: random.Random) -> Any:
    """A JSON value with one to three of its parts exchanged, doubled, renamed or gone."""
    whole = {"": copy.deepcopy(value)}
    for _turn in range(dice.choice((1, 1, 2, 3))):
        box: Any = whole
        key: Any = ""
        for _deep in range(dice.randrange(1, 9)):
            inner = box[key]
            if not isinstance(inner, dict | list) or not inner:
                break
            box = inner
            key = dice.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        if box is not whole:
            _spoil(box, key, dice)
    return whole[""]


def _spoil(box: Any, key: Any, dice: random.Random) -> None:
    how = dice.random()
    if how < 0.6:
        box[key] = copy.deepcopy(dice.choice(WORDS))
    elif how < 0.7:
        del box[key]
    elif isinstance(box, list):
        box.insert(key, copy.deepcopy(dice.choice([box[key], dice.choice(WORDS)])))
    elif how < 0.8:
        box[dice.choice(["", "id", "value", "x" * 300, "constructor", "_tag"])] = box[key]
    elif how < 0.9:
        box[key] = [box[key]]
    else:
        box[key] = json.dumps(box[key])


def torn(text: bytes, dice: random.Random) -> bytes:
    """Bytes with some of them flipped, cut out, doubled, or with something put in between."""
    for _turn in range(dice.choice((1, 1, 2, 5))):
        at = dice.randrange(len(text) + 1)
        end = min(len(text), at + dice.choice((1, 1, 4, 40, 4000)))
        new = dice.choice([
            b"", b"", text[at:end] * 2, bytes([dice.randrange(256)]), b'"', b"}", b"]", b",", b"\0",
            b"\\ud800", b"1e999", b"NaN", b"[" * 2000, b"9" * 5000, "\u202e".encode(), b"\xff\xfe",
            b"//x@y:99999", b"%00", b"\x1b[200~", b"\n", b" ", b"xn--a", b"null", b"\xc3",
        ])  # fmt: skip
        text = text[:at] + new + text[end if dice.random() < 0.5 else at :]
    return text


def inputs(kind: str, count: int) -> Iterator[tuple[int, random.Random]]:
    """So many numbers, each with its own dice."""
    print(f"{kind}: {count} inputs, seed {SEED}")
    for number in range(count):
        yield number, random.Random(f"{SEED}/{kind}/{number}")


@contextmanager
def told(kind: str, number: int, text: object) -> Iterator[None]:
    """Say with which input it went wrong."""
    try:
        yield
    except Exception:
        print(f"{kind} {number} (seed {SEED}): {text!r}"[:20_000])
        raise


# The registration code --------------------------------------------------------------------------

CODES = [
    "https://hikma.example.org", "https://hikma.example.org:8443/clinic/", "http://192.168.1.20:3000",
    "https://[fd00::1]:4000/", "localhost:3000", "hikma.example.org/app/settings", "http://10.0.0.7",
    '{"type":"sync_hub","url":"ws://192.168.4.1:4001","apiKey":"k"}', "https://مثال.com",
    "\x1b[200~https://hikma.example.org\x1b[201~", "  <https://hikma.example\n.org/>  ",
]  # fmt: skip


def test_registration_codes() -> None:
    read = 0
    for number, dice in inputs("code", 30_000 if NIGHTLY else 700):
        text = torn(dice.choice(CODES).encode(), dice).decode("utf-8", dice.choice(
            ("replace", "surrogateescape", "ignore")))  # fmt: skip
        with told("code", number, text):
            try:
                code = qr.read(text)
            except Trouble:
                continue
            assert code.url.startswith("http://" if code.plain else "https://")
            assert code.url.isascii()
            assert code.url.isprintable()
            assert "@" not in code.url
            assert code.private or not code.plain
            assert qr.read(code.url) == code
            read += 1
    assert read > 50


# What a server sends ----------------------------------------------------------------------------


@functools.cache
def bodies() -> list[tuple[str, bytes]]:
    """The pulls that real servers answered, and a larger one of ours; each with its dialect."""
    found = [("v3", clinic_body(6))]
    for path in sorted(TRANSCRIPTS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            answer = json.loads(line).get("answer") or ""
            if '"changes":{' in answer[:40] and len(answer) > 700 and answer.endswith("}"):
                dialect = "flask" if path.name.startswith("F") else "v3"
                found.append((dialect, answer.encode()))
    assert len(found) > 10
    return found


def _body(dice: random.Random) -> tuple[str, bytes]:
    dialect, text = dice.choice(bodies())
    if dice.random() < 0.25:
        return dialect, torn(text, dice)
    whole = json.loads(text)
    tables = [table for table, kinds in whole["changes"].items() if any(kinds.values())]
    for _turn in range(dice.choice((1, 2, 4))):
        if tables and dice.random() < 0.8:  # in the rows, where most of the rules are
            kinds = whole["changes"][dice.choice(tables)]
            if isinstance(kinds, dict):
                kind = dice.choice([k for k, rows in kinds.items() if rows] or ["created"])
                kinds[kind] = spoiled(kinds.get(kind), dice)
        else:
            if dice.random() < 0.5:
                whole["changes"] = spoiled(whole["changes"], dice)
            else:
                key = dice.choice(("timestamp", "success", "changes"))
                whole[key] = copy.deepcopy(dice.choice(WORDS))
            break
    return dialect, json.dumps(whole).encode()


def test_bodies_of_a_server() -> None:
    whole = 0
    for number, dice in inputs("body", 20_000 if NIGHTLY else 400):
        dialect, text = _body(dice)
        size = dice.choice((1, 7, 100, 4096, 1 << 20)) if len(text) < 20_000 else 4096
        pieces = (text[at : at + size] for at in range(0, len(text), size))
        with told("body", number, text):
            decoder = Decoder(dialect, dice.choice((0, 12, 24)))
            try:
                for found in stream.batches(pieces):
                    if not isinstance(found, stream.Batch) or found.kind == "deleted":
                        whole += isinstance(found, stream.Tail)
                        continue
                    for batch in decoder.batch(found.table, found.rows):
                        for row in batch.rows:
                            made = python_row(batch.table, batch.columns, row)
                            json.dumps(encode(dialect, batch.table, made))
            except Trouble:
                pass
    assert whole > 50


def test_bodies_taken_into_a_store_that_is_then_read(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "store")
    store, actor = clinic.store, clinic.actor
    took = 0
    for number, dice in inputs("pull", 3_000 if NIGHTLY else 60):
        dialect, text = _body(dice)
        with told("pull", number, text):
            context = Context("peer-1", dialect, actor, Report(), 1_795_000_000_000)
            try:
                take(store, context, text)
            except Trouble:
                continue
            took += 1
            if number % 10 == 0:
                read_everything(store, actor)
    assert took > 10
    read_everything(store, actor)
    assert sound(store) == []
    store.close()


# Forms ------------------------------------------------------------------------------------------


@functools.cache
def all_forms() -> list[tuple[dict[str, Any], list[Any]]]:
    """Rows of event forms, each with what was stored for it."""
    found = []
    for path in CORPUS:
        case = load(path)
        stored = [event.get("form_data") for event in case.get("events", [])]
        found.append((case["form"], [one for one in stored if one]))
    for name in ("event_forms.json", "own_forms.json", "registration_form.json"):
        content = json.loads((DATA / name).read_text(encoding="utf-8"))
        rows = content if isinstance(content, list) else [content]
        rows = [*rows] if all(isinstance(row, dict) for row in rows) else []
        found += [(row, []) for row in rows]
    return found


def test_forms() -> None:
    for number, dice in inputs("form", 25_000 if NIGHTLY else 500):
        row, stored = dice.choice(all_forms())
        answers: Any = dice.choice(stored) if stored else []
        row = spoiled(row, dice) if dice.random() < 0.8 else row
        answers = spoiled(answers, dice) if answers else dice.choice(WORDS)
        with told("form", number, (row, answers)):
            if isinstance(row, dict):
                form = forms.event_form(row)
                _use(form, answers)
                read = forms.registration_form({"fields": row.get("form_fields") or row})
                forms.missing(read, {})
                for language in ("en", "ar"):
                    forms.patient_values(read, forms.patient_answers(read, row, []), language)
            for width in (5, 60):
                forms.summary(answers, width)
            items_of(answers)


def _use(form: forms.Form, stored: Any) -> None:
    """As the screens do."""
    answers, _left = forms.answers_of(form, stored)
    items = items_of(stored)
    before = copy.deepcopy(items)
    forms.event_data(form, answers, items)
    assert repr(items) == repr(before)
    forms.missing(form, answers)
    for field in form.fields:
        forms.check(field, answers.get(field.id), TODAY, answers.get(field.id))
        forms.needs_unit(field, answers)
        forms.translate(field.label, "ar")
        forms.answer_text(field, answers.get(field.id), "ar", TODAY)
    for language in ("en", "xx"):
        forms.shown(form, stored, language, TODAY)
    try:
        given = filled(form)
    except (IndexError, ZeroDivisionError):
        return  # nothing can be chosen: an answer to it can't be made up
    forms.shown(form, json.loads(json.dumps(forms.event_data(form, given))), "en", TODAY)


# Imported files ---------------------------------------------------------------------------------


def _imported(store: Store, actor: Actor, lines: list[bytes]) -> list[str]:
    reading, writing = os.pipe()

    def send() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(b"\n".join(lines) + b"\n")

    sender = threading.Thread(target=send)
    sender.start()
    try:
        batches = import_lines(store, actor, Source(reading))
        return [answer.refusal for answers in batches for answer in answers]
    finally:
        sender.join()
        os.close(reading)


def test_imported_files(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "store")
    store, actor = clinic.store, clinic.actor
    kept, refused, unforeseen, seen = 0, 0, 0, 0
    at_once = 25
    for number, dice in inputs("file", 15_000 // at_once if NIGHTLY else 300 // at_once):
        nurse, rows, lines = Nurse(dice), Rows(), list[bytes]()
        for _line in range(at_once):
            act = nurse.act(rows)
            rows = act.done(rows)
            if dice.random() < 0.2:
                lines.append(act.line.strip())
            elif dice.random() < 0.2:
                lines.append(torn(act.line.strip(), dice))
            else:
                lines.append(json.dumps(spoiled(json.loads(act.line), dice)).encode())
        with told("file", number, b"\n".join(lines)):
            for refusal in _imported(store, actor, lines):
                seen += 1
                refused += bool(refusal)
                kept += not refusal
                unforeseen += "can't be kept (" in refusal
            if number % 40 == 0:
                read_everything(store, actor)
    print(f"{seen} lines: {kept} kept, {refused} refused, {unforeseen} of them by no rule")
    assert kept > at_once
    assert refused > at_once
    read_everything(store, actor)
    assert sound(store) == []
    store.close()


# The store's own columns ------------------------------------------------------------------------


def sound(store: Store) -> list[str]:
    """What is wrong with a store."""
    return [
        *store.check(),
        *store.on_writer(audit.problems).result(),
        *store.on_writer(lambda: search.check(connection())).result(),
    ]


def read_everything(store: Store, actor: Actor, some: int = 12) -> None:
    """What every screen, report and export reads, of the patients written last."""
    query = f"SELECT id FROM live_patients ORDER BY pk DESC LIMIT {some}"
    ids = store.read(lambda: [row[0] for row in connection().execute(query)]).result()
    for ask, *arguments in _of_the_clinic(actor):
        _quietly(store, ask, *arguments)
    for patient in ids:
        read_patient(store, actor, patient)
    for _block in Export(store, actor, chosen([])).blocks():
        pass


def _of_the_clinic(actor: Actor) -> Iterator[tuple[Any, ...]]:
    yield from ((chart.today, actor), (drafts.waiting, actor), (visits.event_forms, actor))
    yield from ((finding.find, actor, ""), (finding.find, actor, "amal"), (server.state,))
    yield from ((conflicts.open_conflicts, actor), (server_needs.needs, actor), (server.runs,))
    yield from ((registration.form, actor), (patients.registration_form, actor))


def _quietly(store: Store, ask: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return store.read(ask, *arguments).result()
    except Refused:
        return None


def read_patient(store: Store, actor: Actor, patient: str) -> None:
    """Everything about one patient, through the functions of the screens."""
    ask = functools.partial(_quietly, store)
    found = ask(glance.glance, actor, patient)
    for read in (
        problems.listed, problems.open_diagnoses, allergies.listed, measures.points,
        measures.latest, vitals.history, vitals.latest, vitals_series.measured, status.referrals,
        patients.card,
    ):  # fmt: skip
        ask(read, actor, patient)
    with suppress(Refused):
        store.on_writer(trail.of_patient, actor, patient).result()
    for on in (TODAY, date(1990, 1, 1)):
        ask(medicines_given.all_of, actor, patient, on)
        ask(medicines_given.last_set, actor, patient, on)
        ask(measures.pregnancy, actor, patient, on)
    ask(next_visit.asked_for, patient)
    ask(conflicts.shown, actor, patient)
    form = ask(registration.form, actor, patient)
    if form is not None:
        ask(registration.answers_of, actor, form, patient)
    made = ask(report.gather, actor, patient)
    if made is not None:
        html(made[1])
        report_lines(made[1], 80)
    for visit in found.chart.visits if found is not None else ():
        ask(chart_visit.everything, actor, visit.id)
        ask(report.gather, actor, patient, visit.id)
        for event in visit.events:
            ask(chart.event, actor, event.id)


def _json_columns() -> list[tuple[str, str]]:
    found = []
    for table in (*TABLES, "appointments", "event_forms", "registration_forms", "clinics", "users"):
        for name, field in BY_TABLE[table]._meta.fields.items():
            if type(field).__name__ == "Json":
                found.append((table, name))
    return [*found, ("drafts", "content"), ("conflicts", "theirs"), ("conflicts", "base")]


def _filled(store: Store, actor: Actor, patient: str) -> None:
    """Of everything that has a JSON column, a row or two, and a conflict."""
    answers = [event for _form, stored in all_forms() for event in stored][:12]
    nurse = Nurse(random.Random(1))
    acts: list[dict[str, Any]] = [
        {"table": "visits", "row": {"id": nurse._id(), "check_in_timestamp": 1_790_000_000_000}}
    ]
    visit = acts[0]["row"]["id"]
    acts += [{"table": "events", "row": {"visit_id": visit, "event_type": "x", "form_data": one}}
             for one in answers]  # fmt: skip
    acts += [
        {"table": "patient_vitals", "row": {"timestamp": 1_790_000_000_000, "systolic_bp": 120}},
        {"table": "patient_problems", "row": {
            "problem_label": "Asthma", "problem_code_system": "icd11", "problem_code": "CA23",
            "clinical_status": "active", "verification_status": "confirmed"}},
        {"table": "patient_additional_attributes", "row": {
            "attribute_id": "a", "attribute": "Village", "string_value": "x"}},
        {"table": "appointments", "row": {
            "clinic_id": actor.clinic_id, "user_id": actor.user_id, "current_visit_id": visit,
            "timestamp": 1_799_000_000_000}},
    ]  # fmt: skip
    for act in acts:
        act["row"].setdefault("patient_id", patient)
    assert not any(
        _imported(store, actor, [json.dumps({"op": "create", **a}).encode() for a in acts])
    )
    store.write(drafts.keep, actor, f"patient:{patient}", patient, {"a": "b"}).result()
    conflict = (
        "INSERT INTO conflicts (peer_id, table_name, row_id, patient_id, kind, base, theirs,"
        " found_at) VALUES ('p', 'patients', ?, ?, 'edit', ?, ?, 1)"
    )
    whole = json.dumps({"id": patient, "given_name": "Amal", "metadata": {}})
    store.write(lambda: connection().execute(conflict, (patient, patient, whole, whole))).result()


@pytest.mark.parametrize("lane", range(2))
def test_json_columns_with_anything_in_them(tmp_path: Path, lane: int) -> None:
    clinic = make_clinic(tmp_path / "store")
    store, actor = clinic.store, clinic.actor
    patient = fill(clinic)["A-0300"]
    _filled(store, actor, patient)
    columns = _json_columns()

    def pick(dice: random.Random) -> tuple[str, str, int, str | None]:
        table, name = dice.choice(columns)
        rows = connection().execute(f"SELECT rowid, {name} FROM {table} ORDER BY rowid").fetchall()
        return (table, name, *dice.choice(rows)) if rows else pick(dice)

    def put(table: str, name: str, pk: int, text: str | None) -> None:
        connection().execute(f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (text, pk))

    def spoil(table: str, before: str | None, dice: random.Random) -> str:
        value = spoiled(json.loads(before or "{}"), dice) if dice.random() < 0.5 else None
        value = copy.deepcopy(dice.choice(WORDS)) if value is None else value
        if table in ("conflicts", "drafts") and not isinstance(value, dict):
            value = {"given_name": value, "metadata": value, "id": patient}  # ours: an object
        return json.dumps(value)

    for number, dice in inputs(f"column{lane}", 3_500 if NIGHTLY else 40):
        picked = [store.on_writer(pick, dice).result() for _n in range(dice.randrange(1, 9))]
        places = {one[:3]: one[3] for one in picked}
        texts = {place: spoil(place[0], before, dice) for place, before in places.items()}
        with told("column", number, texts):
            for place, text in texts.items():
                store.write(put, *place, text).result()
            store.write(lambda: search.refresh(connection(), patient)).result()
            read_patient(store, actor, patient)
            for ask, *arguments in _of_the_clinic(actor):
                _quietly(store, ask, *arguments)
            for pair in _quietly(store, conflicts.open_conflicts, actor) or ():
                _quietly(store, conflicts.fields, actor, pair.pk)
            assert store.on_writer(lambda: search.check(connection())).result() == []
            for place, before in places.items():
                store.write(put, *place, before).result()
    store.close()
