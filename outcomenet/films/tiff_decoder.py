"""Decoder of the grey TIFF films that Pillow lacks: uncompressed, 9 to 16 bits, packed bit by bit (TIFF 6.0, section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from outcomenet.errors import FilmRefused
from outcomenet.films.film import check_size, check_upright, scaled_to_uint16
from outcomenet.films.stored_bits import bits_in_use

MARKS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")  # the last two of BigTIFF
# Tags of TIFF 6.0, and the two photometric interpretations of grey levels.
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_OFFSETS, _SAMPLES, _ROWS, _SAMPLE_FORMAT = 273, 277, 278, 339
_ORIENTATION, _MAXIMUM_SAMPLE_VALUE = 274, 281
_WHITE_IS_ZERO, _BLACK_IS_ZERO = 0, 1
_PILLOW_BITS = (1, 2, 4, 8, 16)
_KINDS = {1: "unsigned", 2: "signed", 3: "floating-point"}
_ROWS_AT_ONCE = 64  # unpacked bits take eight times their room


@dataclass(frozen=True)
class GreyTiff:
    """Layout of an uncompressed grey TIFF: its strips and how their rows are packed.

    `bits` are those of a stored value, `stated_bits` those of the range by the file's own tags (None: it does not say).
    """

    rows: int
    columns: int
    bits: int
    white_is_zero: bool
    little_endian: bool
    strips: tuple[tuple[int, int], ...]  # offset, rows
    stated_bits: int | None

    @property
    def row_bytes(self) -> int:
        return (self.columns * self.bits + 7) // 8


def grey_tiff(path: Path) -> GreyTiff | None:
    """The layout of a TIFF film of this kind.

    Returns:
        The layout; None where Pillow is to decode the film.

    Raises:
        FilmRefused: Neither decodes it (bits, big_tiff), or it has several pages, is turned, too large or truncated.
    """
    with path.open("rb") as file:
        start = file.read(8)
        if start[:4] == MARKS[3]:
            raise FilmRefused(
                "A BigTIFF is read where its low bytes come first, not this one; save it as TIFF.", "big_tiff"
            )
        if start[:4] == MARKS[2]:
            start += file.read(8)
        tags = ImageFileDirectory_v2(start)
        first = tags.next
        file.seek(first)
        tags.load(file)
    bits, samples = _numbers(tags, _BITS, 1), _number(tags, _SAMPLES, 1)
    kind, compressed = _number(tags, _SAMPLE_FORMAT, 1), _number(tags, _COMPRESSION, 1) != 1
    white_is_zero = _number(tags, _PHOTOMETRIC, _BLACK_IS_ZERO) == _WHITE_IS_ZERO
    grey = samples == 1 and _number(tags, _PHOTOMETRIC, _BLACK_IS_ZERO) in (_WHITE_IS_ZERO, _BLACK_IS_ZERO)
    plain = grey and not compressed and _OFFSETS in tags and _number(tags, _FILL_ORDER, 1) == 1
    decoded_here = plain and 9 <= bits[0] <= 16
    if kind != 1 or not (decoded_here or bits[0] in _PILLOW_BITS):
        raise FilmRefused(
            "A TIFF film has unsigned grey levels of 1, 2, 4, 8 or 16 bits, in plain strips also 9 to 15, or colours of 8 bits; "
            f"this one's are {bits[0]} bits, {_KINDS.get(kind, 'of an unknown kind')}{', compressed' * compressed}. Save it "
            "as 16 bit grey.",
            "bits",
        )
    if not decoded_here:
        return None
    check_upright(_number(tags, _ORIENTATION, 1))
    if tags.next not in (0, first):
        raise FilmRefused("A film is one image, the file has several pages; export each on its own.", "multi_frame")
    rows, columns = _number(tags, _HEIGHT, 0), _number(tags, _WIDTH, 0)
    check_size(rows, columns)
    stated = stated_bits(tags, bits[0])
    film = GreyTiff(rows, columns, bits[0], white_is_zero, start[:2] == b"II", _strips(tags, rows), stated)
    if any(offset + count * film.row_bytes > path.stat().st_size for offset, count in film.strips):
        raise FilmRefused("The file ends early, it is no complete TIFF; export it again.", "truncated")
    return film


def stated_bits(tags: ImageFileDirectory_v2, bits: int) -> int | None:
    """Bits of the film's range by its own tags.

    A MaxSampleValue whose bits are not all ones is the largest value of this picture, not the end of a range.

    Args:
        tags: Tags of the film's page.
        bits: Bits of a stored value.

    Returns:
        The bits; None where a word of 16 bits may hold fewer and no tag tells.
    """
    largest = _number(tags, _MAXIMUM_SAMPLE_VALUE, 0)
    if 8 <= largest.bit_length() <= bits and largest == 2 ** largest.bit_length() - 1:
        return largest.bit_length()
    return bits if bits < 16 else None


def read_grey_tiff(path: Path, film: GreyTiff) -> tuple[UInt16[np.ndarray, "height width"], tuple[str, ...]]:
    """Decodes a TIFF film of this kind.

    Args:
        path: The film.
        film: Its layout (`grey_tiff`).

    Returns:
        Grey levels, brighter = more bone (the full range of the bits in use maps to 0..65535), and flags of `quality_flags`
        that only the pixels tell.
    """
    stored = np.zeros((film.rows, film.columns), np.uint16)
    row = 0
    with path.open("rb") as file:
        for offset, count in film.strips:
            file.seek(offset)
            for begin in range(0, count, _ROWS_AT_ONCE):
                rows = min(_ROWS_AT_ONCE, count - begin)
                packed = np.frombuffer(file.read(rows * film.row_bytes), np.uint8).reshape(rows, film.row_bytes)
                stored[row : row + rows] = _unpacked(packed, film)
                row += rows
    bits, remarks = bits_in_use(stored, film.bits, film.stated_bits)
    ends = (2**bits - 1, 0) if film.white_is_zero else (0, 2**bits - 1)
    return scaled_to_uint16(stored, *ends), remarks


def _unpacked(packed: UInt8[np.ndarray, "row byte"], film: GreyTiff) -> UInt16[np.ndarray, "row column"]:
    """Stored values of whole rows: of 16 bits as words in the file's byte order, of fewer with the highest bit first."""
    if film.bits == 16:
        return packed.view("<u2" if film.little_endian else ">u2")
    bits = np.unpackbits(packed, axis=1, count=film.columns * film.bits)
    weights = 1 << np.arange(film.bits - 1, -1, -1, dtype=np.uint16)
    return bits.reshape(len(packed), film.columns, film.bits) @ weights


def _strips(tags: ImageFileDirectory_v2, rows: int) -> tuple[tuple[int, int], ...]:
    """Offset and rows of each strip; RowsPerStrip may be larger than the film."""
    offsets, each = _numbers(tags, _OFFSETS, 0), min(max(_number(tags, _ROWS, rows), 1), rows)
    counts = [min(each, rows - begin) for begin in range(0, rows, each)]
    if len(counts) != len(offsets):
        raise FilmRefused(
            "A TIFF film has a place for each of its strips, this one has not; save it again.", "truncated"
        )
    return tuple(zip(offsets, counts, strict=True))


def _numbers(tags: ImageFileDirectory_v2, tag: int, default: int) -> tuple[int, ...]:
    value = tags.get(tag, default)
    return tuple(int(each) for each in (value if isinstance(value, tuple) else (value,)))


def _number(tags: ImageFileDirectory_v2, tag: int, default: int) -> int:
    return _numbers(tags, tag, default)[0]
