"""Directed acyclic graphs of causes: d-separation, and the sets of covariates whose adjustment leaves the effect alone.

An effect of exposure on outcome is told from observed data where a set of covariates, none of them caused by the exposure,
blocks every path that enters the exposure by an arrow (back-door criterion: Pearl, Biometrika 1995;82:669).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations

from outcomenet.errors import UsageError, did_you_mean

# More covariates than this have too many subsets to look through, and no figure shows them.
MOST_COVARIATES = 14


@dataclass(frozen=True)
class DirectedGraph:
    """Causes as arrows; a name that stands in no arrow is not in the graph.

    Example:
        >>> graph = DirectedGraph.of("age -> damage; age -> haq; damage -> haq")
        >>> graph.minimal_adjustment_sets("damage", "haq")
        [('age',)]
    """

    arrows: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> DirectedGraph:
        """A graph from text.

        Args:
            text: Chains of names joined by `->`, parted by `;` or line ends: `a -> b -> c; d -> c`.

        Raises:
            UsageError: A part is no chain, or the arrows go in a circle.
        """
        arrows: list[tuple[str, str]] = []
        for part in filter(None, (part.strip() for part in text.replace("\n", ";").split(";"))):
            names = [name.strip() for name in part.split("->")]
            if len(names) < 2 or not all(names):
                raise UsageError(f"The graph has the part {part!r}; write causes as `age -> damage; damage -> haq`.")
            arrows += zip(names, names[1:], strict=False)
        return cls(tuple(dict.fromkeys(arrows)))

    def __post_init__(self) -> None:
        for name in self.names:
            if name in self.descendants(name):
                raise UsageError(
                    f"The graph goes in a circle through {name!r}: nothing can cause itself. Take one arrow out."
                )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name, in the order of the arrows."""
        return tuple(dict.fromkeys(chain.from_iterable(self.arrows)))

    def causes(self, name: str) -> set[str]:
        """Direct causes of a name."""
        return {cause for cause, effect in self.arrows if effect == name}

    def effects(self, name: str) -> set[str]:
        """Direct effects of a name."""
        return {effect for cause, effect in self.arrows if cause == name}

    def descendants(self, name: str) -> set[str]:
        """Everything that a name causes, directly or not."""
        return self._reached(name, self.effects)

    def ancestors(self, name: str) -> set[str]:
        """Everything that causes a name, directly or not."""
        return self._reached(name, self.causes)

    def d_separated(self, one: str, other: str, given: Collection[str] = ()) -> bool:
        """Whether every path between two names is blocked.

        A path is blocked at a given name that is no collider, and at a collider that is not given and causes nothing given
        (Geiger, Verma & Pearl, Networks 1990;20:507: names are reached along open paths).

        Args:
            one: A name of the graph.
            other: Another.
            given: Names that are held fixed.

        Raises:
            UsageError: A name is not in the graph.

        >>> collider = DirectedGraph.of("a -> c; b -> c; c -> d")
        >>> collider.d_separated("a", "b"), collider.d_separated("a", "b", ["d"])
        (True, False)
        """
        for name in (one, other, *given):
            self._expect(name)
        open_colliders = set(given).union(*(self.ancestors(name) for name in given))
        # a name is entered from a cause (down) or from an effect (up), which decides where the path may go on
        waiting, entered = [(one, "up")], set()
        while waiting:
            name, way = waiting.pop()
            if (name, way) in entered:
                continue
            entered.add((name, way))
            if name == other:
                return False
            if name not in given:
                waiting += [(effect, "down") for effect in self.effects(name)]
                if way == "up":
                    waiting += [(cause, "up") for cause in self.causes(name)]
            if way == "down" and name in open_colliders:
                waiting += [(cause, "up") for cause in self.causes(name)]
        return True

    def is_adjustment_set(self, exposure: str, outcome: str, covariates: Collection[str]) -> bool:
        """Whether adjusting for covariates leaves the effect of exposure on outcome alone (back-door criterion).

        Args:
            exposure: The cause that is asked about.
            outcome: The effect that is asked about.
            covariates: Names that are adjusted for.
        """
        if set(covariates) & (self.descendants(exposure) | {exposure, outcome}):
            return False
        # without the exposure's own arrows only the back doors are left
        without = DirectedGraph(tuple(arrow for arrow in self.arrows if arrow[0] != exposure))
        if not {exposure, outcome} <= set(without.names):
            return True
        return without.d_separated(exposure, outcome, [name for name in covariates if name in without.names])

    def minimal_adjustment_sets(
        self, exposure: str, outcome: str, *, observed: Iterable[str] | None = None
    ) -> list[tuple[str, ...]]:
        """Sets of covariates that suffice and of which none can be left out, smallest first.

        Args:
            exposure: The cause that is asked about.
            outcome: The effect that is asked about.
            observed: Names that were measured; None: all.

        Returns:
            Sorted names; empty where nothing that was measured suffices. An empty set says that nothing needs adjusting.

        Raises:
            UsageError: A name is not in the graph, or there are too many covariates to look through.
        """
        self._expect(exposure)
        self._expect(outcome)
        wanted = set(self.names if observed is None else observed)
        candidates = sorted(wanted & set(self.names) - self.descendants(exposure) - {exposure, outcome})
        if len(candidates) > MOST_COVARIATES:
            raise UsageError(
                f"The graph has {len(candidates)} covariates; at most {MOST_COVARIATES} can be looked through."
            )
        found: list[tuple[str, ...]] = []
        for chosen in _subsets(candidates):
            if not any(set(smaller) <= set(chosen) for smaller in found) and self.is_adjustment_set(
                exposure, outcome, chosen
            ):
                found.append(chosen)
        return found

    def _expect(self, name: str) -> None:
        if name not in self.names:
            raise UsageError(f"The graph has no {name!r}. {did_you_mean(name, self.names)}")

    def _reached(self, name: str, step) -> set[str]:
        reached, waiting = set(), [name]
        while waiting:
            further = step(waiting.pop()) - reached
            reached |= further
            waiting += further
        return reached


def _subsets(names: Collection[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
