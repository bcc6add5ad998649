"""How often the intervals of `analyse` hold the truth, in small simulated worlds: `make analysis-coverage`.

    python -m tests.analysis_coverage --worlds 100 [--keep docs/analysis]

Each world is a table of 150 patients with three visits whose every coefficient is known. A section is made as `analyse` makes it, and each
interval is asked whether it holds the truth. Of 100 worlds 93 to 97 should, give or take the binomial's own error (SD 2.2).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.biomarkers.association import association
from outcomenet.biomarkers.bland_altman import limits_of_agreement
from outcomenet.biomarkers.calibration import calibration
from outcomenet.biomarkers.confounding import confounding
from outcomenet.biomarkers.measurement_error import measurement_error
from outcomenet.biomarkers.prognosis import prognosis
from outcomenet.biomarkers.reliability import Readings, reliability
from outcomenet.biomarkers.responsiveness import responsiveness
from outcomenet.biomarkers.section import Section
from outcomenet.biomarkers.subgroups import subgroups
from outcomenet.biomarkers.trial_power import trial_power
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.progress import Progress
from tools.marked_page import with_block

PATIENTS, VISITS, RESAMPLES = 150, 3, 1000
SLOPE, ERROR, READER_ERROR = 0.3, 0.5, 1.0  # of HAQ on the score; SD of the score's error; of a reader's
GROWTH, GROWTH_SD = 0.4, 0.8  # of the true score in a year
HAZARD_SLOPE, HAZARD = (
    0.5,
    -1.6,
)  # of the event at a planned visit on the complementary log-log scale, per unit of the score
NAME = "`make analysis-coverage`"


class Asked(NamedTuple):
    """One interval, and the truth that it should hold."""

    what: str
    section: Section
    where: dict[str, str]
    truth: float


def world(seed: int) -> pd.DataFrame:
    """Visits: HAQ = 0.5 + 0.3 score + 0.2 age + 0.4 fm + patient + noise, all of them normal and none bounded.

    Args:
        seed: Of the world.
    """
    rng = np.random.default_rng(seed)
    age, fm, own = rng.normal(size=PATIENTS), rng.integers(0, 2, PATIENTS), rng.normal(0, 0.4, PATIENTS)
    true, site = 0.5 * age + rng.normal(0, 2, PATIENTS), rng.choice(["A", "B"], PATIENTS)
    parts = []
    for visit in range(VISITS):
        haq = 0.5 + SLOPE * true + 0.2 * age + 0.4 * fm + own + rng.normal(0, 0.5, PATIENTS)
        # the risk is known exactly: predictions are calibrated
        risk = 1 / (1 + np.exp(1.0 - 0.6 * true))
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": np.arange(PATIENTS),
                    "visit_id": visit,
                    "years": float(visit),
                    "age": age,
                    "fm": fm,
                    "site": site,
                    "true": true,
                    "score": true + rng.normal(0, ERROR, PATIENTS),
                    "error": ERROR,
                    "haq": haq,
                    "risk": risk,
                    "event": (rng.random(PATIENTS) < risk).astype(float),
                    "control": rng.normal(0, 1, PATIENTS) + 0.5 * own,
                    "reader_1": true + rng.normal(0, READER_ERROR, PATIENTS),
                    "reader_2": true + rng.normal(0, READER_ERROR, PATIENTS),
                }  # fmt: skip
            )
        )
        true = true + rng.normal(GROWTH, GROWTH_SD, PATIENTS)
    return pd.concat(parts, ignore_index=True)


def followed(seed: int) -> pd.DataFrame:
    """A follow-up table: the event comes at planned visits a year apart by a complementary log-log hazard; everyone is filmed three times.

    Args:
        seed: Of the world.
    """
    rng = np.random.default_rng(10_000 + seed)
    score = rng.normal(size=PATIENTS)
    hazard = 1 - np.exp(-np.exp(HAZARD + HAZARD_SLOPE * score))
    came = np.argmax(np.column_stack([rng.random((PATIENTS, 2)) < hazard[:, None], np.ones(PATIENTS)]), axis=1)
    seen = came < 2
    without, start = 365.25 * np.where(seen, came, 2), 365.25 * np.where(seen, came, 2)
    end = np.where(seen, 365.25 * (came + 1), np.nan)
    cause = np.where(seen, "progression", "censored")
    table = {
        "patient_id": np.arange(PATIENTS),
        "entry_days": 0.0,
        "last_film_without_days": without,
        "interval_start_days": start,
    }
    return pd.DataFrame(table | {"interval_end_days": end, "cause": cause, "event": seen.astype(int), "score": score})


def asked(seed: int) -> Iterator[Asked]:
    """Every interval of one world with its truth.

    Args:
        seed: Of the world.
    """
    # resamples are drawn apart from the world: one stream for both would tie them together
    table, common = world(seed), {"resamples": RESAMPLES, "seed": 1_000_000 + seed}
    sd = float(table["true"].std(ddof=1))
    ladder = {"adjusted": ["age", "fm"]}
    section = association(table, scores=["true"], outcome="haq", ladder=ladder, ordinal=False)
    for method in ("mixed model", "GEE", "least squares"):
        yield Asked(f"slope per SD, {method}", section, {"term": "slope per SD", "method": method}, SLOPE * sd)
    for term in ("between persons", "within a person"):
        yield Asked(f"slope {term}", section, {"term": term}, SLOPE * sd)
    of_score = float(table["score"].std(ddof=1))
    section = measurement_error(
        table, score="score", outcome="haq", covariates=["age", "fm"], sem=ERROR, sem_freedom=1e6, **common
    )
    for term in ("regression calibration", "SIMEX, quadratic"):
        yield Asked(f"slope by {term}", section, {"term": term}, SLOPE * of_score)
    yield from _of_readers(table, common)
    section = calibration(table, predictions="risk", outcome="event", **common)
    yield Asked("calibration slope", section, {"term": "calibration slope", "adjustment": "as predicted"}, 1.0)
    yield Asked(
        "calibration in the large", section, {"term": "calibration in the large", "adjustment": "as predicted"}, 0.0
    )
    section = responsiveness(table, measures=["true", "score"], **common)
    yield Asked("SRM", section, {"term": "SRM", "measure": "true"}, GROWTH / GROWTH_SD)
    noisy = float(np.hypot(GROWTH_SD, np.sqrt(2) * ERROR))
    yield Asked("SRM of a score that errs", section, {"term": "SRM", "measure": "score"}, GROWTH / noisy)
    section = trial_power(table, measures=["true", "score"], **common)
    yield Asked(
        "effect of half the change, d", section, {"term": "effect d", "measure": "true"}, GROWTH / GROWTH_SD / 2
    )
    section = confounding(
        table, scores=["true"], outcome="haq", covariates=["age", "fm"], negative_outcomes=["control"]
    )
    yield Asked("negative outcome", section, {"outcome": "control"}, 0.0)
    section = subgroups(table, score="true", outcome="haq", groups=["fm"], covariates=["age"], minimum=20)
    yield Asked("slope in a subgroup", section, {"term": "fm: yes"}, SLOPE * sd)
    yield from _of_prognosis(seed, common)


def _of_readers(table: pd.DataFrame, common: dict) -> Iterator[Asked]:
    readings = table.melt(["patient_id", "visit_id"], ["reader_1", "reader_2"], "reader", "total")
    readings = readings[readings["visit_id"] == 0]
    between = 0.5**2 + 2.0**2
    section = reliability(readings, value="total", reading="reader", kind=Readings.READERS, **common)
    yield Asked("ICC(2,1)", section, {"term": "ICC(2,1) of status"}, between / (between + READER_ERROR**2))
    yield Asked("SEM, agreement", section, {"term": "SEM, agreement, of status"}, READER_ERROR)
    section = limits_of_agreement(readings, value="total", reading="reader", **common)
    yield Asked(
        "upper limit of agreement",
        section,
        {"term": "upper limit of agreement of status"},
        1.96 * np.sqrt(2) * READER_ERROR,
    )


def _of_prognosis(seed: int, common: dict) -> Iterator[Asked]:
    table = followed(seed)
    section = prognosis(table, scores=["score"], horizon_years=1.0, **common)
    sd = float(table["score"].std(ddof=1))
    yield Asked(
        "hazard ratio at planned visits",
        section,
        {"section": "prognosis", "term": "hazard ratio per SD"},
        float(np.exp(HAZARD_SLOPE * sd)),
    )


def held(of: Asked) -> dict[str, object]:
    """Whether the interval of a row holds the truth.

    Args:
        of: What is asked; `where` names the beginnings of the row's cells.

    Raises:
        ValueError: There is no such row.
    """
    rows = of.section.estimates
    for column, value in of.where.items():
        rows = rows[rows[column].str.startswith(value)]
    if rows.empty:
        raise ValueError(f"{of.what}: no row with {of.where}; there are {sorted(set(of.section.estimates['term']))}")
    row = rows.iloc[0]
    return {
        "what": of.what,
        "truth": of.truth,
        "estimate": row["estimate"],
        "held": float(row["lower"] <= of.truth <= row["upper"]),
    }


def covered(worlds: int) -> pd.DataFrame:
    """Share of worlds whose interval holds the truth, of each kind of interval.

    Args:
        worlds: How many.
    """
    progress, rows = Progress(), []
    progress.start("worlds", worlds, "coverage")
    for seed in range(worlds):
        rows += [held(of) for of in asked(seed)]
        progress.advance()
    progress.finish()
    table = pd.DataFrame(rows)
    means = table.assign(bias=table["estimate"] - table["truth"]).groupby("what", sort=False)
    return pd.DataFrame(
        {
            "worlds": means.size(),
            "truth": means["truth"].mean(),
            "bias": means["bias"].mean(),
            "coverage": means["held"].mean(),
        }
    ).reset_index()


def block(table: pd.DataFrame) -> str:
    """The page's part.

    Args:
        table: Of `covered`.
    """
    lines = [
        "| interval of 95 % | worlds | truth (mean) | mean error | holds the truth |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['what']} | {row['worlds']} | {row['truth']:.3f} | {row['bias']:+.3f} | {row['coverage']:.0%} |"
        for row in table.to_dict("records")
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--keep", type=Path, default=None, help="folder of README.md, whose table is written anew")
    given = parser.parse_args()
    table = covered(given.worlds).round(6)
    print(block(table))
    if given.keep:
        write_csv(table, given.keep / "coverage.csv")
        page = given.keep / "README.md"
        page.write_text(with_block(page.read_text(), NAME, block(read_csv(given.keep / "coverage.csv"))))


if __name__ == "__main__":
    main()
