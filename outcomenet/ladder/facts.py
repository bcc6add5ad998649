"""Inputs of every rung of the ladder: visits with human scores, outputs of the networks, the truth.

A learned score can be better because it looks at the right things, or merely because it has more decimals than a total
that is 0 for many. Equal granularity (`equate_to_human`) takes the decimals away and leaves the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.visit_table import SVDH_COLUMNS
from outcomenet.errors import DataRefused
from outcomenet.ladder.candidates import MEASURE
from outcomenet.outcomes import SVDH_CHANGE, OutcomeSpec
from outcomenet.predictions import NetworkOutput
from outcomenet.predictors import DIRECT_ADJUSTED, NETWORKS

FEWEST_SCORES = 20
MATRIX = ("rf", "acpa", "crp")  # of a clinical matrix, beside the SvdH total


@dataclass(frozen=True)
class LadderFacts:
    """`visits` are the rows that every rung predicts or learns from (visits with films where networks take part), with
    columns of the visit table; `readings` are the networks' readings of them; `truth` is what `evaluation.cohort_truth`
    gives, or None.

    Each method raises DataRefused where these data or this run do not have what it gives.
    """

    visits: pd.DataFrame
    covariates: tuple[str, ...]
    readings: Mapping[str, NetworkOutput]
    truth: pd.DataFrame | None
    of_pairs: bool = False  # rows are pairs of visits, and human scores are changes, see `datasets.pairs`

    def covariate_table(self) -> pd.DataFrame:
        return self.visits[list(self.covariates)].astype(float)

    def human_total(self, outcome: str) -> Float[np.ndarray, "visit"]:
        """SvdH total, the mean over readers (of a pair: its yearly change), to predict `outcome` with; NaN where the
        visit's films were not read."""
        if self.of_pairs and outcome == SVDH_CHANGE.name:
            raise DataRefused("the outcome is the human score's own change")
        values = self.visits["svdh_total"].to_numpy(float)
        if not np.isfinite(values).any():
            raise DataRefused("the cohort has no complete human score")
        return values

    def human_joints(self, outcome: str) -> pd.DataFrame:
        """Grades of every SvdH site, the mean over readers, with their total and its root: no less than the total tells."""
        total = self.human_total(outcome)
        # the change of a pair may be below 0
        root = np.sign(total) * np.sqrt(np.abs(total))
        return self.visits[list(SVDH_COLUMNS)].astype(float).assign(svdh_total=total, svdh_root=root)

    def reading(self, network: str) -> NetworkOutput:
        if network not in self.readings:
            raise DataRefused("no network of that name was trained")
        return self.readings[network]

    def film_score(self, outcome: str) -> Float[np.ndarray, "visit"]:
        """The adjusted network's film score for an outcome, on its latent scale; higher is worse."""
        return self.reading(DIRECT_ADJUSTED).score[outcome].astype(float)

    def human_grid(
        self, outcome: str, fit: Bool[np.ndarray, "visit"], calibrate: Bool[np.ndarray, "visit"]
    ) -> HumanGrid:
        """Cuts of the film score to the human total's grid, from scores of rows in `calibrate`, which the network did
        not learn from, and totals of these and the rows in `fit`.

        Args:
            outcome: name of the outcome.
            fit: rows that regressions learn from.
            calibrate: rows that the network did not learn from.

        Raises:
            DataRefused: there is no human score or no network.
        """
        total = np.where(fit | calibrate, self.human_total(outcome), np.nan)
        return equate_to_human(self.film_score(outcome)[calibrate], total)

    def total_read_by_network(self) -> Float[np.ndarray, "visit"]:
        for network in reversed(NETWORKS):
            reading = self.readings.get(network)
            if reading is not None and reading.svdh is not None:
                # an unseen site is read as the mean of that site over the visits
                site_mean = np.nanmean(reading.svdh, 0)
                return np.where(np.isnan(reading.svdh), site_mean, reading.svdh).sum(1)
        raise DataRefused("no network has a human head")

    def true_joints(self) -> pd.DataFrame:
        """The oracle's columns true_*."""
        if self.truth is None:
            raise DataRefused("the true state of the joints is known in simulated cohorts only")
        keys = self.visits[["patient_id", "visit_id"]]
        known = keys.merge(self.truth, on=["patient_id", "visit_id"], how="left").filter(like="true_")
        return known.set_axis(self.visits.index)


