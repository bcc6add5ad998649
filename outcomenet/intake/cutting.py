"""What a worker process does with one film: read it, wipe all but the limb, cut its joints. No JAX here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from outcomenet.anatomy import Side, joints_of
from outcomenet.arrays import Bool, UInt16
from outcomenet.errors import DataRefused, FilmRefused
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.film_file import read_film
from outcomenet.intake.film_identity import FilmIdentity, identity_of
from outcomenet.localization.anatomy_mask import anatomy_mask
from outcomenet.localization.crops import FOOT_LENGTH_MM, HAND_LENGTH_MM, NoScale, cut_crops, film_scale
from outcomenet.localization.film_quality import FilmFlags, film_flags
from outcomenet.localization.geometry import CropGeometry, JointFrames, is_left_as_displayed
from outcomenet.localization.likeness import likeness
from outcomenet.localization.polarity import bones_are_dark

PREVIEW_HEIGHT_PX = 420
NO_FLAGS = FilmFlags((), ())


@dataclass(frozen=True)
class FilmTask:
    """One film to cut: where it is, what is on it, at which scale."""

    film_id: str
    row: int  # line in films.csv
    path: Path
    side: Side
    landmarks: Mapping[str, tuple[float, float]]
    placed: bool  # by a person: flags are then told from them here, and were not when they were found
    geometry: CropGeometry
    spacing_mm: float | None = None  # of the film, None: not known
    spacing_source: str = "none"
    hand_length_mm: float = HAND_LENGTH_MM
    foot_length_mm: float = FOOT_LENGTH_MM
    preview: bool = False
    refused: str = ""  # why it is not to be cut, known before
    dark_bones: bool = False  # grey levels are to be reversed; of placed landmarks this is told here
    secret: bytes = b""  # with which accession and pixels are hashed


class CutFilm(NamedTuple):
    """A film's crops in the order of `anatomy.joints_of(region)`, or the reason why there are none."""

    film_id: str
    side: Side
    crops: UInt16[np.ndarray, "joint height width"] | None
    present: Bool[np.ndarray, "joint"] | None
    scale_mm_per_px: float
    scale_source: str
    mirrored: bool  # the landmarks show the other side than declared
    refused: str  # reason for the ledger; empty when there are crops
    preview_png: bytes
    identity: FilmIdentity | None = None  # None: nothing of the film entered
    flags: tuple[str, ...] = ()  # of a film with placed landmarks
    text: tuple[TextBox, ...] = ()


def cut_film(task: FilmTask) -> CutFilm:
    """Reads and cuts one film. A film that cannot be read raises FilmRefused; one that cannot be cut says why."""
    if task.path.suffix == ".npz":
        return _ready_crops(task)
    if task.refused:
        return _refused(task, task.refused)
    try:
        film = read_film(task.path)
    except FilmRefused as refused:  # a file's name may name a patient
        raise FilmRefused(str(refused).removeprefix(f"{task.path.name}: "), refused.code) from None
    if not task.landmarks:
        return _refused(task, "no landmarks")
    try:
        scale = film_scale(
            task.spacing_mm,
            task.spacing_source,
            task.landmarks,
            task.side.region,
            hand_length_mm=task.hand_length_mm,
            foot_length_mm=task.foot_length_mm,
        )
        dark = task.dark_bones or (
            task.placed and bones_are_dark(film.pixels, task.landmarks, task.side.region, scale.mm_per_px)
        )
        pixels = np.uint16(65535) - film.pixels if dark else film.pixels
        mask = anatomy_mask(pixels, task.landmarks, task.side.region, scale.mm_per_px)
        cut = cut_crops(pixels, task.landmarks, task.side.region, scale, task.geometry, mask)
        left = is_left_as_displayed(task.landmarks, task.side.region)
        said = NO_FLAGS
        if task.placed:
            said = film_flags(
                pixels, task.landmarks, task.side, scale.mm_per_px,
                spacing_mm=task.spacing_mm, text_declared=film.header.text_declared,
            )  # fmt: skip
    except NoScale:
        return _refused(task, "no pixel spacing and no landmarks that give the limb's length")
    except DataRefused:
        return _refused(task, "landmarks do not tell the limb's direction")
    return CutFilm(
        film_id=task.film_id,
        side=task.side,
        crops=cut.crops,
        present=cut.present,
        scale_mm_per_px=scale.mm_per_px,
        scale_source=scale.source,
        mirrored=left != (task.side.laterality == "L"),
        refused="",
        preview_png=(
            draw_preview(mask.wiped(pixels), cut.frames, cut.present, task, scale.mm_per_px) if task.preview else b""
        ),
        identity=identity_of(
            task.path, film.pixels, likeness(pixels, task.landmarks, task.side.region, mask), task.secret
        ),
        flags=(*(["dark_bones"] if dark else []), *said.flags, *film.header.remarks),
        text=said.text,
    )


def _ready_crops(task: FilmTask) -> CutFilm:
    """Crops that a simulated cohort brings instead of a film; they must be of the geometry asked for."""
    with np.load(task.path, allow_pickle=False) as data:
        crops, sites, mm = data["crops"], [str(site) for site in data["sites"]], float(data["mm_per_px"])
    expected = joints_of(task.side.region)
    if crops.shape[1:] != (task.geometry.size_px,) * 2 or not np.isclose(mm, task.geometry.mm_per_px):
        raise FilmRefused(
            f"{task.path.name} holds crops of {crops.shape[1]} px at {mm} mm, but {task.geometry.size_px} px at "
            f"{task.geometry.mm_per_px} mm are to be built; simulate the cohort again with that geometry.",
            "crop_geometry",
        )
    if sites != [site for site in expected if site in sites]:
        raise FilmRefused(
            f"{task.path.name} holds crops of {len(sites)} joints that are not those of a {task.side.region} in order; "
            "simulate the cohort again with this version.",
            "crop_sites",
        )
    # an amputated joint has no crop
    present = np.array([site in sites for site in expected])
    whole = np.zeros((len(expected), *crops.shape[1:]), np.uint16)
    whole[present] = crops
    return CutFilm(task.film_id, task.side, whole, present, mm, "simulated crops", False, "", b"")


def _refused(task: FilmTask, reason: str) -> CutFilm:
    return CutFilm(task.film_id, task.side, None, None, 0.0, "", False, reason, b"")


def draw_preview(
    pixels: UInt16[np.ndarray, "height width"],
    frames: JointFrames,
    present: Bool[np.ndarray, "joint"],
    task: FilmTask,
    mm_per_px: float,
) -> bytes:
    """PNG of the whole film with each joint's crop as a square, the edge that is up in the crop drawn bold."""
    factor = PREVIEW_HEIGHT_PX / pixels.shape[0]
    low, high = np.percentile(pixels, (1, 99.7))
    grey = np.clip((pixels.astype(np.float32) - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    canvas = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    half = task.geometry.width_mm / mm_per_px / 2
    for joint in np.flatnonzero(present):
        centre, right, up = frames.centre[joint], frames.right[joint] * half, frames.up[joint] * half
        corners = np.array([centre - right + up, centre + right + up, centre + right - up, centre - right - up])
        corners = np.round(corners * factor).astype(np.int32)
        cv2.polylines(canvas, [corners], True, (60, 170, 240), 1, cv2.LINE_AA)
        cv2.line(canvas, corners[0].tolist(), corners[1].tolist(), (60, 170, 240), 2, cv2.LINE_AA)
    return cv2.imencode(".png", canvas)[1].tobytes()
