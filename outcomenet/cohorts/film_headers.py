"""Reads the header of every film that films.csv lists, with a fault for each film that cannot be used."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from outcomenet.anatomy import joints_of
from outcomenet.cohorts.faults import Fault
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.unread_films import OF_THE_TABLE, UnreadFilms
from outcomenet.errors import FilmRefused
from outcomenet.films.crop_file import SUFFIX as CROPS_SUFFIX
from outcomenet.films.crop_file import crop_sites
from outcomenet.films.film import FilmHeader
from outcomenet.films.film_file import unnamed_header

# What films.csv gains from the headers, missing where they were not read.
UNCHECKED_COLUMNS: dict[str, object] = {
    "rows": np.nan, "columns": np.nan, "bits": np.nan, "photometric": None, "format": None,
    "spacing_mm": np.nan, "spacing_source": None,
}  # fmt: skip


def read_film_headers(
    folder: Path, films: pd.DataFrame, ledger: Ledger, *, simulated: bool
) -> tuple[pd.DataFrame, list[Fault], UnreadFilms]:
    """films.csv with the columns of `UNCHECKED_COLUMNS` filled, the faults of its paths, and the films that cannot be read.

    `pixel_spacing_mm` of films.csv overrides the file's own spacing and is then the source.
    """
    root = folder.resolve()
    backslashes = films.index[[isinstance(p, str) and "\\" in p and not (root / p).exists() for p in films["path"]]]
    faults = [
        Fault("films.csv", int(backslashes[0]), "path", f"backslashes, in {len(backslashes)} rows", "/ between folders and file",
              "Replace every \\ by /, and leave out drive letters and folders above the cohort's.", "backslashes")
    ] if len(backslashes) else []  # fmt: skip
    unread = UnreadFilms(len(films))
    headers: dict[int, FilmHeader] = {}
    for row, path, region in zip(films.index, films["path"], films["region"], strict=True):
        if not isinstance(path, str) or row in backslashes:
            continue
        found = _header(root, path, region, simulated)
        if isinstance(found, FilmHeader):
            headers[row] = found
        elif isinstance(found, FilmRefused):
            unread.add(int(row), found.code, str(found), ledger)
        else:
            expected, remedy = found
            faults.append(Fault("films.csv", int(row), "path", "", expected, remedy))
    return _with_headers(films, headers), faults, unread


def _header(root: Path, path: str, region: object, simulated: bool) -> FilmHeader | FilmRefused | tuple[str, str]:
    """The header, why the film cannot be read, or of a wrong row (what was expected, what is wrong and what to do); none
    repeats the path."""
    inside = "a path inside the cohort folder"
    if Path(path).is_absolute() or PureWindowsPath(path).drive or ".." in Path(path).parts:
        return inside, "It is absolute or leads upwards; copy the film into the folder."
    parts = [root / path, *(root / parent for parent in Path(path).parents)]
    if any(part.is_symlink() for part in parts if part != root):
        return inside, "It leads through a link, and no link is followed; copy the film itself into the folder."
    if path.endswith(CROPS_SUFFIX) and not simulated:
        return "a film", "Crops without a film are for simulated cohorts (simulated = true in cohort.toml)."
    try:
        header = unnamed_header(root / path)
        if header.format == "crops" and isinstance(region, str) and not _are_sites(crop_sites(root / path), region):
            return f"crops of joints of a {region}, in order", "Simulate the cohort again."
    except FilmRefused as refused:
        if refused.code in OF_THE_TABLE or path.endswith(CROPS_SUFFIX):
            return "a film that can be read", str(refused)
        return refused
    return header


def _are_sites(sites: tuple[str, ...], region: str) -> bool:
    """Whether these are joints of the region in their order; joints that were amputated have no crop."""
    return sites == tuple(site for site in joints_of(region) if site in sites)


def _with_headers(films: pd.DataFrame, headers: dict[int, FilmHeader]) -> pd.DataFrame:
    read = pd.DataFrame(
        {row: [getattr(header, name) for name in UNCHECKED_COLUMNS] for row, header in headers.items()},
        index=list(UNCHECKED_COLUMNS),
        dtype=object,
    ).T.reindex(films.index)
    numeric = ["rows", "columns", "bits", "spacing_mm"]
    read[numeric] = read[numeric].astype(float)
    read["spacing_source"] = read["spacing_source"].astype(object)  # also where no film could be read
    own = films["pixel_spacing_mm"].notna()
    read.loc[own, "spacing_mm"] = films.loc[own, "pixel_spacing_mm"]
    read.loc[own, "spacing_source"] = "films.csv"
    return pd.concat([films, read], axis=1)
