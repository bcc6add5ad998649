"""The agreement table that intake writes, against published tables."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as t_distribution
from sklearn.metrics import cohen_kappa_score

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.intake.account.reader_agreement import reader_agreement

# Shrout & Fleiss, Psychol Bull 1979: 6 targets, 4 judges
SHROUT_FLEISS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
# Kundel & Polansky, Radiology 2003: two readers of 110 mammograms in four grades
KUNDEL_POLANSKY = ((34, 10, 2, 0), (6, 8, 8, 2), (2, 5, 4, 12), (0, 1, 2, 14))


def cohort_of(
    folder: Path, grades: list[tuple[float, ...]], side: str, site: str, feature: str, *, visits_of_a_patient: int = 1
):
    """A row of grades per visit, one reader per column, a patient's visits below each other; only one site is read."""
    folder.mkdir()
    (folder / "cohort.toml").write_text('name = "read"\nlicence = "CC0"\nunreadable_joints = "exclude"\n')
    ids = [f"P{n // visits_of_a_patient:03d}" for n in range(len(grades))]
    visits = [f"V{n % visits_of_a_patient + 1}" for n in range(len(grades))]
    dates = [f"{2020 + n % visits_of_a_patient}-01-01" for n in range(len(grades))]
    pd.DataFrame({"patient_id": list(dict.fromkeys(ids)), "sex": "F", "birth_year": 1950, "site": "A"}).to_csv(
        folder / "patients.csv", index=False
    )
    pd.DataFrame({"patient_id": ids, "visit_id": visits, "date": dates, "haq_di": 1}).to_csv(
        folder / "visits.csv", index=False
    )
    rows = [
        (patient, visit, f"r{reader}", "single", "svdh", side, site, feature, grade)
        for patient, visit, of_visit in zip(ids, visits, grades, strict=True)
        for reader, grade in enumerate(of_visit, start=1)
    ]
    columns = "patient_id,visit_id,reader,reading_mode,scheme,side,site,feature,score".split(",")
    pd.DataFrame(rows, columns=columns).to_csv(folder / "scores.csv", index=False)
    return read_cohort(folder)


def value(table: pd.DataFrame, measure: str, readers: str, statistic: str) -> float:
    return float(row_of(table, measure, readers, statistic)["value"])


def row_of(table: pd.DataFrame, measure: str, readers: str, statistic: str) -> pd.Series:
    of_row = (table["measure"] == measure) & (table["readers"] == readers) & (table["statistic"] == statistic)
    return table[of_row].squeeze()


def test_intraclass_correlations_are_those_of_shrout_and_fleiss(tmp_path):
    # grades to 10 exist at feet; with sites left out a total is the one grade that was read
    cohort = cohort_of(tmp_path / "c", list(SHROUT_FLEISS), "LF", "MTP1", "erosion")
    table = reader_agreement(cohort)
    for statistic, published in (("icc_1", 0.165742), ("icc_a1", 0.289764), ("icc_c1", 0.714841)):
        assert value(table, "total", "r1, r2, r3, r4", statistic) == pytest.approx(published, abs=5e-7)


def test_kappas_are_those_of_kundel_and_polansky(tmp_path):
    pairs = [(a, b) for a, b in product(range(4), repeat=2) for _ in range(KUNDEL_POLANSKY[a][b])]
    table = reader_agreement(cohort_of(tmp_path / "c", pairs, "LH", "MCP2", "jsn"))
    for statistic, published in (("kappa", 0.371285), ("kappa_linear", 0.596369), ("kappa_quadratic", 0.764120)):
        for measure in ("all sites", "hand MCP2 jsn"):
            assert value(table, measure, "r1 - r2", statistic) == pytest.approx(published, abs=5e-7)


def test_bias_and_limits_by_hand(tmp_path):
    # differences 2, 0, 1, 1: mean 1, SD sqrt(2/3); the limits are 1 -+ 1.96 SD
    table = reader_agreement(cohort_of(tmp_path / "c", [(3, 1), (2, 2), (4, 3), (1, 0)], "LH", "MCP2", "erosion"))
    assert value(table, "total", "r1 - r2", "bias") == pytest.approx(1.0)
    assert value(table, "total", "r1 - r2", "lower_limit") == pytest.approx(1 - 1.96 * (2 / 3) ** 0.5)
    assert value(table, "total", "r1 - r2", "upper_limit") == pytest.approx(1 + 1.96 * (2 / 3) ** 0.5)


def test_what_is_undefined_has_no_value_and_says_why(tmp_path):
    table = reader_agreement(cohort_of(tmp_path / "c", [(2, 2), (2, 2), (2, 2)], "LH", "MCP2", "erosion"))
    row = table[table["statistic"] == "kappa"].iloc[0]
    assert pd.isna(row["value"])
    assert "same grade" in row["note"]


def test_one_reader_has_no_agreement(tmp_path):
    assert reader_agreement(cohort_of(tmp_path / "c", [(2,), (1,)], "LH", "MCP2", "erosion")).empty


