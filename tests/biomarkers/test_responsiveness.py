"""Responsiveness: SRM, Guyatt's index, change beyond the SDC, correlations of changes, and the verdict in words.

Recorded numbers: R 4.2.2, boot 1.3.28.1 (tests/biomarkers/r/change.R). The table was drawn once with default_rng(16): 80 patients in
two arms, three visits about a year apart; the human score is the mean of two readers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.responsiveness import responsiveness
from outcomenet.biomarkers.section import COLUMNS
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.responsiveness import response_mean
from outcomenet.pages.figures import Layout

TABLE = pd.read_csv(Path(__file__).parent / "r" / "change.csv", dtype={"patient_id": str})
BY_PLAN = {"visit": "planned", "planned": (0, 1)}


def of(table: pd.DataFrame = TABLE, **settings):
    settings = {"measures": ["score", "svdh"], "resamples": 0, **settings}
    return responsiveness(table, **settings)


def number_of(section, term: str, measure: str = "score", outcome: str = "", column: str = "estimate"):
    rows = section.estimates
    (value,) = rows.loc[(rows["term"] == term) & (rows["measure"] == measure) & (rows["outcome"] == outcome), column]
    return value


def two_visits(**changes: np.ndarray) -> pd.DataFrame:
    n = len(next(iter(changes.values())))
    first = pd.DataFrame({"patient_id": range(n), "years": 0.0, **dict.fromkeys(changes, 10.0)})
    return pd.concat([first, first.assign(years=1.0, **{name: 10.0 + change for name, change in changes.items()})])


def test_by_hand_of_ten_patients_who_change_by_0_to_9():
    section = of(two_visits(score=np.arange(10.0)), measures=["score"], detectable={"score": 6.5})

    assert number_of(section, "mean change") == pytest.approx(4.5)
    assert number_of(section, "SD of change") == pytest.approx((82.5 / 9) ** 0.5)
    assert number_of(section, "SRM") == pytest.approx(4.5 / (82.5 / 9) ** 0.5)
    assert number_of(section, "share worse beyond the SDC") == pytest.approx(0.3)
    assert number_of(section, "share worse beyond the SDC", column="events") == 3
    assert number_of(section, "share better beyond the SDC") == 0.0
    assert number_of(section, "share better beyond the SDC", column="upper") == pytest.approx(
        0.2775, abs=1e-4
    )  # Wilson of 0 / 10


def test_a_change_as_large_as_the_sdc_is_not_beyond_it():
    section = of(two_visits(score=np.arange(10.0)), measures=["score"], detectable={"score": 9.0})

    assert number_of(section, "share worse beyond the SDC") == 0.0


def test_espoir_published_an_srm_of_a_third():
    # one-year change 1.7 +/- 5.0: a sample with exactly that mean and SD
    drawn = np.random.default_rng(0).normal(size=400)
    change = 1.7 + 5.0 * (drawn - drawn.mean()) / drawn.std(ddof=1)

    assert round(number_of(of(two_visits(svdh=change), measures=["svdh"]), "SRM", "svdh"), 2) == 0.34


@pytest.mark.parametrize(
    ("measure", "mean", "sd", "srm", "by_haq", "by_placebo"),
    [
        ("score", 0.1142837500, 0.2141862791, 0.5335717605, 0.6104662470, 0.4482207143),
        ("svdh", 2.9312500000, 4.6154280011, 0.6350981966, 0.6224236351, 0.5135880629),
    ],
)
def test_r_says_the_same_of_each_measure(measure, mean, sd, srm, by_haq, by_placebo):
    section = of(**BY_PLAN, anchor="haq")
    placebo = of(**BY_PLAN, arm="arm", reference="placebo")

    found = [
        number_of(section, term, measure) for term in ("mean change", "SD of change", "SRM", "Guyatt's responsiveness")
    ]
    assert found == pytest.approx([mean, sd, srm, by_haq], abs=1e-9)
    assert number_of(placebo, "Guyatt's responsiveness", measure) == pytest.approx(by_placebo, abs=1e-9)
    assert "43 patients whose haq changed by less than 0.22" in number_of(
        section, "Guyatt's responsiveness", measure, column="method"
    )
    assert "40 patients of arm placebo" in number_of(placebo, "Guyatt's responsiveness", measure, column="method")


def test_r_says_the_same_of_correlations():
    section = of(**BY_PLAN, other=["haq", "das28"])

    pearson = [
        number_of(section, "Pearson correlation of the changes", outcome=name) for name in ("svdh", "haq", "das28")
    ]
    spearman = [
        number_of(section, "Spearman correlation of the changes", outcome=name) for name in ("svdh", "haq", "das28")
    ]
    assert pearson == pytest.approx([0.8070065162, 0.4191648226, 0.2676982973], abs=1e-9)
    assert spearman == pytest.approx([0.6954634681, 0.3537618168, 0.3622074932], abs=1e-9)


def test_intervals_are_those_of_boot_in_r():
    section = of(**BY_PLAN, resamples=5000)

    def bounds(term: str, measure: str) -> list[float]:
        return [number_of(section, term, measure, column=name) for name in ("lower", "upper")]

    # R's own 20,000 resamples differ: tolerance is the Monte Carlo error of both
    assert bounds("SRM", "score") == pytest.approx([0.3961, 0.6936], abs=0.015)
    assert bounds("SRM", "svdh") == pytest.approx([0.4789, 0.8221], abs=0.015)
    assert bounds("difference of |SRM|", "score") == pytest.approx([-0.2556, 0.0374], abs=0.012)


def test_the_difference_is_paired():
    change = (
        TABLE[TABLE["planned"] == 1].set_index("patient_id")[["score", "svdh"]]
        - TABLE[TABLE["planned"] == 0].set_index("patient_id")[["score", "svdh"]]
    )
    table = two_visits(score=change["svdh"].to_numpy() * 2, svdh=change["svdh"].to_numpy())
    section = of(table, resamples=200)

    # twice the same change has the same SRM in every resample
    assert number_of(section, "difference of |SRM|", column="lower") == pytest.approx(0.0, abs=1e-12)
    assert number_of(section, "difference of |SRM|", column="upper") == pytest.approx(0.0, abs=1e-12)


def test_the_later_visit_is_the_one_nearest_to_a_year_within_its_window():
    table = pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{k:02d}" for k in range(12)], 4),
            "years": np.tile([0.3, 1.1, 1.25, 2.3], 12),  # 0.8, 0.95 and 2.0 years after the first
            "score": np.tile([1.0, 50.0, 2.0, 70.0], 12) + np.repeat(np.arange(12.0), 4) * np.tile([0, 0, 1, 0], 12),
        }
    )
    table.loc[44:, "years"] = [0.0, 0.7, 1.3, 3.0]  # nothing between 0.75 and 1.25 years
    section = of(table, measures=["score"])

    assert number_of(section, "mean change") == pytest.approx(1.0 + 5.0)
    assert number_of(section, "SRM", column="n_patients") == 11
    assert number_of(section, "SRM", column="note") == "1 of 12 patients left out: no second visit in that time"
    assert "between 0.75 and 1.25 years" in section.sentences[-1]


def test_rows_without_a_measure_are_counted_and_other_columns_may_have_gaps():
    gaps = TABLE.copy()
    gaps.loc[(gaps["patient_id"] == "000") & (gaps["planned"] == 1), "svdh"] = np.nan
    gaps.loc[(gaps["patient_id"] == "001") & (gaps["planned"] == 1), "das28"] = np.nan
    section = of(gaps, **BY_PLAN, other=["das28"])

    assert number_of(section, "SRM", column="n_patients") == 79
    assert "1 of 240 rows left out (1 without svdh)" in number_of(section, "SRM", column="note")
    term = "Pearson correlation of the changes"
    assert number_of(section, term, outcome="das28", column="n_patients") == 78
    assert "1 of 79 patients left out: no change of das28" in number_of(section, term, outcome="das28", column="note")


def test_the_verdict_is_candid_when_ours_is_worse_and_goes_with_activity():
    rng = np.random.default_rng(1)
    damage, activity = rng.gamma(1.0, 2.0, 300), rng.normal(0, 1, 300)
    table = two_visits(score=activity + 0.1, svdh=damage, das28=activity + rng.normal(0, 0.3, 300))
    section = of(table, other=["das28"], resamples=500, titles={"svdh": "SvdH", "score": "the score", "das28": "DAS28"})

    verdict = number_of(section, "verdict", column="note")
    assert verdict.startswith("The score sees less change than SvdH (|SRM| 0.12 against 0.97, ")
    assert "its change goes more with that of DAS28 (r 0.9" in verdict
    assert section.sentences[0] == verdict
    assert number_of(section, "difference of |SRM|", column="note").startswith("worse; Monte Carlo error")


def test_the_human_score_that_is_named_stands_in_the_verdict():
    section = of(measures=["score", "truth", "svdh"], human="svdh", **BY_PLAN, other=["haq"], resamples=50)

    (row,) = section.estimates[section.estimates["term"] == "verdict"].to_dict("records")
    assert row["adjustment"] == "minus svdh"
    assert row["estimate"] == pytest.approx(number_of(of(**BY_PLAN), "difference of |SRM|"))


def test_a_measure_that_falls_while_the_other_rises_says_so():
    rng = np.random.default_rng(2)
    table = two_visits(score=rng.normal(-1, 1, 100), svdh=rng.normal(0.5, 1, 100))

    assert "opposite direction of svdh" in number_of(of(table, resamples=300), "verdict", column="note")


def test_what_cannot_be_told_is_a_row_without_a_number():
    table = two_visits(score=np.ones(20), svdh=np.arange(20.0))
    section = of(table, detectable={"score": 0.0}, resamples=100)

    assert np.isnan(number_of(section, "SRM"))
    assert number_of(section, "SRM", column="note") == "every patient changes by the same amount"
    assert "false zero" in number_of(section, "share worse beyond the SDC", column="note")
    assert number_of(section, "share worse beyond the SDC", "svdh", column="note") == "no SDC was given"
    assert section.refusals[0].endswith("none was given for svdh.")
    assert "was not computed" in section.sentences[0]


def test_stable_patients_must_be_some():
    section = of(two_visits(score=np.arange(20.0), haq=np.r_[0.0, np.ones(19)]), measures=["score"], anchor="haq")

    assert np.isnan(number_of(section, "Guyatt's responsiveness"))
    assert number_of(section, "Guyatt's responsiveness", column="note") == "1 stable patients, at least 10 are needed"


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({}, {"measures": ["scroe"]}, "Did you mean score"),
        ({"score": "high"}, {}, "must hold numbers"),
        (
            {},
            {"interval_years": 9.0},
            "0 of 80 patients have score, svdh at the first visit and the one nearest to 9 years",
        ),
        ({}, {"human": "haq"}, "'haq' is none of the measures"),
        ({}, {"years": None}, "name the column of their time"),
        ({"planned": 0}, BY_PLAN, "has two rows at planned 0"),
        ({}, {"visit": "planned", "planned": (0,)}, "between two planned visits; 1 are named"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(change, settings, message):
    with pytest.raises(UndefinedMetric, match=message):
        of(TABLE.assign(**change), **settings)


def test_the_figure_has_a_curve_per_measure_whose_mean_height_is_the_srm():
    section = of(**BY_PLAN, detectable={"svdh": 3.0})
    page, phone = (section.draws[0](layout=layout) for layout in Layout)
    assert page
    assert phone

    assert page.data.groupby("measure")["in_sd"].mean()["svdh"] == pytest.approx(0.6350981966)
    assert page.data["share"].between(0, 1).all()
    assert "smallest detectable change" in page.caption
    assert phone.figure.get_figwidth() < page.figure.get_figwidth()
    assert tuple(section.estimates.columns) == COLUMNS


def test_same_seed_same_numbers():
    one, other = (of(resamples=50, seed=3).estimates for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_large_changes_keep_their_digits():
    change = np.array([1e6, 1e6 + 1, 1e6 + 2])
    assert response_mean(change, np.ones((1, 3)))[0] == pytest.approx(1e6 + 1)
