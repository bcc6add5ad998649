"""Facts of a card know the properties that Croissant has."""

from __future__ import annotations

import pytest

from outcomenet.errors import UsageError
from outcomenet.intake.cards.card_facts import CardFacts


def test_an_unknown_property_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no property 'dataBias'. Did you mean dataBiases"):
        CardFacts("t", "d", "CC0", rai={"dataBias": ("x",)})
