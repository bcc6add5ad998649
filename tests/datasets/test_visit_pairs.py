"""Pairs of visits a year apart, taken from the data set as it is; and human readings of the wanted mode."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.cli import main
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.dataset import SPLITS, open_dataset
from outcomenet.datasets.pairs import VisitPairs, changes_of_human_score, paired_visits
from outcomenet.datasets.visit_table import SVDH_COLUMNS, visit_table
from outcomenet.errors import DataRefused


@pytest.fixture(scope="module")
def dataset(small_dataset):
    return open_dataset(small_dataset)


def test_a_pair_is_two_visits_of_one_patient_a_year_apart_both_with_films(dataset):
    pairs = paired_visits(dataset.visits)
    assert 0 < len(pairs) < len(dataset.visits)
    assert pairs["years"].between(0.875, 1.125).all()
    assert pairs["later_visit_id"].ne(pairs["visit_id"]).all()


def test_changes_are_later_minus_earlier_a_year(dataset):
    changed = changes_of_human_score(dataset.visits).iloc[0]
    visits = dataset.visits.set_index(["patient_id", "visit_id"])
    first = visits.loc[(changed["patient_id"], changed["visit_id"])]
    later = visits.loc[(changed["patient_id"], changed["later_visit_id"])]
    by_hand = (later[list(SVDH_COLUMNS)] - first[list(SVDH_COLUMNS)]).to_numpy(float) / changed["years"]
    np.testing.assert_allclose(changed[list(SVDH_COLUMNS)].to_numpy(float), by_hand)
    assert changed["svdh_total"] == pytest.approx((later["svdh_total"] - first["svdh_total"]) / changed["years"])
    assert changed["haq_change"] == pytest.approx((later["haq"] - first["haq"]) / changed["years"])
    assert changed["haq_change_half_width"] == pytest.approx(0.0625 / changed["years"])


def test_examples_of_pairs_bring_the_films_of_the_later_visit(dataset):
    pairs = VisitPairs(dataset, SPLITS)
    assert len(pairs) == len(paired_visits(dataset.visits))
    stored = {
        (e["patient_id"].decode(), e["visit_id"].decode()): e for split in SPLITS for e in dataset.examples(split)
    }
    later_of = paired_visits(dataset.visits).set_index(["patient_id", "visit_id"])["later_visit_id"]
    for pair in pairs:
        key = pair["patient_id"].decode(), pair["visit_id"].decode()
        later = stored[key[0], later_of[key]]
        assert np.array_equal(pair["crops"], stored[key]["crops"])
        assert np.array_equal(pair["later_crops"], later["crops"])
        assert np.array_equal(pair["later_svdh"], later["svdh"])


def test_readings_of_the_wanted_mode_are_taken_and_the_others_counted(small_cohort):
    cohort = read_cohort(small_cohort)
    scores = cohort.scores
    single = scores[scores["scheme"] == "svdh"].assign(reading_mode="single")
    single["score"] = 0
    both = type(cohort)(**{**vars(cohort), "scores": pd.concat([scores, single], ignore_index=True)})
    ledger = Ledger()
    assert (visit_table(both, ledger, "single")["svdh_total"].dropna() == 0).all()
    assert "SvdH: not read single" in ledger.to_frame()["reason"].str.replace("Sharp/van der Heijde", "SvdH").to_list()
    best = visit_table(both, Ledger())["svdh_total"]
    pd.testing.assert_series_equal(best, visit_table(cohort, Ledger())["svdh_total"])
    with pytest.raises(DataRefused, match="was read chronological in this cohort, not paired; choose one"):
        visit_table(cohort, Ledger(), "paired")


def test_intake_takes_a_reading_mode_and_the_data_set_says_which(small_cohort, dataset, capsys):
    assert dataset.manifest.reading_mode == "chronological"
    assert main(["intake", str(small_cohort), "--out", str(small_cohort / "x"), "--reading-mode", "paired"]) == 3
    assert "not paired" in capsys.readouterr().err
