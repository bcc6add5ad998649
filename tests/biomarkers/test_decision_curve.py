"""Net benefit by hand, against dcurves, and with competing events against the incidence of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from dcurves import dca

from outcomenet.biomarkers.decision_curve import decision_curve
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.incidence import incidence_at_visits
from outcomenet.metrics.risk import net_benefit
from outcomenet.pages.figures import Layout
from tests.biomarkers.test_discrete_time import follow_up


def number_of(section, term: str, measure: str) -> pd.Series:
    table = section.estimates
    (row,) = table[(table["term"] == term) & (table["measure"] == measure)].iloc
    return row


def test_net_benefit_by_hand():
    # at 0.2: 2 events and 1 other called among 4, 2/4 - 1/4 x 1/4
    target, risk = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.3, 0.25, 0.1])
    assert net_benefit(target, risk, np.ones((1, 4)), threshold=0.2) == pytest.approx([0.5 - 0.25 / 4])


def test_net_benefits_are_those_of_dcurves():
    thresholds = [0.05, 0.1, 0.2, 0.3, 0.5]
    table = follow_up().astype({"event": float})
    section = decision_curve(table, risks="risk", outcome="event", thresholds=thresholds, resamples=100)
    theirs = dca(data=table[["event", "risk"]], outcome="event", modelnames=["risk"], thresholds=thresholds)
    for threshold in thresholds:
        for ours, name in (("risk", "risk"), ("treat all", "all"), ("treat none", "none")):
            (value,) = theirs.loc[(theirs["model"] == name) & (theirs["threshold"] == threshold), "net_benefit"]
            row = number_of(section, f"net benefit at {threshold:g}", ours)
            assert row["estimate"] == pytest.approx(value, abs=1e-9)
            # the formula itself
            treated = (
                table["risk"] >= threshold if ours == "risk" else pd.Series(ours == "treat all", index=table.index)
            )
            rightly = (treated & (table["event"] == 1)).mean()
            assert value == pytest.approx(rightly - (treated.mean() - rightly) * threshold / (1 - threshold), abs=1e-9)
    assert (section.estimates["events"] == 83).all()


def test_with_competing_events_it_is_the_incidence_of_those_above_the_threshold():
    table = follow_up()
    section = decision_curve(table, risks="risk", horizon_years=2, thresholds=[0.3], resamples=200)
    above = table[table["risk"] >= 0.3].reset_index(drop=True)
    share = len(above) / len(table)
    rightly = share * incidence_at_visits(above, resamples=20)["incidence"][1]

    row = number_of(section, "net benefit at 0.3", "risk")
    assert row["estimate"] == pytest.approx(rightly - (share - rightly) * 0.3 / 0.7, abs=1e-6)
    assert row["lower"] < row["estimate"] < row["upper"]
    everybody = incidence_at_visits(table, resamples=20)["incidence"][1]
    all_of_them = number_of(section, "net benefit at 0.3", "treat all")["estimate"]
    assert all_of_them == pytest.approx(everybody - (1 - everybody) * 0.3 / 0.7, abs=1e-6)
    # by hand from the recorded courses: who died first is no true positive
    assert row["events"] == int(
        ((table["cause"] == "progression") & (table["interval_end_days"] - table["entry_days"] < 2.3 * 365)).sum()
    )


def test_without_censoring_both_ways_agree():
    table = follow_up()
    table = table[table["interval_end_days"].notna() | (table["interval_start_days"] - table["entry_days"] > 600)]
    by_year_2 = table["interval_end_days"] - table["entry_days"] < 2.3 * 365.25
    table = table.assign(early=((table["cause"] == "progression") & by_year_2).astype(float)).reset_index(drop=True)
    one = decision_curve(table, risks="risk", outcome="early", thresholds=[0.2, 0.4], resamples=20)
    two = decision_curve(table, risks="risk", horizon_years=2, thresholds=[0.2, 0.4], resamples=20)
    for threshold in ("0.2", "0.4"):
        ours, other = (number_of(section, f"net benefit at {threshold}", "risk")["estimate"] for section in (one, two))
        assert ours == pytest.approx(other, abs=0.01)


def test_nobody_above_the_threshold_is_treating_nobody():
    section = decision_curve(follow_up(), risks="risk", horizon_years=1, thresholds=[0.999], resamples=50)
    row = number_of(section, "net benefit at 0.999", "risk")
    assert (row["estimate"], row["lower"], row["upper"]) == (0, 0, 0)


def test_a_good_risk_beats_both_defaults_and_a_constant_one_does_not():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"patient_id": range(800), "risk": rng.uniform(0.02, 0.9, 800), "prevalence": 0.46 + rng.normal(0, 0.001, 800)}
    )
    table["event"] = (rng.random(800) < table["risk"]).astype(float)
    section = decision_curve(table, risks=["risk", "prevalence"], outcome="event", thresholds=[0.3, 0.6], resamples=300)
    row = number_of(section, "difference of net benefit at 0.6", "risk")
    assert row["adjustment"] == "minus treat none"
    assert row["lower"] > 0
    assert row["note"].startswith("better")
    assert section.sentences[0].startswith(
        "Deciding by risk is better than treating all and treating nobody at thresholds of 0.3 and 0.6"
    )
    assert section.sentences[1].startswith("At no threshold was deciding by prevalence shown to be better")


@pytest.mark.parametrize(
    ("change", "settings", "words"),
    [
        (lambda t: t.assign(risk=t["score"]), {}, "'risk' should hold risks from 0 to 1"),
        (lambda t: t, {"thresholds": [0.0, 0.2]}, r"\[0.0\] was given"),
        (lambda t: t, {"horizon_years": 9}, "Under a tenth of 240 patients is watched at planned visit 9"),
        (lambda t: t, {"horizon_years": 1, "outcome": "progresion"}, "is no event of a follow-up table"),
        (lambda t: t.assign(event=0), {}, "has one value"),
        (lambda t: t.drop(columns="cause"), {"horizon_years": 1, "outcome": "progression"}, "no column 'cause'"),
    ],
)
def test_what_has_no_decision_curve_is_refused(change, settings, words):
    given = {"outcome": "progression" if "horizon_years" in settings else "event"} | settings
    with pytest.raises(UndefinedMetric, match=words):
        decision_curve(change(follow_up()), risks="risk", **given)


def test_the_figure_is_drawn_for_page_and_phone_and_missing_risks_are_counted():
    table = follow_up()
    table.loc[:3, "risk"] = np.nan
    section = decision_curve(table, risks="risk", outcome="event", resamples=30, titles={"risk": "Learned risk"})
    assert section.estimates["note"].str.contains("4 of 240 rows left out: risk missing in 4").all()
    for layout in Layout:
        (drawing,) = (draw(layout=layout) for draw in section.draws)
        assert drawing.name == "decision_curve_event"
        assert set(drawing.data["strategy"]) == {"risk", "treat all", "treat none"}
    (printed,) = section.tables.values()
    assert list(printed) == ["Threshold", "Learned risk", "treat all", "treat none"]
