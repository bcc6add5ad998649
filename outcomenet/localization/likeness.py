"""How alike two films look: a short fingerprint that survives export at another size, brightness or compression."""

from __future__ import annotations

import cv2
import numpy as np

from outcomenet.arrays import UInt16

_SIDE_PX, _FREQUENCIES, _COARSEST = 96, 24, 4
_DETAIL_PX, _NEIGHBOURHOOD_PX = 3.0, 6.0
BITS = _FREQUENCIES**2 - _COARSEST**2


def likeness(pixels: UInt16[np.ndarray, "height width"]) -> str:
    """560 bits as hexadecimal digits: which cosine frequencies of the film's detail lie above their median.

    A perceptual hash (Zauner 2010, Implementation and benchmarking of perceptual image hash functions) with two
    changes, since all films of one limb are alike in the coarse: detail of local contrast instead of grey levels, and
    the lowest 4 x 4 of 24 x 24 frequencies left out.
    """
    small = cv2.resize(pixels, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = small - cv2.GaussianBlur(small, (0, 0), _DETAIL_PX)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _NEIGHBOURHOOD_PX))
    # a share of the whole film's contrast, so that noise in empty places does not count
    frequencies = cv2.dct(detail / (contrast + 0.05 * detail.std() + 1e-6))[:_FREQUENCIES, :_FREQUENCIES]
    fine = np.ones(frequencies.shape, bool)
    fine[:_COARSEST, :_COARSEST] = False
    return np.packbits(frequencies[fine] > np.median(frequencies[fine])).tobytes().hex()


def unlikeness(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Number of differing bits, 0 to 560, between one fingerprint, uint16 [word], and others, uint16 [film, word]."""
    return np.bitwise_count(one ^ others).sum(axis=-1)


def as_words(fingerprint: str) -> np.ndarray:
    """A fingerprint as uint16 [word], for `unlikeness`."""
    return np.frombuffer(bytes.fromhex(fingerprint), np.uint16)
