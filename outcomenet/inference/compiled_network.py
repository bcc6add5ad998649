"""Trained networks run over visits: compiled once, outputs as numpy arrays with one row per visit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.arrays import Array, Bool, Float
from outcomenet.errors import DataRefused
from outcomenet.input_pipeline.batches import Batch, evaluation_batches
from outcomenet.input_pipeline.transforms import AugmentationConfig, CovariateScale, StoredExample
from outcomenet.models.outcome_net import OutcomeNet
from outcomenet.models.visit import Visit, patient_embedding
from outcomenet.predictions import NetworkOutput
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork, visit_of


@dataclass(frozen=True)
class CompiledNetwork:
    """A trained network, made once and run often; every batch is filled up to `batch_size` visits.

    It is compiled at its first batch. Networks of one architecture share the compiled program within a process, also
    where their parameters differ.
    """

    network: RungNetwork
    parameters: Parameters
    scale: CovariateScale
    batch_size: int

    def batches(
        self,
        examples: Sequence[StoredExample],
        *,
        augmentation: AugmentationConfig | None = None,
        seed: int = 0,
    ) -> Iterator[Batch]:
        """Batches of this network's size, see `batches.evaluation_batches`.

        Args:
            examples: visits, or pairs of visits, as a data set holds them.
            augmentation: random changes of the crops, for repeatability; None leaves them as they are.
            seed: of the augmentation.
        """
        return evaluation_batches(
            examples, self.scale, batch_size=self.batch_size, augmentation=augmentation, seed=seed
        )

    def infer(self, batches: Iterable[Batch], progress: Progress | None = None) -> NetworkOutput:
        """Runs the network over batches.

        Args:
            batches: as `batches` makes them; rows that only fill a batch up are left out of the output.
            progress: is advanced by every visit.

        Returns:
            One row per visit, in the order of the batches.

        Raises:
            DataRefused: there is no batch.
        """
        ids: list[tuple[str, str]] = []
        parts: list[dict[str, object]] = []
        for batch in batches:
            visit = visit_of(cast(Mapping[str, Array], batch.arrays))  # jit takes numpy arrays as they are
            part = jax.device_get(_ensemble_outputs(self.network, self.parameters, visit))
            parts.append(jax.tree.map(lambda a, real=batch.real: np.asarray(a)[:real], part))
            ids += batch.ids
            if progress is not None:
                progress.advance(batch.real)
        if not parts:
            raise DataRefused("A network was to be run over no visit at all; give it at least one visit with films.")
        joined = jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)
        return NetworkOutput(ids=ids, members=self.network.members, **joined)


class MemberOutput(NamedTuple):
    """One member's part of `NetworkOutput`, and the outcomes' variance; of several members with a leading axis."""

    visible: Bool[Array, "batch joint"]
    outcome: dict[str, Float[Array, "batch"]]
    variance: dict[str, Float[Array, "batch"]]  # of each outcome itself, in its unit squared
    contributions: Float[Array, "batch joint outcome"]
    osteoarthritis: Float[Array, "batch"]
    osteoarthritis_grades: Float[Array, "batch kl_site"]
    embedding: Float[Array, "batch feature"]
    svdh: Float[Array, "batch svdh_site"] | None
    score: dict[str, Float[Array, "batch"]]
    parts: Float[Array, "batch joint part outcome"] | None
    states: Float[Array, "batch joint state 2"] | None


# The network is static: its hash is that of its configuration, so that one program serves all objects of one architecture.
@partial(jax.jit, static_argnums=0)
def _ensemble_outputs(network: RungNetwork, parameters: Parameters, visit: Visit) -> dict[str, object]:
    """The mean over the members; their embeddings have nothing in common, so that the first one's is given."""
    outputs = network.each(lambda net: _outputs(net, visit), parameters)
    # what is visible is the same for all members, and a mean of booleans would be a number
    mean = jax.tree.map(lambda a: a[0] if a.dtype == bool else a.mean(0), outputs)._asdict()
    del mean["variance"]
    spread = {name: values.std(0) for name, values in outputs.outcome.items()}
    # law of total variance: within the members, and between them
    deviation = {name: jnp.sqrt(outputs.variance[name].mean(0) + jnp.square(spread[name])) for name in spread}
    return {**mean, "embedding": outputs.embedding[0], "spread": spread, "deviation": deviation}


def _outputs(net: OutcomeNet, visit: Visit) -> MemberOutput:
    output = net(visit)
    eta = output.outcome_eta
    values = {name: net.heads[name].expected(eta[name]) for name in net.outcomes}
    svdh = None
    if net.svdh_head is not None and output.svdh_eta is not None:
        seen = visit.visible[:, np.asarray(net.svdh_head.joint)]
        grades = net.svdh_head.expected(output.svdh_eta)
        if output.later_svdh_eta is not None and visit.years is not None:
            grades = (net.svdh_head.expected(output.later_svdh_eta) - grades) / visit.years[:, None]
        svdh = jnp.where(seen, grades, jnp.nan)
    return MemberOutput(
        visible=visit.visible,
        outcome=values,
        variance={name: net.heads[name].variance(eta[name]) for name in net.outcomes},
        contributions=output.contributions,
        osteoarthritis=output.osteoarthritis,
        osteoarthritis_grades=net.osteoarthritis_head.expected(output.osteoarthritis_eta),
        embedding=patient_embedding(output.embeddings, visit.visible),
        svdh=svdh,
        score={name: output.score[:, i] for i, name in enumerate(net.outcomes)},
        parts=output.parts,
        states=output.states,
    )


class CompiledContributions:
    """Joint contributions of a network to one outcome, on its latent scale; higher is worse. Compiled once for all calls."""

    def __init__(self, network: RungNetwork, batches: Sequence[Batch], outcome: int):
        self.batches = batches
        self.ids = [key for batch in batches for key in batch.ids]

        def contributions(parameters: Parameters, arrays: Mapping[str, Array]) -> Array:
            visit = visit_of(arrays)
            return network.each(lambda net: net(visit).contributions[..., outcome], parameters).mean(0)

        self._contributions = jax.jit(contributions)

    @property
    def visible(self) -> Bool[np.ndarray, "visit joint"]:
        """Joints that are on the films."""
        return np.concatenate([np.asarray(b.arrays["visible"])[: b.real] for b in self.batches])

    def infer(
        self, parameters: Parameters, visible: Bool[np.ndarray, "visit joint"] | None = None
    ) -> Float[np.ndarray, "visit joint"]:
        """Contributions of every visit.

        Args:
            parameters: of the network, or others of the same structure.
            visible: joints that are shown: further ones can be hidden, as if they were not on the film. None: as they are.
        """
        parts, start = [], 0
        for batch in self.batches:
            arrays = dict(batch.arrays)
            if visible is not None:
                shown = np.array(arrays["visible"])
                shown[: batch.real] = visible[start : start + batch.real]
                arrays["visible"] = shown
            parts.append(np.asarray(self._contributions(parameters, arrays))[: batch.real])
            start += batch.real
        return np.concatenate(parts)
