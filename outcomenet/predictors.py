"""The ladder of predictors as one table: what each is, what it knows, and how reports name and mark it.

Whatever else needs a list of predictors derives it from `PREDICTORS`. Their names are those of the prediction table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from outcomenet.errors import DataRefused, did_you_mean

COVARIATES = "covariates"
HUMAN_TOTAL = "human_total"
HUMAN_JOINTS = "human_joints"
SCORE_MEDIATED = "score_mediated"
DIRECT = "direct"
DIRECT_ADJUSTED = "direct_adjusted"
ORACLE = "oracle"
CLINICAL_MATRIX = "clinical_matrix"
DIRECT_ADJUSTED_COARSE = "direct_adjusted_coarse"


@dataclass(frozen=True)
class Predictor:
    """One predictor of the ladder.

    Attributes:
        name: as the prediction table has it.
        title: heads its rows in tables and figures.
        phrase: names it inside a sentence.
        explanation: says what it knows, in a sentence or two.
        colour: of its marks, in hexadecimal notation.
        marker: of its points, as matplotlib names it.
        is_network: whether it is a network that is trained on films, rather than a regression.
        is_adjusted: whether it handles confounders as the experiment says.
        needs_films: whether its prediction is drawn from the films.
        simulation_only: whether it knows what only a simulation can tell.
        beside: whether it stands beside the ladder, as an addition to its rungs.
        in_subgroups: whether audits describe it in subgroups and at hospitals left out.
        compared_with: references of its paired differences in comparisons.csv, the primary one first.
        at_equal_adjustment: references of its paired differences in nested_comparison.csv.
        fair_because: of a rival that sees as much as the measure does, why it is a fair one; empty for the others.
    """

    name: str
    title: str
    phrase: str
    explanation: str
    colour: str
    marker: str
    is_network: bool = False
    is_adjusted: bool = False
    needs_films: bool = False
    simulation_only: bool = False
    beside: bool = False
    in_subgroups: bool = False
    compared_with: tuple[str, ...] = ()
    at_equal_adjustment: tuple[str, ...] = ()
    fair_because: str = ""


# From what anybody knows to what nobody can know; what stands beside the ladder comes last. Colours after Okabe & Ito 2008
# (told apart with every common colour-vision deficiency); markers differ as well, so that a black-and-white print can be read.
PREDICTORS: dict[str, Predictor] = {
    predictor.name: predictor
    for predictor in (
        Predictor(
            COVARIATES, "Covariates only", "the covariates alone",
            "What is known without any film: age, sex, symptom duration and the like. No joint is looked at.",
            "#767676", "o",
            in_subgroups=True,
        ),
        Predictor(
            HUMAN_TOTAL, "Human total score", "the human Sharp/van der Heijde total",
            "The readers' Sharp/van der Heijde (SvdH) total, one number per visit, with the covariates turned "
            "into a prediction by regression.",
            "#0072B2", "s",
            in_subgroups=True, at_equal_adjustment=(COVARIATES,),
        ),
        Predictor(
            HUMAN_JOINTS, "Human scores per joint", "the human scores joint by joint",
            "The same readers' grades kept apart by joint, so that a joint may count more or less than in the total; covariates as before.",
            "#56B4E9", "D",
            fair_because="Human scores kept apart by joint are a fairer rival than their sum.",
        ),
        Predictor(
            SCORE_MEDIATED, "Film → predicted score", "the score-mediated measure",
            "A network learns to read the SvdH score from the films; only that predicted score goes on to the outcome, with the covariates.",
            "#009E73", "^",
            needs_films=True,
            fair_because="The score-mediated measure sees the same films but may only pass on a predicted score, so this comparison "
            "tells learning from the outcome apart from merely reading films more evenly than people do.",
        ),
        Predictor(
            DIRECT, "Film → outcome, unadjusted", "the outcome-direct measure without confounder handling",
            "A network learns the outcome straight from the films; nothing is done about osteoarthritis, fibromyalgia "
            "or the hospital.",
            "#E69F00", "v",
            is_network=True, needs_films=True, in_subgroups=True,
        ),
        Predictor(
            DIRECT_ADJUSTED, "Film → outcome, adjusted", "the outcome-direct measure",
            "The measure this run is about: learned straight from the outcome, with osteoarthritis given its own part "
            "and fibromyalgia and the other covariates kept out of what the films may explain.",
            "#D55E00", "h",
            is_network=True, is_adjusted=True, needs_films=True, in_subgroups=True,
            compared_with=(HUMAN_TOTAL, HUMAN_JOINTS, SCORE_MEDIATED, COVARIATES, DIRECT, CLINICAL_MATRIX),
            at_equal_adjustment=(HUMAN_TOTAL, COVARIATES),
        ),
        Predictor(
            ORACLE, "Oracle (true joint state)", "the oracle",
            "Knows the true state of every joint, which only a simulation can, and the covariates; the most that joints could tell.",
            "#000000", "*",
            simulation_only=True, compared_with=(DIRECT_ADJUSTED,),
        ),
        Predictor(
            CLINICAL_MATRIX, "Clinical matrix", "the clinical matrix",
            "Beside the ladder, for progression only: the human total, rheumatoid factor, ACPA and C-reactive protein, "
            "which clinicians combine before deciding on treatment.",
            "#CC79A7", "P",
            beside=True,
        ),
        Predictor(
            DIRECT_ADJUSTED_COARSE, "Film → outcome, human grid", "the outcome-direct measure read as coarsely as the human total",
            "Beside the ladder, for equal granularity: the adjusted measure’s film score cut to the values and frequencies of the human "
            "total, then turned into a prediction by the same kind of regression.",
            "#8B4513", "X",
            is_adjusted=True, needs_films=True, beside=True,
            compared_with=(HUMAN_TOTAL,), at_equal_adjustment=(HUMAN_TOTAL,),
        ),
    )
}  # fmt: skip


def _names(chosen: Iterator[Predictor]) -> tuple[str, ...]:
    return tuple(predictor.name for predictor in chosen)


# Predictors that are trained on films side by side, from the plain one to the adjusted one.
NETWORKS = _names(p for p in PREDICTORS.values() if p.is_network)
# Rungs of the ladder that draw on films.
FROM_FILM = _names(p for p in PREDICTORS.values() if p.needs_films and not p.beside)
SIMULATION_ONLY = _names(p for p in PREDICTORS.values() if p.simulation_only)
IN_SUBGROUPS = _names(p for p in PREDICTORS.values() if p.in_subgroups)
# Regressions that are fitted again without a hospital; the others are networks, or read by one.
REFITTED = _names(p for p in PREDICTORS.values() if p.in_subgroups and not p.needs_films)
# Rivals that see as much as the measure does, so that a gain over them cannot be one of finer reading alone.
FAIR_RIVALS = _names(p for p in PREDICTORS.values() if p.fair_because)

# (predictor, reference) of the differences in comparisons.csv: the primary one first, what stands beside the ladder last.
PAIRS = tuple(
    sorted(
        ((p.name, reference) for p in PREDICTORS.values() for reference in p.compared_with),
        key=lambda pair: any(PREDICTORS[name].beside for name in pair),
    )
)
# the measure against the human total: `compared_with` names the primary reference first
PRIMARY_PAIR = PAIRS[0]
# Those of nested_comparison.csv: references that know more come first.
PAIRS_AT_EQUAL_ADJUSTMENT = tuple(
    sorted(
        ((p.name, reference) for p in PREDICTORS.values() for reference in p.at_equal_adjustment),
        key=lambda pair: -list(PREDICTORS).index(pair[1]),
    )
)


def predictor(name: str) -> Predictor:
    """The predictor called `name`; an unknown one is refused with the nearest known."""
    if name not in PREDICTORS:
        raise DataRefused(f"The ladder has no predictor called {name!r}. {did_you_mean(name, PREDICTORS)}")
    return PREDICTORS[name]


def in_ladder_order(names: Collection[str]) -> list[str]:
    """The predictors among `names` from the bottom of the ladder to its top; an unknown one is refused."""
    for name in names:
        predictor(name)
    return [name for name in PREDICTORS if name in names]


def measuring_network(names: Collection[str]) -> str | None:
    """The network among `names` whose score is the measure: the most adjusted one; None where there is none."""
    return next((name for name in reversed(NETWORKS) if name in names), None)
