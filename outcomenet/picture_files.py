"""Picture files, with an error where one was not written: OpenCV itself returns False on a full disk, without a word."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from outcomenet.arrays import UInt8, UInt16


def write_png(
    path: Path,
    pixels: UInt8[np.ndarray, "height width *channel"] | UInt16[np.ndarray, "height width"],
    *,
    compression: int | None = None,
) -> None:
    """Writes grey (uint8 or uint16) or blue-green-red (uint8) pixels as PNG.

    Args:
        path: The file, replaced if it is there; its folder must be.
        pixels: Height x width, or height x width x 3.
        compression: 0 (none) to 9 (smallest); None is OpenCV's own choice.

    Raises:
        OSError: The file could not be written: no space, no folder, no right.
    """
    options = [] if compression is None else [cv2.IMWRITE_PNG_COMPRESSION, compression]
    coded = cv2.imencode(".png", pixels, options)[1]
    path.write_bytes(coded.tobytes())
