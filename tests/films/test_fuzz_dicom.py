"""Two thousand mutated films: nothing but films and typed refusals comes back, and the reading process lives."""

from __future__ import annotations

import pytest

from tests.fuzz_dicom import MUTATIONS, fuzz, mutant, seeds


def test_two_thousand_mutants_are_read_or_refused_with_a_code():
    outcomes, headers = fuzz(2_000, seed=7)  # raises DecoderFailed, or whatever else is not a FilmRefused
    assert sum(outcomes.values()) == 2_000
    assert sum(headers.values()) == 2_000
    codes = {code for _, code in outcomes}
    assert {"read", "truncated", "nesting", "transfer_syntax", "stream_size"} <= codes
    assert {kind for kind, _ in outcomes} == {mutation.__name__ for mutation in MUTATIONS}
    read = sum(count for (_, code), count in outcomes.items() if code == "read")
    assert 200 < read < 1_600  # the decoders saw work, and the mutations did harm


@pytest.mark.parametrize("number", [0, 1, 500])
def test_a_mutant_is_the_same_every_time(number):
    originals = seeds()
    assert mutant(number, 3, originals) == mutant(number, 3, originals)
    assert mutant(number, 3, originals) != mutant(number, 4, originals)
