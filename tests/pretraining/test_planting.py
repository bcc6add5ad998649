"""Planted lesions: what they change, what they leave, and the page that reports how they are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.planting import (
    LOST_SPACE_MM,
    STEP_MM,
    eroded,
    laid_back,
    lifted,
    narrowed,
    planted_erosion,
    planted_narrowing,
)
from tests.real_films import landmarked_films
from tests.real_joints import NAME, auroc, page_part, summary
from tools.marked_page import with_block

DATA = Path(__file__).parents[1] / "data"
PAGE = Path(__file__).parents[2] / "docs/pretraining"


@pytest.fixture(scope="module")
def hand():
    (film,) = landmarked_films(DATA, DATA / "landmarks.csv", ("normal-hand-pa-small.jpg",))
    return film


def two_bones(gap_mm: float) -> np.ndarray:
    """Two bones of 10 mm width, upright, with a space between them."""
    patch = np.full((320, 320), 10_000.0, np.float32)
    patch[:, 110:210] = 40_000.0
    half = gap_mm / 2 / STEP_MM
    patch[round(160 - half) : round(160 + half)] = 10_000.0
    return patch


def space_mm(patch: np.ndarray) -> float:
    return float((patch[100:220, 160] < 25_000).sum() * STEP_MM)


def test_a_narrowing_takes_the_millimetres_that_it_says():
    before = two_bones(1.8)
    assert space_mm(narrowed(before, LOST_SPACE_MM)) == pytest.approx(space_mm(before) - LOST_SPACE_MM, abs=0.2)
    assert np.array_equal(narrowed(before, 0.0), before)
    far = np.abs(np.arange(320) - 159.5) * STEP_MM > 11
    assert np.array_equal(narrowed(before, LOST_SPACE_MM)[far], before[far])


def test_an_erosion_takes_bone_at_a_margin_and_adds_none():
    before = two_bones(1.8)
    after = eroded(before, 7.0, np.random.default_rng(2))
    lost = before - after
    assert lost.min() >= 0
    rows, columns = np.nonzero(lost > 10_000)
    assert 2.0 < np.ptp(rows) * STEP_MM < 4.6
    assert {bool(abs(c - 159.5) * STEP_MM > 2.0) for c in columns} == {True}  # beside the axis of the bone


def test_a_planted_film_differs_near_its_joint_alone(hand):
    joint = hand.joints["MCP3"]
    film = planted_erosion(hand.pixels, joint, "MCP3", np.random.default_rng(1))
    rows, columns = np.nonzero(film != hand.pixels)
    off = np.hypot(columns - joint.centre[0], rows - joint.centre[1]) * joint.mm_per_px
    assert 0 < off.max() < 16
    assert (film < hand.pixels).any()
    narrow = planted_narrowing(hand.pixels, joint)
    assert lifted(narrow, joint)[155:165, 150:170].mean() > lifted(hand.pixels, joint)[155:165, 150:170].mean()


def test_what_is_not_changed_is_laid_back_to_the_bit(hand):
    joint = hand.joints["PIP2"]
    patch = lifted(hand.pixels, joint)
    assert np.array_equal(laid_back(hand.pixels, joint, patch, patch), hand.pixels)


def test_the_page_has_the_numbers_of_its_files():
    tables = [pd.read_csv(PAGE / f"real_{name}.csv") for name in ("healthy", "planted", "again")]
    planted = tables[1].assign(planted=tables[1]["planted"].fillna(""))
    page = (PAGE / "README.md").read_text()
    assert with_block(page, NAME, page_part(summary(tables[0], planted, tables[2]))) == page


def test_the_area_under_the_curve_counts_pairs():
    table = pd.DataFrame(
        {"planted": ["", "", "erosion", "narrowing"], "erosion": [0.1, 0.4, 0.3, 0.9], "narrowing": [0, 0, 0, 1.0]}
    )
    assert auroc(table, "erosion") == 0.5  # above one joint as it is, below the other
    assert auroc(table, "narrowing") == 1.0
