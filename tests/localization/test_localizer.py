"""The shipped localiser on simulated films that it never saw and on three real ones, whatever way they are stored."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import Region, Side, landmarks_of
from outcomenet.films.film_file import read_film
from outcomenet.films.quality_flags import UNSCORABLE
from outcomenet.localization.found import State
from outcomenet.localization.localizer import Localizer
from outcomenet.localizer_training.comparison import compared, summary
from outcomenet.localizer_training.film_bank import FilmBank
from outcomenet.localizer_training.held_out_films import held_out_film
from outcomenet.progress import Progress
from outcomenet.simulation.landmark_films import FilmVariety
from tests.seen_films import film_of, flags_of

DATA = Path(__file__).parents[1] / "data"
PLACED = pd.read_csv(DATA / "landmarks.csv")
REAL = {
    "normal-hand-pa-small.jpg": (Side.LEFT_HAND, "TIP3", "RC"),
    "openstax-hand-pa.jpg": (Side.LEFT_HAND, "TIP3", "RC"),
    "normal-foot-ap-small.jpg": (Side.RIGHT_FOOT, "TIP1", "BASE1"),
}
# Skeletons and scanners apart from those of the training films.
OTHER = FilmVariety(
    length=0.04, width=0.06, angle=0.04, lesion=0.6, blur_mm=(0.1, 0.3), noise=(0.006, 0.02), gamma=(1.1, 1.9)
)


@pytest.fixture(scope="module")
def localizer():
    return Localizer()


@pytest.fixture(scope="module")
def held_out(tmp_path_factory, localizer):
    folder = tmp_path_factory.mktemp("held_out")
    films = []
    for region in Region:
        bank = FilmBank(folder, region, 977, 12, OTHER)
        bank.draw(Progress(quiet=True))
        films += [held_out_film(bank, localizer.weights.shapes[region].mean, 5, n) for n in range(12)]
    return films


def real(name: str) -> tuple[np.ndarray, pd.DataFrame]:
    return read_film(DATA / name).pixels, PLACED[PLACED["film_id"] == name].set_index("landmark")[["x_px", "y_px"]]


def errors_percent(limb, points: pd.DataFrame, ends: tuple[str, str]) -> np.ndarray:
    length = np.hypot(*(points.loc[ends[0]] - points.loc[ends[1]]))
    names = [name for name in points.index if name in limb.landmarks]
    found = np.array([limb.landmarks[name][:2] for name in names])
    return 100 * np.hypot(*(found - points.loc[names].to_numpy()).T) / length


def test_held_out_simulated_films(localizer, held_out):
    numbers = summary(compared(localizer, held_out))
    assert numbers["films_without_limb"] <= 1
    assert numbers["median_error_percent"] < 0.5
    assert numbers["within_2_percent_of_given"] > 0.97


@pytest.mark.parametrize("name", list(REAL))
def test_real_films(localizer, name):
    pixels, points = real(name)
    side, *ends = REAL[name]
    found = localizer.locate(pixels)
    assert len(found.limbs) == 1
    limb = found.limbs[0]
    assert limb.side is side
    error = errors_percent(limb, points, tuple(ends))
    assert np.median(error) < 1.0
    assert error.max() < (3.0 if side.region is Region.HAND else 4.0)
    (flags,) = flags_of(found, film_of(pixels))
    assert flags <= {"unsure_joints"}


@pytest.mark.parametrize(
    "way", ["upside down", "quarter turn", "mirrored", "inverted", "shrunk", "bright border", "askew on white"]
)
@pytest.mark.parametrize("name", list(REAL))
def test_the_way_a_film_is_stored_does_not_matter(localizer, name, way):
    pixels, points = real(name)
    side, *ends = REAL[name]
    height, width = pixels.shape
    flag = {"upside down": "turned", "quarter turn": "turned", "inverted": "dark_bones"}.get(way)
    if way == "upside down":
        pixels, points = pixels[::-1, ::-1], (width, height) - points
    elif way == "quarter turn":
        pixels = np.rot90(pixels, -1)
        points = pd.DataFrame({"x_px": height - points["y_px"], "y_px": points["x_px"]})
    elif way == "mirrored":
        pixels, points = pixels[:, ::-1], points.assign(x_px=width - points["x_px"])
        side = Side.of("R" if side.laterality == "L" else "L", side.region)
    elif way == "inverted":
        pixels = np.uint16(65535) - pixels
    elif way == "shrunk":
        factor = 350 / max(pixels.shape)
        pixels, points = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), points * factor
    elif way == "bright border":
        pixels, points = np.pad(pixels, 60, constant_values=60000), points + 60
    elif way == "askew on white":
        size = int(1.42 * max(height, width))
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -40, 1.0)
        turn[:, 2] += (np.array([size, size]) - (width, height)) / 2
        pixels = cv2.warpAffine(pixels, turn, (size, size), borderValue=65535)
        points = pd.DataFrame(points.to_numpy() @ turn[:, :2].T + turn[:, 2], points.index, points.columns)
    found = localizer.locate(np.ascontiguousarray(pixels))
    limb = found.limbs[0]
    assert limb.side is side
    error = errors_percent(limb, points, tuple(ends))
    assert np.median(error) < 1.2
    assert np.quantile(error, 0.9) < 4.0
    flags = flags_of(found, film_of(np.ascontiguousarray(pixels)))[0]
    assert flag is None or flag in flags


def test_both_hands_on_one_film_are_told_apart(localizer):
    pixels, points = real("openstax-hand-pa.jpg")
    both = np.hstack([pixels[:, ::-1], pixels])
    found = localizer.locate(both)
    assert {limb.side for limb in found.limbs} == {Side.LEFT_HAND, Side.RIGHT_HAND}
    left = next(limb for limb in found.limbs if limb.side is Side.LEFT_HAND)
    assert np.median(errors_percent(left, points.assign(x_px=points["x_px"] + pixels.shape[1]), ("TIP3", "RC"))) < 1.2


def test_an_amputated_finger_is_missing_and_the_others_are_not(localizer):
    pixels, _ = real("openstax-hand-pa.jpg")
    found = localizer.locate(pixels).limbs[0]
    gone = ("PIP5", "DIP5", "TIP5")
    cut = pixels.copy()
    # the little finger painted over with the film's ground beyond its proximal phalanx
    shaft = (np.array(found.visible["MCP5"]) + found.visible["PIP5"]) / 2
    axis = np.array(found.visible["TIP5"]) - shaft
    corners = np.array(
        [shaft - 30 * axis[::-1] * (1, -1) / np.hypot(*axis), shaft + 30 * axis[::-1] * (1, -1) / np.hypot(*axis)]
    )
    far = axis * 1.25
    cv2.fillConvexPoly(
        cut, cv2.convexHull(np.vstack([corners, corners + far]).astype(np.int32)), int(np.percentile(cut, 3))
    )
    limb = localizer.locate(cut).limbs[0]
    assert all(limb.landmarks[name].state is not State.VISIBLE for name in gone)
    kept = [name for name in landmarks_of(Region.HAND) if name not in (*gone, "MCP5")]
    assert sum(limb.landmarks[name].state is State.VISIBLE for name in kept) >= len(kept) - 2


@pytest.mark.parametrize("name", ["MCP3", "DIP4"])
def test_a_joint_under_a_metal_plate_is_hidden_by_metal(localizer, name):
    pixels, points = real("openstax-hand-pa.jpg")
    half = 0.045 * np.hypot(*(points.loc["TIP3"] - points.loc["RC"]))
    x, y = points.loc[name]
    plate = [[round(x - half), round(y - 1.5 * half)], [round(x + half), round(y + 1.5 * half)]]
    covered = cv2.rectangle(pixels.copy(), *plate, 65535, -1)
    limb = localizer.locate(covered).limbs[0]
    assert limb.landmarks[name].state is State.METAL
    assert len(limb.visible) >= 26


def test_fingers_outside_the_film_are_cut_off(localizer):
    pixels, points = real("openstax-hand-pa.jpg")
    top = round(points.loc["PIP3", "y_px"]) + 40
    limb = localizer.locate(pixels[top:]).limbs[0]
    for name in ("TIP3", "DIP3", "TIP2", "DIP2"):
        assert limb.landmarks[name].state is State.OFF_FILM
    assert limb.landmarks["MCP3"].state is State.VISIBLE


@pytest.mark.parametrize("kind", ["noise", "blank", "shafts"])
def test_what_is_no_limb_is_not_scored(localizer, kind):
    rng = np.random.default_rng(0)
    film = np.zeros((500, 400), np.uint16)
    if kind == "noise":
        film = rng.integers(0, 65535, (500, 400)).astype(np.uint16)
    elif kind == "shafts":
        for x in (120, 180):
            cv2.line(film, (x, 20), (x + 30, 480), 40000, 28)
    for flags in flags_of(localizer.locate(film), film_of(film)):
        assert {"no_limb", "few_joints", "doubtful", "lateral_view"} & flags


# film, flags that it must have, and whether it may be scored
HARD = (
    ("normal-hand-oblique.jpg", {"oblique_view"}, False),
    ("normal-hand-lateral.jpg", {"doubtful"}, False),
    ("normal-foot-lateral.jpg", {"doubtful"}, False),
    ("normal-wrist-lateral.jpg", {"doubtful"}, False),
    ("normal-wrist-pediatric-pa.jpg", {"cut_off", "no_scale"}, False),
    ("IMG0003381.jpg", {"washed_out"}, False),
    ("IMG0002353_640px.jpg", {"doubtful", "turned"}, False),
    ("IMG0003310.jpg", {"turned", "small"}, True),
)


@pytest.mark.parametrize(("name", "expected", "scored"), HARD)
def test_a_film_that_must_not_be_scored_says_why(localizer, name, expected, scored):
    film = read_film(DATA / "hard_films" / name)
    flags = flags_of(localizer.locate(film.pixels), film)
    assert expected <= flags[0] or "no_limb" in flags[0]
    assert all(bool(UNSCORABLE & own) is not scored for own in flags)


def test_the_same_film_gives_the_same_landmarks(localizer):
    pixels, _ = real("normal-foot-ap-small.jpg")
    first, second = localizer.locate(pixels), localizer.locate(pixels)
    assert first.limbs[0].landmarks == second.limbs[0].landmarks
