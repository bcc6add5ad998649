"""Films on their way to the network: standardised as numpy does it, warped as OpenCV does it, the same for the same key."""

from __future__ import annotations

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.input_pipeline.prepared_films import augmented, prepared_films
from outcomenet.input_pipeline.transforms import AugmentationConfig
from outcomenet.models.standardised_crops import LIMBS, standardised

SIZE = 32
STILL = AugmentationConfig(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
RNG = np.random.default_rng(5)
CROPS = np.stack([cv2.GaussianBlur(RNG.normal(size=(SIZE, SIZE)), (5, 5), 1.5) for _ in range(JOINT_COUNT)])
CROPS = jnp.asarray(CROPS, jnp.float32)


def batch(rows: int = 3) -> dict[str, np.ndarray]:
    crops = RNG.integers(0, 65535, (rows, JOINT_COUNT, SIZE, SIZE)).astype(np.uint16)
    present = RNG.random((rows, JOINT_COUNT)) < 0.8
    present[0, LIMBS[2]] = False
    return {"crops": crops, "present": present, "weight": np.ones(rows, np.float32)}


def test_each_film_has_mean_0_and_sd_1_over_what_it_shows():
    raw = batch()
    prepared = prepared_films({name: jnp.asarray(values) for name, values in raw.items()}, None, None)
    assert set(prepared) == {"crops", "weight"}
    crops = np.asarray(prepared["crops"])
    for row in range(3):
        for limb in LIMBS:
            seen = limb[raw["present"][row, limb]]
            if len(seen):
                assert crops[row, seen].mean() == pytest.approx(0, abs=1e-4)
                assert crops[row, seen].std() == pytest.approx(1, abs=1e-4)
    of_numpy = standardised(raw["crops"].astype(np.float32) / 65535, raw["present"])
    np.testing.assert_allclose(crops, of_numpy, atol=2e-4)
    assert of_numpy.dtype == np.float32


def test_a_film_without_contrast_stays_finite():
    flat = np.full((JOINT_COUNT, 4, 4), 0.5, np.float32)
    np.testing.assert_allclose(standardised(flat, np.ones(JOINT_COUNT, bool)), 0, atol=1e-2)


def test_without_any_change_a_crop_is_itself():
    np.testing.assert_allclose(augmented(CROPS, jax.random.key(1), STILL), CROPS, atol=1e-5)


@pytest.mark.parametrize(("name", "value"), [("shift_px", 3.0), ("rotation_deg", 20.0), ("zoom", 0.2)])
def test_a_warped_crop_is_what_opencv_makes_of_it(name, value):
    """The matrix is found from the crop itself: the warp of two ramps tells where each pixel came from."""
    only = AugmentationConfig(**{**vars(STILL), name: value})
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    ramps = [jnp.broadcast_to(ramp, CROPS.shape) for ramp in (x, y)]
    key = jax.random.key(3)
    from_x, from_y = (np.asarray(augmented(ramp, key, only)) for ramp in ramps)
    warped = np.asarray(augmented(CROPS, key, only))
    moved = 0.0
    for joint in range(JOINT_COUNT):
        inside = (from_x[joint] > 0) & (from_x[joint] < SIZE - 1) & (from_y[joint] > 0) & (from_y[joint] < SIZE - 1)
        # an affine map that least squares finds to the last digit where no pixel came from beyond the border
        design = np.stack([x[inside], y[inside], np.ones(inside.sum())], 1)
        rows = [np.linalg.lstsq(design, values[joint][inside], rcond=None)[0] for values in (from_x, from_y)]
        np.testing.assert_allclose(design @ rows[0], from_x[joint][inside], atol=1e-3)
        expected = cv2.warpAffine(
            np.asarray(CROPS[joint]), np.array(rows), (SIZE, SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        # OpenCV rounds places to a 32nd of a pixel
        np.testing.assert_allclose(warped[joint], expected, atol=0.05 * np.abs(CROPS).max())
        moved = max(moved, float(np.abs(from_x[joint] - x).max()))
    assert moved > 1


def test_tone_is_of_a_film_and_noise_of_a_pixel():
    tone = AugmentationConfig(**{**vars(STILL), "contrast": 0.3, "brightness": 0.5})
    toned = np.asarray(augmented(CROPS, jax.random.key(2), tone))
    lines = [np.polyfit(np.ravel(CROPS[joint]), toned[joint].ravel(), 1) for joint in range(JOINT_COUNT)]
    for limb in LIMBS:
        np.testing.assert_allclose([lines[joint] for joint in limb], np.tile(lines[limb[0]], (len(limb), 1)), atol=1e-3)
    assert len({round(float(lines[limb[0]][0]), 3) for limb in LIMBS}) == len(LIMBS)
    noisy = np.asarray(augmented(CROPS, jax.random.key(2), AugmentationConfig(**{**vars(STILL), "noise": 0.1})) - CROPS)
    assert noisy.std() == pytest.approx(0.1, rel=0.02)
    assert np.abs(np.corrcoef(noisy.reshape(JOINT_COUNT, -1))[np.triu_indices(JOINT_COUNT, 1)]).mean() < 0.05


def test_a_row_is_changed_by_its_own_key_alone():
    raw = {name: jnp.asarray(values) for name, values in batch().items()}
    keys = jax.random.split(jax.random.key(7), 3)
    whole = prepared_films(raw, keys, AugmentationConfig())["crops"]
    again = prepared_films({name: values[1:] for name, values in raw.items()}, keys[1:], AugmentationConfig())["crops"]
    np.testing.assert_allclose(whole[1:], again, atol=1e-5)
    other = prepared_films(raw, keys[::-1], AugmentationConfig())["crops"]
    assert np.abs(np.asarray(whole[0] - other[0])).max() > 0.1
