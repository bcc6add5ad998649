"""Nothing that a cohort folder holds beside its named files gets into a data set, and nothing is read through a link."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from outcomenet.cli import main
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.datasets.manifest import TRUTH_FILES
from outcomenet.errors import DataRefused
from outcomenet.intake.documents import _copy_truth

TABLES = ("cohort.toml", "patients.csv", "visits.csv", "scores.csv", "events.csv", "measurements.csv")


@pytest.fixture
def hospital(tmp_path) -> Path:
    """A cohort of people without films, small enough to be taken in by the command."""
    folder = tmp_path / "cohort"
    folder.mkdir()
    (folder / "cohort.toml").write_text('name = "A"\nlicence = "none"\n')
    (folder / "patients.csv").write_text(
        "patient_id,sex,birth_year,site\n" + "".join(f"N{n},F,1950,A\n" for n in range(30))
    )
    rows = "".join(f"N{n},V1,2015-03-{n % 28 + 1:02d},1.125\n" for n in range(30))
    (folder / "visits.csv").write_text("patient_id,visit_id,date,haq_di\n" + rows)
    return folder


@pytest.fixture(autouse=True)
def _nothing_hangs():
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits for a pipe"))
    signal.alarm(60)
    yield
    signal.alarm(0)


def test_a_truth_that_was_not_simulated_is_left_where_it_is(hospital, tmp_path):
    secret = tmp_path / "config"
    secret.mkdir()
    (secret / "intake.key").write_text("SECRET")
    (hospital / "truth").symlink_to(secret)
    assert main(["intake", str(hospital), "--out", str(tmp_path / "one")]) == 0
    (hospital / "truth").unlink()
    shutil.copytree(secret, hospital / "truth")
    (hospital / "truth" / "joints.csv").write_text("SECRET")
    assert main(["intake", str(hospital), "--out", str(tmp_path / "two")]) == 0
    for data in (tmp_path / "one", tmp_path / "two"):
        assert not (data / "truth").exists()
        assert not [path for path in data.rglob("*") if path.is_file() and b"SECRET" in path.read_bytes()]


def test_of_a_simulated_truth_the_named_files_are_taken(tmp_path):
    source = tmp_path / "truth"
    source.mkdir()
    for name in (*TRUTH_FILES, "notes.txt"):
        (source / name).write_text(name)
    (source / "more").mkdir()
    _copy_truth(source, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(TRUTH_FILES)
    _copy_truth(tmp_path / "absent", tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("linked", ["folder", "file", "dangling"])
def test_a_link_in_a_simulated_truth_is_refused(tmp_path, linked):
    real = tmp_path / "real"
    real.mkdir()
    (real / "joints.csv").write_text("SECRET")
    source = tmp_path / "truth"
    if linked == "folder":
        source.symlink_to(real)
    else:
        source.mkdir()
        (source / "joints.csv").symlink_to(real / ("joints.csv" if linked == "file" else "absent.csv"))
    with pytest.raises(DataRefused, match="is a link; nothing is copied through it"):
        _copy_truth(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def make(kind: str, path: Path, elsewhere: Path) -> None:
    """Something at `path` that is no plain file."""
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a socket":
        os.chdir(path.parent)  # a socket's path must be short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    else:
        elsewhere.write_text("x")
        path.symlink_to("/dev/zero" if kind == "a device" else elsewhere)


@pytest.mark.parametrize("file", TABLES)
@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a socket", "a link", "a device"])
def test_a_table_that_is_no_plain_file_is_one_fault(cohort_tables, tmp_path, monkeypatch, kind, file):
    monkeypatch.chdir(tmp_path)
    (cohort_tables / file).unlink(missing_ok=True)
    make(kind, cohort_tables / file, tmp_path / "elsewhere")
    with pytest.raises(CohortRefused) as refused:
        read_cohort(cohort_tables)
    (fault,) = [fault for fault in refused.value.faults if fault.rule == "no_plain_file"]
    shown = "a link" if kind == "a device" else kind  # the device is reached by a link, which is not followed
    assert (fault.file, fault.value) == (file, shown)


@pytest.fixture
def cohort_tables(hospital) -> Path:
    return hospital