STATISTICS = (
    ("total", "icc_1"), ("total", "icc_a1"), ("total", "icc_c1"), ("total", "bias"), ("total", "lower_limit"),
    ("total", "upper_limit"), ("total", "sd_of_differences"), ("all sites", "kappa"), ("all sites", "kappa_linear"),
    ("hand MCP2 erosion", "kappa_quadratic"),
)  # fmt: skip


def read_pairs(patients: int, seed: int) -> list[tuple[float, float]]:
    """Grades 0 to 5 of two readers who often agree; the second is stricter."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 5, patients)
    second = np.clip(first + rng.integers(-1, 3, patients), 0, 5)
    return [(float(a), float(b)) for a, b in zip(first, second, strict=True)]


def test_a_visit_that_repeats_the_one_before_narrows_no_interval(tmp_path):
    # four visits with the same grades hold what one holds; taken as independent they would halve every interval
    once = read_pairs(80, seed=1)
    table = reader_agreement(cohort_of(tmp_path / "once", once, "LH", "MCP2", "erosion"))
    four = [pair for pair in once for _ in range(4)]
    repeated = reader_agreement(cohort_of(tmp_path / "four", four, "LH", "MCP2", "erosion", visits_of_a_patient=4))
    for measure, statistic in STATISTICS:
        one, other = (row_of(frame, measure, "r1 - r2", statistic) for frame in (table, repeated))
        assert (one["n"], other["n"], one["patients"], other["patients"]) == (80, 320, 80, 80)
        assert other["upper"] - other["lower"] == pytest.approx(one["upper"] - one["lower"], rel=0.02), statistic


def test_the_interval_of_the_bias_is_that_of_the_patients_means(tmp_path):
    # by hand: with two visits each, the mean over visits is the mean of the patients' means, whose interval is Student's
    rng = np.random.default_rng(2)
    tendency = np.repeat(rng.integers(-1, 2, 150), 2)  # how much stricter the second reader is with this patient
    first = rng.integers(1, 4, 300)
    second = np.clip(first + tendency + rng.integers(0, 2, 300), 0, 5)
    grades = [(float(a), float(b)) for a, b in zip(first, second, strict=True)]
    table = reader_agreement(cohort_of(tmp_path / "c", grades, "LH", "MCP2", "erosion", visits_of_a_patient=2))
    means = (first - second).reshape(150, 2).mean(1)
    half = t_distribution.ppf(0.975, 149) * means.std(ddof=1) / 150**0.5
    row = row_of(table, "total", "r1 - r2", "bias")
    assert row["value"] == pytest.approx(means.mean())
    assert (row["lower"], row["upper"]) == pytest.approx((means.mean() - half, means.mean() + half), abs=0.1 * half)
    too_narrow = t_distribution.ppf(0.975, 299) * (first - second).std(ddof=1) / 300**0.5
    assert too_narrow < 0.85 * half  # what visits taken as independent would give


def test_the_interval_of_kappa_is_that_of_patients_drawn_one_by_one(tmp_path):
    # scikit-learn's kappa on rows put together by hand, with draws of its own
    rng = np.random.default_rng(3)
    level = np.repeat(rng.integers(0, 4, 60), 3)
    first = np.clip(level + rng.integers(0, 2, 180), 0, 4)
    second = np.clip(level + rng.integers(0, 2, 180), 0, 4)
    grades = [(float(a), float(b)) for a, b in zip(first, second, strict=True)]
    table = reader_agreement(cohort_of(tmp_path / "c", grades, "LH", "MCP2", "jsn", visits_of_a_patient=3))
    drawn = []
    for _ in range(1000):
        rows = (3 * rng.integers(0, 60, 60)[:, None] + np.arange(3)).ravel()
        drawn.append(cohen_kappa_score(first[rows], second[rows], weights="quadratic"))
    row = row_of(table, "all sites", "r1 - r2", "kappa_quadratic")
    assert row["value"] == pytest.approx(cohen_kappa_score(first, second, weights="quadratic"))
    expected = np.quantile(drawn, [0.025, 0.975])
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(expected), abs=0.15 * (expected[1] - expected[0]))


def test_five_patients_have_values_but_no_intervals_and_a_reason(tmp_path):
    table = reader_agreement(cohort_of(tmp_path / "c", read_pairs(5, seed=4), "LH", "MCP2", "erosion"))
    row = row_of(table, "total", "r1 - r2", "bias")
    assert np.isfinite(row["value"])
    assert pd.isna(row["lower"])
    assert row["note"] == "no interval: 5 patients, at least 6 needed"


def test_every_statistic_of_enough_patients_has_an_interval_around_its_value(tmp_path):
    table = reader_agreement(cohort_of(tmp_path / "c", read_pairs(80, seed=1), "LH", "MCP2", "erosion"))
    assert (table["lower"] <= table["value"]).all()
    assert (table["value"] <= table["upper"]).all()
    assert (table["note"] == "").all()
