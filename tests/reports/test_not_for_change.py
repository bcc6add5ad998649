"""The report says that the score cannot be used as an outcome of change, with both measures' numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from outcomenet.reports.cautions import cautions
from outcomenet.reports.change_section import NOT_FOR_CHANGE, change_in_words, not_for_change, score_change_table
from outcomenet.reports.render import write_report
from outcomenet.reports.run_folder import read_run

ROWS = [
    ("score", "srm", "", 0.094, -0.08, 0.27, 124, 124, ""),
    ("score", "n_per_arm_80", "", 7100.0, 861.0, float("inf"), 124, 124, ""),
    ("score", "sdc", "", 0.2, float("nan"), float("nan"), 124, 124, ""),
    ("score", "correlation", "true activity", 0.80, 0.7, 0.9, 124, 124, ""),
    ("score", "correlation", "true SvdH", -0.23, -0.4, -0.1, 124, 124, ""),
    ("human_total", "srm", "", 0.472, 0.3, 0.6, 124, 124, ""),
    ("human_total", "n_per_arm_80", "", 283.0, 176.0, 700.0, 124, 124, ""),
    ("score", "srm_difference", "human_total", -0.38, -0.6, -0.1, 124, 124, ""),
]  # fmt: skip
COLUMNS = ["measure", "statistic", "against", "value", "lower", "upper", "patients", "n", "note"]
TABLE = pd.DataFrame(ROWS, columns=COLUMNS)


def test_the_caution_gives_both_measures_numbers(better_run):
    folder = dataclasses.replace(read_run(better_run), score_change=TABLE)
    (caution,) = [c for c in cautions(folder) if c.title == NOT_FOR_CHANGE]
    assert (
        "124 held-out patients seen twice a year apart its standardised response mean was 0.09 (−0.08 to 0.27)"
        in caution.text
    )
    assert "that of the human total 0.47 (0.30 to 0.60)" in caution.text
    assert (
        "needs 7\N{NARROW NO-BREAK SPACE}100 patients per arm with the score and 283 patients per arm with the human"
        in caution.text
    )
    assert "activity of today moves it as well as damage" in caution.text
    assert "Its change went with that of true activity at +0.80, true SvdH at −0.23 (correlation)." in caution.text


def test_without_numbers_it_is_said_all_the_same_and_of_a_run_without_a_score_it_is_not(better_run, covariates_run):
    (caution,) = [c for c in cautions(read_run(better_run)) if c.title == NOT_FOR_CHANGE]
    assert "was not computed in this run" in caution.text
    assert "activity of today may move it" in caution.text
    assert NOT_FOR_CHANGE not in [c.title for c in cautions(read_run(covariates_run))]


def test_activity_moves_it_is_said_only_where_true_activity_says_so():
    real = TABLE[~TABLE["against"].str.startswith("true")]
    chance = TABLE.assign(lower=TABLE["lower"].where(TABLE["against"] != "true activity", -0.1))
    for table in (real, chance, None):
        assert "activity of today may move it as well as damage" in not_for_change(table)
    assert "activity of today moves it" in not_for_change(TABLE)


def with_score(srm: float, per_arm: float) -> pd.DataFrame:
    """The table with another response mean of the score and the number of patients that follows."""
    table = TABLE.copy()
    of_score = table["measure"] == "score"
    for statistic, value in (("srm", srm), ("n_per_arm_80", per_arm)):
        table.loc[of_score & (table["statistic"] == statistic), ["value", "lower", "upper"]] = value
    return table


def test_without_a_response_mean_no_number_of_patients_can_be_given():
    text = not_for_change(with_score(np.nan, np.nan))
    assert "its standardised response mean was not defined, that of the human total 0.47" in text
    assert "needs 283 patients per arm with the human total (two-sided" in text
    assert "No number of patients per arm can be given for the score, whose response mean is not defined." in text
    cells = {row.cells[0]: row.cells[1] for row in score_change_table(with_score(np.nan, np.nan)).rows}
    assert cells["Patients per arm, power 80 %"] == "not defined"


def test_without_any_mean_change_no_trial_is_large_enough():
    table = with_score(0.0, np.inf)
    assert "needs more patients than any number per arm with the score and 283 patients" in not_for_change(table)
    cells = {row.cells[0]: row.cells[1] for row in score_change_table(table).rows}
    assert cells["Patients per arm, power 80 %"] == "more than any number"


def test_the_table_sets_both_measures_side_by_side():
    rows = {row.cells[0]: row.cells[1:] for row in score_change_table(TABLE).rows}
    assert rows["Standardised response mean (SRM)"] == ["0.09 (−0.08 to 0.27)", "0.47 (0.30 to 0.60)"]
    assert rows["Patients per arm, power 80 %"] == [
        "7\N{NARROW NO-BREAK SPACE}100 (861 to more than any number)",
        "283 (176 to 700)",
    ]
    assert rows["Smallest detectable change (SDC, 95 %)"] == ["0.20", "not computed"]
    assert rows["Correlation of the change with that of true SvdH"] == ["−0.23 (−0.40 to −0.10)", "not computed"]


def test_the_page_has_it(own_run):
    TABLE.to_csv(own_run / "score_change.csv", index=False)
    page = write_report(own_run).read_text()
    assert NOT_FOR_CHANGE in page
    assert "Can it see change?" in page


TOGETHER = pd.DataFrame(
    [
        ("joint_change", "srm", "", 0.6, 0.4, 0.8, 124, 124, ""),
        ("joint_change", "srm_difference", "human_total", 0.13, 0.02, 0.3, 124, 124, ""),
        ("joint_change", "n_per_arm_ratio", "human_total", 0.55, 0.3, 0.9, 124, 124, ""),
        ("joint_change", "correlation", "true activity", 0.31, 0.0, 0.6, 124, 124, ""),
        ("damage_change", "srm", "", 0.3, 0.1, 0.5, 124, 124, ""),
        ("damage_change", "srm_difference", "human_total", -0.17, -0.3, 0.05, 124, 124, ""),
        ("joint_change", "scale", "", np.nan, np.nan, np.nan, 124, 124, "root"),
    ],
    columns=COLUMNS,
)


def test_films_read_together_are_set_beside_the_human_total_in_words_and_numbers():
    table = pd.concat([TABLE, TOGETHER], ignore_index=True)
    score, weighted, alike = change_in_words(table)
    assert score.startswith(NOT_FOR_CHANGE)
    assert "response mean 0.30 (0.10 to 0.50), of the human total 0.47 (0.30 to 0.60)." in weighted
    assert weighted.endswith("Between the two no difference can be told.")
    assert "0.55 (0.30 to 0.90) times the patients per arm that it needs with the human total: fewer." in alike
    assert alike.endswith("Its change went with that of true activity at +0.31 (correlation).")
    rows = {row.cells[0]: row.cells[1:] for row in score_change_table(table).rows}
    assert rows["Patients per arm, measure over human"] == ["", "", "0.55 (0.30 to 0.90)", ""]
    assert rows["Standardised response mean (SRM)"][1:3] == ["0.30 (0.10 to 0.50)", "0.60 (0.40 to 0.80)"]
    assert "Scale of the sum" not in rows


def test_it_is_said_where_people_see_more():
    worse = TOGETHER.replace({"value": {0.55: 1.8}, "lower": {0.3: 1.2}, "upper": {0.9: 2.9}})
    alike = change_in_words(pd.concat([TABLE, worse], ignore_index=True))[-1]
    assert "needs with the human total: more. Its change went with that of true activity" in alike
