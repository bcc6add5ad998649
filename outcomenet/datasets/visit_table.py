"""One row per visit: ids, split, covariates, outcomes and human scores; everything of a data set but its pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Int8
from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.haq_of_visits import HAQ_GRID
from outcomenet.cohorts.ledger import Ledger
from outcomenet.cohorts.splits import FRACTIONS, SPLIT_SALT, split_of
from outcomenet.confounders import CONFOUNDERS
from outcomenet.datasets.planned_visits import PLANNED, with_planned_visits
from outcomenet.datasets.progression import FirstEvent, first_event, progression_intervals, rows_at_horizon, too_near
from outcomenet.errors import DataRefused
from outcomenet.outcomes import DAYS_PER_YEAR, FUTURE_HAQ, HAQ_BY_CATEGORY, NEGATIVE_CONTROLS, REPORTED
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH, Scheme, UnreadablePolicy

SVDH_COLUMNS = tuple(f"svdh_{site.name}" for site in SVDH.sites)
KL_COLUMNS = tuple(f"kl_{site.name}" for site in KELLGREN_LAWRENCE.sites)
# Where a patient's films were read several times, the reading that sees change best is used (van der Heijde 1999).
READING_MODES = ("chronological", "paired", "single")
LABEL_SOURCES = ("fm_source", "oa_source")
SPLIT_UNITS = {"patient": "patient_id", "site": "site"}  # the column whose hash says the split
LATER_VISIT = "later_visit_id"
VAS_HALF_WIDTH = 0.5  # a VAS is read in whole millimetres
NRS_HALF_WIDTH = 5.0  # a numeric rating scale from 0 to 10, times 10
# What the ledger says of a reading that lacks sites and has a total nevertheless.
_WITH_SITES_MISSING = {
    UnreadablePolicy.MISSING: "",  # it never has one
    UnreadablePolicy.CARRY_LAST: "sites missing, their last grades carried on into the total (policy 'carry_last')",
    UnreadablePolicy.EXCLUDE: "sites missing, the total sums the others (policy 'exclude')",
}


def visit_table(cohort: Cohort, ledger: Ledger, mode: str | None = None, split_by: str = "patient") -> pd.DataFrame:
    """Rows in order of patient and date. Human scores are the mean over readers; NaN is missing everywhere.

    Args:
        cohort: The cohort as it was checked.
        ledger: Counts readings of other modes, readings with missing sites, and films too near to each other.
        mode: Reading mode whose scores are taken, see `scores_of_mode`; None takes the best one that there is.
        split_by: What stays whole in a split: a "patient", or a "site" with all of its patients.

    Returns:
        Columns patient_id, visit_id, date, days (since the patient's first visit), planned_visit and planned_visit_source
        (see `planned_visits`), split, site, treatment, covariates of `confounders.CONFOUNDERS` and negative controls that the
        cohort has, fm_source and oa_source (how those were told, see `covariates.SOURCES`), haq_answered (missing where only
        an index was given), svdh_total, svdh_<side>_<site>_<feature>, kl_<side>_<site>_kl, later_visit_id (the visit a year
        later, missing where there is none), and for every outcome its value and `OutcomeSpec.fields`.

    Raises:
        DataRefused: Divided by site, a split is left without sites; or SvdH was not graded in this mode.
    """
    visits = cohort.visits.sort_values(["patient_id", "date", "visit_id"], ignore_index=True)
    keep = [
        "patient_id", "visit_id", "date", PLANNED, "site", "treatment", "haq", "haq_answered", HAQ_GRID, *HAQ_BY_CATEGORY.fields,
        *(spec.name for spec in REPORTED),
    ]  # fmt: skip
    covariates = [name for name in CONFOUNDERS if name in visits and name not in keep]
    controls = [name for name in NEGATIVE_CONTROLS if name in visits]
    table = visits[[*keep, *covariates, *controls, *LABEL_SOURCES]].copy()
    first = table.groupby("patient_id")["date"].transform("min")
    table.insert(3, "days", (table["date"] - first).dt.days.astype(float))
    table = with_planned_visits(table)
    table.insert(
        list(table).index("site"), "split", [split_of(name, SPLIT_SALT) for name in table[SPLIT_UNITS[split_by]]]
    )
    if split_by == "site" and len(missing := set(FRACTIONS) - set(table["split"])):
        raise DataRefused(
            f"Divided by site, no patient is left for {' and '.join(sorted(missing))}: the cohort has "
            f"{table['site'].nunique()} sites. Divide by patient, and hold hospitals out one by one with "
            "`outcomenet train ... --split.leave-site-out SITE`."
        )

    readings = site_readings(cohort, SVDH, ledger, mode)
    table = _with_reader_mean(table, readings, SVDH_COLUMNS)
    table = _with_reader_mean(table, site_readings(cohort, KELLGREN_LAWRENCE, ledger, mode), KL_COLUMNS)
    table = table.merge(
        _totals(readings, cohort.meta.unreadable_joints, ledger), on=["patient_id", "visit_id"], how="left"
    )
    table["haq_half_width"] = 0.5 / table[HAQ_GRID]
    for spec in REPORTED:
        table[f"{spec.name}_half_width"] = reported_half_width(table[spec.name], cohort.meta.scale_of(spec.name))
    table[HAQ_BY_CATEGORY.name] = table["haq"].where(table[list(HAQ_BY_CATEGORY.fields)].notna().any(axis=1))
    table = _with_a_year_later(_with_progression(table, cohort, ledger), readings["reader"].nunique())
    return table.drop(columns=HAQ_GRID)


def reported_half_width(values: pd.Series, scale: str) -> float:
    """Half width of the interval in which a value of pain or another outcome from 0 to 100 is known.

    A numeric rating scale that is declared as such is known to 5 points, unless its values lie between the tens;
    everything else is a visual analogue scale in whole millimetres, known to half a point.

    Args:
        values: From 0 to 100, NaN where missing.
        scale: `pain_scale`, or the key of the other outcome, of cohort.toml; "" where it is not stated.

    Returns:
        Points of 0-100.
    """
    numeric = any(word in scale.lower() for word in ("nrs", "numeric"))
    tens = bool((values.dropna() % 10 == 0).all())
    return NRS_HALF_WIDTH if numeric and tens else VAS_HALF_WIDTH


def scores_of_mode(cohort: Cohort, scheme: Scheme, mode: str | None = None) -> tuple[str, pd.DataFrame]:
    """A scheme's scores of one reading mode; modes are never mixed, since grades of one are not comparable to another's.

    Args:
        cohort: The cohort.
        scheme: The score scheme.
        mode: Reading mode asked for; None, or a mode that this scheme (but for SvdH) was not graded in, takes the best
            one that there is.

    Returns:
        (mode, its rows of scores.csv); ("", no rows) where the scheme was not graded at all.

    Raises:
        DataRefused: SvdH was graded, but not in the mode asked for.
    """
    scores = cohort.scores[cohort.scores["scheme"] == scheme.name]
    modes = [known for known in READING_MODES if (scores["reading_mode"] == known).any()]
    if mode and modes and mode not in modes and scheme is SVDH:
        raise DataRefused(
            f"{scheme.title} was read {' and '.join(modes)} in this cohort, not {mode}; choose one of these as "
            "reading_mode (--reading-mode), or leave it out for the best of them."
        )
    chosen = mode if mode in modes else next(iter(modes), "")
    return chosen or "", scores[scores["reading_mode"] == chosen]


def site_readings(cohort: Cohort, scheme: Scheme, ledger: Ledger, mode: str | None = None) -> pd.DataFrame:
    """Grades of one scheme in wide form. Readings of other modes (see `scores_of_mode`) are left out and counted.

    Args:
        cohort: The cohort.
        scheme: The score scheme.
        ledger: Counts the grades of other modes.
        mode: Reading mode, see `scores_of_mode`.

    Returns:
        One row per reading: patient_id, visit_id, reader, and a column per site (NaN where it was not graded). A patient's
        rows are in the order of the visits' dates, so that "the reading before" is the one above.

    Raises:
        DataRefused: SvdH was graded, but not in the mode asked for.
    """
    chosen, scores = scores_of_mode(cohort, scheme, mode)
    others = int((cohort.scores["scheme"] == scheme.name).sum()) - len(scores)
    if others:
        ledger.add("scores", "grade", f"{scheme.title}: not read {chosen}", others)
    names = [site.name for site in scheme.sites]
    column = scores["side"] + "_" + scores["site"] + "_" + scores["feature"]
    wide = scores.assign(column=column).pivot(
        index=["patient_id", "visit_id", "reader"], columns="column", values="score"
    )
    wide = wide.reindex(columns=names).astype(float).reset_index()
    # names of visits need not sort as their dates do
    date = wide[["patient_id", "visit_id"]].merge(cohort.visits[["patient_id", "visit_id", "date"]], how="left")["date"]
    order = wide.assign(_date=date).sort_values(["patient_id", "_date", "visit_id", "reader"]).index
    return wide.loc[order].reset_index(drop=True)


def reader_array(
    readings: pd.DataFrame, keys: pd.DataFrame, readers: list[str], names: list[str]
) -> Int8[np.ndarray, "visit reader site"]:
    """Grades as an array for the examples, where a fixed shape is needed.

    Args:
        readings: One row per reading, see `site_readings`.
        keys: The visits, by patient_id and visit_id, in the order of the result.
        readers: The cohort's readers, in the order of the result.
        names: Columns of the sites, in the order of the result.

    Returns:
        Whole grades; -1 where a reader did not grade a site at a visit.
    """
    indexed = readings.set_index(["patient_id", "visit_id", "reader"])[names]
    array = np.full((len(keys), len(readers), len(names)), -1, np.int8)
    for r, reader in enumerate(readers):
        index = pd.MultiIndex.from_arrays([keys["patient_id"], keys["visit_id"], [reader] * len(keys)])
        array[:, r] = indexed.reindex(index).fillna(-1).to_numpy(np.int8)
    return array


def _with_reader_mean(table: pd.DataFrame, readings: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    mean = readings.drop(columns="reader").groupby(["patient_id", "visit_id"]).mean()
    mean.columns = list(columns)
    return table.merge(mean.reset_index(), on=["patient_id", "visit_id"], how="left")


def reading_totals(readings: pd.DataFrame, scheme: Scheme, policy: UnreadablePolicy) -> pd.DataFrame:
    """Each reading's total under the policy for sites that cannot be graded.

    Args:
        readings: One row per reading in order of date, see `site_readings`; a grade carried on is the same reader's of
            the reading before.
        scheme: The score scheme.
        policy: What becomes of a total whose sites are not all graded.

    Returns:
        Columns patient_id, visit_id, reader, total (NaN where the policy gives none), complete (whether every site was
        graded).
    """
    keys = [site.key for site in scheme.sites]
    rows, last = [], {}
    for record in readings.itertuples(index=False):
        patient, visit, reader, *grades = record
        known = {key: grade for key, grade in zip(keys, grades, strict=True) if not np.isnan(grade)}
        total = scheme.total(known, policy, last.get((patient, reader)))
        last[patient, reader] = last.get((patient, reader), {}) | known
        rows.append((patient, visit, reader, np.nan if total is None else total, len(known) == len(keys)))
    return pd.DataFrame(rows, columns=["patient_id", "visit_id", "reader", "total", "complete"])


def _totals(readings: pd.DataFrame, policy: UnreadablePolicy, ledger: Ledger) -> pd.DataFrame:
    """SvdH total per visit: the mean over readers of each reader's own total under the cohort's policy."""
    totals = reading_totals(readings, SVDH, policy)
    incomplete = ~totals["complete"].astype(bool)
    has_total = totals["total"].notna()
    # noted, not left out: the sites that were graded stay
    ledger.flag("scores", "reading", _WITH_SITES_MISSING[policy], int((incomplete & has_total).sum()))
    why = ", no earlier grade to carry on" if policy is UnreadablePolicy.CARRY_LAST else ""
    without = f"sites missing, so no total (policy '{policy}'{why})"
    ledger.flag("scores", "reading", without, int((incomplete & ~has_total).sum()))
    mean = totals.astype({"total": float}).groupby(["patient_id", "visit_id"])["total"].mean()
    return mean.rename("svdh_total").reset_index()


def _with_progression(table: pd.DataFrame, cohort: Cohort, ledger: Ledger) -> pd.DataFrame:
    """Adds progression_start, _end and _cause (see `progression.first_event`), rows in order of patient and date."""
    events, shortest, near = cohort.events, cohort.meta.shortest_progression_days, 0
    table = table.sort_values(["patient_id", "date", "visit_id"], ignore_index=True)
    deaths, losses = (
        events[events["event"] == event].groupby("patient_id")["date"].min() for event in ("death", "lost")
    )
    surgery_rows = events[events["event"] == "joint_surgery"]
    operations = {patient: sorted(rows["date"]) for patient, rows in surgery_rows.groupby("patient_id")}
    first_events = []
    for patient, rows in table.groupby("patient_id", sort=False):
        days, totals = rows["days"].to_numpy(float), rows["svdh_total"].to_numpy(float)
        start = rows["date"].iloc[0]
        death, lost = ((of[patient] - start).days if patient in of.index else np.nan for of in (deaths, losses))
        surgery = np.array([(day - start).days for day in operations.get(patient, [])], float)
        last = days[np.isfinite(totals)].max(initial=-np.inf)
        near += too_near(days, totals, shortest)
        for day, interval in zip(days, progression_intervals(days, totals, shortest), strict=True):
            after = surgery[surgery > day] - day
            later = max(last - day, 0.0)
            operated = after.min() if len(after) else np.nan
            first_events.append(first_event(interval, later, death - day, operated, lost - day))
    reason = f"next scored film within {shortest} days: too near to show progression since this one"
    ledger.flag("progression", "visit", reason, near)
    columns = [f"progression_{name}" for name in FirstEvent._fields]
    return table.join(pd.DataFrame(first_events, columns=columns, index=table.index))


def _with_a_year_later(table: pd.DataFrame, readers: int) -> pd.DataFrame:
    """Adds HAQ-DI at the visit a year later, and the yearly changes of HAQ-DI and the SvdH total until then."""
    frames = []
    for _, rows in table.groupby("patient_id", sort=False):
        at = rows_at_horizon(rows["days"].to_numpy(), FUTURE_HAQ.horizon_days)

        def later(name: str, rows: pd.DataFrame = rows, at: list[int | None] = at) -> np.ndarray:
            return np.array([np.nan if row is None else rows[name].iloc[row] for row in at], float)

        years = (later("days") - rows["days"]) / DAYS_PER_YEAR
        later_visit = [None if row is None else rows["visit_id"].iloc[row] for row in at]
        frames.append(
            rows.assign(
                **{LATER_VISIT: np.array(later_visit, object)},
                future_haq=later("haq"),
                future_haq_half_width=0.5 / later(HAQ_GRID),
                haq_change=(later("haq") - rows["haq"]) / years,
                # both values are exact on their grids; the difference lies on the coarser one's
                haq_change_half_width=0.5 / np.fmin(later(HAQ_GRID), rows[HAQ_GRID]) / years,
                svdh_change=(later("svdh_total") - rows["svdh_total"]) / years,
                # the mean of k readers' whole numbers lies on a grid of 1/k
                svdh_change_half_width=0.5 / max(readers, 1) / years,
            )
        )
    return pd.concat(frames, ignore_index=True)
