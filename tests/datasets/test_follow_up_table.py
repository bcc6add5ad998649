"""The follow-up table: the worked example of docs/intake/follow_up.md, exclusions, and what lifelines makes of it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import WeibullFitter

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.follow_up_table import COLUMNS, follow_up_table
from outcomenet.datasets.visit_table import visit_table

PAGE = (Path(__file__).parents[2] / "docs" / "intake" / "follow_up.md").read_text()
FILMS = (("2017-01-01", 10), ("2018-01-01", 12), ("2019-01-01", 16), ("2020-01-01", 31))


def table_of(folder: Path, films=FILMS, events: tuple[str, ...] = (), onset: str = "2015-01-01"):
    """The table of one patient with these films (date, total); the total is given at one foot's six sites."""
    folder.mkdir()
    (folder / "cohort.toml").write_text('name = "one"\nlicence = "CC0"\nunreadable_joints = "exclude"\n')
    (folder / "patients.csv").write_text(f"patient_id,sex,birth_year,site,symptom_onset\nP,F,1960,A,{onset}\n")
    visits = [f"P,V{n},{day},1" for n, (day, _) in enumerate(films)]
    (folder / "visits.csv").write_text("patient_id,visit_id,date,haq_di\n" + "\n".join(visits) + "\n")
    rows = []
    for n, (_, total) in enumerate(films):
        for site in range(1, 6):
            grade = min(10, total) if total is not None else None
            if grade is not None:
                total -= grade
                rows.append(f"P,V{n},r,single,svdh,LF,MTP{site},erosion,{grade}")
    head = "patient_id,visit_id,reader,reading_mode,scheme,side,site,feature,score\n"
    (folder / "scores.csv").write_text(head + "\n".join(rows) + "\n")
    (folder / "events.csv").write_text("patient_id,date,event\n" + "".join(f"P,{event}\n" for event in events))
    cohort = read_cohort(folder)
    ledger = Ledger()
    return follow_up_table(cohort, visit_table(cohort, Ledger()), ledger), ledger


def shown(row: pd.Series) -> tuple[str, ...]:
    """A row as the page writes it."""
    end = "(empty)" if pd.isna(row["interval_end_days"]) else f"{row['interval_end_days']:.0f}"
    return f"{row['entry_days']:.0f}", f"{row['interval_start_days']:.0f}", end, row["cause"], f"{row['event']}"


def test_the_worked_example_is_what_the_page_says(tmp_path):
    table, _ = table_of(tmp_path / "c")
    (row,) = (table.loc[k] for k in table.index)
    assert "| " + " | ".join(shown(row)) + " |" in PAGE
    days = [(pd.Timestamp(day) - pd.Timestamp("2015-01-01")).days for day, _ in FILMS]
    rates = [
        "-",
        *(
            f"{(total - 10) / ((day - days[0]) / 365.25):.1f}"
            for day, (_, total) in zip(days[1:], FILMS[1:], strict=True)
        ),
    ]
    for (date, total), day, rate in zip(FILMS, days, rates, strict=True):
        assert f"| {pd.Timestamp(date):%-d %B %Y} | {day} | {total} | {rate} |" in PAGE


@pytest.mark.parametrize(
    ("what", "films", "events"),
    [
        ("her last film is that of 2019", FILMS[:3], ()),
        ("an operation on a finger joint on 1 July 2019", FILMS, ("2019-07-01,joint_surgery",)),
        ("she died on 1 June 2018", FILMS[:2], ("2018-06-01,death",)),
        ("she died on 1 June 2021", FILMS[:2], ("2021-06-01,death",)),
    ],
)
def test_the_other_fates_are_what_the_page_says(tmp_path, what, films, events):
    table, _ = table_of(tmp_path / "c", films, events)
    line = next(line for line in PAGE.splitlines() if line.startswith("|") and what in line)
    assert line.endswith("| " + " | ".join(shown(table.iloc[0])) + " |")


@pytest.mark.parametrize(
    ("films", "onset", "reason"),
    [
        ((("2017-01-01", None), ("2018-01-01", None)), "2015-01-01", "no scored film"),
        (FILMS, "", "no symptom onset, from which time is counted"),
        (FILMS, "2018-01-01", "first scored film before symptom onset"),
        (FILMS[:1], "2015-01-01", "no later film, death or operation"),
    ],
)
def test_who_cannot_be_in_it_is_counted_with_the_reason(tmp_path, films, onset, reason):
    table, ledger = table_of(tmp_path / "c", films, onset=onset)
    assert table.empty
    assert tuple(table.columns) == COLUMNS
    assert ledger.to_frame()[["unit", "reason", "count"]].values.tolist() == [["patient", reason, 1]]


def test_lifelines_finds_the_truth_through_intervals_and_late_entry(tmp_path):
    # Weibull times (scale 2000, shape 1.5), entry at a random day, films every year; who progressed before entry is not there
    rng = np.random.default_rng(2)
    n = 6_000
    event, entry = 2_000 * rng.weibull(1.5, n), rng.uniform(0, 1_500, n)
    seen = np.ceil(np.maximum(event - entry, 1e-9) / 365) * 365 + entry
    progressed = seen <= entry + 5 * 365
    table = pd.DataFrame(
        {
            "entry_days": entry,
            "interval_start_days": np.where(progressed, seen - 365, entry + 5 * 365),
            "interval_end_days": np.where(progressed, seen, np.nan),
            "cause": np.where(progressed, "progression", "censored"),
        }
    )[event > entry]
    table.to_csv(tmp_path / "follow_up.csv", index=False)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    code = code.replace("DATASET/", f"{tmp_path}/").replace("WeibullFitter().fit", "fitted = WeibullFitter().fit")
    scope: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines' own
        exec(code.replace(".print_summary()", ""), scope)
        naive = WeibullFitter().fit_interval_censoring(
            table["interval_start_days"].clip(lower=1), table["interval_end_days"].fillna(np.inf)
        )
    fitted = scope["fitted"]
    assert fitted.lambda_ == pytest.approx(2_000, rel=0.05)
    assert fitted.rho_ == pytest.approx(1.5, rel=0.06)
    assert naive.lambda_ > 2_150  # without entry, early events are missed and the disease looks slower
