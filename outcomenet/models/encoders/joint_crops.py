"""What all encoders do with joint crops: cut them into patches, and tell which joint of which side a crop shows."""

from __future__ import annotations

import jax.numpy as jnp
from flax import nnx

from outcomenet.anatomy import JOINT_COUNT, JOINT_KIND_INDEX, JOINTS, Side
from outcomenet.arrays import Array, Float
from outcomenet.errors import UsageError

SIDE_INDEX: tuple[int, ...] = tuple(list(Side).index(joint.side) for joint in JOINTS)
assert len(SIDE_INDEX) == JOINT_COUNT


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
    """What an encoder has learned about each joint apart from its crop: the sum of its kind's and its side's vector."""
    return kind(jnp.asarray(JOINT_KIND_INDEX)) + side(jnp.asarray(SIDE_INDEX))
