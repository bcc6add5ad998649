"""`outcomenet predict`: new films read by a trained run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from outcomenet.commands.arguments import FilmNaming, parse
from outcomenet.errors import UsageError
from outcomenet.ranges import PixelSpacing, check_ranges


@dataclass(frozen=True)
class Predict:
    """Reads film files with a trained run: per-joint outputs, score, flags. Joints are found where none were placed.

    With --before and --after the films of one patient at two dates are read together: what changed at each joint.
    """

    run: Annotated[Path, tyro.conf.Positional]
    """Run folder that `outcomenet train` made."""
    films: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """DICOM, PNG, JPEG, TIFF, BMP or NPY files, or folders of them; each film is read on its own."""
    out: Path
    """Folder to write; it must not exist, unless this command made it."""
    before: tuple[Path, ...] = ()
    """Films of one patient at an earlier date, or folders of them; read together with those of --after."""
    after: tuple[Path, ...] = ()
    """Films of the same patient at a later date."""
    landmarks: Path | None = None
    """landmarks.csv placed by hand: film_id (the file's name, with its folder where names meet; or the pseudonym), landmark,
    x_px, y_px; may have side (L, R or left, right)."""
    pixel_spacing_mm: PixelSpacing | None = None
    """Spacing of all films; it goes before what the files state, as pixel_spacing_mm of a cohort's films.csv does."""
    naming: Annotated[FilmNaming, tyro.conf.arg(name="")] = field(default_factory=FilmNaming)

    def __post_init__(self) -> None:
        check_ranges(self)
        if bool(self.before) != bool(self.after):
            there, lacking = ("before", "after") if self.before else ("after", "before")
            raise UsageError(f"--{there} names films of one date; name those of the other by --{lacking}.")
        if self.before and self.films:
            raise UsageError(
                f"{self.films[0]} is named beside --before and --after: films are read each on its own, or two dates together. "
                "Leave one out."
            )
        if not self.before and not self.films:
            raise UsageError("Name the films to read, or two dates by --before and --after.")


def main(arguments: list[str]) -> None:
    options = parse(Predict, arguments, "predict")
    from outcomenet.new_films import compare, predict

    if options.before:
        changed = compare(
            options.run, options.before, options.after, options.out, landmarks=options.landmarks,
            pixel_spacing_mm=options.pixel_spacing_mm, **vars(options.naming),
        )  # fmt: skip
        print(changed.set_index("side").to_string())
        print(f"Written to {options.out}: films.csv (each limb), changes.csv (each joint).")
        return
    summary = predict(
        options.run,
        options.films,
        options.out,
        landmarks=options.landmarks,
        pixel_spacing_mm=options.pixel_spacing_mm,
        **vars(options.naming),
    )
    print(summary.set_index("file").to_string())
    if any(str(name).endswith("_risk") for name in summary):
        print(
            "*_risk is what the network says of this film alone; *_risk_calibrated is what the calibrator of the run's "
            "calibration.json makes of it, where *_risk_calibrator names one."
        )
    print(f"Written to {options.out}: films.csv (score and flags), joints.csv (every joint), crops_*.png.")
