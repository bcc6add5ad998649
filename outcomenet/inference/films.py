"""`outcomenet predict`: a trained network is run on the joints of single films; what cannot be scored is flagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from outcomenet.anatomy import JOINT_COUNT, JOINT_INDEX, JOINT_NAMES, Joint, joints_of
from outcomenet.artifacts import MADE, already_made, is_made, note_of, refuse_existing, whole_folder
from outcomenet.cohorts.pseudonyms import Pseudonyms
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.films.film import Film
from outcomenet.films.quality_flags import FLAGS, UNSCORABLE, refusal
from outcomenet.inference.film_risks import no_risks
from outcomenet.inference.limbs import JOINT_COLUMNS, LimbJoints, PreparedLimb, infer_limbs
from outcomenet.inference.visits import CompiledNetwork
from outcomenet.input_pipeline.transforms import CovariateScale
from outcomenet.ladder.calibrators import Calibrators
from outcomenet.localization.crops import Spacing
from outcomenet.localization.film_list import list_films, pseudonymous_films
from outcomenet.localization.geometry import CropGeometry, LimbLengths
from outcomenet.localization.limb_crops import LandmarkedLimb, cut_limb, see_film_without_limb
from outcomenet.localization.localizer import Localizer
from outcomenet.localization.locating import LocatedFilm, locate_films
from outcomenet.localization.matching import match_landmarks
from outcomenet.localization.placed import read_landmarks
from outcomenet.pages.contact_sheet import contact_sheet
from outcomenet.picture_files import write_png
from outcomenet.progress import Progress
from outcomenet.training.rungs import Parameters, RungNetwork

# Limbs that the network is run over together. A limb costs the same in a batch of any size, and one film alone should not
# pay for many.
LIMBS_PER_BATCH = 4


@dataclass(frozen=True)
class PredictionTask:
    """A trained network, and how the films that it learned from were cut."""

    network: CompiledNetwork  # see `film_network`
    geometry: CropGeometry
    lengths: LimbLengths  # of the data set: scale of films without a pixel spacing
    outcomes: tuple[str, ...]
    main_outcome: str  # the one that the films' score is of
    calibrators: Mapping[str, Calibrators] | None  # of this network, by outcome; None before the run is evaluated
    origin: Mapping[str, str]  # by which the same network is known again: run, data, last checkpoint, rung


def film_network(network: RungNetwork, parameters: Parameters) -> CompiledNetwork:
    """A trained network for single films, of whose patients no covariate is known."""
    n = len(network.shape.covariates)
    unknown = CovariateScale(("",) * n, tuple(range(n)), (0.0,) * n, (1.0,) * n)
    return CompiledNetwork(network, parameters, unknown, LIMBS_PER_BATCH)


def predict_films(
    task: PredictionTask,
    films: Sequence[Path],
    out: Path,
    *,
    landmarks: Path | None = None,
    spacing_mm: float | None = None,
    names: Pseudonyms | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Writes films.csv (one row a limb: score, flags), joints.csv (one row a joint) and a sheet of each limb's crops.

    An `out` that this very task made of these very films is left as it is.

    Args:
        task: The network and its crops.
        films: Files, and folders whose files are taken as films by their content.
        out: Folder to write.
        landmarks: landmarks.csv placed by a person. Joints of films without are found; a limb on which that fails is flagged
            and not scored.
        spacing_mm: Millimetres per pixel of all films; None: as each file says, else from the limb's length.
        names: Gives films pseudonyms in everything that is written; None: they are called as their files are, with
            their folders where names meet.
        progress: Where progress is shown.

    Returns:
        The rows of films.csv, with the name of the file (`file`), which is not written. `score` is the part of the film's
        own joints in the biomarker's score, on its latent scale, higher is worse; a patient's score needs all four limbs.
        Risks of events stand as the network gives them and recalibrated (see `film_risks`). A file that is no film has a
        row with its sentence.

    Raises:
        UsageError: `out` holds something else, or there is no film.
        DataRefused: Landmarks belong to no film, or to several, or lie outside theirs.
    """
    if not (out / MADE).is_file():  # one that may be the result of this very call is compared once the films are listed
        refuse_existing(out)
    progress = progress or Progress(quiet=True)
    listed = list_films(films)
    known = pseudonymous_films(listed.films, names) if names else listed.films
    placed = None
    if landmarks is not None:
        placed = match_landmarks(read_landmarks(landmarks), landmarks, listed.films, known)
        for sentence in placed.in_words(landmarks):
            progress.say(sentence)
    if listed.others:
        progress.say(listed.of_others())
    by_hand = placed.limbs if placed else {}
    paths = [film.path for film in known]
    inputs = paths if landmarks is None else [*paths, landmarks]
    of = {"origin": sorted(task.origin.items()), "calibrators": task.calibrators, "spacing_mm": spacing_mm}
    note = note_of("predict", inputs, **of, landmarks=landmarks, films=[film.film_id for film in known])
    if is_made(out, note):
        progress.say(already_made(out))
        files = {film.film_id: own.film_id for film, own in zip(known, listed.films, strict=True)}
        table = read_csv(out / FILMS, converters=dict.fromkeys(_text_columns(task.outcomes), str))
        return table.assign(file=table["film_id"].map(files))
    rows, joints, files = [], [], []
    with whole_folder(out, note=note) as folder:

        def limbs() -> Iterator[PreparedLimb]:
            located_films = locate_films(Localizer(), paths, by_hand, progress=progress)
            for film, original, located in zip(known, listed.films, located_films, strict=True):
                prepared = _prepare_film(task, film.film_id, located, spacing_mm)
                _write_sheets(prepared, film.file_name, folder)
                yield from (replace(limb, file=original.film_id, sheet=None) for limb in prepared)

        for limb, values, of_joints in infer_limbs(
            task.network, limbs(), outcomes=task.outcomes, main=task.main_outcome, calibrators=task.calibrators
        ):
            rows.append({**limb.row, **values})
            joints += of_joints
            files.append(limb.file)
        table = pd.DataFrame(rows)
        write_csv(table, folder / FILMS)
        write_csv(pd.DataFrame(joints, columns=JOINT_COLUMNS), folder / "joints.csv")
    return table.assign(file=files)


