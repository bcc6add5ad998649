"""metrics.jsonl at resume: half a line of a killed process goes, a line that somebody changed is named."""

from __future__ import annotations

import json

import numpy as np
import pytest

from outcomenet.errors import DataRefused, TrainingDiverged
from outcomenet.training.loop import MetricsLog


def lines(*steps: int) -> str:
    return "".join(json.dumps({"step": step, "loss": 1.0}) + "\n" for step in steps)


def test_what_was_logged_after_the_step_or_only_begun_is_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(lines(20, 40, 60) + '{"step": 80, "lo')
    MetricsLog(path, 40)
    assert path.read_text() == lines(20, 40)


@pytest.mark.parametrize(
    "line", ["{}", "[1]", "null", '{"step": "x"}', "not JSON", '{"step": Infinity}', "[" * 100_000]
)
def test_a_line_that_is_none_is_named(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    path.write_text(f"{lines(20)}{line}\n{lines(60)}")
    with pytest.raises(DataRefused, match="line 2: expected a JSON object with a step"):
        MetricsLog(path, 40)
    assert path.read_text() == f"{lines(20)}{line}\n{lines(60)}"


def test_a_flipped_bit_is_named_too(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(lines(20).encode() + lines(40).encode().replace(b"step", b"st\xe5p"))
    with pytest.raises(DataRefused, match="line 2: expected a JSON object with a step"):
        MetricsLog(path, 40)


def test_a_loss_that_is_not_finite_stops_training_after_it_is_logged(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl", 0)
    with pytest.raises(TrainingDiverged, match=r"The loss of direct is nan at step 20.* lower optimiser.learning_rate"):
        log.write(20, {"direct": {"loss": np.float32("nan")}, "direct_adjusted": {"loss": np.float32(1)}}, 1.0)
    assert [json.loads(line)["predictor"] for line in log.path.read_text().splitlines()] == ["direct"]


def test_the_last_rungs_loss_is_given_back(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl", 0)
    metrics = {
        "direct": {"loss": np.float32(2)},
        "direct_adjusted": {"loss": np.float32(0.25), "haq": np.float32(0.125)},
    }
    assert log.write(20, metrics, 1.234) == 0.25
    last = json.loads(log.path.read_text().splitlines()[-1])
    assert last == {"step": 20, "predictor": "direct_adjusted", "loss": 0.25, "haq": 0.125, "seconds": 1.23}
