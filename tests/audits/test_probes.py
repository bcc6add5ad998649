"""A probe finds what was planted in an embedding, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.audits.cross_fitting import Form
from outcomenet.audits.findings import Judgement
from outcomenet.audits.probes import _finding, audit_embedding, probe
from outcomenet.errors import UndefinedMetric

RNG = np.random.default_rng(0)
PATIENTS = pd.Series([f"p{i // 2}" for i in range(240)])
FM = pd.Series(np.repeat(RNG.random(120) < 0.4, 2).astype(float))
NOISE = RNG.normal(size=(240, 8))
CHANCE = {"resamples": 500, "permutations": 200, "seed": 0}


def test_planted_information_is_found():
    result = probe(NOISE + 1.5 * FM.to_numpy()[:, None] * np.eye(8)[0], FM, PATIENTS, **CHANCE)
    assert result.auroc > 0.75
    assert result.auroc > result.null_upper


def test_noise_is_read_as_by_chance():
    # one AUROC over 120 patients has an SD of 0.06: the mean of eight is within three standard errors of 0.5
    found = [probe(np.random.default_rng(s).normal(size=(240, 8)), FM, PATIENTS, **CHANCE) for s in range(8)]
    assert np.mean([result.auroc for result in found]) == pytest.approx(0.5, abs=3 * 0.06 / np.sqrt(8))
    assert np.mean([(result.null_lower + result.null_upper) / 2 for result in found]) == pytest.approx(0.5, abs=0.04)


def test_what_age_explains_is_gone_given_age():
    age = pd.DataFrame({"age": 55 + 10 * FM + RNG.normal(0, 3, 240)})
    embedding = NOISE + (age.to_numpy() - 55) / 4
    alone, given = probe(embedding, FM, PATIENTS, **CHANCE), probe(embedding, FM, PATIENTS, given=age, **CHANCE)
    assert alone.auroc > 0.9
    assert given.auroc < alone.auroc - 0.2


def test_what_a_line_misses_the_non_linear_classifier_finds():
    # who has fibromyalgia is extreme, at one visit one way and at the next the other: no line tells that
    sign = np.tile([1.0, -1.0], 120)
    embedding = NOISE[:, :3].copy()
    embedding[:, 0] = sign * (0.3 + 1.5 * FM.to_numpy()) + 0.2 * NOISE[:, 3]
    line, curve = (probe(embedding, FM, PATIENTS, form=form, **CHANCE) for form in Form)
    assert line.auroc < line.null_upper
    assert curve.auroc > 0.9 > curve.null_upper
    table = pd.DataFrame(
        {"patient_id": PATIENTS, "fm": FM, "age": 50.0 + RNG.normal(size=240), "male": 1.0, "site": "A"}
    )
    judged = _finding(audit_embedding(table, embedding, **CHANCE), "fm", "age, sex, site")
    assert judged.judgement is Judgement.ALARM
    assert "non-linear 0.9" in judged.finding


def test_the_non_linear_classifier_reads_noise_as_by_chance():
    found = [
        probe(np.random.default_rng(s).normal(size=(240, 8)), FM, PATIENTS, form=Form.CURVED, **CHANCE)
        for s in range(8)
    ]
    assert np.mean([result.auroc for result in found]) == pytest.approx(0.5, abs=3 * 0.06 / np.sqrt(8))
    assert sum(result.auroc > result.null_upper for result in found) <= 1  # one in forty is expected


def test_too_few_patients_are_refused():
    with pytest.raises(UndefinedMetric, match="at least 10 patients"):
        probe(NOISE, pd.Series([1.0] * 4 + [0.0] * 236), PATIENTS, **CHANCE)


def _linear(audit: pd.DataFrame) -> pd.DataFrame:
    """Rows of the linear classifier, and reasons why there are none."""
    return audit[audit["classifier"] != "non-linear"]


def test_the_audit_names_its_verdict():
    table = pd.DataFrame(
        {"patient_id": PATIENTS, "fm": FM, "age": 50.0 + RNG.normal(0, 5, 240), "male": 1.0, "site": "A"}
    )
    audit = audit_embedding(table, NOISE + 2 * FM.to_numpy()[:, None], **CHANCE)
    assert "holds information about fibromyalgia" in audit.loc[audit["target"] == "fm", "reading"].iloc[0]
    assert audit.loc[audit["target"] == "site", "reading"].str.startswith("Not computed").all()


def test_age_is_read_as_above_the_median_and_what_cannot_be_read_says_why():
    age = pd.Series(np.repeat(RNG.normal(55, 12, 120), 2))
    table = pd.DataFrame({"patient_id": PATIENTS, "age": age, "haq": RNG.random(240)})
    audit = (
        _linear(audit_embedding(table, NOISE + age.to_numpy()[:, None] / 12, outcome="haq", **CHANCE))
        .set_index(["target", "given"])
        .sort_index()
    )
    assert audit.loc[("age", "nothing"), "auroc"] > 0.8
    assert audit.loc[("age", "HAQ-DI"), "n"] == 240
    for target, reason in (
        ("side", "mean over all joints"),
        ("marker", "simulated cohorts only"),
        ("device", "does not say"),
    ):
        assert reason in audit.loc[(target, ""), "reading"]


def test_given_the_outcome_its_causes_go_together_and_the_reading_says_so():
    damage, fm = np.repeat(RNG.normal(size=120), 2), FM.to_numpy()
    haq = damage + 3 * fm
    table = pd.DataFrame({"patient_id": PATIENTS, "fm": FM, "haq": haq, "age": 50.0 + RNG.normal(size=240)})
    audit = (
        _linear(audit_embedding(table, np.column_stack([damage, NOISE]), outcome="haq", **CHANCE))
        .set_index(["target", "given"])
        .sort_index()
    )
    assert "as by chance" in audit.loc[("fm", "nothing"), "reading"]
    assert "without any shortcut" in audit.loc[("fm", "age, HAQ-DI"), "reading"]
