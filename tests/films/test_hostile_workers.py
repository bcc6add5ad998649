"""A worker that a film has taken over: its parent runs none of its code, waits for none of its bytes and goes on."""

from __future__ import annotations

import base64
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import decoder_functions
import numpy as np
import pytest
from decoder_functions import HOSTILE_ANSWERS
from jaxtyping import UInt16

from outcomenet.anatomy import Region, Side, joints_of
from outcomenet.errors import FilmRefused, UsageError
from outcomenet.films.answers import BadAnswer, Incoming, packed, unpacked
from outcomenet.films.burnt_in_text import TextBox
from outcomenet.films.decoding import FilmDecoder
from outcomenet.films.film import Film, FilmHeader, checked_film
from outcomenet.films.film_file import read_header
from outcomenet.intake.cut_answers import checked
from outcomenet.intake.cutting import CutFilm, FilmIdentity
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.localization.geometry import CropGeometry
from outcomenet.localization.landmarked_limbs import LandmarkedLimb


@pytest.fixture
def decoder():
    with FilmDecoder(workers=1, timeout_seconds=4.0) as started:
        yield started


def code(results) -> str:
    (result,) = results
    assert isinstance(result, FilmRefused)
    return result.code


def goes_on(decoder: FilmDecoder) -> bool:
    return list(decoder.map(decoder_functions.double, [1, 2])) == [2, 4]


@pytest.mark.parametrize("speak", [decoder_functions.speak_pickle, decoder_functions.frame_a_pickle])
def test_a_pickle_is_never_read(decoder, speak, tmp_path):
    assert code(decoder.map(speak, [str(tmp_path / "harm")])) in ("decoder_answer", "decoder_timeout")
    assert not (tmp_path / "harm").exists()
    assert goes_on(decoder)


def test_hostile_answers_cost_one_film_each():
    whole = [what for what in HOSTILE_ANSWERS if what != "half an answer"]
    with FilmDecoder(workers=2) as decoder:
        results = decoder.map(decoder_functions.answer_hostile, whole)
        found = {what: getattr(result, "code", result) for what, result in zip(whole, results, strict=True)}
        assert goes_on(decoder)
    assert found == dict.fromkeys(whole, "decoder_answer")


def test_nobody_waits_for_the_rest_of_an_answer(decoder):
    assert code(decoder.map(decoder_functions.answer_hostile, ["half an answer"])) == "decoder_timeout"
    assert goes_on(decoder)


def test_an_answer_ahead_of_its_film_is_not_taken_for_it(decoder):
    assert list(decoder.map(decoder_functions.answer_twice, [1, 3, 5])) == [1, 3, 5]


WRONG = [
    "short", "objects", "floats", "three axes", "negative", "bytes", "huge", "no header", "a header of texts", "fewer fields",
]  # fmt: skip


def test_arrays_are_of_the_type_and_size_that_were_asked_for():
    with FilmDecoder(workers=2) as decoder:
        results = list(decoder.map(decoder_functions.hostile_array, WRONG))
    assert [getattr(result, "code", result) for result in results] == ["decoder_answer"] * len(WRONG)


def test_a_film_crosses_as_it_is():
    film = Film(
        np.arange(6, dtype=np.uint16).reshape(2, 3),
        FilmHeader(2, 3, 16, "MONOCHROME2", 0.1, "x", "png", "L", True, ("a",)),
    )
    said, arrays = packed(film)
    back = unpacked(Film, said, bytearray(b"".join(array.tobytes() for array in arrays)))
    assert back.header == film.header
    assert np.array_equal(back.pixels, film.pixels)
    with pytest.raises(BadAnswer, match="more bytes"):
        unpacked(Film, said, bytearray(100))
    with pytest.raises(TypeError, match="not with dict"):
        packed({"a": 1})


@pytest.mark.parametrize(
    ("kind", "message", "data", "sentence"),
    [
        (UInt16[np.ndarray, "row column"], "<u2", b"", "no list where an array belongs"),
        (UInt16[np.ndarray, "row column"], ["<u2", -1, 2], b"", "an array of an impossible shape"),
        (UInt16[np.ndarray, "row column"], ["<u2", 1, 1, 1, 1, 1], b"", "an array of an impossible shape"),
        (UInt16[np.ndarray, "row column"], ["<u2", 2**40, 2], b"", "an array longer than its bytes"),
        (UInt16[np.ndarray, "row column"], ["|u1", 1, 2], b"ab", "an array of another type or shape"),
        (UInt16[np.ndarray, "row column"], ["<u2", 1], b"ab", "an array of another type or shape"),
        (bytes, ["<u2", 1], b"ab", "an array where bytes belong"),
        (int, True, b"", "a value of another type"),
        (TextBox, 5, b"", "no list where there are several values"),
    ],
)
def test_a_value_of_another_type_is_no_answer(kind, message, data, sentence):
    with pytest.raises(BadAnswer, match=sentence):
        unpacked(kind, message, bytearray(data))


