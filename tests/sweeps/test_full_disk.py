"""A sweep on a disk that is full, or read-only, says so in a sentence and loses nothing; on one with room it ends. Real small disks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcomenet.cli import main
from outcomenet.sweeps.sweep_folder import Condition, read_state, read_sweep


def mounted(place: Path, options: str) -> bool:
    return (
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True).returncode
        == 0
    )


@pytest.fixture(params=["40k", "90k", "160k"])  # full while it is planned, in a trial, and at the page
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if not mounted(place, f"size={request.param}"):
        pytest.skip("no disk can be mounted here: only root may")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_stops_a_sweep_and_room_lets_it_go_on(disk: Path, rapport: Path, capsys):
    words = ["sweep", "rapport", "--data", str(rapport), "--out", str(disk / "sweep"), "--seeds", "3", "--workers", "1"]

    assert main(words) == 1

    said = capsys.readouterr().err
    assert "no space is left on the disk" in said.lower()
    assert "Traceback" not in said
    subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
    sweep = read_sweep(disk / "sweep") if (disk / "sweep/sweep.json").is_file() else None
    if sweep is not None:  # what was written before the disk was full is whole, and no trial is blamed
        assert Condition.FAILED not in {read_state(sweep, trial).condition for trial in sweep.trials}
    assert main(words) == 0
    sweep = read_sweep(disk / "sweep")
    assert [read_state(sweep, trial).condition for trial in sweep.trials] == [Condition.DONE] * 3


def test_a_read_only_disk_is_refused_in_a_sentence(disk: Path, rapport: Path, capsys):
    words = ["sweep", "rapport", "--data", str(rapport), "--out", str(disk / "sweep"), "--workers", "1"]
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    assert main(words) == 2

    assert "the file system is read-only" in capsys.readouterr().err
