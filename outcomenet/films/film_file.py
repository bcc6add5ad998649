"""Decoding of film files (DICOM, PNG, JPEG, TIFF, BMP, NPY) into grey levels that brighten with bone: the only way to pixels."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt16

from outcomenet.errors import FilmRefused
from outcomenet.films.array_decoder import MARK as ARRAY_MARK
from outcomenet.films.array_decoder import read_array_header, read_array_pixels
from outcomenet.films.crop_file import SUFFIX as CROPS_SUFFIX
from outcomenet.films.crop_file import read_crops_header
from outcomenet.films.dicom_decoder import read_dicom_header, read_dicom_pixels
from outcomenet.films.dicom_structure import is_bare_data_set, looks_like_dicom
from outcomenet.films.film import Film, FilmHeader
from outcomenet.films.picture_decoder import MARKS, read_image_header, read_image_pixels

__all__ = ["Film", "FilmHeader", "film_format", "read_film", "read_header", "unnamed_film", "unnamed_header"]


def read_header(path: Path | str) -> FilmHeader:
    """Size, depth and spacing of a film; no pixel is decoded. The format is told by the file's content, not by its suffix.

    Raises:
        FilmRefused: The file is missing, empty, truncated, of an unknown format, too large (more than 6,000 rows or columns)
            or of several frames; the sentence begins with the file's name.
    """
    path = Path(path)
    try:
        return unnamed_header(path)
    except FilmRefused as refused:
        raise FilmRefused(f"{path.name}: {refused}", refused.code) from refused


def unnamed_header(path: Path) -> FilmHeader:
    """As `read_header`, but refusals do not give the file's name, which often holds a patient's identifier."""
    format = film_format(path)
    if format == "crops":
        return read_crops_header(path)
    if format == "npy":
        return read_array_header(path)
    return read_dicom_header(path) if format == "dicom" else read_image_header(path, format)


def read_film(path: Path | str) -> Film:
    """Decodes a film: pixels, **brighter = more bone**, and header.

    Source precision is kept: a format's representable range (DICOM: after modality transform and window or VOI LUT; words
    of 16 bits: of the bits in use, see `stored_bits`) maps linearly to 0..65535, whatever values the film uses of it.
    MONOCHROME1 is inverted, colour becomes luminance.
    Decoders of compressed films can take much memory or abort: call it through `decoding.FilmDecoder`.

    Raises:
        FilmRefused: As `read_header`, and for pixels that cannot be decoded.
    """
    path = Path(path)
    try:
        return unnamed_film(path)
    except FilmRefused as refused:
        raise FilmRefused(f"{path.name}: {refused}", refused.code) from refused


def unnamed_film(path: Path) -> Film:
    """As `read_film`, but refusals do not give the file's name, which often holds a patient's identifier."""
    header = unnamed_header(path)
    if header.format == "crops":
        raise FilmRefused("A film was expected, this is a file of crops; read it with `read_crops`.", "crops")
    pixels, remarks = _pixels(path, header.format)
    return Film(pixels, replace(header, remarks=(*header.remarks, *remarks)))


def _pixels(path: Path, format: str) -> tuple[UInt16[np.ndarray, "height width"], tuple[str, ...]]:
    """The pixels, and flags that only they tell."""
    if format == "dicom":
        return read_dicom_pixels(path)
    return read_array_pixels(path) if format == "npy" else read_image_pixels(path, format)


def film_format(path: Path) -> str:
    """The format of a film: dicom, png, jpeg, tiff, bmp or npy by the file's first bytes, crops by its suffix.

    Raises:
        FilmRefused: Anything else, also folders, pipes and devices: opening a pipe could wait for ever.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FilmRefused("A film is a file, this is a folder, pipe or device; correct the path.", "not_a_file")
        with path.open("rb") as file:
            start = file.read(132)  # up to DICOM's mark, which comes after 128 bytes
    except FileNotFoundError:
        raise FilmRefused("There is no such file; correct the path.", "missing") from None
    except OSError as error:
        raise FilmRefused(
            f"The file could not be opened ({error.strerror}); check the path and its rights.", "unreadable"
        ) from None
    if not start:
        raise FilmRefused("A film was expected, the file is empty; export it again.", "empty")
    if looks_like_dicom(start):
        return "dicom"
    if start.startswith(ARRAY_MARK):
        return "npy"
    for mark, format in MARKS.items():
        if start.startswith(mark):
            return format
    if path.suffix == CROPS_SUFFIX:
        return "crops"
    if is_bare_data_set(start):
        raise FilmRefused(
            "A DICOM file begins with 128 bytes, DICM and its file meta information; this one lacks them, so that nothing "
            "says how it is written. Export it as a DICOM file (Part 10).",
            "no_file_meta",
        )
    named = f"named {path.suffix} but " if path.suffix else ""
    raise FilmRefused(
        f"A DICOM, PNG, JPEG, TIFF, BMP or NPY file was expected, this one is {named}not one of them by its first bytes; "
        "export the film itself.",
        "not_a_film",
    )
