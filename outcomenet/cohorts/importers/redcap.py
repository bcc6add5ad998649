"""Importer of a REDCap export, long or wide, by a map that the user writes (`redcap_map`): events become visits.

Seen in REDCap's and its client libraries' documentation: `redcap_event_name`, `redcap_repeat_instrument` and
`redcap_repeat_instance` beside the record's field in a long export, and checkbox fields as `field___code` with 0 and 1
(raw) or Unchecked and Checked (labels). REDCap itself exports projects with events in the long form; the wide form is
read as made from it (`field.event`, `field_event`) or as a project without events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.csv_text import read_csv_text
from outcomenet.cohorts.faults import CohortRefused, Fault
from outcomenet.cohorts.importers.data_set_card import DataSetCard, SourceFile, files_absent
from outcomenet.cohorts.importers.redcap_cells import CellParser, field_columns
from outcomenet.cohorts.importers.redcap_map import RedcapMap, read_map
from outcomenet.cohorts.importers.writing import left_out, write_cohort_folder
from outcomenet.errors import did_you_mean

MAP = "redcap.toml"
EVENT, REPEAT = "redcap_event_name", "redcap_repeat_instrument"
TABLES = ("patients", "visits", "measurements")

CARD = DataSetCard(
    deidentified=False,
    name="redcap",
    title="REDCap export",
    url="https://projectredcap.org",
    licence="As [cohort] in the map says",
    citation="Harris PA, et al. J Biomed Inform 2009;42:377-381 (REDCap)",
    access=(
        "In REDCap, export the data as CSV with raw values, without repeating instruments.",
        f"Write a map {MAP} beside the export that says which field is which column; docs/intake/importers.md shows one.",
        "Films and scores are added to the cohort folder as films.csv and scores.csv afterwards.",
    ),
    files=(SourceFile(MAP, "the map"), SourceFile("*.csv", "the export that the map names")),
    description="Whatever the project holds.",
    answers="What the project's fields answer.",
    cannot_answer="Nothing that no field was kept for.",
    dates="As exported.",
    unverified="Made from the documentation of REDCap and of its client libraries; no real project was read.",
    source_is="MAP",
)


def import_redcap(source: Path, out_folder: Path) -> Path:
    """Writes the cohort folder of the export that a map names.

    Args:
        source: The map: a TOML file, or the folder with redcap.toml.
        out_folder: Cohort folder to write.

    Returns:
        `out_folder`.

    Raises:
        UsageError: Files are absent, or another folder is there.
        CohortRefused: With every fault of the map and the export.
    """
    path = source / MAP if source.is_dir() else source
    if not path.is_file():
        raise files_absent(CARD, source, CARD.files)
    project = read_map(path)
    if not project.export.is_file():
        raise files_absent(CARD, path.parent, [SourceFile(project.export.name, "the export that the map names")])
    text, faults = read_csv_text(project.export)
    if text is None:
        raise CohortRefused(faults)
    faults += _wrong_header(path.name, project, text)
    if not faults:  # events stand in columns that the header must have
        faults = _wrong_events(path.name, project, text)
    if faults:
        raise CohortRefused(faults)
    cells = CellParser(project.export.name)
    tables, empty = _tables(project, text, cells)
    if cells.faults:
        raise CohortRefused(cells.faults)
    notes = left_out(empty, "visits of which no mapped field was filled")
    if any(entry.checkbox is not None for entry in project.entries) and not any(
        "_complete" in str(name) for name in text
    ):
        notes.append(
            "The export has no ..._complete fields: a form with boxes may never have been opened where they are 0."
        )
    notes += left_out(cells.unopened, "boxes of forms that were never opened, which are not known")
    description = " ".join([str(project.cohort.get("description", "")), *notes]).strip()
    settings = dict(project.cohort) | ({"description": description} if description else {})
    return write_cohort_folder(out_folder, settings, {f"{name}.csv": table for name, table in tables.items()})


def _wrong_header(file: str, project: RedcapMap, text: pd.DataFrame) -> list[Fault]:
    """Fields of the map that the export does not have, and what a long export must have."""
    faults = []
    if project.record not in text:
        faults.append(Fault(file, None, "record", repr(project.record), "a column of the export",
                            did_you_mean(project.record, text.columns)))  # fmt: skip
    if project.form == "long" and EVENT not in text:
        faults.append(Fault(project.export.name, 1, EVENT, "none", "this column in a long export",
                            'Set form = "wide"; a project without events has the one ending "" = "V1".'))  # fmt: skip
    endings = list(project.events) if project.form == "wide" else [""]
    for entry in project.entries:
        possible = [""] if entry.table == "patients" else endings
        if not entry.field or any(field_columns(entry, ending, text.columns) for ending in possible):
            continue
        sought = f"{entry.field}{possible[0]}" + ("___<code>" if entry.checkbox is not None else "")
        faults.append(Fault(file, None, entry.name, repr(sought), "a field of the export",
                            did_you_mean(entry.field, text.columns)))  # fmt: skip
    return faults


def _wrong_events(file: str, project: RedcapMap, text: pd.DataFrame) -> list[Fault]:
    """Events without an entry, entries without an event, repeated rows; in a wide export, endings without a date."""
    if project.form == "wide":
        date = next(entry for entry in project.of("visits") if entry.column == "date")
        faults = [
            Fault(file, None, f"events.{ending}", repr(f"{date.field}{ending}"), "the date's field with this ending",
                  did_you_mean(f"{date.field}{ending}", text.columns))
            for ending in project.events
            if date.field and not field_columns(date, ending, text.columns)
        ]  # fmt: skip
        return faults + _repeated(project, text, [project.record])
    seen = list(text[EVENT].dropna().unique())
    faults = [
        Fault(file, None, f"events.{event}", "none", "an entry for every event of the export",
              f'Add `{event} = "V1"` with its visit_id, or `{event} = ""` where it is no visit.')
        for event in seen
        if event not in project.events
    ]  # fmt: skip
    faults += [
        Fault(file, None, f"events.{event}", "an event that the export does not have", "one that it has",
              did_you_mean(event, seen))
        for event in project.events
        if event not in seen
    ]  # fmt: skip
    if REPEAT in text and (repeats := text.index[text[REPEAT].notna()]).any():
        return [*faults, Fault(project.export.name, int(repeats[0]), REPEAT, f"{len(repeats)} rows of repeats",
                               "one row per record and event", "Export without the repeating instruments.")]  # fmt: skip
    return faults + _repeated(project, text, [project.record, EVENT])


def _repeated(project: RedcapMap, text: pd.DataFrame, key: list[str]) -> list[Fault]:
    """Rows that do not say whose they are, or say it again."""
    name = " and ".join(key)
    unnamed = text[key].isna().any(axis=1)
    again = text.duplicated(key) & ~unnamed
    return [
        Fault(project.export.name, int(row), name, value, "a row for each of its own", remedy)
        for rows, value, remedy in (
            (unnamed, "an empty cell", "Fill it in or remove the row."),
            (again, "the same as in a row above", "Remove one, or correct form in the map."),
        )
        for row in text.index[rows]
    ]


def _tables(project: RedcapMap, text: pd.DataFrame, cells: CellParser) -> tuple[dict[str, pd.DataFrame], int]:
    """The tables of the cohort folder, and how many visits were empty and are left out."""
    patients = [
        {"patient_id": record} | {entry.column: cells.same_everywhere(entry, rows) for entry in project.of("patients")}
        for record, rows in text.groupby(project.record, sort=False)
    ]
    visits, measurements, empty = [], [], 0
    for record, visit, ending, row, values in _visits(project, text):
        parsed = {
            table: {entry.column: cells.parse(entry, values, ending, row) for entry in project.of(table)}
            for table in TABLES[1:]
        }
        if not any(
            parsed[entry.table][entry.column] for entry in project.entries if entry.field and entry.table in parsed
        ):
            empty += 1
            continue
        key = {"patient_id": record, "visit_id": visit}
        visits.append(key | parsed["visits"])
        measured = {name: value for name, value in parsed["measurements"].items() if value is not None}
        measurements += [key | {"name": name, "value": value} for name, value in measured.items()]
    tables = {"patients": pd.DataFrame(patients), "visits": pd.DataFrame(visits)}
    if measurements:
        tables["measurements"] = pd.DataFrame(measurements)
    return tables, empty


def _visits(project: RedcapMap, text: pd.DataFrame) -> Iterator[tuple[str, str, str, int, Mapping[str, str | None]]]:
    """Record, visit_id, ending of the fields' names, line number and cells of every visit."""
    for row, cells in zip(text.index, text.to_numpy(), strict=True):
        values = dict(zip(text.columns, cells, strict=True))
        if project.form == "long":
            events = [(project.events[values[EVENT]], "")] if values[EVENT] else []
        else:
            events = [(visit, ending) for ending, visit in project.events.items()]
        for visit, ending in events:
            if visit:
                yield values[project.record], visit, ending, int(row), values
