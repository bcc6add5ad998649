"""Members of a deep ensemble (Lakshminarayanan, NeurIPS 2017), trained and run together along a leading axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp

Tree = TypeVar("Tree")  # nested records of arrays
Output = TypeVar("Output")


def stacked(members: Sequence[Tree]) -> Tree:
    """Trees of one structure as one tree with a leading axis for the members; a single one stays as it is."""
    if len(members) == 1:
        return members[0]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)


def over_members(function: Callable[..., Output], members: int, vectorise: bool | None = None) -> Callable[..., Output]:
    """Applies a function of one member to all of them.

    vmap turns every convolution into one with as many groups as there are members, which an accelerator likes and a CPU
    does not: one gradient of four networks took 2.1 s with vmap, 10.9 s with lax.map and 0.65 s written out member by
    member (2 cores, 8 visits at 48 px). So it is vmap on accelerators and written out on CPUs.

    Args:
        function: takes trees of one member and gives one.
        members: how many there are.
        vectorise: whether it is vmap; None: as the device likes it.

    Returns:
        A function of trees that `stacked` made, which gives such a tree.
    """
    if members == 1:
        return function
    if vectorise is None:
        vectorise = jax.default_backend() != "cpu"
    if vectorise:
        return jax.vmap(function)

    def one_by_one(*trees: object) -> Output:
        return stacked([function(*jax.tree.map(lambda a, k=k: a[k], trees)) for k in range(members)])

    return one_by_one
