"""Truth of a simulated cohort beside the visits, for the oracle and for judging changes; a real cohort has none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.arrays import Float
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.manifest import TRUTH
from outcomenet.datasets.pairs import KEYS, YEARS
from outcomenet.datasets.visit_table import LATER_VISIT

_TEXT = dict.fromkeys(KEYS, str)


def read_truth(dataset: Dataset) -> pd.DataFrame | None:
    """What the oracle knows in a simulated cohort: the rheumatoid and osteoarthritic parts of disability, and the mean
    of every latent joint state (columns true_*). Training never comes here."""
    folder = dataset.folder / TRUTH
    if not (folder / "visits.csv").is_file():
        return None
    visits = read_csv(folder / "visits.csv", dtype=_TEXT)[[*KEYS, "ra_part", "oa_part"]]
    joints = read_csv(folder / "joints.csv", dtype=_TEXT).drop(columns=["side", "site"])
    means = joints.groupby(KEYS, as_index=False).mean()
    known = visits.merge(means, on=KEYS, how="left", validate="one_to_one")
    return known.rename(columns={name: f"true_{name}" for name in known.columns if name not in KEYS})


def read_true_course(dataset: Dataset, columns: tuple[str, ...]) -> pd.DataFrame | None:
    """Some columns of the simulated visits.

    Args:
        dataset: the data set, which has them where its cohort was simulated.
        columns: those that are wanted; a simulator of another version may lack some.

    Returns:
        patient_id, visit_id and the wanted columns that there are; None for a real cohort.
    """
    file = dataset.folder / TRUTH / "visits.csv"
    if not file.is_file():
        return None
    table = read_csv(file, dtype=_TEXT)
    return table[[*KEYS, *(name for name in columns if name in table)]]


def read_true_damage(dataset: Dataset) -> pd.DataFrame | None:
    """Bone and cartilage lost at every simulated visit.

    Args:
        dataset: the data set, which has the joints' states where its cohort was simulated.

    Returns:
        By (patient_id, visit_id) a column `lost`: shares of bone and of cartilage lost, summed over the joints; None for a real
        cohort.
    """
    file = dataset.folder / TRUTH / "joints.csv"
    if not file.is_file():
        return None
    joints = read_csv(file, dtype=_TEXT)
    lost = joints.assign(lost=joints["erosion"] + joints["narrowing"])
    return lost.groupby(KEYS)[["lost"]].sum()


def true_changes(truth: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """For every pair its earlier visit's columns of the truth, and the yearly change of each, `<column>_change`.

    Args:
        truth: patient_id, visit_id and numbers; one row per visit.
        pairs: patient_id, visit_id, later_visit_id and the years between the two visits.

    Returns:
        A row per pair, in their order; NaN where a visit is not in `truth`.
    """
    columns = [name for name in truth.columns if name not in KEYS]
    keys = pairs[[*KEYS, LATER_VISIT, YEARS]]
    first = keys.merge(truth, on=KEYS, how="left", validate="one_to_one")
    later = keys[["patient_id", LATER_VISIT]].merge(
        truth.rename(columns={"visit_id": LATER_VISIT}), on=["patient_id", LATER_VISIT], how="left"
    )
    change = (later[columns].to_numpy(float) - first[columns].to_numpy(float)) / first[[YEARS]].to_numpy()
    named = {f"{name}_change": values for name, values in zip(columns, change.T, strict=True)}
    return pd.concat([first[[*KEYS, *columns]], pd.DataFrame(named)], axis=1)


def true_damage_change(dataset: Dataset, pairs: pd.DataFrame) -> Float[np.ndarray, "pair"] | None:
    """Yearly change of the SvdH that a reader without error would give.

    Args:
        dataset: the data set.
        pairs: patient_id, visit_id, later_visit_id and the years between the two visits.

    Returns:
        SvdH units a year, positive for more damage; None for a real cohort.
    """
    truth = read_true_course(dataset, ("svdh_without_error",))
    if truth is None or "svdh_without_error" not in truth:
        return None
    return true_changes(truth, pairs)["svdh_without_error_change"].to_numpy(float)
