"""intake.html: what an intake says of itself on one page, from the files beside it."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from outcomenet.cohorts.ledger import KEPT
from outcomenet.datasets.account import AGREEMENT, TABLE_ONE
from outcomenet.datasets.dataset import LEDGER, PREVIEWS, UNREAD
from outcomenet.datasets.flow_diagram import DIAGRAM
from outcomenet.datasets.joint_sheets import JOINT_SHEETS
from outcomenet.datasets.leaks import SAME_FILMS
from outcomenet.datasets.manifest import DatasetManifest

PAGE = "intake.html"
_MOST_ROWS = 50
_STATISTICS = ("icc_a1", "bias", "lower_limit", "upper_limit", "kappa_quadratic")
_MEASURES = ("total", "all sites")

_TEMPLATE = Path(__file__).parent / "templates" / "intake.html"


def write_page(folder: Path, manifest: DatasetManifest) -> Path:
    """Writes intake.html from the tables and pictures of the data set's folder; pictures stay files beside it."""
    facts = (
        f"{manifest.patients:,} patients, {manifest.visits:,} visits, {manifest.visits_with_films:,} of them with films; crops "
        f"of {manifest.crop_size_px} pixels at {manifest.mm_per_px:g} mm; each {manifest.split_by} is in one split. Licence: "
        f"{manifest.licence}."
    )
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    sheets = sorted((folder / JOINT_SHEETS).glob("*.png"))
    html = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        name=manifest.name,
        facts=facts,
        flow=_safe((folder / DIAGRAM).read_text(encoding="utf-8")),
        ledger=_ledger(folder),
        table_one=_html(pd.read_csv(folder / TABLE_ONE, dtype=str).fillna("")),
        agreement=_agreement(folder),
        flags=_flags(folder),
        unread=_unread(folder),
        same=_same_films(folder),
        previews=[f"{PREVIEWS}/{path.name}" for path in sorted((folder / PREVIEWS).glob("*.png"))],
        sheets=[{"joint": path.stem.replace("_", " "), "path": f"{JOINT_SHEETS}/{path.name}"} for path in sheets],
    )
    (folder / PAGE).write_text(html, encoding="utf-8")
    return folder / PAGE


def _safe(html: str) -> Markup:
    return Markup(html)


def _html(table: pd.DataFrame) -> Markup:
    return _safe(table.to_html(index=False, border=0))


def _ledger(folder: Path) -> Markup:
    ledger = pd.read_csv(folder / LEDGER)
    kept = ledger["unit"].str.endswith(KEPT)
    ledger["unit"] = ledger["unit"].str.removesuffix(KEPT)
    ledger["what became of it"] = kept.map({True: "kept, noted", False: "left out"})
    columns = ["what became of it", "step", "unit", "reason", "count"]
    return _html(ledger.loc[kept.sort_values(kind="stable").index, columns])


def _agreement(folder: Path) -> Markup | str:
    table = pd.read_csv(folder / AGREEMENT)
    table = table[table["measure"].isin(_MEASURES) & table["statistic"].isin(_STATISTICS)].copy()
    if table.empty:
        return ""
    for column in ("value", "lower", "upper"):
        table[column] = table[column].map(lambda value: "" if pd.isna(value) else f"{value:.2f}")
    return _html(table.drop(columns="note").head(_MOST_ROWS))


def _flags(folder: Path) -> Markup | str:
    path = folder / "film_flags.csv"
    table = pd.read_csv(path) if path.is_file() else pd.DataFrame()
    if table.empty:
        return ""
    counted = table.groupby(["flag", "in_words"], as_index=False).agg(
        films=("film_id", "nunique"), left_out=("dropped", "sum")
    )
    return _html(counted.sort_values("films", ascending=False))


def _unread(folder: Path) -> Markup | str:
    path = folder / UNREAD
    if not path.is_file():
        return ""
    table = pd.read_csv(path).rename(columns={"row": "row of films.csv", "rule": "reason", "remedy": "in words"})
    table["reason"] = table["reason"].str.removeprefix("film:")
    return _html(table[["row of films.csv", "reason", "in words"]].head(_MOST_ROWS))


def _same_films(folder: Path) -> Markup | str:
    table = pd.read_csv(folder / SAME_FILMS)
    return "" if table.empty else _html(table.head(_MOST_ROWS))
