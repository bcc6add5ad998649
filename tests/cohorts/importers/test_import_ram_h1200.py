"""RAM-H1200: three made-up hand films in two splits."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.cohorts.importers.ram_h1200 import SITES, import_ram_h1200
from outcomenet.films.film_file import read_film

DATA_SET = "ram_h1200"
BE = "SvdH_Scoring/SvdH_BE_Scoring/train/_annotation_be_scores.json"
COCO = "Segmentation/train/_annotations_bone_rle.coco.json"


def test_grades_and_films_arrive(example, tmp_path):
    cohort = read_cohort(import_ram_h1200(example, tmp_path / "cohort"))
    assert sorted(cohort.patients["patient_id"]) == ["c1_0007", "c4_0031"]
    assert sorted(cohort.films["film_id"]) == ["c1_0007_L", "c1_0007_R", "c4_0031_R"]
    assert len(SITES) == 16 + 15
    assert len(cohort.scores) == 3 * 31
    graded = cohort.scores[cohort.scores["score"] > 0]
    found = graded[["patient_id", "side", "site", "feature", "score"]].itertuples(index=False, name=None)
    assert set(found) == {
        ("c1_0007", "LH", "MCP2", "erosion", 4),  # BE_MCP-I
        ("c1_0007", "LH", "radiocarpal", "jsn", 3),  # JSN_SR
        ("c4_0031", "RH", "ulna", "erosion", 1),  # BE_U
    }


def test_films_keep_their_grey_levels(example, tmp_path):
    folder = import_ram_h1200(example, tmp_path / "cohort")
    before = np.asarray(Image.open(example / "Segmentation/train/c1_0007_L.bmp"))
    # 8 bits reach 16 by a factor of 257
    assert np.array_equal(read_film(folder / "films/c1_0007_L.bmp").pixels, before.astype(np.uint16) * 257)


def test_a_damaged_film_is_found_when_the_cohort_is_read(example, tmp_path):
    (example / "Segmentation/train/c1_0007_L.bmp").write_bytes(b"BM")
    import_ram_h1200(example, tmp_path / "cohort")
    cohort = read_cohort(tmp_path / "cohort")
    (fault,) = cohort.unread.faults
    assert "no complete BMP" in fault.sentence
    assert "c1_0007_L" not in set(cohort.films["film_id"])


def test_an_unknown_site_is_named_with_the_nearest(refused):
    (sentence,) = refused(BE, '"BE_MCP-I"', '"BE_MCP-J"')
    assert "train/_annotation_be_scores.json, film 1, column BE_MCP-J: expected a site" in sentence
    assert "Did you mean" in sentence


def test_a_grade_out_of_range_is_named(refused):
    (sentence,) = refused(BE, '"BE_MCP-I": 4', '"BE_MCP-I": 6')
    assert "column BE_MCP-I: expected a whole grade from 0 to 5, got '6'" in sentence


def test_a_film_that_is_listed_but_not_there_is_counted_not_named(example, refused):
    (example / "Segmentation/train/c1_0007_R.bmp").unlink()
    sentences = refused(COCO, "c1_0007_L", "c1_0007_L")
    assert "image 2: expected its film beside the list" in sentences[0]
    assert not any("c1_0007" in sentence for sentence in sentences)


def test_a_film_without_a_side_is_refused(refused):
    sentences = refused(COCO, "c1_0007_L.bmp", "c1_0007.bmp")
    assert "image 1: expected a film name that ends in _L or _R" in sentences[0]


def test_what_is_no_json_is_refused(example, tmp_path):
    (example / BE).write_text("{")
    with pytest.raises(CohortRefused, match="expected a JSON object"):
        import_ram_h1200(example, tmp_path / "cohort")


def test_an_entry_without_a_file_name_is_a_sentence(refused):
    (sentence,) = refused(COCO, '"file_name"', '"name"')
    assert "train/_annotations_bone_rle.coco.json: expected a list `images` of entries with a file_name" in sentence
    assert "Download the file again" in sentence


@pytest.mark.parametrize("images", ["{}", "[1]", "null"])
def test_a_list_of_films_of_another_kind_is_a_sentence(example, tmp_path, images):
    (example / COCO).write_text(f'{{"images": {images}}}')
    with pytest.raises(CohortRefused, match="expected a list `images`"):
        import_ram_h1200(example, tmp_path / "cohort")


def test_a_film_whose_grades_are_no_object_is_named(example, tmp_path):
    (example / BE).write_text('{"c1_0007_L.bmp": [1, 2]}')
    with pytest.raises(CohortRefused, match="film 1: expected an object of grades by site"):
        import_ram_h1200(example, tmp_path / "cohort")
