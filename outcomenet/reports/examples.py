"""Example films of a few visits with the crops cut from them, put into the report as images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomenet.errors import DataRefused
from outcomenet.pages.pictures import small_picture

MOST_VISITS = 2
MOST_PX = 980  # of a picture's longer side; the run folder has the full ones
_PNG = b"\x89PNG\r\n\x1a\n"
_SIDES = {"LH": "left hand", "RH": "right hand", "LF": "left foot", "RF": "right foot"}


@dataclass(frozen=True)
class Picture:
    image: str
    caption: str
    alternative: str


@dataclass(frozen=True)
class ExampleVisit:
    """The films of one visit, hands before feet, and the contact sheet of its crops where there is one.

    `standing` says in words whether the patient was held out; `learned` is true unless that is sure.
    """

    visit_id: str
    standing: str
    learned: bool
    films: list[Picture]
    crops: Picture | None


_STANDINGS = {
    "test": "a held-out patient",
    "validation": "a patient used for choosing settings",
    "train": "a training patient",
}


def example_visits(run: Path, films: pd.DataFrame, splits: dict[str, str]) -> list[ExampleVisit]:
    """The first visits of examples/films.csv, held-out patients before others.

    Args:
        run: The run folder; only images inside its examples folder are read.
        films: Rows of examples/films.csv, whose visit_id is "<patient>_<visit>".
        splits: The split of each such visit; one that is not in it may have been trained on.

    Raises:
        DataRefused: An image lies elsewhere, is missing or no PNG, or a side is unknown.
    """
    folder = run / "examples"
    order = list(_SIDES)
    for side in films["side"].unique():
        if side not in _SIDES:
            raise DataRefused(
                f"{folder / 'films.csv'} names the side {side!r}; known are {', '.join(_SIDES)}. Correct it."
            )
    visits = []
    ranks = list(_STANDINGS)
    shown = sorted(
        dict.fromkeys(films["visit_id"]),
        key=lambda visit: ranks.index(splits[visit]) if visit in splits else len(ranks),
    )
    for visit_id in shown[:MOST_VISITS]:
        split = splits.get(visit_id, "")
        standing = _STANDINGS.get(split, "not known whether held out")
        of_visit = films[films["visit_id"] == visit_id]
        of_visit = of_visit.iloc[of_visit["side"].map(order.index).argsort(kind="stable")]
        pictures = [
            Picture(
                image_inside(folder, row.png),
                f"{_SIDES[row.side].capitalize()}, film {row.film_id} ({standing})",
                f"Radiograph of the {_SIDES[row.side]} with a square around each joint that was cut out.",
            )
            for row in of_visit.itertuples()
        ]
        sheet = f"crops_{visit_id}.png"
        crops = None
        if (folder / sheet).is_file():
            crops = Picture(
                image_inside(folder, sheet),
                f"Joint crops of visit {visit_id}, as the network sees them ({standing})",
                f"Contact sheet of the joint crops of visit {visit_id}.",
            )
        visits.append(ExampleVisit(visit_id, standing, split != "test", pictures, crops))
    return visits


def image_inside(folder: Path, name: str) -> str:
    """A PNG of `folder` as the address of a smaller JPEG; a path that leads elsewhere, or another kind of file, is refused.

    Args:
        folder: where pictures may lie.
        name: path of the picture in it.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise DataRefused(f"Example image {name!r} lies outside {folder}. Keep example images inside that folder.")
    if not path.is_file():
        raise DataRefused(
            f"Example image {name!r} is listed in {folder / 'films.csv'} but not there. Write it or unlist it."
        )
    if not path.read_bytes().startswith(_PNG):
        raise DataRefused(f"Example image {path} must be a PNG file and is not. Save it as PNG.")
    return small_picture(path, MOST_PX)
