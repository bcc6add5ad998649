"""The agreement table that intake writes, against published tables."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.datasets.reader_agreement import reader_agreement

# Shrout & Fleiss, Psychol Bull 1979: 6 targets, 4 judges
SHROUT_FLEISS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
# Kundel & Polansky, Radiology 2003: two readers of 110 mammograms in four grades
KUNDEL_POLANSKY = ((34, 10, 2, 0), (6, 8, 8, 2), (2, 5, 4, 12), (0, 1, 2, 14))


def cohort_of(folder: Path, grades: list[tuple[float, ...]], side: str, site: str, feature: str):
    """One patient per row of grades, one reader per column; only one site is read."""
    folder.mkdir()
    (folder / "cohort.toml").write_text('name = "read"\nlicence = "CC0"\nunreadable_joints = "exclude"\n')
    ids = [f"P{n:03d}" for n in range(len(grades))]
    pd.DataFrame({"patient_id": ids, "sex": "F", "birth_year": 1950, "site": "A"}).to_csv(
        folder / "patients.csv", index=False
    )
    pd.DataFrame({"patient_id": ids, "visit_id": "V1", "date": "2020-01-01", "haq_di": 1}).to_csv(
        folder / "visits.csv", index=False
    )
    rows = [
        (patient, "V1", f"r{reader}", "single", "svdh", side, site, feature, grade)
        for patient, of_patient in zip(ids, grades, strict=True)
        for reader, grade in enumerate(of_patient, start=1)
    ]
    columns = "patient_id,visit_id,reader,reading_mode,scheme,side,site,feature,score".split(",")
    pd.DataFrame(rows, columns=columns).to_csv(folder / "scores.csv", index=False)
    return read_cohort(folder)


def value(table: pd.DataFrame, measure: str, readers: str, statistic: str) -> float:
    row = table[(table["measure"] == measure) & (table["readers"] == readers) & (table["statistic"] == statistic)]
    return float(row["value"].item())


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
