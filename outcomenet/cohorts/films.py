"""The one reader of pixels: DICOM, PNG, JPEG and TIFF films as grey levels that brighten with bone."""

from __future__ import annotations

from pathlib import Path

from outcomenet.cohorts.crop_file import SUFFIX as CROPS_SUFFIX
from outcomenet.cohorts.crop_file import read_crops_header
from outcomenet.cohorts.dicom_reader import MARK, read_dicom_header, read_dicom_pixels
from outcomenet.cohorts.film import Film, FilmHeader
from outcomenet.cohorts.image_reader import MARKS, read_image_header, read_image_pixels
from outcomenet.errors import FilmRefused

__all__ = ["Film", "FilmHeader", "film_format", "read_film", "read_header", "unnamed_header"]


def read_header(path: Path | str) -> FilmHeader:
    """Size, depth and spacing of a film, by its content whatever its suffix; no pixel is decoded.

    Raises FilmRefused, with the file's name, for a file that is missing, empty, truncated, of an unknown format, too
    large (more than 6,000 rows or columns) or of several frames.
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
    return read_dicom_header(path) if format == "dicom" else read_image_header(path, format)


def read_film(path: Path | str) -> Film:
    """A decoded film: uint16 pixels [height, width], **brighter = more bone**, and its header.

    Source precision is kept: a format's representable range (DICOM: after modality transform and window or VOI LUT)
    maps linearly to 0..65535, whatever values the film uses of it. MONOCHROME1 is inverted, colour becomes luminance.
    Decoders of compressed films can take much memory or abort: call it through `decoding.FilmDecoder`.

    Raises FilmRefused, with the file's name, as `read_header` does, and for pixels that cannot be decoded.
    """
    path = Path(path)
    try:
        header = unnamed_header(path)
        if header.format == "crops":
            raise FilmRefused("A film was expected, this is a file of crops; read it with `read_crops`.", "crops")
        pixels = read_dicom_pixels(path) if header.format == "dicom" else read_image_pixels(path, header.format)
    except FilmRefused as refused:
        raise FilmRefused(f"{path.name}: {refused}", refused.code) from refused
    return Film(pixels, header)


def film_format(path: Path) -> str:
    """dicom, png, jpeg or tiff by the file's first bytes; crops by its suffix. Raises FilmRefused for anything else."""
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except FileNotFoundError:
        raise FilmRefused("There is no such file; correct the path.", "missing") from None
    except OSError as error:
        raise FilmRefused(
            f"The file could not be opened ({error.strerror}); check the path and its rights.", "unreadable"
        ) from None
    if not start:
        raise FilmRefused("A film was expected, the file is empty; export it again.", "empty")
    if start[128:132] == MARK:
        return "dicom"
    for mark, format in MARKS.items():
        if start.startswith(mark):
            return format
    if path.suffix == CROPS_SUFFIX:
        return "crops"
    named = f"named {path.suffix} but " if path.suffix else ""
    raise FilmRefused(
        f"A DICOM, PNG, JPEG or TIFF file was expected, this one is {named}not one of them by its first bytes; "
        "export the film itself.",
        "not_a_film",
    )
