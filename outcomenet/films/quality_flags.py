"""Quality flags of films: every code that is written anywhere, each with one sentence.

A flag drops nothing by itself. A cohort names those with which its films are left out (`excluded_flags` in
cohort.toml); with one of `UNCUTTABLE` nothing is cut; with one of `UNSCORABLE` `outcomenet predict` gives no score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

FLAGS = {
    "refused": "The file could not be decoded as a film; the code behind the colon and the remark say why.",
    "no_limb": "No hand or foot was found.",
    "no_direction": "The landmarks do not tell how the limb lies: a hand needs the wrist with knuckles, or two joints of a finger, "
    "and both of its sides, a foot MTP1 with BASE1 or IP1 and another toe.",
    "no_scale": "The film has no pixel spacing, and without TIP3 and RC of a hand, TIP1 and BASE1 of a foot its scale is not known.",
    "few_joints": "Fewer than half of the joints were found.",
    "oblique_view": "The hand or foot is seen obliquely.",
    "lateral_view": "The hand or foot is seen from the side.",
    "doubtful": "It reads as no adult hand from above or foot from above (another view, a child, a cast, a deformed limb).",
    "turned": "The limb is turned by more than 45 degrees; it was read turned back.",
    "dark_bones": "Bones are darker than their surroundings; the film was read with its grey levels reversed.",
    "cut_off": "Part of the limb lies outside the film.",
    "amputated": "At least one joint is missing as if amputated.",
    "metal": "At least one joint is hidden by metal.",
    "unsure_joints": "At least one joint was not found surely enough.",
    "unlike_training": "At least one joint is unlike anything that the encoder was trained on; the farthest are left out of the score.",
    "washed_out": "The limb shows hardly any edges: washed out or blurred.",
    "nearly_black": "The limb's bones are shown in the darkest eighth of the grey levels.",
    "small": "The limb is less than 200 pixels long; errors are larger.",
    "implausible_size": "By the film's pixel spacing the limb is not as long as an adult's: a child, or a wrong spacing.",
    "several_limbs": "More than one hand or foot was found; each has rows of its own.",
    "other_side": "The shape is that of the other side than declared, or the film is mirrored.",
    "child": "By birth year and date of the film the patient was younger than 18.",
    "child_like": "The wrist does not look ossified: a young child, or a wrist without distinct bones (weak: one real film).",
    "cast": "The wrist's outline is broader than the palm: a cast, a splint or a bandage (weak: one real film).",
    "header_bits": "Bits or sign of the pixels' values are not those of the file's header, or fewer than it has room for; "
    "they were read as the values are.",
    "window_ignored": "A window of the file cannot be used (0 wide, or no number); the film is shown without it.",
    "other_spacing": "The file's first pixel spacing cannot be right; that of another attribute was taken.",
    "burnt_in_text": "Text is printed on the film; it may name the patient.",
    "landmarks_found": "The joints were found by the networks, not placed by a person.",
    "side_from_shape": "No side is declared; that of the shape was taken.",
    "scale_from_limb_length": "The film has no pixel spacing; its scale comes from the expected length of the limb.",
    "spacing_refused": "The file's pixel spacing cannot be right, and there is no other.",
}
UNLIKE = "unlike_training"
UNCUTTABLE = ("no_limb", "few_joints", "doubtful", "no_direction", "no_scale")
KEPT_WHERE_PLACED = frozenset({"few_joints"})  # a person who places few joints means those
UNSCORABLE = frozenset({"refused", *UNCUTTABLE, "oblique_view", "lateral_view", "washed_out"})

_PLACE = {flag: place for place, flag in enumerate(FLAGS)}


def listed(flags: Iterable[str]) -> tuple[str, ...]:
    """The flags, each once, in the order of `FLAGS`; KeyError where one is not of that table."""
    return tuple(sorted(set(flags), key=_PLACE.__getitem__))


def refusal(code: str) -> str:
    """How a film that could not be decoded is flagged: `refused:CODE`, with the code of `FilmRefused`."""
    return f"refused:{code}"


def present_flags(present: Mapping[str, bool]) -> list[str]:
    """The flags that hold, in the order in which they are asked for."""
    return [flag for flag, is_present in present.items() if is_present]


def uncuttable(flags: Iterable[str], *, placed: bool) -> str:
    """The first flag with which a limb is not cut, "" where there is none.

    Args:
        flags: Codes of the limb.
        placed: Whether a person placed its landmarks, who may place as few as he likes.
    """
    ignored = KEPT_WHERE_PLACED if placed else ()
    flags = set(flags)
    return next((flag for flag in UNCUTTABLE if flag in flags and flag not in ignored), "")
