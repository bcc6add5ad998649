"""Split-conformal intervals from the errors at patients whom nothing was learned from."""

from __future__ import annotations

import numpy as np

from outcomenet.arrays import Bool, Float
from outcomenet.outcomes import OutcomeSpec

COVERAGE = 0.9  # nominal
FEWEST_ERRORS = 20
ROUNDING = 1e-9  # of a step: an end on the grid is not pushed to the next


def conformal_interval(
    spec: OutcomeSpec,
    prediction: Float[np.ndarray, "row"],
    target: Float[np.ndarray, "row"],
    calibrate: Bool[np.ndarray, "row"],
    deviation: Float[np.ndarray, "row"] | None = None,
) -> tuple[Float[np.ndarray, "row"], Float[np.ndarray, "row"]]:
    """Lower and upper end of a 90 % interval for the target of a new visit, in the outcome's unit (Lei et al., JASA 2018).

    Half the width is the ceil(0.9 (n + 1))-th smallest absolute error of the n rows in `calibrate` with a known target:
    a new row that is exchangeable with them lies within with probability 0.9 or more. It is one width for everybody, so
    that the promise is for the average visit, not for each kind of patient; and visits of one patient are alike, so that
    it rests on fewer than n. With the `deviation` that a predictor states for each row, errors and width are in units of
    it: locally weighted, a width for each patient (the same paper, section 5.2). Ends are moved outwards to the outcome's
    grid and cut to its scale, which can only take more in. NaN for probabilities, and with under 20 errors.

    Args:
        spec: the outcome, for its grid and scale.
        prediction: in the outcome's unit.
        target: observed outcome; NaN where unknown.
        calibrate: rows that nothing was learned from.
        deviation: SD that the predictor states for each row, or None.
    """
    nothing = np.full(len(prediction), np.nan)
    unit = np.ones(len(prediction)) if deviation is None else deviation
    errors = (np.abs(target - prediction) / unit)[calibrate]
    errors = np.sort(errors[np.isfinite(errors)])
    if spec.kind.is_event or len(errors) < FEWEST_ERRORS:
        return nothing, nothing
    half = unit * errors[int(np.ceil(COVERAGE * (len(errors) + 1))) - 1]
    lower, upper = ends_on_grid(spec, prediction - half, prediction + half)
    return np.clip(lower, spec.lower, spec.upper), np.clip(upper, spec.lower, spec.upper)


def ends_on_grid(
    spec: OutcomeSpec, lower: Float[np.ndarray, "row"], upper: Float[np.ndarray, "row"]
) -> tuple[Float[np.ndarray, "row"], Float[np.ndarray, "row"]]:
    """The nearest values of the outcome's grid at or below `lower` and at or above `upper`.

    Args:
        spec: the outcome.
        lower: lower ends, in its unit.
        upper: upper ends.
    """
    down = np.floor((lower - spec.lower) / spec.step + ROUNDING)
    up = np.ceil((upper - spec.lower) / spec.step - ROUNDING)
    return spec.lower + spec.step * down, spec.lower + spec.step * up
