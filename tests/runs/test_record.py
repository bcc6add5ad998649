"""The record of a run: written once, found again by the same command, refused where it is another's or was edited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outcomenet.errors import DataRefused, UsageError
from outcomenet.runs.record import RECORD, begin_run, read_record

MADE = {
    "experiment": "a.py",
    "experiment_sha256": "0" * 64,
    "config": {"training": {"steps": 3, "seeds": (1, 2)}},
    "data": {"fingerprint": "f"},
    "times": {"begun": "2026-01-01T00:00:00+00:00"},
}


def edited(run: Path, **changes: object) -> None:
    (run / RECORD).write_text(json.dumps(json.loads((run / RECORD).read_text()) | changes))


def test_the_same_run_begun_again_keeps_its_first_record(tmp_path):
    first = begin_run(tmp_path / "run", MADE)
    later = begin_run(tmp_path / "run", {**MADE, "times": {"begun": "2026-02-02T00:00:00+00:00"}})
    assert later == first == read_record(tmp_path / "run")
    assert first["config"]["training"]["seeds"] == [1, 2]  # as JSON holds it


def test_another_configuration_is_refused_with_the_first_difference(tmp_path):
    begin_run(tmp_path / "run", MADE)
    other = {**MADE, "config": {"training": {"steps": 4, "seeds": (1, 2)}}}
    with pytest.raises(UsageError, match=r"made with another config \(training.steps: was 3, now 4\); choose another"):
        begin_run(tmp_path / "run", other)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"exists and is not a run \(it has no record.json\); choose another --out"):
        begin_run(tmp_path, MADE)
    assert [file.name for file in tmp_path.iterdir()] == ["letters.txt"]


def test_a_run_that_was_killed_while_its_record_was_written_begins_again(tmp_path):
    (tmp_path / f".{RECORD}.partial").write_text('{"experim')

    assert begin_run(tmp_path, MADE) == read_record(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [RECORD]


def test_a_folder_without_record_is_no_run(tmp_path):
    with pytest.raises(UsageError, match=r"is not a run .*; make one with `outcomenet train EXPERIMENT.py`"):
        read_record(tmp_path)


def test_a_record_without_identity_is_refused(tmp_path):
    begin_run(tmp_path, MADE)
    kept = {name: value for name, value in json.loads((tmp_path / RECORD).read_text()).items() if name != "run_id"}
    (tmp_path / RECORD).write_text(json.dumps(kept))
    with pytest.raises(DataRefused, match="does not say which run it is of"):
        read_record(tmp_path)


def test_an_edited_record_is_refused(tmp_path):
    begin_run(tmp_path, MADE)
    edited(tmp_path, data={"fingerprint": "g"})
    with pytest.raises(DataRefused, match="was changed after the run began"):
        read_record(tmp_path)
