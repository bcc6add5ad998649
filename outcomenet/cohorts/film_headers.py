"""Headers of the films that films.csv lists, with a fault for each wrong path and each film that cannot be decoded.

A film that cannot be decoded is left out alone, counted and listed, unless so many are that the export must be at fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from outcomenet.anatomy import joints_of
from outcomenet.cohorts.faults import Fault
from outcomenet.cohorts.ledger import Ledger
from outcomenet.errors import FilmRefused
from outcomenet.films.crop_file import SUFFIX as CROPS_SUFFIX
from outcomenet.films.crop_file import crop_sites
from outcomenet.films.film import FilmHeader
from outcomenet.films.film_file import unnamed_header

# What films.csv gains from the headers, missing where they were not read.
UNCHECKED_COLUMNS: dict[str, float | None] = {
    "rows": np.nan, "columns": np.nan, "bits": np.nan, "photometric": None, "format": None,
    "spacing_mm": np.nan, "spacing_source": None,
}  # fmt: skip
MOST_SHARE = 0.25  # of the films listed; who is missing then is hardly a matter of chance
ALWAYS_BEARABLE = 2  # films, of a cohort of few
# Refusals that tell of films.csv, not of a film: the row is to be corrected, as any wrong row.
OF_THE_TABLE = frozenset({"missing", "not_a_file"})


@dataclass
class UnreadFilms:
    """The films that cannot be decoded, of the `listed` films of a cohort: faults of films.csv that name row and reason."""

    listed: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, row: int, code: str, sentence: str, ledger: Ledger, limbs: int = 1) -> None:
        """Enters the film of a row, once, and `limbs` of it in the ledger under the refusal's code."""
        ledger.add("films", "film", f"could not be read: {code}", limbs)
        if row not in {fault.row for fault in self.faults}:
            self.faults.append(
                Fault("films.csv", row, "path", "", "a film that can be read", sentence, rule=f"film:{code}")
            )

    @property
    def too_many(self) -> bool:
        """Whether the cohort is to be refused: no film is left, or more than two and more than a quarter are unread."""
        count = len(self.faults)
        return 0 < count and (count == self.listed or count > max(ALWAYS_BEARABLE, MOST_SHARE * self.listed))


def read_film_headers(
    folder: Path, films: pd.DataFrame, ledger: Ledger, *, simulated: bool
) -> tuple[pd.DataFrame, list[Fault], UnreadFilms]:
    """Parses the header of every film.

    Args:
        folder: The cohort folder, which every path starts from.
        films: films.csv, typed; `pixel_spacing_mm` overrides the file's own spacing and is then the source.
        ledger: Counts the films that cannot be decoded.
        simulated: Whether files of crops may stand for films.

    Returns:
        films.csv with the columns of `UNCHECKED_COLUMNS` filled, the faults of its paths, and the films that cannot be decoded.
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
        header = _header(root, path, region, simulated)
        if isinstance(header, FilmHeader):
            headers[row] = header
        elif isinstance(header, FilmRefused):
            unread.add(int(row), header.code, str(header), ledger)
        else:
            expected, remedy = header
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
    """films.csv with the headers' columns; spacing in millimetres per pixel."""
    parsed = pd.DataFrame(
        {row: [getattr(header, name) for name in UNCHECKED_COLUMNS] for row, header in headers.items()},
        index=list(UNCHECKED_COLUMNS),
        dtype=object,
    ).T.reindex(films.index)
    numeric = ["rows", "columns", "bits", "spacing_mm"]
    parsed[numeric] = parsed[numeric].astype(float)
    parsed["spacing_source"] = parsed["spacing_source"].astype(object)  # also where no film could be decoded
    listed = films["pixel_spacing_mm"].notna()
    parsed.loc[listed, "spacing_mm"] = films.loc[listed, "pixel_spacing_mm"]
    parsed.loc[listed, "spacing_source"] = "films.csv"
    return pd.concat([films, parsed], axis=1)
