"""What an embedding still knows: how well simple regressions read a confounder out of it, against permuted patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from outcomenet.arrays import Float
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import weighted_auroc
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval

COMPONENTS = 12
FOLDS = 5
PERMUTATIONS = 40
RESAMPLES = 500
GIVEN = ("age", "male", "site")
TARGETS = {"fm": "fibromyalgia", "oa": "osteoarthritis", "site": "the hospital", "male": "sex"}


@dataclass(frozen=True)
class ProbeResult:
    """AUROC of the probe (0.5: the embedding does not know), its interval, and the interval of permuted patients."""

    auroc: float
    lower: float
    upper: float
    null_lower: float
    null_upper: float
    n: int
    events: int


def probe(
    embedding: Float[np.ndarray, "row feature"],
    target: pd.Series,
    patients: pd.Series,
    *,
    given: pd.DataFrame | None = None,
    seed: int = 0,
) -> ProbeResult:
    """Cross-fitted by patient: standardise, at most 12 principal components, ridge logistic regression.

    `target` may have two or more values; with more, the AUROC is the mean over one value against the others. `given`
    takes covariates out of the embedding first, by linear regression within the training folds. Fewer than 10 patients
    with (or without) a value raise UndefinedMetric.
    """
    values = target.astype(str)
    kinds = sorted(values.unique())
    per_kind = [patients[values == kind].nunique() for kind in kinds]
    if len(kinds) < 2 or min(per_kind) < 10:
        raise UndefinedMetric(
            f"A probe needs at least 10 patients of each kind; there are {dict(zip(kinds, per_kind, strict=True))}."
        )
    weights = bootstrap_weights(patients, RESAMPLES, seed)
    curve = _auroc(embedding, values, kinds, patients, given, weights)
    lower, upper = percentile_interval(curve[1:])
    rng = np.random.default_rng(seed)
    ones = np.ones((1, len(values)))
    null = [
        _auroc(embedding, _permuted(values, patients, rng), kinds, patients, given, ones)[0]
        for _ in range(PERMUTATIONS)
    ]
    low, high = np.quantile(null, [0.025, 0.975])
    events = int((values == kinds[-1]).sum()) if len(kinds) == 2 else len(values)
    return ProbeResult(float(curve[0]), lower, upper, float(low), float(high), len(values), events)


def _auroc(embedding, values, kinds, patients, given, weights) -> np.ndarray:  # noqa: ANN001
    said = np.zeros((len(values), len(kinds)))
    for train, test in GroupKFold(FOLDS).split(embedding, groups=patients):
        x_train, x_test = embedding[train], embedding[test]
        if given is not None:
            line = Ridge(alpha=1.0).fit(given.iloc[train], x_train)
            x_train, x_test = x_train - line.predict(given.iloc[train]), x_test - line.predict(given.iloc[test])
        components = min(COMPONENTS, embedding.shape[1], len(train) - 1)
        model = make_pipeline(
            StandardScaler(), PCA(components, random_state=0), LogisticRegression(C=0.1, max_iter=500)
        )
        model.fit(x_train, values.iloc[train])
        known = list(model[-1].classes_)
        # ranks within a fold: folds have intercepts of their own, and pooling those pulls chance below 0.5
        ranks = rankdata(model.predict_proba(x_test), axis=0) / len(test)
        said[np.ix_(test, [kinds.index(kind) for kind in known])] = ranks
    pairs = kinds[1:] if len(kinds) == 2 else kinds
    curves = [weighted_auroc((values == kind).to_numpy(float), said[:, kinds.index(kind)], weights) for kind in pairs]
    return np.mean(curves, axis=0)


def _permuted(values: pd.Series, patients: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Values handed to other patients, all visits of a patient together."""
    names = patients.unique()
    first = pd.Series(values.to_numpy(), index=patients.to_numpy()).groupby(level=0).first()
    shuffled = pd.Series(first.loc[names].to_numpy()[rng.permutation(len(names))], index=names)
    return pd.Series(shuffled.loc[patients.to_numpy()].to_numpy(), index=values.index)


def audit_embedding(table: pd.DataFrame, embedding: Float[np.ndarray, "row feature"], seed: int = 0) -> pd.DataFrame:
    """audit_probes.csv: every target of `TARGETS` that the table has, alone and given age, sex and site.

    Columns target, given, auroc, lower, upper, null_lower, null_upper, n, events, reading (the verdict in words).
    """
    rows = []
    for target in TARGETS:
        if target not in table:
            continue
        known = table[target].notna().to_numpy()
        others = [name for name in GIVEN if name != target and name in table]
        for given in ([], others):
            known_given = known & table[given].notna().all(axis=1).to_numpy() if given else known
            part = table[known_given]
            covariates = pd.get_dummies(part[given], dtype=float) if given else None
            label = ", ".join("sex" if name == "male" else name for name in given) or "nothing"
            try:
                result = probe(embedding[known_given], part[target], part["patient_id"], given=covariates, seed=seed)
            except UndefinedMetric as reason:
                rows.append({"target": target, "given": label, "reading": f"Not computed: {reason}"})
                continue
            rows.append(
                {"target": target, "given": label, **result.__dict__, "reading": _reading(target, label, result)}
            )
    columns = ["target", "given", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "events", "reading"]
    return pd.DataFrame(rows, columns=columns)


def _reading(target: str, given: str, result: ProbeResult) -> str:
    name = TARGETS[target]
    beyond = "" if given == "nothing" else f" beyond what {given} tell"
    if result.auroc > result.null_upper:
        return f"The embedding holds information about {name}{beyond} (AUROC {result.auroc:.2f}, above chance)."
    return f"No information about {name}{beyond} was found in the embedding (AUROC {result.auroc:.2f}, as by chance)."
