"""A small table of patients whose truth is known, for tests of whole analyses."""

from __future__ import annotations

import numpy as np
import pandas as pd


def small_world(patients: int = 120, visits: int = 3, seed: int = 0) -> pd.DataFrame:
    """One row per patient and visit, with the columns of a run's analysis tables.

    Damage grows by 1 unit a year under treatment and by 2 without. HAQ is 0.02 per unit of damage, 0.4 with fibromyalgia, 0.3
    with osteoarthritis. The score errs less about damage than two readers' mean does, and knows some of the activity.

    Args:
        patients: How many.
        visits: Of each, a year apart.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    age, male = rng.normal(57, 12, patients), rng.integers(0, 2, patients)
    duration, acpa = rng.gamma(2, 3, patients), rng.integers(0, 2, patients)
    oa, fm = rng.integers(0, 2, patients), (rng.random(patients) < 0.25).astype(int)
    site, arm = rng.choice(["A", "B"], patients), rng.choice(["placebo", "active"], patients)
    damage, own = 1.2 * duration + rng.gamma(1.2, 10, patients), rng.normal(0, 0.3, patients)
    parts = []
    for visit in range(visits):
        activity = np.clip(rng.normal(4 - 0.5 * visit, 1.1), 0, 9) + rng.normal(0, 1, patients)
        readers = [np.clip(np.round(damage + rng.normal(0, 3, patients)), 0, None) for _ in range(2)]
        haq = 0.2 + 0.02 * damage + 0.15 * (activity - 4) + 0.4 * fm + 0.3 * oa + own + rng.normal(0, 0.2, patients)
        risk = 1 / (1 + np.exp(1.5 - 0.03 * damage))
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": [f"{at:04d}" for at in range(patients)],
                    "visit_id": f"V{visit}",
                    "years": float(visit),
                    "planned_visit": visit,
                    "site": site,
                    "treatment": arm,
                    "split": "test",
                    "may_be_used": True,
                    "age": age + visit,
                    "male": male,
                    "duration_years": duration + visit,
                    "acpa": np.where(np.arange(patients) % 11 == 0, np.nan, acpa),
                    "oa": oa,
                    "fm": fm,
                    "das28": activity,
                    "haq": np.clip(np.round(haq * 8) / 8, 0, 3),
                    "progression": (rng.random(patients) < risk).astype(float),
                    "human_total": np.mean(readers, axis=0),
                    "human_total_reader_1": readers[0],
                    "human_total_reader_2": readers[1],
                    "score": 0.03 * damage + 0.05 * activity + rng.normal(0, 0.08, patients),
                    "score_sem": 0.08,
                    "damage_score": 0.03 * damage + rng.normal(0, 0.08, patients),
                    "control_none": rng.uniform(0, 10, patients),
                    "true_damage": damage,
                }  # fmt: skip
            )
        )
        damage = damage + np.where(arm == "active", 1.0, 2.0) * rng.gamma(0.5, 2, patients)
    return pd.concat(parts, ignore_index=True)
