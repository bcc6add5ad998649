"""Words of the columns of a run's analysis data sets: those of its data set, and those that evaluation adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outcomenet.codebooks import BETTER, CODEBOOK, WORSE, YES_NO, ColumnWords, words_of
from outcomenet.csv_files import read_csv
from outcomenet.datasets.dataset import READINGS, Dataset
from outcomenet.evaluation.analysis_sets import RENAMED, SCORES, TRUE_DAMAGE
from outcomenet.intake.account.follow_up_table import FOLLOW_UP_WORDS
from outcomenet.intake.cards.dataset_codebook import SVDH_UNITS, visit_words
from outcomenet.outcomes import PROGRESSION

_TRUE = "; truth of the simulation, which no analysis of real patients has"
_TRUTH = {
    "expected_haq": ("HAQ-DI expected without noise", "HAQ units"),
    "expected_pain": ("pain expected without noise", "points"),
    "expected_fatigue": ("fatigue expected without noise", "points"),
    "ra_part": ("part of HAQ-DI that comes from damage by rheumatoid arthritis", "HAQ units"),
    "activity_part": ("part of HAQ-DI that comes from activity", "HAQ units"),
    "oa_part": ("part of HAQ-DI that comes from osteoarthritis", "HAQ units"),
    "fm_part": ("part of HAQ-DI that comes from fibromyalgia", "HAQ units"),
    "covariate_part": ("part of HAQ-DI that comes from age, sex and the rest", "HAQ units"),
    "activity": ("activity of the disease", "units of the simulation"),
    "svdh_without_error": ("Sharp/van der Heijde total, as read without error", SVDH_UNITS),
}


def analysis_words(
    columns: Sequence[str], dataset: Dataset, score: Mapping[str, ColumnWords], *, learned: bool
) -> dict[str, ColumnWords]:
    """What every column of visits and follow_up of a run is.

    Args:
        columns: of both tables.
        dataset: the data set, whose codebook says what the cohort measured; one without it is of an older version.
        score: the words of the biomarker table, from which scores have theirs.
        learned: whether a network learned from some of the patients.
    """
    measured = _measured(dataset)
    words = {RENAMED.get(name, name): word for name, word in measured.items()}
    words |= {name: word for name, word in FOLLOW_UP_WORDS.items() if name != "visit_id"}
    words |= _added(learned) | _of_readers(columns, dataset) | {name: score[name] for name in SCORES if name in score}
    words |= {
        f"true_{name}": ColumnWords(f"True {meaning}{_TRUE}", unit, WORSE) for name, (meaning, unit) in _TRUTH.items()
    }
    words[TRUE_DAMAGE] = ColumnWords(
        f"True shares of bone and cartilage lost, summed over joints{_TRUE}", "joints", WORSE
    )
    return {column: words.get(column, ColumnWords("")) for column in columns}


def _measured(dataset: Dataset) -> dict[str, ColumnWords]:
    file = dataset.folder / CODEBOOK
    known = visit_words(_known(dataset))
    if file.is_file():
        known |= words_of(read_csv(file, dtype=str, keep_default_na=False), "visits")
    return known


def _known(dataset: Dataset) -> list[str]:
    """Columns of the visit table, without one that only a division anew adds."""
    return ["planned_visit", "planned_visit_source"] + [
        name
        for name in map(str, dataset.visits)
        if name not in ("stored_split", "planned_visit", "planned_visit_source")
    ]


def _added(learned: bool) -> dict[str, ColumnWords]:
    used = (
        "Whether no network learned from this patient; False: an in-sample score, not for analyses"
        if learned
        else "True: no network learned from any of the patients"
    )
    title = PROGRESSION.title
    return {
        "years": ColumnWords("Years since the patient's first visit", "years"),
        "split": ColumnWords("train, validation or test, as this run divides the patients"),
        "fold": ColumnWords("Which patients the network of this row did not learn from; 0 where there is one split"),
        "may_be_used": ColumnWords(used),
        PROGRESSION.name: ColumnWords(f"{title}; empty: not known", values=YES_NO),
        f"{PROGRESSION.name}_start_days": ColumnWords(
            "First event after this visit: the last day without it, since the visit", "days", BETTER
        ),
        f"{PROGRESSION.name}_end_days": ColumnWords(
            "First event after this visit: the first day with it, since the visit; empty: none was seen", "days", BETTER
        ),
        f"{PROGRESSION.name}_cause": ColumnWords(
            "First event after this visit: progression, death, joint_surgery, or censored; empty: not watched"
        ),
    }


def _of_readers(columns: Sequence[str], dataset: Dataset) -> dict[str, ColumnWords]:
    """Each reader's total with the reader's name, which no column's name can carry."""
    file = dataset.folder / READINGS
    readers = sorted(read_csv(file, dtype=str)["reader"].unique()) if file.is_file() else []
    totals = [column for column in columns if column.startswith("human_total_reader_")]
    return {
        column: ColumnWords(f"Sharp/van der Heijde total of reader {reader}; empty: sites missing", SVDH_UNITS, WORSE)
        for column, reader in zip(totals, readers, strict=False)
    }
