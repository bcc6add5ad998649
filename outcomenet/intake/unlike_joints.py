"""Joints of a cohort that are unlike anything in the encoder's pretraining: masked, counted, and told of each hospital."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINTS
from outcomenet.arrays import Float
from outcomenet.cohorts.ledger import Ledger
from outcomenet.csv_files import write_csv
from outcomenet.datasets.visit_example import VisitKey
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.intake.visit_examples import Crops, Present
from outcomenet.localization.geometry import CropGeometry

if TYPE_CHECKING:
    from outcomenet.models.joint_distances import JointDistances

UNLIKE_JOINTS, DISTANCES = "unlike_joints.csv", "hospital_distances.csv"
JOINT_COLUMNS = ("film_id", "patient_id", "visit_id", "side", "joint", "distance")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
QUANTILE_COLUMNS = tuple(f"p{100 * level:.0f}" for level in QUANTILES)
COLUMNS = ("films_of", "films", "joints", *QUANTILE_COLUMNS, "largest", "limit", "masked")
SIMULATED = "held-out simulated joints"
EVERY = "all films"
REASON = f"unlike anything that the encoder was trained on, masked; see {UNLIKE_JOINTS}"

Visit = tuple[VisitKey, Crops, Present]


class UnlikeJoints:
    """Tells the distance of every joint while visits pass by, and masks those beyond the limit of cohorts."""

    def __init__(
        self,
        tasks: Mapping[VisitKey, Sequence[FilmTask]],
        hospitals: Mapping[VisitKey, str],
        geometry: CropGeometry,
        ledger: Ledger,
    ):
        """Args:
        tasks: limbs of each visit, that name their films.
        hospitals: of each visit.
        geometry: of the crops; no joint is judged where the shipped encoder takes others.
        ledger: counts masked joints.
        """
        self._tasks, self._hospitals, self._ledger = tasks, hospitals, ledger
        self._judge = _judge(geometry) if tasks else None
        self._distances: dict[VisitKey, Float[np.ndarray, "joint"]] = {}

    @property
    def judges(self) -> bool:
        """Whether joints are judged: not where the crops are not those of the shipped encoder."""
        return self._judge is not None

    def masked(self, visits: Iterable[Visit]) -> Iterator[Visit]:
        """Visits without their unlike joints.

        Args:
            visits: with the crops of all joints; several are judged at once.

        Yields:
            Each visit in its order; of a masked joint `present` is 0 and the crop black, as of one that no film shows.
        """
        if self._judge is None:
            yield from visits
            return
        limit = _limit(self._judge)
        visits = iter(visits)
        while block := list(islice(visits, self._judge.batch)):
            crops, present = (np.stack([visit[part] for visit in block]) for part in (1, 2))
            distances = self._judge.of(crops, present.astype(bool))
            for (key, own, shown), of_visit in zip(block, distances, strict=True):
                self._distances[key] = of_visit
                unlike = of_visit > limit
                self._ledger.add("films", "joint", REASON, int(unlike.sum()))
                own[unlike], shown[unlike] = 0, 0
                yield key, own, shown

    def write(self, folder: Path) -> list[Path]:
        """unlike_joints.csv, a row for each masked joint, and hospital_distances.csv, a row for each hospital; nothing where no joint
        was judged."""
        if self._judge is None or not self._distances:
            return []
        limit = _limit(self._judge)
        table = pd.DataFrame(self._rows(), columns=[*JOINT_COLUMNS, "hospital"])
        unlike = table[table["distance"] > limit].drop(columns="hospital")
        write_csv(unlike.round({"distance": 3}), folder / UNLIKE_JOINTS)
        write_csv(_of_hospitals(table, self._judge, limit).round(3), folder / DISTANCES)
        return [folder / UNLIKE_JOINTS, folder / DISTANCES]

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for key, distances in self._distances.items():
            films = {task.side: task.film_id for task in self._tasks[key]}
            for number in np.flatnonzero(~np.isnan(distances)):
                joint = JOINTS[number]
                yield (
                    films[joint.side],
                    *key,
                    str(joint.side),
                    joint.site,
                    float(distances[number]),
                    self._hospitals[key],
                )


def _judge(geometry: CropGeometry) -> JointDistances | None:
    # brings JAX, which the cutting processes do without
    from outcomenet.models.joint_distances import shipped_distances

    return shipped_distances(geometry.size_px, geometry.mm_per_px)


def _limit(judge: JointDistances) -> float:
    from outcomenet.models.embedding_reference import FALSE_MASKS

    return judge.reference.limit(FALSE_MASKS)


def _of_hospitals(table: pd.DataFrame, judge: JointDistances, limit: float) -> pd.DataFrame:
    """Quantiles of the distances: those that the reference holds of simulated joints, of all films, of each hospital."""
    from outcomenet.models.embedding_reference import LEVELS

    of_level = dict(zip(LEVELS, judge.reference.quantiles, strict=True))
    simulated = {"films_of": SIMULATED, "limit": limit}
    simulated |= {name: float(of_level[level]) for name, level in zip(QUANTILE_COLUMNS, QUANTILES, strict=True)}
    rows: list[dict[str, object]] = [simulated, _row(EVERY, table, limit)]
    rows += [_row(str(name), films, limit) for name, films in table.groupby("hospital")]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(name: str, films: pd.DataFrame, limit: float) -> dict[str, object]:
    distances = films["distance"]
    return {
        "films_of": name,
        "films": films["film_id"].nunique(),
        "joints": len(films),
        **dict(zip(QUANTILE_COLUMNS, distances.quantile(list(QUANTILES)), strict=True)),
        "largest": distances.max(),
        "limit": limit,
        "masked": int((distances > limit).sum()),
    }
