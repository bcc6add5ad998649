"""Data sets are the same bytes every time, and training never opens the truth."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.datasets.dataset import TABLE, open_dataset
from outcomenet.datasets.visit_example import FORMAT
from outcomenet.errors import DataRefused
from outcomenet.intake.build import build_dataset
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "demo.py"


def test_the_same_cohort_gives_the_same_bytes(small_cohort, small_dataset, tmp_path):
    again = build_dataset(
        read_cohort(small_cohort), tmp_path / "again", CropGeometry(32, 0.75), progress=Progress(quiet=True)
    )
    assert again.files == open_dataset(small_dataset).manifest.files


def test_an_altered_data_set_is_refused(small_dataset, tmp_path):
    copy = shutil.copytree(small_dataset, tmp_path / "copy")
    with (copy / TABLE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataRefused, match="SHA-256 differs"):
        open_dataset(copy)


def test_a_data_set_of_another_version_is_refused(small_dataset, tmp_path):
    copy = shutil.copytree(small_dataset, tmp_path / "copy")
    manifest = copy / "dataset.json"
    manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT}', '"format": 1'))
    with pytest.raises(DataRefused, match="build the data set again"):
        open_dataset(copy)


def test_training_never_opens_the_truth(small_dataset, tmp_path):
    code = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    assert not (event == 'open' and '/truth/' in str(arguments[0])), arguments\n"
        "sys.addaudithook(watch)\n"
        "from outcomenet.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    small = "--training.steps 1 --training.batch_size 2 --rungs direct_adjusted --network.encoder.widths 8 8".split()
    command = [sys.executable, "-c", code, "train", str(EXPERIMENT), "--data", str(small_dataset)]
    done = subprocess.run([*command, "--out", str(tmp_path / "run"), *small], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_simulated_cohort_is_taken_in_with_its_own_crop_size(small_cohort, tmp_path, capsys):
    from outcomenet.cli import main

    assert main(["intake", str(small_cohort), "--out", str(tmp_path / "data")]) == 0
    assert open_dataset(tmp_path / "data").manifest.geometry == CropGeometry(32, 0.75)
    assert main(["intake", str(small_cohort), "--out", str(tmp_path / "other"), "--crop-size", "96"]) == 3
    assert "holds crops of 32 px at 0.75 mm, but 96 px" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
