"""Codebook of a data set's tables: the meaning of each column of visits.parquet and films.parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from outcomenet.cohorts.covariates import SOURCES
from outcomenet.cohorts.meta import CohortMeta
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.planned_visits import GIVEN, NEAREST_YEAR, PLANNED, PLANNED_SOURCE
from outcomenet.datasets.visit_table import KL_COLUMNS, LABEL_SOURCES, LATER_VISIT, SVDH_COLUMNS
from outcomenet.outcomes import FUTURE_HAQ, HAQ, NEGATIVE_CONTROLS, OUTCOMES, REPORTED
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH

TEXT, NUMBER, WHOLE, BOOLEAN, DATE = "sc:Text", "cr:Float64", "sc:Integer", "sc:Boolean", "sc:Date"


@dataclass(frozen=True)
class CardField:
    """A column or feature. `data_type` is Croissant's; `shape` is that of an array, None for a single value."""

    name: str
    data_type: str
    description: str
    shape: tuple[int, ...] | None = None


def visit_fields(columns: Sequence[str], titles: Mapping[str, str] | None = None) -> tuple[CardField, ...]:
    """The fields of visits.parquet, for the columns that a data set has; all that exist are in `visit_codebook`.

    Args:
        columns: Names of the columns, in their order.
        titles: What the cohort measured, by column, where its name alone does not say (`measured_titles`).

    Returns:
        One field per column, in that order.
    """
    codebook = visit_codebook()
    measured = {name: f"{title}. {codebook[name].description}" for name, title in (titles or {}).items()}
    return tuple(
        replace(codebook[name], description=measured.get(name, codebook[name].description)) for name in columns
    )


def visit_columns(measurements: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns of visits.parquet of a cohort whose measurements.csv has these names."""
    optional = {*NEGATIVE_CONTROLS, "radai"} - set(measurements)
    return tuple(name for name in visit_codebook() if name not in optional)


def visit_codebook() -> dict[str, CardField]:
    """Every column that visits.parquet can have, by name; missing cells are NaN, or null in text."""
    return {field.name: field for field in (*_visit(), *_covariates(), *_outcomes(), *_grades())}


def _visit() -> Iterator[CardField]:
    yield CardField("patient_id", TEXT, "The patient's name in the data set.")
    yield CardField("visit_id", TEXT, "The visit's name in the data set.")
    yield CardField("date", DATE, "Day of the visit.")
    yield CardField("days", NUMBER, "Days since the patient's first visit.")
    yield CardField(
        PLANNED,
        NUMBER,
        "Number of the planned visit, 0 for the first one; missing: a visit that was not planned, or lies between.",
    )
    yield CardField(
        PLANNED_SOURCE,
        TEXT,
        f"{GIVEN}: as the cohort numbers its visits; {NEAREST_YEAR}: whole years since the patient's first visit, where a visit "
        "lies within a quarter of a year of them.",
    )
    yield CardField("split", TEXT, "train, validation or test, by a stable hash of the patient (or of the site).")
    yield CardField("site", TEXT, "The hospital.")
    yield CardField("treatment", TEXT, "Treatment at the visit, as the cohort names it; missing: not known.")
    yield CardField("source", TEXT, "What the visit came with: films, simulated crops, or no films.")
    yield CardField("device", TEXT, "Scanner of the visit's first film, where it is known.")
    yield CardField("has_films", BOOLEAN, "Whether the visit has an example with crops.")
    yield CardField(LATER_VISIT, TEXT, f"The visit a year later, where there is one. {FUTURE_HAQ.window}")
    yield CardField(
        "haq_answered",
        NUMBER,
        "Categories of the HAQ that were answered, 6 to 8; missing where only an index was given.",
    )


def _covariates() -> Iterator[CardField]:
    for name, spec in CONFOUNDERS.items():
        if name not in OUTCOMES:
            yield CardField(name, NUMBER, f"{spec.title}, {spec.unit}.")
    for name, title in NEGATIVE_CONTROLS.items():
        yield CardField(name, NUMBER, f"{title}, 0-10.")
    for name in LABEL_SOURCES:
        yield CardField(name, TEXT, f"How {name.removesuffix('_source')} was told: as given, or by which criteria.")


def _outcomes() -> Iterator[CardField]:
    for name, spec in OUTCOMES.items():
        value = f"{spec.title}, {spec.unit}, {spec.lower:g} to {spec.upper:g}; {spec.direction}. {spec.window}".strip()
        if not spec.kind.is_event:
            yield CardField(name, NUMBER, value)
        for field in spec.fields:
            if field != name:
                yield CardField(field, NUMBER, spec.field_words(field))
    yield CardField(
        "svdh_total", NUMBER, f"Sharp/van der Heijde total, 0-{SVDH.maximum}, mean over readers; higher is worse."
    )


def _grades() -> Iterator[CardField]:
    """One column per scored site; the name says side, site and feature."""
    for site, name in zip(SVDH.sites, SVDH_COLUMNS, strict=True):
        feature, maximum = site.definition.feature, site.definition.maximum
        yield CardField(name, NUMBER, f"Sharp/van der Heijde grade ({feature}), 0-{maximum}, mean over readers.")
    for site, name in zip(KELLGREN_LAWRENCE.sites, KL_COLUMNS, strict=True):
        yield CardField(name, NUMBER, f"Kellgren-Lawrence grade, 0-{site.definition.maximum}, mean over readers.")


FILM_FIELDS: dict[str, CardField] = {
    field.name: field
    for field in (
        CardField("film_id", TEXT, "The film's name in the data set."),
        CardField("patient_id", TEXT, "Whose film it is."),
        CardField("visit_id", TEXT, "The visit that the film belongs to."),
        CardField("side", TEXT, "LH, RH, LF or RF: the limb that was cut."),
        CardField("scale_mm_per_px", NUMBER, "Millimetres per pixel of the film."),
        CardField("scale_source", TEXT, "Where the scale comes from."),
        CardField("accession", TEXT, "Keyed hash of the examination's number; equal: one examination."),
        CardField("pixels", TEXT, "Keyed hash of the film's pixels; equal: the same picture."),
        CardField("alike", TEXT, "Number of a group of films whose joints look the same; empty where none does."),
    )
}


def film_fields(columns: Sequence[str]) -> tuple[CardField, ...]:
    """The fields of films.parquet, in the order of its columns."""
    return tuple(FILM_FIELDS[name] for name in columns)


def measured_titles(visits: pd.DataFrame, meta: CohortMeta) -> dict[str, str]:
    """Titles for columns of the visit table whose name alone does not say what was measured.

    Args:
        visits: the visit table; fm_source and oa_source say how each visit's label was told.
        meta: the cohort's settings.

    Returns:
        A title by column, for instance `Fibromyalgia (as given)`; columns that need none are absent.
    """
    titles = {
        **{
            spec.name: f"{spec.title} ({meta.scale_of(spec.name) or 'instrument not stated'}; {spec.lower:g}-{spec.upper:g})"
            for spec in REPORTED
        },
        HAQ.name: f"{meta.haq_version} at the visit (0-3)",
    }
    for name in ("fm", "oa"):
        sources = visits[f"{name}_source"].dropna().unique() if f"{name}_source" in visits else []
        if len(sources):
            told = "; ".join(words for source, words in SOURCES.items() if source in set(sources))
            titles[name] = f"{CONFOUNDERS[name].title} ({told})"
    return titles
