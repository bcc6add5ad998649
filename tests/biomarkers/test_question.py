"""The question of an analysis: which rungs of the ladder suffice by its graph."""

from __future__ import annotations

from outcomenet.biomarkers.directed_graph import DirectedGraph
from outcomenet.biomarkers.question import question

GRAPH = DirectedGraph.of("age -> score -> haq; age -> haq; score -> pain -> haq; oa -> score; oa -> haq; age -> oa")
RUNGS = {"crude": (), "age": ("age",), "age, OA": ("age", "oa"), "and pain": ("age", "oa", "pain")}


def test_each_rung_is_judged_by_the_graph():
    section = question(GRAPH, exposure="score", outcomes=["haq"], rungs=RUNGS, observed=["age", "oa", "pain"])

    rows = section.estimates.set_index("adjustment")
    assert rows["estimate"].to_dict() == {"crude": 0, "age": 0, "age, OA": 1, "and pain": 0}
    assert rows.loc["and pain", "note"] == "adjusts for what the measure causes: pain"
    assert section.tables["Adjustment that the graph allows"].to_numpy().tolist() == [["haq", "age, oa"]]
    assert "by adjusting for age, oa" in section.sentences[0]


def test_an_open_confounder_and_an_outcome_outside_the_graph_are_said():
    section = question(
        GRAPH,
        exposure="score",
        outcomes=["haq", "fatigue"],
        rungs=RUNGS,
        observed=["age"],
        titles={"fatigue": "Fatigue"},
    )

    assert "cannot be told from what was measured" in section.sentences[0]
    assert section.refusals == ("Fatigue stand in no arrow of the graph: no set can be told for them.",)


def test_the_graph_is_drawn():
    section = question(GRAPH, exposure="score", outcomes=["haq"], rungs=RUNGS, observed=[])

    (figure,) = section.figures()
    assert {text.get_text() for text in figure.axes[0].texts} >= set(GRAPH.names)
