"""The epidemiologist's desk: a run or a table, a plan that is frozen, every section, and a folder to hand over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import read_json_object, whole_folder, write_manifest, write_whole
from outcomenet.biomarkers.analysis_answer import answer_of
from outcomenet.biomarkers.analysis_inputs import ESTIMATES, PLAN, STEPS, Inputs
from outcomenet.biomarkers.analysis_plan import AnalysisPlan, plan_text, read_plan
from outcomenet.biomarkers.analysis_rows import analysis_rows, read_table_file, with_columns_of
from outcomenet.biomarkers.analysis_sections import SECTIONS, estimates_of, made
from outcomenet.biomarkers.default_plan import default_plan, left_out_of_plan
from outcomenet.biomarkers.hand_over import QUARTO, write_hand_over
from outcomenet.biomarkers.plan_ledger import freeze, ordinal
from outcomenet.biomarkers.quarto_documents import expect_quarto, write_documents
from outcomenet.biomarkers.run_tables import AnalysisTables, analysis_tables
from outcomenet.biomarkers.section import Section
from outcomenet.codebooks import CODEBOOK, ColumnWords, codebook_rows, words_of
from outcomenet.codebooks import COLUMNS as CODEBOOK_COLUMNS
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.errors import UsageError
from outcomenet.evaluation.biomarker_scale import LINKS
from outcomenet.progress import Progress
from outcomenet.reports.analysis_page import PAGE, write_analysis_page
from outcomenet.runs.provenance import source_sha256
from outcomenet.runs.r_reader import write_r_reader
from outcomenet.runs.record import RECORD, utc_now
from outcomenet.runs.run import Run, folder_of
from outcomenet.runs.tables_for_all import write_for_all

MADE_OF = "analysis.json"
TRUE_DAMAGE = "true_damage"  # column of a simulated run's visits


@dataclass(frozen=True)
class Analysis:
    """A finished analysis; its tables are read when they are asked for."""

    folder: Path

    @property
    def plan(self) -> AnalysisPlan:
        """The plan that was frozen."""
        return read_plan((self.folder / PLAN).read_text(encoding="utf-8"))

    @property
    def estimates(self) -> pd.DataFrame:
        """One row per number (docs/analysis.md)."""
        return read_csv(self.folder / ESTIMATES, keep_default_na=True)

    @property
    def page(self) -> Path:
        """The page for a clinician."""
        return self.folder / PAGE


def analyse(
    subject: Path | str | Run,
    out: Path | str,
    *,
    plan: AnalysisPlan | Path | str | None = None,
    data: Path | str | None = None,
    documents: Sequence[str] = (),
    progress: Progress | None = None,
) -> Analysis:
    """Analyses a biomarker beside a human score and writes a folder with every number, figure and sentence, whole or not at all.

    Args:
        subject: An evaluated or pooled run, or any tidy table (CSV, Parquet, Stata) with a row per patient and visit.
        out: Folder to write. One that this very plan, data and program made is left as it is.
        plan: Questions and columns, or the TOML file of them; None: made from the columns, and written.
        documents: `docx`, `pdf` or `html` that Quarto makes of the analysis, where it is installed.
        data: Further columns by patient, or by patient and visit, in a table of one's own.
        progress: Where progress is shown.

    Returns:
        The analysis.

    Raises:
        UsageError: The plan names what there is not, or `out` holds something else.
        DataRefused: The table cannot be analysed as planned; each fault is one sentence, and nothing is written.

    Example:
        >>> import outcomenet as on
        >>> on.analyse("runs/pooled", "analysis").estimates.query("section == 'association'")  # doctest: +SKIP
    """
    out, progress = Path(out), progress or Progress()
    expect_quarto(documents)
    source = _source(subject)
    given = _given_plan(plan)
    tables = _tables(source, given)
    visits, follow_up = tables.visits, tables.follow_up if len(tables.follow_up) else None
    own: list[str] = []
    if data is not None:
        visits, own = _with_own_columns(visits, Path(data), given or AnalysisPlan(), progress)
    asked = given or default_plan(
        visits, truth=TRUE_DAMAGE, sem_freedom=_sem_freedom(source), own=own, randomised=tables.randomised
    )
    left_out = [] if given else left_out_of_plan(visits, asked)
    if left_out:
        progress.say(f"The plan was made from the columns; not used: {', '.join(left_out)}.")
    rows = analysis_rows(visits, asked, source.name)
    digest = _digest(visits, follow_up)
    made_of = {"plan_sha256": asked.sha256, "data_sha256": digest, "source_sha256": source_sha256()}
    if _is_made(out, made_of):
        wanted = [name for name in documents if not (out / QUARTO).with_suffix(f".{name}").is_file()]
        if wanted:
            write_documents(out / QUARTO, wanted)
            write_manifest(out)
        done = f"{', '.join(wanted)} was added" if wanted else "nothing was done"
        progress.say(f"{out} holds this analysis already; {done}.")
        return Analysis(out)
    with whole_folder(out) as folder:
        number = freeze(source, asked, digest, utc_now())
        write_whole(folder / PLAN, plan_text(asked))
        _write_tables(folder, visits, follow_up, tables.codebook, asked)
        write_csv(rows.steps, folder / STEPS)
        inputs = Inputs(asked, rows.table, rows.steps, follow_up)
        sections = _made(inputs, progress)
        write_csv(estimates_of(sections), folder / ESTIMATES)
        facts = _facts(source, asked, number, rows.steps)
        if left_out:
            facts["Not used"] = f"{', '.join(left_out)}: the plan was made from the columns"
        write_analysis_page(folder, asked, facts, sections, answer_of(asked, sections, number))
        write_hand_over(folder, asked, number, sections)
        write_documents(folder / QUARTO, documents)
        write_whole(
            folder / MADE_OF,
            json.dumps(made_of | {"number": number, "frozen": utc_now()}, indent=1, sort_keys=True) + "\n",
        )
        write_manifest(folder)
    return Analysis(out)


def _with_own_columns(
    visits: pd.DataFrame, data: Path, plan: AnalysisPlan, progress: Progress
) -> tuple[pd.DataFrame, list[str]]:
    """The visits with a user's own columns, and the names of these; says how many patients have none."""
    own = read_table_file(data, (plan.columns.patient, plan.columns.visit))
    joined = with_columns_of(visits, own, plan, data.name)
    names = [str(name) for name in joined.columns if name not in visits.columns]
    known = set(own[plan.columns.patient])
    without = len(set(visits[plan.columns.patient]) - known)
    strangers = len(known - set(visits[plan.columns.patient]))
    progress.say(
        f"{data.name}: {', '.join(names)} joined; {without:,} patients of the analysis are not in it, {strangers:,} of it are not in the analysis."
    )
    return joined, names


