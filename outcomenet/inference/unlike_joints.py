"""Joints of single films that are unlike anything in the encoder's pretraining: flagged, and masked before a network is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from outcomenet.anatomy import JOINTS
from outcomenet.films.quality_flags import FLAGS, UNLIKE, listed
from outcomenet.inference.limbs import LimbJoints, PreparedLimb
from outcomenet.models.embedding_reference import UNLIKE_FROM
from outcomenet.models.joint_distances import JointDistances


def without_unlike_joints(limbs: Iterable[PreparedLimb], judge: JointDistances | None) -> Iterator[PreparedLimb]:
    """Limbs whose unlike joints are not visible to the network that is run next.

    Args:
        limbs: as they were cut.
        judge: tells the joints' distances; None: no joint is judged, and every limb stays as it is.

    Yields:
        Each limb in its order, with the distance of each joint; where joints lie beyond `UNLIKE_FROM`, its row says so.
    """
    limbs = iter(limbs)
    while block := list(islice(limbs, judge.batch if judge else 1)):
        with_joints = [limb.joints for limb in block if limb.joints is not None]
        distances = iter(_distances(judge, with_joints) if judge and with_joints else ())
        for limb in block:
            yield _masked(limb, limb.joints, next(distances)) if judge and limb.joints is not None else limb


def _distances(judge: JointDistances, limbs: Sequence[LimbJoints]) -> np.ndarray:
    return judge.of(np.stack([limb.crops for limb in limbs]), np.stack([limb.present for limb in limbs]))


def _masked(limb: PreparedLimb, joints: LimbJoints, distances: np.ndarray) -> PreparedLimb:
    unlike = distances > UNLIKE_FROM
    joints = replace(joints, present=joints.present & ~unlike, distances=distances)
    if not unlike.any():
        return replace(limb, joints=joints)
    row = {
        **limb.row,
        "joints_seen": int(joints.present.sum()),
        "flags": ";".join(listed([*filter(None, str(limb.row["flags"]).split(";")), UNLIKE])),
        "remark": _remark([JOINTS[n].site for n in np.flatnonzero(unlike)], scored=bool(joints.present.any())),
    }
    return replace(limb, row=row, joints=joints)


def _remark(sites: Sequence[str], *, scored: bool) -> str:
    if not scored:
        return f"{FLAGS[UNLIKE]} No joint is left. Not scored."
    joints = "1 joint is" if len(sites) == 1 else f"{len(sites)} joints are"
    return f"{joints} unlike anything that the encoder was trained on and left out: {', '.join(sites)}."
