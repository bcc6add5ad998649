"""States of the joints on films, as the pretrained network tells them without any cohort, each with an interval."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.arrays import Array, Bool, Float, UInt16
from outcomenet.errors import UsageError
from outcomenet.likelihoods.ordinal import most_probable_grade
from outcomenet.models.heads import GradeHead
from outcomenet.models.joint_states import LEVELS, SPACE_LEVELS, JointNet, expected_level
from outcomenet.models.joint_weights import JointWeights, load_joint_weights
from outcomenet.models.standardised_crops import standardised
from outcomenet.training.rungs import Parameters


class JointStatesOfFilms(NamedTuple):
    """What the network says of the joints of some films; NaN where a joint is not shown. Axis state: `JOINT_STATES`."""

    levels: Float[np.ndarray, "film joint state level"]  # probability of each root of a share in `LEVELS`
    joint_space_mm: Float[np.ndarray, "film joint"]
    joint_space_sd: Float[np.ndarray, "film joint"]
    svdh: Float[np.ndarray, "film site"]  # most probable grade of each site
    kellgren_lawrence: Float[np.ndarray, "film kl_site"]
    expected_svdh: Float[np.ndarray, "film site"]
    embeddings: Float[np.ndarray, "film joint feature"]

    @property
    def roots(self) -> Float[np.ndarray, "film joint state"]:
        """Mean of the square root of each share."""
        return self.levels @ LEVELS

    @property
    def shares(self) -> Float[np.ndarray, "film joint state"]:
        """Mean of each share, 0 healthy to 1 worst."""
        return self.levels @ LEVELS**2


class JointStateNetwork:
    """A pretrained network, compiled for films of one size; `batch` films are run at once."""

    def __init__(self, weights: JointWeights | None = None, batch: int = 4):
        self.weights = weights or load_joint_weights()
        self.batch = batch
        definition, state = nnx.split(self.weights.network)
        self._state: Parameters = nnx.to_pure_dict(state)

        @jax.jit
        def infer(state: Parameters, crops: Array) -> tuple[Array, ...]:  # in the order of `JointStatesOfFilms`
            network: JointNet = nnx.merge(definition, state)
            reading = network.settled(crops)
            space = expected_level(reading.space_logits, SPACE_LEVELS)
            spread = expected_level(reading.space_logits, SPACE_LEVELS**2) - space**2
            return (
                jax.nn.softmax(reading.state_logits, -1),
                space,
                jnp.sqrt(jnp.maximum(spread, 0.0)),
                _graded(network.svdh_head, reading.svdh_eta),
                _graded(network.osteoarthritis_head, reading.osteoarthritis_eta),
                network.svdh_head.expected(reading.svdh_eta),
                reading.embeddings,
            )

        self._infer = infer

    def infer(
        self, crops: UInt16[np.ndarray, "film joint height width"], present: Bool[np.ndarray, "film joint"]
    ) -> JointStatesOfFilms:
        """States of films' joints.

        Args:
            crops: Of all 58 joints, 0 to 65535.
            present: Joints that a film shows.

        Raises:
            UsageError: The crops are of another size than those that the network was pretrained on.
        """
        expected = (JOINT_COUNT, self.weights.size_px, self.weights.size_px)
        if crops.shape[1:] != expected:
            raise UsageError(
                f"The pretrained network takes crops of {self.weights.size_px} px at {self.weights.mm_per_px:g} mm of "
                f"{JOINT_COUNT} joints; got {crops.shape[1:]}. Cut the films at that size."
            )
        parts = []
        for first in range(0, len(crops), self.batch):
            block = crops[first : first + self.batch].astype(np.float32) / 65535.0
            seen = present[first : first + self.batch]
            block = np.stack([standardised(film, shown) for film, shown in zip(block, seen, strict=True)])
            block = np.where(seen[..., None, None], block, 0.0).astype(np.float32)
            # filled up: one size is one compiled program
            full = np.concatenate([block, np.zeros((self.batch - len(block), *block.shape[1:]), np.float32)])
            parts.append([values[: len(block)] for values in jax.device_get(self._infer(self._state, full))])
        return _shown(
            JointStatesOfFilms(*(np.concatenate(values) for values in zip(*parts, strict=True))),
            present,
            self.weights.network,
        )


def _graded(head: GradeHead, eta: Array) -> Array:
    return most_probable_grade(eta, jnp.broadcast_to(head.thresholds(), (*eta.shape, head.maximum)))


def _shown(states: JointStatesOfFilms, present: np.ndarray, network: JointNet) -> JointStatesOfFilms:
    """NaN for joints that a film does not show."""
    svdh, kl = (np.asarray(head.joint) for head in (network.svdh_head, network.osteoarthritis_head))
    shown = {name: present for name in states._fields}
    shown |= {"svdh": present[:, svdh], "expected_svdh": present[:, svdh], "kellgren_lawrence": present[:, kl]}
    return JointStatesOfFilms(
        **{
            name: np.where(shown[name].reshape(*shown[name].shape, *[1] * (values.ndim - 2)), values, np.nan)
            for name, values in states._asdict().items()
        }
    )
