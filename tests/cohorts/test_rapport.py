"""The RAPPORT table becomes a cohort with the published counts and means."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomenet.cohorts.cohort import Cohort, read_cohort
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.importers.rapport import import_rapport
from outcomenet.errors import UsageError

TABLE = Path(__file__).parents[1] / "data" / "rapport_long_coarse.csv"


@pytest.fixture(scope="module")
def rapport(tmp_path_factory) -> Cohort:
    return read_cohort(import_rapport(TABLE, tmp_path_factory.mktemp("rapport") / "cohort"))


def test_all_patients_arrive(rapport):
    assert len(rapport.patients) == 159
    assert rapport.ledger.to_frame().empty


# n, mean and SD recomputed from the table with numpy alone
@pytest.mark.parametrize(
    ("name", "visit", "n", "mean", "sd"),
    [
        ("haq", "month_00", 153, 0.6242, 0.6256),
        ("haq", "month_03", 148, 0.5887, 0.6021),
        ("haq", "month_06", 137, 0.5657, 0.5857),
        ("haq", "month_09", 137, 0.6159, 0.6806),
        ("haq", "month_12", 129, 0.6114, 0.6481),
        ("das28", "month_00", 155, 2.7906, 1.2215),
        ("das28", "month_12", 118, 2.6593, 1.2956),
        ("radai", "month_00", 158, 2.0089, 1.5437),
        ("radai", "month_12", 129, 2.1146, 1.8391),
    ],
)
def test_counts_and_means_are_the_published_ones(rapport, name, visit, n, mean, sd):
    values = rapport.visits.loc[rapport.visits["visit_id"] == visit, name].dropna()
    assert (len(values), round(values.mean(), 4), round(values.std(), 4)) == (n, mean, sd)


def test_a_quarter_has_no_disability_at_baseline(rapport):
    first = rapport.visits[rapport.visits["visit_id"] == "month_00"]
    assert (first["haq"] == 0).sum() / len(rapport.patients) == pytest.approx(0.239, abs=5e-4)


def test_a_year_lies_between_first_and_last_visit(rapport):
    dates = rapport.visits.groupby("visit_id")["date"].first()
    assert (dates["month_12"] - dates["month_00"]).days == 366  # 2000 was a leap year


def test_the_folder_says_that_its_dates_are_invented(rapport):
    assert rapport.meta.dates.startswith("Invented")


def test_a_broken_table_leaves_nothing(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE.read_text().replace("haq_di,1.5", "haq_di,15", 1))
    with pytest.raises(CohortRefused, match="column value: expected a number from 0 to 10, got '15'"):
        import_rapport(tmp_path / "table.csv", tmp_path / "cohort")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_an_existing_folder_is_never_overwritten(tmp_path):
    with pytest.raises(UsageError, match="exists already"):
        import_rapport(TABLE, tmp_path)
