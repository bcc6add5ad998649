"""Change of the score and of the human total on the same patients, against sums worked out here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_biomarker import reading_of, rows_of

from outcomenet.datasets.dataset import Dataset
from outcomenet.errors import UndefinedMetric
from outcomenet.evaluation.biomarker import biomarker_table
from outcomenet.evaluation.score_change import score_change_table
from outcomenet.metrics.trial_size import patients_per_arm
from outcomenet.scoring import SVDH

PATIENTS = 60
RNG = np.random.default_rng(8)
# visits p0 v0, p0 v1, p1 v0, ...: the score drifts by 0.1 +- 1, the two readers' totals by 2 +- 4, read to +- 1
SCORE = np.column_stack([first := RNG.normal(size=PATIENTS), first + 0.1 + RNG.normal(size=PATIENTS)]).ravel()
TRUE = np.column_stack([low := RNG.integers(10, 60, PATIENTS), low + RNG.normal(2, 4, PATIENTS).round()]).ravel()
TOTALS = TRUE[:, None] + RNG.integers(-1, 2, (2 * PATIENTS, 2))
AGAIN = SCORE + RNG.normal(0, 0.2, (3, 2 * PATIENTS))


def grades_of(total: float) -> np.ndarray:
    """SvdH grades of one reader that add up to `total`."""
    grades = np.zeros(len(SVDH.sites), np.int8)
    whole, rest = divmod(int(total), 4)
    grades[:whole], grades[whole] = 4, rest
    return grades


@dataclass(frozen=True)
class Data(Dataset):
    held_out: tuple = ()

    def examples(self, split):
        assert split == "test"
        return self.held_out


@pytest.fixture
def dataset(tmp_path):
    reading = reading_of(SCORE)
    visits = rows_of(reading, "test").assign(
        has_films=True, days=np.tile([0.0, 365.25], PATIENTS), svdh_total=TOTALS.mean(1), haq=1.0 + TRUE / 100
    )
    visits["later_visit_id"] = np.where(visits["visit_id"] == "v0", "v1", None)
    held_out = tuple(
        {"patient_id": p.encode(), "visit_id": v.encode(), "svdh": np.stack([grades_of(t) for t in totals])}
        for (p, v), totals in zip(reading.ids, TOTALS, strict=True)
    )
    manifest: Any = SimpleNamespace(readers=("R1", "R2"))
    return Data(tmp_path, manifest, visits, held_out)


def table_of(dataset, rereadings: int = 3) -> pd.DataFrame:
    reading = reading_of(SCORE)
    again = [reading_of(row) for row in AGAIN[:rereadings]]
    biomarker = biomarker_table(reading, again, rows_of(reading, "test"), outcome=1)
    table = score_change_table(dataset, biomarker, again, outcome=1, resamples=200, seed=0)
    return table.set_index(["measure", "statistic", "against"]).sort_index()


def change(values: np.ndarray) -> np.ndarray:
    return values[1::2] - values[::2]


def test_both_measures_numbers_are_those_of_a_hand_calculation(dataset):
    table = table_of(dataset)
    for name, values in (("score", SCORE), ("human_total", TOTALS.mean(1))):
        of = table.loc[name]["value"]
        srm = change(values).mean() / change(values).std(ddof=1)
        assert of.loc["srm", ""] == pytest.approx(srm, abs=1e-6)
        assert of.loc["n_per_arm_80", ""] == patients_per_arm(srm / 2)
        assert of.loc["n_per_arm_90", ""] == patients_per_arm(srm / 2, power=0.9)
        assert table.loc[(name, "srm", "")]["lower"] < srm < table.loc[(name, "srm", "")]["upper"]
    difference = table.loc["score", "srm_difference", "human_total"]
    score, human = (table.loc[name, "srm", ""]["value"] for name in ("score", "human_total"))
    assert difference["value"] == pytest.approx(abs(score) - abs(human))
    assert (table["patients"] == PATIENTS).all()


def test_a_change_that_does_not_vary_gives_no_number_of_patients(dataset):
    totals = np.where(np.arange(2 * PATIENTS) % 2, 12.0, 10.0)  # up by 2 in everybody
    table = table_of(replace(dataset, visits=dataset.visits.assign(svdh_total=totals)))
    for statistic in ("srm", "n_per_arm_80", "n_per_arm_90", "sdc_in_sd"):
        found = table.loc["human_total", statistic, ""]
        assert np.isnan([found[column] for column in ("value", "lower", "upper")]).all()
    assert np.isfinite(table.loc["score", "n_per_arm_80", ""]["value"])


def test_no_change_on_average_leaves_the_number_of_patients_without_limit(dataset):
    totals = np.where(np.arange(2 * PATIENTS) % 2, 10.0 + np.tile([0, 3, 0, -3], PATIENTS // 2), 10.0)
    table = table_of(replace(dataset, visits=dataset.visits.assign(svdh_total=totals)))
    found = table.loc["human_total", "n_per_arm_80", ""]
    assert found["value"] == found["upper"] == np.inf
    assert np.isfinite(found["lower"])


def test_the_smallest_detectable_change_comes_from_readers_and_from_readings_again(dataset):
    """1.96 SD_d / (sqrt(2) sqrt(k)): two readers averaged (k = 2), one reading of the network (k = 1), whose SD_d is the
    root of twice the variance of a change read again."""
    table = table_of(dataset)
    first, second = change(TOTALS[:, 0]), change(TOTALS[:, 1])
    assert table.loc["human_total", "sdc", ""]["value"] == pytest.approx(1.96 * (first - second).std(ddof=1) / 2)
    again = np.stack([change(row) for row in AGAIN])
    pairs = [(again[i] - again[j]).var(ddof=1) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert table.loc["score", "sdc", ""]["value"] == pytest.approx(
        1.96 * np.sqrt(np.mean(pairs)) / np.sqrt(2), abs=1e-5
    )
    assert table.loc["score", "sdc", ""]["value"] > 0.3  # of a network that agrees with itself it would be 0
    for name in ("score", "human_total"):
        for statistic in ("icc_a1", "icc_a1_change"):
            row = table.loc[name, statistic, ""]
            assert 0.5 < row["lower"] < row["value"] < row["upper"] <= 1


def graded_by(dataset, totals: np.ndarray, readers: tuple[str, ...], ungraded: int = 0) -> Data:
    """The data set read by others: `totals` [visit, reader], NaN where he did not read, and its last sites of nobody."""

    def grades(total: float) -> np.ndarray:
        if np.isnan(total):
            return np.full(len(SVDH.sites), -1, np.int8)
        known = grades_of(total)
        known[len(known) - ungraded :] = -1
        return known

    held_out = tuple(
        example | {"svdh": np.stack([grades(t) for t in row])}
        for example, row in zip(dataset.held_out, totals, strict=True)
    )
    visits = dataset.visits.assign(svdh_total=np.nanmean(totals, axis=1))
    return Data(dataset.folder, SimpleNamespace(readers=readers), visits, held_out)  # pyright: ignore[reportArgumentType]


def test_the_smallest_detectable_change_is_of_as_many_readers_as_read_a_visit(dataset):
    """Four readers, two a visit, error SD 2 of each: the mean of two has a change error of SD 2, whose 1.96 is 3.92."""
    rng = np.random.default_rng(3)
    patients = np.repeat(np.arange(PATIENTS), 2)
    read = np.where((patients % 2 == 0)[:, None], [True, True, False, False], [False, False, True, True])
    totals = np.where(read, TRUE[:, None] + rng.normal(0, 2, (2 * PATIENTS, 4)).round() + 10, np.nan)
    table = table_of(graded_by(dataset, totals, ("R1", "R2", "R3", "R4")))
    both = read[:, 0]
    first, second = change(totals[both, 0]), change(totals[both, 1])
    row = table.loc["human_total", "sdc", ""]
    assert row["value"] == pytest.approx(1.96 * (first - second).std(ddof=1) / 2)  # k = 2, not 4
    assert row["value"] == pytest.approx(3.92, rel=0.25)
    assert row["note"] == "95 %, mean of 2: two of 4 readers; a held-out visit has the totals of 2 (median)"


def test_readings_of_some_sites_count_where_the_data_set_counts_them(dataset):
    """Policy `exclude`: totals sum what was graded, as when only hands were read. The numbers are those of full readings."""
    hands_only = table_of(graded_by(dataset, TOTALS, ("R1", "R2"), ungraded=100))
    whole = table_of(dataset)
    for statistic in ("sdc", "sdc_in_sd", "icc_a1", "icc_a1_change"):
        of_both = (table.loc["human_total", statistic, ""]["value"] for table in (hands_only, whole))
        assert next(of_both) == pytest.approx(next(of_both))


def test_a_reading_without_a_total_does_not_count_and_the_table_says_so(dataset):
    """Policy `missing`: where the second reader left sites out, the visit's total is the first reader's alone."""
    part = graded_by(dataset, TOTALS, ("R1", "R2"))
    for example in part.held_out:
        example["svdh"][1, -1] = -1
    part = Data(part.folder, part.manifest, part.visits.assign(svdh_total=TOTALS[:, 0]), part.held_out)
    table = table_of(part)
    for statistic in ("sdc", "sdc_in_sd", "icc_a1", "icc_a1_change"):
        row = table.loc["human_total", statistic, ""]
        assert np.isnan(row["value"])
        assert row["note"].startswith("not defined: 0 ")
    assert table.loc["human_total", "srm", ""]["value"] == pytest.approx(
        change(TOTALS[:, 0]).mean() / change(TOTALS[:, 0]).std(ddof=1)
    )


def test_an_srm_interval_that_holds_zero_has_no_largest_trial(dataset):
    table = table_of(dataset)
    row = table.loc["score", "srm", ""]
    assert row["lower"] < 0 < row["upper"]
    assert np.isinf(table.loc["score", "n_per_arm_80", ""]["upper"])
    assert np.isfinite(table.loc["human_total", "n_per_arm_80", ""]["upper"])


def test_a_measure_that_was_read_once_has_no_smallest_detectable_change(dataset):
    assert ("score", "sdc", "") not in table_of(dataset, rereadings=1).index


def test_change_goes_with_what_is_known_to_change(dataset):
    table = table_of(dataset)
    assert table.loc["human_total", "rank_correlation", "HAQ-DI"]["value"] > 0.9  # made of the true total here
    truth = dataset.visits[["patient_id", "visit_id"]].assign(activity=SCORE, svdh_without_error=TRUE)
    (dataset.folder / "truth").mkdir()
    truth.to_csv(dataset.folder / "truth" / "visits.csv", index=False)
    joints = truth[["patient_id", "visit_id"]].assign(erosion=TRUE / 100, narrowing=0.1)
    # two joints of each visit: what is lost is their sum
    pd.concat([joints, joints.assign(erosion=0.0)]).to_csv(dataset.folder / "truth" / "joints.csv", index=False)
    table = table_of(dataset)
    assert table.loc["human_total", "rank_correlation", "true damage"]["value"] > 0.9
    assert table.loc["score", "rank_correlation", "true activity"]["value"] == pytest.approx(1.0)
    assert abs(table.loc["score", "rank_correlation", "true SvdH"]["value"]) < 0.4


def test_patients_seen_once_cannot_say(dataset):
    dataset.visits["later_visit_id"] = None
    with pytest.raises(
        UndefinedMetric, match="two held-out patients with films and human scores at two visits; there are 0"
    ):
        table_of(dataset)


def test_arms_are_compared_only_where_treatment_was_drawn_by_lot(dataset):
    treatment = np.repeat(np.where(np.arange(PATIENTS) % 2, "active", "control"), 2)
    data = replace(dataset, visits=dataset.visits.assign(treatment=treatment))
    reading, again = reading_of(SCORE), [reading_of(row) for row in AGAIN]
    biomarker = biomarker_table(reading, again, rows_of(reading, "test"), outcome=1)
    tables = [
        score_change_table(data, biomarker, again, outcome=1, resamples=200, seed=0, randomised=lots).set_index(
            ["measure", "statistic"]
        )
        for lots in (False, True)
    ]
    assert ("score", "arm_difference_in_sd") not in tables[0].index
    human = tables[1].loc[("human_total", "arm_difference_in_sd")]["value"]
    active = np.arange(PATIENTS) % 2 == 1
    moved = change(TOTALS.mean(1))
    pooled = np.sqrt((moved[active].var(ddof=1) + moved[~active].var(ddof=1)) / 2)
    assert human == pytest.approx(
        (moved[active].mean() - moved[~active].mean()) / pooled, abs=1e-6
    )  # "control" comes last
    score = tables[1].loc[("score", "arm_difference_in_sd")]["value"]
    assert tables[1].loc[("score", "n_per_arm_ratio")]["value"] == pytest.approx((human / score) ** 2, rel=1e-5)
