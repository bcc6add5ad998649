"""Pixel spacing of a DICOM header: which attribute gives it, and why a value is not believed."""

from __future__ import annotations

import math

import pydicom

from outcomenet.films.dicom_numbers import numbers_of
from outcomenet.films.film import MAXIMUM_SPACING_MM, MINIMUM_SPACING_MM

MAGNIFICATION = "EstimatedRadiographicMagnificationFactor"
_ATTRIBUTES = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_MAXIMUM_ANISOTROPY = 0.01  # more than rounding explains: crops are cut at one scale for both axes


def dicom_spacing(header: pydicom.Dataset) -> tuple[float | None, str, bool]:
    """The pixel spacing of a film.

    PixelSpacing (calibrated, or at the patient), else ImagerPixelSpacing (at the detector) divided by the estimated
    magnification where that is given, else NominalScannedPixelSpacing (a digitised film); DICOM PS3.3 10.7. A value
    that is not positive, not 0.01 to 1 mm, or differs by more than 1 % between rows and columns is passed over.

    Returns:
        Millimetres per pixel; their source; and whether an attribute that goes before that source was not believed. Where no
        attribute is believed: None, why the first was refused ("none" where there is none), and False.
    """
    refused = ""
    for attribute in _ATTRIBUTES:
        values = numbers_of(header, attribute)
        if not values:
            continue
        source = attribute
        magnification = numbers_of(header, MAGNIFICATION)
        if attribute == "ImagerPixelSpacing" and magnification:
            source = f"{attribute} / {magnification[0]:g}"
            values = [value / magnification[0] if magnification[0] > 0 else math.nan for value in values]
        if _is_believed(values):
            return math.sqrt(values[0] * values[1]), source, bool(refused)
        shown = " x ".join(f"{value:g}" for value in dict.fromkeys(values))
        refused = refused or f"refused: {source} {shown}"
    return None, refused or "none", False


def _is_believed(values: list[float]) -> bool:
    in_range = all(MINIMUM_SPACING_MM <= value <= MAXIMUM_SPACING_MM for value in values)
    return len(values) == 2 and in_range and max(values) <= min(values) * (1.0 + _MAXIMUM_ANISOTROPY)
