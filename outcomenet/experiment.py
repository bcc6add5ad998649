"""The experiment: a frozen record of one question, and the one place where the parts are wired together."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import numpy as np
import pandas as pd

from outcomenet.audits.sizes import AuditSizes
from outcomenet.cohorts.pseudonyms import Pseudonyms
from outcomenet.confounders import confounder
from outcomenet.confounding import ESTIMANDS, ConfoundingConfig
from outcomenet.datasets.dataset import Dataset, open_dataset
from outcomenet.datasets.known_outcomes import check_outcomes
from outcomenet.datasets.leaks import alike_notes, refuse_leaks
from outcomenet.datasets.pairs import VisitPairs, paired_visits
from outcomenet.datasets.resplit import FEWEST_FOLDS, SplitConfig, resplit
from outcomenet.datasets.visit_table import KL_COLUMNS
from outcomenet.devices import usable_devices
from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.input_pipeline.batches import covariate_scale, training_batches
from outcomenet.input_pipeline.transforms import AugmentationConfig, CovariateScale
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.encoder import EncoderConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.pairs import PairReading
from outcomenet.outcomes import OUTCOMES, TARGET_FIELDS, OutcomeKind, outcome
from outcomenet.progress import Progress
from outcomenet.ranges import Count, Filled, Folds, Name, Names, NotNegative, Resamples, Seed, Within, check_ranges
from outcomenet.runs import chain
from outcomenet.runs.config import from_record
from outcomenet.runs.environment import differences, environment, set_numerics
from outcomenet.runs.provenance import portable_path, public_name, resolved_path
from outcomenet.runs.record import begin_run, origin, read_record, utc_now, write_record
from outcomenet.stopping import asked_by_signals
from outcomenet.training.checkpoints import Checkpoints, abstract_of
from outcomenet.training.loop import TrainingConfig, train
from outcomenet.training.optimiser import OptimiserConfig
from outcomenet.training.reweighting import balancing_weights
from outcomenet.training.rungs import NETWORK_RUNGS, NetworkShape, Parameters, RungNetwork, build_networks
from outcomenet.training.sharding import device_mesh, put_state
from outcomenet.training.step import initial_state, make_step
from outcomenet.training.warm_start import warm_start

# Sizes of a network: `tiny` is that of the demo (0.25 million parameters at 48 px), `base` for an accelerator.
TINY = OutcomeNetConfig()
BASE = OutcomeNetConfig(encoder=EncoderConfig(widths=(64, 128, 256, 384), embedding=128, bfloat16=True))


# What `direct_adjusted` does unless an experiment says otherwise: every covariate is a term of its own on the outcome's
# side, and so is the osteoarthritis that the network sees.
DEFAULT_CONFOUNDING = ConfoundingConfig(
    outcome_terms=("age", "male", "duration", "rf", "acpa", "fm", "oa"), seen_osteoarthritis=True
)


# The same where joints are graded for osteoarthritis: their grades must not move the score either. With this weight
# its shift under do(oa=0) fell from -0.68 to +0.04 SD in a world full of osteoarthritis, for 0.02 of R2 (docs/results.md).
GRADED_CONFOUNDING = replace(DEFAULT_CONFOUNDING, joint_decorrelation=10.0)


@dataclass(frozen=True)
class LossWeights:
    """Weight of each part of a network's loss; each part is a mean negative log-likelihood. 0 switches a part off."""

    haq: NotNegative = 1.0
    pain: NotNegative = 0.5
    progression: NotNegative = 1.0
    osteoarthritis: NotNegative = 4.0
    svdh: NotNegative = 4.0

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class EvaluationConfig:
    """Held-out evaluation: bootstrap resamples of patients, and perturbed re-readings of each visit's films."""

    resamples: Resamples = 1000
    seed: Seed = 0
    rereadings: Annotated[int, Within(0, 1000)] = 3
    batch_size: Count = 16
    cross_fit_folds: Folds = 0  # 0: one split by patient; more: tabular rungs are cross-fitted over all patients
    audits: AuditSizes = field(default_factory=AuditSizes)

    def __post_init__(self) -> None:
        check_ranges(self)
        if 0 < self.cross_fit_folds < FEWEST_FOLDS:
            raise UsageError(f"evaluation.cross_fit_folds is 0 or at least {FEWEST_FOLDS}, got {self.cross_fit_folds}.")


