"""All of the limb stays, all that lies beside it is wiped, and the wiping depends on nothing outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.films.film_file import read_film
from outcomenet.localization.anatomy_mask import anatomy_mask
from outcomenet.localization.crops import Scale, Spacing, cut_crops, film_scale
from outcomenet.localization.geometry import CropGeometry, crop_frames
from outcomenet.localization.likeness import likeness

DATA = Path(__file__).parents[1] / "data"
PLACED = pd.read_csv(DATA / "landmarks.csv")
FILMS = ("normal-hand-pa-small.jpg", "openstax-hand-pa.jpg", "normal-foot-ap-small.jpg")


def real(name: str):
    rows = PLACED[PLACED["film_id"] == name]
    landmarks = {row.landmark: (row.x_px, row.y_px) for row in rows.itertuples()}
    region = rows["region"].iloc[0]
    scale = film_scale(Spacing(None, "none"), landmarks, region)
    return read_film(DATA / name).pixels, landmarks, region, scale.mm_per_px


@pytest.mark.parametrize("name", FILMS)
def test_every_landmark_and_what_a_crop_shows_of_the_limb_stay(name):
    pixels, landmarks, region, mm = real(name)
    mask = anatomy_mask(pixels, landmarks, region, mm).on_film(pixels.shape)
    for x, y in landmarks.values():
        assert mask[int(y), int(x)]
    frames = crop_frames(landmarks, region)
    for centre in frames.centre[frames.present]:  # 11 mm around a joint lie within a finger and its margin
        angles = np.linspace(0, 2 * np.pi, 32)
        ring = centre + 11.0 / mm * np.column_stack([np.cos(angles), np.sin(angles)])
        on_film = ((ring >= 0) & (ring < (pixels.shape[1], pixels.shape[0]))).all(axis=1)
        assert all(mask[int(y), int(x)] for x, y in ring[on_film])


def test_no_soft_tissue_of_a_real_hand_is_wiped_above_the_wrist():
    pixels, landmarks, region, mm = real("openstax-hand-pa.jpg")
    mask = anatomy_mask(pixels, landmarks, region, mm).on_film(pixels.shape)
    tissue = pixels > np.percentile(pixels[~mask], 50) + 6_000  # air of this film lies far below
    above_wrist = np.arange(len(pixels)) < landmarks["RC"][1]
    assert (tissue & ~mask)[above_wrist].sum() < 0.002 * (tissue & mask)[above_wrist].sum()


@pytest.mark.parametrize("name", FILMS)
def test_the_marker_is_gone_and_only_air_is_left(name):
    pixels, landmarks, region, mm = real(name)
    mask = anatomy_mask(pixels, landmarks, region, mm).on_film(pixels.shape)
    wiped = anatomy_mask(pixels, landmarks, region, mm).wiped(pixels)
    assert np.array_equal(wiped[mask], pixels[mask])
    assert len(np.unique(wiped[~mask])) == 1
    assert wiped[~mask][0] < np.percentile(pixels[mask], 30)


def test_what_lies_outside_changes_nothing():
    pixels, landmarks, region, mm = real("normal-hand-pa-small.jpg")
    mask = anatomy_mask(pixels, landmarks, region, mm).on_film(pixels.shape)
    noise = np.random.default_rng(0).integers(0, 65_536, pixels.shape).astype(np.uint16)
    other = np.where(mask, pixels, noise)
    one, two = (anatomy_mask(film, landmarks, region, mm) for film in (pixels, other))
    assert np.array_equal(one.wiped(pixels), two.wiped(other))
    assert likeness(pixels, landmarks, region, one) == likeness(other, landmarks, region, two) != ""
    for size, crop_mm in ((96, 0.25), (48, 0.5), (64, 1.0)):  # crops blend over more film pixels, or average them first
        geometry = CropGeometry(size, crop_mm)
        cut = [cut_crops(f, landmarks, region, Scale(mm, ""), geometry, m) for f, m in ((pixels, one), (other, two))]
        assert np.array_equal(cut[0].crops, cut[1].crops)
        assert cut[0].crops[cut[0].present].std() > 1_000


def test_a_turned_and_mirrored_film_is_wiped_alike():
    pixels, landmarks, region, mm = real("openstax-hand-pa.jpg")
    height, width = pixels.shape
    straight = anatomy_mask(pixels, landmarks, region, mm).on_film(pixels.shape)
    mirrored = anatomy_mask(pixels, {n: (width - x, y) for n, (x, y) in landmarks.items()}, region, mm)
    mirrored = mirrored.on_film(pixels.shape)
    turned = anatomy_mask(pixels.T, {n: (y, width - x) for n, (x, y) in landmarks.items()}, region, mm)
    turned = turned.on_film((width, height))
    # strips are drawn on a grid of about a millimetre
    assert (straight[:, ::-1] != mirrored).mean() < 0.02
    assert (np.rot90(straight) != turned).mean() < 0.02


def test_missing_landmarks_wipe_more_but_keep_the_others():
    pixels, landmarks, region, mm = real("openstax-hand-pa.jpg")
    few = {name: landmarks[name] for name in ("MCP2", "MCP3", "PIP3", "RC", "MCP5")}
    mask = anatomy_mask(pixels, few, region, mm).on_film(pixels.shape)
    assert mask.sum() < anatomy_mask(pixels, landmarks, region, mm).on_film(pixels.shape).sum()
    assert all(mask[int(y), int(x)] for x, y in few.values())
    assert CropGeometry().width_mm / 2 < 14  # half a crop is narrower than a strip
