"""Gradients of losses against central differences in double precision."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest


@pytest.fixture
def assert_gradient_by_differences():
    """Checks d loss / d x at every coordinate: double precision by differences, then single precision by double."""

    def check(loss, x, step: float = 1e-5, single: float = 2e-3):
        x = np.asarray(x, np.float64)
        with jax.enable_x64(True):
            value = jax.jit(loss)
            slope = np.asarray(jax.jit(jax.grad(loss))(jnp.asarray(x)))
            moved = [np.where(np.arange(x.size).reshape(x.shape) == i, step, 0.0) for i in range(x.size)]
            pairs = [(float(value(jnp.asarray(x + d))), float(value(jnp.asarray(x - d)))) for d in moved]
        by_differences = np.array([(up - down) / (2 * step) for up, down in pairs]).reshape(x.shape)
        assert slope == pytest.approx(by_differences, rel=1e-5, abs=1e-8)
        ours = np.asarray(jax.jit(jax.grad(loss))(jnp.asarray(x, jnp.float32)))
        assert ours == pytest.approx(slope, rel=single, abs=1e-5)

    return check
