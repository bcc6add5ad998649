"""Array types and the glossary of axis names that every public array signature uses.

| axis | meaning |
| --- | --- |
| batch | visits in a batch |
| joint | the 58 joints in `anatomy.JOINTS` order |
| height width channel | pixels of one crop, row first |
| feature | the encoder's embedding |
| outcome | outcomes in the order of the experiment's outcome list |
| threshold | cut points of an ordinal scale |
| interval | intervals of discrete follow-up time |
| site | score sites in `scoring` order |
| covariate | covariates in the order of the experiment's covariate list |
| patient visit row | units of tables |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Bool, Float, Int, Int8, Shaped, UInt, UInt8, UInt16

if TYPE_CHECKING:
    from jax import Array

__all__ = ["Array", "Bool", "Float", "Int", "Int8", "Shaped", "UInt", "UInt8", "UInt16"]


def __getattr__(name: str) -> object:
    """Imports `Array` on first use only: statistics and film decoders use these types without importing JAX."""
    if name == "Array":
        from jax import Array

        return Array
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
