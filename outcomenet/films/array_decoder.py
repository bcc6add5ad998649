"""Decoder of NPY films: one two-dimensional array of 8 or 16 bit grey levels, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import UInt16

from outcomenet.errors import FilmRefused
from outcomenet.films.film import FilmHeader, check_size, scaled_to_uint16
from outcomenet.films.stored_bits import bits_in_use

MARK = b"\x93NUMPY"
_LONGEST_HEADER = 4_096  # bytes; numpy.save writes 128 for such an array, and a header is parsed as Python text


def read_array_header(path: Path) -> FilmHeader:
    """Size and depth of an NPY film; no pixel is read.

    Raises:
        FilmRefused: The array holds objects, floats or signed numbers, has not two dimensions, or the file ends early.
    """
    with path.open("rb") as file:
        shape, dtype = _header(file)
        needed = file.tell() + shape[0] * shape[1] * dtype.itemsize
    if path.stat().st_size < needed:
        raise FilmRefused(
            f"The file ends early: {shape[0]:,} x {shape[1]:,} pixels need {needed:,} bytes, the file has "
            f"{path.stat().st_size:,}; save the array again.",
            "truncated",
        )
    return FilmHeader(shape[0], shape[1], 8 * dtype.itemsize, "MONOCHROME2", None, "none", "npy")


def read_array_pixels(path: Path) -> tuple[UInt16[np.ndarray, "height width"], tuple[str, ...]]:
    """Decodes an NPY film.

    Returns:
        Grey levels, brighter = more bone (the full range of the bits in use maps to 0..65535), and flags of `quality_flags`
        that only the pixels tell.

    Raises:
        FilmRefused: As `read_array_header`.
    """
    header = read_array_header(path)
    stored = np.load(path, allow_pickle=False)
    bits, remarks = bits_in_use(stored, header.bits) if header.bits > 8 else (header.bits, ())
    return scaled_to_uint16(stored, 0, 2**bits - 1), remarks


def _header(file: BinaryIO) -> tuple[tuple[int, int], np.dtype]:
    """Shape and type as the header (NumPy's format specification, versions 1 and 2) gives them."""
    try:
        version = np.lib.format.read_magic(file)
        parse = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, _, dtype = parse(file, max_header_size=_LONGEST_HEADER)
    except (
        ValueError,
        KeyError,
        OSError,
        SyntaxError,
        TypeError,
        UnicodeDecodeError,
        RecursionError,
        MemoryError,
    ) as error:
        raise FilmRefused(
            "The file ends early or is damaged, it could not be read as an NPY array; save it with numpy.save.",
            "truncated",
        ) from error
    if dtype.kind != "u" or dtype.itemsize > 2:
        raise FilmRefused(
            f"An NPY film holds unsigned numbers of 8 or 16 bits, this one holds {_named(dtype)}; save it as uint16.",
            "bits",
        )
    if len(shape) != 2:
        raise FilmRefused(f"An NPY film has two dimensions, this one {len(shape)}; save one image.", "multi_frame")
    check_size(*shape)
    return shape, dtype


def _named(dtype: np.dtype) -> str:
    """A short name for a message: a structured type can have one of thousands of characters."""
    return "objects" if dtype.hasobject else str(dtype)[:20]
