"""Batches of visits: the mean embedding by hand, and single visits refused where pairs are compared."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.errors import UsageError
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.encoders.encoder import patches_of
from outcomenet.models.visit import Visit, patient_embedding

CROPS = jnp.zeros((1, 2, 4, 4))


def visit(**later) -> Visit:
    return Visit(CROPS, jnp.ones((1, 2), bool), jnp.zeros((1, 0)), jnp.zeros((1, 0), bool), **later)


def test_the_embedding_of_a_patient_is_the_mean_of_the_joints_that_are_seen():
    embeddings = jnp.array([[[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]]])
    np.testing.assert_array_equal(patient_embedding(embeddings, jnp.array([[True, True, False]])), [[2.0, 4.0]])
    np.testing.assert_array_equal(patient_embedding(embeddings, jnp.zeros((1, 3), bool)), [[0.0, 0.0]])


def test_a_pair_has_its_later_films_and_the_years_between():
    films, years = visit(later_crops=CROPS + 1, years=jnp.array([1.5])).later("paired")
    assert films.crops is not None
    assert float(films.crops.min()) == 1
    assert years.tolist() == [1.5]


@pytest.mark.parametrize("later", [{}, {"later_crops": CROPS}, {"years": jnp.ones(1)}])
def test_a_single_visit_is_refused_where_two_are_compared(later):
    with pytest.raises(UsageError, match=r"network\.pairs is paired: it compares pairs of visits, and one visit came"):
        visit(**later).later("paired")


def test_patches_keep_the_places_of_their_pixels():
    crop = jnp.arange(16.0).reshape(1, 1, 4, 4)
    patches = patches_of(crop, 2)
    assert patches.shape == (1, 2, 2, 4)
    np.testing.assert_array_equal(patches[0, 0, 1], [2, 3, 6, 7])
    np.testing.assert_array_equal(patches[0, 1, 0], [8, 9, 12, 13])


def test_an_encoder_without_a_stage_is_refused():
    with pytest.raises(UsageError, match=r"network\.encoder\.widths gives the channels of each stage.* got none"):
        CnnConfig(widths=())
