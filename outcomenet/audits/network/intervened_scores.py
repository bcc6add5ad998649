"""Scores of held-out patients of a simulated cohort who were drawn again under interventions."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from outcomenet.audits.contract import Key
from outcomenet.audits.network.intervention_shift import DAMAGE, USUAL
from outcomenet.audits.network.redrawn_films import Filmed, check_rendering, laboratory_of, redrawable_visits
from outcomenet.audits.sizes import AuditSizes
from outcomenet.datasets.dataset import Dataset
from outcomenet.errors import DataRefused
from outcomenet.inference.compiled_network import CompiledNetwork
from outcomenet.input_pipeline.transforms import StoredExample
from outcomenet.progress import Progress
from outcomenet.simulation.laboratory import Laboratory

MODERATE = 0.5


def scores_under_interventions(
    dataset: Dataset,
    held_out: Mapping[Key, StoredExample],
    network: CompiledNetwork,
    sizes: AuditSizes,
    progress: Progress,
    *,
    outcome: int,
) -> pd.DataFrame:
    """Scores of the first held-out visits under each intervention.

    Only visits that were simulated straight to crops can be drawn again pixel by pixel; a few of them are, and compared.

    Args:
        dataset: a simulated data set.
        held_out: example of each held-out visit by (patient_id, visit_id).
        network: is run over the drawn visits.
        sizes: how many patients, and how much damage is set.
        progress: where the work is reported.
        outcome: number of the outcome that the score is of.

    Returns:
        patient_id, visit_id, intervention, value, score; the intervention `usual` is the world as it was.

    Raises:
        DataRefused: no held-out visit was simulated straight to crops, or those drawn again differ from what is stored.
    """
    visits = redrawable_visits(dataset, sizes.intervention_patients)
    if not visits:
        raise DataRefused(
            "No held-out visit was simulated straight to crops; whole films are cut by their landmarks and cannot be "
            "drawn again pixel by pixel."
        )
    examples = [held_out[key] for key in visits]
    laboratory = laboratory_of(dataset, visits)
    check_rendering(laboratory, visits, examples, dataset.manifest.geometry, sizes.verified_visits)
    worlds = _worlds(laboratory, sizes)
    progress.start("visits", len(worlds) * len(visits), "render and read films under interventions")
    filmed = Filmed([world for _, _, world in worlds], visits, examples, dataset.manifest.geometry)
    output = network.infer(network.batches(filmed), progress)
    progress.finish()
    scores = output.contributions[..., outcome].sum(1).reshape(len(worlds), len(visits))
    keys = pd.DataFrame(visits, columns=["patient_id", "visit_id"])
    return pd.concat(
        [keys.assign(intervention=n, value=v, score=s) for (n, v, _), s in zip(worlds, scores, strict=True)],
        ignore_index=True,
    )


def _worlds(usual: Laboratory, sizes: AuditSizes) -> list[tuple[str, str, Laboratory]]:
    """(intervention, value, the same patients under it), the usual world first."""
    values: list[tuple[str, object]] = [("oa", 0.0), ("oa", MODERATE)]
    values += [(name, site) for name in ("site", "scanner") for site in usual.world.sites]
    values += [(DAMAGE, 0.0), (DAMAGE, sizes.intervention_damage)]
    return [(USUAL, "", usual), *((name, str(value), usual.do(**{name: value})) for name, value in values)]
