"""Calibration against glm, lm and loess in R, lowess in statsmodels, and on predictions whose error is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from statsmodels.nonparametric.smoothers_lowess import lowess

from outcomenet.biomarkers.calibration import calibration
from outcomenet.biomarkers.recalibrated import predicted, recalibrated
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.local_line import local_line
from outcomenet.pages.figures import Layout
from tests.biomarkers.test_discrete_time import follow_up


def hospitals(n: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Risks whose logit is twice too steep; hospital A has more events than was predicted."""
    rng = np.random.default_rng(seed)
    x, site = rng.normal(size=n), rng.choice(list("ABC"), n)
    event = rng.random(n) < expit(-1 + 0.7 * x + 0.6 * (site == "A"))
    return pd.DataFrame(
        {
            "patient_id": [f"{k:04d}" for k in range(n)], "site": site, "x": x, "event": event.astype(float), "risk": expit(-1 + 1.4 * x),
            "haq": 1 + 0.5 * x + rng.normal(0, 0.2, n), "haq_predicted": 0.8 + x,
        }
    )  # fmt: skip


def number_of(section, term: str, adjustment: str = "as predicted", measure: str = "risk") -> pd.Series:
    table = section.estimates
    kept = (table["term"] == term) & (table["measure"] == measure) & (table["adjustment"] == adjustment)
    (row,) = table[kept].iloc
    return row


def test_lines_of_an_event_and_of_a_number_are_those_of_glm_and_lm():
    section = calibration(follow_up(), predictions="risk", outcome="event", resamples=50)
    # prognosis.R: glm(event ~ offset(lp)), glm(event ~ lp), lm(haq ~ haq_predicted)
    assert number_of(section, "calibration in the large")["estimate"] == pytest.approx(-0.854226213, abs=1e-6)
    assert number_of(section, "calibration intercept")["estimate"] == pytest.approx(-0.7996956583, abs=1e-6)
    assert number_of(section, "calibration slope")["estimate"] == pytest.approx(0.8534135551, abs=1e-6)
    assert number_of(section, "calibration slope")["events"] == 83

    section = calibration(follow_up(), predictions="haq_predicted", outcome="haq", kind="number", resamples=50)
    intercept = number_of(section, "calibration intercept", measure="haq_predicted")
    assert intercept["estimate"] == pytest.approx(0.5977758221, abs=1e-9)
    assert number_of(section, "calibration slope", measure="haq_predicted")["estimate"] == pytest.approx(
        0.6187573105, abs=1e-9
    )


def test_the_smooth_curve_is_loess_and_lowess():
    table = follow_up()
    risk, event = table["risk"].to_numpy(), table["event"].to_numpy(float)
    # prognosis.R: loess(event ~ risk, span = 0.75, degree = 1, surface = "direct"), R 4
    found = local_line(risk, event, np.array([0.2, 0.4, 0.7]), np.ones((1, 240)))[0]
    assert found == pytest.approx([0.1178732877, 0.2460296459, 0.5058302036], abs=1e-6)

    order = np.argsort(risk)
    smooth = lowess(event[order], risk[order], frac=0.75, it=0, return_sorted=False)
    assert local_line(risk, event, risk[order], np.ones((1, 240)))[0] == pytest.approx(smooth, abs=1e-6)

    weights = np.ones((1, 240))
    weights[0, ::2] = 2.0
    twice = np.repeat(np.arange(240), weights[0].astype(int))
    # the widths stay those of the sample, so that only far rows differ
    repeated = local_line(risk[twice], event[twice], np.array([0.4]), np.ones((1, 360)))[0]
    assert local_line(risk, event, np.array([0.4]), weights)[0] == pytest.approx(repeated, abs=0.01)


def test_too_steep_risks_are_seen_and_mended_on_hospitals_left_out():
    section = calibration(hospitals(), predictions="risk", outcome="event", site="site", resamples=200)
    before = number_of(section, "calibration slope")
    assert before["lower"] < 0.5 < before["upper"]
    after = number_of(section, "calibration slope", "recalibrated, each of 3 hospitals left out in turn")
    assert after["estimate"] == pytest.approx(1, abs=0.15)
    # A has more events than others say: only out of sample this is seen
    excess = number_of(
        section, "calibration in the large", "recalibrated, each of 3 hospitals left out in turn; hospital A"
    )
    assert excess["lower"] > 0.2
    assert "each of 3 hospitals left out in turn: slope" in section.sentences[1]
    assert section.estimates.groupby("adjustment").size().eq(4).all()
    (printed,) = section.tables.values()
    assert len(printed) == 8


