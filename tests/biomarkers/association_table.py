"""Table of visits that the R scripts beside the tests read too, and a simulated one with a known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "r"


def visits() -> pd.DataFrame:
    """154 visits of 60 patients, one to four each."""
    return pd.read_csv(FOLDER / "association.csv", dtype={"patient_id": str})


def world(patients: int = 300, seed: int = 0) -> pd.DataFrame:
    """Three visits a patient: HAQ rises by 0.3 per unit of damage and by 0.4 with OA, which raises the score too."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(patients), 3)
    rows = len(of)
    age, oa = rng.normal(58, 12, patients), (rng.random(patients) < 0.3).astype(float)
    damage = rng.normal(size=patients)[of] + 0.5 * rng.normal(size=rows)
    noise = 0.3 * rng.normal(size=patients)[of] + 0.3 * rng.normal(size=rows)
    return pd.DataFrame(
        {
            "patient_id": [f"{code:04}" for code in of],
            "visit_id": np.tile([1, 2, 3], patients),
            "age": age[of],
            "sex": rng.choice(["F", "M"], patients, p=[0.7, 0.3])[of],
            "oa": oa[of],
            "fm": (rng.random(patients) < 0.2).astype(float)[of],
            "hospital": rng.choice(["north", "south", "west"], patients)[of],
            "damage": damage,
            "score": damage + 0.8 * oa[of],
            "svdh": 20 + 8 * damage + 8 * rng.normal(size=rows),
            "score_pip": damage + 0.9 * oa[of] + 0.5 * rng.normal(size=rows),
            "score_dip": 0.2 * damage + 1.2 * oa[of] + 0.5 * rng.normal(size=rows),
            "haq": 1 + 0.3 * damage + 0.4 * oa[of] + 0.005 * (age[of] - 58) + noise,
            "progressed": (damage + rng.normal(size=rows) > 1).astype(float),
            "shoe_size": 41 + 2 * rng.normal(size=patients)[of],
        }
    )
