"""Numbers of a DICOM header, which holds them as text, and the pixel spacing that its attributes give."""

from __future__ import annotations

import math
import re

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

from outcomenet.films.film import MAXIMUM_SPACING_MM, MINIMUM_SPACING_MM

MAGNIFICATION = "EstimatedRadiographicMagnificationFactor"
_ATTRIBUTES = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_MAXIMUM_ANISOTROPY = 0.01  # more than rounding explains: crops are cut at one scale for both axes
# None and UN: a writer that did not know the attribute. Numbers stand in text there, too.
_WRITTEN_AS_TEXT = {None, "DS", "IS", "UN", "LO", "SH", "ST", "LT", "UT", "CS"}
_WITH_COMMA = re.compile(r"[+-]?(\d*),(\d+)([eE][+-]?\d+)?")


def numbers_of(header: pydicom.Dataset, keyword: str) -> list[float]:
    """The numbers of an attribute.

    DICOM knows the decimal point alone (PS3.5 6.2, DS). A comma is taken for one where it can mean nothing else: in
    "0,143" and "2047,5", not in "1,234", which may be a thousand and more.

    Args:
        header: The film's header.
        keyword: DICOM keyword of the attribute, such as "PixelSpacing".

    Returns:
        The values, NaN for each that is no finite number; empty where the attribute is absent or empty.
    """
    item = header.get_item(tag_for_keyword(keyword) or keyword)
    if item is None or item.value in (None, b"", ""):
        return []
    if isinstance(item, RawDataElement) and item.VR in _WRITTEN_AS_TEXT:
        parts = bytes(item.value).decode("ascii", "replace").split("\\")
    else:
        value = header[keyword].value
        parts = [str(part) for part in (value if isinstance(value, list | MultiValue) else [value])]
    return [] if parts == [""] else [_number(part.strip(" \0")) for part in parts]


def _number(text: str) -> float:
    """One number, NaN where the text is none or can be read in two ways."""
    comma = _WITH_COMMA.fullmatch(text)
    if comma:
        whole, fraction, _ = comma.groups()
        if len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0"):
            return math.nan
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return math.nan
    # Python takes 1_000 for a number, DICOM does not
    return number if math.isfinite(number) and "_" not in text else math.nan


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
