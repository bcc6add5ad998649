"""The localiser's training: films and samples are functions of their seed, a killed run goes on to the same weights."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.cli import main
from outcomenet.localization.frames import LIMB_WINDOWS
from outcomenet.localization.networks import OF_REGION
from outcomenet.localization.shape_model import fit_shape
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.finder_samples import finder_sample
from outcomenet.localizer_training.held_out_films import held_out_film
from outcomenet.localizer_training.limb_samples import landmark_sample, patch_sample
from outcomenet.localizer_training.looks import Distortion
from outcomenet.localizer_training.source import Source
from outcomenet.progress import Progress
from outcomenet.simulation.landmark_films import FilmVariety

ROOT = Path(__file__).parents[2]
QUIET = Progress(quiet=True)
WIDTHS = {"finder": "8 8 8 8", "landmark": "8 8 8 8", "refiner": "8 8 8"}
TINY = [
    "--hand-films", "6", "--foot-films", "4", "--calibration-films", "3",
    *(word for part, widths in WIDTHS.items() for word in (f"--networks.{part}-widths", *widths.split())),
    *(
        word
        for part in ("finder", "landmarks", "refiner")
        for word in (f"--{part}.steps", "6", f"--{part}.batch-size", "2", f"--{part}.save-every", "2")
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    banks = {region: FilmBank(folder, region, 3, 8, FilmVariety()) for region in Region}
    for bank in banks.values():
        bank.draw(QUIET)
    return Source(banks, {region: fit_shape(bank.points, region).mean for region, bank in banks.items()})


def test_a_bank_that_was_killed_is_drawn_on_and_is_the_same(tmp_path, source):
    whole = source.banks[Region.FOOT]
    part = FilmBank(tmp_path, Region.FOOT, 3, 8, FilmVariety())
    part.draw(QUIET)
    note = tmp_path / "foot.json"
    note.write_text(note.read_text().replace('"done": 8', '"done": 5'))
    with (tmp_path / "foot_points.npy").open("r+b") as file:  # what came after the note is lost
        file.seek(-3 * 8 * 2 * 4, os.SEEK_END)
        file.write(bytes(3 * 8 * 2 * 4))
    again = FilmBank(tmp_path, Region.FOOT, 3, 8, FilmVariety())
    again.draw(QUIET)
    assert np.array_equal(again.points, whole.points)
    assert np.array_equal(
        again.film(7, source.shapes[Region.FOOT]).pixels, whole.film(7, source.shapes[Region.FOOT]).pixels
    )


@pytest.mark.parametrize("sample", [finder_sample, landmark_sample, patch_sample])
def test_a_sample_is_a_function_of_seed_and_number(source, sample):
    first, again, other = sample(source, 1, 4), sample(source, 1, 4), sample(source, 1, 5)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["image"], other["image"])
    assert all(np.isfinite(value).all() for value in first.values())


def test_landmarks_of_a_window_lie_on_what_is_drawn(source):
    # the sample's points against its own picture: finger tips are bright inside and dark beyond, on undisturbed windows
    seen = 0
    for number in range(40):
        sample = landmark_sample(source, 7, number)
        if sample["region"] != 0 or not sample["is_limb"]:
            continue
        own = sample["points"][OF_REGION[Region.HAND]]
        visible = sample["seen"][OF_REGION[Region.HAND]]
        window = LIMB_WINDOWS[Region.HAND]
        assert ((own[visible] > 0) & (own[visible] < (window.columns, window.rows))).all()
        seen += int(visible.sum())
    assert seen > 200


def test_bending_is_undone():
    rng = np.random.default_rng(2)
    points = rng.uniform(-60, 190, (200, 2))
    for _ in range(10):
        bend = Distortion(rng, (10.0, 90.0), rng.uniform(0.7, 1.1), 4.0)
        assert np.abs(bend.undo(bend(points)) - points).max() < 0.4
        assert np.median(np.abs(bend.undo(bend(points)) - points)) < 0.05


def test_a_held_out_films_landmarks_are_its_frame(source):
    bank = source.banks[Region.HAND]
    film = held_out_film(bank, source.shapes[Region.HAND], 1, 2, styled=False)
    names = landmarks_of(Region.HAND)
    back = film.frame.to_limb(film.points)
    # the same limb as in the bank
    drawn = bank.film(2, source.shapes[Region.HAND])
    assert np.allclose(back, drawn.frame.to_limb(drawn.points.astype(float)), atol=1e-3)
    # bone is brighter than the film's corner at every visible joint that is not a tip
    level = [
        film.pixels[int(y), int(x)]
        for (x, y), n, v in zip(film.points, names, film.visible, strict=True)
        if v and "TIP" not in n
    ]
    assert np.median(level) > film.pixels[2, 2] + 0.1


def test_of_landmarks_that_nobody_placed_nothing_is_learned(source):
    film = source.banks[Region.HAND].film(0, source.shapes[Region.HAND])
    unknown = np.zeros(len(film.points), bool)
    unknown[[2, 7]] = True

    class Known:
        count = 1

        def film(self, number, mean_shape):
            return film._replace(unknown=unknown)

    own = Source({Region.HAND: Known(), Region.FOOT: source.banks[Region.FOOT]}, source.shapes)
    windows = [landmark_sample(own, 1, n) for n in range(30)]
    hands = [w for w in windows if w["region"] == 0 and w["is_limb"]]
    assert hands
    assert all(not w["known"][[2, 7]].any() and w["known"][[3, 8]].all() for w in hands)
    patches = np.concatenate([patch_sample(own, 1, n)["landmark"] for n in range(30)])
    assert not np.isin([2, 7], patches).any()


def test_a_run_killed_in_the_middle_ends_with_the_same_weights(tmp_path):
    experiment = str(ROOT / "experiments/localization.py")
    assert main(["train", experiment, "--out", str(tmp_path / "whole"), *TINY]) == 0
    command = [sys.executable, "-m", "outcomenet.cli", "train", experiment, "--out", str(tmp_path / "killed"), *TINY]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    reached = tmp_path / "killed/landmarks/checkpoints/2"
    for _ in range(1200):
        if reached.exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert reached.exists()
    assert not (tmp_path / "killed/weights.safetensors").exists()
    assert main(["train", experiment, "--out", str(tmp_path / "killed"), *TINY]) == 0
    whole, killed = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == killed
    assert (tmp_path / "whole/held_out.csv").read_text() == (tmp_path / "killed/held_out.csv").read_text()


def test_another_experiment_in_the_same_folder_is_refused(tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/notes.txt").write_text("mine")
    assert main(["train", str(ROOT / "experiments/localization.py"), "--out", str(tmp_path / "run"), *TINY]) == 2
    assert "is not a run" in capsys.readouterr().err
