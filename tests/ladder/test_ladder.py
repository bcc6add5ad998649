"""Rivals on equal footing: forms chosen inside training, intervals, granularity, adjustment; against hand calculations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.datasets.visit_table import SVDH_COLUMNS
from outcomenet.errors import DataRefused
from outcomenet.ladder.candidates import (
    BOOSTED_TREES,
    FORMS_OF_TOTAL,
    MEASURE,
    PLAIN,
    RestrictedCubicSpline,
    restricted_cubic_basis,
)
from outcomenet.ladder.conformal import conformal_interval, ends_on_grid
from outcomenet.ladder.facts import LadderFacts, clinical_matrix_features, equate_to_human
from outcomenet.ladder.ladder import prediction_table
from outcomenet.ladder.nested import nested_comparison
from outcomenet.ladder.tabular import TabularRung, patient_folds
from outcomenet.metrics.table import comparisons_table, metrics_table
from outcomenet.outcomes import HAQ, PROGRESSION
from outcomenet.predictions import NetworkOutput, validate_predictions
from outcomenet.predictors import PREDICTORS

KNOTS = np.array([1.0, 4.0, 10.0, 30.0])


def cohort(patients: int = 270, seed: int = 0) -> LadderFacts:
    """Two visits a patient; HAQ follows the root of the true damage, a reader sees it with noise, a network less so."""
    rng = np.random.default_rng(seed)
    n = 2 * patients
    damage = np.repeat(rng.gamma(0.7, 25.0, patients), 2) + rng.gamma(1.0, 2.0, n)
    crp = rng.gamma(1.0, 10.0, n)
    end = np.where(rng.random(n) < 1 / (1 + np.exp(3 - 0.02 * damage - 0.05 * crp)), 300.0, np.inf)
    visits = pd.DataFrame(
        {
            "patient_id": np.repeat([f"P{i:03d}" for i in range(patients)], 2),
            "visit_id": np.tile(["V0", "V1"], patients),
            "split": np.repeat(np.array(["train", "train", "validation", "test", "test"])[np.arange(patients) % 5], 2),
            "site": "A",
            "age": np.repeat(rng.normal(60, 10, patients), 2),
            "male": np.repeat(rng.integers(0, 2, patients).astype(float), 2),
            "rf": 1.0, "acpa": rng.integers(0, 2, n).astype(float), "crp": crp,
            "haq": np.clip(np.round(8 * (0.2 * np.sqrt(damage) + rng.normal(0, 0.3, n))) / 8, 0, 3),
            "progression_start": np.where(np.isfinite(end), 0.0, 365.0), "progression_end": end,
            "progression_cause": np.where(np.isfinite(end), 0.0, -1.0),
            "svdh_total": np.round(np.clip(damage + rng.normal(0, 15, n), 0, None)),
        }
    )  # fmt: skip
    grades = pd.DataFrame(rng.integers(0, 3, (n, len(SVDH_COLUMNS))).astype(float), columns=list(SVDH_COLUMNS))
    score = np.sqrt(damage) + rng.normal(0, 0.2, n)
    keys = list(zip(visits["patient_id"], visits["visit_id"], strict=True))
    values = {"haq": np.clip(0.2 * score, 0, 3), "progression": 1 / (1 + np.exp(3 - 0.2 * score))}
    reading = NetworkOutput(
        ids=keys, visible=np.ones((n, JOINT_COUNT), bool), outcome=values,
        contributions=np.zeros((n, JOINT_COUNT, 2)), osteoarthritis=np.zeros(n), osteoarthritis_grades=np.zeros((n, 1)),
        embedding=np.zeros((n, 1)), svdh=None, score={"haq": score, "progression": score},
        spread={}, deviation={},
    )  # fmt: skip
    return LadderFacts(pd.concat([visits, grades], axis=1), ("age", "male"), {"direct_adjusted": reading}, None)


def predict(facts: LadderFacts, outcomes=("haq", "progression")) -> tuple[pd.DataFrame, list[str]]:
    split = facts.visits["split"]
    return prediction_table(facts, outcomes, split == "train", split == "validation", run="r", seed=0)


@pytest.fixture(scope="module")
def facts() -> LadderFacts:
    return cohort()


@pytest.fixture(scope="module")
def predicted(facts) -> tuple[pd.DataFrame, list[str]]:
    return predict(facts)


def test_spline_terms_are_those_worked_by_hand():
    # knots 0, 1, 2 at x = 2: (8 - 1 * (2 - 0) / (2 - 1) + 0) / (2 - 0)^2 = 1.5
    basis = restricted_cubic_basis(np.array([0.0, 1.0, 2.0, np.nan]), np.array([0.0, 1.0, 2.0]))
    assert basis[:3] == pytest.approx(np.array([[0, 0], [1, 0.25], [2, 1.5]]))
    assert np.isnan(basis[3]).all()


def test_a_spline_is_linear_beyond_its_outer_knots_and_curved_between():
    below, inside, above = np.linspace(-20, 1, 9), np.linspace(1, 30, 9), np.linspace(30, 200, 9)
    for part in (below, above):
        assert np.diff(restricted_cubic_basis(part, KNOTS), n=2, axis=0) == pytest.approx(0, abs=1e-9)
    assert np.abs(np.diff(restricted_cubic_basis(inside, KNOTS), n=2, axis=0)[:, 1:]).min() > 0.01


def test_a_spline_spans_the_natural_cubic_splines_of_another_package():
    """Oracle: scipy's natural cubic interpolant is a natural spline with the same knots, so the basis must fit it."""
    from scipy.interpolate import CubicSpline

    x = np.linspace(1, 30, 200)
    natural = CubicSpline(KNOTS, [0.0, 2.0, -1.0, 3.0], bc_type="natural")(x)
    design = np.column_stack([np.ones_like(x), restricted_cubic_basis(x, KNOTS)])
    fitted = design @ np.linalg.lstsq(design, natural, rcond=None)[0]
    assert fitted == pytest.approx(natural, abs=1e-9)


