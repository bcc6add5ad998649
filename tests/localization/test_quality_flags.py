"""Every quality flag is raised by a film that deserves it, real wherever there is one, and by no plain film."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import Region, Side
from outcomenet.films.film_file import read_film
from outcomenet.films.quality_flags import FLAGS, UNCUTTABLE, UNSCORABLE, listed, present_flags, uncuttable
from outcomenet.localization.frames import Pyramid
from outcomenet.localization.landmarked_limbs import LandmarkedLimb, see_film_without_limb, see_limb
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.network_flags import FEW_EDGES, UNSURE_SHARE, carpal_edges, carpal_error
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.held_out_films import held_out_film
from outcomenet.progress import Progress
from outcomenet.simulation.landmark_films import FilmVariety
from tests.seen_films import film_of, flags_of

DATA = Path(__file__).parents[1] / "data"
PLACED = pd.read_csv(DATA / "landmarks.csv")
HAND, FOOT = "openstax-hand-pa.jpg", "normal-foot-ap-small.jpg"


@pytest.fixture(scope="module")
def localizer():
    return Localizer()


def flags_without_landmarks(localizer, pixels, declared=""):
    """As `localize` judges the surest limb of a film."""
    return flags_of(localizer.locate(pixels), film_of(pixels, laterality=declared))[0]


def read(name: str) -> np.ndarray:
    return read_film(DATA / name).pixels


def placed(name: str) -> dict[str, tuple[float, float]]:
    rows = PLACED[PLACED["film_id"] == name]
    return {row.landmark: (row.x_px, row.y_px) for row in rows.itertuples()}


# The film, how it is shown, the flags that it must have. Every film is real; what was done to one stands beside it.
FOUND = {
    "oblique": ("hard_films/normal-hand-oblique.jpg", {"oblique_view"}),
    "hand from the side": ("hard_films/normal-hand-lateral.jpg", {"doubtful", "burnt_in_text"}),
    "foot from the side": ("hard_films/normal-foot-lateral.jpg", {"doubtful"}),
    "the same, larger": ("hard_films/normal-foot-lateral-2000px.jpg", {"no_limb", "burnt_in_text"}),
    "no hand": ("hard_films/normal-wrist-lateral.jpg", {"doubtful", "cut_off"}),
    "upside down, tiny": ("hard_films/IMG0003310.jpg", {"turned", "small"}),
    "child, cut off": ("hard_films/normal-wrist-pediatric-pa.jpg", {"child_like", "cut_off"}),
    "washed out": ("hard_films/IMG0003381.jpg", {"washed_out"}),
    "cast": ("hard_films/IMG0002353_640px.jpg", {"cast", "doubtful", "burnt_in_text"}),
    "printed names": ("hard_films/openstax-hand-pa-annotated.jpg", {"burnt_in_text"}),
}


@pytest.mark.parametrize("case", list(FOUND))
def test_a_real_film_that_a_person_should_look_at_says_why(localizer, case):
    name, expected = FOUND[case]
    assert expected <= flags_without_landmarks(localizer, read(name))


@pytest.mark.parametrize("name", ["normal-hand-pa-small.jpg", HAND, FOOT])
def test_a_plain_film_has_no_flag(localizer, name):
    assert flags_without_landmarks(localizer, read(name)) == set()
    region = PLACED.loc[PLACED["film_id"] == name, "region"].iloc[0]
    side = Side.of("R" if name == FOOT else "L", region)
    assert seen(read(name), placed(name), side) == set()


def metal(pixels):
    x, y = placed(HAND)["MCP3"]
    cv2.rectangle(pixels, (round(x) - 30, round(y) - 45), (round(x) + 30, round(y) + 45), 65535, -1)
    return pixels


MADE = {
    "nearly_black": lambda pixels: (pixels * 0.08).astype(np.uint16),
    "turned": lambda pixels: np.ascontiguousarray(np.rot90(pixels, 2)),
    "other_side": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "dark_bones": lambda pixels: np.uint16(65535) - pixels,
    "metal": metal,
    "cut_off": lambda pixels: np.ascontiguousarray(pixels[300:]),
    "several_limbs": lambda pixels: np.hstack([pixels[:, ::-1], pixels]),
}


@pytest.mark.parametrize("flag", list(MADE))
def test_a_changed_real_film_says_what_was_done(localizer, flag):
    assert flag in flags_without_landmarks(localizer, MADE[flag](read(HAND)), declared="L")


def test_a_black_film_without_limb_is_called_nearly_black():
    film = np.random.default_rng(0).integers(0, 3000, (400, 300)).astype(np.uint16)
    assert see_film_without_limb(film_of(film)).flags == ("no_limb", "nearly_black")
    declared = film_of(film, text=True)
    assert see_film_without_limb(declared).flags == ("no_limb", "nearly_black", "burnt_in_text")


@pytest.mark.parametrize("name", ["normal-hand-pa-small.jpg", HAND])
def test_an_adult_wrist_is_far_from_a_childs(localizer, name):
    limb = localizer.locate(read(name)).limbs[0]
    assert carpal_edges(limb, Pyramid(read(name))) > 1.25 * FEW_EDGES
    assert carpal_error(limb) < 0.75 * UNSURE_SHARE


def test_no_simulated_hand_with_destroyed_joints_is_taken_for_a_childs_or_wrapped(localizer, tmp_path):
    bank = FilmBank(tmp_path, Region.HAND, 313, 24, FilmVariety(lesion=1.0))
    bank.draw(Progress(quiet=True))
    for number in range(24):
        film = held_out_film(bank, localizer.weights.shapes[Region.HAND].mean, 5, number, styled=False)
        pixels = (film.pixels * 65535).astype(np.uint16)
        assert not {"child_like", "cast", "burnt_in_text"} & flags_without_landmarks(localizer, pixels)


def seen(pixels, landmarks, side=Side.LEFT_HAND, spacing_mm=None) -> set[str]:
    """Flags of a film with placed landmarks."""
    limb = LandmarkedLimb(side.region, landmarks, placed=True, declared=side.laterality)
    return set(see_limb(film_of(pixels, spacing_mm), limb).flags)


def test_placed_landmarks_and_pixels_say_the_same_without_networks():
    pixels, points = read(HAND), placed(HAND)
    height, width = pixels.shape
    assert seen((pixels * 0.08).astype(np.uint16), points) == {"nearly_black"}
    mirrored = {name: (width - x, y) for name, (x, y) in points.items()}
    assert seen(np.ascontiguousarray(pixels[:, ::-1]), mirrored) == {"other_side"}
    turned = {name: (width - x, height - y) for name, (x, y) in points.items()}
    assert seen(np.ascontiguousarray(pixels[::-1, ::-1]), turned) == {"turned"}
    small = {name: (x / 4, y / 4) for name, (x, y) in points.items()}
    assert seen(cv2.resize(pixels, (width // 4, height // 4), interpolation=cv2.INTER_AREA), small) == {"small"}
    assert seen(pixels, points, Side.RIGHT_HAND) == {"other_side"}


def test_a_spacing_that_makes_a_child_of_an_adult_is_doubted():
    points = placed(HAND)
    length = np.hypot(*np.subtract(points["TIP3"], points["RC"]))
    assert "implausible_size" not in seen(read(HAND), points, spacing_mm=185 / length)
    assert "implausible_size" in seen(read(HAND), points, spacing_mm=115 / length)


def test_fingers_that_were_not_placed_because_the_film_ends_are_cut_off():
    pixels, points = read(HAND), placed(HAND)
    top = round(points["PIP3"][1]) - 25
    kept = {name: (x, y - top) for name, (x, y) in points.items() if y - top > 0}
    spacing = 185 / np.hypot(*np.subtract(points["TIP3"], points["RC"]))
    assert "cut_off" in seen(np.ascontiguousarray(pixels[top:]), kept, spacing_mm=spacing)
    without_tips = {name: point for name, point in points.items() if not name.startswith(("TIP", "DIP"))}
    assert "cut_off" not in seen(pixels, without_tips, spacing_mm=spacing)


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("normal-hand-oblique.jpg", "oblique_view"),
        ("IMG0002353_640px.jpg", "cast"),
        ("IMG0003381.jpg", "washed_out"),
        ("IMG0003310.jpg", "small"),
        ("normal-wrist-pediatric-pa.jpg", "cut_off"),
    ],
)
def test_a_real_film_whose_landmarks_came_with_it_is_flagged_too(localizer, name, flag):
    pixels = read(f"hard_films/{name}")
    limb = localizer.locate(pixels).limbs[0]
    assert flag in seen(pixels, limb.visible, limb.side, spacing_mm=185 / limb.length_px)


def test_landmarks_that_tell_neither_direction_nor_scale_are_flagged():
    assert seen(read(HAND), {"DIP3": (10.0, 10.0), "TIP3": (10.0, 5.0)}, spacing_mm=0.3) == {"no_direction"}
    without_ends = {name: point for name, point in placed(HAND).items() if name not in ("TIP3", "RC")}
    assert seen(read(HAND), without_ends) == {"no_scale"}
    assert "no_scale" not in seen(read(HAND), without_ends, spacing_mm=0.3)


def test_codes_are_of_one_vocabulary():
    assert set(UNCUTTABLE) <= UNSCORABLE <= FLAGS.keys()
    page = (DATA.parents[1] / "docs" / "intake" / "quality_flags.md").read_text()
    for flag, sentence in FLAGS.items():
        assert f"| `{flag}`{' *' if flag in UNSCORABLE else ''} | {sentence} |" in page


def test_the_first_flag_that_forbids_cutting_is_the_reason():
    assert uncuttable(["no_scale", "doubtful", "small"], placed=False) == "doubtful"  # by the order of UNCUTTABLE
    assert uncuttable(["few_joints"], placed=False) == "few_joints"
    assert uncuttable(["few_joints"], placed=True) == ""  # a person who places few joints means those
    assert uncuttable(["small", "turned"], placed=False) == ""


def test_flags_are_listed_once_in_the_order_of_their_table():
    assert present_flags({"small": True, "turned": False, "no_limb": True}) == ["small", "no_limb"]
    assert listed(["small", "no_limb", "small"]) == ("no_limb", "small")
    with pytest.raises(KeyError, match="smal"):
        listed(["smal"])
