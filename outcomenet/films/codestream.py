"""Headers of compressed streams (JPEG, JPEG-LS, JPEG 2000): size, bits and sign, parsed before a decoder runs.

The DICOM header around a stream can be wrong or forged: a stream of a kilobyte can ask a decoder for 60,000 x 60,000 pixels.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

# Bytes of a stream that are looked at: its header comes first, after at most some application segments of up to 64 kB.
LOOKED_AT = 65_536
_JPEG_START, _J2K_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
# Start of frame (ITU-T T.81 table B.1; C4, C8 and CC are other markers) and of JPEG-LS (ITU-T T.87).
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}


class StreamHeader(NamedTuple):
    """Size, bits of a value, and whether values are signed: None for JPEG and JPEG-LS, which do not know signs."""

    rows: int
    columns: int
    bits: int
    signed: bool | None


def stream_header(start: bytes) -> StreamHeader | None:
    """Parses the header of a JPEG, JPEG-LS or JPEG 2000 stream.

    Args:
        start: First bytes of the stream, at most `LOOKED_AT` of them.

    Returns:
        Size, bits and sign; None for another kind of stream (RLE), or where the header is not within `start`.
    """
    if start.startswith(_JP2_SIGNATURE):
        at = start.find(_J2K_START)
        start = start[at:] if at >= 0 else b""
    if start.startswith(_J2K_START):
        return _of_jpeg_2000(start)
    return _of_jpeg(start) if start.startswith(_JPEG_START) else None


def _of_jpeg_2000(start: bytes) -> StreamHeader | None:
    """The SIZ segment (ITU-T T.800 A.5.1): size of the reference grid less the image's offset on it; of the first component
    the sign in the highest bit, and one less than its bits in the others."""
    if len(start) < 43:
        return None
    width, height, left, top = struct.unpack(">IIII", start[8:24])
    return StreamHeader(height - top, width - left, (start[42] & 0x7F) + 1, start[42] >= 0x80)


def _of_jpeg(start: bytes) -> StreamHeader | None:
    """The first start of frame (ITU-T T.81 B.2.2); the segments before it are skipped by their lengths."""
    at = 2
    while at + 9 <= len(start) and start[at] == 0xFF:
        marker = start[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _FRAMES:
            bits, rows, columns = struct.unpack(">BHH", start[at + 4 : at + 9])
            return StreamHeader(rows, columns, bits, None)
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + struct.unpack(">H", start[at + 2 : at + 4])[0]
    return None
