"""Rungs, facts, calibrators and intervals on a handful of rows, each by hand or by another package; refusals by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from outcomenet.errors import DataRefused
from outcomenet.ladder.calibrators import SURE, Isotonic, Platt, fit_calibrators, fit_isotonic, fit_platt
from outcomenet.ladder.candidates import (
    BOOSTED_TREES,
    FORMS_OF_FILM_SCORE,
    FORMS_OF_TOTAL,
    MEASURE,
    PENALTIES,
    PLAIN,
    TREES,
    Candidate,
    Form,
    RestrictedCubicSpline,
)
from outcomenet.ladder.conformal import conformal_interval, ends_on_grid
from outcomenet.ladder.facts import HumanGrid, LadderFacts, equate_to_human, target_of, with_outcome
from outcomenet.ladder.tabular import FEWEST_VISITS, FOLDS, TabularRung, patient_folds
from outcomenet.outcomes import HAQ, PROGRESSION, SVDH_CHANGE

RNG = np.random.default_rng(2)


def rows(count: int, patients: int) -> tuple[pd.DataFrame, pd.Series]:
    """Features of some visits, and the patient of each."""
    features = pd.DataFrame({MEASURE: RNG.gamma(1.0, 20.0, count), "age": RNG.normal(60, 10, count)})
    return features, pd.Series([f"p{i % patients}" for i in range(count)])


@pytest.mark.parametrize(
    ("spec", "target", "patients", "sentence"),
    [
        (HAQ, np.r_[np.ones(19), np.nan], 20, "is known for 19 visits to learn from; a rung needs at least 20"),
        (HAQ, np.ones(20), 1, "is known for one patient to learn from; a rung needs two or more"),
        (
            PROGRESSION,
            np.r_[np.ones(4), np.zeros(36)],
            40,
            "happened in 4 of 40 visits to learn from: too few. At least 5 patients",
        ),
        (PROGRESSION, np.r_[np.zeros(4), np.ones(36)], 40, "happened in 36 of 40 visits to learn from: too few"),
    ],
)
def test_a_rung_says_of_how_little_it_cannot_learn(spec, target, patients, sentence):
    features, names = rows(len(target), patients)
    with pytest.raises(DataRefused, match=sentence):
        TabularRung(spec).fit(features, target, names)


def test_visits_of_few_patients_with_events_are_too_few_however_many_there_are():
    features, names = rows(40, 4)
    with pytest.raises(DataRefused, match="happened in 20 of 40 visits"):
        TabularRung(PROGRESSION).fit(features, np.tile([0.0, 1.0], 20), names)


def test_a_rung_predicts_within_the_scale_whatever_the_features_say():
    features, names = rows(60, 30)
    rung = TabularRung(HAQ, FORMS_OF_TOTAL).fit(features, np.clip(features[MEASURE].to_numpy() / 20, 0, 3), names)
    far = pd.DataFrame({MEASURE: [-1e6, 1e6], "age": [60.0, 60.0]})
    assert rung.predict(far).tolist() == [HAQ.lower, HAQ.upper]
    assert rung.chosen in rung.losses
    assert rung.losses[rung.chosen] == min(rung.losses.values())
    assert rung.choice().startswith(
        f"{rung.chosen} was chosen among the patients that it learns from (cross-validated mean squared"
    )


def test_a_row_without_a_target_has_no_say():
    features, names = rows(60, 30)
    target = np.clip(features[MEASURE].to_numpy() / 30, 0, 3)
    known, with_gap = target.copy(), np.append(target, np.nan)
    more = pd.concat([features, pd.DataFrame({MEASURE: [1e9], "age": [0.0]})], ignore_index=True)
    one = TabularRung(HAQ).fit(features, known, names).predict(features)
    other = (
        TabularRung(HAQ).fit(more, with_gap, pd.concat([names, pd.Series(["x"])], ignore_index=True)).predict(features)
    )
    assert one == pytest.approx(other)


@pytest.mark.parametrize("stratified", [True, False])
def test_folds_keep_patients_together_and_cover_every_row_once(stratified):
    _, names = rows(60, 15)
    target = (np.arange(60) % 15 < 5).astype(float)
    folds = patient_folds(target, names, stratified=stratified)
    assert len(folds) == FOLDS
    assert sorted(np.concatenate([judge for _, judge in folds])) == list(range(60))
    for learn, judge in folds:
        assert not set(names[learn]) & set(names[judge])
        if stratified:
            assert target[judge].sum() > 0
    assert len(patient_folds(np.zeros(4), pd.Series(["a", "a", "b", "b"]), stratified=False)) == 2


def test_candidates_are_as_many_models_as_they_have_settings():
    assert [type(model) for model in PLAIN.models(False)] == [Ridge] * len(PENALTIES)
    assert [model.C for model in PLAIN.models(True)] == pytest.approx([1 / penalty for penalty in PENALTIES])
    assert isinstance(PLAIN.models(True)[0], LogisticRegression)
    assert [(model.max_iter, model.max_leaf_nodes) for model in BOOSTED_TREES.models(False)] == list(TREES)
    assert {candidate.form for candidate in FORMS_OF_TOTAL} == set(Form)
    assert Form.ROOT not in {candidate.form for candidate in FORMS_OF_FILM_SCORE}


@pytest.mark.parametrize(("form", "columns"), [(Form.LINEAR, 3), (Form.ROOT, 4), (Form.SPLINE, 5)])
def test_a_form_adds_its_columns_and_a_gap_its_indicator(form, columns):
    features, _ = rows(50, 10)
    features.loc[3, "age"] = np.nan
    prepared = Candidate("x", form).preparation().fit_transform(features)
    # the measure as the form has it (1, 2 or 3 columns), age, and whether age is missing
    assert prepared.shape == (50, columns)
    assert np.isfinite(prepared).all()
    assert prepared.mean(0) == pytest.approx(np.zeros(columns), abs=1e-9)


def test_a_change_below_zero_has_the_root_of_its_size():
    features = pd.DataFrame({MEASURE: [-4.0, 0.0, 9.0]})
    steps = Candidate("x", Form.ROOT).preparation()
    curved = steps.named_steps["columntransformer"].fit_transform(features)
    assert curved.tolist() == [[-4.0, -2.0], [0.0, 0.0], [9.0, 3.0]]


def test_a_spline_of_no_known_value_stays_as_it_is():
    empty = np.full((5, 1), np.nan)
    assert np.isnan(RestrictedCubicSpline().fit_transform(empty)).all()
    assert RestrictedCubicSpline().fit_transform(empty).shape == (5, 1)


def test_a_deviation_makes_an_interval_of_its_own_for_each_patient():
    prediction, deviation = np.full(21, 1.5), np.r_[np.ones(20), 2.0]
    target = np.r_[1.5 + np.arange(20) / 80, np.nan]
    calibrate = np.arange(21) < 20
    lower, upper = conformal_interval(HAQ, prediction, target, calibrate, deviation)
    # of 20 errors the ceil(0.9 x 21) = 19th smallest is 18 / 80 = 0.225; ends go outwards to eighths
    assert (lower[0], upper[0]) == (1.25, 1.75)
    assert (lower[20], upper[20]) == (1.0, 2.0)
    for nothing in (
        conformal_interval(HAQ, prediction, target, np.arange(21) < 19),
        conformal_interval(PROGRESSION, prediction, target, calibrate),
    ):
        assert np.isnan(nothing).all()


def test_ends_go_outwards_and_stay_on_the_grid():
    lower, upper = ends_on_grid(HAQ, np.array([0.3, 0.25, 0.25 + 1e-12]), np.array([0.3, 0.375, 0.375 - 1e-12]))
    assert lower.tolist() == [0.25, 0.25, 0.25]
    assert upper.tolist() == [0.375, 0.375, 0.375]


def test_platts_line_leaves_or_moves_a_risk_and_never_turns_the_order():
    risk = np.array([0.0, 0.2, 0.5, 1.0])
    assert Platt(0.0, 1.0).apply(risk) == pytest.approx([SURE, 0.2, 0.5, 1 - SURE])
    # odds of 1 to 4 become 2 to 4 with an intercept of log 2
    assert Platt(np.log(2), 1.0).apply(np.array([0.2]))[0] == pytest.approx(2 / 6)
    assert (np.diff(Platt(0.3, 0.5).apply(risk)) > 0).all()
    assert Isotonic((0.2, 0.6), (0.1, 0.9)).apply(np.array([0.0, 0.4, 1.0])) == pytest.approx([0.1, 0.5, 0.9])


@pytest.mark.parametrize(
    ("target", "risk", "sentence"),
    [
        (
            np.r_[np.ones(4), np.zeros(9)],
            np.linspace(0.1, 0.9, 13),
            "visits with and 5 without the event; there are 4 and 9",
        ),
        (np.r_[np.zeros(5), np.ones(5)], np.linspace(0.1, 0.9, 10), "no finite slope on 10 visits"),
        (np.tile([0.0, 1.0], 5), np.full(10, 0.3), "no finite slope on 10 visits"),
        (
            np.tile([1.0, 1.0, 0.0, 1.0, 0.0, 0.0], 2),
            np.tile(np.linspace(0.1, 0.9, 6), 2),
            "does not rise with the event there",
        ),
    ],
)
def test_a_calibrator_that_cannot_be_fitted_says_why(target, risk, sentence):
    with pytest.raises(DataRefused, match=sentence):
        fit_calibrators(target, risk)


def test_a_fitted_line_makes_the_mean_risk_the_share_of_events():
    risk = RNG.uniform(0.05, 0.95, 80)
    target = (RNG.random(80) < risk**2).astype(float)
    fitted = fit_calibrators(target, risk)
    assert (fitted.visits, fitted.events) == (80, int(target.sum()))
    assert set(fitted.named()) == {"platt", "isotonic"}
    # maximum likelihood with an intercept
    assert fit_platt(target, risk).apply(risk).mean() == pytest.approx(target.mean(), abs=1e-6)
    isotonic = fit_isotonic(target, risk).apply(np.linspace(0, 1, 50))
    assert (np.diff(isotonic) >= 0).all()
    others = 80 - target.sum()
    assert isotonic[0] >= 1 / (others + 2)
    assert isotonic[-1] <= (target.sum() + 1) / (target.sum() + 2)


VISITS = pd.DataFrame(
    {
        "patient_id": ["a", "b", "c"], "visit_id": ["1", "1", "1"], "split": "train", "site": ["A", "B", "A"], "haq": [1.0, np.nan, 2.0],
        "svdh_total": [4.0, np.nan, 9.0], "age": [50, 60, 70],
    }
)  # fmt: skip


def test_facts_give_what_there_is_and_name_what_there_is_not():
    facts = LadderFacts(VISITS, ("age",), {}, None)
    assert facts.covariate_table().to_dict("list") == {"age": [50.0, 60.0, 70.0]}
    assert facts.human_total("haq").tolist() == pytest.approx([4.0, np.nan, 9.0], nan_ok=True)
    for asked, sentence in (
        (lambda: facts.reading("direct"), "no network of that name was trained"),
        (facts.total_read_by_network, "no network has a human head"),
        (facts.true_joints, "known in simulated cohorts only"),
        (
            lambda: LadderFacts(VISITS, (), {}, None, of_pairs=True).human_total(SVDH_CHANGE.name),
            "the human score's own change",
        ),
        (
            lambda: LadderFacts(VISITS.assign(svdh_total=np.nan), (), {}, None).human_total("haq"),
            "has no complete human score",
        ),
    ):
        with pytest.raises(DataRefused, match=sentence):
            asked()


def test_true_states_stand_in_the_order_of_the_visits():
    truth = pd.DataFrame({"patient_id": ["c", "a"], "visit_id": ["1", "1"], "true_x": [3.0, 1.0], "other": [9.0, 9.0]})
    known = LadderFacts(VISITS.set_axis([7, 8, 9]), (), {}, truth).true_joints()
    assert known.index.tolist() == [7, 8, 9]
    assert known.to_dict("list") == {"true_x": pytest.approx([1.0, np.nan, 3.0], nan_ok=True)}


def test_predictions_take_what_is_known_of_their_visit():
    predicted = pd.DataFrame(
        {"patient_id": ["b", "a", "a"], "visit_id": "1", "predictor": ["x", "x", "y"], "prediction": [0.1, 0.2, 0.3]}
    )
    table = with_outcome(predicted, HAQ, VISITS)
    assert target_of(HAQ, VISITS).tolist() == pytest.approx([1.0, np.nan, 2.0], nan_ok=True)
    assert table["observed"].tolist() == [False, True, True]
    assert table["site"].tolist() == ["B", "A", "A"]
    assert (table["outcome"].unique().tolist(), table["horizon"].unique().tolist()) == (["haq"], [0])
    twice = pd.concat([VISITS, VISITS])
    with pytest.raises(ValueError, match="many-to-one"):
        with_outcome(predicted, HAQ, twice)


def test_a_grid_reads_a_score_as_the_value_below_whose_cut_it_lies():
    grid = HumanGrid(np.array([0.0, 2.0, 7.0]), np.array([1.0, 5.0]))
    assert grid.read(np.array([-9.0, 1.0, 1.1, 5.0, 5.1, np.nan])).tolist() == pytest.approx(
        [0, 0, 2, 2, 7, np.nan], nan_ok=True
    )
    same = equate_to_human(RNG.normal(size=40), np.full(10, 3.0))
    assert same.read(np.array([-5.0, 5.0])).tolist() == [3.0, 3.0]
    with pytest.raises(
        DataRefused, match="needs 20 validation visits with a score and some human totals; there are 19 and 3"
    ):
        equate_to_human(np.r_[np.arange(19.0), np.nan], np.array([1.0, 2.0, 3.0, np.nan]))
    with pytest.raises(DataRefused, match="there are 20 and 0"):
        equate_to_human(np.arange(20.0), np.full(3, np.nan))
    assert FEWEST_VISITS == 20
