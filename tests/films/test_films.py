"""Films of every format are read with bone bright, at full range, or refused with a code."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from outcomenet.errors import FilmRefused
from outcomenet.films.film_file import read_film, read_header

HAND = Path(__file__).parents[1] / "data" / "normal-hand-pa-small.jpg"
REAL_DICOM = Path(__file__).parents[2].parent / "shared" / "data" / "dicom"


def test_an_eight_bit_film_keeps_its_grey_levels(tmp_path):
    Image.fromarray(np.array([[0, 1, 128, 255]], np.uint8)).save(tmp_path / "film.png")
    # 65535 / 255 = 257
    assert read_film(tmp_path / "film.png").pixels.tolist() == [[0, 257, 32896, 65535]]


def test_a_sixteen_bit_png_is_read_as_it_is(tmp_path):
    pixels = np.array([[0, 1, 40_000, 65_535]], np.uint16)
    Image.fromarray(pixels).save(tmp_path / "film.png")
    film = read_film(tmp_path / "film.png")
    assert film.pixels.dtype == np.uint16
    assert film.pixels.tolist() == pixels.tolist()
    assert film.header.bits == 16


def test_a_one_bit_film_has_two_levels(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "film.png")
    assert read_film(tmp_path / "film.png").pixels.tolist() == [[65535, 0]]


def tiff(stored: np.ndarray, photometric: int) -> bytes:
    """An uncompressed little-endian grey TIFF; 0 stores white as zero, 1 black."""
    data = stored.tobytes()
    tags = {256: stored.shape[1], 257: stored.shape[0], 258: 8 * stored.itemsize, 259: 1, 262: photometric, 277: 1}
    tags |= {273: 8 + 2 + 12 * 9 + 4, 278: stored.shape[0], 279: len(data)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + data


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_that_stores_white_as_zero_is_turned(tmp_path, dtype):
    stored = np.array([[0, np.iinfo(dtype).max]], dtype)
    (tmp_path / "film.tif").write_bytes(tiff(stored, photometric=0))
    film = read_film(tmp_path / "film.tif")
    assert film.header.photometric == "MONOCHROME1"
    assert film.pixels.tolist() == [[65535, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_that_stores_black_as_zero_is_not(tmp_path, dtype):
    (tmp_path / "film.tif").write_bytes(tiff(np.array([[0, np.iinfo(dtype).max]], dtype), photometric=1))
    assert read_film(tmp_path / "film.tif").pixels.tolist() == [[0, 65535]]


def test_a_sixteen_bit_tiff_is_read_as_it_is(tmp_path):
    pixels = np.array([[7, 65_000]], np.uint16)
    Image.fromarray(pixels).save(tmp_path / "film.tif")
    assert read_film(tmp_path / "film.tif").pixels.tolist() == pixels.tolist()


def test_colour_becomes_luminance(tmp_path):
    Image.new("RGB", (2, 1), (255, 0, 0)).save(tmp_path / "film.png")
    # ITU-R BT.601: red counts 0.299
    assert read_film(tmp_path / "film.png").pixels[0, 0] == round(0.299 * 65535)


def test_an_opaque_alpha_channel_is_ignored(tmp_path):
    Image.new("RGBA", (2, 1), (255, 255, 255, 255)).save(tmp_path / "film.png")
    assert read_film(tmp_path / "film.png").pixels.tolist() == [[65535, 65535]]


def test_a_film_that_can_be_seen_through_is_refused(tmp_path):
    Image.new("RGBA", (2, 1), (255, 255, 255, 100)).save(tmp_path / "film.png")
    with pytest.raises(FilmRefused, match="A film is opaque, this one is see-through") as refused:
        read_film(tmp_path / "film.png")
    assert refused.value.code == "transparency"


def test_the_format_is_known_by_content_not_by_suffix(tmp_path):
    Image.fromarray(np.zeros((3, 4), np.uint8)).save(tmp_path / "film.dcm", format="PNG")
    header = read_header(tmp_path / "film.dcm")
    assert (header.format, header.rows, header.columns) == ("png", 3, 4)


def test_a_jpeg_has_no_spacing():
    header = read_header(HAND)
    assert (header.rows, header.columns, header.bits, header.format) == (833, 586, 8, "jpeg")
    assert (header.spacing_mm, header.spacing_source) == (None, "none")


def test_bone_is_brighter_than_air_on_a_real_hand():
    pixels = read_film(HAND).pixels
    # the shaft of the third metacarpal against the upper left corner
    assert pixels[400:460, 235:255].mean() > 2 * pixels[:60, :60].mean()


def test_a_film_to_be_turned_by_its_viewer_is_refused(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.new("L", (4, 4)).save(tmp_path / "film.jpg", exif=exif)
    with pytest.raises(FilmRefused, match="asks its viewer to turn it .EXIF orientation 6") as refused:
        read_header(tmp_path / "film.jpg")
    assert refused.value.code == "orientation"


def test_several_pages_are_refused(tmp_path):
    pages = [Image.new("L", (4, 4), level) for level in (0, 9)]
    pages[0].save(tmp_path / "film.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(FilmRefused, match="the file has 2 pages; export each on its own") as refused:
        read_header(tmp_path / "film.tif")
    assert refused.value.code == "multi_frame"


def test_sixteen_bit_colour_is_refused_rather_than_halved(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "film.png"), np.zeros((4, 4, 3), np.uint16))
    with pytest.raises(FilmRefused, match="this one 16 bit colours; save it as grey") as refused:
        read_header(tmp_path / "film.png")
    assert refused.value.code == "bits"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FilmRefused, match="^film.png: There is no such file; correct the path.$") as refused:
        read_header(tmp_path / "film.png")
    assert refused.value.code == "missing"


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "film.png").write_bytes(b"")
    with pytest.raises(FilmRefused, match="A film was expected, the file is empty; export it again") as refused:
        read_header(tmp_path / "film.png")
    assert refused.value.code == "empty"


def test_a_folder_is_no_film(tmp_path):
    with pytest.raises(FilmRefused, match="this is a folder, pipe or device") as refused:
        read_header(tmp_path)
    assert refused.value.code == "not_a_file"


def test_a_text_file_is_refused_without_its_text(tmp_path):
    (tmp_path / "film.dcm").write_text("name of a patient " * 10)
    with pytest.raises(FilmRefused, match="named .dcm but not one of them by its first bytes") as refused:
        read_header(tmp_path / "film.dcm")
    assert refused.value.code == "not_a_film"
    assert "patient" not in str(refused.value)


def test_a_png_cut_short_is_refused_by_its_header(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (50, 50)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "film.png")
    data = (tmp_path / "film.png").read_bytes()
    (tmp_path / "film.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(FilmRefused, match="The file ends early, it is no complete PNG") as refused:
        read_header(tmp_path / "film.png")
    assert refused.value.code == "truncated"


def test_a_jpeg_cut_short_is_refused_when_it_is_decoded(tmp_path):
    (tmp_path / "film.jpg").write_bytes(HAND.read_bytes()[:20_000])
    with pytest.raises(FilmRefused, match="could not be read as JPEG, it may end early") as refused:
        read_film(tmp_path / "film.jpg")
    assert refused.value.code == "truncated"


def test_six_thousand_rows_are_allowed_and_one_more_is_not(tmp_path):
    Image.new("1", (10, 6_000)).save(tmp_path / "film.png")
    assert read_header(tmp_path / "film.png").rows == 6_000
    Image.new("1", (10, 6_001)).save(tmp_path / "film.png")
    with pytest.raises(FilmRefused, match="at most 6,000 rows and columns, its header says 6,001 x 10") as refused:
        read_header(tmp_path / "film.png")
    assert refused.value.code == "too_large"


@pytest.mark.skipif(not REAL_DICOM.is_dir(), reason="the real DICOM files are not beside the repository")
@pytest.mark.parametrize(
    ("name", "shape", "source"),
    [
        ("RG1_J2KI", (1955, 1841), "refused: PixelSpacing 0"),
        ("RG3_J2KI", (1760, 1760), "none"),
        ("RG3_J2KR", (1760, 1760), "none"),
    ],
)
def test_real_computed_radiography(name, shape, source):
    film = read_film(REAL_DICOM / f"{name}.dcm")
    assert film.pixels.shape == shape
    assert (film.header.photometric, film.header.spacing_mm, film.header.spacing_source) == (
        "MONOCHROME1",
        None,
        source,
    )


@pytest.mark.skipif(not REAL_DICOM.is_dir(), reason="the real DICOM files are not beside the repository")
def test_real_monochrome1_is_turned_so_that_bone_is_bright():
    pixels = read_film(REAL_DICOM / "RG3_J2KR.dcm").pixels
    tibia, air = pixels[500:700, 840:870], pixels[500:700, 500:600]
    assert tibia.mean() > 2 * air.mean()


@pytest.mark.skipif(not REAL_DICOM.is_dir(), reason="the real DICOM files are not beside the repository")
def test_two_decoders_agree_on_the_lossless_film(tmp_path):
    # pylibjpeg-openjpeg is the other decoder of JPEG 2000; without window and inversion its values are the stored ones
    import pydicom

    dataset = pydicom.dcmread(REAL_DICOM / "RG3_J2KR.dcm")
    dataset.pixel_array_options(decoding_plugin="pylibjpeg")
    share = np.clip((dataset.pixel_array - 549.5) / 1023 + 0.5, 0, 1)
    expected = np.rint(65535 * (1 - share))
    assert np.abs(read_film(REAL_DICOM / "RG3_J2KR.dcm").pixels - expected).max() <= 1


def test_a_tiff_without_dimensions_is_refused(tmp_path):
    whole = tiff(np.zeros((1, 2), np.uint8), photometric=1)
    (tmp_path / "film.tif").write_bytes(whole.replace(struct.pack("<HH", 256, 4), struct.pack("<HH", 300, 4)))
    with pytest.raises(FilmRefused, match="could not be read as TIFF") as refused:
        read_header(tmp_path / "film.tif")
    assert refused.value.code == "truncated"


@pytest.mark.parametrize(
    ("stored", "sentence", "code"),
    [
        (np.zeros((2, 3, 4), np.uint8), "An NPY film has two dimensions, this one 3; save one image", "multi_frame"),
        (np.zeros((2, 3)), "unsigned numbers of 8 or 16 bits, this one holds float64; save it as uint16", "bits"),
        (np.array([{}]), "this one holds objects; save it as uint16", "bits"),
    ],
)
def test_an_array_that_is_no_film_is_refused(tmp_path, stored, sentence, code):
    np.save(tmp_path / "film.npy", stored)
    with pytest.raises(FilmRefused, match=sentence) as refused:
        read_header(tmp_path / "film.npy")
    assert refused.value.code == code


def test_an_array_cut_short_is_refused_with_the_bytes_that_it_needs(tmp_path):
    np.save(tmp_path / "film.npy", np.zeros((10, 20), np.uint16))
    whole = (tmp_path / "film.npy").read_bytes()  # 128 bytes of header and 400 of pixels
    (tmp_path / "film.npy").write_bytes(whole[:-1])
    with pytest.raises(FilmRefused, match="10 x 20 pixels need 528 bytes, the file has 527; save the array again"):
        read_header(tmp_path / "film.npy")
