"""Bits of a pixel's word that are its value: those that the header names, unless the picture shows that others are."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Int, Shaped, UInt8, UInt16

from outcomenet.errors import FilmRefused

HEADER_BITS = "header_bits"  # the flag of a film whose values were not read by its header
Words: TypeAlias = UInt16[np.ndarray, "height width"] | UInt8[np.ndarray, "height width"]
_LOOKED_AT = 2_000_000  # pixels: enough to see how grey levels run
_UNUSED = 0.6  # of the pairs that unused bits make unlike are alike without them; of such as differ by chance 0.44
_CLEARLY = 4  # times as many pairs of neighbours must speak for a bit as against it
# Bits of the range that detectors and scanners give; 15: signed words without their sign.
_DEPTHS = (8, 10, 12, 14, 15)


def used_bits(words: Words, declared: int, most: int, *, signed: bool) -> int:
    """Number of low bits of each word that hold its value.

    Bits above the value may hold anything, such as an old overlay, and are to be masked (PS3.5 8.1.1). Yet some writers
    state too few bits. A bit that belongs to the value makes neighbouring pixels alike (1,023 beside 1,024), one that does
    not makes alike ones unlike.

    Args:
        words: The film.
        declared: Bits by the header (BitsStored).
        most: Bits that the value can have, at most those of a word.
        signed: Whether values are in two's complement.

    Returns:
        `declared`, or up to `most` where grey levels run on into higher bits.

    Raises:
        FilmRefused: Neighbours do not tell (bits).
    """
    if declared >= most or int(words.max(initial=0)) < 2**declared:
        return declared
    beyond = words[words >= 2**declared]
    if beyond.min() == beyond.max():  # one value for all that was not exposed
        return declared
    # from the top: of a steep edge neighbours skip the lower of the bits that were not stated, never the highest
    bits = next((bit + 1 for bit in reversed(range(declared, most)) if _belongs(words, bit, signed)), declared)
    more, fewer, differing = _neighbours(words, bits, most, signed)
    if differing and (fewer < _CLEARLY * more or fewer < _UNUSED * differing):
        raise FilmRefused(
            f"A film's values fit into the {declared} bits that its header states, this one's are larger, and its picture "
            f"does not tell whether the other bits of its {8 * words.dtype.itemsize} belong to them; export it again.",
            "bits",
        )
    return bits


def bits_in_use(words: Words, most: int, stated: int | None = None) -> tuple[int, tuple[str, ...]]:
    """Number of bits of the range that a film was made in, where its words may hold more: 12 bits are often stored in 16.

    A dark film of 16 bits looks the same as a film of fewer. Where the file does not tell, the fewest bits that detectors give
    and that hold the film's largest value are taken, with a flag.

    Args:
        words: The film.
        most: Bits of a word.
        stated: Bits of the range by the file's own tags; None where it has none.

    Returns:
        The bits, and the flag `header_bits` where they are guessed to be fewer than a word's, or are more than `stated`.
    """
    largest = largest_value(words, most)
    if stated is not None and largest < 2**stated:
        return stated, ()
    bits = next((depth for depth in _DEPTHS if 0 < largest < 2**depth <= 2**most), most)
    return bits, () if bits == most and stated is None else (HEADER_BITS,)


def largest_value(words: Words, most: int) -> int:
    """The largest value of a film's grey scale.

    A word of ones far above all others marks what was not exposed, or was written on, and is left out.

    Args:
        words: The film.
        most: Bits of a word.

    Returns:
        The largest value, 0 for a film without pixels.
    """
    ones = 2**most - 1
    largest = int(words.max(initial=0))
    if largest < ones:
        return largest
    next_largest = int(words.max(initial=0, where=words < ones))
    return next_largest if 0 < next_largest < ones // 2 else largest


def _belongs(words: Words, bit: int, signed: bool) -> bool:
    """Whether neighbouring pixels say that a bit is part of the value."""
    more, fewer, _ = _neighbours(words, bit, bit + 1, signed)
    return more >= max(1, _CLEARLY * fewer)


def values_of(words: Shaped[np.ndarray, "*axes"], bits: int, *, signed: bool) -> Int[np.ndarray, "*axes"]:
    """The values that words hold in their low bits.

    Args:
        words: Words of up to 16 bits, in any integer type.
        bits: Number of low bits that are the value.
        signed: Whether they are in two's complement.

    Returns:
        One number for each word; higher bits are masked.
    """
    low = words.astype(np.int32) & (2**bits - 1)
    return np.where(low >= 2 ** (bits - 1), low - 2**bits, low) if signed else low


def _neighbours(words: Words, few: int, many: int, signed: bool) -> tuple[int, int, int]:
    """Of pairs of neighbouring pixels: those alike only with `many` bits, those alike only with `few`, and all that the
    further bits make a difference to."""
    more = fewer = differing = 0
    step = -(-words.size // _LOOKED_AT)
    for lines, axis in ((words[::step], 1), (words[:, ::step], 0)):
        short, long = (np.abs(np.diff(values_of(lines, bits, signed=signed), axis=axis)) for bits in (few, many))
        differ = short != long
        near = 2**few / 4
        more += int((differ & (long <= near)).sum())
        fewer += int((differ & (short <= near)).sum())
        differing += int(differ.sum())
    return more, fewer, differing
