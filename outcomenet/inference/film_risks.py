"""Risks of single films: the network's own, and beside it the one that the run's calibrators make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from outcomenet.ladder.calibrators import Calibrators, read_calibrators
from outcomenet.outcomes import outcome
from outcomenet.predictions import NetworkOutput

CALIBRATION = "calibration.json"


def events_of(outcomes: Sequence[str]) -> list[str]:
    """The outcomes that are predicted as a risk."""
    return [name for name in outcomes if outcome(name).kind.is_event]


def calibrators_of(run: Path, rung: str) -> dict[str, Calibrators] | None:
    """One network's calibrators.

    Args:
        run: the run folder.
        rung: the network.

    Returns:
        By outcome, without those that could not be fitted; None where the run has no file of them, as before its evaluation.
    """
    file = run / CALIBRATION
    if not file.is_file():
        return None
    return {name: of[rung] for name, of in read_calibrators(file).items() if rung in of}


def no_risks(outcomes: Sequence[str]) -> dict[str, object]:
    """The columns of `film_risks` for a limb that was not scored."""
    return {f"{name}_{column}": value for name in events_of(outcomes) for column, value in _NOTHING.items()}


_NOTHING: dict[str, object] = {"risk": np.nan, "risk_calibrated": np.nan, "risk_calibrator": ""}


def film_risks(
    outcomes: Sequence[str], output: NetworkOutput, calibrators: Mapping[str, Calibrators] | None, at: int = 0
) -> dict[str, object]:
    """Columns of films.csv for every event of a run.

    Args:
        outcomes: names of the run's outcomes.
        output: the network's, one row per limb.
        calibrators: of the same network, by outcome; None where the run has no calibration.json.
        at: the row that is meant.

    Returns:
        `<event>_risk` is the network's own probability within the event's horizon, `<event>_risk_calibrated` what Platt's
        line makes of it (its order is kept; missing without a calibrator), `<event>_risk_calibrator` says what that rests
        on, or that there is none. Both are of one film whose patient's covariates and other limbs are not known, the
        calibrator was fitted to whole visits.
    """
    columns = no_risks(outcomes)
    for name in events_of(outcomes):
        risk = output.outcome[name][at : at + 1].astype(float)
        columns[f"{name}_risk"] = float(risk[0])
        if calibrators is None:
            columns[f"{name}_risk_calibrator"] = f"none: the run has no {CALIBRATION}; `outcomenet evaluate` writes it"
            continue
        known = calibrators.get(name)
        if known is None:
            columns[f"{name}_risk_calibrator"] = f"none: {CALIBRATION} of the run has none for it"
            continue
        columns[f"{name}_risk_calibrated"] = float(known.platt.apply(risk)[0])
        columns[f"{name}_risk_calibrator"] = f"Platt, {known.visits} validation visits, {known.events} with the event"
    return columns
