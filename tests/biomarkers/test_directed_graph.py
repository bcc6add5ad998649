"""Directed graphs: d-separation and adjustment sets against published answers."""

from __future__ import annotations

import pytest

from outcomenet.biomarkers.directed_graph import DirectedGraph
from outcomenet.errors import UsageError

# Shrier & Platt, BMC Med Res Methodol 2008;8:70, figure 1: does warming up prevent injury?
WARMING_UP = DirectedGraph.of(
    """coach -> motivation -> warming_up; coach -> fitness; genetics -> fitness; genetics -> fatigue
    genetics -> tissue_disorder -> weakness -> injury; tissue_disorder -> fatigue; fitness -> before_game -> warming_up
    fitness -> fatigue -> injury; fatigue -> within_game -> injury; motivation -> previous_injury
    contact_sport -> previous_injury; contact_sport -> within_game; warming_up -> within_game"""
)

TOOTH_LOSS = {
    "loss": "mortality",
    "periodontitis": "loss",
    "caries": "loss",
    "diabetes": "mortality periodontitis hypertension lipids",
    "obesity": "mortality periodontitis diabetes hypertension lipids",
    "hypertension": "mortality",
    "psychosocial": "loss mortality periodontitis caries diabetes obesity hypertension alcohol smoking sport lipids",
    "age": "loss mortality periodontitis caries diabetes obesity hypertension psychosocial alcohol smoking sport lipids",
    "sex": "loss mortality periodontitis caries diabetes obesity hypertension psychosocial alcohol smoking sport lipids",
    "alcohol": "loss mortality diabetes obesity hypertension smoking lipids",
    "smoking": "loss mortality periodontitis diabetes obesity hypertension sport",
    "sport": "mortality periodontitis diabetes obesity hypertension lipids",
    "lipids": "mortality",
}


def test_adjustment_sets_of_a_published_graph():
    # the fitness, or what carries it to the warming up, must be held; each alone leaves a path through motivation or opens one
    assert set(WARMING_UP.minimal_adjustment_sets("warming_up", "injury")) == {
        ("coach", "fitness"),
        ("fitness", "genetics"),
        ("before_game", "coach"),
        ("before_game", "motivation"),
        ("fatigue", "tissue_disorder"),
        ("fatigue", "weakness"),
        ("fitness", "motivation"),
    }


def test_adjustment_sets_as_dagitty_lists_them():
    # Does tooth loss kill? Polzer et al., Clin Oral Investig 2012;16:333. The answer is the one that the tests of DAGitty
    # (Textor et al., Int J Epidemiol 2016;45:1887) hold for this graph.
    graph = DirectedGraph.of(
        "; ".join(f"{cause} -> {effect}" for cause, effects in TOOTH_LOSS.items() for effect in effects.split())
    )

    assert graph.minimal_adjustment_sets("loss", "mortality") == [
        ("age", "alcohol", "periodontitis", "psychosocial", "sex", "smoking"),
        ("age", "alcohol", "diabetes", "obesity", "psychosocial", "sex", "smoking", "sport"),
    ]


def test_adjusting_for_a_cause_of_neither_can_open_a_path():
    # M-bias (Greenland, Pearl & Robins, Epidemiology 1999;10:37): nothing needs adjusting, m alone must not be adjusted for
    graph = DirectedGraph.of("a -> x; a -> m; b -> m; b -> y; x -> y")

    assert graph.minimal_adjustment_sets("x", "y") == [()]
    assert not graph.is_adjustment_set("x", "y", ["m"])
    assert graph.is_adjustment_set("x", "y", ["m", "a"])


def test_what_the_exposure_causes_is_not_adjusted_for():
    graph = DirectedGraph.of("damage -> pain -> haq; damage -> haq; age -> damage; age -> haq")

    assert graph.minimal_adjustment_sets("damage", "haq") == [("age",)]
    assert not graph.is_adjustment_set("damage", "haq", ["age", "pain"])


def test_a_confounder_that_was_not_measured_leaves_no_set():
    graph = DirectedGraph.of("hidden -> damage; hidden -> haq; damage -> haq; age -> haq")

    assert graph.minimal_adjustment_sets("damage", "haq", observed=["age"]) == []


@pytest.mark.parametrize(
    ("given", "separated"),
    [((), False), (("c",), True), (("c", "e"), False), (("c", "d", "e"), True)],
)
def test_d_separation_by_hand(given: tuple[str, ...], separated: bool):
    # a -> c -> b is blocked by c; a -> e <- d -> b is opened by e and blocked again by d
    graph = DirectedGraph.of("a -> c -> b; a -> e; d -> e; d -> b")

    assert graph.d_separated("a", "b", given) is separated


def test_faults_are_named():
    with pytest.raises(UsageError, match="in a circle through 'a'"):
        DirectedGraph.of("a -> b; b -> a")
    with pytest.raises(UsageError, match="has the part 'a, b'"):
        DirectedGraph.of("a, b")
    with pytest.raises(UsageError, match="no 'hqa'. Did you mean haq"):
        DirectedGraph.of("damage -> haq").minimal_adjustment_sets("damage", "hqa")
