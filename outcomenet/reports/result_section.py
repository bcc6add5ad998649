"""Section of the report on the results: the ladder on each outcome, differences, change, calibration, joints."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from outcomenet.outcomes import outcome
from outcomenet.pages.figures import PublishedFigure, publish
from outcomenet.pages.page import Table
from outcomenet.reports import report_tables as tables
from outcomenet.reports.calibration_section import calibration_figure
from outcomenet.reports.change_section import change_in_words, score_change_table, seen_change
from outcomenet.reports.equal_terms import equal_adjustment, recalibrated_risks
from outcomenet.reports.forest import difference_forest, ladder_forest
from outcomenet.reports.joint_map import joint_contributions, joint_map_figure, joint_parts_figure, joint_sentence
from outcomenet.reports.run_folder import RunFolder


def result_section(folder: RunFolder) -> dict[str, object]:
    """What the template shows of the results; None where the run has no such table."""
    figures, differences = folder.figures, tables.differences(folder.comparisons)
    return {
        "ladder": tables.ladder_overview(folder.metrics),
        "measures": tables.measures_of(folder.metrics),
        "outcomes": [_outcome_section(folder, name, horizon) for name, horizon in folder.outcomes],
        "subgroups": tables.subgroups(folder.metrics),
        "undefined": None if folder.undefined is None else tables.undefined(folder.undefined),
        "differences": differences,
        # what the tables leave out is said, with the file that has it
        "differences_shown": tables.where_the_rest_is(differences, folder.comparisons, "comparisons.csv"),
        "difference_figure": publish(partial(difference_forest, folder.comparisons), figures),
        **_equal_adjustment(folder.nested),
        "seen_change": _if_any(seen_change, folder.responsiveness),
        "change_in_words": [] if folder.score_change is None else change_in_words(folder.score_change),
        "score_change": _if_any(score_change_table, folder.score_change),
        "calibration_figures": _calibration_figures(folder),
        "recalibrated": _if_any(recalibrated_risks, folder.recalibration),
        **_joint_map(folder),
        "codebook": None if folder.codebook is None else tables.codebook(folder.codebook),
    }


def _outcome_section(folder: RunFolder, name: str, horizon: int) -> dict[str, object]:
    figures = folder.figures
    return {
        "anchor": f"ladder-{name}-{horizon}",
        "title": tables.outcome_heading(name, horizon),
        "scale": tables.scale_phrase(name, horizon),
        "tables": tables.outcome_ladder(folder.metrics, name, horizon),
        "figure": publish(partial(ladder_forest, folder.metrics, name, horizon), figures),
    }


def _calibration_figures(folder: RunFolder) -> list[PublishedFigure]:
    drawn = [
        publish(partial(calibration_figure, folder.held_out, name, horizon), folder.figures)
        for name, horizon in folder.outcomes
    ]
    return [figure for figure in drawn if figure is not None]


def _if_any(table: Callable[[pd.DataFrame], Table], frame: pd.DataFrame | None) -> Table | None:
    return None if frame is None or frame.empty else table(frame)


def _equal_adjustment(nested: pd.DataFrame | None) -> dict[str, object]:
    table = _if_any(equal_adjustment, nested)
    if table is None or nested is None:
        return {"equal_adjustment": None, "adjustment_shown": ""}
    return {
        "equal_adjustment": table,
        "adjustment_shown": tables.where_the_rest_is([table], nested, "nested_comparison.csv"),
    }


def _joint_map(folder: RunFolder) -> dict[str, object]:
    if folder.biomarkers is None:
        return {"joint_figure": None, "joint_parts_figure": None, "joint_sentence": ""}
    contributions = joint_contributions(folder.biomarkers)
    title = outcome(folder.main_outcome).title
    figure = publish(partial(joint_map_figure, contributions, title), folder.figures)
    of_parts = publish(partial(joint_parts_figure, folder.biomarkers, title), folder.figures)
    sentence = joint_sentence(contributions, title)
    return {"joint_figure": figure, "joint_parts_figure": of_parts, "joint_sentence": sentence}
