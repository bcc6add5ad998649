"""The experiment: a frozen record of one question, its presets, and how its file is loaded."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from outcomenet.audits.sizes import AuditSizes
from outcomenet.confounders import confounder
from outcomenet.datasets.resplit import FEWEST_FOLDS, SplitConfig
from outcomenet.errors import UsageError, did_you_mean
from outcomenet.experiment_files import experiment_file
from outcomenet.input_pipeline.transforms import AugmentationConfig
from outcomenet.losses.reduction import LossWeights
from outcomenet.models.encoders.cnn import CnnConfig
from outcomenet.models.outcome_net import OutcomeNetConfig
from outcomenet.models.visit_comparison import PairReading
from outcomenet.outcomes import OUTCOMES, main_outcome, outcome
from outcomenet.predictors import DIRECT_ADJUSTED, NETWORKS
from outcomenet.ranges import Count, Filled, Folds, Name, Names, Resamples, Seed, Within, check_ranges
from outcomenet.runs.config import from_record, with_settings
from outcomenet.strategies import ConfoundingConfig
from outcomenet.training.loop import TrainingConfig
from outcomenet.training.optimiser import OptimiserConfig

# Sizes of a network: `tiny` is that of the demo (0.25 million parameters at 48 px), `base` for an accelerator.
TINY = OutcomeNetConfig()
BASE = OutcomeNetConfig(encoder=CnnConfig(widths=(64, 128, 256, 384), embedding=128, bfloat16=True))


# What `direct_adjusted` does unless an experiment says otherwise: every covariate is a term of its own on the outcome's
# side, and so is the osteoarthritis that the network sees.
DEFAULT_CONFOUNDING = ConfoundingConfig(
    outcome_terms=("age", "male", "duration", "rf", "acpa", "fm", "oa"), seen_osteoarthritis=True
)


# The same where joints are graded for osteoarthritis: their grades must not move the score either. With this weight
# its shift under do(oa=0) fell from -0.68 to +0.04 SD in a world full of osteoarthritis, for 0.02 of R2 (docs/results.md).
GRADED_CONFOUNDING = replace(DEFAULT_CONFOUNDING, joint_decorrelation=10.0)


@dataclass(frozen=True)
class EvaluationConfig:
    """Held-out evaluation: bootstrap resamples of patients, and perturbed re-readings of each visit's films.

    `randomised`: the patients' two treatments were drawn by lot, so that their arms may be compared.
    """

    resamples: Resamples = 1000
    seed: Seed = 0
    rereadings: Annotated[int, Within(0, 1000)] = 3
    batch_size: Count = 16
    randomised: bool = False
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
    of the ladder that are trained (none for a data set without films). `main_outcome` is the outcome that headline,
    biomarker, audits and report are about; empty: HAQ-DI of the visit where it is one of them, else the one named first.
    """

    name: Name
    question: Name
    outcomes: Annotated[tuple[str, ...], Filled()] = ("haq", "pain", "progression")
    main_outcome: str = ""
    covariates: Names = ("age", "male", "duration", "rf", "acpa", "fm", "oa")
    rungs: Names = NETWORKS
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
        main_outcome(self.outcomes, self.main_outcome)
        self._check_loss_weights()
        for name in self.covariates:
            confounder(name)
            if name in self.outcomes:
                raise UsageError(f"{name} is an outcome of this experiment and cannot be one of its covariates too.")
        if self.network.pairs is not PairReading.OFF:
            self._check_pairs()
        if DIRECT_ADJUSTED in self.rungs:
            self.confounding.check_supplied(self.covariates)
        for name in self.rungs:
            if name not in NETWORKS:
                raise UsageError(f"There is no network rung {name!r}. {did_you_mean(name, NETWORKS)}")

    def _check_loss_weights(self) -> None:
        """A weight that is set for an outcome which the experiment does not have would say nothing."""
        for name, spec in OUTCOMES.items():
            weight = getattr(self.loss_weights, name)
            if weight != spec.loss_weight and name not in self.outcomes:
                raise UsageError(
                    f"loss_weights.{name} is {weight:g}, but {name} is no outcome of this experiment (outcomes: "
                    f"{', '.join(self.outcomes)}); add it to the outcomes or leave its weight out."
                )

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
            if not outcome(name).kind.is_change:
                known = ", ".join(n for n, spec in OUTCOMES.items() if spec.kind.is_change)
                raise UsageError(
                    f"network.pairs is {self.network.pairs}: films of two visits are compared, and {name} is no change "
                    f"between two visits. Outcomes for pairs: {known}."
                )

    @property
    def of_pairs(self) -> bool:
        """Whether the networks compare the films of two visits."""
        return self.network.pairs is not PairReading.OFF

    @property
    def about(self) -> str:
        """The outcome that headline, biomarker, audits and report are about."""
        return main_outcome(self.outcomes, self.main_outcome)

    def with_settings(self, settings: Mapping[str, object]) -> Experiment:
        """The experiment with other values of some settings, by their paths on the command line.

        Raises UsageError where there is no such setting, naming the nearest, or where it cannot hold the value.

        >>> Experiment("mine", "?").with_settings({"split.folds": 5, "split.fold": 1}).split.fold
        1
        """
        return with_settings(self, settings)

    def with_steps(self, steps: int) -> Experiment:
        """The experiment with another length of training."""
        return replace(self, training=replace(self.training, steps=steps))


def load_experiment(file: Path | str) -> Any:
    """What `get_experiment()` of an experiment file gives.

    Args:
        file: Its path, or the name of an experiment that comes with outcomenet.

    Returns:
        An `Experiment`; of the file `localization` that of the localiser.

    Raises:
        UsageError: There is no such file, or it has no function get_experiment().

    Example:
        >>> load_experiment("demo").with_settings({"training.steps": 50}).training.steps
        50
    """
    file = experiment_file(file)
    module = load_module(file)
    if not hasattr(module, "get_experiment"):
        raise UsageError(f"{file} has no function get_experiment(); an experiment file returns its Experiment from it.")
    return module.get_experiment()


def load_module(file: Path) -> ModuleType:
    """Imports an experiment file by its path."""
    # by its path: an experiment file is in no package, and two may have one name
    spec = importlib.util.spec_from_file_location(f"outcomenet_experiment_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def experiment_of(record: Mapping[str, Any]) -> Experiment:
    """The experiment as a run's record holds it."""
    return from_record(Experiment, record["config"])
