"""Covariates of each visit (age, sex, duration, function and the confounders), derived from all tables together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomenet.anatomy import OSTEOARTHRITIS_HAND_JOINTS, Side
from outcomenet.cohorts.haq_of_visits import haq_of_visits
from outcomenet.cohorts.ledger import Ledger
from outcomenet.confounders import (
    CONFOUNDERS,
    OSTEOARTHRITIS_GRADE,
    OSTEOARTHRITIS_JOINTS,
    OSTEOPHYTE_GRADE,
    fibromyalgia_acr2016,
)
from outcomenet.outcomes import DAYS_PER_YEAR, NEGATIVE_CONTROLS
from outcomenet.scoring import KELLGREN_LAWRENCE, OSTEOPHYTES, Scheme

_ACR2016 = ["wpi", "sss", "pain_regions", "symptom_months"]
# Sources of a label: as the columns fm_source and oa_source write them, and as the ledger says them.
SOURCES = {
    "given": "as given",
    "acr2016": "by ACR 2016 from its components",
    "kellgren_lawrence": "by Kellgren-Lawrence grades of joints",
    "osteophytes": "by osteophytes of joints",
    "measurements.csv": "as given in measurements.csv",
}
_HANDS = (str(Side.LEFT_HAND), str(Side.RIGHT_HAND))


def visits_with_covariates(tables: Mapping[str, pd.DataFrame], use_aids: bool, ledger: Ledger) -> pd.DataFrame:
    """Derives the covariates of each visit.

    Args:
        tables: Typed tables by file name.
        use_aids: Whether aids and help raise a HAQ category.
        ledger: Takes notes of labels that disagree and of visits without HAQ or duration.

    Returns:
        visits.csv with further columns, NaN where a value is not known; nothing is filled in. age (years at the visit, counted
        from the middle of the birth year), male (0/1), duration (years since symptom_onset), site, rf, acpa, haq, haq_answered,
        haq_grid and a column per HAQ category (`haq_of_visits`), fm and fm_source, oa and oa_source (a key of `SOURCES`, or
        None), and a column for each name in measurements.csv.
    """
    visits = tables["visits.csv"]
    patients = tables["patients.csv"].set_index("patient_id")
    of_visit = {name: visits["patient_id"].map(patients[name]) for name in patients.columns}
    derived = visits.assign(
        age=age_at(visits["date"], of_visit["birth_year"]),
        male=of_visit["sex"].map({"M": 1.0, "F": 0.0}).astype(float),
        duration=_duration(visits, of_visit["symptom_onset"], ledger),
        site=of_visit["site"],
        rf=of_visit["rf"],
        acpa=of_visit["acpa"],
    )
    derived = derived.join(haq_of_visits(visits, use_aids, ledger))
    measured = _measurements(tables["measurements.csv"], visits)
    fm_stated, oa_stated = (_stated(name, visits, measured) for name in ("fm", "oa"))
    derived["fm"], derived["fm_source"] = _fibromyalgia(visits, fm_stated, ledger)
    derived["oa"], derived["oa_source"] = _osteoarthritis(visits, oa_stated, tables["scores.csv"], ledger)
    derived = derived.assign(
        # a value of visits.csv or patients.csv stands before one of measurements.csv; no visit has both
        **{
            name: derived[name].combine_first(values) if name in derived else values
            for name, values in measured.items()
        }
    )
    for name, title in (("fm", "fibromyalgia"), ("oa", "osteoarthritis")):
        for source, rows in derived.groupby(f"{name}_source")["visit_id"]:
            ledger.flag("visits", "visit", f"{title}: {SOURCES[str(source)]}", len(rows))
    return derived


def age_at(date: pd.Series, birth_year: pd.Series) -> pd.Series:
    """Ages at given dates, of people whose year of birth alone is known.

    Args:
        date: A day in each row.
        birth_year: Year of birth in each row.

    Returns:
        Years from the middle of the birth year; at most half a year wrong. NaN where one of the two is missing.
    """
    # day of the year as a fraction, so that an age does not jump at New Year
    return date.dt.year + (date.dt.dayofyear - 1) / DAYS_PER_YEAR - (birth_year + 0.5)


def _duration(visits: pd.DataFrame, onset: pd.Series, ledger: Ledger) -> pd.Series:
    """Years since symptom onset; missing before it, since a visit without symptoms has no duration."""
    duration = (visits["date"] - onset).dt.days / DAYS_PER_YEAR
    before = duration < 0
    ledger.flag("visits", "visit", "before symptom onset: no duration", visits.loc[before, "visit_id"])
    return duration.mask(before)


Flags = dict[str, pd.Series]  # 0, 1 or NaN for each visit, by source


def _stated(name: str, visits: pd.DataFrame, measured: Mapping[str, pd.Series]) -> Flags:
    """A flag as the cohort's files state it; no visit has it from both."""
    stated = {"given": visits[name]}
    return stated | {"measurements.csv": measured[name]} if name in measured else stated


