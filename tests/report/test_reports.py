"""What a person reads of results, plans, saved runs and graphs."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from debate.graph.compiling import compile_graph
from debate.reply.reply import Reply, Stance
from debate.report.outcome import result_lines
from debate.report.pictures import dot, mermaid
from debate.report.retold import retold
from debate.report.spoken import line_of, stand_of
from debate.scenario.reading import parse_scenario
from debate.transcript.events import AttemptFailed, Camp, Dissent, Entry, GateResolved, Scored, TurnEnded, Warned
from debate.transcript.log import utc_now
from debate.transcript.result import (
    Consensus,
    IterationConsensus,
    Result,
    TurnCounts,
    UsageReport,
    Verdict,
)

SCENARIO = parse_scenario("""\
debate: 1
name: small
motion: Tea is better than coffee.
models: {cheap: "simulated:debater"}
participants: {ana: {}, ben: {}}
rounds:
  - {name: opening, who: debater, hears: nobody}
  - {name: rebuttal, who: debater, repeat: {up_to: 2, until: unanimous}}
""")
LABELS = {("opening", 1): "opening", ("rebuttal", 1): "rebuttal.1", ("rebuttal", 2): "rebuttal.2"}


def result(**changes: object) -> Result:
    """A result in which everything is there."""
    opening = IterationConsensus(round="opening", iteration=1, agreement=0.25, n_valid=2, unreadable=("cleo",))
    fields: dict[str, object] = {
        "run_id": "r1",
        "transcript": "transcripts/" + "long-" * 30 + "name.jsonl",
        "status": "completed",
        "stop_reason": None,
        "scenario": "small",
        "simulated": True,
        "rounds": 1,
        "turns": TurnCounts(attempted=3, valid=2, unreadable=1, failed=0, substituted=0, skipped=0, unused=0),
        "consensus": Consensus(
            agreement=0.25, reason=None, kappa=0.0, min_pair=0.25, majority_share=0.5, unanimous=False,
            effective_positions=2.0, method="stance", reliability="high", n_valid=2, similarity=0.93,
            similarity_reason=None, embedder="MiniLM@53aa", camps=(Camp(label="for", members=("ana",), share=0.5),),
            by_iteration=(opening,),
        ),
        "verdict": Verdict(
            answer="for", by="plurality", fallback_from="referee", votes={"for": 2.0, "against": 1.0}, denominator=4,
            abstained={"cleo": "unreadable"}, confidence=0.5, confidence_is="share of votes",
            dissent=(Dissent(participant="ben", choice="against"),), tied=(), reason="referee: no answer",
        ),
        "usage": UsageReport(
            requests=4, attempts=5, prompt_tokens=1000, completion_tokens=None, reasoning_tokens=None,
            cached_tokens=None, cost_usd=Decimal("0.0123"), unpriced_requests=1, cache_hits=0, saved_usd=None,
            possibly_billed=1, by_model={},
        ),
        "warnings": ("max_tokens was lowered",),
        "wall_seconds": 12.3,
    }  # fmt: skip
    return Result.model_validate({**fields, **changes})


def test_a_result_says_everything_that_matters() -> None:
    """Verdict and where it came from, votes, dissent, agreement with method and n, similarity by its own name."""
    text = "\n".join(result_lines(result(), width=200))
    for said in (
        "verdict     for, by plurality, 50 % (share of votes)",
        "in place of referee, which gave no answer",
        "votes       for: 2 · against: 1 (of 4)",
        "no vote     cleo (unreadable)",
        "dissent     ben (against)",
        "agreement   0.25 by stance, 2 of 3 replies, high reliability",
        "similarity  0.93 mean embedding similarity of the positions by MiniLM@53aa",
        "used        4 requests, 1,000 + unknown tokens read + written, $0.012 and 1 request of unknown price",
        "1 failed attempt possibly billed",
        "note        max_tokens was lowered",
        "simulated: tests the machinery, not the argument",
    ):
        assert said in text


def test_lines_keep_to_the_width_and_a_path_stays_whole() -> None:
    """So that it can be copied; everything else hangs below its label."""
    lines = result_lines(result(), width=60)
    long = [line for line in lines if len(line) > 60]
    assert [line.split()[0] for line in long] == ["transcript"]


def test_no_number_has_its_reason() -> None:
    """Where agreement is none, why; where nothing was scored, that."""
    consensus = result().consensus
    assert consensus is not None
    none = consensus.model_copy(update={"agreement": None, "reason": "fewer than two replies"})
    assert "agreement   none: fewer than two replies" in "\n".join(result_lines(result(consensus=none), width=200))
    assert "agreement   nothing was scored" in "\n".join(result_lines(result(consensus=None)))


def test_lexical_similarity_is_not_called_embedding() -> None:
    """Where no weights were found, the name says what was compared."""
    consensus = result().consensus
    assert consensus is not None
    lexical = consensus.model_copy(update={"embedder": "lexical@char-3-5"})
    text = "\n".join(result_lines(result(consensus=lexical), width=200))
    assert "0.93 mean lexical similarity of the positions by lexical@char-3-5: of their wording, not" in text


def test_a_run_that_stopped_says_why_first() -> None:
    """Before anything else."""
    lines = result_lines(
        result(status="stopped", stop_reason="budget", verdict=None), detail="the next request costs more"
    )
    assert lines[0] == "stopped     the next request costs more"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(text="x", stance=Stance.STRONGLY_OPPOSE, confidence=0.8), "strongly oppose, 80 %"),
        (Reply(text="x", answer="1/2", answer_written="0.5"), "answers 0.5"),
        (Reply(text="x", position="Tea is\nbetter."), "Tea is better."),
        (Reply(text="Only an argument."), "Only an argument."),
    ],
)
def test_a_reply_in_a_few_words(reply: Reply, said: str) -> None:
    """What it stands for, in the form it was written in."""
    assert stand_of(reply) == said


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (TurnEnded(turn="opening/ana", outcome="skipped"), None),
        (TurnEnded(turn="opening/ana", outcome="unreadable", reason="no stance"), "unreadable: no stance"),
        (TurnEnded(turn="opening/ana", outcome="completed", reply=Reply(text="x"), substituted=True), "substitute"),
        (Scored(round="rebuttal", iteration=2, measure="agreement", method="answer", value=0.5, n_valid=2), "l.2"),
        (
            Scored(round="opening", iteration=1, measure="agreement", method="stance", reason="too few", n_valid=1),
            "agreement by stance none (too few), 1 of 1 replies",
        ),
        (GateResolved(gate="rebuttal.1?until", holds=False, reason="2 sides"), "goes on: 2 sides"),
        (
            AttemptFailed(turn="opening/ana", try_number=1, attempt=1, error="x", message="429\nslow", retry_in=2.0),
            "429 slow; tried again in 2.0 s",
        ),
        (Warned(code="x", message="lexical"), "note"),
    ],
)  # fmt: skip
def test_an_event_in_a_line(event: TurnEnded, said: str | None) -> None:
    """One line, whatever is in it; nothing of what a person need not see."""
    line = line_of(event, LABELS)
    if said is None:
        assert line is None
    else:
        assert line is not None
        assert said in line
        assert "\n" not in line


def test_a_saved_run_is_told_by_rounds() -> None:
    """Who said what stands under its round, hostile bytes left out."""
    said = Reply(text="Tea \x1b[31mkeeps.\nLonger.", position="Tea wins.", stance=Stance.SUPPORT)
    events = [TurnEnded(turn="opening/ana", outcome="completed", reply=said)]
    entries = [Entry(seq=i, at=utc_now(), prev="", event=event) for i, event in enumerate(events)]
    lines = list(retold(SCENARIO, entries, LABELS, width=60))
    assert lines == [
        "small · Tea is better than coffee.", "", "opening", "  ana: support", "    Tea [31mkeeps.", "    Longer.",
        "    → Tea wins.",
    ]  # fmt: skip


def test_pictures_have_every_turn_and_an_arrow_for_each_hearing() -> None:
    """Gates are diamonds, and what they decide hangs on dotted lines."""
    graph = compile_graph(SCENARIO)
    drawn = mermaid(graph)
    assert len(re.findall(r'^    t\d+\["', drawn, re.MULTILINE)) == len(graph.turns)
    assert drawn.count(" --> ") == 4
    assert drawn.count("{") == len(graph.gates)
    assert dot(graph).count("shape=diamond") == len(graph.gates)
    assert dot(graph).count("{") == dot(graph).count("}")
