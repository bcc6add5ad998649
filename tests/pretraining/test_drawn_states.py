"""States drawn for pretraining: wide, but nothing that the disease model holds impossible."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import JOINT_INDEX, JOINT_NAMES, JOINTS
from outcomenet.errors import UsageError
from outcomenet.pretraining.drawn_states import LASTING, PASSING, StateVariety, draw_course, draw_states, later_states
from outcomenet.simulation.states import JointStates

VARIETY = StateVariety()
DIP = np.array([joint.site.startswith("DIP") for joint in JOINTS])


@pytest.fixture(scope="module")
def states() -> JointStates:
    """400 visits."""
    drawn = [draw_states(np.random.default_rng([3, n]), VARIETY) for n in range(400)]
    return JointStates(*(np.stack(values) for values in zip(*drawn, strict=True)))


@pytest.fixture(scope="module")
def courses() -> JointStates:
    """Axes course, visit, joint."""
    drawn = [draw_course(np.random.default_rng([4, n]), VARIETY).states for n in range(200)]
    return JointStates(*(np.stack(values) for values in zip(*drawn, strict=True)))


def test_every_kind_of_lesion_is_either_lasting_or_passing():
    assert sorted(LASTING + PASSING) == sorted(JointStates._fields)


def test_states_are_shares(states):
    assert all(((0 <= values) & (values <= 1)).all() for values in states)


@pytest.mark.parametrize("name", ["erosion", "narrowing", "swelling", "osteopenia", "micro_erosion", "osteophyte"])
def test_every_degree_of_a_lesion_is_drawn(states, name):
    struck = getattr(states, name)[getattr(states, name) > 0]
    counts, _ = np.histogram(struck, bins=10, range=(0, 1))
    # two fifths are spread evenly: 4 % in each tenth, and more at both ends
    assert counts.min() > 0.03 * len(struck)


@pytest.mark.parametrize("name", ["subluxation", "ankylosis", "prosthesis", "amputated"])
def test_late_damage_is_not_rare(states, name):
    assert (getattr(states, name) > 0).mean() > 0.003


def test_healthy_joints_are_frequent(states):
    healthy = np.all([values < 0.05 for values in states], axis=0)
    assert 0.3 < healthy.mean() < 0.7


@pytest.mark.parametrize(
    "name", ["erosion", "narrowing", "swelling", "micro_erosion", "subluxation", "ankylosis", "prosthesis"]
)
def test_finger_end_joints_have_no_rheumatoid_damage(states, courses, name):
    assert not getattr(states, name)[:, DIP].any()
    assert not getattr(courses, name)[..., DIP].any()


def test_osteoarthritis_keeps_to_its_joints_and_begins_with_osteophytes(courses):
    elsewhere = [
        row for name, row in JOINT_INDEX.items() if "MCP" in name or name in ("LH_lunate", "RF_MTP2", "LF_IP1")
    ]
    assert not courses.osteophyte[..., elsewhere].any()
    assert (courses.oa_narrowing <= courses.osteophyte + 1e-12).all()
    assert (courses.sclerosis <= courses.osteophyte + 1e-12).all()


def test_only_joints_without_cartilage_fuse_and_none_of_them_slips(courses):
    fused = courses.ankylosis > 0
    assert (courses.narrowing[fused] > 0.8).all()
    assert not (fused & (courses.subluxation > 0)).any()
    assert not any("MCP" in JOINT_NAMES[row] for row in np.flatnonzero(fused.any((0, 1))))


def test_only_damaged_joints_slip(courses):
    slipped = courses.subluxation > 0
    assert (0.5 * (courses.erosion + courses.narrowing)[slipped] > 0.25).all()


def test_an_implant_lies_in_a_joint_that_is_there(courses):
    assert not ((courses.prosthesis > 0) & (courses.amputated > 0)).any()


def test_a_finger_lost_at_its_middle_joint_has_no_end_joint(states):
    for side in ("LH", "RH"):
        lost = states.amputated[:, JOINT_INDEX[f"{side}_PIP3"]] > 0
        assert (states.amputated[lost][:, JOINT_INDEX[f"{side}_DIP3"]] == 1).all()


@pytest.mark.parametrize("name", LASTING)
def test_damage_never_heals(courses, name):
    first, second = np.moveaxis(getattr(courses, name), 1, 0)
    assert (second >= first).all()


@pytest.mark.parametrize("name", PASSING)
def test_passing_lesions_go_up_and_down(courses, name):
    first, second = np.moveaxis(getattr(courses, name), 1, 0)
    assert (second > first + 0.1).mean() > 0.02
    assert (second < first - 0.1).mean() > 0.02


def test_a_film_taken_again_shows_the_same_states():
    course = draw_course(np.random.default_rng(1), StateVariety(unchanged=1.0))
    assert course.years == 0
    assert all((values[0] == values[1]).all() for values in course.states)


def test_a_share_of_what_is_left_is_lost_by_each_years_dose():
    # dose 0.2 a year for 5 years: 1 - (1 - 0.4) exp(-1) = 0.779
    rows = np.flatnonzero(~DIP)
    before = JointStates(*(np.zeros(len(JOINTS)) for _ in JointStates._fields))
    before.erosion[rows] = 0.4
    every = StateVariety(moving=(1.0, 1.0), dose=(0.2, 0.2))
    after = later_states(before, 5.0, np.random.default_rng(2), every)
    assert np.allclose(after.erosion[rows], 0.7793, atol=1e-4)
    assert np.allclose(after.narrowing[rows], 0.6321, atol=1e-4)


def test_a_course_is_of_its_generator_alone():
    one, two = (draw_course(np.random.default_rng(8), VARIETY) for _ in range(2))
    assert one.years == two.years
    assert all((a == b).all() for a, b in zip(one.states, two.states, strict=True))


def test_a_range_that_falls_is_refused():
    with pytest.raises(UsageError, match=r"Setting years .* goes from a lower to a higher number; got 5 to 2\."):
        StateVariety(years=(5.0, 2.0))


def test_a_share_above_one_is_refused():
    with pytest.raises(UsageError, match=r"Setting healthy \(of StateVariety\) is a number from 0 to 1; got 1\.5\."):
        StateVariety(healthy=1.5)
