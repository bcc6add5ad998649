"""Films of preset `unseen_films` lie outside of all that the joint encoder is pretrained on; the patients are the same."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.localization.geometry import CropGeometry
from outcomenet.pretraining.scenes import GRAIN, SPACING_MM, SceneVariety, draw_scene
from outcomenet.simulation.film_files import archives_of, draw_limbs
from outcomenet.simulation.laboratory import Laboratory
from outcomenet.simulation.landmark_films import FilmVariety
from outcomenet.simulation.presets import preset
from outcomenet.simulation.rebuild import world_of_effects
from outcomenet.simulation.truth import effects
from outcomenet.simulation.world import World

PATIENTS, SCENES = range(40), 200
FACTORS = ("length", "cortex", "mineral", "soft")


def outside(values: np.ndarray, low: float, high: float) -> bool:
    return bool(((values < low) | (values > high)).all())


@pytest.fixture(scope="module")
def anatomy():
    return draw_limbs(3, PATIENTS, np.array(PATIENTS) % 4 == 0, 2, "unseen")[0]


def test_every_scanner_lies_outside_of_every_range_of_pretraining():
    archives = archives_of(preset("unseen_films"))
    assert set(archives) == {"A", "B", "C"}
    for archive in archives.values():
        for quantity in ("blur_mm", "noise", "gamma", "contrast", "fog", "equalisation"):
            value = np.array(getattr(archive.scanner, quantity))
            assert outside(value, *getattr(FilmVariety(), quantity)), (archive.scanner.name, quantity)
        assert outside(np.array(archive.scanner.spacing_mm), *SPACING_MM)


def test_every_bone_lies_outside_of_what_pretraining_draws(anatomy):
    rng = np.random.default_rng(0)
    drawn = [draw_scene(rng, SceneVariety()).anatomy for _ in range(SCENES)]
    for name in FACTORS:
        seen = np.concatenate([np.ravel(getattr(scene, name)) for scene in drawn])
        assert outside(getattr(anatomy, name), seen.min(), seen.max()), name
    for place, bounds in enumerate(GRAIN):
        assert outside(anatomy.grain[..., place], *bounds)


def test_people_differ_and_keep_what_is_no_matter_of_looks(anatomy):
    usual, pose = draw_limbs(3, PATIENTS, np.array(PATIENTS) % 4 == 0, 2)
    for name in ("scale", "width", "angle", "gap", "outline", "bite", "onset", "spur", "seed"):
        np.testing.assert_array_equal(getattr(anatomy, name), getattr(usual, name))
    for name in FACTORS:
        assert len(np.unique(getattr(anatomy, name)[:, 0])) >= len(PATIENTS)
    alone = draw_limbs(3, [7], np.array([False]), 2, "unseen")
    np.testing.assert_array_equal(alone[0].cortex[0], anatomy.cortex[7])
    np.testing.assert_array_equal(alone[1].flexion[0], pose.flexion[7])


def test_only_the_films_are_others():
    usual, unseen = Laboratory(World(), 2, 3), Laboratory(preset("unseen_films"), 2, 3)
    np.testing.assert_array_equal(usual.solved.disability, unseen.solved.disability)
    np.testing.assert_array_equal(usual.solved.joints.erosion, unseen.solved.joints.erosion)
    geometry = CropGeometry(16, 1.0)
    assert (usual.crops(geometry) != unseen.crops(geometry)).mean() > 0.5


def test_a_cohort_that_was_simulated_before_there_was_a_choice_is_built_again():
    known = effects(World().do(oa=0), seed=3)
    del known["appearance"]
    assert world_of_effects(known) == World().do(oa=0)
