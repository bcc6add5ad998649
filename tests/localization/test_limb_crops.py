"""One way from film to crops: a film gives the same crops, scale and flags in a cohort and in `predict`, to the bit."""

from __future__ import annotations

import ast
import datetime
import itertools
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import Region
from outcomenet.cli import main
from outcomenet.datasets.dataset import open_dataset
from outcomenet.errors import DataRefused
from outcomenet.experiment import load_experiment
from outcomenet.films.dicom_writer import write_dicom
from outcomenet.films.quality_flags import FLAGS, listed, refusal
from outcomenet.inference import films as predicting
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.inference.film_options import FilmOptions
from outcomenet.localization.crops import Spacing
from outcomenet.localization.geometry import CropGeometry, LimbLengths, limb_length_px
from outcomenet.localization.landmarked_limbs import LandmarkedLimb
from outcomenet.localization.limb_crops import cut_limb
from outcomenet.workflow import run_prediction, run_training
from tests.hospital import hand_film
from tests.seen_films import film_of
from tests.trained_runs import QUIET, ROOT, shrunk

GEOMETRY = CropGeometry(48, 0.5)
HAND_MM, SPACING_MM = 172.0, 0.26
DAY = datetime.date(2020, 7, 1)
# Where the landmarks come from, who states the spacing, which way the grey levels run.
VARIANTS = tuple(
    itertools.product(("placed", "found"), ("no spacing", "header", "table"), ("bright bones", "dark bones"))
)


def film_name(variant: tuple[str, ...]) -> str:
    return "-".join(variant).replace(" ", "_")


def write_cohort(folder: Path) -> Path:
    """A real hand once in each variant, each the film of a patient of his own."""
    (folder / "films").mkdir(parents=True)
    pixels, landmarks = hand_film()
    rows: dict[str, list[str]] = {
        "patients": ["patient_id,sex,birth_year,site"],
        "visits": ["patient_id,visit_id,date,haq_di"],
        "films": ["film_id,patient_id,date,region,side,view,path,pixel_spacing_mm"],
        "landmarks": ["film_id,landmark,x_px,y_px"],
    }
    for n, variant in enumerate(VARIANTS):
        placed, spacing, polarity = variant
        name = film_name(variant)
        write_dicom(
            folder / "films" / f"{name}.dcm",
            4095 - pixels if polarity == "dark bones" else pixels,
            spacing_mm=SPACING_MM if spacing == "header" else None,
            patient_id=f"P{n}",
            study_date=DAY,
            laterality="L",
        )
        of_table = SPACING_MM if spacing == "table" else ""
        rows["patients"].append(f"P{n},F,{1950 + n},A")
        rows["visits"].append(f"P{n},V,{DAY},1.0")
        rows["films"].append(f"{name},P{n},{DAY},hand,L,PA,films/{name}.dcm,{of_table}")
        if placed == "placed":
            rows["landmarks"] += [f"{name},{mark},{x:.2f},{y:.2f}" for mark, (x, y) in landmarks.items()]
    for table, lines in rows.items():
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n")
    (folder / "cohort.toml").write_text(
        f'name = "One hand"\nlicence = "CC0 1.0"\ndeidentified = true\nfallback_hand_length_mm = {HAND_MM}\n'
    )
    return folder


@pytest.fixture(scope="module")
def in_cohort(tmp_path_factory) -> dict[str, Any]:
    """The cohort's folder, its manifest, and of each film example, row of films.parquet and flags."""
    folder = tmp_path_factory.mktemp("one_hand")
    cohort = write_cohort(folder / "cohort")
    arguments = ["--crop-size", str(GEOMETRY.size_px), "--mm-per-pixel", str(GEOMETRY.mm_per_px)]
    assert main(["intake", str(cohort), "--out", str(folder / "data"), *arguments]) == 0
    dataset = open_dataset(folder / "data")
    every = [example for split in dataset.manifest.patients_by_split for example in dataset.examples(split)]
    of_patient = {example["patient_id"].decode(): example for example in every}
    films = pd.read_parquet(folder / "data" / "films.parquet").set_index("film_id")
    flags = pd.read_csv(folder / "data" / "film_flags.csv").groupby("film_id")["flag"].agg(list).to_dict()
    examples = {film: of_patient[patient] for film, patient in films["patient_id"].items()}
    return {"cohort": cohort, "manifest": dataset.manifest, "examples": examples, "films": films, "flags": flags}


