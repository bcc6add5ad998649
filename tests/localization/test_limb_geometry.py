"""Frames, crops, flags and polarity of limbs on drawn films, each number by hand; films told apart by their names."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from outcomenet.anatomy import Region, joints_of
from outcomenet.errors import UsageError
from outcomenet.localization.film_list import NamedFilm, list_films
from outcomenet.localization.film_quality import (
    detail,
    frame_flags,
    has_few_joints,
    is_cut_off,
    is_film_nearly_black,
    is_implausible,
    is_narrow_hand,
    is_nearly_black,
    is_wrapped,
    placed_frame,
    wrist_widths_mm,
)
from outcomenet.localization.frames import (
    LimbFrame,
    Pyramid,
    Window,
    fitted_frame,
    frame_of,
    window_matrix,
)
from outcomenet.localization.geometry import (
    CARPAL_SHARES,
    CropGeometry,
    LimbLengths,
    crop_frames,
    is_left_as_displayed,
    limb_length_px,
)
from outcomenet.localization.likeness import JointPatterns, are_patterns, likeness, nearest
from outcomenet.localization.matching import Matched
from outcomenet.localization.polarity import bones_are_dark, reversed_levels, shaft_steps
from outcomenet.localization.shape_model import OWN_MM, ShapeModel

Points = dict[str, tuple[float, float]]


def left_hand() -> Points:
    """An upright left hand, thumb on the right: rays 40 px apart, 1 mm = 2 px."""
    hand = {
        "RC": (200.0, 500.0),
        "DRUJ_U": (150.0, 500.0),
        "CMC1": (260.0, 460.0),
        "MCP1": (300.0, 400.0),
        "IP1": (320.0, 340.0),
    }
    for ray, x in ((2, 260.0), (3, 220.0), (4, 180.0), (5, 140.0)):
        hand |= {f"MCP{ray}": (x, 300.0), f"PIP{ray}": (x, 220.0), f"DIP{ray}": (x, 170.0), f"TIP{ray}": (x, 130.0)}
    return hand


def left_foot() -> Points:
    """An upright left foot, big toe on the right."""
    toes = {f"MTP{ray}": (300.0 - 40 * ray, 200.0) for ray in range(1, 6)}
    return toes | {"IP1": (260.0, 150.0), "TIP1": (260.0, 110.0), "BASE1": (260.0, 330.0)}


LIMBS = {Region.HAND: left_hand(), Region.FOOT: left_foot()}


def moved(points: Points, *, turn: float = 0.0, mirror: bool = False, scale: float = 1.0) -> Points:
    """The limb mirrored left to right, turned clockwise about the film's corner (radians), made larger, and shifted."""
    cos, sin = math.cos(turn), math.sin(turn)
    flipped = {name: (-x if mirror else x, y) for name, (x, y) in points.items()}
    return {
        n: (scale * (cos * x - sin * y) + 1000, scale * (sin * x + cos * y) + 1000) for n, (x, y) in flipped.items()
    }


def of(frames, region: Region, site: str) -> tuple[list[float], list[float], list[float]]:
    row = joints_of(region).index(site)
    assert frames.present[row]
    return frames.centre[row].tolist(), frames.up[row].tolist(), frames.right[row].tolist()


def test_crops_of_an_upright_left_limb_point_up_and_towards_the_thumb():
    frames = crop_frames(left_hand(), Region.HAND)
    assert frames.present.all()
    for site, place in (
        ("PIP3", [220.0, 220.0]),
        ("DIP5", [140.0, 170.0]),
        ("radius", [200.0, 500.0]),
        ("ulna", [150.0, 500.0]),
    ):
        centre, up, right = of(frames, Region.HAND, site)
        assert centre == place
        if site[0] in "DP":
            assert (up, right) == ([0.0, -1.0], [1.0, 0.0])
    # the thumb's own ray: IP1 lies 20 px right of and 60 px above MCP1
    _, up, right = of(frames, Region.HAND, "IP1")
    assert up == pytest.approx(np.array([20, -60]) / math.hypot(20, 60))
    assert right == pytest.approx(np.array([60, 20]) / math.hypot(20, 60))
    _, up, right = of(crop_frames(left_foot(), Region.FOOT), Region.FOOT, "MTP4")
    assert (up, right) == ([0.0, -1.0], [1.0, 0.0])


