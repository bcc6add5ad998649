"""The scoring rules of the Health Assessment Questionnaire: categories, aids and the disability index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outcomenet.errors import UsageError

# Number of items per HAQ category (Fries 1980); the form's wording is copyrighted and not repeated here.
HAQ_CATEGORIES: dict[str, int] = {
    "dressing": 2, "arising": 2, "eating": 3, "walking": 2, "hygiene": 3, "reach": 2, "grip": 3, "activities": 3,
}  # fmt: skip
HAQ_ITEM_COLUMNS: tuple[str, ...] = tuple(
    f"haq_{category}_{n}" for category, count in HAQ_CATEGORIES.items() for n in range(1, count + 1)
)
HAQ_AID_COLUMNS: tuple[str, ...] = tuple(f"haq_aid_{category}" for category in HAQ_CATEGORIES)
HAQ_MINIMUM_CATEGORIES = 6


@dataclass(frozen=True)
class HaqScore:
    """A disability index (0-3, higher is worse) with the number of categories behind it, so its grid is 1/answered."""

    value: float
    answered: int

    @property
    def grid(self) -> float:
        """The smallest possible difference: 1/8 with all categories answered, else 1/7 or 1/6."""
        return 1.0 / self.answered


def haq_category(items: list[int | None], aid: bool = False) -> int | None:
    """Score of one category: the worst answered item; an aid or help raises 0 or 1 to 2, and 3 stays 3 (Fries 1980).

    Args:
        items: 0 to 3; None where an item was not answered.
        aid: whether an aid or help of another person is used.

    Returns:
        0 to 3, higher is worse; None without any answered item, whatever the aid.

    Raises:
        UsageError: an item has another value.
    """
    answered = [item for item in items if item is not None]
    for item in answered:
        if item not in (0, 1, 2, 3):
            raise UsageError(f"A HAQ item is 0, 1, 2 or 3; got {item}.")
    if not answered:
        return None
    worst = max(answered)
    return max(worst, 2) if aid else worst


def haq_category_scores(answers: Mapping[str, int | None], use_aids: bool = True) -> dict[str, int | None]:
    """Score of every category.

    Args:
        answers: items `haq_<category>_<n>`, 0 to 3, and aids `haq_aid_<category>`, 0 or 1; None or absent: not answered.
        use_aids: whether aids raise a score.

    Returns:
        0 to 3 by category; None where it was not answered.

    Raises:
        UsageError: an item has another value.
    """
    scores = {}
    for category, count in HAQ_CATEGORIES.items():
        items = [answers.get(f"haq_{category}_{n}") for n in range(1, count + 1)]
        aid = bool(answers.get(f"haq_aid_{category}") or 0) and use_aids
        scores[category] = haq_category(items, aid)
    return scores


def haq_disability_index(answers: Mapping[str, int | None], use_aids: bool = True) -> HaqScore | None:
    """HAQ-DI: the sum of the category scores divided by the number of answered categories.

    Args:
        answers: items `haq_<category>_<n>`, 0 to 3, and aids `haq_aid_<category>`, 0 or 1; None or absent: not answered.
        use_aids: False gives the alternative index that ignores aids.

    Returns:
        0 to 3, higher is worse; None with fewer than 6 of the 8 categories answered.

    Raises:
        UsageError: an item has another value.

    >>> haq_disability_index({f"haq_{c}_1": 1 for c in HAQ_CATEGORIES} | {"haq_aid_grip": 1})
    HaqScore(value=1.125, answered=8)
    """
    answered = [score for score in haq_category_scores(answers, use_aids).values() if score is not None]
    if len(answered) < HAQ_MINIMUM_CATEGORIES:
        return None
    return HaqScore(sum(answered) / len(answered), len(answered))


def haq_grid(value: float, tolerance: float = 5e-3) -> int | None:
    """Number of answered categories on whose grid a HAQ-DI lies.

    Args:
        value: the index, 0 to 3.
        tolerance: how far it may lie beside a point of the grid: exports round to two or three digits.

    Returns:
        8, 7 or 6, the finest that agrees: 1.5 is on all three grids and counts as 8. None where it is on none of them.
    """
    # fewer than six categories have no index
    for answered in (8, 7, 6):
        steps = value * answered
        if abs(steps - round(steps)) <= tolerance * answered:
            return answered
    return None