@dataclass(frozen=True)
class Experiment:
    """One question put to one data set.

    `outcomes` and `covariates` are names of `outcomes.OUTCOMES` and `confounders.CONFOUNDERS`; `rungs` are the networks
    of the ladder that are trained (none for a data set without films).
    """

    name: Name
    question: Name
    outcomes: Annotated[tuple[str, ...], Filled()] = ("haq", "pain", "progression")
    covariates: Names = ("age", "male", "duration", "rf", "acpa", "fm", "oa")
    rungs: Names = ("direct", "direct_adjusted")
    network: OutcomeNetConfig = TINY
    training: TrainingConfig = field(default_factory=TrainingConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    confounding: ConfoundingConfig = DEFAULT_CONFOUNDING
    split: SplitConfig = field(default_factory=SplitConfig)
    loss_weights: LossWeights = field(default_factory=LossWeights)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.evaluation.cross_fit_folds and (self.rungs or not self.split.is_own):
            raise UsageError(
                "evaluation.cross_fit_folds is for experiments of regressions alone (rungs=()): networks are cross-fitted by "
                "one run for each fold, with split.folds and split.fold, and `outcomenet pool`."
            )
        for name in self.outcomes:
            outcome(name)
        for name in self.covariates:
            confounder(name)
            if name in self.outcomes:
                raise UsageError(f"{name} is an outcome of this experiment and cannot be one of its covariates too.")
        if self.network.pairs is not PairReading.OFF:
            self._check_pairs()
        if "direct_adjusted" in self.rungs:
            self.confounding.check_supplied(self.covariates)
        for name in self.rungs:
            if name not in NETWORK_RUNGS:
                raise UsageError(f"There is no network rung {name!r}. {did_you_mean(name, NETWORK_RUNGS)}")

    def _check_pairs(self) -> None:
        if not self.rungs:
            raise UsageError(f"network.pairs is {self.network.pairs}, but no network is trained; set it to off.")
        for name in ("joint_decorrelation", "metadata_residual"):
            if getattr(self.confounding, name):
                raise UsageError(
                    f"confounding.{name} is about the films of one visit and does nothing to a change between two; leave it "
                    "out where network.pairs is set."
                )
        for name in self.outcomes:
            if outcome(name).kind is not OutcomeKind.CHANGE:
                known = ", ".join(n for n, spec in OUTCOMES.items() if spec.kind is OutcomeKind.CHANGE)
                raise UsageError(
                    f"network.pairs is {self.network.pairs}: films of two visits are compared, and {name} is no change "
                    f"between two visits. Outcomes for pairs: {known}."
                )

    @property
    def of_pairs(self) -> bool:
        """Whether the networks compare the films of two visits."""
        return self.network.pairs is not PairReading.OFF

    def with_steps(self, steps: int) -> Experiment:
        """The experiment with another length of training."""
        return replace(self, training=replace(self.training, steps=steps))


def load_experiment(file: Path) -> Any:
    """What `get_experiment()` of a file gives: an Experiment, or that of the localiser."""
    if not file.is_file():
        raise UsageError(f"There is no experiment file {file}; see the folder experiments/ for examples.")
    module = load_module(file)
    if not hasattr(module, "get_experiment"):
        raise UsageError(f"{file} has no function get_experiment(); an experiment file returns its Experiment from it.")
    return module.get_experiment()


def load_module(file: Path) -> ModuleType:
    """Imports an experiment file by its path."""
    spec = importlib.util.spec_from_file_location(f"outcomenet_experiment_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Wiring:
    """An experiment on a data set, built: networks with initial parameters, and the scale of the covariates."""

    experiment: Experiment
    dataset: Dataset
    covariates: CovariateScale
    networks: dict[str, RungNetwork]
    parameters: dict[str, Parameters]

    def initial_state(self) -> dict[str, Any]:
        optimiser = self.experiment.optimiser.build(self.experiment.training.steps)
        training = self.experiment.training
        return initial_state(self.parameters, optimiser, training.seed, training.members)


def wire(experiment: Experiment, dataset: Dataset) -> Wiring:
    """Builds what an experiment names, for this data set."""
    scale = covariate_scale(dataset.visits, dataset.manifest.covariates, experiment.covariates)
    networks, parameters = networks_of(experiment, dataset.manifest.crop_size_px, len(dataset.manifest.readers))
    return Wiring(experiment, dataset, scale, networks, parameters)


def networks_of(
    experiment: Experiment, crop_size: int, readers: int
) -> tuple[dict[str, RungNetwork], dict[str, Parameters]]:
    """The experiment's networks with their initial parameters, for crops of `crop_size` pixels a side and so many
    readers of the human score."""
    shape = NetworkShape(crop_size, experiment.outcomes, experiment.covariates, readers)
    training = experiment.training
    return build_networks(
        experiment.rungs, experiment.network, experiment.confounding, shape, training.seed, training.members
    )


def run_training(
    file: Path,
    experiment: Experiment,
    data: Path,
    run: Path,
    *,
    progress: Progress,
    before: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Trains the networks of an experiment into the run folder `run`, going on where an earlier call stopped.

    `before` are stages of the data's making, for the record.
    """
    set_numerics()
    dataset = resplit(open_dataset(data, truth=False), experiment.split)
    alike = refuse_leaks(dataset, accept_alike=experiment.split.accept_alike_films)
    # refuses before anything is written
    covariate_scale(dataset.visits, dataset.manifest.covariates, experiment.covariates)
    if experiment.rungs:
        usable_devices()
        check_data(experiment, dataset)
    for note in [*known_outcomes(experiment, dataset), *alike_notes(alike)]:
        progress.say(f"Note: {note}")
    record = {
        "name": public_name(run),
        **origin(file),
        "config": asdict(experiment),
        "estimands": {name: ESTIMANDS[name] for name in experiment.confounding.strategies()},
        "seeds": {"training": experiment.training.seed, "evaluation": experiment.evaluation.seed},
        "data": describe(dataset),
        "data_folder": portable_path(data, run),
        "stages": list(before),
    }
    now, record = record, begin_run(run, record)
    if not chain.reopen_training(run):
        progress.say(f"{run} is trained to the end already; next: `outcomenet evaluate {run}`.")
        return run
    record = gone_on(record, now, progress)
    if not experiment.rungs:
        progress.say("This experiment has no networks: nothing to train; `outcomenet evaluate` fits its regressions.")
        end_training(run, record, progress)
        return run
    wiring = wire(experiment, dataset)
    record["parameters"] = parameter_counts(wiring.parameters)
    write_record(run, record)
    mesh = device_mesh(experiment.training.devices or None)
    state = warm_started(wiring).initial_state() if experiment.training.warm_start else wiring.initial_state()
    batches = training_batches(
        VisitPairs(dataset, ("train",)) if experiment.of_pairs else dataset.examples("train"),
        wiring.covariates,
        batch_size=experiment.training.batch_size,
        seed=experiment.training.seed,
        augmentation=experiment.augmentation,
        threads=experiment.training.threads,
        weights=visit_weights(experiment, dataset.visits),
    )
    optimiser = experiment.optimiser.build(experiment.training.steps)
    step = make_step(wiring.networks, optimiser, asdict(experiment.loss_weights), experiment.training.steps)
    with asked_by_signals() as stop:
        train(
            step, state, batches, experiment.training, run, mesh, run_id=record["run_id"], progress=progress, stop=stop
        )
    end_training(run, record, progress)
    return run


def gone_on(record: dict[str, Any], now: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The record of a run that goes on: a word, said and recorded, where the program or the machine is another now."""
    changed = differences(record, now)
    if not changed:
        return record
    note = f"This training goes on under other conditions than it began with: {'; '.join(changed)}. Numbers may differ."
    progress.say(f"Warning: {note}")
    return record | {"conditions": [*record.get("conditions", []), note]}


def end_training(run: Path, record: dict[str, Any], progress: Progress) -> None:
    """Completes the record and writes the manifest, which says that training is over."""
    times = record["times"] | {"finished": utc_now()}
    write_record(run, record | {"stages": record["stages"] + progress.stages, "times": times})
    chain.seal_training(run)


def check_data(experiment: Experiment, dataset: Dataset) -> None:
    """Raises UsageError where the networks cannot learn from the data set what the experiment says."""
    name = dataset.manifest.name
    if not dataset.has_films("train"):
        raise UsageError(
            f"Data set {name} has no training visit with films, but the experiment trains "
            f"{', '.join(experiment.rungs)}; use an experiment with `rungs=()`."
        )
    mode, pairs = dataset.manifest.reading_mode, experiment.network.pairs
    if experiment.of_pairs and mode not in ("", str(pairs)):
        raise UsageError(
            f"network.pairs is {pairs}, but the human score of data set {name} was read in {mode} mode: they would not be "
            f"compared on equal terms. Take the cohort in with `--reading-mode {pairs}` if it has such readings, or train "
            f"with `--network.pairs {mode}`."
        )
    rows = training_rows(experiment, dataset.visits)
    if rows.empty:
        raise UsageError(
            f"network.pairs is {pairs}, but data set {name} has no training patient with films at two visits a year apart; "
            "use an experiment of single visits."
        )
    graded = experiment.confounding.joint_decorrelation and "direct_adjusted" in experiment.rungs
    if graded and rows[list(KL_COLUMNS)].isna().all(axis=None):
        raise UsageError(
            f"confounding.joint_decorrelation needs Kellgren-Lawrence grades of joints; data set {name} has none in any "
            "training visit. Train with `--confounding.joint_decorrelation 0`, or add them to the cohort's scores.csv (scheme kellgren_lawrence)."
        )


def known_outcomes(experiment: Experiment, dataset: Dataset) -> list[str]:
    """Notes on outcomes that few patients of the data set have; DataRefused where one cannot be learned at all."""
    rows = able_rows(experiment, dataset.visits)
    if experiment.evaluation.cross_fit_folds:
        return check_outcomes(experiment.outcomes, rows, rows)
    return check_outcomes(experiment.outcomes, rows[rows["split"] == "train"], rows[rows["split"] == "test"])


def visit_weights(experiment: Experiment, visits: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Weights of the training visits where the experiment reweights (see `training.reweighting`), else none."""
    if not experiment.confounding.reweight:
        return {}
    train = training_rows(experiment, visits)
    weight = balancing_weights(train, experiment.confounding.reweight, experiment.outcomes)
    return dict(zip(zip(train["patient_id"], train["visit_id"], strict=True), map(float, weight), strict=True))


def training_rows(experiment: Experiment, visits: pd.DataFrame) -> pd.DataFrame:
    """Rows of the visit table that the networks learn from."""
    able = able_rows(experiment, visits)
    return able[able["split"] == "train"]


def able_rows(experiment: Experiment, visits: pd.DataFrame) -> pd.DataFrame:
    """Rows of the visit table, of any split, that the experiment can use: those with films where it has networks, and
    with a later visit's where these compare two."""
    if experiment.of_pairs:
        return paired_visits(visits)
    return visits[visits["has_films"]] if experiment.rungs else visits


def warm_started(wiring: Wiring) -> Wiring:
    """The wiring with every outcome head fitted to the training visits' covariates, see `training.warm_start`."""
    rows = training_rows(wiring.experiment, wiring.dataset.visits)
    columns = rows[list(wiring.dataset.manifest.covariates)].to_numpy(np.float32)
    scaled = [wiring.covariates(row) for row in columns]
    table: dict[str, np.ndarray] = {
        "covariates": np.stack([values for values, _ in scaled]),
        "observed": np.stack([observed for _, observed in scaled]),
    }
    table |= {name: rows[name].to_numpy(np.float32) for name in TARGET_FIELDS}
    parameters = {n: warm_start(wiring.networks[n], p, table) for n, p in wiring.parameters.items()}
    return replace(wiring, parameters=parameters)


def run_evaluation(run: Path, data: Path | None = None, *, progress: Progress) -> list[str]:
    """Evaluates a trained run on its data set (see `evaluation.evaluate`); returns notes on what could not be computed.

    The data set must be the one of the training: its fingerprint is compared.
    """
    from outcomenet.evaluation.evaluate import EvaluationTask, evaluate, refuse_nobody_held_out

    set_numerics()
    record = read_record(run)
    if "pooled" in record:
        raise UsageError(
            f"{run} joins {', '.join(record['pooled'])} and is evaluated already: report it, or evaluate one of those."
        )
    chain.finish(run, chain.Stage.EVALUATION)
    chain.check_run(run, upto=chain.Stage.TRAINING)
    experiment = experiment_of(record)
    dataset = resplit(open_dataset(data or data_folder_of(run, record)), experiment.split)
    if dataset.manifest.fingerprint != record["data"]["fingerprint"]:
        raise DataRefused(
            f"{dataset.folder} is not the data set that {run} was trained on (fingerprint "
            f"{dataset.manifest.fingerprint[:16]}, expected {record['data']['fingerprint'][:16]}); name that one with --data."
        )
    if experiment.rungs:
        usable_devices()
    of, now, begun = chain.inputs_of(run, record), environment(), utc_now()
    if chain.is_evaluated(run, now["source_sha256"]):
        progress.say(f"{run} is evaluated already; next: `outcomenet report {run}`.")
        return chain.read_evaluation(run)["notes"]
    wiring = wire(experiment, dataset)
    task = EvaluationTask(
        dataset=dataset,
        outcomes=experiment.outcomes,
        covariates=experiment.covariates,
        scale=wiring.covariates,
        networks=wiring.networks,
        parameters=restore_parameters(wiring, run, record) if experiment.rungs else {},
        augmentation=experiment.augmentation,
        of_pairs=experiment.of_pairs,
        fold=experiment.split.fold,
        zero_is_no_change=experiment.network.pairs is not PairReading.CHRONOLOGICAL,
        run=public_name(run),
        **vars(experiment.evaluation),
    )
    alike = refuse_leaks(dataset, accept_alike=experiment.split.accept_alike_films)
    conditions = [*record.get("conditions", []), *other_conditions(record, now)]
    refuse_nobody_held_out(task)
    with chain.staged(run, chain.Stage.EVALUATION) as folder:
        notes = known_outcomes(experiment, dataset) + alike_notes(alike) + evaluate(task, folder, progress) + conditions
        entries = {"notes": notes, "stages": progress.stages, "environment": now}
        chain.write_evaluation(folder, of, entries | {"times": {"begun": begun, "finished": utc_now()}})
    return notes


def data_folder_of(run: Path, record: Mapping[str, Any]) -> Path:
    """Where a run's data set lies; UsageError where the record could not say, or it is gone."""
    folder = resolved_path(record["data_folder"], run) if record["data_folder"] else None
    if folder is None or not folder.exists():
        where = f" is no longer at {folder}" if folder else "'s place is not in its record, which names no person"
        raise UsageError(f"The data set of {run}{where}; name it with --data.")
    return folder


def other_conditions(record: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """A sentence where a run is used by another program or on another machine than it was trained with."""
    changed = differences(record, now)
    return (
        [f"Trained and used under different conditions: {'; '.join(changed)}. Numbers may differ."] if changed else []
    )


def run_report(run: Path) -> Path:
    """Writes the report of an evaluated run (see `reports.write_report`), whole or not at all."""
    from outcomenet.reports import write_report

    chain.finish(run, chain.Stage.REPORT)
    chain.check_run(run, upto=chain.Stage.EVALUATION, needs=chain.Stage.EVALUATION)
    with chain.staged(run, chain.Stage.REPORT) as folder:
        write_report(run, folder)
    return run / "report.html"


def run_prediction(
    run: Path,
    films: Sequence[Path],
    out: Path,
    *,
    landmarks: Path | None = None,
    spacing_mm: float | None = None,
    names: Pseudonyms | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Reads film files with a trained run (see `evaluation.predict_films`)."""
    from outcomenet.evaluation.film_risks import calibrators_of
    from outcomenet.evaluation.predict_films import PredictionTask, predict_films

    usable_devices()
    set_numerics()
    record = chain.check_run(run)
    if "pooled" in record:
        raise UsageError(
            f"{run} joins {', '.join(record['pooled'])} and has no network of its own; read with one of those."
        )
    experiment = experiment_of(record)
    if experiment.of_pairs:
        raise UsageError(f"{run} compares the films of two visits and cannot read single films.")
    rung = next((name for name in ("direct_adjusted", "direct") if name in experiment.rungs), None)
    if rung is None:
        raise UsageError(f"{run} trained no network; films can only be read by a run that did.")
    crop = CropGeometry(record["data"]["crop"]["size_px"], record["data"]["crop"]["mm_per_px"])
    networks, parameters = networks_of(experiment, crop.size_px, record["data"]["readers"])
    restored = restore_parameters_of(experiment, parameters, run, record)
    task = PredictionTask(
        networks[rung],
        restored[rung],
        crop,
        len(experiment.covariates),
        experiment.outcomes,
        calibrators_of(run, rung),
        chain.inputs_of(run, record) | {"rung": rung},
    )
    progress = progress or Progress()
    for note in other_conditions(record, environment()):
        progress.say(f"Warning: {note}")
    return predict_films(task, films, out, landmarks=landmarks, spacing_mm=spacing_mm, names=names, progress=progress)


def restore_parameters(wiring: Wiring, run: Path, record: Mapping[str, Any]) -> dict[str, Parameters]:
    """Parameters of the last step of a run; CheckpointError where they are not this run's, UsageError when there is none."""
    return restore_parameters_of(wiring.experiment, wiring.parameters, run, record)


def restore_parameters_of(
    experiment: Experiment, parameters: Mapping[str, Parameters], run: Path, record: Mapping[str, Any]
) -> dict[str, Parameters]:
    """As `restore_parameters`, from freshly built parameters that give the shapes."""
    optimiser = experiment.optimiser.build(experiment.training.steps)
    training = experiment.training
    state = put_state(initial_state(parameters, optimiser, training.seed, training.members), device_mesh(1))
    restored = Checkpoints(run / chain.CHECKPOINTS, record["run_id"]).restore(abstract_of(state), training.steps)
    if restored is None:
        raise UsageError(f"{run} has no checkpoint yet; run its `outcomenet train` command to the end first.")
    return {name: rung["parameters"] for name, rung in restored[0]["networks"].items()}


def experiment_of(record: Mapping[str, Any]) -> Experiment:
    """The experiment as a run's record holds it."""
    return from_record(Experiment, record["config"])


def describe(dataset: Dataset) -> dict[str, Any]:
    """What a run records about its data."""
    manifest = dataset.manifest
    return {
        "name": manifest.name,
        "licence": manifest.licence,
        "simulated": manifest.simulated,
        "fingerprint": manifest.fingerprint,
        "patients": manifest.patients,
        "visits": manifest.visits,
        "patients_by_source": manifest.patients_by_source,
        "splits": dataset.visits.groupby("patient_id")["split"].first().value_counts().to_dict(),
        "readers": len(manifest.readers),
        "crop": {"size_px": manifest.crop_size_px, "mm_per_px": manifest.mm_per_px},
    }


def parameter_counts(parameters: Mapping[str, Parameters]) -> dict[str, int]:
    """Number of trained numbers per rung."""
    import jax

    return {name: int(sum(leaf.size for leaf in jax.tree.leaves(tree))) for name, tree in parameters.items()}
