"""Parser of PNG chunks that checks a file before a library opens it: size, completeness, significant bits."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from outcomenet.errors import FilmRefused
from outcomenet.films.film import check_size

_GREY, _GREY_ALPHA = 0, 4


def inspect_png(path: Path) -> int | None:
    """Walks a PNG's chunks to its end by their lengths: size and colour depth first, then whether the file is whole.

    Pillow opens a PNG that lacks its second half, and gives a bomb's size only as a number of pixels.

    Returns:
        Significant bits of its grey levels (chunk sBIT, PNG 11.3.2.7); None where it states none that can be.

    Raises:
        FilmRefused: too_large, no_pixels, truncated, or bits (colours of 16 bits).
    """
    size, significant = path.stat().st_size, None
    with path.open("rb") as file:
        depth, colour = _start(file)
        position = 8
        while True:
            file.seek(position)
            chunk = file.read(9)
            if len(chunk) >= 8:
                position += 12 + int.from_bytes(chunk[:4], "big")
            if len(chunk) < 8 or position > size:
                raise FilmRefused("The file ends early, it is no complete PNG; export it again.", "truncated")
            if chunk[4:8] == b"sBIT" and colour in (_GREY, _GREY_ALPHA) and 8 <= chunk[8] <= depth:
                significant = chunk[8]
            if chunk[4:8] == b"IEND":
                return significant


def _start(file: BinaryIO) -> tuple[int, int]:
    """Bits per sample and kind of colour by the file's first chunk."""
    start = file.read(26)
    if len(start) < 26 or start[12:16] != b"IHDR":
        raise FilmRefused("The file ends early, it is no complete PNG; export it again.", "truncated")
    width, height, depth, colour = struct.unpack(">IIBB", start[16:26])
    check_size(height, width)
    if depth == 16 and colour != _GREY:
        raise FilmRefused(
            "A film has 1, 8 or 16 bit grey levels or 8 bit colours, this one 16 bit colours; save it as grey.", "bits"
        )
    return depth, colour
