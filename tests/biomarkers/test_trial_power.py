"""Size of a trial: against statsmodels, R, ESPOIR's published change, and a simulated trial whose truth is known.

Recorded numbers: R 4.2.2, power.t.test, lm and anova (tests/biomarkers/r/change.R); R solves for fractions of a patient.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import TTestIndPower

from outcomenet.biomarkers.section import COLUMNS
from outcomenet.biomarkers.trial_power import trial_power
from outcomenet.errors import UndefinedMetric
from outcomenet.pages.figures import Layout

TABLE = pd.read_csv(Path(__file__).parent / "r" / "change.csv", dtype={"patient_id": str})
BY_PLAN = {"visit": "planned", "planned": (0, 1)}
ARMS = {"arm": "arm", "arms": ("placebo", "active")}
READERS = ["reader_1", "reader_2"]


def of(table: pd.DataFrame = TABLE, **settings):
    settings = {"measures": ["score", "svdh"], "resamples": 0, **BY_PLAN, **settings}
    return trial_power(table, **settings)


def row_of(section, term: str, measure: str = "score", adjustment: str = "") -> dict:
    rows = section.estimates
    (row,) = rows[(rows["term"] == term) & (rows["measure"] == measure) & (rows["adjustment"] == adjustment)].to_dict(
        "records"
    )
    return row


def number_of(section, term: str, measure: str = "score", adjustment: str = "") -> float:
    return row_of(section, term, measure, adjustment)["estimate"]


def with_change(change: np.ndarray, **columns) -> pd.DataFrame:
    first = pd.DataFrame({"patient_id": range(len(change)), "planned": 0, "score": 0.0, **columns})
    return pd.concat([first, first.assign(planned=1, score=change)])


def exactly(mean: float, sd: float, n: int = 400, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=n)
    return mean + sd * (drawn - drawn.mean()) / drawn.std(ddof=1)


def test_espoir_needs_about_540_per_arm_when_half_the_change_is_prevented():
    section = of(with_change(exactly(1.7, 5.0)), measures=["score"])

    assert number_of(section, "effect d") == pytest.approx(0.17)
    assert (
        number_of(section, "n per arm, 80 % power") == 545
    )  # 2 (1.96 + 0.842)^2 / 0.17^2 = 543.2, and two for Student's t
    assert number_of(section, "n per arm with 15 % drop-out, 80 % power") == math.ceil(545 / 0.85)


@pytest.mark.parametrize("power", [0.8, 0.9])
@pytest.mark.parametrize(("mean", "reduction"), [(1.7, 0.5), (5.0, 0.3), (-2.0, 1.0)])
def test_patients_are_those_of_statsmodels(mean, reduction, power):
    section = of(with_change(exactly(mean, 5.0)), measures=["score"], reduction=reduction)
    needed = TTestIndPower().solve_power(effect_size=abs(reduction * mean / 5.0), power=power, alpha=0.05)

    assert number_of(section, f"n per arm, {100 * power:g} % power") == math.ceil(needed)


@pytest.mark.parametrize(
    ("measure", "at_80", "at_90", "with_baseline"),
    [("score", 221.52, 296.22, 206.64), ("svdh", 156.64, 209.37, 144.90), ("haq", 72577.86, 97160.84, 71483.67)],
)
def test_r_says_the_same_of_a_halved_change(measure, at_80, at_90, with_baseline):
    section = of(outcome="haq")

    assert number_of(section, "n per arm, 80 % power", measure) == math.ceil(at_80)
    assert number_of(section, "n per arm, 90 % power", measure) == math.ceil(at_90)
    assert number_of(section, "n per arm, 80 % power", measure, f"{measure} at baseline") == math.ceil(with_baseline)


@pytest.mark.parametrize(
    ("measure", "d", "n", "r2"),
    [
        ("score", 0.55027942456, 52.81848, 0.05907410534),
        ("svdh", 0.49671244551, 64.59951, 0.06442200837),
        ("haq", 0.54580807103, 53.67105, 0.02039022289),
    ],
)
def test_r_says_the_same_of_two_arms(measure, d, n, r2):
    section = of(outcome="haq", **ARMS)

    assert number_of(section, "effect d", measure) == pytest.approx(d, abs=1e-9)
    assert number_of(section, "n per arm, 80 % power", measure) == math.ceil(n)
    adjusted = number_of(section, "effect d", measure, f"{measure} at baseline")
    assert adjusted == pytest.approx(d / math.sqrt(1 - r2), abs=1e-9)
    assert "observed difference between arms placebo (40) and active (40)" in section.sentences[1]


def test_what_the_score_at_baseline_saves_for_the_haq_is_the_ratio_of_residual_variances():
    section = of(outcome="haq", **ARMS)
    without = of(outcome="haq")

    assert number_of(without, "share of patients saved", "haq", "score at baseline") == pytest.approx(
        0.06524147, abs=1e-8
    )
    alone = number_of(section, "n per arm, 80 % power", "haq", "haq at baseline")
    both = number_of(section, "n per arm, 80 % power", "haq", "haq, score at baseline")
    assert number_of(section, "patients per arm saved, 80 % power", "haq", "score at baseline") == alone - both
    share = number_of(section, "share of patients saved", "haq", "score at baseline")
    assert both / alone == pytest.approx(1 - share, abs=0.02)  # whole patients


def test_r_says_the_same_by_number_of_readers():
    section = of(reader_columns=READERS)
    designs = ["1 reader", "mean of 2 readers", "mean of 3 readers", "mean of 4 readers"]
    found = [number_of(section, f"n per arm, 80 % power, {design}", "svdh") for design in designs]

    assert found == [math.ceil(n) for n in (202.971889, 156.640105, 141.196372, 133.474578)]
    assert found[1] == number_of(section, "n per arm, 80 % power", "svdh")


def test_readers_whose_error_is_known():
    rng = np.random.default_rng(5)
    true = rng.normal(2.0, 2.0, 20_000)
    reads = {name: true + rng.normal(0, 3.0, 20_000) for name in READERS}
    first = pd.DataFrame({"patient_id": range(20_000), "planned": 0, "svdh": 0.0, **dict.fromkeys(READERS, 0.0)})
    later = first.assign(planned=1, svdh=np.mean(list(reads.values()), axis=0), **reads)
    section = of(pd.concat([first, later]), measures=["svdh"], reader_columns=READERS)

    for number, design in enumerate(
        ["1 reader", "mean of 2 readers", "mean of 3 readers", "mean of 4 readers"], start=1
    ):
        assert number_of(section, f"effect d, {design}", "svdh") == pytest.approx(
            1 / math.sqrt(4 + 9 / number), rel=0.02
        )


def test_r_says_the_same_of_the_highest_third_and_screening_is_counted():
    section = of()
    term = "80 % power, highest third of score"

    assert number_of(section, f"n per arm, {term}", "svdh") == 110
    assert number_of(section, f"screened for both arms, {term}", "svdh") == math.ceil(2 * 110 * 80 / 27)
    assert "regression to the mean" in row_of(section, f"n per arm, {term}", "score")["note"]
    assert "regression to the mean" not in row_of(section, f"n per arm, {term}", "svdh")["note"]


def test_enrichment_takes_the_predicted_progression_where_there_is_one():
    table = TABLE.assign(risk=TABLE["truth"].where(TABLE["patient_id"] != "003"))
    section = of(table, predicted="risk", titles={"risk": "predicted risk"})

    row = row_of(section, "n per arm, 80 % power, highest third of predicted risk")
    assert row["note"] == "1 of 80 patients not selected: no risk"


def test_an_effect_whose_interval_holds_0_has_no_upper_bound_and_no_infinite_number():
    section = of(outcome="haq", resamples=300)
    row = row_of(section, "n per arm, 80 % power", "haq")

    assert row["estimate"] > 10_000
    assert np.isfinite(row["lower"])
    assert np.isnan(row["upper"])
    assert "the interval of the effect holds 0: n has no upper bound" in row["note"]
    assert "on average it falls: a smaller fall is no benefit" in row["note"]
    assert not np.isinf(section.estimates[["estimate", "lower", "upper"]].to_numpy()).any()
    assert "to no bound)" in section.sentences[0]
    saved = row_of(section, "patients per arm saved, 80 % power", "haq", "score at baseline")
    assert np.isnan(saved["estimate"])
    assert "not told from 0" in saved["note"]


def test_bounds_change_places_and_hold_the_estimate():
    row = row_of(of(resamples=500), "n per arm, 80 % power", "svdh")

    assert row["lower"] < row["estimate"] < row["upper"]
    # percentile bounds of the SRM by boot in R: 0.4789 and 0.8221 (tests/biomarkers/r/change.R)
    expected = [
        math.ceil(TTestIndPower().solve_power(effect_size=0.5 * srm, power=0.8, alpha=0.05)) for srm in (0.8221, 0.4789)
    ]
    assert [row["lower"], row["upper"]] == pytest.approx(expected, rel=0.08)


def test_the_truth_stands_beside_and_the_verdict_is_candid():
    rng = np.random.default_rng(7)
    truth = rng.gamma(1.0, 2.0, 500)
    first = pd.DataFrame({"patient_id": range(500), "planned": 0, "truth": 0.0, "score": 0.0, "svdh": 0.0})
    later = first.assign(
        planned=1, truth=truth, score=truth + rng.normal(0, 12, 500), svdh=truth + rng.normal(0, 2, 500)
    )
    section = of(pd.concat([first, later]), truth="truth", resamples=300)

    best = row_of(section, "n per arm, 80 % power", "truth")
    assert best["estimate"] < number_of(section, "n per arm, 80 % power", "svdh")
    assert best["note"] == "true damage, known in a simulation alone"
    verdict = row_of(section, "verdict", adjustment="minus svdh")["note"]
    assert verdict == section.sentences[0]
    assert verdict.startswith("A trial with score needs more patients than one with svdh (|d| 0.0")
    assert any(
        "Perfect knowledge of truth would need" in words and "gains nothing over svdh" in words
        for words in section.sentences
    )


def test_the_verdict_stands_beside_the_human_score_that_is_named():
    section = of(measures=["score", "truth", "svdh"], human="svdh", reader_columns=READERS, outcome="haq")

    assert row_of(section, "verdict", adjustment="minus svdh")["note"].startswith(
        "Whether a trial with score needs fewer patients"
    )
    assert number_of(section, "n per arm, 80 % power, mean of 2 readers", "svdh") == 157
    alone = of(measures=["score"], outcome="haq")
    assert row_of(alone, "verdict", adjustment="minus haq")["estimate"] > 0


def test_no_change_at_all_gives_no_number():
    section = of(with_change(np.zeros(20)), measures=["score"], resamples=50)

    assert np.isnan(number_of(section, "n per arm, 80 % power"))
    assert row_of(section, "effect d")["note"] == "the effect is not defined: the change does not vary"
    assert section.draws[0](layout=Layout.PAGE) is None


def test_rows_of_a_third_arm_are_counted():
    third = TABLE.assign(arm=TABLE["arm"].where(TABLE["patient_id"] > "003", "open"))
    row = row_of(of(third, **ARMS), "effect d")

    assert row["n_patients"] == 76
    assert "12 of 240 rows left out: neither arm placebo nor active" in row["note"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reduction": 0.0}, "above 0 and at most 1; got 0"),
        ({"drop_out": 1.0}, "below 1; got 1"),
        ({"powers": (80,)}, r"chances between 0\.05 and 1"),
        ({"arms": ("placebo", "active")}, "two values of the column `arm`"),
        ({"arm": "arm", "arms": ("placbo", "active")}, "has no arm 'placbo'; it has placebo, active"),
        ({"arm": "arms", "arms": ("placebo", "active")}, "Did you mean arm"),
        ({"measures": ["svhd"]}, "Did you mean svdh"),
        ({"human": "haq"}, "'haq' is none of the measures that the first one is compared with"),
        ({"measures": []}, "No measure is named"),
        ({"predicted": "arm"}, "Column 'arm' must hold numbers"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_in_one_sentence(settings, message):
    with pytest.raises(UndefinedMetric, match=message):
        of(**settings)


def test_an_arm_of_few_patients_is_refused():
    few = TABLE.assign(arm=np.where(TABLE["patient_id"] < "005", "active", "placebo"))

    with pytest.raises(UndefinedMetric, match="have 75 and 5 patients with a change; at least 10 in each"):
        of(few, **ARMS)


def test_the_curve_passes_its_power_where_the_table_says():
    section = of(outcome="haq", truth="truth", **ARMS)
    page, phone = (section.draws[0](layout=layout) for layout in Layout)
    assert page
    assert phone

    curve = page.data[page.data["endpoint"] == "svdh"].astype({"n_per_arm": float, "power": float})
    assert np.interp(65, curve["n_per_arm"], curve["power"]) == pytest.approx(0.8, abs=0.01)
    assert curve["power"].is_monotonic_increasing
    assert tuple(section.estimates.columns) == COLUMNS
    assert phone.figure.get_figwidth() < page.figure.get_figwidth()
