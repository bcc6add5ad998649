"""Runs that compare two visits' films: true changes for the oracle, and how well each measure sees change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.manifest import TRUTH
from outcomenet.datasets.pairs import KEYS, YEARS
from outcomenet.datasets.visit_table import LATER_VISIT
from outcomenet.errors import UndefinedMetric
from outcomenet.ladder.facts import LadderFacts
from outcomenet.metrics.correlation import weighted_rank_correlation
from outcomenet.metrics.resampling import bootstrap_weights, estimate
from outcomenet.metrics.responsiveness import response_mean
from outcomenet.outcomes import SVDH_CHANGE
from outcomenet.predictors import HUMAN_TOTAL

COLUMNS = ["measure", "statistic", "against", "value", "lower", "upper", "patients", "n"]


def true_changes(truth: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """For every pair its earlier visit's columns of `truth`, and the yearly change of each, `<column>_change`."""
    columns = [name for name in truth.columns if name not in KEYS]
    keys = pairs[[*KEYS, LATER_VISIT, YEARS]]
    first = keys.merge(truth, on=KEYS, how="left", validate="one_to_one")
    later = keys[["patient_id", LATER_VISIT]].merge(
        truth.rename(columns={"visit_id": LATER_VISIT}), on=["patient_id", LATER_VISIT], how="left"
    )
    change = (later[columns].to_numpy(float) - first[columns].to_numpy(float)) / first[[YEARS]].to_numpy()
    named = {f"{name}_change": values for name, values in zip(columns, change.T, strict=True)}
    return pd.concat([first[[*KEYS, *columns]], pd.DataFrame(named)], axis=1)


def true_damage_change(dataset: Dataset, pairs: pd.DataFrame) -> Float[np.ndarray, "pair"] | None:
    """Yearly change of the SvdH that a reader without error would give; None for a real cohort."""
    file = dataset.folder / TRUTH / "visits.csv"
    if not file.is_file():
        return None
    truth = read_csv(file, dtype={"patient_id": str, "visit_id": str})
    if "svdh_without_error" not in truth:
        return None
    return true_changes(truth[[*KEYS, "svdh_without_error"]], pairs)["svdh_without_error_change"].to_numpy()


def write_responsiveness(
    dataset: Dataset,
    facts: LadderFacts,
    outcomes: Sequence[str],
    run: Path,
    *,
    zero_is_no_change: bool,
    resamples: int,
    seed: int,
) -> list[str]:
    """Writes responsiveness.csv of the held-out pairs into `run`; returns a note where it cannot be computed."""
    held_out = (facts.visits["split"] == "test").to_numpy()
    human = facts.visits["svdh_total"].to_numpy(float)
    measures = {HUMAN_TOTAL: human} if np.isfinite(human[held_out]).any() else {}
    for rung, reading in facts.readings.items():
        measures |= {f"{rung} ({name})": reading.score[name].astype(float) for name in outcomes}
    against = {name: facts.visits[name].to_numpy(float) for name in outcomes if name != SVDH_CHANGE.name}
    damage = true_damage_change(dataset, facts.visits)
    if damage is not None:
        against["true SvdH change"] = damage
    try:
        table = responsiveness(
            {name: values[held_out] for name, values in measures.items()},
            {name: values[held_out] for name, values in against.items()},
            facts.visits.loc[held_out, "patient_id"],
            zero_is_no_change=zero_is_no_change,
            resamples=resamples,
            seed=seed,
        )
    except UndefinedMetric as reason:
        return [f"responsiveness.csv is absent: {reason}"]
    write_csv(table, run / "responsiveness.csv")
    return []


def responsiveness(
    measures: dict[str, Float[np.ndarray, "pair"]],
    against: dict[str, Float[np.ndarray, "pair"]],
    patients: pd.Series,
    *,
    zero_is_no_change: bool = True,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """responsiveness.csv: how each measure's change behaves on the same pairs, with patient-bootstrap intervals.

    `measures` are yearly changes where 0 is no change, human_total the first; `against` what a change should go with.
    Statistics: `srm` (standardised response mean), `rank_correlation` with each of `against` (Spearman), and for every
    other measure its difference to the human one (`srm_difference`, that of the absolute values, and
    `rank_correlation_difference`; above 0: it sees more). Pairs with anything missing are left out of all.

    An SRM needs a measure whose mean is 0 where nothing changes. A network that is told the order of the films may answer
    with a constant to the noise of two films of an unchanged joint, and its outcome's own location takes any constant up:
    without `zero_is_no_change` the films' measures have no SRM.
    """
    known = np.isfinite(np.column_stack([*measures.values(), *against.values()])).all(1)
    people = patients[known]
    if people.nunique() < 2:
        raise UndefinedMetric(f"Responsiveness needs two patients with every measure; there are {people.nunique()}.")
    weights = bootstrap_weights(people, resamples, seed)
    rows, of_human = [], {}
    for name, change in measures.items():
        found = {}
        if name == HUMAN_TOTAL or zero_is_no_change:
            found["srm", ""] = response_mean(change[known], weights)
        for title, other in against.items():
            found["rank_correlation", title] = weighted_rank_correlation(change[known], other[known], weights)
        for (statistic, title), values in found.items():
            rows.append((name, statistic, title, *estimate(values)))
            if name == HUMAN_TOTAL:
                of_human[statistic, title] = values
            elif HUMAN_TOTAL in measures:
                both = (values, of_human[statistic, title])
                difference = np.abs(both[0]) - np.abs(both[1]) if statistic == "srm" else both[0] - both[1]
                rows.append((name, f"{statistic}_difference", title, *estimate(difference)))
    return pd.DataFrame(rows, columns=COLUMNS[:6]).assign(patients=people.nunique(), n=len(people))
