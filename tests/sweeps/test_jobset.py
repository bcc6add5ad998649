"""The manifest for Kubernetes: golden text, devices where they belong, and valid YAML of the form that JobSet asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from outcomenet.sweeps.jobset import JobSetOptions, jobset_text

GOLDEN = Path(__file__).parents[1] / "golden/jobset.yaml"
OPTIONS = JobSetOptions(
    image="example.org/outcomenet:0.1", pods=3, tpu="tpu-v5-lite-podslice:2x4:8", cores=24, memory_gb=48
)


def test_the_manifest_is_as_it_was(request: pytest.FixtureRequest):
    text = jobset_text("Human head", "/outcomenet/heads", OPTIONS)

    if request.config.getoption("--golden"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "explain the difference, then write it anew with --golden"


def test_devices_and_exit_codes_stand_where_kubernetes_reads_them():
    chips = {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice", "cloud.google.com/gke-tpu-topology": "2x4"}
    for options, selector, resource in (
        (OPTIONS, chips, ("google.com/tpu", "8")),
        (JobSetOptions(gpus=2), None, ("nvidia.com/gpu", "2")),
        (JobSetOptions(), None, ("cpu", "4")),
    ):  # fmt: skip
        manifest = yaml.safe_load(jobset_text("s", "/outcomenet/s", options))
        (job,) = manifest["spec"]["replicatedJobs"]
        pod = job["template"]["spec"]["template"]["spec"]
        assert pod.get("nodeSelector") == selector
        assert pod["containers"][0]["resources"]["limits"][resource[0]] == resource[1]
        rules = job["template"]["spec"]["podFailurePolicy"]["rules"]
        assert rules[0]["onExitCodes"] == {"containerName": "worker", "operator": "In", "values": [4]}
        assert manifest["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == options.queue
        assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == options.claim