def _text_columns(outcomes: Sequence[str]) -> list[str]:
    """Columns of films.csv that hold text, also where it reads as a number or as nothing."""
    return [name for name, value in _unread("", outcomes).items() if isinstance(value, str)]


FILMS = "films.csv"


def _write_sheets(limbs: Sequence[PreparedLimb], file_name: str, folder: Path) -> None:
    """One picture of crops for each limb of a film that was cut."""
    sheets: Counter[str] = Counter()
    for limb in limbs:
        if limb.sheet is None:
            continue
        side = str(limb.row["side"])
        sheets[side] += 1  # two left hands on one film: the second sheet is numbered
        number = f"_{sheets[side]}" if sheets[side] > 1 else ""
        write_png(folder / f"crops_{file_name}_{side}{number}.png", limb.sheet)


def _prepare_film(
    task: PredictionTask, film_id: str, located: LocatedFilm, spacing_mm: float | None
) -> list[PreparedLimb]:
    """Every limb of a film before the network is run; one without joints where there is none."""
    row = _unread(film_id, task.outcomes)
    if located.film is None:
        code = located.refused.code if located.refused else ""
        return [PreparedLimb(row | {"flags": refusal(code), "remark": str(located.refused)})]
    if not located.limbs:
        return [PreparedLimb(row | _not_scored(see_film_without_limb(located.film).flags))]
    spacing = Spacing(spacing_mm, "given") if spacing_mm else None
    return [_prepare_limb(task, row, located.film, limb, spacing) for limb in located.limbs]


def _unread(film_id: str, outcomes: Sequence[str]) -> dict[str, object]:
    """A row of films.csv before anything is known."""
    return {
        "film_id": film_id, "side": "", "region": "", "joints_seen": 0, "score": np.nan, "oa_score": np.nan,
        "svdh_of_film": np.nan, "scale_mm_per_px": np.nan, "scale_source": "", "flags": "", "remark": "",
        **no_risks(outcomes),
    }  # fmt: skip


def _prepare_limb(
    task: PredictionTask, row: dict[str, object], film: Film, limb: LandmarkedLimb, spacing: Spacing | None
) -> PreparedLimb:
    limb_crops = cut_limb(film, limb, task.geometry, spacing=spacing, lengths=task.lengths)
    cut = limb_crops.cut
    row = row | _not_scored(limb_crops.flags) | {"region": str(limb.region)}
    if cut is None:
        return PreparedLimb(row | {"side": "" if limb_crops.uncuttable == "no_direction" else str(limb.side)})
    side = limb.side
    row |= {"side": str(side), "joints_seen": int(cut.present.sum())}
    row |= {"scale_mm_per_px": round(cut.scale.mm_per_px, 5), "scale_source": cut.scale.source}
    crops = np.zeros((JOINT_COUNT, *cut.crops.shape[1:]), np.uint16)
    present = np.zeros(JOINT_COUNT, bool)
    at = [JOINT_INDEX[Joint(side, site).name] for site in joints_of(limb.region)]
    crops[at], present[at] = cut.crops, cut.present
    sheet = contact_sheet(crops, present, JOINT_NAMES, columns=6)
    if row["remark"]:
        return PreparedLimb(row, sheet)
    return PreparedLimb(row, sheet, LimbJoints(crops, present, at, cut.frames.centre))


def _not_scored(flags: Sequence[str]) -> dict[str, str]:
    """The columns `flags` and `remark`; the remark says why a limb is not scored and is empty where it is."""
    reasons = [FLAGS[flag] for flag in flags if flag in UNSCORABLE]
    return {"flags": ";".join(flags), "remark": " ".join([*reasons, "Not scored."]) if reasons else ""}