@pytest.mark.parametrize("region", list(Region))
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("turn", [0.0, 0.4, 2.0, math.pi])
def test_a_limb_that_is_turned_mirrored_and_enlarged_takes_its_crops_along(region, mirror, turn):
    plain, changed = (
        crop_frames(points, region)
        for points in (LIMBS[region], moved(LIMBS[region], turn=turn, mirror=mirror, scale=1.5))
    )
    flip = np.array([-1.0 if mirror else 1.0, 1.0])
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    assert np.array_equal(changed.present, plain.present)
    there = plain.present
    assert changed.centre[there] == pytest.approx(1.5 * (plain.centre[there] * flip) @ rotation.T + 1000)
    for axis in ("up", "right"):
        assert getattr(changed, axis)[there] == pytest.approx(
            (getattr(plain, axis)[there] * flip) @ rotation.T, abs=1e-9
        )
    assert np.linalg.norm(changed.up[there], axis=1) == pytest.approx(1)
    assert (changed.up * changed.right).sum(1) == pytest.approx(np.zeros(len(there)), abs=1e-9)
    assert is_left_as_displayed(moved(LIMBS[region], turn=turn, mirror=mirror), region) is not mirror


def test_wrist_sites_that_nobody_placed_lie_at_their_shares():
    # RC below the middle of two knuckles: the axis is upright, and 200 px long to MCP3
    hand = {"RC": (220.0, 500.0), "MCP2": (260.0, 300.0), "MCP3": (220.0, 300.0), "MCP4": (180.0, 300.0)}
    frames = crop_frames(hand, Region.HAND)
    for site, (along, thumbwards) in CARPAL_SHARES.items():
        centre, _, _ = of(frames, Region.HAND, site)
        assert centre == pytest.approx([220 + 200 * thumbwards, 500 - 200 * along])
    placed = crop_frames(hand | {"lunate": (1.0, 2.0)}, Region.HAND)
    assert of(placed, Region.HAND, "lunate")[0] == [1.0, 2.0]


def test_a_joint_without_a_landmark_is_absent_and_never_guessed():
    hand = left_hand()
    hand.pop("DIP2")
    frames = crop_frames(hand, "hand")
    row = joints_of(Region.HAND).index("DIP2")
    assert not frames.present[row]
    assert not frames.centre[row].any()
    assert frames.present.sum() == len(frames.present) - 1
    # PIP2 has no distal end any more and points along the hand: RC to the middle of the knuckles is upright
    assert of(frames, Region.HAND, "PIP2")[1] == pytest.approx([0.0, -1.0])


def test_lengths_of_limbs_and_crops():
    assert limb_length_px(left_hand(), "hand") == pytest.approx(math.hypot(20, 370))
    assert limb_length_px(left_foot(), Region.FOOT) == pytest.approx(220)
    assert (LimbLengths().of("hand"), LimbLengths(foot_mm=100.0).of(Region.FOOT)) == (185.0, 100.0)
    assert CropGeometry(80, 0.3).width_mm == pytest.approx(24.0)
    with pytest.raises(UsageError, match="size_px"):
        CropGeometry(size_px=0)
    with pytest.raises(UsageError, match="hand_mm"):
        LimbLengths(hand_mm=10.0)


