"""The stored example of one visit, declared once: what it holds, in which shape, how missing is written, what it means.

Features of the files, the example that intake fills, the empty one of a single film, what a pair takes of its later visit,
types of a batch, card and manifest follow from `FIELDS`. Fields of outcomes are optional: a data set that lacks those of an
outcome serves every question that does not ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from outcomenet.anatomy import JOINT_COUNT
from outcomenet.arrays import Shaped
from outcomenet.outcomes import OUTCOMES
from outcomenet.scoring import KELLGREN_LAWRENCE, SVDH

# Raised when what a data set holds changes, so that an older one is refused and not misread.
FORMAT = 7
EXAMPLES_VERSION = f"{FORMAT}.0.0"  # the folder of the examples, as TFDS names it

VisitKey = tuple[str, str]  # patient_id, visit_id
Example: TypeAlias = dict[str, Any]  # by field: arrays, and texts as bytes once they are read


@dataclass(frozen=True)
class ExampleShape:
    """What the sizes of an example depend on: pixels a side of a crop, covariates, and readers of the human score."""

    crop_size: int
    covariates: int
    readers: int

    def of(self, field: ExampleField) -> tuple[int, ...]:
        """The shape of a field's array; empty for a single number or a text."""
        sizes = {
            "joint": JOINT_COUNT,
            "height": self.crop_size,
            "width": self.crop_size,
            "covariate": self.covariates,
            "reader": self.readers,
            "svdh_site": len(SVDH.sites),
            "kl_site": len(KELLGREN_LAWRENCE.sites),
        }
        return tuple(sizes[axis] for axis in field.axes)


@dataclass(frozen=True)
class ExampleField:
    """One field of the example.

    Attributes:
        name: in the files.
        dtype: numpy's name of the stored type; "text" for a text.
        axes: names of its axes.
        missing: what stands where nothing is known.
        meaning: for the data card; empty where it is a column of the visit table, which has its words.
        in_batch: numpy's name of the type in a batch; empty where a batch has it in another form.
        of_later_visit: whether a pair of visits has that of its later visit too.
        outcome: the outcome that it belongs to; such fields are optional.
        version: of its meaning. Raise it where what is stored changes, and data sets of before are refused where it is needed.
    """

    name: str
    dtype: str
    axes: tuple[str, ...] = ()
    missing: float = 0
    meaning: str = ""
    in_batch: str = ""
    of_later_visit: bool = False
    outcome: str = ""
    version: int = 1


FIELDS: Mapping[str, ExampleField] = {
    field.name: field
    for field in (
        ExampleField(
            "crops", "uint16", ("joint", "height", "width"), of_later_visit=True,
            meaning=f"Crops of the {JOINT_COUNT} joints in canonical order, distal end up, thumb or big toe on the right; "
            "[joint, height, width], 0 where the joint is not there.",
        ),
        ExampleField("present", "uint8", ("joint",), of_later_visit=True, meaning="1 where the joint is on a film."),
        ExampleField("patient_id", "text"),
        ExampleField("visit_id", "text"),
        ExampleField("covariates", "float32", ("covariate",), np.nan, "In this order: {covariates}. NaN: not known."),
        *(
            ExampleField(name, "float32", missing=np.nan, in_batch="float32", outcome=spec.name)
            for spec in OUTCOMES.values()
            for name in spec.fields
        ),
        ExampleField(
            "svdh", "int8", ("reader", "svdh_site"), -1, in_batch="int32", of_later_visit=True,
            meaning="Sharp/van der Heijde grades, [reader, site]; -1: not read.",
        ),
        ExampleField(
            "kellgren_lawrence", "int8", ("kl_site",), -1, in_batch="int32", of_later_visit=True,
            meaning="Kellgren-Lawrence grades by site, mean over readers, rounded; -1: not read.",
        ),
    )
}  # fmt: skip
TARGETS: tuple[str, ...] = tuple(name for name, field in FIELDS.items() if field.outcome)
GRADES: tuple[str, ...] = tuple(name for name, field in FIELDS.items() if field.in_batch and not field.outcome)
# What a pair takes from its later visit, under the name `later_` + the field's.
OF_LATER_VISIT: tuple[str, ...] = tuple(name for name, field in FIELDS.items() if field.of_later_visit)


def nothing_known(shape: ExampleShape) -> dict[str, Shaped[np.ndarray, "*axes"]]:
    """An example without a name of which nothing is known: every array filled with what says missing."""
    return {
        name: np.full(shape.of(field), field.missing, field.dtype)
        for name, field in FIELDS.items()
        if field.dtype != "text"
    }


def as_in_batch(example: Mapping[str, object], name: str) -> Shaped[np.ndarray, "*axes"]:
    """A field of an example in the type that a batch has it in.

    Args:
        example: A stored example, or a part of one.
        name: Of a field with `in_batch`.

    Returns:
        The array in the shape in which it is stored.

    Raises:
        KeyError: There is no such field.
    """
    return np.asarray(example[name], FIELDS[name].in_batch)
