"""Batches of the bank: what training takes is what the bank says of the same joint, whoever's joints share a row."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.joint_states import JOINT_STATES
from outcomenet.pretraining.joint_bank import JointBank
from outcomenet.pretraining.pair_batches import BLOCK, PairBatches
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH

BANK = JointBank(seed=3, geometry=CropGeometry(24, 1.0))
BATCHES = PairBatches(BANK, 2)
ROWS = 2 * BLOCK


@pytest.fixture(scope="module")
def block():
    batches = BATCHES.block(1)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


@pytest.fixture(scope="module")
def pairs():
    return BANK.draw(range(ROWS, 2 * ROWS))


def test_a_block_has_every_joint_of_its_pairs_once(block, pairs):
    assert block["crops"].shape == (ROWS, 2, JOINT_COUNT, 24, 24)
    states = np.stack([[getattr(pair.states, name) for name in JOINT_STATES] for pair in pairs])
    for joint in range(JOINT_COUNT):
        mixed = np.sort(block["states"][:, :, joint].reshape(ROWS, -1), axis=0)
        own = np.sort(np.moveaxis(states[..., joint], 1, 2).reshape(ROWS, -1), axis=0)
        np.testing.assert_allclose(mixed, own, rtol=1e-6)


def test_all_that_is_said_of_a_joint_is_of_one_pair(block, pairs):
    """The pair is told by its states; space, erosions, grades and sameness go with them."""
    states = np.stack([np.stack([getattr(pair.states, name) for name in JOINT_STATES], -1) for pair in pairs])
    of_site = {"svdh": SVDH.sites, "kellgren_lawrence": KELLGREN_LAWRENCE.sites}
    met = set()
    for row in range(ROWS):
        for joint in range(0, JOINT_COUNT, 7):
            apart = np.abs(states[:, :, joint] - block["states"][row, :, joint]).max((1, 2))
            of = np.flatnonzero(apart < 1e-6)
            if len(of) != 1:  # two pairs whose joint is in the same state, healthy for the most part
                continue
            pair = pairs[of[0]]
            met.add(int(of[0]))
            np.testing.assert_allclose(block["bites"][row, :, joint], pair.bites[:, joint], rtol=1e-6)
            np.testing.assert_allclose(block["joint_space_mm"][row, :, joint], pair.joint_space_mm[:, joint], rtol=1e-6)
            assert block["same"][row, joint] == (pair.years == 0)
            for scheme, sites in of_site.items():
                at = [n for n, site in enumerate(sites) if site.joint_index == joint]
                np.testing.assert_array_equal(block[scheme][row][..., at], getattr(pair, scheme)[..., at])
    assert len(met) > 2  # rows are mixed


def test_a_block_depends_on_its_number_alone(block):
    again = BATCHES.block(1)
    np.testing.assert_array_equal(np.concatenate([batch["crops"] for batch in again]), block["crops"])
    other = BATCHES.block(0)
    assert not np.array_equal(other[0]["crops"], again[0]["crops"])


def test_crops_are_standardised_and_absent_joints_are_black(block):
    assert not block["crops"][~block["present"]].any()
    seen = block["crops"][block["present"]]
    assert abs(float(seen.mean())) < 0.05
    assert float(seen.std()) == pytest.approx(1.0, abs=0.05)


def test_half_of_each_joint_is_hidden_each_in_its_own_places(block):
    hidden = block["hidden"]
    assert hidden.shape == (ROWS, 2, JOINT_COUNT, 8, 8)
    assert (hidden.sum((-2, -1)) == 32).all()
    assert len(np.unique(hidden.reshape(-1, 64), axis=0)) > 0.99 * ROWS * 2 * JOINT_COUNT
