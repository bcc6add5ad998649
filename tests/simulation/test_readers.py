"""Readers: every scheme from the same joints, in its range; modes differ in how well they see change."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX
from outcomenet.metrics.detectable import smallest_detectable_change
from outcomenet.scoring import SCHEMES, SVDH
from outcomenet.simulation.causal import solve
from outcomenet.simulation.exogenous import draw_exogenous
from outcomenet.simulation.readers import UNREADABLE, Perceived, grade, perceive, true_grades
from outcomenet.simulation.sample import draw_sample
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import READING_MODES, World


def healthy(**changed: dict[str, float]) -> JointStates:
    """One film of healthy joints but for `feature={joint: state}`."""
    arrays = {name: np.zeros((1, 1, JOINT_COUNT)) for name in JointStates._fields}
    for name, joints in changed.items():
        for joint, state in joints.items():
            arrays[name][..., JOINT_INDEX[joint]] = state
    return JointStates(**arrays)


def grades(name: str, joints: JointStates) -> dict[str, int]:
    """Grades without reading error by site name."""
    values = true_grades(name, joints)[0, 0]
    return {site.name: int(value) for site, value in zip(SCHEMES[name].sites, values, strict=True)}


@pytest.mark.parametrize("name", [name for name in SCHEMES if name not in ("steinbrocker", "osteophytes")])
def test_grades_stay_in_the_range_of_their_scheme_and_use_it(name):
    world = World()
    noise = draw_exogenous(0, range(400), 2, 2)
    joints = solve(world.with_overrides(duration_mean=20.0), noise).joints
    read = grade(name, perceive(world, joints, noise), joints)
    top = np.array([site.definition.maximum for site in SCHEMES[name].sites])
    assert ((read >= UNREADABLE) & (read <= top)).all()
    assert read.max() == top.max()
    assert read.shape == (400, 2, 2, len(top))


@pytest.mark.parametrize("name", [name for name in SCHEMES if name not in ("steinbrocker", "osteophytes")])
def test_healthy_joints_have_grade_zero(name):
    assert set(grades(name, healthy()).values()) == {0}


def test_erosion_and_narrowing_grades_by_hand():
    svdh = grades("svdh", healthy(erosion={"LH_MCP2": 0.45}, narrowing={"LH_MCP2": 0.4, "LF_MTP1": 0.95}))
    assert svdh["LH_MCP2_erosion"] == 3  # cuts 0.08 0.20 0.40 | 0.60 0.80
    assert svdh["LH_MCP2_jsn"] == 2  # cuts 0.15 0.28 | 0.50 0.92: less than half is lost
    assert svdh["LF_MTP1_jsn"] == 4
    assert sum(svdh.values()) == 3 + 2 + 4


def test_a_foot_joint_counts_both_of_its_bones():
    assert grades("svdh", healthy(erosion={"RF_MTP5": 0.95}))["RF_MTP5_erosion"] == 10


def test_a_reader_cannot_tell_rheumatoid_from_osteoarthritic_narrowing():
    by_ra = grades("svdh", healthy(narrowing={"RH_PIP3": 0.6}))
    by_oa = grades("svdh", healthy(oa_narrowing={"RH_PIP3": 0.6}))
    assert by_ra == by_oa


def test_subluxation_is_at_least_three_and_luxation_and_fusion_are_four():
    svdh = grades("svdh", healthy(subluxation={"LH_MCP2": 0.3, "LH_MCP3": 0.9}, ankylosis={"LH_PIP2": 0.8}))
    assert (svdh["LH_MCP2_jsn"], svdh["LH_MCP3_jsn"], svdh["LH_PIP2_jsn"]) == (3, 4, 4)


def test_an_implant_or_a_lost_finger_cannot_be_read():
    joints = healthy(prosthesis={"LH_MCP2": 1}, amputated={"RH_PIP5": 1, "RH_DIP5": 1})
    for name, unreadable in (
        ("svdh", {"LH_MCP2_erosion", "LH_MCP2_jsn", "RH_PIP5_erosion", "RH_PIP5_jsn"}),
        ("sens", {"LH_MCP2_erosion", "LH_MCP2_jsn", "RH_PIP5_erosion", "RH_PIP5_jsn"}),
        ("ratingen", {"LH_MCP2_ratingen", "RH_PIP5_ratingen"}),
        ("kellgren_lawrence", {"RH_PIP5_kl", "RH_DIP5_kl"}),
    ):
        assert {site for site, value in grades(name, joints).items() if value == UNREADABLE} == unreadable


def test_sens_follows_from_svdh_exactly():
    world, noise = World(), draw_exogenous(1, range(30), 1, 2)
    joints = solve(world, noise).joints
    perceived = perceive(world, joints, noise)
    svdh, sens = grade("svdh", perceived, joints), grade("sens", perceived, joints)
    readable = svdh >= 0
    assert np.array_equal(sens[readable], (svdh[readable] > 0).astype(int))


def test_larsen_one_may_be_soft_tissue_alone_and_no_sharp_score_sees_it():
    swollen = healthy(swelling={"LH_MCP2": 0.9})
    assert grades("larsen_1995", swollen)["LH_MCP2_larsen"] == 1
    assert set(grades("svdh", swollen).values()) == set(grades("sharp_1985", swollen).values()) == {0}


def test_osteophytes_make_a_kellgren_lawrence_grade_and_no_erosion():
    joints = healthy(osteophyte={"LH_DIP3": 0.6, "LH_PIP3": 0.9}, oa_narrowing={"LH_PIP3": 0.5})
    kl = grades("kellgren_lawrence", joints)
    assert (kl["LH_DIP3_kl"], kl["LH_PIP3_kl"]) == (3, 4)
    assert sum(v for k, v in grades("svdh", joints).items() if k.endswith("erosion")) == 0


def test_reading_films_side_by_side_makes_smaller_changes_detectable():
    """Chronological before paired before single (van der Heijde, J Rheumatol 1999)."""
    detectable = [
        smallest_detectable_change(draw_sample(World(reading_mode=mode), 1500, seed=0).change())
        for mode in READING_MODES
    ]
    assert detectable[0] > detectable[1] > detectable[2]


def test_a_reader_who_drifts_sees_change_where_there_is_none():
    still = World(progression_level=-50.0)
    calm, drifting = (
        draw_sample(world, 800, seed=0).change().mean() for world in (still, still.with_overrides(reader_drift=0.04))
    )
    assert abs(calm) < 0.3
    assert drifting > 2


def test_a_second_reading_of_the_same_reader_is_nearer_than_another_reader():
    world, noise = World(), draw_exogenous(3, range(400), 1, 2)
    joints = solve(world, noise).joints
    first, again = (perceive(world, joints, noise, reading) for reading in (0, 1))
    assert isinstance(first, Perceived)
    totals, repeated = (np.maximum(grade(SVDH.name, p, joints), 0).sum(-1)[:, 0] for p in (first, again))
    assert np.std(totals[:, 0] - repeated[:, 0]) < np.std(totals[:, 0] - totals[:, 1])
