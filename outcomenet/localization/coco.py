"""Landmarks as a COCO keypoints file, which CVAT and Label Studio read and write: for correcting by hand.

One image per film, one annotation per hand or foot, categories `left hand`, `right hand`, `left foot`, `right foot`, each with
the landmark names of its region. Visibility as COCO has it: 2 seen, 1 placed but not to be seen, 0 not placed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from outcomenet.anatomy import Region, Side, landmarks_of
from outcomenet.errors import DataRefused, UsageError, did_you_mean
from outcomenet.localization.found import FoundFilm, State
from outcomenet.localization.placed import PlacedLimb

CATEGORIES = {
    Side.LEFT_HAND: "left hand",
    Side.RIGHT_HAND: "right hand",
    Side.LEFT_FOOT: "left foot",
    Side.RIGHT_FOOT: "right foot",
}
SEEN, PLACED, NOT_PLACED = 2, 1, 0  # COCO's visibility; its order is fixed by the format


def coco_keypoints(films: Mapping[str, tuple[FoundFilm, tuple[int, int]]]) -> dict[str, list[dict[str, object]]]:
    """The COCO record of found films: {picture's file name: (found, (height, width))}."""
    sides = list(CATEGORIES)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, (name, (found, (height, width))) in enumerate(films.items(), start=1):
        images.append({"id": number, "file_name": name, "height": int(height), "width": int(width)})
        for limb in found.limbs:
            values: list[float] = []
            for landmark in landmarks_of(limb.region):
                point = limb.landmarks[landmark]
                inside = 0 <= point.x_px < width and 0 <= point.y_px < height
                kind = SEEN if point.state is State.VISIBLE else PLACED if inside else NOT_PLACED
                values += [round(point.x_px, 2), round(point.y_px, 2), kind] if kind else [0, 0, NOT_PLACED]
            placed = np.array(values).reshape(-1, 3)
            placed = placed[placed[:, 2] > 0]
            low, high = (placed[:, :2].min(0), placed[:, :2].max(0)) if len(placed) else (np.zeros(2), np.zeros(2))
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": sides.index(limb.side) + 1,
                    "keypoints": values,
                    "num_keypoints": len(placed),
                    "bbox": [*np.round(low, 1).tolist(), *np.round(high - low, 1).tolist()],
                    "area": float(round(np.prod(high - low), 1)),
                    "iscrowd": 0,
                }
            )
    categories: list[dict[str, object]] = [
        {
            "id": sides.index(side) + 1,
            "name": name,
            "supercategory": str(side.region),
            "keypoints": list(landmarks_of(side.region)),
            "skeleton": _skeleton(side.region),
        }
        for side, name in CATEGORIES.items()
    ]
    return {"images": images, "annotations": annotations, "categories": categories}


class Corrections(NamedTuple):
    """Limbs by the picture that they were drawn on, pixels of that picture, and its size as the file says (height, width)."""

    limbs: dict[str, list[PlacedLimb]]
    sizes: dict[str, tuple[float, float]]


def read_coco(path: Path) -> Corrections:
    """The limbs of a COCO keypoints file; landmarks that were not placed are left out, those placed unseen as well.

    Raises UsageError without a file, DataRefused for one that is not COCO keypoints with our categories, or that does not
    say how large its pictures are: points on a copy of another size would lie elsewhere on the film.
    """
    if not path.is_file():
        raise UsageError(f"There is no file of corrections {path}.")
    try:
        record = json.loads(path.read_bytes())  # bytes: with or without a byte order mark
        listed = [
            (image["id"], _file_name(image), (image.get("height"), image.get("width"))) for image in record["images"]
        ]
        images = {number: name for number, name, _ in listed}
        sizes = {name: size for _, name, size in listed}
        categories = {c["id"]: (str(c["name"]), c.get("keypoints")) for c in record["categories"]}
        annotations = [(a["image_id"], a["category_id"], a["keypoints"]) for a in record["annotations"]]
        hash(tuple(key for annotation in annotations for key in annotation[:2]))  # ids are numbers or words, not lists
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataRefused(
            f"{path.name} is not a COCO keypoints file ({type(error).__name__}: {error}); export as `COCO Keypoints 1.0`."
        ) from error
    if len(sizes) < len(record["images"]):
        raise DataRefused(f"{path.name} lists two pictures under one file_name; export them with their folders.")
    sides = {name: side for side, name in CATEGORIES.items()}
    limbs: dict[str, list[PlacedLimb]] = {}
    for image, category, values in annotations:
        name, names = categories.get(category, ("", None))
        if name not in sides:
            raise DataRefused(f"{path.name} has a category {name!r}. {did_you_mean(name, sides)}")
        if image not in images:
            raise DataRefused(f"{path.name} has an annotation of image {image}, which it does not list.")
        side = sides[name]
        names = names or landmarks_of(side.region)
        if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
            raise DataRefused(f"{path.name} should list the keypoints of {name} by name, got {names!r:.40}.")
        unknown = [n for n in names if n not in landmarks_of(side.region)]
        if unknown:
            raise DataRefused(
                f"{path.name} names a keypoint {unknown[0]!r} of {name}. {did_you_mean(unknown[0], landmarks_of(side.region))}"
            )
        if not isinstance(values, list) or len(values) != 3 * len(names):
            came = f"{len(values)} keypoint numbers" if isinstance(values, list) else f"keypoints {values!r:.40}"
            raise DataRefused(
                f"{path.name} has {came} for a {name}; {len(names)} keypoints need {3 * len(names)} numbers."
            )
        if not all(_is_number(value) for value in values):
            wrong = next(value for value in values if not _is_number(value))
            raise DataRefused(
                f"{path.name} has a keypoint number {wrong!r:.40} for a {name}; a pixel position was expected."
            )
        points = {
            landmark: (float(values[3 * n]), float(values[3 * n + 1]))
            for n, landmark in enumerate(names)
            if values[3 * n + 2] == SEEN
        }
        limbs.setdefault(images[image], []).append(PlacedLimb(side.region, points, side.laterality, complete=True))
    for picture in limbs:
        if not all(_is_number(length) and length >= 1 for length in sizes[picture]):
            raise DataRefused(
                f"{path.name} does not say how large picture {picture} is (height and width of its entry in images), so "
                "nobody knows where its keypoints lie on the film; export it again as `COCO Keypoints 1.0`."
            )
    return Corrections(limbs, {picture: sizes[picture] for picture in limbs})


def _file_name(image: Mapping[str, object]) -> str:
    return str(image["file_name"]).replace("\\", "/")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _skeleton(region: Region) -> list[list[int]]:
    """Pairs of keypoints (counted from 1) that viewers join by a line: the rays."""
    names = landmarks_of(region)
    if region is Region.HAND:
        rays = [["CMC1", "MCP1", "IP1", "TIP1"]]
        rays += [[f"CMC{n}", f"MCP{n}", f"PIP{n}", f"DIP{n}", f"TIP{n}"] for n in range(2, 6)]
        rays += [["DRUJ_U", "RC"]]
    else:
        rays = [["BASE1", "MTP1", "IP1", "TIP1"], [f"MTP{n}" for n in range(1, 6)]]
    return [[names.index(a) + 1, names.index(b) + 1] for ray in rays for a, b in zip(ray, ray[1:], strict=False)]
