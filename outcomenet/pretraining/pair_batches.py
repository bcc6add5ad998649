"""Batches of the bank's pairs, each film in a new look, with what is known of its joints as training needs it."""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import numpy as np

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.arrays import Bool, Float, Int, UInt16
from outcomenet.models.joint_states import JOINT_STATES
from outcomenet.models.standardised_crops import LIMBS, standardised
from outcomenet.pretraining.crop_looks import LookRanges, grey_levels, new_look
from outcomenet.pretraining.joint_bank import JointBank, JointPair
from outcomenet.pretraining.scenes import VISITS
from outcomenet.ranges import check_ranges
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH

Batch = dict[str, np.ndarray]
BLOCK = 4  # batches that are drawn together
_STREAM, _HIDDEN_STREAM = 2, 3  # of random numbers, apart from those of the bank's scenes
HIDDEN_CELLS = 8  # a side of a crop, of which half are hidden where the network learns from masked joints
# Joint of each place on the axis of joints or sites, and which axis that is.
_JOINT_OF: dict[str, np.ndarray] = dict.fromkeys(
    ("crops", "hidden", "present", "states", "joint_space_mm", "bites", "same"), np.arange(JOINT_COUNT)
) | {
    "svdh": np.array([site.joint_index for site in SVDH.sites]),
    "kellgren_lawrence": np.array([site.joint_index for site in KELLGREN_LAWRENCE.sites]),
}
_AXIS = dict.fromkeys(_JOINT_OF, 2) | {"same": 1, "svdh": 3, "kellgren_lawrence": 3}


@dataclass(frozen=True)
class PairBatches:
    """Batches that depend on (bank, number) alone."""

    bank: JointBank
    pairs: int  # in a batch
    looks: LookRanges = field(default_factory=LookRanges)

    def __post_init__(self) -> None:
        check_ranges(self)

    def block(self, number: int) -> list[Batch]:
        """`BLOCK` batches whose joints come from all pairs of the block: those of one pair share film, look and disease.

        Args:
            number: Of the block, from 0.

        Returns:
            Batches; crops standardised per limb's film, targets float32, what is not known NaN or -1. A row's joints are
            of different people.
        """
        together = self.pairs * BLOCK
        indices = [n % len(self.bank) for n in range(number * together, (number + 1) * together)]
        # drawing is work for the host also where training runs on an accelerator
        with jax.default_device(jax.devices("cpu")[0]):
            pairs = self.bank.draw(indices)
        rngs = [np.random.default_rng([self.bank.seed, index, _STREAM]) for index in indices]
        examples = [self.example(pair, rng) for pair, rng in zip(pairs, rngs, strict=True)]
        whole = {name: np.stack([example[name] for example in examples]) for name in examples[0]}
        whole["hidden"] = np.stack(
            [_hidden(np.random.default_rng([self.bank.seed, n, _HIDDEN_STREAM])) for n in indices]
        )
        # of each joint another order of the pairs
        order = rngs[0].permuted(np.tile(np.arange(together)[:, None], (1, JOINT_COUNT)), axis=0)
        mixed = {name: _mixed(values, order[:, _JOINT_OF[name]], _AXIS[name]) for name, values in whole.items()}
        return [
            {name: values[n * self.pairs : (n + 1) * self.pairs] for name, values in mixed.items()}
            for n in range(BLOCK)
        ]

    def example(self, pair: JointPair, rng: np.random.Generator) -> Batch:
        """A pair as training takes it.

        Args:
            pair: Of the bank.
            rng: Draws the looks.
        """
        return {
            "crops": np.stack(
                [self._seen(film, present, rng) for film, present in zip(pair.crops, pair.present, strict=True)]
            ),
            "present": pair.present,
            "states": np.stack([getattr(pair.states, name) for name in JOINT_STATES], -1).astype(np.float32),
            "joint_space_mm": pair.joint_space_mm.astype(np.float32),
            "bites": pair.bites.astype(np.float32),
            "svdh": pair.svdh,
            "kellgren_lawrence": pair.kellgren_lawrence,
            "same": np.full(JOINT_COUNT, pair.years == 0, np.float32),
        }

    def _seen(
        self,
        film: UInt16[np.ndarray, "joint height width"],
        present: Bool[np.ndarray, "joint"],
        rng: np.random.Generator,
    ) -> Float[np.ndarray, "joint height width"]:
        looked = grey_levels(film)
        for limb in LIMBS:  # each is a film of its own
            looked[limb] = new_look(looked[limb], present[limb], rng, self.looks)
        return standardised(looked, present)


def _hidden(rng: np.random.Generator) -> Bool[np.ndarray, "visit joint cell cell"]:
    cells = HIDDEN_CELLS**2
    shown = np.tile(np.arange(cells) >= cells // 2, (VISITS, JOINT_COUNT, 1))
    return ~rng.permuted(shown, axis=-1).reshape(VISITS, JOINT_COUNT, HIDDEN_CELLS, HIDDEN_CELLS)


def _mixed(values: np.ndarray, order: Int[np.ndarray, "pair place"], axis: int) -> np.ndarray:
    """Values whose places along an axis come from other pairs.

    Args:
        values: First axis pair.
        order: Of each place, which pair each row is of.
        axis: Of the places.
    """
    moved = np.moveaxis(values, axis, 1)
    return np.ascontiguousarray(np.moveaxis(moved[order, np.arange(order.shape[1])], 1, axis))
