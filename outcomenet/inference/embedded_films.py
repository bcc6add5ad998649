"""Films embedded once by an encoder that no longer learns, so that a step of training costs the heads alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import jax
import numpy as np

from outcomenet.arrays import Array
from outcomenet.input_pipeline.prepared_films import prepared_films
from outcomenet.input_pipeline.transforms import StoredExample
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork

FILMS = "crops", "later_crops"
VISITS_AT_ONCE = 8


class EmbeddedFilms(Sequence[StoredExample]):
    """Examples in memory, with embeddings in the place of crops."""

    def __init__(self, examples: list[StoredExample]):
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> StoredExample:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.examples[index]


class KeptEmbeddings:
    """The last embedded films, for several trainings of one process that begin with the same frozen encoder on the same visits.

    Embedding takes longer than a short training; the films are kept in memory, some kilobytes a visit.
    """

    def __init__(self):
        self._key = ""
        self._films = EmbeddedFilms([])

    def of(self, key: str, make: Callable[[], EmbeddedFilms]) -> EmbeddedFilms:
        """The films of a key, made where the last ones were of another.

        Args:
            key: Says which visits and which encoder.
            make: Embeds them.
        """
        if key != self._key:
            self._key, self._films = "", EmbeddedFilms([])  # the old ones go first
            self._films = make()
            self._key = key
        return self._films


def encoder_digest(network: RungNetwork, parameters: Parameters) -> str:
    """SHA-256 over the numbers of a network's encoder.

    Args:
        network: Says which of its parameters are the encoder's.
        parameters: Of the network.
    """
    digest = hashlib.sha256()
    for leaf, of_encoder in zip(jax.tree.leaves(parameters), jax.tree.leaves(network.is_encoder), strict=True):
        if of_encoder:
            digest.update(np.asarray(jax.device_get(leaf)).tobytes())
    return digest.hexdigest()


def embedded_films(
    network: RungNetwork, parameters: Parameters, examples: Sequence[StoredExample], progress: Progress
) -> EmbeddedFilms:
    """Embeds the films of visits, or of pairs of visits, as they are: without random changes.

    Args:
        network: one whose encoder is frozen; of several and of an ensemble's members, which share it, any one.
        parameters: of the network, of an ensemble with a leading axis.
        examples: as a data set stores them.
        progress: is advanced by every visit.

    Returns:
        The same examples with `embedded` [joint, feature] instead of `crops`, and so of later visits.
    """

    @jax.jit
    def embed(parameters: Parameters, crops: Array, visible: Array) -> Array:
        films = prepared_films({"crops": crops, "present": visible}, None, None)["crops"]
        return network.each(lambda net: net.embed(films, visible), parameters)[0]

    progress.start("visits", len(examples), "embed films")
    made: list[StoredExample] = []
    for start in range(0, len(examples), VISITS_AT_ONCE):
        block = [dict(examples[n]) for n in range(start, min(start + VISITS_AT_ONCE, len(examples)))]
        for name in FILMS:
            if name not in block[0]:
                continue
            present = [np.asarray(e[name.replace("crops", "present")]).astype(bool) for e in block]
            films = [np.asarray(example.pop(name)) for example in block]
            # filled up: one size is one compiled program
            lacking = VISITS_AT_ONCE - len(block)
            crops, visible = (np.stack([*of, *[of[0]] * lacking]) for of in (films, present))
            values = np.asarray(jax.device_get(embed(parameters, crops, visible)))
            for example, value in zip(block, values, strict=False):
                example[name.replace("crops", "embedded")] = value
        made += block
        progress.advance(len(block))
    progress.finish()
    return EmbeddedFilms(made)
