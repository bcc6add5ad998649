"""The plan of an analysis: what is asked of which columns, written as TOML and frozen before outcomes are opened.

Each setting says what it is where it stands, and the template, a run's default plan and the frozen file are written from there.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from outcomenet.artifacts import sha256_of_json
from outcomenet.errors import UsageError, did_you_mean
from outcomenet.predictors import HUMAN_TOTAL
from outcomenet.ranges import Count, CountOrNone, Name, Names, Positive, Resamples, Seed, Share, Within, check_ranges
from outcomenet.runs.config import from_record, to_record

KINDS = ("number", "ordinal", "event")
METRICS = {"number": "r2", "ordinal": "r2", "event": "auroc"}
# A verdict must not hang on the bootstrap's seed: the primary contrast takes no fewer resamples.
FEWEST_PRIMARY_RESAMPLES = 10_000


def _says(words: str, default: Any = None) -> Any:
    """A field with the comment that stands above it in a plan."""
    if isinstance(default, type):
        return field(default_factory=default, metadata={"says": words})
    return field(default=default, metadata={"says": words})


@dataclass(frozen=True)
class Columns:
    """Names of the columns that say whose row it is; an empty name: the table has none."""

    patient: Name = _says("One patient, one name.", "patient_id")
    visit: str = _says("One visit of a patient, one row.", "visit_id")
    years: str = _says("Years since the patient's time zero.", "years")
    planned_visit: str = _says("Number of the planned visit, 0 the first.", "planned_visit")
    site: str = _says("Hospital.", "site")
    treatment: str = _says("Treatment or arm.", "treatment")
    split: str = _says("Split of the network's training.", "split")
    usable: str = _says(
        "False where the network learned from the patient: such rows are left out, and counted.", "may_be_used"
    )

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Measures:
    """Columns of the measures; in each of them higher is worse."""

    score: Name = _says("The biomarker that the analysis is about.", "score")
    human: str = _says("The human score beside it, such as the Sharp/van der Heijde total.", HUMAN_TOTAL)
    damage: str = _says("The lasting part of the biomarker, by which change is judged too.", "damage_score")
    score_sem: str = _says("SD of one reading of the biomarker.", "score_sem")
    score_sem_freedom: Positive = _says(
        "Degrees of freedom of that SD: visits read again, times readings less one.", 100.0
    )
    readers: Names = _says("Human totals by reader, a column each.", ())
    pip: str = _says("The biomarker from PIP joints alone.", "")
    dip: str = _says("The biomarker from DIP joints alone.", "")
    truth: str = _says("True state of damage, in a simulated cohort alone.", "")

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Outcome:
    """One outcome; in a number higher is worse, an event is 1."""

    column: Name = _says("Column of the table.", "haq")
    kind: Name = _says("number, ordinal (a grid of few values) or event (0 or 1).", "number")
    title: str = _says("In words, for figures and sentences.", "")
    unit: str = _says("Unit.", "")
    minimal_difference: Annotated[float, Within(0, 1e6)] = _says(
        "Smallest difference that matters to patients; 0: not known.", 0.0
    )
    years: str = _says(
        "Column of the years since time zero at which it was measured; a row measured before its film is refused. Empty: on the visit's day.",
        "",
    )
    negative_control: bool = _says(
        "Whether no damage of joints can cause it: an association is a sign of confounding.", False
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.kind not in KINDS:
            raise UsageError(f"Outcome {self.column!r} is of kind {self.kind!r}. {did_you_mean(self.kind, KINDS)}")

    @property
    def words(self) -> str:
        """Title where there is one, else the column's name."""
        return self.title or self.column


@dataclass(frozen=True)
class Rung:
    """One step of the ladder of adjustment."""

    name: Name = _says("In words.", "crude")
    columns: Names = _says("What is adjusted for; a column of text is a factor.", ())

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Primary:
    """The one contrast that the analysis stands or falls by: what the biomarker adds to, or how it compares with, the human score."""

    outcome: str = _says("Column of the outcome; empty: the one named first.", "")
    margin: Annotated[float, Within(0, 1)] = _says(
        "Difference of R2 or AUROC above which the biomarker counts as better.", 0.0
    )
    resamples: Resamples = _says("Bootstrap resamples of patients, at least 10,000.", FEWEST_PRIMARY_RESAMPLES)
    adjustment: str = _says("Rung of the ladder beside which both measures stand; empty: the last.", "")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.resamples < FEWEST_PRIMARY_RESAMPLES:
            raise UsageError(
                f"The primary contrast has {self.resamples:,} resamples; at least {FEWEST_PRIMARY_RESAMPLES:,} are needed, since "
                "with fewer its verdict can hang on their seed."
            )


