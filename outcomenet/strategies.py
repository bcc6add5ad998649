"""Strategies by which a network handles confounders; they combine freely, and each has its estimand.

A strategy is switched on in `ConfoundingConfig`; what it holds fixed and what it removes stands in `ESTIMANDS`, and goes
into the run's record and report. A covariate that is supplied and used by no strategy is an error, never ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outcomenet.confounders import CONFOUNDERS
from outcomenet.errors import UsageError, did_you_mean
from outcomenet.ranges import CountOrNone, Names, NotNegative, Share, check_ranges

ESTIMANDS: dict[str, str] = {
    "none": "The film's association with the outcome, whatever carries it: confounders are neither fixed nor removed.",
    "outcome_terms": (
        "The film's association with the outcome at fixed covariates: y = film + beta x covariates. Nothing is removed "
        "from the embedding; what film and covariates share goes to whichever fits better. The way for fibromyalgia, "
        "which no film shows."
    ),
    "seen_osteoarthritis": (
        "As above at a fixed osteoarthritis grade as the network itself reads it off the film; the grade's gradient "
        "does not bend towards the outcome."
    ),
    "factorised": (
        "Part of every joint's embedding is for osteoarthritis grades alone; the score is built from the rest. The "
        "osteoarthritis part of an outcome is visible and can be switched off. The rest is not kept from knowing "
        "osteoarthritis: add an adversary for that."
    ),
    "joint_decorrelation": (
        "Takes out of every joint's contribution what goes with its Kellgren-Lawrence grade among joints of its kind "
        "(needs grades in training, none at prediction): the score is the film's beyond osteoarthritis as graded; rheumatoid "
        "disease that goes with osteoarthritis in the same joint is lost too."
    ),
    "conditional_adversary": (
        "Removes from the embedding what tells the confounder among patients with the same outcome (Zhang, AIES 2018): "
        "score and confounder are made independent given the outcome, so a true effect through the outcome may stay."
    ),
    "correlation_adversary": (
        "Removes linear association of the embedding with the confounder, given nothing (Adeli, WACV 2021): what "
        "confounder and disease truly share is lost too."
    ),
    "distance_correlation": (
        "Removes any association of the embedding with the confounder, of whatever form, by a penalty on their distance correlation "
        "(Szekely, Ann Stat 2007); with `reweight` in the population where confounder and outcome do not go together. Without it what "
        "confounder and disease truly share is lost too."
    ),
    "metadata_residual": (
        "Takes out of the embedding what a linear regression on the confounder explains (after Lu, CVPR 2021): the score "
        "is the film's beyond the confounder's mean, which must be known at prediction."
    ),
    "reweight": (
        "Weights patients so that confounder and outcome are uncorrelated in training (inverse probability of the "
        "confounder given the outcome): the association in a population without confounding; nothing is removed."
    ),
    "residualised_outcome": (
        "What the covariates explain alone is taken first and frozen, the film explains the rest: the film's gain beyond "
        "the covariates; what both could explain is the covariates'."
    ),
}


@dataclass(frozen=True)
class ConfoundingConfig:
    """Which strategies are on. Names are of `confounders.CONFOUNDERS`; empty or 0 switches a strategy off."""

    outcome_terms: Names = ()
    seen_osteoarthritis: bool = False
    oa_features: CountOrNone = 0  # numbers of each joint's embedding that are kept for osteoarthritis (factorised)
    joint_decorrelation: NotNegative = 0.0  # weight of the penalty, see `losses.confounding`
    conditional_adversary: Names = ()
    correlation_adversary: Names = ()
    adversary_weight: NotNegative = 0.3
    distance_correlation: Names = ()
    distance_weight: NotNegative = 1.0  # of the penalty, whose value lies between 0 and 1
    # Adversaries from the start are known to stop convergence: share of the steps after which they push the encoder,
    # and the encoder's learning rate from then on as a share of what it would be (0 freezes it).
    adversary_from: Share = 0.5
    encoder_rate_after: Share = 0.3
    metadata_residual: Names = ()
    reweight: Names = ()
    residualised_outcome: bool = False

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in self.names:
            if name not in CONFOUNDERS:
                raise UsageError(f"There is no covariate called {name!r}. {did_you_mean(name, CONFOUNDERS)}")
        if self.residualised_outcome and not self.outcome_terms:
            raise UsageError("residualised_outcome takes out what the outcome_terms explain; name them.")
        for name in self.reweight:
            if not CONFOUNDERS[name].binary:
                raise UsageError(f"confounding.reweight takes yes-or-no confounders; {name} is a number.")

    @property
    def names(self) -> tuple[str, ...]:
        """Every covariate that some strategy uses."""
        used = (
            *self.outcome_terms, *self.conditional_adversary, *self.correlation_adversary, *self.distance_correlation,
            *self.metadata_residual, *self.reweight,
        )  # fmt: skip
        return tuple(dict.fromkeys(used))

    @property
    def adversarial(self) -> bool:
        """Whether a second network tries to tell a confounder from the embedding."""
        return bool(self.conditional_adversary or self.correlation_adversary)

    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies that are on, keys of `ESTIMANDS`."""
        on = {
            "outcome_terms": bool(self.outcome_terms),
            "seen_osteoarthritis": self.seen_osteoarthritis,
            "factorised": self.oa_features > 0,
            "joint_decorrelation": self.joint_decorrelation > 0,
            "conditional_adversary": bool(self.conditional_adversary),
            "correlation_adversary": bool(self.correlation_adversary),
            "distance_correlation": bool(self.distance_correlation),
            "metadata_residual": bool(self.metadata_residual),
            "reweight": bool(self.reweight),
            "residualised_outcome": self.residualised_outcome,
        }
        # "none" is a strategy too, with its own estimand
        return tuple(name for name, active in on.items() if active) or ("none",)

    def in_words(self) -> str:
        """Sentence for whoever uses a score: every covariate that was adjusted for, by its title, and how."""
        by_strategy = (
            (self.outcome_terms, "held fixed by terms of their own, which are no part of it: {}"),
            (self.conditional_adversary, "removed from the embedding given the outcome: {}"),
            (self.correlation_adversary, "removed from the embedding: {}"),
            (self.distance_correlation, "made independent of the embedding by their distance correlation: {}"),
            (self.metadata_residual, "regressed out of the embedding: {}"),
            (self.reweight, "balanced against the outcome by weights: {}"),
        )
        sentences = [
            words.format(", ".join(CONFOUNDERS[n].title for n in names)) for names, words in by_strategy if names
        ]
        for on, words in (
            (self.residualised_outcome, "what these explain alone was taken first"),
            (
                self.seen_osteoarthritis,
                "the osteoarthritis grade that the network itself reads off the film is held fixed",
            ),
            (self.oa_features > 0, "part of each joint's embedding is kept for osteoarthritis"),
            (
                self.joint_decorrelation > 0,
                "what goes with a joint's Kellgren-Lawrence grade is taken out of its contribution",
            ),
        ):
            sentences += [words] if on else []
        return f"Adjusted: {'; '.join(sentences)}." if sentences else "Nothing was adjusted for."

    def check_embedding(self, width: int) -> None:
        """Raises UsageError where as many numbers of a joint's embedding as it has, `width`, are kept for osteoarthritis."""
        if self.oa_features >= width:
            raise UsageError(
                f"confounding.oa_features must be below the embedding's {width} numbers, got {self.oa_features}."
            )

    def check_supplied(self, covariates: Sequence[str]) -> None:
        """Raises UsageError where a used covariate is not supplied, or a supplied one is used by no strategy."""
        for name in self.names:
            if name not in covariates:
                raise UsageError(
                    f"confounding uses {name!r}, which is not among the experiment's covariates. "
                    f"{did_you_mean(name, covariates)}"
                )
        for name in covariates:
            if name not in self.names:
                raise UsageError(
                    f"Covariate {name!r} is supplied but no confounding strategy uses it; add it to "
                    "confounding.outcome_terms (or another strategy), or leave it out of `covariates`."
                )


NO_HANDLING = ConfoundingConfig()
