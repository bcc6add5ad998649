"""Joint network: the state of every joint of a film, and how it differs between two films of the same joint.

It is what an encoder is pretrained in. A state is a share from 0 (healthy) to 1 (worst), told on the scale of its square
root, where early damage takes as much room as late: as a probability at each of `LEVELS`, so that mean and interval
on any scale follow from one output (two-hot targets, Farebrother et al., ICML 2024, arXiv 2403.03950).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from outcomenet.arrays import Array, Float
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.settled import settled_embeddings
from outcomenet.models.encoders.vit import VitConfig
from outcomenet.models.heads import GradeHead, svdh_head
from outcomenet.models.visit_comparison import PairComparison, PairReading
from outcomenet.ranges import check_ranges
from outcomenet.scoring import KELLGREN_LAWRENCE

# What lasts, what comes and goes with disease activity, and what osteoarthritis does; names are those of the simulation.
DAMAGE_STATES = ("erosion", "narrowing", "subluxation", "ankylosis", "prosthesis")
ACTIVITY_STATES = ("swelling", "osteopenia", "micro_erosion")
OSTEOARTHRITIS_STATES = ("osteophyte", "oa_narrowing", "sclerosis")
JOINT_STATES = DAMAGE_STATES + ACTIVITY_STATES + OSTEOARTHRITIS_STATES
LEVELS = np.linspace(0.0, 1.0, 11, dtype=np.float32)  # square roots of shares
SPACE_LEVELS = np.linspace(0.0, 6.0, 16, dtype=np.float32)  # mm of joint space
BITES = 6  # places at a joint where erosions are, see `pretraining.measured_joints.bite_sizes`
READERS = 2  # simulated ones, who graded the films of the bank
# Bone and cartilage lost, as shares: what SvdH grades. Their changes are told on the scale of the logarithm, too, where a change
# counts by what is there already: the mean of a logarithm's change does not follow from that of a root's.
GRADED_DAMAGE = ("erosion", "narrowing")
LEAST_SHARE = 0.01  # added to a share before its logarithm: a healthy joint has one, too
# What two films are compared in: the square root of each state's share, the joint space in mm, logarithms of shares.
CHANGES = (*JOINT_STATES, "joint_space_mm", *(f"log_{state}" for state in GRADED_DAMAGE))
LEAST_SD = 0.005  # of a stated change: below it the likelihood of what has not changed runs away


class JointReading(NamedTuple):
    """What the network says of each joint of a film."""

    embeddings: Float[Array, "batch joint feature"]
    state_logits: Float[Array, "batch joint state level"]  # states as in `JOINT_STATES`
    space_logits: Float[Array, "batch joint level"]
    bites: Float[Array, "batch joint bite"]  # radius of each erosion over the half width of its bone end
    svdh_eta: Float[Array, "batch site"]
    osteoarthritis_eta: Float[Array, "batch kl_site"]


class JointChange(NamedTuple):
    """Difference of two films of the same joints, later minus earlier, in the order of `CHANGES`."""

    mean: Float[Array, "batch joint change"]
    sd: Float[Array, "batch joint change"]


@dataclass(frozen=True)
class JointNetConfig:
    """Encoder that is pretrained; its heads follow from the states."""

    encoder: CnnConfig | VitConfig = field(default_factory=lambda: CnnConfig(8, (64, 96, 128), 96))

    def __post_init__(self) -> None:
        check_ranges(self)

    def build(self, crop_size: int, seed: int) -> JointNet:
        """Makes the network with parameters before training.

        Args:
            crop_size: pixels a side of a joint's crop.
            seed: of the parameters.
        """
        return JointNet(self, crop_size, nnx.Rngs(seed))


class JointNet(nnx.Module):
    """Encoder with a head for each thing that is known of a simulated joint."""

    def __init__(self, config: JointNetConfig, crop_size: int, rngs: nnx.Rngs):
        self.config = config
        width = config.encoder.embedding
        self.encoder = config.encoder.build(crop_size, rngs)
        self.states = state_head(width, rngs)
        self.space = nnx.Linear(width, len(SPACE_LEVELS), rngs=rngs)
        self.bites = nnx.Linear(width, BITES, rngs=rngs)
        self.svdh_head = svdh_head(width, READERS, rngs)
        self.osteoarthritis_head = GradeHead(KELLGREN_LAWRENCE, width, rngs, READERS)
        self.films = FilmComparison(PairReading.PAIRED, width, rngs)

    def __call__(self, crops: Float[Array, "batch joint height width"]) -> JointReading:
        """Every joint of each film by itself, as the network learns.

        Args:
            crops: standardised per film.
        """
        return self.of_embeddings(self.encoder(crops))

    def settled(self, crops: Float[Array, "batch joint height width"]) -> JointReading:
        """The same by the mean of two readings, once the network has learned: see `settled_embeddings`.

        Args:
            crops: standardised per film.
        """
        return self.of_embeddings(settled_embeddings(self.encoder, crops))

    def of_embeddings(self, embeddings: Float[Array, "batch joint feature"]) -> JointReading:
        """What is told of each joint.

        Args:
            embeddings: of the encoder.
        """
        return JointReading(
            embeddings=embeddings,
            state_logits=state_logits(self.states, embeddings),
            space_logits=self.space(embeddings),
            bites=self.bites(embeddings),
            svdh_eta=self.svdh_head(embeddings),
            osteoarthritis_eta=self.osteoarthritis_head(embeddings),
        )


class FilmComparison(nnx.Module):
    """What changed at each joint between two films that are read together."""

    def __init__(self, mode: PairReading, width: int, rngs: nnx.Rngs):
        self.comparison = PairComparison(mode, width, rngs)
        self.change = nnx.Linear(width, len(CHANGES), use_bias=False, rngs=rngs)
        self.doubt = nnx.Linear(2 * width, width, rngs=rngs)
        self.change_sd = nnx.Linear(width, len(CHANGES), rngs=rngs)

    def __call__(
        self, earlier: Float[Array, "batch joint feature"], later: Float[Array, "batch joint feature"]
    ) -> JointChange:
        """0 for the same film twice; the other sign where films are swapped, unless they are read in their order.

        Args:
            earlier: embeddings of the first film.
            later: of the second.
        """
        mean = self.change(self.comparison(earlier, later))
        # sum and size of the difference do not tell which film came first
        both = jnp.concatenate([earlier + later, jnp.abs(later - earlier)], -1)
        return JointChange(mean, LEAST_SD + jax.nn.softplus(self.change_sd(jax.nn.gelu(self.doubt(both))) - 3.0))


def state_head(width: int, rngs: nnx.Rngs) -> nnx.Linear:
    """Layer that tells every state of a joint from its embedding.

    Args:
        width: numbers of an embedding.
        rngs: of the parameters.
    """
    return nnx.Linear(width, len(JOINT_STATES) * len(LEVELS), rngs=rngs)


def state_logits(
    head: nnx.Linear, embeddings: Float[Array, "batch joint feature"]
) -> Float[Array, "batch joint state level"]:
    """Logits of the levels of every joint's states.

    Args:
        head: of `state_head`.
        embeddings: of the joints.
    """
    logits = head(embeddings)
    return logits.reshape(*logits.shape[:-1], len(JOINT_STATES), len(LEVELS))


def expected_level(logits: Float[Array, "*joint level"], levels: Float[np.ndarray, "level"]) -> Float[Array, "*joint"]:
    """Mean of what the levels stand for.

    Args:
        logits: of the levels.
        levels: their values.
    """
    return jax.nn.softmax(logits, -1) @ jnp.asarray(levels)


def level_moments(
    probabilities: Float[Array, "*joint level"], levels: Float[np.ndarray, "level"]
) -> Float[Array, "*joint 2"]:
    """Mean and SD of what the levels stand for.

    Args:
        probabilities: of the levels.
        levels: their values.
    """
    mean = probabilities @ jnp.asarray(levels)
    variance = probabilities @ jnp.asarray(levels**2) - mean**2
    return jnp.stack([mean, jnp.sqrt(jnp.maximum(variance, 0.0))], -1)


def level_loss(
    logits: Float[Array, "*joint level"], values: Float[Array, "*joint"], levels: Float[np.ndarray, "level"]
) -> Float[Array, "*joint"]:
    """Cross entropy of the levels and the two that a value lies between, each the more the nearer it is.

    Args:
        logits: of the levels.
        values: on the scale of the levels; those beyond its ends count as the ends, NaN gives NaN.
        levels: evenly spaced, rising.
    """
    place = (jnp.clip(values, levels[0], levels[-1]) - levels[0]) / (levels[1] - levels[0])
    number = jnp.arange(len(levels), dtype=values.dtype).reshape(*[1] * values.ndim, -1)
    near = jnp.maximum(0.0, 1.0 - jnp.abs(place[..., None] - number))
    return -(near * jax.nn.log_softmax(logits, -1)).sum(-1)
