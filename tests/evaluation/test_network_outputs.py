"""Network outputs in the order of the visit table, and examples of several splits one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from outcomenet.datasets.dataset import Dataset
from outcomenet.evaluation.network_outputs import _in_order
from outcomenet.evaluation.task import Examples
from outcomenet.predictions import NetworkOutput

KEYS = [("a", "V0"), ("b", "V0")]


def output(svdh: bool = True) -> NetworkOutput:
    n = len(KEYS)
    return NetworkOutput(
        ids=KEYS, visible=np.ones((n, 2), bool), outcome={"haq": np.array([0.5, 1.5])},
        contributions=np.arange(4.0).reshape(n, 2, 1), osteoarthritis=np.array([0.0, 1.0]),
        osteoarthritis_grades=np.ones((n, 3)), embedding=np.eye(n), svdh=np.ones((n, 4)) if svdh else None,
        score={"haq": np.array([1.0, 5.0])}, spread={"haq": np.zeros(n)}, deviation={"haq": np.ones(n)}, members=3,
    )  # fmt: skip


def test_rows_follow_the_visits_and_a_visit_that_was_not_run_is_empty():
    ordered = _in_order(output(), [("b", "V0"), ("c", "V0"), ("a", "V0")])
    np.testing.assert_array_equal(ordered.outcome["haq"], [1.5, np.nan, 0.5])
    np.testing.assert_array_equal(ordered.contributions[:, :, 0], [[2, 3], [np.nan, np.nan], [0, 1]])
    np.testing.assert_array_equal(ordered.visible, [[True, True], [False, False], [True, True]])
    assert ordered.svdh is not None
    assert np.isnan(ordered.svdh[1]).all()
    assert ordered.members == 3


def test_a_network_without_human_grades_has_none_in_any_order():
    assert _in_order(output(svdh=False), KEYS[::-1]).svdh is None


class Divided(Dataset):
    """A data set of which only the examples are asked for."""

    def __init__(self, **names: list[str]):
        object.__setattr__(self, "names", names)

    def examples(self, split: str) -> Any:
        return [{"visit_id": name.encode()} for name in vars(self)["names"][split]]


def test_splits_stand_one_after_the_other():
    examples = Examples(Divided(train=["V0", "V1"], validation=[], test=["V2"]), ("train", "validation", "test"))
    assert len(examples) == 3
    assert [example["visit_id"] for example in examples] == [b"V0", b"V1", b"V2"]
    with pytest.raises(IndexError):
        examples[3]
