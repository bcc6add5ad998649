"""Strict parser of DICOM structure that checks a file before any library opens it.

It walks the elements up to the pixel data without decoding a value, and refuses what a radiograph never needs: an
unknown or deflated transfer syntax, lengths that leave the file, sequences nested deeper than 16, more than 20,000
elements. It allocates nothing that the file's size does not pay for. See DICOM PS3.5 chapter 7 and PS3.10 chapter 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pydicom.uid import UID

from outcomenet.errors import FilmRefused
from outcomenet.films.codecs import BIG_ENDIAN, CODECS, DEFLATED, IMPLICIT

MARK = b"DICM"  # at byte 128
META_GROUP = b"\x02\x00\x00\x00UL\x04\x00"  # begins a file without preamble
# Begins a data set without file meta information: group 8, and its length or a representation.
_DATA_SETS = (b"\x08\x00", b"\x00\x08")
# A radiograph's header has some hundred elements, two or three sequences deep. Libraries recurse into sequences.
MOST_NESTING = 16
MOST_ELEMENTS = 20_000
LARGEST_HEADER = 64 * 2**20  # bytes before the pixel data: icons and private blocks can be large
_UNDEFINED = 0xFFFFFFFF  # length of a value that ends with a delimiter (PS3.5 7.1)

# Value representations whose length takes four bytes after two reserved ones (PS3.5 table 7.1-1).
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_SHORT = {
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
}  # fmt: skip
_TRANSFER_SYNTAX = (0x0002, 0x0010)
# Float, double float and integer pixel data; the film's header ends before any of them.
_PIXEL_DATA = {(0x7FE0, 0x0008), (0x7FE0, 0x0009), (0x7FE0, 0x0010)}
# Marks of items and ends in sequences and fragments (PS3.5 7.5), which have no representation.
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)


@dataclass(frozen=True)
class DicomStructure:
    """Transfer syntax, place of the pixels and size of the header.

    `stream_at` is the byte where the pixels begin: of a compressed film its first fragment that is not the offset table;
    None where there are none. `stream_bytes` is the length of that value or fragment. `elements` counts the elements before
    the pixels, `depth` the levels of sequences.
    """

    transfer_syntax: str
    stream_at: int | None
    stream_bytes: int
    elements: int
    depth: int


class _Element(NamedTuple):
    tag: tuple[int, int]
    vr: bytes
    length: int
    at: int  # of the value


class _Open(NamedTuple):
    """A sequence or item that the walk is in: where it ends (None: at a delimiter), and how elements after it are written."""

    end: int | None
    explicit_after: bool


def inspect_dicom(path: Path) -> DicomStructure:
    """Walks the elements of a DICOM file up to its pixels. A preamble may be missing (`looks_like_dicom`).

    Raises:
        FilmRefused: At the first breach (not_a_film, transfer_syntax, representation, nesting, truncated).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(132)
        if not looks_like_dicom(start):
            raise FilmRefused("A DICOM file has DICM at byte 128, this one has not; export it again.", "not_a_film")
        if start[128:] != MARK:
            file.seek(0)
        syntax = _transfer_syntax(file, size)
        return _walk(file, size, syntax)


def looks_like_dicom(start: bytes) -> bool:
    """Whether a file's first 132 bytes are a preamble and DICM, or the file meta group, which says all that is needed."""
    return start[128:132] == MARK or start.startswith(META_GROUP)


def is_bare_data_set(start: bytes) -> bool:
    """Whether a file begins as a DICOM data set that lacks the preamble or the file meta group, which tells its syntax."""
    vr, length = start[4:6], int.from_bytes(start[4:8], "little")
    if start.startswith(MARK):
        return True
    return start[:2] in _DATA_SETS and len(start) >= 8 and (vr in _SHORT | _LONG or length <= 64)


def _transfer_syntax(file: BinaryIO, size: int) -> str:
    """The transfer syntax of the file meta group, which is always explicit little endian (PS3.10 7.1); leaves the file at
    the first element after the group."""
    syntax = ""
    for _ in range(MOST_ELEMENTS):
        start = file.tell()
        group = file.read(2)
        file.seek(start)
        if group != b"\x02\x00":
            break
        element = _read_element(file, size, explicit=True, order="<")
        if element is None:
            break
        if element.length == _UNDEFINED:
            raise _broken("an element of its file meta group has no length")
        if element.tag == _TRANSFER_SYNTAX:
            syntax = file.read(min(element.length, 64)).rstrip(b"\0 ").decode("ascii", "replace")
        file.seek(element.at + element.length)
    if syntax not in CODECS:
        why = "inflates before it can be checked" if syntax == DEFLATED else "is not read"
        named = UID(syntax).name if syntax and set(syntax) <= set("0123456789.") else "none"
        raise FilmRefused(
            f"The film's transfer syntax {why}: {named}; export it as Explicit VR Little Endian.", "transfer_syntax"
        )
    return syntax


