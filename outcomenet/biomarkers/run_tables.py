"""Analysis tables of an evaluated or joined run: visits, follow-up and their codebook, from the run's folder alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from outcomenet.codebooks import CODEBOOK, WORSE, ColumnWords, codebook_rows
from outcomenet.errors import UsageError
from outcomenet.runs.run import Run, open_run
from outcomenet.runs.tables_for_all import BIOMARKERS, FOLLOW_UP, VISITS

KEYS = ["patient_id", "visit_id"]
MAY_BE_USED = "may_be_used"
_OF_JOINT = "joint_"
# Osteoarthritis damages both, rheumatoid arthritis spares the DIP joints: columns of scores of some joints alone.
RESTRICTED = {"pip_score": "PIP", "dip_score": "DIP"}


@dataclass(frozen=True)
class AnalysisTables:
    """Tables that every section of an analysis takes; each column has one name in all of them."""

    visits: pd.DataFrame
    """One row per patient and visit: keys, `planned_visit`, `years`, `site`, `treatment`, `split`, `fold`, `may_be_used`, covariates,
    outcomes, `human_total`, scores; of a simulated cohort also its truth, `true_...`; `joint_...` where the run scored films."""
    follow_up: pd.DataFrame
    """One row per patient: the first event after the first graded film, with covariates and score of that film."""
    codebook: pd.DataFrame
    """One row per column of both (`table` is visits or follow_up): meaning, unit, direction, codes, name and label in Stata."""
    randomised: bool = False
    """Whether the run says that the patients' two treatments were drawn by lot (`evaluation.randomised`)."""

    @property
    def usable(self) -> AnalysisTables:
        """Without the patients whom the run's network learned from: their scores are in-sample."""
        visits, follow_up = (table[table[MAY_BE_USED]] for table in (self.visits, self.follow_up))
        return replace(self, visits=visits.reset_index(drop=True), follow_up=follow_up.reset_index(drop=True))


def analysis_tables(run: Path | str | Run) -> AnalysisTables:
    """The tables of a run that an analysis begins with; neither data set nor films are needed.

    Args:
        run: a run that `evaluate` or `pool` made, or its folder, whose files are then checked.

    Returns:
        All patients, those of the training set too, which `may_be_used` marks; `AnalysisTables.usable` leaves them out. A visit
        without films has no score.

    Raises:
        UsageError: there is no run, it is not evaluated, or an earlier version evaluated it.
        DataRefused: a file is not the one that was written.

    Example:
        >>> from outcomenet.biomarkers.run_tables import analysis_tables
        >>> tables = analysis_tables("runs/demo").usable  # doctest: +SKIP
        >>> tables.visits[["score", "haq"]].corr()  # doctest: +SKIP
    """
    opened = run if isinstance(run, Run) else open_run(run)
    _expect_tables(opened)
    randomised = bool(opened.record["config"]["evaluation"]["randomised"])
    visits, codebook = opened.visits, opened.codebook
    of_both = codebook[codebook["table"].isin([VISITS, FOLLOW_UP])]
    if not (opened.folder / f"{BIOMARKERS}.parquet").is_file():
        return AnalysisTables(visits, opened.follow_up, of_both.reset_index(drop=True), randomised)
    biomarkers = opened.biomarkers
    joints = [str(name) for name in biomarkers if str(name).startswith(_OF_JOINT)]
    visits = visits.merge(biomarkers[[*KEYS, *joints]], on=KEYS, how="left", validate="one_to_one")
    visits = visits.assign(
        **{name: visits[_joints(joints, site)].sum(axis=1, min_count=1) for name, site in RESTRICTED.items()}
    )
    of_joints = codebook[(codebook["table"] == BIOMARKERS) & codebook["column"].isin(joints)]
    of_parts = codebook_rows(VISITS, list(RESTRICTED), {name: _words(site) for name, site in RESTRICTED.items()})
    rows = [
        of_both[of_both["table"] == VISITS],
        of_joints.assign(table=VISITS),
        of_parts,
        of_both[of_both["table"] == FOLLOW_UP],
    ]
    return AnalysisTables(visits, opened.follow_up, pd.concat(rows, ignore_index=True), randomised)


def _joints(joints: list[str], site: str) -> list[str]:
    return [name for name in joints if name.split("_", 2)[2].startswith(site)]


def _words(site: str) -> ColumnWords:
    return ColumnWords(f"Part of score from the {site} joints of fingers 2 to 5 alone", "logits", WORSE)


def _expect_tables(run: Run) -> None:
    """Refuses a run whose evaluation wrote no analysis data sets; one that is not evaluated is refused by its own sentence."""
    _ = run.notes
    names = (f"{VISITS}.parquet", f"{FOLLOW_UP}.parquet", CODEBOOK)
    if absent := [name for name in names if not (run.folder / name).is_file()]:
        raise UsageError(
            f"{run.folder} has no {' and no '.join(absent)}: an earlier version of outcomenet evaluated it. Run "
            f"`outcomenet evaluate {run.folder}` again, and `outcomenet pool` after it for a joined run."
        )
