"""What the biomarker's codebook says was adjusted for: what the configuration says, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomenet.evaluation.biomarker import with_treatment
from outcomenet.evaluation.biomarker_words import biomarker_words
from outcomenet.experiment import DEFAULT_CONFOUNDING, GRADED_CONFOUNDING
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig

TABLE = pd.DataFrame({"patient_id": ["P", "Q"], "visit_id": ["1", "1"], "split": "test", "score": [0.1, 0.2]})


def said_of_score(confounding: ConfoundingConfig) -> str:
    return biomarker_words(list(TABLE), "HAQ-DI", confounding)["score"].meaning


def test_every_covariate_with_a_term_is_named():
    said = said_of_score(DEFAULT_CONFOUNDING)
    for title in (
        "Age",
        "Male sex",
        "Symptom duration",
        "Rheumatoid factor",
        "ACPA",
        "Fibromyalgia",
        "Hand osteoarthritis",
    ):
        assert title in said
    assert "reads off the film" in said
    assert "Kellgren-Lawrence" not in said
    assert "Kellgren-Lawrence" in said_of_score(GRADED_CONFOUNDING)


def test_nothing_is_named_that_was_not_adjusted_for():
    assert said_of_score(ConfoundingConfig(outcome_terms=("age",))).endswith(
        "Adjusted: held fixed by terms of their own, which are no part of it: Age."
    )
    assert said_of_score(NO_HANDLING).endswith("Nothing was adjusted for.")


@pytest.mark.parametrize(
    "strategy", ["conditional_adversary", "correlation_adversary", "metadata_residual", "reweight"]
)
def test_every_other_strategy_names_its_confounders(strategy):
    said = said_of_score(ConfoundingConfig(**{strategy: ("fm",)}))
    assert "Fibromyalgia" in said
    assert "Age" not in said


def test_every_strategy_is_said():
    """A strategy that is on and not in words would be an adjustment that nobody is told of."""
    switches = {"seen_osteoarthritis": True, "oa_features": 4, "joint_decorrelation": 1.0}
    for name, value in switches.items():
        assert said_of_score(ConfoundingConfig(**{name: value})) != said_of_score(NO_HANDLING)
    assert "explain alone" in said_of_score(ConfoundingConfig(outcome_terms=("age",), residualised_outcome=True))


def test_the_treatment_stands_beside_the_score():
    visits = pd.DataFrame({"patient_id": ["Q", "P"], "visit_id": ["1", "1"], "treatment": ["placebo", None]})
    joined = with_treatment(TABLE, visits)
    assert joined["treatment"].tolist() == [None, "placebo"]
    assert joined["score"].tolist() == TABLE["score"].tolist()
    assert "Treatment" in biomarker_words(list(joined), "HAQ-DI", NO_HANDLING)["treatment"].meaning
    assert with_treatment(TABLE, visits.drop(columns="treatment"))["treatment"].isna().all()
