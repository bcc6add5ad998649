"""The command line knows every importer, and says what is missing before it writes anything."""

from __future__ import annotations

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from outcomenet.cli import main
from outcomenet.cohorts.importers.registry import IMPORTERS
from outcomenet.commands.intake import Intake

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


def test_public_ids_are_kept_and_a_clinic_gets_pseudonyms():
    assert [name for name, importer in IMPORTERS.items() if not importer.card.deidentified] == ["redcap"]
