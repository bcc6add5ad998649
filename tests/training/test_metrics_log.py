"""metrics.jsonl at resume: half a line of a killed process goes, a line that somebody changed is named."""

from __future__ import annotations

import json

import pytest

from outcomenet.errors import DataRefused
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
