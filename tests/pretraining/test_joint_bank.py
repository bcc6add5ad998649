"""Pairs of the bank: what is said of a joint is what its crop shows, and a pair depends on its number alone."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX
from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry
from outcomenet.pretraining.drawn_states import StateVariety
from outcomenet.pretraining.joint_bank import JointBank
from outcomenet.pretraining.measured_joints import bite_sizes, joint_spaces
from outcomenet.pretraining.scenes import SceneVariety
from outcomenet.simulation.readers import UNREADABLE
from outcomenet.simulation.rendering import draw_anatomy, select
from outcomenet.simulation.states import JointStates

COARSE = CropGeometry(24, 1.0)
BANK = JointBank(seed=5, geometry=COARSE)


def healthy(**damage: dict[str, float]) -> JointStates:
    arrays = {name: np.zeros((1, JOINT_COUNT)) for name in JointStates._fields}
    for name, joints in damage.items():
        for joint, state in joints.items():
            arrays[name][:, JOINT_INDEX[joint]] = state
    return JointStates(**arrays)


def average_anatomy():
    """Every joint has the average adult's cartilage; bites open at 0, 0.2 and 0.45."""
    drawn = draw_anatomy([np.random.default_rng(0)], np.array([False]))
    neutral = {"gap": 1.0, "scale": 1.0, "bite": 0.5}
    return drawn._replace(**{name: np.full_like(getattr(drawn, name), one) for name, one in neutral.items()})


@pytest.fixture(scope="module")
def pairs():
    return BANK.draw(range(6))


def same(one, two) -> bool:
    return all(
        same(a, b) if isinstance(a, tuple) else np.array_equal(a, b, equal_nan=True)
        for a, b in zip(one, two, strict=True)
    )


def test_a_pair_has_all_joints_twice(pairs):
    pair = pairs[0]
    assert pair.crops.shape == (2, 58, 24, 24)
    assert pair.crops.dtype == np.uint16
    assert pair.svdh.shape == (2, 2, 86)
    assert pair.kellgren_lawrence.shape == (2, 2, 22)
    assert pair.true_svdh.shape == (2, 86)
    assert pair.true_kellgren_lawrence.shape == (2, 22)
    assert pair.bites.shape == (2, 58, 6)


def test_a_pair_is_of_seed_and_number_alone_in_any_process(pairs):
    other = pickle.loads(pickle.dumps(BANK))
    assert same(other[3], pairs[3])
    assert same(other.draw([5, 0])[1], pairs[0])


def test_another_seed_or_number_gives_another_pair(pairs):
    assert not same(pairs[0], pairs[1])
    assert not same(JointBank(seed=6, geometry=COARSE)[0], pairs[0])


def test_joints_that_are_not_present_are_black_and_others_are_not(pairs):
    for pair in pairs:
        lit = pair.crops.any((-1, -2))
        assert (lit == pair.present).all()


def test_a_film_taken_again_is_another_exposure_of_the_same_joints():
    bank = JointBank(seed=5, geometry=COARSE, scenes=SceneVariety(StateVariety(unchanged=1.0), same_scanner=1.0))
    pair = bank[0]
    before, after = pair.crops.astype(float)
    assert pair.years == 0
    assert (pair.true_svdh[0] == pair.true_svdh[1]).all()
    assert (before != after).any()
    joint = JOINT_INDEX["LH_MCP3"]
    assert np.corrcoef(before[joint].ravel(), after[joint].ravel())[0, 1] > 0.9


def test_healthy_joints_are_graded_zero_without_error():
    pair = JointBank(
        seed=5, geometry=COARSE, scenes=SceneVariety(StateVariety(healthy=1.0, amputations=0, implants=0, unchanged=1))
    )[0]
    assert pair.present.all()
    assert not pair.true_svdh.any()
    assert not pair.true_kellgren_lawrence.any()
    assert not pair.bites.any()


def test_a_pair_number_that_the_bank_lacks_is_refused():
    with pytest.raises(IndexError, match=r"numbered from 0 to 9; got 10\."):
        JointBank(pairs=10)[10]


def test_a_share_of_scanners_is_a_share():
    with pytest.raises(UsageError, match=r"Setting same_scanner \(of SceneVariety\) is a number from 0 to 1; got 2\."):
        SceneVariety(same_scanner=2)


def test_joint_space_is_the_cartilage_left_magnified_as_on_the_film():
    # template: MCP 1.6 mm, PIP 1.05 mm; half of the cartilage left, 2 % magnified
    states = healthy(narrowing={"LH_MCP2": 0.5}, subluxation={"LH_MCP3": 0.1}, prosthesis={"RH_PIP2": 1.0})
    spaces = joint_spaces(states, average_anatomy(), np.full((1, 4), 1.02))[0]
    assert spaces[JOINT_INDEX["LH_MCP2"]] == pytest.approx(0.5 * 1.6 * 1.02)
    assert spaces[JOINT_INDEX["LH_PIP2"]] == pytest.approx(1.05 * 1.02)
    for unknown in ("LH_MCP3", "RH_PIP2", "LH_lunate", "LH_CMC1"):
        assert np.isnan(spaces[JOINT_INDEX[unknown]])


def test_bites_open_one_after_the_other():
    sizes = bite_sizes(healthy(erosion={"LH_MCP2": 0.1, "RH_PIP3": 1.0}), average_anatomy())[0]
    # largest bite: 0.58 (0.75 + 0.5 / 2) of the half width; 0.1 ^ 0.7 of it at an erosion of 0.1
    assert sizes[JOINT_INDEX["LH_MCP2"]] == pytest.approx([0.58 * 0.1**0.7, 0, 0] * 2)
    assert sizes[JOINT_INDEX["RH_PIP3"]] == pytest.approx([0.58] * 6)
    assert not sizes[JOINT_INDEX["LH_MCP3"]].any()


def test_the_skeletons_erosions_begin_at_any_margin_and_in_one_bone_or_both(pairs):
    early = JointBank(
        seed=5, geometry=COARSE, scenes=SceneVariety(StateVariety(healthy=0, present=1, struck=(1, 1), unchanged=1))
    )
    opened = np.concatenate([pair.bites[0] for pair in (early[n] for n in range(4))]) > 0
    first = opened[opened.any(-1) & (opened.sum(-1) <= 2)]
    assert first.any(0).all()  # each of the six is the first of some joint
    distal, proximal = first[:, :3].any(-1), first[:, 3:].any(-1)
    assert (distal & proximal).any()
    assert (distal & ~proximal).any()
    assert (~distal & proximal).any()


def test_a_joint_that_is_not_there_has_no_grade():
    states = StateVariety(amputations=1.0, unchanged=1.0)
    pair = JointBank(seed=5, geometry=COARSE, scenes=SceneVariety(states))[1]
    assert (pair.true_svdh == UNREADABLE).any() or (pair.true_kellgren_lawrence == UNREADABLE).any()
    assert not pair.present.all()
    assert select(pair.states, 0).amputated.any()