@pytest.fixture(scope="module")
def in_predict(in_cohort, tmp_path_factory) -> dict[str, Any]:
    """What `predict` hands to its network, and its films.csv, with the data set's geometry and lengths."""
    cohort, manifest = in_cohort["cohort"], in_cohort["manifest"]
    folder = tmp_path_factory.mktemp("predicted")
    crops: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def kept(network, limbs, **_):
        for limb in limbs:
            if limb.joints is not None:
                crops[limb.row["film_id"]] = limb.joints.crops, limb.joints.present
            yield limb, {}, []

    task = predicting.PredictionTask(
        network=object.__new__(CompiledNetwork), geometry=manifest.geometry, lengths=manifest.lengths,
        outcomes=("haq",), main_outcome="haq", calibrators=None, origin={},
    )  # fmt: skip
    tables = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predicting, "infer_limbs", kept)
        for of_table in (False, True):
            films = [v for v in VARIANTS if (v[1] == "table") is of_table]
            paths = [cohort / "films" / f"{film_name(v)}.dcm" for v in films]
            placed = pd.read_csv(cohort / "landmarks.csv").assign(side="L")
            placed["film_id"] += ".dcm"
            placed.to_csv(folder / "landmarks.csv", index=False)
            tables.append(
                predicting.predict_films(
                    task,
                    paths,
                    folder / f"out_{of_table}",
                    FilmOptions(folder / "landmarks.csv", SPACING_MM if of_table else None),
                )
            )
    table = pd.concat(tables)
    table["film_id"] = table["film_id"].str.removesuffix(".dcm")
    named = {film.removesuffix(".dcm"): pair for film, pair in crops.items()}
    return {"crops": named, "films": table.set_index("film_id")}


@pytest.mark.parametrize("variant", VARIANTS, ids=film_name)
def test_a_film_gives_the_same_crops_in_a_cohort_and_in_predict(in_cohort, in_predict, variant):
    film = film_name(variant)
    example, (crops, present) = in_cohort["examples"][film], in_predict["crops"][film]
    assert present.sum() == 23
    assert np.array_equal(example["crops"], crops)
    assert np.array_equal(example["present"].astype(bool), present)


@pytest.mark.parametrize("variant", VARIANTS, ids=film_name)
def test_a_film_has_the_same_scale_and_flags_in_a_cohort_and_in_predict(in_cohort, in_predict, variant):
    placed, spacing, polarity = variant
    film = film_name(variant)
    row = in_predict["films"].loc[film]
    assert row["flags"].split(";") == in_cohort["flags"].get(film, [""])
    assert row["scale_mm_per_px"] == pytest.approx(in_cohort["films"].loc[film, "scale_mm_per_px"], abs=5e-6)
    expected = {
        "landmarks_found": placed == "found",
        "dark_bones": polarity == "dark bones",
        "scale_from_limb_length": spacing == "no spacing",
    }
    assert set(row["flags"].split(";")) - {""} == {flag for flag, is_expected in expected.items() if is_expected}
    if spacing == "no spacing":
        assert (row["scale_source"], in_cohort["films"].loc[film, "scale_source"]) == ("hand length",) * 2


def test_bones_come_out_bright_whichever_way_the_grey_levels_run(in_cohort):
    for placed in ("placed", "found"):
        bright, dark = (
            in_cohort["examples"][film_name((placed, "header", polarity))]["crops"].astype(int)
            for polarity in ("bright bones", "dark bones")
        )
        # found landmarks may differ by a fraction of a pixel
        assert np.abs(bright - dark).mean() < (1 if placed == "placed" else 300)


@pytest.fixture(scope="module")
def short_handed_run(small_cohort, tmp_path_factory) -> Path:
    """A run of one step on a cohort that declares the length of its hands."""
    folder = tmp_path_factory.mktemp("short_handed")
    cohort = shutil.copytree(small_cohort, folder / "cohort")
    text = (cohort / "cohort.toml").read_text()
    (cohort / "cohort.toml").write_text(f"fallback_hand_length_mm = {HAND_MM}\n{text}")
    assert main(["intake", str(cohort), "--out", str(folder / "data")]) == 0
    file = ROOT / "experiments" / "demo.py"
    experiment = replace(shrunk(load_experiment(file)), rungs=("direct_adjusted",))
    run_training(file, experiment, folder / "data", folder / "run", progress=QUIET)
    return folder / "run"


def test_a_cohorts_limb_length_scales_the_new_films_of_its_runs(short_handed_run, in_cohort, tmp_path):
    """From cohort.toml by the data set's manifest and the run's record to `predict`."""
    film = in_cohort["cohort"] / "films" / f"{film_name(('placed', 'no spacing', 'bright bones'))}.dcm"
    landmarks = hand_film()[1]
    rows = pd.DataFrame([(film.name, "L", mark, *place) for mark, place in landmarks.items()])
    rows.columns = ["film_id", "side", "landmark", "x_px", "y_px"]
    rows.to_csv(tmp_path / "landmarks.csv", index=False)
    table = run_prediction(
        short_handed_run, [film], tmp_path / "out", FilmOptions(tmp_path / "landmarks.csv"), progress=QUIET
    )
    expected = HAND_MM / cast(float, limb_length_px(landmarks, "hand"))
    assert table["scale_mm_per_px"].tolist() == [pytest.approx(expected, abs=5e-6)]
    assert np.isfinite(table["score"]).all()


