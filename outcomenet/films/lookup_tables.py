"""Look-up tables of a DICOM header (PS3.3 C.11.1 and C.11.2): entries in bytes or words, scaled by their largest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydicom
from jaxtyping import Float, Shaped, UInt16
from pydicom.multival import MultiValue

from outcomenet.errors import FilmRefused


@dataclass(frozen=True)
class LookUpTable:
    """Maps values from `first` on to `entries`, smaller values to the first entry and larger ones to the last."""

    first: int
    entries: UInt16[np.ndarray, "entry"]

    @property
    def top(self) -> float:
        """The largest entry: headers state 16 bits for tables that reach 4,095."""
        return float(self.entries.max())

    def __call__(self, values: Shaped[np.ndarray, "value"]) -> Float[np.ndarray, "value"]:
        at = np.clip(np.rint(values).astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return self.entries[at].astype(np.float64)


def lookup_table(item: pydicom.Dataset, *, highest: float, big_endian: bool) -> LookUpTable:
    """Parses the look-up table of a sequence's item.

    Args:
        item: Item of a ModalityLUTSequence or VOILUTSequence.
        highest: Largest value that the table will be asked for; it tells a first value that is below 0.
        big_endian: Whether words in bytes have their high byte first.

    Returns:
        The table.

    Raises:
        FilmRefused: Entries are missing or all are 0 (look_up_table).
    """
    described = _words(item, "LUTDescriptor", big_endian)
    if len(described) != 3:
        raise _refused("is described by three numbers, this film's is not")
    count, first = int(described[0]) or 65_536, int(described[1])  # 0 stands for 2**16, which a word cannot hold
    if first > highest:  # a number below 0, written or read without its sign
        first -= 2**16
    entries = _entries(item, count, int(described[2]) & 0xFF, big_endian)
    if not entries.any():
        raise _refused("leads to grey levels, this film's to 0 alone")
    return LookUpTable(first, entries)


def _entries(item: pydicom.Dataset, count: int, bits: int, big_endian: bool) -> UInt16[np.ndarray, "entry"]:
    """One entry a word, or of entries of 8 bits two a word, the first in its lower byte: as many bytes as there are say which."""
    words = _words(item, "LUTData", big_endian)
    if len(words) >= count:
        return words[:count]
    if bits <= 8 and 2 * len(words) >= count:
        return words.astype("<u2").view(np.uint8)[:count].astype(np.uint16)
    raise _refused(f"has as many entries as it states, this film's states {count:,} and has {len(words):,}")


def _words(item: pydicom.Dataset, keyword: str, big_endian: bool) -> UInt16[np.ndarray, "word"]:
    """An element's words, whichever of US, SS, OW, OB and UN it was written as."""
    if item.get(keyword) is None:
        return np.zeros(0, np.uint16)
    element = item[keyword]
    value = element.value
    if isinstance(value, bytes):
        order = ">" if big_endian and element.VR != "OB" else "<"
        return np.frombuffer(value + b"\0" * (len(value) % 2), f"{order}u2").astype(np.uint16)
    numbers = value if isinstance(value, list | MultiValue) else [value]
    return np.array([int(number) & 0xFFFF for number in numbers], np.uint16)


def _refused(what: str) -> FilmRefused:
    return FilmRefused(f"A look-up table {what}; export the film without it.", "look_up_table")
