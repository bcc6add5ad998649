"""Structural coefficients of the simulated world, each with its name, its unit and the source of its value.

"calibrated" means: set so that the default world meets the published targets that `simulate --check` prints (HAQ,
ARAMIS; pain; SvdH change, ESPOIR; reader agreement, Bird 2022; smallest detectable change, Navarro-Compan 2014), never
to a model's result. "assumed" means: no source gives the number; its sign and rough size are clinical common sense,
and every one of them can be replaced by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated

from outcomenet.errors import UsageError, did_you_mean
from outcomenet.ranges import Coefficient, Deviation, Filled, NotNegative, Positive, Share, Within, check_ranges
from outcomenet.scoring import SCHEMES
from outcomenet.simulation.interventions import Interventions

READING_MODES = ("single", "paired", "chronological")
SCHEMES_OF_NULL = ("svdh", "sens", "kellgren_lawrence")
# What simulated readers grade; they give no stages (Steinbrocker) and no osteophytes on their own.
READ_FEATURES = {"erosion", "jsn", "larsen", "ratingen", "kl"}
SCHEMES_READ = tuple(
    name for name, scheme in SCHEMES.items() if {site.definition.feature for site in scheme.sites} <= READ_FEATURES
)
OUTCOME_SOURCES = ("joints", "score_as_read")
APPEARANCES = ("usual", "unseen")


@dataclass(frozen=True)
class World:
    """Coefficients of the causal model. Latent joint states run from 0 to 1; years and logits otherwise."""

    # who the patients are
    male_share: Share = 0.27  # women are 70-80 % of RA cohorts
    age_mean: Annotated[float, Within(18, 90)] = 56.0  # years
    age_sd: Annotated[float, Within(0, 40)] = 12.5
    duration_mean: Annotated[float, Within(0, 60)] = (
        7.0  # years since first symptom beyond the minimum, exponential; early to established
    )
    duration_minimum: Annotated[float, Within(0, 60)] = 0.0  # years
    rf_share: Share = 0.65  # rheumatoid factor in RA cohorts, 60-70 %
    acpa_given_rf: Share = 0.85
    acpa_given_no_rf: Share = 0.20
    fibromyalgia_share: Annotated[float, Within(0, 0.95)] = 0.22  # 13-35 % in RA
    fibromyalgia_if_male: Coefficient = 0.5  # odds ratio; assumed
    amputation_share: Share = 0.006  # patients who lost part of a finger; assumed, rare
    sites: Annotated[tuple[str, ...], Filled()] = ("A", "B", "C")
    site_shares: tuple[Share, ...] = (0.45, 0.35, 0.20)
    site_by_severity: Coefficient = 0.0  # SD of a patient's place on the scale of sites per SD of severity: case mix
    site_by_age: Coefficient = 0.0  # the same per SD of age
    site_shortcut: Coefficient = (
        0.0  # the same per SD of unexplained disability, but not for patients of the test split
    )
    control_site_step: Coefficient = 1.5  # negative control: difference between neighbouring sites, points of 0-10
    visits: Annotated[int, Within(1, 100)] = 2  # planned, before drop-out
    visit_gap_years: Annotated[float, Within(0.2, 10)] = 1.0  # films are taken up to 20 days early or late
    dropout_per_year: NotNegative = 0.10  # uninformative; assumed
    dropout_per_disability: Coefficient = 0.35  # log odds per unit of latent disability: informative; assumed
    death_per_year: NotNegative = 0.012  # standardised mortality 1.3-1.5 at a mean age of 56
    surgery_per_year: NotNegative = 0.010  # joint surgery at average severity, times exp(severity / 2)
    implant_share: Share = 0.3  # of joint surgery that replaces a finger joint on the films; assumed

    # rheumatoid arthritis in the joints
    seropositive_severity: Coefficient = 0.55  # SD of severity; double-positive patients progress about twice as fast
    damage_rate: NotNegative = 0.0062  # share of a joint lost per year at average severity; calibrated
    progression_level: Coefficient = (
        -3.07
    )  # log rate during follow-up relative to the past: today's treatment; calibrated
    progression_activity: Coefficient = 0.8  # log rate per SD of activity at the visit before
    damage_severity: Coefficient = 0.80  # log rate per SD of severity; calibrated
    damage_joint: Coefficient = 0.85  # log rate per SD of a joint's own susceptibility; calibrated
    damage_narrowing: Coefficient = 1.0  # narrowing rate relative to erosion rate
    activity_severity: Share = 0.25  # activity per SD of severity
    activity_memory: Share = 0.6  # visit-to-visit correlation of disease activity
    das28_level: Coefficient = 3.3  # at average activity
    das28_activity: Coefficient = 1.0
    das28_fibromyalgia: Coefficient = 0.7  # tender joints and global health (Zammurrad, Int J Rheum Dis 2013)
    das28_noise: Deviation = 0.4
    crp_level: Coefficient = 1.6  # log mg/L at average activity: a median of 5 mg/L
    crp_activity: Coefficient = 0.45  # log C-reactive protein per SD of activity; calibrated to the clinical matrices
    crp_noise: Deviation = 1.0  # SD of the rest of log C-reactive protein
    swelling_activity: Coefficient = 0.9  # logit of a joint's swelling per SD of activity
    swelling_level: Coefficient = -1.9  # logit at average activity; about a seventh of the joints
    swelling_susceptibility: Coefficient = (
        0.5  # logit per log unit of a joint's susceptibility; assumed, as the next two
    )
    swelling_joint: Coefficient = 0.8  # logit per SD of a joint's own tendency, shared with its damage
    swelling_visit: Coefficient = 0.9  # SD of the logit from visit to visit
    hidden_swelling: Coefficient = 0.5  # hidden activity per logit of swelling
    hidden_own: Coefficient = 0.6  # SD of hidden activity that swelling does not show
    # a joint's mean hidden activity, at which the signal leaves its rate alone
    hidden_mean: Annotated[float, Within(-10, 10)] = 0.1
    osteopenia_level: Coefficient = -1.2  # logit of a joint's osteopenia
    osteopenia_activity: Coefficient = 0.5  # logit per SD of hidden activity
    osteopenia_duration: Coefficient = 0.021  # logit per year of symptoms
    micro_erosion_level: Coefficient = -2.0  # logit
    micro_erosion_hidden: Coefficient = 1.2  # logit per SD of hidden activity
    lean_erosion: Coefficient = 0.3  # log dose of bone per SD of a joint's leaning to bone loss
    lean_narrowing: Coefficient = -0.6  # log dose of cartilage per SD of the same
    subluxation_onset: Coefficient = 0.62  # damage at which ligaments give way; late, assumed
    ankylosis_onset: Coefficient = 0.90  # narrowing at which a wrist or finger joint may fuse; late, assumed
    treatment_effect: Coefficient = (
        -0.7
    )  # log damage rate under advanced treatment: about half; activity stays as it is
    treatment_level: Coefficient = -0.8  # log odds of advanced treatment at average severity
    treatment_severity: Coefficient = (
        0.8  # log odds of advanced treatment per SD of severity: confounding by indication
    )
    randomised_share: Share = 0.0  # above 0: a trial's share of patients in the active arm, drawn by lot
    hidden_signal: Deviation = (
        1.0  # strength of what SvdH does not score (swelling, osteopenia, micro-erosion); 0 = none
    )
    hidden_progression: Coefficient = 1.42  # log damage rate per SD of a joint's hidden activity
    hidden_function: Coefficient = 0.22  # disability per SD of hidden activity over the joints

    # replaced entries of the tables by joint in `disease.py` and `disability.py`, for instance MCP2:0.9
    ra_susceptibility: tuple[str, ...] = ()
    oa_susceptibility: tuple[str, ...] = ()
    function_weight: tuple[str, ...] = ()

    # osteoarthritis
    oa_age: Coefficient = 0.095  # log odds per year of age; steep after 55
    oa_level: Coefficient = -1.6  # log odds of a joint at age 60 and average propensity
    oa_patient: Coefficient = 1.3  # SD of a patient's propensity
    oa_joint: Coefficient = 0.9  # SD of a joint's own propensity
    oa_steepness: Positive = 1.6  # logit of a joint's osteoarthritis per unit of propensity
    oa_offset: Coefficient = -0.6  # logit at a propensity of 0
    oa_narrowing_most: Share = 0.65  # share of cartilage lost in full osteoarthritis
    oa_narrowing_power: Positive = 1.6  # narrowing comes after osteophytes
    sclerosis_most: Share = 0.8
    sclerosis_power: Positive = 1.5

    # what patients live with: latent disability, in units of the logistic item response
    outcome_source: str = "joints"  # `score_as_read`: outcomes know the joints only through the readers' mean total
    disability_level: Coefficient = -0.12  # calibrated to the HAQ median
    disability_damage: Coefficient = 0.45  # per SD of function-weighted rheumatoid damage
    disability_activity: Coefficient = 0.45
    disability_oa: Coefficient = 0.22  # per SD of the osteoarthritis burden
    disability_fibromyalgia: Coefficient = 0.92  # calibrated to +0.5-0.6 HAQ
    disability_age: Coefficient = 0.016  # per year
    disability_male: Coefficient = -0.25
    disability_person: Coefficient = 0.80  # SD of what no variable explains, constant within a person
    disability_visit: Coefficient = 0.25  # SD from visit to visit
    implant_relief: Share = 0.5  # share of a joint's lost function that an implant gives back; assumed
    item_noise: Positive = 0.8  # SD of one answer to a HAQ item
    pain_level: Coefficient = -0.62  # logit of the VAS
    pain_spread: Coefficient = 1.45  # stretches the logit; calibrated to the VAS's SD
    pain_disability: Coefficient = 0.42
    pain_activity: Coefficient = 0.40
    pain_oa: Coefficient = 0.22
    pain_fibromyalgia: Coefficient = 0.85
    pain_person: Coefficient = 0.60
    pain_visit: Coefficient = 0.45
    # fatigue: inflammation tells of it and damage hardly does (van Steenbergen et al., RMD Open 2015); its median of 45 mm
    # is calibrated, the sizes of the single causes are assumed
    fatigue_level: Coefficient = -0.33  # logit of the VAS
    fatigue_spread: Coefficient = 1.45
    fatigue_disability: Coefficient = 0.12
    fatigue_activity: Coefficient = 0.35
    fatigue_oa: Coefficient = 0.08
    fatigue_fibromyalgia: Coefficient = 1.00
    fatigue_person: Coefficient = 0.75
    fatigue_visit: Coefficient = 0.45

    # what films look like; `unseen`: bones, texture and scanners beyond those of pretraining, see `unseen_films.py`
    appearance: str = "usual"

    # readers; SDs in shares of a joint, see `readers.py`
    readers: Annotated[tuple[str, ...], Filled()] = ("R1", "R2")
    reading_mode: str = "chronological"
    schemes: Annotated[tuple[str, ...], Filled()] = ("svdh", "kellgren_lawrence")
    reader_leniency: Coefficient = 0.02  # half the difference between the most and the least lenient reader
    reader_drift: Coefficient = 0.0  # leniency gained per year of reading; 0 in a trial that reads all films at once
    reader_patient_sd: Deviation = 0.055  # how a reader tends to read one patient's films; calibrated to ICC 0.90
    reader_session_sd: Deviation = 0.03  # of one sitting; calibrated to the intra-reader ICC
    reader_joint_sd: Deviation = 0.10  # how a reader sees one joint, at every reading
    reader_noise_sd: Deviation = 0.06  # of one reading of one joint; calibrated to the smallest detectable change

    interventions: Interventions = field(default_factory=Interventions)

    def __post_init__(self) -> None:
        check_ranges(self)
        for name, allowed in (
            ("reading_mode", READING_MODES),
            ("outcome_source", OUTCOME_SOURCES),
            ("appearance", APPEARANCES),
        ):
            if getattr(self, name) not in allowed:
                raise UsageError(f"{name} is one of {', '.join(allowed)}; got {getattr(self, name)!r}.")
        for name in self.schemes:
            if name not in SCHEMES_READ:
                raise UsageError(
                    f"Simulated readers use no score scheme called {name!r}. {did_you_mean(name, SCHEMES_READ)}"
                )
        if self.outcome_source == "score_as_read" and not set(self.schemes) <= set(SCHEMES_OF_NULL):
            raise UsageError(
                "Where outcomes follow the score as read, SvdH moves while the films stand still, and no other score of "
                f"damage can agree with it; schemes may be {', '.join(SCHEMES_OF_NULL)}, got {', '.join(self.schemes)}."
            )
        if len(self.site_shares) != len(self.sites) or abs(sum(self.site_shares) - 1) > 1e-6:
            raise UsageError(
                f"site_shares gives each of the {len(self.sites)} sites a share, together 1; got {self.site_shares}."
            )
        self.interventions.check(self.sites)

    def do(self, **values: object) -> World:
        """The same world under interventions, for instance `World().do(oa=0, fm=True)`; see `Interventions`.

        Solved with the same seed it has the same patients with the same noise: only what the intervention causes
        differs. Interventions add up; setting one again replaces it.
        """
        return replace(self, interventions=self.interventions.with_values(**values))

    def coefficients(self) -> dict[str, object]:
        """Every coefficient by name, the interventions left out."""
        return {name: value for name, value in asdict(self).items() if name != "interventions"}

    def with_overrides(self, **overrides: object) -> World:
        """The world with some coefficients replaced.

        Raises:
            UsageError: A name is unknown (the message gives the nearest known) or a value is outside of its range.
        """
        known = self.coefficients()
        for name in overrides:
            if name not in known:
                raise UsageError(f"The world has no coefficient {name!r}. {did_you_mean(name, known)}")
        return replace(self, **overrides)  # pyright: ignore[reportArgumentType]

    def with_texts(self, texts: Sequence[str]) -> World:
        """The world with `name=value` texts from a command line applied, see `values_of`."""
        return self.with_overrides(**self.values_of(texts))

    def values_of(self, texts: Sequence[str]) -> dict[str, object]:
        """Parses `name=value` texts of a command line into coefficients by name; lists are separated by commas.

        Raises:
            UsageError: A text has no value, an unknown name or one that is set twice, or a value of another kind than its
                coefficient's.
        """
        known = self.coefficients()
        overrides: dict[str, object] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if name in overrides:
                raise UsageError(f"Coefficient {name} is set twice; keep one.")
            if name not in known:
                raise UsageError(f"The world has no coefficient {name!r}. {did_you_mean(name, known)}")
            if not equals or not value:
                raise UsageError(
                    f"Coefficients are set as name=value, for instance {name}={known[name]}; got {text!r}."
                )
            overrides[name] = _like(known[name], name, value)
        return overrides


def _like(old: object, name: str, text: str) -> object:
    """The text as a value of the kind of `old`; lists are separated by commas."""
    if isinstance(old, str):
        return text
    if isinstance(old, tuple):
        return tuple(_like(old[0] if old else "", name, part) for part in text.split(","))
    try:
        return int(text) if isinstance(old, int) else float(text)
    except ValueError:
        kind = "a whole number" if isinstance(old, int) else "a number"
        raise UsageError(f"Coefficient {name} is {kind}, for instance {name}={old}; got {text!r}.") from None


# Of each symptom, behind its name: level and spread of the logit, the causes, and SDs of person and visit.
SYMPTOM_COEFFICIENTS = ("level", "spread", "disability", "activity", "oa", "fibromyalgia", "person", "visit")
COEFFICIENTS: tuple[str, ...] = tuple(f.name for f in fields(World) if f.name != "interventions")
