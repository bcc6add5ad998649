"""Numbers that a DICOM header holds as text, read as they were written: with a decimal comma, or not at all."""

from __future__ import annotations

import math
import re

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement

_WRITTEN_AS_TEXT = {None, "DS", "IS", "UN", "LO", "SH", "ST", "LT", "UT", "CS"}
_WITH_COMMA = re.compile(r"[+-]?(\d*),(\d+)([eE][+-]?\d+)?")


def numbers_of(header: pydicom.Dataset, keyword: str) -> list[float]:
    """The values of an attribute, NaN for each that is no finite number; empty where the attribute is absent or empty.

    DICOM knows the decimal point alone (PS3.5 6.2, DS). A comma is taken for one where it can mean nothing else: in
    "0,143" and "2047,5", not in "1,234", which may be a thousand and more.
    """
    item = header.get_item(tag_for_keyword(keyword) or keyword)
    if item is None or item.value in (None, b"", ""):
        return []
    if isinstance(item, RawDataElement) and item.VR in _WRITTEN_AS_TEXT:
        parts = bytes(item.value).decode("ascii", "replace").split("\\")
    else:
        value = header[keyword].value
        parts = [str(part) for part in (value if isinstance(value, list | pydicom.multival.MultiValue) else [value])]
    return [] if parts == [""] else [_number(part.strip(" \0")) for part in parts]


def _number(text: str) -> float:
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
    return number if math.isfinite(number) and "_" not in text else math.nan
