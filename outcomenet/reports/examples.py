"""Example films of a few visits with the crops cut from them, put into the report as images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomenet.errors import DataRefused
from outcomenet.reports.figures import data_address

MOST_VISITS = 2
_PNG = b"\x89PNG\r\n\x1a\n"
_SIDES = {"LH": "left hand", "RH": "right hand", "LF": "left foot", "RF": "right foot"}


@dataclass(frozen=True)
class Picture:
    image: str
    caption: str
    alternative: str


@dataclass(frozen=True)
class ExampleVisit:
    """The films of one visit, hands before feet, and the contact sheet of its crops where there is one."""

    visit_id: str
    films: list[Picture]
    crops: Picture | None


def example_visits(run: Path, films: pd.DataFrame) -> list[ExampleVisit]:
    """The first visits of examples/films.csv; only images inside the run's examples folder are read."""
    folder = run / "examples"
    order = list(_SIDES)
    for side in films["side"].unique():
        if side not in _SIDES:
            raise DataRefused(
                f"{folder / 'films.csv'} names the side {side!r}; known are {', '.join(_SIDES)}. Correct it."
            )
    visits = []
    for visit_id in list(dict.fromkeys(films["visit_id"]))[:MOST_VISITS]:
        own = films[films["visit_id"] == visit_id]
        own = own.iloc[own["side"].map(order.index).argsort(kind="stable")]
        pictures = [
            Picture(
                image_inside(folder, row.png),
                f"{_SIDES[row.side].capitalize()}, film {row.film_id}",
                f"Radiograph of the {_SIDES[row.side]} with a square around each joint that was cut out.",
            )
            for row in own.itertuples()
        ]
        sheet = f"crops_{visit_id}.png"
        crops = None
        if (folder / sheet).is_file():
            crops = Picture(
                image_inside(folder, sheet),
                f"Joint crops of visit {visit_id}, as the network sees them",
                f"Contact sheet of the joint crops of visit {visit_id}.",
            )
        visits.append(ExampleVisit(visit_id, pictures, crops))
    return visits


def image_inside(folder: Path, name: str) -> str:
    """A PNG of `folder` as a data address; a path that leads elsewhere, or another kind of file, is refused."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise DataRefused(f"Example image {name!r} lies outside {folder}. Keep example images inside that folder.")
    if not path.is_file():
        raise DataRefused(
            f"Example image {name!r} is listed in {folder / 'films.csv'} but not there. Write it or unlist it."
        )
    content = path.read_bytes()
    if not content.startswith(_PNG):
        raise DataRefused(f"Example image {path} must be a PNG file and is not. Save it as PNG.")
    return data_address(content, "image/png")
