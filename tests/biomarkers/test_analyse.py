"""`analyse` from a table to a folder: whole or not at all, the same again, every number redone by the notebook."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

import outcomenet as on
from outcomenet.biomarkers.analysis_answer import answer_of
from outcomenet.biomarkers.analysis_inputs import inputs_of
from outcomenet.biomarkers.analysis_plan import AnalysisPlan, Columns, Measures, Outcome, Rung, plan_text, read_plan
from outcomenet.biomarkers.analysis_sections import SECTIONS, estimates_of, first_difference, made
from outcomenet.biomarkers.default_plan import default_plan
from outcomenet.biomarkers.plan_ledger import ledger_file
from outcomenet.biomarkers.section import COLUMNS
from outcomenet.biomarkers.section import SECTIONS as SECTION_NAMES
from outcomenet.cli import main
from outcomenet.codebooks import CODEBOOK
from tests.biomarkers.small_world import small_world

FILES = {
    "analysis.toml", "visits.parquet", "visits.csv", "visits.dta", "codebook.csv", "estimates.csv", "figures", "analysis.html",
    "analysis.qmd", "analysis.ipynb", "methods.md", "read_outcomenet.R", "MANIFEST.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    table = small_world()
    table.to_csv(folder / "own.csv", index=False)
    plan = default_plan(table, truth="true_damage")
    text = (
        plan_text(plan)
        .replace("resamples = 1000\n", "resamples = 200\n")
        .replace("imputations = 20", "imputations = 3")
    )
    (folder / "plan.toml").write_text(text)
    assert (
        main(
            ["analyse", str(folder / "own.csv"), "--plan", str(folder / "plan.toml"), "--out", str(folder / "analysis")]
        )
        == 0
    )
    return folder


def test_the_folder_has_everything_that_is_handed_over(world: Path):
    assert {path.name for path in (world / "analysis").iterdir()} >= FILES
    estimates = pd.read_csv(world / "analysis/estimates.csv")
    assert tuple(estimates.columns) == COLUMNS
    assert not np.isinf(estimates.select_dtypes("number")).to_numpy().any()
    assert set(estimates["section"]) == set(SECTION_NAMES) - {"prognosis", "incidence"}  # the table has no follow-up
    codebook = pd.read_csv(world / "analysis" / CODEBOOK)
    assert set(codebook["column"]) == set(pd.read_csv(world / "analysis/visits.csv").columns)


def test_rows_in_are_rows_out(world: Path):
    assert len(pd.read_parquet(world / "analysis/visits.parquet")) == len(small_world())
    flow = pd.read_csv(world / "analysis/flow.csv")
    assert flow["n_visits"].tolist()[0] == 360


def test_readers_are_asked_whether_they_call_the_same_patients_progressed(world: Path):
    table = pd.read_csv(world / "own.csv", dtype={"patient_id": str})
    inputs = inputs_of(world / "analysis")
    readers = list(inputs.plan.measures.readers)
    rows = table.sort_values(["patient_id", "years"])[["patient_id", "years", *readers]]
    pairs = {name: part[readers].to_numpy() for name, part in rows.groupby("patient_id") if len(part) > 1}
    progressed = np.array([(values[1] - values[0] > 0) for values in pairs.values()])[:, :2]
    # Cohen's kappa by hand: agreement beyond what the margins give
    agreed = (progressed[:, 0] == progressed[:, 1]).mean()
    first, second = progressed.mean(axis=0)
    chance = first * second + (1 - first) * (1 - second)

    estimates = pd.read_csv(world / "analysis/estimates.csv")
    row = estimates[estimates["measure"] == "progression above 0"].iloc[0]
    assert row["section"] == "reliability"
    assert row["n_patients"] == len(progressed)
    assert row["estimate"] == pytest.approx((agreed - chance) / (1 - chance))


def test_the_same_again_is_left_as_it_is_and_another_plan_is_the_second(world: Path, capsys: pytest.CaptureFixture):
    before = _digests(world / "analysis")

    on.analyse(world / "own.csv", world / "analysis", plan=world / "plan.toml")
    plan = read_plan((world / "plan.toml").read_text())
    shorter = AnalysisPlan(outcomes=(Outcome("haq"),), measures=plan.measures, imputations=0, resamples=100)
    second = on.analyse(world / "own.csv", world / "second", plan=shorter)

    assert _digests(world / "analysis") == before
    assert "nothing was done" in capsys.readouterr().err
    assert pd.read_csv(ledger_file(world / "own.csv"))["number"].tolist() == [1, 2]
    assert "second plan on these data" in second.page.read_text()
    assert "second plan on these data" in (second.folder / "methods.md").read_text()


def test_every_number_comes_again_from_the_files_alone(world: Path):
    inputs = inputs_of(world / "analysis")
    again = estimates_of({name: made(kind, inputs) for name, kind in SECTIONS.items()})

    kept = pd.read_csv(world / "analysis/estimates.csv")
    assert first_difference(again, kept, tolerance=1e-6) == ""
    assert "row 0, estimate" in first_difference(again, kept.assign(estimate=kept["estimate"] + 1))


def test_the_notebook_redoes_every_number(world: Path):
    notebook = nbformat.read(world / "analysis/analysis.ipynb", as_version=4)
    nbformat.validate(notebook)

    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(world / "analysis")}}).execute()

    said = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    assert said.endswith("numbers are the same\n")


def test_the_quarto_document_has_the_notebooks_code(world: Path):
    notebook = nbformat.read(world / "analysis/analysis.ipynb", as_version=4)
    document = (world / "analysis/analysis.qmd").read_text()

    assert document.startswith("---\ntitle: ")
    assert all(f"```{{python}}\n{cell.source}\n```" in document for cell in notebook.cells if cell.cell_type == "code")


def test_a_table_that_cannot_be_analysed_leaves_nothing_behind(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    small_world().assign(haq="n/d").to_csv(tmp_path / "own.csv", index=False)

    code = main(
        ["analyse", str(tmp_path / "own.csv"), "--plan", str(world / "plan.toml"), "--out", str(tmp_path / "analysis")]
    )

    assert code == 3
    assert "'haq' holds text where a number is needed" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["own.csv"]


def test_a_table_of_one_event_alone_is_analysed_to_the_end(tmp_path: Path):
    small_world(60).drop(columns=["haq", "control_none"]).to_csv(tmp_path / "own.csv", index=False)

    made_of = on.analyse(tmp_path / "own.csv", tmp_path / "analysis", plan=_short("progression", kind="event"))

    assert "Association: the plan names no outcome or group of the kind" in made_of.page.read_text()


def test_one_visit_per_patient_has_its_slope_on_the_first_page_and_its_readers_compared(tmp_path: Path):
    table = small_world(80, visits=1).drop(columns=["visit_id", "years"])
    table.to_csv(tmp_path / "own.csv", index=False)

    made_of = on.analyse(tmp_path / "own.csv", tmp_path / "analysis", plan=_short("haq", visit="", years=""))

    inputs = inputs_of(made_of.folder)
    sections = {name: made(SECTIONS[name], inputs) for name in ("association", "reliability")}
    lines = [line for line in answer_of(inputs.plan, sections, 1).numbers if line.asks == "How does haq go with it?"]
    assert [line.row.method for line in lines] == ["least squares, cluster-robust"]
    assert np.isfinite(lines[0].row.estimate)
    assert "ICC(2,1) of status" in set(sections["reliability"].estimates["term"])


def test_methods_say_where_gaps_were_imputed_and_where_rows_were_left_out(world: Path, tmp_path: Path):
    imputed = (world / "analysis/methods.md").read_text()
    small_world(60).drop(columns="acpa").to_csv(tmp_path / "own.csv", index=False)
    complete = on.analyse(tmp_path / "own.csv", tmp_path / "analysis", plan=replace(_short("haq"), imputations=20))

    assert "For the models of association missing covariates were imputed 3 times" in imputed
    assert "all other sections, the primary contrast among them, left out rows with a gap" in imputed
    assert "imputed 20 times" not in (complete.folder / "methods.md").read_text()


def _short(outcome: str, kind: str = "number", **columns: str) -> AnalysisPlan:
    """A plan of one outcome with few resamples."""
    return AnalysisPlan(
        columns=Columns(**columns), outcomes=(Outcome(outcome, kind),), imputations=0, resamples=100,
        measures=Measures(readers=("human_total_reader_1", "human_total_reader_2")),
        adjustment=(Rung("crude"), Rung("age", ("age",))),
    )  # fmt: skip


def test_own_columns_come_beside_the_table(world: Path, tmp_path: Path):
    table = small_world(40)
    table.to_csv(tmp_path / "own.csv", index=False)
    smokes = pd.DataFrame({"patient_id": sorted(set(table["patient_id"])), "smokes": [0, 1] * 20})
    smokes.to_csv(tmp_path / "smokes.csv", index=False)
    plan = AnalysisPlan(outcomes=(Outcome("haq"),), imputations=0, resamples=100, subgroups=("smokes",))

    made_of = on.analyse(tmp_path / "own.csv", tmp_path / "analysis", plan=plan, data=tmp_path / "smokes.csv")

    assert pd.read_parquet(made_of.folder / "visits.parquet")["smokes"].tolist() == [0, 1] * 60
    assert made_of.plan == plan


def test_the_template_is_a_plan(capsys: pytest.CaptureFixture):
    assert main(["analyse", "--template"]) == 0

    assert read_plan(capsys.readouterr().out).measures.score == "score"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.csv"], "There is no run and no table nowhere.csv"),
        (["."], "is no run; name a folder"),
    ],
)
def test_what_is_no_run_and_no_table_is_wrong_usage(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture
):
    assert main(["analyse", *words, "--out", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err


def _digests(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_documents_are_made_by_quarto_where_it_is_installed(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    command = [
        "analyse",
        str(world / "own.csv"),
        "--plan",
        str(world / "plan.toml"),
        "--out",
        str(tmp_path / "analysis"),
        "--documents",
        "docx",
    ]
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    assert main(command) == 2
    assert "`quarto` is not on the path" in capsys.readouterr().err
    # a stand-in that makes the file that Quarto would: the program itself cannot be had everywhere
    (tmp_path / "bin").mkdir()
    quarto = tmp_path / "bin/quarto"
    quarto.write_text('#!/bin/sh\n[ "$1 $2 $3" = "render analysis.qmd --to" ] && : > "analysis.$4"\n')
    quarto.chmod(0o755)
    assert main(command) == 0
    assert (tmp_path / "analysis/analysis.docx").is_file()
    # a further document of an analysis that stands is made beside it
    assert main([*command, "pdf"]) == 0
    assert (tmp_path / "analysis/analysis.pdf").is_file()
    assert "analysis.pdf" in (tmp_path / "analysis/MANIFEST.json").read_text()
    assert main([*command[:-1], "doc"]) == 2
    assert "no document format 'doc'. Did you mean docx" in capsys.readouterr().err
