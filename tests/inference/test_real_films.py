"""Real films from a cohort folder of DICOM files, in both polarities, through intake and crops to `predict`."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from outcomenet.anatomy import JOINT_INDEX, JOINTS, Joint, Region, Side, joints_of
from outcomenet.cli import main
from outcomenet.datasets.dataset import open_dataset
from outcomenet.films.dicom_writer import write_dicom

DATA = Path(__file__).parents[1] / "data"
DAY = datetime.date(2020, 7, 1)
# file name, patient, region, side, view
FILMS = (
    ("normal-hand-pa-small.jpg", "P1", "hand", "L", "PA"),
    ("normal-foot-ap-small.jpg", "P1", "foot", "R", "DP"),
    ("openstax-hand-pa.jpg", "P2", "hand", "L", "PA"),
)


def grey(name: str) -> np.ndarray:
    return np.rint(np.asarray(Image.open(DATA / name).convert("L")) * (4095 / 255)).astype(np.uint16)


def make_cohort(folder: Path, photometric: str) -> Path:
    """The three films as a hospital would send them: two patients, DICOM without a pixel spacing, placed landmarks."""
    (folder / "films").mkdir(parents=True)
    (folder / "cohort.toml").write_text('name = "Real films"\nlicence = "CC0 1.0 and CC BY 3.0"\ndeidentified = true\n')
    (folder / "patients.csv").write_text("patient_id,sex,birth_year,site\nP1,F,1970,A\nP2,unknown,1975,A\n")
    visits = "".join(f"{patient},V1,{DAY},0.5\n" for patient in ("P1", "P2"))
    (folder / "visits.csv").write_text("patient_id,visit_id,date,haq_di\n" + visits)
    rows = ["film_id,patient_id,date,region,side,view,path"]
    for name, patient, region, side, view in FILMS:
        path = f"films/{Path(name).stem}.dcm"
        rows.append(f"{Path(name).stem},{patient},{DAY},{region},{side},{view},{path}")
        write_dicom(
            folder / path, grey(name), spacing_mm=None, patient_id=patient, study_date=DAY, laterality=side,
            body_part=region.upper(), view=view, photometric=photometric,
        )  # fmt: skip
    (folder / "films.csv").write_text("\n".join(rows) + "\n")
    placed = pd.read_csv(DATA / "landmarks.csv").drop(columns=["side", "region"])
    placed["film_id"] = placed["film_id"].str.removesuffix(".jpg")
    placed.to_csv(folder / "landmarks.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    """One data set for each polarity, with its cohort folder."""
    made = {}
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        folder = tmp_path_factory.mktemp(photometric)
        cohort = make_cohort(folder / "cohort", photometric)
        assert main(["intake", str(cohort), "--out", str(folder / "data")]) == 0
        made[photometric] = cohort, open_dataset(folder / "data")
    return made


def examples(dataset):
    found = {}
    for split in dataset.manifest.patients_by_split:
        found |= {example["patient_id"].decode(): example for example in dataset.examples(split)}
    return found


def test_both_polarities_give_the_same_crops(datasets):
    first, second = (examples(dataset) for _, dataset in datasets.values())
    assert first.keys() == second.keys() == {"P1", "P2"}
    for patient in first:
        assert np.array_equal(first[patient]["crops"], second[patient]["crops"])


def test_every_placed_joint_is_cut_and_no_other(datasets):
    found = examples(datasets["MONOCHROME1"][1])
    hand, foot = len(joints_of(Region.HAND)), len(joints_of(Region.FOOT))
    # a joint that looks unlike anything in training is cut and masked
    unlike = pd.read_csv(datasets["MONOCHROME1"][1].folder / "unlike_joints.csv")["patient_id"].value_counts()
    assert found["P1"]["present"].sum() + unlike.get("P1", 0) == hand + foot
    assert found["P2"]["present"].sum() + unlike.get("P2", 0) == hand
    assert unlike.sum() <= 2
    limbs = {str(joint.side) for joint, there in zip(JOINTS, found["P1"]["present"], strict=True) if there}
    assert limbs == {"LH", "RF"}


def test_the_scale_comes_from_the_limbs_length_and_the_ledger_says_so(datasets):
    ledger = pd.read_csv(datasets["MONOCHROME1"][1].folder / "ledger.csv")
    counts = ledger.set_index("reason")["count"]
    assert counts["scale from hand length"] == 2
    assert counts["scale from foot length"] == 1


@pytest.mark.parametrize(("name", "patient", "region", "side"), [film[:4] for film in FILMS])
def test_the_middle_of_a_crop_is_the_placed_joint(datasets, name, patient, region, side):
    example = examples(datasets["MONOCHROME2"][1])[patient]
    placed = pd.read_csv(DATA / "landmarks.csv").query("film_id == @name").set_index("landmark")
    film = grey(name).astype(float) * (65535 / 4095)
    middle = example["crops"].shape[-1] // 2
    sites = [site for site in joints_of(Side.of(side, region).region) if site in placed.index]
    in_crop, on_film = [], []
    for site in sites:
        crop = example["crops"][JOINT_INDEX[Joint(Side.of(side, region), site).name]]
        in_crop.append(crop[middle - 2 : middle + 2, middle - 2 : middle + 2].mean())
        x, y = round(placed.loc[site, "x_px"]), round(placed.loc[site, "y_px"])
        on_film.append(film[y - 2 : y + 2, x - 2 : x + 2].mean())
    assert len(sites) >= 6
    # a millimetre of trabeculae is averaged over a few more or fewer pixels in the crop than on the film
    assert np.abs(np.subtract(in_crop, on_film)).max() < 0.06 * 65535


def test_predict_reads_all_three(datasets, runs, tmp_path):
    cohort = datasets["MONOCHROME1"][0]
    placed = pd.read_csv(DATA / "landmarks.csv")
    placed["film_id"] = placed["film_id"].str.replace(".jpg", ".dcm")
    placed.to_csv(tmp_path / "landmarks.csv", index=False)
    out = tmp_path / "out"
    arguments = ["--landmarks", str(tmp_path / "landmarks.csv"), "--out", str(out), "--film-names", "files"]
    assert main(["predict", str(runs["demo"]), str(cohort / "films"), *arguments]) == 0
    rows = pd.read_csv(out / "films.csv").set_index("film_id")
    assert rows["joints_seen"].to_dict() == {
        "normal-foot-ap-small.dcm": 6, "normal-hand-pa-small.dcm": 23, "openstax-hand-pa.dcm": 23,
    }  # fmt: skip
    assert np.isfinite(rows["score"]).all()
    assert (rows["flags"] == "scale_from_limb_length").all()


def test_a_finished_prediction_is_recognised_by_the_same_command_and_by_no_other(datasets, runs, tmp_path, capsys):
    """Names that read as a number or as a formula come back as they are: what is printed is what was printed."""
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    for source, name in (("normal-hand-pa-small.dcm", "007"), ("normal-foot-ap-small.dcm", "=1+1.dcm")):
        shutil.copy(datasets["MONOCHROME1"][0] / "films" / source, films / name)
    (films / "broken.png").write_bytes(b"no film")
    rest = [str(films), "--out", str(out)]
    command = ["predict", str(runs["demo"]), *rest, "--film-names", "files"]
    assert main(command) == 0
    printed, before = capsys.readouterr().out, {path.name: path.read_bytes() for path in out.iterdir()}
    assert "007" in printed
    assert "=1+1.dcm" in printed
    assert main(command) == 0
    said = capsys.readouterr()
    assert f"{out} is there already, whole, from this very command." in said.err
    assert said.out == printed
    assert main([*command, "--pixel-spacing-mm", "0.2"]) == 2
    assert main(["predict", str(runs["demo"]), *rest]) == 2  # under pseudonyms
    assert main(["predict", str(runs["data_scaling"]), *rest, "--film-names", "files"]) == 2
    shutil.copy(datasets["MONOCHROME1"][0] / "films" / "openstax-hand-pa.dcm", films / "007")
    assert main(command) == 2
    assert capsys.readouterr().err.count(f"{out} exists already; choose another --out or remove it first.") == 4
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_two_patients_films_of_one_name_stay_two(datasets, runs, tmp_path):
    """Landmarks for one of them used to be laid on the other, and one crop sheet was written over by the next."""
    cohort = datasets["MONOCHROME1"][0]
    alone, together = tmp_path / "alone", tmp_path / "together"
    films = []
    for patient, name in (("PAT1", "normal-hand-pa-small.dcm"), ("PAT2", "openstax-hand-pa.dcm")):
        (tmp_path / patient).mkdir()
        films.append(tmp_path / patient / "IM1.dcm")
        films[-1].write_bytes((cohort / "films" / name).read_bytes())
    placed = pd.read_csv(DATA / "landmarks.csv").query("film_id == 'normal-hand-pa-small.jpg'")
    placed.assign(film_id="PAT1/IM1.dcm").to_csv(tmp_path / "landmarks.csv", index=False)
    placed.assign(film_id="IM1.dcm").to_csv(tmp_path / "unclear.csv", index=False)
    predict = ["predict", str(runs["demo"])]
    names = ["--film-names", "files"]
    landmarks = ["--landmarks", str(tmp_path / "landmarks.csv")]
    assert main([*predict, str(films[1]), "--out", str(alone), *names]) == 0
    assert main([*predict, *map(str, films), "--out", str(together), *names, *landmarks]) == 0
    rows = pd.read_csv(together / "films.csv").set_index("film_id")
    assert list(rows.index) == ["PAT1/IM1.dcm", "PAT2/IM1.dcm"]
    assert rows.loc["PAT2/IM1.dcm", "score"] == pytest.approx(pd.read_csv(alone / "films.csv")["score"][0], abs=1e-6)
    assert rows["flags"].str.contains("landmarks_found").tolist() == [False, True]
    assert len(list(together.glob("crops_*.png"))) == 2
    unclear = ["--landmarks", str(tmp_path / "unclear.csv"), "--out", str(tmp_path / "none")]
    assert main([*predict, *map(str, films), *unclear, *names]) == 3
    assert not (tmp_path / "none").exists()


def test_predict_writes_no_files_name_unless_asked(datasets, runs, tmp_path):
    film = tmp_path / "Meier_Hans_1950.dcm"
    film.write_bytes((datasets["MONOCHROME1"][0] / "films/openstax-hand-pa.dcm").read_bytes())
    (tmp_path / "Meier_broken.dcm").write_bytes(b"no film")
    out = tmp_path / "out"
    key = str(tmp_path.parent / f"{tmp_path.name}.key")
    films = [str(film), str(tmp_path / "Meier_broken.dcm")]
    assert main(["predict", str(runs["demo"]), *films, "--out", str(out), "--key", key]) == 0
    written = list(out.iterdir())
    (sheet,) = out.glob("crops_*.png")
    assert {path.name for path in written} == {"films.csv", "joints.csv", sheet.name, ".made"}
    assert not any("Meier" in path.name or b"Meier" in path.read_bytes() for path in written)
    rows = pd.read_csv(out / "films.csv")
    assert rows["film_id"].str.fullmatch("F[0-9a-f]{12}").all()
    assert rows["flags"].tolist()[1].startswith("refused:")


def test_intake_without_landmarks_finds_the_joints_and_says_so(tmp_path):
    cohort = make_cohort(tmp_path / "cohort", "MONOCHROME2")
    placed = pd.read_csv(cohort / "landmarks.csv")
    (cohort / "landmarks.csv").unlink()
    assert main(["intake", str(cohort), "--out", str(tmp_path / "data")]) == 0
    found = examples(open_dataset(tmp_path / "data"))
    assert found["P1"]["present"].sum() >= 27
    assert found["P2"]["present"].sum() >= 21
    landmarks = pd.read_csv(tmp_path / "data/landmarks_found.csv")
    both = placed.merge(landmarks, on=["film_id", "landmark"], suffixes=("", "_found"))
    length = 0.6 * 2000  # of the largest film's hand; errors are far below
    off = np.hypot(both["x_px"] - both["x_px_found"], both["y_px"] - both["y_px_found"])
    assert off.median() < 0.01 * length
    ledger = pd.read_csv(tmp_path / "data/ledger.csv")
    assert ledger.set_index("reason").loc["landmarks_found", "count"] == 3


def test_a_film_of_both_hands_becomes_two_limbs(tmp_path):
    cohort = make_cohort(tmp_path / "cohort", "MONOCHROME2")
    (cohort / "landmarks.csv").unlink()
    hand = grey("openstax-hand-pa.jpg")
    write_dicom(
        cohort / "films/openstax-hand-pa.dcm", np.hstack([hand[:, ::-1], hand]), spacing_mm=None, patient_id="P2",
        study_date=DAY, laterality="", body_part="HAND", view="PA", photometric="MONOCHROME2",
    )  # fmt: skip
    films = cohort / "films.csv"
    films.write_text(
        films.read_text().replace(f"openstax-hand-pa,P2,{DAY},hand,L", f"openstax-hand-pa,P2,{DAY},hand,both")
    )
    assert main(["intake", str(cohort), "--out", str(tmp_path / "data")]) == 0
    present = examples(open_dataset(tmp_path / "data"))["P2"]["present"]
    limbs = {str(joint.side) for joint, there in zip(JOINTS, present, strict=True) if there}
    assert limbs == {"LH", "RH"}


def test_predict_finds_the_joints_where_none_were_placed(runs, tmp_path):
    out = tmp_path / "out"
    films = [str(DATA / name) for name, *_ in FILMS]
    assert main(["predict", str(runs["demo"]), *films, "--out", str(out), "--film-names", "files"]) == 0
    rows = pd.read_csv(out / "films.csv").set_index("film_id")
    assert np.isfinite(rows["score"]).all()
    assert rows["flags"].str.contains("landmarks_found").all()
    assert rows["side"].tolist() == ["LH", "RF", "LH"]
    joints = pd.read_csv(out / "joints.csv")
    assert joints["erosion"].isna().all()  # this network sums embeddings and tells no states


def test_predict_tells_every_joint_state_with_an_interval(runs, tmp_path):
    films = [str(DATA / name) for name, *_ in FILMS]
    assert main(["predict", str(runs["trial"]), *films, "--out", str(tmp_path / "out"), "--film-names", "files"]) == 0
    joints = pd.read_csv(tmp_path / "out/joints.csv")
    seen = joints[joints["visible"]]
    for state in ("erosion", "narrowing", "swelling", "osteophyte"):
        assert seen[f"{state}_lower"].between(0, seen[state]).all()
        assert seen[f"{state}_upper"].between(seen[state], 1).all()
    assert joints.loc[~joints["visible"], "erosion"].isna().all()


def compared(run: Path, out: Path, before: list[str], after: list[str]) -> int:
    name = ("--out", str(out), "--film-names", "files", "--landmarks", str(DATA / "landmarks.csv"))
    return main(["predict", str(run), "--before", *before, "--after", *after, *name])


def test_the_same_films_at_two_dates_have_not_changed(runs, tmp_path):
    (tmp_path / "later").mkdir()
    for name, *_ in FILMS[:2]:
        shutil.copy(DATA / name, tmp_path / "later" / f"again-{name}")
    earlier = [str(DATA / name) for name, *_ in FILMS[:2]]
    name = ("--out", str(tmp_path / "out"), "--film-names", "files")
    later = str(tmp_path / "later")
    assert main(["predict", str(runs["trial"]), "--before", *earlier, "--after", later, *name]) == 0
    limbs = pd.read_csv(tmp_path / "out/films.csv").set_index("side")
    assert set(limbs.index) == {"LH", "RF"}
    np.testing.assert_allclose(limbs["joint_change"], 0.0, atol=1e-5)
    assert not limbs["beyond_error"].astype(bool).any()
    joints = pd.read_csv(tmp_path / "out/changes.csv")
    assert joints.groupby("side")["site"].nunique().to_dict() == {"LH": 23, "RF": 6}
    np.testing.assert_allclose(joints["change"], 0.0, atol=1e-5)
    assert (joints["lower"] < 0).all()
    assert set(joints.loc[joints["what"] == "joint_space", "unit"]) == {"mm"}


def test_a_limb_of_one_date_alone_is_named_and_two_films_of_one_side_are_refused(runs, tmp_path, capsys):
    hand, foot, other = (str(DATA / name) for name, *_ in FILMS)
    assert compared(runs["trial"], tmp_path / "out", [hand, foot], [other]) == 0
    limbs = pd.read_csv(tmp_path / "out/films.csv").set_index("side")
    assert "on the films of one date only" in limbs.loc["RF", "remark"]
    assert np.isfinite(limbs.loc["LH", "joint_change"])
    assert compared(runs["trial"], tmp_path / "two", [hand, other], [foot]) == 2
    assert "The earlier date shows LH on two films" in capsys.readouterr().err
    assert compared(runs["demo"], tmp_path / "demo", [hand], [other]) == 2
    assert "this run's is not. Train one with network.initial pretrained" in capsys.readouterr().err
    assert not (tmp_path / "two").exists()


def test_two_dates_are_named_together_and_beside_no_other_film(runs, tmp_path, capsys):
    hand = str(DATA / FILMS[0][0])
    command = ["predict", str(runs["trial"]), "--out", str(tmp_path / "out")]
    for options, sentence in (
        (["--before", hand], "name those of the other by --after"),
        ([hand, "--before", hand, "--after", hand], "Leave one out"),
        ([], "Name the films to read, or two dates"),
    ):
        assert main([*command, *options]) == 2
        assert sentence in capsys.readouterr().err
