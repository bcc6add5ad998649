"""Arms beside one another: values and differences against hand calculations, seeds in pairs, patients in clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomenet.experiment import Experiment
from outcomenet.predictions import validate_predictions
from outcomenet.sweeps.sweep_folder import Condition, State, Sweep, write_state, write_sweep
from outcomenet.sweeps.sweep_results import arms_table, trials_table, winner
from outcomenet.sweeps.trials import planned_trials

AXES = {"sweep_head": ({"network.human_head": "joint"}, {"network.human_head": "off"})}


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    trials = planned_trials(Experiment("mine", "?"), AXES, seeds=2, folds=0, fingerprint="d", program="p")
    made = Sweep(tmp_path, "mine", "?", "haq", "data", "d", "p", "", {}, "validation", tuple(trials))
    write_sweep(made)
    for trial in trials:
        write_state(made, trial, State(Condition.DONE, seconds=10.0))
    return made


def predictions(errors: np.ndarray) -> pd.DataFrame:
    """40 patients with two visits each; the prediction is the target and an error."""
    patients, visits = len(errors) // 2, 2
    target = np.tile([0.5, 1.5], patients) + np.repeat(np.linspace(0, 1, patients), visits)
    return validate_predictions(
        pd.DataFrame(
            {
                "run": "r", "split": "validation", "site": "A", "patient_id": np.repeat([f"P{at:02}" for at in range(patients)], visits),
                "visit_id": np.tile(["1", "2"], patients), "predictor": "direct_adjusted", "outcome": "haq", "horizon": 0,
                "prediction": target + errors, "lower": np.nan, "upper": np.nan, "target": target, "observed": True,
                "interval_start": np.nan, "interval_end": np.nan, "fold": 0, "seed": 0, "may_be_used": True,
            }
        )
    )  # fmt: skip


def r2(table: pd.DataFrame) -> float:
    target, error = table["target"], table["prediction"] - table["target"]
    return 1 - (error**2).sum() / ((target - target.mean()) ** 2).sum()


def test_arms_are_compared_in_pairs_of_seeds_and_by_resamples_of_patients(sweep: Sweep):
    rng = np.random.default_rng(0)
    tables = {
        trial.name: predictions(rng.normal(0, spread, 80))
        for trial, spread in zip(sweep.trials, (0.3, 0.35, 0.1, 0.12), strict=True)
    }
    values = [r2(table) for table in tables.values()]

    arms = arms_table(sweep, tables, resamples=400)

    first, second = arms.to_dict("records")
    assert first["value"] == pytest.approx(np.mean(values[:2]))
    assert first["sd_over_seeds"] == pytest.approx(np.std(values[:2], ddof=1))
    assert np.isnan(first["difference"])
    assert second["difference"] == pytest.approx(np.mean(values[2:]) - np.mean(values[:2]))
    pairs = np.array(values[2:]) - np.array(values[:2])
    assert second["difference_over_seeds"] == pytest.approx(pairs.mean())
    assert second["sd_of_difference"] == pytest.approx(np.std(pairs, ddof=1))
    assert (second["pairs"], second["trials"]) == (2, 2)
    # clusters of patients: the same resamples by hand
    names = sorted(tables[sweep.trials[0].name]["patient_id"].unique())
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=400)
    by_hand = []
    for counts in drawn:
        weight = np.repeat(counts, 2)
        parts = []
        for table in tables.values():
            target, error = table["target"].to_numpy(), (table["prediction"] - table["target"]).to_numpy()
            mean = np.average(target, weights=weight)
            parts.append(1 - (weight * error**2).sum() / (weight * (target - mean) ** 2).sum())
        by_hand.append(np.mean(parts[2:]) - np.mean(parts[:2]))
    assert [second["lower"], second["upper"]] == pytest.approx(np.quantile(by_hand, [0.025, 0.975]))
    assert winner(arms, "haq")["arm"] == 1


def test_an_arm_that_is_not_finished_has_no_row_and_the_table_of_trials_has(sweep: Sweep):
    only = {sweep.trials[0].name: predictions(np.full(80, 0.1))}

    assert arms_table(sweep, only, resamples=10)["arm"].tolist() == [0]
    table = trials_table(sweep, only)
    assert table["trial"].tolist() == [trial.name for trial in sweep.trials]
    assert table["network.human_head"].tolist() == ["joint", "joint", "off", "off"]
    assert table["validation r2 haq direct_adjusted"].notna().tolist() == [True, False, False, False]
    assert winner(arms_table(sweep, {}), "haq") is None
