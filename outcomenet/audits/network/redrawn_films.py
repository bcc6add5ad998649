"""Held-out patients of a simulated cohort, drawn again as the data set stores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.arrays import UInt16
from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.manifest import TRUTH
from outcomenet.errors import DataRefused
from outcomenet.films.film import FROM_CROPS
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.causal import patient_index
from outcomenet.simulation.film_files import archives_of
from outcomenet.simulation.laboratory import Laboratory
from outcomenet.simulation.rebuild import laboratory_of_truth

TWELVE_TO_SIXTEEN_BITS = 16


def redrawable_visits(dataset: Dataset, patients: int) -> list[tuple[str, str]]:
    """The first visit of up to so many held-out patients that were simulated straight to crops.

    Args:
        dataset: a data set.
        patients: most patients.

    Returns:
        (patient_id, visit_id) of each; none where films are whole.
    """
    table = dataset.visits
    able = table[(table["split"] == "test") & (table["source"] == FROM_CROPS) & table["has_films"]]
    first = able.sort_values(["patient_id", "date"]).groupby("patient_id").head(1).head(patients)
    return list(zip(first["patient_id"], first["visit_id"], strict=True))


def laboratory_of(dataset: Dataset, visits: Sequence[tuple[str, str]]) -> Laboratory:
    """The simulated patients of some visits, as they were.

    Args:
        dataset: a simulated data set.
        visits: (patient_id, visit_id), one per patient.

    Raises:
        DataRefused: the simulated world cannot be built again.
    """
    return laboratory_of_truth(dataset.folder / TRUTH, tuple(patient_index(patient) for patient, _ in visits))


class Filmed(Sequence[Mapping[str, object]]):
    """Examples of the visits in each world, one world after the other, drawn when they are asked for."""

    def __init__(
        self,
        worlds: Sequence[Laboratory],
        visits: Sequence[tuple[str, str]],
        examples: Sequence[Mapping[str, object]],
        geometry: CropGeometry,
    ):
        self.worlds, self.visits, self.examples, self.geometry = worlds, visits, examples, geometry
        self._world, self._crops = -1, np.empty(0, np.uint16)

    def __len__(self) -> int:
        return len(self.worlds) * len(self.visits)

    def __getitem__(self, index: int) -> Mapping[str, object]:  # pyright: ignore[reportIncompatibleMethodOverride]
        world, row = divmod(index, len(self.visits))
        if world >= len(self.worlds):
            raise IndexError(index)
        if world != self._world:
            self._world = world
            self._crops = draw(self.worlds[world], self.visits, range(len(self.visits)), self.geometry)
        crops = self._crops[row]
        return {**self.examples[row], "crops": crops, "present": crops.any((-2, -1)).astype(np.uint8)}


def draw(
    world: Laboratory, visits: Sequence[tuple[str, str]], rows: Sequence[int], geometry: CropGeometry
) -> UInt16[np.ndarray, "visit joint height width"]:
    """Crops of some of the visits as a data set stores them; patient k of `world` is that of visit k.

    Args:
        world: the patients of the visits, in that order.
        visits: (patient_id, visit_id); a visit's name holds its number.
        rows: which of the visits.
        geometry: size and scale of a crop.
    """
    when = np.array([int(visits[row][1].removeprefix("V")) for row in rows])
    return world.crops_of(np.array(rows), when, geometry) * np.uint16(TWELVE_TO_SIXTEEN_BITS)


def check_rendering(
    usual: Laboratory,
    visits: Sequence[tuple[str, str]],
    examples: Sequence[Mapping[str, object]],
    geometry: CropGeometry,
    count: int,
) -> None:
    """Raises DataRefused unless the first `count` visits, drawn anew, are what the data set stores.

    Args:
        usual: the world as it was.
        visits: (patient_id, visit_id).
        examples: what the data set stores of them.
        geometry: size and scale of a crop.
        count: how many are compared.
    """
    rows = range(min(count, len(visits)))
    for row, crops in zip(rows, draw(usual, visits, rows, geometry), strict=True):
        if not np.array_equal(crops, stored := np.asarray(examples[row]["crops"])):
            share = float((crops != stored).mean())
            raise DataRefused(
                f"Visit {visits[row][1]} of {visits[row][0]}, drawn again, differs from the data set in "
                f"{100 * share:.1f} % of its pixels: the cohort was simulated by another version. Simulate it again to "
                "have this audit."
            )


def scanner_facts(truth: Path) -> pd.DataFrame:
    """Each site's device and whether its films bear a marker, in the simulated world of a folder `truth/`.

    Returns:
        site, device, marker (0 or 1).

    Raises:
        DataRefused: the world cannot be built again.
    """
    world = laboratory_of_truth(truth, (0,)).world
    rows = [(site, archive.scanner.name, float(archive.scanner.marker)) for site, archive in archives_of(world).items()]
    return pd.DataFrame(rows, columns=["site", "device", "marker"])
