"""landmarks.csv and COCO keypoints files: read back as they were written, refused with one sentence otherwise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from outcomenet.anatomy import Region, Side, View, landmarks_of
from outcomenet.errors import DataRefused, UsageError
from outcomenet.localization.coco import coco_keypoints, read_coco
from outcomenet.localization.found import FoundFilm, FoundLandmark, FoundLimb, State
from outcomenet.localization.frames import ANCHORS, frame_of
from outcomenet.localization.placed import read_landmarks
from outcomenet.simulation.rendering.template import TEMPLATES


def limb(region: Region, thumb_right: bool, centre: tuple[float, float], hidden: tuple[str, ...] = ()) -> FoundLimb:
    frame = frame_of(np.array(centre), 0.0, 2.0, thumb_right, ANCHORS[region])
    landmarks = {}
    for name in landmarks_of(region):
        x, y = frame.to_film(np.array(TEMPLATES[region].points[name]))
        state = State.AMPUTATED if name in hidden else State.VISIBLE
        landmarks[name] = FoundLandmark(float(x), float(y), 1.5, 0.9, state)
    return FoundLimb(region, frame, 0.95, False, {View.PA: 1.0}, landmarks, 0.5)


FILM = FoundFilm([limb(Region.HAND, True, (300, 300), ("DIP5", "TIP5")), limb(Region.HAND, False, (700, 300))], 0.0)


def test_limbs_come_back_from_a_coco_file_without_what_was_hidden(tmp_path):
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(coco_keypoints({"both.png": (FILM, (600, 1000))})))
    limbs = read_coco(path).limbs["both.png"]
    assert [placed.side for placed in limbs] == [Side.LEFT_HAND, Side.RIGHT_HAND]
    assert set(limbs[0].points) == set(landmarks_of(Region.HAND)) - {"DIP5", "TIP5"}
    for placed, found in zip(limbs, FILM.limbs, strict=True):
        for name, point in placed.points.items():
            assert point == pytest.approx(found.visible[name], abs=0.006)


def test_the_coco_record_is_one_that_viewers_read():
    record = coco_keypoints({"both.png": (FILM, (600, 1000))})
    names = {c["id"]: c for c in record["categories"]}
    assert record["images"] == [{"id": 1, "file_name": "both.png", "height": 600, "width": 1000}]
    for annotation in record["annotations"]:
        category = names[annotation["category_id"]]
        assert len(annotation["keypoints"]) == 3 * len(category["keypoints"])
        assert annotation["num_keypoints"] == sum(v > 0 for v in annotation["keypoints"][2::3])
        x, y, width, height = annotation["bbox"]
        placed = np.array(annotation["keypoints"]).reshape(-1, 3)
        placed = placed[placed[:, 2] > 0]
        assert np.allclose([x, y, x + width, y + height], [*placed[:, :2].min(0), *placed[:, :2].max(0)], atol=0.2)
        assert all(1 <= a <= len(category["keypoints"]) for pair in category["skeleton"] for a in pair)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r.pop("annotations"), "not a COCO keypoints file"),
        (lambda r: r["categories"][0].update(name="left hnd"), "left hand"),
        (lambda r: r["categories"][0]["keypoints"].__setitem__(3, "MPC3"), "MCP3"),
        (lambda r: r["annotations"][0]["keypoints"].pop(), "29 keypoints need 87"),
        (lambda r: r["annotations"][0].update(image_id=7), "image 7"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_with_what_is_wrong(tmp_path, change, words):
    record = coco_keypoints({"both.png": (FILM, (600, 1000))})
    change(record)
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(record))
    with pytest.raises(DataRefused, match=words):
        read_coco(path)


def test_a_coco_file_that_is_not_there_or_no_json(tmp_path):
    with pytest.raises(UsageError, match="no file of corrections"):
        read_coco(tmp_path / "none.json")
    (tmp_path / "text.json").write_text("x,y")
    with pytest.raises(DataRefused, match=r"COCO Keypoints 1\.0"):
        read_coco(tmp_path / "text.json")


def write(path, text):
    path.write_text(text)
    return path


def test_a_film_with_both_hands_has_two_limbs(tmp_path):
    path = write(
        tmp_path / "landmarks.csv",
        "film_id,landmark,x_px,y_px,side,region\nf.png,MCP2,1,2,L,hand\nf.png,MCP2,3,4,right,hand\nf.png,MTP1,5,6,L,foot\n",
    )
    limbs = read_landmarks(path)["f.png"]
    assert [(limb.region, limb.declared) for limb in limbs] == [
        (Region.HAND, "L"),
        (Region.HAND, "R"),
        (Region.FOOT, "L"),
    ]
    assert limbs[1].points == {"MCP2": (3.0, 4.0)}


def test_the_region_is_told_by_the_names_where_no_column_says_it(tmp_path):
    path = write(tmp_path / "landmarks.csv", "film,landmark,x_px,y_px\na,IP1,1,2\na,MTP1,1,2\nb,IP1,3,4\n")
    assert read_landmarks(path)["a"][0].region is Region.FOOT
    assert read_landmarks(path)["b"][0].region is Region.HAND


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("film_id,landmark,x_px\nf,MCP2,1\n", "lacks column y_px"),
        ("film_id,landmark,x_px,y_px,zide\nf,MCP2,1,2,L\n", "side"),
        ("film_id,landmark,x_px,y_px\nf,MCP2,one,2\n", "row 2, column x_px"),
        (
            "film_id,landmark,x_px,y_px\nf,MCP2,1,1e400\n",
            "row 2, column y_px: expected a number of pixels, got '1e400'",
        ),
        ("film_id,landmark,x_px,y_px\nf,MCP2,1,12e3456789012\n", "row 2, column y_px"),  # ends pandas' own conversion
        ("film_id,landmark,x_px,y_px\nf,MCP2,1,nan\n", "row 2, column y_px"),
        ("film_id,landmark,x_px,y_px\nf,MPC2,1,2\n", "MCP2"),
        ("film_id,landmark,x_px,y_px\nf,MCP2,1,2\nf,MCP2,3,4\n", "twice"),
        ("film_id,landmark,x_px,y_px,side\nf,MCP2,1,2,middle\n", "expected L, R or nothing"),
        ("film_id,landmark,x_px,y_px,region\nf,MCP2,1,2,knee\n", "region 'knee'"),
    ],
)
def test_a_table_that_breaks_a_rule_is_refused_with_the_place(tmp_path, text, words):
    with pytest.raises(DataRefused, match=words):
        read_landmarks(write(tmp_path / "landmarks.csv", text))
