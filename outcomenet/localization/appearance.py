"""Grey levels as the networks see them: stretched, and with local contrast made even, whatever the exposure was."""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.arrays import Bool, Float

DARKEST, BRIGHTEST = 1.0, 99.7  # percentiles of the pixels on the film that become 0 and 1
LOCAL_SHARE = 0.18  # of the longer side: the neighbourhood in which contrast is made even
LEAST_CONTRAST = 0.02  # of the stretched range: what is flatter stays flat
CHANNELS = 2


def appearance(
    pixels: Float[np.ndarray, "row column"], on_film: Bool[np.ndarray, "row column"]
) -> Float[np.ndarray, "row column 2"]:
    """Two channels about 0: grey level stretched between percentiles, and its deviation from its surroundings.

    Args:
        pixels: A film or a window of it, brighter = more bone, in any unit.
        on_film: False beyond the film's edge, where a window shows nothing.

    Returns:
        0 in both channels off the film, and everywhere on a film without contrast.
    """
    if not on_film.any():
        return np.zeros((*pixels.shape, CHANNELS), np.float32)
    low, high = np.percentile(pixels[on_film], (DARKEST, BRIGHTEST))
    inside = on_film.astype(np.float32)
    grey = np.clip((pixels - low) / max(high - low, 1e-6), 0.0, 1.3).astype(np.float32) * inside
    reach = max(3, int(LOCAL_SHARE * max(pixels.shape)) | 1)  # odd, so that the neighbourhood has a middle
    size = (reach, reach)
    share = np.maximum(cv2.blur(inside, size, borderType=cv2.BORDER_CONSTANT), 1e-3)
    mean = cv2.blur(grey, size, borderType=cv2.BORDER_CONSTANT) / share
    square = cv2.blur(grey**2, size, borderType=cv2.BORDER_CONSTANT) / share
    spread = np.sqrt(np.maximum(square - mean**2, 0.0)) + LEAST_CONTRAST
    local = np.clip((grey - mean) / spread, -3.0, 3.0) * inside
    return np.stack([2.0 * grey - inside, 0.7 * local], axis=-1).astype(np.float32)
