"""Audits run one by one: what one cannot have hides no other, and the sizes that a run sets reach each."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from audited_network import MadeUpNetwork, inputs, undefined

from outcomenet.audits import negative_controls, probes
from outcomenet.audits.findings import Judgement
from outcomenet.audits.network import borders
from outcomenet.audits.network.run_audits import audit_function, run_audit, write_audits
from outcomenet.audits.registry import AUDIT, Need, audits_by_function
from outcomenet.metrics import resampling

SMALL = {"resamples": 37, "permutations": 23, "shuffled_networks": 2, "subgroup_visits": 10, "subgroup_patients": 5}


@pytest.fixture
def run(tmp_path):
    pd.DataFrame({"subgroup": ["all", "women"], "metric": ["r2", "old"]}).to_csv(tmp_path / "metrics.csv", index=False)
    pd.DataFrame({"metric": ["r2"], "reason": ["."]}).to_csv(tmp_path / "undefined_metrics.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(("function", "names"), audits_by_function().items())
def test_every_function_answers_each_of_its_questions(function, names):
    result = run_audit(audit_function(function), names, inputs(MadeUpNetwork(), **SMALL))
    assert sorted(finding.audit for finding in result.findings) == sorted(names)


def test_findings_and_tables_of_a_run_are_written(run):
    findings = write_audits(inputs(MadeUpNetwork(), **SMALL), run)
    assert len(findings) == len(AUDIT)
    assert pd.read_csv(run / "audits.csv")["audit"].tolist() == list(AUDIT)
    assert {file.name for file in run.glob("audit_*.csv")} == {
        f"audit_{name}.csv" for name in (
            "controls", "probes", "score_site", "borders", "interventions", "bias", "sites", "pip", "deletion", "shuffled", "joint_truth"
        )
    }  # fmt: skip
    metrics = pd.read_csv(run / "metrics.csv")
    assert "old" not in set(metrics["metric"])  # of an earlier evaluation
    assert {"all", "women", "men"} <= set(metrics["subgroup"])


def test_an_audit_that_cannot_be_had_hides_no_other(run, monkeypatch):
    monkeypatch.setattr("outcomenet.audits.network.hidden_joints.deletion_changes", undefined)
    monkeypatch.setattr("outcomenet.audits.effect_bias.bias_finding", undefined)
    judged = {finding.audit: finding for finding in write_audits(inputs(MadeUpNetwork(), **SMALL), run)}
    assert judged["deletion"].judgement is judged["bias"].judgement is Judgement.ABSENT
    assert judged["deletion"].finding == "It has no value here."
    assert judged["shuffled"].judgement is not Judgement.ABSENT
    assert not (run / "audit_deletion.csv").exists()
    assert (run / "audit_bias.csv").is_file()  # its numbers are kept, nothing is said of them


@pytest.mark.parametrize(
    ("need", "of_run", "sentence"),
    [
        (Need.NETWORK, {"network": None}, "This run trained no network."),
        (
            Need.SIMULATION, {"network": MadeUpNetwork(), "simulated": False},
            "The truth that this needs is known in simulated cohorts only.",
        ),
    ],
)  # fmt: skip
def test_what_a_run_lacks_is_said_by_every_audit_that_needs_it(run, need, of_run, sentence):
    absent = {f.audit for f in write_audits(inputs(**of_run, **SMALL), run) if f.finding == sentence}
    assert absent == {audit.name for audit in AUDIT.values() if need in audit.needs}


def test_sizes_and_seed_reach_every_bootstrap_and_permutation(run, monkeypatch):
    drawn, permuted = [], []
    blocks, permutations = resampling.weight_blocks, probes.permuted_patients

    def spied_blocks(patients, resamples, seed, **block) -> Iterator:
        drawn.append((resamples, seed))
        return blocks(patients, resamples, seed, **block)

    def spied_permutations(patients, number, seed):
        permuted.append((number, seed))
        return permutations(patients, number, seed)

    monkeypatch.setattr(resampling, "weight_blocks", spied_blocks)
    for module in (probes, negative_controls, borders):
        monkeypatch.setattr(module, "permuted_patients", spied_permutations)
    write_audits(inputs(MadeUpNetwork(), **SMALL), run)
    assert set(drawn) == {(37, 11)}
    assert set(permuted) == {(23, 11)}
