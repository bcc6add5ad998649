"""Probes: cross-fitted regressions, linear and not, that predict a fact from an embedding, against permuted patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from outcomenet.arrays import Float
from outcomenet.audits.contract import AuditInputs, AuditResult, ResamplingAndPermutation, embedding_of
from outcomenet.audits.cross_fitting import CrossFit, Form, permuted_patients
from outcomenet.audits.findings import Finding, absent, finding
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import weighted_auroc
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval
from outcomenet.outcomes import OUTCOMES

FEWEST_PATIENTS = 10
GIVEN = ("age", "male", "site")
# Facts that are read off the embedding; `age` as being older than the median.
TARGETS = {
    "fm": "fibromyalgia", "oa": "osteoarthritis", "site": "the hospital", "device": "the X-ray device",
    "marker": "whether films bear a marker", "side": "the side of the limb", "male": "sex", "age": "age above the median",
}  # fmt: skip
# Why a fact cannot be read where the table does not hold it.
NOT_THERE = {
    "side": "the embedding is the mean over all joints of a visit, both sides together.",
    "marker": "whether a film bears a marker is known in simulated cohorts only.",
    "device": "the data set does not say on which device films were taken.",
}
COLUMNS = [
    "target", "given", "classifier", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "events", "reading",
]  # fmt: skip


# findings: what is predicted, given what; the other rows describe
JUDGED = (("fm", "age, sex, site"), ("site", "nothing"))


def audit(inputs: AuditInputs) -> AuditResult:
    """What regressions predict from the embedding: audit_probes.csv."""
    held_out = inputs.trained.held_out()
    table = audit_embedding(held_out, embedding_of(held_out), outcome=inputs.outcome.name, **inputs.null)
    return AuditResult([_finding(table, *judged) for judged in JUDGED], {"audit_probes.csv": table})


def _finding(table: pd.DataFrame, target: str, given: str) -> Finding:
    """An alarm where either classifier's AUROC is above what permuted patients reach."""
    rows = table[(table["target"] == target) & (table["given"] == given)]
    if rows.empty:
        return absent(f"probe_{target}", "The cohort does not record it.")
    if rows["auroc"].isna().any():
        return absent(f"probe_{target}", rows["reading"].iloc[0].removeprefix("Not computed: "))
    above = rows["auroc"] > rows["null_upper"]
    # what is said is said of the classifier that reads most beyond chance
    row = rows.iloc[int(np.argmax(rows["auroc"] - rows["null_upper"]))]
    chance = f"Chance reaches {row['null_upper']:.2f} on {int(row['n'])} visits"
    return finding(f"probe_{target}", bool(above.any()), f"{row['reading']} {chance}; {each_classifier(rows)}.")


def each_classifier(rows: pd.DataFrame) -> str:
    """What each classifier reached: `linear 0.86, non-linear 0.90`.

    Args:
        rows: classifier and auroc of one question.
    """
    return ", ".join(f"{form} {auroc:.2f}" for form, auroc in zip(rows["classifier"], rows["auroc"], strict=True))


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
    form: Form = Form.LINEAR,
    resamples: int,
    permutations: int,
    seed: int,
) -> ProbeResult:
    """Ridge regression of each value's indicator on the embedding, cross-fitted by patient (see `CrossFit`).

    `target` may have two or more values; with more, the AUROC is the mean over one value against the others. `given`
    takes covariates out of the embedding first. Fewer than 10 patients with (or without) a value raise
    UndefinedMetric.

    Args:
        embedding: features of each row; a missing one counts as the mean.
        target: the fact, of two or more values; no gaps.
        patients: patient of each row; a patient's rows are kept together.
        given: covariates that are taken out of the embedding first.
        form: of the regression.
        resamples: bootstrap resamples of patients.
        permutations: how often targets are handed to other patients.
        seed: of resamples and permutations.

    Raises:
        UndefinedMetric: fewer than 10 patients with, or without, a value.
    """
    values = target.astype(str).to_numpy()
    kinds = sorted(set(values))
    per_kind = [patients[values == kind].nunique() for kind in kinds]
    if len(kinds) < 2 or min(per_kind) < FEWEST_PATIENTS:
        raise UndefinedMetric(
            f"A probe needs at least {FEWEST_PATIENTS} patients of each kind; there are "
            f"{dict(zip(kinds, per_kind, strict=True))}."
        )
    # of two kinds the second says all that there is to say
    is_kind = np.stack([values == kind for kind in (kinds[1:] if len(kinds) == 2 else kinds)], axis=1).astype(float)
    regression = CrossFit(embedding, patients, given=given, form=form)
    ranks = regression.ranks_within_folds(regression.predict(is_kind))
    weights = bootstrap_weights(patients, resamples, seed)
    # each kind against all others, the rare ones counting as much as the frequent
    curve = np.mean([weighted_auroc(is_kind[:, k], ranks[:, k], weights) for k in range(ranks.shape[1])], axis=0)
    lower, upper = percentile_interval(curve[1:])
    low, high = np.quantile(_null(regression, is_kind, patients, permutations, seed), [0.025, 0.975])
    events = int(is_kind.sum())
    return ProbeResult(float(curve[0]), lower, upper, float(low), float(high), len(values), events)


