"""The simulated cohort's tables, row by row, as a hospital would export them, and the truth beside them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit

from outcomenet.anatomy import JOINTS
from outcomenet.confounders import OSTEOARTHRITIS_GRADE, OSTEOARTHRITIS_JOINTS
from outcomenet.outcomes import DAYS_PER_YEAR, HAQ_AID_COLUMNS, HAQ_ITEM_COLUMNS
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH
from outcomenet.simulation.causal import Patients, expected_haq
from outcomenet.simulation.exogenous import Exogenous
from outcomenet.simulation.readers import read_kellgren_lawrence, read_svdh
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.world import World

FIRST_DAY = dt.date(2015, 1, 1)
RECRUITMENT_DAYS = 1200
Row = dict[str, Any]


@dataclass(frozen=True)
class VisitPlace:
    """One visit that took place: which patient (index in the chunk and id), which visit, when, where."""

    patient: int
    visit: int
    patient_id: str
    visit_id: str
    date: dt.date
    site: str


@dataclass
class Tables:
    """Rows of every file of the cohort folder; keys are file names without `.csv`."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))


def patient_identifier(index: int) -> str:
    """`P00007`: the patient's number in the world, so that more patients leave the first ones unchanged."""
    return f"P{index + 1:05d}"


def write_rows(world: World, noise: Exogenous, solved: Patients, first: int, tables: Tables) -> list[VisitPlace]:
    """Appends the rows of a chunk of patients (the first has index `first`); returns the visits that took place."""
    svdh, kl = read_svdh(world, solved.joints, noise), read_kellgren_lawrence(solved.joints, noise)
    haq_expected = expected_haq(world, _explained(solved, world))
    places = []
    for i in range(len(solved.male)):
        dates = _visit_dates(world, noise, i)
        tables.rows["patients"].append(_patient_row(world, noise, solved, i, first, dates[0]))
        for v, date in enumerate(dates):
            place = VisitPlace(i, v, patient_identifier(first + i), f"V{v}", date, world.sites[solved.site[i]])
            if v and solved.died[i, v]:
                tables.rows["events"].append(_event(place, "death"))
            elif v and not solved.present[i, v] and solved.present[i, v - 1]:
                tables.rows["events"].append(_event(place, "lost"))
            if not solved.present[i, v]:
                continue
            if solved.surgery[i, v]:
                tables.rows["events"].append(_event(place, "joint_surgery"))
            places.append(place)
            tables.rows["visits"].append(_visit_row(noise, solved, kl, place))
            tables.rows["scores"] += _score_rows(world, svdh, kl, place)
            tables.rows["truth/visits"].append(_truth_row(solved, haq_expected, place))
            tables.rows["truth/joints"] += _joint_rows(solved.joints, place)
    return places


def _explained(solved: Patients, world: World) -> np.ndarray:
    parts = (
        solved.damage_part, solved.activity_part, solved.oa_part, solved.fibromyalgia_part, solved.covariate_part
    )  # fmt: skip
    return world.disability_level + sum(parts)


def _visit_dates(world: World, noise: Exogenous, i: int) -> list[dt.date]:
    start = FIRST_DAY + dt.timedelta(days=int(RECRUITMENT_DAYS * noise.static["start"][i]))
    gap = DAYS_PER_YEAR * world.visit_gap_years
    # films are taken within about three weeks of the planned day
    return [
        start + dt.timedelta(days=round(v * gap + (40 * noise.visit["day"][i, v] - 20 if v else 0)))
        for v in range(noise.visits)
    ]


def _patient_row(world: World, noise: Exogenous, solved: Patients, i: int, first: int, start: dt.date) -> Row:
    born = start - dt.timedelta(days=int(DAYS_PER_YEAR * solved.age[i]))
    onset = start - dt.timedelta(days=int(DAYS_PER_YEAR * solved.duration[i]))
    return {
        "patient_id": patient_identifier(first + i),
        "sex": "M" if solved.male[i] else "F",
        "birth_year": born.year,
        "site": world.sites[solved.site[i]],
        "symptom_onset": onset.isoformat(),
        "rf": int(solved.rf[i]),
        "acpa": int(solved.acpa[i]),
    }


