"""Every structural coefficient of the simulated world, by name, with its unit and where its value comes from.

"calibrated" means: set so that the default world meets the published targets (HAQ median about 1.1 with 10 % zeros,
ARAMIS; pain mean 40, SD 25; SvdH change 1.7 +/- 5.0 a year with 12 % rapid progression, ESPOIR; readers' ICC 0.90,
Bird 2022), never to a model's result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from outcomenet.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class World:
    """Coefficients of the causal model. Latent joint states run from 0 to 1; years and HAQ logits otherwise."""

    # who the patients are
    male_share: float = 0.27  # women are 70-80 % of RA cohorts
    age_mean: float = 56.0  # years
    age_sd: float = 12.5
    duration_mean: float = 7.0  # years since first symptom, exponential; early to established
    rf_share: float = 0.65
    acpa_given_rf: float = 0.85
    acpa_given_no_rf: float = 0.20
    fibromyalgia_share: float = 0.21  # 13-35 % in RA
    fibromyalgia_if_male: float = 0.5  # odds ratio
    sites: tuple[str, ...] = ("A", "B", "C")
    site_shares: tuple[float, ...] = (0.45, 0.35, 0.20)
    visit_gap_years: float = 1.0
    dropout_per_year: float = 0.10  # uninformative
    dropout_per_disability: float = 0.35  # log odds per unit of latent disability: informative
    death_per_year: float = 0.012
    surgery_per_year: float = 0.010  # joint surgery, times severity

    # rheumatoid arthritis in the joints
    seropositive_severity: float = 0.55  # SD of severity
    damage_rate: float = 0.0060  # share of a joint lost per year at average severity; calibrated
    progression_level: float = -2.6  # log rate during follow-up relative to the past: today's treatment; calibrated
    damage_severity: float = 0.80  # log rate per SD of severity; calibrated
    damage_joint: float = 0.85  # log rate per SD of a joint's own susceptibility; calibrated
    damage_narrowing: float = 1.0  # narrowing rate relative to erosion rate
    activity_severity: float = 0.45  # activity per SD of severity
    activity_memory: float = 0.6  # visit-to-visit correlation of disease activity
    swelling_activity: float = 0.9  # logit of a joint's swelling per SD of activity
    swelling_level: float = -1.9  # logit at average activity; about a seventh of the joints
    osteopenia_activity: float = 0.5
    treatment_effect: float = -0.7  # log damage rate under advanced treatment
    treatment_severity: float = 0.8  # log odds of advanced treatment per SD of severity
    hidden_signal: float = 1.0  # strength of what SvdH does not score (swelling, osteopenia, micro-erosion); 0 = none
    hidden_progression: float = 1.3  # log damage rate per SD of a joint's hidden activity
    hidden_function: float = 0.22  # disability per SD of hidden activity over the joints

    # osteoarthritis
    oa_age: float = 0.095  # log odds per year of age; steep after 55
    oa_level: float = -1.6  # log odds of a joint at age 60 and average propensity
    oa_patient: float = 1.3  # SD of a patient's propensity

    # what patients live with: latent disability, in SD of its person noise
    disability_level: float = -0.12  # calibrated to the HAQ median
    disability_damage: float = 0.42  # per SD of function-weighted rheumatoid damage
    disability_activity: float = 0.45
    disability_oa: float = 0.28  # per SD of the osteoarthritis burden
    disability_fibromyalgia: float = 0.92  # calibrated to +0.5-0.6 HAQ
    disability_age: float = 0.016  # per year
    disability_male: float = -0.25
    disability_person: float = 0.80  # SD of what no variable explains, constant within a person
    disability_visit: float = 0.25  # SD from visit to visit
    pain_level: float = -0.62  # logit of the VAS
    pain_spread: float = 1.45  # stretches the logit; calibrated to the VAS's SD
    pain_disability: float = 0.42
    pain_activity: float = 0.40
    pain_oa: float = 0.22
    pain_fibromyalgia: float = 0.85
    pain_person: float = 0.60
    pain_visit: float = 0.45

    # readers
    readers: tuple[str, ...] = ("R1", "R2")
    reader_threshold_sd: float = 0.045  # SD of a reader's own leniency, in shares of a joint
    reader_noise_sd: float = 0.13  # SD of one reading of a damaged site, in shares of a joint; calibrated to ICC 0.90
    reader_memory: float = 0.95  # share of the reading error that returns at the next visit (films read together)

    def with_overrides(self, **overrides: object) -> World:
        """The world with some coefficients replaced; an unknown name raises with the nearest known."""
        known = asdict(self)
        for name in overrides:
            if name not in known:
                raise UsageError(f"The world has no coefficient {name!r}. {did_you_mean(name, known)}")
        return World(**{**known, **overrides})

    def with_texts(self, texts: Sequence[str]) -> World:
        """The world with `name=value` texts from a command line applied; a value must be of its coefficient's kind."""
        overrides: dict[str, object] = {}
        for text in texts:
            name, _, value = text.partition("=")
            old = asdict(self).get(name)
            try:
                overrides[name] = tuple(value.split(",")) if isinstance(old, tuple) else float(value)
            except ValueError:
                raise UsageError(f"Coefficient {name} is a number, for instance {name}={old}; got {value!r}.") from None
        return self.with_overrides(**overrides)


PRESETS: dict[str, World] = {"default": World()}


def preset(name: str) -> World:
    """The named preset; an unknown one raises with the nearest known."""
    if name not in PRESETS:
        raise UsageError(f"There is no preset {name!r}. {did_you_mean(name, PRESETS)}")
    return PRESETS[name]
