"""Checks of what a decoding process answers: a hostile film may have made the answer."""

from __future__ import annotations

import math
import re

from outcomenet.anatomy import joints_of
from outcomenet.errors import FilmRefused
from outcomenet.films.answers import is_text
from outcomenet.films.quality_flags import FLAGS
from outcomenet.intake.cutting import CutFilm
from outcomenet.intake.film_tasks import FilmTask
from outcomenet.localization.likeness import are_patterns

_HEXADECIMAL = re.compile(r"[0-9a-f]{0,256}")
_PNG = b"\x89PNG\r\n\x1a\n"
# Far above any preview of a film, and little to hold.
_MOST_PREVIEW_BYTES = 2**21


def checked(answer: CutFilm | FilmRefused, task: FilmTask) -> CutFilm | FilmRefused:
    """The answer, if it can be one to the task.

    Args:
        answer: What came from the decoding process.
        task: What it was asked.

    Returns:
        The answer with film and side of the task, whatever it says of them itself; FilmRefused with the code decoder_answer
        where flags, hashes, patterns or crops are none of such a limb.
    """
    if isinstance(answer, FilmRefused):
        return answer
    if not (_is_told(answer, task) and (bool(answer.refused) or _is_cut(answer, task))):
        return FilmRefused(
            "The decoder's joints are none of this film: it is damaged, or made to do harm. Export it again.",
            "decoder_answer",
        )
    return answer._replace(film_id=task.film_id, side=task.side)


def _is_told(answer: CutFilm, task: FilmTask) -> bool:
    """Whether words, flags and hashes are of the kind that stands in tables, flags of the task among them, and patterns are those
    of such a limb."""
    named = (answer.refused, answer.scale_source)
    *hashes, patterns = answer.identity or ("",)
    preview = answer.preview_png
    return (
        all(is_text(text, 200) for text in named)
        # a worker may add flags and never drop those that the parent has set
        and set(task.limb.flags if task.limb else ()) <= set(answer.flags) <= FLAGS.keys()
        and all(_HEXADECIMAL.fullmatch(text) for text in hashes)
        and are_patterns(patterns, task.side.region)
        and (not preview or (preview.startswith(_PNG) and len(preview) <= _MOST_PREVIEW_BYTES))
    )


def _is_cut(answer: CutFilm, task: FilmTask) -> bool:
    """Whether there are the crops of the task's joints at its size and a scale."""
    joints, size = len(joints_of(task.side.region)), task.geometry.size_px
    if answer.crops is None or answer.present is None:
        return False
    shapes = answer.crops.shape, answer.present.shape
    return (
        shapes == ((joints, size, size), (joints,))
        and math.isfinite(answer.scale_mm_per_px)
        and answer.scale_mm_per_px > 0
    )
