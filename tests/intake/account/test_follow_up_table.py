"""The follow-up table: the worked example of docs/intake/follow_up.md, exclusions, and what lifelines makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter, WeibullFitter

from outcomenet.cohorts.cohort import Cohort, read_cohort
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.ledger import Ledger
from outcomenet.datasets.visit_table import visit_table
from outcomenet.intake.account.follow_up_table import COLUMNS, follow_up_table

PAGE = (Path(__file__).parents[3] / "docs" / "intake" / "follow_up.md").read_text()
WEIBULL, AT_VISITS, TRAP = re.findall(r"```python\n(.*?)```", PAGE, re.S)
FILMS = (("2017-01-01", 10), ("2018-01-01", 12), ("2019-01-01", 16), ("2020-01-01", 31))
Films = Sequence[tuple[str, int | None]]


def cohort_of(
    folder: Path, films: Mapping[str, Films], events: Sequence[str] = (), onset: str = "2015-01-01"
) -> Cohort:
    """Patients with these films (date, total); a total stands at one foot's sites, 10 at most each."""
    folder.mkdir()
    (folder / "cohort.toml").write_text('name = "one"\nlicence = "CC0"\nunreadable_joints = "exclude"\n')
    patients, visits, scores = [], [], []
    for patient, own in films.items():
        patients.append(f"{patient},F,1960,A,{onset}")
        for n, (day, total) in enumerate(own):
            visits.append(f"{patient},V{n},{day},1")
            grades = [] if total is None else [min(10, max(0, total - 10 * k)) for k in range(5)]
            scores += [f"{patient},V{n},r,single,svdh,LF,MTP{k},erosion,{grade}" for k, grade in enumerate(grades, 1)]
    for file, head, rows in (
        ("patients.csv", "patient_id,sex,birth_year,site,symptom_onset", patients),
        ("visits.csv", "patient_id,visit_id,date,haq_di", visits),
        ("scores.csv", "patient_id,visit_id,reader,reading_mode,scheme,side,site,feature,score", scores),
        ("events.csv", "patient_id,date,event", events),
    ):
        (folder / file).write_text("\n".join([head, *rows, ""]))
    return read_cohort(folder)


def table_of(folder: Path, films: Films = FILMS, events: Sequence[str] = (), onset: str = "2015-01-01"):
    """The table of one patient, and its ledger."""
    cohort = cohort_of(folder, {"P": films}, [f"P,{event}" for event in events], onset)
    ledger = Ledger()
    return follow_up_table(cohort, visit_table(cohort, Ledger()), ledger), ledger


def shown(row: pd.Series) -> tuple[str, ...]:
    """A row as the page writes it."""
    days = [row[f"{name}_days"] for name in ("entry", "last_film_without", "interval_start", "interval_end")]
    return *("(empty)" if pd.isna(day) else f"{day:.0f}" for day in days), row["cause"], f"{row['event']}"


def run_from(folder: Path, *snippets: str) -> dict[str, Any]:
    """The names that the page's code leaves behind, run on follow_up.csv in `folder`."""
    names: dict[str, Any] = {}
    for code in snippets:
        exec(code.replace("DATASET/", f"{folder}/"), names)
    return names


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
        ("and she died on 1 June 2018", FILMS[:2], ("2018-06-01,death",)),
        ("and she died on 1 June 2021", FILMS[:2], ("2021-06-01,death",)),
        ("she was lost on 1 May 2018 and died", FILMS[:2], ("2018-05-01,lost", "2018-06-01,death")),
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
    noted = [["patient (kept)", f"no row in follow_up.csv: {reason}", 1]]  # the patient stays in the data set
    assert ledger.to_frame()[["unit", "reason", "count"]].values.tolist() == noted


def test_rows_and_exclusions_add_up_to_the_patients(small_cohort):
    cohort = read_cohort(small_cohort)
    ledger = Ledger()
    table = follow_up_table(cohort, visit_table(cohort, Ledger()), ledger)
    assert table["patient_id"].is_unique
    never_seen = cohort.ledger.to_frame().query("reason == 'no visit at all'")["count"].sum()
    left_out = ledger.to_frame().query("step == 'follow-up table'")["count"].sum()
    assert left_out > 0
    assert ledger.count() == 0  # they are no exclusions from the data set
    assert len(table) + left_out + never_seen == len(cohort.patients)
    assert (table["entry_days"] <= table["last_film_without_days"]).all()
    assert (table["last_film_without_days"] <= table["interval_start_days"]).all()
    assert (table["interval_end_days"].isna() == (table["cause"] == "censored")).all()
    progressed = table[table["cause"] == "progression"]
    assert len(progressed) > 0
    assert (progressed["interval_start_days"] < progressed["interval_end_days"]).all()
    assert (progressed["last_film_without_days"] == progressed["interval_start_days"]).all()