@pytest.mark.parametrize("thumb_right", [True, False])
@pytest.mark.parametrize("turned", [0.0, 0.5, -2.5])
def test_a_frame_tells_its_scale_turn_and_side_and_goes_both_ways(thumb_right, turned):
    anchor = np.array([8.0, 92.0])
    frame = frame_of(np.array([300.0, 400.0]), turned, 2.5, thumb_right, anchor)
    assert frame.to_film(anchor) == pytest.approx([300.0, 400.0])
    assert (frame.px_per_mm, frame.thumb_right) == (pytest.approx(2.5), thumb_right)
    assert frame.turned_degrees == pytest.approx(math.degrees(turned))
    points = np.random.default_rng(0).normal(size=(5, 2)) * 50
    assert frame.to_limb(frame.to_film(points)) == pytest.approx(points)
    # ten millimetres towards the fingertips are 25 pixels that way
    step = frame.to_film(anchor + [0.0, 10.0]) - [300.0, 400.0]
    assert step == pytest.approx([25 * math.sin(turned), -25 * math.cos(turned)])
    about = frame.about(np.array([5.0, 6.0]))
    assert about.to_film(np.zeros(2)) == pytest.approx([5.0, 6.0])
    assert about.matrix == pytest.approx(frame.matrix)
    again = fitted_frame(points, frame.to_film(points), np.array([1.0, 2.0, 0.5, 1.0, 3.0]), thumb_right)
    assert again.matrix == pytest.approx(frame.matrix)
    assert again.offset == pytest.approx(frame.offset)


def test_a_window_lies_about_its_centre_with_rows_downwards():
    window = Window((10.0, 20.0), 0.5, 40, 60)
    assert window.to_limb(np.array([30.0, 20.0])).tolist() == [10.0, 20.0]
    assert window.to_limb(np.array([0.0, 0.0])).tolist() == [-5.0, 30.0]
    frame = LimbFrame(np.array([[2.0, 0.0], [0.0, -2.0]]), np.array([100.0, 200.0]))
    matrix = window_matrix(frame, window)
    assert matrix @ [0.0, 0.0, 1.0] == pytest.approx([90.0, 140.0])
    assert matrix[:, :2] == pytest.approx(np.eye(2))  # half a millimetre is a film pixel


def test_a_pyramid_halves_down_to_small_films_and_knows_its_brightest():
    pyramid = Pyramid(np.full((256, 300), 7, np.uint16))
    assert [level.shape for level in pyramid.levels] == [(256, 300), (128, 150), (64, 75), (32, 37)]
    assert (pyramid.shape, pyramid.brightest) == ((256, 300), 7.0)
    assert len(Pyramid(np.zeros((40, 4000), np.uint16)).levels) == 1


@pytest.mark.parametrize(("present", "few"), [(0, True), (11, True), (12, False), (23, False)])
def test_fewer_than_half_of_the_joints_are_few(present, few):
    assert has_few_joints(np.arange(23) < present) is few


@pytest.mark.parametrize(
    ("length", "spacing", "region", "implausible"),
    [
        (1000.0, 0.14, "hand", False), (1000.0, 0.139, "hand", True), (1000.0, 0.241, "hand", True), (1000.0, 0.24, "hand", False),
        (1000.0, 0.09, "foot", False), (1000.0, 0.161, "foot", True), (None, 0.1, "hand", False), (1000.0, None, "hand", False),
    ],
)  # fmt: skip
def test_a_limb_of_no_adults_length_is_implausible(length, spacing, region, implausible):
    assert is_implausible(length, spacing, Region(region)) is implausible


def test_a_hand_is_narrow_by_the_knuckles_that_were_placed():
    hand = {"MCP5": (0.0, 0.0), "MCP2": (27.1, 0.0), "TIP3": (10.0, -60.0), "RC": (10.0, 40.0)}
    assert is_narrow_hand(hand, Region.HAND) is False
    assert is_narrow_hand(hand | {"MCP2": (26.9, 0.0)}, Region.HAND) is True
    of_three = {name: place for name, place in hand.items() if name != "MCP2"} | {"MCP3": (17.5, 0.0)}
    assert is_narrow_hand(of_three, Region.HAND) is False
    assert is_narrow_hand(of_three | {"MCP3": (17.3, 0.0)}, Region.HAND) is True
    assert is_narrow_hand(left_foot(), Region.FOOT) is None
    assert is_narrow_hand({"MCP5": (0.0, 0.0), "MCP2": (1.0, 0.0)}, Region.HAND) is None


