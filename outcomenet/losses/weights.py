"""Weights of the parts of a network's loss: one for every declared outcome, and those of the two auxiliary heads."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass

from outcomenet.outcomes import OUTCOMES
from outcomenet.ranges import NotNegative, check_ranges

# A setting for every outcome, so that `--loss-weights.<outcome>` is typed, ranged and known by name on the command line.
_OutcomeWeights: type = make_dataclass(
    "_OutcomeWeights", [(spec.name, NotNegative, spec.loss_weight) for spec in OUTCOMES.values()], frozen=True
)


@dataclass(frozen=True)
class LossWeights(_OutcomeWeights):
    """Weight of each part of a network's loss; each part is a mean negative log-likelihood. 0 switches a part off.

    The outcomes come first, in the order of `outcomes.OUTCOMES` and with the weights declared there.
    """

    osteoarthritis: NotNegative = 4.0
    svdh: NotNegative = 4.0

    def __post_init__(self) -> None:
        check_ranges(self)
