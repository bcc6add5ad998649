"""Reference of the pretrained encoder: its distance, its false alarms, and joints that are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import ledoit_wolf

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, JOINT_KIND_INDEX, Joint, joints_of
from outcomenet.errors import DataRefused
from outcomenet.films.film import Film
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localization.limb_crops import cut_limb
from outcomenet.models.embedding_reference import FALSE_ALARMS, FALSE_MASKS, LEVELS, UNLIKE_FROM
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.joint_distances import shipped_distances
from outcomenet.models.joint_states import JointNetConfig
from outcomenet.models.joint_weights import JointWeights, load_joint_weights, save_joint_weights
from outcomenet.pretraining.reference_joints import add_reference, fitted
from outcomenet.progress import Progress
from tests.real_films import LandmarkedFilm, landmarked_films

DATA = Path(__file__).parents[1] / "data"
FEATURES = 5
KINDS = np.array(JOINT_KIND_INDEX)


def embeddings(seed: int, films: int) -> tuple[np.ndarray, np.ndarray]:
    """Films whose joints are correlated normal numbers, of each kind around its own mean; one in ten joints is not there."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(KINDS.max() + 1, FEATURES, FEATURES))
    values = np.einsum("jab,fjb->fja", mixing[KINDS], rng.normal(size=(films, JOINT_COUNT, FEATURES))) + KINDS[:, None]
    return values, rng.random((films, JOINT_COUNT)) < 0.9


@pytest.fixture(scope="module")
def reference():
    return fitted(*embeddings(1, 300), *embeddings(2, 300))


def test_the_distance_is_mahalanobis_up_to_one_factor_of_each_kind(reference):
    seen, present = embeddings(1, 300)
    kind = np.flatnonzero(KINDS == KINDS[7])
    off = np.concatenate([seen[present[:, joint], joint] - seen[present[:, joint], joint].mean(0) for joint in kind])
    inverse = np.linalg.inv(ledoit_wolf(off, assume_centered=True)[0])
    films, _ = embeddings(3, 20)
    mean = seen[present[:, 7], 7].mean(0)
    expected = np.array([mahalanobis(film[7], mean, inverse) for film in films])
    ratio = reference.distances(films)[:, 7] / expected
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-6)
    assert (np.diff(reference.quantiles) > 0).all()
    assert reference.limit(FALSE_ALARMS) == pytest.approx(UNLIKE_FROM)
    assert reference.limit(FALSE_MASKS) == pytest.approx(reference.quantiles[-1])


def test_false_alarms_on_further_films_are_those_that_were_asked_for(reference):
    films, present = embeddings(4, 600)
    told = reference.distances(films)[present]
    for share in (1 - LEVELS[4], FALSE_ALARMS, FALSE_MASKS):
        # 31,000 joints; limits come from 15,700
        assert (told > reference.limit(share)).mean() == pytest.approx(share, rel=0.35)


def test_a_joint_in_the_place_of_another_lies_far(reference):
    films, present = embeddings(5, 50)
    elsewhere = reference.distances(np.roll(films, 5, axis=1))
    assert np.median(elsewhere) > 2 * np.median(reference.distances(films)[present])


def test_a_weights_file_holds_its_reference_or_none(tmp_path, reference):
    path = tmp_path / "w.safetensors"
    weights = JointWeights(JointNetConfig(CnnConfig(4, (8, 8), FEATURES)).build(16, 0), 16, 1.0, {"seed": 0})
    save_joint_weights(weights, path)
    assert load_joint_weights(path).reference is None
    save_joint_weights(replace(weights, reference=reference), path)
    loaded = load_joint_weights(path).reference
    films, _ = embeddings(6, 3)
    np.testing.assert_allclose(loaded.distances(films), reference.distances(films), rtol=1e-4)


def test_too_few_films_and_weights_of_unknown_joints_are_refused(tmp_path):
    with pytest.raises(DataRefused, match="at least two films of every joint"):
        fitted(*embeddings(1, 1), *embeddings(2, 300))
    path = tmp_path / "w.safetensors"
    save_joint_weights(JointWeights(JointNetConfig(CnnConfig(4, (8, 8), 8)).build(16, 0), 16, 1.0, {"seed": 0}), path)
    with pytest.raises(DataRefused, match="does not say which simulated joints it was trained on"):
        add_reference(path, 4, Progress(quiet=True))


def test_other_crops_than_the_shipped_encoder_s_are_not_judged():
    assert shipped_distances(32, 0.75) is None


def distances_of(film: LandmarkedFilm, judge, shift_mm: float) -> np.ndarray:
    """Distances of a real film's joints, of which one in three is cut beside its place."""
    geometry = CropGeometry()
    told = np.full(JOINT_COUNT, np.nan)
    at = np.array([JOINT_INDEX[Joint(film.limb.side, site).name] for site in joints_of(film.limb.region)])
    right = cut_limb(Film(film.pixels, film.header), film.limb, geometry).cut
    assert right is not None
    shift = shift_mm / right.scale.mm_per_px
    moved = {name: (x + shift, y) for name, (x, y) in film.limb.landmarks.items()}
    beside = cut_limb(Film(film.pixels, film.header), replace(film.limb, landmarks=moved), geometry).cut
    assert beside is not None
    for part in range(3):
        crops, present = np.zeros((1, JOINT_COUNT, 96, 96), np.uint16), np.zeros((1, JOINT_COUNT), bool)
        wrong = np.arange(len(at)) % 3 == part
        crops[0, at] = np.where(wrong[:, None, None], beside.crops, right.crops)
        present[0, at] = right.present & beside.present
        told[at[wrong]] = judge.of(crops, present)[0, at[wrong]]
    return told[~np.isnan(told)]


def test_joints_of_real_films_are_like_training_and_places_beside_them_are_not():
    judge = shipped_distances(96, 0.25, batch=1)
    assert judge is not None, "run `python -m tools.embedding_reference outcomenet/models/pretrained.safetensors`"
    films = list(landmarked_films(DATA, DATA / "landmarks.csv"))
    as_they_are, beside = (np.concatenate([distances_of(film, judge, mm) for film in films]) for mm in (0.0, 10.0))
    assert (as_they_are > UNLIKE_FROM).mean() < 0.1
    assert (beside > UNLIKE_FROM).mean() > 0.15
    assert np.median(beside) > 1.2 * np.median(as_they_are)
