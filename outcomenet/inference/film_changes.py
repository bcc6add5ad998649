"""Change between two films of a patient, read together joint by joint by a trained network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple, cast

import jax
import numpy as np

from outcomenet.arrays import Array, Bool, Float
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.input_pipeline.batches import Batch
from outcomenet.models.joint_states import CHANGES, GRADED_DAMAGE, JOINT_STATES, LEAST_SHARE
from outcomenet.models.outcome_net import FilmChange
from outcomenet.models.visit import Visit
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork, visit_of

# Scales on which a change of a share may be summed over joints, with the whole range of each; the further down, the more early
# damage counts.
SCALES = {"share": 1.0, "root": 1.0, "logarithm": math.log((1.0 + LEAST_SHARE) / LEAST_SHARE)}
BOUND = 0.1  # share of a scale's range that one joint's change counts for at most, where changes are bounded
_DAMAGE = [JOINT_STATES.index(state) for state in GRADED_DAMAGE]


class FilmChanges(NamedTuple):
    """Later minus earlier film of each pair; a joint that either film does not show has 0."""

    ids: list[tuple[str, str]]  # patient and earlier visit
    visible: Bool[np.ndarray, "pair joint"]  # on both films
    roots: Float[np.ndarray, "pair joint state"]  # change of the square root of each share, states as in `JOINT_STATES`
    middle: Float[np.ndarray, "pair joint state"]  # mean of the two films' roots
    sd: Float[np.ndarray, "pair joint state"]  # standard error of `roots`, as the network states it
    joint_space_mm: Float[np.ndarray, "pair joint"]
    joint_space_sd: Float[np.ndarray, "pair joint"]
    # root and share of bone and of cartilage lost, as each film tells them by itself
    before: Float[np.ndarray, "pair joint damage 2"]
    after: Float[np.ndarray, "pair joint damage 2"]
    parts: Float[np.ndarray, "pair joint part outcome"]  # change of the contributions

    def damage(self, scale: str, *, bounded: bool) -> Float[np.ndarray, "pair joint damage"]:
        """Change of bone and of cartilage lost at each joint: the difference of two readings; above 0: more is lost.

        Comparing both films tells a joint's change better; but its mean is drawn to 0 where a change is smaller than its error,
        which most changes of a year are, and a sum over joints loses them.

        Args:
            scale: one of `SCALES`.
            bounded: whether a joint's change counts for `BOUND` of the scale's range at most, so that one joint does not drown
                the many.
        """
        before, after = (self._on(scale, of) for of in (self.before, self.after))
        change = np.where(self.visible[..., None], after - before, 0.0)
        limit = BOUND * SCALES[scale]
        return np.clip(change, -limit, limit) if bounded else change

    @staticmethod
    def _on(scale: str, of: Float[np.ndarray, "pair joint damage 2"]) -> Float[np.ndarray, "pair joint damage"]:
        if scale == "logarithm":
            return np.log(of[..., 1] + LEAST_SHARE)
        return of[..., 0 if scale == "root" else 1]


def film_changes(
    network: CompiledNetwork, batches: Iterable[Batch], progress: Progress | None = None
) -> FilmChanges | None:
    """Reads pairs of films together.

    Args:
        network: one whose score is built from joint states.
        batches: of pairs, as `CompiledNetwork.batches` makes them of `VisitPairs`.
        progress: is advanced by every pair.

    Returns:
        One row per pair, in the order of the batches; None where there is none.
    """
    ids: list[tuple[str, str]] = []
    parts: list[tuple[np.ndarray, ...]] = []
    for batch in batches:
        visit = visit_of(cast(Mapping[str, Array], batch.arrays))
        change = jax.device_get(_changes(network.network, network.parameters, visit))
        visible = np.asarray(batch.arrays["visible"])
        seen, states = visible[..., None], len(JOINT_STATES)
        values = (
            visible,
            np.where(seen, change.joints.mean[..., :states], 0.0),
            0.5 * (change.before + change.after)[..., 0],
            change.joints.sd[..., :states],
            np.where(visible, change.joints.mean[..., CHANGES.index("joint_space_mm")], 0.0),
            change.joints.sd[..., CHANGES.index("joint_space_mm")],
            change.before[:, :, _DAMAGE],
            change.after[:, :, _DAMAGE],
            change.parts,
        )
        parts.append(tuple(value[: batch.real] for value in values))
        ids += batch.ids
        if progress is not None:
            progress.advance(batch.real)
    if not parts:
        return None
    return FilmChanges(ids, *(np.concatenate(values) for values in zip(*parts, strict=True)))


# The network is static, as in `compiled_network`: one program for all objects of one architecture.
@partial(jax.jit, static_argnums=0)
def _changes(network: RungNetwork, parameters: Parameters, visit: Visit) -> FilmChange:
    """The mean over the members of an ensemble."""
    changes = network.each(lambda net: net.film_change(visit), parameters)
    return jax.tree.map(lambda values: values.mean(0), changes)
