"""No arithmetic over what a data set stores gives a true date back: every pair of columns is tried."""

from __future__ import annotations

import io
import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.cli import main
from outcomenet.datasets.dataset import TABLE
from outcomenet.datasets.follow_up_table import FOLLOW_UP
from outcomenet.scoring import SVDH

PATIENTS, VISITS = 60, 3
ONSETS = {
    "any day": lambda rng: f"{rng.integers(2008, 2014)}-{rng.integers(1, 13):02d}-{rng.integers(2, 15):02d}",
    "a year": lambda rng: f"{rng.integers(2008, 2014)}-01-01",
    "the middle of a year": lambda rng: f"{rng.integers(2008, 2014)}-07-01",
    "a month": lambda rng: f"{rng.integers(2008, 2014)}-{rng.integers(1, 13):02d}-01",
    "the middle of a month": lambda rng: f"{rng.integers(2008, 2014)}-{rng.integers(1, 13):02d}-15",
}
DAYS_IN = {"days": 1.0, "months": 30.4375, "years": 365.25}


def write_cohort(folder: Path, onset: str) -> pd.DataFrame:
    """A cohort without films, with a rapid progression or none; returns the visits as written."""
    rng = np.random.default_rng(4)
    folder.mkdir()
    (folder / "cohort.toml").write_text('name = "A"\nlicence = "none"\nunreadable_joints = "exclude"\n')
    patients, visits, scores = [], [], []
    sites = SVDH.sites[:12]
    for n in range(PATIENTS):
        patients.append((f"N{n}", "F", 1940 + n % 40, "A", ONSETS[onset](rng), 1, n % 2))
        first = pd.Timestamp("2015-01-01") + pd.Timedelta(days=int(rng.integers(0, 1400)))
        for v in range(VISITS):
            day = first + pd.Timedelta(days=365 * v + int(rng.integers(0, 40)))
            visits.append(
                (
                    f"N{n}",
                    f"W{v}",
                    day,
                    1.125,
                    int(rng.integers(0, 100)),
                    round(rng.uniform(0, 9), 2),
                    int(rng.integers(0, 50)),
                )
            )
            for site in sites:
                side, name, feature = site.name.split("_")
                grade = min(v * (n % 3), 4)
                scores.append((f"N{n}", f"W{v}", "r", "single", "svdh", side, name, feature, grade))
    headers = {
        "patients": "patient_id,sex,birth_year,site,symptom_onset,rf,acpa",
        "visits": "patient_id,visit_id,date,haq_di,pain,das28,crp",
        "scores": "patient_id,visit_id,reader,reading_mode,scheme,side,site,feature,score",
    }
    for name, rows in (("patients", patients), ("visits", visits), ("scores", scores)):
        pd.DataFrame(rows, columns=headers[name].split(",")).to_csv(folder / f"{name}.csv", index=False)
    return pd.DataFrame(visits, columns=headers["visits"].split(","))


@pytest.fixture(scope="module", params=list(ONSETS))
def taken_in(request, tmp_path_factory):
    """The folder with the data set, and its visits with all that is stored of their patients and the true date."""
    work = tmp_path_factory.mktemp("hidden")
    true = write_cohort(work / "cohort", request.param)
    arguments = ["--key", str(work / "key"), "--linking-table", str(work / "links.csv")]
    assert main(["intake", str(work / "cohort"), "--out", str(work / "data"), *arguments]) == 0
    links = pd.read_csv(work / "links.csv").set_index("patient_id")["pseudonym"]
    true["patient_id"] = true["patient_id"].map(links)
    visits = pd.read_parquet(work / "data" / TABLE)
    follow_up = pd.read_csv(work / "data" / FOLLOW_UP)
    assert len(follow_up) == PATIENTS
    stored = visits.merge(follow_up, on="patient_id", suffixes=("", "_of_follow_up"))
    order = true.sort_values(["patient_id", "date"]).reset_index(drop=True)
    return work, stored.assign(true=order["date"])


def told(stored: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of columns whose sum or difference, in days, months or years, lies at one distance from every true date, or
    at one but for whole years or months, as with a known birth year."""
    epoch = pd.Timestamp("1970-01-01")
    columns = {
        name: (column - epoch).dt.days if pd.api.types.is_datetime64_any_dtype(column) else column
        for name, column in stored.drop(columns="true").items()
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    }
    # a year with its fraction, too
    columns |= {"year": stored["date"].dt.year + (stored["date"].dt.dayofyear - 1) / 365.25}
    columns |= {"nothing": pd.Series(0.0, index=stored.index)}
    values = pd.DataFrame(columns).astype(float).replace([np.inf, -np.inf], np.nan)
    values = values.loc[:, (values.nunique() > 5) | (values.columns == "nothing")]
    true = (stored["true"] - epoch).dt.days.to_numpy(float)
    found = set()
    matrix, names = values.to_numpy(), list(values)
    for one, other, sign, period in product(DAYS_IN.values(), DAYS_IN.values(), (1, -1), (365.25, 30.4375, 1e5)):
        sums = one * matrix[:, :, None] + sign * other * matrix[:, None, :]
        turns = np.exp(2j * np.pi * (true[:, None, None] - sums) / period)
        known = np.isfinite(sums)
        concentration = np.abs(np.where(known, turns, 0).sum(0)) / np.maximum(known.sum(0), 1)
        if period == 1e5:  # a whole life fits into it: near 1 for everything, so that only one day will do
            concentration = np.where(np.nanstd(true[:, None, None] - sums, axis=0) < 5, 1.0, 0.0)
        found |= {tuple(sorted((names[a], names[b]))) for a, b in zip(*np.nonzero(concentration > 0.85), strict=True)}
    return sorted(found)


def test_no_pair_of_columns_tells_a_true_date(taken_in):
    _, stored = taken_in
    assert told(stored) == []


def test_the_search_finds_an_age_of_the_true_date(taken_in):
    _, stored = taken_in
    year = stored["true"].dt.year + (stored["true"].dt.dayofyear - 1) / 365.25
    born = np.floor(stored["age"] - stored["age"] + 1940 + np.arange(len(stored)) // VISITS)
    assert ("age", "nothing") in told(stored.assign(age=year - born - 0.5))


def test_the_shifted_day_of_a_visit_is_the_only_date_in_a_data_set(taken_in):
    work, _ = taken_in
    for path in (path for path in (work / "data").rglob("*") if path.is_file()):
        raw = path.read_bytes()
        if path.suffix == ".parquet":
            table = pd.read_parquet(io.BytesIO(raw)).drop(columns="date", errors="ignore")
            assert not [name for name in table if pd.api.types.is_datetime64_any_dtype(table[name])]
            raw = table.to_csv().encode()
        assert re.search(rb"\b(19|20)\d\d-\d\d-\d\d\b", raw) is None, path.name
