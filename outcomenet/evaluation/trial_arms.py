"""A trial's arms: how far apart a measure's change lies in them, and how many patients such a trial needs with it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.pairs import KEYS
from outcomenet.evaluation.change_statistics import POWERS, Statistic
from outcomenet.metrics.resampling import Estimate
from outcomenet.metrics.trial_size import size_with_bounds
from outcomenet.predictors import HUMAN_TOTAL

FEWEST = 10  # patients in an arm, below which a difference says nothing


def treatment_arms(dataset: Dataset, pairs: pd.DataFrame) -> Bool[np.ndarray, "pair"] | None:
    """Which pairs are of the arm whose name comes last, where the patients have two treatments.

    Args:
        dataset: its visits name each patient's treatment.
        pairs: patient_id, visit_id of the earlier visit.

    Returns:
        None where there are not two treatments, each of ten patients or more.
    """
    if "treatment" not in dataset.visits:
        return None
    treatment = dataset.visits.set_index(KEYS)["treatment"].reindex(pd.MultiIndex.from_frame(pairs[KEYS]))
    count = treatment.groupby(treatment.to_numpy()).size()
    if len(count) != 2 or treatment.isna().any() or count.min() < FEWEST:
        return None
    return (treatment == max(count.index)).to_numpy(bool)


def arm_statistics(effect: Float[np.ndarray, "resample"]) -> Iterator[Statistic]:
    """The difference between the arms, and the patients per arm of a trial with that difference.

    Args:
        effect: of the sample and every resample.
    """
    difference = Statistic.of_resamples(
        "arm_difference_in_sd", effect, "mean changes of the two arms, in SDs within arms"
    )
    yield difference
    for power in POWERS:
        note = f"trial of these two arms; two-sided t test at 5 %, power {100 * power:.0f} %"
        size = size_with_bounds(Estimate(difference.value, difference.lower, difference.upper), power=power)
        yield Statistic(f"n_per_arm_of_trial_{100 * power:.0f}", *size, note)


def n_ratio(effect: Float[np.ndarray, "resample"], human: Float[np.ndarray, "resample"]) -> Statistic:
    """Patients per arm with a measure over those with the human total, on the same patients: (d of the human / d)^2.

    Args:
        effect: of the measure, in the sample and every resample.
        human: of the human total.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (human / effect) ** 2
    note = "patients per arm over those with the human total; below 1: the measure needs fewer"
    return Statistic.of_resamples("n_per_arm_ratio", ratio, note, HUMAN_TOTAL)
