"""A small valid cohort folder that a test may break in one place."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from outcomenet.cohorts.cohort import read_cohort
from outcomenet.cohorts.faults import CohortRefused
from outcomenet.films.dicom_writer import write_dicom

TABLES = {
    "cohort.toml": """
name = "Three patients"
licence = "CC0 1.0"
sites = ["A", "B"]
""",
    "patients.csv": """
patient_id,sex,birth_year,site,symptom_onset,rf,acpa
P1,F,1950,A,2010-01-01,1,1
P2,M,1960,A,,0,
P3,unknown,1970,B,,,
""",
    "visits.csv": """
patient_id,visit_id,date,haq_di,pain,das28,crp,fm,oa
P1,V1,2020-07-02,1.125,40,3.2,5,1,
P1,V2,2021-07-02,1.25,,,,,
P2,V1,2020-03-01,0,10,2.1,0,0,1
P3,V1,2020-05-05,,55,,,,
""",
    "films.csv": """
film_id,patient_id,date,region,side,view,path,pixel_spacing_mm
F1,P1,2020-07-01,hand,L,PA,films/f1.dcm,
F2,P1,2020-07-01,hand,R,PA,films/f2.png,0.2
F3,P2,2020-03-11,foot,L,DP,films/f3.png,
""",
    "landmarks.csv": """
film_id,landmark,x_px,y_px
F1,MCP2,20,30.5
F1,RC,30,70
F3,MTP1,10,10
""",
    "scores.csv": """
patient_id,visit_id,reader,reading_mode,scheme,side,site,feature,score
P1,V1,r1,single,svdh,LH,MCP2,erosion,3
P1,V1,r1,single,svdh,LH,MCP2,jsn,
P1,V1,r1,single,svdh,LF,MTP5,erosion,7
""",
    "events.csv": """
patient_id,date,event
P2,2022-01-01,death
""",
    "measurements.csv": """
patient_id,visit_id,name,value
P1,V1,radai,2.5
""",
}


@pytest.fixture
def cohort_folder(tmp_path: Path) -> Path:
    """Three patients, four visits, three films."""
    folder = tmp_path / "cohort"
    (folder / "films").mkdir(parents=True)
    for file, text in TABLES.items():
        (folder / file).write_text(text.lstrip())
    pixels = np.arange(80 * 60, dtype=np.uint16).reshape(80, 60) % 4096
    write_dicom(folder / "films/f1.dcm", pixels, spacing_mm=0.15, patient_id="P1", study_date=datetime.date(2020, 7, 1))
    for name in ("f2.png", "f3.png"):
        Image.fromarray((pixels // 16).astype(np.uint8)).save(folder / "films" / name)
    return folder


@pytest.fixture
def broken(cohort_folder: Path) -> Callable[[str, str, str], list[str]]:
    """Replaces a text in one file of the valid folder; returns the sentences of the faults that this makes."""

    def replace(file: str, old: str, new: str) -> list[str]:
        text = (cohort_folder / file).read_text()
        assert old in text
        (cohort_folder / file).write_text(text.replace(old, new))
        with pytest.raises(CohortRefused) as refused:
            read_cohort(cohort_folder)
        return [fault.sentence for fault in refused.value.faults]

    return replace
