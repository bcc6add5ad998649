"""Files of simulated films: DICOM or PNG as a hospital's archive would hold them, or joint crops straight away."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from outcomenet.anatomy import JOINT_INDEX, Joint, Region, Side, joints_of
from outcomenet.arrays import Bool
from outcomenet.cohorts.dicom_writer import write_dicom
from outcomenet.localization.geometry import CropGeometry
from outcomenet.simulation.rendering import (
    FilmPose,
    LimbAnatomy,
    Scanner,
    draw_anatomy,
    draw_pose,
    render_crops,
    render_films,
    select,
)
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.tables import VisitPlace

Row = dict[str, Any]
FilmKind = Literal["dicom", "png", "crops", "none"]


@dataclass(frozen=True)
class Archive:
    """How a hospital takes and keeps its films."""

    scanner: Scanner
    photometric: Literal["MONOCHROME1", "MONOCHROME2"]
    window: tuple[float, float] | None = None  # centre and width, 12-bit
    imager_magnification: float | None = None  # spacing written at the detector, with this magnification


# One archive per site of the default world; further sites take them in turn.
ARCHIVES = (
    Archive(Scanner("CR-A", spacing_mm=0.2, marker=True), "MONOCHROME2"),
    Archive(Scanner("CR-B", spacing_mm=0.2, blur_mm=0.20, noise=0.022, gamma=1.05, contrast=0.9), "MONOCHROME1"),
    Archive(
        Scanner("DR-C", spacing_mm=0.175, blur_mm=0.14, noise=0.015, gamma=1.3, contrast=0.95, fog=0.03),
        "MONOCHROME2",
        imager_magnification=1.02,
    ),
)


class FilmFiles:
    """Draws the patients' anatomy once and writes the films of their visits, chunk by chunk."""

    def __init__(self, folder: Path, sites: Sequence[str], seed: int, geometry: CropGeometry):
        self.folder, self.seed, self.geometry = folder, seed, geometry
        self.archives = {site: ARCHIVES[i % len(ARCHIVES)] for i, site in enumerate(sites)}
        (folder / "films").mkdir(parents=True)

    def write(
        self,
        states: JointStates,
        male: Bool[np.ndarray, "patient"],
        first: int,
        places: Sequence[VisitPlace],
        kind: FilmKind,
    ) -> tuple[list[Row], list[Row]]:
        """Files of the visits in `places`; returns rows of films.csv and landmarks.csv (none for crops)."""
        if kind == "none" or not places:
            return [], []
        patients = range(first, first + len(male))
        anatomy = draw_anatomy([np.random.default_rng([self.seed, i, 1]) for i in patients], male)
        visits = states.erosion.shape[1]
        pose = draw_pose([np.random.default_rng([self.seed, i, 2]) for i in patients], visits)
        at = [place.patient for place in places], [place.visit for place in places]
        chosen = select(states, at), select(anatomy, at[0]), select(pose, at)
        seeds = np.array([_noise_seed(self.seed, place) for place in places], np.uint32)
        if kind == "crops":
            return self._write_crops(*chosen, places, seeds), []
        films, landmarks = [], []
        for side in Side:
            rows, points = self._write_side(*chosen, places, seeds, side, kind)
            films += rows
            landmarks += points
        return films, landmarks

    def _write_side(
        self,
        states: JointStates,
        anatomy: LimbAnatomy,
        pose: FilmPose,
        places: Sequence[VisitPlace],
        seeds: np.ndarray,
        side: Side,
        kind: FilmKind,
    ) -> tuple[list[Row], list[Row]]:
        films, landmarks = [], []
        limb_pose = select(pose, (slice(None), list(Side).index(side)))
        for n, place in enumerate(places):
            archive = self.archives[place.site]
            one = [select(record, slice(n, n + 1)) for record in (states, anatomy, limb_pose)]
            pixels, points = render_films(*one, archive.scanner, side, seeds[n : n + 1] + list(Side).index(side))
            row = self._film_row(place, side, "dcm" if kind == "dicom" else "png", archive)
            path = self.folder / row["path"]
            if kind == "dicom":
                self._write_dicom(path, pixels[0], place, side, archive)
            else:
                row["pixel_spacing_mm"] = archive.scanner.spacing_mm
                cv2.imwrite(str(path), pixels[0] * 16, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            films.append(row)
            landmarks += [
                {"film_id": row["film_id"], "landmark": name, "x_px": round(x, 2), "y_px": round(y, 2)}
                for name, (x, y) in points[0].items()
            ]
        return films, landmarks

    def _write_dicom(self, path: Path, pixels: np.ndarray, place: VisitPlace, side: Side, archive: Archive) -> None:
        hand = side.region is Region.HAND
        write_dicom(
            path,
            pixels,
            spacing_mm=archive.scanner.spacing_mm,
            patient_id=place.patient_id,
            study_date=place.date,
            laterality="L" if side.laterality == "L" else "R",
            body_part="HAND" if hand else "FOOT",
            view="PA" if hand else "DP",
            institution=f"Hospital {place.site}",
            device=archive.scanner.name,
            photometric=archive.photometric,
            window=archive.window,
            imager_magnification=archive.imager_magnification,
        )

    def _write_crops(
        self,
        states: JointStates,
        anatomy: LimbAnatomy,
        pose: FilmPose,
        places: Sequence[VisitPlace],
        seeds: np.ndarray,
    ) -> list[Row]:
        archives = [self.archives[place.site] for place in places]
        crops = render_crops(states, anatomy, pose, [a.scanner for a in archives], self.geometry, seeds)
        rows = []
        for n, place in enumerate(places):
            for side in Side:
                row = self._film_row(place, side, "npz", archives[n])
                sites = joints_of(side.region)
                at = [JOINT_INDEX[Joint(side, site).name] for site in sites]
                np.savez(
                    self.folder / row["path"],
                    crops=crops[n, at] * np.uint16(16),  # 12 bits to the film reader's 16
                    sites=np.array(sites),
                    mm_per_px=np.float64(self.geometry.mm_per_px),
                )
                rows.append(row)
        return rows

    def _film_row(self, place: VisitPlace, side: Side, suffix: str, archive: Archive) -> Row:
        film_id = f"{place.patient_id}-{place.visit_id}-{side}"
        return {
            "film_id": film_id,
            "patient_id": place.patient_id,
            "date": place.date.isoformat(),
            "region": str(side.region),
            "side": side.laterality,
            "view": "PA" if side.region is Region.HAND else "DP",
            "path": f"films/{film_id}.{suffix}",
            "site": place.site,
            "device": archive.scanner.name,
            "pixel_spacing_mm": "",
        }


def _noise_seed(seed: int, place: VisitPlace) -> int:
    """Seed of a visit's film noise: of its patient and visit alone."""
    digest = hashlib.sha256(f"{seed}/{place.patient_id}/{place.visit_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
