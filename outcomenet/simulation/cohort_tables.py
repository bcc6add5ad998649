"""Tables of a simulated cohort as a hospital would export them, a chunk of patients at a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.arrays import Bool, Int, Shaped
from outcomenet.confounders import OSTEOARTHRITIS_GRADE, OSTEOARTHRITIS_JOINTS
from outcomenet.haq import HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS
from outcomenet.outcomes import DAYS_PER_YEAR
from outcomenet.scoring import KELLGREN_LAWRENCE, SENS, SVDH, scheme
from outcomenet.simulation.causal import Patients
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.readers import UNREADABLE, grade
from outcomenet.simulation.world import World

FIRST_DAY = dt.date(2015, 1, 1)
RECRUITMENT_DAYS = 1200
ITEM_LEFT_OUT = 0.06  # share of visits with one HAQ item unanswered; assumed


@dataclass(frozen=True)
class VisitPlace:
    """One visit that took place: which patient (index in the chunk and id), which visit, when, where."""

    patient: int
    visit: int
    patient_id: str
    visit_id: str
    date: dt.date
    site: str


def planned_days(world: World, noise: Exogenous) -> list[list[dt.date]]:
    """The day of every patient's every planned visit.

    Args:
        world: Years between visits.
        noise: Uniform noise of the start of follow-up and of each visit's day.

    Returns:
        Dates by patient and visit; films are taken within about three weeks of the plan.
    """
    gap = DAYS_PER_YEAR * world.visit_gap_years
    days = []
    for i, start in enumerate(noise.static["start"]):
        first = FIRST_DAY + dt.timedelta(days=int(RECRUITMENT_DAYS * start))
        off = [round(v * gap + (40 * noise.visit["day"][i, v] - 20 if v else 0)) for v in range(noise.visits)]
        days.append([first + dt.timedelta(days=day) for day in off])
    return days


def visits_that_took_place(world: World, solved: Patients, days: list[list[dt.date]]) -> list[VisitPlace]:
    """The visits before death or drop-out.

    Args:
        world: Names of the sites.
        solved: The chunk's patients.
        days: Planned dates by patient and visit.

    Returns:
        In order of patient and visit.
    """
    return [
        VisitPlace(i, v, solved.ids[i], f"V{v}", days[i][v], world.sites[solved.site[i]])
        for i in range(len(solved.ids))
        for v in np.flatnonzero(solved.present[i]).tolist()
    ]


def cohort_tables(
    world: World, noise: Exogenous, solved: Patients, days: list[list[dt.date]], places: list[VisitPlace]
) -> dict[str, pd.DataFrame]:
    """Tables of a chunk of patients, as they are written to the cohort folder.

    Args:
        world: Sites, readers and score schemes.
        noise: Uniform noise of the HAQ items that are left out.
        solved: The chunk's patients.
        days: Planned dates by patient and visit, for births, symptom onsets and events.
        places: Visits that took place.

    Returns:
        patients, visits, scores, events and measurements, keyed by file name without `.csv`.
    """
    return {
        "patients": _patients(world, solved, days),
        "visits": _visits(noise, solved, places),
        "scores": _scores(world, solved, places),
        "events": _events(solved, days),
        "measurements": _measurements(solved, places),
    }


def index_of(places: list[VisitPlace]) -> tuple[Int[np.ndarray, "place"], Int[np.ndarray, "place"]]:
    """(patient, visit) of each visit that took place, to index arrays [patient, visit, ...]."""
    return np.array([p.patient for p in places], int), np.array([p.visit for p in places], int)


def keys_of(places: list[VisitPlace]) -> dict[str, Shaped[np.ndarray, "place"]]:
    """Columns patient_id and visit_id of the visits that took place."""
    return {
        "patient_id": np.array([place.patient_id for place in places], object),
        "visit_id": np.array([place.visit_id for place in places], object),
    }


def _patients(world: World, solved: Patients, days: list[list[dt.date]]) -> pd.DataFrame:
    first = [planned[0] for planned in days]
    born = [day - dt.timedelta(days=int(DAYS_PER_YEAR * age)) for day, age in zip(first, solved.age, strict=True)]
    onset = [day - dt.timedelta(days=int(DAYS_PER_YEAR * y)) for day, y in zip(first, solved.duration, strict=True)]
    return pd.DataFrame(
        {
            "patient_id": solved.ids,
            "sex": np.where(solved.male, "M", "F"),
            "birth_year": [day.year for day in born],
            "site": np.array(world.sites, object)[solved.site],
            "symptom_onset": [day.isoformat() for day in onset],
            "rf": solved.rf.astype(int),
            "acpa": solved.acpa.astype(int),
        }
    )


def _visits(noise: Exogenous, solved: Patients, places: list[VisitPlace]) -> pd.DataFrame:
    at = index_of(places)
    items = solved.items[at].astype(object)
    missing = noise.visit["item_missing"][at]
    left_out = missing < ITEM_LEFT_OUT
    items[left_out, (missing[left_out] / ITEM_LEFT_OUT * items.shape[1]).astype(int)] = ""
    return pd.DataFrame(
        {
            **keys_of(places),
            "date": [place.date.isoformat() for place in places],
            **dict(zip(HAQ_ITEM_COLUMNS, items.T, strict=True)),
            **dict(zip(HAQ_AID_COLUMNS, solved.aids[at].astype(int).T, strict=True)),
            **{name: np.rint(symptom.points[at]).astype(int) for name, symptom in solved.symptoms.items()},
            "das28": np.round(solved.das28[at], 2),
            "crp": np.round(solved.crp[at], 1),
            "fm": solved.fibromyalgia[at[0]].astype(int),
            "oa": hand_osteoarthritis(solved)[at].astype(int),
            "treatment": np.where(solved.treatment[at[0]], "advanced", "conventional"),
        }
    )


def hand_osteoarthritis(solved: Patients) -> Bool[np.ndarray, "patient visit"]:
    """Radiographic hand osteoarthritis by the first reader's Kellgren-Lawrence grades, see `confounders.OSTEOARTHRITIS_GRADE`."""
    grades = grade(KELLGREN_LAWRENCE.name, solved.perceived, solved.joints)[:, :, 0]
    hand = np.array([site.side.region == "hand" for site in KELLGREN_LAWRENCE.sites])
    return (grades[..., hand] >= OSTEOARTHRITIS_GRADE).sum(-1) >= OSTEOARTHRITIS_JOINTS


