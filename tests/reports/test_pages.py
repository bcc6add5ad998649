"""The report as it is read: on a phone, on a screen and in print, measured on the HTML.

`make pages` looks at the same pages with a browser.
"""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from outcomenet.pages.page import number
from outcomenet.pages.pictures import small_picture
from outcomenet.reports import report_tables as tables
from outcomenet.reports import write_report
from outcomenet.reports.equal_terms import equal_adjustment
from outcomenet.reports.examples import example_visits

PHONE_PX = 390 - 2 * 16  # a phone's width without the margins of the page


class Tables(HTMLParser):
    """The tables of a page: headers, and rows of (tag, label, text)."""

    def __init__(self, page: str):
        super().__init__()
        self.headers: list[list[str]] = []
        self.rows: list[list[list[tuple[str, str, str]]]] = []
        self.classes: list[str] = []
        self._cell: tuple[str, str] | None = None
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "table":
            self.headers.append([])
            self.rows.append([])
            self.classes.append(named.get("class") or "")
        elif tag == "tr":
            self.rows[-1].append([])
        elif tag in ("td", "th"):
            self._cell, self._text = (
                ("header" if named.get("scope") == "col" else tag, named.get("data-label") or ""),
                "",
            )

    def handle_data(self, data):
        self._text += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            kind, label = self._cell
            if kind == "header":
                self.headers[-1].append(self._text)
            else:
                self.rows[-1][-1].append((kind, label, self._text))
            self._cell = None


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, better_run: Path) -> Path:
    """The better run with what an intake writes."""
    folder = tmp_path_factory.mktemp("pages") / "run"
    folder.mkdir()
    for path in better_run.iterdir():
        if path.name not in ("figures", "report.html"):
            (folder / path.name).symlink_to(path)
    pd.DataFrame(
        [("Cohort folder", "patients", 12, 0, ""), ("Visits with at least one joint", "", 3, 1, "no film <of> the visit"),
         ("Visits with at least one joint", "visits", 20, 0, ""), ("Train", "patients", 6, 0, ""),
         ("Validation", "patients", 2, 0, ""), ("Test", "patients", 4, 0, "")],
        columns=["step", "unit", "count", "excluded", "reason"],
    ).to_csv(folder / "flow.csv", index=False)  # fmt: skip
    (folder / "table1.csv").write_text(
        'variable,level,Missing,Overall,train,validation,test,"SMD (test,train)","SMD (test,validation)"\n'
        'n,,,12,6,2,4,,\n"Age (years), mean (SD)",,0,50.0 (9.9),51.0 (9.0),49.0 (1.0),50.1 (8.0),0.101,0.203\n'
        '"Male sex, n (%)",yes,0,3 (25.0),1 (16.7),1 (50.0),1 (25.0),\N{EN DASH},\N{EN DASH}\n'
    )
    (folder / "agreement.csv").write_text(
        "scheme,reading_mode,measure,readers,statistic,value,lower,upper,n,note\n"
        "svdh,single,total,R1 - R2,icc_a1,0.912,0.87,0.95,40,\n"
        "svdh,single,hand MCP2 erosion,R1 - R2,kappa,0.5,0.4,0.6,40,\n"
    )
    return folder


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return write_report(run).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shown(page: str) -> Tables:
    return Tables(page)


def test_every_cell_knows_its_header_so_that_a_phone_can_show_a_row_as_a_list(shown: Tables):
    assert len(shown.headers) > 8
    for headers, rows in zip(shown.headers, shown.rows, strict=True):
        for row in filter(None, rows):
            assert [label for _, label, _ in row][1:] == headers[1:]


def test_no_table_holds_more_values_with_intervals_than_a_page_is_wide(shown: Tables):
    for headers, rows in zip(shown.headers, shown.rows, strict=True):
        for row in filter(None, rows):
            assert sum(" to " in text and len(text) < 40 for _, _, text in row) <= tables.MOST_VALUES, headers


def test_many_measures_of_an_outcome_are_set_as_several_tables():
    names = ["r2", "mae", "rmse", "calibration_slope", "calibration_intercept", "coverage", "brier", "ibs"]
    row = {"predictor": "covariates", "outcome": "haq", "horizon": 0, "subgroup": "all", "n": 9, "events": np.nan}
    metrics = pd.DataFrame([{**row, "metric": name, "value": 1.0, "lower": 0.0, "upper": 2.0} for name in names])
    made = tables.outcome_ladder(metrics, "haq", 0)
    assert [len(table.headers) - 2 for table in made] == [4, 4]
    assert [header for table in made for header in table.headers[2:]][0].startswith("R")


def test_tables_with_many_columns_become_lists_before_they_are_cut(shown: Tables, page: str):
    for headers, style in zip(shown.headers, shown.classes, strict=True):
        assert (style == "wide") == (len(headers) > 6)
    for width, of in (("40rem", "table"), ("64rem", "table.wide")):
        block = page[page.index(f"@media screen and (max-width: {width}) {{\n  {of} caption") :]
        assert f"{of} td::before {{ content: attr(data-label)" in block


def test_values_and_intervals_may_stand_on_two_lines_but_are_not_broken():
    assert number("0.31 (0.22 to 0.39)").count('class="one"') == 2
    assert number("<b>") == '<span class="one">&lt;b&gt;</span>'


def test_verdicts_of_audits_stand_beside_the_question(shown: Tables):
    table = next(at for at, headers in enumerate(shown.headers) if "Verdict" in headers)
    assert shown.headers[table] == ["Question", "Verdict", "Finding"]
    assert [row[1][2] for row in shown.rows[table] if row] == ["alarm", "pass", "not computed"]