def _visit_row(noise: Exogenous, solved: Patients, kl: np.ndarray, place: VisitPlace) -> Row:
    i, v = place.patient, place.visit
    items: list[int | str] = [int(answer) for answer in solved.items[i, v]]
    missing = noise.visit["item_missing"][i, v]
    if missing < 0.06:  # one visit in seventeen leaves an item out
        items[int(missing / 0.06 * len(items))] = ""
    activity = solved.activity[i, v]
    fm = bool(solved.fibromyalgia[i])
    das28 = 3.3 + 1.0 * activity + 0.7 * fm + 0.4 * noise.visit["das28"][i, v]
    crp = np.exp(1.6 + 0.7 * activity + 0.6 * noise.visit["crp"][i, v])
    hand = np.array([site.side.region == "hand" for site in KELLGREN_LAWRENCE.sites])
    oa = (kl[i, v][hand] >= OSTEOARTHRITIS_GRADE).sum() >= OSTEOARTHRITIS_JOINTS
    return {
        "patient_id": place.patient_id,
        "visit_id": place.visit_id,
        "date": place.date.isoformat(),
        **dict(zip(HAQ_ITEM_COLUMNS, items, strict=True)),
        **{name: int(aid) for name, aid in zip(HAQ_AID_COLUMNS, solved.aids[i, v], strict=True)},
        "pain": int(np.round(100 * expit(solved.pain_logit[i, v]))),
        "das28": round(float(np.clip(das28, 0.5, 9.0)), 2),
        "crp": round(float(np.clip(crp, 0.2, 250.0)), 1),
        "fm": int(fm),
        "oa": int(oa),
        "treatment": "advanced" if solved.treatment[i] else "conventional",
    }


def _score_rows(world: World, svdh: np.ndarray, kl: np.ndarray, place: VisitPlace) -> list[Row]:
    def row(reader: str, scheme: str, key: tuple[str, str, str], score: int) -> Row:
        side, site, feature = key
        return {
            "patient_id": place.patient_id, "visit_id": place.visit_id, "reader": reader,
            "reading_mode": "chronological", "scheme": scheme, "side": side, "site": site, "feature": feature,
            "score": score,
        }  # fmt: skip

    i, v = place.patient, place.visit
    rows = [
        row(reader, SVDH.name, site.key, int(svdh[i, v, r, s]))
        for r, reader in enumerate(world.readers)
        for s, site in enumerate(SVDH.sites)
    ]
    sites = KELLGREN_LAWRENCE.sites
    return rows + [
        row(world.readers[0], KELLGREN_LAWRENCE.name, site.key, int(kl[i, v, s])) for s, site in enumerate(sites)
    ]


def _truth_row(solved: Patients, haq_expected: np.ndarray, place: VisitPlace) -> Row:
    at = place.patient, place.visit
    return {
        "patient_id": place.patient_id,
        "visit_id": place.visit_id,
        "expected_haq": round(float(haq_expected[at]), 5),
        "expected_pain": round(float(100 * expit(solved.expected_pain_logit[at])), 4),
        "ra_part": round(float(solved.damage_part[at]), 5),
        "activity_part": round(float(solved.activity_part[at]), 5),
        "oa_part": round(float(solved.oa_part[at]), 5),
        "fm_part": round(float(solved.fibromyalgia_part[at]), 5),
        "covariate_part": round(float(solved.covariate_part[at]), 5),
    }


def _joint_rows(joints: JointStates, place: VisitPlace) -> list[Row]:
    states = {name: getattr(joints, name)[place.patient, place.visit] for name in JointStates._fields}
    return [
        {
            "patient_id": place.patient_id,
            "visit_id": place.visit_id,
            "side": str(joint.side),
            "site": joint.site,
            **{name: round(float(values[j]), 4) for name, values in states.items()},
        }
        for j, joint in enumerate(JOINTS)
    ]


def _event(place: VisitPlace, event: str) -> Row:
    return {"patient_id": place.patient_id, "date": place.date.isoformat(), "event": event}
