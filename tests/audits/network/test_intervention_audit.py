"""Shifts under interventions: worked by hand, judged by size and chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.findings import Judgement
from outcomenet.audits.network.intervention_shift import audit_interventions, intervention_findings, shift_in_sd
from outcomenet.errors import UndefinedMetric

PEOPLE = [f"p{i:02d}" for i in range(20)]
USUAL = np.linspace(-1.0, 1.0, 20)


def scores(**changed: np.ndarray) -> pd.DataFrame:
    """One score for each person under each `name_value`."""
    frames = [
        pd.DataFrame({"patient_id": PEOPLE, "visit_id": "V0", "intervention": "usual", "value": "", "score": USUAL})
    ]
    for label, values in changed.items():
        name, _, value = label.rpartition("__")
        frames.append(frames[0].assign(intervention=name, value=value.replace("_", "."), score=values))
    return pd.concat(frames, ignore_index=True)


def test_the_shift_is_in_sd_of_the_usual_score():
    # usual 0, 2, 4: mean 2, SD sqrt(8/3); changed by 1, 1, 4: mean 2
    weights = np.array([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]])
    found = shift_in_sd(np.array([0.0, 2.0, 4.0]), np.array([1.0, 3.0, 8.0]), weights)
    assert found[0] == pytest.approx(2 / np.sqrt(8 / 3))
    # resample 0, 0, 4: mean 4/3, variance 16/3 - 16/9; changes 1, 1, 4
    assert found[1] == pytest.approx(2 / np.sqrt(16 / 3 - 16 / 9))


def test_a_score_that_follows_osteoarthritis_and_scanners_is_an_alarm():
    table = audit_interventions(
        scores(
            oa__0=USUAL - 0.3, oa__0_5=USUAL + 0.5, site__A=USUAL, scanner__A=USUAL + 1.0, ra_damage__0=USUAL - 1,
            ra_damage__0_3=USUAL + 2,
        ),
        resamples=200, seed=0,
    )  # fmt: skip
    judged = {found.audit: found for found in intervention_findings(table, 0.2)}
    assert {name: found.judgement for name, found in judged.items()} == {
        "do_oa": Judgement.ALARM, "do_site": Judgement.PASS, "do_scanner": Judgement.ALARM, "do_ra_damage": Judgement.PASS,
    }  # fmt: skip
    rows = table.set_index(["intervention", "value"])
    assert rows.loc[("oa", "0.5"), "shift"] == pytest.approx(0.5 / USUAL.std())
    assert rows.loc[("oa", "0.5"), "share_of_damage_shift"] == pytest.approx(0.5 / 3)
    assert "at 0.5 by +0.82 SD" in judged["do_oa"].finding


def test_a_score_blind_to_damage_is_an_alarm():
    table = audit_interventions(scores(ra_damage__0=USUAL, ra_damage__0_3=USUAL), resamples=100, seed=0)
    found = {f.audit: f for f in intervention_findings(table, 0.2)}
    assert found["do_ra_damage"].judgement is Judgement.ALARM
    assert found["do_oa"].judgement is Judgement.ABSENT


def test_a_large_shift_of_few_patients_is_not_told_from_chance():
    one = np.where(np.arange(20) == 19, USUAL + 5, USUAL)
    table = audit_interventions(scores(oa__0=one), resamples=400, seed=0)
    assert table.loc[0, "shift"] > 0.2
    assert intervention_findings(table, 0.2)[0].judgement is Judgement.PASS


def test_too_few_patients_and_a_constant_score_are_refused():
    few = scores(oa__0=USUAL)
    with pytest.raises(UndefinedMetric, match="At least 10 held-out patients are needed, there are 5"):
        audit_interventions(few[few["patient_id"].isin(PEOPLE[:5])], resamples=10, seed=0)
    with pytest.raises(UndefinedMetric, match="the same for all patients"):
        audit_interventions(few.assign(score=1.0), resamples=10, seed=0)
