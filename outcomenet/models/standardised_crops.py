"""Standardisation of crops before any network: mean 0 and SD 1 over what one film shows."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from outcomenet.anatomy import JOINTS, Side

LIMBS = tuple(np.flatnonzero([joint.side is side for joint in JOINTS]) for side in Side)
# A film without contrast would be divided by 0; this is 6 of 65,536 grey levels.
LEAST_SD = 1e-4
Crops = TypeVar("Crops")


def standardised(crops: Crops, visible: Crops) -> Crops:
    """Crops with mean 0 and SD 1 over the visible joints of each limb, which are one film.

    Args:
        crops: Grey levels [..., joint, height, width], float32, the whole range of a film as 0 to 1; of numpy or of JAX.
        visible: Joints that the films show [..., joint]; the others stay as they are.
    """
    all_crops: Any = crops
    all_visible: Any = visible
    xp: Any = all_crops.__array_namespace__()  # numpy or jax.numpy, as the array API asks
    limbs = []
    for limb in LIMBS:
        film, seen = all_crops[..., limb, :, :], all_visible[..., limb][..., None, None]
        joints = xp.maximum(seen.sum((-3, -2, -1), keepdims=True), 1).astype(film.dtype)
        pixels = joints * (film.shape[-1] * film.shape[-2])
        off = film - xp.where(seen, film, 0).sum((-3, -2, -1), keepdims=True) / pixels
        sd = xp.sqrt(xp.where(seen, off * off, 0).sum((-3, -2, -1), keepdims=True) / pixels)
        limbs.append(xp.where(seen, off / xp.maximum(sd, LEAST_SD), film))
    return xp.concatenate(limbs, axis=-3)
