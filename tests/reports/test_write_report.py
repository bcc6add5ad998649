"""The written report: one file without network, figures with their tables, honest about what is not there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from outcomenet.errors import DataRefused, UsageError
from outcomenet.reports import write_report


@pytest.fixture(scope="module")
def written(better_run: Path) -> Path:
    return write_report(better_run)


@pytest.fixture(scope="module")
def page(written: Path) -> str:
    return written.read_text(encoding="utf-8")


def test_report_is_in_the_run(written: Path, better_run: Path):
    assert written == better_run / "report.html"


def test_nothing_is_loaded_from_the_network(page: str):
    assert "http:" not in page
    assert "https:" not in page
    assert "//" not in re.sub(r'src(?:set)?="data:[^"]*"', "", page)


def test_every_image_is_inside_the_page_and_has_words_for_those_who_cannot_see_it(page: str):
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == 3 + 1 + 3 + 1 + 1 + 5 + 1  # forests, differences, calibration, probes, map, films, training
    for image in images:
        assert 'src="data:image/' in image
        assert re.search(r'alt="[^"]{15,}"', image)


def test_every_figure_has_its_table_and_both_formats(written: Path):
    folder = written.parent / "figures"
    names = {path.stem for path in folder.iterdir()}
    assert names == {
        "forest_haq", "forest_pain", "forest_progression", "differences", "calibration_haq", "calibration_pain",
        "calibration_progression", "knowledge", "joint_map", "training",
    }  # fmt: skip
    for name in names:
        assert not pd.read_csv(folder / f"{name}.csv").empty
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (folder / f"{name}.svg").read_bytes()


def test_sections_come_in_the_order_of_the_reader(page: str):
    assert re.findall(r'<h2 id="([a-z]+)">', page) == [
        "answer", "conclusions", "audits", "patients", "ladder", "differences", "change",
        "calibration", "knowledge", "joints", "examples", "ledger", "training", "reproduce",
    ]  # fmt: skip


def test_every_link_inside_the_page_leads_somewhere(page: str):
    for anchor in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page


def test_exclusions_and_sources_are_told(page: str):
    assert "no film within 30 days" in page
    assert "48 patients came from film files" in page
    assert "652 patients were simulated straight to joint crops" in page


def test_command_versions_fingerprint_and_seeds_are_told(page: str):
    assert "outcomenet train experiments/hidden_signal.py" in page
    assert "jax 0.10.2" in page
    assert "sha256:6a1f09c2d4" in page
    assert "init 2" in page


def test_same_run_gives_the_same_bytes(own_covariates_run: Path):
    first = write_report(own_covariates_run).read_bytes()
    assert write_report(own_covariates_run).read_bytes() == first


def test_run_without_films_says_what_was_not_computed(own_covariates_run: Path):
    page = write_report(own_covariates_run).read_text(encoding="utf-8")
    assert "This run cannot say whether an outcome-direct measure beats the human score." in page
    for sentence in (
        "The measure was not audited in this run.",
        "The flow of patients into the data set is not in this run folder.",
        "Table 1 is not in this run folder.",
        "How far readers agree is not in this run folder",
        "Paired differences were not computed in this run.",
        "Calibration was not drawn",
        "fibromyalgia and site was not computed in this run.",
        "Contributions of single joints were not computed in this run.",
        "This run kept no example films.",
        "No training was logged in this run.",
    ):
        assert sentence in page


def test_record_with_a_name_alone_is_enough(own_covariates_run: Path):
    (own_covariates_run / "record.json").write_text('{"name": "bare"}')
    (own_covariates_run / "ledger.csv").unlink()
    page = write_report(own_covariates_run).read_text(encoding="utf-8")
    assert "The record does not hold the command." in page
    assert "what was left out is not known" in page


def test_text_of_the_record_cannot_become_markup(own_covariates_run: Path):
    (own_covariates_run / "record.json").write_text(json.dumps({"name": "<script>alert(1)</script>"}))
    page = write_report(own_covariates_run).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("name", ["record.json", "predictions.parquet", "metrics.csv", "comparisons.csv"])
def test_missing_file_names_the_command_to_run(own_covariates_run: Path, name: str):
    (own_covariates_run / name).unlink()
    with pytest.raises(UsageError, match=rf"A report needs {name}.*Run `outcomenet evaluate .*covariates` first"):
        write_report(own_covariates_run)


def test_folder_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="A report needs a run folder"):
        write_report(tmp_path / "nowhere")


def test_missing_column_is_named(own_covariates_run: Path):
    path = own_covariates_run / "metrics.csv"
    pd.read_csv(path).drop(columns="upper").to_csv(path, index=False)
    with pytest.raises(DataRefused, match=r"metrics\.csv lacks the columns upper"):
        write_report(own_covariates_run)


def test_unknown_rung_is_refused_with_the_nearest(own_covariates_run: Path):
    path = own_covariates_run / "metrics.csv"
    pd.read_csv(path).assign(predictor="covariate").to_csv(path, index=False)
    with pytest.raises(DataRefused, match="Did you mean covariates"):
        write_report(own_covariates_run)


def test_broken_training_line_is_named(own_covariates_run: Path):
    (own_covariates_run / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    with pytest.raises(DataRefused, match=r"Line 2 of .*metrics\.jsonl is not JSON"):
        write_report(own_covariates_run)


def test_undefined_metric_is_shown_with_its_reason(own_covariates_run: Path):
    path = own_covariates_run / "metrics.csv"
    metrics = pd.read_csv(path)
    metrics.loc[metrics["metric"] == "auroc", ["value", "lower", "upper"]] = float("nan")
    metrics.to_csv(path, index=False)
    (own_covariates_run / "undefined_metrics.csv").write_text(
        "predictor,outcome,metric,reason\ncovariates,progression,auroc,only one class among the held-out patients\n"
    )
    page = write_report(own_covariates_run).read_text(encoding="utf-8")
    assert "not defined" in page
    assert "only one class among the held-out patients" in page


def test_example_image_outside_the_run_is_refused(own_run: Path):
    (own_run / "examples" / "films.csv").write_text("film_id,side,visit_id,png\nF1,LH,V1,../../secret.png\n")
    with pytest.raises(DataRefused, match="lies outside"):
        write_report(own_run)


def test_importing_reports_leaves_jax_alone():
    code = "import sys, outcomenet.reports; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
