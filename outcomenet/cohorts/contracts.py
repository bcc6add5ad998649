"""Contracts of the tables of a cohort folder: their columns, keys and cell rules as data."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from outcomenet.anatomy import Region, Side, View
from outcomenet.cohorts.cells import CellRule, Choice, Date, Flag, HaqIndex, Number, Text
from outcomenet.cohorts.column_advice import (
    EVENT_COLUMNS,
    EVENT_WORDS,
    FILM_COLUMNS,
    PATIENT_COLUMNS,
    SCORE_COLUMNS,
    VISIT_COLUMNS,
)
from outcomenet.cohorts.table_parsing import Column, TableContract, absent_table, read_table
from outcomenet.confounders import CONFOUNDERS
from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS
from outcomenet.outcomes import NEGATIVE_CONTROLS, REPORTED
from outcomenet.scoring import SCHEMES

__all__ = [
    "DURATION", "EVENTS", "FILMS", "LANDMARKS", "MEASUREMENTS", "MEASUREMENTS_TABLE", "MEASUREMENT_RULES", "PATIENTS", "SCORES",
    "TABLES", "VISITS", "Column", "TableContract", "absent_table", "read_table",
]  # fmt: skip

_DAYS = Date()
_SEX_HINTS = {"male": "M", "man": "M", "female": "F", "woman": "F", "w": "F", "u": "unknown", "o": "other"}
_READING_MODES = ("single", "paired", "chronological")
_EVENTS = ("death", "joint_surgery", "lost")
# DAS28 (Prevoo, Arthritis Rheum 1995) is 9.6 with 28 tender and swollen joints, an ESR of 200 mm/h and global health 100.
_DAS28 = Number(0, 10, above="A decimal point may be lost (32 for 3.2), or the sum behind the score was exported.")
_CRP = Number(0, unit="mg/L")
DURATION = Number(0, 100, "years", above="In months, divide by 12; in days, by 365.25.")
_FOUR_DIGITS = "Write all four digits of the year; an age is none."
_CENTIMETRES = "In centimetres, multiply by 10; in metres, by 1,000."
_MICROMETRES = "In micrometres, divide by 1,000; a number of pixels per inch (dpi) is 25.4 over the spacing."
_TOTALS = "This table holds the grade of one site; leave totals out, they are summed from the sites."
# Age, sex and HAQ come from patients.csv and visits.csv and are never given a second time.
MEASUREMENTS = (*(name for name in CONFOUNDERS if name not in ("age", "male", "haq")), *NEGATIVE_CONTROLS)
# What a measurement of each name may be; a covariate that is not listed is any number.
MEASUREMENT_RULES: dict[str, CellRule] = {
    **{name: Flag() for name, spec in CONFOUNDERS.items() if spec.binary},
    "das28": _DAS28,
    "crp": _CRP,
    "radai": Number(0, 10),
    "duration": DURATION,
    **{name: Number(0, 10) for name in NEGATIVE_CONTROLS},
}


def _identifier(name: str) -> Column:
    return Column(name, Text(), required=True, filled=True)


def _filled(name: str, rule: CellRule) -> Column:
    return Column(name, rule, required=True, filled=True)


PATIENTS = TableContract(
    "patients.csv",
    (
        _identifier("patient_id"),
        _filled("sex", Choice(("F", "M", "other", "unknown"), _SEX_HINTS)),
        _filled("birth_year", Number(1900, datetime.date.today().year, whole=True, below=_FOUR_DIGITS)),
        _filled("site", Text()),
        Column("symptom_onset", _DAYS),
        Column("rf", Flag()),
        Column("acpa", Flag()),
    ),
    key=("patient_id",),
    required=True,
    advice=PATIENT_COLUMNS,
)
VISITS = TableContract(
    "visits.csv",
    (
        _identifier("patient_id"),
        _identifier("visit_id"),
        _filled("date", _DAYS),
        Column("haq_di", HaqIndex()),
        *(Column(name, Number(0, 3, whole=True)) for name in HAQ_ITEM_COLUMNS),
        *(Column(name, Flag()) for name in HAQ_AID_COLUMNS),
        *(Column(spec.name, Number(spec.lower, spec.upper)) for spec in REPORTED),
        Column("das28", _DAS28),
        Column("crp", _CRP),
        Column("fm", Flag()),
        Column("wpi", Number(0, 19, whole=True)),
        Column("sss", Number(0, 12, whole=True)),
        Column("pain_regions", Number(0, 5, whole=True)),
        Column("symptom_months", Number(0, 1200, above="In days, divide by 30.4.")),
        Column("oa", Flag()),
        Column("treatment", Text()),
        # an addition to the fixed format: 0 for the first planned visit; empty for one that was not planned
        Column("planned_visit", Number(0, 1000, whole=True)),
    ),
    key=("patient_id", "visit_id"),
    together=(*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS),
    required=True,
    advice=VISIT_COLUMNS,
)
FILMS = TableContract(
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
        Column("pixel_spacing_mm", Number(0.01, 1, "mm", below=_CENTIMETRES, above=_MICROMETRES)),
    ),
    key=("film_id",),
    advice=FILM_COLUMNS,
)
LANDMARKS = TableContract(
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
SCORES = TableContract(
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
        Column("score", Number(0, 10, whole=True, above=_TOTALS), required=True),
    ),
    key=("patient_id", "visit_id", "reader", "reading_mode", "scheme", "side", "site", "feature"),
    advice=SCORE_COLUMNS,
)
EVENTS = TableContract(
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
                EVENT_WORDS,
            ),
        ),
        # an addition to the fixed format: which joint was operated on
        Column("side", Choice(tuple(map(str, Side)))),
        Column("site", Text()),
    ),
    key=("patient_id", "date", "event", "side", "site"),
    advice=EVENT_COLUMNS,
)
# An addition to the fixed format: further covariates and negative controls of a visit, in long form.
MEASUREMENTS_TABLE = TableContract(
    "measurements.csv",
    (
        _identifier("patient_id"),
        _identifier("visit_id"),
        _filled("name", Choice(MEASUREMENTS)),
        _filled("value", Number(0)),
    ),
    key=("patient_id", "visit_id", "name"),
)
# In the order in which faults are reported: what others refer to comes first.
TABLES: Sequence[TableContract] = (PATIENTS, VISITS, FILMS, LANDMARKS, SCORES, EVENTS, MEASUREMENTS_TABLE)