def _source(subject: Path | str | Run) -> Path:
    source = folder_of(subject)
    if not source.exists():
        raise UsageError(f"There is no run and no table {source}.")
    if source.is_dir() and not (source / RECORD).is_file():
        raise UsageError(
            f"{source} is no run; name a folder that `outcomenet evaluate` or `outcomenet pool` filled, or a table."
        )
    return source


def _given_plan(plan: AnalysisPlan | Path | str | None) -> AnalysisPlan | None:
    if plan is None or isinstance(plan, AnalysisPlan):
        return plan
    if not Path(plan).is_file():
        raise UsageError(
            f"There is no plan {plan}; `outcomenet analyse --template > analysis.toml` writes one to begin with."
        )
    return read_plan(Path(plan).read_text(encoding="utf-8"), Path(plan).name)


def _tables(source: Path, plan: AnalysisPlan | None) -> AnalysisTables:
    """The tables that are analysed; of a table of one's own the codebook is empty, and so is the follow-up."""
    if source.is_dir():
        return analysis_tables(source)
    columns = (plan or AnalysisPlan()).columns
    return AnalysisTables(
        read_table_file(source, (columns.patient, columns.visit)),
        pd.DataFrame(),
        pd.DataFrame(columns=list(CODEBOOK_COLUMNS)),
    )


def _sem_freedom(source: Path) -> float:
    """Degrees of freedom of the score's error in a run, over its folds."""
    if not source.is_dir() or not (source / LINKS).is_file():
        return AnalysisPlan().measures.score_sem_freedom
    links = read_csv(source / LINKS)
    return float(max(links["sem_freedom"].sum(), 1))


def _digest(visits: pd.DataFrame, follow_up: pd.DataFrame | None) -> str:
    """SHA-256 of the rows, in whichever file they came."""
    digest = hashlib.sha256()
    for table in (visits, follow_up):
        if table is not None:
            digest.update(str(list(map(str, table.columns))).encode())
            digest.update(
                pd.util.hash_pandas_object(table.astype(object).where(table.notna(), ""), index=False)
                .to_numpy()
                .tobytes()
            )
    return digest.hexdigest()


def _is_made(out: Path, made_of: Mapping[str, str]) -> bool:
    if not (out / MADE_OF).is_file():
        return False
    known = read_json_object(out / MADE_OF, "remove the folder, or choose another --out")
    return {key: known.get(key) for key in made_of} == dict(made_of)


def _made(inputs: Inputs, progress: Progress) -> dict[str, Section]:
    progress.start("sections", len(SECTIONS), "analyse")
    sections = {}
    for name, kind in SECTIONS.items():
        sections[name] = made(kind, inputs)
        progress.advance(note=f", {kind.title} done")
    progress.finish()
    return sections


def _write_tables(
    folder: Path, visits: pd.DataFrame, follow_up: pd.DataFrame | None, codebook: pd.DataFrame, plan: AnalysisPlan
) -> None:
    """Both tables for every statistics program, their codebook and a reader for R."""
    books = []
    for name, table in (("visits", visits), ("follow_up", follow_up)):
        if table is None:
            continue
        known = words_of(codebook, name)
        words = {
            str(column): known.get(str(column)) or ColumnWords(plan.title(str(column))) for column in table.columns
        }
        write_for_all(table, folder, name, words)
        books.append(codebook_rows(name, [str(column) for column in table.columns], words))
    write_csv(pd.concat(books, ignore_index=True), folder / CODEBOOK)
    write_r_reader(folder)


def _facts(source: Path, plan: AnalysisPlan, number: int, steps: pd.DataFrame) -> dict[str, str]:
    first, used = steps.iloc[0], steps[steps["step"] == "with a score"].iloc[0]
    again = "" if number == 1 else f" It is the {ordinal(number)} plan on these data: outcomes had been opened before."
    return {
        "Data": f"{source.name}: {first['n_visits']:,} visits of {first['n_patients']:,} patients, of which {used['n_visits']:,} visits of "
        f"{used['n_patients']:,} patients may be used and have a score",
        "Plan": f"SHA-256 {plan.sha256[:16]}, frozen before outcomes were set against a measure.{again}",
        "Time zero": plan.time_zero,
        "One row": plan.unit,
        "Primary contrast": f"{plan.primary_outcome.words}, adjusted for {', '.join(map(plan.title, plan.primary_rung.columns)) or 'nothing'}; "
        f"margin {plan.primary.margin:g}; {plan.primary.resamples:,} resamples of patients",
    }  # fmt: skip