def simulated_follow_up() -> pd.DataFrame:
    """Weibull times to progression (scale 2000, shape 1.5) and to death, late entry, films every year for five years.

    Who progressed or died before entry is not in the table; a death ends the films.
    """
    rng = np.random.default_rng(2)
    n = 8_000
    progression, death = 2_000 * rng.weibull(1.5, n), 4_000 * rng.weibull(1.0, n)
    entry = rng.uniform(0, 1_500, n)
    seen = np.ceil(np.maximum(progression - entry, 1e-9) / 365) * 365 + entry  # the first film that shows it
    last = np.minimum(np.floor(np.maximum(np.minimum(death, seen - 1) - entry, 0) / 365), 5) * 365 + entry
    progressed = (seen <= entry + 5 * 365) & (seen < death)
    died = ~progressed & (death <= entry + 5 * 365)
    table = pd.DataFrame(
        {
            "entry_days": entry,
            "last_film_without_days": last,
            "interval_start_days": np.where(died, death, last),
            "interval_end_days": np.select([progressed, died], [seen, death], np.nan),
            "cause": np.select([progressed, died], ["progression", "death"], "censored"),
        }
    )
    return table[(progression > entry) & (death > entry)]


def test_lifelines_finds_the_truth_through_intervals_late_entry_and_deaths(tmp_path):
    table = simulated_follow_up()
    table.to_csv(tmp_path / "follow_up.csv", index=False)
    names = run_from(tmp_path, WEIBULL)
    fitted, upper = names["fitted"], names["upper"]
    assert fitted.lambda_ == pytest.approx(2_000, rel=0.03)
    assert fitted.rho_ == pytest.approx(1.5, rel=0.04)
    # without entry, early events are missed and the disease looks slower; so it does where the dead count as free of
    # progression until they died
    late = WeibullFitter().fit_interval_censoring(table["last_film_without_days"], upper.set_axis(table.index))
    assert late.lambda_ > 2_100
    free = WeibullFitter().fit_interval_censoring(
        table["interval_start_days"], upper.set_axis(table.index), entry=table["entry_days"]
    )
    assert free.lambda_ > fitted.lambda_ * 1.02


def test_the_five_patients_of_the_page_by_hand(tmp_path):
    def films(*totals: int) -> Films:
        return [(f"{2017 + year}-01-01", total) for year, total in enumerate(totals)]

    cohort = cohort_of(
        tmp_path / "c",
        {
            "P1": films(0, 10),
            "P2": films(0, 0),
            "P3": films(0, 0, 15),
            "P4": films(0, 0, 0, 0),
            "P5": films(0, 0, 0, 0),
        },
        ["P2,2018-05-16,death", "P5,2020-01-06,joint_surgery"],
    )
    table = follow_up_table(cohort, visit_table(cohort, Ledger()), Ledger())
    table.to_csv(tmp_path / "follow_up.csv", index=False)
    found = run_from(tmp_path, WEIBULL.split("progressed =")[0], AT_VISITS)["incidence"]
    # 1/5 at the first visit; by the second a quarter of the 4/5 who are left, and the death
    assert found["incidence"].tolist() == pytest.approx([0.2, 0.2 + 0.8 / 4, 0.4, 0.4], abs=1e-5)
    assert found["watched"].tolist() == [5, 4, 2, 1]
    assert (found["lower"] <= found["incidence"]).all()
    kaplan_meier = KaplanMeierFitter().fit([365, 500, 730, 1095, 1100], [True, False, True, False, False])
    assert 1 - kaplan_meier.predict(1_100) == pytest.approx(1 - 4 / 5 * 2 / 3)
    assert "0.40 have progressed" in PAGE
    assert "says 0.47" in PAGE


def test_the_trap_of_the_page_by_hand(tmp_path):
    (tmp_path / "follow_up.csv").write_text(",".join(COLUMNS) + "\n")
    start = "from outcomenet.metrics.incidence import incidence_at_visits\n"
    names = run_from(tmp_path, WEIBULL.split("progressed =")[0], start + TRAP)
    # on days 350, 360, 370 and 384 there are 36, 26, 16 and 2 patients left
    wrong = names["wrong"].cumulative_density_.iloc[-1, 0]
    assert wrong == pytest.approx(1 - 35 / 36 * 25 / 26 * 15 / 16 * 1 / 2)
    assert f"`wrong` ends at {wrong:.2f}" in PAGE
    assert names["right"]["incidence"].tolist() == pytest.approx([4 / 40])
    assert "`right` is 0.10" in PAGE


def events_of_page() -> list[tuple[str, str]]:
    """(event, what is said of it) of the page's first rows on wrong columns."""
    said = {
        "is 0": "remove the row",
        "is 1": "which event it was",
        "is progression": "progression is found from the scores",
    }
    return [
        (event.strip(), words)
        for start, words in said.items()
        for line in PAGE.splitlines()
        if line.startswith(f"| `event` {start}")
        for event in line.split("|")[1].replace("`event` is", "").split(",")
    ]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        *events_of_page(),
        ("died", "Did you mean death"),
        ("dropout", "Did you mean lost"),
        ("prosthesis", "joint_surgery"),
    ],
)
def test_a_wrong_event_is_answered_as_the_page_says(tmp_path, event, words):
    with pytest.raises(CohortRefused, match=f"(?i){words}"):
        table_of(tmp_path / "c", events=(f"2021-01-01,{event}",))


def test_the_page_names_wrong_events():
    assert len(events_of_page()) >= 8