@pytest.mark.parametrize(
    ("landmarks", "joints", "cut"),
    [
        ({}, [[8.0, 50.0]], False), ({}, [[7.9, 50.0]], True), ({}, [[92.1, 50.0]], True), ({}, [[50.0, 192.1]], True),
        # the third phalanx would end 0.6 x 20 px above DIP2
        ({"MCP2": (50.0, 60.0), "PIP2": (50.0, 30.0), "DIP2": (50.0, 10.0)}, [[50.0, 30.0]], True),
        ({"MCP2": (50.0, 70.0), "PIP2": (50.0, 40.0), "DIP2": (50.0, 20.0)}, [[50.0, 30.0]], False),
        ({"PIP2": (50.0, 30.0), "DIP2": (50.0, 10.0)}, [[50.0, 30.0]], False),  # without its knuckle nothing is said of a finger
        ({"MCP2": (50.0, 10.0)}, [[50.0, 30.0]], False),
    ],
)  # fmt: skip
def test_a_limb_is_cut_off_by_a_joint_at_the_edge_or_a_finger_that_would_reach_beyond(landmarks, joints, cut):
    assert is_cut_off(landmarks, np.array(joints), (200, 100), 8.0) is cut


def drawn_hand(*, bone: int = 50_000, tissue: int = 25_000, air: int = 5_000) -> np.ndarray:
    """A film of the left hand at 2 px a millimetre: shafts 8 mm wide along every ray, skin about them."""
    film = np.full((700, 460), air, np.uint16)
    film[120:620, 110:350] = tissue
    for ray in range(2, 6):
        x = int(left_hand()[f"MCP{ray}"][0])
        film[130:420, x - 8 : x + 8] = bone
    return film


def test_shafts_are_brighter_than_their_sides_and_darker_on_a_reversed_film():
    film = drawn_hand()
    steps = shaft_steps(film, left_hand(), Region.HAND, 0.5)
    # 8 phalanges, 4 metacarpals; 9 mm beside a shaft lies soft tissue
    assert steps == [25_000.0] * 12
    assert shaft_steps(reversed_levels(film), left_hand(), Region.HAND, 0.5) == [-25_000.0] * 12
    assert not bones_are_dark(film, left_hand(), Region.HAND, 0.5)
    assert bones_are_dark(reversed_levels(film), left_hand(), Region.HAND, 0.5)
    assert np.array_equal(reversed_levels(reversed_levels(film)), film)


def test_what_too_few_shafts_say_is_not_believed():
    one_finger = {name: place for name, place in left_hand().items() if name in ("DIP2", "PIP2", "MCP2")}
    dark = reversed_levels(drawn_hand())
    assert len(shaft_steps(dark, one_finger, Region.HAND, 0.5)) == 3
    assert bones_are_dark(dark, one_finger, Region.HAND, 0.5)
    one_finger.pop("DIP2")
    assert len(shaft_steps(dark, one_finger, Region.HAND, 0.5)) == 2
    assert not bones_are_dark(dark, one_finger, Region.HAND, 0.5)
    assert shaft_steps(np.full((700, 460), 9, np.uint16), left_hand(), Region.HAND, 0.5) == []  # of one grey
    assert shaft_steps(dark[:100, :100], left_hand(), Region.HAND, 0.5) == []  # off the film


