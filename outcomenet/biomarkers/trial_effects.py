"""Effects of a treatment on an endpoint, in SDs, as functions of how often each patient counts in a resample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from outcomenet.biomarkers.patient_changes import FEWEST_PATIENTS, PatientChanges
from outcomenet.metrics.agreement import rating_sums
from outcomenet.metrics.measurement_error import consistency_sem
from outcomenet.metrics.responsiveness import change_spread, response_mean
from outcomenet.metrics.trial_effect import arm_effect, explained_variance

Values = Callable[[np.ndarray], np.ndarray]
MOST_READERS = 4
THIRD = 2 / 3  # quantile above which the highest third lies


class Effect(NamedTuple):
    """Cohen's d of an endpoint under one design of a trial."""

    measure: str
    values: Values | None
    """d in every resample; None where the note says why there is none."""
    adjustment: str = ""
    design: str = ""
    """What is special about the patients or the readings; empty for all patients and the measure as it is."""
    note: str = ""
    selected: float = 1.0
    """Share of the screened patients who enter the trial."""


@dataclass(frozen=True)
class TreatmentEffects:
    """How large the effect on any endpoint is: observed between two arms, or a share of the mean change that is taken away."""

    changes: PatientChanges
    reduction: float
    treated: np.ndarray | None = None
    """True for patients of the treated arm; None where there are no randomised arms."""

    def plain(self, measure: str) -> Effect:
        """Of the measure's change, t test.

        Args:
            measure: endpoint.
        """
        return Effect(measure, partial(self._effect, measure))

    def adjusted(self, measure: str, covariates: Sequence[str]) -> Effect:
        """Analysis of covariance: d / sqrt(1 - r2) with the adjusted r2 of the first values (Borm 2007).

        Args:
            measure: endpoint.
            covariates: whose values at the first visit are adjusted for.
        """

        def values(weights: np.ndarray) -> np.ndarray:
            explained = self.explained(measure, covariates, (), weights)
            with np.errstate(invalid="ignore", divide="ignore"):
                return self._effect(measure, weights) / np.sqrt(1 - explained)

        return Effect(measure, values, adjustment=f"{', '.join(covariates)} at baseline")

    def explained(
        self, measure: str, covariates: Sequence[str], given: Sequence[str], weights: np.ndarray
    ) -> np.ndarray:
        """Share of the change's variance that first values explain beyond others, within arms.

        Args:
            measure: endpoint.
            covariates: columns whose first values explain.
            given: columns whose first values both models have.
            weights: how often each patient counts in each resample.
        """
        first = self.changes.first
        others = first[list(given)].to_numpy(float)
        if self.treated is not None:
            others = np.column_stack([self.treated.astype(float), others])
        return explained_variance(self._change(measure), first[list(covariates)].to_numpy(float), weights, given=others)

    def by_readers(self, measure: str, columns: Sequence[str], readers: int) -> Iterator[Effect]:
        """Of a human score that is the mean of one to four readers.

        The variance of a change is that between patients and the readers' error over their number. The error is the mean square
        of patient by reader (two-way analysis of variance) of single readers' changes.

        Args:
            measure: the human score.
            columns: single readers' scores, two or more.
            readers: of whom the human score is the mean.
        """
        ratings = self.changes.change[list(columns)].to_numpy(float)
        known = ~np.isnan(ratings).any(axis=1)
        count = int(known.sum())
        left = f"{len(ratings) - count} of {len(ratings)} patients without all readings" if count < len(ratings) else ""
        if count < FEWEST_PATIENTS:
            note = (
                f"{count} patients have a change by all of {', '.join(columns)}, at least {FEWEST_PATIENTS} are needed"
            )
            yield Effect(measure, None, design="by number of readers", note=note)
            return
        sums = rating_sums(ratings[known])

        def values(number: int, weights: np.ndarray) -> np.ndarray:
            error = consistency_sem(weights[:, known] @ sums) ** 2
            variance = self._variance(measure, weights)
            between = variance - error / readers
            with np.errstate(invalid="ignore", divide="ignore"):
                smaller = np.sqrt(variance / (between + error / number))
                return np.where(between > 0, self._effect(measure, weights) * smaller, np.nan)

        for number in range(1, MOST_READERS + 1):
            words = f"{number} reader" if number == 1 else f"mean of {number} readers"
            yield Effect(measure, partial(values, number), design=words, note=left)

    def enriched(self, measure: str, by: str, words: str) -> Effect:
        """Of the third of the patients with the highest value before the trial begins.

        Args:
            measure: endpoint.
            by: column of the first visit that selects.
            words: what it is called.
        """
        selector = self.changes.first[by].to_numpy(float)
        known = ~np.isnan(selector)
        cut = np.quantile(selector[known], THIRD) if known.any() else np.nan
        chosen = known & (selector >= cut)
        count = int(chosen.sum())
        design = f"highest third of {words}"
        share = count / max(int(known.sum()), 1)
        note = f"{int((~known).sum())} of {len(known)} patients not selected: no {by}" if not known.all() else ""
        if by == measure:
            note = "; ".join(
                filter(
                    None, [note, "selected by the endpoint's own first value: its change holds regression to the mean"]
                )
            )
        if count < FEWEST_PATIENTS:
            return Effect(
                measure,
                None,
                design=design,
                note=f"{count} patients in the third, at least {FEWEST_PATIENTS} are needed",
            )
        return Effect(measure, partial(self._effect, measure, chosen=chosen), design=design, note=note, selected=share)

    def _change(self, measure: str) -> np.ndarray:
        return self.changes.change[measure].to_numpy(float)

    def _effect(self, measure: str, weights: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
        rows = slice(None) if chosen is None else chosen
        change, weights = self._change(measure)[rows], weights[:, rows]
        if self.treated is None:
            return self.reduction * response_mean(change, weights)
        return arm_effect(change, self.treated[rows], weights)

    def _variance(self, measure: str, weights: np.ndarray) -> np.ndarray:
        """Of the change, within arms where there are some."""
        change = self._change(measure)
        variance = change_spread(change, weights) ** 2
        if self.treated is None:
            return variance
        return variance * (1 - explained_variance(change, self.treated.astype(float)[:, None], weights))
