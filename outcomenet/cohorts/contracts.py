"""What each table of a cohort folder must hold: the columns as data, and the faults of a table that breaks them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from outcomenet.anatomy import Region, Side, View
from outcomenet.cohorts.cells import CellRule, Choice, Date, Flag, HaqIndex, Number, Text, accepted, typed
from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.cohorts.faults import Fault, printable, rows_in_words
from outcomenet.confounders import CONFOUNDERS
from outcomenet.errors import did_you_mean, nearest
from outcomenet.outcomes import HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS, NEGATIVE_CONTROLS
from outcomenet.scoring import SCHEMES


@dataclass(frozen=True)
class Column:
    """A column: `required` in the header, `filled` where no cell may be empty."""

    name: str
    rule: CellRule
    required: bool = False
    filled: bool = False


@dataclass(frozen=True)
class Table:
    """A file's contract. `key` columns together name a row and may not repeat; `together` columns come all or none."""

    file: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    together: tuple[str, ...] = ()
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def empty(self) -> pd.DataFrame:
        """The table without rows, typed."""
        return pd.DataFrame({column.name: pd.Series([], dtype=column.rule.dtype) for column in self.columns})


def read_table(path: Path, table: Table) -> tuple[pd.DataFrame, list[Fault]]:
    """A typed table, with every contract column and line numbers as index, and all faults of the file.

    A cell with a fault reads as missing, so that the rules across files can still be checked on the rest.
    """
    text, faults = read_csv_text(path)
    if text is None:
        return table.empty(), faults
    known, header_faults = _known_columns(text, table)
    faults = faults + header_faults + _cell_faults(known, table) + _repeated_keys(known, table)
    if text.empty and table.required and not faults:
        faults = [Fault(table.file, None, "", "none", "at least one row below the header", "Export the rows too.")]
    columns = {
        column.name: typed(known[column.name], column.rule)
        if column.name in known
        else pd.Series(None, index=known.index, dtype=column.rule.dtype)
        for column in table.columns
    }
    return pd.DataFrame(columns, index=known.index), sorted(faults, key=lambda fault: fault.row or 0)


def absent_table(table: Table) -> tuple[pd.DataFrame, list[Fault]]:
    """As `read_table` for a file that is not there: no rows, and a fault if the file is required."""
    fault = Fault(table.file, None, "", "none", "this file", "Add it to the folder; it is required.")
    return table.empty(), [fault] if table.required else []


def _known_columns(text: pd.DataFrame, table: Table) -> tuple[pd.DataFrame, list[Fault]]:
    """The columns that the contract knows, and a fault for each unknown or missing one; a misspelling gives one."""
    unknown = [name for name in text.columns if name not in table.names]
    missing = [column.name for column in table.columns if column.required and column.name not in text.columns]
    faults = []
    for name in unknown:
        meant = nearest(name, missing, count=1) or nearest(name, [n for n in table.names if n not in text.columns], 1)
        remedy = f"Did you mean {meant[0]}?" if meant else did_you_mean(name, table.names)
        if meant and meant[0] in missing:
            missing.remove(meant[0])
        faults.append(Fault(table.file, 1, name[:40], "an unknown column", "a column of this table", remedy))
    for name in missing:
        faults.append(Fault(table.file, 1, name, "none", "this column", "Add it; it is required."))
    lacking = [name for name in table.together if name not in text.columns]
    if lacking and len(lacking) < len(table.together):
        shown = ", ".join(lacking[:6]) + (", ..." if len(lacking) > 6 else "")
        expected = f"all {len(table.together)} columns {table.together[0]} to {table.together[-1]}, or none"
        faults.append(Fault(table.file, 1, "", f"none called {shown}", expected, "Add them, empty where not asked."))
    return text[[name for name in text.columns if name in table.names]], faults


