"""Columns that look like another unit: as a whole or at one hospital, never in simulated or real mild cohorts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from outcomenet.cohorts.checks.unit_checks import SUSPICIONS, suspected_units
from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.contracts import TABLES, absent_table, read_table
from outcomenet.cohorts.faults import CohortRefused, Fault
from outcomenet.cohorts.meta import KEYS, read_meta
from outcomenet.outcomes import REPORTED
from tests.cohorts.breaking import both, many_measurements, many_visits, text, toml

RAPPORT = Path(__file__).parents[2] / "data" / "rapport_long_coarse.csv"


def suspected(folder: Path) -> list[Fault]:
    """The faults of units alone, of a cohort taken as real."""
    meta, faults = read_meta(folder / "cohort.toml")
    assert meta is not None, faults
    tables = {}
    for table in TABLES:
        path = folder / table.file
        tables[table.file], _ = read_table(path, table) if path.exists() else absent_table(table)
    return suspected_units(tables, replace(meta, simulated=False))


DECLARED = {
    'crp_unit = "mg/L"': many_visits("crp", [0.1, 0.3, 0.8, 0.05, 1.5]),
    **{f'{spec.name}_range = "0-100"': many_visits(spec.name, [3, 4, 7, 8]) for spec in REPORTED},
    'symptom_months_unit = "months"': many_visits("symptom_months", [0.5, 1, 2.5]),
    'duration_unit = "years"': many_measurements("duration", [33, 36, 41]),
    'pixel_spacing_unit = "mm"': text("films.csv", "f2.png,0.2", "f2.png,0.02"),
}


@pytest.mark.parametrize("line", DECLARED)
def test_a_declared_unit_is_taken_as_it_is(line, cohort_folder):
    DECLARED[line](cohort_folder)
    with pytest.raises(CohortRefused, match=f"write {line} in cohort.toml"):
        read_cohort(cohort_folder)
    toml(line)(cohort_folder)
    assert len(read_cohort(cohort_folder).visits) >= 4


def test_every_suspicion_can_be_settled():
    assert {suspicion.key for suspicion in SUSPICIONS} == {line.split(" = ")[0] for line in DECLARED} <= set(KEYS)


def of_quartiles(low: float, middle: float, high: float, divisor: float = 1.0) -> np.ndarray:
    """Two hundred values of a log-normal distribution with about these quartiles."""
    sigma = np.log(high / low) / (2 * 0.6745)
    return np.random.default_rng(5).lognormal(np.log(middle), sigma, 200) / divisor


def test_few_patients_in_remission_are_not_suspected_by_chance():
    few = np.random.default_rng(0).lognormal(np.log(3.0), 1.19, (400, 40))  # 400 cohorts of 40 patients
    crp = next(suspicion for suspicion in SUSPICIONS if suspicion.column == "crp")
    assert sum(crp.looks_like(values) for values in few) <= 4


@pytest.mark.parametrize(
    ("quartiles", "divisor", "number"),
    [
        # Molander et al., Ann Rheum Dis 2021, Table 1: all patients, in remission, at high activity
        ((2.0, 5.0, 10.0), 1, 0),
        ((1.0, 3.0, 5.0), 1, 0),
        ((7.0, 16.0, 36.0), 1, 0),
        ((2.0, 5.0, 10.0), 10, 1),
        ((1.0, 3.0, 5.0), 10, 1),
        ((7.0, 16.0, 36.0), 10, 1),
    ],
)
def test_crp_of_a_register_in_either_unit(quartiles, divisor, number, cohort_folder):
    many_visits("crp", list(np.round(of_quartiles(*quartiles, divisor), 2)))(cohort_folder)
    assert [fault.column for fault in suspected(cohort_folder)] == ["crp"] * number


def test_what_was_not_detected_says_nothing_of_the_unit(cohort_folder):
    many_visits("crp", [0, 0, 0, 6, 9, 14])(cohort_folder)  # a laboratory that writes 0 for below 5 mg/L
    assert suspected(cohort_folder) == []


def test_one_mistyped_pain_does_not_hide_the_scale(cohort_folder):
    many_visits("pain", [*[5.0] * 39, 80.0])(cohort_folder)
    assert [fault.rule for fault in suspected(cohort_folder)] == ["looks_like_0_to_10"]


def test_nineteen_values_tell_nothing(cohort_folder):
    many_visits("pain", [5, 6, 8])(cohort_folder)
    visits = (cohort_folder / "visits.csv").read_text().splitlines()
    (cohort_folder / "visits.csv").write_text("\n".join(visits[: 1 + 4 + 19]) + "\n")
    assert suspected(cohort_folder) == []


def test_one_hospital_with_another_unit_is_named(cohort_folder):
    rows = [f"P1,X{n},2012-01-{n + 1:02d},{30 + n}" for n in range(30)]
    rows += [f"P3,X{n},2012-01-{n + 1:02d},{n % 10}" for n in range(30)]
    head = "patient_id,visit_id,date,pain"
    (cohort_folder / "visits.csv").write_text("\n".join([head, *rows]) + "\n")
    (fault,) = suspected(cohort_folder)
    assert "values at 'B' that look like 0 to 10 (30 of them, 0 to 9, median 4.5)" in fault.sentence


def test_simulated_cohorts_are_not_asked(cohort_folder):
    both(many_visits("pain", [3, 4]), toml("simulated = true"))(cohort_folder)
    assert [fault.column for fault in suspected(cohort_folder)] == ["pain"]
    assert len(read_cohort(cohort_folder).visits) == 44


@pytest.mark.parametrize("name", ["default", "trial", "early"])
def test_simulated_values_would_not_be_suspected_either(name, tmp_path):
    from outcomenet.localization.geometry import CropGeometry
    from outcomenet.progress import Progress
    from outcomenet.simulation.cohort_folder import simulate_cohort
    from outcomenet.simulation.presets import preset

    simulate_cohort(
        tmp_path / "c", preset(name), patients=40, seed=3, films="none", full_films=0, geometry=CropGeometry(),
        progress=Progress(quiet=True),
    )  # fmt: skip
    assert suspected(tmp_path / "c") == []


def test_the_mild_patients_of_rapport_are_not_suspected(tmp_path):
    from outcomenet.cohorts.importers.rapport import import_rapport

    import_rapport(RAPPORT, tmp_path / "c")
    assert suspected(tmp_path / "c") == []
