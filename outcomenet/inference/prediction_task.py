"""Prediction task: a trained network for single films, and how the films that it learned from were cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.input_pipeline.transforms import CovariateScale
from outcomenet.ladder.calibrators import Calibrators
from outcomenet.localization.geometry import CropGeometry, LimbLengths
from outcomenet.models.joint_distances import JointDistances
from outcomenet.training.rungs import Parameters, RungNetwork

# Limbs that the network is run over together. A limb costs the same in a batch of any size, and one film alone should not
# pay for many.
LIMBS_PER_BATCH = 4


@dataclass(frozen=True)
class PredictionTask:
    """A trained network, and how the films that it learned from were cut."""

    network: CompiledNetwork  # see `film_network`
    geometry: CropGeometry
    lengths: LimbLengths  # of the data set: scale of films without a pixel spacing
    outcomes: tuple[str, ...]
    main_outcome: str  # the one that the films' score is of
    calibrators: Mapping[str, Calibrators] | None  # of this network, by outcome; None before the run is evaluated
    origin: Mapping[str, str]  # by which the same network is known again: run, data, last checkpoint, rung
    judge: JointDistances | None = None  # masks joints unlike those of the pretraining; None: no joint is judged


def film_network(network: RungNetwork, parameters: Parameters) -> CompiledNetwork:
    """A trained network for single films, of whose patients no covariate is known.

    Args:
        network: its structure.
        parameters: its numbers.
    """
    n = len(network.shape.covariates)
    # a scale that leaves numbers as they are: all of them are missing
    unknown = CovariateScale(("",) * n, tuple(range(n)), (0.0,) * n, (1.0,) * n)
    return CompiledNetwork(network, parameters, unknown, LIMBS_PER_BATCH)
