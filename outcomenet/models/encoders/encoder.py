"""Encoder contract: crops of all joints in, one embedding per joint out."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from flax import nnx

from outcomenet.arrays import Array, Float


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
