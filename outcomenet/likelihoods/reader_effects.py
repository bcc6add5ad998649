"""Grades of several readers of the same films train one latent per site: each reader is stricter or milder by an offset.

Reader r grades site s as if its latent were eta_s + effect_r, a cumulative-link model with a rater term (Johnson,
J Am Stat Assoc 1996). A higher `eta` means a higher (worse) grade; a positive effect means that the reader grades higher.
"""

from __future__ import annotations

import jax.numpy as jnp

from outcomenet.arrays import Array, Bool, Float, Int
from outcomenet.errors import UsageError
from outcomenet.likelihoods.ordinal import grade_negative_log_likelihood
from outcomenet.losses.reduction import LossPart


def reader_grade_loss(
    eta: Float[Array, "batch site"],
    thresholds: Float[Array, "site threshold"],
    grades: Int[Array, "batch reader site"],
    visible: Bool[Array, "batch site"],
    reader_effects: Float[Array, "reader"] | Float[Array, "reader kind"],
    kind_of_site: Int[Array, "site"] | None = None,
) -> LossPart:
    """Negative log-likelihood per visit, reader and site.

    Args:
        eta: latent grade of every site for the average reader; higher is worse.
        thresholds: of every site, rising.
        grades: from 0; -1 where a reader gave none, which does not count.
        visible: sites whose joint the network saw; the others do not count.
        reader_effects: offset of each reader, or of each reader and kind of lesion (erosion, narrowing); higher for one
            who grades higher.
        kind_of_site: column of `reader_effects` for each site, where it has kinds.

    Raises:
        UsageError: effects are per kind and no kinds are given.
    """
    shift = effect_of_site(reader_effects, kind_of_site, eta.shape[-1])
    cuts = jnp.broadcast_to(thresholds, (*grades.shape, thresholds.shape[-1]))
    mask = (grades >= 0) & visible[:, None, :]
    return LossPart(grade_negative_log_likelihood(eta[:, None, :] + shift[None], cuts, grades), mask)


def grade_loss(
    eta: Float[Array, "batch site"],
    thresholds: Float[Array, "site threshold"],
    grades: Int[Array, "batch site"] | Int[Array, "batch reader site"],
    visible: Bool[Array, "batch site"],
) -> LossPart:
    """Negative log-likelihood of grades, all readers alike.

    Args:
        eta: latent grade of every site; higher is worse.
        thresholds: of every site, rising.
        grades: from 0; -1 is missing and does not count.
        visible: sites whose joint the network saw; the others do not count.

    Returns:
        A value per grade.
    """
    if grades.ndim == 3:
        eta, visible = eta[:, None], visible[:, None]
    eta = jnp.broadcast_to(eta, grades.shape)
    thresholds = jnp.broadcast_to(thresholds, (*grades.shape, thresholds.shape[-1]))
    mask = (grades >= 0) & jnp.broadcast_to(visible, grades.shape)
    return LossPart(grade_negative_log_likelihood(eta, thresholds, grades), mask)


def effect_of_site(
    reader_effects: Float[Array, "reader"] | Float[Array, "reader kind"],
    kind_of_site: Int[Array, "site"] | None,
    sites: int,
) -> Float[Array, "reader site"]:
    """Every reader's offset at every site.

    Args:
        reader_effects: of each reader, or of each reader and kind of lesion.
        kind_of_site: column of `reader_effects` for each site, where it has kinds.
        sites: number of sites.

    Raises:
        UsageError: effects are per kind and no kinds are given.
    """
    if reader_effects.ndim == 1:
        return jnp.broadcast_to(reader_effects[:, None], (reader_effects.shape[0], sites))
    if kind_of_site is None:
        raise UsageError(
            f"Reader effects of shape {reader_effects.shape} are per reader and kind of lesion; expected "
            "`kind_of_site`, the kind of each site. Pass it, or one effect per reader."
        )
    return reader_effects[:, kind_of_site]


def centred(free: Float[Array, "reader *kind"]) -> Float[Array, "reader *kind"]:
    """Effects that sum to zero over readers: the latent is then that of the average reader of this panel.

    Without it, or the ridge, one constant moves freely between the effects and the thresholds.
    """
    return free - free.mean(0, keepdims=True)


def reader_ridge(effects: Float[Array, "reader *kind"], *, standard_deviation: float) -> LossPart:
    """Negative log-density (up to a constant) of effects drawn from Normal(0, standard_deviation^2).

    As a part beside a mean over grades it is a prior when its weight is the number of effects over that of grades. A
    reader without grades stays at 0.

    Args:
        effects: of the readers.
        standard_deviation: of the effects of readers in general, on the latent scale; above 0.

    Raises:
        UsageError: the standard deviation is not positive.
    """
    if standard_deviation <= 0:
        raise UsageError(
            f"Reader effects need a positive standard deviation; got {standard_deviation:g}. To leave readers out, call "
            "`grade_loss`."
        )
    return LossPart(0.5 * (effects / standard_deviation) ** 2, jnp.ones(effects.shape, bool))
