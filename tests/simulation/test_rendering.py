"""Simulated films: same anatomy at every visit, lesions where they belong, crops that equal the film's."""

from __future__ import annotations

import numpy as np
import pytest
from limb_films import ANATOMY, GEOMETRY, POSE, QUIET, SEED, crop_of, crops, film, generators, layers, states
from scipy import ndimage

from outcomenet.anatomy import FOOT_LANDMARKS, HAND_LANDMARKS, JOINT_INDEX, JOINT_NAMES, Region, Side, joints_of
from outcomenet.errors import UsageError
from outcomenet.localization.geometry import CropGeometry, crop_frames, is_left_as_displayed, limb_length_px
from outcomenet.simulation.rendering import (
    Scanner,
    draw_anatomy,
    draw_pose,
    noise_seeds,
    of_side,
    render_crops,
    select,
)
from outcomenet.simulation.rendering.posing import FILM_SIZE_MM, joint_points, place_on_film


def test_a_hand_film_has_its_size_and_twelve_bits():
    pixels, _ = film(Side.LEFT_HAND)
    assert pixels.shape == (1300, 950)
    assert 0 <= pixels.min() < pixels.max() <= 4095


def test_crops_cover_all_joints_at_every_visit():
    pixels = render_crops(
        states(2), select(ANATOMY, [0, 0]), select(POSE, ([0, 0], [0, 1])), QUIET, CropGeometry(48, 0.5), SEED.repeat(2)
    )
    assert pixels.shape == (2, 58, 48, 48)
    assert pixels.dtype == np.uint16


@pytest.mark.parametrize("side", list(Side))
def test_a_film_names_every_landmark_inside_the_image(side):
    pixels, landmarks = film(side)
    assert set(landmarks) == set(HAND_LANDMARKS if side.region is Region.HAND else FOOT_LANDMARKS)
    places = np.array(list(landmarks.values()))
    assert (places > 0).all()
    assert (places < pixels.shape[::-1]).all()


@pytest.mark.parametrize("side", list(Side))
def test_an_unmirrored_left_limb_shows_its_thumb_or_big_toe_on_the_right(side):
    _, landmarks = film(side)
    assert is_left_as_displayed(landmarks, side.region) == (side.laterality == "L")


def test_fingers_and_toes_point_up():
    for side, tip, base in ((Side.LEFT_HAND, "TIP3", "RC"), (Side.RIGHT_FOOT, "TIP1", "BASE1")):
        _, landmarks = film(side)
        assert landmarks[tip][1] < landmarks[base][1]


def test_landmarks_lie_in_the_dark_gap_between_bright_bones():
    soft, bone = layers(Side.LEFT_HAND)
    _, landmarks = film(Side.LEFT_HAND)
    for joint in ("PIP3", "DIP3", "MCP2"):
        x, y = landmarks[joint]
        column = bone[int(y) - 20 : int(y) + 20, int(x)]
        assert bone[int(y), int(x)] < 0.02
        assert column.max() > 0.3


@pytest.mark.parametrize("side", list(Side))
def test_a_crop_cut_from_the_film_equals_the_crop_drawn_directly(side):
    pixels, landmarks = film(side)
    direct = crops()
    frames = crop_frames(landmarks, side.region)
    middle = 0.5 * (GEOMETRY.size_px - 1)
    steps = (np.arange(GEOMETRY.size_px) - middle) * GEOMETRY.mm_per_px / QUIET.spacing_mm
    for row, site in enumerate(joints_of(side.region)):
        place = frames.centre[row] + steps[None, :, None] * frames.right[row] - steps[:, None, None] * frames.up[row]
        # the first pixel's centre is (0.5, 0.5); map_coordinates counts it as 0
        cut = ndimage.map_coordinates(pixels, [place[..., 1] - 0.5, place[..., 0] - 0.5], order=1)
        drawn = crop_of(direct, f"{side}_{site}")
        assert np.abs(cut - drawn).mean() < 0.01 * 4095, site
        assert np.corrcoef(cut.ravel(), drawn.ravel())[0, 1] > 0.99, site


