"""Pictures inside a page: their content is their address, so that the page needs no other file."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2

# Films and crops of a page are looked at, not measured: at this quality a joint's edges are still sharp.
JPEG_QUALITY = 72


def data_address(content: bytes, kind: str) -> str:
    """The content itself as the address of an image.

    Args:
        content: the file's bytes.
        kind: its media type.
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def small_picture(path: Path, most_px: int) -> str:
    """A picture as the address of a JPEG whose longer side has at most `most_px` pixels.

    Args:
        path: the picture.
        most_px: longer side, in pixels.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None, f"{path} is no picture"
    scale = most_px / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data_address(jpeg.tobytes(), "image/jpeg")
