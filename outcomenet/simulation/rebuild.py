"""World of a simulated cohort, rebuilt from the coefficients that lie beside it in `truth/effects.json`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from outcomenet.artifacts import read_json_object
from outcomenet.errors import DataRefused
from outcomenet.outcomes import REPORTED
from outcomenet.simulation.laboratory import Laboratory
from outcomenet.simulation.world import COEFFICIENTS, SYMPTOM_COEFFICIENTS, World

# Of later versions: cohorts that lack it have its default.
LATER = ("appearance",)


def world_of_effects(effects: Mapping[str, object]) -> World:
    """The world, its interventions included, from the content of effects.json.

    Raises:
        DataRefused: Coefficients are missing, as of a cohort that another version simulated.

    >>> from outcomenet.simulation.truth import effects
    >>> world_of_effects(effects(World().do(oa=0), seed=3)) == World().do(oa=0)
    True
    """
    unasked = _unasked_symptoms(effects) | {name for name in LATER if name not in effects}
    missing = [name for name in COEFFICIENTS if name not in effects and name not in unasked]
    if missing:
        raise DataRefused(
            f"effects.json lacks {', '.join(missing[:5])}{', ...' * (len(missing) > 5)} ({len(missing)} of "
            f"{len(COEFFICIENTS)} coefficients): the cohort was simulated by another version; simulate it again."
        )
    # JSON has lists where the world has tuples; each coefficient's type is checked when the world is made
    kept = [name for name in COEFFICIENTS if name not in unasked]
    values = {name: tuple(v) if isinstance(v := effects[name], list) else v for name in kept}
    interventions = effects.get("interventions", {})
    if not isinstance(interventions, Mapping):
        raise DataRefused(
            f"effects.json should hold the interventions as an object by name, got {interventions!r:.40}; simulate the cohort "
            "again."
        )
    return World().with_overrides(**values).do(**interventions)


def laboratory_of_truth(truth: Path, patients: tuple[int, ...]) -> Laboratory:
    """Some patients of a simulated cohort, ready for interventions.

    Args:
        truth: The cohort's folder `truth/`.
        patients: Indices of the patients, see `causal.patient_index`.

    Returns:
        The laboratory with the cohort's world and seed.

    Raises:
        DataRefused: effects.json is missing, damaged or from another version.
    """
    file = truth / "effects.json"
    if not file.is_file():
        raise DataRefused(
            f"{truth} holds no effects.json, so the world cannot be built again; simulate the cohort anew."
        )
    effects = read_json_object(file, "simulate the cohort anew")
    if "seed" not in effects:
        raise DataRefused(
            f"{file} does not hold the world's seed: the cohort was simulated by another version; simulate it again."
        )
    return Laboratory(world_of_effects(effects), int(effects["seed"]), patients)


def _unasked_symptoms(effects: Mapping[str, object]) -> set[str]:
    """Coefficients of symptoms that the cohort was simulated without; nothing depends on a symptom, so its defaults do."""
    groups = [{f"{spec.name}_{part}" for part in SYMPTOM_COEFFICIENTS} for spec in REPORTED]
    return {name for group in groups if group.isdisjoint(effects) for name in group}
