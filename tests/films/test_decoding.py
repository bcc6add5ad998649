"""The pool of decoders: results in order, and a film that kills or stalls its worker harms no other film."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import decoder_functions
import pytest

from outcomenet.errors import FilmRefused, UsageError
from outcomenet.films.decoding import DecoderFailed, FilmDecoder


@pytest.fixture(scope="module")
def decoder() -> Iterator[FilmDecoder]:
    with FilmDecoder(workers=2) as pool:
        yield pool


def codes(results) -> list[object]:
    return [result.code if isinstance(result, FilmRefused) else result for result in results]


def test_results_come_in_the_order_of_the_films(decoder):
    assert list(decoder.map(decoder_functions.double, range(20))) == list(range(0, 40, 2))


def test_further_arguments_reach_the_function(decoder):
    assert list(decoder.map(decoder_functions.double, [1, 2], 5)) == [7, 9]


def test_a_worker_that_dies_costs_one_film(decoder):
    assert codes(decoder.map(decoder_functions.die_on_three, range(6))) == [0, 1, 2, "decoder_died", 4, 5]


def test_a_worker_that_takes_too_long_costs_one_film():
    with FilmDecoder(workers=2, timeout_seconds=1.0) as decoder:
        results = codes(decoder.map(decoder_functions.sleep_on_three, range(6)))
    assert results == [0, 1, 2, "decoder_timeout", 4, 5]


def test_a_film_that_needs_too_much_memory_is_refused():
    with FilmDecoder(workers=1, memory_bytes=2**30) as decoder:
        assert codes(decoder.map(decoder_functions.allocate, [3, 0])) == ["memory", 0]


def test_a_refusal_keeps_its_sentence_and_its_code(decoder):
    (refused,) = decoder.map(decoder_functions.refuse, [0])
    assert (str(refused), refused.code) == ("This one is blank; take it again.", "blank")


def test_a_fault_of_the_program_is_not_taken_for_a_bad_film(decoder):
    with pytest.raises(DecoderFailed, match="a fault of the program"):
        list(decoder.map(decoder_functions.fail, [0]))


def test_films_are_asked_for_only_as_they_are_needed(decoder):
    films = itertools.count()
    results = decoder.map(decoder_functions.double, films)
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    results.close()
    assert next(films) < 20


def test_workers_do_not_import_jax(decoder):
    assert list(decoder.map(decoder_functions.jax_is_imported, [0])) == [False]


def test_a_decoder_outside_its_with_block_has_no_workers():
    with pytest.raises(UsageError, match="inside its `with` block"):
        FilmDecoder().map(decoder_functions.double, [1])
