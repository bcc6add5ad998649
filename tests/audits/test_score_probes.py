"""A hospital that a score tells is found, and told apart from the case mix where the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.findings import Judgement
from outcomenet.audits.score_probes import SCORES, TRUE_STATES, audit_scores, score_site_finding, true_states
from outcomenet.errors import UndefinedMetric

VISITS, JOINTS = 240, 6
CHANCE = {"resamples": 300, "permutations": 100, "seed": 0}
MOST = "age, sex, true joints"


def made_up(by_hospital: float, by_damage: float, sicker: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits and true joints of three hospitals.

    Args:
        by_hospital: how far films of one hospital move its score from the next one's.
        by_damage: what the share and the root of true damage add to the score.
        sicker: how much more damage patients of one hospital have than those of the next.
    """
    rng = np.random.default_rng(4)
    keys = pd.DataFrame(
        {"patient_id": np.repeat([f"p{i:03d}" for i in range(VISITS // 2)], 2), "visit_id": [*"ab"] * (VISITS // 2)}
    )
    site = np.repeat(rng.integers(0, 3, VISITS // 2), 2)
    truth = keys.loc[keys.index.repeat(JOINTS)].reset_index(drop=True)
    for name in TRUE_STATES:
        truth[name] = rng.random(len(truth))
    truth["erosion"] *= 0.3 + sicker * np.repeat(site, JOINTS)
    damage = (truth["erosion"] + np.sqrt(truth["erosion"])).to_numpy().reshape(VISITS, JOINTS).sum(1)
    score = by_damage * damage + by_hospital * site + 0.3 * rng.normal(size=VISITS)
    facts = {"site": np.array([*"ABC"])[site], "age": rng.normal(60, 9, VISITS), "male": rng.integers(0, 2, VISITS)}
    return keys.assign(**facts, score=score), truth


def rows_of(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["given", "classifier"])


def test_a_score_that_is_the_hospitals_number_is_found():
    visits, truth = made_up(by_hospital=10.0, by_damage=0.0, sicker=0.0)
    table = audit_scores(visits, truth, **CHANCE)
    # a line cannot tell the middle one of three hospitals, the non-linear classifier tells all
    assert rows_of(table).loc[("nothing", "non-linear"), "auroc"] > 0.98
    assert rows_of(table).loc[(MOST, "non-linear"), "auroc"] > 0.95
    judged = score_site_finding(table, 0.6)
    assert judged.judgement is Judgement.ALARM
    assert judged.finding.startswith("It does: ")
    assert table["patients"].eq(VISITS // 2).all()


def test_a_score_without_the_hospital_gives_one_half():
    visits, truth = made_up(by_hospital=0.0, by_damage=1.0, sicker=0.0)
    table = audit_scores(visits, truth, **CHANCE)
    assert table["auroc"].between(0.4, 0.6).all()
    assert score_site_finding(table, 0.6).judgement is Judgement.PASS


def test_case_mix_is_told_apart_from_films_that_are_read_differently():
    visits, truth = made_up(by_hospital=0.0, by_damage=1.0, sicker=0.5)
    table = audit_scores(visits, truth, **CHANCE)
    assert rows_of(table).loc[("nothing", "non-linear"), "auroc"] > 0.75
    assert rows_of(table).loc[("nothing", "non-linear"), "reading"] == (
        "The score tells the hospital: its patients differ (case mix), or its films change it."
    )
    # a score that is a function of the true joints has nothing left of the hospital
    assert rows_of(table).loc[MOST, "auroc"].max() < 0.6
    assert score_site_finding(table, 0.6).judgement is Judgement.PASS
    # in a real cohort the same score is an alarm that says what it cannot tell apart
    real = score_site_finding(audit_scores(visits, None, **CHANCE), 0.6)
    assert real.judgement is Judgement.ALARM
    assert real.finding.endswith("Case mix is part of this: the true state of the joints is not known.")


def test_parts_of_the_score_have_rows_of_their_own_where_there_are_any():
    visits, _ = made_up(by_hospital=0.0, by_damage=1.0, sicker=0.0)
    parts = visits.assign(damage_score=visits["score"], activity_score=np.nan)
    assert list(dict.fromkeys(audit_scores(parts, None, **CHANCE)["source"])) == ["score", "damage_score"]
    assert set(SCORES) == {"score", "damage_score", "activity_score"}


def test_true_states_are_sums_over_joints_of_shares_and_roots():
    keys = {"patient_id": "p", "visit_id": ["a", "a", "b"]}
    truth = pd.DataFrame({**keys, **dict.fromkeys(TRUE_STATES, 0.0)})
    truth["erosion"], truth["swelling"] = [0.25, 0.16, 0.0], [0.0, 0.0, 0.81]
    visits = pd.DataFrame({"patient_id": "p", "visit_id": ["b", "a"]}, index=[7, 3])
    states = true_states(visits, truth)
    assert list(states.index) == [7, 3]
    assert states.loc[3, ["erosion", "erosion_root", "swelling"]].tolist() == pytest.approx([0.41, 0.9, 0.0])
    assert states.loc[7, ["erosion", "swelling", "swelling_root"]].tolist() == pytest.approx([0.0, 0.81, 0.9])


def test_one_hospital_is_not_computed_and_an_unknown_one_refused():
    visits, _ = made_up(by_hospital=0.0, by_damage=1.0, sicker=0.0)
    judged = score_site_finding(audit_scores(visits.assign(site="A"), None, **CHANCE), 0.6)
    assert judged.judgement is Judgement.ABSENT
    assert "at least 10 patients of each kind" in judged.finding
    with pytest.raises(UndefinedMetric, match="does not record the hospital"):
        audit_scores(visits.drop(columns="site"), None, **CHANCE)