def _cell_faults(text: pd.DataFrame, table: Table) -> list[Fault]:
    """Faults of single cells, found by one lazy pandera validation."""
    columns = {column.name: column for column in table.columns if column.name in text}
    schema = pa.DataFrameSchema(
        {
            name: pa.Column(
                object,
                pa.Check(partial(accepted, rule=column.rule), name="rule", ignore_na=False),
                nullable=not column.filled,
            )
            for name, column in columns.items()
        }
    )
    try:
        schema.validate(text, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    faults = []
    for case in cases.itertuples():
        name, row = str(case.column), int(case.index)
        rule = columns[name].rule
        if case.check == "not_nullable":
            faults.append(Fault(table.file, row, name, "an empty cell", rule.expected, "Fill it in or remove the row."))
        else:
            cell = text.at[row, name]
            remedy = rule.remedy(cell) + ("" if columns[name].filled else " An empty cell means not known.")
            faults.append(Fault(table.file, row, name, printable(name, cell), rule.expected, remedy))
    return faults


def _repeated_keys(text: pd.DataFrame, table: Table) -> list[Fault]:
    """One fault for every key that more than one row has, naming all of its rows.

    An empty cell in a column that may be empty is part of the key; one that may not has a fault of its own.
    """
    filled = [column.name for column in table.columns if column.filled and column.name in table.key]
    if any(name not in text for name in filled):
        return []
    keys = [name for name in table.key if name in text]
    named = text.dropna(subset=filled)
    known = named[keys].fillna("")
    repeated = named[known.duplicated(keep=False)]
    return [
        Fault(
            table.file,
            int(group.index[-1]),
            ", ".join(keys),
            f"the same in {rows_in_words(group.index)}",
            "a row of its own for each",
            "Remove the repeated row or correct its name.",
        )
        for _, group in repeated.groupby([known.loc[repeated.index, name] for name in keys], sort=False)
    ]


_DAYS = Date()
_SEX_HINTS = {"male": "M", "man": "M", "female": "F", "woman": "F", "w": "F", "u": "unknown", "o": "other"}
_READING_MODES = ("single", "paired", "chronological")
_EVENTS = ("death", "joint_surgery", "lost")
# What a status column of another program says instead. A patient without an event has no row here.
_NO_EVENT = (
    "Remove the row: a patient to whom nothing happened has none, and is censored at the last film. Write lost where the "
    "day is known on which the patient left."
)
_EVENT_ADVICE = {
    **dict.fromkeys(("censored", "0", "alive", "none", "no", "ongoing"), _NO_EVENT),
    **dict.fromkeys(
        ("1", "yes", "status", "event"),
        "Write what happened (death, joint_surgery or lost): a 0/1 status does not say which event it was.",
    ),
    "progression": "Remove the row: progression is found from the scores, between two films.",
}
# Age, sex and HAQ come from patients.csv and visits.csv and are never given a second time.
MEASUREMENTS = (*(name for name in CONFOUNDERS if name not in ("age", "male", "haq")), *NEGATIVE_CONTROLS)
# What a measurement of each name may be; a covariate that is not listed is any number.
MEASUREMENT_RULES: dict[str, CellRule] = {
    **{name: Flag() for name, spec in CONFOUNDERS.items() if spec.binary},
    "das28": Number(0, 10),
    "crp": Number(0, unit="mg/L"),
    "radai": Number(0, 10),
    "duration": Number(0, 100, "years"),
    **{name: Number(0, 10) for name in NEGATIVE_CONTROLS},
}


def _identifier(name: str) -> Column:
    return Column(name, Text(), required=True, filled=True)


def _filled(name: str, rule: CellRule) -> Column:
    return Column(name, rule, required=True, filled=True)


PATIENTS = Table(
    "patients.csv",
    (
        _identifier("patient_id"),
        _filled("sex", Choice(("F", "M", "other", "unknown"), _SEX_HINTS)),
        _filled("birth_year", Number(1900, datetime.date.today().year, whole=True)),
        _filled("site", Text()),
        Column("symptom_onset", _DAYS),
        Column("rf", Flag()),
        Column("acpa", Flag()),
    ),
    key=("patient_id",),
    required=True,
)
VISITS = Table(
    "visits.csv",
    (
        _identifier("patient_id"),
        _identifier("visit_id"),
        _filled("date", _DAYS),
        Column("haq_di", HaqIndex()),
        *(Column(name, Number(0, 3, whole=True)) for name in HAQ_ITEM_COLUMNS),
        *(Column(name, Flag()) for name in HAQ_AID_COLUMNS),
        Column("pain", Number(0, 100, "mm")),
        Column("das28", Number(0, 10)),
        Column("crp", Number(0, unit="mg/L")),
        Column("fm", Flag()),
        Column("wpi", Number(0, 19, whole=True)),
        Column("sss", Number(0, 12, whole=True)),
        Column("pain_regions", Number(0, 5, whole=True)),
        Column("symptom_months", Number(0, 1200)),
        Column("oa", Flag()),
        Column("treatment", Text()),
    ),
    key=("patient_id", "visit_id"),
    together=(*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS),
    required=True,
)
FILMS = Table(
    "films.csv",
    (
        _identifier("film_id"),
        _identifier("patient_id"),
        _filled("date", _DAYS),
        _filled("region", Choice(tuple(map(str, Region)), {"hands": "hand", "feet": "foot", "wrist": "hand"})),
        _filled("side", Choice(("L", "R", "both"), {"left": "L", "right": "R", "lh": "L", "rh": "R", "b": "both"})),
        _filled("view", Choice(tuple(map(str, View)), {"ap": "PA (hand) or DP (foot)", "lat": "lateral"})),
        _identifier("path"),
        Column("site", Text()),
        Column("device", Text()),
        Column("pixel_spacing_mm", Number(0.01, 1, "mm")),
    ),
    key=("film_id",),
)
LANDMARKS = Table(
    "landmarks.csv",
    (
        _identifier("film_id"),
        _filled("landmark", Text()),
        _filled("x_px", Number(0, unit="pixels")),
        _filled("y_px", Number(0, unit="pixels")),
        # as `outcomenet localize` writes them; films.csv has the last word on side and region
        Column("side", Choice(("L", "R"), {"left": "L", "right": "R"})),
        Column("region", Choice(tuple(map(str, Region)), {})),
        Column("error_px", Number(0, unit="pixels")),
        Column("error_mm", Number(0, unit="mm")),
        Column("certainty", Number(0, 1)),
    ),
    key=("film_id", "landmark"),
)
SCORES = Table(
    "scores.csv",
    (
        _identifier("patient_id"),
        _identifier("visit_id"),
        _filled("reader", Text()),
        _filled("reading_mode", Choice(_READING_MODES, {"chrono": "chronological", "pair": "paired"})),
        _filled("scheme", Choice(tuple(SCHEMES), {"shs": "svdh", "sharp": "svdh", "kl": "kellgren_lawrence"})),
        _filled("side", Choice(tuple(map(str, Side)))),
        _filled("site", Text()),
        _filled("feature", Text()),
        # an empty cell is a site that could not be read
        Column("score", Number(0, 10, whole=True), required=True),
    ),
    key=("patient_id", "visit_id", "reader", "reading_mode", "scheme", "side", "site", "feature"),
)
EVENTS = Table(
    "events.csv",
    (
        _identifier("patient_id"),
        _filled("date", _DAYS),
        _filled(
            "event",
            Choice(
                _EVENTS,
                {
                    "surgery": "joint_surgery",
                    "dead": "death",
                    "died": "death",
                    "deceased": "death",
                    "withdrawn": "lost",
                    "withdrew": "lost",
                    "dropout": "lost",
                    "prosthesis": "joint_surgery",
                    "arthroplasty": "joint_surgery",
                },
                _EVENT_ADVICE,
            ),
        ),
        # an addition to the fixed format: which joint was operated on
        Column("side", Choice(tuple(map(str, Side)))),
        Column("site", Text()),
    ),
    key=("patient_id", "date", "event", "side", "site"),
)
# An addition to the fixed format: further covariates and negative controls of a visit, in long form.
MEASUREMENTS_TABLE = Table(
    "measurements.csv",
    (
        _identifier("patient_id"),
        _identifier("visit_id"),
        _filled("name", Choice(MEASUREMENTS)),
        _filled("value", Number(0)),
    ),
    key=("patient_id", "visit_id", "name"),
)
TABLES: Sequence[Table] = (PATIENTS, VISITS, FILMS, LANDMARKS, SCORES, EVENTS, MEASUREMENTS_TABLE)
