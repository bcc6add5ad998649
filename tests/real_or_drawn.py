"""Real or drawn: how well healthy real joints are told from healthy drawn ones, by what, and at which joints.

    python -m tests.real_or_drawn [--runs runs/arms] [--keep docs/pretraining]

Classifiers learn on all films but one real film and the drawn people of one part, and are asked about these. What they see:
embeddings of two arms, or simple statistics of each crop: percentiles of grey and power by fineness (`real_looks`). Three real
films are few; they tell what differs there, not what differs between all real and all drawn films.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from outcomenet.anatomy import JOINTS
from outcomenet.csv_files import write_csv
from outcomenet.inference.joint_states import JointStateNetwork
from outcomenet.localization.geometry import CropGeometry
from outcomenet.models.joint_states import JOINT_STATES
from outcomenet.models.joint_weights import PRETRAINED, load_joint_weights
from outcomenet.models.standardised_crops import LIMBS
from outcomenet.pretraining.pretraining_run import WEIGHTS
from outcomenet.pretraining.real_looks import BANDS, PERCENTS, grey_quantiles, log_power, power_column, quantile_column
from tests.drawn_films import drawn_films
from tests.real_films import crops_of, landmarked_films
from tests.real_joints import DATA
from tools.marked_page import with_block

ARMS = ("shipped", "base", "real_looks")
PEOPLE, SEED = 24, 62
GEOMETRY = CropGeometry()
NAME = "real_or_drawn"  # what writes the page's part
CLASSIFIERS = {
    "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced")),
    "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=100, max_depth=2, subsample=0.7, random_state=0),
}  # fmt: skip


def joint_table(runs: Path) -> pd.DataFrame:
    """One row for each healthy joint: its film, whether it is real, its joint, statistics and embeddings.

    Args:
        runs: Folder of the arms' runs.
    """
    files = {"shipped": PRETRAINED} | {arm: runs / arm / WEIGHTS for arm in ARMS[1:]}
    networks = {arm: JointStateNetwork(load_joint_weights(file)) for arm, file in files.items() if file.is_file()}
    cut = {film.name: crops_of(film, GEOMETRY) for film in landmarked_films(DATA, DATA / "landmarks.csv")}
    drawn = drawn_films(PEOPLE, SEED, GEOMETRY)
    crops, present = drawn.crops(drawn.healthy), drawn.present
    films = {(name, True): (crop[None], shown[None]) for name, (crop, shown) in cut.items()}
    films |= {(f"drawn {n}", False): (crops[n : n + 1], present[n : n + 1]) for n in range(PEOPLE)}
    rows = []
    for (name, is_real), (crop, shown) in films.items():
        inferred = {arm: network.infer(crop, shown) for arm, network in networks.items()}
        for joint in map(int, np.flatnonzero(shown[0])):
            limb = next(limb for limb in LIMBS if joint in limb)
            told = {"film": name, "real": is_real, "joint": JOINTS[joint].name, "site": JOINTS[joint].site}
            told |= statistics(crop[0], shown[0], joint, limb)
            for arm, states in inferred.items():
                told |= {f"{arm}_{n}": value for n, value in enumerate(states.embeddings[0, joint])}
                told |= {
                    f"root {state} by {arm}": value
                    for state, value in zip(JOINT_STATES, states.roots[0, joint], strict=True)
                }
            rows.append(told)
    return pd.DataFrame(rows)


def statistics(crops: np.ndarray, shown: np.ndarray, joint: int, limb: np.ndarray) -> dict[str, float]:
    """Percentiles of a crop's grey, standardised by its film as networks see it, and its power by fineness.

    Args:
        crops: Of one person.
        shown: Joints that are there.
        joint: Number of the crop.
        limb: Joints of the same film.
    """
    film = crops[limb[shown[limb]]].astype(np.float64)
    crop = (crops[joint].astype(np.float64) - film.mean()) / film.std()
    quantiles = dict(zip(map(quantile_column, PERCENTS), grey_quantiles(crop[None]), strict=True))
    power = {power_column(band): value for band, value in enumerate(log_power(crop[None])) if np.isfinite(value)}
    return {**quantiles, **power}


def told_apart(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """AUROC of each set of features on films that were left out, and what each simple statistic tells by itself.

    Args:
        table: Of `joint_table`; joints that no real film shows are left out.
    """
    # embeddings know joint and side, so that drawn joints must be those of the real films
    table = table[table["joint"].isin(table.loc[table["real"], "joint"].unique())].dropna(axis=1)
    sets = {arm: [name for name in table if str(name).startswith(f"{arm}_")] for arm in ARMS}
    sets |= {
        "percentiles": [name for name in table if str(name).startswith("grey_")],
        "fineness": [name for name in table if str(name).startswith("power_")],
    }
    # small films hold no finer detail than about 36 cycles a crop
    sets["fineness to 27 cycles"] = [power_column(band) for band in range(len(BANDS) - 1) if BANDS[band + 1] <= 27]
    sets = {name: [column for column in columns if column in table] for name, columns in sets.items()}
    sets["both"] = sets["percentiles"] + sets["fineness"]
    rows = []
    for name, columns in sets.items():
        for classifier, make in CLASSIFIERS.items():
            if columns:
                rows += [{"features": name, "classifier": classifier, **row} for row in _left_out(table, columns, make)]
    told = [name for name in table if str(name).startswith("root ")]
    return pd.DataFrame(rows), pd.DataFrame([_alone(table, str(name)) for name in [*sets["both"], *told]])


def _alone(table: pd.DataFrame, name: str) -> dict[str, object]:
    """Means of one statistic over drawn joints and over those of each real film, the SD among drawn joints, and its AUROC."""
    drawn = table.loc[~table["real"], name]
    means = table[table["real"]].groupby("film")[name].mean()
    row = {"statistic": name, "auroc": float(roc_auc_score(table["real"], table[name]))}
    return row | {"drawn": drawn.mean(), "drawn_sd": drawn.std(), **means.to_dict()}


def _left_out(table: pd.DataFrame, columns: list, make) -> list[dict[str, object]]:
    """AUROC with each real film left out, and the shares of joints called real by kind of joint."""
    films = sorted(table.loc[table["real"], "film"].unique())
    people = np.array(sorted(table.loc[~table["real"], "film"].unique()))
    rows = []
    for number, film in enumerate(films):
        asked = table["film"].isin([film, *people[number :: len(films)]])
        # a foot is not told from drawn hands: the same joints of both
        asked &= table["joint"].isin(table.loc[table["film"] == film, "joint"])
        learnt = ~table["film"].isin([film, *people[number :: len(films)]])
        model = make().fit(table.loc[learnt, columns], table.loc[learnt, "real"])
        chance = model.predict_proba(table.loc[asked, columns])[:, 1]
        of_film = table.loc[asked, "real"].to_numpy()
        kinds = table.loc[asked, "site"].str.rstrip("12345")[of_film]
        least = pd.Series(chance[of_film]).groupby(kinds.to_numpy()).mean()
        rows.append({
            "left_out": film, "auroc": float(roc_auc_score(of_film, chance)), "real_joints": int(of_film.sum()),
            "drawn_joints": int((~of_film).sum()), "most_real": least.idxmax(), "least_real": least.idxmin(),
        })  # fmt: skip
    return rows


def page_part(classifiers: pd.DataFrame, alone: pd.DataFrame) -> str:
    """Both tables of the page: AUROC by features and film, and statistics that differ most.

    Args:
        classifiers: Of `told_apart`.
        alone: Of `told_apart`.
    """
    films = sorted(classifiers["left_out"].unique())
    lines = ["| told from drawn joints, AUROC | " + " | ".join(films) + " |", "| --- |" + " --- |" * len(films)]
    for (features, classifier), rows in classifiers.groupby(["features", "classifier"], sort=False):
        values = rows.set_index("left_out")["auroc"]
        lines.append(f"| {features}, {classifier} | " + " | ".join(f"{values[film]:.2f}" for film in films) + " |")
    lines += [
        "",
        "| mean over joints | drawn (SD) | " + " | ".join(films) + " | AUROC |",
        "| --- | --- |" + " --- |" * (len(films) + 1),
    ]
    by = alone[alone["statistic"].str.match("power|root .* by shipped")]
    for row in by.to_dict("records"):
        name = re.sub(r"power_(.*)_(.*)", r"log power, \1 to \2 cycles", str(row["statistic"]))
        cells = [
            f"{row['drawn']:.2f} ({row['drawn_sd']:.2f})",
            *(f"{row[film]:.2f}" for film in films),
            f"{row['auroc']:.2f}",
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/arms"))
    parser.add_argument("--keep", type=Path, default=None)
    given = parser.parse_args()
    classifiers, alone = (table.round(4) for table in told_apart(joint_table(given.runs)))
    print(classifiers.to_string(index=False))
    print(alone.to_string(index=False))
    if given.keep:
        write_csv(classifiers, given.keep / "real_or_drawn.csv")
        write_csv(alone, given.keep / "real_or_drawn_by.csv")
        page = given.keep / "README.md"
        page.write_text(with_block(page.read_text(), NAME, page_part(classifiers, alone)))


if __name__ == "__main__":
    main()