@dataclass(frozen=True)
class FollowUp:
    """Columns of the follow-up table, one row per patient, where progression is seen on films (docs/intake/follow_up.md)."""

    event: str = _says("Cause that counts as the event.", "progression")
    horizon_years: Positive = _says("Horizon of prognosis.", 1.0)
    visits_every_days: Positive = _says("Days between planned visits.", 365.25)
    covariates: Names = _says("Clinical matrix that stands as a rival, at baseline.", ())
    fewest_events_per_parameter: Count = _says(
        "With fewer events per parameter penalised (Firth) estimates are given.", 10
    )

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Trial:
    """The trial whose size is asked for."""

    powers: tuple[Annotated[float, Within(0.5, 0.999)], ...] = _says("Powers, two-sided 5 %.", (0.8, 0.9))
    reduction: Share = _says("Share of the change that the treatment prevents, where there are no arms.", 0.5)
    arms: Names = _says(
        "Two values of the treatment column that were drawn by lot, reference first; empty: none were.", ()
    )
    drop_out: Share = _says("Share of patients lost.", 0.15)
    readers: Count = _says("Readers whose mean the human score is.", 2)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class AnalysisPlan:
    """All that is asked, before any outcome is set against a measure."""

    question: Name = _says(
        "The question, in one sentence.",
        "How does the biomarker go with what patients live with, and what does it add to the human score?",
    )
    time_zero: Name = _says("The day from which time counts.", "the patient's first visit with films")
    unit: Name = _says("What one row is.", "one visit of one patient")
    graph: str = _says(
        "Causes as arrows between columns, parted by `;`. The biomarker stands for the damage that it tells.", ""
    )
    columns: Columns = _says("", Columns)
    measures: Measures = _says("", Measures)
    outcomes: tuple[Outcome, ...] = _says("", (Outcome(),))
    adjustment: tuple[Rung, ...] = _says("", (Rung(),))
    primary: Primary = _says("", Primary)
    osteoarthritis: str = _says("Column of osteoarthritis (0 or 1).", "")
    fibromyalgia: str = _says("Column of fibromyalgia (0 or 1).", "")
    activity: Names = _says("Columns of disease activity.", ())
    subgroups: Names = _says("Columns whose groups are looked at one by one.", ())
    fewest_in_group: Count = _says("A smaller group is named and not estimated.", 30)
    resamples: Resamples = _says("Bootstrap resamples of patients for all but the primary contrast.", 1000)
    seed: Seed = _says("Of every resample.", 0)
    imputations: CountOrNone = _says("Imputed tables where covariates are missing; 0: complete rows alone.", 20)
    thresholds: tuple[Share, ...] = _says(
        "Risks at which one would treat, for the decision curve.", (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
    )
    follow_up: FollowUp = _says("", FollowUp)
    trial: Trial = _says("", Trial)
    titles: dict[str, str] = _says("Columns in words.", dict)

    def __post_init__(self) -> None:
        check_ranges(self)
        columns = [of.column for of in self.outcomes]
        for what, names in (("outcomes", columns), ("rungs of adjustment", [rung.name for rung in self.adjustment])):
            if not names or len(names) != len(set(names)):
                raise UsageError(f"The plan names {names} as its {what}; at least one is needed, and each once.")
        if self.primary.outcome and self.primary.outcome not in columns:
            raise UsageError(
                f"The primary outcome {self.primary.outcome!r} is none of the plan's. {did_you_mean(self.primary.outcome, columns)}"
            )
        rungs = [rung.name for rung in self.adjustment]
        if self.primary.adjustment and self.primary.adjustment not in rungs:
            raise UsageError(
                f"The primary adjustment {self.primary.adjustment!r} is no rung. {did_you_mean(self.primary.adjustment, rungs)}"
            )

    @property
    def primary_outcome(self) -> Outcome:
        """The outcome of the primary contrast."""
        return next((of for of in self.outcomes if of.column == self.primary.outcome), self.outcomes[0])

    @property
    def primary_rung(self) -> Rung:
        """The adjustment of the primary contrast."""
        return next((rung for rung in self.adjustment if rung.name == self.primary.adjustment), self.adjustment[-1])

    @property
    def primary_covariates(self) -> tuple[str, ...]:
        """What both measures stand beside in the primary contrast: the rung's columns but the human score itself."""
        return tuple(name for name in self.primary_rung.columns if name != self.measures.human)

    @property
    def sha256(self) -> str:
        """Digest of what the plan says, however it is set out."""
        return sha256_of_json(to_record(self))

    def title(self, column: str) -> str:
        """A column in words."""
        of_outcomes = {of.column: of.words for of in self.outcomes}
        return self.titles.get(column) or of_outcomes.get(column) or column


def read_plan(text: str, name: str = "analysis.toml") -> AnalysisPlan:
    """A plan from TOML.

    Args:
        text: As `plan_text` writes it; a setting that is left out has its default.
        name: Of the file, for faults.

    Raises:
        UsageError: It is no TOML, or names a setting or a value that there is not; the sentence offers the nearest.
    """
    try:
        record = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise UsageError(
            f"{name} is no TOML: {fault}. `outcomenet analyse --template` writes a plan to begin with."
        ) from fault
    try:
        _expect_shape(AnalysisPlan, record, "")
        return from_record(AnalysisPlan, record)
    except UsageError as fault:
        raise UsageError(f"{name}: {fault}") from fault


def _expect_shape(hint: Any, value: object, path: str) -> None:
    """Refuses what TOML holds in another shape than the plan has there; numbers are checked by their ranges."""
    kind = get_origin(hint) or hint
    if kind is Annotated:
        return _expect_shape(get_args(hint)[0], value, path)
    wanted, words = _SHAPES.get(kind, (dict, "a table") if is_dataclass(kind) else (object, ""))
    if not isinstance(value, wanted):
        raise UsageError(f"{path} is {words}; got {value!r}.")
    if kind is tuple:
        for item in cast("list[object]", value):
            _expect_shape(get_args(hint)[0], item, f"an entry of {path}")
    elif is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        for key, inner in cast("dict[str, object]", value).items():
            if key in hints:  # `from_record` names the nearest of an unknown one
                _expect_shape(hints[key], inner, f"{path}.{key}".lstrip("."))
    return None


_SHAPES: dict[Any, tuple[type, str]] = {
    str: (str, "text in quotation marks"),
    bool: (bool, "true or false"),
    tuple: (list, "a list in square brackets"),
    dict: (dict, "a table of texts"),
}


def plan_text(plan: AnalysisPlan) -> str:
    """The plan as TOML with a comment above each setting.

    >>> read_plan(plan_text(AnalysisPlan())) == AnalysisPlan()
    True
    """
    return "\n".join(_lines(plan, "")).strip() + "\n"


def _lines(record: Any, path: str) -> Iterator[str]:
    """Settings first, then tables: TOML knows a setting behind a table's head as that table's."""
    inner = []
    for f in fields(record):
        value = getattr(record, f.name)
        if (
            is_dataclass(value)
            or isinstance(value, Mapping)
            or (isinstance(value, tuple) and value and is_dataclass(value[0]))
        ):
            inner.append((f, value))
            continue
        yield f"# {f.metadata['says']}"
        yield f"{f.name} = {_toml(value)}"
    for f, value in inner:
        name = f"{path}{f.name}"
        if isinstance(value, tuple):
            for item in value:
                yield from ("", f"# {_first_line(item)}", f"[[{name}]]", *_lines(item, f"{name}."))
        elif isinstance(value, Mapping):
            yield from ("", f"# {f.metadata['says']}", f"[{name}]")
            yield from (f"{_toml(key)} = {_toml(text)}" for key, text in value.items())
        else:
            yield from ("", f"# {_first_line(value)}", f"[{name}]", *_lines(value, f"{name}."))


def _first_line(record: object) -> str:
    return (type(record).__doc__ or "").splitlines()[0]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # a TOML string has the escapes of a JSON string
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
