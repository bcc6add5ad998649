"""Joints of single films that are unlike anything in training: masked, flagged, and said in the remark."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.anatomy import JOINT_COUNT, JOINTS, Side
from outcomenet.inference.limbs import LimbJoints, PreparedLimb
from outcomenet.inference.unlike_joints import without_unlike_joints
from outcomenet.models.embedding_reference import LEVELS, EmbeddingReference
from outcomenet.models.joint_distances import JointDistances

OWN = [number for number, joint in enumerate(JOINTS) if joint.side is Side.LEFT_FOOT]


def limb(name: str) -> PreparedLimb:
    present = np.zeros(JOINT_COUNT, bool)
    present[OWN] = True
    joints = LimbJoints(np.zeros((JOINT_COUNT, 4, 4), np.uint16), present, OWN, np.zeros((len(OWN), 2)))
    return PreparedLimb({"film_id": name, "joints_seen": 6, "flags": "turned", "remark": ""}, joints=joints)


class Judge(JointDistances):
    """Tells that some joints are unlike those of the pretraining, on every film."""

    odd: tuple[int, ...] = ()  # beyond 1, and not so far that they are masked

    def __init__(self, *far: int):
        self.batch, self.far = 2, list(far)
        # the last level's distance is that beyond which a joint is masked
        self.reference = EmbeddingReference(
            np.zeros((JOINT_COUNT, 1)), np.ones((29, 1, 1)), np.linspace(0.4, 1.1, len(LEVELS))
        )

    def of(self, crops, present):
        distances = np.where(present, 0.5, np.nan)
        distances[:, self.far] = 1.2
        return np.where(np.isin(np.arange(JOINT_COUNT), self.odd) & present, 1.05, distances)


def test_nothing_changes_where_no_joint_is_judged():
    limbs = [limb("F1"), PreparedLimb({"film_id": "F2"})]
    assert list(without_unlike_joints(limbs, None)) == limbs


def test_unlike_joints_are_masked_and_named_on_every_film_of_a_batch():
    cut = [limb("F1"), PreparedLimb({"film_id": "F2"}), limb("F3")]
    masked = list(without_unlike_joints(cut, Judge(OWN[0], OWN[2])))
    assert [of.row["film_id"] for of in masked] == ["F1", "F2", "F3"]
    assert masked[1] is cut[1]
    for of in (masked[0], masked[2]):
        assert of.joints.present.sum() == of.row["joints_seen"] == 4
        assert not of.joints.present[[OWN[0], OWN[2]]].any()
        assert of.joints.distances[OWN[1]] == 0.5
        assert of.row["flags"].split(";") == ["turned", "unlike_training"]
        assert of.row["remark"] == "Unlike anything that the encoder was trained on: IP1, MTP2 (left out)."
    assert cut[0].joints.present.sum() == 6  # what was given stays as it was


@pytest.mark.parametrize(
    ("far", "remark"), [((), ""), (OWN[:1], "trained on: IP1 (left out)."), (OWN, "No joint is left. Not scored.")]
)
def test_the_remark_says_what_is_left_out(far, remark):
    (of,) = without_unlike_joints([limb("F1")], Judge(*far))
    assert remark in of.row["remark"]
    assert bool(of.row["remark"]) == bool(len(far))


def test_a_joint_between_both_limits_is_flagged_and_scored():
    """A tenth of nearly destroyed joints lies beyond 1: masking them would mask the disease."""
    judge = Judge(OWN[0])
    judge.odd = (OWN[1],)
    (of,) = without_unlike_joints([limb("F1")], judge)
    assert of.joints.present[OWN].tolist() == [False, *[True] * 5]
    assert of.row["joints_seen"] == 5
    assert of.row["flags"].split(";") == ["turned", "unlike_training"]
    assert of.row["remark"] == (
        "Unlike anything that the encoder was trained on: MTP1 (scored all the same); IP1 (left out)."
    )
