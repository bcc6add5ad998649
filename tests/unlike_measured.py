"""How well joints unlike those of the pretraining are told: false alarms on simulated and real joints, and what is found.

    python -m tests.unlike_measured [--keep docs/pretraining]

The other joints are those of the three real test films: cut beside the joint, turned, mirrored, inverted, blank or noise. A film's joints
are all altered at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from outcomenet.csv_files import write_csv
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.embedding_reference import FALSE_MASKS, UNLIKE_FROM
from outcomenet.models.joint_distances import JointDistances
from outcomenet.models.joint_weights import load_joint_weights
from outcomenet.pretraining.joint_bank import JointBank
from outcomenet.pretraining.pair_batches import BLOCK, PairBatches
from tests.real_films import LandmarkedFilm, crops_of, landmarked_films
from tests.real_joints import DATA
from tests.state_cohorts import drawn_patients
from tools.marked_page import with_block

FILE, NAME = "unlike.csv", "`python -m tests.unlike_measured`"
SEED, PAIRS, PATIENTS = 4321, 64, 150
PRESETS = ("default", "established", "heavy_oa")
SEVERE = ("erosion", "narrowing", "subluxation")
BESIDE_MM = (6.0, 10.0, 25.0)
Alter = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # crops of one film's joints, 16-bit
ALTERED: dict[str, Alter] = {
    "turned by 90 degrees": lambda crops, rng: np.rot90(crops, 1, (1, 2)),
    "turned by 180 degrees": lambda crops, rng: np.rot90(crops, 2, (1, 2)),
    "mirrored": lambda crops, rng: crops[:, :, ::-1],
    "grey levels inverted": lambda crops, rng: 65535 - crops,
    "white noise": lambda crops, rng: rng.integers(0, 65536, crops.shape),
    "one grey, with grain": lambda crops, rng: np.clip(30000 + 300 * rng.standard_normal(crops.shape), 0, 65535),
}


def simulated(judge: JointDistances, geometry: CropGeometry) -> Iterator[tuple[str, np.ndarray]]:
    """Distances of joints of the bank and of presets' patients: all of them, and those that the disease has nearly destroyed.

    Args:
        judge: Tells distances.
        geometry: Of the crops that it takes.
    """
    batches = PairBatches(JointBank(SEED, geometry=geometry), PAIRS // BLOCK)
    told = []
    for batch in batches.block(0):
        films, present = (batch[name].reshape(-1, *batch[name].shape[2:]) for name in ("crops", "present"))
        # they are standardised already, which no other linear scale changes
        low, high = films.min(), films.max()
        told.append(judge.of(np.rint(65535 * (films - low) / (high - low)).astype(np.uint16), present)[present])
    yield "simulated, another seed of the bank", np.concatenate(told)
    distances, worst = [], []
    for name in PRESETS:
        for solved, crops, present in drawn_patients(name, SEED, PATIENTS, 1, geometry):
            shown = present[:, 0]
            distances.append(judge.of(crops[:, 0].astype(np.uint16), shown)[shown])
            worst.append(np.max([getattr(solved.joints, state)[:, 0] for state in SEVERE], 0)[shown])
    every, degree = np.concatenate(distances), np.concatenate(worst)
    yield f"presets {', '.join(PRESETS)}", every
    for least in (0.3, 0.6):
        yield f"of these, {SEVERE[0]}, {SEVERE[1]} or {SEVERE[2]} above {least:g}", every[degree > least]


def real(
    judge: JointDistances, geometry: CropGeometry, films: list[LandmarkedFilm]
) -> Iterator[tuple[str, np.ndarray]]:
    """Distances of the joints of real films, as they are and altered.

    Args:
        judge: Tells distances.
        geometry: Of the crops that it takes.
        films: Healthy ones.
    """
    cut = [crops_of(film, geometry) for film in films]
    yield "real healthy joints", _told(judge, cut)
    for mm in BESIDE_MM:
        yield f"real, cut {mm:g} mm beside the joint", _told(judge, [_beside(film, geometry, mm) for film in films])
    for name, alter in ALTERED.items():
        altered = []
        for number, (crops, present) in enumerate(cut):
            other = crops.copy()
            other[present] = alter(crops[present], np.random.default_rng([SEED, number])).astype(np.uint16)
            altered.append((other, present))
        yield f"real, {name}", _told(judge, altered)


def _told(judge: JointDistances, films: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    return np.concatenate([judge.of(crops[None], present[None])[0][present] for crops, present in films])


def _beside(film: LandmarkedFilm, geometry: CropGeometry, mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Each crop from another place, so far from the joint in a direction of its own."""
    off = round(mm / geometry.mm_per_px)
    wide, present = crops_of(film, CropGeometry(geometry.size_px + 2 * off, geometry.mm_per_px))
    angles = np.random.default_rng(SEED).uniform(0, 2 * np.pi, len(wide))
    tops, lefts = (np.rint(off * (1 + of(angles))).astype(int) for of in (np.sin, np.cos))
    size = geometry.size_px
    crops = [crop[top : top + size, left : left + size] for crop, top, left in zip(wide, tops, lefts, strict=True)]
    return np.stack(crops), present


def measured(judge: JointDistances, geometry: CropGeometry, films: list[LandmarkedFilm]) -> pd.DataFrame:
    """A row for each kind of joint: how many lie beyond either limit, and the AUROC against the bank's joints."""
    limit = judge.reference.limit(FALSE_MASKS)
    kinds = [*simulated(judge, geometry), *real(judge, geometry, films)]
    usual = kinds[0][1]
    rows = []
    for name, distances in kinds:
        both = np.concatenate([usual, distances])
        rows.append(
            {"joints": name, "number": len(distances), "beyond_1": (distances > UNLIKE_FROM).mean()}
            | {"beyond_limit_of_intake": (distances > limit).mean(), "median_distance": np.median(distances)}
            | {"auroc": roc_auc_score(np.arange(len(both)) >= len(usual), both) if name.startswith("real") else np.nan}
        )  # fmt: skip
    return pd.DataFrame(rows)


def page_part(table: pd.DataFrame) -> str:
    """The table as lines of Markdown."""
    lines = [
        "| joints | number | beyond 1 | beyond the limit of intake | median distance | AUROC against the first row |",
        "| --- |" + " --- |" * 5,
    ]
    for row in table.itertuples():
        auroc = "-" if pd.isna(row.auroc) else f"{row.auroc:.2f}"
        shares = f"{row.beyond_1:.2%} | {row.beyond_limit_of_intake:.2%}"
        lines.append(f"| {row.joints} | {row.number:,} | {shares} | {row.median_distance:.2f} | {auroc} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, default=None, help="folder of README.md, whose table is written anew")
    given = parser.parse_args()
    weights = load_joint_weights()
    assert weights.reference is not None
    judge = JointDistances(weights, weights.reference)
    geometry = CropGeometry(weights.size_px, weights.mm_per_px)
    table = measured(judge, geometry, list(landmarked_films(DATA, DATA / "landmarks.csv"))).round(4)
    print(table.to_string(index=False))
    if given.keep:
        write_csv(table, given.keep / FILE)
        page = given.keep / "README.md"
        page.write_text(with_block(page.read_text(), NAME, page_part(table)))


if __name__ == "__main__":
    main()
