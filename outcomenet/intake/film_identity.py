"""Identity of a film: keyed hashes of accession number and pixels, and patterns of the joints."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom

from outcomenet.arrays import UInt16
from outcomenet.films.film_file import film_format


class FilmIdentity(NamedTuple):
    """Of one film: hexadecimal hashes, "" where there is none. Equal `accession`: one examination; equal `pixels`: the
    same picture; `likeness` holds the joints' patterns, for `localization.likeness`, and is not kept in the data set."""

    accession: str
    pixels: str
    likeness: str


def identity_of(path: Path, pixels: UInt16[np.ndarray, "height width"], patterns: str, secret: bytes) -> FilmIdentity:
    """The identity of a decoded film.

    Hashes are HMAC-SHA256 under `secret`, so that nobody without it can tell whose film it is by trying numbers or films.
    Accession numbers are few enough to try them all: without a secret none is kept.

    Args:
        path: The film.
        pixels: As they were decoded.
        patterns: What `localization.likeness` gives of its joints.
        secret: The key; may be empty.
    """
    accession = _accession(path)
    picture = hmac.new(secret, repr(pixels.shape).encode(), hashlib.sha256)
    # a film's noise differs in every row: a quarter of them tells two films apart as well as all
    picture.update(np.ascontiguousarray(pixels[::4]))
    return FilmIdentity(
        hmac.new(secret, accession.encode(), hashlib.sha256).hexdigest()[:32] if accession and secret else "",
        picture.hexdigest()[:32],
        patterns,
    )


def _accession(path: Path) -> str:
    """AccessionNumber of a DICOM film that was read already; "" where it has none that can be read."""
    if film_format(path) != "dicom":
        return ""
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["AccessionNumber"])
        return str(header.get("AccessionNumber") or "").strip()
    except (
        Exception
    ):  # pydicom raises many kinds on a damaged value; the film's pixels were read, and still identify it
        return ""
