"""Account of an intake beside its data set: flow of exclusions, Table 1, agreement of readers, alike films."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from outcomenet.cohorts.cohort import Cohort
from outcomenet.cohorts.faults import write_faults
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.datasets.dataset import LEDGER, SAME_FILMS, SPLITS, UNREAD
from outcomenet.intake.account.flow import FLOW, flow_of, flow_table, without_split_steps
from outcomenet.intake.account.flow_diagram import DIAGRAM, flow_svg
from outcomenet.intake.account.follow_up_table import FOLLOW_UP, follow_up_table
from outcomenet.intake.account.reader_agreement import reader_agreement
from outcomenet.intake.account.table_one import table_one, without_split_columns
from outcomenet.intake.cards.codebook import measured_titles
from outcomenet.intake.cards.dataset_codebook import write_dataset_codebook

TABLE_ONE, AGREEMENT = "table1.csv", "agreement.csv"


def copy_account(source: Path, target: Path, *, splits: bool) -> None:
    """Copies what a report shows of an intake, ledger, flow, Table 1 and agreement, as far as it is in `source`.

    Args:
        source: The data set, or a run that has its account.
        target: The run's folder.
        splits: Whether the run divided the patients as the data set does. Otherwise flow and Table 1 are of all patients
            together: the intake's splits are not the run's.
    """
    for name in (LEDGER, AGREEMENT, FLOW, TABLE_ONE):
        if not (source / name).is_file():
            continue
        if splits or name in (LEDGER, AGREEMENT):
            shutil.copyfile(source / name, target / name)
            continue
        table = read_csv(source / name, dtype=str, keep_default_na=False)
        write_csv(without_split_steps(table) if name == FLOW else without_split_columns(table), target / name)


def write_account(
    folder: Path,
    cohort: Cohort,
    visits: pd.DataFrame,
    films: pd.DataFrame,
    alike: pd.DataFrame,
    ledger_of_tables: pd.DataFrame,
) -> None:
    """Writes flow.csv and flow.svg, table1.csv, agreement.csv, follow_up.csv, same_films.csv, codebook.csv and ledger.csv, and
    faults.csv where a film could not be read.

    Args:
        folder: The data set.
        cohort: The cohort that it is made of; its ledger counts alike films and patients without a row of follow-up.
        visits: The visit table with `has_films`.
        films: One row per limb of which joints were cut.
        alike: Pairs of films that are or look the same, with `why`.
        ledger_of_tables: The ledger before the first film was decoded.
    """
    for why, pairs in alike.groupby("why", sort=False):
        cohort.ledger.flag("films", "film", f"{why} as another film, see {SAME_FILMS}", len(pairs))
    write_csv(alike, folder / SAME_FILMS)
    follow_up = follow_up_table(cohort, visits, cohort.ledger)
    write_csv(follow_up, folder / FOLLOW_UP)
    steps = flow_of(
        patients=len(cohort.patients),
        visits=visits,
        linked_films=len(cohort.films),
        cut_limbs=len(films),
        ledger_of_tables=ledger_of_tables,
        ledger=cohort.ledger.to_frame(),
    )
    write_csv(flow_table(steps), folder / FLOW)
    (folder / DIAGRAM).write_text(flow_svg(steps, splits=len(SPLITS)), encoding="utf-8")
    titles = measured_titles(visits, cohort.meta)
    write_dataset_codebook(folder, visits, follow_up, titles)
    write_csv(table_one(visits, titles).reset_index(), folder / TABLE_ONE)
    write_csv(reader_agreement(cohort), folder / AGREEMENT)
    write_csv(cohort.ledger.to_frame(), folder / LEDGER)  # after all that counts into it
    if cohort.unread.faults:
        write_faults(cohort.unread.faults, folder / UNREAD)
