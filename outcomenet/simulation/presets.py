"""Named worlds, each of which changes the default one for a stated purpose."""

from __future__ import annotations

from outcomenet.errors import UsageError, did_you_mean
from outcomenet.simulation.world import World

DEFAULT = World()
PURPOSES: dict[str, str] = {
    "default": "a hospital cohort of mixed duration that meets every published calibration target",
    "early": "symptoms mostly for under two years: little damage, function hardly follows the films",
    "established": "symptoms for five years and more in nearly all: damage and function are correlated",
    "high_risk": "early disease with a bad outlook, seropositive and active, as observed in ESPOIR",
    "trial": "two arms drawn by lot, one year, more damage at baseline; nobody is left out for low activity",
    "no_hidden_signal": "nothing that SvdH does not score matters; a film model may still win by being less noisy",
    "null": "strict null: outcomes know the joints only through the human total as read, so no film measure can win",
    "heavy_oa": "osteoarthritis in most patients, and it disables",
    "heavy_fm": "fibromyalgia in a third of the patients",
    "site_shift": "hospitals differ in severity and age of their patients",
    "scanner_shortcut": "in training the hospital, and so the scanner, goes with the outcome; in the test split it does not",
    "unseen_films": "bones, bone texture and scanners beyond the ranges that the joint encoder was pretrained on",
}
PRESETS: dict[str, World] = {
    "default": DEFAULT,
    "early": DEFAULT.with_overrides(duration_mean=0.8, age_mean=52.0, progression_level=-3.5),
    "established": DEFAULT.with_overrides(duration_mean=9.0, duration_minimum=5.0, age_mean=60.0),
    "high_risk": DEFAULT.with_overrides(
        duration_mean=0.6, age_mean=52.0, rf_share=0.85, acpa_given_rf=0.95, progression_level=-3.34, progression_activity=0.7
    ),
    "trial": DEFAULT.with_overrides(
        duration_mean=6.0, duration_minimum=1.0, randomised_share=0.5, treatment_effect=-0.7, rf_share=0.8,
        dropout_per_year=0.06, progression_level=-3.8,
    ),
    "no_hidden_signal": DEFAULT.with_overrides(hidden_signal=0.0),
    # activity shows on film as swelling and osteoarthritis as osteophytes, so neither may touch the outcomes; the films
    # stand still, since the score grows by chance
    "null": DEFAULT.with_overrides(
        outcome_source="score_as_read", hidden_signal=0.0, disability_activity=0.0, pain_activity=0.0, disability_oa=0.0,
        pain_oa=0.0, fatigue_activity=0.0, fatigue_oa=0.0, disability_person=0.95, pain_person=0.75, progression_level=-50.0, amputation_share=0.0,
        implant_share=0.0,
    ),
    "heavy_oa": DEFAULT.with_overrides(oa_level=0.0, disability_oa=0.45, age_mean=62.0),
    "heavy_fm": DEFAULT.with_overrides(fibromyalgia_share=0.38, disability_fibromyalgia=1.1),
    "site_shift": DEFAULT.with_overrides(site_by_severity=0.9, site_by_age=0.7),
    "scanner_shortcut": DEFAULT.with_overrides(site_shortcut=2.0),
    "unseen_films": DEFAULT.with_overrides(appearance="unseen"),
}  # fmt: skip
assert PRESETS.keys() == PURPOSES.keys()


def preset(name: str) -> World:
    """The world of a preset.

    Raises:
        UsageError: There is none of that name; the message gives the nearest known.
    """
    if name not in PRESETS:
        raise UsageError(f"There is no preset {name!r}. {did_you_mean(name, PRESETS)}")
    return PRESETS[name]
