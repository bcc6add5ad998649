"""A later intake decodes only what is new, changed or damaged; a killed one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from outcomenet.cli import main
from outcomenet.datasets.dataset import open_dataset
from outcomenet.intake.kept import Kept
from tests.hospital import write_hospital

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
    assert intake(tmp_path) == 0
    assert "is there already, whole, from this very command" in capsys.readouterr().err

    os.utime(cohort[0])  # touched: of the same content, but looked at again by an update
    assert intake(tmp_path) == 0
    capsys.readouterr()
    assert intake(tmp_path, "--update", "True") == 0
    assert "7 of them were cut before" in capsys.readouterr().err
    kept = sorted((tmp_path / "data.films").iterdir())
    assert len(kept) == 8  # what is no longer used is not kept
    kept[-1].write_bytes(kept[-1].read_bytes()[:-3000])  # damaged: decoded again
    assert intake(tmp_path, "--update", "True") == 0
    assert "7 of them were cut before" in capsys.readouterr().err
    assert open_dataset(tmp_path / "data").manifest.fingerprint == first.fingerprint
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def swapped(one, other) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def test_kept_films_that_changed_places_are_decoded_again(cohort, tmp_path, capsys):
    assert intake(tmp_path) == 0
    first = open_dataset(tmp_path / "data").manifest
    swapped(*sorted((tmp_path / "data.films").glob("*.cut"))[:2])
    capsys.readouterr()
    assert intake(tmp_path, "--update", "True") == 0
    assert "6 of them were cut before" in capsys.readouterr().err
    assert open_dataset(tmp_path / "data").manifest == first


def test_a_film_changed_behind_its_time_is_decoded_again(cohort, tmp_path, capsys):
    """As `touch -r` and some copying programs leave it: another picture, the same size and time."""
    assert intake(tmp_path) == 0
    first = open_dataset(tmp_path / "data").manifest
    time = cohort[0].stat().st_mtime_ns
    data = bytearray(cohort[0].read_bytes())
    data[len(data) // 2] ^= 0b100
    cohort[0].write_bytes(data)
    os.utime(cohort[0], ns=(time, time))
    capsys.readouterr()
    assert intake(tmp_path, "--update", "True") == 0
    assert "7 of them were cut before" in capsys.readouterr().err
    assert open_dataset(tmp_path / "data").manifest.fingerprint != first.fingerprint


def test_films_of_one_name_size_and_time_are_kept_apart(tmp_path):
    one, other = (tmp_path / "cohort" / name / "IM1.dcm" for name in ("PAT1", "PAT2"))
    for film, data in ((one, b"one"), (other, b"two")):
        film.parent.mkdir(parents=True)
        film.write_bytes(data)
        os.utime(film, ns=(1, 1))
    kept = Kept(tmp_path / "kept", tmp_path / "cohort")
    names = [kept.name(film, [], ".cut") for film in (one, other)]
    assert len(set(names)) == 2
    for film, name in zip((one, other), names, strict=True):
        kept.write(name, film, film.read_bytes() * 2)
    assert [kept.read(name, film) for film, name in zip((one, other), names, strict=True)] == [b"oneone", b"twotwo"]
    swapped(*(kept.path(name) for name in names))
    assert [kept.read(name, film) for film, name in zip((one, other), names, strict=True)] == [None, None]
    for broken in (b"", b"{}", b"[" * 10_000, b"\xff\n", b'{"key": 1}\nx'):
        kept.path(names[0]).write_bytes(broken)
        assert kept.read(names[0], one) is None
    (kept.folder / "lost+found").mkdir()
    (kept.folder / ".DS_Store").touch()
    Kept(kept.folder, tmp_path / "cohort").forget_unused()
    assert sorted(path.name for path in kept.folder.iterdir()) == [".DS_Store", "lost+found"]


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
    found[0].write_text(found[0].read_text().replace("0.9", "0.8", 1))  # damaged: it still reads well
    assert intake(tmp_path, "--update", "True") == 0
    assert "find joints: 1 films" in capsys.readouterr().err
    assert open_dataset(tmp_path / "data").manifest.files == first.files
    assert (tmp_path / "data" / "landmarks_found.csv").is_file()
