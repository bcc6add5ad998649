"""HAQ-DI of every visit: stated as an index, or scored from the twenty items."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomenet.cohorts.faults import Fault
from outcomenet.cohorts.ledger import Ledger
from outcomenet.haq import (
    HAQ_AID_COLUMNS,
    HAQ_CATEGORIES,
    HAQ_ITEM_COLUMNS,
    HAQ_MINIMUM_CATEGORIES,
    HaqScore,
    haq_category_scores,
    haq_disability_index,
    haq_grid,
)
from outcomenet.outcomes import HAQ_BY_CATEGORY

# The index is a multiple of 1 over this: the answered categories, or for a stated index the most that it could be of.
HAQ_GRID = "haq_grid"
_ROUNDING = 5e-3  # exports round an index to two digits


def haq_of_visits(visits: pd.DataFrame, use_aids: bool, ledger: Ledger) -> pd.DataFrame:
    """The HAQ-DI of every visit: scored from items where there are any, else the stated haq_di.

    Args:
        visits: visits.csv, typed.
        use_aids: Whether aids and help raise a category.
        ledger: Counts the visits with items of fewer than 6 categories, which have no HAQ.

    Returns:
        For each visit `haq` (0-3, higher is worse), `haq_answered` (8, 7 or 6 categories; NaN where only an index is stated),
        `haq_grid` (8, 7 or 6) and `haq_by_category_<category>` (0-3; NaN without items). All NaN where no HAQ is known.
    """
    scored = _scored(visits, use_aids)
    too_few = []  # visits, for the ledger
    values = np.full((len(visits), 3), np.nan)
    for place, (row, stated) in enumerate(zip(visits.index, visits["haq_di"], strict=True)):
        if row in scored:
            score = scored[row]
            if score is None:
                too_few.append(visits.at[row, "visit_id"])
            else:
                values[place] = score.value, score.answered, score.answered
        elif not np.isnan(stated):
            values[place] = stated, np.nan, haq_grid(stated) or np.nan
    ledger.flag("haq", "visit", f"no HAQ: fewer than {HAQ_MINIMUM_CATEGORIES} of 8 categories answered", too_few)
    index = pd.DataFrame(values, index=visits.index, columns=["haq", "haq_answered", HAQ_GRID])
    return index.join(_categories(visits, use_aids))


def haq_faults(visits: pd.DataFrame, use_aids: bool) -> list[Fault]:
    """Compares the stated index with the items, by the declared version of the HAQ-DI and by the other one.

    Args:
        visits: visits.csv, typed, with line numbers as index.
        use_aids: Whether cohort.toml declares the version that counts aids and help.

    Returns:
        A fault for each visit whose index and items disagree; it says where the items give the index by the other version.
    """
    scored, otherwise = _scored(visits, use_aids), _scored(visits, not use_aids)
    stated: dict[int, float] = dict(zip(visits.index, visits["haq_di"], strict=True))
    wrong = [row for row, score in scored.items() if not _agree(stated[row], score)]
    mixed = [row for row in wrong if otherwise[row] is not None and _agree(stated[row], otherwise[row])]
    # rows that tell the versions apart and are of the declared one
    declared = [row for row in scored if row not in wrong and not _agree(stated[row], otherwise[row])]
    faults = []
    for row in wrong:
        index, score = stated[row], scored[row]
        if row in mixed:
            rule, remedy = _of_other_version(bool(declared), use_aids)
        else:
            rule = "haq_too_few" if score is None else "haq_of_items" if _on_grid(index, score) else "haq_answered"
            remedy = "Correct one of them, or export only one; haq_version in cohort.toml says whether aids count."
        value = f"{index:g}, while {_of_items(score)}"
        faults.append(Fault("visits.csv", int(row), "haq_di", value, _expected(index, score), remedy, rule))
    return faults


def _agree(index: float, score: HaqScore | None) -> bool:
    """Whether an index is not stated, or is that of the items."""
    return bool(np.isnan(index)) or (score is not None and abs(score.value - index) <= _ROUNDING)


def _of_items(score: HaqScore | None) -> str:
    return f"the items give {score.value:.3f}" if score else "the items answer fewer than 6 of 8 categories"


def _on_grid(index: float, score: HaqScore) -> bool:
    """Whether as many categories as were answered can average to the stated index."""
    return bool(abs(index * score.answered - round(index * score.answered)) <= _ROUNDING * score.answered)


def _expected(index: float, score: HaqScore | None) -> str:
    if score and not _on_grid(index, score):
        return (
            f"the index that the items give, a multiple of 1/{score.answered} for {score.answered} answered categories"
        )
    return "the index that the items give"


def _of_other_version(declared_elsewhere: bool, use_aids: bool) -> tuple[str, str]:
    """The broken rule's name and what to do about an index that is right by the version that was not declared."""
    other, key = ("ignores aids and help", "HAQ-DI alternative") if use_aids else ("counts aids and help", "HAQ-DI")
    if declared_elsewhere:
        return "haq_versions_mixed", (
            f"It is that of the version that {other}, while other rows follow haq_version of cohort.toml: two versions are "
            "mixed. Export all rows by one version, or the items alone."
        )
    return "haq_version", f'It is that of the version that {other}; write haq_version = "{key}" in cohort.toml.'


def _scored(visits: pd.DataFrame, use_aids: bool) -> dict[int, HaqScore | None]:
    """The score of every visit with at least one item; None where too few categories were answered."""
    return {row: haq_disability_index(answers, use_aids) for row, answers in _answers(visits)}


def _categories(visits: pd.DataFrame, use_aids: bool) -> pd.DataFrame:
    """Category scores of every visit, NaN where a category was not answered."""
    scores = pd.DataFrame(np.nan, index=visits.index, columns=list(HAQ_CATEGORIES))
    for row, answers in _answers(visits):
        scores.loc[row] = [
            np.nan if score is None else score for score in haq_category_scores(answers, use_aids).values()
        ]
    return scores.add_prefix(f"{HAQ_BY_CATEGORY.name}_")


def _answers(visits: pd.DataFrame) -> Iterator[tuple[int, dict[str, int | None]]]:
    """Row and answers of every visit with at least one item."""
    items = visits[list(HAQ_ITEM_COLUMNS)]
    answers = visits.loc[items.notna().any(axis=1), [*HAQ_ITEM_COLUMNS, *HAQ_AID_COLUMNS]]
    for row, values in zip(answers.index, answers.to_numpy(float), strict=True):
        yield (
            row,
            {
                name: None if np.isnan(value) else int(value)
                for name, value in zip(answers.columns, values, strict=True)
            },
        )