def test_recalibration_by_hospital_is_fitted_to_the_others():
    table = hospitals()
    moved = recalibrated(
        table["event"].to_numpy(), table["risk"].to_numpy(), table["patient_id"], table["site"], kind="event"
    )
    others, own = table["site"] != "A", table["site"] == "A"
    fit = sm.Logit(table.loc[others, "event"], sm.add_constant(logit(table.loc[others, "risk"]))).fit(disp=0)
    by_hand = expit(fit.params.iloc[0] + fit.params.iloc[1] * logit(table.loc[own, "risk"]))
    assert moved.predictions[own] == pytest.approx(by_hand.to_numpy(), abs=1e-6)


def test_a_small_hospital_makes_patients_be_left_out_and_has_no_row_of_its_own():
    table = hospitals()
    table.loc[:14, "site"] = "D"
    section = calibration(table, predictions="risk", outcome="event", site="site", resamples=50)
    hows = set(section.estimates["adjustment"].str.split(";").str[0])
    assert hows == {"as predicted", "recalibrated, patients left out in turn (10 folds)"}
    assert np.isnan(number_of(section, "calibration slope", "as predicted; hospital D")["estimate"])
    assert any(said.startswith("Hospital D has 15 rows with") for said in section.refusals)


def test_patients_of_two_hospitals_are_never_on_both_sides():
    table = pd.concat([hospitals(300), hospitals(300).assign(site="Z")], ignore_index=True)
    moved = recalibrated(
        table["event"].to_numpy(), table["risk"].to_numpy(), table["patient_id"], table["site"], kind="event"
    )
    assert moved.how == "patients left out in turn (10 folds)"


def test_a_number_is_recalibrated_on_its_line():
    table = hospitals()
    section = calibration(
        table, predictions="haq_predicted", outcome="haq", kind="number", resamples=50, titles={"haq": "HAQ"}
    )
    assert number_of(section, "calibration slope", measure="haq_predicted")["estimate"] == pytest.approx(0.5, abs=0.02)
    after = number_of(
        section, "calibration slope", "recalibrated, patients left out in turn (10 folds)", "haq_predicted"
    )
    assert after["estimate"] == pytest.approx(1, abs=0.02)
    assert after["unit"] == "slope"


def test_predictions_from_a_score_are_of_patients_not_seen_and_keep_their_rows():
    table = hospitals(200)
    table.loc[3, "x"] = np.nan
    risk = predicted(table.set_index("patient_id", drop=False), scores="x", outcome="event")
    assert risk.index.tolist() == table["patient_id"].tolist()
    assert np.isnan(risk.iloc[3])
    assert risk.notna().sum() == 199
    # nothing to learn: the cross-validated risk follows no event of its own
    noise = table.assign(x=np.random.default_rng(1).normal(size=200))
    assert np.corrcoef(predicted(noise, scores="x", outcome="event"), noise["event"])[0, 1] < 0.1
    expected = predicted(table, scores="x", outcome="haq", kind="number")
    assert np.corrcoef(expected.dropna(), table.loc[expected.notna(), "haq"])[0, 1] > 0.85


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.assign(risk=t["x"]), "'risk' should hold risks above 0 and below 1"),
        (lambda t: t.assign(event=t["haq"]), "'event' should hold 0 and 1"),
        (lambda t: t.drop(columns="risk"), "no column 'risk'"),
        (lambda t: t.assign(event=1.0), "has one value"),
        (lambda t: t.assign(risk=np.where(t["x"] > 0, "high", "low")), "is text, but a prediction is a number"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(change, words):
    with pytest.raises(UndefinedMetric, match=words):
        calibration(change(hospitals(100)), predictions="risk", outcome="event")


def test_figures_are_drawn_for_page_and_phone():
    table = hospitals(300).assign(other=lambda rows: expit(-1 + 0.3 * rows["x"]))
    section = calibration(table, predictions=["risk", "other"], outcome="event", site="site", resamples=30)
    for layout in Layout:
        (drawing,) = (draw(layout=layout) for draw in section.draws)
        assert drawing.name == "calibration_event"
        assert set(drawing.data["part"]) == {"curve", "recalibrated", "groups"}
    many = calibration(
        table.assign(a=table["other"], b=table["other"]),
        predictions=["risk", "other", "a", "b"],
        outcome="event",
        resamples=20,
    )
    assert len(many.draws) == 2
