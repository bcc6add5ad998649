"""Prognosis against R, by hand, on a simulated truth, and on tables that must be refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import WeibullAFTFitter, WeibullFitter
from scipy.optimize import minimize

from outcomenet.biomarkers.follow_up_study import follow_up_study
from outcomenet.biomarkers.horizon_discrimination import horizon_discrimination
from outcomenet.biomarkers.incidence_by_third import incidence_by_third
from outcomenet.biomarkers.interval_censored import intervals, weibull_slopes
from outcomenet.biomarkers.prognosis import prognosis
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import auroc
from outcomenet.metrics.incidence import in_planned_visits, incidence_at_visits, weighted_incidence
from outcomenet.metrics.resampling import bootstrap_weights
from outcomenet.pages.figures import Layout
from tests.biomarkers.test_discrete_time import follow_up
from tests.metrics.test_incidence import rows, simulated

DAYS = ["entry_days", "last_film_without_days", "interval_start_days", "interval_end_days"]
# prognosis.R, survival 3.5.3 (survfit of several states, planned visits) and cmprsk 2.2.11 (cuminc), which agree
AALEN_JOHANSEN = {
    "lowest": ([80, 67, 53, 42], [0.025, 0.07873134328, 0.09393832723, 0.1116798085]),
    "middle": ([80, 60, 44, 28], [0.125, 0.2283333333, 0.3721780303, 0.3875899621]),
    "highest": ([80, 55, 40, 25], [0.225, 0.3568181818, 0.5410340909, 0.6175545455]),
}


def two_films(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """One follow-up film after about a year; the score doubles the hazard per SD, the human score says half as much."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    progressed = rng.random(n) < 1 - np.exp(-0.15 * 2**score)
    film = 365.25 + rng.uniform(-40, 40, n)
    table = pd.DataFrame({"patient_id": [f"{k:03d}" for k in range(n)], "entry_days": 500.0})
    table["last_film_without_days"] = table["interval_start_days"] = np.where(progressed, 500.0, 500.0 + film)
    table["interval_end_days"] = np.where(progressed, 500.0 + film, np.nan)
    table["cause"] = np.where(progressed, "progression", "censored")
    return table.assign(
        score=score, svdh=score + 1.5 * rng.normal(size=n), age=rng.normal(57, 12, n), rf=rng.integers(0, 2, n),
        site=rng.choice(["A", "B"], n),
    )  # fmt: skip


def number_of(section, term: str, measure: str, adjustment: str = "crude", outcome: str = "progression") -> pd.Series:
    table = section.estimates
    kept = (table["term"] == term) & (table["measure"] == measure) & (table["adjustment"] == adjustment)
    (row,) = table[kept & (table["outcome"] == outcome)].iloc
    return row


def test_incidence_and_numbers_at_risk_by_third_are_those_of_survfit_and_cuminc():
    section = incidence_by_third(follow_up_study(follow_up(), scores=["score"]), resamples=50, seed=0)
    for third, (at_risk, incidence) in AALEN_JOHANSEN.items():
        for visit in (1, 2, 3, 4):
            watched = number_of(section, f"at risk at visit {visit}", "score", f"{third} third")
            assert watched["estimate"] == at_risk[visit - 1]
            row = number_of(section, f"cumulative incidence at visit {visit}", "score", f"{third} third")
            assert row["estimate"] == pytest.approx(incidence[visit - 1], abs=1e-6)
            assert row["lower"] <= row["estimate"] <= row["upper"]
    (difference,) = section.estimates[section.estimates["term"].str.startswith("difference")].iloc
    assert difference["estimate"] == pytest.approx(0.225 - 0.025, abs=1e-6)


def test_numbers_at_risk_by_hand():
    # visit 1: all nine; a progresses, b has died by it. Visit 2: c (progresses), d to g; h and i were last filmed at visit 1
    table = rows(
        (0, 1, "progression"), (0, 0.5, "death"), (1, 2, "progression"), (2, np.nan, "censored"), (2, np.nan, "censored"),
        (2, np.nan, "censored"), (1, 1.5, "joint_surgery"), (1, np.nan, "censored"), (1, np.nan, "censored"),
    )  # fmt: skip
    table = pd.concat([table] * 3, ignore_index=True).assign(patient_id=range(27), score=np.repeat([1.0, 2.0, 3.0], 9))
    section = incidence_by_third(follow_up_study(table, scores=["score"]), resamples=20, seed=0)

    for third in ("lowest", "middle", "highest"):
        at_risk = [
            number_of(section, f"at risk at visit {k}", "score", f"{third} third")["estimate"] for k in (0, 1, 2)
        ]
        assert at_risk == [9, 9, 5]
        incidence = [
            number_of(section, f"cumulative incidence at visit {k}", "score", f"{third} third")["estimate"]
            for k in (1, 2)
        ]
        # 1/9, and of the 7/9 without any event a fifth
        assert incidence == pytest.approx([1 / 9, 1 / 9 + 7 / 9 / 5], abs=1e-6)
    (printed,) = section.tables.values()
    assert printed.iloc[1][["Third", "Visit", "At risk", "Events", "Other events"]].tolist() == [
        "lowest",
        "2",
        "5",
        "1",
        "1",
    ]


