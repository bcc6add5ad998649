"""Predictions at each hospital: those of the run, and those of regressions fitted at the other hospitals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.errors import DataRefused
from outcomenet.ladder.facts import LadderFacts
from outcomenet.ladder.ladder import Ladder
from outcomenet.outcomes import OutcomeSpec
from outcomenet.predictors import REFITTED, SIMULATION_ONLY

COLUMNS = ["patient_id", "visit_id", "site", "predictor", "learned_at", "prediction", "target"]


def predictions_by_site(
    facts: LadderFacts, predictions: pd.DataFrame, spec: OutcomeSpec, *, refit: bool
) -> pd.DataFrame:
    """Held-out predictions of one bounded outcome, one row per visit, predictor and kind of training.

    Args:
        facts: visits and covariates that regressions are fitted to.
        predictions: the run's prediction table.
        spec: the outcome.
        refit: whether regressions are fitted again without each hospital (not where the run cross-fits by patient).

    Returns:
        patient_id, visit_id, site, predictor, learned_at (`all sites`: those of the run; `other sites`: fitted again on
        training patients of the other hospitals), prediction, target. Refitted ones are absent at a hospital where the
        others have too few training patients.
    """
    of_run = predictions[(predictions["split"] == "test") & (predictions["outcome"] == spec.name)]
    frames = [of_run[~of_run["predictor"].isin(SIMULATION_ONLY)].assign(learned_at="all sites")]
    sites = sorted(facts.visits["site"].dropna().unique())
    for site in sites if refit and len(sites) > 1 else ():
        frames.append(_without_site(facts, spec, str(site)).assign(learned_at="other sites"))
    return pd.concat([frame[COLUMNS] for frame in frames], ignore_index=True)


def _without_site(facts: LadderFacts, spec: OutcomeSpec, site: str) -> pd.DataFrame:
    """Held-out visits of one hospital, predicted by regressions that knew the other hospitals only."""
    visits, there = facts.visits, facts.visits["site"] == site
    fit = (visits["split"] == "train") & ~there
    # no intervals are made here, so that no row calibrates them
    nobody = np.zeros(len(visits), bool)
    ladder = Ladder(LadderFacts(visits, facts.covariates, {}, None), spec, fit.to_numpy(bool), nobody)
    held_out = (there & (visits["split"] == "test")).to_numpy(bool)
    known = visits.loc[held_out, ["patient_id", "visit_id", "site"]].assign(target=ladder.target[held_out])
    rungs, frames = ladder.rungs(), []
    for name in REFITTED:
        try:
            frames.append(known.assign(predictor=name, prediction=rungs[name]()[held_out]))
        except DataRefused:  # too few training patients at the other hospitals, or no human score
            continue
    return pd.concat(frames) if frames else known.assign(predictor="", prediction=np.nan).head(0)
