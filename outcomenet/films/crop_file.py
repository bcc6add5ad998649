"""Crop files: the joints' crops of a simulated film that was never drawn whole, in one `.npz` file."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt16

from outcomenet.errors import FilmRefused
from outcomenet.films.film import MAXIMUM_SPACING_MM, MINIMUM_SPACING_MM, FilmHeader

SUFFIX = ".npz"
# The largest crop that a geometry may have (`ranges.CropSize`), and more joints than a limb has (23).
MAXIMUM_CROP_PX = 512
MAXIMUM_JOINTS = 64  # a hand has 23: more than that is no file of crops


@dataclass(frozen=True)
class FilmCrops:
    """Crops of the joints `sites` of one hand or foot at `mm_per_px` millimetres per pixel; brighter = more bone."""

    crops: UInt16[np.ndarray, "joint size size"]
    sites: tuple[str, ...]
    mm_per_px: float


def read_crops_header(path: Path) -> FilmHeader:
    """Size and scale of the crops of one film; the crops are not decoded.

    Returns:
        A header whose `rows` and `columns` are those of one crop.

    Raises:
        FilmRefused: The file breaks its format (crops).
    """
    size, _, mm_per_px = _checked(path)
    return FilmHeader(size, size, 16, "MONOCHROME2", mm_per_px, "crops", format="crops")


def read_crops(path: Path) -> FilmCrops:
    """Decodes the crops of one simulated film.

    Raises:
        FilmRefused: The file breaks its format (crops).
    """
    _, sites, mm_per_px = _checked(path)
    with np.load(path, allow_pickle=False) as arrays:
        return FilmCrops(arrays["crops"], sites, mm_per_px)


def crop_sites(path: Path) -> tuple[str, ...]:
    """The sites of the crops, in their order in the file; the crops are not decoded."""
    return _checked(path)[1]


def _checked(path: Path) -> tuple[int, tuple[str, ...], float]:
    """Crop size in pixels, sites and scale; the shape of the crops is read from their header alone."""
    try:
        with zipfile.ZipFile(path) as archive:
            shapes = {name: _array_header(archive, f"{name}.npy") for name in ("crops", "sites", "mm_per_px")}
        if max(int(np.prod(shapes[name][0])) for name in ("sites", "mm_per_px")) > MAXIMUM_JOINTS:
            raise ValueError("too many sites")
        with np.load(path, allow_pickle=False) as arrays:
            sites, scale = arrays["sites"], arrays["mm_per_px"]
    except (
        OSError,
        KeyError,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        zlib.error,
        zipfile.BadZipFile,
    ) as error:
        raise FilmRefused(
            "A crop file holds the arrays crops, sites and mm_per_px, this one could not be read so; write it again.",
            "crops",
        ) from error
    shape, dtype = shapes["crops"]
    agree = len(shape) == 3 and shape[1] == shape[2] and sites.shape == shape[:1] and scale.shape == ()
    if not agree or not 0 < shape[0] <= MAXIMUM_JOINTS or not 0 < shape[1] <= MAXIMUM_CROP_PX or dtype != np.uint16:
        raise FilmRefused(
            f"Crops are uint16 [joint, size, size] with a site each and at most {MAXIMUM_CROP_PX} pixels wide, these "
            f"are {dtype} {list(shape)} with {sites.size} sites; write the file again.",
            "crops",
        )
    if sites.dtype.kind != "U" or not MINIMUM_SPACING_MM <= float(scale) <= MAXIMUM_SPACING_MM:
        raise FilmRefused(
            f"Sites are text and mm_per_px is {MINIMUM_SPACING_MM} to {MAXIMUM_SPACING_MM}, here {sites.dtype} and "
            f"{scale}; write the file again.",
            "crops",
        )
    return shape[1], tuple(map(str, sites)), float(scale)


def _array_header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of one stored array, its data unread."""
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"array version {version}")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype
