"""MANIFEST.json: the SHA-256 of every file of a run, written last."""

from __future__ import annotations

import json
from pathlib import Path

from outcomenet.datasets.dataset import sha256_of

MANIFEST = "MANIFEST.json"


def write_manifest(run: Path) -> Path:
    """Hashes every file below `run` except the manifest itself."""
    files = sorted(f for f in run.rglob("*") if f.is_file() and f != run / MANIFEST)
    digests = {str(file.relative_to(run)): sha256_of(file) for file in files}
    (run / MANIFEST).write_text(json.dumps(digests, indent=1) + "\n")
    return run / MANIFEST
