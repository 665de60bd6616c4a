"""Measures and bedside results over time, and the pregnancy, from real answers to forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hikma_tui import forms
from hikma_tui.clinic import (
    info,
    measures,
    own_forms,
    patients,
    setup,
    visits,
    vitals,
    vitals_series,
)
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid
from hikma_tui.data import default_event_forms, own_event_forms
from hikma_tui.store import Store
from hikma_tui.vitals.measures import BY_FIELD, in_unit, measure, result_mark

PERIOD, STATUS = "hikma-measure-last-period", "hikma-measure-pregnancy"


@dataclass
class Clinic:
    """A store with Nora in it, and one patient."""

    store: Store
    nora: Actor
    mona: str
    today: date

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def measured(self, days: int, answers: forms.Answers) -> visits.Recorded:
        return self.store.write(
            measures.record, self.nora, self.mona, self.ago(days), answers
        ).result()

    def filled(self, days: int, form: str, answers: dict[str, object]) -> None:
        rows = self.store.read(visits.event_forms, self.nora).result()
        row = next(row for row in rows if row["name"] == form)
        self.store.write(
            visits.record, self.nora, self.mona, row["id"], self.ago(days), answers
        ).result()

    def pregnancy(self, on: date | None = None) -> measures.Pregnancy | None:
        return self.store.read(measures.pregnancy, self.nora, self.mona, on or self.today).result()

    def points(self) -> dict[str, list[measures.Point]]:
        return self.store.read(measures.points, self.nora, self.mona).result()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    store = Store.create(tmp_path / "store")
    nora = store.write(setup.create_clinic, "A", "Nora").result()
    row = {"given_name": "Mona", "sex": "female", "date_of_birth": "1996-01-01"}
    mona = store.write(patients.register, nora, row).result()
    yield Clinic(store, nora, mona, store.read(info.today).result())
    store.close()


def test_every_matched_field_is_the_one_that_it_is_taken_for() -> None:
    """A wrong id would plot a heart rate as a height: the labels of the forms must agree."""
    named = {
        field["id"]: field["name"]
        for form in (*default_event_forms(), *own_event_forms().values())
        for field in form["form_fields"]  # type: ignore[attr-defined]
    }
    same = {
        "systolic_bp": "Systolic blood pressure", "diastolic_bp": "Diastolic blood pressure",
        "pulse_rate": "Pulse", "temperature_celsius": "Temperature",
        "oxygen_saturation": "Oxygen saturation", "respiratory_rate": "Respiratory rate",
        "weight_kg": "Weight", "height_cm": "Length or height",
        "muac": "Mid-upper arm circumference (MUAC)",
    }  # fmt: skip
    for field_id, one in BY_FIELD.items():
        assert named[field_id] == same.get(one.key, one.label), one.key


def test_weeks_and_due_date_are_counted_from_the_last_period(clinic: Clinic) -> None:
    period = clinic.ago(143)
    clinic.measured(3, {STATUS: "Pregnant", PERIOD: period.isoformat()})
    found = clinic.pregnancy()
    assert found is not None
    assert (found.weeks, found.days, found.due) == (20, 3, period + timedelta(days=280))
    assert found.said_on == clinic.ago(3)
    assert found.words == f"pregnant 20w 3d, due {(period + timedelta(days=280)).isoformat()}"
    assert clinic.pregnancy(clinic.ago(10)) is None  # nobody had said so then


def test_a_last_period_alone_makes_nobody_pregnant(clinic: Clinic) -> None:
    clinic.measured(9, {PERIOD: clinic.ago(50).isoformat()})
    assert clinic.pregnancy() is None
    clinic.measured(2, {"hikma-measure-pregnancy-test": "Positive"})
    found = clinic.pregnancy()
    assert found is not None
    assert (found.weeks, found.days) == (7, 1)


def test_a_last_period_after_the_visit_is_refused_and_never_counted(clinic: Clinic) -> None:
    with pytest.raises(Invalid):
        clinic.measured(3, {STATUS: "Pregnant", PERIOD: (clinic.today + timedelta(9)).isoformat()})
    # of the day of a late visit, as another device may store it
    clinic.measured(90, {STATUS: "Pregnant", PERIOD: clinic.ago(20).isoformat()})
    found = clinic.pregnancy()
    assert found is not None
    assert found.weeks is None


@pytest.mark.parametrize("unit", [{"unit": {"label": "mm", "value": "mm"}}, {"units": "mm"}])
def test_a_unit_in_another_shape_is_the_unit(clinic: Clinic, unit: dict[str, object]) -> None:
    muac = "EIGGB5xhliQ4tLgXhrx38"  # whose form has no unit but cm
    made = clinic.measured(3, {STATUS: "Not pregnant"})
    items = [{"fieldId": muac, "fieldType": "free-text", "value": {"_tag": "Some", "value": "124"},
              **unit}]  # fmt: skip
    row = {"id": made.event_id, "form_id": None, "form_data": items}
    clinic.store.write(visits.update_event, clinic.nora, row).result()
    (point,) = clinic.points()["muac"]
    assert (point.text, point.number) == ("124 mm", Decimal(124))


@pytest.mark.parametrize("status", ["Not pregnant", "Ended: live birth", "Ended: stillbirth"])
def test_a_later_answer_ends_it(clinic: Clinic, status: str) -> None:
    clinic.measured(9, {STATUS: "Pregnant", PERIOD: clinic.ago(100).isoformat()})
    clinic.measured(1, {STATUS: status})
    assert clinic.pregnancy() is None
    assert clinic.pregnancy(clinic.ago(2)) is not None


def test_nobody_is_pregnant_for_more_than_44_weeks(clinic: Clinic) -> None:
    period = clinic.today - timedelta(weeks=44)
    clinic.measured(200, {STATUS: "Pregnant", PERIOD: period.isoformat()})
    assert clinic.pregnancy() is not None
    assert clinic.pregnancy(clinic.today + timedelta(days=1)) is None


def test_an_antenatal_visit_and_a_consultation_say_so_too(clinic: Clinic) -> None:
    clinic.filled(20, "Consultation", {"3Gf9CRdqQA7I7Gx3W7Uas": "tired",
                                       "vjJU-gw9XZl9OugwIsSXY": "Yes"})  # fmt: skip
    found = clinic.pregnancy()
    assert found is not None
    assert (found.weeks, found.words) == (None, "pregnant, weeks not known")
    clinic.filled(10, "Antenatal visit", {"I7g4Asa1ZFxk_OERyAsKR": ["None"],
                                          "WSd1vJANgCJAsqDXYeuzw": "12"})  # fmt: skip
    found = clinic.pregnancy()
    assert found is not None
    assert (found.weeks, found.days) == (13, 3)


def test_results_come_newest_first_from_all_forms_each_as_it_was_written(clinic: Clinic) -> None:
    glucose = "hikma-measure-glucose"
    clinic.measured(30, {glucose: "5.6", f"{glucose}#unit": "mmol/L",
                         "hikma-measure-malaria": "Positive: falciparum"})  # fmt: skip
    clinic.filled(10, "Chronic disease follow-up", {
        "JDHOTTviJ7ass23sERsSp": ["Diabetes"], "6xPnfbXnRl4THoDdoYKgE": ["None"],
        "QlGmmWlkYDbNvBfkuNQgX": "210", "QlGmmWlkYDbNvBfkuNQgX#unit": "mg/dL",
        "hZj1kYUKKbV4yuwBNNjDy": "150",
    })  # fmt: skip
    found = clinic.points()
    assert [(p.text, p.mark, p.source) for p in found["glucose"]] == [
        ("210 mg/dL", "high", "Chronic disease follow-up"),
        ("5.6 mmol/L", "", "Measures and tests"),
    ]
    assert found["glucose"][1].number == Decimal("5.6") * Decimal("18.016")
    assert found["malaria"][0].text == "Positive: falciparum"
    assert (found["systolic_bp"][0].text, found["systolic_bp"][0].mark) == ("150 mmHg", "high")
    newest = clinic.store.read(measures.latest, clinic.nora, clinic.mona).result()
    assert [point.key for point in newest] == ["malaria", "glucose"]


def test_a_value_without_the_unit_that_it_needs_is_not_saved(clinic: Clinic) -> None:
    with pytest.raises(Invalid, match="unit"):
        clinic.measured(1, {"hikma-measure-muac": "12.1"})
    assert clinic.points() == {}


def test_measures_are_recorded_where_the_store_lacks_the_form(clinic: Clinic) -> None:
    from hikma_tui.clinic import deletion

    form_id = own_forms.id_of("measures")
    clinic.store.write(deletion.delete, clinic.nora, "event_forms", form_id, "unused").result()
    clinic.measured(0, {"hikma-measure-oedema": "++"})
    assert clinic.points()["oedema"][0].text == "++"


def test_units_and_limits_of_results() -> None:
    assert in_unit(measure("muac"), "12.1", "cm") == Decimal("121.0")
    assert in_unit(measure("muac"), "12.1", "") is None  # mm or cm: nothing is guessed
    assert in_unit(measure("haemoglobin"), "110", "g/L") == Decimal("11.0")
    assert result_mark("muac", Decimal(114), 400) == "low"
    assert result_mark("muac", Decimal(114), 20_000) == ""  # the limit is a child's
    assert result_mark("glucose", Decimal(130), None, fasting=True) == "high"
    assert result_mark("glucose", Decimal(130), None) == ""
    assert result_mark("haemoglobin", Decimal("11.2"), 11_000, sex="female") == "low"
    assert result_mark("haemoglobin", Decimal("11.2"), 11_000, sex="female", pregnant=True) == ""


def test_within_a_day_the_order_is_that_of_entering(clinic: Clinic) -> None:
    """A trend between two values of one day must not be told the wrong way round."""
    clinic.store.write(
        vitals.record, clinic.nora, clinic.mona, clinic.today, {"pulse_rate": "110"}
    ).result()
    clinic.filled(0, "Consultation", {"3Gf9CRdqQA7I7Gx3W7Uas": "x", "Nh8yPFAmX_U5jalYnfvm0": "80"})
    found = clinic.store.read(vitals_series.measured, clinic.nora, clinic.mona).result()
    assert [value.text for value in found.series["pulse_rate"]] == ["80 BPM", "110/min"]
    assert found.trend("pulse_rate") == ("falling", clinic.today)
