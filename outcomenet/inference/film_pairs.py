"""`outcomenet predict --before --after`: what changed at each joint between two films of a patient, read together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_COUNT, JOINTS
from outcomenet.arrays import Bool, UInt16
from outcomenet.artifacts import MADE, already_made, is_made, note_of, refuse_existing, whole_folder
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.datasets.visit_example import OF_LATER_VISIT, ExampleShape, nothing_known
from outcomenet.errors import UsageError
from outcomenet.inference.film_changes import FilmChanges, film_changes
from outcomenet.inference.film_inputs import film_inputs
from outcomenet.inference.film_options import NOTHING_SAID, FilmOptions
from outcomenet.inference.limbs import PreparedLimb
from outcomenet.inference.prediction_task import PredictionTask
from outcomenet.inference.prepared_limbs import prepare_film
from outcomenet.inference.unlike_joints import without_unlike_joints
from outcomenet.localization.film_list import list_films
from outcomenet.models.joint_states import GRADED_DAMAGE, JOINT_STATES
from outcomenet.progress import Progress

CHANGES = "changes.csv"
COLUMNS = ["side", "site", "what", "unit", "before", "after", "change", "lower", "upper", "beyond_error"]
SUMMARY = ["side", "film_before", "film_after", "joints", "joint_change", "lower", "upper", "beyond_error", "remark"]
WIDE = 1.96  # SDs to either side that hold 95 %


class Half(NamedTuple):
    """All limbs of one date, as a visit has them, and which film each side is on."""

    crops: UInt16[np.ndarray, "joint height width"]
    present: Bool[np.ndarray, "joint"]
    film_of: dict[str, str]  # by side
    remark_of: dict[str, str]  # by side: which joints are masked


def compare_films(
    task: PredictionTask,
    before: Sequence[Path],
    after: Sequence[Path],
    out: Path,
    options: FilmOptions = NOTHING_SAID,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Writes changes.csv (a row for each state of each joint) and films.csv (a row for each limb).

    An `out` that this very task made of these very films is left as it is.

    Args:
        task: A network whose score is built from joint states, and its crops.
        before: Films of the earlier date, of one patient; files, and folders of them.
        after: Films of the later date.
        out: Folder to write.
        options: Landmarks, spacing and names of the films.
        progress: Where progress is shown.

    Returns:
        The rows of films.csv: for each limb that both dates show `joint_change`, the sum over its joints of the change of bone and
        cartilage lost (roots of shares; above 0: more damage), with the bounds of its 95 % interval and whether it is
        beyond the error of two readings (0 is outside). A limb that one date lacks, or that cannot be read, says so.

    Raises:
        UsageError: `out` holds something else, one date has no film, a date shows one side twice, or the network tells no
            joint states.
        DataRefused: Landmarks belong to no film, or to several, or lie outside theirs.
    """
    if not (out / MADE).is_file():
        refuse_existing(out)
    if not task.network.network.config.of_states:
        raise UsageError(
            "Two films are compared joint by joint by a network whose score is built from joint states; this run's is not. Train "
            "one with network.initial pretrained."
        )
    progress = progress or Progress(quiet=True)
    inputs = film_inputs([*before, *after], options, progress)
    earlier = {film.path for film in list_films(before).films}
    of = {"origin": sorted(task.origin.items()), "spacing_mm": options.spacing_mm, "before": sorted(map(str, before))}
    note = note_of(
        "compare", inputs.files, **of, landmarks=options.landmarks, films=[film.film_id for film in inputs.films]
    )
    if is_made(out, note):
        progress.say(already_made(out))
        return read_csv(
            out / "films.csv", converters=dict.fromkeys(("side", "film_before", "film_after", "remark"), str)
        )
    limbs: dict[bool, list[PreparedLimb]] = {True: [], False: []}
    for film, _, located in inputs.located(progress):
        prepared = prepare_film(task, film.film_id, located, options.spacing_mm)
        limbs[film.path in earlier] += without_unlike_joints(prepared, task.judge)
    halves = _half(limbs[True], "earlier", task), _half(limbs[False], "later", task)
    changes = film_changes(task.network, task.network.batches([_example(*halves, task)]))
    assert changes is not None
    with whole_folder(out, note=note) as folder:
        write_csv(pd.DataFrame(_joint_rows(changes), columns=COLUMNS), folder / CHANGES)
        table = pd.DataFrame(_limb_rows(changes, *halves, [*limbs[True], *limbs[False]]), columns=SUMMARY)
        write_csv(table, folder / "films.csv")
    return table


