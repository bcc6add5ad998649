"""Compressed pixels: the transfer syntaxes that are decoded, and headers of streams, parsed before a decoder runs.

Every other transfer syntax is refused by name. The DICOM header around a stream (JPEG, JPEG-LS, JPEG 2000) can be wrong or
forged: a stream of a kilobyte can ask a decoder for 60,000 x 60,000 pixels.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
# Bytes of a stream that are looked at: its header comes first, after at most some application segments of up to 64 kB.
LOOKED_AT = 65_536
_JPEG_START, _J2K_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
# Start of frame (ITU-T T.81 table B.1; C4, C8 and CC are other markers) and of JPEG-LS (ITU-T T.87).
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}  # TEM, RST0 to RST7, SOI, EOI: markers that stand alone (T.81 table B.1)


@dataclass(frozen=True)
class Codec:
    """One transfer syntax (DICOM PS3.5 chapter 10).

    `plugin` is pydicom's word for the decoder, "" where pixels are uncompressed; `decoder` and `licence` name the library
    that does the work.
    """

    name: str
    plugin: str
    decoder: str
    licence: str

    @property
    def compressed(self) -> bool:
        """Whether pixels must be decoded by a library."""
        return bool(self.plugin)


_PYDICOM = ("pydicom", "MIT")
_PILLOW = ("Pillow with libjpeg-turbo", "MIT-CMU; BSD-3-Clause and IJG")
_GDCM = ("GDCM", "BSD-3-Clause")
_CHARLS = ("pyjpegls with CharLS", "MIT; BSD-3-Clause")
_OPENJPEG = ("pylibjpeg-openjpeg with OpenJPEG", "MIT; BSD-2-Clause")

# The fastest decoder without GPL code that survives damaged streams. Deflated files are not read: they inflate as a
# whole before their header can be checked. 12-bit JPEG Extended has no such decoder.
CODECS: dict[str, Codec] = {
    "1.2.840.10008.1.2": Codec("Implicit VR Little Endian", "", *_PYDICOM),
    "1.2.840.10008.1.2.1": Codec("Explicit VR Little Endian", "", *_PYDICOM),
    "1.2.840.10008.1.2.2": Codec("Explicit VR Big Endian", "", *_PYDICOM),
    # pylibjpeg's is five times faster, and ends the process on damaged files
    "1.2.840.10008.1.2.5": Codec("RLE Lossless", "pydicom", *_PYDICOM),
    "1.2.840.10008.1.2.4.50": Codec("JPEG Baseline, 8 bits", "pillow", *_PILLOW),
    "1.2.840.10008.1.2.4.57": Codec("JPEG Lossless", "gdcm", *_GDCM),
    "1.2.840.10008.1.2.4.70": Codec("JPEG Lossless, first-order prediction", "gdcm", *_GDCM),
    "1.2.840.10008.1.2.4.80": Codec("JPEG-LS Lossless", "pyjpegls", *_CHARLS),
    "1.2.840.10008.1.2.4.81": Codec("JPEG-LS Near-lossless", "pyjpegls", *_CHARLS),
    "1.2.840.10008.1.2.4.90": Codec("JPEG 2000 Lossless", "gdcm", *_GDCM),
    "1.2.840.10008.1.2.4.91": Codec("JPEG 2000", "pylibjpeg", *_OPENJPEG),
    "1.2.840.10008.1.2.4.201": Codec("High-Throughput JPEG 2000 Lossless", "pylibjpeg", *_OPENJPEG),
    "1.2.840.10008.1.2.4.202": Codec("High-Throughput JPEG 2000 RPCL Lossless", "pylibjpeg", *_OPENJPEG),
    "1.2.840.10008.1.2.4.203": Codec("High-Throughput JPEG 2000", "pylibjpeg", *_OPENJPEG),
}


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
