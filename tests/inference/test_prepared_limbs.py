"""Rows of films.csv before a network is run: what is empty, and the reasons for which a limb is not scored."""

from __future__ import annotations

import numpy as np
import pytest

from outcomenet.films.quality_flags import FLAGS, UNSCORABLE
from outcomenet.inference.prepared_limbs import _not_scored, unread_row

HARMLESS = next(flag for flag in FLAGS if flag not in UNSCORABLE)


def test_nothing_is_known_of_a_film_at_first():
    row = unread_row("F1", ("haq", "progression"))
    assert row["film_id"] == "F1"
    assert np.isnan([row[name] for name in ("score", "oa_score", "svdh_of_film", "progression_risk")]).all()
    assert "haq_risk" not in row  # no event


@pytest.mark.parametrize(
    ("flags", "remark"),
    [
        ((), ""),
        ((HARMLESS,), ""),
        (("no_direction", HARMLESS), f"{FLAGS['no_direction']} Not scored."),
        (("no_direction", "lateral_view"), f"{FLAGS['no_direction']} {FLAGS['lateral_view']} Not scored."),
    ],
)
def test_a_limb_that_is_not_scored_says_every_reason(flags, remark):
    assert _not_scored(flags) == {"flags": ";".join(flags), "remark": remark}
