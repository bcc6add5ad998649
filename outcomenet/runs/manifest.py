"""MANIFEST.json: the SHA-256 of every file of a run, written last."""

from __future__ import annotations

from pathlib import Path

from outcomenet import artifacts


def write_manifest(run: Path) -> Path:
    """Hashes every file below `run` except the manifest itself."""
    return artifacts.write_manifest(run)