def test_flags_of_a_drawn_hand_follow_its_turn_size_and_brightness():
    film = drawn_hand()
    frame = placed_frame(left_hand(), Region.HAND, 0.5)
    assert frame.thumb_right
    assert frame.px_per_mm == pytest.approx(2)
    assert frame.to_film(np.zeros(2)) == pytest.approx(left_hand()["RC"])
    flags = frame_flags(frame, Region.HAND, Pyramid(film), 370.0)
    assert flags == {"turned": False, "washed_out": False, "nearly_black": False, "small": False, "cast": False}
    assert frame_flags(frame, Region.HAND, Pyramid(film), 199.9)["small"]
    assert frame_flags(frame.about(frame.offset, 0.8), Region.HAND, Pyramid(film), 370.0)["turned"]
    flat = Pyramid(np.full(film.shape, 30_000, np.uint16))
    assert frame_flags(frame, Region.HAND, flat, 370.0)["washed_out"]
    assert detail(frame, Region.HAND, flat) == 0
    assert not frame_flags(placed_frame(left_foot(), Region.FOOT, 0.5), Region.FOOT, flat, 370.0)["cast"]


def test_a_dark_film_is_nearly_black_with_and_without_a_limb():
    dark, bright = (np.full((300, 300), level, np.uint16) for level in (8_191, 8_192))
    frame = placed_frame(left_hand(), Region.HAND, 0.5)
    off = LimbFrame(frame.matrix, frame.offset + 9_999)
    for film, black in ((dark, True), (bright, False)):
        assert is_film_nearly_black(film) is black
        assert is_nearly_black(Pyramid(film), frame, Region.HAND) is black
        assert is_nearly_black(Pyramid(film), off, Region.HAND) is black  # the film as a whole
    hot = dark.copy()
    hot[0, 0] = 65_535
    assert is_film_nearly_black(hot)


@pytest.mark.parametrize(("forearm_mm", "wrapped"), [(60, False), (84, False), (96, True)])
def test_a_wrist_that_is_broader_than_its_palm_is_wrapped(forearm_mm, wrapped):
    film = np.full((800, 600), 2_000, np.uint16)
    frame = LimbFrame(np.array([[2.0, 0.0], [0.0, -2.0]]), np.array([300.0, 500.0]))
    palm, forearm = 80, forearm_mm  # mm, both about the window's middle at -12 mm
    film[380:500, 276 - palm : 276 + palm] = 40_000
    film[505:790, 276 - forearm : 276 + forearm] = 40_000
    widths = wrist_widths_mm(frame, Pyramid(film))
    assert widths == pytest.approx((forearm, palm), abs=2)
    assert is_wrapped(frame, Pyramid(film)) is wrapped
    assert wrist_widths_mm(LimbFrame(frame.matrix, frame.offset + 9_999), Pyramid(film)) == (0.0, 0.0)
    assert wrist_widths_mm(frame, Pyramid(film[:500]))[0] == 0.0  # no forearm on the film


def test_a_landmark_is_expected_where_a_gaussian_says_given_the_others():
    # two landmarks whose x go together: covariance 9 beside variances of 9 and 16
    covariance = np.diag([9.0, 4.0, 16.0, 4.0])
    covariance[0, 2] = covariance[2, 0] = 9.0
    model = ShapeModel(np.array([[0.0, 0.0], [10.0, 0.0]]), covariance)
    points, error = np.array([[5.0, 1.0], [99.0, 99.0]]), np.array([1.0, 1.0])
    place, sure = model.expected(points, error, np.array([True, False]))
    own = OWN_MM**2
    # regression on the first: 9 / (9 + own + 1) of its deviation of 5 mm; y go their own ways
    assert place[1] == pytest.approx([10 + 9 / (10 + own) * 5, 0.0])
    left = 16 + own - 81 / (10 + own), 4 + own
    assert sure[1] == pytest.approx(math.sqrt(sum(left) / 2))
    assert place[0] == pytest.approx([0.0, 0.0])  # its own place has no say
    nothing, unsure = model.expected(points, error, np.zeros(2, bool))
    assert nothing == pytest.approx(model.mean)
    assert unsure[1] == pytest.approx(math.sqrt((16 + 4) / 2 + own))


def textured(seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random((700, 460)) * 60_000).astype(np.uint16)