def test_left_and_right_crops_of_one_joint_look_alike():
    pixels = crops()
    alike = np.corrcoef(crop_of(pixels, "LH_MCP1").ravel(), crop_of(pixels, "RH_MCP1").ravel())[0, 1]
    mirrored = np.corrcoef(crop_of(pixels, "LH_MCP1").ravel(), crop_of(pixels, "RH_MCP1")[:, ::-1].ravel())[0, 1]
    assert alike > max(0.8, mirrored)


def test_rendering_twice_gives_the_same_bits():
    noisy = Scanner()
    assert np.array_equal(crops(noisy), crops(noisy))
    assert np.array_equal(film(Side.LEFT_FOOT, noisy)[0], film(Side.LEFT_FOOT, noisy)[0])


def test_a_visit_has_the_same_pixels_alone_and_in_company():
    rows, visits = [0, 1, 2], [0, 1, 0]
    seeds = noise_seeds(5, rows, visits)
    together = render_crops(states(3), ANATOMY, select(POSE, (rows, visits)), Scanner(), GEOMETRY, seeds)
    alone = render_crops(
        states(1), select(ANATOMY, [1]), select(POSE, ([1], [1])), Scanner(), GEOMETRY, noise_seeds(5, [1], [1])
    )
    assert np.array_equal(together[1], alone[0])


def test_a_patient_does_not_depend_on_how_many_patients_there_are():
    few = draw_anatomy(generators(2), np.array([False, True]))
    for all_three, first_two in zip(ANATOMY, few, strict=True):
        assert np.array_equal(all_three[:2], first_two)


def test_a_later_visit_leaves_earlier_poses_as_they_were():
    for longer, shorter in zip(draw_pose(generators(2, 1), 3), draw_pose(generators(2, 1), 2), strict=True):
        assert np.array_equal(longer[:, :2], shorter)


def test_hands_are_as_long_as_adult_hands():
    # 185 +- 9 mm with one man in four; TIP3-RC of the template is 185 mm
    anatomy = draw_anatomy(generators(400, 2), np.arange(400) % 4 == 0)
    pose = draw_pose(generators(400, 3), 1)
    points = joint_points(of_side(anatomy, Side.LEFT_HAND), select(pose, (slice(None), 0, 0)), Region.HAND)
    length = np.linalg.norm(points["TIP3"] - points["RC"], axis=-1)
    assert length.mean() == pytest.approx(185.0, abs=2.0)
    assert length.std() == pytest.approx(9.0, abs=1.5)
    assert length[::4].mean() > length[1::4].mean() + 8.0


def test_crops_of_any_hand_lie_on_its_film():
    anatomy = draw_anatomy(generators(200, 4), np.ones(200, bool))
    pose = select(draw_pose(generators(200, 5), 1), (slice(None), 0, 1))
    points = joint_points(of_side(anatomy, Side.RIGHT_HAND), pose, Region.HAND)
    placement = place_on_film(points, pose, Side.RIGHT_HAND)
    for joint in joints_of(Region.HAND):
        point = points[{"radius": "RC", "ulna": "DRUJ_U"}.get(joint, joint)]
        place = np.einsum("fij,fj->fi", placement.matrix, point) + placement.offset
        assert (place > 12.0).all(), joint
        assert (place < np.array(FILM_SIZE_MM[Region.HAND]) - 12.0).all(), joint


def test_landmarks_stay_put_when_joints_are_destroyed():
    everything = {joint: 1.0 for joint in JOINT_NAMES}
    _, healthy = film(Side.RIGHT_HAND)
    _, damaged = film(Side.RIGHT_HAND, erosion=everything, narrowing=everything)
    assert healthy == damaged
    assert limb_length_px(healthy, Region.HAND) == limb_length_px(damaged, Region.HAND)


