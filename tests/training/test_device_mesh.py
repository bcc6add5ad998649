"""Devices that are asked for, and batches that cannot be shared out among them."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from jax.sharding import AbstractMesh

from outcomenet.errors import UsageError
from outcomenet.training.sharding import device_mesh, put_batch


def test_more_devices_than_there_are_is_a_sentence():
    there = len(jax.devices())
    with pytest.raises(UsageError, match=f"`training.devices` asks for {there + 1} devices, but {there} are there"):
        device_mesh(there + 1)


def test_a_batch_that_is_no_multiple_of_the_devices_is_refused():
    with pytest.raises(
        UsageError, match=r"A batch of 8 visits cannot be split over 3 devices; change training\.batch_size"
    ):
        put_batch({"weight": np.ones(8)}, AbstractMesh((3,), ("data",)))
