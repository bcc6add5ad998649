"""One network's training objective on one batch, joints hidden at random."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from outcomenet.anatomy import JOINTS, Side
from outcomenet.arrays import Array, Bool, Float
from outcomenet.losses.heads import grade_loss, outcome_loss
from outcomenet.losses.objective import LossPart, reduce_losses
from outcomenet.models.outcome_net import OutcomeNet
from outcomenet.outcomes import OutcomeKind, outcome
from outcomenet.training.rungs import visit_of

_SIDE = np.array([list(Side).index(joint.side) for joint in JOINTS])


def network_objective(
    net: OutcomeNet, batch: Mapping[str, Array], key: Array, weights: Mapping[str, float]
) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
    """Weighted loss of one network and the mean of each part; `key` hides joints and limbs."""
    visit = visit_of(batch)
    shown = hide_joints(visit.visible, key, joint=net.config.hide_joint, limb=net.config.hide_limb)
    reading = net(visit._replace(visible=shown))
    parts: dict[str, LossPart] = {}
    for name in net.outcomes:
        head = net.heads[name]
        bounded = outcome(name).kind is OutcomeKind.BOUNDED_ORDINAL
        cuts = head.thresholds() if bounded else head.cuts[...]
        parts[name] = outcome_loss(outcome(name), reading.outcome_eta[name], cuts, batch)
    oa = net.osteoarthritis_head
    parts["osteoarthritis"] = grade_loss(
        reading.osteoarthritis_eta, oa.thresholds(), batch["kellgren_lawrence"], shown[:, np.asarray(oa.joint)]
    )
    if net.svdh_head is not None and reading.svdh_eta is not None:
        at = shown[:, np.asarray(net.svdh_head.joint)]
        parts["svdh"] = grade_loss(reading.svdh_eta, net.svdh_head.thresholds(), batch["svdh"], at)
    return reduce_losses(parts, weights)


def hide_joints(
    visible: Bool[Array, "batch joint"], key: Array, *, joint: float, limb: float
) -> Bool[Array, "batch joint"]:
    """Visibility with single joints and whole limbs hidden at random; a visit never loses its last limb's joints.

    Hiding teaches the network what an unseen joint is worth, so that a patient without foot films is read sensibly.
    """
    of_joint, of_limb = jax.random.split(key)
    keep = jax.random.uniform(of_joint, visible.shape) >= joint
    keep_limb = jax.random.uniform(of_limb, (visible.shape[0], len(Side))) >= limb
    shown = visible & keep & keep_limb[:, _SIDE]
    return jnp.where(shown.any(-1, keepdims=True), shown, visible)
