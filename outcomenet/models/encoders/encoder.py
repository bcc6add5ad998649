"""Encoder contract: crops of all joints in, one embedding per joint out; and what all encoders share: patches, joint identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import jax.numpy as jnp
from flax import nnx

from outcomenet.anatomy import JOINT_COUNT, JOINT_KIND_INDEX, JOINTS, Side
from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError

SIDE_INDEX: tuple[int, ...] = tuple(list(Side).index(joint.side) for joint in JOINTS)
assert len(SIDE_INDEX) == JOINT_COUNT


@runtime_checkable
class Encoder(Protocol):
    """A module that embeds every joint of a visit from its own crop.

    Joints are folded into the batch. A joint's embedding depends on its own crop, its kind and its side alone: on no other
    joint, and on no other visit of the batch, since a patient's score must not depend on who else is in it. A network's
    parameters belong to its encoder where the module that holds them keeps this contract.
    """

    @property
    def embedding(self) -> int:
        """Numbers per joint."""
        ...

    @property
    def patch(self) -> int:
        """Pixels by which its first layer steps."""
        ...

    @property
    def depth(self) -> int:
        """Layers from pixels to embedding; the last one's number is `depth - 1`."""
        ...

    def layer_of(self, path: Sequence[str | int]) -> int:
        """Number of the layer that a parameter belongs to, 0 at the pixels.

        Args:
            path: names of the modules that hold it, from the encoder's own parts on.
        """
        ...

    def __call__(self, crops: Float[Array, "batch joint height width"]) -> Float[Array, "batch joint feature"]:
        """Embeds crops that are standardised per film; a hidden joint's crop is all 0.

        Args:
            crops: of all joints of `anatomy.JOINTS`, square.
        """
        ...


class EncoderConfig(Protocol):
    """A frozen record that builds an encoder."""

    @property
    def embedding(self) -> int:
        """Numbers per joint."""
        ...

    def build(self, crop_size: int, rngs: nnx.Rngs) -> Encoder:
        """Makes the encoder for crops of `crop_size` pixels a side, with parameters drawn from `rngs`.

        Raises:
            UsageError: crops of that size do not fit the configuration.
        """
        ...


def layer_in(path: Sequence[str | int], first: Sequence[str], repeated: str, depth: int) -> int:
    """Number of the layer that a parameter belongs to, in an encoder of a first layer, repeated ones, and a last one.

    Args:
        path: names of the modules that hold it.
        first: parts of the encoder that see the pixels.
        repeated: its list of alike layers.
        depth: layers of the encoder.
    """
    part = path[0]
    if part in first:
        return 0
    return 1 + int(path[1]) if part == repeated else depth - 1


def patches_per_side(crop_size: int, patch: int) -> int:
    """How many patches a crop has along each side.

    Args:
        crop_size: pixels a side of a crop.
        patch: pixels a side of a patch.

    Raises:
        UsageError: patches do not fill the crop.
    """
    if crop_size % patch:
        raise UsageError(
            f"Crops of {crop_size} px cannot be cut into patches of {patch} px; "
            "choose `network.encoder.patch` so that it divides the crop size."
        )
    return crop_size // patch


def patches_of(
    crops: Float[Array, "batch joint height width"], patch: int
) -> Float[Array, "image patch_row patch_column pixel"]:
    """Crops cut into squares, joints folded into the batch.

    Args:
        crops: square.
        patch: pixels a side of a patch; it divides the crops' size.
    """
    batch, joints, height, width = crops.shape
    rows, columns = height // patch, width // patch
    pixels = crops.reshape(batch * joints, rows, patch, columns, patch)
    return pixels.transpose(0, 1, 3, 2, 4).reshape(batch * joints, rows, columns, patch**2)


def joint_identity(kind: nnx.Embed, side: nnx.Embed) -> Float[Array, "joint feature"]:
    """Vector of each joint apart from its crop: the sum of its kind's and its side's.

    Args:
        kind: learned vectors of the kinds of joint.
        side: learned vectors of left and right.
    """
    return kind(jnp.asarray(JOINT_KIND_INDEX)) + side(jnp.asarray(SIDE_INDEX))
