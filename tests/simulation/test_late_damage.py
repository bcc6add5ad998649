"""Subluxation, ankylosis, implants and amputations on simulated films, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from limb_films import ANATOMY, GEOMETRY, POSE, QUIET, SEED, crop_of, crops, film, generators, layers, states

from outcomenet.anatomy import FOOT_LANDMARKS, HAND_LANDMARKS, JOINT_INDEX, JOINT_NAMES, Region, Side, joints_of
from outcomenet.localization.geometry import crop_frames
from outcomenet.simulation.rendering import (
    Scanner,
    draw_anatomy,
    draw_pose,
    of_side,
    present_joints,
    render_crops,
    select,
)
from outcomenet.simulation.rendering.posed import posed_limb
from outcomenet.simulation.rendering.posing import FILM_SIZE_MM

SPACING = QUIET.spacing_mm


def thumbwards_mm(landmarks: dict, joint: str, from_joint: str) -> float:
    """How far a joint lies towards thumb or big toe of another; on a left limb's film that is to the right."""
    return SPACING * (landmarks[joint][0] - landmarks[from_joint][0])


@pytest.mark.parametrize(
    ("side", "joint", "beyond", "direction"),
    [
        (Side.LEFT_HAND, "MCP2", "PIP2", -1),  # ulnar drift
        (Side.LEFT_HAND, "MCP5", "PIP5", -1),
        (Side.LEFT_HAND, "CMC1", "CMC1", +1),  # the thumb's base slips radially
        (Side.LEFT_FOOT, "MTP1", "IP1", -1),  # hallux valgus
        (Side.LEFT_FOOT, "MTP3", "MTP3", -1),
    ],
)
def test_a_subluxated_ray_drifts_the_way_rheumatology_knows(side, joint, beyond, direction):
    origin = "RC" if side.region is Region.HAND else "BASE1"
    places = [
        direction * thumbwards_mm(film(side, subluxation={f"{side}_{joint}": share})[1], beyond, origin)
        for share in (0.0, 0.3, 0.6, 1.0)
    ]
    assert places == sorted(places)
    assert places[-1] - places[0] > 1.0


def test_a_luxated_joint_carries_its_whole_finger_along_and_no_other():
    _, healthy = film(Side.LEFT_HAND)
    _, luxated = film(Side.LEFT_HAND, subluxation={"LH_MCP3": 1.0})
    moved = {name for name in healthy if healthy[name] != luxated[name]}
    assert moved == {"MCP3", "PIP3", "DIP3", "TIP3"}
    lengths = [np.subtract(marks["TIP3"], marks["PIP3"]) for marks in (healthy, luxated)]
    assert np.hypot(*lengths[0]) == pytest.approx(np.hypot(*lengths[1]))


@pytest.mark.parametrize("side", [Side.LEFT_HAND, Side.RIGHT_HAND])
def test_crops_of_a_hand_with_every_joint_luxated_lie_on_its_film(side):
    films = 60
    anatomy = of_side(draw_anatomy(generators(films, 4), np.arange(films) % 2 == 0), side)
    pose = select(draw_pose(generators(films, 5), 1), (slice(None), 0, list(Side).index(side)))
    everywhere = states(films, subluxation=dict.fromkeys(JOINT_NAMES, 1.0))
    for landmarks in posed_limb(everywhere, anatomy, pose, side).landmarks(spacing_mm=1.0):
        joints = np.array([landmarks[site] for site in joints_of(Region.HAND) if site in landmarks])
        assert (joints > 12.0).all()
        assert (joints < np.array(FILM_SIZE_MM[Region.HAND]) - 12.0).all()


def test_palmar_luxation_shows_as_overlap_of_the_bone_ends():
    _, healthy = layers(Side.LEFT_HAND)
    _, luxated = layers(Side.LEFT_HAND, subluxation={"LH_MCP3": 1.0})
    column, row = (int(value) for value in film(Side.LEFT_HAND, subluxation={"LH_MCP3": 1.0})[1]["MCP3"])
    assert healthy[row - 60 : row + 60].max() < luxated[row - 15 : row + 15, column - 25 : column + 25].max() + 0.3
    assert luxated[row, column] > 0.3  # the joint space is no longer seen


