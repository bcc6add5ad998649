"""Standardisation of crops before any network: mean 0 and SD 1 over what one film shows."""

from __future__ import annotations

import numpy as np

from outcomenet.anatomy import JOINTS, Side
from outcomenet.arrays import Bool, Float

LIMBS = tuple(np.flatnonzero([joint.side is side for joint in JOINTS]) for side in Side)


def standardised(
    crops: Float[np.ndarray, "joint height width"], visible: Bool[np.ndarray, "joint"]
) -> Float[np.ndarray, "joint height width"]:
    """Crops with mean 0 and SD 1 over the visible joints of each limb, which are one film.

    Args:
        crops: Grey levels, the whole range of a film as 0 to 1; they are overwritten.
        visible: Joints that the films show; the others stay as they are.
    """
    for limb in LIMBS:
        seen = limb[visible[limb]]
        if len(seen):
            pixels = crops[seen]
            # a film without contrast would be divided by 0; 1e-4 is 6 of 65,536 grey levels
            crops[seen] = (pixels - pixels.mean()) / max(float(pixels.std()), 1e-4)
    return crops
