"""`outcomenet predict`: a trained network is run on the joints of single films; what cannot be scored is flagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from outcomenet.artifacts import MADE, already_made, is_made, note_of, refuse_existing, whole_folder
from outcomenet.csv_files import read_csv, write_csv
from outcomenet.inference.film_inputs import film_inputs
from outcomenet.inference.film_options import NOTHING_SAID, FilmOptions
from outcomenet.inference.limbs import JOINT_COLUMNS, PreparedLimb, infer_limbs
from outcomenet.inference.prediction_task import PredictionTask
from outcomenet.inference.prepared_limbs import prepare_film, unread_row
from outcomenet.inference.unlike_joints import without_unlike_joints
from outcomenet.picture_files import write_png
from outcomenet.progress import Progress

FILMS = "films.csv"


def predict_films(
    task: PredictionTask,
    films: Sequence[Path],
    out: Path,
    options: FilmOptions = NOTHING_SAID,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Writes films.csv (one row a limb: score, flags), joints.csv (one row a joint) and a sheet of each limb's crops.

    An `out` that this very task made of these very films is left as it is. Joints that the task's judge finds unlike those of the
    pretraining are masked; their rows and their film's remark say so.

    Args:
        task: The network and its crops.
        films: Files, and folders whose files are taken as films by their content.
        out: Folder to write.
        options: Landmarks, spacing and names of the films.
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
    inputs = film_inputs(films, options, progress)
    film_ids = [film.film_id for film in inputs.films]
    of = {"origin": sorted(task.origin.items()), "calibrators": task.calibrators, "spacing_mm": options.spacing_mm}
    note = note_of("predict", inputs.files, **of, landmarks=options.landmarks, films=film_ids)
    if is_made(out, note):
        progress.say(already_made(out))
        file_names = {film.film_id: file.film_id for film, file in zip(inputs.films, inputs.originals, strict=True)}
        table = read_csv(out / FILMS, converters=dict.fromkeys(_text_columns(task.outcomes), str))
        return table.assign(file=table["film_id"].map(file_names))
    rows, joints, files = [], [], []
    with whole_folder(out, note=note) as folder:

        def limbs() -> Iterator[PreparedLimb]:
            for film, original, located in inputs.located(progress):
                prepared = prepare_film(task, film.film_id, located, options.spacing_mm)
                _write_sheets(prepared, film.file_name, folder)
                yield from (replace(limb, file=original.film_id, sheet=None) for limb in prepared)

        for limb, values, of_joints in infer_limbs(
            task.network,
            without_unlike_joints(limbs(), task.judge),
            outcomes=task.outcomes,
            main=task.main_outcome,
            calibrators=task.calibrators,
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
    return [name for name, value in unread_row("", outcomes).items() if isinstance(value, str)]


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
