"""Section of the report on the patients and where they came from: flow, Table 1, readers, ledger, films, stages."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from outcomenet.artifacts import JsonObject
from outcomenet.cohorts.ledger import KEPT
from outcomenet.films.film import FROM_CROPS, FROM_FILMS, NO_FILMS
from outcomenet.pages.page import Row, Table, flow_chart, table_of
from outcomenet.reports.examples import MOST_VISITS, example_visits
from outcomenet.reports.numbers import count, counted, decimal, listed, with_interval
from outcomenet.reports.rows import Agreement, LedgerEntry
from outcomenet.reports.run_folder import RunFolder
from outcomenet.typed_rows import typed_rows

# How the record names the ways a patient came in.
_SOURCES = {
    FROM_FILMS: "came from film files",
    FROM_CROPS: "were simulated straight to joint crops, without a film file",
    NO_FILMS: "have no films",
}


_SPLITS = {"train": "training", "validation": "choosing settings", "test": "the held-out test"}


def patient_section(folder: RunFolder) -> dict[str, object]:
    """What the template shows of the patients, as the intake wrote it, and of the record; None where it is not there."""
    flow, ledger, films = folder.flow, folder.ledger, folder.films
    # a run that divided the patients otherwise than the data set has no splits in its flow
    splits = 0 if flow is None else int(flow["step"].drop_duplicates().str.lower().isin(_SPLITS).sum())
    one = folder.table_one
    return {
        "flow": None if flow is None else flow_chart(flow, splits),
        "table_one": None if one is None or one.empty else table_one(one),
        "agreement": None if folder.agreement is None else reader_agreement(folder.agreement),
        # the section is there also where nothing was left out
        "ledger": None if ledger is None else True,
        "left_out": None if ledger is None else left_out(ledger),
        "kept": None if ledger is None else kept_with_a_note(ledger),
        "examples": [] if films is None else example_visits(folder.path, films, folder.split_of_visit),
        "example_note": _example_note(films),
        "origin": _origin(folder.data),
        "stages": stages(folder.record),
        "versions": _versions(folder.record),
        "config": _indented(folder.record.get("config")),
    }


def table_one(frame: pd.DataFrame) -> Table:
    """Table 1 as the intake wrote it, without the columns of single standardised differences but the largest."""
    differences = [column for column in map(str, frame) if column.startswith("SMD")]
    groups = [column for column in map(str, frame) if column not in ("variable", "level", *differences)]
    largest = frame[differences].apply(lambda cells: _largest(list(cells)), axis=1) if differences else None
    rows, variable = [], ""
    for position, row in enumerate(frame.to_dict("records")):
        # a variable with several levels is named at the first
        title = "" if row["variable"] == variable else row["variable"]
        variable = row["variable"]
        level = row["level"] if row["level"] != "yes" else ""
        name = f"{title or variable}: {level}" if level else title or variable
        cells = [name, *(row[group] for group in groups)]
        rows.append([*cells, largest.iloc[position]] if largest is not None else cells)
    headers = ["Variable", *(group.capitalize() for group in groups), *(["Largest SMD"] if differences else [])]
    caption = "Patients at their first visit, by split."
    if not {"train", "validation", "test"} & set(groups):
        caption = "Patients at their first visit, all together: this run divided them otherwise than the data set."
    return table_of(caption, headers, rows, words=(0,))


def _largest(cells: list[str]) -> str:
    """The largest of the differences between splits; a dash where none is defined."""
    unsigned = [cell.lstrip("-") for cell in cells]
    known = {float(cell.lstrip("<")): cell for cell in unsigned if cell.lstrip("<").replace(".", "").isdigit()}
    if known:
        return known[max(known)]
    return next((cell for cell in cells if cell), "")


def reader_agreement(frame: pd.DataFrame) -> Table | None:
    """Agreement on totals and over all sites together; None where one reader alone read."""
    shown = frame[frame["measure"].isin(_WHOLE) & frame["statistic"].isin(_AGREEMENT)]
    if shown.empty:
        return None
    rows = []
    for row in typed_rows(shown, Agreement):
        digits = 2 if "icc" in row.statistic or "kappa" in row.statistic else 1
        value = decimal(row.value, digits)
        if np.isfinite([row.lower, row.upper]).all():
            value = with_interval(row.value, row.lower, row.upper, digits)
        readings = f"{row.scheme}, {row.reading_mode}"
        rows.append([_AGREEMENT[row.statistic], row.readers, readings, value, count(row.n), row.note])
    noted = any(row[-1] for row in rows)
    return table_of(
        "Agreement of the readers, first minus second where two are compared; 95 % intervals draw patients with all their visits.",
        ["Statistic", "Readers", "Read", "Value (95 % interval)", "n", *(["Note"] if noted else [])],
        [row if noted else row[:-1] for row in rows],
        words=(0, 1, 2, 5),
    )


_WHOLE = ("total", "all sites")
_AGREEMENT = {
    "icc_a1": "ICC(2,1) of the total, absolute agreement",
    "bias": "Bias of the total",
    "lower_limit": "Lower limit of agreement",
    "upper_limit": "Upper limit of agreement",
    "kappa_quadratic": "Quadratic kappa of the grades",
}


def left_out(ledger: pd.DataFrame) -> Table | None:
    """What was left out, with its reason; None when nothing was."""
    return _ledger_table(ledger[~ledger["unit"].str.endswith(KEPT)], "Left out")


def kept_with_a_note(ledger: pd.DataFrame) -> Table | None:
    """What was kept but must be known about; None when there is nothing."""
    return _ledger_table(ledger[ledger["unit"].str.endswith(KEPT)], "Kept, but noted")


def _ledger_table(ledger: pd.DataFrame, caption: str) -> Table | None:
    if ledger.empty:
        return None
    return Table(
        f"{caption}.",
        ["Step", "What", "Reason", "Count"],
        [
            Row([row.step, row.unit.removesuffix(KEPT), row.reason, count(row.count)])
            for row in typed_rows(ledger, LedgerEntry)
        ],
        words=(0, 1, 2),
    )


def _example_note(films: pd.DataFrame | None) -> str:
    if films is None or films.empty:
        return ""
    visits = films["visit_id"].nunique()
    if visits > MOST_VISITS:
        return f"The run folder holds films of {visits} example visits; the first {MOST_VISITS} are shown."
    return f"The run folder holds films of {counted(visits, 'example visit')}."


def _origin(data: JsonObject) -> list[str]:
    """Sentences on whence the patients came and how they were divided; empty where the record says nothing."""
    sentences = []
    if "patients" in data:
        visits = f" with {counted(data['visits'], 'visit')}" if "visits" in data else ""
        sentences.append(f"The data hold {counted(data['patients'], 'patient')}{visits}.")
    sources = data.get("patients_by_source") or {}
    if sources:
        parts = [
            f"{counted(number, 'patient')} {_SOURCES.get(name, f'came as {name}')}" for name, number in sources.items()
        ]
        sentences.append(f"Of these, {listed(parts)}.")
    splits = data.get("splits") or {}
    if splits:
        parts = [f"{counted(number, 'patient')} for {_SPLITS.get(name, name)}" for name, number in splits.items()]
        sentences.append(f"They were divided by patient, all visits of a patient together: {listed(parts)}.")
    return sentences


def stages(record: JsonObject) -> Table | None:
    """How fast each stage ran and what memory it took; None where the record has no stages."""
    entries = record.get("stages") or []
    if not entries:
        return None
    return Table(
        "Speed and memory of each stage.",
        ["Stage", "Unit", "Count", "Seconds", "Per second", "Peak memory (MB)"],
        [
            Row(
                [
                    str(entry.get("stage", "")),
                    str(entry.get("unit", "")),
                    *(_number_or_dash(entry.get(key), digits) for key, digits in _STAGE_NUMBERS),
                ]
            )
            for entry in entries
        ],
        words=(0, 1),
    )


_STAGE_NUMBERS = (("count", 0), ("seconds", 1), ("rate", 1), ("peak_memory_mb", 0))


def _number_or_dash(value: float | None, digits: int) -> str:
    if value is None:
        return "\N{EN DASH}"
    return count(value) if digits == 0 else decimal(value, digits)


def _versions(record: JsonObject) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted((record.get("packages") or {}).items()))


def _indented(config: object) -> str:
    return "" if config is None else json.dumps(config, indent=2, ensure_ascii=False, default=str)
