"""Settings of a cohort (`cohort.toml`): its name, its licence, and what its tables mean."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outcomenet.cohorts.faults import Fault, printable, printable_header
from outcomenet.cohorts.plain_files import not_plain
from outcomenet.errors import did_you_mean
from outcomenet.films.quality_flags import FLAGS
from outcomenet.outcomes import REPORTED, SHORTEST_PROGRESSION_DAYS, OutcomeSpec
from outcomenet.scoring import UnreadablePolicy

FILE = "cohort.toml"
LINKAGE_MAX_GAP_DAYS = 42  # six weeks: films are often ordered at a visit and taken some weeks before or after


@dataclass(frozen=True)
class CohortMeta:
    """The settings of one cohort; `KEYS` says what each means. Empty text and None: not given."""

    name: str
    licence: str
    sites: tuple[str, ...] = ()
    haq_version: str = "HAQ-DI"
    reported: Mapping[str, str] = field(default_factory=dict)  # keys of `_reported_keys`, for instance `pain_scale`
    crp_unit: str = ""
    symptom_months_unit: str = ""
    duration_unit: str = ""
    pixel_spacing_unit: str = ""
    unreadable_joints: UnreadablePolicy = UnreadablePolicy.MISSING
    linkage_max_gap_days: int = LINKAGE_MAX_GAP_DAYS
    shortest_progression_days: int = SHORTEST_PROGRESSION_DAYS
    fallback_hand_length_mm: float | None = None
    fallback_foot_length_mm: float | None = None
    excluded_flags: tuple[str, ...] = ()
    simulated: bool = False
    deidentified: bool = False
    dates: str = ""
    source: str = ""
    description: str = ""
    citation: str = ""
    url: str = ""
    version: str = ""
    readers: str = ""

    @property
    def haq_uses_aids(self) -> bool:
        """Whether aids and help raise a category score; the alternative index ignores them."""
        return self.haq_version == "HAQ-DI"

    def scale_of(self, outcome: str) -> str:
        """Instrument and recall window of an outcome that the cohort gives as it is; empty where it is not stated."""
        return self.reported.get(f"{outcome}_scale", "")

    def declares(self, key: str) -> bool:
        """Whether a key that settles a unit or a range is there."""
        return bool(self.reported.get(key) if key in REPORTED_KEYS else getattr(self, key))

    @property
    def names_people(self) -> bool:
        """Whether ids and dates may be those of people."""
        return not (self.simulated or self.deidentified)


@dataclass(frozen=True)
class Key:
    """One key of `cohort.toml`: its meaning, what it must be, and how its value is taken."""

    meaning: str
    expected: str
    accept: Callable[[object], bool]
    take: Callable[..., Any] = lambda value: value  # of a value that was accepted
    required: bool = False
    hint: Callable[[object], str] = lambda value: ""  # added to the message about a wrong value


def _nearest_flag(value: object) -> str:
    """The known flags most like the first unknown one of a list."""
    unknown = [flag for flag in map(str, value) if flag not in FLAGS] if isinstance(value, list) else []
    return did_you_mean(unknown[0], FLAGS) if unknown else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object, lower: float, upper: float) -> bool:
    # true and false are whole numbers to Python
    return isinstance(value, int | float) and not isinstance(value, bool) and lower <= value <= upper


def _text(meaning: str, required: bool = False) -> Key:
    return Key(meaning, "text", _is_text, required=required)


def _choice(meaning: str, allowed: tuple[str, ...], take: Callable[..., Any] = str) -> Key:
    return Key(meaning, f"one of {', '.join(allowed)}", lambda value: value in allowed, take)


def _length(meaning: str, lower: int, upper: int) -> Key:
    return Key(meaning, f"millimetres from {lower} to {upper}", lambda value: _is_number(value, lower, upper), float)


def _reported_keys(outcome: OutcomeSpec) -> dict[str, Key]:
    """The keys of an outcome that the cohort gives as it is."""
    name, span = outcome.name, f"{outcome.lower:g} to {outcome.upper:g}"
    return {
        f"{name}_scale": _text(f"instrument and recall window of {name}, given as {span}"),
        f"{name}_range": _choice(
            f"that {name} is meant as given, though it looks like another range", (span.replace(" to ", "-"),)
        ),
    }


REPORTED_KEYS: dict[str, Key] = {name: key for outcome in REPORTED for name, key in _reported_keys(outcome).items()}
KEYS: dict[str, Key] = {
    "name": _text("the cohort's name in reports", required=True),
    "licence": _text("under which terms the data may be used", required=True),
    "sites": Key(
        "the sites that patients.csv may name",
        "a list of site names",
        lambda value: isinstance(value, list) and all(map(_is_text, value)),
        tuple,
    ),
    # MHAQ, MDHAQ and HAQ-II are other scales and are never pooled with the HAQ-DI
    "haq_version": _choice(
        "how HAQ was scored; the alternative index ignores aids and help", ("HAQ-DI", "HAQ-DI alternative")
    ),
    **REPORTED_KEYS,
    "crp_unit": _choice("that CRP is meant as given, though it looks like another unit", ("mg/L",)),
    "symptom_months_unit": _choice("that symptom_months is meant as given, though it looks like years", ("months",)),
    "duration_unit": _choice("that durations are meant as given, though they look like months", ("years",)),
    "pixel_spacing_unit": _choice("that pixel spacings are meant as given, though they look like centimetres", ("mm",)),
    "unreadable_joints": _choice(
        "what a score total does with an unreadable site", tuple(map(str, UnreadablePolicy)), UnreadablePolicy
    ),
    "linkage_max_gap_days": Key(
        "how far a film may lie from its visit",
        "whole days from 0 to 3650",
        lambda value: isinstance(value, int) and _is_number(value, 0, 3650),
    ),
    "shortest_progression_days": Key(
        f"how far apart films must lie to show progression; {SHORTEST_PROGRESSION_DAYS} if not given",
        "whole days from 1 to 365",
        lambda value: isinstance(value, int) and _is_number(value, 1, 365),
    ),
    "fallback_hand_length_mm": _length("length TIP3 to RC of hands on films without a pixel spacing", 50, 300),
    "fallback_foot_length_mm": _length("length TIP1 to BASE1 of feet on films without a pixel spacing", 30, 250),
    "excluded_flags": Key(
        "the quality flags of films that are left out; none by itself leaves a film out",
        "a list of known flags",
        lambda value: isinstance(value, list) and all(isinstance(flag, str) and flag in FLAGS for flag in value),
        tuple,
        hint=_nearest_flag,
    ),
    "simulated": Key("whether a causal model made these patients", "true or false", lambda v: isinstance(v, bool)),
    "deidentified": Key(
        "whether ids and dates are pseudonyms already; if not, intake replaces them",
        "true or false",
        lambda v: isinstance(v, bool),
    ),
    "dates": _text("what was done to the dates (real, shifted, invented)"),
    "source": _text("where the data come from"),
    "description": _text("anything a reader of the data card needs"),
    "citation": _text("what to cite"),
    "url": _text("where to find more"),
    "version": _text("the export's version"),
    "readers": _text("who scored the films, and how they were trained"),
}


def read_meta(path: Path) -> tuple[CohortMeta | None, list[Fault]]:
    """Parses `cohort.toml`.

    Returns:
        The settings, None where there is any fault; and the faults.
    """
    if what := not_plain(path):
        return None, [
            Fault(FILE, None, "", what, "a plain file", "Copy the file itself into the folder.", "no_plain_file")
        ]
    if not path.is_file():
        return None, [Fault(FILE, None, "", "none", "this file", "Add it to the folder; it names cohort and licence.",
                            "no_file")]  # fmt: skip
    try:
        settings = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if isinstance(error, tomllib.TOMLDecodeError):
            return None, [Fault(FILE, None, "", "", "a TOML file", f"It could not be read: {error}.", "no_toml")]
        return None, [Fault(FILE, None, "", "", "a TOML file", "Save it as UTF-8.", "encoding")]
    faults = [
        Fault(
            FILE,
            None,
            printable_header(name, place),
            "an unknown key",
            "a known key",
            did_you_mean(name, KEYS),
            "unknown_key",
        )
        for place, name in enumerate(settings, start=1)
        if name not in KEYS
    ]
    faults += [
        Fault(
            FILE,
            None,
            name,
            printable(name, settings[name]),
            key.expected,
            f"It says {key.meaning}. {key.hint(settings[name])}".strip(),
            "value_of_key",
        )
        for name, key in KEYS.items()
        if name in settings and not key.accept(settings[name])
    ]
    faults += [
        Fault(FILE, None, name, "none", "this key", f"Add it; it says {key.meaning}.", "no_key")
        for name, key in KEYS.items()
        if key.required and name not in settings
    ]
    if faults:
        return None, faults
    values = {name: KEYS[name].take(value) for name, value in settings.items()}
    reported = {name: values.pop(name) for name in REPORTED_KEYS if name in values}
    return CohortMeta(**values, reported=reported), []
