"""Statistics of a measure's change between two visits: mean, response, trial size, smallest detectable change, agreement."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.evaluation.change_measures import Measured, ReadTogether
from outcomenet.metrics.agreement import icc_of_sums, rating_sums
from outcomenet.metrics.detectable import smallest_detectable_change
from outcomenet.metrics.resampling import Estimate, bootstrap_weights, estimate
from outcomenet.metrics.trial_size import size_with_bounds

TREATMENT_EFFECT = 0.5  # share of the mean change that the treatment takes away
POWERS = (0.8, 0.9)


class Statistic(NamedTuple):
    """One number about a measure's change, with its interval; NaN where it has none."""

    name: str
    value: float
    lower: float = np.nan
    upper: float = np.nan
    note: str = ""
    against: str = ""  # the other change that this one is compared with

    @classmethod
    def of_resamples(cls, name: str, values: Float[np.ndarray, "resample"], note: str, against: str = "") -> Statistic:
        """From the statistic of the sample itself and, behind it, of every resample."""
        value, lower, upper = estimate(values)
        return cls(name, value, lower, upper, note, against)


def change_statistics(
    change: Float[np.ndarray, "pair"],
    response: Float[np.ndarray, "resample"],
    weights: Float[np.ndarray, "resample pair"],
) -> Iterator[Statistic]:
    """Mean and SD of the change, the response mean, and the patients per arm of a trial that it would need.

    Args:
        change: later minus earlier visit, in the measure's unit.
        response: standardised response mean of the sample and of every resample.
        weights: how often each pair counts, see `resampling.bootstrap_weights`.

    Yields:
        mean_change, sd_change, srm, n_per_arm_80 and n_per_arm_90. Patients per arm are infinite where the response mean
        is 0, and so is their upper bound where its interval holds 0.
    """
    yield Statistic.of_resamples("mean_change", weights @ change / weights.sum(1), "later minus earlier visit")
    yield Statistic("sd_change", float(change.std(ddof=1)))
    srm = Statistic.of_resamples("srm", response, "mean over SD of the change")
    yield srm
    for power in POWERS:
        note = f"treatment halves the mean change; two-sided t test at 5 %, power {100 * power:.0f} %"
        halved = Estimate(*(TREATMENT_EFFECT * of for of in (srm.value, srm.lower, srm.upper)))
        yield Statistic(f"n_per_arm_{100 * power:.0f}", *size_with_bounds(halved, power=power), note)


def reading_statistics(
    of: Measured | ReadTogether,
    pairs: pd.DataFrame,
    weights: Float[np.ndarray, "resample pair"],
    *,
    resamples: int,
    seed: int,
) -> Iterator[Statistic]:
    """Smallest detectable change and agreement of repeated readings.

    Args:
        of: the measure, with its readings; one that is read off two films at once has no status.
        pairs: patient_id, visit_id and later_visit_id; the measure has a change at each.
        weights: how often each pair counts, see `resampling.bootstrap_weights`.
        resamples: patient bootstraps of the agreement of status.
        seed: of these.

    Yields:
        sdc, sdc_in_sd (in SDs of the change), icc_a1_change and icc_a1 of status. Nothing where a measure was read once, no
        value where too little was read twice.
    """
    if of.readings.shape[1] < 2:
        return
    change, changes = of.change(pairs), of.changes_read(pairs)
    both = np.all(np.isfinite(changes), axis=1)
    if both.sum() > 1:
        # more than two readings: the mean variance over their pairs
        each = [
            smallest_detectable_change(changes[both][:, list(two)], of.averaged)
            for two in combinations(range(changes.shape[1]), 2)
        ]
        sdc = float(np.sqrt(np.mean(np.square(each))))
        yield Statistic("sdc", sdc, note=f"95 %, mean of {of.averaged:g}: {of.kind}")
        spread = float(change.std(ddof=1))
        yield Statistic("sdc_in_sd", sdc / spread if spread > 0 else np.nan, note="SDC in SDs of the change")
        icc = icc_of_sums("icc_a1", weights[:, both] @ rating_sums(changes[both]))
        yield Statistic.of_resamples("icc_a1_change", icc, f"ICC(2,1) of the change: {of.kind}")
    else:
        why = f"not defined: {both.sum()} of {len(both)} changes have two readings' totals: {of.kind}"
        yield from (Statistic(name, np.nan, note=why) for name in ("sdc", "sdc_in_sd", "icc_a1_change"))
    if isinstance(of, ReadTogether):
        return
    status = of.readings.dropna()
    if len(status) > 1:
        of_visits = bootstrap_weights(status.index.get_level_values(0).to_series(), resamples, seed)
        icc = icc_of_sums("icc_a1", of_visits @ rating_sums(status.to_numpy(float)))
        yield Statistic.of_resamples("icc_a1", icc, f"ICC(2,1) of status, {len(status)} visits: {of.kind}")
    else:
        yield Statistic(
            "icc_a1", np.nan, note=f"not defined: {len(status)} visits have two readings' totals: {of.kind}"
        )
