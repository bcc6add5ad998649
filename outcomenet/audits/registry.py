"""Registry of audits: name, question, function, needs, method and condition of alarm of each.

A new audit is one module with a function `audit(inputs)` (see `contract.py`) and one entry here; the order of audits.csv
and of the report and the table of docs/audits.md follow. Functions are named by text, so that reports can list the
audits without importing JAX.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """What an audit cannot do without; a run without it has the audit as absent, with the reason."""

    NETWORK = "a network of single visits"
    SIMULATION = "a simulated cohort"
    CROPS = "patients simulated straight to crops"
    CONTROL = "the control's column"
    SITES = "several hospitals"


@dataclass(frozen=True)
class Audit:
    """One question about the measure.

    Attributes:
        name: its name in audits.csv.
        question: what is asked, answered yes or no by its finding.
        function: module of `outcomenet.audits` and function that answers it; one function may answer several questions.
        method: what is done, for the documentation.
        alarm: when the finding is an alarm, for the documentation.
        needs: what the run and its data must have.
    """

    name: str
    question: str
    function: str
    method: str
    alarm: str
    needs: tuple[Need, ...] = ()


_CONTROL = "predicted from embedding and score: cross-fitted ridge R², against permuted patients"
_PROBE = "alone, given age, sex and hospital, and given the outcome too"
_TOO_FAR = "shift over 0.2 SD beyond chance"
_OFF = "off by 0.22 HAQ on average, beyond chance"
_REDRAWN = (Need.NETWORK, Need.SIMULATION, Need.CROPS)

# in the order in which a reader of the report meets them
AUDITS: tuple[Audit, ...] = (
    Audit(
        "control_none", "Does the measure predict a number that depends on nothing?", "negative_controls.audit",
        f"`control_none` {_CONTROL}", "R² above chance", (Need.NETWORK, Need.CONTROL),
    ),
    Audit(
        "control_site", "Does the measure predict a number that depends on the hospital alone?",
        "negative_controls.audit", f"`control_site` {_CONTROL}", "R² above chance", (Need.NETWORK, Need.CONTROL),
    ),
    Audit(
        "probe_fm", "Does the network know who has fibromyalgia, which no film shows?", "probes.audit",
        f"fibromyalgia predicted from the embedding {_PROBE}, by a linear and by a non-linear classifier; in the same table "
        "osteoarthritis, device, marker, sex and age",
        "AUROC above chance, given age, sex and hospital", (Need.NETWORK,),
    ),
    Audit(
        "probe_site", "Does the network know the hospital?", "probes.audit",
        f"the hospital predicted from the embedding {_PROBE}, by both classifiers", "AUROC above chance, alone", (Need.NETWORK,),
    ),
    Audit(
        "score_site", "Does the score tell the hospital, beyond what its patients differ by?", "score_probes.audit",
        "the hospital predicted from the score and from its parts: as they are, given age and sex, and, where the cohort is "
        "simulated, given the true damage, activity and osteoarthritis of the joints besides",
        "AUROC of the score above 0.6 and above chance, given the most that is known", (Need.NETWORK,),
    ),
    Audit(
        "border", "Do the borders of the crops, where no joint is, predict HAQ-DI?", "network.borders.audit",
        "HAQ from mean and SD of the rim (1/16 of the side) of every crop, beside covariates",
        "gain of R² above 0 and above chance", (Need.NETWORK,),
    ),
    Audit(
        "do_oa", "Does the score stay when osteoarthritis is set by hand?", "network.intervention_shift.audit",
        "the same held-out patients drawn again under do(oa), and scored", _TOO_FAR, _REDRAWN,
    ),
    Audit(
        "do_site", "Does the score stay when every patient goes to one hospital?", "network.intervention_shift.audit",
        "the same under do(site)", _TOO_FAR, _REDRAWN,
    ),
    Audit(
        "do_scanner", "Does the score stay when every film is taken on one scanner?", "network.intervention_shift.audit",
        "the same under do(scanner)", _TOO_FAR, _REDRAWN,
    ),
    Audit(
        "do_ra_damage", "Does the score move when rheumatoid damage is set by hand?", "network.intervention_shift.audit",
        "the same under do(ra_damage)", "no rise with damage, beyond chance", _REDRAWN,
    ),
    Audit(
        "bias", "Is the effect of the score on HAQ-DI that of rheumatoid disease?", "effect_bias.audit",
        "effect of the score on HAQ with fibromyalgia and osteoarthritis left out and put back, against the true effect",
        "over 20 % of the truth, beyond chance, with both adjusted for", (Need.NETWORK, Need.SIMULATION),
    ),
    Audit(
        "sites", "Does what was learned at other hospitals hold at a hospital left out?", "sites.audit",
        "metrics and recalibration at each hospital of 15 patients and 30 visits; covariates and human total fitted again "
        "without it", _OFF, (Need.SITES,),
    ),
    Audit(
        "pip", "Does the score stand without the PIP joints, where two diseases narrow the same space?",
        "pip_joints.audit", "the score without them; visits with damage at PIP joints only",
        "over a quarter of the R² lost, beyond chance", (Need.NETWORK,),
    ),
    Audit(
        "subgroups", "Is the measure right on average in every subgroup?", "subgroups.audit",
        "sex, age, hospital, duration, RF, tertile of the human total; no number under 30 visits or 15 patients", _OFF,
    ),
    Audit(
        "deletion", "Do the joints said to matter most change the score most when hidden?", "network.hidden_joints.audit",
        "joints hidden in the order of their contributions, and at random", "no larger change of the score",
        (Need.NETWORK,),
    ),
    Audit(
        "shuffled", "Do joint contributions depend on what the network learned?", "network.shuffled_parameters.audit",
        "contributions of networks whose parameters lost their places", "mean correlation within joints above 0.5",
        (Need.NETWORK,),
    ),
    Audit(
        "joint_truth", "Do joint contributions follow the true damage of their joints?", "joint_truth.audit",
        "contribution of each kind of joint against its true damage", "half of the kinds or fewer follow beyond chance",
        (Need.NETWORK, Need.SIMULATION),
    ),
)  # fmt: skip
AUDIT: dict[str, Audit] = {audit.name: audit for audit in AUDITS}


def audits_by_function() -> dict[str, list[str]]:
    """Names of the audits that each function answers, functions in the order of their first audit."""
    names: dict[str, list[str]] = {}
    for audit in AUDITS:
        names.setdefault(audit.function, []).append(audit.name)
    return names


def documented_table() -> str:
    """The table of docs/audits.md: one row per audit."""
    rows = [
        f"| `{audit.name}` | {audit.question} | {audit.method} | {audit.alarm} | {', '.join(audit.needs)} |"
        for audit in AUDITS
    ]
    return "\n".join(["| audit | question | what is done | alarm | needs |", "| --- | --- | --- | --- | --- |", *rows])
