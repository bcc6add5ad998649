"""Reference of a pretrained encoder, from simulated joints that its training never drew (see `models.embedding_reference`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
from flax import nnx
from sklearn.covariance import ledoit_wolf

from outcomenet.anatomy import JOINT_COUNT, JOINT_KIND_INDEX, JOINT_KINDS
from outcomenet.arrays import Array, Bool, Float
from outcomenet.errors import DataRefused
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.embedding_reference import FALSE_ALARMS, FALSE_MASKS, LEVELS, EmbeddingReference
from outcomenet.models.encoders.settled import settled_embeddings
from outcomenet.models.joint_states import JointNet
from outcomenet.models.joint_weights import JointWeights, load_joint_weights, save_joint_weights
from outcomenet.pretraining.crop_looks import LookRanges
from outcomenet.pretraining.joint_bank import JointBank
from outcomenet.pretraining.pair_batches import BLOCK, PairBatches
from outcomenet.pretraining.scenes import SceneVariety
from outcomenet.progress import Progress
from outcomenet.runs.config import from_record

PAIRS_AT_ONCE = 8
# Offsets from the seed of the training: the next one tells how well states are read. Mean and spread, limits, and the test of these
# limits are of films of their own.
SPREAD, LIMITS, TEST = 2, 3, 4
_KINDS = np.array(JOINT_KIND_INDEX)
_KIND_SCALE = 0.95  # quantile by which kinds are made comparable; the far tail is counted over all of them together
_SHARES = (FALSE_ALARMS, FALSE_MASKS)


def add_reference(path: Path, pairs: int, progress: Progress) -> JointWeights:
    """Computes the reference of a weights file and stores it there, with the false alarms that it gives on further films in the card.

    Args:
        path: File of `run_pretraining`; its card says which joints were drawn, in which looks.
        pairs: Pairs of films for the spread, as many for the limits and half of them for the test.
        progress: Shows how far it is.

    Returns:
        What the file holds now.

    Raises:
        DataRefused: The card does not say how the joints were drawn, or there are too few pairs.
    """
    # as they are stored: rounded to half precision
    weights = load_joint_weights(path)
    batches = _batches_of(weights, path, max(1, min(PAIRS_AT_ONCE, pairs // BLOCK)))
    progress.start("pairs", 2 * pairs + pairs // 2, "embed simulated joints that were not trained on")
    spread, limits, test = (
        _embedded(weights.network, _of_seed(batches, offset), count, progress)
        for offset, count in ((SPREAD, pairs), (LIMITS, pairs), (TEST, pairs // 2))
    )
    progress.finish()
    reference = fitted(*spread, *limits)
    told = reference.distances(test[0])[test[1]]
    alarms = {str(share): round(float((told > reference.limit(share)).mean()), 5) for share in _SHARES}
    card = {**weights.card, "reference": {"pairs": pairs, "false_alarms": alarms, "joints_of_test": len(told)}}
    weights = replace(weights, card=card, reference=reference)
    save_joint_weights(weights, path)
    return weights


def fitted(
    spread: Float[np.ndarray, "film joint feature"],
    seen: Bool[np.ndarray, "film joint"],
    further: Float[np.ndarray, "other_film joint feature"],
    further_seen: Bool[np.ndarray, "other_film joint"],
) -> EmbeddingReference:
    """The reference of some embeddings.

    Args:
        spread: Of which mean and covariance are taken, shrunk (Ledoit and Wolf, J Multivar Anal 2004).
        seen: Joints that a film shows.
        further: Of other films, of which the limits are taken: those of the same films would lie too near.
        further_seen: Joints that these show.

    Raises:
        DataRefused: Fewer than two films show one of the joints.
    """
    if min(seen.sum(0).min(), further_seen.sum(0).min()) < 2:
        raise DataRefused("A reference needs at least two films of every joint; draw more pairs.")
    mean = np.stack([spread[seen[:, joint], joint].mean(0) for joint in range(JOINT_COUNT)])
    off = spread - mean
    whitening = np.stack(
        [_whitening(off[:, _KINDS == kind][seen[:, _KINDS == kind]]) for kind in range(len(JOINT_KINDS))]
    )
    raw = EmbeddingReference(mean, whitening, np.ones(len(LEVELS))).distances(further)
    scale = np.array(
        [
            np.quantile(raw[:, _KINDS == kind][further_seen[:, _KINDS == kind]], _KIND_SCALE)
            for kind in range(len(JOINT_KINDS))
        ]
    )
    quantiles = np.quantile((raw / scale[_KINDS])[further_seen], LEVELS)
    unit = quantiles[LEVELS.index(1 - FALSE_ALARMS)]
    return EmbeddingReference(mean, whitening / (scale * unit)[:, None, None], quantiles / unit)


def _whitening(off: Float[np.ndarray, "row feature"]) -> Float[np.ndarray, "feature feature"]:
    covariance, _ = ledoit_wolf(off, assume_centered=True)
    return np.linalg.inv(np.linalg.cholesky(covariance))


def _batches_of(weights: JointWeights, path: Path, pairs: int) -> PairBatches:
    """Batches of the joints that the weights were trained on, by their card."""
    config = weights.card.get("config")
    if not isinstance(config, dict) or not {"seed", "scenes", "looks"} <= config.keys():
        raise DataRefused(
            f"The card of {path} does not say which simulated joints it was trained on; only weights of `outcomenet train "
            "experiments/pretrained_encoder.py` can be given a reference."
        )
    geometry = CropGeometry(weights.size_px, weights.mm_per_px)
    bank = JointBank(config["seed"], geometry=geometry, scenes=from_record(SceneVariety, config["scenes"]))
    return PairBatches(bank, pairs, from_record(LookRanges, config["looks"]))


def _of_seed(batches: PairBatches, offset: int) -> PairBatches:
    return replace(batches, bank=replace(batches.bank, seed=batches.bank.seed + offset))


def _embedded(network: JointNet, batches: PairBatches, pairs: int, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of both films of pairs, and which joints they show."""
    definition, state = nnx.split(network)

    @jax.jit
    def embed(state: object, crops: Array) -> Array:
        return settled_embeddings(nnx.merge(definition, state).encoder, crops)

    embeddings, present = [], []
    for number in range(-(-pairs // (batches.pairs * BLOCK))):
        for batch in batches.block(number):
            crops = batch["crops"]
            values = embed(state, crops.reshape(-1, *crops.shape[2:]))
            embeddings.append(np.asarray(values).astype(np.float64))
            present.append(batch["present"].reshape(-1, JOINT_COUNT))
        progress.advance(batches.pairs * BLOCK)
    return np.concatenate(embeddings), np.concatenate(present)
