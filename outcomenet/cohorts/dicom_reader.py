"""Reads one radiograph from a DICOM file: header first, pixels through one brightness table."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pydicom
from jaxtyping import UInt16
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from outcomenet.cohorts.codecs import CODECS
from outcomenet.cohorts.codestream import LOOKED_AT, stream_size
from outcomenet.cohorts.dicom_structure import DicomStructure, inspect_dicom
from outcomenet.cohorts.film import FilmHeader, check_size, scaled_to_uint16
from outcomenet.cohorts.spacing import MAGNIFICATION, dicom_spacing
from outcomenet.errors import FilmRefused

ACCESSION = "AccessionNumber"
MOST_COMPRESSED = 500  # pixels per compressed byte: films are compressed 2 to 50 times
# Nothing else is ever read from a file, so that nothing else can travel on. Of these only size, bits, polarity, spacing
# and side are kept (`FilmHeader`); the accession number is read by `datasets.film_identity` and kept as a keyed hash.
_IMAGE_ATTRIBUTES = [
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelSpacing", "ImagerPixelSpacing",
    "NominalScannedPixelSpacing", MAGNIFICATION, "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence",
    "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "ImageLaterality", "Laterality",
    "BurnedInAnnotation",
]  # fmt: skip
_PIXEL_ATTRIBUTES = [*_IMAGE_ATTRIBUTES, "PixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"]
# With the file meta group's transfer syntax and the three values of a look-up table inside its sequence.
ALLOWED_ATTRIBUTES = frozenset(
    [*_PIXEL_ATTRIBUTES, ACCESSION, "TransferSyntaxUID", "LUTDescriptor", "LUTData", "ModalityLUTType"]
)


def read_dicom_header(path: Path) -> FilmHeader:
    """The header of a DICOM radiograph; no pixel is decoded. Raises FilmRefused."""
    with _refusing():
        structure = inspect_dicom(path)
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_IMAGE_ATTRIBUTES)
        header = _checked(dataset)
        _check_pixels(path, dataset, structure)
    return header


def read_dicom_pixels(path: Path) -> UInt16[np.ndarray, "height width"]:
    """Pixels as a viewer would show them, brighter = more bone, 0 to 65535.

    Modality rescale or LUT first, then the first VOI window, else the first VOI LUT, else none; MONOCHROME1 inverted
    last. The range that the last of these steps can produce maps to 0..65535.
    """
    with _refusing():
        structure = inspect_dicom(path)
        dataset = pydicom.dcmread(path, specific_tags=_PIXEL_ATTRIBUTES)
        header = _checked(dataset)
        _check_pixels(path, dataset, structure)
        if "PixelData" not in dataset:
            raise FilmRefused(
                "A film needs integer pixels, this one has others; export it as a grey image.", "no_pixels"
            )
        codec = CODECS[structure.transfer_syntax]
        if codec.compressed:
            dataset.pixel_array_options(decoding_plugin=codec.plugin)
        stored = dataset.pixel_array
        if stored.shape[:2] != (header.rows, header.columns):
            raise FilmRefused(
                f"The pixels decode to {stored.shape[0]} x {stored.shape[1]}, the header says "
                f"{header.rows} x {header.columns}; export the film again.",
                "truncated",
            )
        if stored.ndim == 3:
            return luminance(scaled_to_uint16(stored, 0, 2**header.bits - 1))
        # unused high bits may hold an old-style overlay and are no part of the value (PS3.5 8.1.1)
        stored = stored.astype(stored.dtype.newbyteorder("="), copy=False)
        patterns = stored.view(np.uint8 if stored.dtype.itemsize == 1 else np.uint16)
        table = np.resize(
            _brightness(dataset), np.iinfo(patterns.dtype).max + 1
        )  # repeats for every setting of those bits
        return cv2.LUT(np.ascontiguousarray(patterns), table)


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
            f"The file ends early or is damaged, it could not be read as a DICOM image ({type(error).__name__}); "
            "export it again.",
            "truncated",
        ) from error


def _checked(dataset: pydicom.Dataset) -> FilmHeader:
    missing = [name for name in ("Rows", "Columns", "BitsAllocated", "BitsStored", "PhotometricInterpretation")
               if dataset.get(name) in (None, "")]  # fmt: skip
    if missing:
        raise FilmRefused(
            f"A radiograph's header needs {', '.join(missing)}, this one lacks it; export the image object itself.",
            "no_image",
        )
    check_size(int(dataset.Rows), int(dataset.Columns))
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames != 1:
        raise FilmRefused(f"A film is one image, the file has {frames} frames; export each on its own.", "multi_frame")
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
    spacing_mm, source = dicom_spacing(dataset)
    side = str(dataset.get("ImageLaterality") or dataset.get("Laterality") or "")
    laterality = side if side in ("L", "R") else ""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    text = str(dataset.get("BurnedInAnnotation") or "") == "YES"
    return FilmHeader(rows, columns, stored, photometric, spacing_mm, source, "dicom", laterality, text)


def _check_pixels(path: Path, dataset: pydicom.Dataset, structure: DicomStructure) -> None:
    """Refuses pixels that cannot be those of the header, without decoding any: too few bytes, or another size."""
    if structure.stream_at is None:
        raise FilmRefused("A film needs pixel data, the file has none; export the image itself.", "no_pixels")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if CODECS[structure.transfer_syntax].compressed:
        with path.open("rb") as file:
            file.seek(structure.stream_at)
            said = stream_size(file.read(min(structure.stream_bytes, LOOKED_AT)))
        if said is not None and said != (rows, columns):
            raise FilmRefused(
                f"The compressed pixels are {said[0]:,} x {said[1]:,}, the header says {rows:,} x {columns:,}; export the "
                "film again.",
                "stream_size",
            )
        stored = path.stat().st_size - structure.stream_at
        if stored * MOST_COMPRESSED < rows * columns:
            raise FilmRefused(
                f"The file ends early or shows nothing: {rows:,} x {columns:,} pixels in {stored:,} compressed bytes; export "
                "it again.",
                "truncated",
            )
        return
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


def _brightness(dataset: pydicom.Dataset) -> np.ndarray:
    """Brightness of every value that a pixel can store, indexed by its bits; far faster than mapping each pixel."""
    bits = int(dataset.BitsStored)
    values = np.arange(2**bits)
    if int(dataset.get("PixelRepresentation") or 0) == 1:
        values = np.where(values >= 2 ** (bits - 1), values - 2**bits, values)  # two's complement
    values, lower, upper = _modality(values, dataset)
    if dataset.get("WindowCenter") not in (None, "") and dataset.get("WindowWidth") not in (None, ""):
        share = _windowed(values, dataset)
    elif dataset.get("VOILUTSequence"):
        entry = dataset.VOILUTSequence[0]
        share = apply_voi(values.astype(np.int64), dataset) / (2 ** int(entry.LUTDescriptor[2]) - 1)
    else:
        share = (values - lower) / (upper - lower)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        share = 1.0 - share
    return scaled_to_uint16(share, 0.0, 1.0)


def _modality(values: np.ndarray, dataset: pydicom.Dataset) -> tuple[np.ndarray, float, float]:
    """Values after the modality transform (PS3.3 C.11.1), and the range that they can take."""
    if dataset.get("ModalityLUTSequence"):
        looked_up = apply_modality_lut(values, dataset).astype(np.float64)
        return looked_up, 0.0, float(2 ** int(dataset.ModalityLUTSequence[0].LUTDescriptor[2]) - 1)
    slope, intercept = (
        float(default if dataset.get(name) in (None, "") else dataset.get(name))
        for name, default in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
    )
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        raise FilmRefused(
            f"The rescale slope of a film is a number other than 0, this one's is {slope:g}; export it again.",
            "rescale",
        )
    rescaled = slope * values.astype(np.float64) + intercept
    return rescaled, float(rescaled.min()), float(rescaled.max())


def _windowed(values: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """Share of the display range, 0 to 1, under the first window: LINEAR, LINEAR_EXACT or SIGMOID (C.11.2.1.2, .3)."""
    center, width = (float(np.atleast_1d(dataset.get(name))[0]) for name in ("WindowCenter", "WindowWidth"))
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    narrowest = 1.0 if function == "LINEAR" else 0.0
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID") or not width > narrowest or not np.isfinite(center):
        raise FilmRefused(
            f"A film's window is LINEAR, LINEAR_EXACT or SIGMOID and wider than {narrowest:g}, this one is {function} "
            f"of width {width:g}; correct the header or remove the window.",
            "window",
        )
    if function == "SIGMOID":
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - center) / width, -700.0, 700.0)))
    if function == "LINEAR":
        return np.clip((values - (center - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)
    return np.clip((values - center) / width + 0.5, 0.0, 1.0)