def test_damage_of_one_hand_changes_no_pixel_of_the_other_limbs():
    before, after = crops(Scanner()), crops(Scanner(), erosion={"LH_MCP2": 0.7}, swelling={"LH_ulna": 1.0})
    assert not np.array_equal(before[:23], after[:23])
    assert np.array_equal(before[23:], after[23:])


@pytest.mark.parametrize("feature", ["erosion", "narrowing", "osteopenia", "micro_erosion", "osteophyte", "sclerosis"])
def test_damage_of_one_joint_changes_only_pixels_near_it(feature):
    before, landmarks = film(Side.LEFT_HAND, Scanner())
    after, _ = film(Side.LEFT_HAND, Scanner(), **{feature: {"LH_PIP3": 0.8}})
    changed = np.argwhere(before != after)
    distance_mm = 0.2 * np.linalg.norm(changed + 0.5 - np.array(landmarks["PIP3"])[::-1], axis=-1)
    assert len(changed) > 20
    assert distance_mm.max() < 17.0


def test_erosion_darkens_the_margins_of_both_bones_more_and_more():
    _, healthy = layers(Side.LEFT_HAND)
    _, landmarks = film(Side.LEFT_HAND)
    column, row = (int(value) for value in landmarks["MCP3"])
    lost = []
    for state in (0.1, 0.4, 0.7, 1.0):
        _, bone = layers(Side.LEFT_HAND, erosion={"LH_MCP3": state})
        change = (bone - healthy)[row - 60 : row + 60, column - 50 : column + 50]
        assert change[:60].min() < -0.1
        assert change[60:].min() < -0.1
        lost.append(change.sum())
    assert lost == sorted(lost, reverse=True)


def test_at_full_erosion_the_joint_surface_is_gone():
    _, healthy = layers(Side.LEFT_HAND)
    _, bone = layers(Side.LEFT_HAND, erosion={"LH_MCP3": 1.0})
    _, landmarks = film(Side.LEFT_HAND)
    column, row = (int(value) for value in landmarks["MCP3"])
    near = np.s_[row - 12 : row + 12, column - 20 : column + 20]
    assert bone[near].sum() < 0.35 * healthy[near].sum()


def gap_mm(bone: np.ndarray, landmarks: dict, joint: str) -> float:
    """Width of the bone-free gap on the column through the landmark."""
    column, row = (int(value) for value in landmarks[joint])
    line = bone[row - 25 : row + 25, column] < 0.08
    return 0.2 * line.sum()


@pytest.mark.parametrize("joint", ["PIP3", "MCP3", "DIP3"])
def test_narrowing_narrows_the_gap_until_the_bones_touch(joint):
    _, landmarks = film(Side.LEFT_HAND)
    gaps = [
        gap_mm(layers(Side.LEFT_HAND, narrowing={f"LH_{joint}": state})[1], landmarks, joint)
        for state in (0.0, 0.5, 1.0)
    ]
    assert 0.7 < gaps[0] < 2.6
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] <= 0.2


def test_rheumatoid_and_osteoarthritic_narrowing_look_the_same():
    by_arthritis = crops(narrowing={"LH_PIP2": 0.6})
    by_osteoarthritis = crops(oa_narrowing={"LH_PIP2": 0.6})
    assert np.array_equal(by_arthritis, by_osteoarthritis)


@pytest.mark.parametrize("joint", ["CMC3", "multangular", "navicular", "radius"])
def test_narrowing_of_a_wrist_site_fills_its_gap(joint):
    before, after = (crop_of(pixels, f"LH_{joint}") for pixels in (crops(), crops(narrowing={f"LH_{joint}": 1.0})))
    assert after.mean() > before.mean()


@pytest.mark.parametrize("joint", ["multangular", "navicular", "lunate", "radius", "ulna", "CMC1", "CMC4"])
def test_erosion_of_a_wrist_site_shows_in_its_crop(joint):
    before, after = (crop_of(pixels, f"RH_{joint}") for pixels in (crops(), crops(erosion={f"RH_{joint}": 0.6})))
    assert (after - before).min() < -150
    assert after.mean() < before.mean()


