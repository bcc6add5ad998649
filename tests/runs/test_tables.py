"""Tables of a run: what is text stays text, and a table that lacks something is refused by name."""

from __future__ import annotations

import math

import pytest

from outcomenet.errors import DataRefused
from outcomenet.runs.typed_tables import TABLE_ONE, TRAINING, read_table, read_table_if_there


def test_a_name_that_looks_like_a_number_or_a_gap_stays_a_name(tmp_path):
    (tmp_path / "audits.csv").write_text("audit,question,judgement,finding\n007,NA,pass,\n")
    row = read_table(tmp_path, "audits.csv").iloc[0]
    assert row.to_dict() == {"audit": "007", "question": "NA", "judgement": "pass", "finding": ""}


def test_an_empty_number_is_missing_and_an_empty_text_is_empty(tmp_path):
    header = "predictor,outcome,horizon,subgroup,metric,value,lower,upper,n,events\n"
    (tmp_path / "metrics.csv").write_text(f"{header}covariates,haq,0,,r2,,0.1,nan,20,\n")
    row = read_table(tmp_path, "metrics.csv").iloc[0]
    assert row["subgroup"] == ""
    assert row["lower"] == 0.1
    assert all(math.isnan(row[name]) for name in ("value", "upper", "events"))


def test_table_one_is_finished_text(tmp_path):
    (tmp_path / TABLE_ONE).write_text("variable,level,Overall\nage,,61.0\n")
    assert read_table(tmp_path, TABLE_ONE).iloc[0].tolist() == ["age", "", "61.0"]


def test_parts_of_the_loss_are_columns(tmp_path):
    (tmp_path / TRAINING).write_text('{"step": 1, "part": {"haq": 0.5}}\n{"step": 2, "part": {"haq": 0.25}}\n')
    assert read_table(tmp_path, TRAINING)["part.haq"].tolist() == [0.5, 0.25]


def test_a_torn_line_of_the_log_is_named(tmp_path):
    (tmp_path / TRAINING).write_text('{"step": 1}\n{"step": 2, "lo')
    with pytest.raises(DataRefused, match=r"Line 2 of .*metrics\.jsonl is not JSON .* Delete that line or train"):
        read_table(tmp_path, TRAINING)


def test_columns_that_are_not_there_are_named_with_the_command_that_writes_them(tmp_path):
    (tmp_path / "flow.csv").write_text("step,count\nCohort,3\n")
    with pytest.raises(DataRefused, match=r"lacks the columns unit, excluded, reason\. Run `outcomenet evaluate"):
        read_table(tmp_path, "flow.csv")


def test_a_table_that_not_every_run_has_may_be_absent_but_not_broken(tmp_path):
    assert read_table_if_there(tmp_path, "ledger.csv") is None
    (tmp_path / "ledger.csv").write_text("step,unit\n")
    with pytest.raises(DataRefused, match="lacks the columns reason, count"):
        read_table_if_there(tmp_path, "ledger.csv")
