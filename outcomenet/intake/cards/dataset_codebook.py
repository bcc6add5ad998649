"""Codebook of a data set (codebook.csv): every column of the tables that a statistician takes, as the cohort measured it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from outcomenet.codebooks import CODEBOOK, WORSE, YES_NO, ColumnWords, codebook_rows
from outcomenet.confounders import CONFOUNDERS
from outcomenet.csv_files import write_csv
from outcomenet.intake.account.follow_up_table import FOLLOW_UP_WORDS
from outcomenet.intake.cards.codebook import CardField, visit_fields
from outcomenet.outcomes import NEGATIVE_CONTROLS, OUTCOMES
from outcomenet.scoring import SVDH

SVDH_UNITS = "SvdH units"
_UNITS = {"days": "days", "planned_visit": "number", "haq_answered": "categories", "svdh_total": SVDH_UNITS}
_READINGS = {
    "patient_id": ColumnWords("The patient's name in the data set"),
    "visit_id": ColumnWords("The visit's name in the data set"),
    "reader": ColumnWords("Who read the films"),
    "total": ColumnWords(
        f"Sharp/van der Heijde total of this reader, 0-{SVDH.maximum}; empty: sites missing", SVDH_UNITS, WORSE
    ),
    "complete": ColumnWords("Whether every site was graded"),
}


def write_dataset_codebook(
    folder: Path, visits: pd.DataFrame, follow_up: pd.DataFrame, titles: Mapping[str, str]
) -> None:
    """Writes codebook.csv of visits.parquet, follow_up.csv and readings.csv.

    Args:
        folder: The data set.
        visits: Its visit table.
        follow_up: Its follow-up table.
        titles: What the cohort measured, by column (`codebook.measured_titles`).
    """
    of_visits = visit_words(list(map(str, visits)), titles)
    tables = (
        ("visits", list(of_visits), of_visits),
        ("follow_up", list(map(str, follow_up)), of_visits | FOLLOW_UP_WORDS),
        ("readings", list(_READINGS), _READINGS),
    )
    write_csv(pd.concat([codebook_rows(*table) for table in tables]), folder / CODEBOOK)


def visit_words(columns: Sequence[str], titles: Mapping[str, str] | None = None) -> dict[str, ColumnWords]:
    """The words of columns of the visit table.

    Args:
        columns: Those that a data set has.
        titles: What the cohort measured, by column, where a name does not say.
    """
    return {
        field.name: ColumnWords(_meaning(field), *_unit_and_direction(field.name), values=_values(field.name))
        for field in visit_fields(columns, titles)
    }


def _meaning(field: CardField) -> str:
    """The card's description; of a covariate without its unit, which has a column of its own."""
    unit = CONFOUNDERS[field.name].unit if field.name in CONFOUNDERS else None
    return field.description.removesuffix(f", {unit}.").removesuffix(".")


def _unit_and_direction(column: str) -> tuple[str, str]:
    if column in OUTCOMES:
        return OUTCOMES[column].unit, OUTCOMES[column].direction
    if column in CONFOUNDERS:
        spec = CONFOUNDERS[column]
        return ("" if spec.binary else spec.unit), ""
    if column in NEGATIVE_CONTROLS:
        return "0-10", ""
    if column.startswith(("svdh_", "kl_")) and column not in _UNITS:
        return "grade", WORSE
    return _UNITS.get(column, ""), WORSE if column == "svdh_total" else ""


def _values(column: str) -> Mapping[int, str] | None:
    return YES_NO if column in CONFOUNDERS and CONFOUNDERS[column].binary else None
