"""Calibrators: maps from a network's risk to a calibrated one, fitted on validation patients, kept as plain numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from outcomenet.arrays import Float
from outcomenet.errors import DataRefused
from outcomenet.metrics.risk import recalibration_line

FEWEST_OF_A_KIND = 5  # visits with, and visits without, the event
SURE = 1e-6  # a risk nearer to 0 or 1 than this has no useful logit


@dataclass(frozen=True)
class Platt:
    """expit(intercept + slope x logit(risk)); (0, 1) leaves the risk as it is (Platt 1999, on the logit as Cox 1958).

    The slope is above 0, which keeps the order of patients, so that discrimination stays what it was.
    """

    intercept: float
    slope: float

    def apply(self, risk: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row"]:
        return expit(self.intercept + self.slope * logit(np.clip(risk, SURE, 1 - SURE)))


@dataclass(frozen=True)
class Isotonic:
    """A rising polyline through (`risk`, `calibrated`), level beyond its ends (Zadrozny & Elkan, KDD 2002)."""

    risk: tuple[float, ...]
    calibrated: tuple[float, ...]

    def apply(self, risk: Float[np.ndarray, "row"]) -> Float[np.ndarray, "row"]:
        return np.interp(risk, self.risk, self.calibrated)


@dataclass(frozen=True)
class Calibrators:
    """Both maps of one network's risk of one event, and how many validation visits and events they rest on."""

    platt: Platt
    isotonic: Isotonic
    visits: int
    events: int

    def named(self) -> dict[str, Platt | Isotonic]:
        return {"platt": self.platt, "isotonic": self.isotonic}


def fit_calibrators(target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"]) -> Calibrators:
    """Both maps, from rows with a known target (1 or 0) that nobody learned from.

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
    """
    events = int((target == 1).sum())
    if min(events, len(target) - events) < FEWEST_OF_A_KIND:
        raise DataRefused(
            f"Recalibration needs {FEWEST_OF_A_KIND} validation visits with and {FEWEST_OF_A_KIND} without the event; "
            f"there are {events} and {len(target) - events}."
        )
    return Calibrators(fit_platt(target, risk), fit_isotonic(target, risk), len(target), events)


def fit_platt(target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"]) -> Platt:
    """Maximum likelihood; DataRefused where a cut of the risk separates the classes, the risk does not vary, or falls with
    the event: such a line would turn the order of patients round.

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
    """
    line = recalibration_line(target, np.clip(risk, SURE, 1 - SURE), np.ones((1, len(target))))[:, 0]
    if not np.isfinite(line).all():
        raise DataRefused(
            f"Platt's line has no finite slope on {len(target)} visits: one class only, a risk that does not vary, or one "
            "that separates the classes. Use more validation patients."
        )
    if line[1] <= 0:
        raise DataRefused(
            f"Platt's line has the slope {line[1]:.2f} on {len(target)} visits: the risk does not rise with the event there, and "
            "recalibration would turn the order of patients round. Use a network that tells the event, or more validation "
            "patients."
        )
    return Platt(float(line[0]), float(line[1]))


def fit_isotonic(target: Float[np.ndarray, "row"], risk: Float[np.ndarray, "row"]) -> Isotonic:
    """Pool-adjacent-violators, the ends drawn in to Platt's targets 1 / (others + 2) and (events + 1) / (events + 2),
    so that a handful of visits never makes an event impossible or certain.

    Args:
        target: 1 with the event, 0 without.
        risk: probability of the event, 0 to 1.
    """
    events = int((target == 1).sum())
    fitted = IsotonicRegression(out_of_bounds="clip").fit(risk, target)
    lowest, highest = 1 / (len(target) - events + 2), (events + 1) / (events + 2)
    calibrated = np.clip(fitted.y_thresholds_, lowest, highest)
    return Isotonic(tuple(map(float, fitted.X_thresholds_)), tuple(map(float, calibrated)))


def write_calibrators(calibrators: Mapping[str, Mapping[str, Calibrators]], path: Path) -> None:
    """calibration.json: {outcome: {predictor: {platt, isotonic, visits, events}}}.

    Args:
        calibrators: by outcome and predictor.
        path: the file.
    """
    record = {name: {rung: asdict(fitted) for rung, fitted in rungs.items()} for name, rungs in calibrators.items()}
    path.write_text(json.dumps(record, indent=1) + "\n")


def read_calibrators(path: Path) -> dict[str, dict[str, Calibrators]]:
    """What `write_calibrators` wrote."""

    def one(entry: dict) -> Calibrators:
        isotonic = Isotonic(*(tuple(entry["isotonic"][name]) for name in ("risk", "calibrated")))
        return Calibrators(Platt(**entry["platt"]), isotonic, entry["visits"], entry["events"])

    record = json.loads(path.read_text())
    return {name: {rung: one(entry) for rung, entry in rungs.items()} for name, rungs in record.items()}
