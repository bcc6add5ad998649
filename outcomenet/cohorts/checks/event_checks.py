"""Checks of events: one death, no visit after leaving, no grade of a joint that was replaced."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from outcomenet.anatomy import Region, Side, joints_of
from outcomenet.cohorts.faults import Fault, printable, rows_in_words
from outcomenet.cohorts.ledger import Ledger
from outcomenet.errors import did_you_mean
from outcomenet.scoring import SCHEMES, Combination

Tables = Mapping[str, pd.DataFrame]
_JOINT = ["patient_id", "side", "site"]


def impossible_events(tables: Tables) -> list[Fault]:
    """Faults of events.csv, and of visits, films and grades that cannot stand beside it."""
    return [*_only_once(tables), *_seen_after_leaving(tables), *_grades_after_surgery(tables), *_joints(tables)]


def count_grades_after_surgery(tables: Tables, ledger: Ledger) -> None:
    """Notes grades of films after an operation whose joint events.csv does not name: the score may have lost a site.

    Args:
        tables: Typed tables by file name, with line numbers as index.
        ledger: Takes the number of these grades; they are kept.
    """
    events = tables["events.csv"]
    unknown = events[(events["event"] == "joint_surgery") & events["site"].isna()]
    first = unknown.groupby("patient_id")["date"].min()
    graded = _graded(tables)
    after = graded["date"] > graded["patient_id"].map(first)
    ledger.flag("scores", "grade", "after a joint operation of which the joint is not known", int(after.sum()))


def _only_once(tables: Tables) -> list[Fault]:
    """Nobody dies twice; nobody is lost twice either, since who came back in between was not lost."""
    events = tables["events.csv"].dropna(subset=["patient_id", "date"])
    return [
        Fault("events.csv", int(rows.index[-1]), "event", f"several ({rows_in_words(rows.index)})", f"one {name} per patient",
              "Keep the right one.", rule)
        for event, name, rule in (("death", "death", "several_deaths"), ("lost", "loss to follow-up", "several_losses"))
        for _, rows in events[events["event"] == event].groupby("patient_id", sort=False)
        if rows["date"].nunique() > 1
    ]  # fmt: skip


def _seen_after_leaving(tables: Tables) -> list[Fault]:
    """A patient lost to follow-up who comes back was not lost: follow-up would end too early."""
    events = tables["events.csv"].dropna(subset=["patient_id", "date"])
    faults = []
    for row, patient, day in events.loc[events["event"] == "lost", ["patient_id", "date"]].itertuples(name=None):
        for file in ("visits.csv", "films.csv"):
            seen = tables[file]
            later = seen.index[(seen["patient_id"] == patient) & (seen["date"] > day)]
            if len(later):
                faults.append(
                    Fault(
                        "events.csv", int(row), "date", f"a later row ({rows_in_words(later[:3])} of {file})",
                        "a patient who is lost after the last visit and film",
                        "Remove the event if the patient came back, or correct the date: being lost ends follow-up, it is no "
                        "mark for a visit that was missed.", "seen_after_lost",
                    )
                )  # fmt: skip
                break  # one fault for each event
    return faults


def _graded(tables: Tables) -> pd.DataFrame:
    """Grades that were given (not left empty), with the date of their visit; scores.csv's line numbers as index."""
    scores = tables["scores.csv"]
    graded = scores[scores["score"].notna()]
    visits = tables["visits.csv"].dropna(subset=["patient_id", "visit_id"]).drop_duplicates(["patient_id", "visit_id"])
    days = visits.set_index(["patient_id", "visit_id"])["date"]
    return graded.assign(date=days.reindex(pd.MultiIndex.from_frame(graded[["patient_id", "visit_id"]])).to_numpy())


def _grades_after_surgery(tables: Tables) -> list[Fault]:
    events = tables["events.csv"].dropna(subset=[*_JOINT, "date"])
    operated = events[events["event"] == "joint_surgery"].groupby(_JOINT)["date"].min()
    if operated.empty:
        return []
    graded = _graded(tables)
    day = pd.Series(operated.reindex(pd.MultiIndex.from_frame(graded[_JOINT])).to_numpy(), index=graded.index)
    after = graded.index[graded["date"] > day]
    return [
        Fault("scores.csv", int(row), "score", f"{graded.at[row, 'score']:g}",
              f"no grade of {graded.at[row, 'site']} on {graded.at[row, 'side']} after its operation in {day[row]:%Y}",
              "Leave it empty (the site can no longer be read), or correct the operation in events.csv.",
              "grade_after_surgery")
        for row in after
    ]  # fmt: skip


def _joints(tables: Tables) -> list[Fault]:
    """Side and site name the operated joint together, as some scheme does, and belong to operations alone."""
    events = tables["events.csv"]
    half = events.index[events["side"].notna() != events["site"].notna()]
    faults = [
        Fault("events.csv", int(row), "site", "one of the two", "side and site of the operated joint, or neither",
              "Add the other one.", "half_a_joint")
        for row in half
    ]  # fmt: skip
    other = events.index[events["site"].notna() & events["side"].notna() & (events["event"] != "joint_surgery")]
    faults += [
        Fault("events.csv", int(row), "site", "a joint", f"no joint for {events.at[row, 'event']}",
              "Remove side and site, or correct the event.", "joint_of_no_operation")
        for row in other
        if isinstance(events.at[row, "event"], str)
    ]  # fmt: skip
    operated = events[(events["event"] == "joint_surgery") & events["side"].notna() & events["site"].notna()]
    for row, side, site in operated[["side", "site"]].itertuples(name=None):
        known = _operable(Side(side).region)
        if site not in known:
            faults.append(
                Fault("events.csv", int(row), "site", printable("site", site, known), f"a joint or a graded site of the {side}",
                      f"{did_you_mean(site, known)} An operation on several sites has a row for each.", "unknown_joint")
            )  # fmt: skip
    return faults


def _operable(region: Region) -> tuple[str, ...]:
    """Joints and sites of a region that any scheme grades, apart from a stage, which is that of the whole limb."""
    graded = [
        definition.site
        for scheme in SCHEMES.values()
        if scheme.combination is Combination.SUM
        for definition in scheme.definitions
        if definition.region is region
    ]
    return tuple(dict.fromkeys((*joints_of(region), *graded)))
