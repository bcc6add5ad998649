"""Scores of folds on one scale: by hand for three visits a fold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.codebooks import ColumnWords
from outcomenet.errors import UndefinedMetric
from outcomenet.evaluation.biomarker_words import biomarker_words
from outcomenet.evaluation.pooled_biomarker import pooled_biomarker, pooled_words
from outcomenet.strategies import NO_HANDLING


def part(held_out: str, scores: list[float], score: float) -> pd.DataFrame:
    """A fold that learned from three visits with these scores and held out one patient."""
    rows = [
        ("T1", "a", "train"),
        ("T1", "b", "train"),
        ("T2", "a", "train"),
        ("V", "a", "validation"),
        (held_out, "a", "test"),
    ]
    table = pd.DataFrame(rows, columns=["patient_id", "visit_id", "split"])
    table["score"] = [*scores, 99.0, score]
    table["score_lower"], table["score_upper"] = table["score"] - 1, table["score"] + 1
    table["oa_score"] = 0.5
    table["joint_LH_MCP2"], table["joint_LH_MCP3"] = table["score"] - 0.5, 0.5
    table["z000"] = 3.0
    return table


def test_scores_are_linked_by_training_mean_and_sd_as_by_hand():
    # training scores 1, 2, 3: mean 2, SD 1; and 10, 14, 18: mean 14, SD 4. Common scale: mean 8, SD 2.5
    table, links = pooled_biomarker([part("P1", [1, 2, 3], 4.0), part("P2", [10, 14, 18], 12.0)], ["f0", "f1"])
    assert table["patient_id"].tolist() == ["P1", "P2"]
    assert table["score_z"].tolist() == [2.0, -0.5]
    assert table["score"].tolist() == [8 + 2 * 2.5, 8 - 0.5 * 2.5]
    assert table["score_upper"].tolist() == [13 + 2.5, 6.75 + 2.5 / 4]
    assert table["score_lower"].tolist() == [13 - 2.5, 6.75 - 2.5 / 4]
    assert table["fold"].tolist() == [0, 1]
    assert table["may_be_used"].all()
    assert set(table["split"]) == {"test"}
    assert table["oa_score"].tolist() == [0.5, 0.5]  # a grade means the same in every fold
    assert links[["mean", "sd", "visits", "patients"]].to_numpy().tolist() == [[2, 1, 3, 2], [14, 4, 3, 2]]
    # the parts of a score and the score differ by the fold's shift
    parts = table.filter(like="joint_").sum(axis=1)
    assert (parts + links["shift"]).tolist() == pytest.approx(table["score"].tolist())
    assert "z000" not in table  # features of two networks have nothing in common


def test_the_held_out_patients_take_no_part_in_the_linking():
    one = pooled_biomarker([part("P1", [1, 2, 3], 4.0), part("P2", [10, 14, 18], 12.0)], ["f0", "f1"])[1]
    other = pooled_biomarker([part("P1", [1, 2, 3], -80.0), part("P2", [10, 14, 18], 500.0)], ["f0", "f1"])[1]
    pd.testing.assert_frame_equal(one, other)


def test_order_within_a_fold_is_kept():
    rng = np.random.default_rng(0)
    tables = [
        pd.concat([part(f"P{k}{n}", [1, 2, 3], float(rng.normal())) for n in range(5)]).drop_duplicates(
            ["patient_id", "visit_id"]
        )
        for k in range(2)
    ]
    pooled, _ = pooled_biomarker(tables, ["f0", "f1"])
    for k, table in enumerate(tables):
        own = table[table["split"] == "test"]["score"].rank().tolist()
        assert pooled[pooled["fold"] == k]["score"].rank().tolist() == own


def test_a_fold_without_spread_has_no_scale():
    with pytest.raises(UndefinedMetric, match="The scores of f1 do not differ between its training patients"):
        pooled_biomarker([part("P1", [1, 2, 3], 4.0), part("P2", [5, 5, 5], 4.0)], ["f0", "f1"])


def test_every_column_is_explained_and_the_link_is_told():
    table, _ = pooled_biomarker([part("P1", [1, 2, 3], 4.0), part("P2", [10, 14, 18], 12.0)], ["f0", "f1"])
    own = {c: ColumnWords(f"meaning of {c}", "logits", "higher is worse") for c in part("P", [1, 2, 3], 1)}
    words = pooled_words(own, list(table.columns))
    assert list(words) == list(table.columns)
    assert all(word.meaning for word in words.values())
    assert "in SDs from the mean of the fold's training patients" in words["score"].meaning
    assert "never saw the patient" in words["may_be_used"].meaning


def test_the_joined_codebook_names_no_file_that_joining_does_not_write():
    table, _ = pooled_biomarker([part("A", [0.0, 1.0, 2.0], 3.0), part("B", [0.0, 2.0, 4.0], 3.0)], ["a", "b"])
    words = biomarker_words(list(table), "HAQ-DI", NO_HANDLING)
    assert "(score_change.csv)" in words["score"].meaning
    joined = pooled_words(words, list(table.columns))
    assert not any("score_change" in word.meaning for word in joined.values())
    assert "cannot be used as an outcome of change. " in joined["score"].meaning
