"""Hospital read from the score, as it is and given what patients of different hospitals truly differ by.

A score may tell the hospital for two reasons. Patients differ between hospitals (case mix): then an honest score differs, too.
Or the score is off by another amount at each hospital (differential error of measurement): its films, not its patients.
Only the second is a fault. What is left of the score given the true state of the joints is error of measurement alone, so
that a hospital that can still be told is told by its films. A real cohort has no such truth; there both reasons remain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomenet.audits.contract import AuditInputs, AuditResult, ResamplingAndPermutation
from outcomenet.audits.cross_fitting import Form
from outcomenet.audits.findings import Finding, absent, finding
from outcomenet.audits.probes import each_classifier, probe
from outcomenet.errors import UndefinedMetric

SITE = "site"
SCORE = "score"
# columns of the biomarker's table that are probed, with their names in a sentence
SCORES = {SCORE: "the score", "damage_score": "its part from damage", "activity_score": "its part from activity"}
CASE_MIX = ("age", "male")
TRUTH = "true joints"
# States of truth/joints.csv that a score may read: damage, activity, osteoarthritis. Each is given for itself, since a score weighs
# them differently: given their sum alone, 240 visits of a score of erosion alone told the hospital with AUROC .74 by case mix.
TRUE_STATES = (
    "erosion", "narrowing", "subluxation", "ankylosis", "prosthesis",
    "swelling", "osteopenia", "micro_erosion",
    "osteophyte", "oa_narrowing", "sclerosis",
)  # fmt: skip
COLUMNS = [
    "source", "given", "classifier", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "patients", "reading",
]  # fmt: skip


def audit(inputs: AuditInputs) -> AuditResult:
    """How well the hospital is told from the score: audit_score_site.csv."""
    truth = inputs.trained.true_joints() if inputs.simulated else None
    table = audit_scores(inputs.trained.held_out(), truth, **inputs.null)
    return AuditResult([score_site_finding(table, inputs.sizes.largest_site_auroc)], {"audit_score_site.csv": table})


def audit_scores(
    table: pd.DataFrame, truth: pd.DataFrame | None, *, resamples: int, permutations: int, seed: int
) -> pd.DataFrame:
    """audit_score_site.csv: the hospital predicted from the score and its parts, by both classifiers.

    Args:
        table: patient_id, visit_id, site, age, male and the scores of held-out visits; parts of the score may be missing.
        truth: truth/joints.csv of a simulated cohort; None of a real one.
        resamples: bootstrap resamples of patients.
        permutations: how often hospitals are handed to other patients.
        seed: of resamples and permutations.

    Returns:
        source, given, classifier, auroc, lower, upper, null_lower, null_upper, n, patients, reading. Several hospitals have the
        mean AUROC of one against the others. Rows given "age, sex, true joints" hold what is told by error of measurement.

    Raises:
        UndefinedMetric: the visits' hospitals are not known.
    """
    if SITE not in table or table[SITE].isna().all():
        raise UndefinedMetric("The cohort does not record the hospital.")
    table = table[table[SITE].notna()]
    chance: ResamplingAndPermutation = {"resamples": resamples, "permutations": permutations, "seed": seed}
    covariates = table[[name for name in CASE_MIX if name in table]]
    sets: list[tuple[str, pd.DataFrame | None]] = [("nothing", None), ("age, sex", covariates)]
    if truth is not None:
        states = true_states(table, truth)
        sets.append((f"age, sex, {TRUTH}", pd.concat([covariates, states], axis=1)))
    return pd.DataFrame(
        [
            _row(table, source, label, given, form, chance)
            for source in SCORES
            if source in table and table[source].notna().any()
            for label, given in sets
            for form in Form
        ],
        columns=COLUMNS,
    )


def true_states(visits: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """True states of each visit: each share summed over the joints, and its root.

    A score built of joint states sums roots and shares (early and late lesions), so that these explain one without error.

    Args:
        visits: patient_id, visit_id; its index is that of the result.
        truth: truth/joints.csv.

    Returns:
        Columns erosion, erosion_root, narrowing, ... of each visit; NaN where the truth does not have it.
    """
    keys = ["patient_id", "visit_id"]
    shares = truth[list(TRUE_STATES)].clip(lower=0)
    joints = pd.concat([truth[keys], shares, shares.pow(0.5).add_suffix("_root")], axis=1)
    sums = joints.groupby(keys, as_index=False).sum()
    return visits[keys].merge(sums, on=keys, how="left").drop(columns=keys).set_axis(visits.index)


def _row(
    table: pd.DataFrame,
    source: str,
    label: str,
    given: pd.DataFrame | None,
    form: Form,
    chance: ResamplingAndPermutation,
) -> dict[str, object]:
    known = table[source].notna()
    part = table[known]
    row = {"source": source, "given": label, "classifier": str(form)}
    covariates = None if given is None else given[known].astype(float)
    try:
        result = probe(
            part[[source]].to_numpy(float), part[SITE], part["patient_id"], given=covariates, form=form, **chance
        )
    except UndefinedMetric as reason:
        return {**row, "reading": f"Not computed: {reason}"}
    numbers = {name: value for name, value in vars(result).items() if name != "events"}
    reading = _reading(SCORES[source], label, result.auroc, result.null_upper)
    return {**row, **numbers, "patients": part["patient_id"].nunique(), "reading": reading}


def _reading(source: str, given: str, auroc: float, null_upper: float) -> str:
    told = auroc > null_upper
    if TRUTH in given:
        if told:
            return f"Joints of one true state have another value of {source} at another hospital: its films change it."
        return f"Among joints of one true state {source} does not tell the hospital: no error that differs by hospital was found."
    if not told:
        return f"{source.capitalize()} does not tell the hospital, beyond chance."
    beyond = "" if given == "nothing" else f" beyond {given}"
    return f"{source.capitalize()} tells the hospital{beyond}: its patients differ (case mix), or its films change it."


def score_site_finding(table: pd.DataFrame, largest: float) -> Finding:
    """An alarm where a classifier tells the hospital from the score above `largest` and above chance, given the most that is known.

    Args:
        table: what `audit_scores` gives.
        largest: AUROC that is borne.
    """
    rows = table[table["source"] == SCORE]
    if rows.empty or rows["auroc"].isna().all():
        reasons = rows["reading"] if len(rows) else ["the run has no score."]
        return absent("score_site", list(reasons)[0].removeprefix("Not computed: "))
    labels: Sequence[str] = list(dict.fromkeys(rows["given"]))
    judged, raw = rows[rows["given"] == labels[-1]], rows[rows["given"] == labels[0]]
    worst = judged.iloc[int(np.argmax(judged["auroc"]))]
    alarm = bool(((judged["auroc"] > largest) & (judged["auroc"] > judged["null_upper"])).any())
    given = f"given {labels[-1]} {each_classifier(judged)} (95 % interval {worst['lower']:.2f} to {worst['upper']:.2f})"
    unsure = "" if TRUTH in labels[-1] else " Case mix is part of this: the true state of the joints is not known."
    return finding(
        "score_site", alarm,
        f"{'It does' if alarm else 'It does not, or hardly'}: AUROC as it is {each_classifier(raw)}; {given}. Chance reaches "
        f"{worst['null_upper']:.2f} on {int(worst['n'])} visits; {largest:.2f} is borne.{unsure}",
    )  # fmt: skip
