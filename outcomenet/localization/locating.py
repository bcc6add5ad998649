"""Films of a folder located one by one: tables of landmarks and limbs, pictures to look at, a file to correct."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.anatomy import Region, landmarks_of
from outcomenet.cohorts.ledger import Ledger
from outcomenet.csv_files import write_csv
from outcomenet.errors import DataRefused, FilmRefused
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film import Film, checked_film
from outcomenet.films.film_file import unnamed_film
from outcomenet.localization.coco import coco_keypoints
from outcomenet.localization.film_list import NamedFilm
from outcomenet.localization.film_quality import picture_flags
from outcomenet.localization.found import DARK, FoundFilm, FoundLandmark, FoundLimb, State
from outcomenet.localization.frames import NO_FRAME, Pyramid, fitted_frame
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.overlay import draw_overlay
from outcomenet.localization.placed import PlacedLimb
from outcomenet.localization.quality import FLAGS, UNSCORABLE, flags_of
from outcomenet.localization.shape_model import ShapeModel
from outcomenet.picture_files import write_png
from outcomenet.progress import Progress

LANDMARKS, LIMBS, ALL, LEDGER, COCO, OVERLAYS = (
    "landmarks.csv", "limbs.csv", "landmarks_all.csv", "ledger.csv", "landmarks_coco.json", "overlays",
)  # fmt: skip
PICTURES = "films"
LIMB_COLUMNS = [
    "film_id", "side", "region", "found", "of", "turned_degrees", "length_px", "view", "agreement", "scored", "flags",
    "remark",
]  # fmt: skip
TEXT_OF_LIMBS = [
    "film_id",
    "side",
    "region",
    "view",
    "flags",
    "remark",
]  # also where it reads as a number or as nothing
LANDMARK_COLUMNS = ["film_id", "landmark", "x_px", "y_px", "side", "region", "error_px", "error_mm", "certainty"]


class LocatedFilm(NamedTuple):
    """One film with what was found, or why it is none."""

    path: Path
    film: Film | None
    found: FoundFilm
    flags: list[list[str]]  # of each limb
    refused: FilmRefused | None = None
    by_hand: tuple[PlacedLimb, ...] = ()
    without_limb: tuple[str, ...] = ()  # flags of a film on which no limb was found

    @property
    def reversed(self) -> bool:
        """Whether bones were dark, so that `film` has its grey levels reversed against the file."""
        return self.found.dark_bones > DARK

    def declared(self, limb: FoundLimb) -> str:
        """The side that the person who placed its landmarks, else the file, claims for a limb: L, R or ""."""
        for placed in self.by_hand:
            if placed.region is limb.region and placed.points == limb.visible:
                return placed.declared
        alone = len(self.found.limbs) == 1
        return self.film.header.laterality if self.film is not None and alone else ""


def locate_films(
    localizer: Localizer,
    files: Sequence[Path],
    by_hand: Mapping[Path, list[PlacedLimb]] | None = None,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[LocatedFilm]:
    """Each film in turn. Landmarks placed by hand win over found ones. What is no film comes with its sentence."""
    by_hand = by_hand or {}
    progress = progress or Progress(quiet=True)
    progress.start("films", len(files), "find joints")
    with FilmDecoder(workers=workers) as decoder:
        for path, film in zip(files, decoder.map(unnamed_film, files), strict=True):
            progress.advance()
            film = film if isinstance(film, FilmRefused) else checked_film(film)
            if isinstance(film, FilmRefused):
                yield LocatedFilm(path, None, FoundFilm([], 0.0), [], film)
                continue
            found = localizer.locate(film.pixels)
            if found.dark_bones > DARK:
                film = Film(np.uint16(65535) - film.pixels, film.header)
            if path in by_hand:
                found = FoundFilm(
                    [placed_limb(p, found, localizer.weights.shapes) for p in by_hand[path]], found.dark_bones
                )
            located = LocatedFilm(path, film, found, [], by_hand=tuple(by_hand.get(path, ())))
            pyramid = Pyramid(film.pixels)
            remarks = film.header.remarks
            flags = [[*flags_of(limb, found, pyramid, located.declared(limb)), *remarks] for limb in found.limbs]
            seen = () if found.limbs else picture_flags(film.pixels, text_declared=film.header.text_declared).flags
            yield located._replace(flags=flags, without_limb=() if found.limbs else ("no_limb", *seen, *remarks))
    progress.finish()


def placed_limb(by_hand: PlacedLimb, found: FoundFilm, shapes: Mapping[Region, ShapeModel]) -> FoundLimb:
    """A limb with a person's landmarks, without error; its views are those of the same limb as found.

    Landmarks that do not tell the limb's direction are kept; the limb has no frame then, and cannot be cut.
    """
    names = landmarks_of(by_hand.region)
    landmarks = {
        name: FoundLandmark(*by_hand.points[name], 0.0, 1.0, State.VISIBLE)
        if name in by_hand.points
        else FoundLandmark(np.nan, np.nan, np.nan, 0.0, State.NOT_PLACED)
        for name in names
    }
    try:
        here = np.array([name in by_hand.points for name in names])
        points = np.array([by_hand.points[name] for name in names if name in by_hand.points])
        mean = shapes[by_hand.region].mean[here]
        frame = fitted_frame(mean, points, np.ones(len(points)), by_hand.left_as_displayed)
        side = by_hand.side
    except DataRefused:
        return FoundLimb(by_hand.region, NO_FRAME, 0.0, False, {}, landmarks, 0.0)
    own = next((limb for limb in found.limbs if limb.region is by_hand.region and limb.side is side), None)
    return FoundLimb(by_hand.region, frame, 1.0, False, own.views if own else {}, landmarks, 0.0)


class LocatedTables:
    """Collects located films and writes them as tables, and for reviewing as pictures and a file to correct.

    The folders are there, and empty.
    """

    def __init__(self, out: Path, review: Path | None = None):
        self.out, self.review = out, review
        self.folders = [out] if review in (None, out) else [out, review]
        self.limbs: list[dict] = []
        self.landmarks: list[dict] = []
        self.films: dict[str, tuple[FoundFilm, tuple[int, int]]] = {}
        self.ledger = Ledger()
        for folder in self.folders:
            (folder / OVERLAYS).mkdir()
        if review is not None:
            (review / PICTURES).mkdir()

    def add(self, located: LocatedFilm, known: NamedFilm) -> None:
        """Takes a film under the id that is written."""
        name = known.film_id
        if located.film is None:
            code = located.refused.code if located.refused else ""
            self._note(name, [f"refused:{code}"], remark=str(located.refused))
            return
        film, found = located.film, located.found
        picture_name = f"{known.file_name}.png"
        self.films[picture_name] = found, film.pixels.shape
        if not found.limbs:
            self._note(name, list(located.without_limb))
        for limb, flags in zip(found.limbs, located.flags, strict=True):
            self._note(name, flags, limb)
            millimetres = film.header.spacing_mm
            for landmark, point in limb.landmarks.items():
                self.landmarks.append(
                    {
                        "film_id": name,
                        "landmark": landmark,
                        "x_px": round(point.x_px, 2),
                        "y_px": round(point.y_px, 2),
                        "side": str(limb.side.laterality),
                        "region": str(limb.region),
                        "error_px": round(point.error_px, 2),
                        "error_mm": round(point.error_px * millimetres, 3) if millimetres else np.nan,
                        "certainty": round(point.certainty, 4),
                        "state": str(point.state),
                    }
                )
        picture = draw_overlay(film.pixels, found.limbs, located.flags)
        for folder in self.folders:
            write_png(folder / OVERLAYS / picture_name, picture)
        if self.review is not None:
            write_png(self.review / PICTURES / picture_name, (film.pixels >> 8).astype(np.uint8))

    def _note(self, name: str, flags: list[str], limb: FoundLimb | None = None, remark: str = "") -> None:
        row = dict.fromkeys(TEXT_OF_LIMBS, "") | {"film_id": name, "found": 0, "of": 0, "scored": False}
        row["flags"] = ";".join(flags)
        row["remark"] = remark or " ".join(FLAGS[flag] for flag in flags if flag in FLAGS)
        if limb is not None:
            row |= {
                "side": limb.side.laterality,
                "region": str(limb.region),
                "found": len(limb.visible),
                "of": len(limb.landmarks),
                "turned_degrees": round(limb.frame.turned_degrees, 1),
                "length_px": round(limb.length_px, 1),
                "view": str(max(limb.views, key=lambda v: limb.views[v])) if limb.views else "",
                "agreement": round(limb.agreement, 4),
                "scored": not UNSCORABLE & set(flags),
            }
        self.limbs.append(row)

    def write(self) -> pd.DataFrame:
        """landmarks.csv (what can be relied on), landmarks_all.csv (every landmark with its state), limbs.csv (one
        row a limb, with flags), ledger.csv (their counts); for reviewing landmarks_coco.json, of the pictures in films/.
        Returns limbs.csv's rows.

        Pictures of every film were written when it was added.
        """
        every = pd.DataFrame(self.landmarks, columns=[*LANDMARK_COLUMNS, "state"])
        write_csv(every, self.out / ALL)
        visible = every[every["state"] == State.VISIBLE]
        write_csv(visible[LANDMARK_COLUMNS], self.out / LANDMARKS)
        if self.review is not None:
            (self.review / COCO).write_text(json.dumps(coco_keypoints(self.films), indent=1))
        table = pd.DataFrame(self.limbs, columns=LIMB_COLUMNS)
        write_csv(table, self.out / LIMBS)
        write_csv(self._ledger(table, every).to_frame(), self.out / LEDGER)
        return table

    def _ledger(self, limbs: pd.DataFrame, landmarks: pd.DataFrame) -> Ledger:
        """Limbs and landmarks that are not given, each once under its first reason; what else is said of a limb is kept."""
        ledger = self.ledger
        for row in limbs.itertuples():
            flags = list(filter(None, str(row.flags).split(";")))
            if not row.scored:
                reason = next((f for f in flags if f in UNSCORABLE), flags[0])
                ledger.add("localisation", "limb", reason, 1)
                flags.remove(reason)
            for flag in flags:
                ledger.flag("localisation", "limb", flag, 1)
        hidden = landmarks.loc[landmarks["state"] != State.VISIBLE, "state"]
        for state, count in hidden.value_counts(sort=False).items():
            ledger.add("localisation", "landmark", str(state), int(count))
        return ledger
