"""Build of a data set from a checked cohort: films are decoded once, here, and never again.

Everything is written into a folder beside the target and renamed at the end: a build that fails leaves nothing but
what was found and cut on its films (`kept`), from which the next one goes on.
"""

from __future__ import annotations

from pathlib import Path

from outcomenet import artifacts
from outcomenet.cohorts.cohort import Cohort
from outcomenet.datasets.dataset import open_dataset
from outcomenet.datasets.manifest import DatasetManifest
from outcomenet.films.crop_file import SUFFIX, read_crops_header
from outcomenet.intake.assembly import Assembly, BuildOptions
from outcomenet.intake.documents import finish
from outcomenet.intake.kept import Kept
from outcomenet.localization.geometry import CropGeometry
from outcomenet.progress import Progress


def build_dataset(
    cohort: Cohort, out: Path, geometry: CropGeometry, *, progress: Progress, options: BuildOptions | None = None
) -> DatasetManifest:
    """Builds a data set from a cohort. A film that cannot be read is left out, counted and listed.

    Args:
        cohort: The cohort as it was checked.
        out: The data set's folder.
        geometry: Size and scale of the crops.
        progress: Where progress is shown.
        options: How it is made.

    Returns:
        The manifest as it was sealed.

    Raises:
        UsageError: `out` is there already and is not to be updated.
        CohortRefused: Too many films cannot be read (see `cohorts.film_headers`); nothing is left at `out`.
    """
    options = options or BuildOptions()
    refuse_existing(out, options.update)
    with artifacts.whole_folder(out, replace=options.update, note=options.note) as staging:
        kept = Kept(kept_of(out), cohort.folder)
        assembly = Assembly(cohort, staging, geometry, progress, options, kept)
        files = assembly.run()
        return finish(staging, cohort, assembly.examples, geometry, options.split_by, files)


def build_unless_made(
    cohort: Cohort,
    out: Path,
    geometry: CropGeometry,
    *,
    progress: Progress,
    workers: int,
    reading_mode: str | None,
    split_by: str,
    secret: bytes,
    update: bool,
) -> DatasetManifest:
    """As `build_dataset`, but a data set that the same cohort, geometry, key and options have made already is left as it is.

    Args:
        cohort: The cohort as it was checked.
        out: The data set's folder.
        geometry: Size and scale of the crops.
        progress: Where progress is shown.
        workers: Processes that decode films.
        reading_mode: Which human readings are taken, see `visit_table.scores_of_mode`.
        split_by: What stays whole in a split: a patient, or a site.
        secret: Key under which examinations and pictures are hashed.
        update: Whether a data set that is there is replaced, even one of this very call.

    Returns:
        The manifest of the data set at `out`.

    Raises:
        UsageError: `out` is there already, of something else, and is not to be updated.
        CohortRefused: Too many films cannot be read.
    """
    # not the number of workers: it changes nothing but the time
    note = artifacts.note_of("intake", [cohort.folder], chosen=(geometry, reading_mode, split_by, secret))
    if artifacts.is_made(out, note) and not update:
        progress.say(artifacts.already_made(out))
        return open_dataset(out).manifest
    options = BuildOptions(workers, reading_mode, split_by, secret, update, note)
    return build_dataset(cohort, out, geometry, progress=progress, options=options)


def refuse_existing(out: Path, update: bool) -> None:
    """Refuses to overwrite what a build did not ask to bring up to date.

    Args:
        out: Where the data set is to go.
        update: Whether one that is there is to be replaced.

    Raises:
        UsageError: Something is there already and is not to be updated.
    """
    if not update:
        artifacts.refuse_existing(
            out,
            "add update=True (--update True) to bring it up to date (only new films are decoded), choose another --out, or remove it first",
        )


def refuse_foreign(out: Path, update: bool) -> None:
    """As `refuse_existing`, before the cohort is read: a folder that a command made may be the result of this very one.

    Args:
        out: Where the data set is to go.
        update: Whether one that is there is to be replaced.

    Raises:
        UsageError: Something is there that no command made, and it is not to be updated.
    """
    refuse_existing(out, update or (out / artifacts.MADE).is_file())


def kept_of(out: Path) -> Path:
    """Where what was found and cut on the films of a data set is kept for the next intake."""
    return out.with_name(f"{out.name}.films")


def geometry_for(cohort: Cohort, size_px: int | None = None, mm_per_px: float | None = None) -> CropGeometry:
    """Size and scale of the crops of a data set.

    Args:
        cohort: The cohort.
        size_px: Pixels a side; None takes those of the crops that a simulated cohort brings, else the default.
        mm_per_px: Scale; None likewise.
    """
    brought = CropGeometry()
    first = next((path for path in cohort.films["path"] if Path(path).suffix == SUFFIX), None)
    if first is not None:
        header = read_crops_header(cohort.folder / first)
        brought = CropGeometry(header.columns, float(header.spacing_mm or CropGeometry.mm_per_px))
    return CropGeometry(size_px or brought.size_px, mm_per_px or brought.mm_per_px)
