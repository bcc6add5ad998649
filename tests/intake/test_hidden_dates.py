"""No arithmetic over what a data set stores gives a true date back: every pair of columns of its tables is tried."""

from __future__ import annotations

import io
import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hospital import hand_film
from PIL import Image

from outcomenet.cli import main
from outcomenet.datasets.dataset import FILMS, TABLE
from outcomenet.intake.account.follow_up_table import FOLLOW_UP
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
WITH_FILMS = "any day"  # one onset will do, of which films know nothing
FEWEST = 30  # of fewer rows some arithmetic fits by chance
SMALLER = 4  # a real hand's landmarks on films of so many times fewer rows and columns
# Tables that have no row for a patient, visit or film, so that nothing of theirs can be laid beside a date.
OF_ALL_PATIENTS = {
    "agreement.csv", "codebook.csv", "flow.csv", "ledger.csv", "table1.csv", "hospital_distances.csv", "figures/distances_by_hospital.csv",
}  # fmt: skip


def write_films(folder: Path, visits: pd.DataFrame, rng: np.random.Generator) -> None:
    """A film of noise for each visit, up to ten days later, with placed landmarks and a spacing of its own."""
    pixels, places = hand_film()
    shape = tuple(side // SMALLER for side in pixels.shape)
    (folder / "films").mkdir()
    films, landmarks = [], []
    for n, visit in enumerate(visits.itertuples()):
        film, path = f"F{n}", f"films/{n}.png"
        Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8)).save(folder / path)
        day = visit.date + pd.Timedelta(days=int(rng.integers(0, 10)))
        spacing = round(rng.uniform(0.8, 1), 3)
        films.append((film, visit.patient_id, day.date(), "hand", "L", "PA", path, spacing, f"D{n % 7}"))
        landmarks += [(film, name, round(x / SMALLER, 2), round(y / SMALLER, 2)) for name, (x, y) in places.items()]
    header = "film_id,patient_id,date,region,side,view,path,pixel_spacing_mm,device"
    pd.DataFrame(films, columns=header.split(",")).to_csv(folder / "films.csv", index=False)
    pd.DataFrame(landmarks, columns=["film_id", "landmark", "x_px", "y_px"]).to_csv(
        folder / "landmarks.csv", index=False
    )


def write_cohort(folder: Path, onset: str) -> pd.DataFrame:
    """A cohort with a rapid progression or none, of one onset with a film for each visit; returns the visits as written."""
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
    written = pd.DataFrame(visits, columns=headers["visits"].split(","))
    if onset == WITH_FILMS:
        write_films(folder, written, rng)
    return written


def tables_of(data: Path) -> dict[str, pd.DataFrame]:
    """Every table file of a data set by its path in it, with its rows counted, and of films also patient and visit."""
    paths = sorted(path for path in data.rglob("*") if path.suffix in (".csv", ".parquet"))
    tables = {
        str(path.relative_to(data)): pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        for path in paths
    }
    films = tables[FILMS][["film_id", "patient_id", "visit_id"]]
    for name, table in tables.items():
        table = table.assign(row=np.arange(len(table)))
        tables[name] = table.merge(films, on="film_id") if "film_id" in table and "patient_id" not in table else table
    return tables


def as_numbers(column: pd.Series) -> pd.Series:
    """The column's numbers, NaN for text. `pandas.to_numeric` ends the process on a hash like 12e3456789012."""
    if column.dtype != object:
        return pd.to_numeric(column)
    texts = column.astype(str).where(column.notna(), "nan")
    return texts.where(texts.str.fullmatch(r"-?\d{1,18}(\.\d*)?"), "nan").astype(float)


def stored_of(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The visits, with all numbers that any table has of them, their patients and their films."""
    stored = tables[TABLE]
    for name, table in tables.items():
        keys = [key for key in ("patient_id", "visit_id") if key in table]
        if name == TABLE or not keys:
            continue
        keys = keys[: 1 if table["patient_id"].is_unique else 2]
        values = table.drop(columns=["patient_id", "visit_id"], errors="ignore").apply(as_numbers)
        of_one = values.groupby([table[key] for key in keys]).mean().dropna(axis=1, how="all")
        stored = stored.merge(of_one.add_suffix(f" of {name}"), on=keys, how="left")
    return stored


@pytest.fixture(scope="module", params=list(ONSETS))
def taken_in(request, tmp_path_factory):
    """The folder with the data set, and its visits with all that any table holds of them, and the true date."""
    work = tmp_path_factory.mktemp("hidden")
    true = write_cohort(work / "cohort", request.param)
    arguments = ["--key", str(work / "key"), "--linking-table", str(work / "links.csv")]
    assert main(["intake", str(work / "cohort"), "--out", str(work / "data"), *arguments]) == 0
    links = pd.read_csv(work / "links.csv").set_index("patient_id")["pseudonym"]
    true["patient_id"] = true["patient_id"].map(links)
    tables = tables_of(work / "data")
    assert len(tables[FOLLOW_UP]) == PATIENTS
    assert len(tables[FILMS]) == (PATIENTS * VISITS if request.param == WITH_FILMS else 0)
    stored = stored_of(tables)
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
        enough = known.sum(0) >= FEWEST
        concentration = np.abs(np.where(known, turns, 0).sum(0)) / np.maximum(known.sum(0), 1)
        if period == 1e5:  # a whole life fits into it: near 1 for everything, so that only one day will do
            concentration = np.where(np.nanstd(true[:, None, None] - sums, axis=0) < 5, 1.0, 0.0)
        found |= {
            tuple(sorted((names[a], names[b])))
            for a, b in zip(*np.nonzero(enough & (concentration > 0.85)), strict=True)
        }
    return sorted(found)


def test_no_pair_of_columns_tells_a_true_date(taken_in):
    _, stored = taken_in
    assert told(stored) == []


@pytest.mark.parametrize("taken_in", [WITH_FILMS], indirect=True)
def test_every_table_is_searched_that_has_rows_of_patients(taken_in):
    work, stored = taken_in
    tables = tables_of(work / "data")
    searched = {name for name in tables if any(column.endswith(f" of {name}") for column in stored)} | {TABLE}
    assert {FILMS, FOLLOW_UP, "film_flags.csv", "joint_sheets/index.csv", "previews/films.csv"} <= searched
    assert {name for name, table in tables.items() if len(table)} - searched <= OF_ALL_PATIENTS


@pytest.mark.parametrize("taken_in", [WITH_FILMS], indirect=True)
def test_the_search_finds_what_a_film_tells(taken_in):
    work, stored = taken_in
    tables = tables_of(work / "data")
    days = (stored["true"] - pd.Timestamp("2000-01-01")).dt.days
    true = stored.assign(late=days - (stored["date"] - pd.Timestamp("2000-01-01")).dt.days)
    tables[FILMS] = tables[FILMS].merge(true[["patient_id", "visit_id", "late"]], on=["patient_id", "visit_id"])
    found = told(stored_of(tables).assign(true=stored["true"]))
    assert ("date", f"late of {FILMS}") in found


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
