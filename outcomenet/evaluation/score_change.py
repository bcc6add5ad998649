"""How the score and the human total see change on the same held-out patients: what a trial would need of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.manifest import TRUTH
from outcomenet.datasets.pairs import KEYS, paired_visits
from outcomenet.datasets.visit_table import LATER_VISIT, reading_totals
from outcomenet.errors import UndefinedMetric
from outcomenet.evaluation.biomarker import reread_scores
from outcomenet.metrics.agreement import icc_of_sums, rating_sums
from outcomenet.metrics.correlation import weighted_correlation, weighted_rank_correlation
from outcomenet.metrics.detectable import smallest_detectable_change
from outcomenet.metrics.resampling import bootstrap_weights, estimate
from outcomenet.metrics.responsiveness import response_mean
from outcomenet.metrics.trial_size import patients_per_arm
from outcomenet.predictions import NetworkOutput
from outcomenet.predictors import HUMAN_TOTAL
from outcomenet.scoring import SVDH, UnreadablePolicy

SCORE = "score"
TREATMENT_EFFECT = 0.5  # share of the mean change that the treatment takes away
POWERS = (0.8, 0.9)
COLUMNS = ["measure", "statistic", "against", "value", "lower", "upper", "patients", "n", "note"]
REREAD = "the same films cut and toned again; films taken again would differ more, so that this is the least it can be"


@dataclass(frozen=True)
class Measured:
    """One measure: `status` of every visit by (patient_id, visit_id), `readings` of it [visit, reading] (NaN: not read),
    how many readings the status is the mean of (the median over visits), and what kind of readings these are."""

    status: pd.Series
    readings: pd.DataFrame
    averaged: float
    kind: str

    def change(self, pairs: pd.DataFrame) -> Float[np.ndarray, "pair"]:
        return _at(self.status, pairs, LATER_VISIT) - _at(self.status, pairs, "visit_id")

    def changes_read(self, pairs: pd.DataFrame) -> Float[np.ndarray, "pair reading"]:
        return _at(self.readings, pairs, LATER_VISIT) - _at(self.readings, pairs, "visit_id")


def score_change_table(
    dataset: Dataset,
    biomarker: pd.DataFrame,
    rereadings: Sequence[NetworkOutput],
    *,
    outcome: int,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """score_change.csv: change between two visits a year apart, in each measure's unit, of held-out patients with both.

    Args:
        dataset: gives the pairs of visits, each reader's grades and, where simulated, the truth.
        biomarker: biomarkers.parquet.
        rereadings: of the held-out visits, see `biomarker.biomarker_table`.
        outcome: number of the outcome that the score is of.
        resamples: patient bootstraps behind every interval.
        seed: of the bootstrap.

    Returns:
        A row per number: `measure` (score, human_total), `statistic`, `against`, `value` with its interval. mean_change,
        sd_change; `srm` and `srm_difference` (absolute values, score minus human); `sdc` (95 %) and `sdc_in_sd` (in SDs
        of the change); `icc_a1` of status and `icc_a1_change`; `n_per_arm_80`, `n_per_arm_90`: patients per arm of a
        trial whose treatment halves the mean change, two-sided t test at 5 % (infinite: an SRM of 0 sets no limit; empty where the
        SRM is); `correlation` and `rank_correlation` of the change with
        other changes.

    Raises:
        UndefinedMetric: fewer than two held-out patients have both measures at two visits.
    """
    pairs = paired_visits(dataset.visits[dataset.visits["split"] == "test"])
    measured = {
        SCORE: _score(biomarker, rereadings, outcome),
        HUMAN_TOTAL: _human(dataset),
    }
    known = np.isfinite(np.column_stack([of.change(pairs) for of in measured.values()])).all(1)
    pairs = pairs[known].reset_index(drop=True)
    people = pairs["patient_id"]
    if people.nunique() < 2:
        raise UndefinedMetric(
            f"Change needs two held-out patients with films and human scores at two visits; there are {people.nunique()}."
        )
    weights = bootstrap_weights(people, resamples, seed)
    against = _against(dataset, pairs)
    rows, means = [], {}
    for name, of in measured.items():
        change = of.change(pairs)
        means[name] = response_mean(change, weights)
        found = [*_of_change(change, means[name], weights), *_of_readings(of, pairs, change, weights, resamples, seed)]
        for title, other in against.items():
            both = np.isfinite(other)
            columns = change[both], other[both], weights[:, both]
            found.append(("correlation", title, *estimate(weighted_correlation(*columns)), "Pearson, of both changes"))
            ranks = estimate(weighted_rank_correlation(*columns))
            found.append(("rank_correlation", title, *ranks, "Spearman, of both changes"))
        rows += [(name, *row[:5], people.nunique(), len(pairs), row[5]) for row in found]
    difference = estimate(np.abs(means[SCORE]) - np.abs(means[HUMAN_TOTAL]))
    note = "absolute values; above 0: the score sees more"
    rows.append((SCORE, "srm_difference", HUMAN_TOTAL, *difference, people.nunique(), len(pairs), note))
    return pd.DataFrame(rows, columns=COLUMNS)


Row = tuple[str, str, float, float, float, str]


def _of_change(change: np.ndarray, srm: np.ndarray, weights: np.ndarray) -> Iterator[Row]:
    yield "mean_change", "", *estimate(weights @ change / weights.sum(1)), "later minus earlier visit"
    yield "sd_change", "", float(change.std(ddof=1)), np.nan, np.nan, ""
    value, lower, upper = estimate(srm)
    yield "srm", "", value, lower, upper, "mean over SD of the change"
    for power in POWERS:
        note = f"treatment halves the mean change; two-sided t test at 5 %, power {100 * power:.0f} %"
        most = _per_arm(0.0 if lower * upper <= 0 else min(abs(lower), abs(upper)), power)
        least = _per_arm(max(abs(lower), abs(upper)), power)
        yield f"n_per_arm_{100 * power:.0f}", "", _per_arm(value, power), least, most, note


def _per_arm(srm: float, power: float) -> float:
    """Infinite where there is no change on average, NaN where the response mean is not defined."""
    if srm == 0 or np.isnan(srm):
        return np.inf if srm == 0 else np.nan
    return float(patients_per_arm(TREATMENT_EFFECT * srm, power=power))


def _of_readings(
    of: Measured, pairs: pd.DataFrame, change: np.ndarray, weights: np.ndarray, resamples: int, seed: int
) -> Iterator[Row]:
    """What repeated readings tell; no row where a measure was read once, no value where too little was read twice."""
    if of.readings.shape[1] < 2:
        return
    changes = of.changes_read(pairs)
    both = np.isfinite(changes).all(1)
    if both.sum() > 1:
        # more than two readings: the mean variance over their pairs
        each = [
            smallest_detectable_change(changes[both][:, list(two)], of.averaged)
            for two in combinations(range(changes.shape[1]), 2)
        ]
        sdc = float(np.sqrt(np.mean(np.square(each))))
        yield "sdc", "", sdc, np.nan, np.nan, f"95 %, mean of {of.averaged:g}: {of.kind}"
        spread = float(change.std(ddof=1))
        in_sd = sdc / spread if spread > 0 else np.nan
        yield "sdc_in_sd", "", in_sd, np.nan, np.nan, "SDC in SDs of the change"
        icc = icc_of_sums("icc_a1", weights[:, both] @ rating_sums(changes[both]))
        yield "icc_a1_change", "", *estimate(icc), f"ICC(2,1) of the change: {of.kind}"
    else:
        why = f"not defined: {both.sum()} of {len(both)} changes have two readings' totals: {of.kind}"
        yield from ((name, "", np.nan, np.nan, np.nan, why) for name in ("sdc", "sdc_in_sd", "icc_a1_change"))
    status = of.readings.dropna()
    if len(status) > 1:
        of_visits = bootstrap_weights(status.index.get_level_values(0).to_series(), resamples, seed)
        icc = icc_of_sums("icc_a1", of_visits @ rating_sums(status.to_numpy(float)))
        yield "icc_a1", "", *estimate(icc), f"ICC(2,1) of status, {len(status)} visits: {of.kind}"
    else:
        why = f"not defined: {len(status)} visits have two readings' totals: {of.kind}"
        yield "icc_a1", "", np.nan, np.nan, np.nan, why


def _score(biomarker: pd.DataFrame, rereadings: Sequence[NetworkOutput], outcome: int) -> Measured:
    status = biomarker.set_index(KEYS)["score"]
    if len(rereadings) < 2:
        return Measured(status, pd.DataFrame(index=status.index), 1, "")
    index = pd.MultiIndex.from_tuples(rereadings[0].ids, names=KEYS)
    return Measured(status, pd.DataFrame(reread_scores(rereadings, outcome).T, index=index), 1, REREAD)


def _human(dataset: Dataset) -> Measured:
    """The human total with the totals of the two readers who have most held-out visits in common."""
    rows = dataset.visits[dataset.visits["split"] == "test"]
    status = rows.set_index(KEYS)["svdh_total"].astype(float)
    table, readers = _reader_totals(dataset, rows), dataset.manifest.readers
    if len(readers) < 2:
        return Measured(status, table.iloc[:, :0], 1, "")
    per_visit = table.notna().sum(1)
    averaged = float(per_visit[per_visit > 0].median()) if per_visit.any() else 1.0
    two = max(combinations(readers, 2), key=lambda pair: len(table[list(pair)].dropna()))
    kind = f"two of {len(readers)} readers; a held-out visit has the totals of {averaged:g} (median)"
    return Measured(status, table[list(two)], averaged, kind)


def _reader_totals(dataset: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """Each reader's total [visit, reader] of held-out visits with films; NaN: he did not read it, or it has no total.

    The data set keeps grades and the mean total, not the cohort's policy for unreadable sites: it is the one under which
    the readers' totals have that mean at most visits (carried grades of visits without films are not kept).
    """
    grades = {}
    for example in dataset.examples("test"):
        of_readers = np.where(example["svdh"] < 0, np.nan, example["svdh"])
        grades[example["patient_id"].decode(), example["visit_id"].decode()] = of_readers
    keys = [key for key in zip(rows["patient_id"], rows["visit_id"], strict=True) if key in grades]
    readers = list(dataset.manifest.readers)
    readings = pd.DataFrame(
        [
            (*key, reader, *graded)
            for key in keys  # a patient's visits in the order of their dates
            for reader, graded in zip(readers, grades[key], strict=True)
            if np.isfinite(graded).any()
        ],
        columns=[*KEYS, "reader", *(site.name for site in SVDH.sites)],
    )
    index = pd.MultiIndex.from_tuples(keys, names=KEYS)
    mean = rows.set_index(KEYS)["svdh_total"].reindex(index).to_numpy(float)

    def under(policy: UnreadablePolicy) -> pd.DataFrame:
        totals = reading_totals(readings, SVDH, policy).astype({"total": float})
        return totals.pivot(index=KEYS, columns="reader", values="total").reindex(index=index, columns=readers)

    if not readings.isna().any(axis=None):
        return under(UnreadablePolicy.MISSING)
    tables = [under(policy) for policy in UnreadablePolicy]
    return max(tables, key=lambda table: np.isclose(table.mean(axis=1), mean, atol=1e-3, equal_nan=True).sum())


def _against(dataset: Dataset, pairs: pd.DataFrame) -> dict[str, Float[np.ndarray, "pair"]]:
    """Changes that a measure's change may go with: of what patients feel and, where simulated, of what is true."""
    visits = dataset.visits.set_index(KEYS)
    found = {name: visits[column] for name, column in (("HAQ-DI", "haq"), ("DAS28", "das28")) if column in visits}
    truth = dataset.folder / TRUTH / "visits.csv"
    if truth.is_file():
        table = read_csv(truth, dtype=dict.fromkeys(KEYS, str)).set_index(KEYS)
        named = (("true activity", "activity"), ("true SvdH", "svdh_without_error"))
        found |= {name: table[column] for name, column in named if column in table}
    changes = {
        name: _at(values.astype(float), pairs, LATER_VISIT) - _at(values.astype(float), pairs, "visit_id")
        for name, values in found.items()
    }
    return {name: change for name, change in changes.items() if np.isfinite(change).sum() > 1}


def _at(values: pd.Series | pd.DataFrame, pairs: pd.DataFrame, visit: str) -> np.ndarray:
    """Values at one visit of each pair; NaN where there are none."""
    return values.reindex(pd.MultiIndex.from_arrays([pairs["patient_id"], pairs[visit]])).to_numpy(float)
