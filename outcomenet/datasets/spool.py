"""File in which records wait to be written, in the order that TFDS gives them, so that memory need not hold them.

TFDS holds a split in memory up to 1 GB and moves it to files beyond that, for which it imports TensorFlow.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike

from tensorflow_datasets.core import hashing, shuffle


class SpooledShuffler:
    """Stands in for `tensorflow_datasets.core.shuffle.Shuffler`: the same records in the same order, by hash of key.

    Memory holds a place in the file for each record, nothing else. The file has no name and vanishes when closed.
    """

    def __init__(
        self,
        dirpath: PathLike[str] | str,
        hash_salt: str | bytes,
        disable_shuffling: bool = False,
        ignore_duplicates: bool = False,
    ) -> None:
        if disable_shuffling or ignore_duplicates:
            raise NotImplementedError("Records are spooled in the order of their hashed keys, each key once.")
        self._hasher = hashing.Hasher(hash_salt)
        self._file = tempfile.TemporaryFile(dir=dirpath)
        self._places: list[tuple[int, int, int]] = []  # hashed key, first byte, bytes
        self.size = 0

    @property
    def num_examples(self) -> int:
        """Number of records, as TFDS asks for it."""
        return len(self._places)

    @property
    def bucket_lengths(self) -> list[int]:
        """One bucket holds all records: TFDS divides them into shards by these numbers."""
        return [len(self._places)]

    def add(self, key: int | bytes | str, data: bytes) -> bool:
        """Appends one record under its key.

        Args:
            key: Decides the record's place in the order, by its salted hash.
            data: The serialised example.

        Returns:
            True: TFDS asks whether the record was taken.
        """
        self._places.append((self._hasher.hash_key(key), self.size, len(data)))
        self._file.write(data)
        self.size += len(data)
        return True

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        previous: tuple[int, bytes] | None = None
        for hashed, first, length in sorted(self._places):
            self._file.seek(first)
            record = hashed, self._file.read(length)
            if previous is not None and hashed == previous[0]:
                # equal keys are neighbours once sorted
                raise shuffle.DuplicatedKeysError(record[1], previous[1])
            yield record
            previous = record

    def close(self) -> None:
        self._file.close()


@contextmanager
def spooled_records() -> Iterator[None]:
    """TFDS spools what it writes, whatever its size."""
    shipped = shuffle.Shuffler
    with ExitStack() as opened:

        def open_one(
            dirpath: PathLike[str] | str,
            hash_salt: str | bytes,
            disable_shuffling: bool = False,
            ignore_duplicates: bool = False,
        ) -> SpooledShuffler:
            shuffler = SpooledShuffler(dirpath, hash_salt, disable_shuffling, ignore_duplicates)
            opened.callback(shuffler.close)
            return shuffler

        shuffle.Shuffler = open_one  # pyright: ignore[reportAttributeAccessIssue]
        try:
            yield
        finally:
            shuffle.Shuffler = shipped
