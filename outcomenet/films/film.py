"""Decoded films: pixels that brighten with bone, and the header that was checked before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped, UInt16

from outcomenet.errors import FilmRefused
from outcomenet.films.quality_flags import FLAGS

# A 43 cm film at 0.1 mm has 4,300 rows; 6,000 leaves room and still decodes within 72 MB.
MAXIMUM_PIXELS_PER_SIDE = 6_000
# Detectors have pixels of about 0.05 to 0.2 mm; a scanned or reduced film can have smaller and larger ones.
MINIMUM_SPACING_MM = 0.01
MAXIMUM_SPACING_MM = 1.0
# Where the joint crops of a visit come from, as data sets and reports name it.
FROM_FILMS = "films"  # files with a film's pixels
FROM_CROPS = "simulated crops"  # simulated as crops: no film was decoded and no joint was looked for
NO_FILMS = "no films"


@dataclass(frozen=True)
class FilmHeader:
    """What is known of a film before its pixels are decoded.

    `bits` is the number of bits of a stored value, `photometric` DICOM's word for what a small value means. `spacing_mm` is
    millimetres per pixel (None: not known); `spacing_source` names the attribute that it comes from, or says why there is none
    ("none", or "refused: PixelSpacing 0"). `format` is one of dicom, png, jpeg, tiff, bmp, npy, crops. `laterality` is L or R
    where the file declares one side, else "". `text_declared` says that the file itself declares text printed on the film.
    `remarks` are flags (`quality_flags`) of what in the file was not believed.
    """

    rows: int
    columns: int
    bits: int
    photometric: str
    spacing_mm: float | None
    spacing_source: str
    format: str
    laterality: str = ""
    text_declared: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Film:
    """A decoded film. `pixels` run from 0 (air) to 65535 (the densest that the format can show): brighter = bone."""

    pixels: UInt16[np.ndarray, "height width"]
    header: FilmHeader


def check_size(rows: int, columns: int) -> None:
    """Refuses a film that has no pixels or more than 6,000 rows or columns.

    Args:
        rows: Rows that the header states.
        columns: Columns that the header states.

    Raises:
        FilmRefused: no_pixels or too_large.
    """
    if rows < 1 or columns < 1:
        raise FilmRefused(
            f"A film needs at least one row and one column, its header says {rows:,} x {columns:,}; export it again.",
            "no_pixels",
        )
    if max(rows, columns) > MAXIMUM_PIXELS_PER_SIDE:
        raise FilmRefused(
            f"A film has at most {MAXIMUM_PIXELS_PER_SIDE:,} rows and columns, its header says {rows:,} x {columns:,}; "
            "export it at its original resolution, or reduce it.",
            "too_large",
        )


def check_upright(orientation: object) -> None:
    """Refuses a picture that its viewer must turn: EXIF and TIFF orientation 2 to 8; other numbers mean nothing."""
    if orientation in range(2, 9):
        raise FilmRefused(
            f"A film is stored upright, this one asks its viewer to turn it (EXIF orientation {orientation}); "
            "save it as it is seen.",
            "orientation",
        )


def scaled_to_uint16(values: Shaped[np.ndarray, "*axes"], lower: float, upper: float) -> UInt16[np.ndarray, "*axes"]:
    """Maps values linearly to the whole range of 16 bits.

    Args:
        values: Numbers of any type and shape.
        lower: Value that becomes 0, as do those beyond it.
        upper: Value that becomes 65535, as do those beyond it; below `lower` it inverts the picture.

    Returns:
        The mapped values, rounded to the nearest.
    """
    share = (np.asarray(values, np.float64) - lower) / (upper - lower)
    return np.rint(np.clip(share, 0.0, 1.0) * 65_535.0).astype(np.uint16)


def checked_film(film: Film) -> Film | FilmRefused:
    """The film that a decoding worker answered, or the refusal of one that contradicts its own header.

    A hostile film may have taken the worker over, which can then answer anything of the right types.
    """
    header = film.header
    sound = (
        film.pixels.shape == (header.rows, header.columns)
        and 1 <= min(film.pixels.shape)
        and max(film.pixels.shape) <= MAXIMUM_PIXELS_PER_SIDE
        and (header.spacing_mm is None or MINIMUM_SPACING_MM <= header.spacing_mm <= MAXIMUM_SPACING_MM)
        and header.laterality in ("", "L", "R")
        and set(header.remarks) <= set(FLAGS)
    )
    if sound:
        return film
    return FilmRefused(
        "The decoder's film does not agree with its own header: it is damaged, or made to do harm. Export it again.",
        "decoder_answer",
    )
