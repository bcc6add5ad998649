"""The optimiser: AdamW with warm-up, cosine decay and a clipped gradient."""

from __future__ import annotations

from dataclasses import dataclass

import optax


@dataclass(frozen=True)
class OptimiserConfig:
    """Learning rate at its peak; warm-up as a share of all steps; weight decay on matrices only."""

    learning_rate: float = 2e-3
    warm_up: float = 0.05
    final_share: float = 0.02  # of the peak learning rate, at the last step
    weight_decay: float = 0.02
    clip: float = 1.0

    def build(self, steps: int) -> optax.GradientTransformation:
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

    return jax.tree.map(lambda p: p.ndim >= 2, parameters)
