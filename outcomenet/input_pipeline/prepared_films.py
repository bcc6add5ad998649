"""From stored crops to what networks take, on the device: each film standardised, and in training changed a little at random."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Float, Shaped
from outcomenet.input_pipeline.transforms import FILMS, AugmentationConfig
from outcomenet.models.standardised_crops import LIMBS, standardised

NOISE_TABLE = (
    2**20
)  # normal numbers, of which every crop takes a stretch: drawing its own took longer than all the rest


def prepared_films(
    batch: Mapping[str, Shaped[Array, "batch *axis"]],
    keys: Shaped[Array, "batch"] | None,
    augmentation: AugmentationConfig | None,
) -> dict[str, Array]:
    """A batch as networks take it; compiled as a part of what takes it.

    Args:
        batch: Of `batches`, with crops as the data set stores them. Films that were embedded before stay as they are.
        keys: One for each row, by which its random changes are drawn: the same row with the same key is the same picture. None: no change.
        augmentation: Random changes; None: only standardised.
    """
    prepared = dict(batch)
    for number, prefix in enumerate(FILMS):
        if f"{prefix}crops" not in batch:
            continue
        crops = batch[f"{prefix}crops"].astype(jnp.float32) / 65535.0
        crops = standardised(crops, prepared.pop(f"{prefix}present"))
        if augmentation is not None and keys is not None:
            of_film = jax.vmap(jax.random.fold_in, (0, None))(keys, number)
            crops = jax.vmap(augmented, (0, 0, None))(crops, of_film, augmentation)
        prepared[f"{prefix}crops"] = crops
    return prepared


def augmented(
    crops: Float[Array, "joint height width"], key: Array, config: AugmentationConfig
) -> Float[Array, "joint height width"]:
    """The crops of one visit, each shifted, turned and zoomed by its own draw, each film toned by its own.

    Args:
        crops: Standardised.
        key: That all draws come from.
        config: How much.
    """
    count, size = crops.shape[0], crops.shape[-1]
    of_angle, of_zoom, of_shift, of_tone, of_noise = jax.random.split(key, 5)
    angle = np.deg2rad(config.rotation_deg) * jax.random.normal(of_angle, (count,))
    zoom = jnp.exp(config.zoom * jax.random.normal(of_zoom, (count,)))
    shift = config.shift_px * jax.random.normal(of_shift, (count, 2))
    warped = jax.vmap(_warped)(crops, zoom * jnp.cos(angle), zoom * jnp.sin(angle), shift)
    # tone belongs to a film, not to a joint
    film = np.empty(count, int)
    for number, limb in enumerate(LIMBS):
        film[limb] = number
    contrast, brightness = jax.random.normal(of_tone, (2, len(LIMBS)))[:, film, None, None]
    toned = warped * jnp.exp(config.contrast * contrast) + config.brightness * brightness
    return toned + config.noise * _noise(of_noise, count, size)


def _warped(
    crop: Float[Array, "height width"], cos: Array, sin: Array, shift: Float[Array, "2"]
) -> Float[Array, "height width"]:
    """Each pixel from where it was before the turn about the centre, between four pixels; beyond the border the border's."""
    size = crop.shape[-1]
    centre = (size - 1) / 2
    y, x = jnp.mgrid[:size, :size] - centre
    last = size - 1.0
    from_x = jnp.clip(cos * x - sin * y + centre + shift[0], 0.0, last)
    from_y = jnp.clip(sin * x + cos * y + centre + shift[1], 0.0, last)
    left, top = jnp.floor(from_x).astype(jnp.int32), jnp.floor(from_y).astype(jnp.int32)
    right, below = jnp.minimum(left + 1, size - 1), jnp.minimum(top + 1, size - 1)
    across, down = from_x - left, from_y - top
    pixels = crop.reshape(-1)

    def at(row: Array, column: Array) -> Array:
        return pixels.at[row * size + column].get(mode="promise_in_bounds")

    upper = at(top, left) * (1 - across) + at(top, right) * across
    lower = at(below, left) * (1 - across) + at(below, right) * across
    return upper * (1 - down) + lower * down


def _noise(key: Array, count: int, size: int) -> Float[Array, "joint height width"]:
    table = jnp.asarray(_noise_table())
    stretch = size * size
    starts = jax.random.randint(key, (count,), 0, NOISE_TABLE - stretch)
    pieces = jax.vmap(lambda start: jax.lax.dynamic_slice(table, (start,), (stretch,)))(starts)
    return pieces.reshape(count, size, size)


@cache
def _noise_table() -> Float[np.ndarray, "number"]:
    return np.random.default_rng(0).standard_normal(NOISE_TABLE, dtype=np.float32)
