"""Table of the responsiveness of film measures and the human score on the same pairs of films."""

from __future__ import annotations

import pandas as pd

from outcomenet.outcomes import OUTCOMES
from outcomenet.pages.tables import Row, Table
from outcomenet.predictors import predictor
from outcomenet.reports.numbers import count, with_interval
from outcomenet.reports.rows import PairStatistic
from outcomenet.typed_rows import typed_rows

_DIFFERENCE = "_difference"


def seen_change(responsiveness: pd.DataFrame) -> Table:
    """One row per measure and statistic; beside it the difference to the human change on the same pairs."""
    frame = responsiveness.fillna({"against": ""})
    differences = frame[frame["statistic"].str.endswith(_DIFFERENCE)]
    keyed = {
        (row.measure, row.statistic.removesuffix(_DIFFERENCE), row.against): row
        for row in typed_rows(differences, PairStatistic)
    }
    rows = []
    for row in typed_rows(frame[~frame["statistic"].str.endswith(_DIFFERENCE)], PairStatistic):
        other = keyed.get((row.measure, row.statistic, row.against))
        rows.append(
            Row(
                [
                    _measure(row.measure),
                    _statistic(row.statistic, row.against),
                    with_interval(row.value, row.lower, row.upper, 2),
                    "" if other is None else with_interval(other.value, other.lower, other.upper, 2),
                    count(row.n),
                ]
            )
        )
    return Table(
        "How well each measure's yearly change is seen on the held-out pairs of films. The standardised response mean is "
        "mean over SD of the change: further from 0 means fewer patients in a trial.",
        ["Measure", "Statistic", "Value (95 % interval)", "Minus human change (95 % interval)", "n"],
        rows,
        words=(0, 1),
    )


def _measure(name: str) -> str:
    """`direct_adjusted (haq_change)` is the film's change as the network trained on that outcome gives it."""
    measured_by, _, outcome = name.removesuffix(")").partition(" (")
    return f"{predictor(measured_by).title}, for {OUTCOMES[outcome].title}" if outcome else "Change of the human total"


def _statistic(name: str, against: str) -> str:
    if name == "srm":
        return "Standardised response mean"
    title = OUTCOMES[against].title if against in OUTCOMES else against
    return f"Rank correlation with {title}"
