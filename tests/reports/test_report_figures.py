"""The tables behind the figures: calibration bins, joint contributions, training lines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.anatomy import JOINT_NAMES
from outcomenet.pages.figures import Layout
from outcomenet.reports.calibration_section import calibration_bins, calibration_figure
from outcomenet.reports.forest import difference_forest, ladder_forest
from outcomenet.reports.joint_map import joint_contributions, joint_map_figure, joint_parts_figure
from outcomenet.reports.knowledge import is_trace, knowledge_figure, target_title
from outcomenet.reports.report_tables import differences
from outcomenet.reports.training_curve import training_figure


def _calibration_rows(target: list[float], patients: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": patients, "prediction": np.arange(len(target)) / 100, "target": target})


def test_calibration_bins_are_of_equal_size_and_ordered():
    rows = _calibration_rows(list(np.arange(60.0)), [str(i) for i in range(60)])
    bins = calibration_bins(rows, binary=False)
    assert list(bins["n"]) == [20, 20, 20]
    assert list(bins["mean_target"]) == [9.5, 29.5, 49.5]


def test_interval_of_a_mean_uses_patients_not_visits():
    # two patients with values 1, 1 and 3, 3: sums of deviations -2 and 2, so the variance is 2 * (4 + 4) / 16 = 1
    bins = calibration_bins(_calibration_rows([1, 1, 3, 3], ["a", "a", "b", "b"]), binary=False)
    assert bins["mean_target"].item() == 2
    assert bins["upper"].item() == pytest.approx(2 + 1.959964)


def test_interval_of_a_share_is_wilson():
    # 2 events of 10: 0.0567 to 0.5098 (Newcombe, Stat Med 1998, method 3, by hand)
    rows = _calibration_rows([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], list("abcdefghij"))
    bins = calibration_bins(rows, binary=True)
    assert bins["lower"].item() == pytest.approx(0.0567, abs=1e-4)
    assert bins["upper"].item() == pytest.approx(0.5098, abs=1e-4)


def _biomarkers(values: list[float], split: str = "test") -> pd.DataFrame:
    columns = {f"joint_{name}": values for name in JOINT_NAMES}
    return pd.DataFrame({"patient_id": ["a", "a", "b"], "visit_id": ["1", "2", "3"], "split": split, **columns})


def test_joint_contribution_counts_each_patient_once():
    # patient a: mean of 0 and 2 = 1; patient b: 4; mean 2.5, SD sqrt(4.5)
    table = joint_contributions(_biomarkers([0.0, 2.0, 4.0]))
    assert table.loc[0, "mean"] == 2.5
    assert table.loc[0, "sd"] == pytest.approx(4.5**0.5)
    assert table.loc[0, "patients"] == 2


def test_joint_that_was_seen_in_one_patient_has_no_spread():
    table = joint_contributions(_biomarkers([1.0, np.nan, np.nan]))
    assert table.loc[0, "patients"] == 1
    assert np.isnan(table.loc[0, "sd"])
    assert joint_map_figure(table, "HAQ-DI") is None


def test_parts_of_the_contributions_stand_side_by_side_on_one_scale():
    whole = _biomarkers([0.0, 2.0, 4.0])
    assert joint_parts_figure(whole, "HAQ-DI") is None  # a score without parts
    columns = {
        f"{part}_joint_{name}": size * np.array([0.0, 2.0, 4.0])
        for part, size in (("damage", 1.0), ("activity", 0.1), ("oa", 0.0))
        for name in JOINT_NAMES
    }
    drawing = joint_parts_figure(pd.concat([whole, pd.DataFrame(columns)], axis=1), "HAQ-DI")
    assert drawing is not None
    bars = [axis for axis in drawing.figure.axes if axis.get_xlabel()]
    assert [axis.get_title(loc="left") or axis.get_title() for axis in drawing.figure.axes[:3]] == [
        "Damage", "Activity", "Osteoarthritis",
    ]  # fmt: skip
    assert {axis.get_xlabel() for axis in bars} == {"SD, logits of HAQ-DI"}
    assert [axis.get_xlim() for axis in bars] == [pytest.approx((0.0, 4.5**0.5))] * 3
    largest = [max(patch.radius for patch in axis.patches if patch.zorder == 5) for axis in drawing.figure.axes[:3]]
    assert largest[0] > largest[1] > largest[2]  # dots are of one size for one number, too
    assert drawing.data.groupby("part")["sd"].max().to_dict() == {
        "damage": pytest.approx(4.5**0.5), "activity": pytest.approx(0.1 * 4.5**0.5), "oa": 0.0,
    }  # fmt: skip


def test_joint_map_reads_held_out_patients_only():
    assert joint_map_figure(joint_contributions(_biomarkers([0.0, 2.0, 4.0], split="train")), "HAQ-DI") is None


def test_nested_parts_of_the_loss_are_drawn():
    lines = [{"step": i, "predictor": "direct", "loss": 2.0, "parts": {"haq": 1.0}} for i in range(3)]
    drawing = training_figure(pd.json_normalize(lines))
    assert drawing is not None
    assert len(drawing.figure.axes) == 2


def test_training_without_a_loss_is_not_drawn():
    assert training_figure(pd.DataFrame({"step": [1, 2]})) is None


def _metrics(value: float, lower: float, upper: float) -> pd.DataFrame:
    row = ("covariates", "haq", 0, "all", "r2", value, lower, upper, 100, np.nan)
    columns = ["predictor", "outcome", "horizon", "subgroup", "metric", "value", "lower", "upper", "n", "events"]
    return pd.DataFrame([row], columns=columns)


def test_forest_without_a_defined_value_is_not_drawn():
    assert ladder_forest(_metrics(np.nan, np.nan, np.nan), "haq", 0) is None


def test_forest_of_a_value_without_interval_is_drawn():
    assert ladder_forest(_metrics(0.2, np.nan, np.nan), "haq", 0) is not None


def test_forest_says_its_numbers_in_words():
    drawing = ladder_forest(_metrics(0.21, 0.1, 0.3), "haq", 0)
    assert drawing is not None
    assert "the covariates alone 0.21 (0.10 to 0.30)" in drawing.alternative


def test_difference_in_calibration_slope_is_given_no_direction():
    comparisons = pd.DataFrame(
        [("haq", 0, "calibration_slope", "direct_adjusted", "human_total", 0.3, 0.1, 0.5, 300, 1.0)],
        columns=["outcome", "horizon", "metric", "predictor", "reference", "difference", "lower", "upper", "n",
                 "share_above_zero"],
    ).assign(resamples=100, lower_margin=0.001, upper_margin=0.001)  # fmt: skip
    (table,) = differences(comparisons)
    assert table.rows[0].cells[-1] == "has no direction"


def test_probe_is_named_with_what_was_given():
    assert target_title("fm", "age, male, site") == "Fibromyalgia, given age, sex and hospital"


@pytest.mark.parametrize("layout", Layout)
def test_calibration_says_whose_it_is(layout):
    rows = pd.DataFrame(
        {
            "predictor": "human_total", "outcome": "pain", "horizon": 0, "observed": True, "prediction": np.arange(80.0),
            "target": np.arange(80.0), "patient_id": [str(i) for i in range(80)],
        }
    )  # fmt: skip
    drawing = calibration_figure(rows, "pain", 0, layout=layout)
    assert drawing is not None
    assert drawing.figure.get_suptitle() == "Pain"
    assert drawing.figure.axes[0].get_xlabel() == "mean predicted Pain (points)"


@pytest.mark.parametrize(("layout", "shape"), [(Layout.PAGE, (1, 3)), (Layout.PHONE, (3, 1))])
def test_panels_stand_side_by_side_on_a_page_and_below_each_other_on_a_phone(layout, shape):
    figure, axes = layout.panels(3, 2.0)
    grid = axes[0].get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == shape
    assert figure.get_figwidth() == layout.value


PROBES = pd.DataFrame(
    [
        ("age", "", 0.8), ("male", "site", 0.9), ("oa", "age, sex", 0.7), ("fm", "age, sex, HAQ-DI", 0.7),
        ("site", "", 0.9), ("fm", "age, sex", 0.7), ("fm", "age, sex", 0.55),
    ],
    columns=["target", "given", "auroc"],
).assign(lower=0.5, upper=0.95, null_lower=0.4, null_upper=0.6, n=100, events=40, reading="")  # fmt: skip
PROBES["classifier"] = ["linear"] * 6 + ["non-linear"]


def test_only_what_films_should_hold_no_trace_of_is_painted_as_an_alarm():
    # age, sex and osteoarthritis are visible; given HAQ-DI its causes go together without a shortcut
    traces = [is_trace(row.target, row.given, row.auroc, row.null_upper) for row in PROBES.itertuples()]
    assert traces == [False, False, False, False, True, True, False]
    drawing = knowledge_figure(PROBES)
    assert drawing is not None
    axis = drawing.figure.axes[0]
    dots = [line for line in axis.lines if line.get_marker() in "oD" and len(line.get_xdata()) == 1]
    assert [dot.get_markerfacecolor() == "#D55E00" for dot in dots] == traces
    # the classifiers that were asked one question share its line, each with its own band of chance
    assert len(axis.get_yticks()) == 6
    assert [dot.get_marker() for dot in dots] == ["o"] * 6 + ["D"]
    assert len({round(float(dot.get_ydata()[0]), 6) for dot in dots}) == 7
    assert sorted(round(patch.get_height(), 6) for patch in axis.patches) == [0.32] * 2 + [0.64] * 5


def test_labels_of_a_phone_leave_room_for_the_panel():
    comparisons = pd.DataFrame(
        [("haq", 0, "r2", "direct_adjusted", "score_mediated", 0.1, 0.0, 0.2)],
        columns=["outcome", "horizon", "metric", "predictor", "reference", "difference", "lower", "upper"],
    ).assign(n=300, share_above_zero=1.0, resamples=100, lower_margin=0.001, upper_margin=0.001)
    drawing = difference_forest(comparisons, layout=Layout.PHONE)
    assert drawing is not None
    labels = [text.get_text() for text in drawing.figure.axes[0].get_yticklabels()]
    assert max(len(line) for label in labels for line in label.split("\n")) <= 22
