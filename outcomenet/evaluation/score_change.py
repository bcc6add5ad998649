"""Change of the score beside change of the human total on the same held-out patients: score_change.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.csv_files import write_csv
from outcomenet.datasets.dataset import Dataset
from outcomenet.errors import UndefinedMetric
from outcomenet.evaluation.change_measures import (
    Measured,
    ReadTogether,
    changes_beside,
    film_score,
    held_out_pairs,
    human_total,
)
from outcomenet.evaluation.change_statistics import Statistic, change_statistics, reading_statistics
from outcomenet.evaluation.damage_change import UNWEIGHTED, DamageChanges
from outcomenet.evaluation.trial_arms import arm_statistics, n_ratio, treatment_arms
from outcomenet.metrics.correlation import weighted_correlation, weighted_rank_correlation
from outcomenet.metrics.resampling import bootstrap_weights
from outcomenet.metrics.responsiveness import response_mean
from outcomenet.metrics.trial_effect import arm_effect
from outcomenet.predictions import NetworkOutput
from outcomenet.predictors import HUMAN_TOTAL
from outcomenet.runs.infinite_cells import named_infinities

SCORE = "score"
COLUMNS = ["measure", "statistic", "against", "value", "lower", "upper", "patients", "n", "note"]


def write_score_change(
    dataset: Dataset,
    biomarker: pd.DataFrame,
    rereadings: Sequence[NetworkOutput],
    run: Path,
    *,
    outcome: int,
    resamples: int,
    seed: int,
    damage: DamageChanges | None = None,
    randomised: bool = False,
) -> list[str]:
    """Writes score_change.csv, see `score_change_table`.

    Args:
        dataset: gives the pairs of visits, each reader's grades and, where simulated, the truth.
        biomarker: the biomarker table.
        rereadings: outputs for perturbed films of the held-out visits.
        run: the folder that is written to.
        outcome: number of the outcome that the score is of.
        resamples: patient bootstraps behind every interval.
        seed: of the bootstrap.
        damage: changes of joints, where the network tells them.
        randomised: two treatments were drawn by lot, and their arms are compared.

    Returns:
        A note where it cannot be computed, else nothing.
    """
    try:
        table = score_change_table(
            dataset,
            biomarker,
            rereadings,
            outcome=outcome,
            resamples=resamples,
            seed=seed,
            damage=damage,
            randomised=randomised,
        )
    except UndefinedMetric as reason:
        return [f"score_change.csv is absent: {reason}"]
    write_csv(named_infinities(table), run / "score_change.csv")
    return []


def score_change_table(
    dataset: Dataset,
    biomarker: pd.DataFrame,
    rereadings: Sequence[NetworkOutput],
    *,
    outcome: int,
    resamples: int,
    seed: int,
    damage: DamageChanges | None = None,
    randomised: bool = False,
) -> pd.DataFrame:
    """score_change.csv: change between two visits a year apart, in each measure's unit, of held-out patients with both.

    Args:
        dataset: gives the pairs of visits, each reader's grades and, where simulated, the truth.
        biomarker: biomarkers.parquet.
        rereadings: of the held-out visits, see `biomarker.biomarker_table`.
        outcome: number of the outcome that the score is of.
        resamples: patient bootstraps behind every interval.
        seed: of the bootstrap.
        damage: changes of joints, where the network tells them.
        randomised: two treatments were drawn by lot, and their arms are compared.

    Returns:
        A row per number: `measure` (score, human_total; of joints damage_change and joint_change), `statistic`,
        `against`, `value` with its interval. mean_change, sd_change; `srm` and `srm_difference` (absolute values, measure minus
        human); `sdc` (95 %) and `sdc_in_sd` (in SDs of the change); `icc_a1` of status and `icc_a1_change`; `n_per_arm_80`,
        `n_per_arm_90`: patients per arm of a trial whose treatment halves the mean change, two-sided t test at 5 % (infinite: an
        SRM of 0 sets no limit; empty where the SRM is). Of a trial of two treatments `arm_difference_in_sd`,
        `n_per_arm_of_trial_80` and `_90`, and `n_per_arm_ratio`, that number over the human total's. `correlation` and
        `rank_correlation` of the change with other changes.

    Raises:
        UndefinedMetric: fewer than two held-out patients have both measures at two visits.
    """
    pairs = held_out_pairs(dataset)
    measures: dict[str, Measured | ReadTogether] = {
        SCORE: film_score(biomarker, rereadings, outcome),
        **(damage.measures if damage else {}),
        HUMAN_TOTAL: human_total(dataset),
    }
    # both measures on the same pairs, else their difference would be one of patients
    known = np.all(np.isfinite(np.column_stack([of.change(pairs) for of in measures.values()])), axis=1)
    pairs = pairs.loc[known].reset_index(drop=True)
    people = pairs["patient_id"]
    if people.nunique() < 2:
        raise UndefinedMetric(
            f"Change needs two held-out patients with films and human scores at two visits; there are {people.nunique()}."
        )
    weights = bootstrap_weights(people, resamples, seed)
    against = changes_beside(dataset, pairs)
    arms = treatment_arms(dataset, pairs) if randomised else None
    rows, responses, effects = [], {}, {}
    for name, of in measures.items():
        change = of.change(pairs)
        responses[name] = response_mean(change, weights)
        statistics = [
            *change_statistics(change, responses[name], weights),
            *reading_statistics(of, pairs, weights, resamples=resamples, seed=seed),
            *_correlations(change, against, weights),
        ]
        if arms is not None:
            effects[name] = arm_effect(change, arms, weights)
            statistics += arm_statistics(effects[name])
        rows += [
            (name, one.name, one.against, one.value, one.lower, one.upper, people.nunique(), len(pairs), one.note)
            for one in statistics
        ]
    compared = _beside_human(responses, effects)
    rows += [
        (name, one.name, HUMAN_TOTAL, one.value, one.lower, one.upper, people.nunique(), len(pairs), one.note)
        for name, one in compared
    ]
    if damage is not None:
        note = f"sum over joints of the {damage.sum}: what has the strongest response in training"
        rows.append((UNWEIGHTED, "scale", "", np.nan, np.nan, np.nan, people.nunique(), len(pairs), note))
    return pd.DataFrame(rows, columns=COLUMNS)


def _beside_human(
    responses: Mapping[str, Float[np.ndarray, "resample"]], effects: Mapping[str, Float[np.ndarray, "resample"]]
) -> Iterator[tuple[str, Statistic]]:
    """Each measure but the human total beside it: response means, and of a trial the patients per arm."""
    note = "absolute values; above 0: the measure sees more than the human total"
    for name in responses:
        if name == HUMAN_TOTAL:
            continue
        more = np.abs(responses[name]) - np.abs(responses[HUMAN_TOTAL])
        yield name, Statistic.of_resamples("srm_difference", more, note, HUMAN_TOTAL)
        if name in effects:
            yield name, n_ratio(effects[name], effects[HUMAN_TOTAL])


def _correlations(change: np.ndarray, against: dict[str, np.ndarray], weights: np.ndarray) -> list[Statistic]:
    """Correlations of a change with each of the others, over the pairs that have both."""
    statistics = []
    for title, other in against.items():
        both = np.isfinite(other)
        columns = change[both], other[both], weights[:, both]
        pearson, spearman = weighted_correlation(*columns), weighted_rank_correlation(*columns)
        statistics += [
            Statistic.of_resamples("correlation", pearson, "Pearson, of both changes", title),
            Statistic.of_resamples("rank_correlation", spearman, "Spearman, of both changes", title),
        ]
    return statistics
