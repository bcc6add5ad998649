"""Training objective of one network on one batch, joints hidden at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.anatomy import JOINT_KIND_INDEX, JOINTS, Side
from outcomenet.arrays import Array, Bool, Float
from outcomenet.likelihoods.reader_effects import grade_loss
from outcomenet.likelihoods.registry import likelihood_of
from outcomenet.losses.confounding import squared_distance_correlation, squared_shift_by_grade
from outcomenet.losses.reduction import LossPart, reduce_losses
from outcomenet.models.outcome_net import OutcomeNet
from outcomenet.outcomes import outcome
from outcomenet.training.rungs import visit_of

DECORRELATION, DISTANCE = "joint_decorrelation", "distance_correlation"
_SIDE = np.array([list(Side).index(joint.side) for joint in JOINTS])


def network_objective(
    net: OutcomeNet, batch: Mapping[str, Array], key: Array, weights: Mapping[str, float], push: Array | float = 0.0
) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
    """Loss of one network on one batch.

    Args:
        net: the network.
        batch: as `batches.training_batches` makes it; where the network reweights, outcomes count by its `weight`.
        key: hides joints and limbs.
        weights: of the parts of the loss; 1 for those that are not named.
        push: weight with which adversaries make the encoder unlearn.

    Returns:
        The weighted loss, and the mean of each part by itself.
    """
    visit = visit_of(batch)
    shown = hide_joints(visit.visible, key, joint=net.config.hide_joint, limb=net.config.hide_limb)
    output = net(visit._replace(visible=shown))
    parts: dict[str, LossPart] = {}
    for name in net.outcomes:
        head = net.heads[name]
        part = head.likelihood.loss(output.outcome_eta[name], head.free[...], batch)
        parts[name] = part._replace(weight=batch["weight"]) if net.confounding.reweight else part
    oa = net.osteoarthritis_head
    at = np.asarray(oa.joint)
    parts["osteoarthritis"] = grade_loss(
        _films(output.osteoarthritis_eta, output.later_osteoarthritis_eta),
        oa.thresholds(),
        _films(batch["kellgren_lawrence"], batch.get("later_kellgren_lawrence")),
        _films(shown[:, at], shown[:, at] if net.config.of_pairs else None),
    )
    if net.confounding.joint_decorrelation:
        parts[DECORRELATION] = squared_shift_by_grade(
            output.contributions[:, at], batch["kellgren_lawrence"], shown[:, at], np.asarray(JOINT_KIND_INDEX)[at]
        )
        weights = {**weights, DECORRELATION: net.confounding.joint_decorrelation}
    if net.svdh_head is not None and output.svdh_eta is not None:
        seen = shown[:, np.asarray(net.svdh_head.joint)]
        parts["svdh"] = net.svdh_head.loss_of_readers(
            _films(output.svdh_eta, output.later_svdh_eta),
            _films(batch["svdh"], batch.get("later_svdh")),
            _films(seen, seen if net.config.of_pairs else None),
        )
    if output.metadata_loss is not None:
        parts["metadata_residual"] = output.metadata_loss
    for name in net.confounding.distance_correlation:
        features = net.adversary_features(output, shown)
        column = net.covariates.index(name)
        parts[f"{DISTANCE}_{name}"] = squared_distance_correlation(
            features, batch["covariates"][:, column], batch["observed"][:, column],
            batch["weight"] if net.confounding.reweight else None,
        )  # fmt: skip
        weights = {**weights, f"{DISTANCE}_{name}": net.confounding.distance_weight}
    if net.adversaries is not None:
        features = net.adversary_features(output, shown)
        given = given_outcomes(net.outcomes, batch)
        parts |= net.adversaries.losses(features, given, batch["covariates"], batch["observed"], jnp.float32(push))
    return reduce_losses(parts, weights)


def _films(first: Array, later: Array | None) -> Array:
    """Every film's row: the visits', and those of the later visits of pairs below them."""
    return first if later is None else jnp.concatenate([first, later])


def given_outcomes(outcomes: Sequence[str], batch: Mapping[str, Array]) -> Float[Array, "batch given"]:
    """What a conditional adversary knows of the outcomes.

    Args:
        outcomes: names, in the network's order.
        batch: holds their fields, NaN where missing.

    Returns:
        Two columns per outcome: its share of its range (of a time to an event: 1 where it was seen at all), 0 where
        missing; and 1 where it is known, else 0.
    """
    columns = []
    for name in outcomes:
        value, known = likelihood_of(outcome(name)).as_feature(batch)
        columns += [jnp.where(known, value, 0.0), known.astype(jnp.float32)]
    return jnp.stack(columns, -1)


def hide_joints(
    visible: Bool[Array, "batch joint"], key: Array, *, joint: float, limb: float
) -> Bool[Array, "batch joint"]:
    """Visibility with single joints and whole limbs hidden at random; a visit never loses its last limb's joints.

    Hiding teaches the network what an unseen joint is worth, so that a patient without foot films has a sensible score.

    Args:
        visible: joints that the films show.
        key: of the random numbers.
        joint: share of single joints that are hidden.
        limb: share of limbs that are hidden.
    """
    of_joint, of_limb = jax.random.split(key)
    keep = jax.random.uniform(of_joint, visible.shape) >= joint
    keep_limb = jax.random.uniform(of_limb, (visible.shape[0], len(Side))) >= limb
    shown = visible & keep & keep_limb[:, _SIDE]
    return jnp.where(shown.any(-1, keepdims=True), shown, visible)
