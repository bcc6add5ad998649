"""The biomarker table: intervals that another reading keeps to, and rows that say whether a network knew the patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINT_NAMES
from outcomenet.evaluation.biomarker import biomarker_table, reading_error
from outcomenet.evaluation.biomarker_words import biomarker_words
from outcomenet.predictions import NetworkOutput
from outcomenet.strategies import NO_HANDLING


def reading_of(scores: np.ndarray, first: int = 0) -> NetworkOutput:
    """A reading in which the first joint says everything, of outcome number 1 of 2; visits count on from `first`."""
    n = len(scores)
    contributions = np.zeros((n, JOINT_COUNT, 2))
    contributions[:, 0, 1] = scores
    nothing = np.zeros(n)
    return NetworkOutput(
        ids=[(f"p{(first + i) // 2}", f"v{i % 2}") for i in range(n)], visible=np.ones((n, JOINT_COUNT), bool),
        outcome={}, contributions=contributions, osteoarthritis=nothing, osteoarthritis_grades=np.zeros((n, 3)),
        embedding=np.zeros((n, 2)), svdh=None, score={}, spread={}, deviation={},
    )  # fmt: skip


def rows_of(reading: NetworkOutput, split: str) -> pd.DataFrame:
    return pd.DataFrame(reading.ids, columns=["patient_id", "visit_id"]).assign(split=split)


@pytest.mark.parametrize("uneven", [False, True])
def test_another_reading_lies_within_the_interval_95_times_in_100(uneven):
    """The score is one reading among them: around it, 1.96 SDs of one reading hold P(|z| < 1.96 / sqrt(2)) = 83 %."""
    rng = np.random.default_rng(4)
    true = rng.normal(size=2000)
    noise = rng.uniform(0.1, 0.3, 2000) if uneven else np.full(2000, 0.2)
    again = [reading_of(true + rng.normal(0, noise)) for _ in range(3)]
    score = true + rng.normal(0, noise)
    reading = reading_of(score)
    table = biomarker_table(reading, again, rows_of(reading, "test"), outcome=1)
    other = true + rng.normal(0, noise)
    within = (table["score_lower"] <= other) & (other <= table["score_upper"])
    assert within.mean() == pytest.approx(0.95, abs=0.015)
    if not uneven:
        assert (np.abs(other - score) < 1.96 * table["score_sem"]).mean() == pytest.approx(0.834, abs=0.03)
        assert table["score_sem"].iloc[0] == pytest.approx(0.2, rel=0.05)


def test_few_visits_get_wider_intervals_by_students_t():
    """Two visits read three times again. Around the score the squares are 0, 1, 4 and 0, 9, 9 with 2 x 2 degrees of freedom
    (t is 2.776445); around their means the variances are 1 and 3."""
    error, half = reading_error(np.zeros(2), np.array([[0.0, 0.0], [1.0, 3.0], [2.0, 3.0]]))
    assert error == pytest.approx(np.sqrt(2.0))
    assert half == pytest.approx(2.776445 * np.sqrt(23 / 6), rel=1e-6)


def test_a_visit_without_a_split_may_not_be_used():
    reading = reading_of(np.arange(4.0))
    rows = rows_of(reading, "test").assign(split=["train", "validation", None, "test"])
    assert biomarker_table(reading, [], rows, outcome=1)["may_be_used"].tolist() == [False, True, False, True]
    assert not biomarker_table(reading, [], rows.iloc[:2], outcome=1)["may_be_used"].iloc[2:].any()


def test_only_visits_that_were_read_again_have_an_interval():
    reading = reading_of(np.arange(6.0))
    rows = rows_of(reading, "train").assign(split=["train"] * 2 + ["validation"] * 2 + ["test"] * 2)
    again = [reading_of(np.array([4.0, 5.0]) + change, first=4) for change in (-0.1, 0.1)]
    table = biomarker_table(reading, again, rows, outcome=1, fold=3)
    assert table["score_lower"].isna().tolist() == [True] * 4 + [False] * 2
    assert table["score_sem"].isna().tolist() == [True] * 4 + [False] * 2
    assert table["may_be_used"].tolist() == [False] * 2 + [True] * 4
    assert set(table["fold"]) == {3}
    alone = biomarker_table(reading, again[:1], rows, outcome=1)
    assert alone[["score_lower", "score_upper", "score_sem"]].isna().all(axis=None)


def test_a_wide_embedding_is_no_warning():
    reading = replace(reading_of(np.arange(4.0)), embedding=np.arange(4.0 * 64).reshape(4, 64))
    table = biomarker_table(reading, [], rows_of(reading, "test"), outcome=1)
    assert table["z063"].tolist() == [63.0, 127.0, 191.0, 255.0]
    assert list(table)[-64:] == [f"z{k:03d}" for k in range(64)]


def test_every_column_has_a_meaning_of_its_own():
    reading = reading_of(np.arange(4.0))
    table = biomarker_table(reading, [], rows_of(reading, "test"), outcome=1)
    words = biomarker_words(list(table), "HAQ-DI", NO_HANDLING)
    assert not any("embedding" in word.meaning for name, word in words.items() if not name.startswith("z0"))
    assert "in-sample" in words["may_be_used"].meaning


def test_each_joint_has_the_parts_of_its_contribution_and_the_codebook_says_what_they_are():
    parts = np.arange(2 * JOINT_COUNT * 3 * 2, dtype=float).reshape(2, JOINT_COUNT, 3, 2)
    visible = np.ones((2, JOINT_COUNT), bool)
    visible[1, 5] = False
    reading = replace(reading_of(np.zeros(2)), parts=parts, visible=visible)
    table = biomarker_table(reading, [], rows_of(reading, "test"), outcome=1)
    for number, part in enumerate(("damage", "activity", "oa")):
        column = table[f"{part}_joint_{JOINT_NAMES[5]}"]
        assert column[0] == parts[0, 5, number, 1]
        assert np.isnan(column[1])
    words = biomarker_words(list(table), "HAQ-DI", NO_HANDLING)
    assert words[f"damage_joint_{JOINT_NAMES[5]}"].unit == "logits"
    assert words[f"activity_joint_{JOINT_NAMES[5]}"].meaning.startswith("Activity's part of the contribution of ")
    without = biomarker_table(reading_of(np.zeros(2)), [], rows_of(reading, "test"), outcome=1)
    assert not any("_joint_" in name for name in without)
