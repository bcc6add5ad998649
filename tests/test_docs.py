"""Links between pages lead somewhere, and the site's menu names pages that are there; `make docs` holds the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.docs_site import stage

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(page for folder in ("docs", "data_cards") for page in (ROOT / folder).rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page):
    lost = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not lost


def test_the_sites_menu_names_pages_that_are_there_and_every_part_has_one(tmp_path):
    parts = stage(ROOT, tmp_path / "site")
    menu = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert len(menu) > 10
    assert [page for page in menu if not (tmp_path / "site" / page).is_file()] == []
    assert {"films", "ladder", "metrics", "outcomenet"} <= set(parts)
    assert "::: outcomenet.metrics.agreement" in (tmp_path / "site/api/metrics.md").read_text()
