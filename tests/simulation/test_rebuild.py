"""A world is built again from its effects, and any of its patients are the same alone as among all."""

from __future__ import annotations

import json

import numpy as np
import pytest

from outcomenet.errors import DataRefused
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.causal import patient_identifier, patient_index
from outcomenet.simulation.laboratory import Laboratory
from outcomenet.simulation.presets import PRESETS
from outcomenet.simulation.rebuild import laboratory_of_truth, world_of_effects
from outcomenet.simulation.truth import effects
from outcomenet.simulation.world import World


@pytest.mark.parametrize("name", ["default", "trial", "null", "scanner_shortcut"])
def test_effects_give_back_the_whole_world(name):
    world = PRESETS[name].do(oa=0.5, fm=False)
    assert world_of_effects(json.loads(json.dumps(effects(world, seed=3)))) == world


def test_a_patient_is_the_same_alone_as_among_all():
    everybody, some = Laboratory(World(), 2, 6), Laboratory(World(), 2, (4, 1))
    assert some.solved.ids == ("P00005", "P00002")
    assert np.array_equal(some.solved.disability, everybody.solved.disability[[4, 1]])
    assert np.array_equal(some.solved.site, everybody.solved.site[[4, 1]])
    geometry = CropGeometry(16, 1.0)
    drawn = some.crops_of(np.array([0, 1]), np.array([1, 0]), geometry)
    assert np.array_equal(drawn, everybody.crops(geometry)[[4, 1], [1, 0]])


def test_the_index_is_read_off_the_identifier():
    assert [patient_index(patient_identifier(i)) for i in (0, 6, 123456)] == [0, 6, 123456]


def test_missing_coefficients_and_files_are_named(tmp_path):
    known = effects(World(), seed=0)
    del known["oa_age"]
    with pytest.raises(DataRefused, match=r"lacks oa_age \(1 of \d+ coefficients\).*simulate it again"):
        world_of_effects(known)
    with pytest.raises(DataRefused, match=r"holds no effects.json"):
        laboratory_of_truth(tmp_path, (0,))
    (tmp_path / "effects.json").write_text("{}")
    with pytest.raises(DataRefused, match="does not hold the world's seed"):
        laboratory_of_truth(tmp_path, (0,))
    (tmp_path / "effects.json").write_text('{"seed": 3, "oa_a')
    with pytest.raises(DataRefused, match=r"effects.json is not whole JSON; simulate the cohort anew"):
        laboratory_of_truth(tmp_path, (0,))


def test_interventions_of_another_kind_are_a_sentence():
    damaged = effects(World(), seed=0) | {"interventions": ["oa"]}
    with pytest.raises(
        DataRefused, match=r"interventions as an object by name, got \['oa'\]; simulate the cohort again"
    ):
        world_of_effects(damaged)
