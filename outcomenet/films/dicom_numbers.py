"""Parser of numbers that a DICOM header holds as text, decimal commas included."""

from __future__ import annotations

import math
import re

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

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
