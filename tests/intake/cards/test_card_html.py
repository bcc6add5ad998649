"""What a cohort's owner writes about it stays text in the Markdown card."""

from __future__ import annotations

import re

from outcomenet.intake.cards.card_croissant import CardFile, croissant
from outcomenet.intake.cards.card_facts import CardFacts
from outcomenet.intake.cards.card_fields import CardTable
from outcomenet.intake.cards.card_markdown import card_markdown
from outcomenet.intake.cards.codebook import CardField

HTML = "<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- --> ![x](http://a.b/c) [x](javascript:alert(1)) p < 0.05"


def card(url: str) -> str:
    facts = CardFacts(
        title=HTML, description=HTML, licence=HTML, rai={"dataCollection": (HTML,), "dataBiases": (HTML,)}, url=url,
        citation=HTML, creators=(HTML,), access=(HTML,), seen=(HTML,),
    )  # fmt: skip
    file = CardFile("a.csv", "a.csv", HTML, sha256="0" * 64, bytes=1)
    table = CardTable("records", HTML, "a.csv", (CardField("x", "sc:Text", HTML),))
    return card_markdown(croissant(facts, [table], [file]))


def test_no_tag_picture_or_link_is_passed_on():
    text = card("javascript:alert(1)")
    assert re.search(r"<[A-Za-z/!?]", text) is None
    assert re.search(r"\]\(", text) is None
    assert "javascript:alert(1)>" not in text
    assert text.count("p < 0.05") >= 9  # what is no tag stays as it is written


def test_a_web_address_is_still_a_link():
    assert "<https://example.org/a?b=1&c=2>" in card("https://example.org/a?b=1&c=2")