@pytest.mark.parametrize("joint", ["MCP2", "PIP3", "DIP4"])
def test_a_fused_joint_has_neither_space_nor_subchondral_plates(joint):
    _, landmarks = film(Side.LEFT_HAND)
    column, row = (int(value) for value in landmarks[joint])
    near = np.s_[row - 9 : row + 9, column - 3 : column + 3]
    _, healthy = layers(Side.LEFT_HAND)
    _, fused = layers(Side.LEFT_HAND, ankylosis={f"LH_{joint}": 1.0})
    profile = [layer[near].mean(axis=1) for layer in (healthy, fused)]
    assert profile[0].min() < 0.05
    assert profile[1].min() > 0.55 * profile[1].max()
    assert profile[1].max() < profile[0].max()  # the bright lines are gone, what crosses is trabecular bone


def test_bone_bridges_more_and_more_of_the_joint_as_it_fuses():
    _, landmarks = film(Side.LEFT_HAND)
    column, row = (int(value) for value in landmarks["PIP3"])
    open_space = [
        (layers(Side.LEFT_HAND, ankylosis={"LH_PIP3": share})[1][row, column - 22 : column + 22] < 0.05).sum()
        for share in (0.0, 0.4, 0.8)
    ]
    assert open_space == sorted(open_space, reverse=True)
    assert open_space[0] > open_space[2]


@pytest.mark.parametrize("joint", ["CMC3", "multangular", "navicular", "lunate", "radius"])
def test_fusion_of_a_wrist_site_fills_its_crop_with_bone(joint):
    before, after = (crop_of(pixels, f"LH_{joint}") for pixels in (crops(), crops(ankylosis={f"LH_{joint}": 1.0})))
    assert not np.array_equal(before, after)
    assert after.min() >= before.min() - 1


def test_every_joint_can_have_an_implant_that_saturates_the_film():
    pixels = crops(prosthesis=dict.fromkeys(JOINT_NAMES, 1.0))
    for joint in JOINT_NAMES:
        assert (crop_of(pixels, joint) == 4095).sum() > 20, joint


def test_an_implant_takes_the_bone_ends_and_their_damage_with_it():
    replaced = crops(prosthesis={"LH_MCP2": 1.0})
    worn = crops(
        prosthesis={"LH_MCP2": 1.0}, erosion={"LH_MCP2": 0.9}, narrowing={"LH_MCP2": 1.0}, subluxation={"LH_MCP2": 0.8}
    )
    assert np.array_equal(replaced, worn)


@pytest.mark.parametrize("joint", ["lunate", "CMC1", "MCP2"])
def test_an_implant_lies_at_its_joint(joint):
    before, landmarks = film(Side.LEFT_HAND)
    after, _ = film(Side.LEFT_HAND, prosthesis={f"LH_{joint}": 1.0})
    metal = np.argwhere((after == 4095) & (before < 4095))
    place = np.array(landmarks[joint])[::-1] if joint in landmarks else np.median(metal, axis=0)
    assert 0.2 * np.linalg.norm(metal + 0.5 - place, axis=-1).max() < 26.0


def test_an_implant_has_sharp_edges():
    pixels, landmarks = film(Side.LEFT_HAND, prosthesis={"LH_MCP3": 1.0, "LH_MCP2": 1.0, "LH_MCP4": 1.0})
    column, row = (int(value) for value in landmarks["MCP3"])
    steps = np.abs(np.diff(pixels[row - 60 : row + 60, column - 60 : column + 60], axis=0))
    assert steps.max() > 900


