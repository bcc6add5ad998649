"""Contact sheets of simulated films: beside real ones, and every lesion from mild to severe.

Run `python docs/films/make_sheets.py FOLDER`; the folder holds normal-hand-pa.jpg, normal-foot-ap.jpg and their
landmarks.csv (see README.md here). Writes real_and_simulated.png, lesions.png and archives.png next to this file.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, Region, Side, joints_of
from outcomenet.localization.crops import Scale, cut_crops
from outcomenet.localization.geometry import CropGeometry, limb_length_px
from outcomenet.simulation.film_files import ARCHIVES
from outcomenet.simulation.rendering import (
    Scanner,
    draw_anatomy,
    draw_pose,
    render_crops,
    render_films,
    select,
)
from outcomenet.simulation.rendering.markers import burn_in, turn
from outcomenet.simulation.states import JointStates

HERE = Path(__file__).parent
GEOMETRY = CropGeometry(112, 0.25)
FINE = CropGeometry(120, 0.22)
# The real films were exposed and processed differently from each other, and so are the simulated ones beside them.
SCANNERS = {
    Region.HAND: Scanner("hand", gamma=1.2),
    Region.FOOT: Scanner("flat", gamma=1.0, contrast=0.68, fog=0.24, equalisation=0.7),
}
REAL = {Region.HAND: ("normal-hand-pa.jpg", 185.0), Region.FOOT: ("normal-foot-ap.jpg", 110.0)}
SIDES = {Region.HAND: Side.LEFT_HAND, Region.FOOT: Side.RIGHT_FOOT}
PATIENTS = 6
ANATOMY = draw_anatomy([np.random.default_rng([11, 0, n]) for n in range(PATIENTS)], np.arange(PATIENTS) % 2 == 1)
POSE = draw_pose([np.random.default_rng([11, 1, n]) for n in range(PATIENTS)], 1)
MILD_TO_SEVERE = (0.0, 0.25, 0.5, 0.75, 1.0)
# Each lesion on a joint of the fingers and on one of the wrist or foot.
LESIONS = (
    ("erosion", "LH_MCP2", "LF_MTP5"),
    ("narrowing", "LH_PIP3", "LH_radius"),
    ("swelling", "LH_PIP3", "LH_MCP2"),
    ("osteopenia", "LH_MCP3", "LH_navicular"),
    ("micro_erosion", "LH_MCP2", "LH_ulna"),
    ("osteophyte", "LH_DIP3", "LH_CMC1"),
    ("oa_narrowing", "LH_DIP2", "LF_MTP1"),
    ("sclerosis", "LH_DIP3", "LH_CMC1"),
    ("subluxation", "LH_MCP3", "LF_MTP1"),
    ("ankylosis", "LH_PIP3", "LH_navicular"),
    ("prosthesis", "LH_MCP3", "LH_PIP3"),
    ("amputated", "LH_PIP4", "LH_DIP2"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", type=Path, help="folder of the real films")
    folder = parser.parse_args().films
    sheets = {"real_and_simulated": real_and_simulated(folder), "lesions": lesion_sheet(), "archives": archive_sheet()}
    for name, sheet in sheets.items():
        cv2.imwrite(str(HERE / f"{name}.png"), sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def real_and_simulated(folder: Path) -> np.ndarray:
    """Whole films side by side, then the crops of every joint: real on the left of each pair, simulated on the right."""
    pairs, films = [], []
    for region in Region:
        image, landmarks, millimetres = real_film(folder, region)
        drawn, drawn_landmarks = simulated_film(region)
        spacing = SCANNERS[region].spacing_mm
        films += [resized(image, 0.28 / millimetres), resized(drawn, 0.28 / spacing)]
        for row, site in enumerate(joints_of(region)):
            crops = [
                cut_crops(film.astype(np.uint16) * 257, points, region, Scale(scale, "limb length"), GEOMETRY).crops[
                    row
                ]
                for film, points, scale in ((image, landmarks, millimetres), (drawn, drawn_landmarks, spacing))
            ]
            pairs.append(titled(np.hstack([(crop // 257).astype(np.uint8) for crop in crops]), f"{region} {site}"))
    return stacked(
        [
            beside([titled(film, name) for film, name in zip(films, ("real", "simulated") * 2, strict=True)]),
            grid(pairs, 8),
        ]
    )


def lesion_sheet() -> np.ndarray:
    """One row per lesion, mild to severe on two joints."""
    rows = []
    for feature, *joints in LESIONS:
        cells = [crop for joint in joints for crop in graded(feature, joint)]
        rows.append(titled(np.hstack(cells), f"{feature.replace('_', ' ')}: {joints[0]} | {joints[1]}"))
    return stacked(rows)


def archive_sheet() -> np.ndarray:
    """The same patient's left hand as each hospital stores it, with the joints' landmarks."""
    pose, anatomy = select(POSE, ([1], [0], 0)), select(ANATOMY, [1])
    films = []
    for archive in ARCHIVES:
        pixels, points = render_films(
            damaged("LH_MCP2", {}), anatomy, pose, archive.scanner, Side.LEFT_HAND, np.array([5], np.uint32)
        )
        image, marks = turn(pixels[0], points[0], archive.quarter_turns)
        text = [line.format(date="2021-03-04", side="L", region="HAND") for line in archive.text]
        image = burn_in(image, text, marks, archive.scanner.spacing_mm, archive.scanner.collimation_mm)
        small = resized(grey(image), 0.38 / archive.scanner.spacing_mm)
        for x, y in marks.values():
            place = [round(value * archive.scanner.spacing_mm / 0.38) for value in (x, y)]
            cv2.drawMarker(small, place, 255, cv2.MARKER_CROSS, 7, 1)
        films.append(titled(small, f"{archive.scanner.name}, {archive.photometric}"))
    return beside(films)


def graded(feature: str, joint: str) -> list[np.ndarray]:
    """Crops of one joint with a lesion from none to the worst; what is there or not is shown on five patients."""
    if feature == "amputated":
        return [stump(joint, patient) for patient in range(len(MILD_TO_SEVERE))]
    if feature == "prosthesis":
        return [crop_of(joint, {feature: 1.0}, patient) for patient in range(len(MILD_TO_SEVERE))]
    return [crop_of(joint, {feature: state}) for state in MILD_TO_SEVERE]


def crop_of(joint: str, lesions: dict[str, float], patient: int = 0) -> np.ndarray:
    one = damaged(joint, lesions), select(ANATOMY, [patient]), select(POSE, ([patient], [0]))
    return grey(render_crops(*one, Scanner(), FINE, np.array([3], np.uint32))[0, JOINT_INDEX[joint]])


def stump(joint: str, patient: int) -> np.ndarray:
    """The place where an amputated joint was; its crop exists no longer and is cut where it was before."""
    side = Side(joint[:2])
    pose = select(POSE, ([patient], [0], list(Side).index(side)))
    anatomy, seed = select(ANATOMY, [patient]), np.array([3], np.uint32)
    _, landmarks = render_films(damaged(joint, {}), anatomy, pose, Scanner(), side, seed)
    pixels, _ = render_films(damaged(joint, {"amputated": 1.0}), anatomy, pose, Scanner(), side, seed)
    crops = cut_crops(pixels[0], landmarks[0], side.region, Scale(Scanner().spacing_mm, "scanner"), FINE).crops
    return grey(crops[joints_of(side.region).index(joint[3:])])


def damaged(joint: str, lesions: dict[str, float]) -> JointStates:
    states = {feature: np.zeros((1, JOINT_COUNT)) for feature in JointStates._fields}
    for feature, state in lesions.items():
        states[feature][0, JOINT_INDEX[joint]] = state
    return JointStates(**states)


def real_film(folder: Path, region: Region) -> tuple[np.ndarray, dict[str, tuple[float, float]], float]:
    """Pixels (8-bit), landmarks, and mm per pixel by the limb length that the simulated average adult has."""
    name, length_mm = REAL[region]
    with open(folder / "landmarks.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["film"] == name]
    landmarks = {row["landmark"]: (float(row["x_px"]), float(row["y_px"])) for row in rows}
    pixels = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
    return pixels, landmarks, length_mm / limb_length_px(landmarks, region)


def simulated_film(region: Region) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    side = SIDES[region]
    pose = select(POSE, ([0], [0], list(Side).index(side)))
    states, seed = damaged("LH_MCP2", {}), np.array([7], np.uint32)
    pixels, landmarks = render_films(states, select(ANATOMY, [0]), pose, SCANNERS[region], side, seed)
    return grey(pixels[0]), landmarks[0]


def grey(pixels: np.ndarray) -> np.ndarray:
    return (pixels >> 4).astype(np.uint8)


def resized(image: np.ndarray, shrink: float) -> np.ndarray:
    return cv2.resize(image, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)


def titled(image: np.ndarray, title: str) -> np.ndarray:
    head = np.zeros((18, image.shape[1]), np.uint8)
    cv2.putText(head, title, (3, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 255, 1, cv2.LINE_AA)
    return np.vstack([head, image])


def beside(images: list[np.ndarray]) -> np.ndarray:
    height = max(map(len, images))
    return np.hstack([np.pad(image, ((0, height - len(image)), (0, 6))) for image in images])


def stacked(images: list[np.ndarray]) -> np.ndarray:
    width = max(image.shape[1] for image in images)
    return np.vstack([np.pad(image, ((0, 6), (0, width - image.shape[1]))) for image in images])


def grid(images: list[np.ndarray], columns: int) -> np.ndarray:
    return stacked([beside(images[start : start + columns]) for start in range(0, len(images), columns)])


if __name__ == "__main__":
    main()