def test_letters_of_a_figure_are_large_enough_on_a_phone(page: str):
    sources = re.findall(r'<source media="screen and \(max-width: 40rem\)" srcset="data:([^;]+);base64,([^"]+)">', page)
    assert len(sources) == page.count("<picture>")
    drawn = [encoded for kind, encoded in sources if kind == "image/svg+xml"]
    assert len(drawn) > 7  # all but the map of joints, which has too many shapes
    for encoded in drawn:
        svg = base64.b64decode(encoded).decode()
        width = re.search(r'width="([\d.]+)pt"', svg)
        assert width is not None
        # matplotlib draws letters as shapes of 100 units, scaled to their size in points
        sizes = [100 * float(scale) for scale in re.findall(r"scale\((0\.\d+) -0\.\d+\)", svg)]
        assert min(sizes) * PHONE_PX / float(width[1]) >= 9  # px on the phone


def test_what_is_collapsible_is_open_or_named_in_print(page: str):
    for found in re.findall(r"<details[^>]*><summary>([^<]+)", page):
        assert found in ("What the measures of performance mean", "Codebook of the measure", "Full configuration")
    assert page.count("<details open>") == 2
    assert "The full configuration is part of record.json in the run folder; it is not printed." in page


def test_flow_table_one_and_readers_are_part_of_the_report(page: str, shown: Tables):
    assert '<div class="box"><strong>Cohort folder</strong>12 patients</div>' in page
    assert "3 no film &lt;of&gt; the visit" in page
    cells = [[text for _, _, text in row] for rows in shown.rows for row in rows]
    assert ["Age (years), mean (SD)", "0", "50.0 (9.9)", "51.0 (9.0)", "49.0 (1.0)", "50.1 (8.0)", "0.203"] in cells
    assert ["Male sex, n (%)", "0", "3 (25.0)", "1 (16.7)", "1 (50.0)", "1 (25.0)", "\N{EN DASH}"] in cells
    assert [
        "ICC(2,1) of the total, absolute agreement",
        "R1 - R2",
        "svdh, single",
        "0.91 (0.87 to 0.95)",
        "40",
    ] in cells
    assert "hand MCP2 erosion" not in page


MARGINS = {"resamples": 1000, "lower_margin": 0.001, "upper_margin": 0.001}


def _comparisons() -> pd.DataFrame:
    """254 rows: every pair of rungs in six measures of two outcomes, and two of a third."""
    from itertools import combinations

    from outcomenet.predictors import PREDICTORS

    pairs = list(combinations(list(PREDICTORS)[:7], 2))
    rows = [
        (name, 0, metric, second, first)
        for name in ("haq", "pain")
        for metric in ("r2", "mae", "rmse", "calibration_slope", "calibration_intercept", "coverage")
        for first, second in pairs
    ]
    rows += [("progression", 365, "auroc", "direct_adjusted", other) for other in ("human_total", "covariates")]
    table = pd.DataFrame(rows, columns=["outcome", "horizon", "metric", "predictor", "reference"])
    return table.assign(difference=0.1, lower=-0.1, upper=0.3, n=100, share_above_zero=0.9, **MARGINS)


def test_of_many_differences_those_asked_first_are_shown_and_the_page_says_where_the_rest_is():
    table = _comparisons()
    assert len(table) == 254
    made = tables.differences(table)
    # per outcome: the measure against six others in the headline metric, and against the human total in five more
    assert [len(of_outcome.rows) for of_outcome in made] == [6 + 5, 6 + 5, 2]
    assert tables.where_the_rest_is(made, table, "comparisons.csv") == (
        "Here are 24 of 254 differences, those that were asked for first; comparisons.csv in the run folder has all."
    )
    few = table[table["outcome"] == "progression"]
    assert tables.where_the_rest_is(tables.differences(few), few, "comparisons.csv") == ""


def test_at_equal_adjustment_the_headline_measure_against_the_human_total_is_shown():
    nested = pd.concat(
        [_comparisons().assign(adjusted_for=adjusted) for adjusted in ("none", "age and sex", "all")], ignore_index=True
    )
    assert len(equal_adjustment(nested).rows) == 3 * (
        5 + 5 + 1
    )  # covariate sets; predictors above it for three outcomes


def test_films_of_training_patients_are_marked_and_come_last(tmp_path: Path):
    (tmp_path / "examples").mkdir()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "examples" / "f.png")
    films = pd.DataFrame(
        [("F1", "LH", "P1_V1", "f.png"), ("F2", "LH", "P2_V1", "f.png"), ("F3", "LH", "P3_V1", "f.png")],
        columns=["film_id", "side", "visit_id", "png"],
    )
    first, second = example_visits(tmp_path, films, {"P1_V1": "train", "P2_V1": "test"})
    assert (first.visit_id, first.standing, first.learned) == ("P2_V1", "a held-out patient", False)
    assert (second.visit_id, second.standing, second.learned) == ("P1_V1", "a training patient", True)
    assert "(a training patient)" in second.films[0].caption
    alone = example_visits(tmp_path, films[2:], {})[0]
    assert (alone.standing, alone.learned) == ("not known whether held out", True)


def test_pictures_are_made_small_enough_to_be_mailed(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (1200, 900), np.uint8)
    Image.fromarray(noise).save(tmp_path / "film.png")
    address = small_picture(tmp_path / "film.png", 300)
    assert address.startswith("data:image/jpeg;base64,")
    assert len(address) < (tmp_path / "film.png").stat().st_size / 10