def test_knots_lie_at_harrells_quantiles_of_the_rows_fitted_on():
    x = np.append(np.arange(101.0), np.nan)[:, None]
    assert RestrictedCubicSpline().fit(x).knots_ == pytest.approx([5, 35, 65, 95])


def test_a_total_that_is_zero_for_most_keeps_its_straight_line():
    x = np.append(np.zeros(99), 5.0)[:, None]
    assert np.array_equal(RestrictedCubicSpline().fit_transform(x), x)


def test_too_few_knots_are_named():
    with pytest.raises(DataRefused, match="needs at least 3 increasing knots; got 1, 1, 2"):
        restricted_cubic_basis(np.zeros(1), np.array([1.0, 1.0, 2.0]))


@pytest.mark.parametrize(
    ("curve", "form"),
    [
        (lambda x: 0.2 * np.sqrt(x), "linear and square root"),
        (lambda x: 2 / (1 + np.exp(-(x - 50) / 4)), "restricted cubic spline"),
    ],
)
def test_the_form_that_made_the_outcome_is_chosen(curve, form):
    rng = np.random.default_rng(1)
    total = rng.uniform(0, 100, 400)
    rung = TabularRung(HAQ, FORMS_OF_TOTAL).fit(
        pd.DataFrame({MEASURE: total}), curve(total) + rng.normal(0, 0.02, 400), pd.Series(np.arange(400) // 2)
    )
    assert rung.chosen == form
    assert rung.losses[form] == min(rung.losses.values())
    assert f"{form} was chosen" in rung.choice()


def test_trees_are_chosen_where_joints_matter_together_only():
    rng = np.random.default_rng(2)
    joints = pd.DataFrame(rng.integers(0, 2, (400, 4)).astype(float), columns=list("abcd"))
    target = 1.0 + (joints["a"] != joints["b"]).to_numpy() + rng.normal(0, 0.1, 400)
    rung = TabularRung(HAQ, (PLAIN, BOOSTED_TREES)).fit(joints, target, pd.Series(np.arange(400) // 2))
    assert rung.chosen == "gradient boosting"


def test_trees_take_joints_that_nobody_scored():
    joints = pd.DataFrame({"scored": np.arange(60.0), "never": np.nan})
    rung = TabularRung(HAQ, (BOOSTED_TREES,)).fit(joints, np.arange(60) / 20, pd.Series(np.arange(60)))
    assert np.isfinite(rung.predict(joints)).all()


def test_visits_of_a_patient_are_never_on_both_sides_of_a_fold():
    patients = pd.Series(np.repeat(np.arange(30), 3))
    target = np.tile([0.0, 1.0, 0.0], 30)
    for stratified in (True, False):
        folds = patient_folds(target, patients, stratified=stratified)
        assert len(folds) == 5
        for learn, judge in folds:
            assert not set(patients[learn]) & set(patients[judge])
        assert sorted(np.concatenate([judge for _, judge in folds])) == list(range(90))


def test_held_out_outcomes_have_no_say_in_choice_or_prediction(facts, predicted):
    other = facts.visits.copy()
    held_out = other["split"] == "test"
    other.loc[held_out, "haq"] = 3 - other.loc[held_out, "haq"]
    swapped = other.loc[held_out, "progression_start"].to_numpy()
    other.loc[held_out, "progression_start"] = 365.0 - swapped
    other.loc[held_out, "progression_end"] = np.where(swapped == 365, 300.0, np.inf)
    again, notes = predict(replace(facts, visits=other))
    columns = ["predictor", "outcome", "patient_id", "visit_id", "prediction", "lower", "upper"]
    pd.testing.assert_frame_equal(again[columns], predicted[0][columns])
    assert notes == predicted[1]


def test_every_choice_and_every_absence_is_noted(predicted):
    table, notes = predicted
    assert any(n.startswith("human_total for HAQ-DI: ") and "was chosen among the patients" in n for n in notes)
    assert any(n.startswith("human_joints for HAQ-DI: ") and "gradient boosting" in n for n in notes)
    assert any(n.startswith("oracle for HAQ-DI is absent: the true state of the joints") for n in notes)
    present = [name for name in PREDICTORS if name in set(table["predictor"])]
    assert list(dict.fromkeys(table["predictor"])) == [
        "covariates", "human_total", "human_joints", "direct_adjusted", "direct_adjusted_coarse", "clinical_matrix",
    ]  # fmt: skip
    assert len(present) == 6
    validate_predictions(table)


def test_the_clinical_matrix_predicts_progression_only(predicted):
    table, _ = predicted
    assert set(table.loc[table["predictor"] == "clinical_matrix", "outcome"]) == {"progression"}


def test_the_clinical_matrix_says_what_the_cohort_lacks(facts):
    with pytest.raises(DataRefused, match="no C-reactive protein"):
        clinical_matrix_features(facts.visits.drop(columns="crp"))
    with pytest.raises(DataRefused, match="no Rheumatoid factor and no ACPA"):
        clinical_matrix_features(facts.visits.assign(rf=np.nan, acpa=np.nan))
    _, notes = predict(replace(facts, visits=facts.visits.drop(columns="crp")), ("progression",))
    assert any(n.startswith("clinical_matrix for Rapid") and "no C-reactive protein" in n for n in notes)


def test_the_clinical_matrix_takes_the_logarithm_of_crp():
    one = pd.DataFrame({"svdh_total": [4.0], "rf": [1.0], "acpa": [0.0], "crp": [np.e - 1]})
    assert clinical_matrix_features(one).iloc[0].to_dict() == pytest.approx(
        {MEASURE: 4.0, "rf": 1.0, "acpa": 0.0, "log_crp": 1.0}
    )


def test_too_few_events_to_fit_are_counted():
    x, patients = pd.DataFrame({MEASURE: np.arange(40.0)}), pd.Series(np.arange(40))
    target = np.where(np.arange(40) < 4, 1.0, 0.0)
    with pytest.raises(DataRefused, match="happened in 4 of 40 visits to learn from: too few"):
        TabularRung(PROGRESSION, FORMS_OF_TOTAL).fit(x, target, patients)


def test_an_interval_is_as_wide_as_the_ranked_error_says():
    # 39 errors 0.01, 0.02, ... 0.39: rank ceil(0.9 * 40) = 36, so 0.36; ends outwards to eighths: 1 -+ 0.375
    errors = np.append(np.arange(1, 40) / 100, np.nan)
    lower, upper = conformal_interval(HAQ, np.ones(40), 1 + errors, np.ones(40, bool))
    assert (lower[0], upper[0]) == (0.625, 1.375)


def test_ends_move_outwards_to_the_grid_and_stay_where_they_are_on_it():
    lower, upper = ends_on_grid(HAQ, np.array([0.3, 0.375, -0.1]), np.array([0.3, 0.375, 3.01]))
    assert lower.tolist() == [0.25, 0.375, -0.125]
    assert upper.tolist() == [0.375, 0.375, 3.125]


def test_an_interval_stays_on_the_scale_and_needs_twenty_errors():
    prediction, target = np.array([0.1, 2.9] * 10), np.array([1.0, 2.0] * 10)
    lower, upper = conformal_interval(HAQ, prediction, target, np.ones(20, bool))
    assert lower.min() == 0
    assert upper.max() == 3
    few = np.arange(20) < 19
    assert np.isnan(conformal_interval(HAQ, prediction, target, few)).all()
    assert np.isnan(conformal_interval(PROGRESSION, prediction / 3, target / 3, np.ones(20, bool))).all()


def test_nine_in_ten_new_outcomes_lie_within():
    rng = np.random.default_rng(4)
    prediction = rng.uniform(0, 3, 8000)
    target = np.clip(np.round(8 * (prediction + rng.normal(0, 0.4, 8000))) / 8, 0, 3)
    lower, upper = conformal_interval(HAQ, prediction, target, np.arange(8000) < 1000)
    assert 0.90 <= np.mean((lower <= target) & (target <= upper))[()] <= 0.97


def test_coverage_is_the_share_of_held_out_targets_within(predicted):
    table, _ = predicted
    metrics, _ = metrics_table(table, resamples=50, seed=0)
    row = metrics.query("predictor == 'human_total' and outcome == 'haq' and metric == 'coverage'").iloc[0]
    own = table.query("predictor == 'human_total' and outcome == 'haq' and split == 'test'")
    assert row["value"] == ((own["lower"] <= own["target"]) & (own["target"] <= own["upper"])).mean()
    assert row["lower"] < row["value"] <= row["upper"] <= 1
    without = metrics[(metrics["outcome"] == "progression") | (metrics["predictor"] == "direct_adjusted_coarse")]
    assert "coverage" not in set(without["metric"])


def test_equating_gives_the_human_values_with_the_human_frequencies():
    # half of the totals are 0, a quarter 1, a quarter 7: so are the 20 scores read
    score = np.random.default_rng(5).permutation(np.linspace(-3, 3, 20))
    read = equate_to_human(score, np.array([0.0, 0.0, 1.0, 7.0])).read(score)
    assert np.unique(read, return_counts=True)[1].tolist() == [10, 5, 5]
    assert np.array_equal(np.sort(read), read[np.argsort(score)])


def test_equating_leaves_an_unread_visit_unread_and_needs_scores():
    grid = equate_to_human(np.arange(20.0), np.array([0.0, 1.0]))
    assert np.isnan(grid.read(np.array([np.nan]))).all()
    with pytest.raises(DataRefused, match="needs 20 validation visits with a score and some human totals; there are 3"):
        equate_to_human(np.arange(3.0), np.array([0.0]))


def test_equal_granularity_stands_among_the_comparisons(predicted):
    table, _ = predicted
    found = comparisons_table(table, resamples=50, seed=0)
    row = found.query("predictor == 'direct_adjusted_coarse' and outcome == 'haq' and metric == 'r2'").iloc[0]
    assert row["reference"] == "human_total"
    assert row["difference"] == pytest.approx(row["value"] - row["reference_value"])
    assert row["difference"] > 0  # made so: the network is less noisy than the reader, granularity or not


def test_a_coarse_rung_without_enough_validation_visits_points_to_the_nested_comparison():
    few = cohort(patients=100)
    table, notes = predict(few, ("haq",))
    assert "direct_adjusted_coarse" not in set(table["predictor"])
    assert any("needs 100 validation visits with a known outcome; there are 40. nested_comparison" in n for n in notes)


def test_nested_sets_are_compared_on_the_same_folds(facts):
    table, notes = nested_comparison(facts, ("haq",), resamples=100, seed=0)
    assert not notes
    r2 = table.query("metric == 'r2' and reference == 'human_total'").set_index(["adjusted_for", "predictor"])
    assert set(r2.index.get_level_values(0)) == {"none", "age and sex", "all"}
    assert (r2["lower"] > 0).all()
    # age and sex are all the covariates of this cohort: the same regressions on the same folds
    own = ["difference", "lower", "upper", "n"]
    assert np.array_equal(r2.loc["age and sex", own], r2.loc["all", own])
    assert set(table.query("adjusted_for == 'none'")["reference"]) == {"human_total"}
    pd.testing.assert_frame_equal(table, nested_comparison(facts, ("haq",), resamples=100, seed=0)[0])


def test_a_measure_nested_against_itself_shows_no_difference(facts):
    reading = facts.readings["direct_adjusted"]
    same = replace(reading, score={"haq": facts.human_total("haq")})
    table, _ = nested_comparison(replace(facts, readings={"direct_adjusted": same}), ("haq",), resamples=50, seed=0)
    r2 = table.query("metric == 'r2' and reference == 'human_total' and predictor == 'direct_adjusted'")
    assert r2["difference"].abs().max() < 0.02  # not 0: only a total may be entered by its square root


def test_a_nested_comparison_without_human_scores_says_so(facts):
    unread = replace(facts, visits=facts.visits.assign(svdh_total=np.nan))
    table, notes = nested_comparison(unread, ("haq",), resamples=10, seed=0)
    assert table.empty
    assert {"adjusted_for", "predictor", "difference"} <= set(table.columns)
    assert notes == ["The nested comparison for HAQ-DI is absent: the cohort has no complete human score"]


def test_rows_of_patients_that_a_rung_was_fitted_to_are_marked(predicted):
    table, _ = predicted
    fitted = table["split"].eq("train") | (
        table["split"].eq("validation") & table["predictor"].eq("direct_adjusted_coarse")
    )
    assert (table["may_be_used"] == ~fitted).all()
    assert {"train", "validation", "test"} == set(table["split"])


def test_a_data_set_without_held_out_patients_is_one_sentence():
    from types import SimpleNamespace

    from outcomenet.evaluation.task import EvaluationTask, refuse_nobody_held_out

    def task(split: list[str], folds: int = 0) -> EvaluationTask:
        dataset = SimpleNamespace(visits=pd.DataFrame({"split": split}), manifest=SimpleNamespace(name="mine"))
        made = object.__new__(EvaluationTask)  # the check looks at nothing else
        for name, value in (("dataset", dataset), ("of_pairs", False), ("networks", {}), ("cross_fit_folds", folds)):
            object.__setattr__(made, name, value)
        return made

    with pytest.raises(DataRefused, match=r"Data set mine has no held-out patient .*split\.folds"):
        refuse_nobody_held_out(task(["train", "validation"]))
    refuse_nobody_held_out(task(["train", "test"]))
    refuse_nobody_held_out(task(["train"], folds=5))


def test_a_rung_says_what_these_data_or_this_run_lack(facts):
    unread = LadderFacts(facts.visits.assign(svdh_total=np.nan), facts.covariates, {}, None)
    pairs = LadderFacts(facts.visits, facts.covariates, {}, None, of_pairs=True)
    for lacking, message in (
        (lambda: unread.human_total("haq"), "no complete human score"),
        (lambda: pairs.human_total("svdh_change"), "the human score's own change"),
        (lambda: unread.film_score("haq"), "no network of that name was trained"),
        (facts.total_read_by_network, "no network has a human head"),
        (facts.true_joints, "known in simulated cohorts only"),
    ):
        with pytest.raises(DataRefused, match=message):
            lacking()


def test_a_site_that_a_network_did_not_see_is_read_as_its_mean(facts):
    grades = np.array([[1.0, 4.0], [3.0, np.nan]])
    seen = replace(facts.readings["direct_adjusted"], svdh=grades)
    ladder = replace(facts, readings={"direct_adjusted": seen})
    assert ladder.total_read_by_network().tolist() == [5.0, 7.0]
