"""Films under their own ids: same names in two folders, any suffix, pseudonyms; landmarks and corrections on their own film."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from outcomenet.cli import main
from outcomenet.cohorts.pseudonyms import Pseudonyms
from outcomenet.errors import DataRefused, UsageError
from outcomenet.localization.coco import read_coco
from outcomenet.localization.film_list import list_films, pseudonymous_films
from outcomenet.localization.matching import match_corrections, match_landmarks
from outcomenet.localization.placed import read_landmarks

DATA = Path(__file__).parents[1] / "data"
HAND, OTHER = DATA / "normal-hand-pa-small.jpg", DATA / "openstax-hand-pa.jpg"
NAMES = Pseudonyms(bytes(range(32)))


def place(path: Path, source: Path = HAND) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, path)
    return path


@pytest.fixture
def two_patients(tmp_path):
    """Two hospitals' way of naming: a folder per patient, IM1 in each."""
    return place(tmp_path / "PAT1/IM1.jpg"), place(tmp_path / "PAT2/IM1.jpg", OTHER)


def landmarks(path: Path, *rows: str) -> Path:
    path.write_text("film_id,landmark,x_px,y_px\n" + "".join(f"{row}\n" for row in rows))
    return path


def coco(path: Path, name: str, size: tuple[int, int], points: dict[str, tuple[float, float]]) -> Path:
    names = list(points)
    values = [value for name in names for value in (*points[name], 2)]
    record = {
        "images": [{"id": 1, "file_name": name, "height": size[0], "width": size[1]}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "keypoints": values}],
        "categories": [{"id": 1, "name": "left hand", "keypoints": names}],
    }
    path.write_text(json.dumps(record))
    return path


def matched(table: Path, places: list[Path], names: Pseudonyms | None = None):
    listed = list_films(places).films
    return match_landmarks(read_landmarks(table), table, listed, pseudonymous_films(listed, names) if names else listed)


def corrected(file: Path, *places: Path):
    listed = list_films(list(places)).films
    return match_corrections(read_coco(file), file, listed, listed)


def test_films_of_one_name_get_their_folders(two_patients, tmp_path):
    first, second = two_patients
    third = place(tmp_path / "year2/PAT1/IM1.jpg")
    alone = place(tmp_path / "PAT1/other.jpg")
    ids = [film.film_id for film in list_films([first, second, third, alone]).films]
    assert ids == [f"{tmp_path.name}/PAT1/IM1.jpg", "PAT2/IM1.jpg", "year2/PAT1/IM1.jpg", "other.jpg"]


def test_a_film_named_twice_is_one(two_patients):
    first, second = two_patients
    assert len(list_films([first, first.parent, first.parent / "../PAT1", second]).films) == 2


def test_pictures_of_films_whose_names_meet_without_their_suffix_stay_apart(tmp_path):
    films = list_films(
        [place(tmp_path / "hand.jpg"), place(tmp_path / "hand.jpeg"), place(tmp_path / "b/hand.jpg")]
    ).films
    assert len({film.file_name for film in films}) == 3
    assert all("/" not in film.file_name for film in films)


@pytest.mark.parametrize(
    "name", ["a.dicom", "a.dic", "a.ima", "a.bmp", "a.npy", "a.jpe", "film.2019.03", "IM0001", "a.JPG", ".hidden"]
)
def test_a_folder_is_read_by_content_whatever_its_files_are_called(tmp_path, name):
    place(tmp_path / name)
    (tmp_path / "notes.txt").write_text("none")
    (tmp_path / "landmarks.csv").write_text("film_id\n")
    listed = list_films([tmp_path])
    assert [film.path.name for film in listed.films] == [name]
    assert [path.name for path in listed.others] == ["landmarks.csv", "notes.txt"]
    assert "2 files" in listed.of_others()


