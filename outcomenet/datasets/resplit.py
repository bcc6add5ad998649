"""Another division of the same data set: folds for cross-fitting, or a hospital left out. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from outcomenet.cohorts.splits import fold_of
from outcomenet.datasets.dataset import STORED_SPLIT, Dataset
from outcomenet.errors import DataRefused, UsageError
from outcomenet.ranges import Folds, check_ranges

FOLD_SALT = "fold"
FEWEST_FOLDS = 3  # one to judge, one to calibrate, one to learn from


@dataclass(frozen=True)
class SplitConfig:
    """How patients are divided. By default as the data set says.

    `folds` K deals the patients to K folds by a stable hash: fold `fold` is held out, the next one calibrates, the
    others are learned from; K runs together predict every patient (`outcomenet pool`). `leave_site_out` holds one
    hospital out; the data set's validation patients of the others calibrate. `accept_alike_films` lets films of several
    splits look the same (see `leaks`); otherwise that stops training.
    """

    folds: Folds = 0
    fold: Folds = 0
    leave_site_out: str = ""
    accept_alike_films: bool = False

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.folds and self.leave_site_out:
            raise UsageError("split.folds and split.leave_site_out divide the patients in two ways; choose one.")
        if self.folds and self.folds < FEWEST_FOLDS:
            raise UsageError(f"split.folds is 0 or at least {FEWEST_FOLDS}, got {self.folds}.")
        if not 0 <= self.fold < max(self.folds, 1):
            raise UsageError(f"split.fold goes from 0 to split.folds - 1 = {max(self.folds, 1) - 1}, got {self.fold}.")

    @property
    def is_own(self) -> bool:
        """Whether patients are divided as the data set says."""
        return not self.folds and not self.leave_site_out


def resplit(dataset: Dataset, config: SplitConfig) -> Dataset:
    """Divides a data set anew, as a run's configuration says; patients stay whole, and nothing is written.

    Args:
        dataset: As it was built.
        config: The division.

    Returns:
        The data set with `visits["split"]` of the new division and the old one in `stored_split`; its examples follow.

    Raises:
        DataRefused: The hospital is not there or is the only one, or a split is left without patients.
    """
    if config.is_own:
        return dataset
    visits = dataset.visits
    if config.folds:
        fold = np.array([fold_of(patient, FOLD_SALT, config.folds) for patient in visits["patient_id"]])
        # the next fold, so that over all folds every patient calibrates once
        calibrates = (config.fold + 1) % config.folds
        split = np.select([fold == config.fold, fold == calibrates], ["test", "validation"], "train")
    else:
        sites = sorted(visits["site"].dropna().unique())
        if config.leave_site_out not in sites:
            raise DataRefused(f"There is no hospital {config.leave_site_out!r}; the data set has {', '.join(sites)}.")
        if len(sites) == 1:
            raise DataRefused(
                f"{config.leave_site_out} is the data set's only hospital: nothing is left to learn from."
            )
        # a patient who changed the hospital stays whole, with the first
        of_patient = visits.groupby("patient_id")["site"].transform("first")
        there = (of_patient == config.leave_site_out).to_numpy()
        split = np.select([there, visits["split"] == "validation"], ["test", "validation"], "train")
    if len(missing := {"train", "validation", "test"} - set(split)):
        raise DataRefused(
            f"Divided like this, no patient is left for {' and '.join(sorted(missing))}; the cohort is small."
        )
    return replace(dataset, visits=visits.assign(**{STORED_SPLIT: visits["split"], "split": split}))