def test_the_weighted_incidence_is_that_of_the_rows_written_out():
    table = simulated(60, 3, 0.2, seed=2)
    weights = bootstrap_weights(pd.Series(range(60)), 3, seed=1)
    found = weighted_incidence(in_planned_visits(table), weights, 2)
    for drawn, value in zip(weights, found, strict=True):
        repeated = table.loc[np.repeat(np.arange(60), drawn.astype(int))].reset_index(drop=True)
        assert value == pytest.approx(incidence_at_visits(repeated, resamples=20)["incidence"][1], abs=1e-5)
    assert np.isnan(weighted_incidence(in_planned_visits(table), np.zeros((1, 60)), 2)).all()


def test_the_interval_censored_model_is_that_of_survreg():
    table = follow_up()
    table["z"] = table["score"] / table["score"].std()
    since_film = table.assign(**{name: table[name] - table["entry_days"] for name in DAYS})
    found = weibull_slopes(intervals(since_film, "progression"), table[["z", "age"]], "z")

    # prognosis.R, survival 3.5.3: survreg(Surv(lower, upper, type = "interval2") ~ z + age)
    assert found.time_ratio.estimate == pytest.approx(-0.7321415499, abs=2e-3)
    assert (found.time_ratio.upper - found.time_ratio.lower) / 2 / 1.959964 == pytest.approx(0.1401907458, rel=0.01)
    assert found.shape == pytest.approx(1.039049169, abs=2e-3)
    assert found.hazard_ratio.estimate == pytest.approx(0.7321415499 * 1.039049169, abs=3e-3)


def test_a_known_day_is_an_interval_of_no_length():
    table = follow_up().assign(z=lambda rows: rows["score"] / rows["score"].std())
    times = intervals(table, "death")
    assert (times["lower"] == times["upper"]).sum() == 38
    exact = times.assign(dead=(table["cause"] == "death").astype(int), z=table["z"])[times["lower"] > times["entry"]]
    fitted = WeibullAFTFitter().fit(exact.drop(columns="upper"), "lower", "dead", entry_col="entry").summary
    found = weibull_slopes(times, table[["z"]], "z").time_ratio
    assert found.estimate == pytest.approx(fitted["coef"].to_dict()["lambda_", "z"], abs=1e-3)
    assert found.upper - found.estimate == pytest.approx(
        1.959964 * fitted["se(coef)"].to_dict()["lambda_", "z"], rel=1e-2
    )


def test_late_entry_is_in_the_likelihood():
    table = follow_up()
    times = intervals(table, "progression")
    entry, lower, upper = (times[name].to_numpy() for name in ("entry", "lower", "upper"))
    score = (table["score"] / table["score"].std()).to_numpy()

    def deviance(values: np.ndarray) -> float:
        scale, shape = np.exp(values[0] + values[1] * score), np.exp(values[2])
        to, at, start = ((time / scale) ** shape for time in (np.minimum(upper, 1e6), lower, entry))
        chance = np.exp(-at) - np.where(np.isfinite(upper), np.exp(-to), 0.0)
        return -(np.log(chance) + start).sum()

    best = minimize(
        deviance, [1.0, -0.5, 0.0], method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-6, "fatol": 1e-8}
    )
    found = weibull_slopes(times, pd.DataFrame({"z": score}), "z")
    assert found.time_ratio.estimate == pytest.approx(best.x[1], abs=5e-3)
    assert found.shape == pytest.approx(np.exp(best.x[2]), rel=5e-3)
    # as in docs/intake/follow_up.md, without a score
    fitted = WeibullFitter().fit_interval_censoring(
        times["lower"].clip(lower=1e-4), times["upper"], entry=times["entry"]
    )
    assert fitted.rho_ == pytest.approx(found.shape, rel=0.3)


