"""Work of a decoding process on one film: it decodes the film, cuts one limb and says what identifies the film. No JAX here."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom

from outcomenet.anatomy import Side, joints_of
from outcomenet.arrays import Bool, UInt16
from outcomenet.errors import FilmRefused
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.crop_file import SUFFIX
from outcomenet.films.film_file import film_format, read_film
from outcomenet.intake.crop_preview import draw_preview
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.localization.likeness import likeness
from outcomenet.localization.limb_crops import LimbCrops, cut_limb

NOT_LOOKED_FOR = "no landmarks"  # the film could not be decoded when its joints were looked for


class FilmIdentity(NamedTuple):
    """Of one film: hexadecimal hashes, "" where there is none. Equal `accession`: one examination; equal `pixels`: the
    same picture; `likeness` holds the joints' patterns, for `localization.likeness`, and is not kept in the data set."""

    accession: str
    pixels: str
    likeness: str


class CutFilm(NamedTuple):
    """A film's crops in the order of `anatomy.joints_of(region)`, or the reason why there are none."""

    film_id: str
    side: Side
    crops: UInt16[np.ndarray, "joint height width"] | None
    present: Bool[np.ndarray, "joint"] | None
    scale_mm_per_px: float
    scale_source: str
    refused: str  # the flag for which nothing was cut, or `NOT_LOOKED_FOR`; empty where there are crops
    preview_png: bytes
    identity: FilmIdentity | None = None  # None: nothing of the film entered
    flags: tuple[str, ...] = ()
    text: tuple[TextBox, ...] = ()  # printed on the film, film pixels


def cut_film(task: FilmTask) -> CutFilm:
    """Decodes and cuts one film.

    Raises:
        FilmRefused: The film cannot be decoded, or simulated crops are not of the task's geometry.
    """
    if task.path.suffix == SUFFIX:
        return _ready_crops(task)
    try:
        film = read_film(task.path)
    except FilmRefused as refused:  # a file's name may name a patient
        raise FilmRefused(str(refused).removeprefix(f"{task.path.name}: "), refused.code) from None
    if task.limb is None:
        return CutFilm(task.film_id, task.side, None, None, 0.0, "", NOT_LOOKED_FOR, b"")
    limb = cut_limb(film, task.limb, task.geometry, spacing=task.spacing, lengths=task.lengths)
    if limb.cut is None:
        nothing = (None, None, 0.0, "", limb.uncuttable, b"", None)
        return CutFilm(task.film_id, task.side, *nothing, limb.flags, limb.text)
    return _cut(task, film.pixels, limb)


def _cut(task: FilmTask, pixels: UInt16[np.ndarray, "height width"], crops: LimbCrops) -> CutFilm:
    limb, cut = task.limb, crops.cut
    assert limb is not None
    assert cut is not None
    assert crops.mask is not None
    shown = draw_preview(crops.mask.wiped(crops.pixels), cut, task.geometry) if task.preview else b""
    patterns = likeness(crops.pixels, limb.landmarks, limb.region, crops.mask)
    return CutFilm(
        film_id=task.film_id,
        side=task.side,
        crops=cut.crops,
        present=cut.present,
        scale_mm_per_px=cut.scale.mm_per_px,
        scale_source=cut.scale.source,
        refused="",
        preview_png=shown,
        identity=identity_of(task.path, pixels, patterns, task.secret),
        flags=crops.flags,
        text=crops.text,
    )


def _ready_crops(task: FilmTask) -> CutFilm:
    """Crops that a simulated cohort brings instead of a film; FilmRefused where they are not of the geometry asked for."""
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
    return CutFilm(task.film_id, task.side, whole, present, mm, "simulated crops", "", b"")


def identity_of(path: Path, pixels: UInt16[np.ndarray, "height width"], patterns: str, secret: bytes) -> FilmIdentity:
    """The identity of a decoded film.

    Hashes are HMAC-SHA256 under `secret`, so that nobody without it can tell whose film it is by trying numbers or films.
    Accession numbers are few enough to try them all: without a secret none is kept.

    Args:
        path: The film.
        pixels: As they were decoded.
        patterns: What `localization.likeness` gives of its joints.
        secret: The key; may be empty.
    """
    accession = _accession(path)
    picture = hmac.new(secret, repr(pixels.shape).encode(), hashlib.sha256)
    # a film's noise differs in every row: a quarter of them tells two films apart as well as all
    picture.update(np.ascontiguousarray(pixels[::4]).data)
    return FilmIdentity(
        hmac.new(secret, accession.encode(), hashlib.sha256).hexdigest()[:32] if accession and secret else "",
        picture.hexdigest()[:32],
        patterns,
    )


def _accession(path: Path) -> str:
    """AccessionNumber of a DICOM film that was read already; "" where it has none that can be read."""
    if film_format(path) != "dicom":
        return ""
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["AccessionNumber"])
        return str(header.get("AccessionNumber") or "").strip()
    except (
        Exception
    ):  # pydicom raises many kinds on a damaged value; the film's pixels were read, and still identify it
        return ""
