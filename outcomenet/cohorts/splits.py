"""Splits and folds of patients, by a stable hash of each patient alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

from outcomenet.errors import UsageError

SPLIT_SALT = "outcomenet"  # of the split that data sets are built with
FRACTIONS: dict[str, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}


def split_of(patient_id: str, salt: str, fractions: Mapping[str, float] = FRACTIONS) -> str:
    """The split of a patient, from SHA-256 of salt and id: all visits together, whoever else is in the cohort.

    A patient added or removed later moves nobody.

    Args:
        patient_id: The patient, as the data set names him.
        salt: Text that makes another division of the same patients.
        fractions: Share of patients in each split.

    Returns:
        A name of `fractions`.

    Raises:
        UsageError: A fraction is below 0, or they do not sum to 1.

    >>> split_of("P001", "a")
    'train'
    """
    if any(fraction < 0 for fraction in fractions.values()) or not math.isclose(sum(fractions.values()), 1.0):
        raise UsageError(
            f"Split fractions must be 0 or more and sum to 1; got {dict(fractions)}. Correct the fractions."
        )
    # the zero byte keeps ("ab", "c") and ("a", "bc") apart
    digest = hashlib.sha256(f"{salt}\0{patient_id}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64  # uniform from 0 to 1
    reached = 0.0
    for split, fraction in fractions.items():
        reached += fraction
        if share < reached:
            return split
    return [split for split, fraction in fractions.items() if fraction > 0][-1]  # share was lost to rounding


def fold_of(patient_id: str, salt: str, folds: int) -> int:
    """The fold of a patient for cross-fitting, by the same kind of stable hash.

    Args:
        patient_id: The patient, as the data set names him.
        salt: Text that makes another division of the same patients.
        folds: Number of folds, 1 or more.

    Returns:
        0 to folds - 1.
    """
    names = {str(fold): 1 / folds for fold in range(folds)}
    return int(split_of(patient_id, salt, names))
