"""Confounding strategies: each does what its estimand says, they combine, and nothing that is supplied is ignored."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
import pytest
from flax import nnx

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.errors import UsageError
from outcomenet.experiment import Experiment
from outcomenet.losses.confounding import (
    adversary_loss,
    correlation_loss,
    squared_distance_correlation,
    squared_shift_by_grade,
)
from outcomenet.losses.reduction import LossPart, masked_mean
from outcomenet.models.adversaries import Adversaries, reverse_gradient
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.visit import Visit
from outcomenet.strategies import ESTIMANDS, NO_HANDLING, ConfoundingConfig
from outcomenet.training.objective import network_objective
from outcomenet.training.reweighting import balancing_weights
from outcomenet.training.rungs import NetworkShape, build_networks
from outcomenet.training.state import initial_state
from outcomenet.training.step import TrainStep

CONFIG = OutcomeNetConfig(encoder=CnnConfig(widths=(8, 8), embedding=8), hide_joint=0.0, hide_limb=0.0)
COVARIATES = ("age", "fm", "oa")
TERMS = ConfoundingConfig(outcome_terms=COVARIATES, seen_osteoarthritis=True)


def build(confounding: ConfoundingConfig):
    return CONFIG.build(
        confounding=confounding, crop_size=16, outcomes=("haq",), covariates=COVARIATES, readers=1, seed=0
    )


def visit(batch=4, seed=0) -> Visit:
    rng = np.random.default_rng(seed)
    return Visit(
        jnp.asarray(rng.normal(size=(batch, JOINT_COUNT, 16, 16)), jnp.float32),
        jnp.ones((batch, JOINT_COUNT), bool),
        jnp.asarray(rng.normal(size=(batch, len(COVARIATES))), jnp.float32),
        jnp.ones((batch, len(COVARIATES)), bool),
    )


def batch_of(seen: Visit) -> dict:
    n = len(seen.crops)
    return {
        **seen._asdict(), "haq": jnp.linspace(0.0, 2.0, n), "haq_half_width": jnp.full(n, 0.0625),
        "svdh": jnp.full((n, 1, 86), -1), "kellgren_lawrence": jnp.full((n, 22), -1), "weight": jnp.ones(n),
    }  # fmt: skip


def loss_and_gradient(confounding: ConfoundingConfig, batch: dict, push: float = 0.0):
    net = build(confounding)
    graph, parameters = nnx.split(net, nnx.Param)

    def loss(p):
        return network_objective(nnx.merge(graph, p), batch, jax.random.key(0), {}, push)

    (total, parts), gradient = jax.value_and_grad(loss, has_aux=True)(parameters)
    return total, parts, nnx.to_pure_dict(gradient)


def test_every_strategy_has_an_estimand_and_is_named_when_on():
    everything = ConfoundingConfig(
        outcome_terms=("age",), seen_osteoarthritis=True, oa_features=2, conditional_adversary=("oa",),
        correlation_adversary=("age",), metadata_residual=("male",), reweight=("fm",), residualised_outcome=True,
        joint_decorrelation=1.0, distance_correlation=("oa",),
    )  # fmt: skip
    assert {*everything.strategies(), "none"} == set(ESTIMANDS)
    assert NO_HANDLING.strategies() == ("none",)
    assert everything.names == ("age", "oa", "male", "fm")


def test_a_supplied_covariate_that_no_strategy_uses_is_an_error():
    with pytest.raises(UsageError, match="'das28' is supplied but no confounding strategy uses it"):
        Experiment(name="x", question="?", covariates=("age", "das28"), confounding=ConfoundingConfig(("age",)))
    with pytest.raises(UsageError, match="confounding uses 'fm', which is not among"):
        Experiment(name="x", question="?", covariates=("age",), confounding=ConfoundingConfig(("age", "fm")))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"outcome_terms": ("agee",)}, "Did you mean age"),
        ({"residualised_outcome": True}, "name them"),
        ({"adversary_from": 1.5}, "is a number from 0 to 1; got 1.5"),
        ({"reweight": ("age",)}, "yes-or-no confounders; age is a number"),
    ],
)
def test_an_impossible_configuration_is_answered_in_a_sentence(values, sentence):
    with pytest.raises(UsageError, match=sentence):
        ConfoundingConfig(**values)


def test_an_osteoarthritis_part_as_wide_as_the_embedding_is_refused():
    with pytest.raises(UsageError, match="below the embedding's 8 numbers"):
        build(replace(TERMS, oa_features=8))


def test_only_named_covariates_get_a_term():
    net, seen = build(replace(TERMS, outcome_terms=("fm",))), visit()
    net.heads["haq"].terms[...] = jnp.ones(3)
    eta = net(seen).outcome_eta["haq"]
    other_age = net(seen._replace(covariates=seen.covariates.at[:, 0].add(5.0))).outcome_eta["haq"]
    other_fm = net(seen._replace(covariates=seen.covariates.at[:, 1].add(5.0))).outcome_eta["haq"]
    assert np.array_equal(eta, other_age)
    assert np.asarray(other_fm - eta) == pytest.approx(5.0, abs=1e-5)


def test_the_osteoarthritis_part_is_visible_and_can_be_taken_off():
    net, seen = build(TERMS), visit()
    before = net(seen)
    assert np.array_equal(before.osteoarthritis_part, np.zeros((4, 1)))
    net.heads["haq"].osteoarthritis_term[...] = jnp.float32(2.0)
    after = net(seen)
    assert np.asarray(after.osteoarthritis_part[:, 0]) == pytest.approx(2 * np.asarray(after.osteoarthritis))
    taken_off = after.outcome_eta["haq"] - after.osteoarthritis_part[:, 0]
    assert np.asarray(taken_off) == pytest.approx(np.asarray(before.outcome_eta["haq"]), abs=1e-5)


def test_a_factorised_score_does_not_read_the_osteoarthritis_part():
    net = build(replace(TERMS, oa_features=3))
    assert net.aggregation.shared.shape == (5, 1)
    assert net.osteoarthritis_head.weights.shape[-1] == 3


def test_a_residualised_outcome_leaves_the_covariates_terms_as_they_were():
    free = loss_and_gradient(TERMS, batch_of(visit()))[2]["heads"]["haq"]["terms"]
    frozen = loss_and_gradient(replace(TERMS, residualised_outcome=True), batch_of(visit()))[2]["heads"]["haq"]["terms"]
    assert np.abs(free).max() > 0
    assert np.abs(frozen).max() == 0


def test_a_reversed_gradient_is_the_identity_forwards():
    x = jnp.arange(3.0)
    assert np.array_equal(reverse_gradient(x, jnp.float32(0.5)), x)
    assert np.array_equal(jax.grad(lambda v: (3 * reverse_gradient(v, jnp.float32(0.5))).sum())(x), [-1.5] * 3)


def test_adversaries_watch_without_a_push_and_then_turn_the_encoder_away():
    how = replace(TERMS, conditional_adversary=("oa",), correlation_adversary=("age",))
    batch = batch_of(visit())
    plain = loss_and_gradient(TERMS, batch)[2]["encoder"]["stem"]["kernel"]
    _, parts, watching = loss_and_gradient(how, batch, push=0.0)
    _, _, pushing = loss_and_gradient(how, batch, push=1.0)
    assert {"conditional_adversary_oa", "correlation_adversary_age"} <= parts.keys()
    # the same encoder and seed, but adversaries drew their own random start afterwards
    assert np.asarray(watching["encoder"]["stem"]["kernel"]) == pytest.approx(np.asarray(plain), abs=1e-7)
    assert np.abs(np.asarray(pushing["encoder"]["stem"]["kernel"]) - np.asarray(plain)).max() > 1e-7
    heads = [np.asarray(jax.tree.leaves(g["adversaries"])[0]) for g in (watching, pushing)]
    assert heads[0] == pytest.approx(heads[1], abs=1e-7)


def test_adversary_losses_by_hand():
    said, value = jnp.array([2.0, -1.0, 9.0]), jnp.array([0.7, -0.4, 1.0])
    observed = jnp.array([True, True, False])
    binary = masked_mean(adversary_loss(said, value, observed, binary=True))
    assert binary == pytest.approx((np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0))) / 2, abs=1e-6)
    number = masked_mean(adversary_loss(said, value, observed, binary=False))
    assert number == pytest.approx((1.3**2 + 0.6**2) / 2, abs=1e-6)


def test_the_correlation_adversary_equals_numpy_and_ignores_what_is_missing():
    rng = np.random.default_rng(0)
    said, value = rng.normal(size=20), rng.normal(size=20)
    observed = np.arange(20) < 15
    value[~observed] = np.nan
    part = correlation_loss(jnp.asarray(said, jnp.float32), jnp.asarray(value, jnp.float32), jnp.asarray(observed))
    expected = 1 - np.corrcoef(said[:15], value[:15])[0, 1] ** 2
    assert float(masked_mean(part)) == pytest.approx(expected, abs=1e-5)
    nothing = correlation_loss(jnp.zeros(4), jnp.zeros(4), jnp.zeros(4, bool))
    assert float(masked_mean(nothing)) == 0


def test_a_metadata_residual_takes_out_what_a_regression_explains():
    """After its regression has converged the residual embedding is uncorrelated with the confounder."""
    rng = np.random.default_rng(1)
    net = build(ConfoundingConfig(metadata_residual=("age",)))
    layer = net.metadata
    age = jnp.asarray(rng.normal(size=(200, 3)), jnp.float32)
    embeddings = jnp.asarray(rng.normal(size=(200, JOINT_COUNT, 8)), jnp.float32) + age[:, :1, None] * 2.0
    visible = jnp.ones((200, JOINT_COUNT), bool)
    graph, parameters = nnx.split(layer, nnx.Param)
    optimiser = optax.adam(0.1)
    state = optimiser.init(parameters)

    @jax.jit
    def update(p, s):
        gradient = jax.grad(lambda q: masked_mean(nnx.merge(graph, q)(embeddings, visible, age)[1]))(p)
        change, s = optimiser.update(gradient, s)
        return optax.apply_updates(p, change), s

    for _ in range(150):
        parameters, state = update(parameters, state)
    residual, _ = nnx.merge(graph, parameters)(embeddings, visible, age)
    before = np.corrcoef(age[:, 0], embeddings[:, 0, 0])[0, 1]
    after = np.corrcoef(age[:, 0], residual.mean((1, 2)))[0, 1]
    assert before > 0.8
    assert abs(after) < 0.1


def test_weights_make_confounder_and_outcome_uncorrelated():
    rng = np.random.default_rng(2)
    haq = np.round(rng.uniform(0, 3, 4000) * 8) / 8
    oa = (rng.random(4000) < 1 / (1 + np.exp(-(haq - 1.5)))).astype(float)
    visits = pd.DataFrame({"haq": haq, "oa": oa})
    weight = balancing_weights(visits, ["oa"], ["haq"])

    def correlation(w):
        centred = [x - np.average(x, weights=w) for x in (haq, oa)]
        return np.average(centred[0] * centred[1], weights=w) / np.sqrt(
            np.average(centred[0] ** 2, weights=w) * np.average(centred[1] ** 2, weights=w)
        )

    assert correlation(np.ones(4000)) > 0.3
    assert abs(correlation(weight)) < 0.02
    assert weight.mean() == pytest.approx(1.0)


def test_missing_confounders_and_constant_ones_weigh_nothing():
    visits = pd.DataFrame({"haq": [0.0, 1.0, 2.0, 3.0], "fm": [np.nan, 1.0, 0.0, np.nan], "oa": [1.0] * 4})
    assert balancing_weights(visits, ["oa"], ["haq"]) == pytest.approx(1.0)
    weight = balancing_weights(visits, ["fm"], ["haq"])
    assert weight[0] == pytest.approx(weight[3])


def test_weights_count_in_the_mean():
    part = LossPart(jnp.array([1.0, 3.0, jnp.nan]), jnp.array([True, True, False]), jnp.array([3.0, 1.0, 9.0]))
    assert float(masked_mean(part)) == pytest.approx((3 * 1 + 1 * 3) / 4)


def test_all_strategies_together_take_a_step_in_both_phases():
    how = ConfoundingConfig(
        outcome_terms=("age", "fm", "oa"), seen_osteoarthritis=True, oa_features=2, conditional_adversary=("oa",),
        correlation_adversary=("age",), metadata_residual=("age",), reweight=("fm",), residualised_outcome=True,
        encoder_rate_after=0.0, distance_correlation=("oa", "fm"),
    )  # fmt: skip
    shape = NetworkShape(16, ("haq",), COVARIATES, 1)
    networks = build_networks(("direct", "direct_adjusted"), CONFIG, how, shape)
    parameters = {name: network.initial_parameters(0) for name, network in networks.items()}
    assert networks["direct"].confounding == NO_HANDLING
    optimiser = optax.sgd(0.1)
    step = jax.jit(TrainStep(networks, optimiser, {}, steps=2))
    first, metrics = step(initial_state(parameters, optimiser, 0), batch_of(visit()))
    second, _ = step(first, batch_of(visit()))
    assert all(np.isfinite(v) for rung in metrics.values() for v in rung.values())

    def stem(state):
        return np.asarray(state.networks["direct_adjusted"].parameters["encoder"]["stem"]["kernel"])

    start = np.asarray(parameters["direct_adjusted"]["encoder"]["stem"]["kernel"])
    assert not np.array_equal(stem(first), start)
    # the second step lies in the second phase, where this encoder is frozen
    assert np.array_equal(stem(second), stem(first))


def test_adversaries_know_only_what_they_are_given():
    net = Adversaries(("oa",), ("age",), COVARIATES, 4, 2, nnx.Rngs(0))
    assert net.conditional["oa"].hidden.kernel.shape[0] == 4 + 4
    assert net.correlation["age"].hidden.kernel.shape[0] == 4


def test_the_shift_by_grade_is_the_squared_shift_of_the_score_without_osteoarthritis():
    rng = np.random.default_rng(0)
    grades = rng.integers(0, 5, (400, 6))
    kind = np.array([0, 0, 0, 1, 1, 1])
    by_grade = np.array([[0.0, 0.1, 0.3, 0.4, 0.9], [0.0, -0.2, 0.0, 0.1, 0.5]])
    other = rng.normal(size=(400, 6))  # rheumatoid disease, which goes with no grade
    values = by_grade[kind[None], grades] + np.array([0.5, -0.3])[kind] + 1e-3 * other
    part = squared_shift_by_grade(
        jnp.asarray(values[..., None], jnp.float32), jnp.asarray(grades), jnp.ones((400, 6), bool), kind
    )
    shift = by_grade[kind[None], grades].sum(1)
    np.testing.assert_allclose(part.value[:, 0], shift**2, atol=5e-3)


@pytest.mark.parametrize("batch", [8, 32])
def test_contributions_that_go_with_no_grade_cost_nothing_on_average(batch):
    """The square of one batch's estimate would be a tenth of the score's variance at 8 visits."""
    rng, kind, found, square = np.random.default_rng(1), np.zeros(6, int), [], []
    for _ in range(300):
        grades = jnp.asarray(rng.choice(5, size=(batch, 6), p=[0.5, 0.2, 0.15, 0.1, 0.05]))
        values = jnp.asarray(rng.normal(size=(batch, 6, 1)), jnp.float32)
        found.append(float(masked_mean(squared_shift_by_grade(values, grades, jnp.ones((batch, 6), bool), kind))))
        square.append(float((values.sum(1) ** 2).mean()))
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 0.03 * np.mean(square)


def test_decorrelation_is_within_kinds_and_leaves_out_what_is_not_known():
    values = jnp.concatenate([jnp.zeros((40, 1, 1)), jnp.ones((40, 1, 1))], 1)  # the kind decides, not the grade
    grades = jnp.broadcast_to(jnp.array([0, 3]), (40, 2))
    seen = jnp.ones((40, 2), bool)
    # no joint of the second kind has grade 0: nothing to compare it with
    assert float(jnp.abs(squared_shift_by_grade(values, grades, seen, np.array([0, 1])).value).max()) == 0.0
    assert np.allclose(squared_shift_by_grade(values, grades, seen, np.array([0, 0])).value, 1.0)
    for nothing in (squared_shift_by_grade(values, -jnp.ones_like(grades), seen, np.array([0, 0])),
                    squared_shift_by_grade(values, grades, ~seen, np.array([0, 0]))):  # fmt: skip
        assert float(jnp.abs(nothing.value).max()) == 0.0
        assert not nothing.mask.any()


def test_decorrelation_reaches_the_encoder_and_needs_a_weight():
    batch = batch_of(visit(batch=8)) | {"kellgren_lawrence": jnp.arange(8 * 22).reshape(8, 22) % 5}
    with_penalty = ConfoundingConfig(outcome_terms=COVARIATES, joint_decorrelation=3.0)
    total, parts, gradient = loss_and_gradient(with_penalty, batch)
    bare, others, usual = loss_and_gradient(replace(with_penalty, joint_decorrelation=0.0), batch)
    assert float(total - bare) == pytest.approx(3.0 * float(parts["joint_decorrelation"]), abs=1e-5)
    assert "joint_decorrelation" not in others
    assert np.abs(gradient["encoder"]["stem"]["kernel"] - usual["encoder"]["stem"]["kernel"]).max() > 0
    with pytest.raises(UsageError, match="is a number from 0 to"):
        ConfoundingConfig(joint_decorrelation=-1.0)


def distance_correlation_by_hand(x: np.ndarray, z: np.ndarray, p: np.ndarray) -> float:
    """Szekely, Ann Stat 2007, definition 4, with unequal shares: sums instead of matrices."""
    n = len(z)

    def centred(points: np.ndarray) -> np.ndarray:
        d = np.array([[np.sqrt(((points[i] - points[j]) ** 2).sum()) for j in range(n)] for i in range(n)])
        row = np.array([sum(p[j] * d[i, j] for j in range(n)) for i in range(n)])
        return np.array([[d[i, j] - row[i] - row[j] + (p * row).sum() for j in range(n)] for i in range(n)])

    a, b = centred(x), centred(z[:, None])
    weights = np.outer(p, p)
    return (weights * a * b).sum() / np.sqrt((weights * a * a).sum() * (weights * b * b).sum())


def test_distance_correlation_equals_sums_by_hand_with_and_without_weights():
    rng = np.random.default_rng(3)
    x, z, seen = rng.normal(size=(7, 2)), rng.normal(size=7), np.array([True] * 6 + [False])
    weight = rng.random(7)
    known = jnp.asarray(np.where(seen, z, 99.0), jnp.float32)
    for mass, given in ((seen.astype(float), None), (np.where(seen, weight, 0.0), jnp.asarray(weight, jnp.float32))):
        part = squared_distance_correlation(jnp.asarray(x, jnp.float32), known, jnp.asarray(seen), given)
        expected = distance_correlation_by_hand(x[:6], z[:6], mass[:6] / mass.sum())
        assert float(part.value[0]) == pytest.approx(expected, abs=1e-4)
        assert np.array_equal(np.asarray(part.mask), seen)


def test_distance_correlation_sees_what_a_correlation_does_not():
    z = jnp.linspace(-1.0, 1.0, 64)
    seen = jnp.ones(64, bool)
    bent = squared_distance_correlation((z**2)[:, None], z, seen).value[0]
    assert abs(float(jnp.corrcoef(z**2, z)[0, 1])) < 1e-5
    assert float(bent) > 0.1
    assert float(squared_distance_correlation(z[:, None], z, seen).value[0]) == pytest.approx(1.0, abs=1e-4)


def test_distance_correlation_of_too_few_or_of_a_constant_is_nothing_and_has_a_gradient():
    x, z, seen = jnp.ones((5, 2)), jnp.arange(5.0), jnp.ones(5, bool)
    assert float(squared_distance_correlation(x, z, seen).value[0]) == 0
    assert float(squared_distance_correlation(jnp.eye(5, 2), z, jnp.arange(5) < 3).value[0]) == 0
    slope = jax.grad(lambda x: squared_distance_correlation(x, z, seen).value.sum())(x)
    assert np.isfinite(np.asarray(slope)).all()