def test_an_osteophyte_widens_the_bone_end():
    _, landmarks = film(Side.LEFT_HAND)
    column, row = (int(value) for value in landmarks["DIP3"])
    line = np.s_[row - 9, column - 45 : column + 45]  # 1.8 mm into the distal phalanx
    widths = [
        (layers(Side.LEFT_HAND, osteophyte={"LH_DIP3": state})[1][line] > 0.05).sum() * 0.2 for state in (0.0, 1.0)
    ]
    assert widths[1] > widths[0] + 1.0


def test_sclerosis_brightens_and_osteopenia_darkens_the_bone_end():
    healthy = crop_of(crops(), "LH_PIP3").mean()
    assert crop_of(crops(sclerosis={"LH_PIP3": 1.0}), "LH_PIP3").mean() > healthy + 10
    assert crop_of(crops(osteopenia={"LH_PIP3": 1.0}), "LH_PIP3").mean() < healthy - 20


def test_a_micro_erosion_is_fainter_than_an_erosion():
    healthy = crop_of(crops(), "LH_PIP3")
    change = {
        feature: np.abs(crop_of(crops(**{feature: {"LH_PIP3": 0.6}}), "LH_PIP3") - healthy).sum()
        for feature in ("micro_erosion", "erosion")
    }
    assert 0 < change["micro_erosion"] < 0.5 * change["erosion"]


def test_swelling_thickens_soft_tissue_and_leaves_bone_alone():
    soft_before, bone_before = layers(Side.LEFT_HAND)
    soft_after, bone_after = layers(Side.LEFT_HAND, swelling={"LH_PIP3": 1.0})
    assert np.array_equal(bone_before, bone_after)
    assert (soft_after >= soft_before - 1e-6).all()
    # 2 x 2.8 mm more tissue of 0.028 / mm
    assert (soft_after - soft_before).max() > 0.1


def test_noise_differs_between_visits_and_vanishes_without_quanta():
    first, second = noise_seeds(3, [0, 0], [0, 1])
    assert first != second
    pose = select(POSE, ([0, 0], [0, 0]))
    pixels = render_crops(
        states(2), select(ANATOMY, [0, 0]), pose, Scanner(), GEOMETRY, np.array([first, second], np.uint32)
    )
    assert not np.array_equal(pixels[0], pixels[1])
    quiet = render_crops(
        states(2), select(ANATOMY, [0, 0]), pose, QUIET, GEOMETRY, np.array([first, second], np.uint32)
    )
    assert np.array_equal(quiet[0], quiet[1])


def test_crops_of_one_visit_do_not_share_their_noise():
    air = [(crops(Scanner()) - crops())[JOINT_INDEX[joint]] for joint in ("LH_DIP3", "LF_IP1")]
    assert abs(np.corrcoef(air[0].ravel(), air[1].ravel())[0, 1]) < 0.1


def test_the_marker_stands_in_the_corner_of_the_little_finger():
    with_letter, _ = film(Side.LEFT_HAND, Scanner(noise=0.0))
    changed = np.argwhere(with_letter != film(Side.LEFT_HAND)[0])
    assert changed.max(axis=0)[0] < 160
    assert changed.max(axis=0)[1] < 160
    right, _ = film(Side.RIGHT_HAND, Scanner(noise=0.0))
    assert np.argwhere(right != film(Side.RIGHT_HAND)[0])[:, 1].min() > 740


def test_collimation_leaves_an_unexposed_bright_border():
    pixels, _ = film(Side.LEFT_FOOT, Scanner(noise=0.0, collimation_mm=4.0))
    assert (pixels[:20] == int(0.97 * 4095)).all()
    assert (pixels[:, -20:] == int(0.97 * 4095)).all()


def test_scanners_differ_in_tone_but_not_in_geometry():
    plain = crops()
    foggy = crops(Scanner(noise=0.0, gamma=0.9, contrast=0.6, fog=0.2))
    assert foggy.min() > plain.min() + 300
    assert np.corrcoef(plain[20].ravel(), foggy[20].ravel())[0, 1] > 0.95


