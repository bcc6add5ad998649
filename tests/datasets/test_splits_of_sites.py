"""Hospitals can be kept whole instead of patients."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.splits import SPLIT_SALT, split_of
from outcomenet.datasets.visit_table import visit_table
from outcomenet.errors import DataRefused


def cohort_of(folder: Path, count: int):
    folder.mkdir()
    (folder / "cohort.toml").write_text('name = "sites"\nlicence = "CC0"\n')
    ids = [f"P{n}" for n in range(90)]
    sites = [f"site{n % count}" for n in range(90)]
    pd.DataFrame({"patient_id": ids, "sex": "F", "birth_year": 1950, "site": sites}).to_csv(
        folder / "patients.csv", index=False
    )
    pd.DataFrame({"patient_id": ids, "visit_id": "V1", "date": "2020-01-01", "haq_di": 1}).to_csv(
        folder / "visits.csv", index=False
    )
    return read_cohort(folder)


def test_a_site_is_in_one_split_with_all_of_its_patients(tmp_path):
    cohort = cohort_of(tmp_path / "cohort", 45)
    by_site = visit_table(cohort, Ledger(), split_by="site")
    assert by_site.groupby("site")["split"].nunique().max() == 1
    assert by_site["split"].tolist() == [split_of(site, SPLIT_SALT) for site in by_site["site"]]
    assert by_site["split"].nunique() == 3
    by_patient = visit_table(cohort, Ledger())
    assert by_patient.groupby("site")["split"].nunique().max() > 1


def test_too_few_sites_to_divide_by_are_refused_with_another_way(tmp_path):
    with pytest.raises(DataRefused, match="no patient is left for .* 2 sites. .*leave-site-out"):
        visit_table(cohort_of(tmp_path / "cohort", 2), Ledger(), split_by="site")
