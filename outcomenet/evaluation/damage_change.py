"""Change of joint damage between two visits of a patient, whose films are read together: measures for score_change.csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.datasets.pairs import KEYS, VisitPairs
from outcomenet.evaluation.biomarker import SCORE_PARTS
from outcomenet.evaluation.change_measures import ReadTogether
from outcomenet.evaluation.task import EvaluationTask
from outcomenet.inference.film_changes import BOUND, SCALES, FilmChanges, film_changes
from outcomenet.progress import Progress

WEIGHTED, UNWEIGHTED = "damage_change", "joint_change"  # measures of score_change.csv
KIND = (
    "the same two films cut and toned again; films taken again would differ more, so that this is the least it can be"
)


class Sum(NamedTuple):
    """How the changes of joints are added up."""

    scale: str
    bounded: bool

    def of(self, films: FilmChanges) -> Float[np.ndarray, "pair"]:
        """Sum over joints of bone and cartilage lost between two films.

        Args:
            films: pairs.
        """
        return films.damage(self.scale, bounded=self.bounded).sum((1, 2))

    def __str__(self) -> str:
        return f"{self.scale} of bone and cartilage lost" + (
            f", no joint's change counting for more than {BOUND:g} of its range" if self.bounded else ""
        )


@dataclass(frozen=True)
class DamageChanges:
    """Both measures of the held-out pairs, and the scale on which the unweighted one is summed."""

    measures: dict[str, ReadTogether]
    sum: Sum  # of the unweighted one


def damage_changes(task: EvaluationTask, progress: Progress) -> DamageChanges | None:
    """Reads every pair of films a year apart together with the measuring network.

    `damage_change` weights each joint's change by what it is worth for the main outcome; `joint_change` sums the changes of bone
    and cartilage over all joints alike, in the way whose response is strongest in the training patients.

    Args:
        task: data and networks.
        progress: is advanced by every pair.

    Returns:
        None where the run has no network that tells joint states, or no held-out pair.
    """
    rung = task.measuring
    if rung is None or task.of_pairs or not task.networks[rung].config.of_states:
        return None
    network, outcome = task.compiled(rung), task.outcomes.index(task.main_outcome)
    held_out, learned = (VisitPairs(task.dataset, splits) for splits in (("test",), ("train",)))
    if not len(held_out):
        return None
    total = len(held_out) * (1 + task.rereadings) + len(learned)
    progress.start("pairs", total, "read pairs of films together")
    first = film_changes(network, network.batches(held_out), progress)
    again = [
        film_changes(network, network.batches(held_out, augmentation=task.augmentation, seed=repeat + 1), progress)
        for repeat in range(task.rereadings)
    ]
    of_training = film_changes(network, network.batches(learned), progress) if len(learned) else None
    progress.finish()
    assert first is not None
    way = best_sum(of_training)
    readings = [reading for reading in again if reading is not None]
    return DamageChanges(
        {
            WEIGHTED: _measure(first, readings, lambda films: weighted(films, outcome)),
            UNWEIGHTED: _measure(first, readings, way.of),
        },
        way,
    )


def weighted(films: FilmChanges, outcome: int) -> Float[np.ndarray, "pair"]:
    """Change of the score's damage part.

    Args:
        films: pairs, read together.
        outcome: number of the outcome.
    """
    return films.parts[:, :, SCORE_PARTS.index("damage"), outcome].sum(1)


SUMS = [Sum(scale, bounded) for scale in SCALES for bounded in (False, True)]


def best_sum(films: FilmChanges | None) -> Sum:
    """The sum with the largest response mean among training patients; roots where there are too few to tell."""
    if films is None or len(films.ids) < 2:
        return Sum("root", bounded=False)
    responses = {}
    for way in SUMS:
        change = way.of(films)
        spread = change.std(ddof=1)
        responses[way] = abs(change.mean()) / spread if spread > 0 else 0.0
    return max(responses, key=lambda way: responses[way])


def _measure(first: FilmChanges, again: Sequence[FilmChanges], of: Callable[[FilmChanges], np.ndarray]) -> ReadTogether:
    index = pd.MultiIndex.from_tuples(first.ids, names=KEYS)
    values = pd.Series(of(first), index=index)
    columns = {number: of(films) for number, films in enumerate(again)}
    return ReadTogether(values, pd.DataFrame(columns, index=index), KIND)
