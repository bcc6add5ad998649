"""Decoder of PNG, JPEG, TIFF and BMP films: the header is checked first, colours become grey levels."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import UInt16
from PIL import Image, UnidentifiedImageError

from outcomenet.errors import FilmRefused
from outcomenet.films.dicom_decoder import luminance
from outcomenet.films.film import MAXIMUM_PIXELS_PER_SIDE, FilmHeader, check_size, check_upright, scaled_to_uint16
from outcomenet.films.stored_bits import bits_in_use, largest_value
from outcomenet.films.tiff_decoder import MARKS as TIFF_MARKS
from outcomenet.films.tiff_decoder import GreyTiff, grey_tiff, read_grey_tiff, stated_bits

# The first bytes of each format.
MARKS: dict[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    **dict.fromkeys(TIFF_MARKS, "tiff"),
    b"BM": "bmp",
}
_GREY_BITS = {"1": 1, "L": 8, "I;16": 16, "I;16B": 16, "I;16L": 16}
_COLOUR_MODES = ("RGB", "P")
_TRANSPARENT_MODES = ("LA", "RGBA", "PA")
_TIFF_BITS, _TIFF_PHOTOMETRIC = 258, 262  # tags of TIFF 6.0
_EXIF_ORIENTATION = 274
_PNG_GREY, _PNG_GREY_ALPHA = 0, 4  # kinds of colour in a PNG's first chunk


def read_image_header(path: Path, format: str) -> FilmHeader:
    """The header of a picture; no pixel is decoded.

    Args:
        path: The film.
        format: png, jpeg, tiff or bmp, by the file's first bytes.

    Returns:
        The header. Its spacing is None: resolution tags are a printer's.

    Raises:
        FilmRefused: The picture is truncated, too large, of several pages, turned, or of an unknown kind of pixels.
    """
    _check_whole(path, format)
    with _refusing(format):
        packed = grey_tiff(path) if format == "tiff" else None
        if packed is not None:
            return _header_of(packed)
        with _opened(path, format) as image:
            return _checked(image, format)


def read_image_pixels(path: Path, format: str) -> tuple[UInt16[np.ndarray, "height width"], tuple[str, ...]]:
    """Decodes a picture.

    Args:
        path: The film.
        format: png, jpeg, tiff or bmp, by the file's first bytes.

    Returns:
        Grey levels, brighter = more bone (the full range of the bits in use maps to 0..65535, colours become luminance),
        and flags of `quality_flags` that only the pixels tell.

    Raises:
        FilmRefused: As `read_image_header`, and for pixels that cannot be decoded or that are see-through.
    """
    _check_whole(path, format)
    with _refusing(format):
        packed = grey_tiff(path) if format == "tiff" else None
        if packed is not None:
            return read_grey_tiff(path, packed)
        with _opened(path, format) as image:
            header = _checked(image, format)
            if image.mode not in _GREY_BITS:
                return _luminance(image), ()
            stored = np.asarray(image)
            if header.bits < 16:
                return scaled_to_uint16(stored, 0, 2**header.bits - 1), ()
            bits, remarks = bits_in_use(stored, 16, _stated_bits(path, image, format, stored))
            # Pillow turns TIFFs of up to 8 bits that store white as 0, but not those of 16
            ends = (2**bits - 1, 0) if header.photometric == "MONOCHROME1" else (0, 2**bits - 1)
            return scaled_to_uint16(stored, *ends), remarks


def _header_of(film: GreyTiff) -> FilmHeader:
    photometric = "MONOCHROME1" if film.white_is_zero else "MONOCHROME2"
    return FilmHeader(film.rows, film.columns, film.bits, photometric, None, "none", "tiff")


def _stated_bits(path: Path, image: Image.Image, format: str, stored: np.ndarray) -> int | None:
    """Bits of the range of a film of 16 bits by the file's own tags, None where it has none."""
    if format == "tiff":
        return stated_bits(image.tag_v2, 16)  # type: ignore[attr-defined]
    significant = _inspect_png(path) if format == "png" else None
    if significant is None or largest_value(stored, 16) < 2**significant:
        return significant
    return 16  # scaled up to the whole range, as writers of PNG are to do (PNG 12.4)


def _luminance(image: Image.Image) -> UInt16[np.ndarray, "height width"]:
    """Luminance of a colour film; a film that is see-through anywhere is refused, since it has no grey level there."""
    if image.mode in _TRANSPARENT_MODES or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() != (255, 255):
            raise FilmRefused("A film is opaque, this one is see-through in parts; export it without.", "transparency")
    return luminance(scaled_to_uint16(np.asarray(image.convert("RGB")), 0, 255))


def _opened(path: Path, format: str) -> Image.Image:
    """The file as Pillow sees it."""
    return Image.open(path, formats=[format.upper()])


