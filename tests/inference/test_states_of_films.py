"""States of joints as the pretrained network tells them, and films that are embedded once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcomenet.datasets.visit_example import ExampleShape, nothing_known
from outcomenet.errors import UsageError
from outcomenet.inference.embedded_films import embedded_films
from outcomenet.inference.joint_states import JointStateNetwork
from outcomenet.input_pipeline.prepared_films import prepared_films
from outcomenet.input_pipeline.transforms import AsInBatch, CovariateScale
from outcomenet.likelihoods.ordinal import most_probable_grade
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.joint_states import LEVELS, JointNetConfig
from outcomenet.models.joint_weights import JointWeights, load_joint_weights
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.visit import Visit
from outcomenet.progress import Progress
from outcomenet.strategies import NO_HANDLING
from outcomenet.training.rungs import NetworkShape, RungNetwork

ENCODER = CnnConfig(widths=(8, 8), embedding=8)
WEIGHTS = JointWeights(JointNetConfig(ENCODER).build(16, 0), 16, 0.5, {})
RNG = np.random.default_rng(4)
CROPS = RNG.integers(0, 65535, (5, 58, 16, 16)).astype(np.uint16)
PRESENT = RNG.random((5, 58)) < 0.8


def test_states_do_not_depend_on_the_films_beside_and_are_nowhere_where_no_joint_is():
    together = JointStateNetwork(WEIGHTS, batch=4).infer(CROPS, PRESENT)
    alone = JointStateNetwork(WEIGHTS, batch=1).infer(CROPS[4:], PRESENT[4:])
    np.testing.assert_allclose(together.levels[4], alone.levels[0], atol=1e-6)
    assert np.isnan(together.roots[~PRESENT]).all()
    assert np.isfinite(together.roots[PRESENT]).all()
    seen = together.levels[PRESENT]
    np.testing.assert_allclose(seen.sum(-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(together.shares[PRESENT], seen @ LEVELS**2, atol=1e-6)
    # the mean of a square is at least the square of the mean
    assert (together.shares[PRESENT] >= together.roots[PRESENT] ** 2 - 1e-6).all()


def test_crops_of_another_size_are_refused():
    with pytest.raises(UsageError, match="takes crops of 16 px at 0.5 mm of 58 joints; got"):
        JointStateNetwork(WEIGHTS).infer(CROPS[..., :8, :8], PRESENT)


def test_the_most_probable_grade_is_that_of_the_widest_step():
    """Thresholds 0, 1, 4: at a latent of 2.5 grade 2 has sigmoid(1.5) - sigmoid(-1.5) = .635, more than any other."""
    eta = jnp.array([-3.0, 2.5, 9.0])
    assert most_probable_grade(eta, jnp.broadcast_to(jnp.array([0.0, 1.0, 4.0]), (3, 3))).tolist() == [0.0, 2.0, 3.0]


def test_the_weights_that_come_with_outcomenet_take_crops_of_the_default_size():
    weights = load_joint_weights()
    assert (weights.size_px, weights.mm_per_px) == (96, 0.25)
    assert weights.card["pairs_seen"] + weights.card["begun_from"]["pairs_seen"] >= 50_000
    assert weights.reference is not None
    assert "real films" in weights.card["not_seen"]


@pytest.mark.parametrize("pairs", [False, True])
def test_a_film_embedded_once_gives_what_it_gives_at_every_step(pairs):
    config = OutcomeNetConfig(ENCODER, initial="w.safetensors")
    network = RungNetwork(config, NO_HANDLING, NetworkShape(16, ("haq",), ("age",), 1))
    parameters = network.initial_parameters(0)
    shape = ExampleShape(16, 1, 1)
    examples = [
        {**nothing_known(shape), "crops": crops, "present": present, "patient_id": b"p", "visit_id": b"v"}
        for crops, present in zip(CROPS, PRESENT, strict=True)
    ]
    if pairs:
        later = {f"later_{name}": examples[0][name] for name in ("present", "svdh", "kellgren_lawrence")}
        examples = [{**e, **later, "later_crops": CROPS[0], "years": np.float32(1.0)} for e in examples]
    made = embedded_films(network, parameters, examples, Progress(quiet=True))
    assert len(made) == 5
    assert "crops" not in made[0]
    assert ("later_embedded" in made[0]) == pairs
    in_batch = AsInBatch(CovariateScale(("age",), (0,), (0.0,), (1.0,)))
    net = network.merge(parameters)
    for example, embedded in zip(examples, made, strict=True):
        whole, short = (in_batch.map(e) for e in (example, embedded))
        of_film = ("crops", "present", "visible", "covariates", "observed")
        whole = prepared_films({name: jnp.asarray(whole[name]) for name in of_film}, None, None)
        visits = [
            Visit(
                *(None if name not in e else jnp.asarray(e[name])[None] for name in ("crops", "visible", "covariates", "observed")),
                embedded=None if "embedded" not in e else jnp.asarray(e["embedded"])[None],
            )
            for e in (whole, short)
        ]  # fmt: skip
        first, second = (net(v).contributions for v in visits)
        np.testing.assert_allclose(first, second, atol=1e-5)
    assert jax.tree.all(jax.tree.map(lambda a: np.isfinite(a).all(), made[0]["embedded"]))
