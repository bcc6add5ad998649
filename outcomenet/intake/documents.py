"""Documents of a data set: its account, the truth of a simulation, data card, page and sealed manifest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.datasets.manifest import TRUTH, TRUTH_FILES, DatasetManifest, counts_of, hashed, seal
from outcomenet.errors import DataRefused
from outcomenet.intake.account.account import write_account
from outcomenet.intake.account.intake_page import write_page
from outcomenet.intake.cards.card import write_card
from outcomenet.intake.film_tasks import lengths_of
from outcomenet.intake.visit_examples import VisitExamples
from outcomenet.localization.geometry import CropGeometry


def write_documents(
    folder: Path,
    cohort: Cohort,
    visits: pd.DataFrame,
    films: pd.DataFrame,
    alike: pd.DataFrame,
    ledger_of_tables: pd.DataFrame,
) -> None:
    """Writes the account of an intake, and copies the truth that a simulated cohort brings.

    Args:
        folder: The data set.
        cohort: The cohort that it is made of.
        visits: The visit table with `has_films`.
        films: One row per limb of which joints were cut.
        alike: Pairs of films that are or look the same, with `why`.
        ledger_of_tables: The ledger before the first film was decoded.

    Raises:
        DataRefused: A file of the truth is a link or something else than a plain file.
    """
    write_account(folder, cohort, visits, films, alike, ledger_of_tables)
    if cohort.meta.simulated:  # for the oracle and for audits; training never opens it
        _copy_truth(cohort.folder / TRUTH, folder / TRUTH)


def finish(
    folder: Path, cohort: Cohort, examples: VisitExamples, geometry: CropGeometry, split_by: str, files: Sequence[Path]
) -> DatasetManifest:
    """Writes card and page, then the manifest over all that lies in the folder.

    Args:
        folder: The data set with its tables, examples and account.
        cohort: The cohort that it is made of.
        examples: Its visit table, readers and covariates.
        geometry: Size and scale of the crops.
        split_by: What stays whole in a split: a patient, or a site.
        files: Tables and examples, whose digests the card has too.

    Returns:
        The manifest as it was sealed.
    """
    meta, lengths = cohort.meta, lengths_of(cohort)
    manifest = DatasetManifest(
        name=meta.name,
        licence=meta.licence,
        simulated=meta.simulated,
        crop_size_px=geometry.size_px,
        mm_per_px=geometry.mm_per_px,
        hand_length_mm=lengths.hand_mm,
        foot_length_mm=lengths.foot_mm,
        covariates=examples.covariates,
        readers=examples.readers,
        split_by=split_by,
        reading_mode=examples.reading_mode,
        **counts_of(examples.table),
        files=hashed(folder, files),
    )
    write_card(folder, manifest, meta)
    write_page(folder, manifest)
    return seal(folder, manifest)  # last: nothing may be written afterwards


def _copy_truth(source: Path, target: Path) -> None:
    """Copies what a simulation writes into truth/, where it is there; nothing else, and nothing through a link."""
    named = [path for name in TRUTH_FILES if os.path.lexists(path := source / name)]
    # a link there could lead to a file of another patient, or of the machine
    for path in (source, *named) if named else ():
        if what := not_plain(path, folder=path == source):
            raise DataRefused(
                f"{TRUTH}/{'' if path == source else path.name} of the cohort folder is {what}; nothing is copied through "
                "it. Put the simulation's own files there, or simulate the cohort again."
            )
    if named:
        target.mkdir()
    for path in named:
        shutil.copyfile(path, target / path.name, follow_symlinks=False)