@contextmanager
def _refusing(format: str) -> Iterator[None]:
    """Every failure of opening or decoding as FilmRefused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are checked by `check_size`; other warnings concern unused tags
            yield
    except FilmRefused:
        raise
    except Image.DecompressionBombError as error:
        raise FilmRefused(
            f"A film has at most {MAXIMUM_PIXELS_PER_SIDE:,} rows and columns, this one has far more pixels than that; "
            "export it at its original resolution, or reduce it.",
            "too_large",
        ) from error
    except MemoryError:
        raise FilmRefused("Decoding the film needs more memory than is allowed; reduce it.", "memory") from None
    except (
        UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, EOFError, KeyError, IndexError,
        RuntimeError, OverflowError, struct.error,
    ) as error:  # fmt: skip
        raise FilmRefused(
            f"The file could not be read as {format.upper()}, it may end early or be damaged; export it again.",
            "truncated",
        ) from error


def _checked(image: Image.Image, format: str) -> FilmHeader:
    """The header of one upright image; refuses several pages, turned pictures and other kinds of pixels."""
    check_size(image.height, image.width)
    frames = getattr(image, "n_frames", 1)
    if frames != 1:
        raise FilmRefused(f"A film is one image, the file has {frames} pages; export each on its own.", "multi_frame")
    check_upright(image.getexif().get(_EXIF_ORIENTATION, 1))
    photometric, bits = "MONOCHROME2", _GREY_BITS.get(image.mode)
    if format == "tiff":
        tags = image.tag_v2  # type: ignore[attr-defined]
        if tags.get(_TIFF_PHOTOMETRIC) == 0:
            photometric = "MONOCHROME1"
        if bits is None and max(tags.get(_TIFF_BITS, (8,))) > 8:
            bits = 0
    if bits is None and image.mode in (*_COLOUR_MODES, *_TRANSPARENT_MODES):
        photometric, bits = "RGB", 8
    if not bits:
        raise FilmRefused(
            f"A film has 1, 8 or 16 bit grey levels or 8 bit colours, this one is of another kind (mode {image.mode}); "
            "save it as 16 bit grey.",
            "bits",
        )
    return FilmHeader(image.height, image.width, bits, photometric, None, "none", format)


def _check_whole(path: Path, format: str) -> None:
    """Looks at size and completeness of the formats in which Pillow opens a file that lacks its second half."""
    if format == "png":
        _inspect_png(path)
    elif format == "bmp":
        _check_bmp(path)


def _check_bmp(path: Path) -> None:
    """A BMP's size, and whether its uncompressed rows are all there (each filled up to four bytes)."""
    with path.open("rb") as file:
        start = file.read(34)
    if len(start) < 34:
        raise FilmRefused("The file ends early, it is no complete BMP; export it again.", "truncated")
    pixels_at, columns, rows, bits, compression = struct.unpack("<10xI4xii2xHI", start)
    check_size(abs(rows), columns)
    if compression not in (0, 3):  # none, or none with masks
        raise FilmRefused("A BMP film is not compressed, this one is; save it as PNG.", "bits")
    needed = pixels_at + (columns * bits + 31) // 32 * 4 * abs(rows)
    if path.stat().st_size < needed:
        raise FilmRefused("The file ends early, it is no complete BMP; export it again.", "truncated")


def _inspect_png(path: Path) -> int | None:
    """Walks a PNG's chunks to its end by their lengths: size and colour depth first, then whether the file is whole.

    Pillow opens a PNG that lacks its second half, and gives a bomb's size only as a number of pixels.

    Returns:
        Significant bits of its grey levels (chunk sBIT, PNG 11.3.2.7); None where it states none that can be.

    Raises:
        FilmRefused: too_large, no_pixels, truncated, or bits (colours of 16 bits).
    """
    size, significant = path.stat().st_size, None
    with path.open("rb") as file:
        depth, colour = _png_start(file)
        position = 8
        while True:
            file.seek(position)
            chunk = file.read(9)
            if len(chunk) >= 8:
                position += 12 + int.from_bytes(chunk[:4], "big")
            if len(chunk) < 8 or position > size:
                raise FilmRefused("The file ends early, it is no complete PNG; export it again.", "truncated")
            if chunk[4:8] == b"sBIT" and colour in (_PNG_GREY, _PNG_GREY_ALPHA) and 8 <= chunk[8] <= depth:
                significant = chunk[8]
            if chunk[4:8] == b"IEND":
                return significant


def _png_start(file: BinaryIO) -> tuple[int, int]:
    """Bits per sample and kind of colour by the file's first chunk."""
    start = file.read(26)
    if len(start) < 26 or start[12:16] != b"IHDR":
        raise FilmRefused("The file ends early, it is no complete PNG; export it again.", "truncated")
    width, height, depth, colour = struct.unpack(">IIBB", start[16:26])
    check_size(height, width)
    if depth == 16 and colour != _PNG_GREY:
        raise FilmRefused(
            "A film has 1, 8 or 16 bit grey levels or 8 bit colours, this one 16 bit colours; save it as grey.", "bits"
        )
    return depth, colour
