"""Interventions on the simulated world, Pearl's do(...): a variable is set by hand and its causes no longer matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from outcomenet.errors import UsageError, did_you_mean
from outcomenet.ranges import Share, check_ranges


@dataclass(frozen=True)
class Interventions:
    """Variables that are set by hand; None leaves a variable to its causes.

    `oa`: share 0-1 of osteoarthritis in every joint that can have it (0: nobody has any). `fm`: everybody (True) or
    nobody (False) has fibromyalgia. `site`: every patient goes to this hospital, with its scanner. `scanner`: every
    film is taken as at this hospital, while patients stay where they are. `ra_damage`: share 0-1 of erosion and of
    rheumatoid cartilage loss at every visit, in every joint but the finger end joints, which the disease spares.
    `treatment`: everybody or nobody has the advanced one.
    """

    oa: Share | None = None
    fm: bool | None = None
    site: str | None = None
    scanner: str | None = None
    ra_damage: Share | None = None
    treatment: bool | None = None

    def __post_init__(self) -> None:
        check_ranges(self)

    def with_values(self, **values: object) -> Interventions:
        """These interventions and further ones; setting one again replaces it.

        Raises:
            UsageError: There is no intervention of a name; the message gives the nearest known.
        """
        for name in values:
            if name not in NAMES:
                raise UsageError(f"There is no intervention do({name}=...). {did_you_mean(name, NAMES)}")
        flags = {n: bool(values[n]) for n in ("fm", "treatment") if n in values and values[n] is not None}
        return replace(self, **{**values, **flags})  # pyright: ignore[reportArgumentType]

    def check(self, sites: Sequence[str]) -> None:
        """Raises UsageError where a value is impossible in a world with these sites."""
        for name in ("site", "scanner"):
            place = getattr(self, name)
            if place is not None and place not in sites:
                raise UsageError(f"do({name}=...) names one of the sites, got {place!r}. {did_you_mean(place, sites)}")


NAMES: tuple[str, ...] = tuple(f.name for f in fields(Interventions))


def interventions_from_texts(texts: Sequence[str]) -> dict[str, object]:
    """Parses `name=value` texts of a command line into values for `World.do`.

    Raises:
        UsageError: A text has no `=`, an unknown name, the same name as another, or a value that its variable cannot have.
    """
    values: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                f"Interventions are written name=value, for instance oa=0; got {text!r}. A folder goes first."
            )
        if name in values:
            raise UsageError(f"do({name}=...) is given twice; keep one.")
        if name not in NAMES:
            raise UsageError(f"There is no intervention do({name}=...). {did_you_mean(name, NAMES)}")
        if name in ("site", "scanner"):
            values[name] = value
            continue
        try:
            values[name] = float(value)
        except ValueError:
            raise UsageError(f"do({name}=...) takes a number, for instance {name}=0; got {value!r}.") from None
        if name in ("fm", "treatment") and values[name] not in (0.0, 1.0):
            raise UsageError(f"do({name}=...) is 0 (nobody) or 1 (everybody); got {value!r}.")
    return values
