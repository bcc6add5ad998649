"""Batches made ahead: in their order whatever thread makes them, going on from any of them."""

from __future__ import annotations

import time

import numpy as np

from outcomenet.training.ahead import BatchesAhead


def block(number: int) -> list[dict[str, np.ndarray]]:
    time.sleep(0.002 * (number % 3))  # the first asked for is not the first made
    return [{"number": np.array([3 * number + n])} for n in range(3)]


def taken(batches: BatchesAhead, count: int) -> list[int]:
    return [int(next(batches)["number"][0]) for _ in range(count)]


def test_batches_come_in_their_order_from_several_threads():
    assert taken(BatchesAhead(block, 4, of_block=3, ahead=3), 14) == list(range(14))


def test_a_position_within_a_block_is_gone_on_from():
    batches = BatchesAhead(block, 2, of_block=3)
    assert taken(batches, 5) == [0, 1, 2, 3, 4]
    state = batches.get_state()
    other = BatchesAhead(block, 1, of_block=3)
    taken(other, 2)
    other.set_state(state)
    assert taken(other, 5) == [5, 6, 7, 8, 9]