def _scores(world: World, solved: Patients, places: list[VisitPlace]) -> pd.DataFrame:
    at, keys, frames = index_of(places), keys_of(places), []
    for name in world.schemes:
        sites = scheme(name).sites
        grades = _grades(name, solved)
        columns = [np.array(column, object) for column in zip(*(site.key for site in sites), strict=True)]
        # osteoarthritis is graded by one reader
        for r, reader in enumerate(world.readers[:1] if name == KELLGREN_LAWRENCE.name else world.readers):
            exported = grades[at[0], at[1], r].ravel()
            frames.append(
                pd.DataFrame(
                    {
                        **{key: np.repeat(values, len(sites)) for key, values in keys.items()},
                        "reader": reader,
                        "reading_mode": world.reading_mode,
                        "scheme": name,
                        **dict(
                            zip(
                                ("side", "site", "feature"),
                                (np.tile(column, len(places)) for column in columns),
                                strict=True,
                            )
                        ),
                        "score": pd.array(np.where(exported == UNREADABLE, 0, exported), dtype="Int64"),
                    }
                )
            )
            frames[-1].loc[exported == UNREADABLE, "score"] = pd.NA
    return pd.concat(frames, ignore_index=True)


def _grades(name: str, solved: Patients) -> Int[np.ndarray, "patient visit reader site"]:
    """Grades as exported; SENS follows from SvdH also where that moves by itself."""
    if name == SVDH.name:
        return solved.svdh
    if name == SENS.name:
        return np.where(solved.svdh == UNREADABLE, UNREADABLE, np.minimum(solved.svdh, 1))
    return grade(name, solved.perceived, solved.joints)


def _events(solved: Patients, days: list[list[dt.date]]) -> pd.DataFrame:
    rows = []
    for i, patient in enumerate(solved.ids):
        for v in range(1, solved.present.shape[1]):
            date = days[i][v].isoformat()
            if solved.died[i, v]:
                rows.append((patient, date, "death"))
            elif not solved.present[i, v] and solved.present[i, v - 1]:
                rows.append((patient, date, "lost"))
            if solved.surgery[i, v]:
                rows.append((patient, date, "joint_surgery"))
    return pd.DataFrame(rows, columns=["patient_id", "date", "event"])


def _measurements(solved: Patients, places: list[VisitPlace]) -> pd.DataFrame:
    """The two negative controls, in long form."""
    at, keys = index_of(places), keys_of(places)
    controls = {"control_site": solved.control_site[at], "control_none": solved.control_none[at]}
    frames = [pd.DataFrame({**keys, "name": name, "value": np.round(v, 3)}) for name, v in controls.items()]
    return pd.concat(frames, ignore_index=True)
