"""Look-up tables of a DICOM header: how values map, and which tables are refused."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from outcomenet.errors import FilmRefused
from outcomenet.films.lookup_tables import lookup_table


def item(descriptor: object, entries: list[int]) -> pydicom.Dataset:
    table = pydicom.Dataset()
    table.add_new("LUTDescriptor", "US", descriptor)
    table.add_new("LUTData", "US", entries)
    return table


def test_values_beyond_either_end_have_the_entry_there():
    table = lookup_table(item([3, 10, 16], [5, 7, 9]), highest=4095.0, big_endian=False)
    # 10, 11 and 12 have entries
    assert table(np.array([0, 10, 11, 12, 99])).tolist() == [5.0, 5.0, 7.0, 9.0, 9.0]
    assert table.top == 9.0


def test_a_first_value_below_zero_may_have_lost_its_sign():
    table = lookup_table(item([3, 2**16 - 1, 16], [5, 7, 9]), highest=4095.0, big_endian=False)
    assert (table.first, table(np.array([-1, 0, 1])).tolist()) == (-1, [5.0, 7.0, 9.0])


def test_entries_of_eight_bits_stand_two_in_a_word_the_first_in_its_lower_byte():
    table = lookup_table(item([4, 0, 8], [0x0201, 0x0403]), highest=3.0, big_endian=False)
    assert table.entries.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("descriptor", "entries", "sentence"),
    [
        ([3, 0], [1, 2, 3], "is described by three numbers, this film's is not"),
        ([4, 0, 16], [1, 2, 3], "this film's states 4 and has 3; export the film without it"),
        ([3, 0, 16], [0, 0, 0], "leads to grey levels, this film's to 0 alone"),
    ],
)
def test_a_table_that_says_too_little_is_refused(descriptor, entries, sentence):
    with pytest.raises(FilmRefused, match=sentence) as refused:
        lookup_table(item(descriptor, entries), highest=2.0, big_endian=False)
    assert refused.value.code == "look_up_table"