def _half(limbs: Sequence[PreparedLimb], when: str, task: PredictionTask) -> Half:
    size = task.geometry.size_px
    half = Half(np.zeros((JOINT_COUNT, size, size), np.uint16), np.zeros(JOINT_COUNT, bool), {}, {})
    for limb in limbs:
        if limb.joints is None:
            continue
        side, film = str(limb.row["side"]), str(limb.row["film_id"])
        if side in half.film_of:
            raise UsageError(
                f"The {when} date shows {side} on two films, {half.film_of[side]} and {film}; name one of them, of one patient."
            )
        half.film_of[side] = film
        half.remark_of[side] = str(limb.row["remark"])
        half.crops[limb.joints.own] = limb.joints.crops[limb.joints.own]
        half.present[limb.joints.own] = limb.joints.present[limb.joints.own]
    return half


def _example(before: Half, after: Half, task: PredictionTask) -> dict[str, np.ndarray]:
    """A pair of visits of which nothing is known but their films."""
    shape = ExampleShape(task.geometry.size_px, len(task.network.scale.names), readers=1)
    unknown = nothing_known(shape)
    later = {f"later_{name}": unknown[name] for name in OF_LATER_VISIT}
    return {
        **unknown, **later, "crops": before.crops, "present": before.present, "later_crops": after.crops,
        "later_present": after.present, "years": np.asarray(1.0, np.float32),  # the change is that between the films, not a year's
    }  # fmt: skip


def _joint_rows(changes: FilmChanges) -> list[dict[str, object]]:
    rows = []
    for number in np.flatnonzero(changes.visible[0]):
        joint = JOINTS[number]
        for state, name in enumerate(JOINT_STATES):
            of_state = (changes.roots, changes.middle, changes.sd)
            root, middle, sd = (float(values[0, number, state]) for values in of_state)
            # bounds of the root's change, as changes of the share around the middle of both films
            change, lower, upper = (_of_share(middle, root + off * WIDE * sd) for off in (0.0, -1.0, 1.0))
            first, last = (np.clip(middle + half * root, 0.0, 1.0) ** 2 for half in (-0.5, 0.5))
            rows.append(
                _row(joint.side, joint.site, name, "share") | {"before": float(first), "after": float(last)}
                | {"change": change, "lower": lower, "upper": upper, "beyond_error": bool(abs(root) > WIDE * sd)}
            )  # fmt: skip
        space, sd = float(changes.joint_space_mm[0, number]), float(changes.joint_space_sd[0, number])
        rows.append(
            _row(joint.side, joint.site, "joint_space", "mm") | {"change": float(space), "lower": float(space - WIDE * sd)}
            | {"upper": float(space + WIDE * sd), "beyond_error": bool(abs(space) > WIDE * sd)}
        )  # fmt: skip
    return rows


def _row(side: object, site: str, what: str, unit: str) -> dict[str, object]:
    return {"side": str(side), "site": site, "what": what, "unit": unit, "before": np.nan, "after": np.nan}


def _of_share(middle: float, root_change: float) -> float:
    later, earlier = (np.clip(middle + half * root_change, 0.0, 1.0) for half in (0.5, -0.5))
    return float(later**2 - earlier**2)


def _limb_rows(
    changes: FilmChanges, before: Half, after: Half, limbs: Sequence[PreparedLimb]
) -> list[dict[str, object]]:
    at = [JOINT_STATES.index(state) for state in GRADED_DAMAGE]
    rows = []
    for side in dict.fromkeys([*before.film_of, *after.film_of]):
        films = {"side": side, "film_before": before.film_of.get(side, ""), "film_after": after.film_of.get(side, "")}
        own = np.array([str(joint.side) == side for joint in JOINTS]) & changes.visible[0]
        if not all(films.values()) or not own.any():
            rows.append(
                films | {"joints": 0, "remark": "The limb is on the films of one date only: nothing to compare."}
            )
            continue
        change = float(changes.roots[0, own][:, at].sum())
        # errors of joints as if they did not depend on each other: those of one film's looks do a little
        sd = float(np.sqrt((changes.sd[0, own][:, at] ** 2).sum()))
        rows.append(
            films | {"joints": int(own.sum()), "joint_change": change, "lower": change - WIDE * sd}
            | {"upper": change + WIDE * sd, "beyond_error": bool(abs(change) > WIDE * sd), "remark": _remark(before, after, side)}
        )  # fmt: skip
    unread = [limb for limb in limbs if limb.joints is None]
    rows += [
        {"film_before": str(limb.row["film_id"]), "joints": 0, "remark": str(limb.row["remark"])} for limb in unread
    ]
    return rows


def _remark(before: Half, after: Half, side: str) -> str:
    told = {"Earlier film": before.remark_of[side], "Later film": after.remark_of[side]}
    return " ".join(f"{film}: {remark}" for film, remark in told.items() if remark)
