"""Reads single films with a trained network: joints, score, flags. What cannot be read is flagged, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from outcomenet.anatomy import (
    FOOT_LANDMARKS,
    HAND_LANDMARKS,
    JOINT_COUNT,
    JOINT_INDEX,
    JOINT_NAMES,
    Joint,
    Region,
    Side,
    joints_of,
)
from outcomenet.cohorts.films import read_film
from outcomenet.datasets.contact_sheet import contact_sheet
from outcomenet.errors import DataRefused, FilmRefused, UsageError, did_you_mean
from outcomenet.evaluation.reading import read_visits_with
from outcomenet.input_pipeline.batches import stack
from outcomenet.input_pipeline.transforms import CovariateScale, Standardise
from outcomenet.localization.crops import NoScale, cut_crops, film_scale
from outcomenet.localization.geometry import CropGeometry, is_left_as_displayed, limb_length_px
from outcomenet.outcomes import TARGET_FIELDS
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH
from outcomenet.training.rungs import Parameters, RungNetwork

# Length of the limb in millimetres (TIP3-RC, TIP1-BASE1) outside which an adult film's spacing is doubted.
PLAUSIBLE_LENGTH_MM = {Region.HAND: (140.0, 240.0), Region.FOOT: (90.0, 160.0)}
LATERALITY = {"l": "L", "left": "L", "r": "R", "right": "R"}


@dataclass(frozen=True)
class PredictionTask:
    """The network that reads, and what it needs to know about films."""

    network: RungNetwork
    parameters: Parameters
    geometry: CropGeometry
    covariates: int
    run: str
    rung: str


@dataclass(frozen=True)
class FilmLandmarks:
    """Landmarks of one film, its region and the side that the file declares ("" when it does not)."""

    points: Mapping[str, tuple[float, float]]
    region: Region
    declared: str


def predict_films(
    task: PredictionTask,
    films: Sequence[Path],
    out: Path,
    *,
    landmarks: Path | None = None,
    spacing_mm: float | None = None,
) -> pd.DataFrame:
    """Writes films.csv (one row a film: score, flags), joints.csv (one row a joint) and a crop sheet per film.

    `score` is the part of the film's own joints in the biomarker's score, on its latent scale, higher is worse; a
    patient's score needs all four limbs. A film without landmarks gets the flag `no_landmarks` and no score. A file
    that is no film is refused with its sentence in `flags`. Returns the rows of films.csv.
    """
    if out.exists():
        raise UsageError(f"{out} exists already; choose another --out or remove it first.")
    for film in films:
        if not film.is_file():
            raise UsageError(f"There is no film {film}.")
    placed = read_landmarks(landmarks) if landmarks is not None else {}
    for name in placed.keys() - {film.name for film in films}:
        if landmarks is not None and not any(film.parent == landmarks.parent for film in films):
            raise DataRefused(
                f"{landmarks} names film {name!r}, which is not among the films. {did_you_mean(name, [f.name for f in films])}"
            )
    out.mkdir(parents=True)
    rows, joints = [], []
    for film in films:
        row, found, sheet = _read_one(task, film, placed.get(film.name), spacing_mm)
        rows.append(row)
        joints += found
        if sheet is not None:
            cv2.imwrite(str(out / f"crops_{film.stem}.png"), sheet)
    table = pd.DataFrame(rows)
    table.to_csv(out / "films.csv", index=False)
    pd.DataFrame(joints, columns=JOINT_COLUMNS).to_csv(out / "joints.csv", index=False)
    return table


JOINT_COLUMNS = [
    "film_id", "joint", "x_px", "y_px", "visible", "contribution", "svdh_erosion", "svdh_jsn", "kellgren_lawrence",
]  # fmt: skip


def read_landmarks(path: Path) -> dict[str, FilmLandmarks]:
    """Landmarks by film: columns film_id (or film), landmark, x_px, y_px, and optionally side, region, note."""
    if not path.is_file():
        raise UsageError(f"There is no landmarks file {path}.")
    table = pd.read_csv(path, dtype=str, keep_default_na=False).rename(columns={"film": "film_id"})
    allowed = ["film_id", "landmark", "x_px", "y_px", "side", "region", "note"]
    for column in allowed[:4]:
        if column not in table:
            raise DataRefused(f"{path.name} lacks column {column}; it needs film_id, landmark, x_px and y_px.")
    for column in table:
        if column not in allowed:
            raise DataRefused(f"{path.name} has an unknown column {column!r}. {did_you_mean(str(column), allowed)}")
    for column in ("x_px", "y_px"):
        number = pd.to_numeric(table[column], errors="coerce")
        if number.isna().any():
            line = int(number.isna().to_numpy().argmax())
            raise DataRefused(
                f"{path.name}, row {line + 2}, column {column}: expected a pixel position, got {table[column][line]!r}."
            )
        table[column] = number
    return {str(film): _film_landmarks(path, str(film), rows) for film, rows in table.groupby("film_id", sort=False)}


def _film_landmarks(path: Path, film: str, rows: pd.DataFrame) -> FilmLandmarks:
    names = set(rows["landmark"])
    region = Region.FOOT if any(name.startswith("MTP") for name in names) else Region.HAND
    known = FOOT_LANDMARKS if region is Region.FOOT else HAND_LANDMARKS
    for name in names:
        if name not in known:
            raise DataRefused(f"{path.name} has landmark {name!r} on a {region} film. {did_you_mean(name, known)}")
    if len(names) < len(rows):
        raise DataRefused(f"{path.name} places a landmark of film {film} twice; keep one row for each.")
    declared = {LATERALITY.get(side.strip().lower(), "") for side in rows["side"]} if "side" in rows else {""}
    points = {r.landmark: (float(r.x_px), float(r.y_px)) for r in rows.itertuples()}
    return FilmLandmarks(points, region, declared.pop() if len(declared) == 1 else "")


def _read_one(
    task: PredictionTask, path: Path, placed: FilmLandmarks | None, spacing_mm: float | None
) -> tuple[dict, list[dict], np.ndarray | None]:
    row: dict = {"film_id": path.name, "side": "", "region": "", "joints_seen": 0, "score": np.nan, "oa_score": np.nan}
    row |= {"svdh_of_film": np.nan, "scale_mm_per_px": np.nan, "scale_source": "", "flags": "", "remark": ""}
    try:
        film = read_film(path)
    except FilmRefused as refused:
        return row | {"flags": f"refused:{refused.code}", "remark": str(refused)}, [], None
    if placed is None:
        remark = "No landmarks were given for this film: not scored. Place them and name the file with --landmarks."
        return row | {"flags": "no_landmarks", "remark": remark}, [], None
    flags = []
    try:
        left = is_left_as_displayed(placed.points, placed.region)
        spacing, source = (spacing_mm, "given") if spacing_mm else (film.header.spacing_mm, film.header.spacing_source)
        if source.startswith("refused"):
            flags.append("spacing_refused")
        scale = film_scale(spacing, source, placed.points, placed.region)
        cut = cut_crops(film.pixels, placed.points, placed.region, scale, task.geometry)
    except (NoScale, DataRefused) as reason:
        return row | {"flags": "landmarks_insufficient", "remark": str(reason)}, [], None
    side = Side.of(placed.declared or ("L" if left else "R"), placed.region)
    flags += _doubts(placed, left, scale.mm_per_px, scale.source, int(cut.present.sum()))
    row |= {"side": str(side), "region": str(placed.region), "joints_seen": int(cut.present.sum())}
    row |= {"scale_mm_per_px": round(scale.mm_per_px, 5), "scale_source": scale.source, "flags": ";".join(flags)}
    crops = np.zeros((JOINT_COUNT, *cut.crops.shape[1:]), np.uint16)
    present = np.zeros(JOINT_COUNT, bool)
    at = [JOINT_INDEX[Joint(side, site).name] for site in joints_of(placed.region)]
    crops[at], present[at] = cut.crops, cut.present
    sheet = contact_sheet(crops, present, JOINT_NAMES, columns=6)
    if "few_joints" in flags:
        return row | {"remark": "Fewer than half of the joints are on the film: not scored."}, [], sheet
    values, joints = _say(task, path.name, crops, present, cut.frames.centre, at)
    return row | values, joints, sheet


def _doubts(placed: FilmLandmarks, left: bool, mm_per_px: float, source: str, seen: int) -> list[str]:
    flags = []
    if placed.declared and placed.declared != ("L" if left else "R"):
        flags.append("mirrored_or_wrong_side")
    if not placed.declared:
        flags.append("side_from_shape")
    if source in ("hand length", "foot length"):
        flags.append("scale_from_limb_length")
    length = limb_length_px(placed.points, placed.region)
    low, high = PLAUSIBLE_LENGTH_MM[placed.region]
    if length is not None and not low <= length * mm_per_px <= high:
        flags.append("implausible_size")
    if 2 * seen < len(joints_of(placed.region)):
        flags.append("few_joints")
    return flags


def _say(
    task: PredictionTask, film: str, crops: np.ndarray, present: np.ndarray, centre: np.ndarray, at: list[int]
) -> tuple[dict, list[dict]]:
    reading = read_visits_with(task.network, task.parameters, [_batch(task, crops, present)])
    contribution = reading.contributions[0, :, 0]
    svdh = reading.svdh[0] if reading.svdh is not None else np.full(len(SVDH.sites), np.nan)
    grades = {(site.joint_index, site.definition.feature): grade for site, grade in zip(SVDH.sites, svdh, strict=True)}
    oa = reading.osteoarthritis_grades[0]
    kl = {site.joint_index: grade for site, grade in zip(KELLGREN_LAWRENCE.sites, oa, strict=True)}
    joints = [
        {
            "film_id": film,
            "joint": JOINT_NAMES[j],
            "x_px": round(float(centre[k][0]), 1) if present[j] else np.nan,
            "y_px": round(float(centre[k][1]), 1) if present[j] else np.nan,
            "visible": bool(present[j]),
            "contribution": float(contribution[j]) if present[j] else np.nan,
            "svdh_erosion": grades.get((j, "erosion"), np.nan) if present[j] else np.nan,
            "svdh_jsn": grades.get((j, "jsn"), np.nan) if present[j] else np.nan,
            "kellgren_lawrence": kl.get(j, np.nan) if present[j] else np.nan,
        }
        for k, j in enumerate(at)
    ]
    values = {
        "score": float(contribution[present].sum()),
        "oa_score": float(reading.osteoarthritis[0]),
        "svdh_of_film": float(np.nansum(svdh)) if np.isfinite(svdh).any() else np.nan,
    }
    return values, joints


def _batch(task: PredictionTask, crops: np.ndarray, present: np.ndarray) -> tuple[dict, list[tuple[str, str]], int]:
    n = task.covariates
    nothing = CovariateScale(("",) * n, tuple(range(n)), (0.0,) * n, (1.0,) * n)
    example = {
        "crops": crops,
        "present": present,
        "covariates": np.full(n, np.nan, np.float32),
        "svdh": np.full((1, len(SVDH.sites)), -1, np.int8),
        "kellgren_lawrence": np.full(len(KELLGREN_LAWRENCE.sites), -1, np.int8),
        **{name: np.float32(np.nan) for name in TARGET_FIELDS},
    }
    return stack([Standardise(nothing).map(example)]), [("film", "film")], 1
