"""Flow of a cohort into a data set: how many of what came, how many were left out at which step, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from outcomenet.cohorts.ledger import KEPT
from outcomenet.datasets.dataset import SPLITS

FLOW = "flow.csv"
COLUMNS = ("step", "unit", "count", "excluded", "reason")
_KEY = ["step", "unit", "reason"]


@dataclass(frozen=True)
class Step:
    """One step of the flow: what is left, as (unit, count), and what was left out on the way to it, as (reason, count)."""

    title: str
    kept: Sequence[tuple[str, int]]
    excluded: Sequence[tuple[str, int]] = ()


def flow_of(
    *,
    patients: int,
    visits: pd.DataFrame,
    linked_films: int,
    cut_limbs: int,
    ledger_of_tables: pd.DataFrame,
    ledger: pd.DataFrame,
) -> list[Step]:
    """The steps of an intake, the splits last.

    Args:
        patients: In the cohort folder.
        visits: The visit table with `has_films`.
        linked_films: Films that belong to a visit.
        cut_limbs: Limbs of them that gave joints; a film of both sides has two.
        ledger_of_tables: The ledger as it stood before the first film was decoded.
        ledger: The ledger as it ended; the difference is what decoding and cutting left out.

    Returns:
        Steps for `flow_table` and `flow_diagram.flow_svg`.
    """
    early = _left_out(ledger_of_tables, "film")
    counts = ledger_of_tables.set_index(_KEY)["count"].astype(float)
    before = counts.reindex(pd.MultiIndex.from_frame(ledger[_KEY])).fillna(0.0)
    late = _left_out(ledger.assign(count=ledger["count"] - before.to_numpy(int)), "film")
    with_films = visits[visits["has_films"]]
    return [
        Step(
            "Cohort folder",
            [
                ("patients", patients),
                ("visits", len(visits)),
                ("films listed", linked_films + sum(count for _, count in early)),
            ],
        ),
        Step("Films of a visit, in a view that can be used", [("films", linked_films)], early),
        Step("Films with joints cut (a film of both sides counts twice)", [("films", cut_limbs)], late),
        Step(
            "Visits with at least one joint",
            [("visits", len(with_films)), ("patients", with_films["patient_id"].nunique())],
            _left_out(ledger, "visit"),
        ),
        *(_of_split(split, visits[visits["split"] == split]) for split in SPLITS),
    ]


def flow_table(steps: Sequence[Step]) -> pd.DataFrame:
    """A row for every number of the diagram; `excluded` is 1 where it counts what was left out, for `reason`."""
    rows = []
    for step in steps:
        rows += [(step.title, "", count, 1, reason) for reason, count in step.excluded]
        rows += [(step.title, unit, count, 0, "") for unit, count in step.kept]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def without_split_steps(flow: pd.DataFrame) -> pd.DataFrame:
    """The table of `flow_table` without the steps that are splits."""
    return flow[~flow["step"].isin([split.capitalize() for split in SPLITS])]


def _left_out(ledger: pd.DataFrame, unit: str) -> list[tuple[str, int]]:
    """(reason, count) of what was left out of a unit; what was only flagged has KEPT behind its unit."""
    assert not unit.endswith(KEPT)
    rows = ledger[(ledger["unit"] == unit) & (ledger["count"] > 0)]
    return [(str(reason), int(count)) for reason, count in zip(rows["reason"], rows["count"], strict=True)]


def _of_split(split: str, visits: pd.DataFrame) -> Step:
    return Step(
        split.capitalize(),
        [
            ("patients", int(visits["patient_id"].nunique())),
            ("visits", len(visits)),
            ("visits with films", int(visits["has_films"].sum())),
        ],
    )
