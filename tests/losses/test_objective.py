"""The one reduction by hand: weighted masked means, and the weighted sum of parts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.errors import UsageError
from outcomenet.losses.reduction import LossPart, LossWeights, masked_mean, reduce_losses
from outcomenet.outcomes import OUTCOMES


def part(values: list[float], mask: list[bool], weight: list[float] | None = None) -> LossPart:
    return LossPart(jnp.array(values), jnp.array(mask), None if weight is None else jnp.array(weight))


@pytest.mark.parametrize(
    ("values", "mask", "weight", "expected"),
    [
        ([1.0, 3.0, 9.0], [True, True, False], None, 2.0),
        ([1.0, 3.0, 9.0], [True, True, True], [1.0, 3.0, 0.0], 2.5),
        ([1.0, np.nan], [True, False], None, 1.0),
        ([1.0, 3.0], [False, False], None, 0.0),
        ([1.0, 3.0], [False, True], [5.0, 0.0], 0.0),
    ],
)
def test_the_mean_is_over_what_counts(values, mask, weight, expected):
    assert float(masked_mean(part(values, mask, weight))) == pytest.approx(expected)


def test_a_masked_nan_has_no_gradient():
    gradient = jax.grad(lambda x: masked_mean(LossPart(x, jnp.array([True, False]))))(jnp.array([2.0, jnp.nan]))
    np.testing.assert_array_equal(gradient, [1.0, 0.0])


def test_parts_are_summed_by_their_weights_and_kept_without_them():
    parts = {"haq": part([2.0, 4.0], [True, True]), "pain": part([5.0], [True]), "svdh": part([7.0], [False])}
    total, means = reduce_losses(parts, {"haq": 0.5, "svdh": 4.0})
    assert float(total) == pytest.approx(0.5 * 3 + 5)  # a part without a weight counts once
    assert {name: float(mean) for name, mean in means.items()} == {"haq": 3.0, "pain": 5.0, "svdh": 0.0}


def test_no_part_at_all_is_zero():
    total, means = reduce_losses({}, {})
    assert float(total) == 0
    assert means == {}


def test_every_outcome_has_a_weight_as_declared():
    weights = LossWeights()
    assert {name: getattr(weights, name) for name in OUTCOMES} == {n: spec.loss_weight for n, spec in OUTCOMES.items()}


def test_a_negative_weight_is_refused_by_name():
    with pytest.raises(UsageError, match="svdh"):
        LossWeights(svdh=-1.0)
