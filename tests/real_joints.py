"""The pretrained encoder on real films: healthy joints, planted lesions, and the same film taken again in other ways.

    python -m tests.real_joints [--weights FILE] [--films FOLDER] [--landmarks CSV] [--plants 4] [--seed 7] [--keep FOLDER]

Every number is of films of healthy people; lesions are planted by `tests/planting.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from outcomenet.anatomy import JOINT_INDEX, Joint
from outcomenet.csv_files import write_csv
from outcomenet.inference.joint_states import JointStateNetwork, JointStatesOfFilms
from outcomenet.localization.geometry import CropGeometry
from outcomenet.metrics.agreement import icc_a1
from outcomenet.models.joint_states import JOINT_STATES
from outcomenet.models.joint_weights import load_joint_weights
from tests.planting import SITES, planted_erosion, planted_narrowing
from tests.real_films import LandmarkedFilm, crops_of, landmarked_films
from tools.marked_page import with_block

DATA = Path(__file__).parent / "data"
NAME = "`make real-joints`"  # what writes the page's part


def states_of(network: JointStateNetwork, film: LandmarkedFilm, pixels: np.ndarray) -> JointStatesOfFilms:
    """States of one film's joints; `pixels` may be an altered form of the film of the same size."""
    geometry = CropGeometry(network.weights.size_px, network.weights.mm_per_px)
    crops, present = crops_of(film, geometry, pixels)
    return network.infer(crops[None], present[None])


def healthy(network: JointStateNetwork, films: list[LandmarkedFilm]) -> pd.DataFrame:
    """SvdH of each healthy limb: most probable grades, and expected ones."""
    rows = []
    for film in films:
        states = states_of(network, film, film.pixels)
        rows.append(
            {"film": film.name, "svdh": np.nansum(states.svdh), "expected_svdh": np.nansum(states.expected_svdh)}
        )
    return pd.DataFrame(rows)


def planted(network: JointStateNetwork, films: list[LandmarkedFilm], plants: int, seed: int) -> pd.DataFrame:
    """Erosion and narrowing of every joint as it is and with a lesion planted."""
    rows = []
    for film in films:
        plain = states_of(network, film, film.pixels)
        for number, site in enumerate(site for site in film.joints if site in SITES):
            row = JOINT_INDEX[Joint(film.limb.side, site).name]
            told = {"film": film.name, "joint": site}
            rows.append(told | {"planted": "", **_told(plain, row)})
            altered = [("narrowing", planted_narrowing(film.pixels, film.joints[site]))]
            for n in range(plants):
                rng = np.random.default_rng([seed, number, n])
                try:
                    altered.append(("erosion", planted_erosion(film.pixels, film.joints[site], site, rng)))
                except ValueError:  # no margin that the tool can tell: said by the number of joints
                    continue
            for lesion, pixels in altered:
                rows.append(told | {"planted": lesion, **_told(states_of(network, film, pixels), row)})
    return pd.DataFrame(rows)


def _told(states: JointStatesOfFilms, row: int) -> dict[str, float]:
    names = ("erosion", "narrowing")
    return {name: float(states.roots[0, row, JOINT_STATES.index(name)]) for name in names} | {
        "joint_space_mm": float(states.joint_space_mm[0, row])
    }


def auroc(table: pd.DataFrame, lesion: str) -> float:
    """How well joints with a planted lesion are told from all joints as they are by the state of that lesion."""
    part = table[table["planted"].isin(["", lesion])]
    return float(roc_auc_score(part["planted"] == lesion, part[lesion]))


# The same film again: what is done to it, as a function of pixels and landmarks.
def _turned(pixels: np.ndarray, points: Mapping[str, tuple[float, float]], degrees: float):
    rows, columns = pixels.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1.0)
    border = int(np.percentile(pixels, 1))
    turned = cv2.warpAffine(pixels, matrix, (columns, rows), flags=cv2.INTER_LINEAR, borderValue=border)
    return turned, {name: tuple(matrix @ [x, y, 1]) for name, (x, y) in points.items()}


def _halved(pixels: np.ndarray, points: Mapping[str, tuple[float, float]]):
    half = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return half, {name: (x / 2, y / 2) for name, (x, y) in points.items()}


def _exposed(pixels: np.ndarray, points: Mapping[str, tuple[float, float]]):
    levels = pixels / 65535.0
    return np.rint(65535 * (0.04 + 0.88 * levels**0.8)).astype(np.uint16), points


