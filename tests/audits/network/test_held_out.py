"""Held-out visits for the audits: their table with the truth, and films that are walked once, the held-out ones first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.audits.network.held_out_visits import held_out_table, true_joints, walk_films
from outcomenet.datasets.dataset import Dataset
from outcomenet.datasets.visit_example import ExampleShape, nothing_known
from outcomenet.progress import Progress


class Filmed(Dataset):
    """A data set of films without anything known of their patients, so many in each split."""

    def __init__(self, folder: Path, **visits: int):
        object.__setattr__(self, "folder", folder)
        object.__setattr__(self, "count", visits)

    def examples(self, split: str) -> Any:
        shape = ExampleShape(crop_size=8, covariates=0, readers=1)
        crops = np.random.default_rng(0).integers(0, 2**16, (JOINT_COUNT, 8, 8)).astype(np.uint16)
        films = {"crops": crops, "present": np.ones(JOINT_COUNT, np.uint8)}
        names = [{"patient_id": f"{split}{n}".encode(), "visit_id": b"V0"} for n in range(vars(self)["count"][split])]
        return [{**nothing_known(shape), **films, **name} for name in names]


def test_held_out_films_come_first_and_all_of_them(tmp_path):
    dataset = Filmed(tmp_path, train=5, validation=1, test=2)
    walked = walk_films(dataset, {("test1", "V0"), ("train0", "V0")}, 4, Progress(quiet=True))
    assert walked.keys == [("test0", "V0"), ("test1", "V0"), ("validation0", "V0"), ("train0", "V0")]
    assert walked.borders.shape == (4, 2 * JOINT_COUNT)
    assert list(walked.kept) == [("test1", "V0")]  # an example of a training visit is never kept
    few = walk_films(dataset, set(), 1, Progress(quiet=True))
    assert few.keys == [("test0", "V0"), ("test1", "V0")]


def test_the_table_has_the_held_out_rows_alone_and_no_truth_of_a_real_cohort(tmp_path):
    keys = pd.DataFrame({"patient_id": ["a", "b"], "visit_id": "V0", "split": ["train", "test"]})
    table = held_out_table(Filmed(tmp_path), keys.assign(haq=[0.5, 1.5]), keys.assign(score=[1.0, 2.0]))
    assert table.to_dict("records") == [{"patient_id": "b", "visit_id": "V0", "haq": 1.5, "score": 2.0}]


def test_truth_stands_beside_the_rows_also_where_its_world_cannot_be_built_again(tmp_path):
    (tmp_path / "truth").mkdir()
    pd.DataFrame({"patient_id": ["07"], "visit_id": ["V0"], "ra_part": [0.25]}).to_csv(
        tmp_path / "truth" / "visits.csv", index=False
    )
    pd.DataFrame({"patient_id": ["07"], "visit_id": ["V0"], "erosion": [0.5]}).to_csv(
        tmp_path / "truth" / "joints.csv", index=False
    )
    keys = pd.DataFrame({"patient_id": ["07"], "visit_id": "V0", "split": "test"})
    dataset = Filmed(tmp_path)
    table = held_out_table(dataset, keys.assign(site="A", device="x"), keys.assign(score=2.0))
    assert table["ra_part"].tolist() == [0.25]
    assert table["device"].tolist() == ["x"]
    assert true_joints(dataset)["patient_id"].tolist() == ["07"]
