"""A small cohort as a hospital exports it: real film pixels in DICOM files, names and dates as they are."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from outcomenet.films.dicom_writer import write_dicom

DATA = Path(__file__).parents[0] / "data"
HAND = "normal-hand-pa-small.jpg"
BORDER_PX = 130
SPACING_MM = 0.26


def hand_film() -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    """A real hand, 12 bits, with an empty border around it, and its landmarks."""
    grey = cv2.imread(str(DATA / HAND), cv2.IMREAD_GRAYSCALE)
    air = int(np.percentile(grey, 2))
    pixels = cv2.copyMakeBorder(grey, *[BORDER_PX] * 4, cv2.BORDER_CONSTANT, value=air).astype(np.uint16) * 16
    table = pd.read_csv(DATA / "landmarks.csv")
    table = table[table["film_id"] == HAND]
    places = zip(table["x_px"] + BORDER_PX, table["y_px"] + BORDER_PX, strict=True)
    return pixels, dict(zip(table["landmark"], places, strict=True))


def write_hospital(
    folder: Path,
    *,
    patients: int = 6,
    name: Callable[[str], str] = lambda what: what,
    change: Callable[[np.ndarray, int], np.ndarray] = lambda pixels, patient: pixels,
    placed: Callable[[int], bool] = lambda patient: True,
    toml: str = "",
) -> list[Path]:
    """Writes the cohort folder and returns its films, one left hand per patient and visit.

    `name` turns every id, file and folder name into that of the test; `change` alters a patient's pixels; `placed`
    says whose landmarks are given.
    """
    pixels, landmarks = hand_film()
    rng = np.random.default_rng(0)
    tables: dict[str, list[tuple[object, ...]]] = {
        key: [] for key in ("patients", "visits", "films", "landmarks", "scores")
    }
    paths = []
    for n in range(patients):
        patient = name(f"patient{n}")
        tables["patients"].append((patient, "F", 1950 + n, "A" if n % 2 else "B", "2010-01-01", 1, 0))
        for v, day in enumerate((datetime.date(2020, 1, 10 + n % 20), datetime.date(2021, 1, 10 + n % 20))):
            noisy = np.clip(pixels + rng.normal(0, 12, pixels.shape), 0, 4095).astype(np.uint16)
            visit, film = name(f"visit{v}-{n}"), name(f"film{v}-{n}")
            tables["visits"].append((patient, visit, day, 1.125, 40 + n % 50))
            path = Path("films") / name(f"folder{n}") / f"{name(f'file{v}-{n}')}.dcm"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_dicom(folder / path, change(noisy, n), spacing_mm=SPACING_MM, patient_id=patient, study_date=day)
            paths.append(folder / path)
            tables["films"].append((film, patient, day, "hand", "L", "PA", path))
            if placed(n):
                tables["landmarks"] += [(film, mark, round(x, 2), round(y, 2)) for mark, (x, y) in landmarks.items()]
            for reader in ("reader1", "reader2"):
                grade = int(rng.integers(0, 4))
                tables["scores"].append(
                    (patient, visit, name(reader), "single", "svdh", "LH", "MCP2", "erosion", grade)
                )
    headers = {
        "patients": "patient_id,sex,birth_year,site,symptom_onset,rf,acpa",
        "visits": "patient_id,visit_id,date,haq_di,pain",
        "films": "film_id,patient_id,date,region,side,view,path",
        "landmarks": "film_id,landmark,x_px,y_px",
        "scores": "patient_id,visit_id,reader,reading_mode,scheme,side,site,feature,score",
    }
    for table, rows in tables.items():
        pd.DataFrame(rows, columns=headers[table].split(",")).to_csv(folder / f"{table}.csv", index=False)
    (folder / "cohort.toml").write_text(f'name = "A hospital"\nlicence = "none"\n{toml}')
    return paths
