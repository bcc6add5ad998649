"""`outcomenet localize` as a user runs it: real films in, tables and pictures out, corrections back in, fine-tuning."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from outcomenet.cli import main
from outcomenet.localization.localizing import localize
from outcomenet.localization.weights import SHIPPED, load_weights
from outcomenet.localizer_training.fine_tune import FineTuning
from outcomenet.progress import Progress
from outcomenet.training.loop import TrainingConfig

DATA = Path(__file__).parents[1] / "data"
NAMES = ("normal-hand-pa-small.jpg", "normal-foot-ap-small.jpg", "openstax-hand-pa.jpg")
BY_FILE = ("--film-names", "files")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for name in NAMES:
        shutil.copy(DATA / name, folder)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    cv2.imwrite(str(folder / "blank.png"), np.full((300, 200), 7, np.uint8))
    return folder


@pytest.fixture(scope="module")
def located(films, tmp_path_factory):
    folder = tmp_path_factory.mktemp("located")
    out, review = folder / "found", folder / "review"
    assert main(["localize", str(films), "--out", str(out), "--review", str(review), *BY_FILE]) == 0
    return out, review


def test_every_film_has_its_row_with_flags_in_words(located):
    limbs = pd.read_csv(located[0] / "limbs.csv", keep_default_na=False).set_index("film_id")
    assert set(limbs.index) == {*NAMES, "broken.png", "blank.png"}
    assert (limbs.loc[list(NAMES), "scored"]).all()
    assert limbs.loc["normal-foot-ap-small.jpg", ["side", "region"]].tolist() == ["R", "foot"]
    assert not limbs.loc["blank.png", "scored"]
    assert limbs.loc["blank.png", "remark"].startswith("No hand or foot was found")
    assert limbs.loc["broken.png", "flags"].startswith("refused:")
    assert limbs.loc["broken.png", "remark"]


def test_landmarks_carry_their_error_and_can_be_given_back(located, films, tmp_path):
    found = pd.read_csv(located[0] / "landmarks.csv")
    every = pd.read_csv(located[0] / "landmarks_all.csv")
    assert set(found["film_id"]) == set(NAMES)
    assert len(every) == 29 + 8 + 29
    assert (found["error_px"] > 0).all()
    assert (every["state"] == "visible").sum() == len(found)
    out = tmp_path / "again"
    assert (
        main(["localize", str(films), "--out", str(out), "--landmarks", str(located[0] / "landmarks.csv"), *BY_FILE])
        == 0
    )
    again = pd.read_csv(out / "landmarks.csv")
    assert np.allclose(again[["x_px", "y_px"]], found[["x_px", "y_px"]])
    assert (again["error_px"] == 0).all()


def test_the_ledger_counts_what_was_left_out(located):
    ledger = pd.read_csv(located[0] / "ledger.csv")
    counts = ledger.set_index("reason")["count"]
    assert counts[[reason for reason in counts.index if reason.startswith("refused:")]].sum() == 1
    assert counts["no_limb"] == 1
    hidden = ledger[ledger["unit"] == "landmark"]["count"].sum()
    every = pd.read_csv(located[0] / "landmarks_all.csv")
    assert hidden == (every["state"] != "visible").sum()


def test_pictures_are_drawn_and_a_correction_wins(located, films, tmp_path):
    _, review = located
    for name in (*NAMES, "blank.png"):
        for folder in located:
            assert cv2.imread(str(folder / "overlays" / f"{name}.png")).shape[0] > 300
    record = json.loads((review / "landmarks_coco.json").read_text())
    images = {image["file_name"]: image["id"] for image in record["images"]}
    annotation = next(a for a in record["annotations"] if a["image_id"] == images["openstax-hand-pa.jpg.png"])
    names = record["categories"][annotation["category_id"] - 1]["keypoints"]
    at, gone = 3 * names.index("RC"), 3 * names.index("lunate")
    annotation["keypoints"][at : at + 3] = [333.0, 744.0, 2]
    annotation["keypoints"][gone + 2] = 0
    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps(record))
    out = tmp_path / "out"
    assert main(["localize", str(films), "--out", str(out), "--corrections", str(corrected), *BY_FILE]) == 0
    rows = pd.read_csv(out / "landmarks.csv").set_index(["film_id", "landmark"])
    assert rows.loc[("openstax-hand-pa.jpg", "RC"), ["x_px", "y_px"]].tolist() == [333.0, 744.0]
    assert ("openstax-hand-pa.jpg", "lunate") not in rows.index


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.png"], "no film or folder"),
        ([], "at least one film file"),
        (["FILMS", "--corrections", "none.json"], "no file of corrections"),
        (["FILMS", "--fine-tune", "True"], "name them by corrections (--corrections)"),
        (["FILMS", "--weights", "none.safetensors"], "no weights file"),
    ],
)
def test_wrong_usage_is_one_sentence_and_writes_nothing(films, tmp_path, capsys, arguments, words):
    arguments = [str(films) if a == "FILMS" else a for a in arguments]
    assert main(["localize", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_review_alone_is_one_folder(films, tmp_path):
    assert main(["localize", str(films / NAMES[2]), "--review", str(tmp_path / "review")]) == 0
    written = {path.name for path in (tmp_path / "review").iterdir()}
    assert {"landmarks.csv", "limbs.csv", "landmarks_coco.json", "overlays"} <= written


def test_without_a_folder_to_write_nothing_is_done(films, capsys):
    assert main(["localize", str(films)]) == 2
    assert "--out" in capsys.readouterr().err


def test_finished_folders_are_recognised_by_the_same_command_and_by_no_other(films, tmp_path, capsys):
    """Names that read as a number or as a formula come back as they are: what is printed is what was printed."""
    own, out, review = tmp_path / "own", tmp_path / "out", tmp_path / "review"
    own.mkdir()
    for source, name in ((NAMES[0], "007"), (NAMES[1], "=1+1.jpg"), ("blank.png", "blank.png")):
        shutil.copy(films / source, own / name)
    rest = ["localize", str(own), "--out", str(out), *BY_FILE]
    command = [*rest, "--review", str(review)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    before = {path: path.read_bytes() for folder in (out, review) for path in folder.rglob("*") if path.is_file()}
    assert "007" in printed
    assert main(command) == 0
    said = capsys.readouterr()
    assert f"{out} is there already, whole, from this very command." in said.err
    assert said.out == printed
    assert main(rest) == 2
    assert main([*command, "--landmarks", str(out / "landmarks.csv")]) == 2
    shutil.copy(films / NAMES[2], own / "007")
    assert main(command) == 2
    assert capsys.readouterr().err.count("exists already") == 3
    assert {path: path.read_bytes() for path in before} == before


def test_an_existing_folder_is_left_alone(films, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    assert main(["localize", str(films), "--out", str(tmp_path / "out")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_fine_tuning_learns_from_the_users_films_and_writes_weights(located, films, tmp_path):
    step = TrainingConfig(2, 2, log_every=1, save_every=1)
    tuning = FineTuning(films=4, landmarks=step, refiner=step)
    corrections = located[1] / "landmarks_coco.json"
    localize([films], tmp_path / "out", corrections=corrections, tuning=tuning, progress=Progress(quiet=True))
    weights, shipped = load_weights(tmp_path / "out/weights.safetensors"), load_weights()
    assert weights.made_by["fine_tuned_on"]["limbs"] == {"hand": 2, "foot": 1}
    assert weights.calibration == shipped.calibration
    assert (tmp_path / "out/weights.safetensors").read_bytes() != SHIPPED.read_bytes()
    # a real film as the bank shows it: a left limb at the bank's scale
    assert (tmp_path / "out.tuning/landmarks/checkpoints/2").is_dir()
