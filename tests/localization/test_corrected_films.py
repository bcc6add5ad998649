"""A user's films as training films: half of the looks are at them, and films that say too little are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.errors import UndefinedMetric, UsageError
from outcomenet.localization.frames import ANCHORS, frame_of
from outcomenet.localization.placed import PlacedLimb
from outcomenet.localization.weights import load_weights
from outcomenet.localizer_training.calibrate import calibrated
from outcomenet.localizer_training.corrected_films import LEAST_LANDMARKS, corrected_films
from outcomenet.localizer_training.film_bank import SPACING_MM, FilmBank, MixedBank
from outcomenet.localizer_training.finder_samples import finder_sample
from outcomenet.localizer_training.source import Source
from outcomenet.picture_files import write_png
from outcomenet.simulation.landmark_films import FilmVariety

NAMES = landmarks_of(Region.FOOT)


@pytest.fixture(scope="module")
def weights():
    return load_weights()


@pytest.fixture(scope="module")
def shapes(weights):
    return {region: shape.mean for region, shape in weights.shapes.items()}


def bank(folder: Path, films: int = 10) -> FilmBank:
    return FilmBank(folder, Region.FOOT, 3, films, FilmVariety())


def corrected(folder: Path, shapes, names=NAMES, *, thumb_right: bool, complete: bool = False):
    frame = frame_of(np.array([300.0, 300.0]), 0.2, 4.0, thumb_right, ANCHORS[Region.FOOT])
    places = frame.to_film(shapes[Region.FOOT])
    points = {name: tuple(map(float, places[NAMES.index(name)])) for name in names}
    film = folder / "foot.png"
    write_png(film, np.random.default_rng(0).integers(0, 255, (600, 640)).astype(np.uint8))
    return corrected_films(shapes, {film: [PlacedLimb(Region.FOOT, points, "", complete)]})


@pytest.mark.parametrize(("own", "count"), [(0, 10), (1, 20), (3, 19), (40, 10)])
def test_about_half_of_the_looks_are_at_the_users_films(tmp_path, own, count):
    films = [object() for _ in range(own)]
    mixed = MixedBank(bank(tmp_path), films)
    assert mixed.count == count
    assert [mixed.film(number, None) for number in range(10, count)] == [films[n % own] for n in range(count - 10)]


@pytest.mark.parametrize("thumb_right", [True, False])
def test_a_corrected_limb_becomes_a_left_one_at_the_banks_scale(tmp_path, shapes, thumb_right):
    films = corrected(tmp_path, shapes, NAMES[:-1], thumb_right=thumb_right)
    assert films[Region.HAND] == []
    (film,) = films[Region.FOOT]
    assert film.frame.thumb_right
    assert film.frame.px_per_mm == pytest.approx(1 / SPACING_MM, rel=0.01)
    # every landmark, the one that was not placed too, lies where the mean shape has it
    assert film.frame.to_limb(film.points.astype(float)) == pytest.approx(shapes[Region.FOOT], abs=0.2)
    assert film.known.tolist() == [True] * (len(NAMES) - 1) + [False]
    assert not film.missing.any()


def test_what_a_complete_file_leaves_out_is_not_to_be_seen(tmp_path, shapes):
    (film,) = corrected(tmp_path, shapes, NAMES[1:], thumb_right=True, complete=True)[Region.FOOT]
    assert film.missing.tolist() == [True] + [False] * (len(NAMES) - 1)
    assert film.known.all()


def test_limbs_of_few_landmarks_teach_nothing(tmp_path, shapes):
    names = ("BASE1", "MTP1", "MTP2", "MTP3", "MTP5")
    with pytest.raises(UsageError, match=rf"at least {LEAST_LANDMARKS} corrected landmarks.*no limb .* has as many"):
        corrected(tmp_path, shapes, names, thumb_right=True)


def test_a_film_that_cannot_be_decoded_is_named(tmp_path, shapes):
    limb = PlacedLimb(Region.FOOT, dict.fromkeys(NAMES, (1.0, 1.0)), "L")
    with pytest.raises(UsageError, match=r"A corrected film cannot be read: .*gone\.png"):
        corrected_films(shapes, {tmp_path / "gone.png": [limb]})


def test_the_finder_is_never_trained_on_corrected_films(tmp_path, shapes):
    source = Source({region: MixedBank(bank(tmp_path), []) for region in Region}, shapes)
    with pytest.raises(TypeError, match="learns from simulated films alone, got a MixedBank"):
        [finder_sample(source, 1, number) for number in range(20)]  # some of the finder's films show no limb


def test_calibration_without_films_says_what_it_needs(weights):
    with pytest.raises(UndefinedMetric, match="there are 0. Train longer or draw more calibration_films"):
        calibrated(weights, [])
