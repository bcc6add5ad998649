"""The world of a simulated cohort, built again from the coefficients that lie beside it in `truth/effects.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from outcomenet.errors import DataRefused
from outcomenet.simulation.laboratory import Laboratory
from outcomenet.simulation.world import COEFFICIENTS, World


def world_of_effects(effects: Mapping[str, Any]) -> World:
    """The world, its interventions included; DataRefused names the coefficients that are not there.

    >>> from outcomenet.simulation.truth import effects
    >>> world_of_effects(effects(World().do(oa=0), seed=3)) == World().do(oa=0)
    True
    """
    missing = [name for name in COEFFICIENTS if name not in effects]
    if missing:
        raise DataRefused(
            f"effects.json lacks {', '.join(missing[:5])}{', ...' * (len(missing) > 5)} ({len(missing)} of "
            f"{len(COEFFICIENTS)} coefficients): the cohort was simulated by another version; simulate it again."
        )
    values = {name: tuple(v) if isinstance(v := effects[name], list) else v for name in COEFFICIENTS}
    return World(**values).do(**effects.get("interventions", {}))


def laboratory_of_truth(truth: Path, patients: tuple[int, ...]) -> Laboratory:
    """The patients with these indices of the cohort whose folder `truth/` this is."""
    file = truth / "effects.json"
    if not file.is_file():
        raise DataRefused(
            f"{truth} holds no effects.json, so the world cannot be built again; simulate the cohort anew."
        )
    effects = json.loads(file.read_text(encoding="utf-8"))
    if "seed" not in effects:
        raise DataRefused(
            f"{file} does not hold the world's seed: the cohort was simulated by another version; simulate it again."
        )
    return Laboratory(world_of_effects(effects), int(effects["seed"]), patients)
