"""Two exports of one film are alike, two people's films are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from outcomenet.cohorts.films import read_film
from outcomenet.datasets.leaks import NEARLY_THE_SAME_BITS
from outcomenet.localization.likeness import BITS, as_words, likeness, unlikeness

DATA = Path(__file__).parents[1] / "data"
HANDS = [read_film(DATA / name).pixels for name in ("normal-hand-pa-small.jpg", "openstax-hand-pa.jpg")]


def differing(one: np.ndarray, other: np.ndarray) -> int:
    return int(unlikeness(as_words(likeness(one)), as_words(likeness(other))[None])[0])


def test_the_same_film_at_other_size_brightness_and_compression():
    for film in HANDS:
        small = cv2.resize(film, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
        dark = ((film / 65_535.0) ** 1.5 * 65_535).astype(np.uint16)
        packed = cv2.imencode(".jpg", (film >> 8).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
        jpeg = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.uint16) * 257
        assert max(differing(film, other) for other in (small, dark, jpeg)) <= NEARLY_THE_SAME_BITS
        assert differing(film, film) == 0


def test_two_people_and_one_person_mirrored():
    assert differing(HANDS[0], cv2.resize(HANDS[1], HANDS[0].shape[::-1])) > 3 * NEARLY_THE_SAME_BITS
    assert differing(HANDS[0], HANDS[0][:, ::-1].copy()) > 3 * NEARLY_THE_SAME_BITS


def test_a_fingerprint_is_560_bits_and_an_empty_film_has_one():
    assert len(likeness(HANDS[0])) * 4 == BITS == 560
    assert len(likeness(np.zeros((50, 40), np.uint16))) == 140
