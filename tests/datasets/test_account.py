"""What an intake says beside the data set: the flow adds up, Table 1 is right by hand, sheets show every joint."""

from __future__ import annotations

import re
import xml.etree.ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest
from hospital import write_hospital

from outcomenet.anatomy import JOINT_KINDS
from outcomenet.cli import main
from outcomenet.datasets.flow import flow_of, flow_table
from outcomenet.datasets.flow_diagram import flow_svg
from outcomenet.datasets.table_one import table_one


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """A hospital's cohort with one film of no visit, one lateral film and one second film of a side, and its data set."""
    work = tmp_path_factory.mktemp("account")
    write_hospital(work / "cohort", patients=12, toml="deidentified = true\n")
    films = pd.read_csv(work / "cohort" / "films.csv")
    further = films.iloc[[2, 4, 6]].assign(film_id=["late", "lateral", "second"])
    further["date"] = ["2015-01-01", further["date"].iloc[1], further["date"].iloc[2]]
    further["view"] = ["PA", "lateral", "PA"]
    pd.concat([films, further]).to_csv(work / "cohort" / "films.csv", index=False)
    assert main(["intake", str(work / "cohort"), "--out", str(work / "data")]) == 0
    return work / "data"


def test_the_flow_adds_up_to_the_ledger_and_the_data_set(taken_in):
    flow = pd.read_csv(taken_in / "flow.csv").fillna("")
    numbers = flow[flow["excluded"] == 0].set_index(["step", "unit"])["count"]
    kept = numbers.to_dict()
    reasons = dict(flow.loc[flow["excluded"] == 1, ["reason", "count"]].itertuples(index=False, name=None))
    assert kept["Cohort folder", "films listed"] == 27
    assert kept["Films of a visit, in a view that can be used", "films"] == 25
    assert reasons["lateral view, not scorable"] == 1
    assert reasons["no visit of the patient within 42 days"] == 1
    assert kept["Films with joints cut (a film of both sides counts twice)", "films"] == 24
    assert reasons["a further film of the same side at one visit"] == 1
    visits = pd.read_parquet(taken_in / "visits.parquet")
    for split in ("Train", "Validation", "Test"):
        assert kept[split, "visits with films"] == (visits["has_films"] & (visits["split"] == split.lower())).sum()


def test_the_diagram_is_an_svg_with_every_number(taken_in):
    svg = (taken_in / "flow.svg").read_text()
    xml.etree.ElementTree.fromstring(svg)
    for row in pd.read_csv(taken_in / "flow.csv").fillna("").to_dict("records"):
        assert f"{row['count']:,} {row['unit'] or row['reason'][:20]}" in svg


def test_reasons_with_markup_do_not_break_the_diagram():
    ledger = pd.DataFrame([("films", "film", "a < b & c", 2)], columns=["step", "unit", "reason", "count"])
    visits = pd.DataFrame({"patient_id": ["P"], "split": ["train"], "has_films": [True]})
    steps = flow_of(patients=1, visits=visits, linked_films=3, cut_limbs=3, ledger_of_tables=ledger, ledger=ledger)
    xml.etree.ElementTree.fromstring(flow_svg(steps, splits=3))
    assert flow_table(steps)["count"].tolist()[:4] == [1, 1, 5, 2]


def visits_of(**columns) -> pd.DataFrame:
    n = len(columns["split"])
    base = {
        "patient_id": [f"P{k}" for k in range(n)],
        "visit_id": "V1",
        "date": pd.Timestamp("2020-01-01"),
        "site": "A",
    }
    return pd.DataFrame({**base, **columns})


def test_table_one_by_hand():
    table = table_one(
        visits_of(
            split=["train"] * 3 + ["test"] * 3, age=[40.0, 50.0, 60.0, 50.0, 60.0, 70.0],
            male=[1.0, 0.0, 0.0, 1.0, 1.0, np.nan], svdh_total=[1.0, 2.0, 30.0, 4.0, 5.0, 6.0],
        )
    )  # fmt: skip
    ages = table.loc[("Age (years), mean (SD)", "")]
    assert ages[["Overall", "train", "test"]].tolist() == ["55.0 (10.5)", "50.0 (10.0)", "60.0 (10.0)"]
    assert abs(float(ages["SMD (test,train)"])) == pytest.approx(1.0)  # ten years, SD 10 in both
    men = table.loc[("Male sex, n (%)", "yes")]
    assert men[["Missing", "train", "test"]].tolist() == ["1", "1 (33.3)", "2 (100.0)"]
    assert table.loc[("Sharp/van der Heijde total (0-448), median [Q1,Q3]", ""), "train"] == "2.0 [1.5,16.0]"


def test_table_one_takes_the_first_visit_even_where_it_is_not_known():
    visits = visits_of(split=["train", "train"], age=[np.nan, 50.0], haq=[1.0, 2.0])
    visits["patient_id"] = ["P", "P"]
    visits["date"] = pd.to_datetime(["2019-01-01", "2020-01-01"])
    other = visits_of(split=["test"], age=[60.0], haq=[1.0])
    table = table_one(pd.concat([visits, other]))
    assert table.loc[("Age (years), mean (SD)", ""), "Missing"] == "1"


@pytest.mark.parametrize("patients", [1, 2, 3])
def test_table_one_of_very_few_patients(patients):
    visits = visits_of(split=["train", "validation", "test"][:patients], age=[50.0] * patients, male=[1.0] * patients)
    assert table_one(visits).loc[("n", ""), "Overall"] == str(patients)


def test_every_joint_has_a_sheet_and_an_index(taken_in):
    sheets = taken_in / "joint_sheets"
    hands = {kind for kind in JOINT_KINDS if kind.startswith("hand")}
    assert {path.stem for path in sheets.glob("*.png")} == hands
    index = pd.read_csv(sheets / "index.csv")
    assert set(index["joint"]) == hands
    sheet = cv2.imread(str(sheets / "hand_MCP2.png"), cv2.IMREAD_GRAYSCALE)
    tiles = int((index["joint"] == "hand_MCP2").sum())
    assert sheet.shape == (98 * -(-tiles // 10), 980)
    assert sheet.std() > 20


def test_the_page_shows_all_of_it_and_loads_nothing_from_elsewhere(taken_in):
    page = (taken_in / "intake.html").read_text()
    for part in ("<svg", "Table 1", "Agreement of readers", "Crops by joint", "lateral view, not scorable", "HAQ-DI"):
        assert part in page
    for source in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (taken_in / source).is_file()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
