"""Writes the report: loads the run folder, draws the figures, fills the template."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from outcomenet import __version__
from outcomenet.artifacts import write_whole
from outcomenet.films.film import FROM_CROPS, FROM_FILMS, NO_FILMS
from outcomenet.outcomes import outcome
from outcomenet.pages.flow import flow_chart
from outcomenet.pages.tables import Table
from outcomenet.pages.template import page_template
from outcomenet.reports import tables
from outcomenet.reports.audit_table import audit_summary, audit_table
from outcomenet.reports.calibration import calibration_figure
from outcomenet.reports.cautions import cautions
from outcomenet.reports.equal_terms import equal_adjustment, recalibrated_risks
from outcomenet.reports.examples import MOST_VISITS, example_visits
from outcomenet.reports.figures import PublishedFigure, publish
from outcomenet.reports.forest import difference_forest, ladder_forest
from outcomenet.reports.joint_map import joint_contributions, joint_map_figure, joint_phrase
from outcomenet.reports.knowledge import knowledge_figure
from outcomenet.reports.measures import measure
from outcomenet.reports.narrative import answer
from outcomenet.reports.numbers import counted, decimal, listed
from outcomenet.reports.rows import JointContribution
from outcomenet.reports.run_folder import RunFolder, read_run
from outcomenet.reports.score_change import score_change_table
from outcomenet.reports.seen_change import seen_change
from outcomenet.reports.training_curve import training_figure
from outcomenet.typed_rows import typed_rows


def write_report(run: Path, into: Path | None = None) -> Path:
    """Writes `report.html` and `figures/` from the files of the run folder, there or into the folder `into`; returns the
    report's path.

    The report is one file that asks the network for nothing. The same run gives the same bytes. Raises UsageError where
    a required file is missing (the message names the command to run first) and DataRefused where one is broken.
    """
    folder = read_run(Path(run), into)
    folder.figures.mkdir(exist_ok=True)
    page = page_template("outcomenet.reports", "report.html").render(_content(folder))
    return write_whole(folder.figures.with_name("report.html"), page)


# What the template asks of the record; all but the name may be absent.
_RECORD_ENTRIES = ("experiment", "command", "commit", "dirty", "seeds", "devices", "notes")
_DATA_ENTRIES = ("name", "fingerprint", "licence")


def _content(folder: RunFolder) -> dict[str, Any]:
    figures = folder.figures
    return {
        "version": __version__,
        "record": dict.fromkeys(_RECORD_ENTRIES) | folder.record,
        "data": dict.fromkeys(_DATA_ENTRIES) | folder.data,
        "simulated": folder.simulated,
        "answer": answer(folder),
        "cautions": cautions(folder),
        **_patients(folder),
        "ladder": tables.ladder_overview(folder.metrics),
        "measures": [measure(name) for name in dict.fromkeys(folder.metrics["metric"])],
        "outcomes": [_outcome_section(folder, name, horizon) for name, horizon in folder.outcomes],
        "subgroups": tables.subgroups(folder.metrics),
        "undefined": None if folder.undefined is None else tables.undefined(folder.undefined),
        "differences": tables.differences(folder.comparisons),
        "differences_shown": tables.where_the_rest_is(
            tables.differences(folder.comparisons), folder.comparisons, "comparisons.csv"
        ),
        "difference_figure": publish(partial(difference_forest, folder.comparisons), figures),
        **_equal_adjustment(folder.nested),
        "seen_change": _if_any(seen_change, folder.responsiveness),
        "score_change": _if_any(score_change_table, folder.score_change),
        "calibration_figures": _calibration_figures(folder),
        "recalibrated": _if_any(recalibrated_risks, folder.recalibration),
        **_audits(folder.audits),
        "probes": None if folder.probes is None else tables.probes(folder.probes),
        "probe_figure": None if folder.probes is None else publish(partial(knowledge_figure, folder.probes), figures),
        **_joint_map(folder),
        "codebook": None if folder.codebook is None else tables.codebook(folder.codebook),
        "examples": [] if folder.films is None else example_visits(folder.path, folder.films, folder.split_of_visit),
        "example_note": _example_note(folder.films),
        **_ledger(folder),
        "training_figure": (
            None if folder.training is None else publish(partial(training_figure, folder.training), figures)
        ),
        "origin": _origin(folder.data),
        "stages": tables.stages(folder.record),
        "versions": _versions(folder.record),
        "config": _indented(folder.record.get("config")),
    }


def _outcome_section(folder: RunFolder, name: str, horizon: int) -> dict[str, Any]:
    figures = folder.figures
    return {
        "anchor": f"ladder-{name}-{horizon}",
        "title": tables.outcome_heading(name, horizon),
        "scale": _scale(name, horizon),
        "tables": tables.outcome_ladder(folder.metrics, name, horizon),
        "figure": publish(partial(ladder_forest, folder.metrics, name, horizon), figures),
    }


def _scale(name: str, horizon: int) -> str:
    spec = outcome(name)
    if spec.kind.is_event:
        return f"Predicted as the probability of the event within {horizon} days of the film; {spec.direction}."
    when = f", {horizon} days after the film" if horizon else ""
    return f"{decimal(spec.lower, 0)} to {decimal(spec.upper, 0)} {spec.unit}{when}; {spec.direction}."


def _calibration_figures(folder: RunFolder) -> list[PublishedFigure]:
    drawn = [
        publish(partial(calibration_figure, folder.held_out, name, horizon), folder.figures)
        for name, horizon in folder.outcomes
    ]
    return [figure for figure in drawn if figure is not None]


def _if_any(table: Callable[[pd.DataFrame], Table], frame: pd.DataFrame | None) -> Table | None:
    return None if frame is None or frame.empty else table(frame)


def _equal_adjustment(nested: pd.DataFrame | None) -> dict[str, Any]:
    table = _if_any(equal_adjustment, nested)
    if table is None or nested is None:
        return {"equal_adjustment": None, "adjustment_shown": ""}
    return {
        "equal_adjustment": table,
        "adjustment_shown": tables.where_the_rest_is([table], nested, "nested_comparison.csv"),
    }


def _patients(folder: RunFolder) -> dict[str, Any]:
    """Flow, Table 1 and readers, as the intake wrote them."""
    flow = folder.flow
    # a run that divided the patients otherwise than the data set has no splits in its flow
    splits = 0 if flow is None else int(flow["step"].drop_duplicates().str.lower().isin(_SPLITS).sum())
    return {
        "flow": None if flow is None else flow_chart(flow, splits),
        "table_one": _if_any(tables.table_one, folder.table_one),
        "agreement": None if folder.agreement is None else tables.reader_agreement(folder.agreement),
    }


def _audits(audits: pd.DataFrame | None) -> dict[str, Any]:
    if audits is None or audits.empty:
        return {"audits": None, "audit_summary": ""}
    return {"audits": audit_table(audits), "audit_summary": audit_summary(audits)}


def _joint_map(folder: RunFolder) -> dict[str, Any]:
    if folder.biomarkers is None:
        return {"joint_figure": None, "joint_sentence": ""}
    contributions = joint_contributions(folder.biomarkers)
    title = outcome(folder.main_outcome).title
    figure = publish(partial(joint_map_figure, contributions, title), folder.figures)
    return {"joint_figure": figure, "joint_sentence": _joint_sentence(contributions, title)}


def _joint_sentence(contributions: pd.DataFrame, outcome_title: str) -> str:
    seen = contributions[contributions["sd"].notna()]
    if seen.empty:
        return ""
    first = [
        f"{joint_phrase(row.side, row.site)} ({decimal(row.sd, 3)})"
        for row in typed_rows(seen.nlargest(5, "sd"), JointContribution)
    ]
    variance = (seen["sd"] ** 2).sum()
    end_joints = (seen.loc[seen["site"].str.startswith("DIP"), "sd"] ** 2).sum()
    unseen = len(contributions) - len(seen)
    sentences = [
        f"The joints whose contribution differs most between patients (SD on the latent scale of {outcome_title}) are "
        f"{listed(first)}."
    ]
    if variance > 0:
        sentences.append(
            f"The finger end joints (DIP), which no rheumatoid score reads, hold {_percent(end_joints / variance)} of "
            "the summed variance; a large share would suggest that osteoarthritis is being taken for rheumatoid damage."
        )
    if unseen:
        sentences.append(f"Of the {len(contributions)} joints, {unseen} could not be seen in two patients or more.")
    return " ".join(sentences)


def _percent(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _example_note(films: pd.DataFrame | None) -> str:
    if films is None or films.empty:
        return ""
    visits = films["visit_id"].nunique()
    if visits > MOST_VISITS:
        return f"The run folder holds films of {visits} example visits; the first {MOST_VISITS} are shown."
    return f"The run folder holds films of {counted(visits, 'example visit')}."


def _ledger(folder: RunFolder) -> dict[str, Any]:
    if folder.ledger is None:
        return {"ledger": None, "left_out": None, "kept": None}
    return {
        "ledger": True,
        "left_out": tables.left_out(folder.ledger),
        "kept": tables.kept_with_a_note(folder.ledger),
    }


# How the record names the ways a patient came in.
_SOURCES = {
    FROM_FILMS: "came from film files",
    FROM_CROPS: "were simulated straight to joint crops, without a film file",
    NO_FILMS: "have no films",
}


_SPLITS = {"train": "training", "validation": "choosing settings", "test": "the held-out test"}


def _origin(data: dict[str, Any]) -> list[str]:
    """Sentences on whence the patients came and how they were divided; empty where the record says nothing."""
    sentences = []
    if "patients" in data:
        visits = f" with {counted(data['visits'], 'visit')}" if "visits" in data else ""
        sentences.append(f"The data hold {counted(data['patients'], 'patient')}{visits}.")
    sources = data.get("patients_by_source") or {}
    if sources:
        parts = [
            f"{counted(number, 'patient')} {_SOURCES.get(name, f'came as {name}')}" for name, number in sources.items()
        ]
        sentences.append(f"Of these, {listed(parts)}.")
    splits = data.get("splits") or {}
    if splits:
        parts = [f"{counted(number, 'patient')} for {_SPLITS.get(name, name)}" for name, number in splits.items()]
        sentences.append(f"They were divided by patient, all visits of a patient together: {listed(parts)}.")
    return sentences


def _versions(record: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted((record.get("packages") or {}).items()))


def _indented(config: Any) -> str:
    return "" if config is None else json.dumps(config, indent=2, ensure_ascii=False, default=str)
