"""From how many films that cannot be read on a cohort is refused."""

from __future__ import annotations

import pytest

from outcomenet.cohorts.film_headers import UnreadFilms
from outcomenet.cohorts.ledger import Ledger


def some(unread: int, listed: int) -> tuple[UnreadFilms, Ledger]:
    films, ledger = UnreadFilms(listed), Ledger()
    for row in range(unread):
        films.add(row + 2, "truncated", "It ends early.", ledger)
    return films, ledger


@pytest.mark.parametrize(
    ("unread", "listed", "refused"),
    [(0, 0, False), (0, 9, False), (1, 1, True), (1, 2, False), (2, 2, True), (2, 3, False), (3, 4, True), (3, 12, False),
     (4, 12, True), (25, 100, False), (26, 100, True)],
)  # fmt: skip
def test_one_film_s_fault_is_that_film_s_until_too_many_have_one(unread, listed, refused):
    assert some(unread, listed)[0].too_many is refused


def test_a_film_of_both_sides_is_listed_once_and_counted_for_each():
    films, ledger = some(1, 9)
    films.add(2, "truncated", "It ends early.", ledger)
    assert [fault.row for fault in films.faults] == [2]
    assert ledger.count("films", "film") == 2
