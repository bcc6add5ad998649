"""Discrimination of an event's risk at a horizon: scores, the clinical matrix, and both, on patients not seen in fitting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import combinations

import numpy as np

from outcomenet.biomarkers.cross_fitting import repeated_predictions
from outcomenet.biomarkers.follow_up_study import FollowUpStudy
from outcomenet.biomarkers.number_words import sentence, with_interval
from outcomenet.biomarkers.resampled import noted, numbers, over_resamples, paired_difference
from outcomenet.biomarkers.section import Section, estimates_frame
from outcomenet.errors import UndefinedMetric
from outcomenet.metrics.discrimination import weighted_auroc
from outcomenet.metrics.risk import brier

FEWEST_OF_A_CLASS = 10
CLINICAL = "clinical matrix"

Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
# By name: whether higher is better, and the metric.
METRICS: Mapping[str, tuple[bool, Metric]] = {"AUROC": (True, weighted_auroc), "Brier score": (False, brier)}


def horizon_discrimination(
    data: FollowUpStudy, *, resamples: int, seed: int, folds: int = 10, repeats: int = 3
) -> Section:
    """AUROC and Brier score of the event by the horizon, of each score, of the clinical matrix, and of both together.

    Risks are those of logistic models, each for patients on whom it was not fitted. The AUROC of one score alone takes the
    score as it is: nothing is fitted to rank by it, and risks pooled over folds would rank a weak score below chance, since
    the fold that lost an event predicts less for all (Airola et al., Comput Stat Data Anal 2011;55:1828). Whoever had another event first has not
    had this one; whoever was not watched to the horizon is left out, and counted.

    Args:
        data: The patients.
        resamples: Bootstrap resamples of patients, shared by all models; the models are not refitted in them.
        seed: Of folds and resamples.
        folds: Of the cross-validation.
        repeats: Of the cross-validation, each with other folds; their metrics are averaged.

    Returns:
        Rows of section "discrimination"; differences are the first model minus the second.

    Raises:
        UndefinedMetric: Fewer than `FEWEST_OF_A_CLASS` patients with or without the event at the horizon.
    """
    status = data.status()
    known = np.isfinite(status)
    target, patients = status[known], data.population.patients[known]
    _refuse_few(data, target)
    risks = {
        name: repeated_predictions(
            target, data.design([], columns)[known], patients, binary=True, folds=folds, repeats=repeats, seed=seed
        )
        for name, columns in _models(data).items()
    }
    ranked = risks | {name: [data.design([], [name])[known][name].to_numpy(float)] for name in data.scores}
    counts = {"n_visits": len(target), "n_patients": len(target), "events": int(target.sum())}
    unknown = int((~known).sum())
    note = f"{unknown} of {len(known)} patients left out: not known at the horizon" if unknown else ""
    how = (
        f"logistic, cross-validated by patient ({folds} folds, {repeats} times), the AUROC of one score by the score itself, "
        f"paired bootstrap of {resamples} resamples"
    )
    entry = partial(_row, data, how, counts, note)
    rows, sentences = [], []
    for metric, (higher, measure) in METRICS.items():
        values = {
            name: over_resamples(partial(_mean, measure, target, repeated), patients, resamples=resamples, seed=seed)
            for name, repeated in (ranked if metric == "AUROC" else risks).items()
        }
        rows += [entry(name, "", metric, numbers(value, data.level)) for name, value in values.items()]
        for first, second in _pairs(data, list(risks)):
            difference = paired_difference(values[first] - values[second], data.level, higher_is_better=higher)
            rows.append(entry(first, f"minus {second}", f"difference of {metric}", difference))
            if metric == "AUROC":
                sentences.append(_words(data, first, second, rows[-1], rows))
    return Section(estimates_frame(rows), tuple(sentences) or (_alone(data, rows[0]),))


def _models(data: FollowUpStudy) -> dict[str, list[str]]:
    models = {name: [name] for name in data.scores}
    if data.clinical:
        models[CLINICAL] = list(data.clinical)
        models |= {
            f"{CLINICAL} and {name}": [*data.clinical, name] for name in data.scores if name not in data.clinical
        }
    return models


def _pairs(data: FollowUpStudy, models: list[str]) -> list[tuple[str, str]]:
    """The scores among each other, each against the clinical matrix, and what each adds to it."""
    pairs = list(combinations(data.scores, 2))
    if data.clinical:
        pairs += [(name, CLINICAL) for name in data.scores]
        pairs += [(name, CLINICAL) for name in models if name.startswith(f"{CLINICAL} and ")]
    return pairs


def _refuse_few(data: FollowUpStudy, target: np.ndarray) -> None:
    events, others = int(target.sum()), int((1 - target).sum())
    if min(events, others) < FEWEST_OF_A_CLASS:
        raise UndefinedMetric(
            f"By {data.horizon} after the first film {events} patients have had {data.outcome} and {others} have not; "
            f"discrimination needs {FEWEST_OF_A_CLASS} of each. Choose another horizon."
        )


def _mean(metric: Metric, target: np.ndarray, repeated: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    return np.mean([metric(target, risk, weights) for risk in repeated], axis=0)


def _row(
    data: FollowUpStudy, how: str, counts: Mapping[str, int], note: str, model: str, against: str, term: str,
    values: Mapping[str, object],
) -> dict[str, object]:  # fmt: skip
    entries = {**counts, **values, "note": noted(values.get("note", ""), note)}
    horizon = f"{term} at {data.horizon}"
    unit = term.removeprefix("difference of ")
    return data.row(
        section="discrimination", measure=model, adjustment=against, term=horizon, method=how, unit=unit, **entries
    )


def _words(
    data: FollowUpStudy, first: str, second: str, row: Mapping[str, object], rows: list[dict[str, object]]
) -> str:
    level = {str(one["measure"]): one["estimate"] for one in rows if str(one["term"]).startswith("AUROC")}
    numbers_of = with_interval(*(float(str(row[key])) for key in ("estimate", "lower", "upper")))
    verdict = str(row["note"]).split(";")[0]
    one, other = (f"{_title(data, name)} {float(str(level[name])):.2f}" for name in (first, second))
    return sentence(f"AUROC of {data.outcome} by {data.horizon}: {one}, {other}; difference {numbers_of}: {verdict}")


def _alone(data: FollowUpStudy, row: Mapping[str, object]) -> str:
    """Where there is no rival."""
    found = with_interval(*(float(str(row[key])) for key in ("estimate", "lower", "upper")))
    return sentence(f"AUROC of {data.outcome} by {data.horizon}: {data.title(str(row['measure']))} {found}")


def _title(data: FollowUpStudy, model: str) -> str:
    both = f"{CLINICAL} and "
    return f"{both}{data.title(model.removeprefix(both))}" if model.startswith(both) else data.title(model)
