"""What was changed in two places, chosen as a nurse would choose it (decisions.md 24, 25)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import conflicts, patients
from hikma_tui.clinic.saving import Save
from hikma_tui.clinic.visits import joined
from hikma_tui.models import Appointment, connection
from hikma_tui.screens.conflicts import ConflictsScreen
from hikma_tui.screens.conflicts_choice import ChoiceScreen
from hikma_tui.screens.conflicts_mark import ConflictMark
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.widgets.dialogs import Ask
from tests.screens.clinic import TODAY, Clinic, calm, fill, make_clinic, on, press, running
from tests.screens.harness import assert_nothing_to_obey, golden, missing_glyphs, screen_text
from tests.screens.server import AT, agreed, connected, differ, prescribed_elsewhere


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


def begun(clinic: Clinic) -> tuple[dict[str, str], str]:
    """The patients of the sketch, all agreed with a server."""
    ids = fill(clinic)
    peer = connected(clinic)
    agreed(clinic, peer)
    return ids, peer


async def shown(app: HikmaApp, pilot: Any, screen: Any) -> str:
    app.push_screen(screen)
    await calm(pilot)
    return screen_text(app)


def card(clinic: Clinic, patient_id: str) -> patients.PatientCard:
    return clinic.store.read(patients.card, clinic.actor, patient_id).result()


def left(clinic: Clinic) -> int:
    return len(clinic.store.read(conflicts.open_conflicts, clinic.actor).result())


async def test_two_fields_are_chosen_one_by_one_and_saved(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    differ(clinic, peer, "patients", ids["A-0123"], phone="071 999999", hometown="Tripoli")
    async with running(clinic) as (app, pilot):
        text = await shown(app, pilot, ConflictsScreen())
        assert "1 record needs a choice" in text
        assert "HASSAN, Mohammed" in text
        golden("conflicts", text)
        text = await press(pilot, "enter")
        assert on(app, ChoiceScreen)
        assert "070 123456" in text
        assert "071 999999" in text
        assert "The two times come from two clocks." in text
        assert not missing_glyphs(text)
        assert_nothing_to_obey(text)
        golden("conflicts_choice", text)
        assert "2 fields are still to be chosen." in await press(pilot, "f10")
        assert "Both can be kept of a free text only." in await press(pilot, "3")
        await press(pilot, "1")
        assert "All is chosen" in await press(pilot, "2")
        text = await press(pilot, "f10")
        assert on(app, ConflictsScreen), text
        assert "Saved: Patient" in text
        assert "Nothing waits for a choice." in text
        found = card(clinic, ids["A-0123"])
        values = {found.phone, found.hometown}
        assert values in ({"070 123456", "Tripoli"}, {"071 999999", "Saida"})


@pytest.mark.parametrize("items", [[{"drug": "x"}], []])
async def test_what_the_server_erases_of_a_prescription_is_said_before_the_choice(
    clinic: Clinic, items: list[object]
) -> None:
    ids, peer = begun(clinic)
    made = prescribed_elsewhere(clinic, ids["A-0123"], None, items=items, notes="ours")
    differ(clinic, peer, "prescriptions", made, notes="theirs")
    (one,) = clinic.store.read(conflicts.open_conflicts, clinic.actor).result()
    async with running(clinic) as (app, pilot):
        text = " ".join((await shown(app, pilot, ChoiceScreen(one))).split())
        assert "theirs" in text
        assert ("the server erases what another program keeps" in text) is bool(items)


async def test_what_the_server_altered_is_sent_again_or_taken(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    differ(clinic, peer, "patients", ids["A-0123"], kind="differs", hometown="Tripoli")
    (one,) = clinic.store.read(conflicts.open_conflicts, clinic.actor).result()
    async with running(clinic) as (app, pilot):
        text = " ".join((await shown(app, pilot, ChoiceScreen(one))).split())
        assert "the server keeps it differently" in text
        assert "It was sent, and the server altered it." in text
        assert "Keep here: it is sent once more." in text
        await press(pilot, "2")
        await press(pilot, "f10")
        assert left(clinic) == 0
        row = clinic.store.read(
            lambda: connection().execute(
                "SELECT hometown, change_seq FROM live_patients WHERE id = ?", (ids["A-0123"],)
            ).fetchone()
        ).result()  # fmt: skip
        assert row == ("Tripoli", 0)


async def test_esc_leaves_it_for_later_and_nothing_is_decided(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    differ(clinic, peer, "patients", ids["A-0123"], phone="071 999999")
    async with running(clinic) as (app, pilot):
        await shown(app, pilot, ConflictsScreen())
        await press(pilot, "enter", "2", "escape")
        assert on(app, ConflictsScreen)
        assert left(clinic) == 1
        assert card(clinic, ids["A-0123"]).phone == "070 123456"


async def test_a_date_asks_once_more(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    differ(clinic, peer, "patients", ids["A-0123"], date_of_birth="1992-11-03")
    async with running(clinic) as (app, pilot):
        await shown(app, pilot, ConflictsScreen())
        text = await press(pilot, "enter", "2", "f10")
        assert on(app, Ask)
        assert "3 Nov 1992" in text
        await press(pilot, "enter")  # one typed ahead decides nothing
        assert on(app, Ask)
        await press(pilot, "escape")
        assert on(app, ChoiceScreen)
        assert left(clinic) == 1
        await press(pilot, "f10", "f10")
        assert on(app, ConflictsScreen)
        assert card(clinic, ids["A-0123"]).date_of_birth == "1992-11-03"


def planned(clinic: Clinic, patient_id: str, notes: str) -> str:
    def put() -> str:
        visit = joined(clinic.actor, patient_id, TODAY)[0]
        row: dict[str, Any] = {
               "patient_id": patient_id, "clinic_id": clinic.actor.clinic_id, "notes": notes,
               "timestamp": AT + 86_400_000, "user_id": clinic.actor.user_id, "duration": 15,
               "reason": "", "status": "pending", "metadata": {},
               "current_visit_id": visit}  # fmt: skip
        with Save(clinic.actor) as save:
            return save.insert(Appointment, row)

    return clinic.store.write(put).result()


async def test_a_free_text_keeps_both_and_a_long_one_is_whole(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    long = " ".join(f"word{n}" for n in range(60))
    row_id = planned(clinic, ids["A-0300"], "bring the old papers")
    differ(clinic, peer, "appointments", row_id, notes=long)
    async with running(clinic) as (app, pilot):
        await shown(app, pilot, ConflictsScreen())
        text = await press(pilot, "enter")
        assert "word59" in text
        await press(pilot, "3", "f10")
        assert on(app, ConflictsScreen)
        row = clinic.store.on_writer(
            lambda: Appointment.get(Appointment.id == row_id).notes
        ).result()
        assert "word59" in row
        assert "bring the old papers" in row


async def test_a_deletion_says_what_each_choice_does(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    differ(clinic, peer, "patients", ids["A-0123"], kind="deleted_there", deleted=True)
    async with running(clinic) as (app, pilot):
        text = await shown(app, pilot, ConflictsScreen())
        assert "deleted on the server, with unsent work here: 1" in text
        text = await press(pilot, "enter")
        assert "as a new record" in text
        golden("conflicts_deleted", text)
        text = await press(pilot, "1", "f10")
        assert on(app, Ask)
        assert "This is about the whole record." in text
        assert "it is brought back on the server" in text
        assert "it is deleted here too" not in text
        await press(pilot, "f10")
        assert on(app, ConflictsScreen)
        assert left(clinic) == 0


async def test_suggestions_are_decided_all_at_once(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    for number in ("A-0123", "A-0777", "A-0981"):
        differ(clinic, peer, "patients", ids[number], kind="suggestion", phone="0")
    async with running(clinic) as (app, pilot):
        text = await shown(app, pilot, ConflictsScreen())
        assert "an old change, from a copy of these records: 3" in text
        await press(pilot, "4", "2")
        assert on(app, Ask)
        text = await press(pilot, "f10")
        assert "3 decided." in text
        assert left(clinic) == 0
        assert card(clinic, ids["A-0123"]).phone == "0"


async def test_the_patient_says_it_and_leads_there_and_back(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    differ(clinic, peer, "patients", ids["A-0123"], phone="071 999999")
    differ(clinic, peer, "patients", ids["A-0777"], phone="071 000000")
    async with running(clinic) as (app, pilot):
        text = await shown(app, pilot, PatientScreen(ids["A-0123"]))
        assert "DIFFERS: Phone: here 070 123456, server 071 999999. 7 chooses" in text
        golden("conflicts_patient", text)
        text = await press(pilot, "7")
        assert on(app, ConflictsScreen)
        assert "1 record needs a choice" in text
        assert "HASSAN, Mohammed" in text.splitlines()[0]
        text = await press(pilot, "enter", "1", "f10")
        assert on(app, PatientScreen)
        assert "Saved: Patient" in text
        assert not app.screen.query_one(ConflictMark).display
        assert "Nothing of this patient differs" in await press(pilot, "7")
        assert left(clinic) == 1


async def test_without_a_conflict_every_key_says_why_not(clinic: Clinic) -> None:
    begun(clinic)
    async with running(clinic) as (app, pilot):
        text = await shown(app, pilot, ConflictsScreen())
        assert "Here and the server agree about every record." in text
        assert "Nothing waits for a choice." in await press(pilot, "enter")
        assert "There is no suggestion of a copy." in await press(pilot, "4")


async def test_narrow_and_arabic(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    differ(clinic, peer, "patients", ids["A-0040"], given_name="محمود", camp="C" * 50)
    async with running(clinic, (40, 24)) as (app, pilot):
        for screen in (ConflictsScreen(), PatientScreen(ids["A-0040"])):
            text = await shown(app, pilot, screen)
            assert all(len(row) <= 42 for row in text.splitlines())
        await press(pilot, "escape")
        text = await press(pilot, "enter")
        assert on(app, ChoiceScreen)
        assert "محمود" in text
        assert "C" * 20 in text


async def test_a_choice_made_elsewhere_meanwhile_is_said(clinic: Clinic) -> None:
    ids, peer = begun(clinic)
    pk = differ(clinic, peer, "patients", ids["A-0123"], phone="071 999999")
    async with running(clinic) as (app, pilot):
        await shown(app, pilot, ConflictsScreen())
        await press(pilot, "enter", "1")
        clinic.store.write(conflicts.resolve_all, clinic.actor, pk, "theirs").result()
        text = await press(pilot, "f10")
        assert "NOT SAVED" in text
        assert on(app, ChoiceScreen)
