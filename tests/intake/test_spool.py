"""Spooled records come in the order in which TFDS would have written them from memory."""

from __future__ import annotations

import pytest
from tensorflow_datasets.core import shuffle

from outcomenet.datasets.spool import SpooledShuffler, spooled_records

RECORDS = [(f"P{n:03d}/V1", bytes([n]) * (n + 1)) for n in range(50)]


def filled(shuffler, records=RECORDS):
    for key, data in records:
        shuffler.add(key, data)
    return shuffler


@pytest.fixture
def spooled(tmp_path):
    shuffler = SpooledShuffler(tmp_path, "train")
    yield shuffler
    shuffler.close()


def test_order_and_sizes_are_those_of_tfds(spooled, tmp_path):
    ours, theirs = filled(spooled), filled(shuffle.Shuffler(tmp_path, "train"))
    assert (ours.size, ours.num_examples, ours.bucket_lengths) == (theirs.size, theirs.num_examples, [50])
    assert list(ours) == list(theirs)


def test_nothing_is_seen_in_the_folder(spooled, tmp_path):
    filled(spooled)
    assert list(tmp_path.iterdir()) == []


def test_a_key_given_twice_is_refused(spooled):
    filled(spooled, [RECORDS[3], RECORDS[1], RECORDS[3]])
    with pytest.raises(shuffle.DuplicatedKeysError):
        list(spooled)


def test_tfds_spools_inside_the_block_only(tmp_path):
    shipped = shuffle.Shuffler
    with spooled_records():
        assert isinstance(shuffle.Shuffler(dirpath=tmp_path, hash_salt="train"), SpooledShuffler)
    assert shuffle.Shuffler is shipped
