"""An experiment on a data set: its networks, what their steps learn from, and the step, before any run is begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from outcomenet.arrays import Array
from outcomenet.artifacts import sha256_of_json
from outcomenet.datasets.dataset import Dataset, open_dataset
from outcomenet.datasets.leaks import refuse_leaks
from outcomenet.datasets.pairs import VisitPairs
from outcomenet.datasets.resplit import resplit
from outcomenet.devices import device_memory, usable_devices
from outcomenet.experiment import Experiment
from outcomenet.experiment_data import check_data, training_rows, visit_weights
from outcomenet.inference.embedded_films import EmbeddedFilms, KeptEmbeddings, embedded_films, encoder_digest
from outcomenet.input_pipeline.batches import covariate_scale, held_examples, training_batches, training_places
from outcomenet.input_pipeline.prepared_films import prepared_films
from outcomenet.input_pipeline.transforms import CovariateScale, StoredExample
from outcomenet.outcomes import outcome
from outcomenet.progress import Progress
from outcomenet.training import processes
from outcomenet.training.loop import Batches
from outcomenet.training.pretrained import Pretrained, from_pretrained, resolved_start
from outcomenet.training.rungs import NetworkShape, Parameters, RungNetwork, build_networks
from outcomenet.training.state import TrainState, initial_state
from outcomenet.training.step import TrainStep
from outcomenet.training.warm_start import warm_start


@dataclass(frozen=True)
class Wiring:
    """An experiment on a data set: the structure of its networks, and the scale of the covariates."""

    experiment: Experiment
    dataset: Dataset
    covariates: CovariateScale
    networks: dict[str, RungNetwork]
    weights: Pretrained | None = None  # pretrained ones that the networks begin with

    def initial_parameters(self) -> dict[str, Parameters]:
        """Parameters of every network before training."""
        seed = self.experiment.training.seed
        drawn = {name: network.initial_parameters(seed) for name, network in self.networks.items()}
        if self.weights is None:
            return drawn
        return {name: from_pretrained(self.networks[name], own, self.weights) for name, own in drawn.items()}

    def initial_state(self, parameters: Mapping[str, Parameters] | None = None) -> TrainState:
        """The state before the first step, with other `parameters` where they are given."""
        optimiser = self.experiment.optimiser.build(self.experiment.training.steps)
        training = self.experiment.training
        return initial_state(parameters or self.initial_parameters(), optimiser, training.seed, training.members)


def wire(experiment: Experiment, dataset: Dataset, weights: Pretrained | None = None) -> Wiring:
    """Builds what an experiment names, for one data set.

    Args:
        experiment: names networks, outcomes and covariates.
        dataset: divided as the experiment says.
        weights: pretrained ones that the networks begin with.

    Raises:
        UsageError: the data set lacks a covariate.
        DataRefused: a covariate is the same, or missing, at all training visits.
    """
    scale = covariate_scale(dataset.visits, dataset.manifest.covariates, experiment.covariates)
    networks = networks_of(experiment, dataset.manifest.crop_size_px, len(dataset.manifest.readers))
    return Wiring(experiment, dataset, scale, networks, weights)


def networks_of(experiment: Experiment, crop_size: int, readers: int) -> dict[str, RungNetwork]:
    """Structures of the experiment's networks.

    Args:
        experiment: names the networks and their architecture.
        crop_size: pixels a side of a joint's crop.
        readers: people who graded the films.
    """
    shape = NetworkShape(crop_size, experiment.outcomes, experiment.covariates, readers)
    return build_networks(
        experiment.rungs, experiment.network, experiment.confounding, shape, experiment.training.members
    )


class Prepared(NamedTuple):
    """An experiment with its start resolved, and the data set as it divides it."""

    experiment: Experiment
    dataset: Dataset
    weights: Pretrained | None
    alike: int  # patients whose films look like those of another split


def prepared(experiment: Experiment, data: Path) -> Prepared:
    """Opens the data set of an experiment and refuses what cannot be trained, before anything is written.

    Args:
        experiment: the question.
        data: the data set's folder.

    Raises:
        UsageError: the data set cannot answer the question.
        DataRefused: it is not the one that was written, or has patients in two splits.
    """
    dataset = resplit(open_dataset(data, truth=False), experiment.split)
    alike = refuse_leaks(dataset, accept_alike=experiment.split.accept_alike_films)
    # called for what it refuses; the scale itself is made again in `wire`
    covariate_scale(dataset.visits, dataset.manifest.covariates, experiment.covariates)
    weights = None
    if experiment.rungs:
        usable_devices()
        check_data(experiment, dataset)
        geometry = dataset.manifest.geometry
        network, weights = resolved_start(
            experiment.network, experiment.confounding, geometry.size_px, geometry.mm_per_px
        )
        experiment = replace(experiment, network=network)
    return Prepared(experiment, dataset, weights, alike)


class TrainingData(NamedTuple):
    """What steps learn from."""

    batches: Batches
    held: Mapping[str, np.ndarray] | None  # all examples, where they are kept on the device; batches then name places


def training_data(wiring: Wiring, examples: Sequence[StoredExample], progress: Progress) -> TrainingData:
    """Endless batches of what networks learn from, as the experiment says.

    Args:
        wiring: the experiment on its data set.
        examples: of `training_examples`.
        progress: is told of the memory where all examples are kept on the device.

    Raises:
        UsageError: the examples do not fit on the device.
    """
    experiment = wiring.experiment
    training = experiment.training
    order = {"batch_size": training.batch_size, "seed": training.seed}
    weights = visit_weights(experiment, wiring.dataset.visits)
    # each of several processes reads its own part of a batch, unless it holds all examples anyway
    part = processes.number(), processes.count()
    if training.cache == "disk":
        batches = training_batches(
            examples, wiring.covariates, **order, threads=training.threads, weights=weights, part=part
        )
        return TrainingData(batches, None)
    held = held_examples(examples, wiring.covariates, weights=weights, memory=device_memory(), progress=progress)
    return TrainingData(training_places(len(examples), **order, part=part), held)


def training_step(wiring: Wiring) -> TrainStep:
    """One update of the experiment's networks, films prepared and changed at random within it.

    Args:
        wiring: the experiment on its data set.
    """
    experiment = wiring.experiment
    optimiser = experiment.optimiser.build(experiment.training.steps)

    def prepare(batch: Mapping[str, Array], key: Array) -> Mapping[str, Array]:
        keys = jax.random.split(key, len(batch["weight"]))
        return prepared_films(batch, keys, experiment.augmentation)

    return TrainStep(
        wiring.networks, optimiser, asdict(experiment.loss_weights), experiment.training.steps, prepare=prepare
    )


def training_examples(
    wiring: Wiring,
    state: TrainState,
    progress: Progress,
    examples: Sequence[StoredExample] | None = None,
    kept: KeptEmbeddings | None = None,
) -> Sequence[StoredExample]:
    """Visits, or pairs of visits, that networks learn from; under a frozen encoder each film is embedded once, as it is.

    Args:
        wiring: the experiment on its data set.
        state: before the first step, with the encoder that embeds.
        progress: is advanced by every visit.
        examples: some of `stored_examples`; None: all.
        kept: embedded films of an earlier training of this process.
    """
    experiment = wiring.experiment
    chosen = stored_examples(wiring) if examples is None else examples
    if not experiment.network.is_frozen:
        return chosen
    progress.say(
        "The pretrained encoder stays as it is (network.encoder_rate 0): each film is embedded once, without the random changes of "
        "`augmentation`."
    )
    first = next(iter(wiring.networks))  # all networks begin with the same encoder
    network, parameters = wiring.networks[first], state.networks[first].parameters

    def embed() -> EmbeddedFilms:
        return embedded_films(network, parameters, chosen, progress)

    if kept is None or examples is not None:
        return embed()
    of = {
        "encoder": encoder_digest(network, parameters),
        "data": wiring.dataset.manifest.fingerprint,
        "split": asdict(experiment.split),
        "pairs": experiment.network.pairs,
    }
    return kept.of(sha256_of_json(of), embed)


def stored_examples(wiring: Wiring) -> Sequence[StoredExample]:
    """The training visits, or pairs of visits, as the data set stores them.

    Args:
        wiring: the experiment on its data set.
    """
    dataset = wiring.dataset
    return VisitPairs(dataset, ("train",)) if wiring.experiment.of_pairs else dataset.examples("train")


def warm_started(wiring: Wiring) -> dict[str, Parameters]:
    """Initial parameters with every outcome head fitted to the training visits' covariates, see `training.warm_start`."""
    rows = training_rows(wiring.experiment, wiring.dataset.visits)
    columns = rows[list(wiring.dataset.manifest.covariates)].to_numpy(np.float32)
    scaled = [wiring.covariates(row) for row in columns]
    table: dict[str, np.ndarray] = {
        "covariates": np.stack([values for values, _ in scaled]),
        "observed": np.stack([observed for _, observed in scaled]),
    }
    fields = [field for name in wiring.experiment.outcomes for field in outcome(name).fields]
    table |= {name: rows[name].to_numpy(np.float32) for name in fields}
    return {n: warm_start(wiring.networks[n], p, table) for n, p in wiring.initial_parameters().items()}


def parameter_counts(networks: Mapping[str, RungNetwork]) -> dict[str, int]:
    """Number of trained numbers per rung."""
    return {
        name: sum(leaf.size for leaf in jax.tree.leaves(network.abstract_parameters))
        for name, network in networks.items()
    }
