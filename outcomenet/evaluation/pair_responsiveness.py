"""Responsiveness of every measure in runs that compare two visits' films: responsiveness.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.csv_files import write_csv
from outcomenet.datasets.dataset import Dataset
from outcomenet.errors import UndefinedMetric
from outcomenet.evaluation.cohort_truth import true_damage_change
from outcomenet.metrics.correlation import weighted_rank_correlation
from outcomenet.metrics.resampling import bootstrap_weights, estimate
from outcomenet.metrics.responsiveness import response_mean
from outcomenet.outcomes import SVDH_CHANGE
from outcomenet.predictors import HUMAN_TOTAL

COLUMNS = ["measure", "statistic", "against", "value", "lower", "upper", "patients", "n"]


def write_responsiveness(
    dataset: Dataset,
    visits: pd.DataFrame,
    scores: Mapping[str, Float[np.ndarray, "pair"]],
    outcomes: Sequence[str],
    run: Path,
    *,
    zero_is_no_change: bool,
    resamples: int,
    seed: int,
) -> list[str]:
    """Writes responsiveness.csv of the held-out pairs.

    Args:
        dataset: gives the true changes where its cohort was simulated.
        visits: a row per pair, with split, svdh_total (the human change) and the outcomes.
        scores: film scores of the networks by name, in the order of `visits`.
        outcomes: names of the run's outcomes.
        run: the folder that is written to.
        zero_is_no_change: whether the film scores of unchanged films have mean 0, see `responsiveness`.
        resamples: patient bootstraps behind every interval.
        seed: of the bootstrap.

    Returns:
        A note where it cannot be computed, else nothing.
    """
    held_out = (visits["split"] == "test").to_numpy()
    human = visits["svdh_total"].to_numpy(float)
    measures = {HUMAN_TOTAL: human} if np.isfinite(human[held_out]).any() else {}
    measures |= {name: score.astype(float) for name, score in scores.items()}
    against = {name: visits[name].to_numpy(float) for name in outcomes if name != SVDH_CHANGE.name}
    damage = true_damage_change(dataset, visits)
    if damage is not None:
        against["true SvdH change"] = damage
    try:
        table = responsiveness(
            {name: values[held_out] for name, values in measures.items()},
            {name: values[held_out] for name, values in against.items()},
            visits.loc[held_out, "patient_id"],
            zero_is_no_change=zero_is_no_change,
            resamples=resamples,
            seed=seed,
        )
    except UndefinedMetric as reason:
        return [f"responsiveness.csv is absent: {reason}"]
    write_csv(table, run / "responsiveness.csv")
    return []


def responsiveness(
    measures: Mapping[str, Float[np.ndarray, "pair"]],
    against: Mapping[str, Float[np.ndarray, "pair"]],
    patients: pd.Series,
    *,
    zero_is_no_change: bool = True,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """responsiveness.csv: how each measure's change behaves on the same pairs, with patient-bootstrap intervals.

    Statistics: `srm` (standardised response mean), `rank_correlation` with each of `against` (Spearman), and for every
    other measure its difference to the human one (`srm_difference`, that of the absolute values, and
    `rank_correlation_difference`; above 0: it sees more). Pairs with anything missing are left out of all.

    An SRM needs a measure whose mean is 0 where nothing changes. A network that is told the order of the films may answer
    with a constant to the noise of two films of an unchanged joint, and its outcome's own location takes any constant up:
    without `zero_is_no_change` the films' measures have no SRM.

    Args:
        measures: yearly changes by name, human_total the first where it is there; positive for worse.
        against: yearly changes that a measure's change should go with.
        patients: patient of each pair.
        zero_is_no_change: whether the films' measures are 0 on average where nothing changed.
        resamples: patient bootstraps behind every interval.
        seed: of the bootstrap.

    Returns:
        measure, statistic, against, value, lower, upper, patients, n.

    Raises:
        UndefinedMetric: fewer than two patients have every measure.
    """
    # all measures on the same pairs, else their differences would be of patients
    known = np.all(np.isfinite(np.column_stack([*measures.values(), *against.values()])), axis=1)
    people = patients[known]
    if people.nunique() < 2:
        raise UndefinedMetric(f"Responsiveness needs two patients with every measure; there are {people.nunique()}.")
    weights = bootstrap_weights(people, resamples, seed)
    rows, of_human = [], {}
    for name, change in measures.items():
        statistics: dict[tuple[str, str], np.ndarray] = {}
        if name == HUMAN_TOTAL or zero_is_no_change:
            statistics["srm", ""] = response_mean(change[known], weights)
        for title, other in against.items():
            statistics["rank_correlation", title] = weighted_rank_correlation(change[known], other[known], weights)
        for (statistic, title), values in statistics.items():
            rows.append((name, statistic, title, *estimate(values)))
            if name == HUMAN_TOTAL:
                of_human[statistic, title] = values
            elif HUMAN_TOTAL in measures:
                both = (values, of_human[statistic, title])
                # a measure that falls where the other rises sees as much: the sign of a response is a convention
                difference = np.abs(both[0]) - np.abs(both[1]) if statistic == "srm" else both[0] - both[1]
                rows.append((name, f"{statistic}_difference", title, *estimate(difference)))
    return pd.DataFrame(rows, columns=COLUMNS[:6]).assign(patients=people.nunique(), n=len(people))
