"""Map from a REDCap project's fields and events to a cohort folder, which the user writes as TOML.

```toml
export = "export.csv"             # beside this file
form = "long"                     # a row per record and event; "wide": a row per record
record = "record_id"

[cohort]                          # keys of cohort.toml
name = "Our clinic"
licence = "internal"

[events]                          # long: event -> visit_id; wide: ending of the fields' names -> visit_id
baseline_arm_1 = "V1"
enrolment_arm_1 = ""              # no visit

[patients]                        # columns of patients.csv
sex = { field = "sex", codes = { "1" = "F", "2" = "M" } }
birth_year = { field = "dob", take = "year" }
site = { value = "Ghent" }

[visits]                          # columns of visits.csv
date = "visit_date"
pain = { field = "pain_nrs", factor = 10 }
fm = { field = "comorbidity", checkbox = "3" }
treatment = { field = "dmard", checkbox = { "1" = "MTX", "2" = "SSZ" } }

[measurements]                    # names of measurements.csv
radai = "radai_total"
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomenet.cohorts.contracts import MEASUREMENTS, PATIENTS, VISITS
from outcomenet.cohorts.faults import CohortRefused, Fault
from outcomenet.cohorts.meta import KEYS
from outcomenet.errors import did_you_mean

FORMS = ("long", "wide")
TAKES = {"year": 4, "date": 10}  # leading characters of a date or time as REDCap exports them
_TOP = ("export", "form", "record", "cohort", "events", "patients", "visits", "measurements")
_TARGETS: dict[str, tuple[str, ...]] = {
    "patients": tuple(name for name in PATIENTS.names if name != "patient_id"),
    "visits": tuple(name for name in VISITS.names if name not in ("patient_id", "visit_id")),
    "measurements": MEASUREMENTS,
}
_NEEDED = {
    "patients": [c.name for c in PATIENTS.columns if c.required and c.name != "patient_id"],
    "visits": ["date"],
}
_ENTRY = ("field", "value", "codes", "factor", "take", "checkbox")


@dataclass(frozen=True)
class Entry:
    """What one column of the cohort is made of: a constant `value`, or a `field` with at most one transformation.

    `codes` replaces codes by words, `factor` multiplies, `take` keeps the year or the day of a date, `checkbox` reads
    one box of a checkbox field as 0 or 1, or, given as code -> word, joins the words of the ticked boxes.
    """

    table: str
    column: str
    field: str = ""
    value: str | None = None
    codes: Mapping[str, str] | None = None
    factor: float | None = None
    take: str = ""
    checkbox: str | Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """Table and column as messages name it, such as "visits.pain"."""
        return f"{self.table}.{self.column}"


@dataclass(frozen=True)
class RedcapMap:
    """A checked map; `entries` has those of all tables, `events` may name visits "" that are none."""

    export: Path
    form: str
    record: str
    cohort: Mapping[str, object]
    events: Mapping[str, str]
    entries: tuple[Entry, ...]

    def of(self, table: str) -> list[Entry]:
        """The entries of one table."""
        return [entry for entry in self.entries if entry.table == table]


def read_map(path: Path) -> RedcapMap:
    """Parses and checks a map.

    Raises:
        CohortRefused: With everything that is missing, unknown or of the wrong kind.
    """
    try:
        settings = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CohortRefused([Fault(path.name, expected="a TOML file in UTF-8", remedy=f"{error}.")]) from error
    faults = [
        Fault(path.name, None, name[:40], "an unknown key", "a known key", did_you_mean(name, _TOP))
        for name in settings
        if name not in _TOP
    ]
    faults += _wrong_top(path.name, settings) + _wrong_cohort(path.name, settings.get("cohort"))
    entries = []
    for table, targets in _TARGETS.items():
        of_table, wrong = _entries(path.name, table, settings.get(table, {}), targets)
        entries += of_table
        faults += wrong
    if faults:
        raise CohortRefused(faults)
    return RedcapMap(
        path.parent / settings["export"],
        settings["form"],
        settings["record"],
        settings["cohort"],
        settings["events"],
        tuple(entries),
    )


def _wrong_top(file: str, settings: Mapping[str, object]) -> list[Fault]:
    """Keys outside the tables that are missing or of the wrong kind."""
    kinds = {
        "export": (lambda v: isinstance(v, str) and v, "the name of the exported CSV file"),
        "form": (lambda v: v in FORMS, "long (a row per record and event) or wide (a row per record)"),
        "record": (lambda v: isinstance(v, str) and v, "the field that names a record, often record_id"),
        "events": (
            lambda v: isinstance(v, dict) and v and all(isinstance(visit, str) for visit in v.values()),
            'a table of events with their visit_id, "" for an event that is no visit',
        ),
    }
    return [
        Fault(file, None, name, "none" if name not in settings else "something else", expected, "Add or correct it.")
        for name, (accept, expected) in kinds.items()
        if not accept(settings.get(name))
    ]


def _wrong_cohort(file: str, cohort: object) -> list[Fault]:
    """Keys that [cohort] lacks or should not have; the kinds of its values are checked with cohort.toml."""
    cohort = cohort if isinstance(cohort, dict) else {}
    faults = [
        Fault(file, None, f"cohort.{name}", "none", "this entry", f"It says {key.meaning}.")
        for name, key in KEYS.items()
        if key.required and name not in cohort
    ]
    faults += [
        Fault(file, None, f"cohort.{name[:40]}", "an unknown key", "a key of cohort.toml", did_you_mean(name, KEYS))
        for name in cohort
        if name not in KEYS
    ]
    return faults


def _entries(
    file: str, table: str, entries_of_table: object, targets: tuple[str, ...]
) -> tuple[list[Entry], list[Fault]]:
    """The entries of one table, and a fault for each that is missing, of an unknown column or of the wrong kind."""
    mapped = entries_of_table if isinstance(entries_of_table, dict) else {}
    faults = [
        Fault(file, None, f"{table}.{name}", "none", "this entry",
              f"Name its field, for instance `{name} = \"field_name\"`, or a constant: `{name} = {{ value = \"...\" }}`.")
        for name in _NEEDED.get(table, [])
        if name not in mapped
    ]  # fmt: skip
    entries = []
    for name, entry in mapped.items():
        where = f"{table}.{name[:40]}"
        settings: dict[str, Any] = {"field": entry} if isinstance(entry, str) else entry
        if name not in targets:
            remedy = did_you_mean(name, targets)
            faults.append(Fault(file, None, where, "an unknown column", f"a column of {table}.csv", remedy))
        elif problem := _problem(settings):
            faults.append(Fault(file, None, where, "", *problem))
        else:
            entries.append(Entry(table, name, **settings))
    return entries, faults


def _problem(settings: object) -> tuple[str, str] | None:
    """(what was expected, what to do) of an entry that cannot be used."""
    if not isinstance(settings, dict):
        return "a field's name or a table with field or value", 'Write for instance { field = "pain", factor = 10 }.'
    if unknown := [key for key in settings if key not in _ENTRY]:
        return f"keys among {', '.join(_ENTRY)}, not {unknown[0][:40]}", did_you_mean(unknown[0], _ENTRY)
    if ("field" in settings) == ("value" in settings):
        return "either field or value", "Name the field to read, or give one value for all."
    if len(settings) > 2 or ("value" in settings and len(settings) > 1):
        return "at most one of codes, factor, take, checkbox, and none beside value", "Keep the one that is needed."
    kinds = {
        "field": (str, "the name of a field"), "value": (str, "text in quotation marks"),
        "codes": (dict, 'a table such as { "1" = "F" }'), "factor": ((int, float), "a number"),
        "take": (str, f"one of {', '.join(TAKES)}"), "checkbox": ((str, dict), "a code, or a table of codes with words"),
    }  # fmt: skip
    for key, value in settings.items():
        kind, expected = kinds[key]
        words = value.values() if isinstance(value, dict) else []
        if (
            not isinstance(value, kind)
            or (key == "take" and value not in TAKES)
            or not all(isinstance(word, str) for word in words)
        ):
            return f"{key} as {expected}", "Correct it."
    return None
