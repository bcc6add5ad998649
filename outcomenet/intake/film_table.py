"""Table of the films behind a data set: patient, visit, scale and identity of each cut limb."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outcomenet.csv_files import write_csv
from outcomenet.datasets.dataset import FILMS, PREVIEWS
from outcomenet.intake.alike_films import same_films, with_groups
from outcomenet.intake.cutting import CutFilm, FilmIdentity

COLUMNS = (
    "film_id",
    "patient_id",
    "visit_id",
    "side",
    "scale_mm_per_px",
    "scale_source",
    *FilmIdentity._fields,
)  # while building
_NOTHING = FilmIdentity("", "", "")  # of simulated crops


class FilmTable:
    """Collects the limbs as they are cut."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []
        self._previews: list[tuple[dict[str, str], bytes]] = []

    def add(self, patient_id: str, visit_id: str, cut: CutFilm) -> None:
        identity = cut.identity or _NOTHING
        self._rows.append(
            (cut.film_id, patient_id, visit_id, str(cut.side), cut.scale_mm_per_px, cut.scale_source, *identity)
        )
        if cut.preview_png:
            name = f"film_{len(self._previews):02d}.png"
            row = {"film_id": cut.film_id, "patient_id": patient_id, "visit_id": visit_id, "side": str(cut.side)}
            self._previews.append(({**row, "png": name}, cut.preview_png))

    def write(self, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
        """Writes films.parquet, and the previews.

        Args:
            folder: The data set.

        Returns:
            (films, alike, file): a row per limb, the pairs of films that are or look the same (see `alike_films`), and the
            path of the table.
        """
        rows = pd.DataFrame(self._rows, columns=list(COLUMNS))
        alike = same_films(rows)
        films = with_groups(rows, alike)
        films.to_parquet(folder / FILMS, index=False)
        self._write_previews(folder)
        return films, alike, folder / FILMS

    def _write_previews(self, folder: Path) -> None:
        """previews/*.png with films.csv, which says whose they are; nothing where there is none."""
        if not self._previews:
            return
        (folder / PREVIEWS).mkdir()
        for row, png in self._previews:
            (folder / PREVIEWS / row["png"]).write_bytes(png)
        write_csv(pd.DataFrame([row for row, _ in self._previews]), folder / PREVIEWS / "films.csv")
