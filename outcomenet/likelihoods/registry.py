"""The likelihood of each kind of outcome. A new kind is a record in `outcome_kinds`, a module here and a line below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from outcomenet.errors import UsageError
from outcomenet.likelihoods.bounded import BoundedOrdinal
from outcomenet.likelihoods.change import Change
from outcomenet.likelihoods.haq_categories import HaqCategories
from outcomenet.likelihoods.inflated import Inflated
from outcomenet.likelihoods.likelihood import Likelihood
from outcomenet.likelihoods.time_to_event import TimeToEvent
from outcomenet.outcome_kinds import BOUNDED_ORDINAL, CATEGORIES, CHANGE, INFLATED, TIME_TO_EVENT
from outcomenet.outcomes import OutcomeSpec

LIKELIHOODS: Mapping[str, Callable[[OutcomeSpec], Likelihood]] = {
    BOUNDED_ORDINAL.name: BoundedOrdinal,
    INFLATED.name: Inflated,
    CATEGORIES.name: HaqCategories,
    CHANGE.name: Change,
    TIME_TO_EVENT.name: TimeToEvent,
}


def likelihood_of(spec: OutcomeSpec) -> Likelihood:
    """The likelihood of an outcome; a kind without one is refused."""
    if spec.kind.name not in LIKELIHOODS:
        raise UsageError(
            f"Outcome {spec.name} is of kind {spec.kind.name}, which has no likelihood; add it to `likelihoods.registry` "
            f"(it knows {', '.join(LIKELIHOODS)})."
        )
    return LIKELIHOODS[spec.kind.name](spec)