def _walk(file: BinaryIO, size: int, syntax: str) -> DicomStructure:
    """Steps from element to element, into sequences and out of them, until the pixels or the file's end."""
    explicit, order = _is_explicit(file, syntax != IMPLICIT), ">" if syntax == BIG_ENDIAN else "<"
    nested: list[_Open] = []
    elements = deepest = 0
    while True:
        here = file.tell()
        while nested and nested[-1].end is not None and here >= nested[-1].end:
            if here > nested[-1].end:
                raise _broken("an element reaches beyond the sequence that holds it")
            explicit = nested.pop().explicit_after
        if here > LARGEST_HEADER:
            raise _broken("more than 64 MB stand before the pixel data")
        element = _read_element(file, size, explicit, order)
        if element is None:
            if nested:
                raise _broken("it ends inside a sequence")
            return DicomStructure(syntax, None, 0, elements, deepest)
        elements += 1
        if elements > MOST_ELEMENTS:
            raise _broken(f"it has more than {MOST_ELEMENTS:,} elements")
        if element.tag in (_ITEM_END, _SEQUENCE_END):
            if not nested:
                raise _broken("a delimiter stands outside a sequence")
            explicit = nested.pop().explicit_after
        elif element.tag in _PIXEL_DATA and not nested:
            at, length = _first_fragment(file, size, element, order)
            return DicomStructure(syntax, at, length, elements, deepest)
        elif element.tag == _ITEM or element.vr == b"SQ" or element.length == _UNDEFINED:
            end = None if element.length == _UNDEFINED else element.at + element.length
            nested.append(_Open(end, explicit))
            if element.vr == b"UN":  # a sequence that its writer did not know is implicit inside (PS3.5 6.2.2)
                explicit = False
            depth = (len(nested) + 1) // 2  # a sequence and its item are one level
            deepest = max(deepest, depth)
            if depth > MOST_NESTING:
                raise FilmRefused(
                    f"A film's sequences are nested at most {MOST_NESTING} deep, this file's are deeper; export it again.",
                    "nesting",
                )
        else:
            file.seek(element.at + element.length)


def _is_explicit(file: BinaryIO, stated: bool) -> bool:
    """Whether the data set is written with value representations: as its first element is, whatever the file meta group
    says; pydicom takes it so too."""
    start = file.tell()
    head = file.read(6)
    file.seek(start)
    return stated if len(head) < 6 else all(ord("A") <= letter <= ord("Z") for letter in head[4:])


def _first_fragment(file: BinaryIO, size: int, pixels: _Element, order: str) -> tuple[int | None, int]:
    """Place and length of the first fragment after the offset table (PS3.5 A.4); of native pixels, of the value."""
    if pixels.length != _UNDEFINED:
        return pixels.at, pixels.length
    offsets = _read_element(file, size, explicit=False, order=order)
    if offsets is None or offsets.tag != _ITEM or offsets.length == _UNDEFINED:
        raise _broken("its compressed pixels do not begin with an offset table")
    file.seek(offsets.at + offsets.length)
    first = _read_element(file, size, explicit=False, order=order)
    if first is None or first.tag != _ITEM or first.length in (0, _UNDEFINED):
        raise _broken("it has no compressed pixels")
    return first.at, first.length


def _read_element(file: BinaryIO, size: int, explicit: bool, order: str) -> _Element | None:
    """The next element's tag, representation, length and place; None at the file's end. Leaves the file at its value."""
    head = file.read(8)
    if not head:
        return None
    if len(head) < 8:
        raise _broken("it ends inside an element")
    group, number = struct.unpack(order + "HH", head[:4])
    vr = b""
    if explicit and group != 0xFFFE:  # items and delimiters never have a representation (PS3.5 7.5)
        vr = head[4:6]
        if vr in _LONG:
            long_length = file.read(4)
            if len(long_length) < 4:
                raise _broken("it ends inside an element")
            length = struct.unpack(order + "I", long_length)[0]
        elif vr in _SHORT:
            length = struct.unpack(order + "H", head[6:])[0]
        else:
            raise _unknown_representation(group, number, vr)
    else:
        length = struct.unpack(order + "I", head[4:])[0]
    at = file.tell()
    if length != _UNDEFINED and at + length > size:
        raise _broken("an element is longer than the file")
    return _Element((group, number), vr, length, at)


def _unknown_representation(group: int, number: int, vr: bytes) -> FilmRefused:
    name = f"Element ({group:04X},{number:04X})"
    if vr.isalpha() or vr == b"??":
        what = f'has a value representation that DICOM does not know, "{vr.decode("ascii", "replace")}"'
    else:
        what = "is written without a value representation among elements with one (explicit and implicit mixed up)"
    return FilmRefused(
        f"{name} {what}, so that what follows cannot be read; export the film again, with another program.",
        "representation",
    )


def _broken(what: str) -> FilmRefused:
    return FilmRefused(f"The file ends early or is damaged: {what}; export it again.", "truncated")