def target_of(spec: OutcomeSpec, visits: pd.DataFrame) -> Float[np.ndarray, "row"]:
    """Observed outcome per visit, NaN where unknown; of an event its status at the horizon.

    Args:
        spec: the outcome.
        visits: columns of the visit table.
    """
    return spec.kind.target(visits, spec.name, spec.horizon_days)


def with_outcome(predicted: pd.DataFrame, spec: OutcomeSpec, visits: pd.DataFrame) -> pd.DataFrame:
    """Predictions by patient and visit joined with what is known of the outcome, in columns of the prediction table.

    Args:
        predicted: patient_id, visit_id, predictor, prediction and what else the ladder says of each row.
        spec: the outcome.
        visits: columns of the visit table.
    """
    start, end = spec.kind.interval(visits, spec.name)
    known = visits[["patient_id", "visit_id", "split", "site"]].assign(
        target=target_of(spec, visits), interval_start=start, interval_end=end
    )
    rows = predicted.merge(known, on=["patient_id", "visit_id"], how="left", validate="many_to_one")
    return rows.assign(outcome=spec.name, horizon=spec.horizon_days, observed=rows["target"].notna())


@dataclass(frozen=True)
class HumanGrid:
    """`values` are the human totals that occur, rising; a score above `cuts[k]` is read as more than `values[k]`."""

    values: np.ndarray
    cuts: Float[np.ndarray, "threshold"]

    def read(self, score: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row"]:
        """The score in SvdH units, higher is worse; NaN stays NaN."""
        level = np.searchsorted(self.cuts, score, side="left")
        return np.where(np.isnan(score), np.nan, self.values[level])


def equate_to_human(score: Float[np.ndarray, "row"], total: Float[np.ndarray, "visit"]) -> HumanGrid:
    """Equipercentile equating (Kolen & Brennan, Test Equating, 2014): as many of the scores lie at or below a cut as of
    the totals lie at or below its value.

    No outcome is used. `score` are of visits that the network did not learn from, `total` of any visits that are not
    held out; NaN of both are left out. With fewer scores than totals, a total may get no score.

    Args:
        score: film scores.
        total: human totals.

    >>> grid = equate_to_human(np.arange(20.0), np.repeat([0.0, 0.0, 1.0, 7.0], 5))
    >>> grid.read(np.array([-3.0, 9.0, 9.5, 14.5, 99.0]))
    array([0., 0., 1., 7., 7.])
    """
    score, total = score[np.isfinite(score)], total[np.isfinite(total)]
    if len(score) < FEWEST_SCORES or not len(total):
        raise DataRefused(
            f"Cutting the film score to the human total's grid needs {FEWEST_SCORES} validation visits with a score and "
            f"some human totals; there are {len(score)} and {len(total)}."
        )
    values, counts = np.unique(total, return_counts=True)
    # the highest total has no cut above it
    shares = np.cumsum(counts)[:-1] / counts.sum()
    return HumanGrid(values, np.quantile(score, shares, method="inverted_cdf"))


def clinical_matrix_features(visits: pd.DataFrame) -> pd.DataFrame:
    """SvdH total, RF, ACPA and log(1 + CRP in mg/L) of each visit: what rheumatologists combine to foresee progression.

    Published matrices cross-tabulate baseline damage, rheumatoid factor or ACPA, and C-reactive protein, and reach an AUROC
    of 0.70 to 0.76 for rapid radiographic progression (Vastesaeger, Rheumatology 2009; Visser, Ann Rheum Dis 2010). Here the
    same facts enter a logistic regression uncut, which is no weaker than their cells. Single missing values are left for it.

    Raises:
        DataRefused: the cohort lacks one of them; it is named.
    """
    lacking = [name for name in MATRIX if name not in visits or not visits[name].notna().any()]
    if lacking:
        titles = " and no ".join(CONFOUNDERS[name].title for name in lacking)
        raise DataRefused(f"the cohort has no {titles}, which a clinical matrix needs beside the SvdH total")
    known = {name: visits[name].astype(float) for name in MATRIX[:2]}
    # CRP is skewed, and is doubled as easily from 5 as from 50
    crp = np.log1p(visits["crp"].astype(float))
    return pd.DataFrame({MEASURE: visits["svdh_total"].astype(float), **known, "log_crp": crp}, index=visits.index)
