"""A later intake decodes only what is new, changed or damaged; a killed one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from hospital import write_hospital

from outcomenet.cli import main
from outcomenet.datasets.dataset import open_dataset

DEIDENTIFIED = "deidentified = true\n"


@pytest.fixture
def cohort(tmp_path):
    return write_hospital(tmp_path / "cohort", patients=4, toml=DEIDENTIFIED)


def intake(folder, *more: str) -> int:
    return main(["intake", str(folder / "cohort"), "--out", str(folder / "data"), *more])


def test_a_second_intake_decodes_only_what_is_new_or_changed(cohort, tmp_path, capsys):
    assert intake(tmp_path) == 0
    first = open_dataset(tmp_path / "data").manifest
    kept = sorted((tmp_path / "data.films").iterdir())
    assert len(kept) == 8
    assert intake(tmp_path) == 2
    assert "--update True" in capsys.readouterr().err

    os.utime(cohort[0])  # touched: looked at again
    assert intake(tmp_path, "--update", "True") == 0
    assert "7 of them were cut before" in capsys.readouterr().err
    kept = sorted((tmp_path / "data.films").iterdir())
    assert len(kept) == 8  # what is no longer used is not kept
    kept[-1].write_bytes(kept[-1].read_bytes()[:-3000])  # damaged: decoded again
    assert intake(tmp_path, "--update", "True") == 0
    assert "7 of them were cut before" in capsys.readouterr().err
    assert open_dataset(tmp_path / "data").manifest.fingerprint == first.fingerprint
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_other_settings_decode_anew(cohort, tmp_path, capsys):
    assert intake(tmp_path) == 0
    capsys.readouterr()
    assert intake(tmp_path, "--update", "True", "--crop-size", "64") == 0
    assert "were cut before" not in capsys.readouterr().err
    assert open_dataset(tmp_path / "data").manifest.crop_size_px == 64


def test_a_killed_intake_goes_on(tmp_path):
    write_hospital(tmp_path / "cohort", patients=30, toml=DEIDENTIFIED)
    command = [
        sys.executable,
        "-m",
        "outcomenet.cli",
        "intake",
        str(tmp_path / "cohort"),
        "--out",
        str(tmp_path / "data"),
    ]
    process = subprocess.Popen([*command, "--workers", "1"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    store = tmp_path / "data.films"
    while process.poll() is None and not (store.is_dir() and len(list(store.iterdir())) > 5):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(list(store.glob("*.cut")))
    assert 5 <= before < 60
    assert not (tmp_path / "data").exists()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{before} of them were cut before" in done.stderr
    assert main(["intake", str(tmp_path / "cohort"), "--out", str(tmp_path / "whole")]) == 0
    assert open_dataset(tmp_path / "whole").manifest.files == open_dataset(tmp_path / "data").manifest.files


def test_joints_are_looked_for_once(tmp_path, capsys):
    films = write_hospital(tmp_path / "cohort", patients=2, toml=DEIDENTIFIED, placed=lambda patient: False)
    assert intake(tmp_path) == 0
    first = open_dataset(tmp_path / "data").manifest
    assert "find joints: 4 films" in capsys.readouterr().err
    os.utime(films[0])
    found = sorted((tmp_path / "data.films").glob("*.found"))
    assert len(found) == 4
    assert intake(tmp_path, "--update", "True") == 0
    assert "find joints: 1 films" in capsys.readouterr().err
    found = sorted((tmp_path / "data.films").glob("*.found"))
    found[0].write_text(found[0].read_text()[:-20])  # damaged
    assert intake(tmp_path, "--update", "True") == 0
    assert "find joints: 1 films" in capsys.readouterr().err
    assert open_dataset(tmp_path / "data").manifest.files == first.files
    assert (tmp_path / "data" / "landmarks_found.csv").is_file()