def test_a_run_that_does_not_record_limb_lengths_is_refused(short_handed_run, monkeypatch, tmp_path):
    record = json.loads((short_handed_run / "record.json").read_text())
    assert record["data"].pop("limb_lengths") == {"hand_mm": HAND_MM, "foot_mm": 110.0}
    monkeypatch.setattr("outcomenet.workflow.chain.check_run", lambda run: record)
    with pytest.raises(DataRefused, match="limb lengths .* Build its data set again"):
        run_prediction(short_handed_run, [], tmp_path / "out", progress=QUIET)


def hand(names: tuple[str, ...] = (), **more: Any) -> LandmarkedLimb:
    """The real hand, or some of its landmarks, placed on the left."""
    landmarks = hand_film()[1]
    chosen = {name: landmarks[name] for name in names or landmarks}
    return LandmarkedLimb(Region.HAND, chosen, **{"placed": True, "declared": "L", **more})


FEW = ("RC", "MCP1", "MCP2", "MCP5", "TIP3")
# the limb, its film's spacing, the flag, whether it is cut all the same
DECISIONS = {
    "few joints, placed": (hand(FEW), "few_joints", True),
    "few joints, found": (hand(FEW, placed=False), "few_joints", False),
    "found, doubtful": (hand(placed=False, flags=("doubtful",)), "doubtful", False),
    "the other side": (hand(declared="R"), "other_side", True),
    "no declared side": (hand(declared=""), "side_from_shape", True),
    "no direction": (hand(("DIP3", "TIP3")), "no_direction", False),
    "no scale": (hand(("RC", "MCP2", "MCP5", "PIP2")), "no_scale", False),
    "no limb": (LandmarkedLimb(Region.HAND, {}, placed=False, flags=("no_limb",)), "no_limb", False),
}


@pytest.mark.parametrize("case", list(DECISIONS))
def test_each_decision_is_made_here_with_its_flag(case):
    limb, flag, is_cut = DECISIONS[case]
    pixels = hand_film()[0] * np.uint16(16)
    crops = cut_limb(film_of(pixels), limb, GEOMETRY)
    assert flag in crops.flags
    assert (crops.cut is not None) is is_cut
    assert crops.uncuttable == ("" if is_cut else flag)


@pytest.mark.parametrize(("spacing_mm", "implausible"), [(0.26, False), (0.1, True), (None, False)])
def test_a_size_is_doubted_by_a_spacing_alone(spacing_mm, implausible):
    """A limb is as long as expected by definition where its length gives the scale, also an expected 60 mm."""
    film = film_of(hand_film()[0] * np.uint16(16))
    spacing = Spacing(spacing_mm, "given") if spacing_mm else None
    crops = cut_limb(film, hand(), GEOMETRY, spacing=spacing, lengths=LimbLengths(hand_mm=60.0))
    assert ("implausible_size" in crops.flags) is implausible


def test_a_refused_spacing_is_flagged_unless_another_is_given():
    film = film_of(hand_film()[0] * np.uint16(16))
    film = replace(film, header=replace(film.header, spacing_source="refused: PixelSpacing 0"))
    assert {"spacing_refused", "scale_from_limb_length"} <= set(cut_limb(film, hand(), GEOMETRY).flags)
    given = cut_limb(film, hand(), GEOMETRY, spacing=Spacing(0.26, "given"))
    assert given.flags == ()


def test_every_code_that_is_written_is_in_the_one_table(in_cohort, in_predict):
    written = {flag for flags in in_cohort["flags"].values() for flag in flags}
    written |= {flag for flags in in_predict["films"]["flags"] for flag in flags.split(";")} - {""}
    assert written <= FLAGS.keys()
    judged = {code for module in JUDGING for code in keys_in_functions(PACKAGE / "localization" / module)}
    assert len(judged) > 20
    assert judged <= FLAGS.keys()
    with pytest.raises(KeyError, match="mirrored_or_wrong_side"):
        listed(["mirrored_or_wrong_side"])  # through which all of them go
    assert refusal("codec").partition(":")[0] in FLAGS


def test_every_code_of_the_table_is_raised_somewhere():
    modules = [path for path in PACKAGE.rglob("*.py") if path.name != "quality_flags.py"]
    texts = {node.value for path in modules for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant)}
    assert FLAGS.keys() <= texts


PACKAGE = ROOT / "outcomenet"
JUDGING = ("film_quality.py", "landmarked_limbs.py", "limb_crops.py", "network_flags.py")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def keys_in_functions(path: Path) -> set[str]:
    """Texts that are keys of dictionaries in the functions of a module."""
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef)]
    dictionaries = [node for function in functions for node in ast.walk(function) if isinstance(node, ast.Dict)]
    return {key.value for each in dictionaries for key in each.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
