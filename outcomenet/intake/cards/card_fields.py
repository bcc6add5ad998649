"""Record sets of a card: examples with their features, tables of a cohort folder with their rules."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outcomenet.cohorts.cells import CellRule, Date, Flag, HaqIndex, Number, Text
from outcomenet.cohorts.contracts import EVENTS, SCORES, TABLES
from outcomenet.datasets.visit_example import FIELDS, ExampleShape
from outcomenet.intake.cards.codebook import DATE, NUMBER, TEXT, WHOLE, CardField, visit_codebook

# Croissant's names of numpy's types
ARRAY_TYPES = {"uint8": "cr:UInt8", "uint16": "cr:UInt16", "int8": "cr:Int8", "float32": "cr:Float32"}
# what the columns of free text name; `site` is a hospital, but in scores.csv and events.csv a joint
JOINT_SITE = "Joint, as the scheme names it."
TEXT_COLUMNS = {
    "patient_id": "The patient's name in the export.",
    "visit_id": "The visit's name in the export.",
    "film_id": "The film's name in the export.",
    "site": "Hospital.",
    "treatment": "Treatment at the visit.",
    "path": "The film's file, relative to the folder.",
    "device": "Scanner.",
    "landmark": "Landmark.",
    "reader": "Who read the film.",
    "feature": "What was graded: erosion, jsn, kl and so on.",
}


@dataclass(frozen=True)
class CardTable:
    """Records that all have the same fields. `source` is the @id of the file or file set that holds them."""

    name: str
    description: str
    source: str
    fields: tuple[CardField, ...]
    key: tuple[str, ...] = ()
    columns: bool = True  # whether each field is a column of the source; else the source's records hold them all


def example_fields(*, crop_size: int, covariates: Sequence[str], readers: int) -> tuple[CardField, ...]:
    """The features of one example, types and shapes as `visit_example.FIELDS` declares them.

    Args:
        crop_size: Pixels a side.
        covariates: Names, in the order in which the examples hold them.
        readers: Number of readers of SvdH; 0 where nobody graded the films.

    Returns:
        One field per feature.
    """
    shape, codebook = ExampleShape(crop_size, len(covariates), max(readers, 1)), visit_codebook()
    return tuple(
        CardField(
            name,
            ARRAY_TYPES.get(field.dtype, TEXT),
            field.meaning.format(covariates=", ".join(covariates)) or codebook[name].description,
            shape.of(field) or None,
        )
        for name, field in FIELDS.items()
    )


def cohort_tables(
    columns: Mapping[str, Sequence[str]], sources: Mapping[str, str] | None = None
) -> tuple[CardTable, ...]:
    """The tables of a cohort folder, with types, ranges and units of the table contracts.

    Args:
        columns: The columns that each file has; files that it does not name have no table.
        sources: Where a column comes from, by "file: column".

    Returns:
        One record set per file.
    """
    tables = []
    for table in TABLES:
        if table.file not in columns:
            continue
        rules = {column.name: column for column in table.columns}
        fields = []
        for name in columns[table.file]:
            meaning = _meaning(table.file, name, rules[name].rule) + (
                "" if rules[name].filled else " Empty: not known."
            )
            origin = (sources or {}).get(f"{table.file}: {name}", "")
            fields.append(CardField(name, type_of_rule(rules[name].rule), f"{meaning} {origin}".strip()))
        key = tuple(name for name in table.key if name in columns[table.file])
        name = f"cohort/{table.file.removesuffix('.csv')}"
        description = f"{table.file} of the cohort folder."
        tables.append(CardTable(name, description, table.file, tuple(fields), key))
    return tuple(tables)


def type_of_rule(rule: CellRule) -> str:
    """Croissant's type of the cells that a rule allows."""
    if isinstance(rule, Date):
        return DATE
    if isinstance(rule, Flag) or (isinstance(rule, Number) and rule.whole):
        return WHOLE
    return NUMBER if isinstance(rule, Number | HaqIndex) else TEXT


def _meaning(file: str, name: str, rule: CellRule) -> str:
    """What a column holds: for text who or what is named, else the rule of its cells."""
    if isinstance(rule, Text):
        return JOINT_SITE if name == "site" and file in (SCORES.file, EVENTS.file) else TEXT_COLUMNS[name]
    expected = rule.expected
    if name == "birth_year":  # its rule ends in the year in which it is read; a card must not change with the calendar
        expected = expected.replace(str(datetime.date.today().year), "the year of the export")
    return f"{expected[0].upper()}{expected[1:]}."
