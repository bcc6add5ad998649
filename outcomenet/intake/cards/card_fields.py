"""Record sets of a card: examples with their features, tables of a cohort folder with their rules."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.cohorts.cells import CellRule, Date, Flag, HaqIndex, Number, Text
from outcomenet.cohorts.contracts import EVENTS, SCORES, TABLES
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
    """The features of one example, types and shapes as `visits.visit_features` declares them.

    Args:
        crop_size: Pixels a side.
        covariates: Names, in the order in which the examples hold them.
        readers: Number of readers of SvdH; 0 where nobody graded the films.

    Returns:
        One field per feature.
    """
    from outcomenet.datasets.visits import visit_features

    features = visit_features(crop_size=crop_size, covariates=len(covariates), readers=max(readers, 1))
    meanings = _meanings_of_features(covariates)
    fields = []
    for name, feature in features.items():
        type_name = getattr(feature.np_dtype, "__name__", "")
        data_type = ARRAY_TYPES.get(type_name, TEXT)
        shape: tuple[int, ...] = feature.shape  # pyright: ignore[reportAssignmentType]  # TFDS declares it an object
        fields.append(CardField(name, data_type, meanings[name], tuple(shape) or None))
    return tuple(fields)


def _meanings_of_features(covariates: Sequence[str]) -> dict[str, str]:
    codebook = visit_codebook()
    return {name: field.description for name, field in codebook.items()} | {
        "crops": f"Crops of the {JOINT_COUNT} joints in canonical order, distal end up, thumb or big toe on the right; "
        "[joint, height, width], 0 where the joint is not there.",
        "present": "1 where the joint is on a film.",
        "covariates": f"In this order: {', '.join(covariates)}. NaN: not known.",
        "svdh": "Sharp/van der Heijde grades, [reader, site]; -1: not read.",
        "kellgren_lawrence": "Kellgren-Lawrence grades by site, mean over readers, rounded; -1: not read.",
    }


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
