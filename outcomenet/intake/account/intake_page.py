"""Intake page (intake.html): the account on one page that can be mailed, from the files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import write_whole
from outcomenet.cohorts.ledger import KEPT
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import LEDGER, PREVIEWS, SAME_FILMS, SPLITS, UNREAD
from outcomenet.datasets.manifest import DatasetManifest
from outcomenet.intake.account.account import AGREEMENT, TABLE_ONE
from outcomenet.intake.account.distance_figure import draw_distances
from outcomenet.intake.account.flow import FLOW
from outcomenet.intake.account.joint_sheets import JOINT_SHEETS
from outcomenet.intake.unlike_joints import DISTANCES, UNLIKE_JOINTS
from outcomenet.localization.geometry import CropGeometry
from outcomenet.pages.figures import PublishedFigure, publish
from outcomenet.pages.page import Table, flow_chart, page_template, table_of
from outcomenet.pages.pictures import small_picture

PAGE, FIGURES = "intake.html", "figures"
_MOST_ROWS = 50
_STATISTICS = ("icc_a1", "bias", "lower_limit", "upper_limit", "kappa_quadratic")
_MEASURES = ("total", "all sites")

# Thirty sheets and a few films of this size make a page of about three megabytes.
_FILM_PX, _SHEET_PX = 700, 700


def write_page(folder: Path, manifest: DatasetManifest) -> Path:
    """Writes intake.html from the tables and pictures of the data set's folder; nothing on it is loaded from elsewhere.

    Args:
        folder: The data set, its account already written.
        manifest: Its counts and terms.

    Returns:
        Path of the page.
    """
    facts = (
        f"{manifest.patients:,} patients, {manifest.visits:,} visits, {manifest.visits_with_films:,} of them with films; crops "
        f"of {manifest.crop_size_px} pixels at {manifest.mm_per_px:g} mm; each {manifest.split_by} is in one split. Licence: "
        f"{manifest.licence}."
    )
    table = read_csv(folder / TABLE_ONE, dtype=str).fillna("")
    html = page_template("outcomenet.intake.account", "intake.html").render(
        name=manifest.name,
        facts=facts,
        flow=flow_chart(read_csv(folder / FLOW), splits=len(SPLITS)),
        ledger=_ledger(folder),
        table_one=_table("Patients at their first visit.", table, words=("variable", "level")),
        agreement=_agreement(folder),
        flags=_flags(folder),
        unread=_unread(folder),
        same=_same_films(folder),
        unlike=_unlike(folder, manifest),
        previews=[small_picture(path, _FILM_PX) for path in sorted((folder / PREVIEWS).glob("*.png"))],
        sheets=[
            {"joint": path.stem.replace("_", " "), "picture": small_picture(path, _SHEET_PX)}
            for path in sorted((folder / JOINT_SHEETS).glob("*.png"))
        ],
    )
    return write_whole(folder / PAGE, html)


@dataclass(frozen=True)
class _Distances:
    """The section on distances; without a table no joint was judged, and `sentence` says why."""

    sentence: str
    table: Table | None = None
    figure: PublishedFigure | None = None


def _table(caption: str, frame: pd.DataFrame, words: Sequence[str]) -> Table:
    columns = [str(column) for column in frame.columns]
    rows = frame.fillna("").itertuples(index=False, name=None)
    return table_of(caption, columns, rows, tuple(columns.index(word) for word in words))


def _ledger(folder: Path) -> Table:
    ledger = read_csv(folder / LEDGER)
    kept = ledger["unit"].str.endswith(KEPT)
    ledger["unit"] = ledger["unit"].str.removesuffix(KEPT)
    ledger["what became of it"] = kept.map({True: "kept, noted", False: "left out"})
    columns = ["reason", "what became of it", "step", "unit", "count"]
    return _table("Counts by reason.", ledger.loc[kept.sort_values(kind="stable").index, columns], words=columns[:4])


def _agreement(folder: Path) -> Table | None:
    table = read_csv(folder / AGREEMENT, keep_default_na=False, na_values=[""])
    # agreement.csv has every site; a page shows the whole
    table = table[table["measure"].isin(_MEASURES) & table["statistic"].isin(_STATISTICS)].head(_MOST_ROWS)
    if table.empty:
        return None
    shown = pd.DataFrame(
        {
            "statistic": table["statistic"],
            "readers": table["readers"],
            "of": table["scheme"] + ", " + table["reading_mode"] + ", " + table["measure"],
            "value (95 % interval)": [
                _with_interval(*estimate) for estimate in table[["value", "lower", "upper"]].to_numpy(float).tolist()
            ],
            "n": table["n"],
            "patients": table["patients"],
        }
    )
    if table["note"].notna().any():
        shown["note"] = table["note"]
    words = ("statistic", "readers", "of", *(["note"] if "note" in shown else []))
    return _table("Agreement on totals and over all sites.", shown, words=words)


def _with_interval(value: float, lower: float, upper: float) -> str:
    if pd.isna(value):
        return "\N{EN DASH}"
    return f"{value:.2f}" if pd.isna(lower) or pd.isna(upper) else f"{value:.2f} ({lower:.2f} to {upper:.2f})"


def _flags(folder: Path) -> Table | None:
    path = folder / "film_flags.csv"
    table = read_csv(path) if path.is_file() else pd.DataFrame()
    if table.empty:
        return None
    counted = table.groupby(["flag", "in_words"], as_index=False).agg(
        films=("film_id", "nunique"), left_out=("dropped", "sum")
    )
    shown = counted.sort_values("films", ascending=False).rename(
        columns={"in_words": "in words", "left_out": "left out"}
    )
    return _table("Films with each flag.", shown, words=("flag", "in words"))


def _unread(folder: Path) -> Table | None:
    path = folder / UNREAD
    if not path.is_file():
        return None
    table = read_csv(path).rename(columns={"row": "row of films.csv", "rule": "reason", "remedy": "in words"})
    table["reason"] = table["reason"].str.removeprefix("film:")
    shown = table[["row of films.csv", "reason", "in words"]].head(_MOST_ROWS)
    return _table("Films that were left out.", shown, words=("row of films.csv", "reason", "in words"))


def _same_films(folder: Path) -> Table | None:
    table = read_csv(folder / SAME_FILMS)
    if table.empty:
        return None
    return _table("Pairs of films.", table.head(_MOST_ROWS).astype(str), words=tuple(str(column) for column in table))


def _unlike(folder: Path, manifest: DatasetManifest) -> _Distances | None:
    """How far the films lie from what the encoder was trained on; None for a data set without films."""
    if not manifest.visits_with_films:
        return None
    path = folder / DISTANCES
    if not path.is_file():
        return _Distances(_why_not_judged(manifest))
    table = read_csv(path, dtype={"films_of": str})
    every = table.iloc[1]
    limit, masked = float(every["limit"]), int(every["masked"])
    sentence = (
        f"{masked:,} of {int(every['joints']):,} joints lie beyond {limit:.2f}, where the farthest 0.1 % of simulated joints begin; they are "
        f"masked, as if no film showed them. Each: {UNLIKE_JOINTS}."
    )
    shown = table.rename(columns={"films_of": "films of", "p5": "5 %", "p50": "median", "p95": "95 %", "p99": "99 %"})
    shown["masked, %"] = (100 * shown["masked"] / shown["joints"]).map("{:.2f}".format).replace("nan", "")
    for name in ("5 %", "median", "95 %", "99 %", "largest"):
        shown[name] = shown[name].map("{:.2f}".format).replace("nan", "")
    for name in ("films", "joints", "masked"):
        shown[name] = shown[name].map("{:,.0f}".format).replace("nan", "")
    columns = ["films of", "films", "joints", "5 %", "median", "95 %", "99 %", "largest", "masked", "masked, %"]
    (folder / FIGURES).mkdir()
    figure = publish(lambda layout: draw_distances(table, layout), folder / FIGURES)
    return _Distances(sentence, _table("Distances of joints.", shown[columns].head(_MOST_ROWS), ("films of",)), figure)


def _why_not_judged(manifest: DatasetManifest) -> str:
    fits, has = CropGeometry(), manifest.geometry
    if fits == has:
        return "No joint was compared with those that the encoder was trained on: the weights that come with outcomenet hold no reference."
    return (
        f"No joint was compared with those that the encoder was trained on: it takes crops of {fits.size_px} pixels at {fits.mm_per_px:g} mm, and "
        f"these have {has.size_px} pixels at {has.mm_per_px:g} mm."
    )