def _fibromyalgia(visits: pd.DataFrame, stated: Flags, ledger: Ledger) -> tuple[pd.Series, pd.Series]:
    """The stated flag, else the ACR 2016 criteria where all four parts are there."""
    complete = visits[_ACR2016].notna().all(axis=1)
    criteria = pd.Series(np.nan, index=visits.index)
    parts = visits.loc[complete, _ACR2016].to_numpy()
    criteria[complete] = np.array([fibromyalgia_acr2016(*row) for row in parts], float)
    _flag_disagreement(visits, stated, criteria, "fm as given is not what ACR 2016 gives", ledger)
    return _first_known(stated | {"acr2016": criteria})


def _osteoarthritis(
    visits: pd.DataFrame, stated: Flags, scores: pd.DataFrame, ledger: Ledger
) -> tuple[pd.Series, pd.Series]:
    """The stated flag, else from joints: Kellgren-Lawrence grade 2 or more, else an osteophyte, in two or more joints of
    both hands together."""
    graded = {
        "kellgren_lawrence": _affected(visits, scores, KELLGREN_LAWRENCE, OSTEOARTHRITIS_GRADE),
        "osteophytes": _affected(visits, scores, OSTEOPHYTES, OSTEOPHYTE_GRADE),
    }
    joints, _ = _first_known(graded)
    _flag_disagreement(visits, stated, joints, "oa as given is not what the graded joints give", ledger)
    return _first_known(stated | graded)


def _flag_disagreement(visits: pd.DataFrame, stated: Flags, derived: pd.Series, reason: str, ledger: Ledger) -> None:
    """Counts the visits whose stated flag is kept although the parts that it is made of say otherwise."""
    flag, _ = _first_known(stated)
    disagree = flag.notna() & derived.notna() & (flag != derived)
    ledger.flag("visits", "visit", reason, visits.loc[disagree, "visit_id"])


def _affected(visits: pd.DataFrame, scores: pd.DataFrame, scheme: Scheme, grade: int) -> pd.Series:
    """1 where two or more joints reach the grade, 0 where they cannot, NaN where that is not known.

    Readers' grades are averaged per joint first. 0 needs so many graded joints that those without a grade could not
    make it 1.
    """
    graded = scores[
        (scores["scheme"] == scheme.name)
        & scores["side"].isin(_HANDS)
        & scores["site"].isin(OSTEOARTHRITIS_HAND_JOINTS)
    ]
    joints = graded.groupby(["patient_id", "visit_id", "side", "site"])["score"].mean().dropna()
    by_visit = joints.groupby(level=["patient_id", "visit_id"])
    affected = (joints >= grade).groupby(level=["patient_id", "visit_id"]).sum()
    unknown = len(_HANDS) * len(OSTEOARTHRITIS_HAND_JOINTS) - by_visit.size()  # joints without a grade
    label = pd.Series(np.nan, index=affected.index)
    label[affected >= OSTEOARTHRITIS_JOINTS] = 1.0
    label[affected + unknown < OSTEOARTHRITIS_JOINTS] = 0.0
    keys = pd.MultiIndex.from_frame(visits[["patient_id", "visit_id"]])
    return pd.Series(label.reindex(keys).to_numpy(float), index=visits.index)


def _first_known(values: Mapping[str, pd.Series]) -> tuple[pd.Series, pd.Series]:
    """Value and source of the first series that knows each row; (NaN, None) where none does."""
    value = pd.Series(np.nan, index=next(iter(values.values())).index)
    source = pd.Series(None, index=value.index, dtype=object)
    for name, series in values.items():
        fresh = value.isna() & series.notna()
        value[fresh], source[fresh] = series[fresh], name
    return value, source


def _measurements(measurements: pd.DataFrame, visits: pd.DataFrame) -> dict[str, pd.Series]:
    """measurements.csv as a column per covariate or negative control that it names, in the visits' order."""
    wide = measurements.pivot(index=["patient_id", "visit_id"], columns="name", values="value")
    keys = pd.MultiIndex.from_frame(visits[["patient_id", "visit_id"]])
    return {
        name: pd.Series(wide[name].reindex(keys).to_numpy(float), index=visits.index)
        for name in (*CONFOUNDERS, *NEGATIVE_CONTROLS)
        if name in wide
    }
