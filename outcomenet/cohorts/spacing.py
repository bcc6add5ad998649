"""The pixel spacing that a DICOM header gives, and why a spacing is not believed."""

from __future__ import annotations

import math
from collections.abc import MutableSequence

import pydicom

from outcomenet.cohorts.film import MAXIMUM_SPACING_MM, MINIMUM_SPACING_MM

MAGNIFICATION = "EstimatedRadiographicMagnificationFactor"
_MAXIMUM_ANISOTROPY = 0.01


def dicom_spacing(header: pydicom.Dataset) -> tuple[float | None, str]:
    """Millimetres per pixel and their source, from the first of three attributes that is filled.

    PixelSpacing (calibrated, or at the patient), else ImagerPixelSpacing (at the detector) divided by the estimated
    magnification where that is given, else NominalScannedPixelSpacing (a digitised film); DICOM PS3.3 10.7. A value
    that is not positive, not 0.01 to 1 mm, or differs by more than 1 % between rows and columns is refused:
    (None, why).
    """
    for attribute in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        given = header.get(attribute)
        if given is None or given == "":
            continue
        values = [_number(value) for value in (given if isinstance(given, MutableSequence) else [given])]
        source = attribute
        magnification = header.get(MAGNIFICATION)
        if attribute == "ImagerPixelSpacing" and magnification not in (None, ""):
            factor = _number(magnification)
            source = f"{attribute} / {factor:g}"
            values = [value / factor if factor > 0 else math.nan for value in values]
        return _believed(values, source)
    return None, "none"


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return math.nan


def _believed(values: list[float], source: str) -> tuple[float | None, str]:
    shown = " x ".join(f"{value:g}" for value in dict.fromkeys(values))
    in_range = all(MINIMUM_SPACING_MM <= value <= MAXIMUM_SPACING_MM for value in values)
    if len(values) != 2 or not in_range or max(values) > min(values) * (1.0 + _MAXIMUM_ANISOTROPY):
        return None, f"refused: {source} {shown}"
    return math.sqrt(values[0] * values[1]), source
