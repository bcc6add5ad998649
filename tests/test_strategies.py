"""Strategies that contradict themselves or the covariates are refused in a sentence."""

from __future__ import annotations

import pytest

from outcomenet.errors import UsageError
from outcomenet.strategies import NO_HANDLING, ConfoundingConfig


def test_a_residualised_outcome_needs_terms():
    with pytest.raises(UsageError, match="takes out what the outcome_terms explain; name them"):
        ConfoundingConfig(residualised_outcome=True)


def test_only_yes_or_no_confounders_are_reweighted():
    with pytest.raises(UsageError, match="takes yes-or-no confounders; age is a number"):
        ConfoundingConfig(reweight=("age",))


def test_a_covariate_is_supplied_if_and_only_if_it_is_used():
    config = ConfoundingConfig(outcome_terms=("age",))
    config.check_supplied(["age"])
    with pytest.raises(UsageError, match="'age', which is not among the experiment's covariates"):
        config.check_supplied([])
    with pytest.raises(UsageError, match="'age' is supplied but no confounding strategy uses it"):
        NO_HANDLING.check_supplied(["age"])
