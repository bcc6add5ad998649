"""Films as archives store them: turned, with burnt-in text and a border, and crops of the joints that are there."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from limb_films import GEOMETRY, QUIET, crop_of, crops, film, generators, states

from outcomenet.anatomy import JOINT_NAMES, Region, Side, joints_of
from outcomenet.films.crop_file import read_crops
from outcomenet.films.film_file import read_film
from outcomenet.intake.cutting import cut_film
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.localization.crops import Scale, cut_crops
from outcomenet.localization.geometry import is_left_as_displayed
from outcomenet.simulation.cohort_tables import VisitPlace
from outcomenet.simulation.film_files import ARCHIVES, FilmFiles
from outcomenet.simulation.rendering import draw_anatomy, draw_pose, render_films, select
from outcomenet.simulation.rendering.markers import burn_in, turn
from outcomenet.simulation.world import World

TEXT = ("LINDENHOF CLINIC", "2021-03-04", "R HAND", "52 kV  4.0 mAs")


def place(site: str, visit: int = 0) -> VisitPlace:
    return VisitPlace(0, visit, "P1", f"V{visit}", dt.date(2021, 3, 4), site)


def test_a_turn_moves_landmarks_with_their_pixels():
    pixels = np.zeros((30, 20), np.uint16)
    pixels[4, 7] = 9
    for turns, shape in ((1, (20, 30)), (2, (30, 20)), (3, (20, 30)), (4, (30, 20))):
        image, landmarks = turn(pixels, {"MCP2": (7.5, 4.5)}, turns)
        x, y = landmarks["MCP2"]
        assert image.shape == shape
        assert image[int(y), int(x)] == 9
        assert (x % 1, y % 1) == (0.5, 0.5)


def test_one_quarter_turn_brings_the_fingers_to_the_right():
    pixels, landmarks = film(Side.LEFT_HAND)
    _, turned = turn(pixels.astype(np.uint16), landmarks, 1)
    assert turned["TIP3"][0] > turned["RC"][0] + 500


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("side", list(Side))
def test_crops_cut_from_a_turned_film_equal_the_crops_drawn_directly(side, turns):
    pixels, landmarks = film(side)
    image, turned = turn(pixels.astype(np.uint16), landmarks, turns)
    cut = cut_crops(image, turned, side.region, Scale(QUIET.spacing_mm, "test"), GEOMETRY)
    direct = crops()
    assert is_left_as_displayed(turned, side.region) == (side.laterality == "L")
    for row, site in enumerate(joints_of(side.region)):
        drawn = crop_of(direct, f"{side}_{site}")
        assert np.abs(cut.crops[row] - drawn).mean() < 0.01 * 4095, site


@pytest.mark.parametrize("side", list(Side))
def test_burnt_in_text_keeps_away_from_every_crop(side):
    anatomy = draw_anatomy(generators(8, 6), np.arange(8) % 2 == 0)
    pose = select(draw_pose(generators(8, 7), 1), (slice(None), 0, list(Side).index(side)))
    seeds = np.zeros(8, np.uint32)
    for n in range(8):
        one = states(), select(anatomy, [n]), select(pose, [n])
        pixels, landmarks = render_films(*one, QUIET, side, seeds[:1])
        written = burn_in(pixels[0], TEXT, landmarks[0], QUIET.spacing_mm, 3.0)
        assert (written != pixels[0]).sum() > 500
        scale = Scale(QUIET.spacing_mm, "test")
        before, after = (cut_crops(p, landmarks[0], side.region, scale, GEOMETRY).crops for p in (pixels[0], written))
        assert np.array_equal(before, after)


def test_a_film_without_text_stays_as_it_is():
    pixels = np.zeros((40, 40), np.uint16)
    assert burn_in(pixels, (), {}, 0.2) is pixels


def test_archives_differ_in_everything_that_a_network_could_take_for_disease():
    for quantity in ("blur_mm", "noise", "contrast"):
        values = {getattr(archive.scanner, quantity) for archive in ARCHIVES}
        assert len(values) == len(ARCHIVES), quantity
    for quantity in ("gamma", "fog", "marker", "collimation_mm", "spacing_mm"):
        assert len({getattr(archive.scanner, quantity) for archive in ARCHIVES}) > 1, quantity
    for quantity in ("photometric", "text", "quarter_turns", "imager_magnification"):
        assert len({getattr(archive, quantity) for archive in ARCHIVES}) > 1, quantity


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Films and crops of one patient without the left middle finger's end, at each of three hospitals."""
    folder = tmp_path_factory.mktemp("films")
    damaged = states(3, amputated={"LH_DIP3": 1.0})
    damaged = type(damaged)(*(values[None] for values in damaged))
    places = [place(site, visit) for visit, site in enumerate("ABC")]
    written = {}
    for kind in ("dicom", "crops"):
        files = FilmFiles(folder / kind, World(), 5, GEOMETRY)
        written[kind] = files.write(damaged, np.array([False]), 0, places, kind)
    return folder, written


