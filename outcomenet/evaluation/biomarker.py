"""The learned biomarker per visit: the film's part of disability, joint by joint, with its repeatability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import t as t_distribution

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.arrays import Float
from outcomenet.predictions import NetworkOutput

KEYS = ["patient_id", "visit_id"]
SCORE_PARTS = (
    "damage",
    "activity",
)  # the first of the network's parts; that of osteoarthritis is no part of an adjusted score

JOINT_PARTS = {
    "damage": "Damage's part of",
    "activity": "Activity's part of",
    "oa": "What osteoarthritis adds to",
}  # of a joint, in the network's order


def biomarker_table(
    reading: NetworkOutput, rereadings: Sequence[NetworkOutput], rows: pd.DataFrame, *, outcome: int, fold: int = 0
) -> pd.DataFrame:
    """biomarkers.parquet: one row per patient and visit.

    Args:
        reading: the network's reading of every visit.
        rereadings: readings of randomly re-cut and re-toned crops of the held-out visits.
        rows: patient_id, visit_id and split of each visit.
        outcome: number of the outcome that the score is of.
        fold: which patients this network did not learn from, see `SplitConfig`; 0 for a single split.

    Returns:
        `score` is the sum of the joints' contributions on the outcome's latent (logit) scale; it rises with disease and
        holds no outcome-side term. `score_lower` and `score_upper` are where another reading of the same films lies with
        probability 0.95 for an average visit, `score_sem` is the SD of one reading: the repeatability of the reading alone,
        missing where films were not re-read. `damage_score` and `activity_score` are its parts from what lasts (bone and
        cartilage lost) and from what comes and goes (swelling, osteopenia, cortical breaks), each with its own `_sem`; empty
        where the network sums embeddings, which have no such parts. `oa_score` is the mean grade of osteoarthritis, with its
        `oa_sem`. `joint_<side>_<site>` is each joint's contribution, and
        `damage_joint_...`, `activity_joint_...` and `oa_joint_...` are its parts where the network tells them.
    """
    contributions = np.where(reading.visible, reading.contributions[..., outcome], np.nan)
    score = reading.contributions[..., outcome].sum(1)
    error, half = np.full((2, len(score)), np.nan)
    # a single repetition has no spread
    if len(rereadings) > 1:
        at = {key: row for row, key in enumerate(reading.ids)}
        read_again = [at[key] for key in rereadings[0].ids]  # the held-out visits; the others keep NaN
        error[read_again], half[read_again] = reading_error(score[read_again], reread_scores(rereadings, outcome))
    of_parts = _part_scores(reading, rereadings, outcome)
    keys = pd.DataFrame(reading.ids, columns=KEYS)
    split = keys.merge(rows[[*KEYS, "split"]], how="left", validate="one_to_one")["split"]
    parts = {f"joint_{name}": contributions[:, j] for j, name in enumerate(JOINT_NAMES)} | _joint_parts(
        reading, outcome
    )
    embedding = {f"z{k:03d}": reading.embedding[:, k] for k in range(reading.embedding.shape[1])}
    scores = keys.assign(
        split=split,
        fold=fold,
        may_be_used=split.isin(["validation", "test"]).to_numpy(),  # a split that is not known promises nothing
        score=score,
        score_sem=error,
        score_lower=score - half,
        score_upper=score + half,
        **of_parts,
        oa_score=reading.osteoarthritis,
        oa_sem=_spread(reading, rereadings, reading.osteoarthritis, [r.osteoarthritis for r in rereadings]),
    )
    # at once: pandas warns of a hundred columns that are added one by one
    return pd.concat([scores, pd.DataFrame(parts | embedding)], axis=1)


def _joint_parts(reading: NetworkOutput, outcome: int) -> dict[str, Float[np.ndarray, "visit"]]:
    """Columns of what each seen joint's damage, activity and osteoarthritis contribute; none where a score has no parts."""
    if reading.parts is None:
        return {}
    seen = np.where(reading.visible[..., None], reading.parts[..., outcome], np.nan)
    return {
        f"{part}_joint_{joint}": seen[:, j, number]
        for number, part in enumerate(JOINT_PARTS)
        for j, joint in enumerate(JOINT_NAMES)
    }


def _part_scores(
    reading: NetworkOutput, rereadings: Sequence[NetworkOutput], outcome: int
) -> dict[str, Float[np.ndarray, "visit"]]:
    """Columns of the score's parts, and of the SD of one reading of each."""
    columns = {}
    for number, name in enumerate(SCORE_PARTS):
        values, error = np.full((2, len(reading.ids)), np.nan)
        if reading.parts is not None:
            values = reading.parts[..., number, outcome].sum(1)
            again = [r.parts[..., number, outcome].sum(1) for r in rereadings if r.parts is not None]
            error = _spread(reading, rereadings, values, again)
        columns |= {f"{name}_score": values, f"{name}_sem": error}
    return columns


def _spread(
    reading: NetworkOutput,
    rereadings: Sequence[NetworkOutput],
    values: Float[np.ndarray, "visit"],
    again: Sequence[Float[np.ndarray, "read_again"]],
) -> Float[np.ndarray, "visit"]:
    """SD of one reading of a number, at the visits that were read again; NaN at the others."""
    error = np.full(len(values), np.nan)
    if len(again) > 1:
        at = {key: row for row, key in enumerate(reading.ids)}
        read_again = [at[key] for key in rereadings[0].ids]
        error[read_again], _ = reading_error(values[read_again], np.stack(again))
    return error


def with_treatment(table: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """The biomarker table with a column `treatment` behind the split, by which a trial's arms are told.

    Args:
        table: the biomarker table.
        visits: the visit table; the column is empty where it has no treatment.
    """
    given = visits.reindex(columns=["patient_id", "visit_id", "treatment"])
    joined = table.merge(given, on=["patient_id", "visit_id"], how="left", validate="one_to_one")
    joined.insert(list(table).index("split") + 1, "treatment", joined.pop("treatment"))
    return joined


def reread_scores(rereadings: Sequence[NetworkOutput], outcome: int) -> Float[np.ndarray, "reading visit"]:
    """The score of each visit in each repetition.

    Args:
        rereadings: outputs for perturbed films of the same visits, in one order.
        outcome: number of the outcome that the score is of.

    Returns:
        On the outcome's latent scale; higher is worse.
    """
    return np.stack([r.contributions[..., outcome].sum(1) for r in rereadings])


def reading_error(score: Float[np.ndarray, "visit"], again: Float[np.ndarray, "reading visit"]) -> tuple[float, float]:
    """SD of one reading, and half the width of a 95 % interval around the score for another reading.

    The score is itself a reading with an error: another one scatters around it with sqrt(2) times the SD of one, and an
    interval of the SD around re-readings' mean held 84 %, not 95 %. The half width comes from the mean square of
    re-reading minus score, pooled over visits. Re-readings of one visit share its score: the squares of their differences
    correlate by 1/4, so that m of them count as 4 m / (m + 3) degrees of freedom. The SD of one reading is that of
    re-readings around their mean (Bland & Altman, BMJ 1996;313:744, within-subject SD).

    Args:
        score: of each visit from its films as they are.
        again: of the same visits from perturbed films, at least two.

    Returns:
        Both in the score's unit, pooled over the visits.
    """
    readings, visits = again.shape
    error = float(np.sqrt(again.var(0, ddof=1).mean()))
    difference = float(np.sqrt(np.square(again - score).mean()))
    freedom = visits * 4 * readings / (readings + 3)
    return error, float(t_distribution.ppf(0.975, freedom)) * difference
