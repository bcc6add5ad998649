"""How many pixels a compressed stream says it holds, from its own header: before a decoder believes it."""

from __future__ import annotations

import struct

# Bytes of a stream that are looked at: its header comes first, after at most some application segments.
LOOKED_AT = 65_536
_JPEG_START, _J2K_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
# Start of frame (ITU-T T.81 table B.1; C4, C8 and CC are other markers) and of JPEG-LS (ITU-T T.87).
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}


def stream_size(start: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a JPEG, JPEG-LS or JPEG 2000 stream that begins with `start`; None where it does not say."""
    if start.startswith(_JP2_SIGNATURE):
        at = start.find(_J2K_START)
        start = start[at:] if at >= 0 else b""
    if start.startswith(_J2K_START):
        return _of_jpeg_2000(start)
    return _of_jpeg(start) if start.startswith(_JPEG_START) else None


def _of_jpeg_2000(start: bytes) -> tuple[int, int] | None:
    """The SIZ segment (ITU-T T.800 A.5.1): size of the reference grid less the image's offset on it."""
    if len(start) < 24:
        return None
    width, height, left, top = struct.unpack(">IIII", start[8:24])
    return height - top, width - left


def _of_jpeg(start: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(start) and start[at] == 0xFF:
        marker = start[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _FRAMES:
            rows, columns = struct.unpack(">HH", start[at + 5 : at + 9])
            return rows, columns
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + struct.unpack(">H", start[at + 2 : at + 4])[0]
    return None
