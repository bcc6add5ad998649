"""Parts of pages: finished text stays as it is, a flow keeps its numbers, pictures are their own addresses."""

from __future__ import annotations

import base64

import cv2
import jinja2
import numpy as np
import pandas as pd
import pytest

from outcomenet.pages.contact_sheet import TILE_PX, contact_sheet, tiled
from outcomenet.pages.page import MOST_COLUMNS, FlowBox, Table, flow_chart, number, page_template, table_of
from outcomenet.pages.pictures import data_address, small_picture


def test_a_cell_without_an_interval_is_one_piece_and_is_escaped():
    assert number("<b>") == '<span class="one">&lt;b&gt;</span>'


def test_a_table_of_values_is_text_and_is_wide_beyond_six_columns():
    table = table_of("Caption.", ["a", "b"], [(1, None), ("x", 0.5)], words=(0,))
    assert [row.cells for row in table.rows] == [["1", "None"], ["x", "0.5"]]
    assert not table.wide
    assert Table("", ["h"] * (MOST_COLUMNS + 1), []).wide


def test_a_flow_says_what_is_kept_and_what_was_left_out_and_ends_with_the_splits():
    flow = pd.DataFrame(
        [
            ("Cohort folder", "patients", 1200, 0, None),
            ("Linked", "films", 30, 0, None),
            ("Linked", None, 4, 1, "no visit near"),
            ("Train", "patients", 900, 0, None),
            ("Test", "patients", 300, 0, None),
        ],
        columns=["step", "unit", "count", "excluded", "reason"],
    )
    chart = flow_chart(flow, splits=2)
    assert chart.steps[0] == FlowBox("Cohort folder", ["1,200 patients"], [])
    assert chart.steps[1] == FlowBox("Linked", ["30 films"], ["4 no visit near"])
    assert [box.title for box in chart.splits] == ["Train", "Test"]
    assert flow_chart(flow, splits=0).splits == []


def test_a_page_with_something_missing_is_an_error_and_no_gap():
    with pytest.raises(jinja2.UndefinedError, match="is undefined"):
        page_template("outcomenet.reports", "report.html").render(version="1")


def test_content_is_its_own_address():
    address = data_address(b"\x00film", "image/png")
    kind, _, content = address.partition(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(content) == b"\x00film"


def test_a_picture_is_made_smaller_and_never_larger(tmp_path):
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((50, 200), np.uint8))
    for most, expected in ((100, (25, 100)), (400, (50, 200))):
        content = small_picture(tmp_path / "wide.png", most).partition(";base64,")[2]
        coded = np.frombuffer(base64.b64decode(content), np.uint8)
        assert cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE).shape == expected


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(AssertionError, match=r"notes\.png is no picture"):
        small_picture(tmp_path / "notes.png", 100)


def test_a_contact_sheet_has_a_tile_for_each_joint_that_is_there():
    crops = np.full((3, 8, 8), 1000, np.uint16)
    crops[1] = 60000
    present = np.array([True, False, True])
    tile = TILE_PX + 2  # with its border
    assert contact_sheet(crops, present, ["a", "b", "c"], columns=2).shape == (tile, 2 * tile)
    # the absent joint's grey levels do not stretch those of the others
    other = np.where(present[:, None, None], crops, 7).astype(np.uint16)
    np.testing.assert_array_equal(
        contact_sheet(crops, present, ["a", "b", "c"]), contact_sheet(other, present, ["a", "b", "c"])
    )


def test_a_last_row_is_filled_up_and_no_tile_is_a_blank():
    tile = np.full((TILE_PX, TILE_PX), 200, np.uint8)
    sheet = tiled([tile] * 3, columns=2)
    assert sheet.shape == (2 * (TILE_PX + 2), 2 * (TILE_PX + 2))
    assert not sheet[TILE_PX + 2 :, TILE_PX + 2 :].any()
    assert not tiled([], columns=2).any()
