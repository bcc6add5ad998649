"""Words of the columns of a run's tables of results, which are the same in every run."""

from __future__ import annotations

from collections.abc import Iterable

from outcomenet.codebooks import ColumnWords

_OWN_UNIT = "of the metric"
# Columns that mean the same wherever they stand.
_COMMON = {
    "run": ColumnWords("Name of the run"),
    "split": ColumnWords("train, validation or test; rows of test were held out"),
    "site": ColumnWords("Hospital"),
    "patient_id": ColumnWords("Patient as in the data set's tables"),
    "visit_id": ColumnWords("Visit as in the data set's tables"),
    "predictor": ColumnWords("Rung of the ladder of predictors"),
    "reference": ColumnWords("Predictor that it is compared with"),
    "outcome": ColumnWords("Name of the outcome"),
    "horizon": ColumnWords("Days after the visit to which the prediction refers; 0: the visit itself", "days"),
    "metric": ColumnWords("Name of the metric"),
    "subgroup": ColumnWords("Patients that it is computed on; all: everybody held out"),
    "value": ColumnWords("The number", _OWN_UNIT),
    "lower": ColumnWords("Lower bound of the 95 % interval (patients drawn anew); empty: none", _OWN_UNIT),
    "upper": ColumnWords("Upper bound of the 95 % interval (patients drawn anew); empty: none", _OWN_UNIT),
    "n": ColumnWords("Rows that it is computed on: visits, or what `unit` and `measure` say", "number"),
    "patients": ColumnWords("Patients that these rows come from", "patients"),
    "events": ColumnWords("Rows with the event", "number"),
    "fold": ColumnWords("Part that held the patient out; 0 where there is one split"),
    "seed": ColumnWords("Seed of the run"),
    "may_be_used": ColumnWords("Whether nothing was fitted to this patient; False: in-sample, not for analyses"),
    "target": ColumnWords("Outcome as observed; of an event 1 or 0 at the horizon; empty: not known", "of the outcome"),
    "reason": ColumnWords("Why, in words"),
    "note": ColumnWords("How it was computed, or why it was not"),
    "unit": ColumnWords("What is counted"),
    "step": ColumnWords("Step of the intake"),
    "adjusted_for": ColumnWords("Covariates that both sides were adjusted for"),
    "measure": ColumnWords("Measure that the statistic is of"),
    "statistic": ColumnWords("Name of the statistic"),
    "against": ColumnWords("What the measure is compared with; empty: nothing"),
    "null_lower": ColumnWords("Lower bound of what chance gives (labels shuffled between patients)", _OWN_UNIT),
    "null_upper": ColumnWords("Upper bound of what chance gives (labels shuffled between patients)", _OWN_UNIT),
    "given": ColumnWords("What the classifier was told besides"),
    "classifier": ColumnWords("linear or non-linear"),
    "auroc": ColumnWords("Area under the receiver operating characteristic", "0.5 = chance, 1 = perfect"),
    "r2": ColumnWords("Share of variance that is explained in held-out patients", "share"),
    "reading": ColumnWords("The finding in words"),
    "source": ColumnWords("What was read: embedding, score, covariates or borders"),
    "resamples": ColumnWords("Draws of patients behind the interval", "number"),
    "difference": ColumnWords("Predictor minus reference on the same patients", _OWN_UNIT),
    "share_above_zero": ColumnWords("Share of the draws in which the difference is above 0", "share"),
    "reference_value": ColumnWords("The reference's own number", _OWN_UNIT),
    "lower_margin": ColumnWords("How far the lower bound would move with other seeds (Monte Carlo, 95 %)", _OWN_UNIT),
    "upper_margin": ColumnWords("How far the upper bound would move with other seeds (Monte Carlo, 95 %)", _OWN_UNIT),
    "primary": ColumnWords("Whether it is the primary contrast"),
    "no_limit": ColumnWords("Columns of this row that have no upper limit and are left empty"),
}
# Those that mean something else, or are alone, in one table.
_OF_TABLE = {
    "predictions": {
        "prediction": ColumnWords("Expected outcome, or probability of the event by the horizon", "of the outcome"),
        "lower": ColumnWords("Lower bound of the 90 % interval of the observed outcome (conformal)", "of the outcome"),
        "upper": ColumnWords("Upper bound of the 90 % interval of the observed outcome (conformal)", "of the outcome"),
        "observed": ColumnWords("Whether the outcome is known"),
        "interval_start": ColumnWords("Last film without the event, after the visit", "days"),
        "interval_end": ColumnWords("First film with the event, after the visit; infinite: never seen", "days"),
    },
    "recalibrated_risks": {
        "none": ColumnWords("Risk as the network says it", "probability"),
        "platt": ColumnWords("Risk recalibrated by a line on its logit (Platt)", "probability"),
        "isotonic": ColumnWords("Risk recalibrated by a rising step function", "probability"),
    },
    "recalibration": {"calibrator": ColumnWords("How the risk was recalibrated; none: as the network says it")},
    "agreement": {
        "scheme": ColumnWords("Score scheme"),
        "reading_mode": ColumnWords("single, paired or chronological"),
        "measure": ColumnWords("total, all sites, or one site"),
        "readers": ColumnWords("Who is compared, with ' - ' between two"),
        "n": ColumnWords("Visits; of kappas pairs of grades", "number"),
    },
    "flow": {
        "count": ColumnWords("How many came to this step", "of `unit`"),
        "excluded": ColumnWords("How many were left out at this step", "of `unit`"),
        "reason": ColumnWords("Why they were left out"),
    },
    "ledger": {
        "count": ColumnWords("How many", "of `unit`"),
        "unit": ColumnWords("What is counted; (kept): noted, and not left out"),
    },
    "biomarker_links": {
        "visits": ColumnWords("Visits that the fold's network learned from", "visits"),
        "patients": ColumnWords("Patients that the fold's network learned from", "patients"),
        "mean": ColumnWords("Mean of their scores", "logits"),
        "sd": ColumnWords("SD of their scores", "logits"),
        "factor": ColumnWords("Linked score = factor x score + shift", "none"),
        "shift": ColumnWords("Linked score = factor x score + shift", "logits"),
        "haq_visits": ColumnWords("Those of the visits with HAQ-DI, through which the line goes", "visits"),
        "haq_intercept": ColumnWords("score_haq = haq_intercept + haq_slope x the fold's own score", "HAQ units"),
        "haq_slope": ColumnWords("score_haq = haq_intercept + haq_slope x the fold's own score", "HAQ units per logit"),
        "haq_r2": ColumnWords("Share of the variance of HAQ-DI that the line explains in these visits", "share"),
        "sem_freedom": ColumnWords("Degrees of freedom of score_sem: visits read again x (readings - 1)", "number"),
        "haq_slope_validation": ColumnWords(
            "The slope in validation patients, whom the network did not learn from; much flatter: differences of score_haq are too large",
            "HAQ units per logit",
        ),
    },
    "audits": {
        "audit": ColumnWords("Name of the audit"),
        "question": ColumnWords("What it asks"),
        "judgement": ColumnWords("pass, alarm, or that it cannot tell"),
        "finding": ColumnWords("The answer with its numbers"),
    },
    "audit_bias": {
        "adjusted_for": ColumnWords("Confounders that the effect was adjusted for"),
        "effect": ColumnWords("Effect of the score on HAQ-DI at these covariates, in the unit of the true part", "HAQ units per logit"),
        "truth": ColumnWords("The same with the HAQ-DI that is expected without noise", "HAQ units per logit"),
        "bias": ColumnWords("Effect minus truth", "HAQ units per logit"),
        "relative_bias": ColumnWords("Bias over truth", "share"),
    },
    "audit_controls": {"control": ColumnWords("Negative control, which no film should predict")},
    "audit_deletion": {
        "order": ColumnWords("In which order joints were hidden"),
        "hidden": ColumnWords("How many joints were hidden", "joints"),
        "change_in_sd": ColumnWords("Mean absolute change of the score", "SD of the score"),
    },
    "audit_interventions": {
        "intervention": ColumnWords("What was changed in the same simulated patients"),
        "value": ColumnWords("To what it was set"),
        "shift": ColumnWords("Mean shift of the score", "SD of the score"),
        "share_of_damage_shift": ColumnWords("The shift over that of damage", "share"),
    },
    "audit_joint_truth": {
        "joint": ColumnWords("Kind of joint"),
        "spearman_damage": ColumnWords("Rank correlation of the joint's contribution with its true damage", "-1 to 1"),
        "spearman_osteophyte": ColumnWords("Rank correlation of the joint's contribution with its true osteophytes", "-1 to 1"),
    },
    "audit_pip": {
        "what": ColumnWords("Joints whose contributions were taken, or the visits whose mean score it is"),
        "value": ColumnWords("Squared correlation with HAQ-DI; of visits their mean score", "share, or SD of the score"),
    },
    "audit_probes": {"target": ColumnWords("What the classifier tries to tell from the embedding")},
    "audit_shuffled": {
        "shuffle": ColumnWords("Number of the network whose parameters were shuffled"),
        "correlation": ColumnWords("Its joints' contributions with the trained ones: mean absolute correlation within joints", "0 to 1"),
        "chance": ColumnWords("What chance gives", "0 to 1"),
    },
    "audit_sites": {"learned_at": ColumnWords("all sites, or other sites than this one")},
    "undefined_metrics": {"reason": ColumnWords("Why it has no value on these patients")},
    "table1": {
        "variable": ColumnWords("Variable and how it is summarised"),
        "level": ColumnWords("Level of a category"),
        "Missing": ColumnWords("Patients in whom it is not known", "patients"),
        "Overall": ColumnWords("All patients at their first visit"),
    },
    "examples/films": {
        "film_id": ColumnWords("Film as in the data set's tables"),
        "visit_id": ColumnWords("Patient and visit, with _ between them"),
        "side": ColumnWords("LH, RH, LF or RF"),
        "png": ColumnWords("Picture of the film with its joints"),
    },
}  # fmt: skip


def words_of_results(table: str, columns: Iterable[str]) -> dict[str, ColumnWords]:
    """What the columns of one table of results are.

    Args:
        table: name of the file in the run, without its ending.
        columns: of the table.

    Returns:
        Words by column; a column of Table 1 that is named by a split or a pair of splits has its own. One that is not known is
        left out.

    >>> words_of_results("table1", ["SMD (test,train)"])["SMD (test,train)"].meaning
    'Absolute standardised mean difference between test and train'
    """
    known = _COMMON | _OF_TABLE.get(table, {})
    if table == "table1":
        known |= {column: _of_splits(column) for column in columns}
        known |= _OF_TABLE["table1"]
    return {column: known[column] for column in columns if column in known}


def _of_splits(column: str) -> ColumnWords:
    if column.startswith("SMD ("):
        first, second = column.removeprefix("SMD (").removesuffix(")").split(",")
        return ColumnWords(f"Absolute standardised mean difference between {first} and {second}", "SD")
    return ColumnWords(f"Patients of split {column}")
