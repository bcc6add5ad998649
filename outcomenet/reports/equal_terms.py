"""Tables of the film score beside the human total at equal adjustment, and of risks before and after recalibration."""

from __future__ import annotations

import pandas as pd

from outcomenet.outcomes import outcome
from outcomenet.pages.page import Row, Table
from outcomenet.predictors import HUMAN_TOTAL, predictor
from outcomenet.reports.measures import READINGS, digits_of, measure, verdict_on
from outcomenet.reports.numbers import count, decimal, inside_sentence, interval
from outcomenet.reports.report_tables import outcome_heading
from outcomenet.reports.rows import AdjustedComparison, RecalibratedValue
from outcomenet.typed_rows import typed_rows

_CALIBRATORS = {"none": "as predicted", "platt": "Platt", "isotonic": "isotonic"}


def equal_adjustment(nested: pd.DataFrame) -> Table:
    """One row per outcome, covariate set and pair: both scores with the same covariates in the same cross-fitted
    regression of the held-out patients; in the headline measure, against the human total, where there are such rows."""
    headline = nested["metric"] == nested["outcome"].map(lambda name: outcome(str(name)).headline_metric)
    against_human = nested[headline & (nested["reference"] == HUMAN_TOTAL)]
    rows = []
    for row in typed_rows(nested if against_human.empty else against_human, AdjustedComparison):
        digits = digits_of(row.metric, row.outcome) + 1
        first, reference = predictor(row.predictor).title, predictor(row.reference).title
        cells = [
            outcome_heading(row.outcome, row.horizon),
            row.adjusted_for,
            f"{first} minus {inside_sentence(reference)}",
            f"{measure(row.metric).title} {decimal(row.difference, digits)} ({interval(row.lower, row.upper, digits)})",
            count(row.n),
            READINGS[verdict_on(row)],
        ]
        rows.append(Row(cells))
    return Table(
        "Each score in a regression with the same covariates, cross-fitted over the held-out patients.",
        ["Outcome", "Adjusted for", "Score", "Difference (95 % interval)", "n", "Reading"],
        rows,
        words=(0, 1, 2, 5),
    )


def recalibrated_risks(recalibration: pd.DataFrame) -> Table:
    """Calibration of the networks' risks as predicted and after calibrators fitted on validation patients."""
    rows = [
        Row(
            [
                predictor(row.predictor).title,
                _CALIBRATORS.get(row.calibrator, row.calibrator),
                measure(row.metric).title,
                f"{decimal(row.value, 2)} ({interval(row.lower, row.upper, 2)})",
                count(row.n),
                count(row.events),
            ]
        )
        for row in typed_rows(recalibration, RecalibratedValue)
    ]
    return Table(
        "Risks as predicted and recalibrated; discrimination does not change with a rising calibrator.",
        ["Predictor", "Calibrator", "Measure", "Value (95 % interval)", "n", "Events"],
        rows,
        words=(0, 1, 2),
    )
