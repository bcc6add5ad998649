"""Kubernetes manifest of a sweep: a JobSet whose pods are workers, for a queue of Kueue. Written, not submitted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from outcomenet.errors import Preempted
from outcomenet.ranges import Count, Name, check_ranges


@dataclass(frozen=True)
class JobSetOptions:
    """What the pods ask of the cluster."""

    image: Name = "REGISTRY/outcomenet:VERSION"
    """Container image with outcomenet."""
    queue: Name = "default"
    """Local queue of Kueue."""
    claim: Name = "outcomenet"
    """Persistent volume claim that holds data set and sweep; it must know locks (ReadWriteMany over NFSv4, Filestore, Lustre)."""
    mount: Name = "/outcomenet"
    """Where it is mounted; the sweep's folder is below it."""
    pods: Count = 1
    """Pods, each with one worker for each device."""
    gpus: int = 0
    """GPUs of a pod."""
    tpu: str = ""
    """TPU of a pod as accelerator:topology:chips, such as tpu-v5-lite-podslice:2x4:8; empty: none."""
    cores: Count = 4
    """Cores of a pod."""
    memory_gb: Count = 16
    """Memory of a pod."""

    def __post_init__(self) -> None:
        check_ranges(self)


def jobset_text(name: str, folder: str, options: JobSetOptions) -> str:
    """The manifest as YAML.

    A pod that is preempted ends with exit code 4, which counts against nothing and is started again; any other failure counts, and
    trials go on where they stopped.

    Args:
        name: Of the sweep.
        folder: Of the sweep as the pods see it, below `options.mount`.
        options: What the pods ask for.
    """
    selector, resources = _devices(options)
    return _TEXT.format(
        name=re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-"),
        folder=folder,
        preempted=Preempted.exit_code,
        selector=selector,
        resources=resources,
        **{key: getattr(options, key) for key in ("image", "queue", "claim", "mount", "pods")},
    )


def _devices(options: JobSetOptions) -> tuple[str, str]:
    """Node selector and resources, as lines at their depth in the manifest."""
    amounts = {"cpu": f'"{options.cores}"', "memory": f"{options.memory_gb}Gi"}
    labels: dict[str, str] = {}
    if options.tpu:
        accelerator, topology, chips = options.tpu.split(":")
        labels = {"cloud.google.com/gke-tpu-accelerator": accelerator, "cloud.google.com/gke-tpu-topology": topology}
        amounts["google.com/tpu"] = f'"{chips}"'
    elif options.gpus:
        amounts["nvidia.com/gpu"] = f'"{options.gpus}"'
    selector = "".join(f"\n                {key}: {value}" for key, value in labels.items())
    lines = "".join(f"\n                      {key}: {value}" for key, value in amounts.items())
    return (f"\n              nodeSelector:{selector}" if labels else ""), lines


_TEXT = """apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata:
  name: {name}
  labels:
    kueue.x-k8s.io/queue-name: {queue}
spec:
  failurePolicy:
    maxRestarts: 10
  replicatedJobs:
    - name: workers
      replicas: 1
      template:
        spec:
          parallelism: {pods}
          completions: {pods}
          completionMode: Indexed
          backoffLimit: 20
          podFailurePolicy:
            rules:
              - action: Ignore
                onExitCodes:
                  containerName: worker
                  operator: In
                  values: [{preempted}]
              - action: Ignore
                onPodConditions:
                  - type: DisruptionTarget
          template:
            spec:
              restartPolicy: Never
              terminationGracePeriodSeconds: 120{selector}
              containers:
                - name: worker
                  image: {image}
                  command: ["python", "-m", "outcomenet.sweeps.local_launcher", "{folder}"]
                  resources:
                    limits:{resources}
                  volumeMounts:
                    - name: shared
                      mountPath: {mount}
              volumes:
                - name: shared
                  persistentVolumeClaim:
                    claimName: {claim}
"""