def _null(
    regression: CrossFit, is_kind: np.ndarray, patients: pd.Series, permutations: int, seed: int
) -> Float[np.ndarray, "permutation"]:
    """AUROCs of targets handed to other patients: rank sums of all permutations at once."""
    rows = permuted_patients(patients, permutations, seed)
    curves = []
    for kind in is_kind.T:
        shuffled = kind[rows].T
        ranks = rankdata(regression.ranks_within_folds(regression.predict(shuffled)), axis=0)
        events = shuffled.sum(0)
        # Mann-Whitney: pairs in which the row with the fact was ranked higher
        above = (ranks * shuffled).sum(0) - events * (events + 1) / 2
        curves.append(above / (events * (len(kind) - events)))
    return np.mean(curves, axis=0)


def audit_embedding(
    table: pd.DataFrame,
    embedding: Float[np.ndarray, "row feature"],
    *,
    outcome: str | None = None,
    resamples: int,
    permutations: int,
    seed: int,
) -> pd.DataFrame:
    """audit_probes.csv: every target of `TARGETS`, alone, given age, sex and site, and given `outcome` besides.

    Given the outcome, its causes go together without any shortcut (it is a collider): with HAQ alike, who has less
    damage has fibromyalgia more often. Rows given the outcome are to be read so, and no alarm is made of them.

    A linear classifier finds what moves the embedding one way; the non-linear one beside it also what makes it extreme, or what
    only two features together tell. Rows given the outcome, which accuse nobody, are of the linear one alone.

    Columns target, given, classifier, auroc, lower, upper, null_lower, null_upper, n, events, reading (the verdict in words). A
    target that the table has no column of has one row with the reason.

    Args:
        table: patient_id and the facts of held-out visits, NaN where unknown.
        embedding: of the same rows.
        outcome: column that is given besides; None for none.
        resamples: bootstrap resamples of patients.
        permutations: how often targets are handed to other patients.
        seed: of resamples and permutations.
    """
    chance: ResamplingAndPermutation = {"resamples": resamples, "permutations": permutations, "seed": seed}
    rows = []
    for target in TARGETS:
        if target not in table or table[target].isna().all():
            if target in NOT_THERE:
                reason = f"Not computed: {NOT_THERE[target]}"
                rows.append({"target": target, "given": "", "classifier": "", "reading": reason})
            continue
        # hospital and device stand for each other
        others = [name for name in GIVEN if name != target and name in table and (target, name) not in _SAME]
        with_outcome = [(*others, outcome)] if outcome is not None and outcome in table else []
        for given in dict.fromkeys([(), tuple(others), *with_outcome]):
            for form in [Form.LINEAR] if given in with_outcome else Form:
                rows.append(_row(table, embedding, target, list(given), form, chance))
    return pd.DataFrame(rows, columns=COLUMNS)


_SAME = {("device", "site"), ("marker", "site")}
_NAMES = {"male": "sex", "haq": "HAQ-DI"}


def _row(
    table: pd.DataFrame,
    embedding: np.ndarray,
    target: str,
    given: list[str],
    form: Form,
    chance: ResamplingAndPermutation,
) -> dict[str, object]:
    known = table[[target, *given]].notna().all(axis=1).to_numpy()
    part = table[known]
    covariates = pd.get_dummies(part[given], dtype=float) if given else None
    if covariates is not None and "age" in given and form is Form.CURVED:  # what is curved in age is told by age, too
        covariates = covariates.assign(age_squared=(part["age"] - part["age"].mean()) ** 2)
    label = ", ".join(_NAMES.get(name, name) for name in given) or "nothing"
    values = part[target] > part[target].median() if target == "age" else part[target]
    try:
        result = probe(embedding[known], values, part["patient_id"], given=covariates, form=form, **chance)
    except UndefinedMetric as reason:
        return {"target": target, "given": label, "classifier": str(form), "reading": f"Not computed: {reason}"}
    return {
        "target": target,
        "given": label,
        "classifier": str(form),
        **result.__dict__,
        "reading": _reading(target, label, result, not OUTCOMES.keys().isdisjoint(given)),
    }


def _reading(target: str, given: str, result: ProbeResult, given_outcome: bool) -> str:
    name = TARGETS[target]
    beyond = "" if given == "nothing" else f" beyond what {given} tell"
    if result.auroc > result.null_upper:
        collider = " Causes of one outcome go together given it, without any shortcut." if given_outcome else ""
        return (
            f"The embedding holds information about {name}{beyond} (AUROC {result.auroc:.2f}, above chance).{collider}"
        )
    return f"No information about {name}{beyond} was found in the embedding (AUROC {result.auroc:.2f}, as by chance)."
