"""Joints of single films that are unlike anything in the encoder's pretraining: flagged, and the farthest masked for the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from outcomenet.anatomy import JOINTS
from outcomenet.films.quality_flags import FLAGS, UNLIKE, listed
from outcomenet.inference.limbs import LimbJoints, PreparedLimb
from outcomenet.models.embedding_reference import FALSE_MASKS, UNLIKE_FROM
from outcomenet.models.joint_distances import JointDistances


def without_unlike_joints(limbs: Iterable[PreparedLimb], judge: JointDistances | None) -> Iterator[PreparedLimb]:
    """Limbs whose farthest joints are not visible to the network that is run next.

    Args:
        limbs: as they were cut.
        judge: tells the joints' distances; None: no joint is judged, and every limb stays as it is.

    Yields:
        Each limb in its order, with the distance of each joint; its row says which lie beyond `UNLIKE_FROM`, and which are masked.
    """
    limbs = iter(limbs)
    while block := list(islice(limbs, judge.batch if judge else 1)):
        with_joints = [limb.joints for limb in block if limb.joints is not None]
        distances = iter(_distances(judge, with_joints) if judge and with_joints else ())
        for limb in block:
            if judge is None or limb.joints is None:
                yield limb
            else:
                yield _masked(limb, limb.joints, next(distances), judge.reference.limit(FALSE_MASKS))


def _distances(judge: JointDistances, limbs: Sequence[LimbJoints]) -> np.ndarray:
    return judge.of(np.stack([limb.crops for limb in limbs]), np.stack([limb.present for limb in limbs]))


def _masked(limb: PreparedLimb, joints: LimbJoints, distances: np.ndarray, limit: float) -> PreparedLimb:
    unlike, masked = distances > UNLIKE_FROM, distances > limit
    joints = replace(joints, present=joints.present & ~masked, distances=distances)
    if not unlike.any():
        return replace(limb, joints=joints)
    row = {
        **limb.row,
        "joints_seen": int(joints.present.sum()),
        "flags": ";".join(listed([*filter(None, str(limb.row["flags"]).split(";")), UNLIKE])),
        "remark": _remark(_sites(unlike & ~masked), _sites(masked), scored=bool(joints.present.any())),
    }
    return replace(limb, row=row, joints=joints)


def _sites(joints: np.ndarray) -> list[str]:
    return [JOINTS[number].site for number in np.flatnonzero(joints)]


def _remark(flagged: Sequence[str], masked: Sequence[str], *, scored: bool) -> str:
    if not scored:
        return f"{FLAGS[UNLIKE]} No joint is left. Not scored."
    said = ((flagged, "scored all the same"), (masked, "left out"))
    parts = [f"{', '.join(sites)} ({what})" for sites, what in said if sites]
    return f"Unlike anything that the encoder was trained on: {'; '.join(parts)}."