def test_cox_in_planned_visits_and_in_days_of_death_is_coxph():
    section = prognosis(follow_up(), scores=["score"], covariates=["age"], films=5, resamples=20)
    row = number_of(section, "Cox hazard ratio per SD", "score", "age")
    # prognosis.R, survival 3.5.3: coxph(Surv(visit, progression) ~ z + age), Efron; cox.zph(transform = "rank")
    assert np.log(row["estimate"]) == pytest.approx(0.7752134031, abs=1e-5)
    assert np.log(row["upper"] / row["lower"]) / 2 / 1.959964 == pytest.approx(0.1185411588, rel=1e-4)
    assert number_of(section, "test of proportional hazards", "score", "age")["p"] == pytest.approx(0.899, abs=0.05)

    section = prognosis(follow_up(), scores=["score"], event="death", resamples=20)
    row = number_of(section, "Cox hazard ratio per SD", "score", outcome="death")
    # coxph(Surv(entry, last, death) ~ z): days have meaning, so that no number of films is asked for
    assert np.log(row["estimate"]) == pytest.approx(-0.1975926594, abs=1e-5)
    assert row["events"] == 38
    assert any(said.startswith("With the day of the event known, one SD more") for said in section.sentences)
    assert section.sentences[-1].startswith("AUROC of death by 1 year: score 0.")


def test_cox_by_film_dates_of_a_study_of_two_films_is_refused():
    for films, words in ((None, "film dates are all there is"), (2, "only 0 of 300 patients have 3 films or more")):
        section = prognosis(two_films(), scores=["score"], films=films, resamples=20)
        assert not section.estimates["term"].str.startswith("Cox").any()
        assert any("a film's date is not the event's date" in said and words in said for said in section.refusals)
    section = prognosis(two_films().assign(n_films=4), scores=["score"], films="n_films", resamples=20)
    assert section.estimates["term"].str.startswith("Cox").any()


def test_the_truth_of_a_simulation_lies_in_the_intervals():
    section = prognosis(
        two_films(2000), scores=["score", "svdh"], covariates=["age"], clinical=["svdh", "rf"], resamples=50
    )
    row = number_of(section, "hazard ratio per SD", "score")
    assert row["lower"] < 2 < row["upper"]
    assert row["events"] == int((two_films(2000)["cause"] == "progression").sum())
    adjusted = number_of(section, "hazard ratio per SD", "score", "svdh, rf")
    assert adjusted["lower"] < 2 < adjusted["upper"]
    # the human score is not adjusted for itself
    assert "rf" in set(section.estimates.loc[section.estimates["measure"] == "svdh", "adjustment"])
    weibull = number_of(section, "Weibull hazard ratio per SD", "score")
    assert weibull["lower"] < 2 < weibull["upper"]
    assert section.refusals == (section.refusals[0],)  # Cox alone
    assert set(section.estimates["section"]) == {"prognosis", "incidence", "discrimination"}


def test_discrimination_is_paired_and_counts_who_is_not_known():
    table = two_films(400)
    table.loc[:9, ["last_film_without_days", "interval_start_days"]] = 700.0  # last filmed after 0.55 years
    table.loc[:9, "interval_end_days"] = np.nan
    table.loc[:9, "cause"] = "censored"
    data = follow_up_study(table, scores=["score", "svdh"], clinical=["svdh", "rf"])
    section = horizon_discrimination(data, resamples=200, seed=0)
    row = number_of(section, "AUROC at 1 year", "score", "")

    status = (table["cause"] == "progression").to_numpy(float)[10:]
    score, svdh = (auroc(status, table[name].to_numpy()[10:]).value for name in ("score", "svdh"))
    assert row["estimate"] == pytest.approx(score)
    assert (row["n_patients"], row["events"]) == (390, int(status.sum()))
    assert "10 of 400 patients left out: not known at the horizon" in row["note"]
    difference = number_of(section, "difference of AUROC at 1 year", "score", "minus svdh")
    assert difference["estimate"] == pytest.approx(score - svdh)
    assert difference["note"].startswith("borderline")
    assert (
        number_of(section, "difference of AUROC at 1 year", "clinical matrix and score", "minus clinical matrix")[
            "lower"
        ]
        > 0
    )
    assert "score 0." in section.sentences[0]


def test_a_score_that_tells_nothing_is_not_ranked_below_chance_by_the_folds():
    """Risks pooled over folds would have an AUROC of 0.27 here: who is held out with fewer events is given a higher risk."""
    table = two_films(150, seed=1).assign(noise=np.random.default_rng(5).normal(size=150))
    section = horizon_discrimination(follow_up_study(table, scores=["noise"]), resamples=50, seed=0)
    status = (table["cause"] == "progression").to_numpy(float)
    own = auroc(status, table["noise"].to_numpy()).value
    assert number_of(section, "AUROC at 1 year", "noise", "")["estimate"] == pytest.approx(own)


