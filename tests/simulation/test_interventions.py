"""Interventions: the same patients with the same noise; films and outcomes change only where they must."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import JOINTS, Side
from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.disease import OA_JOINTS
from outcomenet.simulation.interventions import interventions_from_texts
from outcomenet.simulation.laboratory import Laboratory
from outcomenet.simulation.world import World

GEOMETRY = CropGeometry(32, 0.75)
USUAL = Laboratory(World(), seed=2, patients=6)
# How far a joint's osteoarthritis reaches on film: half the width of the widest such joint, MTP1 (9.3 mm in the average
# foot, up to 11 mm), and the longest osteophyte (4.8 mm).
OA_REACH_MM = 17.0


@pytest.fixture(scope="module")
def crops():
    return USUAL.crops(GEOMETRY)


@pytest.mark.parametrize("fm", [False, True])
def test_fibromyalgia_leaves_every_film_bit_identical(crops, fm):
    changed = USUAL.do(fm=fm)
    assert np.array_equal(changed.crops(GEOMETRY), crops)
    assert (changed.solved.fibromyalgia == fm).all()


def test_fibromyalgia_moves_function_and_pain_of_those_it_reaches_only():
    everybody = USUAL.do(fm=True).solved
    reached = ~USUAL.solved.fibromyalgia
    assert (everybody.disability[reached] > USUAL.solved.disability[reached]).all()
    assert (everybody.symptoms["pain"].logit[reached] > USUAL.solved.symptoms["pain"].logit[reached]).all()
    assert np.array_equal(everybody.disability[~reached], USUAL.solved.disability[~reached])


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_osteoarthritis_changes_its_own_states_and_nothing_else(share):
    usual, changed = USUAL.solved, USUAL.do(oa=share).solved
    for name in usual.joints._fields:
        same = np.array_equal(getattr(usual.joints, name), getattr(changed.joints, name))
        assert same is (name not in ("osteophyte", "oa_narrowing", "sclerosis")), name
    assert (changed.joints.osteophyte[..., OA_JOINTS] == share).all()
    assert (changed.joints.osteophyte[..., ~OA_JOINTS] == 0).all()
    for part in ("damage", "activity", "fibromyalgia", "covariates"):
        assert np.array_equal(getattr(usual.parts, part), getattr(changed.parts, part))
    moved = changed.parts.osteoarthritis - usual.parts.osteoarthritis
    assert changed.disability - usual.disability == pytest.approx(moved)


@pytest.mark.parametrize("side", list(Side))
def test_osteoarthritis_changes_only_pixels_near_its_joints(side):
    before, landmarks = USUAL.film(0, 0, side)
    after, same = USUAL.do(oa=0.9).film(0, 0, side)
    assert landmarks == same
    rows, columns = np.nonzero(before != after)
    assert len(rows) > 0
    spacing = 0.2 if USUAL.solved.site[0] < 2 else 0.175
    sites = [joint.site for joint, prone in zip(JOINTS, OA_JOINTS, strict=True) if joint.side is side and prone]
    places = np.array([landmarks[site] for site in sites if site in landmarks])
    away = np.hypot(columns[:, None] + 0.5 - places[:, 0], rows[:, None] + 0.5 - places[:, 1]).min(-1)
    assert away.max() * spacing < OA_REACH_MM


def test_crops_of_joints_far_from_any_osteoarthritis_stay_bit_identical(crops):
    changed = USUAL.do(oa=0.9).crops(GEOMETRY)
    differs = (crops != changed).any(axis=(0, 1, 3, 4))
    spared = [j for j, joint in enumerate(JOINTS) if joint.site in ("MCP3", "MCP4", "CMC5", "lunate", "ulna", "MTP5")]
    assert not differs[spared].any()
    assert differs[OA_JOINTS].all()


def test_a_site_brings_its_scanner_and_its_negative_control_and_no_joint(crops):
    moved = USUAL.do(site="B")
    assert (moved.solved.site == 1).all()
    assert all(np.array_equal(a, b) for a, b in zip(moved.solved.joints, USUAL.solved.joints, strict=True))
    assert np.array_equal(moved.solved.disability, USUAL.solved.disability)
    stayed = USUAL.solved.site == 1
    drawn = moved.crops(GEOMETRY)
    assert np.array_equal(drawn[stayed], crops[stayed])
    assert (drawn[~stayed] != crops[~stayed]).mean() > 0.5
    assert not np.array_equal(moved.solved.control_site[~stayed], USUAL.solved.control_site[~stayed])


def test_a_scanner_changes_films_and_no_table(crops):
    rescanned = USUAL.do(scanner="C")
    assert np.array_equal(rescanned.solved.site, USUAL.solved.site)
    assert np.array_equal(rescanned.solved.control_site, USUAL.solved.control_site)
    elsewhere = USUAL.solved.site != 2
    assert (rescanned.crops(GEOMETRY)[elsewhere] != crops[elsewhere]).mean() > 0.5


def test_treatment_spares_joints_from_the_first_visit_on():
    lab = Laboratory(World(), seed=2, patients=200)
    treated, untreated = (lab.do(treatment=on).solved.joints for on in (True, False))
    assert np.array_equal(treated.erosion[:, 0], untreated.erosion[:, 0])
    gained = [states.erosion[:, 1] - states.erosion[:, 0] for states in (treated, untreated)]
    assert (gained[0] <= gained[1]).all()
    # log rate -0.7: where little is lost so far, a treated joint gains exp(-0.7) of what it would
    fresh = (untreated.erosion[:, 0] < 0.01) & (gained[1] > 1e-6)
    assert np.median(gained[0][fresh] / gained[1][fresh]) == pytest.approx(np.exp(-0.7), rel=0.02)


def test_damage_set_by_hand_is_the_same_in_every_joint_that_can_have_it():
    solved = USUAL.do(ra_damage=0.3).solved
    values = np.unique(solved.joints.erosion)
    assert values.tolist() == [0.0, 0.3]  # 0: the finger end joints
    assert np.array_equal(solved.joints.erosion, solved.joints.narrowing)
    assert np.ptp(solved.parts.damage - USUAL.solved.parts.damage) > 0


def test_interventions_add_up_and_the_last_one_of_a_name_counts():
    world = World().do(oa=0.2, fm=True).do(oa=0, site="B")
    assert world.interventions == World().do(oa=0, fm=True, site="B").interventions
    assert interventions_from_texts(["oa=0", "fm=1", "site=B"]) == {"oa": 0.0, "fm": 1.0, "site": "B"}
    assert World().do(**interventions_from_texts(["fm=1"])) == World().do(fm=True)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"os": 1}, r"no intervention do\(os=...\). Did you mean oa"),
        ({"oa": 1.5}, "is a number from 0 to 1; got 1.5"),
        ({"site": "D"}, "names one of the sites, got 'D'"),
        ({"scanner": "CR"}, "names one of the sites, got 'CR'"),
    ],
)
def test_an_impossible_intervention_is_answered_in_a_sentence(values, sentence):
    with pytest.raises(UsageError, match=sentence):
        World().do(**values)


@pytest.mark.parametrize("text", ["fm=2", "oa=none"])
def test_an_impossible_value_on_the_command_line_is_answered_in_a_sentence(text):
    with pytest.raises(UsageError, match=r"do\((fm|oa)=...\)"):
        interventions_from_texts([text])
