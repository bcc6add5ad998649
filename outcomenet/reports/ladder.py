"""The ladder of predictors in plain words: what each rung knows, and how figures mark it."""

from __future__ import annotations

from dataclasses import dataclass

from outcomenet.errors import DataRefused, did_you_mean


@dataclass(frozen=True)
class Rung:
    """One predictor: `title` heads its rows, `phrase` names it inside a sentence, `explanation` says what it knows."""

    name: str
    title: str
    phrase: str
    explanation: str
    colour: str
    marker: str


# Colours after Okabe & Ito 2008 (told apart with every common colour-vision deficiency); markers differ as well, so
# that a black-and-white print can be read.
RUNGS: dict[str, Rung] = {
    rung.name: rung
    for rung in (
        Rung(
            "covariates", "Covariates only", "the covariates alone",
            "What is known without any film: age, sex, symptom duration and the like. No joint is looked at.",
            "#767676", "o",
        ),
        Rung(
            "human_total", "Human total score", "the human Sharp/van der Heijde total",
            "The readers' Sharp/van der Heijde (SvdH) total, one number per visit, with the covariates turned "
            "into a prediction by regression.",
            "#0072B2", "s",
        ),
        Rung(
            "human_joints", "Human scores per joint", "the human scores joint by joint",
            "The same readers' grades kept apart by joint, so that a joint may count more or less than in the total; covariates as before.",
            "#56B4E9", "D",
        ),
        Rung(
            "score_mediated", "Film → predicted score", "the score-mediated measure",
            "A network learns to read the SvdH score from the films; only that predicted score goes on to the outcome, with the covariates.",
            "#009E73", "^",
        ),
        Rung(
            "direct", "Film → outcome, unadjusted", "the outcome-direct measure without confounder handling",
            "A network learns the outcome straight from the films; nothing is done about osteoarthritis, fibromyalgia "
            "or the hospital.",
            "#E69F00", "v",
        ),
        Rung(
            "direct_adjusted", "Film → outcome, adjusted", "the outcome-direct measure",
            "The measure this run is about: learned straight from the outcome, with osteoarthritis given its own part "
            "and fibromyalgia and the other covariates kept out of what the films may explain.",
            "#D55E00", "h",
        ),
        Rung(
            "oracle", "Oracle (true joint state)", "the oracle",
            "Knows the true state of every joint, which only a simulation can, and the covariates; the most that joints could tell.",
            "#000000", "*",
        ),
        Rung(
            "clinical_matrix", "Clinical matrix", "the clinical matrix",
            "Beside the ladder, for progression only: the human total, rheumatoid factor, ACPA and C-reactive protein, "
            "which clinicians combine before deciding on treatment.",
            "#CC79A7", "P",
        ),
        Rung(
            "direct_adjusted_coarse", "Film → outcome, human grid", "the outcome-direct measure read as coarsely as the human total",
            "Beside the ladder, for equal granularity: the adjusted measure’s film score cut to the values and frequencies of the human "
            "total, then turned into a prediction by the same kind of regression.",
            "#8B4513", "X",
        ),
    )
}  # fmt: skip

DIRECT = "direct_adjusted"
HUMAN = "human_total"
FROM_FILM = ("score_mediated", "direct", "direct_adjusted")


def rung(name: str) -> Rung:
    """The rung called `name`; an unknown one is refused with the nearest known."""
    if name not in RUNGS:
        raise DataRefused(f"The ladder has no predictor called {name!r}. {did_you_mean(name, RUNGS)}")
    return RUNGS[name]


def in_ladder_order(names: set[str]) -> list[str]:
    """The rungs among `names` from the bottom of the ladder to its top."""
    for name in names:
        rung(name)
    return [name for name in RUNGS if name in names]
