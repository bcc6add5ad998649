"""The optimiser: AdamW with warm-up, cosine decay and a clipped gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import optax

from outcomenet.ranges import Positive, Share, Within, check_ranges


@dataclass(frozen=True)
class OptimiserConfig:
    """Learning rate at its peak; warm-up as a share of all steps; weight decay on matrices only."""

    learning_rate: Annotated[float, Within(0, 1, open=True)] = 2e-3
    warm_up: Share = 0.05
    final_share: Share = 0.02  # of the peak learning rate, at the last step
    weight_decay: Annotated[float, Within(0, 10)] = 0.02
    clip: Positive = 1.0

    def __post_init__(self) -> None:
        check_ranges(self)

    def build(self, steps: int) -> optax.GradientTransformation:
        # a training of one step has a schedule too: optax needs a step of warm-up, and more of decay
        schedule = optax.warmup_cosine_decay_schedule(
            init_value=0.0,
            peak_value=self.learning_rate,
            warmup_steps=max(1, round(self.warm_up * steps)),
            decay_steps=max(2, steps),
            end_value=self.final_share * self.learning_rate,
        )
        return optax.chain(
            optax.clip_by_global_norm(self.clip),
            optax.adamw(schedule, weight_decay=self.weight_decay, mask=_matrices),
        )


def _matrices(parameters: optax.Params) -> optax.Params:
    import jax

    # biases, norms and thresholds are not decayed; the dimensions are those of one member, as `over_members` calls it
    return jax.tree.map(lambda p: p.ndim >= 2, parameters)
