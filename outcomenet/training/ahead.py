"""Batches made ahead in threads, each from its number alone, so that threads and restarts change none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

MadeBatch = dict[str, np.ndarray]


class BatchesAhead:
    """Endless batches, numbered from 0; the position is the number of the next one.

    `make` gives the batches of a block, `of_block` in each, and is called in `threads` threads for at most `ahead` blocks before
    they are asked for.
    """

    def __init__(self, make: Callable[[int], Sequence[MadeBatch]], threads: int, *, of_block: int = 1, ahead: int = 4):
        self.make, self.of_block, self.ahead = make, of_block, ahead
        self.pool = ThreadPoolExecutor(max(1, threads))
        self.next = 0
        self.waiting: dict[int, Future[Sequence[MadeBatch]]] = {}  # by number of the block

    def __iter__(self) -> Iterator[MadeBatch]:
        return self

    def __next__(self) -> MadeBatch:
        block, place = divmod(self.next, self.of_block)
        for number in range(block, block + self.ahead):
            if number not in self.waiting:
                self.waiting[number] = self.pool.submit(self.make, number)
        batch = self.waiting[block].result()[place]
        self.next += 1
        if place == self.of_block - 1:
            del self.waiting[block]
        return batch

    def get_state(self) -> dict[str, int]:
        """The position, for a checkpoint; batches made ahead do not count."""
        return {"next": self.next}

    def set_state(self, state: dict[str, int]) -> None:
        """Goes to the position of a checkpoint; batches made ahead are forgotten."""
        for made in self.waiting.values():
            made.cancel()
        self.waiting.clear()
        self.next = state["next"]