def test_a_folder_without_a_film_says_how_many_files_it_has(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(UsageError, match="of its 1 files none is DICOM"):
        list_films([tmp_path])


def test_the_same_film_has_the_same_pseudonym_and_two_patients_have_two(two_patients, tmp_path):
    first, second = two_patients
    together = pseudonymous_films(list_films([first, second]).films, NAMES)
    assert [pseudonymous_films(list_films([one]).films, NAMES)[0].film_id for one in two_patients] == [
        film.film_id for film in together
    ]
    assert len({film.film_id for film in together}) == 2
    copies = pseudonymous_films(list_films([first, place(tmp_path / "copy/IM1.jpg")]).films, NAMES)
    assert copies[1].film_id == f"{copies[0].film_id}-2"


def test_landmarks_of_a_name_that_two_films_have_are_refused(two_patients, tmp_path):
    table = landmarks(tmp_path / "landmarks.csv", "IM1.jpg,MCP2,10,20")
    with pytest.raises(DataRefused, match=r"2 of the films are called so; .*PAT1/IM1\.jpg, PAT2/IM1\.jpg"):
        matched(table, list(two_patients))
    table = landmarks(tmp_path / "landmarks.csv", "PAT2/IM1.jpg,MCP2,10,20")
    found = matched(table, list(two_patients))
    assert list(found.limbs) == [two_patients[1]]
    assert found.without_landmarks[0].path == two_patients[0]


def test_landmarks_of_another_patients_film_of_the_same_name_are_not_laid_on_this_one(two_patients, tmp_path):
    table = landmarks(tmp_path / "landmarks.csv", "PAT1/IM1.jpg,MCP2,10,20")
    with pytest.raises(DataRefused, match="not among the films"):
        matched(table, [two_patients[1]])


def test_landmarks_are_found_under_the_pseudonym_too(two_patients, tmp_path):
    known = pseudonymous_films(list_films(list(two_patients)).films, NAMES)
    table = landmarks(tmp_path / "landmarks.csv", f"{known[1].film_id},MCP2,10,20")
    assert list(matched(table, list(two_patients), NAMES).limbs) == [two_patients[1]]


def test_one_film_under_two_names_is_refused(two_patients, tmp_path):
    table = landmarks(tmp_path / "landmarks.csv", "PAT1/IM1.jpg,MCP2,10,20", "IM1.jpg,MCP3,1,2")
    with pytest.raises(DataRefused, match="keep the one that is right"):
        matched(table, [two_patients[0]])


def test_a_landmark_outside_its_film_is_refused(tmp_path):
    film = place(tmp_path / "hand.jpg")
    table = landmarks(tmp_path / "landmarks.csv", "hand.jpg,MCP2,10,99999")
    with pytest.raises(DataRefused, match=r"MCP2 of film hand\.jpg at \(10, 99999\), outside the film"):
        matched(table, [film])


@pytest.mark.parametrize("factor", [0.5, 0.37, 2.0])
def test_corrections_drawn_on_a_copy_of_another_size_are_scaled(tmp_path, factor):
    film = place(tmp_path / "hand.jpg")
    rows, columns = cv2.imread(str(film), cv2.IMREAD_GRAYSCALE).shape
    size = round(rows * factor), round(columns * factor)
    file = coco(tmp_path / "c.json", "hand.jpg", size, {"MCP2": (100 * factor, 200 * factor)})
    (limb,) = corrected(file, film).limbs[film]
    assert limb.points["MCP2"] == pytest.approx((100, 200), abs=0.5)


def test_corrections_drawn_on_a_cropped_or_turned_copy_are_refused(tmp_path):
    film = place(tmp_path / "hand.jpg")
    rows, columns = cv2.imread(str(film), cv2.IMREAD_GRAYSCALE).shape
    for size in ((rows - 40, columns), (columns, rows)):
        file = coco(tmp_path / "c.json", "hand.jpg", size, {"MCP2": (1, 2)})
        with pytest.raises(DataRefused, match="cropped or turned copy"):
            corrected(file, film)


@pytest.mark.parametrize("size", [(0, 0), (None, None), ("400", "300"), (float("nan"), 3)])
def test_corrections_that_do_not_say_the_size_of_the_picture_are_refused(tmp_path, size):
    film = place(tmp_path / "hand.jpg")
    with pytest.raises(DataRefused, match="how large picture"):
        corrected(coco(tmp_path / "c.json", "hand.jpg", size, {"MCP2": (1, 2)}), film)


def test_corrections_are_found_under_the_names_that_programs_give_to_uploaded_films(tmp_path):
    film = place(tmp_path / "hand.jpg")
    size = cv2.imread(str(film), cv2.IMREAD_GRAYSCALE).shape
    for name in (
        "images/hand.jpg",
        "3f2a91bc-hand.jpg",
        "images/3f2a91bc-hand.jpg",
        "images\\hand.jpg",
        "hand.jpg.png",
    ):
        assert film in corrected(coco(tmp_path / "c.json", name, size, {"MCP2": (1, 2)}), film).limbs
    with pytest.raises(DataRefused, match="not among the films"):
        corrected(coco(tmp_path / "c.json", "7d1b2e.jpg", size, {"MCP2": (1, 2)}), film)


def test_a_byte_order_mark_does_not_make_another_file_of_it(tmp_path):
    film = place(tmp_path / "hand.jpg")
    file = coco(tmp_path / "c.json", "hand.jpg", cv2.imread(str(film), 0).shape, {"MCP2": (1, 2)})
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert film in corrected(file, film).limbs


@pytest.mark.parametrize(("value", "words"), [(float("nan"), "keypoint number nan"), ("12", "keypoint number '12'")])
def test_a_keypoint_that_is_no_number_is_refused(tmp_path, value, words):
    with pytest.raises(DataRefused, match=words):
        read_coco(coco(tmp_path / "c.json", "hand.jpg", (10, 10), {"MCP2": (value, 2)}))


def test_every_film_and_every_correction_without_a_partner_is_named(two_patients, tmp_path, capsys):
    size = cv2.imread(str(two_patients[0]), 0).shape
    file = coco(tmp_path / "c.json", "PAT1/IM1.jpg", size, {"MCP2": (1, 2)})
    record = json.loads(file.read_text())
    record["images"].append(record["images"][0] | {"id": 2, "file_name": "lost.jpg"})
    record["annotations"].append(record["annotations"][0] | {"id": 2, "image_id": 2})
    file.write_text(json.dumps(record))
    out = tmp_path / "out"
    arguments = ["localize", str(tmp_path), "--out", str(out), "--corrections", str(file), "--film-names", "files"]
    assert main(arguments) == 0
    said = capsys.readouterr().err
    assert "1 films that are not among the films, which nobody used: lost.jpg" in said
    assert "1 films have no landmarks in c.json, so their joints are looked for: PAT2/IM1.jpg" in said
    assert "1 files of the folders are no films by their content and were left out: c.json" in said
    ledger = pd.read_csv(out / "ledger.csv").set_index("reason")["count"]
    assert ledger["not among the films"] == ledger["no landmarks placed, joints found"] == 1
    assert ledger["not a film by its content"] == 1
    limbs = pd.read_csv(out / "limbs.csv").set_index("film_id")
    assert set(limbs.index) == {"PAT1/IM1.jpg", "PAT2/IM1.jpg"}
    assert (out / "overlays/PAT2%2FIM1.jpg.png").is_file()


def test_what_localize_writes_never_holds_a_files_name_unless_asked(tmp_path):
    film = place(tmp_path / "films/Meier_Hans_1950.jpg")
    (tmp_path / "films/Meier_broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    out, review = tmp_path / "out", tmp_path / "review"
    key = tmp_path / "key"
    assert main(["localize", str(film.parent), "--out", str(out), "--review", str(review), "--key", str(key)]) == 0
    written = [path for folder in (out, review) for path in folder.rglob("*") if path.is_file()]
    assert len(written) > 6
    for path in written:
        assert b"Meier" not in path.read_bytes()
        assert "Meier" not in path.name
    # the pictures to correct lie beside the file that speaks of them, and what was found comes back under the pseudonym
    record = json.loads((review / "landmarks_coco.json").read_text())
    picture = cv2.imread(str(review / "films" / record["images"][0]["file_name"]), cv2.IMREAD_UNCHANGED)
    assert picture.shape == cv2.imread(str(film), 0).shape
    again = tmp_path / "again"
    corrections = str(review / "landmarks_coco.json")
    assert main(["localize", str(film), "--out", str(again), "--corrections", corrections, "--key", str(key)]) == 0
    first, second = (pd.read_csv(folder / "landmarks.csv") for folder in (out, again))
    assert (first["film_id"] == second["film_id"]).all()
    np.testing.assert_allclose(first[["x_px", "y_px"]], second[["x_px", "y_px"]], atol=0.01)


def test_a_key_for_names_that_are_not_made_is_wrong_usage(tmp_path, capsys):
    film = place(tmp_path / "hand.jpg")
    arguments = ["localize", str(film), "--out", str(tmp_path / "out"), "--film-names", "files", "--key", "k"]
    assert main(arguments) == 2
    assert "leave one out" in capsys.readouterr().err


def test_a_date_or_number_before_a_name_makes_it_another_film(tmp_path):
    """Eight digits before a name are what Label Studio writes, but also a date: such landmarks were laid on the other film."""
    film = place(tmp_path / "hand.jpg")
    with pytest.raises(DataRefused, match="not among the films"):
        matched(landmarks(tmp_path / "landmarks.csv", "3f2a91bc-hand.jpg,MCP2,1,2"), [film])
    size = cv2.imread(str(film), cv2.IMREAD_GRAYSCALE).shape
    with pytest.raises(DataRefused, match="not among the films"):
        corrected(coco(tmp_path / "c.json", "20240115-hand.jpg", size, {"MCP2": (1, 2)}), film)
    words = corrected(coco(tmp_path / "c.json", "3f2a91bc-hand.jpg", size, {"MCP2": (1, 2)}), film).in_words(film)
    assert any("3f2a91bc-hand.jpg for hand.jpg" in sentence for sentence in words)


@pytest.mark.parametrize("name", ["DOE\u00a0JANE.png", b"M\xfcller.png".decode("utf-8", "surrogateescape"), "a\nb.png"])
def test_names_that_cannot_be_printed_are_neither_written_nor_a_traceback(tmp_path, name):
    film = tmp_path / "films" / name
    film.parent.mkdir()
    film.write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    known, named = tmp_path / "known", tmp_path / "named"
    assert main(["localize", str(film.parent), "--out", str(known), "--key", str(tmp_path / "key")]) == 0
    limbs = pd.read_csv(known / "limbs.csv")
    assert "png" not in limbs["remark"][0]
    assert main(["localize", str(film.parent), "--out", str(named), "--film-names", "files"]) == 0
    assert pd.read_csv(named / "limbs.csv")["film_id"][0].isascii()


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["annotations"][0].update(category_id=[1]),
        lambda r: r["annotations"][0].update(image_id=[1]),
        lambda r: r["categories"][0].update(name=5),
        lambda r: r["categories"][0].update(keypoints=7),
        lambda r: r.update(images=7),
        lambda r: r.update(annotations=[7]),
    ],
)
def test_coco_values_of_another_type_are_one_sentence(tmp_path, change):
    file = coco(tmp_path / "c.json", "hand.jpg", (10, 10), {"MCP2": (1, 2)})
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))
    with pytest.raises(DataRefused, match=r"c\.json"):
        read_coco(file)


@pytest.mark.parametrize(
    "content", [b"", "film_id,landmark,x_px,y_px\nä,MCP2,1,2\n".encode("utf-16"), b"film_id\xe4,x\n"]
)
def test_landmarks_in_another_encoding_or_none_are_one_sentence(tmp_path, content):
    path = tmp_path / "landmarks.csv"
    path.write_bytes(content)
    with pytest.raises(DataRefused, match=r"landmarks\.csv"):
        read_landmarks(path)
