"""The prediction table: every rule that it keeps, refused in a sentence that names the first row or column at fault."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomenet.errors import DataRefused
from outcomenet.predictions import COLUMNS, read_predictions, validate_predictions, write_predictions


def table() -> pd.DataFrame:
    """Two visits of one patient: HAQ-DI is known at the first, and not at the second."""
    return pd.DataFrame(
        {
            "run": "r", "split": "test", "site": "A", "patient_id": "p", "visit_id": ["V0", "V1"],
            "predictor": "covariates", "outcome": "haq", "horizon": 0, "prediction": [0.5, 1.0], "lower": 0.0, "upper": 2.0,
            "target": [0.75, np.nan], "observed": [True, False], "interval_start": np.nan, "interval_end": np.nan,
            "fold": 0, "seed": 0, "may_be_used": True,
        }
    )  # fmt: skip


def test_what_is_written_is_read_with_its_columns_in_order(tmp_path):
    mixed = table()[sorted(COLUMNS)]
    write_predictions(mixed, tmp_path / "predictions.parquet")
    again = read_predictions(tmp_path / "predictions.parquet")
    assert list(again) == list(COLUMNS)
    pd.testing.assert_frame_equal(again, validate_predictions(mixed))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (lambda t: t.drop(columns="target"), "lacks column 'target'"),
        (lambda t: t.assign(prediktion=1.0), "unknown column 'prediktion'. .*prediction"),
        (lambda t: t.assign(predictor="direkt"), "'direkt' is no predictor of the prediction table. .*direct"),
        (lambda t: t.assign(outcome="hag"), "'hag' is no outcome of the prediction table. .*haq"),
        (lambda t: t.assign(prediction=[0.5, np.nan]), "1 rows have no prediction; leave a row out"),
        (lambda t: t.assign(visit_id="V0"), r"1 rows repeat another's key \(predictor, outcome, "),
        (lambda t: t.assign(interval_start=9.0, interval_end=3.0), "An interval starts after its end"),
        (lambda t: t.assign(observed=True), "`observed` must be True exactly where `target` is there"),
    ],
)
def test_a_broken_table_is_neither_written_nor_read(broken, sentence, tmp_path):
    with pytest.raises(DataRefused, match=sentence):
        write_predictions(broken(table()), tmp_path / "predictions.parquet")
    assert not list(tmp_path.iterdir())
    broken(table()).to_parquet(tmp_path / "predictions.parquet")
    with pytest.raises(DataRefused, match=sentence):
        read_predictions(tmp_path / "predictions.parquet")
