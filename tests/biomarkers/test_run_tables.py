"""Analysis tables from a run's folder alone; runs that are trained and joined are in tests/evaluation/test_pool.py."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.biomarkers.run_tables import analysis_tables
from outcomenet.codebooks import ColumnWords, codebook_rows
from outcomenet.csv_files import write_csv
from outcomenet.errors import UsageError
from outcomenet.runs.run import Run

VISITS = pd.DataFrame(
    {
        "patient_id": ["P", "P", "Q"], "visit_id": ["1", "2", "1"], "planned_visit": [0.0, 1.0, 0.0], "years": [0.0, 1.0, 0.0],
        "site": "A", "treatment": None, "split": ["train", "train", "test"], "fold": 0, "may_be_used": [False, False, True],
        "haq": [1.0, 1.5, 0.5], "score": [0.1, None, 0.3],
    }
)  # fmt: skip
FOLLOW_UP = VISITS.drop_duplicates("patient_id").assign(
    entry_days=10.0, interval_start_days=20.0, interval_end_days=None, cause="censored", event=0
)


@pytest.fixture
def run(tmp_path) -> Run:
    """A run folder of hand-written tables: patient P was learned from, and P's second visit has no films."""
    VISITS.to_parquet(tmp_path / "visits.parquet", index=False)
    FOLLOW_UP.to_parquet(tmp_path / "follow_up.parquet", index=False)
    biomarkers = VISITS[["patient_id", "visit_id", "split", "score"]].iloc[[2, 0]]
    joints = pd.DataFrame({f"joint_{name}": [0.5, 0.25] for name in JOINT_NAMES}, index=biomarkers.index)
    pd.concat([biomarkers, joints], axis=1).to_parquet(tmp_path / "biomarkers.parquet", index=False)
    words = {name: ColumnWords(f"meaning of {name}") for name in [*FOLLOW_UP, *joints]}
    columns = {
        "visits": list(VISITS),
        "follow_up": list(FOLLOW_UP),
        "biomarkers": ["score", *joints],
        "metrics": ["value"],
    }
    book = pd.concat([codebook_rows(table, names, words) for table, names in columns.items()])
    write_csv(book, tmp_path / "codebook.csv")
    (tmp_path / "evaluation.json").write_text(json.dumps({"notes": []}))
    return Run(Path(tmp_path), {"name": "run", "config": {"evaluation": {"randomised": True}}})


def test_every_visit_is_there_once_with_its_joints_and_every_column_is_explained(run):
    tables = analysis_tables(run)
    assert tables.visits[["patient_id", "visit_id"]].values.tolist() == [["P", "1"], ["P", "2"], ["Q", "1"]]
    assert tables.randomised
    assert tables.usable.randomised
    joint = f"joint_{JOINT_NAMES[0]}"
    assert tables.visits[joint].fillna(-1).tolist() == [0.25, -1, 0.5]
    for name in ("visits", "follow_up"):
        assert set(tables.codebook.query("table == @name")["column"]) == set(getattr(tables, name))
    assert not tables.codebook.duplicated(["table", "column"]).any()


def test_usable_leaves_out_whom_the_network_learned_from(run):
    usable = analysis_tables(run).usable
    assert usable.visits["patient_id"].tolist() == usable.follow_up["patient_id"].tolist() == ["Q"]


def test_a_run_without_a_network_has_no_joints(run):
    (run.folder / "biomarkers.parquet").unlink()
    assert not any(name.startswith("joint_") for name in analysis_tables(run).visits)


def test_a_run_of_an_earlier_version_is_told_to_be_evaluated_again(run):
    (run.folder / "follow_up.parquet").unlink()
    with pytest.raises(UsageError, match=r"has no follow_up.parquet: .* Run `outcomenet evaluate"):
        analysis_tables(run)


def test_a_folder_that_is_no_run_and_a_run_that_is_not_evaluated_are_told_so(run, tmp_path):
    with pytest.raises(UsageError, match="is not a run"):
        analysis_tables(tmp_path / "none")
    (run.folder / "evaluation.json").unlink()
    with pytest.raises(UsageError, match="is not evaluated yet"):
        analysis_tables(run)