def message_from(connection: socket.socket) -> list[object]:
    answer = Incoming()
    assert answer.take(connection)
    return answer.message


@pytest.mark.parametrize(
    ("lengths", "text", "sentence"),
    [
        ((2**20 + 1, 0), b"", "longer than any answer"),
        ((2, 2**60), b"[]", "longer than any answer"),
        ((2, 0), b"{}", "no list that begins with a word"),
        ((3, 0), b"[1]", "no list that begins with a word"),
        ((1, 0), b"[", "Expecting value"),
    ],
)
def test_an_answer_that_is_none_is_not_waited_for(lengths, text, sentence):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.sendall(struct.pack("<IQ", *lengths) + text)
        with pytest.raises(BadAnswer, match=sentence):
            message_from(ours)


LIMB = LandmarkedLimb(Region.HAND, {}, placed=False, flags=("turned",))
TASK = FilmTask("f", 2, Path("film.dcm"), Side.LEFT_HAND, LIMB, CropGeometry(8, 0.5))
JOINTS = len(joints_of("hand"))
PATTERNS = base64.b64encode(bytes(JOINTS * 42**2 // 2)).decode()  # half a byte for each of a joint's pixels
CUT = CutFilm(
    "other", Side.RIGHT_FOOT, np.zeros((JOINTS, 8, 8), np.uint16), np.ones(JOINTS, bool), 0.2, "PixelSpacing", "",
    b"\x89PNG\r\n\x1a\n", FilmIdentity("", "ab", PATTERNS), ("turned",), (TextBox(1, 2, 3, 4),),
)  # fmt: skip


def test_a_cut_film_is_its_task_s_whatever_it_says():
    said, arrays = packed(CUT)
    back = unpacked(CutFilm, said, bytearray(b"".join(array.tobytes() for array in arrays)))
    cut = checked(back, TASK)
    assert isinstance(cut, CutFilm)
    assert (cut.film_id, cut.side, cut.flags, cut.text, cut.identity) == (
        "f",
        Side.LEFT_HAND,
        CUT.flags,
        CUT.text,
        CUT.identity,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"crops": np.zeros((JOINTS, 9, 9), np.uint16)}, {"crops": None}, {"present": np.ones(3, bool)}, {"scale_mm_per_px": 0.0},
        {"scale_mm_per_px": float("nan")}, {"flags": ("turned", "=cmd")}, {"flags": ()}, {"refused": "a\nb"}, {"scale_source": "x" * 999},
        {"identity": FilmIdentity("<b>", "", "")}, {"identity": FilmIdentity("", "ab", "0f")}, {"preview_png": b"<script>"},
    ],
)  # fmt: skip
def test_a_cut_film_that_cannot_be_the_task_s_is_refused(change):
    refused = checked(CUT._replace(**change), TASK)
    assert isinstance(refused, FilmRefused)
    assert refused.code == "decoder_answer"


@pytest.mark.skipif(sys.platform != "linux", reason="the signal is Linux's")
@pytest.mark.parametrize("busy", [True, False])
def test_workers_do_not_outlive_a_killed_parent(tmp_path, busy):
    script = (
        "import sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import decoder_functions\n"
        "from outcomenet.films.decoding import FilmDecoder\n"
        "with FilmDecoder(workers=2) as decoder:\n"
        "    print(*decoder.map(decoder_functions.pid, range(4)), flush=True)\n"
        f"    list(decoder.map(decoder_functions.hang, [1, 2])) if {busy} else time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = {int(number) for number in parent.stdout.readline().split()}
    assert workers
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 10
    while any(map(_lives, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_lives, workers))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z" and bool(os.getpgid(pid) + 1)
    except (OSError, IndexError):
        return False


def test_a_film_is_what_its_header_says_or_none():
    header = FilmHeader(4, 5, 12, "MONOCHROME2", 0.1, "PixelSpacing", "dicom", "L", remarks=("header_bits",))
    pixels = np.zeros((4, 5), np.uint16)
    assert isinstance(checked_film(Film(pixels, header)), Film)
    others = (
        Film(np.zeros((0, 0), np.uint16), header),
        Film(np.zeros((0, 5), np.uint16), replace(header, rows=0)),
        Film(pixels, replace(header, spacing_mm=float("nan"))),
        Film(pixels, replace(header, laterality="Q")),
        Film(pixels, replace(header, remarks=("=cmd|x",))),
    )
    for film in others:
        assert isinstance(checked_film(film), FilmRefused)


def test_a_pool_outside_its_block_says_where_it_has_workers():
    decoder = FilmDecoder(workers=1)
    with pytest.raises(UsageError, match="workers only inside its `with` block; call map there"):
        decoder.map(read_header, ["film.dcm"])
