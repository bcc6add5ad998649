"""Prediction of function from the rims of the crops, where no joint is.

A measure that can be beaten, or even approached, by the rims has something to read there: a marker's edge, collimation,
a scanner's tone. Markers themselves cannot be put to this test on crops, which cut them away with all of the film
around the joints; a marker-only model needs whole films.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Float
from outcomenet.audits.contract import AuditInputs, AuditResult
from outcomenet.audits.cross_fitting import CrossFit, permuted_patients
from outcomenet.audits.findings import Finding, finding
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.regression import r2
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval

RIM = 1 / 16  # width of the rim as a share of the crop's side
FEWEST_PATIENTS = 50


def audit(inputs: AuditInputs) -> AuditResult:
    """What the borders of crops tell about HAQ-DI beside the covariates: audit_borders.csv."""
    keys, features = inputs.trained.border_features()
    visits = inputs.visits.set_index(["patient_id", "visit_id"]).loc[keys].reset_index()
    covariates = visits[list(inputs.covariates)].astype(float)
    table, judged = audit_borders(
        features, covariates, visits["haq"].to_numpy(float), visits["patient_id"], **inputs.null
    )
    return AuditResult([judged], {"audit_borders.csv": table})


def border_features(
    crops: Float[np.ndarray, "joint height width"], present: Bool[np.ndarray, "joint"]
) -> Float[np.ndarray, "feature"]:
    """Mean and SD of the outermost rim of every joint's crop, NaN where the joint has none.

    Args:
        crops: one visit's crops, standardised.
        present: joints that the visit has.

    Returns:
        Means of all joints, then SDs.

    >>> border_features(np.ones((1, 4, 4)), np.array([True]))
    array([1., 0.])
    """
    size = crops.shape[-1]
    width = max(round(size * RIM), 1)
    rim = np.ones(crops.shape[1:], bool)
    rim[width : size - width, width : size - width] = False
    pixels = crops[:, rim].astype(float)
    return np.where(np.tile(present, 2), np.concatenate([pixels.mean(1), pixels.std(1)]), np.nan)


def audit_borders(
    borders: Float[np.ndarray, "row feature"],
    covariates: pd.DataFrame,
    target: Float[np.ndarray, "row"],
    patients: pd.Series,
    *,
    resamples: int,
    permutations: int,
    seed: int,
    outcome: str = "HAQ-DI",
) -> tuple[pd.DataFrame, Finding]:
    """audit_borders.csv: cross-fitted R2 of covariates, of the rims, of both, and the gain by the rims.

    The gain has a paired patient-bootstrap interval, and the gain that chance gives at most (97.5 %).
    It is an alarm where it lies above both 0 and chance.

    Args:
        borders: what `border_features` gives, one row per visit.
        covariates: numbers, of the same rows.
        target: outcome; rows where it is NaN are left out.
        patients: patient of each row; a patient's rows are kept together.
        resamples: bootstrap resamples of patients.
        permutations: how often targets are handed to other patients.
        seed: of resamples and permutations.
        outcome: its title, for the finding.

    Returns:
        source, r2, lower, upper, null_upper (of the gain only), n, patients; and the finding.

    Raises:
        UndefinedMetric: fewer than 50 patients.
    """
    known = np.isfinite(target)
    # an outcome that is not known takes its row from all sources: they are compared on the same visits
    borders, covariates, target, patients = borders[known], covariates[known], target[known], patients[known]
    if patients.nunique() < FEWEST_PATIENTS:
        raise UndefinedMetric(f"At least {FEWEST_PATIENTS} patients are needed, there are {patients.nunique()}.")
    weights = bootstrap_weights(patients, resamples, seed)
    # a regression of covariates alone is one with no feature beside them
    nothing, one = np.empty((len(target), 0)), target[:, None]
    alone, both = CrossFit(nothing, patients, beside=covariates), CrossFit(borders, patients, beside=covariates)

    def explained(regression: CrossFit) -> np.ndarray:
        return r2(target, regression.predict(one)[:, 0], weights)

    by_covariates, by_both = explained(alone), explained(both)
    # the null keeps what covariates explain and hands the rest to other patients (Freedman & Lane 1983)
    fitted = alone.predict(one)
    shuffled = fitted + (target - fitted[:, 0])[permuted_patients(patients, permutations, seed)].T
    null = _r2_by_column(shuffled, both.predict(shuffled)) - _r2_by_column(shuffled, alone.predict(shuffled))
    curves = {
        "covariates": by_covariates, "borders": explained(CrossFit(borders, patients)),
        "covariates and borders": by_both, "gain by borders": by_both - by_covariates,
    }  # fmt: skip
    rows = [(name, values[0], *percentile_interval(values[1:])) for name, values in curves.items()]
    table = pd.DataFrame(rows, columns=["source", "r2", "lower", "upper"])
    table["null_upper"] = [np.nan, np.nan, np.nan, np.quantile(null, 0.975)]
    table["n"], table["patients"] = len(target), patients.nunique()
    return table, _finding(table.iloc[-1], outcome)


def _r2_by_column(targets: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return 1 - ((targets - predicted) ** 2).sum(0) / ((targets - targets.mean(0)) ** 2).sum(0)


def _finding(gain: pd.Series, outcome: str) -> Finding:
    alarm = bool(gain["lower"] > 0 and gain["r2"] > gain["null_upper"])
    numbers = f"R² {gain['r2']:+.3f} beyond covariates ({gain['lower']:+.3f} to {gain['upper']:+.3f})"
    if not alarm:
        return finding("border", False, f"No gain for {outcome} was found from them: {numbers}.")
    return finding(
        "border", True,
        f"They do: {numbers} for {outcome}. Rims hold parts of neighbouring bones and swelling too: look at the crops "
        "for markers, collimation and tone.",
    )  # fmt: skip
