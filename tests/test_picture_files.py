"""PNG files: read back as they were, and an error where nothing can be written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from outcomenet.picture_files import write_png


@pytest.mark.parametrize("compression", [None, 1])
def test_pixels_come_back_as_they_were(tmp_path, compression):
    pixels = np.arange(12 * 9, dtype=np.uint16).reshape(12, 9) * 500
    write_png(tmp_path / "film.png", pixels, compression=compression)
    assert np.array_equal(cv2.imread(str(tmp_path / "film.png"), cv2.IMREAD_UNCHANGED), pixels)


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path):
    """cv2.imwrite returned False here and went on."""
    with pytest.raises(FileNotFoundError):
        write_png(tmp_path / "nowhere" / "film.png", np.zeros((4, 4), np.uint8))


def test_a_full_disk_is_an_error():
    with pytest.raises(OSError, match="No space left"):
        write_png(Path("/dev/full"), np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))