def test_who_had_another_event_first_has_not_had_this_one():
    table = rows((0, 0.9, "progression"), (0, 0.5, "death"), (1.0, np.nan, "censored"), (0.4, np.nan, "censored"))
    table = pd.concat([table] * 5, ignore_index=True).assign(patient_id=range(20), score=np.arange(20.0))
    status = follow_up_study(table, scores=["score"]).status()
    assert status[:3].tolist() == [1, 0, 0]
    assert np.isnan(status[3])


def test_few_events_are_told_and_firth_stands_beside():
    table = two_films(120, seed=3)
    few = table.loc[table["cause"] == "progression"].index[8:]
    table = table.drop(index=few)
    section = prognosis(table, scores=["score"], covariates=["age", "rf"], resamples=20)
    assert "Progression has 8 events for 3 slopes, 2.7 each in the largest model, and 10 or more" in section.refusals[0]
    firth = number_of(section, "Firth's odds ratio per SD", "score", "age, rf")
    assert firth["lower"] < firth["estimate"] < firth["upper"]
    assert "8 events for 3 slopes" in firth["note"]
    assert any(said.startswith("Discrimination was not computed: By 1 year") for said in section.refusals)


def test_competing_events_have_hazards_of_their_own_and_the_rare_ones_none():
    table = follow_up()
    table.loc[table.index[table["cause"] == "death"][:3], "cause"] = "joint_surgery"
    section = prognosis(table, scores=["score"], resamples=20)
    assert number_of(section, "hazard ratio per SD", "score", outcome="death")["events"] == 35
    rare = number_of(section, "hazard ratio per SD", "score", outcome="joint_surgery")
    assert np.isnan(rare["estimate"])
    assert rare["note"].startswith("3 events: fewer than 5, no model")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="cause"), "no column 'cause'"),
        (lambda t: t.assign(patient_id="a"), "299 rows repeat a patient, the first is a"),
        (lambda t: t.assign(cause="dead"), "300 rows have a cause that is none of censored, progression"),
        (lambda t: t.assign(cause="censored"), "None of the 300 patients .* has the event 'progression'"),
        (lambda t: t.assign(entry_days=9999.0), "300 of 300 rows have an interval that ends before it starts"),
        (lambda t: t.assign(interval_end_days=np.nan), "rows have a day that is missing"),
        (lambda t: t.assign(entry_days="soon"), "'entry_days' should hold numbers, but 300 of 300 rows do not"),
        (lambda t: t.assign(score="high"), "has one value"),
        (lambda t: t.assign(score=t["site"]), "is text, but a score is a number"),
        (lambda t: t.assign(score=np.nan), "is empty in all 300 rows"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(change, words):
    with pytest.raises(UndefinedMetric, match=words):
        prognosis(change(two_films()), scores=["score"])


def test_days_as_text_and_a_factor_among_the_covariates_are_read():
    table = two_films()
    as_text = table.assign(**{name: table[name].astype(str).replace("nan", None) for name in DAYS})
    one, two = (prognosis(t, scores="score", covariates=["site"], resamples=20).estimates for t in (table, as_text))
    pd.testing.assert_frame_equal(one, two)
    assert np.isfinite(one.loc[one["adjustment"] == "site", "estimate"]).all()


def test_a_missing_score_is_counted():
    table = two_films()
    table.loc[:4, "score"] = np.nan
    section = prognosis(table, scores=["score"], resamples=20)
    assert number_of(section, "hazard ratio per SD", "score")["n_patients"] == 295
    assert section.estimates["note"].str.contains("5 of 300 rows left out: score missing in 5").all()


def test_figures_are_drawn_for_page_and_phone():
    section = prognosis(
        follow_up(), scores=["score"], covariates=["age"], resamples=20, titles={"score": "Learned score"}
    )
    for layout in Layout:
        drawings = [draw(layout=layout) for draw in section.draws]
        assert [drawing.name for drawing in drawings] == ["prognosis_progression", "incidence_progression_score"]
        texts = [text.get_text() for text in drawings[1].figure.axes[1].texts]
        assert {"80", "67", "at risk", "lowest"} <= set(texts)
    everyone_alike = prognosis(follow_up(), scores=["score"], resamples=20)
    again = prognosis(follow_up(), scores=["score"], resamples=20)
    pd.testing.assert_frame_equal(everyone_alike.estimates, again.estimates)
