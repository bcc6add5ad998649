"""Accuracy of the joint network on pairs that it was not trained on: states, joint space, grades and their changes."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from flax import nnx

from outcomenet.arrays import Array, Float
from outcomenet.models.joint_states import CHANGES, LEVELS, SPACE_LEVELS, JointNet, expected_level
from outcomenet.pretraining.joint_losses import true_change
from outcomenet.pretraining.pair_batches import BLOCK, Batch, PairBatches
from outcomenet.training.rungs import Parameters

COLUMNS = ("what", "kind", "joints", "correlation", "mean_error", "sd_error", "coverage")


def joint_accuracy(network: JointNet, batches: PairBatches, pairs: int) -> pd.DataFrame:
    """How near the network comes to the truth, one row for each state and each change.

    Args:
        network: After training.
        batches: Of pairs that it has not seen.
        pairs: How many of them.

    Returns:
        Columns `COLUMNS`: `kind` is "state" or "change", in roots of shares, mm or logarithms; mean and SD of (stated - true);
        `coverage` is the share of true changes within 1.96 stated SD. Empty where it is not defined.
    """
    definition, split = nnx.split(network)
    state: Parameters = nnx.to_pure_dict(split)

    @jax.jit
    def infer(state: Parameters, crops: Array) -> tuple[Array, Array, Array]:
        network = nnx.merge(definition, state)
        films = crops.reshape(-1, *crops.shape[2:])
        reading = network(films)
        levels = jnp.concatenate(
            [
                expected_level(reading.state_logits, LEVELS),
                expected_level(reading.space_logits, SPACE_LEVELS)[..., None],
            ],
            -1,
        )
        both = reading.embeddings.reshape(*crops.shape[:2], *reading.embeddings.shape[1:])
        change = network.films(both[:, 0], both[:, 1])
        return levels.reshape(*crops.shape[:2], *levels.shape[1:]), change.mean, change.sd

    parts: list[tuple[np.ndarray, ...]] = []
    for batch in _batches(batches, pairs):
        levels, mean, doubt = jax.device_get(infer(state, jnp.asarray(batch["crops"])))
        space = batch["joint_space_mm"]
        truth = np.concatenate([np.sqrt(batch["states"]), space[..., None]], -1)
        parts.append(
            (
                levels,
                truth,
                batch["present"],
                mean,
                np.asarray(true_change(jnp.asarray(batch["states"]), jnp.asarray(space))),
                np.asarray(batch["present"].all(1)),
                doubt,
            )
        )
    levels, truth, seen, changed, change, both_seen, sd = map(np.concatenate, zip(*parts, strict=True))
    rows = [*_rows("state", levels, truth, seen, None), *_rows("change", changed, change, both_seen, sd)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _batches(batches: PairBatches, pairs: int) -> Iterator[Batch]:
    for number in range(-(-pairs // (batches.pairs * BLOCK))):
        yield from batches.block(number)


def _rows(
    kind: str,
    stated: Float[np.ndarray, "*film joint change"],
    true: Float[np.ndarray, "*film joint change"],
    seen: np.ndarray,
    sd: Float[np.ndarray, "*film joint change"] | None,
) -> Iterator[dict[str, object]]:
    # of a single film there are no logarithms, which come last
    for column, name in enumerate(CHANGES[: true.shape[-1]]):
        known = seen & np.isfinite(true[..., column])
        given, truth = stated[..., column][known], true[..., column][known]
        off = given - truth
        row: dict[str, object] = {"what": name, "kind": kind, "joints": int(known.sum())}
        if len(off) > 1 and np.ptp(truth) > 0 and np.ptp(given) > 0:
            row["correlation"] = float(np.corrcoef(given, truth)[0, 1])
        if len(off):
            row |= {"mean_error": float(off.mean()), "sd_error": float(off.std())}
        if sd is not None and len(off):
            row["coverage"] = float((np.abs(off) <= 1.96 * sd[..., column][known]).mean())
        yield row
