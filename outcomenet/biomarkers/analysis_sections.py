"""The sections of an analysis in their order, made from its inputs, and their numbers compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomenet.biomarkers.analysis_inputs import Inputs
from outcomenet.biomarkers.measure_sections import (
    change_section,
    measurement_error_section,
    reliability_section,
    trial_section,
)
from outcomenet.biomarkers.outcome_sections import (
    added_value_section,
    association_section,
    confounding_section,
    subgroups_section,
)
from outcomenet.biomarkers.patient_sections import (
    distribution_section,
    flow_section,
    question_section,
    table_one_section,
)
from outcomenet.biomarkers.prediction_sections import calibration_section, decision_curve_section, prognosis_section
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.csv_files import as_numbers
from outcomenet.errors import UndefinedMetric


@dataclass(frozen=True)
class SectionKind:
    """One section: its title, the question that it answers, and how it is made."""

    title: str
    asks: str
    make: Callable[[Inputs], Section]


# fmt: off
SECTIONS: Mapping[str, SectionKind] = {
    "question": SectionKind("Question and refusals", "What is estimated, and which adjustment do the assumed causes allow?", question_section),
    "flow": SectionKind("Flow and missing data", "Who is analysed, and what is missing?", flow_section),
    "table_one": SectionKind("Table 1", "Who are the patients?", table_one_section),
    "distribution": SectionKind("Distribution of the score", "How does the score lie in each class of outcome?", distribution_section),
    "reliability": SectionKind("Reliability and agreement", "How well does one reading repeat another?", reliability_section),
    "responsiveness": SectionKind("Can it see change?", "How many patients does a trial need that is judged by its change?", change_section),
    "association": SectionKind("Association", "How do outcomes go with the score, and what is left of it on each rung?", association_section),
    "added_value": SectionKind("Added value", "What does the score tell that the human score and the clinic do not?", added_value_section),
    "prognosis": SectionKind("Prognosis", "What does it tell of progression to come, and what do its rivals?", prognosis_section),
    "calibration": SectionKind("Calibration", "Is what is predicted what is observed, in each hospital too?", calibration_section),
    "decision_curve": SectionKind("Decision curve", "Is deciding by it worth more than treating all or none?", decision_curve_section),
    "trial": SectionKind("Trial", "How many patients per arm, with each measure?", trial_section),
    "measurement_error": SectionKind("Measurement error", "How much flatter does error of the score make its slope?", measurement_error_section),
    "confounding": SectionKind("Confounding", "What of it is owed to osteoarthritis, fibromyalgia or something unmeasured?", confounding_section),
    "subgroups": SectionKind("Subgroups and hospitals", "Is it the same in every group and hospital?", subgroups_section),
}
# fmt: on


def made(kind: SectionKind, inputs: Inputs) -> Section:
    """A section; one that these data do not allow is a refusal in words, and the others go on.

    Args:
        kind: Of `SECTIONS`.
        inputs: Of the analysis.
    """
    try:
        return kind.make(inputs)
    except UndefinedMetric as reason:
        return Section(estimates_frame([]), refusals=(f"{kind.title}: {reason}",))


def estimates_of(sections: Mapping[str, Section]) -> pd.DataFrame:
    """estimates.csv: the rows of all sections in their order.

    Args:
        sections: Finished sections by name.
    """
    return pd.concat([section.estimates for section in sections.values()], ignore_index=True)


def first_difference(one: pd.DataFrame, other: pd.DataFrame, tolerance: float = 1e-9) -> str:
    """Where two tables of estimates differ, in words; empty where they do not.

    Args:
        one: Estimates.
        other: Estimates, such as those of a file.
        tolerance: Relative, for numbers.
    """
    if len(one) != len(other):
        return f"{len(one)} rows against {len(other)}"
    for name in one.columns:
        left, right = one[name].to_numpy(), other[name].to_numpy()
        if pd.api.types.is_numeric_dtype(one[name]):
            left, right = (as_numbers(of[name]).to_numpy() for of in (one, other))
            same = np.isclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True)
        else:
            same = (
                pd.Series(left).fillna("").astype(str).to_numpy() == pd.Series(right).fillna("").astype(str).to_numpy()
            )
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            return f"row {at}, {name}: {left[at]} against {right[at]}"
    return ""
