"""Who is analysed: counts by hand, standardised differences by their formula, thirds that keep ties together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.biomarkers.population import distribution, missing_data, table_one, tertile
from outcomenet.biomarkers.table_one import Characteristic

COHORT = pd.DataFrame(
    {
        "patient_id": [f"P{at:03d}" for at in range(60)],
        "score": np.arange(60.0),
        "haq": np.round(np.linspace(0, 3, 60) * 8) / 8,
        "female": [0.0, 1.0] * 30,
        "arm": ["placebo", "treated"] * 30,
        "site": ["A"] * 40 + ["B"] * 20,
    }
)


def test_missing_columns_are_counted_alone_and_together():
    table = COHORT.assign(haq=COHORT["haq"].where(COHORT.index >= 6), site=COHORT["site"].where(COHORT.index >= 4))

    section = missing_data(table, ["haq", "site"])

    assert dict(zip(section.estimates["term"], section.estimates["estimate"], strict=True)) == {
        "missing: haq": pytest.approx(6 / 60),
        "missing: site": pytest.approx(4 / 60),
    }
    patterns = section.tables["Patterns of missing data"]
    assert patterns["Missing together"].tolist() == ["nothing", "haq, site", "haq"]
    assert patterns["Rows"].tolist() == ["54", "4", "2"]
    assert section.sentences == ("54 of 60 rows (90%) know every column that the analysis uses.",)


def test_thirds_keep_ties_together_and_missing_values_apart():
    assert tertile(pd.Series([5.0, 1, np.nan, 3, 3, 9, 1])).astype(object).tolist()[:2] == ["highest", "lowest"]
    values = pd.Series([0.0] * 5 + [1.0] * 4)

    assert tertile(values).nunique() == 2
    assert tertile(pd.Series(np.arange(9.0))).value_counts().tolist() == [3, 3, 3]


def test_standardised_differences_are_those_of_their_formula():
    characteristics = [Characteristic("haq", "HAQ-DI", "number", 2), Characteristic("female", "Female", "yes_no")]

    section = table_one(COHORT, characteristics=characteristics, score="score", by={"arm": "arm", "site": "hospital"})

    by_site = section.estimates[section.estimates["adjustment"] == "by hospital"].set_index("term")["estimate"]
    a, b = (COHORT.loc[COHORT["site"] == site, "haq"] for site in "AB")
    by_hand = abs(a.mean() - b.mean()) / np.sqrt((a.var() + b.var()) / 2)
    assert by_site.filter(like="HAQ").iloc[0] == pytest.approx(by_hand, abs=0.001)
    assert set(section.tables) == {"Table 1 by tertile of the score", "Table 1 by arm", "Table 1 by hospital"}
    printed = section.tables["Table 1 by arm"]
    assert printed["Characteristic"].tolist()[1:] == ["HAQ-DI, mean (SD)", "Female, n (%)"]
    assert printed["placebo"].tolist()[2] == "0 (0.0)"
    assert "nan" not in printed.to_string()


def test_no_difference_is_told_from_two_patients():
    characteristics = [Characteristic("haq", "HAQ-DI", "number", 2)]
    few = COHORT.assign(site=["A"] * 58 + ["B"] * 2)

    section = table_one(few, characteristics=characteristics, score="score", by={"site": "hospital"})

    of_site = section.estimates[section.estimates["adjustment"] == "by hospital"]
    assert of_site["estimate"].isna().all()
    assert of_site["note"].tolist() == ["no spread, or too few patients in a group"]


def test_the_score_is_described_in_each_class():
    section = distribution(COHORT, score="score", by={"arm": "Arm", "haq": "HAQ-DI"})

    medians = section.estimates.set_index("term")["estimate"]
    assert medians["median where arm is placebo"] == np.median(np.arange(0, 60, 2))
    assert medians["median where haq is lowest third"] < medians["median where haq is highest third"]
    assert len(section.figures()) == 1
