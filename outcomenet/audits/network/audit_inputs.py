"""What audits need that only films or the ladder can give: rims of crops, predictions at hospitals left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from outcomenet.audits.borders import border_features
from outcomenet.audits.network.interventional import scanner_facts
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import SPLITS, Dataset, visit_key
from outcomenet.datasets.manifest import TRUTH
from outcomenet.errors import DataRefused
from outcomenet.input_pipeline.transforms import CovariateScale, Standardise
from outcomenet.ladder.facts import LadderFacts
from outcomenet.ladder.ladder import Ladder
from outcomenet.outcomes import OutcomeSpec
from outcomenet.predictors import REFITTED, SIMULATION_ONLY
from outcomenet.progress import Progress
from outcomenet.simulation.rebuild import laboratory_of_truth

Key = tuple[str, str]


def read_borders(
    dataset: Dataset, scale: CovariateScale, most: int, keep: Collection[Key], progress: Progress
) -> tuple[list[Key], np.ndarray, dict[Key, Mapping[str, Any]]]:
    """(keys, rims [row, feature], the held-out examples in `keep`): all held-out visits first, others up to `most`.

    Rims are as a network sees them: standardised per film.
    """
    standardise = Standardise(scale)
    sources = [dataset.examples(split) for split in reversed(SPLITS)]
    progress.start("visits", min(most, sum(map(len, sources))), "read the borders of crops")
    keys: list[Key] = []
    rims: list[np.ndarray] = []
    kept: dict[Key, Mapping[str, Any]] = {}
    for number, source in enumerate(sources):
        for index in range(len(source)):
            if number > 0 and len(keys) >= most:
                break
            example = source[index]
            key = visit_key(example)
            if number == 0 and key in keep:
                kept[key] = example
            keys.append(key)
            rims.append(border_features(standardise.map(example)["crops"], example["present"].astype(bool)))
            progress.advance()
    progress.finish()
    return keys, np.stack(rims), kept


def predictions_by_site(facts: LadderFacts, predictions: pd.DataFrame, spec: OutcomeSpec, refit: bool) -> pd.DataFrame:
    """Held-out predictions of one outcome as `audits.sites` takes them: those of the run (`all sites`), and those of
    regressions fitted again on training patients of the other hospitals (`other sites`)."""
    own = predictions[(predictions["split"] == "test") & (predictions["outcome"] == spec.name)]
    frames = [own[~own["predictor"].isin(SIMULATION_ONLY)].assign(learned_at="all sites")]
    sites = sorted(facts.visits["site"].dropna().unique())
    for site in sites if refit and len(sites) > 1 else ():
        frames.append(_without_site(facts, spec, str(site)).assign(learned_at="other sites"))
    columns = ["patient_id", "visit_id", "site", "predictor", "learned_at", "prediction", "target"]
    return pd.concat([frame[columns] for frame in frames], ignore_index=True)


def _without_site(facts: LadderFacts, spec: OutcomeSpec, site: str) -> pd.DataFrame:
    """Held-out visits of one hospital, predicted by regressions that knew the other hospitals only."""
    visits, there = facts.visits, facts.visits["site"] == site
    fit = (visits["split"] == "train") & ~there
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


def held_out_table(dataset: Dataset, visits: pd.DataFrame, biomarker: pd.DataFrame) -> pd.DataFrame:
    """Held-out visits with columns of the visit table, the biomarker and, where simulated, the truth and scanners."""
    keys = ["patient_id", "visit_id"]
    mine = biomarker[biomarker["split"] == "test"].drop(columns="split")
    table = visits.drop(columns="split").merge(mine, on=keys, validate="one_to_one")
    truth = dataset.folder / TRUTH
    if (truth / "visits.csv").is_file():
        known = read_csv(truth / "visits.csv", dtype=dict.fromkeys(keys, str))
        table = table.merge(known, on=keys, how="left", validate="one_to_one")
        try:
            facts = scanner_facts(laboratory_of_truth(truth, (0,)))
        except DataRefused:  # of an older simulator: the audit of interventions says so
            return table
        table = table.drop(columns="device", errors="ignore").merge(facts, on="site", how="left")
    return table


def embedding_of(table: pd.DataFrame) -> np.ndarray:
    """The columns z000, z001, ... of the biomarker table."""
    return table[[name for name in table if name[:1] == "z" and name[1:].isdigit()]].to_numpy(float)


def first_visits_first(visits: pd.DataFrame, most: int) -> list[Key]:
    """Up to `most` visits, first visits of patients before second ones."""
    ordered = visits.sort_values(["patient_id", "date"])
    place = ordered.groupby("patient_id").cumcount()
    chosen = ordered.loc[place.sort_values(kind="stable").index].head(most)
    return list(zip(chosen["patient_id"], chosen["visit_id"], strict=True))
