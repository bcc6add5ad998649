"""Rules by which audits judge: from numbers at and beside each threshold to pass, alarm or not computed, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits import sites, subgroups
from outcomenet.audits.contract import AuditedNetwork, AuditInputs, embedding_of
from outcomenet.audits.cross_fitting import CrossFit, permuted_patients
from outcomenet.audits.effect_bias import bias_finding
from outcomenet.audits.findings import Judgement, absent, finding, finding_or_absent, findings_table
from outcomenet.audits.joint_truth import joint_truth_finding
from outcomenet.audits.negative_controls import Prediction, predict_control
from outcomenet.audits.pip_joints import is_pip, pip_finding
from outcomenet.audits.registry import AUDIT
from outcomenet.audits.sites import sites_finding
from outcomenet.audits.sizes import AuditSizes
from outcomenet.audits.subgroups import subgroups_finding, subgroups_of
from outcomenet.errors import DataRefused, UndefinedMetric, UsageError
from outcomenet.outcomes import HAQ, PROGRESSION, OutcomeSpec
from outcomenet.progress import Progress

RNG = np.random.default_rng(4)


def inputs(outcome: OutcomeSpec = HAQ, **sizes: int) -> AuditInputs:
    """Inputs of a run without a network and without data."""

    def by_site() -> pd.DataFrame:
        raise AssertionError("nobody should have asked")

    empty = pd.DataFrame()
    return AuditInputs(
        outcome=outcome, covariates=(), visits=empty, predictions=empty, judged="direct_adjusted", predictions_by_site=by_site,
        simulated=False, network=None, no_network="This run trained no network.", sizes=AuditSizes(**sizes), seed=7, progress=Progress(quiet=True),
    )  # fmt: skip


def test_a_run_without_a_network_says_why_and_every_bootstrap_has_its_settings():
    asked = inputs(resamples=50, permutations=20)
    with pytest.raises(DataRefused, match="This run trained no network"):
        _ = asked.trained
    assert asked.chance == {"resamples": 50, "seed": 7}
    assert asked.null == {"resamples": 50, "seed": 7, "permutations": 20}
    assert not isinstance(object(), AuditedNetwork)
    with pytest.raises(UsageError, match="largest_shift"):
        AuditSizes(largest_shift=-0.1)


def test_hospitals_are_not_judged_by_the_risk_of_an_event():
    (judged,) = sites.audit(inputs(PROGRESSION)).findings
    assert judged.judgement is Judgement.ABSENT
    assert "It is computed for a bounded outcome; this run is about" in judged.finding


def test_findings_stand_in_the_order_of_the_registry_with_their_questions():
    names = list(AUDIT)[:3]
    found = [finding(names[2], True, "c"), absent(names[0], UndefinedMetric("a")), finding(names[1], False, "b")]
    table = findings_table(found)
    assert table["audit"].tolist() == names
    assert table["judgement"].tolist() == ["not computed", "pass", "alarm"]
    assert table["finding"].tolist() == ["a", "b", "c"]
    assert table["question"].tolist() == [AUDIT[name].question for name in names]
    assert findings_table([]).columns.tolist() == ["audit", "question", "judgement", "finding"]


def test_what_is_undefined_is_not_computed_and_another_error_is_one():
    def undefined():
        raise UndefinedMetric("too few")

    def broken():
        raise KeyError("x")

    assert finding_or_absent("sites", undefined) == absent("sites", "too few")
    with pytest.raises(KeyError):
        finding_or_absent("sites", broken)


def test_an_embedding_is_its_numbered_columns_in_their_order():
    table = pd.DataFrame({"z001": [1], "zone": [9], "z000": [2], "score": [9], "z": [9], "z1x": [9]})
    assert embedding_of(table).tolist() == [[1.0, 2.0]]


def test_ranks_count_within_each_fold_and_ties_share():
    patients = pd.Series([f"p{i}" for i in range(25)])
    regression = CrossFit(RNG.normal(size=(25, 3)), patients)
    ranks = regression.ranks_within_folds(np.stack([np.zeros(25), np.arange(25.0)], axis=1))
    assert ranks[:, 0] == pytest.approx(np.full(25, 3 / 5))  # of five alike each is the third
    assert np.bincount(np.rint(5 * ranks[:, 1]).astype(int))[1:].tolist() == [5] * 5
    # what lies a constant higher is predicted a constant higher
    target = RNG.normal(size=(25, 1))
    assert regression.predict(target + 4) == pytest.approx(regression.predict(target) + 4)
    assert regression.predict(-2 * target) == pytest.approx(-2 * regression.predict(target))


def test_a_permutation_gives_each_patient_the_rows_of_one_other():
    patients = pd.Series(["a", "b", "a", "c", "c", "c"])
    first_of = {"a": [0, 2, 2], "b": [1, 1, 1], "c": [3, 4, 5]}  # who has fewer visits repeats his last one
    for rows in permuted_patients(patients, 30, seed=1):
        donors = {name: patients[rows[np.flatnonzero(patients == name)[0]]] for name in "abc"}
        assert sorted(donors.values()) == ["a", "b", "c"]
        for name, donor in donors.items():
            own = rows[(patients == name).to_numpy()]
            assert own.tolist() == first_of[donor][: len(own)]


@pytest.mark.parametrize(
    ("r2", "null_upper", "above"), [(0.10, 0.05, True), (0.05, 0.05, False), (-0.01, -0.05, False), (0.01, -0.05, True)]
)
def test_a_control_is_predicted_only_above_chance_and_above_nothing(r2, null_upper, above):
    assert Prediction(r2, r2 - 1, r2 + 1, null_upper).above_chance is above


def test_a_control_is_refused_where_it_cannot_be_predicted():
    settings = {"resamples": 20, "permutations": 5, "seed": 0}
    features, patients = RNG.normal(size=(40, 2)), pd.Series([f"p{i}" for i in range(40)])
    with pytest.raises(UndefinedMetric, match="at least 30 patients, there are 29"):
        predict_control(features[:29], np.zeros(29), patients[:29], **settings)
    with pytest.raises(UndefinedMetric, match="one value only, so there is nothing to predict"):
        predict_control(features, np.ones(40), patients, **settings)
    assert predict_control(features, features[:, 0], patients, **settings).above_chance


def bias_table(relative: float, lower: float, upper: float) -> pd.DataFrame:
    """audit_bias.csv with a true effect of 0.5, all bounds in shares of it."""
    row = {"truth": 0.5, "relative_bias": relative, "lower": 0.5 * lower, "upper": 0.5 * upper, "patients": 44}
    return pd.DataFrame([row | {"adjusted_for": name} for name in ("neither", "fm and oa")])


@pytest.mark.parametrize(
    ("bias", "judgement"),
    [
        ((0.3, 0.1, 0.5), Judgement.ALARM), ((-0.3, -0.5, -0.1), Judgement.ALARM), ((0.2, 0.1, 0.5), Judgement.PASS),
        ((0.3, -0.1, 0.7), Judgement.PASS), ((0.9, -0.1, 1.9), Judgement.PASS),
    ],
)  # fmt: skip
def test_a_bias_is_an_alarm_where_it_is_large_and_beyond_chance(bias, judgement):
    found = bias_finding(bias_table(*bias), 0.2)
    assert found.judgement is judgement
    assert f"{100 * bias[0]:+.0f} % ({100 * bias[1]:+.0f} to {100 * bias[2]:+.0f} %)" in found.finding


def test_a_bias_known_to_within_twice_the_effect_is_not_judged():
    with pytest.raises(UndefinedMetric, match="too uncertain to say anything: .* or 44 held-out patients are too few"):
        bias_finding(bias_table(0.5, -0.6, 1.5), 0.2)


@pytest.mark.parametrize(
    ("whole", "loss", "lower", "judgement"),
    [(0.4, 0.11, 0.01, Judgement.ALARM), (0.4, 0.10, 0.01, Judgement.PASS), (0.4, 0.30, -0.01, Judgement.PASS)],
)
def test_a_score_hangs_on_its_pip_joints_where_it_loses_a_quarter_beyond_chance(whole, loss, lower, judgement):
    places = [
        (f"mean score in SD, damage: {place}", value, 0.0, 12)
        for place, value in (("PIP only", -0.2), ("PIP mostly", np.nan))
    ]
    rows = [
        ("score", whole, 0.0, 99),
        ("score without PIP", whole - loss, 0.0, 99),
        ("loss without PIP", loss, lower, 99),
        *places,
    ]
    found = pip_finding(pd.DataFrame(rows, columns=["what", "value", "lower", "n"]))
    assert found.judgement is judgement
    assert found.finding.endswith("Damage at PIP only: 12 visits, mean score -0.20 SD and PIP mostly: 12 visits.")


@pytest.mark.parametrize(
    ("column", "pip"),
    [("joint_LH_PIP2", True), ("svdh_RH_PIP5_jsn", True), ("joint_LH_IP1", False), ("svdh_LF_MTP1_erosion", False)],
)
def test_pip_joints_are_told_by_their_site(column, pip):
    assert is_pip(column) is pip


@pytest.mark.parametrize(("following", "judgement"), [(3, Judgement.PASS), (2, Judgement.ALARM), (0, Judgement.ALARM)])
def test_more_than_half_of_the_joints_must_follow_their_damage(following, judgement):
    lower = np.where(np.arange(4) < following, 0.1, -0.1)
    table = pd.DataFrame(
        {
            "joint": ["hand_PIP", "hand_MCP", "foot_MTP", "hand_ulna", "hand_DIP"], "spearman_damage": 0.3,
            "lower": [*lower, -0.5], "spearman_osteophyte": [0.4, 0.2, 0.2, 0.2, 0.9],
        }
    )  # fmt: skip
    found = joint_truth_finding(table)
    assert found.judgement is judgement
    assert f"{following} of 4 kinds of joints follow" in found.finding
    assert "1 follow osteophytes more" in found.finding


def site_rows(**off: tuple[float, float, float]) -> pd.DataFrame:
    """Calibration in the large of one predictor by site, with R2 at all sites and with the site left out."""
    rows = []
    for site, (value, lower, upper) in off.items():
        of_site = {"site": site, "predictor": "covariates"}
        rows.append(
            of_site
            | {
                "learned_at": "all sites",
                "metric": "calibration_intercept",
                "value": value,
                "lower": lower,
                "upper": upper,
            }
        )
        rows.append(of_site | {"learned_at": "all sites", "metric": "r2", "value": 0.30})
        rows.append(of_site | {"learned_at": "other sites", "metric": "r2", "value": 0.25 if site == "A" else 0.35})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("off", "judgement"),
    [
        ((0.23, 0.01, 0.5), Judgement.ALARM), ((-0.23, -0.5, -0.01), Judgement.ALARM), ((0.22, 0.01, 0.5), Judgement.PASS),
        ((0.5, -0.01, 1.0), Judgement.PASS),
    ],
)  # fmt: skip
def test_a_hospital_is_off_by_what_patients_notice_and_beyond_chance(off, judgement):
    table = site_rows(A=(0.0, -0.1, 0.1), B=off)
    found = sites_finding(table)
    assert found.judgement is judgement
    assert "At most 0.05 of R² is lost." in found.finding
    assert (f"covariates at B (all sites) by {off[0]:+.2f}" in found.finding) is (judgement is Judgement.ALARM)
    assert "Networks, too, were trained without the site" in sites_finding(table, retrained=True).finding
    assert sites_finding(table, limit=0.6).judgement is Judgement.PASS


def test_groups_of_patients_meet_at_their_borders_and_miss_nobody():
    visits = pd.DataFrame(
        {
            "male": [0.0, 1.0, np.nan, 0.0, 1.0], "age": [49.9, 50.0, 65.0, np.nan, 64.9], "duration": [0.0, 2.0, 10.0, 9.9, np.nan],
            "rf": [1.0, 0.0, 1.0, 1.0, np.nan], "site": ["B", "A", None, "A", "A"], "svdh_total": [0.0, 3.0, 6.0, 9.0, 12.0],
        }
    )  # fmt: skip
    groups = {name: np.flatnonzero(member).tolist() for name, member in subgroups_of(visits).items()}
    assert groups == {
        "women": [0, 3], "men": [1, 4], "RF negative": [1], "RF positive": [0, 2, 3],
        "age under 50": [0], "age 50 to 64": [1, 4], "age 65 and over": [2],
        "symptoms under 2 years": [0], "symptoms 2 to 10 years": [1, 3], "symptoms 10 years and more": [2],
        "hospital A": [1, 3, 4], "hospital B": [0],
        # tertiles of 4 and 8
        "human total: lowest third": [0, 1], "human total: middle third": [2], "human total: highest third": [3, 4],
    }  # fmt: skip
    without = subgroups_of(visits[["site", "svdh_total"]].assign(svdh_total=1.0))
    assert list(without) == ["hospital A", "hospital B"]


def test_a_subgroup_is_named_with_its_sign_and_small_ones_are_counted():
    rows = [
        ("women", 0.3, 0.1, 0.5), ("men", -0.4, -0.6, -0.2), ("RF positive", 0.1, 0.05, 0.15),
        ("hospital A", np.nan, np.nan, np.nan), ("hospital B", np.nan, np.nan, np.nan),
        ("human total: lowest third", 0.9, 0.8, 1.0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["subgroup", "value", "lower", "upper"]).assign(
        predictor="direct_adjusted", outcome="haq", metric="calibration_intercept"
    )
    found = subgroups_finding(table, "direct_adjusted", "haq")
    assert found.judgement is Judgement.ALARM
    assert (
        "in: women by +0.30 (+0.10 to +0.50); men by -0.40 (-0.60 to -0.20). 2 subgroups were too small"
        in found.finding
    )
    assert subgroups_finding(table, "direct_adjusted", "haq", limit=0.5).judgement is Judgement.PASS
    with pytest.raises(UndefinedMetric, match="No subgroup has enough held-out patients"):
        subgroups_finding(table, "covariates", "haq")
    assert subgroups.HAQ_MATTERS == sites.HAQ_MATTERS == 0.22
