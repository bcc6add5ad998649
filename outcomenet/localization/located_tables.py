"""Tables of located films: landmarks and limbs, pictures to look at, a file to correct, the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.cohorts.ledger import Ledger
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.films.quality_flags import FLAGS, UNSCORABLE, refusal
from outcomenet.localization.coco import coco_keypoints
from outcomenet.localization.film_list import NamedFilm
from outcomenet.localization.found import FoundFilm, FoundLimb, State
from outcomenet.localization.landmarked_limbs import see_film_without_limb, see_limb
from outcomenet.localization.locating import LocatedFilm
from outcomenet.localization.overlay import draw_overlay
from outcomenet.picture_files import write_png

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


def read_limbs(folder: Path) -> pd.DataFrame:
    """The rows of a folder's limbs.csv, as `LocatedTables.write` gave them."""
    return read_csv(folder / LIMBS, converters=dict.fromkeys(TEXT_OF_LIMBS, str))


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
            # the file's own spacing, never one that is assumed: without it no error is stated in millimetres
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
