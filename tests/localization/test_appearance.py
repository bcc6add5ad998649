"""What the networks see does not depend on exposure."""

from __future__ import annotations

import numpy as np

from outcomenet.localization.appearance import appearance


def film(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (1000 + 300 * rng.random((64, 48))).astype(np.float32)


def test_brightness_and_contrast_of_the_exposure_do_not_matter():
    on_film = np.ones((64, 48), bool)
    assert np.allclose(appearance(film(), on_film), appearance(7.0 * film() - 300.0, on_film), atol=1e-4)


def test_what_lies_off_the_film_is_nothing_and_changes_nothing():
    on_film = np.ones((64, 48), bool)
    on_film[:, 30:] = False
    other = film()
    other[:, 30:] = 1e6
    seen = appearance(other, on_film)
    assert np.array_equal(seen, appearance(film(), on_film))
    assert (seen[:, 30:] == 0).all()


def test_a_blank_film_and_one_that_is_not_there_give_finite_numbers():
    blank = np.full((20, 20), 5.0, np.float32)
    assert np.isfinite(appearance(blank, np.ones((20, 20), bool))).all()
    assert (appearance(blank, np.zeros((20, 20), bool)) == 0).all()