def test_one_film_is_more_like_itself_than_like_another_whatever_its_grey():
    hand = left_hand()
    text = likeness(textured(1), hand, Region.HAND)
    again = likeness(textured(1) // 2 + 3_000, hand, "hand")
    other = likeness(textured(2), hand, "hand")
    one, same, unlike = map(JointPatterns, (text, again, other))
    assert are_patterns(text, "hand")
    assert one.region is Region.HAND
    assert one.present.all()
    assert one.agreement(one) > 0.9
    assert one.agreement(same) > 0.7 > 0.4 > one.agreement(unlike)
    limbs = [one, unlike, same]
    assert [order[0] for order in nearest(limbs, ["p", "q", "r"], 1)][::2] == [2, 0]  # each other's nearest
    assert nearest(limbs, ["p", "q", "p"], 2)[0] == [1]  # a patient is not compared with himself


def test_patterns_of_a_changed_file_are_known_by_their_length_and_letters():
    text = likeness(textured(1), left_foot(), "foot")
    assert JointPatterns(text).region is Region.FOOT
    assert are_patterns("", "hand")
    assert not are_patterns(text, "hand")
    assert not are_patterns(text[:-1], "foot")
    assert not are_patterns("\n" + text[1:], "foot")
    assert likeness(textured(1), {"RC": (1.0, 1.0)}, "hand") == ""  # no bone has both ends


def npy(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.zeros((2, 2), np.uint16))
    return path


def test_films_of_one_name_are_told_apart_by_as_many_folders_as_needed(tmp_path):
    films = [npy(tmp_path / part / "IM1.npy") for part in ("a/x", "b/x", "b/y")] + [
        npy(tmp_path / "a" / "x" / "IM2.npy")
    ]
    listed = list_films([tmp_path, films[0]])  # a file that is named twice is one film
    assert [film.film_id for film in listed.films] == ["a/x/IM1.npy", "IM2.npy", "b/x/IM1.npy", "y/IM1.npy"]
    assert NamedFilm("a/x/100%.npy", films[0]).file_name == "a%2Fx%2F100%25.npy"


def test_other_files_of_a_folder_are_named_and_a_misnamed_film_is_meant(tmp_path):
    npy(tmp_path / "film.npy").rename(tmp_path / "film")
    (tmp_path / "broken.DCM").write_text("x")
    (tmp_path / "._film.dcm").write_text("x")
    for number in range(6):
        (tmp_path / f"note{number}\n.txt").write_text("x")
    listed = list_films([tmp_path])
    assert sorted(film.film_id for film in listed.films) == ["broken.DCM", "film"]
    assert listed.of_others().startswith(
        "7 files of the folders are no films by their content and were left out: ._film.dcm, note0\\n.txt"
    )
    assert listed.of_others().endswith(", ....")
    assert list_films([tmp_path / "film"]).of_others() == ""


@pytest.mark.parametrize(
    "sentence", ["Name at least one film", "There is no film or folder", "holds no film: of its 1 files none"]
)
def test_films_that_are_not_there_are_asked_for(tmp_path, sentence):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("x")
    places = {"Name": [], "There": [tmp_path / "none"], "holds": [tmp_path / "folder"]}[sentence.split()[0]]
    with pytest.raises(UsageError, match=sentence):
        list_films(places)


def test_what_found_no_partner_is_said_in_words():
    film = NamedFilm("f.dcm", Path("f.dcm"))
    assert Matched({}, [], []).in_words(Path("a/b.json")) == []
    sentences = Matched({}, ["x", "y"], [film, film._replace(film_id="g.dcm")], {"0a-z": "z"}).in_words(
        Path("a/b.json")
    )
    assert sentences == [
        "b.json has landmarks of 2 films that are not among the films, which nobody used: x, y.",
        "b.json: names that an upload had lengthened were taken for films: 0a-z for z.",
        "2 films have no landmarks in b.json, so their joints are looked for: f.dcm, g.dcm.",
    ]
