"""Titles and precision of what a cohort measured: by which criteria, with which instrument, in which version."""

from __future__ import annotations

import pandas as pd

from outcomenet.cohorts.covariates import SOURCES
from outcomenet.cohorts.meta import CohortMeta
from outcomenet.confounders import CONFOUNDERS
from outcomenet.outcomes import HAQ, REPORTED

VAS_HALF_WIDTH = 0.5  # a VAS is read in whole millimetres
NRS_HALF_WIDTH = 5.0  # a numeric rating scale from 0 to 10, times 10


def measured_titles(visits: pd.DataFrame, meta: CohortMeta) -> dict[str, str]:
    """Titles for columns of the visit table whose name alone does not say what was measured.

    Args:
        visits: the visit table; fm_source and oa_source say how each visit's label was told.
        meta: the cohort's settings.

    Returns:
        A title by column, for instance `Fibromyalgia (as given)`; columns that need none are absent.
    """
    titles = {
        **{
            spec.name: f"{spec.title} ({meta.scale_of(spec.name) or 'instrument not stated'}; {spec.lower:g}-{spec.upper:g})"
            for spec in REPORTED
        },
        HAQ.name: f"{meta.haq_version} at the visit (0-3)",
    }
    for name in ("fm", "oa"):
        sources = visits[f"{name}_source"].dropna().unique() if f"{name}_source" in visits else []
        if len(sources):
            told = "; ".join(words for source, words in SOURCES.items() if source in set(sources))
            titles[name] = f"{CONFOUNDERS[name].title} ({told})"
    return titles


def reported_half_width(values: pd.Series, scale: str) -> float:
    """Half width of the interval in which a value of pain or another outcome from 0 to 100 is known.

    A numeric rating scale that is declared as such is known to 5 points, unless its values lie between the tens;
    everything else is a visual analogue scale in whole millimetres, known to half a point.

    Args:
        values: From 0 to 100, NaN where missing.
        scale: `pain_scale`, or the key of the other outcome, of cohort.toml; "" where it is not stated.

    Returns:
        Points of 0-100.
    """
    numeric = any(word in scale.lower() for word in ("nrs", "numeric"))
    tens = bool((values.dropna() % 10 == 0).all())
    return NRS_HALF_WIDTH if numeric and tens else VAS_HALF_WIDTH