def test_a_lost_joint_has_neither_crop_nor_landmark(stored):
    folder, written = stored
    for row in written["crops"][0]:
        sites = read_crops(folder / "crops" / row["path"]).sites
        lost = {"DIP3"} if row["film_id"].endswith("LH") else set()
        assert set(joints_of(row["region"])) - set(sites) == lost
        assert sites == tuple(site for site in joints_of(row["region"]) if site in sites)
    marks = {mark["landmark"] for mark in written["dicom"][1] if mark["film_id"] == "P1-V0-LH"}
    assert not {"DIP3", "TIP3"} & marks


def test_a_data_set_takes_the_lost_joint_as_absent(stored):
    folder, _ = stored
    path = folder / "crops" / "films" / "P1-V0-LH.npz"
    cut = cut_film(FilmTask("P1-V0-LH", 1, path, Side.LEFT_HAND, None, GEOMETRY))
    assert cut.crops is not None
    assert cut.present is not None
    lost = joints_of(Region.HAND).index("DIP3")
    assert np.flatnonzero(~cut.present).tolist() == [lost]
    assert (cut.crops[lost] == 0).all()
    assert np.array_equal(cut.crops[cut.present], read_crops(path).crops)


@pytest.mark.parametrize("visit", [0, 1, 2])
def test_a_hospitals_films_give_the_crops_that_are_stored_without_films(stored, visit):
    folder, written = stored
    film_id = f"P1-V{visit}-LH"
    image = read_film(folder / "dicom" / "films" / f"{film_id}.dcm").pixels
    marks = {m["landmark"]: (m["x_px"], m["y_px"]) for m in written["dicom"][1] if m["film_id"] == film_id}
    spacing = ARCHIVES[visit].scanner.spacing_mm
    cut = cut_crops(image, marks, Region.HAND, Scale(spacing, "test"), GEOMETRY)
    direct = read_crops(folder / "crops" / "films" / f"{film_id}.npz")
    for row, site in enumerate(joints_of(Region.HAND)):
        if site in direct.sites:
            drawn = direct.crops[direct.sites.index(site)]
            assert np.corrcoef(cut.crops[row].ravel(), drawn.ravel())[0, 1] > 0.93, site


def test_a_limb_of_which_nothing_is_left_is_not_x_rayed(tmp_path):
    gone = states(1, amputated={joint: 1.0 for joint in JOINT_NAMES if joint.startswith("LF")})
    gone = type(gone)(*(values[None] for values in gone))
    for kind in ("png", "crops"):
        files = FilmFiles(tmp_path / kind, World(), 5, GEOMETRY)
        rows, _ = files.write(gone, np.array([False]), 0, [place("A")], kind)
        assert sorted(row["film_id"][-2:] for row in rows) == ["LH", "RF", "RH"]
