"""An outcome that a data set does not know is refused before training; one that few patients have is noted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.datasets.known_outcomes import check_outcomes
from outcomenet.errors import DataRefused


def visits(patients: int = 100, **columns) -> pd.DataFrame:
    """Two visits a patient; HAQ rises with the visit's number."""
    n = 2 * patients
    table = pd.DataFrame(
        {"patient_id": np.repeat([f"P{i}" for i in range(patients)], 2), "haq": np.arange(n) * 3.0 / n}
    )
    table = table.assign(haq_by_category=table["haq"], pain=50.0 + np.arange(n) % 7)
    table = table.assign(progression_start=400.0, progression_end=np.inf, progression_cause=-1.0)
    table.loc[: n // 2, ["progression_start", "progression_end", "progression_cause"]] = (0.0, 300.0, 0.0)
    return table.assign(**columns)


ALL = ("haq", "pain", "haq_by_category", "progression")


def test_outcomes_that_many_patients_have_say_nothing():
    assert check_outcomes(ALL, visits(), visits(40)) == []


@pytest.mark.parametrize("name", ["haq", "pain", "haq_by_category"])
def test_no_value_one_patient_and_one_value_are_refused(name):
    table = visits()
    with pytest.raises(
        DataRefused, match=f"known for no training patient.* Take {name} out of the experiment's outcomes"
    ):
        check_outcomes([name], table.assign(**{name: np.nan}), table)
    one = table.assign(**{name: table[name].where(table["patient_id"] == "P3")})
    with pytest.raises(DataRefused, match="known for one training patient; two are the least"):
        check_outcomes([name], one, table)
    with pytest.raises(DataRefused, match="is 1 at every visit of all 100 training patients"):
        check_outcomes([name], table.assign(**{name: 1.0}), table)


def test_an_event_without_any_follow_up_or_that_nobody_had_is_refused():
    nothing = visits(progression_start=0.0, progression_end=np.inf, progression_cause=-1.0)
    with pytest.raises(DataRefused, match="known for no training patient"):
        check_outcomes(["progression"], nothing, visits())
    free = visits(progression_start=400.0, progression_end=np.inf, progression_cause=-1.0)
    died = visits(progression_start=0.0, progression_end=300.0, progression_cause=1.0)
    for table in (free, died):
        with pytest.raises(
            DataRefused, match="was seen in none of 100 training patients.* Take progression out of the experiment's"
        ):
            check_outcomes(["progression"], table, visits())


@pytest.mark.parametrize(("events", "who"), [(1, "one training patient"), (19, "19 training patients")])
def test_an_event_that_few_had_is_noted(events, who):
    table = visits(progression_start=400.0, progression_end=np.inf, progression_cause=-1.0)
    table.loc[: 2 * events - 1, ["progression_start", "progression_end", "progression_cause"]] = (0.0, 300.0, 0.0)
    (note,) = check_outcomes(["progression"], table, visits())
    assert f"was seen in only {who} (under 20)" in note


def test_few_patients_are_noted_with_the_number_below_which():
    notes = check_outcomes(["haq"], visits(49), visits(19))
    assert "HAQ-DI is known for only 49 training patients (under 50)" in notes[0]
    assert "HAQ-DI is known for only 19 held-out patients (under 20): its results are mostly chance" in notes[1]
    (note,) = check_outcomes(["haq"], visits(), visits().assign(haq=np.nan))
    assert "only 0 held-out patients (under 20): cannot be judged here" in note
