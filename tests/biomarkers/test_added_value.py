"""Added value of a score, against R, by hand and on noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.added_value import added_value
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.regression import r2
from outcomenet.metrics.resampling import bootstrap_weights, percentile_interval
from outcomenet.pages.figures import Layout
from tests.biomarkers.association_table import visits, world

WORLD = world(200)


def _row(section, term: str, measure: str, against: str) -> pd.Series:
    rows = section.estimates
    (row,) = rows[(rows["term"] == term) & (rows["measure"] == measure) & rows["adjustment"].str.endswith(against)].iloc
    return row


def test_likelihood_ratios_of_nested_models_are_those_of_r():
    table = visits()
    section = added_value(table, score="score", human="svdh", outcome="haq", covariates=["age"], resamples=100)
    row = _row(section, "likelihood ratio", "covariates and svdh and score", "covariates and svdh")

    # added_value.R, lme4 1.1.31: anova of lmer(haq ~ age + svdh [+ score] + (1 | patient_id), REML = FALSE)
    assert row["estimate"] == pytest.approx(69.46868066, abs=1e-4)
    assert row["note"] == "chi2 on 1 degree of freedom"

    first = table.drop_duplicates("patient_id").assign(event=lambda rows: (rows["haq"] > 1) * 1.0)
    section = added_value(first, score="score", human="svdh", outcome="event", covariates=["age"], resamples=100)
    row = _row(section, "likelihood ratio", "covariates and svdh and score", "covariates and svdh")
    assert row["estimate"] == pytest.approx(13.044063, abs=1e-4)  # anova of the two glm
    assert row["p"] == pytest.approx(0.00030425, abs=1e-7)


def test_several_rows_of_an_event_take_the_robust_wald_test_of_r():
    table = visits().assign(event=lambda rows: (rows["haq"] > 1) * 1.0)
    section = added_value(table, score="score", human="svdh", outcome="event", covariates=["age"], resamples=100)
    row = _row(section, "Wald F", "covariates and svdh and score", "covariates and svdh")

    # added_value.R, sandwich 3.0.2: squared z of vcovCL(glm, ~patient_id, type = "HC0")
    assert row["estimate"] == pytest.approx(28.08933964, rel=1e-4)


def test_the_paired_bootstrap_of_patients_is_that_of_boot():
    table = visits()
    y, one, two = table["haq"].to_numpy(float), 1 + 0.02 * (table["svdh"] - 15), 1.1 + 0.35 * table["score"]
    weights = bootstrap_weights(table["patient_id"], 10_000, seed=0)
    difference = r2(y, two.to_numpy(float), weights) - r2(y, one.to_numpy(float), weights)

    # added_value.R, boot 1.3.28.1: 10,000 resamples of patients
    assert difference[0] == pytest.approx(0.3080152283)
    assert percentile_interval(difference[1:]) == pytest.approx((0.1910238616, 0.4242479033), abs=0.008)


def test_a_score_with_the_better_signal_adds_and_the_human_one_does_not():
    section = added_value(
        WORLD, score="damage", human="svdh", outcome="haq", covariates=["age", "sex", "oa"], resamples=400
    )
    both = "covariates and svdh and damage"

    adds = _row(section, "difference of R2", both, "minus covariates and svdh")
    assert adds["lower"] > 0
    assert adds["note"].startswith("better")
    assert _row(section, "difference of R2", both, "minus covariates and damage")["estimate"] < 0.01
    assert section.sentences[0].startswith("Beside covariates and svdh, damage adds")
    assert section.sentences[2].startswith("Covariates and damage in the place of covariates and svdh changes R2 by")


def test_noise_is_no_gain_on_patients_whom_the_model_has_not_seen():
    rng = np.random.default_rng(4)
    gains = []
    for seed in range(10):
        table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["noise", "svdh", "haq"]).assign(patient_id=range(60))
        section = added_value(table, score="noise", human="svdh", outcome="haq", resamples=50, seed=seed)
        gains.append(_row(section, "difference of R2", "svdh and noise", "minus svdh")["estimate"])

    assert np.mean(gains) < 0  # in sample it would always be above


def test_an_event_has_auroc_brier_score_and_net_benefit():
    section = added_value(
        WORLD, score="score", human="svdh", outcome="progressed", covariates=["age"], thresholds=(0.25,), resamples=200
    )
    terms = set(section.estimates["term"])

    assert {"AUROC", "Brier score", "net benefit at 0.25", "difference of AUROC"} <= terms
    brier = _row(section, "difference of Brier score", "covariates and score", "minus covariates and svdh")
    assert brier["upper"] < 0
    assert brier["note"].startswith("better")
    assert (section.estimates["events"] == int(WORLD["progressed"].sum())).all()
    assert section.refusals == ()


def test_without_covariates_the_base_is_one_prediction_for_all():
    section = added_value(WORLD, score="score", human="svdh", outcome="progressed", resamples=100)
    assert _row(section, "AUROC", "nothing", "")["estimate"] == 0.5
    assert section.sentences[-1].startswith("Alone, score adds")


def test_few_events_are_told_and_fewer_are_refused():
    table = WORLD[WORLD["visit_id"] == 1].assign(event=lambda rows: (rows["damage"].rank() > 182) * 1.0)
    section = added_value(
        table, score="score", human="svdh", outcome="event", covariates=["age"], resamples=50, folds=3
    )
    assert "18 events for 3 coefficients, 6.0 each" in section.refusals[0]
    with pytest.raises(UndefinedMetric, match="has 8 rows of its rarer class"):
        added_value(
            table.assign(event=(table["damage"].rank() > 192) * 1.0), score="score", human="svdh", outcome="event"
        )


def test_unequal_granularity_is_refused():
    with pytest.raises(UndefinedMetric, match="has 2 columns and the human score 1: only equal granularity"):
        added_value(WORLD, score=["score_pip", "score_dip"], human="svdh", outcome="haq")


def test_the_figure_is_drawn_for_page_and_phone():
    section = added_value(WORLD, score="score", human="svdh", outcome="haq", resamples=50)
    for layout in Layout:
        (drawing,) = (draw(layout=layout) for draw in section.draws)
        assert drawing.name == "added_value_haq"
        assert len(drawing.data) == 5
