"""Where labels of fibromyalgia and osteoarthritis come from: what is given stands before what is derived."""

from __future__ import annotations

import pandas as pd

from outcomenet.anatomy import OSTEOARTHRITIS_HAND_JOINTS
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.covariates import SOURCES
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.dataset import TABLE, open_dataset


def append(path, *rows: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{row}\n" for row in rows)


def visits_and_counts(folder) -> tuple[pd.DataFrame, dict[str, int]]:
    cohort = read_cohort(folder)
    frame = cohort.ledger.to_frame()
    counts = dict(zip(frame["reason"], frame["count"], strict=True))
    return cohort.visits.set_index(["patient_id", "visit_id"]), counts


def graded(folder, visit: str, grade: int) -> None:
    """Kellgren-Lawrence grades of all joints of both hands."""
    append(
        folder / "scores.csv",
        *(f"{visit},r1,single,kellgren_lawrence,{hand},{site},kl,{grade}"
          for hand in ("LH", "RH") for site in OSTEOARTHRITIS_HAND_JOINTS),
    )  # fmt: skip


def test_a_measured_flag_is_a_given_one_and_stands_before_the_joints(cohort_folder):
    graded(cohort_folder, "P1,V1", 3)
    append(cohort_folder / "measurements.csv", "P1,V1,oa,0", "P3,V1,fm,1")
    visits, counts = visits_and_counts(cohort_folder)
    assert visits.loc[("P1", "V1"), ["oa", "oa_source"]].tolist() == [0.0, "measurements.csv"]
    assert visits.loc[("P3", "V1"), ["fm", "fm_source"]].tolist() == [1.0, "measurements.csv"]
    assert counts["oa as given is not what the graded joints give"] == 1
    assert counts["osteoarthritis: as given in measurements.csv"] == 1
    assert counts["fibromyalgia: as given in measurements.csv"] == 1


def test_a_flag_that_agrees_with_the_joints_is_not_counted_as_a_contradiction(cohort_folder):
    graded(cohort_folder, "P2,V1", 2)  # visits.csv says oa = 1
    visits, counts = visits_and_counts(cohort_folder)
    assert visits.loc[("P2", "V1"), ["oa", "oa_source"]].tolist() == [1.0, "given"]
    assert "oa as given is not what the graded joints give" not in counts


def test_every_visit_is_counted_under_one_source_or_none(cohort_folder):
    graded(cohort_folder, "P1,V1", 0)
    visits, counts = visits_and_counts(cohort_folder)
    for name, title in (("fm", "fibromyalgia"), ("oa", "osteoarthritis")):
        assert (visits[name].notna() == visits[f"{name}_source"].notna()).all()
        by_source = sum(count for reason, count in counts.items() if reason.startswith(f"{title}: "))
        assert by_source == visits[name].notna().sum()
    assert counts["osteoarthritis: by Kellgren-Lawrence grades of joints"] == 1


def test_the_sources_stand_in_the_data_set_and_are_no_covariates(small_dataset):
    dataset = open_dataset(small_dataset)
    visits = pd.read_parquet(small_dataset / TABLE)
    for name in ("fm", "oa"):
        assert visits[f"{name}_source"].notna().any()
        assert (visits[name].notna() == visits[f"{name}_source"].notna()).all()
        assert set(visits[f"{name}_source"].dropna()) <= set(SOURCES)
    assert {"fm", "oa"} <= set(dataset.manifest.covariates) <= set(CONFOUNDERS)
