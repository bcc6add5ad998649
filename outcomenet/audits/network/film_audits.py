"""Audits of the network whose score is the biomarker: its films, its embedding, its score, its explanations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import numpy as np
import pandas as pd

from outcomenet.audits.borders import audit_borders
from outcomenet.audits.effect_bias import audit_bias, bias_finding
from outcomenet.audits.findings import QUESTIONS, Finding, absent, finding
from outcomenet.audits.interventions import audit_interventions, intervention_findings
from outcomenet.audits.joint_truth import audit_joint_truth, joint_truth_finding
from outcomenet.audits.negative_controls import audit_controls
from outcomenet.audits.network.audit_inputs import embedding_of, first_visits_first, held_out_table, read_borders
from outcomenet.audits.network.audit_task import AuditTask
from outcomenet.audits.network.contributions import Batch, ContributionReader
from outcomenet.audits.network.hidden_joints import HIDDEN, audit_deletion
from outcomenet.audits.network.interventional import redrawable_visits, scores_under_interventions
from outcomenet.audits.network.shuffled_parameters import audit_shuffled, shuffled
from outcomenet.audits.pip_joints import audit_pip_joints, pip_finding
from outcomenet.audits.probes import audit_embedding
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.datasets.manifest import TRUTH
from outcomenet.errors import DataRefused
from outcomenet.inference.visits import FilmReader
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters

# the visits as they are, and in both orders whole and at every step of the deletion curve
READINGS = 1 + 2 * (1 + len(HIDDEN))
DO = tuple(name for name in QUESTIONS if name.startswith("do_"))


def film_audits(
    task: AuditTask, reader: FilmReader, biomarker: pd.DataFrame, run: Path, progress: Progress
) -> list[tuple[Sequence[str], Callable[[], list[Finding]]]]:
    """Audits of the biomarker's network, each with the names of its findings."""
    table = held_out_table(task.dataset, task.facts.visits, biomarker)
    explained = first_visits_first(table, task.sizes.explained_visits)
    redrawn = redrawable_visits(task.dataset, task.sizes.intervention_patients)
    keys, rims, examples = read_borders(
        task.dataset, reader.scale, task.sizes.border_visits, {*explained, *redrawn}, progress
    )

    def borders() -> list[Finding]:
        visits = task.facts.visits.set_index(["patient_id", "visit_id"]).loc[keys].reset_index()
        covariates = visits[list(task.facts.covariates)].astype(float)
        found, said = audit_borders(
            rims, covariates, visits["haq"].to_numpy(float), visits["patient_id"],
            permutations=task.sizes.permutations, **task.chance,
        )  # fmt: skip
        write_csv(found, run / "audit_borders.csv")
        return [said]

    def interventions() -> list[Finding]:
        if not task.dataset.manifest.simulated:
            raise DataRefused("Causes can be set by hand in simulated cohorts only.")
        scores = scores_under_interventions(
            task.dataset, examples, reader, task.sizes, progress, outcome=task.outcomes.index(task.main_outcome)
        )
        found = audit_interventions(scores, **task.chance)
        write_csv(found, run / "audit_interventions.csv")
        return intervention_findings(found, task.sizes.largest_shift)

    return [
        (("probe_fm", "probe_site"), lambda: _probes(task, table, run)),
        (("control_none", "control_site"), lambda: _controls(task, table, run)),
        (("border",), borders),
        (("bias",), lambda: _bias(task, table, run)),
        (("pip",), lambda: _pip(task, table, run)),
        (("joint_truth",), lambda: _joint_truth(task, table, run)),
        (
            ("deletion", "shuffled"),
            lambda: _explanations(task, reader, [examples[key] for key in explained], run, progress),
        ),
        (DO, interventions),
    ]


def _probes(task: AuditTask, table: pd.DataFrame, run: Path) -> list[Finding]:
    embedding = embedding_of(table)
    probes = audit_embedding(
        table, embedding, task.seed, outcome=task.main_outcome, permutations=task.sizes.permutations
    )
    write_csv(probes, run / "audit_probes.csv")
    found = []
    for target, given in (("fm", "age, sex, site"), ("site", "nothing")):
        row = probes[(probes["target"] == target) & (probes["given"] == given)]
        if row.empty or pd.isna(row.iloc[0]["auroc"]):
            reason = (
                row.iloc[0]["reading"].removeprefix("Not computed: ") if len(row) else "The cohort does not record it."
            )
            found.append(absent(f"probe_{target}", reason))
            continue
        one = row.iloc[0]
        chance = f"Chance reaches {one['null_upper']:.2f} on {int(one['n'])} visits."
        found.append(finding(f"probe_{target}", bool(one["auroc"] > one["null_upper"]), f"{one['reading']} {chance}"))
    return found


def _controls(task: AuditTask, table: pd.DataFrame, run: Path) -> list[Finding]:
    found, said = audit_controls(table, embedding_of(table), permutations=task.sizes.permutations, **task.chance)
    write_csv(found, run / "audit_controls.csv")
    return said


def _bias(task: AuditTask, table: pd.DataFrame, run: Path) -> list[Finding]:
    if "ra_part" not in table:
        raise DataRefused("The true effect is known in simulated cohorts only.")
    found = audit_bias(table, **task.chance)
    write_csv(found, run / "audit_bias.csv")
    return [bias_finding(found, task.sizes.largest_bias)]


def _pip(task: AuditTask, table: pd.DataFrame, run: Path) -> list[Finding]:
    found = audit_pip_joints(table, **task.chance)
    write_csv(found, run / "audit_pip.csv")
    return [pip_finding(found)]


def _joint_truth(task: AuditTask, table: pd.DataFrame, run: Path) -> list[Finding]:
    file = task.dataset.folder / TRUTH / "joints.csv"
    if not file.is_file():
        raise DataRefused("The true state of the joints is known in simulated cohorts only.")
    truth = read_csv(file, dtype={"patient_id": str, "visit_id": str})
    found = audit_joint_truth(table, truth, **task.chance)
    write_csv(found, run / "audit_joint_truth.csv")
    return [joint_truth_finding(found)]


def _explanations(task: AuditTask, reader: FilmReader, examples: list, run: Path, progress: Progress) -> list[Finding]:
    batches = [Batch(*batch) for batch in reader.batches(examples)]
    contributions = ContributionReader(reader.network, batches, task.outcomes.index(task.main_outcome))
    progress.start("readings", READINGS + task.sizes.shuffled_networks, "hide joints and shuffle networks")

    def read(parameters: Parameters, visible: np.ndarray) -> np.ndarray:
        progress.advance()
        return contributions.read(parameters, visible)

    shown = contributions.visible
    trained = read(reader.parameters, shown)
    patients = pd.Series([patient for patient, _ in contributions.ids])
    deletion, deleted = audit_deletion(
        lambda hidden: read(reader.parameters, shown & ~hidden).sum(1), trained, patients, **task.chance
    )
    write_csv(deletion, run / "audit_deletion.csv")
    keys = jax.random.split(jax.random.key(task.seed), task.sizes.shuffled_networks)
    correlations, survived = audit_shuffled(trained, [read(shuffled(reader.parameters, key), shown) for key in keys])
    progress.finish()
    write_csv(correlations, run / "audit_shuffled.csv")
    return [deleted, survived]
