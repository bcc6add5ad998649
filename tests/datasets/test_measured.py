"""What a data set says that it measured: treatment reaches every table, labels name criteria, instrument and version."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.table_one import OTHER_LEVELS
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.haq_of_visits import haq_of_visits
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.meta import CohortMeta
from outcomenet.csv_files import read_csv
from outcomenet.datasets.visit_table import reported_half_width, visit_table
from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS
from outcomenet.intake.account.follow_up_table import follow_up_table
from outcomenet.intake.account.table_one import table_one
from outcomenet.intake.cards.codebook import measured_titles, visit_fields
from outcomenet.intake.cards.dataset_codebook import write_dataset_codebook

NRS = CohortMeta("A", "CC0", reported={"pain_scale": "NRS 0-10 times 10, past week"}, haq_version="HAQ-DI alternative")


def test_treatment_reaches_the_visits_the_follow_up_and_table_one(small_cohort):
    cohort = read_cohort(small_cohort)
    given = pd.read_csv(small_cohort / "visits.csv").set_index(["patient_id", "visit_id"])["treatment"]
    visits = visit_table(cohort, Ledger())
    assert visits.set_index(["patient_id", "visit_id"])["treatment"].to_dict() == given.to_dict()
    follow_up = follow_up_table(cohort, visits, Ledger())
    assert (
        follow_up["treatment"].to_numpy()
        == given.loc[list(zip(follow_up["patient_id"], follow_up["visit_id"], strict=True))]
    ).all()
    first = visits.drop_duplicates("patient_id")
    row = table_one(visits).loc[("Treatment, n (%)", "advanced"), "Overall"]
    assert str(row).split()[0] == str((first["treatment"] == "advanced").sum())


def test_a_cohort_without_treatments_says_nothing_of_them(small_cohort):
    visits = visit_table(read_cohort(small_cohort), Ledger()).assign(treatment=None)
    assert "Treatment, n (%)" not in table_one(visits).index.get_level_values("variable")


def test_the_rarest_of_many_treatments_are_counted_together(small_cohort):
    visits = visit_table(read_cohort(small_cohort), Ledger())
    visits["treatment"] = [f"drug {min(k, 20):02d}" for k in visits.groupby("patient_id").ngroup()]
    levels = table_one(visits).loc["Treatment, n (%)"].index
    assert len(levels) == 13
    assert OTHER_LEVELS in levels


@pytest.mark.parametrize(
    ("sources", "title"),
    [
        (["given", None], "Fibromyalgia (as given)"),
        (["acr2016"], "Fibromyalgia (by ACR 2016 from its components)"),
        (["acr2016", "given"], "Fibromyalgia (as given; by ACR 2016 from its components)"),
        (["measurements.csv"], "Fibromyalgia (as given in measurements.csv)"),
    ],
)
def test_a_label_says_how_it_was_told(sources, title):
    visits = pd.DataFrame({"fm_source": sources, "oa_source": [None] * len(sources)})
    titles = measured_titles(visits, NRS)
    assert titles["fm"] == title
    assert "oa" not in titles
    (field,) = visit_fields(["fm"], titles)
    assert field.description == f"{title}. Fibromyalgia, 0/1."


def test_table_one_names_instrument_and_version(small_cohort):
    cohort = read_cohort(small_cohort)
    visits = visit_table(cohort, Ledger())
    rows = "\n".join(table_one(visits, measured_titles(visits, NRS)).index.get_level_values("variable"))
    assert "Pain (NRS 0-10 times 10, past week; 0-100), mean (SD)" in rows
    assert "HAQ-DI alternative at the visit (0-3), mean (SD)" in rows
    assert "Fibromyalgia (as given), n (%)" in rows
    assert "VAS" not in rows
    assert "ACR" not in rows
    assert "VAS 0-100 mm" in measured_titles(visits, cohort.meta)["pain"]  # the simulated cohort declares it
    assert "instrument not stated" in measured_titles(visits, replace(NRS, reported={}))["pain"]


def test_the_codebook_names_instrument_version_and_how_a_label_was_told(small_cohort, tmp_path):
    visits = visit_table(read_cohort(small_cohort), Ledger())
    follow_up = follow_up_table(read_cohort(small_cohort), visits, Ledger())
    write_dataset_codebook(tmp_path, visits, follow_up, measured_titles(visits, NRS))
    book = read_csv(tmp_path / "codebook.csv", dtype=str, keep_default_na=False).set_index(["table", "column"])
    meaning = book["meaning"]
    assert meaning["visits", "pain"].startswith("Pain (NRS 0-10 times 10, past week; 0-100)")
    assert meaning["visits", "haq"].startswith("HAQ-DI alternative at the visit (0-3)")
    assert meaning["follow_up", "fm"].startswith("Fibromyalgia (as given)")
    assert not meaning.str.contains("VAS|ACR").any()
    assert (meaning != "").all()
    assert book.loc[("visits", "rf"), "values"] == "0 = no; 1 = yes"


@pytest.mark.parametrize(
    ("scale", "pain", "expected"),
    [
        ("NRS 0-10 times 10", [0, 30, np.nan, 100], 5.0),
        ("numeric rating scale", [10, 20], 5.0),
        ("NRS 0-10 times 10", [0, 35], 0.5),  # finer than it was declared
        ("VAS 0-100 mm", [10, 20], 0.5),
        ("", [10, 20], 0.5),
    ],
)
def test_pain_is_known_as_finely_as_its_instrument_tells(scale, pain, expected):
    assert reported_half_width(pd.Series(pain, dtype=float), scale) == expected


def test_a_bare_index_does_not_say_how_many_categories_were_answered():
    visits = pd.DataFrame(np.nan, index=range(3), columns=["haq_di", *HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS])
    visits["visit_id"] = ["a", "b", "c"]
    visits.loc[0, "haq_di"] = 1.125
    visits.loc[1, "haq_di"] = 1.143  # 8/7
    visits.loc[2, [c for c in HAQ_ITEM_COLUMNS if c.endswith("_1") and not c.startswith("haq_grip")]] = 1.0
    found = haq_of_visits(visits, True, Ledger())
    assert found["haq_answered"].isna().tolist() == [True, True, False]
    assert found.loc[2, "haq_answered"] == 7
    assert found["haq_grid"].tolist() == [8, 7, 7]  # what the value itself lies on


def test_the_half_width_of_a_bare_index_comes_from_its_grid(small_cohort):
    cohort = read_cohort(small_cohort)
    bare = replace(cohort, visits=cohort.visits.assign(haq_answered=np.nan))
    expected = visit_table(cohort, Ledger())
    found = visit_table(bare, Ledger())
    names = ["haq_half_width", "future_haq_half_width", "haq_change_half_width"]
    pd.testing.assert_frame_equal(found[names], expected[names])
    assert found["haq_answered"].isna().all()
