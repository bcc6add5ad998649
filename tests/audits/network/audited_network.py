"""A network whose embedding, contributions and films are numbers made up here: audits run on it without JAX."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINTS
from outcomenet.audits.contract import AuditInputs, Key
from outcomenet.audits.score_probes import TRUE_STATES
from outcomenet.audits.sizes import AuditSizes
from outcomenet.errors import UndefinedMetric
from outcomenet.outcomes import outcome
from outcomenet.progress import Progress

PATIENTS = 60


@dataclass(frozen=True)
class MadeUpNetwork:
    worth: np.ndarray = field(default_factory=lambda: np.random.default_rng(1).normal(size=(PATIENTS, len(JOINTS))))

    def held_out(self) -> pd.DataFrame:
        rng = np.random.default_rng(2)
        keys = pd.DataFrame({"patient_id": [f"p{i:02d}" for i in range(PATIENTS)], "visit_id": "V0"})
        joints = pd.DataFrame(self.worth, columns=[f"joint_{joint.name}" for joint in JOINTS])
        embedding = pd.DataFrame(rng.normal(size=(PATIENTS, 4)), columns=[f"z{i:03d}" for i in range(4)])
        parts = ("ra_part", "activity_part", "oa_part", "fm_part", "covariate_part", "expected_haq", "haq")
        facts = pd.DataFrame({name: rng.normal(size=PATIENTS) for name in (*parts, "control_none")})
        marks = {name: np.arange(PATIENTS) // step % 2 for step, name in enumerate(("male", "fm", "oa"), start=1)}
        facts = facts.assign(**marks, age=rng.normal(60, 9, PATIENTS), site="A", score=self.worth.sum(1))
        return pd.concat([keys, facts, joints, embedding], axis=1)

    def true_joints(self) -> pd.DataFrame:
        rng = np.random.default_rng(3)
        sides, sites = [str(joint.side) for joint in JOINTS], [joint.site for joint in JOINTS]
        states = {name: rng.random(PATIENTS * len(JOINTS)) for name in TRUE_STATES}
        return pd.DataFrame(
            {
                "patient_id": np.repeat(self.held_out()["patient_id"], len(JOINTS)).to_numpy(), "visit_id": "V0",
                "side": np.tile(sides, PATIENTS), "site": np.tile(sites, PATIENTS), **states,
            }
        )  # fmt: skip

    def border_features(self) -> tuple[list[Key], np.ndarray]:
        keys = list(zip(self.held_out()["patient_id"], self.held_out()["visit_id"], strict=True))
        return keys, np.random.default_rng(4).normal(size=(PATIENTS, 6))

    def explained_patients(self) -> pd.Series:
        return self.held_out()["patient_id"]

    def contributions(self, hidden: np.ndarray | None = None) -> np.ndarray:
        return self.worth if hidden is None else np.where(hidden, 0.0, self.worth)

    def shuffled_contributions(self, number: int) -> np.ndarray:
        return np.random.default_rng(5 + number).normal(size=self.worth.shape)

    def scores_under_interventions(self) -> pd.DataFrame:
        table = self.held_out()[["patient_id", "visit_id", "score"]]
        return pd.concat([table.assign(intervention=name, value=value) for name, value in (("usual", ""), ("oa", "0"))])


def inputs(network: MadeUpNetwork | None = None, *, simulated: bool = True, **sizes: int) -> AuditInputs:
    """What audits get of a run of 60 patients at one hospital."""
    visits = MadeUpNetwork().held_out().assign(svdh_total=np.arange(PATIENTS, dtype=float), split="test")
    predictions = visits[["patient_id", "visit_id", "site", "split"]].assign(
        predictor="covariates", learned_at="all sites", outcome="haq", horizon=0, prediction=visits["oa"] + visits["age"],
        target=visits["haq"], observed=True,
    )  # fmt: skip
    return AuditInputs(
        outcome=outcome("haq"), covariates=("age", "male"), visits=visits, predictions=predictions, judged="covariates",
        predictions_by_site=lambda: predictions, simulated=simulated, network=network,
        no_network="This run trained no network.", sizes=AuditSizes(**sizes), seed=11, progress=Progress(quiet=True),
    )  # fmt: skip


def undefined(*_: object) -> np.ndarray:
    raise UndefinedMetric("It has no value here.")
