"""`outcomenet localize`: the joints of films that bring no landmarks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from outcomenet.commands.arguments import FilmNaming, parse
from outcomenet.ranges import Workers, check_ranges


@dataclass(frozen=True)
class Localize:
    """Finds hands, feet and their landmarks on films. Writes landmarks.csv, limbs.csv (flags) and overlay pictures."""

    films: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Film files (DICOM, PNG, JPEG, TIFF, BMP, NPY), or folders of them: films are told by content, whatever their names."""
    out: Path | None = None
    """Folder to write; it must not exist, unless this command made it. Without it everything goes to --review."""
    landmarks: Path | None = None
    """landmarks.csv placed by hand (film_id = file name or pseudonym, landmark, x_px, y_px); wins over what is found."""
    review: Path | None = None
    """Folder for overlays, and for pictures and a COCO keypoints file to correct in CVAT or Label Studio."""
    corrections: Path | None = None
    """COCO keypoints file as CVAT or Label Studio exported it; wins over what is found."""
    fine_tune: bool = False
    """Train the networks further on the corrected films first; writes OUT/weights.safetensors."""
    weights: Path | None = None
    """Other weights than those that come with the package."""
    workers: Workers = 1
    """Processes that decode films."""
    naming: Annotated[FilmNaming, tyro.conf.arg(name="")] = field(default_factory=FilmNaming)

    def __post_init__(self) -> None:
        check_ranges(self)


def main(arguments: list[str]) -> None:
    options = parse(Localize, arguments, "localize")
    from outcomenet.new_films import localize

    options_of_call = {name: value for name, value in vars(options).items() if name not in ("films", "naming")}
    limbs = localize(options.films, **options_of_call, **vars(options.naming))
    shown = limbs[["file", "film_id", "side", "region", "found", "of", "scored", "flags"]]
    print(shown.to_string(index=False))
    print(
        f"Written to {options.out or options.review}: landmarks.csv, landmarks_all.csv, limbs.csv (flags in words), overlays/."
    )
    if options.review:
        print(
            f"To correct: load {options.review}/films and {options.review}/landmarks_coco.json (COCO Keypoints 1.0) into CVAT, "
            "export in the same format, and give that file with --corrections."
        )
