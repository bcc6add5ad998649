"""Decoder of DICOM films: the header is checked first, then pixels go through one brightness table."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pydicom
from jaxtyping import UInt16
from pydicom.errors import BytesLengthException, InvalidDicomError

from outcomenet.errors import FilmRefused
from outcomenet.films.brightness import brightness, shows_whole_range, window_of
from outcomenet.films.codecs import BIG_ENDIAN, CODECS, LOOKED_AT, Codec, StreamHeader, stream_header
from outcomenet.films.dicom_numbers import MAGNIFICATION, dicom_spacing, numbers_of
from outcomenet.films.dicom_structure import DicomStructure, inspect_dicom
from outcomenet.films.film import FilmHeader, check_size, scaled_to_uint16
from outcomenet.films.stored_bits import HEADER_BITS, bits_in_use, used_bits, values_of

ACCESSION = "AccessionNumber"
# Times the range of the stated bits; values up to there are a lossy codec's overshoot, larger ones a finer grey scale.
OVERSHOT = 1.125
MOST_COMPRESSED = 500  # pixels per compressed byte: films are compressed 2 to 50 times
# Nothing else is ever read from a file, so that nothing else can travel on. Of these only size, bits, polarity, spacing
# and side are kept (`FilmHeader`); the accession number is read by `intake.cutting` and kept as a keyed hash.
_IMAGE_ATTRIBUTES = [
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelSpacing", "ImagerPixelSpacing",
    "NominalScannedPixelSpacing", MAGNIFICATION, "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence",
    "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "PresentationLUTShape", "ImageLaterality",
    "Laterality", "BurnedInAnnotation",
]  # fmt: skip
_PIXEL_ATTRIBUTES = [*_IMAGE_ATTRIBUTES, "PixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"]
# With the file meta group's transfer syntax and the three values of a look-up table inside its sequence.
ALLOWED_ATTRIBUTES = frozenset(
    [*_PIXEL_ATTRIBUTES, ACCESSION, "TransferSyntaxUID", "LUTDescriptor", "LUTData", "ModalityLUTType"]
)


def read_dicom_header(path: Path) -> FilmHeader:
    """The header of a DICOM film; no pixel is decoded.

    Raises:
        FilmRefused: The structure (`dicom_structure`) or a needed attribute is missing or wrong, or there are too few bytes
            for the pixels that the header states.
    """
    with _refusing():
        structure = inspect_dicom(path)
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True, specific_tags=_IMAGE_ATTRIBUTES)
        header = _checked(dataset)
        _check_pixels(path, dataset, structure)
    return header


def read_dicom_pixels(path: Path) -> tuple[UInt16[np.ndarray, "height width"], tuple[str, ...]]:
    """Decodes a DICOM film as a viewer would show it.

    Modality rescale or LUT first, then the first VOI window that can be used, else the first VOI LUT, else none;
    MONOCHROME1 inverted last. The range that the last of these steps can produce maps to 0..65535.

    Returns:
        Pixels, brighter = more bone, and flags of `quality_flags` that only the pixels tell.

    Raises:
        FilmRefused: As `read_dicom_header`, and for pixels that cannot be decoded or are not those of the header.
    """
    with _refusing():
        structure = inspect_dicom(path)
        dataset = pydicom.dcmread(path, force=True, specific_tags=_PIXEL_ATTRIBUTES)
        header = _checked(dataset)
        stream = _check_pixels(path, dataset, structure)
        if "PixelData" not in dataset:
            raise FilmRefused(
                "A film needs integer pixels, this one has others; export it as a grey image.", "no_pixels"
            )
        coding = _coding(dataset, stream)
        stored = _decoded(dataset, coding, stream, CODECS[structure.transfer_syntax])
        if stored.shape[:2] != (header.rows, header.columns):
            raise FilmRefused(
                f"The pixels decode to {stored.shape[0]} x {stored.shape[1]}, the header says "
                f"{header.rows} x {header.columns}; export the film again.",
                "truncated",
            )
        if stored.ndim == 3:
            return luminance(scaled_to_uint16(stored, 0, 2**header.bits - 1)), ()
        return _grey(dataset, stored, coding, big_endian=structure.transfer_syntax == BIG_ENDIAN)


def _grey(
    dataset: pydicom.Dataset, stored: np.ndarray, coding: _Coding, *, big_endian: bool
) -> tuple[UInt16[np.ndarray, "height width"], tuple[str, ...]]:
    """Grey levels of stored words, and flags: bits of the value first, then one table of brightness for all of them."""
    stored = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    words = stored.view(np.uint8 if stored.dtype.itemsize == 1 else np.uint16)
    bits = used_bits(words, coding.bits, min(coding.most, 8 * words.dtype.itemsize), signed=coding.signed)
    values = values_of(np.arange(2**bits), bits, signed=coding.signed)
    top = int(values.max())
    if not coding.signed and bits > coding.bits and words.max() < OVERSHOT * 2**coding.bits:
        top = 2**coding.bits - 1  # a lossy codec's ringing beside white letters, not a finer grey scale
    remarks = () if coding.as_stated and bits == coding.bits else (HEADER_BITS,)
    if coding.bits == 16 and not coding.signed and shows_whole_range(dataset):
        in_use, doubt = bits_in_use(words, 16)
        top, remarks = 2**in_use - 1, remarks or doubt
    table = brightness(dataset, values, top, big_endian=big_endian)
    # repeats for every setting of the bits that are no part of the value
    pixels = cv2.LUT(np.ascontiguousarray(words), np.resize(table, np.iinfo(words.dtype).max + 1))
    return pixels, remarks


class _Coding(NamedTuple):
    """How values stand in their words: bits that are surely theirs, bits that may be, whether signed, and whether header and
    compressed stream agree on that."""

    bits: int
    most: int
    signed: bool
    as_stated: bool


def _coding(dataset: pydicom.Dataset, stream: StreamHeader | None) -> _Coding:
    """By the header; of a compressed film by its stream, which was written with the pixels: its bits where they are fewer
    (more may hold what the header says), its sign where it knows one."""
    bits, allocated = int(dataset.BitsStored), int(dataset.BitsAllocated)
    signed = int(dataset.get("PixelRepresentation") or 0) == 1
    if stream is None:
        return _Coding(bits, allocated, signed, as_stated=True)
    fewer = min(bits, stream.bits)
    # JPEG and JPEG-LS carry a signed value's bits as they are: in too few bits to hold its sign there is none
    stream_signed = signed and stream.bits >= bits if stream.signed is None else stream.signed
    return _Coding(fewer, stream.bits, stream_signed, as_stated=(fewer, stream_signed) == (bits, signed))


def _decoded(dataset: pydicom.Dataset, coding: _Coding, stream: StreamHeader | None, codec: Codec) -> np.ndarray:
    """The pixel array; decoders are told what the words or the stream hold, so that they correct nothing by the header."""
    if stream is None:
        dataset.BitsStored, dataset.HighBit = dataset.BitsAllocated, dataset.BitsAllocated - 1
    else:
        dataset.BitsStored, dataset.HighBit = stream.bits, stream.bits - 1
        dataset.BitsAllocated = 8 if stream.bits <= 8 else 16
        dataset.PixelRepresentation = int(bool(stream.signed))
    if codec.compressed:
        dataset.pixel_array_options(decoding_plugin=codec.plugin)
    return dataset.pixel_array


def luminance(colour: UInt16[np.ndarray, "height width 3"]) -> UInt16[np.ndarray, "height width"]:
    """Luminance of red, green and blue (ITU-R BT.601 weights)."""
    return np.rint(colour @ np.array([0.299, 0.587, 0.114])).astype(np.uint16)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turns whatever the parsers raise on a broken file into FilmRefused; what they merely warn of is not used."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except FilmRefused:
        raise
    except MemoryError:
        raise FilmRefused(
            "Decoding the film needs more memory than is allowed; export it uncompressed, or reduce it.", "memory"
        ) from None
    except (
        InvalidDicomError, EOFError, OSError, ValueError, TypeError, KeyError, AttributeError,
        IndexError, RuntimeError, OverflowError, struct.error, zlib.error, BytesLengthException,
    ) as error:  # fmt: skip
        raise FilmRefused(
            f"The file could not be read as a DICOM image ({type(error).__name__}), it may end early or be damaged; export "
            "it again.",
            "truncated",
        ) from error


def _checked(dataset: pydicom.Dataset) -> FilmHeader:
    """The header of one grey or colour image; refuses what is missing, several frames and other kinds of pixels."""
    missing = [name for name in ("Rows", "Columns", "BitsAllocated", "BitsStored", "PhotometricInterpretation")
               if dataset.get(name) in (None, "")]  # fmt: skip
    if missing:
        raise FilmRefused(
            f"A radiograph's header needs {', '.join(missing)}, this one lacks it; export the image object itself.",
            "no_image",
        )
    check_size(int(dataset.Rows), int(dataset.Columns))
    frames = (numbers_of(dataset, "NumberOfFrames") or [1.0])[0]
    if frames not in (0.0, 1.0):
        raise FilmRefused(
            f"A film is one image, the header states {frames:g} frames; export each on its own.", "multi_frame"
        )
    photometric = str(dataset.PhotometricInterpretation)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    grey = photometric in ("MONOCHROME1", "MONOCHROME2") and samples == 1
    if not grey and not (photometric.startswith(("RGB", "YBR_")) and samples == 3):
        raise FilmRefused(
            f"A film is MONOCHROME1, MONOCHROME2 or RGB, this one is {photometric} with {samples} samples; "
            "export it as a grey image.",
            "photometric",
        )
    allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    high = int(dataset.get("HighBit", stored - 1))
    if allocated not in (8, 16) or not 1 <= stored <= allocated or high != stored - 1 or (samples == 3 and stored != 8):
        raise FilmRefused(
            f"A grey film has 8 or 16 bits per pixel and a colour film 8, this one has {stored} of {allocated} with "
            f"high bit {high}; export it again.",
            "bits",
        )
    spacing_mm, source, other = dicom_spacing(dataset)
    side = str(dataset.get("ImageLaterality") or dataset.get("Laterality") or "")
    laterality = side if side in ("L", "R") else ""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    text = str(dataset.get("BurnedInAnnotation") or "") == "YES"
    remarks = tuple(
        flag for flag, present in {"window_ignored": window_of(dataset)[1], "other_spacing": other}.items() if present
    )
    return FilmHeader(rows, columns, stored, photometric, spacing_mm, source, "dicom", laterality, text, remarks)


def _check_pixels(path: Path, dataset: pydicom.Dataset, structure: DicomStructure) -> StreamHeader | None:
    """Refuses pixels that cannot be those of the header, without decoding any: too few bytes, another size, too many bits.

    Returns what a compressed stream says of itself, None where there is none or it says nothing.
    """
    if structure.stream_at is None:
        raise FilmRefused("A film needs pixel data, the file has none; export the image itself.", "no_pixels")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if CODECS[structure.transfer_syntax].compressed:
        with path.open("rb") as file:
            file.seek(structure.stream_at)
            stream = stream_header(file.read(min(structure.stream_bytes, LOOKED_AT)))
        if stream is not None and (stream.rows, stream.columns) != (rows, columns):
            raise FilmRefused(
                f"The compressed pixels are {stream.rows:,} x {stream.columns:,}, the header says {rows:,} x {columns:,}; "
                "export the film again.",
                "stream_size",
            )
        most = 16 if int(dataset.get("SamplesPerPixel") or 1) == 1 else 8
        if stream is not None and not 1 <= stream.bits <= most:
            raise FilmRefused(
                f"A grey film has at most 16 bits per pixel and a colour film 8, this one's compressed pixels have "
                f"{stream.bits}; export it again.",
                "bits",
            )
        stored = path.stat().st_size - structure.stream_at
        if stored * MOST_COMPRESSED < rows * columns:
            raise FilmRefused(
                f"The file ends early or shows nothing: {rows:,} x {columns:,} pixels in {stored:,} compressed bytes; export "
                "it again.",
                "truncated",
            )
        return stream
    # of YBR_FULL_422 two pixels share their colour (PS3.3 C.7.6.3.1.2)
    halved = str(dataset.PhotometricInterpretation) == "YBR_FULL_422"
    samples = 2 if halved else int(dataset.get("SamplesPerPixel") or 1)
    needed = rows * columns * samples * int(dataset.BitsAllocated) // 8
    if structure.stream_bytes < needed:
        raise FilmRefused(
            f"The file ends early: {rows:,} x {columns:,} pixels need {needed:,} bytes, the file has "
            f"{structure.stream_bytes:,}; export it again.",
            "truncated",
        )
    return None
