"""A small run folder that hangs together: predictions are drawn, every table of the run is computed from them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from outcomenet.anatomy import JOINT_NAMES, JOINTS

# SD of the noise each rung adds to the truth: smaller is a better predictor.
SIGNAL = {
    "covariates": 0.75, "human_total": 0.62, "human_joints": 0.60, "score_mediated": 0.58, "direct": 0.55,
    "direct_adjusted": 0.52, "oracle": 0.40,
}  # fmt: skip


def make_run(
    run: Path, *, signal: dict[str, float] = SIGNAL, films: bool = True, simulated: bool | None = True, seed: int = 0
) -> Path:
    """Writes a run of 160 held-out patients with two visits each; `signal` sets the rungs and how good each is."""
    rng = np.random.default_rng(seed)
    run.mkdir(parents=True)
    predictions = _predictions(rng, signal)
    predictions.to_parquet(run / "predictions.parquet")
    metrics, draws = _metrics(rng, predictions)
    metrics.to_csv(run / "metrics.csv", index=False)
    _comparisons(metrics, draws, signal).to_csv(run / "comparisons.csv", index=False)
    (run / "record.json").write_text(json.dumps(_record(simulated)), encoding="utf-8")
    pd.DataFrame(
        [("intake", "film", "not_pa: an oblique view cannot be scored", 4),
         ("linkage", "visit", "no film within 30 days", 11),
         ("intake", "film (kept)", "pixel spacing estimated from the hand's length", 7)],
        columns=["step", "unit", "reason", "count"],
    ).to_csv(run / "ledger.csv", index=False)  # fmt: skip
    if films:
        _film_files(rng, run)
    return run


def _predictions(rng: np.random.Generator, signal: dict[str, float]) -> pd.DataFrame:
    patients = np.repeat([f"P{i:03d}" for i in range(160)], 2)
    visits = [f"{patient}-{n % 2}" for n, patient in enumerate(patients)]
    truth = rng.normal(size=len(patients))
    shared = rng.normal(size=len(patients))
    frames = []
    for outcome, horizon in (("haq", 0), ("pain", 0), ("progression", 365)):
        noisy = truth + 1.2 * rng.normal(size=len(truth))
        for rung, noise in signal.items():
            estimate = 0.55 * (truth + 1.6 * noise * (0.8 * shared + 0.6 * rng.normal(size=len(truth))))
            estimate *= 1.1 - noise
            frame = pd.DataFrame({"patient_id": patients, "visit_id": visits})
            if outcome == "progression":
                frame["prediction"] = 1 / (1 + np.exp(2.2 - 1.3 * estimate))
                frame["target"] = (noisy > 1.6).astype(float)
            else:
                scale, middle, top = (0.5, 1.1, 3.0) if outcome == "haq" else (15.0, 42.0, 100.0)
                frame["prediction"] = np.clip(middle + scale * estimate, 0, top)
                frame["target"] = np.clip(middle + scale * noisy, 0, top)
            frames.append(frame.assign(predictor=rung, outcome=outcome, horizon=horizon))
    table = pd.concat(frames, ignore_index=True)
    return table.assign(
        run="r", split="test", site="A", lower=np.nan, upper=np.nan, observed=True,
        interval_start=np.nan, interval_end=np.nan, fold=0, seed=1,
    )  # fmt: skip


def _r2(target: np.ndarray, prediction: np.ndarray) -> float:
    return 1 - ((target - prediction) ** 2).sum() / ((target - target.mean()) ** 2).sum()


def _auroc(target: np.ndarray, prediction: np.ndarray) -> float:
    cases, controls = prediction[target == 1], prediction[target == 0]
    return float((cases[:, None] > controls).mean())


def _metric(name: str, target: np.ndarray, prediction: np.ndarray) -> float:
    if name == "r2":
        return _r2(target, prediction)
    if name == "mae":
        return float(np.abs(target - prediction).mean())
    if name == "auroc":
        return _auroc(target, prediction)
    return float(np.polyfit(prediction, target, 1)[0])


def _metrics(rng: np.random.Generator, predictions: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """Metrics with bootstrap intervals over patients; `draws` keeps the resampled values for the paired differences."""
    resamples = [rng.integers(0, 160, 160) for _ in range(60)]
    rows, draws = [], {}
    for (predictor, outcome, horizon), frame in predictions.groupby(["predictor", "outcome", "horizon"], sort=False):
        target, prediction = (frame[c].to_numpy().reshape(160, 2) for c in ("target", "prediction"))
        names = ("auroc", "calibration_slope") if outcome == "progression" else ("r2", "mae", "calibration_slope")
        for name in names:
            drawn = [_metric(name, target[index].ravel(), prediction[index].ravel()) for index in resamples]
            value = _metric(name, target.ravel(), prediction.ravel())
            lower, upper = np.percentile(drawn, [2.5, 97.5])
            events = target.sum() if outcome == "progression" else np.nan
            draws[predictor, outcome, name] = (value, np.array(drawn))
            rows.append((predictor, outcome, horizon, "all", name, value, lower, upper, target.size, events))
    columns = ["predictor", "outcome", "horizon", "subgroup", "metric", "value", "lower", "upper", "n", "events"]
    return pd.DataFrame(rows, columns=columns), draws


def _comparisons(metrics: pd.DataFrame, draws: dict, signal: dict[str, float]) -> pd.DataFrame:
    rows = []
    for outcome, horizon, metric in (
        ("haq", 0, "r2"),
        ("haq", 0, "mae"),
        ("pain", 0, "r2"),
        ("progression", 365, "auroc"),
    ):
        for predictor, reference in (
            ("direct_adjusted", "human_total"), ("direct_adjusted", "human_joints"),
            ("direct_adjusted", "score_mediated"),
            ("direct_adjusted", "covariates"), ("oracle", "direct_adjusted"), ("direct_adjusted", "direct"),
        ):  # fmt: skip
            if {predictor, reference} <= signal.keys():
                first, second = draws[predictor, outcome, metric], draws[reference, outcome, metric]
                drawn = first[1] - second[1]
                lower, upper = np.percentile(drawn, [2.5, 97.5])
                rows.append(
                    (outcome, horizon, metric, predictor, reference, first[0] - second[0], lower, upper, 320,
                     (drawn > 0).mean())
                )  # fmt: skip
    columns = [
        "outcome",
        "horizon",
        "metric",
        "predictor",
        "reference",
        "difference",
        "lower",
        "upper",
        "n",
        "share_above_zero",
    ]
    return pd.DataFrame(rows, columns=columns).assign(resamples=60, lower_margin=0.0005, upper_margin=0.0005)


def _record(simulated: bool | None) -> dict:
    data = {
        "name": "simulated-clinic", "licence": "CC0-1.0", "fingerprint": "sha256:6a1f09c2d4", "patients": 700,
        "visits": 1400, "patients_by_source": {"films": 48, "simulated crops": 652},
        "splits": {"train": 470, "validation": 70, "test": 160},
    }  # fmt: skip
    if simulated is not None:
        data["simulated"] = simulated
    return {
        "name": "hidden-signal",
        "command": "outcomenet train experiments/hidden_signal.py --data d --out runs/hidden-signal",
        "experiment": "experiments/hidden_signal.py", "commit": "0f3c9a1", "dirty": False,
        "config": {"optimiser": {"learning_rate": 0.001}}, "packages": {"jax": "0.10.2", "numpy": "2.4.6"},
        "devices": ["cpu"], "seeds": {"data": 1, "init": 2}, "data": data,
        "stages": [
            {"stage": "simulate", "unit": "films", "count": 2400, "seconds": 801.2, "rate": 3.0,
             "peak_memory_mb": 1610},
            {"stage": "train", "unit": "visits", "count": 96000, "seconds": 1210.0},
        ],
        "notes": ["Crops are 64 pixels of 0.375 mm."],
    }  # fmt: skip


def _film_files(rng: np.random.Generator, run: Path) -> None:
    patients = [f"P{i:03d}" for i in range(160)]
    severity = rng.gamma(2.0, 0.5, size=(160, 1))
    weight = np.array([0.02 if "DIP" in joint.site else 0.10 for joint in JOINTS]) * rng.uniform(0.3, 1.6, 58)
    parts = weight * (severity + 0.6 * rng.normal(size=(160, 58)) - 0.6)
    parts[:, JOINT_NAMES.index("RF_MTP4")] = np.nan
    table = pd.DataFrame({"patient_id": patients, "visit_id": [f"{p}-0" for p in patients], "split": "test"})
    table["score"] = np.nansum(parts, axis=1)
    table["score_lower"], table["score_upper"], table["oa_score"] = table["score"] - 0.3, table["score"] + 0.3, 0.1
    joints = pd.DataFrame(parts, columns=[f"joint_{name}" for name in JOINT_NAMES])
    pd.concat([table, joints, pd.DataFrame({"z000": rng.normal(size=160)})], axis=1).to_parquet(
        run / "biomarkers.parquet"
    )
    pd.DataFrame(
        [
            ("biomarkers", "score", "outcome-direct RA measure", "HAQ units", "higher is worse", "", "score", "score"),
            ("biomarkers", "z000", "embedding", "none", "none", "", "z000", "embedding"),
        ],
        columns=["table", "column", "meaning", "unit", "direction", "values", "stata_name", "stata_label"],
    ).to_csv(run / "codebook.csv", index=False)
    pd.DataFrame(
        [
            ("fm", "age, male, site", "linear", 0.51, 0.45, 0.57, 0.44, 0.56, 320, 80, "Not read beyond chance."),
            ("oa", "", "linear", 0.79, 0.74, 0.84, 0.45, 0.55, 320, 120, "Read well, as it may be."),
            ("site", "", "linear", 0.66, 0.60, 0.72, 0.45, 0.55, 320, np.nan, "Read beyond chance."),
            ("site", "", "non-linear", 0.71, 0.65, 0.77, 0.44, 0.56, 320, np.nan, "Read beyond chance."),
        ],
        columns=["target", "given", "classifier", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "events", "reading"],
    ).to_csv(run / "audit_probes.csv", index=False)  # fmt: skip
    pd.DataFrame(
        [
            ("score", "nothing", "linear", 0.53, 0.47, 0.58, 0.44, 0.56, 320, 160, "The score does not tell the hospital."),
            ("score", "age, sex, true joints", "linear", 0.63, 0.58, 0.69, 0.44, 0.56, 320, 160, "Its films change it."),
        ],
        columns=["source", "given", "classifier", "auroc", "lower", "upper", "null_lower", "null_upper", "n", "patients", "reading"],
    ).to_csv(run / "audit_score_site.csv", index=False)  # fmt: skip
    pd.DataFrame(
        [
            ("control_none", "Does it predict what depends on nothing?", "pass", "It does not, beyond chance."),
            ("probe_site", "Does the network know the hospital?", "alarm", "It holds information about the hospital."),
            ("bias", "Is the effect that of disease?", "not computed", "The truth is known in simulated cohorts only."),
        ],
        columns=["audit", "question", "judgement", "finding"],
    ).to_csv(run / "audits.csv", index=False)
    lines = []
    for predictor in ("direct", "direct_adjusted"):
        for step in range(0, 2000, 20):
            parts = {"haq": 1.9 * np.exp(-step / 500) + 1.1, "pain": 1.5 * np.exp(-step / 700) + 1.6, "score": 0.8}
            parts = {name: value * (1 + 0.06 * rng.normal()) for name, value in parts.items()}
            lines.append(
                {"step": step, "predictor": predictor, "loss": sum(parts.values()), **parts, "seconds": step * 0.5}
            )
    (run / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    examples = run / "examples"
    examples.mkdir()
    rows = []
    for side in ("RF", "LH", "RH", "LF"):
        grey = (np.linspace(0, 200, 90)[:, None] * np.ones((1, 60))).astype(np.uint8)
        Image.fromarray(grey).save(examples / f"film_{side}.png")
        rows.append((f"F-{side}", side, "P000-0", f"film_{side}.png"))
    Image.fromarray(grey).resize((300, 80)).save(examples / "crops_P000-0.png")
    pd.DataFrame(rows, columns=["film_id", "side", "visit_id", "png"]).to_csv(examples / "films.csv", index=False)


@pytest.fixture(scope="session")
def better_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run in which the outcome-direct measure is better than the human total; read it, do not change it."""
    return make_run(tmp_path_factory.mktemp("runs") / "better", signal={**SIGNAL, "human_total": 0.72})


@pytest.fixture(scope="session")
def worse_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outcome-direct measure is worse than the human total, without films; read it, do not change it."""
    signal = {**SIGNAL, "human_total": 0.45, "direct_adjusted": 0.80}
    return make_run(tmp_path_factory.mktemp("runs") / "worse", signal=signal, films=False)


@pytest.fixture(scope="session")
def covariates_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only the rung without films; read it, do not change it."""
    return make_run(tmp_path_factory.mktemp("runs") / "covariates", signal={"covariates": 0.75}, films=False)


@pytest.fixture
def own_run(tmp_path: Path, better_run: Path) -> Path:
    """A copy of the better run that a test may break."""
    return Path(shutil.copytree(better_run, tmp_path / "run"))


@pytest.fixture
def own_covariates_run(tmp_path: Path, covariates_run: Path) -> Path:
    """A copy of the run without films that a test may break."""
    return Path(shutil.copytree(covariates_run, tmp_path / "covariates"))
