"""Files of simulated films: DICOM or PNG as a hospital's archive would hold them, or joint crops without films."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from outcomenet.anatomy import JOINT_INDEX, Joint, Region, Side, joints_of
from outcomenet.arrays import Bool
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.localization.geometry import CropGeometry
from outcomenet.picture_files import write_png
from outcomenet.simulation.cohort_tables import VisitPlace
from outcomenet.simulation.rendering import (
    FilmPose,
    LimbAnatomy,
    Scanner,
    draw_anatomy,
    draw_pose,
    present_joints,
    render_crops,
    render_films,
    select,
)
from outcomenet.simulation.rendering.markers import burn_in, turn
from outcomenet.simulation.states import JointStates
from outcomenet.simulation.unseen_films import SCANNERS, unseen_anatomy
from outcomenet.simulation.world import World

Row = dict[str, str | float]
FilmKind = Literal["dicom", "png", "crops", "none"]


@dataclass(frozen=True)
class Archive:
    """How a hospital takes and keeps its films."""

    scanner: Scanner
    photometric: Literal["MONOCHROME1", "MONOCHROME2"]
    window: tuple[float, float] | None = None  # centre and width, 12-bit
    imager_magnification: float | None = None  # spacing written at the detector, with this magnification
    quarter_turns: int = 0  # times 90 degrees clockwise by which films are stored turned
    text: tuple[str, ...] = ()  # lines burnt into the film; {date}, {side} and {region} are filled in


# One archive per site of the default world; further sites take them in turn. The names are invented.
ARCHIVES = (
    Archive(Scanner("CR-A", spacing_mm=0.2), "MONOCHROME2"),
    Archive(
        Scanner(
            "CR-B",
            spacing_mm=0.2,
            blur_mm=0.18,
            noise=0.017,
            gamma=1.3,
            contrast=0.76,
            fog=0.17,
            equalisation=0.0,
            marker=False,
            collimation_mm=3.0,
        ),
        "MONOCHROME1",
        text=("LINDENHOF CLINIC", "{date}", "{side} {region}", "52 kV  4.0 mAs"),
    ),
    Archive(
        Scanner(
            "DR-C", spacing_mm=0.175, blur_mm=0.11, noise=0.009, gamma=1.9, contrast=0.97, fog=0.04, equalisation=1.5
        ),
        "MONOCHROME2",
        imager_magnification=1.02,
        quarter_turns=2,
    ),
)


# Those of a world whose films are unlike the pretraining's, which differ in their scanners alone.
UNSEEN_ARCHIVES = tuple(Archive(scanner, "MONOCHROME2") for scanner in SCANNERS)


class FilmFiles:
    """Draws the patients' anatomy once and writes the films of their visits, chunk by chunk."""

    def __init__(self, folder: Path, world: World, seed: int, geometry: CropGeometry):
        self.folder, self.seed, self.geometry, self.appearance = folder, seed, geometry, world.appearance
        self.archives = archives_of(world)
        (folder / "films").mkdir(parents=True)

    def write(
        self,
        states: JointStates,
        male: Bool[np.ndarray, "patient"],
        first: int,
        places: Sequence[VisitPlace],
        kind: FilmKind,
    ) -> tuple[list[Row], list[Row]]:
        """Writes the files of some visits.

        Args:
            states: Joint states of a chunk of patients, axes patient, visit, joint.
            male: Sex of the chunk's patients.
            first: Index of the chunk's first patient in the world.
            places: Visits that took place.
            kind: Kind of film; `none` writes nothing.

        Returns:
            (rows of films.csv, rows of landmarks.csv); no landmarks for crops, which need none.
        """
        if kind == "none" or not places:
            return [], []
        patients = range(first, first + len(male))
        anatomy, pose = draw_limbs(self.seed, patients, male, states.erosion.shape[1], self.appearance)
        at = [place.patient for place in places], [place.visit for place in places]
        chosen = select(states, at), select(anatomy, at[0]), select(pose, at)  # a row per visit
        seeds = np.array([film_noise_seed(self.seed, p.patient_id, p.visit_id) for p in places], np.uint32)
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
        present = _present(states, side)
        for n, place in enumerate(places):
            if not present[n].any():  # a limb of which nothing is left has no film
                continue
            archive = self.archives[place.site]
            only = slice(n, n + 1)
            pixels, points = render_films(
                select(states, only),
                select(anatomy, only),
                select(limb_pose, only),
                archive.scanner,
                side,
                seeds[only] + list(Side).index(side),
            )
            image, marks = turn(pixels[0], points[0], archive.quarter_turns)
            scanner = archive.scanner
            image = burn_in(image, _text(archive, place, side), marks, scanner.spacing_mm, scanner.collimation_mm)
            row = self._film_row(place, side, "dcm" if kind == "dicom" else "png", archive)
            path = self.folder / str(row["path"])
            if kind == "dicom":
                self._write_dicom(path, image, place, side, archive)
            else:
                row["pixel_spacing_mm"] = archive.scanner.spacing_mm
                write_png(path, image * 16, compression=1)
            films.append(row)
            landmarks += [
                {"film_id": row["film_id"], "landmark": name, "x_px": round(x, 2), "y_px": round(y, 2)}
                for name, (x, y) in marks.items()
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
            burnt_in_text=bool(archive.text),
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
        present = present_joints(states)
        for n, place in enumerate(places):
            for side in Side:
                row = self._film_row(place, side, "npz", archives[n])
                places_of = {site: JOINT_INDEX[Joint(side, site).name] for site in joints_of(side.region)}
                sites = [site for site, joint in places_of.items() if present[n, joint]]
                if not sites:
                    continue
                at = [places_of[site] for site in sites]
                np.savez(
                    self.folder / str(row["path"]),
                    crops=crops[n, at] * np.uint16(16),  # 12 bits to the 16 of a decoded film
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


def _present(states: JointStates, side: Side) -> Bool[np.ndarray, "visit joint"]:
    """Which joints of one side have a crop."""
    return present_joints(states)[:, [JOINT_INDEX[Joint(side, site).name] for site in joints_of(side.region)]]


def _text(archive: Archive, place: VisitPlace, side: Side) -> list[str]:
    """The archive's lines of text for one film."""
    filled = {"date": place.date.isoformat(), "side": side.laterality, "region": str(side.region).upper()}
    return [line.format(**filled) for line in archive.text]


def archives_of(world: World) -> dict[str, Archive]:
    """The archive of every site; under do(scanner=...) all films are taken at that one."""
    taken_at = {site: world.interventions.scanner or site for site in world.sites}
    archives = UNSEEN_ARCHIVES if world.appearance == "unseen" else ARCHIVES
    return {site: archives[world.sites.index(place) % len(archives)] for site, place in taken_at.items()}


def draw_limbs(
    seed: int, patients: Sequence[int], male: Bool[np.ndarray, "patient"], visits: int, appearance: str = "usual"
) -> tuple[LimbAnatomy, FilmPose]:
    """Anatomy and poses of some patients: of (seed, patient, visit) alone.

    Args:
        seed: Seed of the world.
        patients: Indices of the patients.
        male: Their sex.
        visits: Planned visits.
        appearance: One of `world.APPEARANCES`; the same patients have the same poses in each.

    Returns:
        (anatomy with axes patient, side; poses with axes patient, visit, side).
    """
    anatomy = draw_anatomy([np.random.default_rng([seed, i, 1]) for i in patients], male)
    if appearance == "unseen":
        anatomy = unseen_anatomy(anatomy, [np.random.default_rng([seed, i, 3]) for i in patients])
    return anatomy, draw_pose([np.random.default_rng([seed, i, 2]) for i in patients], visits)


def film_noise_seed(seed: int, patient_id: str, visit_id: str) -> int:
    """Seed of a visit's film noise: of its patient and visit alone, whatever else is drawn.

    Args:
        seed: Seed of the world.
        patient_id: The patient.
        visit_id: The visit.

    Returns:
        A whole number below 2^32.
    """
    digest = hashlib.sha256(f"{seed}/{patient_id}/{visit_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
