"""A result that was whole when the process was killed is recognised by the same command, and by no other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from outcomenet.cli import main

SIMULATE = ["--patients", "4", "--films", "crops", "--crop-size", "32", "--mm-per-pixel", "0.75"]
DONE = "is there already, whole, from this very command"


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "cohort"
    assert main(["simulate", str(out), *SIMULATE]) == 0
    return out


def test_a_finished_simulation_is_recognised_and_another_one_refused(cohort, capsys):
    before = content(cohort)
    assert main(["simulate", str(cohort), *SIMULATE]) == 0
    assert DONE in capsys.readouterr().err
    assert main(["simulate", str(cohort), *SIMULATE, "--seed", "1"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert content(cohort) == before


@pytest.mark.parametrize("command", ["intake", "build"])
def test_a_finished_data_set_is_recognised_until_its_cohort_changes(cohort, tmp_path, capsys, monkeypatch, command):
    """Nothing of TFDS stays in the folder for temporary files."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    own = shutil.copytree(cohort, tmp_path / "cohort")
    arguments = [command, str(own), "--out", str(tmp_path / "data")]
    assert main(arguments) == 0
    assert not list(temporary.iterdir())
    before = content(tmp_path / "data")
    capsys.readouterr()
    assert main(arguments) == 0
    assert DONE in capsys.readouterr().err
    assert main([*arguments, "--split-by", "site"]) == 2
    with (own / "visits.csv").open("a") as file:
        file.write("\n")
    assert main(arguments) == 2
    assert "--update True" in capsys.readouterr().err
    assert content(tmp_path / "data") == before
