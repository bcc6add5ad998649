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
from outcomenet.films.quality_flags import FLAGS, UNSCORABLE, refusal
from outcomenet.localization.coco import coco_keypoints
from outcomenet.localization.film_list import NamedFilm
from outcomenet.localization.found import DARK, FoundFilm, FoundLandmark, FoundLimb, State
from outcomenet.localization.frames import NO_FRAME, Pyramid, fitted_frame
from outcomenet.localization.limb_crops import LandmarkedLimb, see_film_without_limb, see_limb
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.network_flags import network_flags
from outcomenet.localization.overlay import draw_overlay
from outcomenet.localization.placed import PlacedLimb
from outcomenet.localization.polarity import reversed_levels
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
    """One film with its limbs, or why it is none."""

    path: Path
    film: Film | None  # as it was decoded
    found: FoundFilm
    limbs: tuple[LandmarkedLimb, ...] = ()  # those of `found`, in its order, as they are cut
    refused: FilmRefused | None = None


def locate_films(
    localizer: Localizer,
    files: Sequence[Path],
    by_hand: Mapping[Path, list[PlacedLimb]] | None = None,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[LocatedFilm]:
    """Decodes films and looks for their limbs.

    Args:
        localizer: The networks; they are not asked about films with placed landmarks.
        files: Films.
        by_hand: Limbs with placed landmarks, by film.
        workers: Processes that decode films.
        progress: Where progress is shown.

    Yields:
        Each film in turn. A file that is no film comes with its sentence.
    """
    by_hand = by_hand or {}
    progress = progress or Progress(quiet=True)
    progress.start("films", len(files), "find joints")
    with FilmDecoder(workers=workers) as decoder:
        for path, film in zip(files, decoder.map(unnamed_film, files), strict=True):
            progress.advance()
            film = film if isinstance(film, FilmRefused) else checked_film(film)
            if isinstance(film, FilmRefused):
                yield LocatedFilm(path, None, FoundFilm([], 0.0), refused=film)
            elif path in by_hand:
                yield _with_placed(path, film, by_hand[path], localizer.weights.shapes)
            else:
                found = localizer.locate(film.pixels)
                yield LocatedFilm(path, film, found, found_limbs(film, found))
    progress.finish()


def _with_placed(
    path: Path, film: Film, by_hand: Sequence[PlacedLimb], shapes: Mapping[Region, ShapeModel]
) -> LocatedFilm:
    several = ("several_limbs",) if len(by_hand) > 1 else ()
    alone = film.header.laterality if len(by_hand) == 1 else ""
    limbs = tuple(
        LandmarkedLimb(limb.region, limb.points, placed=True, declared=limb.declared or alone, flags=several)
        for limb in by_hand
    )
    return LocatedFilm(path, film, FoundFilm([placed_limb(limb, shapes) for limb in by_hand], 0.0), limbs)


def found_limbs(film: Film, found: FoundFilm) -> tuple[LandmarkedLimb, ...]:
    """The limbs that the networks found, as they are cut; the file's side counts on a film of one limb.

    Args:
        film: As it was decoded.
        found: What `Localizer.locate` gives of its pixels.
    """
    dark = found.dark_bones > DARK
    pyramid = Pyramid(reversed_levels(film.pixels) if dark else film.pixels)
    declared = film.header.laterality if len(found.limbs) == 1 else ""
    return tuple(
        LandmarkedLimb(limb.region, limb.visible, False, declared, dark, network_flags(limb, found, pyramid))
        for limb in found.limbs
    )


def placed_limb(by_hand: PlacedLimb, shapes: Mapping[Region, ShapeModel]) -> FoundLimb:
    """A limb with a person's landmarks, without error and without the networks' views.

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
    except DataRefused:
        return FoundLimb(by_hand.region, NO_FRAME, 0.0, False, {}, landmarks, 0.0)
    return FoundLimb(by_hand.region, frame, 1.0, False, {}, landmarks, 0.0)


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
            self._note(name, [refusal(code)], remark=str(located.refused))
            return
        film, found = located.film, located.found
        picture_name = f"{known.file_name}.png"
        self.films[picture_name] = found, film.pixels.shape
        seen = [see_limb(film, limb) for limb in located.limbs]
        if not seen:
            self._note(name, see_film_without_limb(film).flags)
        for limb, one in zip(found.limbs, seen, strict=True):
            self._note(name, one.flags, limb)
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
        pixels = seen[0].pixels if seen else film.pixels
        picture = draw_overlay(pixels, found.limbs, [one.flags for one in seen])
        for folder in self.folders:
            write_png(folder / OVERLAYS / picture_name, picture)
        if self.review is not None:
            write_png(self.review / PICTURES / picture_name, (pixels >> 8).astype(np.uint8))

    def _note(self, name: str, flags: Sequence[str], limb: FoundLimb | None = None, remark: str = "") -> None:
        row = dict.fromkeys(TEXT_OF_LIMBS, "") | {"film_id": name, "found": 0, "of": 0, "scored": False}
        row["flags"] = ";".join(flags)
        row["remark"] = remark or " ".join(FLAGS[flag] for flag in flags)
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
