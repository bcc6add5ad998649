"""The command line knows every importer, and says what is missing before it writes anything."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from outcomenet.cli import main
from outcomenet.cohorts.importers.registry import IMPORTERS
from outcomenet.commands.intake import Intake
from outcomenet.datasets.dataset import open_dataset

DONE = "is there already, whole, from this very command"
RAPPORT = Path(__file__).parents[2] / "data" / "rapport_long_coarse.csv"


def test_the_command_offers_every_importer():
    assert get_args(get_type_hints(Intake)["format"]) == ("cohort", *IMPORTERS)


@pytest.mark.parametrize("name", IMPORTERS)
def test_absent_files_are_named_with_the_way_to_them(name, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["intake", str(tmp_path / "empty"), "--format", name, "--out", str(tmp_path / "data")]) == 2
    said = capsys.readouterr().err
    assert "1. " in said
    assert f"--format {name}" in said
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_format_needs_a_place_for_its_cohort_folder(capsys):
    assert main(["intake", str(RAPPORT), "--format", "rapport"]) == 2
    assert "name that with --out" in capsys.readouterr().err


# The command, with a SIGKILL to its own process at the call of {function} that comes after {whole} whole ones.
KILLED = """
import os, signal, sys
from outcomenet.cli import main
import importlib
module = importlib.import_module("{module}")
whole, calls = module.{function}, []
def killed(*arguments, **options):
    if len(calls) == {whole}:
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(whole(*arguments, **options))
module.{function} = killed
sys.exit(main(sys.argv[1:]))
"""
MOMENTS = {
    "in the import": {"module": "outcomenet.cohorts.importers.writing", "function": "write_csv", "whole": 1},
    "between import and intake": {"module": "outcomenet.intake.take_in", "function": "read_cohort", "whole": 0},
    "in the intake": {"module": "outcomenet.intake.assembly", "function": "Assembly.run", "whole": 0},
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=list(MOMENTS))
def test_an_import_that_was_killed_is_gone_on_with_by_the_same_command(tmp_path, capsys, moment):
    arguments = ["intake", str(RAPPORT), "--format", "rapport", "--out", str(tmp_path / "data")]
    killed = subprocess.run([sys.executable, "-c", KILLED.format(**moment), *arguments], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    imported = (tmp_path / "data-cohort").exists()
    assert imported == ("writing" not in moment["module"])
    assert main(arguments) == 0
    assert (f"{tmp_path / 'data-cohort'} {DONE}" in capsys.readouterr().err) == imported
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "data-cohort"]
    assert open_dataset(tmp_path / "data").manifest.patients == 159
    assert main(arguments) == 0
    said = capsys.readouterr().err
    assert f"{tmp_path / 'data-cohort'} {DONE}" in said
    assert f"{tmp_path / 'data'} {DONE}" in said


def test_the_cohort_folder_of_another_table_is_refused_and_left(tmp_path, capsys):
    """The same arguments, but the table has changed since: the first person is gone."""
    table = tmp_path / "table.csv"
    table.write_text(RAPPORT.read_text())
    arguments = ["intake", str(table), "--format", "rapport", "--out", str(tmp_path / "data")]
    assert main(arguments) == 0
    before = (tmp_path / "data-cohort" / "patients.csv").read_bytes()
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if line.split(",")[0] != lines[1].split(",")[0]))
    capsys.readouterr()
    assert main(arguments) == 2
    assert f"{tmp_path / 'data-cohort'} exists already; choose another --out" in capsys.readouterr().err
    assert (tmp_path / "data-cohort" / "patients.csv").read_bytes() == before


def test_public_ids_are_kept_and_a_clinic_gets_pseudonyms():
    assert [name for name, importer in IMPORTERS.items() if not importer.card.deidentified] == ["redcap"]
