"""Change between two films of a patient, read together joint by joint by a trained network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple, cast

import jax
import numpy as np

from outcomenet.arrays import Array, Bool, Float
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.input_pipeline.batches import Batch
from outcomenet.models.joint_states import CHANGES, GRADED_DAMAGE, JOINT_STATES
from outcomenet.models.outcome_net import FilmChange
from outcomenet.models.visit import Visit
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork, visit_of

# Scales on which a change of a share may be summed over joints; the further down, the more early damage counts.
SCALES = ("share", "root", "logarithm")
_LOGARITHMS = [CHANGES.index(f"log_{state}") for state in GRADED_DAMAGE]


class FilmChanges(NamedTuple):
    """Later minus earlier film of each pair; a joint that either film does not show has 0."""

    ids: list[tuple[str, str]]  # patient and earlier visit
    visible: Bool[np.ndarray, "pair joint"]  # on both films
    roots: Float[np.ndarray, "pair joint state"]  # change of the square root of each share, states as in `JOINT_STATES`
    middle: Float[np.ndarray, "pair joint state"]  # mean of the two films' roots
    sd: Float[np.ndarray, "pair joint state"]  # standard error of `roots`, as the network states it
    joint_space_mm: Float[np.ndarray, "pair joint"]
    joint_space_sd: Float[np.ndarray, "pair joint"]
    logarithms: Float[np.ndarray, "pair joint damage"]  # change of the logarithm of bone and of cartilage lost
    parts: Float[np.ndarray, "pair joint part outcome"]  # change of the contributions

    def damage(self, scale: str) -> Float[np.ndarray, "pair joint damage"]:
        """Change of bone and of cartilage lost at each joint; above 0: more is lost.

        Args:
            scale: one of `SCALES`.
        """
        if scale == "logarithm":
            return self.logarithms
        at = [JOINT_STATES.index(state) for state in GRADED_DAMAGE]
        change, middle = self.roots[..., at], self.middle[..., at]
        if scale == "root":
            return change
        later, earlier = (np.clip(middle + half * change, 0.0, 1.0) for half in (0.5, -0.5))
        return later**2 - earlier**2


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
            0.5 * (change.before + change.after),
            change.joints.sd[..., :states],
            np.where(visible, change.joints.mean[..., CHANGES.index("joint_space_mm")], 0.0),
            change.joints.sd[..., CHANGES.index("joint_space_mm")],
            np.where(seen, change.joints.mean[..., _LOGARITHMS], 0.0),
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
