"""Figure of the probes: facts predicted from the embedding, against chance."""

from __future__ import annotations

import pandas as pd
from matplotlib.patches import Rectangle

from outcomenet.audits.cross_fitting import Form
from outcomenet.confounders import CONFOUNDERS
from outcomenet.outcomes import HAQ
from outcomenet.pages.figures import PALE, Drawing, Layout, without_y_axis
from outcomenet.reports.numbers import decimal, listed
from outcomenet.reports.rows import Probe
from outcomenet.typed_rows import typed_rows

_TITLES = {
    "site": "Hospital", "device": "X-ray device", "marker": "Marker on the film", "side": "Side of the limb",
    "age": "Age above the median",
}  # fmt: skip


def target_title(target: str, given: str) -> str:
    """`Fibromyalgia, given age, male sex`: the label of a probe.

    Args:
        target: the fact, as audit_probes.csv names it.
        given: what was taken out first.
    """
    title = _TITLES.get(target) or (CONFOUNDERS[target].title if target in CONFOUNDERS else target)
    return f"{title}, given {given_phrase(given)}" if given else title


def given_phrase(given: str) -> str:
    """The covariates a probe was adjusted for, as the file lists them (commas, spaces or plus signs between)."""
    names = given.replace("+", " ").replace(",", " ").split()
    return listed([{"male": "sex", "site": "hospital"}.get(name, name) for name in names])


def on_film(target: str) -> bool:
    """Whether a film shows the fact itself, so that reading it is no shortcut: age, sex and osteoarthritis are."""
    return target in CONFOUNDERS and CONFOUNDERS[target].on_film


def is_trace(target: str, given: str, auroc: float, null_upper: float) -> bool:
    """Whether a probe reads beyond chance what should leave no trace on a film.

    Given an outcome its causes go together without any shortcut, so that such a probe accuses nobody.

    Args:
        target: the fact.
        given: what was taken out first.
        auroc: of the probe.
        null_upper: what permuted patients reach at most.
    """
    return bool(auroc > null_upper) and not on_film(target) and HAQ.title not in given


_MARKS = {
    "trace": ("#D55E00", "#D55E00", "above chance, where films should hold no trace"),
    "rightly": ("#555555", "#555555", "above chance, as films may show it (or given HAQ-DI)"),
    "chance": ("#0072B2", "white", "not told from chance"),
}


def knowledge_figure(probes: pd.DataFrame, *, layout: Layout = Layout.PAGE) -> Drawing | None:
    """AUROC of each probe with its interval, over the band that shuffled labels give; None without a probe.

    Args:
        probes: audit_probes.csv.
        layout: page or phone.
    """
    probes = probes[probes["auroc"].notna()]  # what could not be computed stands in the table with its reason
    if probes.empty:
        return None
    rows = typed_rows(probes, Probe)
    phone = layout is Layout.PHONE
    # one line for a question; the classifiers that were asked share it
    questions = list(dict.fromkeys((row.target, row.given) for row in rows))
    shared = {question: [r.classifier for r in rows if (r.target, r.given) == question] for question in questions}
    figure, (axis,) = layout.panels(1, 1.7 + (0.62 if phone else 0.46) * len(questions))
    for row in rows:
        question = row.target, row.given
        share = 0.64 / len(shared[question])
        y = questions.index(question) - 0.32 + share * (shared[question].index(row.classifier) + 0.5)
        marker = "D" if row.classifier == Form.CURVED else "o"
        trace = is_trace(row.target, row.given, row.auroc, row.null_upper)
        colour, face, _ = _MARKS["trace" if trace else "rightly" if row.auroc > row.null_upper else "chance"]
        axis.add_patch(
            Rectangle(
                (row.null_lower, y - share / 2), row.null_upper - row.null_lower, share, color="#c9cfd4", linewidth=0
            )
        )
        axis.plot([row.lower, row.upper], [y, y], color=colour, linewidth=1.8)
        size = 7.5 if len(shared[question]) == 1 else 6.0
        axis.plot(row.auroc, y, marker, color=colour, markersize=size, markerfacecolor=face, markeredgewidth=1.5)
    handles = [
        axis.plot([], [], "o", color=edge, markerfacecolor=face, label=layout.wrapped(label, 40))[0]
        for edge, face, label in _MARKS.values()
    ]
    figure.legend(handles=handles, loc="outside lower left", fontsize=8.5)
    axis.axvline(0.5, color="#222222", linewidth=0.8, linestyle=":")
    axis.set_yticks(range(len(questions)), [layout.wrapped(target_title(*question)) for question in questions])
    axis.set_ylim(len(questions) - 0.4, -0.6)
    axis.set_xlim(min(0.4, probes["lower"].min() - 0.02, probes["null_lower"].min() - 0.02), 1.005)
    axis.set_xlabel(layout.wrapped("AUROC of the probe (0.5 = a coin toss, 1 = known exactly)", 32))
    axis.grid(axis="x", color=PALE, linewidth=0.7, zorder=0)
    axis.set_axisbelow(True)
    without_y_axis(axis)
    words = [
        f"{target_title(row.target, row.given)} ({row.classifier}) {decimal(row.auroc, 2)} against chance "
        f"{decimal(row.null_lower, 2)} to {decimal(row.null_upper, 2)}"
        for row in rows
    ]
    return Drawing(
        "knowledge",
        figure,
        probes,
        "How well a simple classifier reads each fact from the model’s internal description "
        "of the films; circles: a linear classifier, diamonds: a non-linear one. Grey bands: what shuffled labels give, that "
        "is, chance. Orange: above chance where films should hold "
        "no trace. Grey dots: above chance, but age, sex and osteoarthritis are visible on films, and given HAQ-DI its "
        "causes go together without a shortcut. Hollow blue: not told from chance. Lines are 95 % intervals.",
        f"Probe results: {'; '.join(words)}.",
    )