def _placed_anew(pixels: np.ndarray, points: Mapping[str, tuple[float, float]], rng: np.random.Generator):
    """The film as it is, landmarks off by half a percent of the limb's extent: a second person's."""
    spread = 0.005 * np.ptp(np.array(list(points.values())), axis=0).max()
    return pixels, {name: (x + rng.normal(0, spread), y + rng.normal(0, spread)) for name, (x, y) in points.items()}


AGAIN: dict[str, Callable] = {
    "turned 15 degrees": lambda p, l: _turned(p, l, 15.0),
    "turned back 10 degrees": lambda p, l: _turned(p, l, -10.0),
    "exposed otherwise": _exposed,
    "half the resolution": _halved,
    "landmarks placed anew": lambda p, l: _placed_anew(p, l, np.random.default_rng(3)),
}


def again(network: JointStateNetwork, films: list[LandmarkedFilm]) -> pd.DataFrame:
    """ICC(2,1) over joints of each state between a film and itself, taken again in some way."""
    rows = []
    for name, change in AGAIN.items():
        first, second = [], []
        for film in films:
            pixels, points = change(film.pixels, film.limb.landmarks)
            other = replace(film, limb=replace(film.limb, landmarks=points))
            for values, f, p in ((first, film, film.pixels), (second, other, pixels)):
                states = states_of(network, f, p)
                values.append(np.concatenate([states.roots[0], states.joint_space_mm[0][:, None]], -1))
        a, b = np.concatenate(first), np.concatenate(second)
        for column, state in enumerate((*JOINT_STATES, "joint_space_mm")):
            known = np.isfinite(a[:, column]) & np.isfinite(b[:, column])
            pair = np.stack([a[known, column], b[known, column]], -1)
            rows.append({"again": name, "state": state, "icc": icc_a1(pair).value, "mean": pair.mean()})
    return pd.DataFrame(rows)


def summary(films: pd.DataFrame, table: pd.DataFrame, repeated: pd.DataFrame) -> pd.DataFrame:
    """Numbers of the page: what, value, aim, and of how many it is."""
    rows = [
        ("SvdH of a healthy limb, median (most probable grades)", films["svdh"].median(), "at most 3", len(films)),
        ("SvdH of a healthy limb, largest", films["svdh"].max(), "at most 6", len(films)),
        ("SvdH of a healthy limb, median (expected grades)", films["expected_svdh"].median(), "", len(films)),
    ]
    for lesion in ("erosion", "narrowing"):
        count = int((table["planted"] == lesion).sum())
        rows.append(
            (f"planted {lesion} told from joints as they are, AUROC", auroc(table, lesion), "at least 0.90", count)
        )
    for way, of in repeated.groupby("again", sort=False):
        least = of.loc[of["icc"].idxmin()]
        rows.append((f"ICC(2,1) of joint states, {way}: median", of["icc"].median(), "at least 0.95", len(of)))
        rows.append((f"ICC(2,1) of joint states, {way}: least ({least['state']})", least["icc"], "at least 0.95", 1))
    return pd.DataFrame(rows, columns=["what", "value", "aim", "n"])


def page_part(table: pd.DataFrame) -> str:
    """The summary as a table of the page."""
    lines = ["| what | value | aim | n |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.value:.2f} | {row.aim} | {row.n} |" for row in table.itertuples()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--films", type=Path, default=DATA)
    parser.add_argument("--landmarks", type=Path, default=DATA / "landmarks.csv")
    parser.add_argument("--plants", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, default=None, help="folder of README.md, whose table is written anew")
    given = parser.parse_args()
    network = JointStateNetwork(load_joint_weights(given.weights), batch=1)
    films = list(landmarked_films(given.films, given.landmarks))
    tables = {
        "real_healthy.csv": healthy(network, films),
        "real_planted.csv": planted(network, films, given.plants, given.seed),
        "real_again.csv": again(network, films),
    }
    found = summary(*tables.values())
    print(tables["real_healthy.csv"].to_string(index=False))
    print(found.to_string(index=False))
    print(
        tables["real_planted.csv"]
        .groupby("planted")[["erosion", "narrowing", "joint_space_mm"]]
        .mean()
        .round(3)
        .to_string()
    )
    if given.keep:
        for name, table in tables.items():
            write_csv(table.round(4), given.keep / name)
        page = given.keep / "README.md"
        page.write_text(with_block(page.read_text(), NAME, page_part(found)))


if __name__ == "__main__":
    main()
