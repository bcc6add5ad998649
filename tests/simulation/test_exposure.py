"""The tone curve's own powers and logarithms against numpy's, and noise against what a detector's counting gives."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.simulation.rendering.exposure import _exp2, _exp_half, _log2, exposed
from outcomenet.simulation.rendering.scanners import MAXIMUM, REFERENCE_ATTENUATION, SHOULDER, Scanner


def test_logarithm_and_power_are_good_to_a_few_millionths():
    x = np.geomspace(1e-7, 10.0, 20001).astype(np.float32)
    assert np.abs(np.asarray(_log2(jnp.asarray(x))) - np.log2(x.astype(float))).max() < 4e-6
    x = np.linspace(-40.0, 4.0, 20001).astype(np.float32)
    assert np.abs(np.asarray(_exp2(jnp.asarray(x))) / np.exp2(x.astype(float)) - 1.0).max() < 5e-6


@pytest.mark.parametrize(("attenuation", "error"), [(0.5, 0.001), (2.0, 0.01), (4.0, 0.06)])
def test_noise_grows_with_half_the_attenuation(attenuation, error):
    assert float(_exp_half(jnp.float32(attenuation))) == pytest.approx(np.exp(0.5 * attenuation), rel=error)


def test_without_noise_a_pixel_follows_the_tone_curve():
    attenuation = np.linspace(0.0, 4.0, 500)
    scanner = Scanner(noise=0.0)
    response = jnp.asarray(scanner.response(), jnp.float32)[None]
    soft, bone = jnp.zeros((1, 500)), jnp.asarray(attenuation, jnp.float32)[None]
    pixels = exposed(soft, bone, response, jnp.zeros(1, jnp.uint32), jnp.zeros((1, 500), jnp.uint32))
    share = (attenuation / REFERENCE_ATTENUATION) ** scanner.gamma
    tone = (1.0 - np.exp(-SHOULDER * share)) / (1.0 - np.exp(-SHOULDER))
    expected = np.clip(MAXIMUM * (scanner.fog + scanner.contrast * tone), 0, MAXIMUM)
    assert np.abs(np.asarray(pixels[0], float) - expected).max() <= 0.51
