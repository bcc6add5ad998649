"""Another machine or program between training, its going on, evaluation and pooling is told and kept."""

from __future__ import annotations

import json

from outcomenet.cli import main
from outcomenet.evaluation.pool import pool_runs
from outcomenet.progress import Progress
from outcomenet.runs.chain import EVALUATION, read_evaluation
from outcomenet.runs.environment import environment
from outcomenet.runs.record import read_record
from outcomenet.workflow import gone_on


def test_an_evaluation_elsewhere_says_so_and_the_report_too(run, tables_only, monkeypatch, capsys):
    elsewhere = environment() | {"cores": 64}
    monkeypatch.setattr("outcomenet.workflow.environment", lambda: elsewhere)
    (run / EVALUATION).unlink()
    assert main(["evaluate", str(run), "--data", str(tables_only)]) == 0
    own = read_record(run)["cores"]
    said = f"Trained and used under different conditions: the number of cores (was {own}, now 64). Numbers may differ."
    assert f"Note: {said}" in capsys.readouterr().out
    assert said in read_evaluation(run)["notes"]
    assert read_evaluation(run)["environment"]["cores"] == 64
    assert main(["report", str(run)]) == 0
    assert said in (run / "report.html").read_text()


def test_parts_that_were_made_under_different_conditions_are_pooled_with_a_note(
    three, tables_only, monkeypatch, capsys
):
    elsewhere = environment() | {"devices": ["8 x gpu: H200"]}
    with monkeypatch.context() as patched:
        patched.setattr("outcomenet.workflow.environment", lambda: elsewhere)
        (three[1] / EVALUATION).unlink()
        assert main(["evaluate", str(three[1]), "--data", str(tables_only)]) == 0
    pool_runs(three, three[0].parent / "all")
    notes = read_evaluation(three[0].parent / "all")["notes"]
    assert any("f1 was evaluated under other conditions than f0: the devices" in note for note in notes)


def test_training_that_goes_on_elsewhere_records_it(run, capsys):
    record = read_record(run)
    assert gone_on(record, record, Progress()) == record
    assert capsys.readouterr().err == ""
    now = json.loads(json.dumps(record)) | {"source_sha256": "0" * 64}
    changed = gone_on(record, now, Progress())
    assert changed["conditions"] == [
        "This training goes on under other conditions than it began with: the program's source (was "
        f"{record['source_sha256'][:12]}, now 000000000000). Numbers may differ."
    ]
    assert capsys.readouterr().err.startswith("Warning: This training goes on under other conditions")
