"""A decoding process reaches no network, starts no program and writes no file."""

from __future__ import annotations

import platform

import decoder_functions
import pytest

from outcomenet.errors import FilmRefused
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.sandbox import _MACHINES

FILTERED = pytest.mark.skipif(platform.machine() not in _MACHINES, reason="no filter of system calls for this machine")


@pytest.fixture(scope="module")
def decoder():
    with FilmDecoder(workers=1, cpu_seconds=1) as started:
        yield started


@FILTERED
@pytest.mark.parametrize("name", ["open_socket", "open_local_socket", "start_program"])
def test_no_network_and_no_other_program(decoder, name):
    assert list(decoder.map(getattr(decoder_functions, name), [0])) == ["EPERM"]


def test_no_file_is_written(decoder, tmp_path):
    assert list(decoder.map(decoder_functions.write_file, [str(tmp_path)])) == ["EFBIG"]
    assert (tmp_path / "written").stat().st_size == 0


def test_a_film_that_computes_for_ever_is_refused_alone(decoder):
    one, stuck, two = decoder.map(decoder_functions.compute_for_ever, [1, 3, 2])
    assert (one, two) == (1, 2)
    assert isinstance(stuck, FilmRefused)
    assert stuck.code == "decoder_timeout"
    assert "1 seconds of computing" in str(stuck)