def test_equalisation_darkens_thick_soft_tissue_and_leaves_air_and_bone_contrast():
    plain, even = (film(Side.LEFT_HAND, Scanner(noise=0.0, marker=False, equalisation=e))[0] for e in (0.0, 2.0))
    soft, bone = layers(Side.LEFT_HAND)
    air, thick = (soft == 0) & (bone == 0), (soft > 0.5) & (bone == 0)
    assert np.array_equal(plain[air], even[air])
    assert even[thick].mean() < 0.8 * plain[thick].mean()
    with pytest.raises(UsageError, match="equalisation must not be negative"):
        Scanner(equalisation=-1.0)


def test_each_visit_may_have_its_own_scanner():
    pose = select(POSE, ([0, 0], [0, 0]))
    pair = render_crops(
        states(2), select(ANATOMY, [0, 0]), pose, [QUIET, Scanner(noise=0.0, fog=0.3)], GEOMETRY, SEED.repeat(2)
    )
    assert np.array_equal(pair[0], crops())
    assert pair[1].mean() > pair[0].mean() + 300


def test_a_finer_scanner_shows_the_same_limb_in_more_pixels():
    _, coarse = film(Side.LEFT_HAND)
    pixels, fine = film(Side.LEFT_HAND, Scanner(noise=0.0, spacing_mm=0.15))
    assert pixels.shape == (1733, 1267)
    assert fine["MCP3"] == pytest.approx(np.array(coarse["MCP3"]) * 0.2 / 0.15)


def test_a_wrong_number_of_poses_is_named():
    with pytest.raises(UsageError, match="each of 2 visits, but `pose` has 1 rows"):
        render_crops(
            states(2), select(ANATOMY, [0, 0]), select(POSE, ([0], [0])), QUIET, GEOMETRY, np.zeros(2, np.uint32)
        )


def test_a_patient_without_a_generator_is_named():
    with pytest.raises(UsageError, match="got 1 generators for 2 patients"):
        draw_anatomy(generators(1), np.array([True, False]))


def test_an_impossible_scanner_is_refused():
    with pytest.raises(UsageError, match="Scanner broken: spacing_mm must be above 0, got 0"):
        Scanner("broken", spacing_mm=0.0)


def test_bent_fingers_are_seen_shorter_and_straighter_ones_longer():
    limb = of_side(select(ANATOMY, [0]), Side.LEFT_HAND)
    pose = select(POSE, ([0], [0], 0))
    lengths = []
    for flexion in (-1.0, 0.0, 1.0, 2.0):
        bent = pose._replace(flexion=np.full((1, 5), flexion))
        points = joint_points(limb, bent, Region.HAND)
        lengths.append(np.linalg.norm(points["DIP3"] - points["PIP3"]))
    assert lengths == sorted(lengths, reverse=True)
    # mild: at two standard deviations the middle phalanx leans 24 degrees
    assert 0.85 < lengths[-1] / lengths[1] < 0.97


def test_flexion_leaves_metacarpals_as_they_are():
    limb, pose = of_side(select(ANATOMY, [0]), Side.LEFT_HAND), select(POSE, ([0], [0], 0))
    straight, bent = (
        joint_points(limb, pose._replace(flexion=np.full((1, 5), flexion)), Region.HAND) for flexion in (0.0, 2.0)
    )
    assert np.array_equal(straight["MCP3"], bent["MCP3"])


def test_flexion_differs_between_films_and_takes_no_other_quantitys_random_numbers():
    pose = draw_pose(generators(40, 8), 2)
    assert pose.flexion.std() == pytest.approx(1.0, abs=0.1)
    # drawn as they were before fingers could bend
    expected = np.clip(generators(40, 8)[3].standard_normal((2, 4, 5)), -2.2, 2.2)
    assert np.array_equal(pose.rotation[3], np.deg2rad(2.5) * expected[..., 1])