@pytest.mark.parametrize("feature", ["subluxation", "ankylosis", "prosthesis", "amputated"])
def test_late_damage_of_one_finger_changes_nothing_in_the_other_limbs_nor_at_the_thumb(feature):
    before, after = crops(Scanner()), crops(Scanner(), **{feature: {"LH_PIP4": 1.0}})
    same = [joint for joint in JOINT_NAMES if not joint.startswith("LH")]
    same += [f"LH_{site}" for site in ("IP1", "MCP1", "CMC1", "multangular", "navicular", "lunate", "radius", "ulna")]
    for joint in same:
        assert np.array_equal(crop_of(before, joint), crop_of(after, joint)), joint


def test_an_amputation_takes_the_rest_of_the_ray_and_its_landmarks():
    _, healthy = film(Side.LEFT_HAND)
    _, landmarks = film(Side.LEFT_HAND, amputated={"LH_PIP3": 1.0})
    assert healthy.keys() - landmarks.keys() == {"PIP3", "DIP3", "TIP3"}
    assert all(landmarks[name] == healthy[name] for name in landmarks)
    _, foot = film(Side.RIGHT_FOOT, amputated={"RF_MTP3": 1.0})
    assert set(FOOT_LANDMARKS) - set(foot) == {"MTP3"}


def test_nothing_is_drawn_beyond_a_stump_and_skin_covers_the_bone():
    before = layers(Side.LEFT_HAND)
    soft, bone = layers(Side.LEFT_HAND, amputated={"LH_PIP3": 1.0})
    _, landmarks = film(Side.LEFT_HAND)
    for joint in ("DIP3", "TIP3"):
        column, row = (int(value) for value in landmarks[joint])
        assert before[0][row, column] > 0.1
        assert soft[row, column] == 0
        assert bone[row, column] == 0
    column, row = (int(value) for value in landmarks["PIP3"])
    bone_end = np.flatnonzero(bone[:, column] > 0.02).min()
    skin = np.flatnonzero(soft[:, column] > 0.05).min()
    assert row < bone_end < row + 60
    assert skin < bone_end - 10  # 2 mm of soft tissue over the bone


def test_present_joints_names_what_is_left():
    damaged = states(2, amputated={"LH_PIP3": 1.0})
    damaged.amputated[1] = 0.0
    present = present_joints(damaged)
    assert [JOINT_NAMES[j] for j in np.flatnonzero(~present[0])] == ["LH_DIP3", "LH_PIP3"]
    assert present[1].all()
    pixels = render_crops(
        damaged, select(ANATOMY, [0, 0]), select(POSE, ([0, 0], [0, 0])), QUIET, GEOMETRY, np.tile(SEED, 2)
    )
    assert (pixels[0].max(axis=(1, 2)) > 0).tolist() == present[0].tolist()


def test_a_hand_amputated_through_the_wrist_is_gone_with_all_its_joints():
    present = present_joints(states(amputated={"LH_radius": 1.0}))[0]
    assert not present[: len(joints_of(Region.HAND))].any()
    assert present[len(joints_of(Region.HAND)) :].all()
    assert (crops(amputated={"LH_radius": 1.0})[:23] == 0).all()


def test_a_limb_whose_direction_cannot_be_told_has_no_crops():
    knuckles = {f"RH_MCP{n}": 1.0 for n in range(2, 6)}
    present = present_joints(states(amputated=knuckles))[0]
    assert not any(present[JOINT_INDEX[f"RH_{site}"]] for site in joints_of(Region.HAND))
    assert present.sum() == 58 - 23


def test_the_crop_frames_of_what_is_left_stay_where_they_were():
    _, healthy = film(Side.LEFT_HAND)
    _, landmarks = film(Side.LEFT_HAND, amputated={"LH_DIP3": 1.0})
    assert set(HAND_LANDMARKS) - set(landmarks) == {"DIP3", "TIP3"}
    before, after = crop_frames(healthy, Region.HAND), crop_frames(landmarks, Region.HAND)
    assert np.array_equal(before.centre[after.present], after.centre[after.present])
