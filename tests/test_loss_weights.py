"""Every outcome's part of the loss has a weight that can be set, on the command line too."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from outcomenet.commands.arguments import parse
from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment
from outcomenet.losses.reduction import LossWeights
from outcomenet.outcomes import OUTCOMES
from outcomenet.runs.config import from_record

EXPERIMENT = Experiment("x", "?", outcomes=("haq", "future_haq"))


def test_weights_start_as_declared():
    weights = asdict(LossWeights())
    assert list(weights) == [*OUTCOMES, "osteoarthritis", "svdh"]
    assert (weights["haq"], weights["pain"], weights["progression"]) == (1.0, 0.5, 1.0)
    assert (weights["osteoarthritis"], weights["svdh"]) == (4.0, 4.0)


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_outcome_has_a_flag(name):
    default = replace(EXPERIMENT, outcomes=(name,))
    read = parse(Experiment, [f"--loss-weights.{name}", "3"], "train", default=default)
    assert getattr(read.loss_weights, name) == 3.0


def test_a_record_of_before_an_outcome_was_declared_takes_its_declared_weight():
    old = {"haq": 2.0, "pain": 0.5, "progression": 1.0, "osteoarthritis": 4.0, "svdh": 4.0}
    assert from_record(LossWeights, old) == LossWeights(haq=2.0)  # pyright: ignore[reportCallIssue]


def test_an_unknown_name_is_refused_with_the_nearest(capsys):
    with pytest.raises(SystemExit) as stop:
        parse(Experiment, ["--loss-weights.future-hq", "3"], "train", default=EXPERIMENT)
    assert stop.value.code == 2
    assert "--loss-weights.future-haq" in capsys.readouterr().err
    with pytest.raises(UsageError, match="LossWeights has no setting 'future_hq'.*future_haq"):
        from_record(LossWeights, {"future_hq": 3.0})


def test_a_weight_of_an_outcome_that_is_not_asked_for_is_refused():
    with pytest.raises(UsageError, match="loss_weights.pain is 2, but pain is no outcome of this experiment"):
        replace(EXPERIMENT, loss_weights=LossWeights(pain=2.0))  # pyright: ignore[reportCallIssue]


def test_a_weight_holds_its_range():
    with pytest.raises(UsageError, match="haq .of LossWeights. is a number from 0 to 1,000,000; got -1"):
        LossWeights(haq=-1.0)  # pyright: ignore[reportCallIssue]
