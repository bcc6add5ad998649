"""Table of the transfer syntaxes that are decoded, with decoder and licence; every other one is refused by name."""

from __future__ import annotations

from dataclasses import dataclass

DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"


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
