"""One population with one outcome: what all models of a section share, fitted to a table or to imputed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from outcomenet.biomarkers.clustered_fits import METHODS, MIXED, ROBUST
from outcomenet.biomarkers.design_matrix import (
    Population,
    as_numbers,
    check_rows,
    coded,
    complete_rows,
    is_factor,
    standard_deviations,
    typed,
)
from outcomenet.biomarkers.imputation import imputed_tables
from outcomenet.biomarkers.linear_fit import Fit, Term
from outcomenet.biomarkers.pooling import pool
from outcomenet.errors import UndefinedMetric

Design = Callable[[pd.DataFrame], pd.DataFrame]
POPULATIONS = ("complete", "imputed")


@dataclass(frozen=True)
class Study:
    """Tables of one population: one of complete rows, or several in which the gaps of covariates are imputed."""

    section: str
    outcome: str
    scores: tuple[str, ...]
    tables: tuple[pd.DataFrame, ...]
    population: Population
    deviations: Mapping[str, float]
    titles: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    level: float = 0.95

    @property
    def main_method(self) -> str:
        """The mixed model, or the cluster-robust line where no patient has two rows."""
        return MIXED if self.population.patients.duplicated().any() else ROBUST

    @property
    def how(self) -> str:
        """What the method of a row says beside the model."""
        return f"; {len(self.tables)} imputed tables, Rubin's rules" if len(self.tables) > 1 else ""

    def title(self, name: str) -> str:
        """A column in words.

        Args:
            name: Of the column.
        """
        return self.titles.get(name, name)

    def standardised(self, table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        """Scores in their SD over the population, the same in every model and subgroup.

        Args:
            table: One of the tables.
            names: Scores.
        """
        return pd.DataFrame({name: as_numbers(table, name) / self.deviations[name] for name in names})

    def design(self, scores: Sequence[str], covariates: Iterable[str]) -> Design:
        """Standardised scores beside coded covariates.

        Args:
            scores: Whose slopes are wanted.
            covariates: Adjusted for.
        """
        others = [name for name in covariates if name not in scores]
        return lambda table: pd.concat([self.standardised(table, scores), coded(table, others)], axis=1)

    def fit(self, method: str, design: Design, outcome: str | None = None) -> Fit:
        """A model of the outcome, pooled over the tables.

        Args:
            method: One of `METHODS`.
            design: Makes the columns of a table's model.
            outcome: Another outcome than the study's.

        Raises:
            UndefinedMetric: The model has no solution on these rows.
        """
        name = outcome or self.outcome
        patients = self.population.patients.to_numpy()
        with threadpool_limits(1):  # small products, for each of which waking other threads takes longer than it saves
            return pool(
                [
                    METHODS[method](as_numbers(table, name).to_numpy(float), design(table), patients)
                    for table in self.tables
                ]
            )

    def row(self, numbers: Term | None = None, /, **entries: object) -> dict[str, object]:
        """A row of the estimates: counts, outcome, unit and level filled in, the method with its imputation.

        Args:
            numbers: Estimate, interval and p; None for a row without a number.
            **entries: Further columns, which go before what is filled in.
        """
        values = dict(numbers._asdict(), level=self.level) if numbers else {}
        filled = {"section": self.section, "outcome": self.outcome, "unit": self.unit, "note": self.population.note}
        row: dict[str, object] = {**filled, **self.population.counts, **values, **entries}
        if row.get("method"):
            row["method"] = f"{row['method']}{self.how}"
        return row


def study(
    table: pd.DataFrame,
    *,
    section: str,
    scores: Sequence[str],
    outcome: str,
    covariates: Iterable[str],
    patient: str,
    visit: str | None = None,
    population: str = "complete",
    imputations: int = 20,
    auxiliary: Sequence[str] = (),
    titles: Mapping[str, str] | None = None,
    unit: str = "",
    level: float = 0.95,
    seed: int = 0,
) -> Study:
    """Checks the columns and settles the population on which all models of a section are fitted.

    Args:
        table: One row per patient and visit.
        section: Of the estimates.
        scores: Number columns whose slopes are wanted.
        outcome: Number column.
        covariates: All columns that any model adjusts for.
        patient: Column of the patient.
        visit: Column of the visit; None where there is none.
        population: "complete": rows without a gap in any column; "imputed": rows with the outcome and all scores, gaps of
            covariates imputed. Outcomes and scores are never imputed: such rows would say nothing of a slope (von Hippel,
            Sociol Methodol 2007;37:83).
        imputations: Number of imputed tables.
        auxiliary: Columns that only help to impute.
        titles: Words for columns.
        unit: Of the outcome.
        level: Of the intervals.
        seed: Of the imputation.

    Raises:
        UndefinedMetric: See `complete_rows`; or an outcome or score is no number.
    """
    if population not in POPULATIONS:
        raise UndefinedMetric(f"population is 'complete' or 'imputed', not {population!r}.")
    covariates = list(covariates)
    numeric = list(dict.fromkeys([outcome, *scores]))
    columns = list(dict.fromkeys([*numeric, *covariates]))
    if outcome in {*scores, *covariates, *auxiliary}:
        raise UndefinedMetric(f"Column {outcome!r} is the outcome and a score or covariate too: leave it out there.")
    check_rows(table, [*columns, *auxiliary], patient=patient, visit=visit)
    for name in numeric:
        if is_factor(table, name):
            raise UndefinedMetric(f"Column {name!r} is text, but an outcome or a score is a number: give its numbers.")
    table = typed(table, [*columns, *auxiliary])
    if population == "complete":
        rows = complete_rows(table, columns, patient=patient)
        tables = [rows.table]
    else:
        rows, tables = _imputed(table, numeric, [*columns, *auxiliary], patient, imputations, seed)
    return Study(
        section, outcome, tuple(scores), tuple(tables), rows, standard_deviations(rows.table, list(scores)), titles or {},
        unit, level,
    )  # fmt: skip


def _imputed(
    table: pd.DataFrame, numeric: Sequence[str], columns: Sequence[str], patient: str, imputations: int, seed: int
) -> tuple[Population, list[pd.DataFrame]]:
    rows = complete_rows(table, numeric, patient=patient)
    columns = list(dict.fromkeys(columns))
    check_rows(rows.table, columns, patient=patient)
    tables = imputed_tables(rows.table, columns, patient=patient, tables=imputations, seed=seed)
    gaps = {name: int(rows.table[name].isna().sum()) for name in columns}
    filled = ", ".join(f"{name} in {count} of {len(rows.table)} rows" for name, count in gaps.items() if count)
    note = "; ".join(part for part in (rows.note, filled and f"imputed: {filled}") if part)
    return Population(rows.table, patient, note), tables


def attempted(fit: Callable[[], Fit]) -> Fit | str:
    """A fit, or the sentence that says why there is none.

    Args:
        fit: Makes the fit.
    """
    try:
        result = fit()
    except UndefinedMetric as error:
        return str(error)
    except np.linalg.LinAlgError:
        return "The model has no solution on these rows: a covariate is given by others."
    return result if np.isfinite(result.covariance).all() else "The model has no finite standard error on these rows."
