"""Words of the biomarker table's columns, made from the configuration of the network that gave the score."""

from __future__ import annotations

from collections.abc import Sequence

from outcomenet.codebooks import BETTER, WORSE, ColumnWords
from outcomenet.evaluation.biomarker import JOINT_PARTS
from outcomenet.strategies import ConfoundingConfig

_LATENT = "logits"  # of the outcome's latent scale
_APART = "empty: the network does not tell it apart"
_ANOTHER = (
    "95 % bound around score for another reading, which errs as the score does; t distribution, pooled over visits"
)


def biomarker_words(
    columns: Sequence[str], outcome_title: str, confounding: ConfoundingConfig
) -> dict[str, ColumnWords]:
    """What every column of the biomarker table is.

    Args:
        columns: of the table.
        outcome_title: the outcome that the score is the film's part of.
        confounding: how the network that gave the score handles confounders.
    """
    fixed = _of_visit() | _of_score(outcome_title, confounding)
    return {column: fixed.get(column) or _of_joint(column) for column in columns}


def _of_visit() -> dict[str, ColumnWords]:
    return {
        "patient_id": ColumnWords("Patient as in the cohort's tables"),
        "visit_id": ColumnWords("Visit as in the cohort's tables"),
        "split": ColumnWords("train, validation or test"),
        "treatment": ColumnWords("Treatment at the visit, as the cohort names it; empty: not known"),
        "fold": ColumnWords("Which patients the network of this row did not learn from; 0 where there is one split"),
        "may_be_used": ColumnWords(
            "Whether the network never learned from this patient; False: an in-sample score, not for analyses"
        ),
    }


def _of_score(outcome_title: str, confounding: ConfoundingConfig) -> dict[str, ColumnWords]:
    return {
        "score": ColumnWords(
            f"Outcome-direct joint damage: the film's part of {outcome_title}. It tells state and cannot be used as an outcome "
            f"of change (score_change.csv). On the outcome's latent scale. {confounding.in_words()}",
            _LATENT, WORSE,
        ),
        "score_z": ColumnWords(
            "Score in standard deviations from the mean of the visits of the patients that the network learned from",
            "SD of training visits", WORSE,
        ),
        "score_haq": ColumnWords(
            "Score in HAQ units: the HAQ-DI that goes with it on average; by the least-squares line of HAQ-DI on the score over the "
            "visits that the network learned from (biomarker_links.csv), no prediction of a patient's HAQ-DI",
            "HAQ units", WORSE,
        ),
        "score_haq_sem": ColumnWords("SD of one reading of score_haq: the line's slope times score_sem", "HAQ units", BETTER),
        "score_sem": ColumnWords(
            "SD of one reading of the same films around their mean, pooled over the held-out visits", _LATENT, BETTER
        ),
        "score_lower": ColumnWords(f"Lower {_ANOTHER}", _LATENT, WORSE),
        "score_upper": ColumnWords(f"Upper {_ANOTHER}", _LATENT, WORSE),
        "damage_score": ColumnWords(
            f"Part of the score from what lasts: bone and cartilage lost, joints slipped, fused or replaced; {_APART}", _LATENT, WORSE
        ),
        "damage_sem": ColumnWords("SD of one reading of damage_score, pooled over the held-out visits", _LATENT, BETTER),
        "activity_score": ColumnWords(
            f"Part of the score from what comes and goes: soft-tissue swelling, osteopenia, cortical breaks; {_APART}", _LATENT, WORSE
        ),
        "activity_sem": ColumnWords("SD of one reading of activity_score, pooled over the held-out visits", _LATENT, BETTER),
        "oa_score": ColumnWords(
            "Osteoarthritis seen on the films: mean expected Kellgren-Lawrence grade of the visible joints", "grade 0-4", WORSE
        ),
        "oa_sem": ColumnWords("SD of one reading of oa_score, pooled over the held-out visits", "grade 0-4", BETTER),
    }  # fmt: skip


def _of_joint(column: str) -> ColumnWords:
    """A joint's contribution, a part of one, or a number of the embedding."""
    if "joint_" not in column:
        return ColumnWords("Mean embedding of the visible joints, for audits", "none", "none")
    part, _, joint = column.rpartition("joint_")
    side, site = joint.split("_", 1)
    if not part:
        return ColumnWords(f"Contribution of {site} ({side}) to score; empty: joint not seen", _LATENT, WORSE)
    beside = "; it stands beside score where osteoarthritis is held fixed" if part == "oa_" else ""
    meaning = (
        f"{JOINT_PARTS[part.removesuffix('_')]} the contribution of {site} ({side}){beside}; empty: joint not seen"
    )
    return ColumnWords(meaning, _LATENT, WORSE)
