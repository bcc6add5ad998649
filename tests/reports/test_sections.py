"""Sections of the report in words and tables, and what a run folder must have before there is any."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINTS
from outcomenet.cohorts.ledger import KEPT
from outcomenet.errors import DataRefused, UsageError
from outcomenet.reports.examples import example_visits, image_inside
from outcomenet.reports.joint_map import joint_contributions, joint_sentence
from outcomenet.reports.patient_section import _example_note, _origin, kept_with_a_note, left_out, stages, table_one
from outcomenet.reports.report_tables import codebook, measures_of, scale_phrase
from outcomenet.reports.run_folder import read_run


def test_patients_are_told_by_how_they_came_and_how_they_were_divided():
    data = {
        "patients": 700, "visits": 1, "patients_by_source": {"films": 1, "simulated crops": 699},
        "splits": {"train": 500, "elsewhere": 200},
    }  # fmt: skip
    assert _origin(data) == [
        "The data hold 700 patients with 1 visit.",
        "Of these, 1 patient came from film files and 699 patients were simulated straight to joint crops, without a film "
        "file.",
        "They were divided by patient, all visits of a patient together: 500 patients for training and 200 patients for "
        "elsewhere.",
    ]
    assert _origin({}) == []


def test_a_number_that_a_stage_did_not_record_is_a_dash():
    table = stages({"stages": [{"stage": "read films", "unit": "films", "count": 1200, "seconds": 3.25}]})
    assert table is not None
    narrow = "\N{NARROW NO-BREAK SPACE}"
    assert table.rows[0].cells == ["read films", "films", f"1{narrow}200", "3.2", "\N{EN DASH}", "\N{EN DASH}"]
    assert stages({}) is None


def test_films_of_many_visits_are_counted_and_not_all_shown():
    films = pd.DataFrame({"visit_id": [f"P{i}_V" for i in range(30)]})
    assert "films of 30 example visits; the first" in _example_note(films)
    assert _example_note(films[:1]) == "The run folder holds films of 1 example visit."
    assert _example_note(films[:0]) == _example_note(None) == ""


def test_a_scale_has_its_range_unit_and_direction():
    assert scale_phrase("pain", 0).startswith("0 to 100 ")
    assert ", 365 days after the film; " in scale_phrase("future_haq", 365)
    assert scale_phrase("progression", 365).startswith("Predicted as the probability of the event within 365 days")


def test_a_measure_without_words_is_shown_under_its_own_name_and_each_once():
    shown = measures_of(pd.DataFrame({"metric": ["mae", "gini", "mae"]}))
    assert [(measure.name, str(measure.better)) for measure in shown] == [
        ("mae", "lower is better"), ("gini", "no direction"),
    ]  # fmt: skip


def test_numbered_columns_of_the_codebook_are_counted_only():
    columns = ["score", "z000", "z001", "joint_LH_MCP1"]
    rows = pd.DataFrame({"table": "biomarkers", "column": columns, "meaning": "m", "unit": "u", "direction": "d"})
    # columns of the run's other tables are in the file alone
    table = codebook(pd.concat([rows, rows.assign(table="visits")]))
    assert [row.cells[0] for row in table.rows] == ["score"]
    assert "3 numbered joint and embedding columns" in table.caption


def test_the_share_of_end_joints_and_the_joints_nobody_saw_are_said():
    names = [f"joint_{joint.name}" for joint in JOINTS]
    values = pd.DataFrame(np.zeros((4, len(names))), columns=names)
    end = next(name for name, joint in zip(names, JOINTS, strict=True) if joint.site == "DIP2")
    other = next(name for name, joint in zip(names, JOINTS, strict=True) if joint.site == "MCP2")
    values[end] = [0.0, 1.0, 0.0, 1.0]
    values[other] = [0.0, 0.0, 2.0, 2.0]
    values[names[-1]] = np.nan
    biomarkers = values.assign(split="test", patient_id=list("abcd"))
    sentence = joint_sentence(joint_contributions(biomarkers), "HAQ-DI")
    # variances 1/3 and 4/3
    assert "hold 20 % of the summed variance" in sentence
    assert f"Of the {len(JOINTS)} joints, 1 could not be seen in two patients or more." in sentence
    assert joint_sentence(joint_contributions(biomarkers[:1]), "HAQ-DI") == ""


def test_the_ledgers_table_has_what_was_left_out_and_none_of_what_was_kept():
    ledger = pd.DataFrame(
        {"step": "films", "unit": ["film", f"film{KEPT}"], "reason": ["too dark", "mirrored"], "count": [3, 9]}
    )
    table, noted = left_out(ledger), kept_with_a_note(ledger)
    assert table is not None
    assert noted is not None
    assert [row.cells for row in table.rows] == [["films", "film", "too dark", "3"]]
    assert [row.cells for row in noted.rows] == [["films", "film", "mirrored", "9"]]
    assert kept_with_a_note(ledger[:1]) is None


@pytest.fixture
def folder(tmp_path):
    """A run folder with empty files of the required names."""
    for name in ("predictions.parquet", "metrics.csv", "comparisons.csv"):
        (tmp_path / name).write_text("")
    (tmp_path / "record.json").write_text(json.dumps({"name": "first"}))
    return tmp_path


def test_a_report_needs_a_folder(tmp_path):
    with pytest.raises(UsageError, match="A report needs a run folder; .*nowhere is none. Run `outcomenet train`"):
        read_run(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["record.json", "predictions.parquet", "metrics.csv", "comparisons.csv"])
def test_a_file_that_is_not_there_is_named_with_the_command_that_writes_it(folder, name):
    (folder / name).unlink()
    with pytest.raises(UsageError, match=f"A report needs {name}, and .* has none. Run `outcomenet evaluate"):
        read_run(folder)


def test_a_record_without_a_name_is_no_record(folder):
    (folder / "record.json").write_text("{}")
    with pytest.raises(DataRefused, match="must be a JSON object with at least a name; restore it"):
        read_run(folder)


def test_pictures_lie_in_the_run_are_there_and_are_png(tmp_path):
    folder = tmp_path / "examples"
    folder.mkdir()
    (folder / "text.png").write_text("no picture")
    cv2.imwrite(str(tmp_path / "beside.png"), np.zeros((4, 4), np.uint8))
    for name, message in (
        ("../beside.png", r"'\.\./beside\.png' lies outside .*Keep example images inside that folder"),
        ("gone.png", r"'gone\.png' is listed in .* but not there\. Write it or unlist it"),
        ("text.png", "must be a PNG file and is not. Save it as PNG"),
    ):
        with pytest.raises(DataRefused, match=message):
            image_inside(folder, name)


def test_a_side_that_nobody_has_is_refused_with_the_known_ones(tmp_path):
    films = pd.DataFrame({"film_id": ["f"], "side": ["left"], "visit_id": ["P_V"], "png": ["f.png"]})
    with pytest.raises(DataRefused, match=r"names the side 'left'; known are LH, RH, LF, RF\. Correct it"):
        example_visits(tmp_path, films, {})


def test_table_one_names_a_variable_once_and_keeps_the_largest_difference():
    frame = pd.DataFrame(
        {
            "variable": ["age", "sex", "sex", "fm"], "level": ["", "F", "M", "yes"], "train": ["61", "70", "30", "9"],
            "SMD (train,test)": ["-0.12", "<0.01", "", ""], "SMD (train,validation)": ["0.05", "", "", "n/a"],
        }
    )  # fmt: skip
    shown = table_one(frame)
    assert shown.headers == ["Variable", "Train", "Largest SMD"]
    assert [row.cells for row in shown.rows] == [
        ["age", "61", "0.12"], ["sex: F", "70", "<0.01"], ["sex: M", "30", ""], ["fm", "9", "n/a"],
    ]  # fmt: skip
    assert shown.caption == "Patients at their first visit, by split."
    pooled = frame.rename(columns={"train": "Overall"}).drop(columns=[name for name in frame if "SMD" in name])
    assert "all together" in table_one(pooled).caption
