"""What an intake says beside the data set: the flow adds up, Table 1 is right by hand, sheets show every joint."""

from __future__ import annotations

import re
import xml.etree.ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_KINDS
from outcomenet.cli import main
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.dataset import LEDGER
from outcomenet.intake.account.flow import flow_of, flow_table
from outcomenet.intake.account.flow_diagram import flow_svg
from outcomenet.intake.account.intake_page import _ledger
from outcomenet.intake.account.table_one import table_one
from tests.hospital import write_hospital


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


TEN = 10 * ["train"] + 10 * ["test"]


def test_table_one_by_hand():
    table = table_one(
        visits_of(
            split=["train"] * 3 + ["test"] * 3, age=[40.0, 50.0, 60.0, 50.0, 60.0, 70.0],
            male=[1.0, 0.0, 0.0, 1.0, 1.0, np.nan], svdh_total=[1.0, 2.0, 30.0, 4.0, 5.0, 6.0],
        )
    )  # fmt: skip
    ages = table.loc[("Age (years), mean (SD)", "")]
    assert ages[["Overall", "train", "test"]].tolist() == ["55.0 (10.5)", "50.0 (10.0)", "60.0 (10.0)"]
    men = table.loc[("Male sex, n (%)", "yes")]
    assert men[["Missing", "train", "test"]].tolist() == ["1", "1 (33.3)", "2 (100.0)"]
    assert table.loc[("Sharp/van der Heijde total (0-448), median [Q1,Q3]", ""), "train"] == "2.0 [1.5,16.0]"


@pytest.mark.parametrize("older", ["train", "test"])
def test_standardised_differences_are_absolute_and_right_by_hand(older):
    # ages one SD (6.055 of 1, 3, ... 19) apart; 5 and 8 of 10 men: |.5 - .8| / sqrt((.25 + .16) / 2), Yang & Dalton 2012
    spread = np.arange(1.0, 20.0, 2.0)
    younger = [spread, spread + spread.std(ddof=1)]
    table = table_one(
        visits_of(
            split=TEN, age=np.concatenate(younger if older == "test" else younger[::-1]),
            male=[1.0] * 5 + [0.0] * 5 + [1.0] * 8 + [0.0] * 2,
        )
    )  # fmt: skip
    assert table.loc[("Age (years), mean (SD)", ""), "SMD (test,train)"] == "1.000"
    assert float(table.loc[("Male sex, n (%)", "yes"), "SMD (test,train)"]) == pytest.approx(0.6626, abs=6e-4)


@pytest.mark.parametrize("known", [1, 2, 9])
def test_no_standardised_difference_of_fewer_than_ten_patients(known):
    ages = np.concatenate([np.arange(50.0, 60.0), np.where(np.arange(10) < known, 70.0 + np.arange(10), np.nan)])
    table = table_one(visits_of(split=TEN, age=ages, crp=np.arange(20.0)))
    assert table.loc[("Age (years), mean (SD)", ""), "SMD (test,train)"] == "\N{EN DASH}"
    assert float(table.loc[("C-reactive protein (mg/L), median [Q1,Q3]", ""), "SMD (test,train)"]) > 0


def test_what_is_undefined_is_a_dash_and_never_nan():
    visits = visits_of(
        split=[*TEN, "validation"],
        age=[*np.arange(20.0), np.nan],
        das28=[3.0] * 20 + [4.0],
        crp=[*np.arange(20.0), np.nan],
    )
    table = table_one(visits)
    assert table.loc[("Age (years), mean (SD)", ""), "validation"] == "\N{EN DASH}"
    assert table.loc[("C-reactive protein (mg/L), median [Q1,Q3]", ""), "validation"] == "\N{EN DASH}"
    assert table.loc[("DAS28 (units), mean (SD)", ""), "validation"] == "4.0 (\N{EN DASH})"  # one patient has no SD
    assert table.loc[("DAS28 (units), mean (SD)", ""), "SMD (test,train)"] == "\N{EN DASH}"  # nobody differs
    assert not table.apply(lambda column: column.str.contains("nan|inf")).to_numpy().any()


def test_a_count_of_one_patient_keeps_its_percentage():
    table = table_one(visits_of(split=[*TEN, "validation"], male=[*[1.0] * 20, 0.0], age=[*np.arange(20.0), 44.0]))
    assert table.loc[("Male sex, n (%)", "yes"), "validation"] == "0 (0.0)"
    assert table.loc[("Age (years), mean (SD)", ""), "validation"] == "44.0 (\N{EN DASH})"


def test_haq_stands_once_and_with_two_decimals(taken_in):
    table = pd.read_csv(taken_in / "table1.csv", dtype=str)
    rows = table[table["variable"].str.contains("HAQ")]
    assert len(rows) == 1
    assert re.fullmatch(r"\d\.\d\d \(\d\.\d\d\)", rows["Overall"].item())


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
    unlike = set(pd.read_csv(taken_in / "unlike_joints.csv")["joint"])  # masked: nobody looks at them
    hands = {kind for kind in JOINT_KINDS if kind.startswith("hand") and kind.removeprefix("hand_") not in unlike}
    assert len(unlike) <= 1
    assert {path.stem for path in sheets.glob("*.png")} == hands
    index = pd.read_csv(sheets / "index.csv")
    assert set(index["joint"]) == hands
    sheet = cv2.imread(str(sheets / "hand_MCP2.png"), cv2.IMREAD_GRAYSCALE)
    tiles = int((index["joint"] == "hand_MCP2").sum())
    assert sheet.shape == (98 * -(-tiles // 10), 980)
    assert sheet.std() > 20


def test_who_stays_does_not_read_as_left_out(tmp_path):
    ledger = Ledger()
    ledger.add("films", "film", "lateral view, not scorable", 1)
    ledger.flag("follow-up table", "patient", "no row in follow_up.csv: no scored film", 72)
    ledger.to_frame().to_csv(tmp_path / LEDGER, index=False)
    lateral, unscored = (row.cells for row in _ledger(tmp_path).rows)
    assert lateral == ["lateral view, not scorable", "left out", "films", "film", "1"]
    assert unscored == ["no row in follow_up.csv: no scored film", "kept, noted", "follow-up table", "patient", "72"]


def test_the_page_is_one_file_that_can_be_mailed(taken_in):
    page = (taken_in / "intake.html").read_text()
    for part in (
        'class="flow"',
        "Table 1",
        "Agreement of readers",
        "Crops by joint",
        "lateral view, not scorable",
        "HAQ-DI",
    ):
        assert part in page
    sources = re.findall(r'(?:src|href|srcset)="([^"]+)"', page)
    assert len(sources) > len(list((taken_in / "joint_sheets").glob("*.png")))
    assert all(source.startswith("data:") for source in sources)
    assert not re.search(r"https?:|url\(|<script|@import", page)
    assert len(page) < 5_000_000


def test_every_sheet_is_on_the_page(taken_in):
    page = (taken_in / "intake.html").read_text()
    for path in (taken_in / "joint_sheets").glob("*.png"):
        assert f'alt="crops of {path.stem.replace("_", " ")}"' in page
