"""The command line as a new user meets it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outcomenet.cli import COMMANDS, main


def test_help_lists_every_command_and_nothing_else(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in COMMANDS)
    assert "reproduce" not in text


def test_an_unknown_command_is_answered_with_the_nearest(capsys):
    assert main(["simulat"]) == 2
    assert "Did you mean simulate" in capsys.readouterr().err


def test_an_empty_folder_is_refused_and_only_the_fault_is_written(tmp_path, capsys):
    (tmp_path / "cohort").mkdir()
    assert main(["intake", str(tmp_path / "cohort"), "--out", str(tmp_path / "data")]) == 3
    said = capsys.readouterr().err
    assert "an empty folder" in said
    assert f"All of them stand in {tmp_path / 'data.faults.csv'}" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "data.faults.csv"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--patients", "-5"], "Setting patients (of Simulate) is a whole number from 1"),
        (["--preset", "defualt"], "Did you mean default"),
        (["--set", "hidden_signl=0"], "Did you mean hidden_signal"),
    ],
)
def test_a_wrong_simulation_is_answered_in_a_sentence(tmp_path, capsys, arguments, sentence):
    assert main(["simulate", str(tmp_path / "out"), *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_command_needs_its_folder(tmp_path, capsys):
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "is not a run" in capsys.readouterr().err


def test_every_word_on_how_long_the_demo_takes_holds_for_the_measured_time():
    root = Path(__file__).parents[1]
    measured = re.search(r"It took (\d+\.\d) minutes", (root / "docs" / "results.md").read_text())
    assert measured is None or float(measured[1]) < 10
    assert "(under 10 minutes)" in COMMANDS["demo"].help
    assert "Time:      under 10 minutes on 2 CPU cores" in (root / "experiments" / "demo.py").read_text()
