"""Rows of a run's tables with typed fields, as `typed_rows` takes them from a table; a missing number is NaN."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """A row of comparisons.csv: predictor minus reference; `share_above_zero` of the resamples."""

    outcome: str
    horizon: int
    metric: str
    predictor: str
    reference: str
    difference: float
    lower: float
    upper: float
    n: float
    share_above_zero: float
    resamples: int
    lower_margin: float
    upper_margin: float


@dataclass(frozen=True)
class AdjustedComparison:
    """A row of nested_comparison.csv: the difference with both adjusted for the same covariates."""

    adjusted_for: str
    outcome: str
    horizon: int
    metric: str
    predictor: str
    reference: str
    difference: float
    lower: float
    upper: float
    n: float
    lower_margin: float
    upper_margin: float


@dataclass(frozen=True)
class MetricValue:
    """One predictor's value of one metric in metrics.csv."""

    outcome: str
    metric: str
    predictor: str
    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class RecalibratedValue:
    """A row of recalibration.csv."""

    predictor: str
    calibrator: str
    metric: str
    value: float
    lower: float
    upper: float
    n: float
    events: float


@dataclass(frozen=True)
class Probe:
    """A row of audit_probes.csv; `reading` is the result in words."""

    target: str
    given: str
    classifier: str
    auroc: float
    lower: float
    upper: float
    null_lower: float
    null_upper: float
    n: float
    events: float
    reading: str


@dataclass(frozen=True)
class ScoreProbe:
    """A row of audit_score_site.csv: how well the hospital is told from the score (`source`) or one of its parts."""

    source: str
    given: str
    classifier: str
    auroc: float
    lower: float
    upper: float
    null_lower: float
    null_upper: float
    n: float
    patients: float
    reading: str


@dataclass(frozen=True)
class PairStatistic:
    """A row of responsiveness.csv: how a measure's change behaves on pairs of films."""

    measure: str
    statistic: str
    against: str
    value: float
    lower: float
    upper: float
    n: float


@dataclass(frozen=True)
class ChangeStatistic:
    """A row of score_change.csv: how a measure's change behaves in `patients` seen twice."""

    measure: str
    statistic: str
    against: str
    value: float
    lower: float
    upper: float
    patients: float


@dataclass(frozen=True)
class JointContribution:
    """Mean and SD over patients of one joint's contribution to the score, on the outcome's latent scale."""

    side: str
    site: str
    mean: float
    sd: float


@dataclass(frozen=True)
class LedgerEntry:
    """A row of ledger.csv: `count` units that were left out, or kept with a note, at a step."""

    step: str
    unit: str
    reason: str
    count: float


@dataclass(frozen=True)
class Agreement:
    """A row of agreement.csv: a statistic of one or two readers of films."""

    scheme: str
    reading_mode: str
    readers: str
    statistic: str
    value: float
    lower: float
    upper: float
    n: float
    note: str


@dataclass(frozen=True)
class CodebookEntry:
    """A row of codebook.csv."""

    column: str
    meaning: str
    unit: str
    direction: str
