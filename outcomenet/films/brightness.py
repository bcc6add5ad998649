"""Brightness of the stored values of a DICOM film: modality transform, then window or VOI LUT, then polarity.

The order is that of DICOM PS3.4 N.2: each step takes the values that the step before it gives.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pydicom
from jaxtyping import Float, Int, Shaped, UInt16

from outcomenet.errors import FilmRefused
from outcomenet.films.dicom_numbers import numbers_of
from outcomenet.films.film import scaled_to_uint16
from outcomenet.films.lookup_tables import lookup_table

FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


class Window(NamedTuple):
    """A VOI window in values after the modality transform.

    `function` is one of `FUNCTIONS`. A LINEAR window is wider than 1, another wider than 0.
    """

    center: float
    width: float
    function: str

    def share(self, values: Shaped[np.ndarray, "value"]) -> Float[np.ndarray, "value"]:
        """Share of the display range, 0 to 1 (PS3.3 C.11.2.1.2 and .3)."""
        if self.function == "SIGMOID":
            # beyond 700 the exponential leaves the range of doubles
            return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - self.center) / self.width, -700.0, 700.0)))
        if self.function == "LINEAR":
            return np.clip((values - (self.center - 0.5)) / (self.width - 1.0) + 0.5, 0.0, 1.0)
        return np.clip((values - self.center) / self.width + 0.5, 0.0, 1.0)


def window_of(header: pydicom.Dataset) -> tuple[Window | None, bool]:
    """The first window that can be used.

    Returns:
        The window, None where there is none; and whether a window that cannot be used (0 wide, no number, unknown function)
        was passed over.
    """
    centers, widths = numbers_of(header, "WindowCenter"), numbers_of(header, "WindowWidth")
    function = str(header.get("VOILUTFunction") or "LINEAR")
    narrowest = 1.0 if function == "LINEAR" else 0.0
    if function in FUNCTIONS:
        for place, (center, width) in enumerate(zip(centers, widths, strict=False)):
            if width > narrowest and np.isfinite(center):
                return Window(center, width, function), place > 0
    return None, bool(centers or widths)


def brightness(
    header: pydicom.Dataset, values: Int[np.ndarray, "value"], top: int, *, big_endian: bool
) -> UInt16[np.ndarray, "value"]:
    """Brightness of each value that a pixel may hold.

    Args:
        header: The film's header: rescale, look-up tables, windows, polarity.
        values: All values that a pixel may hold.
        top: Largest value of the range that is shown where there is neither window nor VOI LUT.
        big_endian: Whether the file is written big endian, which the words of look-up tables are then too.

    Returns:
        0 to 65,535, brighter = more bone.

    Raises:
        FilmRefused: The rescale or a look-up table cannot be used (rescale, look_up_table).
    """
    shown, lower, upper = _modality(header, values, top, big_endian)
    window, _ = window_of(header)
    if window is not None:
        share = window.share(shown)
    elif header.get("VOILUTSequence"):
        table = lookup_table(header.VOILUTSequence[0], highest=shown.max(), big_endian=big_endian)
        share = table(shown) / table.top
    else:
        share = (shown - lower) / (upper - lower)
    return scaled_to_uint16(1.0 - share if is_inverse(header) else share, 0.0, 1.0)


def shows_whole_range(header: pydicom.Dataset) -> bool:
    """Whether neither window nor look-up table says which values are to be seen."""
    tables = header.get("VOILUTSequence") or header.get("ModalityLUTSequence")
    return window_of(header)[0] is None and not tables


def is_inverse(header: pydicom.Dataset) -> bool:
    """Whether small values are to be shown bright: MONOCHROME1, or what a presentation inverts. DX films state both
    for one inversion (PS3.3 C.8.11.3.1.2)."""
    return header.PhotometricInterpretation == "MONOCHROME1" or header.get("PresentationLUTShape") == "INVERSE"


def _modality(
    header: pydicom.Dataset, values: Int[np.ndarray, "value"], top: int, big_endian: bool
) -> tuple[Float[np.ndarray, "value"], float, float]:
    """Values after the modality transform (PS3.3 C.11.1), and the range that they are shown in."""
    if header.get("ModalityLUTSequence"):
        table = lookup_table(header.ModalityLUTSequence[0], highest=values.max(), big_endian=big_endian)
        return table(values), 0.0, table.top
    slope, intercept = (
        (numbers_of(header, name) or [default])[0]
        for name, default in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
    )
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        raise FilmRefused(
            f"The rescale slope of a film is a number other than 0 and its intercept a number, this one's are {slope:g} and "
            f"{intercept:g} (nan: no number); correct the header.",
            "rescale",
        )
    ends = slope * values.min() + intercept, slope * top + intercept
    return slope * values.astype(np.float64) + intercept, min(ends), max(ends)
