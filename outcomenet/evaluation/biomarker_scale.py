"""Scales of a run's score: SDs of the patients that its network learned from, and HAQ units by their regression.

Both come from training patients alone, so that no patient who is analysed takes part in the scale that he is measured on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float

LINKS = "biomarker_links.csv"
HAQ_UNITS = ("score_haq", "score_haq_sem")
FEWEST_VISITS = 3  # a line through two points has no error to speak of


def score_scale(table: pd.DataFrame, haq: Float[np.ndarray, "visit"], run: str) -> pd.DataFrame:
    """biomarker_links.csv of one run: how its score is laid on SDs and on HAQ units.

    `haq_intercept` and `haq_slope` are the least-squares line of HAQ-DI on the score over the training visits that have both
    (linear equating by regression; Kolen & Brennan, Test Equating, 2014, distinguish it from equating: the line says which HAQ
    a score goes with on average, and has less spread than HAQ itself). The network saw these patients, so that their scores lie
    nearer to their HAQ than others' do: `haq_slope_validation` is the same slope in validation patients, whom it did not learn
    from. One much flatter says that differences of score_haq are too large.

    Args:
        table: the biomarker table of the run, a row per visit with `patient_id`, `split`, `fold`, `score`.
        haq: HAQ-DI of these visits; of pairs of visits its yearly change. NaN where it is not known.
        run: the run's name.

    Returns:
        One row: fold, run, visits and patients that the network learned from, `mean` and `sd` of their scores, and the line with
        its visits, `haq_r2` and `haq_slope_validation`; NaN where it cannot be computed.

    >>> rows = pd.DataFrame({"patient_id": list("ABCD"), "split": "train", "fold": 0, "score": [0.0, 1.0, 2.0, 3.0]})
    >>> scale = score_scale(rows, np.array([0.5, 1.0, 1.5, 2.0]), "one").iloc[0]
    >>> [round(float(scale[name]), 3) for name in ("mean", "haq_intercept", "haq_slope")]
    [1.5, 0.5, 0.5]
    """
    learned_from = (table["split"] == "train").to_numpy()
    score = table["score"].to_numpy(float)
    intercept, slope, r2, visits = _line(score, haq, learned_from)
    own = score[learned_from]
    row = {
        "fold": table["fold"].iloc[0] if len(table) else 0,
        "run": run,
        "visits": int(learned_from.sum()),
        "patients": table.loc[learned_from, "patient_id"].nunique(),
        "mean": own.mean() if len(own) else np.nan,
        "sd": own.std(ddof=1) if len(own) > 1 else np.nan,
        "haq_visits": visits,
        "haq_intercept": intercept,
        "haq_slope": slope,
        "haq_r2": r2,
        "haq_slope_validation": _line(score, haq, (table["split"] == "validation").to_numpy())[1],
    }
    return pd.DataFrame([row])


def on_scales(table: pd.DataFrame, scale: pd.DataFrame) -> pd.DataFrame:
    """The biomarker table with `score_z` (SDs of training visits), `score_haq` and `score_haq_sem` (HAQ units) behind the score.

    Args:
        table: the biomarker table of one run.
        scale: its row of `score_scale`; what has no scale is missing.
    """
    link = scale.iloc[0]
    sd = link["sd"] if link["sd"] > 0 else np.nan
    added = {
        "score_z": (table["score"] - link["mean"]) / sd,
        "score_haq": link["haq_intercept"] + link["haq_slope"] * table["score"],
        "score_haq_sem": abs(link["haq_slope"]) * table["score_sem"],
    }
    at = list(table.columns).index("score") + 1
    before, behind = table.iloc[:, :at], table.iloc[:, at:]
    return pd.concat([before, pd.DataFrame(added, index=table.index), behind], axis=1)


def _line(
    score: Float[np.ndarray, "visit"], haq: Float[np.ndarray, "visit"], of: np.ndarray
) -> tuple[float, float, float, int]:
    """(intercept, slope, R2, visits) of HAQ on the score over the chosen visits that have both."""
    both = of & np.isfinite(score) & np.isfinite(haq)
    x, y = score[both], haq[both]
    if len(x) < FEWEST_VISITS or np.ptp(x) == 0:
        return np.nan, np.nan, np.nan, len(x)
    slope = float(np.cov(x, y)[0, 1] / x.var(ddof=1))
    r2 = float(np.corrcoef(x, y)[0, 1] ** 2) if np.ptp(y) > 0 else np.nan
    return float(y.mean() - slope * x.mean()), slope, r2, len(x)
