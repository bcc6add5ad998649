"""Forest plot with its numbers inside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from outcomenet.biomarkers.estimates_forest import ForestWords, estimates_forest
from outcomenet.pages.figures import Layout

WORDS = ForestWords("forest", "slope", "A caption.", "In words.")


def _rows(*labels: str, group: str = "A heading that is long enough to need a second line on any page") -> pd.DataFrame:
    rows = pd.DataFrame({"label": labels, "group": group, "measure": "score", "p": 0.01})
    return rows.assign(estimate=[0.1 * (1 + at) for at in range(len(labels))]).assign(
        lower=lambda of: of["estimate"] - 0.1, upper=lambda of: of["estimate"] + 0.1
    )


@pytest.mark.parametrize("layout", Layout)
def test_no_text_is_cut_and_none_lies_on_another(layout):
    rows = _rows("crude", "a label of so many words that it does not fit beside the numbers on a phone", "last")
    rows.loc[2, ["estimate", "lower", "upper", "p"]] = np.nan
    drawing = estimates_forest(rows, WORDS, layout=layout)
    assert drawing is not None
    FigureCanvasAgg(drawing.figure).draw()

    boxes = [text.get_window_extent() for text in drawing.figure.axes[0].texts if text.get_text()]
    width = drawing.figure.bbox.width
    assert all(box.x0 >= 0 and box.x1 <= width + 1 for box in boxes)
    overlaps = [one.overlaps(other) for at, one in enumerate(boxes) for other in boxes[at + 1 :]]
    assert not any(overlaps)
    words = " ".join(text.get_text() for text in drawing.figure.axes[0].texts)
    assert "does not fit beside the numbers on a phone" in words


def test_an_endless_interval_is_cut_and_not_the_others():
    rows = _rows("a", "b", "c", "d")
    rows.loc[3, ["lower", "upper"]] = [-900.0, 900.0]
    drawing = estimates_forest(rows, WORDS)

    assert drawing is not None
    low, high = drawing.figure.axes[0].get_xlim()
    assert -2 < low < high < 2


def test_nothing_is_drawn_without_a_number():
    assert estimates_forest(_rows("a").assign(estimate=np.nan), WORDS) is None
