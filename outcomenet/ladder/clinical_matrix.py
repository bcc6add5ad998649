"""Clinical matrix: the factors that rheumatologists combine before deciding on treatment, to predict progression.

Published matrices cross-tabulate baseline damage, rheumatoid factor or ACPA, and C-reactive protein, and reach an AUROC
of 0.70 to 0.76 for rapid radiographic progression (Vastesaeger, Rheumatology 2009; Visser, Ann Rheum Dis 2010). Here the
same facts enter a logistic regression uncut, which is no weaker than their cells.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomenet.confounders import CONFOUNDERS
from outcomenet.errors import DataRefused
from outcomenet.ladder.candidates import MEASURE

FACTS = ("rf", "acpa", "crp")


def clinical_matrix_features(visits: pd.DataFrame) -> pd.DataFrame:
    """SvdH total, RF, ACPA and log(1 + CRP in mg/L) of each visit; DataRefused names a fact that the cohort lacks.

    CRP is skewed, and is doubled as easily from 5 as from 50. Single missing values are left for the regression.
    """
    lacking = [name for name in FACTS if name not in visits or not visits[name].notna().any()]
    if lacking:
        titles = " and no ".join(CONFOUNDERS[name].title for name in lacking)
        raise DataRefused(f"the cohort has no {titles}, which a clinical matrix needs beside the SvdH total")
    known = {name: visits[name].astype(float) for name in FACTS[:2]}
    crp = np.log1p(visits["crp"].astype(float))
    return pd.DataFrame({MEASURE: visits["svdh_total"].astype(float), **known, "log_crp": crp}, index=visits.index)
