"""What is read out of completions."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.reply.asking import instructions, json_schema, repair_request
from debate.reply.mending import mended
from debate.reply.reading import LIMIT, read
from debate.reply.reply import QuestionKind, Reply, ReplyField, Stance
from debate.reply.spec import Extractor, ReplySpec

MOTION = ReplySpec(fields=("position", "stance", "confidence"))
CHOICE = ReplySpec(
    fields=("answer", "confidence"), kind="choice", choices={"A": "Jupiter", "B": "Saturn", "C": "Uranus"}
)
NUMBER = ReplySpec(fields=("answer", "confidence"), kind="number")
EXPRESSION = ReplySpec(fields=("answer",), kind="expression")
VOTE = ReplySpec(fields=("agreement", "ballot", "ranking", "scores", "critique", "stop"), candidates=("A", "B", "C"))

FOOTER = "POSITION: Cities should close their centres.\nSTANCE: support\nCONFIDENCE: 80"


LINE = "Cities should close their centres."
WHOLE = {"text": "Cars kill.", "position": LINE, "stance": "support", "confidence": 80}


@pytest.mark.parametrize(
    "text",
    [
        f"Cars kill.\n\n{FOOTER}",
        f"Cars kill.\n\n**POSITION:** {LINE}\n**STANCE:** Support\n**CONFIDENCE:** 80%",
        f"Cars kill.\n\n**Position**: {LINE}\n\n**Stance**: support.\n\n**Confidence**: 0.8",
        "Cars kill.\n\n- position: Cities should close\n  their centres.\n- stance: `support`\n- confidence: 80/100",
        f"Cars kill.\n\n```\nPOSITION: {LINE}\nSTANCE: SUPPORT\nCONFIDENCE: 80\n```",
        f"Cars kill.\n\nPOSITION: {LINE} STANCE: support CONFIDENCE: 8/10",
        f"Cars kill.\r\n\r\n> POSITION: {LINE}\r\n> STANCE: support\r\n> CONFIDENCE: 80 percent",
        f"Cars kill.\n\n## Position\n{LINE}\n\n## Stance\nsupport\n\n## Confidence\n80",
        f'Cars kill.\n```json\n{{"position": "{LINE}", "stance": "support", "confidence": 80}}\n```',
        json.dumps(WHOLE),
        json.dumps({"name": "reply", "arguments": json.dumps(WHOLE)}),
    ],
)
def test_one_footer_in_many_dresses(text: str) -> None:
    """Markdown, case, per cent, fences, one line, headings, JSON and tool calls are all the same footer."""
    reading = read(text, MOTION)
    assert reading.readable
    assert reading.missing == ()
    assert reading.reply == Reply(
        text="Cars kill.",
        position="Cities should close their centres.",
        stance=Stance.SUPPORT,
        confidence=0.8,
    )


def test_the_last_footer_wins() -> None:
    """An earlier footer is a quotation and stays in the text; nothing of it fills gaps of the last."""
    text = f"Ben wrote:\n{FOOTER}\nI cannot agree with that at all.\n\nPOSITION: Close nothing.\nSTANCE: oppose"
    reading = read(text, MOTION)
    assert reading.reply.stance is Stance.OPPOSE
    assert reading.reply.position == "Close nothing."
    assert reading.missing == ("confidence",)
    assert reading.readable
    assert "CONFIDENCE: 80" in reading.reply.text


def test_a_footer_far_away_is_not_ours() -> None:
    """A stance quoted early does not become the speaker's because the end only states a confidence."""
    reading = read("STANCE: oppose\nThat was Ana.\n1\n2\n3\n4\nCONFIDENCE: 70", MOTION)
    assert reading.reply.stance is None
    assert reading.reply.confidence == 0.7
    assert not reading.readable


def test_an_echo_of_the_instructions_is_no_reply() -> None:
    """A model that repeats what it was asked for has said nothing."""
    for spec in (MOTION, CHOICE, NUMBER, VOTE):
        reading = read(instructions(spec), spec)
        assert not reading.readable
        assert reading.reply == Reply(text=reading.reply.text)


def test_missing_is_missing() -> None:
    """A word is no confidence, a list of stances no stance, and nothing is filled in."""
    reading = read("POSITION: <your position>\nSTANCE: support | oppose\nCONFIDENCE: high", MOTION)
    assert reading.missing == ("position", "stance", "confidence")
    assert reading.problem == "stance 'support | oppose' cannot be read"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("80", 0.8), ("80%", 0.8), ("0.8", 0.8), ("8/10", 0.8), ("80/100", 0.8), ("100", 1.0), ("1.0", 1.0),
        ("1", 0.01), ("0", 0.0), ("about 75 percent", 0.75), ("**90**", 0.9), ("101", None), ("-5", None),
        ("70-80", None), ("high", None), ("", None),
    ],
)  # fmt: skip
def test_confidence(written: str, expected: float | None) -> None:
    """Per cent, probabilities and parts of ten; ranges, words and what is out of range are not read."""
    assert read(f"STANCE: support\nCONFIDENCE: {written}", MOTION).reply.confidence == expected


@pytest.mark.parametrize(
    ("text", "answer", "extractor"),
    [
        ("I say so.\nANSWER: (B)\nCONFIDENCE: 90", "B", "tagged"),
        ("So the **ANSWER:** (B)", "B", "patterns"),
        ("Final Answer: C) Uranus", "C", "tagged"),
        ("ANSWER: Saturn", "B", "tagged"),
        ("The answer is (C).", "C", "patterns"),
        ("The correct option is A.", "A", "patterns"),
        ("It is not (A). The answer is B because (C) is wrong.", "B", "patterns"),
        (r"Thus \boxed{\text{(B)}}.", "B", "patterns"),
        ("B", "B", "patterns"),
        ("ANSWER: B) Jupiter", None, None),
        ("ANSWER: A or B", None, None),
        ("The answer is not a simple one.", None, None),
        ("I would look at (A) and then at (B).", None, None),
    ],
)
def test_choices_in_text(text: str, answer: str | None, extractor: str | None) -> None:
    """A letter is read where it is stated, never where it is only mentioned or contradicts its text."""
    reading = read(text, CHOICE)
    assert (reading.reply.answer, reading.extractor) == (answer, extractor)
    assert reading.readable == (answer is not None)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ANSWER: 70,000", "70000"),
        ("So the answer is $18.", "18"),
        ("The answer is 43 shells, since 70 - 27 = 43.", "43"),
        (r"Hence $\boxed{-15}$.", "-15"),
        ("ANSWER: between 3 and 5", None),
        ("I counted 3 and then 5.", None),
    ],
)
def test_numbers_in_text(text: str, answer: str | None) -> None:
    """A number that is stated, sign and separators included; never just the last one."""
    assert read(text, NUMBER).reply.answer == answer


def test_the_last_mention_is_read_only_where_asked_for() -> None:
    """Recorded corpora were scored by it; a live run never bets on it."""
    text = "I would look at (A) and then at (B)."
    assert read(text, CHOICE).reply.answer is None
    recorded = ReplySpec(
        fields=CHOICE.fields, kind="choice", choices=CHOICE.choices, extractors=("tagged", "last_mention")
    )
    reading = read(text, recorded)
    assert (reading.reply.answer, reading.extractor) == ("B", "last_mention")
    number = ReplySpec(fields=("answer",), kind="number", extractors=("boxed", "last_number"))
    assert read("I counted 3 and then 5,000.", number).reply.answer == "5000"
    assert read(r"I counted \boxed{3} and then 5,000.", number).reply.answer == "3"


def test_extractors_are_tried_in_order() -> None:
    """JSON before the footer, each field from the first that has it."""
    text = '{"answer": "A"}\nANSWER: B\nCONFIDENCE: 60'
    reading = read(text, CHOICE)
    assert (reading.reply.answer, reading.reply.confidence, reading.extractor) == ("A", 0.6, "json")


def test_votes_are_read_from_a_footer_and_from_json() -> None:
    """Agreement, ballots, rankings, scores, critique and stop, in both forms."""
    expected = Reply(
        text="",
        agreement="disagree",
        ballot={"B": 1.0},
        ranking=("B", "A", "C"),
        scores={"A": 7.0, "B": 9.0, "C": 0.0},
        critique="Nothing is proved.",
        stop=True,
    )
    footer = (
        "AGREEMENT: disagree\nBALLOT: Response B\nRANKING: B > A > C\nSCORES: A=7, B: 9/10, C=0\n"
        "CRITIQUE: Nothing is proved.\nSTOP: yes"
    )
    values = {
        "agreement": "disagree", "ballot": "B", "ranking": ["B", "A", "C"], "scores": {"A": 7, "B": 9, "C": 0},
        "critique": "Nothing is proved.", "stop": True,
    }  # fmt: skip
    assert read(footer, VOTE).reply == expected
    assert read(json.dumps(values), VOTE).reply == expected


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("RANKING: A > A > B", "ranking"),
        ("RANKING: A > D", "ranking"),
        ("SCORES: A=11, B=2, C=3", "scores"),
        ("SCORES: A=1, A=2", "scores"),
        ("BALLOT: A, B", "ballot"),
        ("STOP: yes | no", "stop"),
        ("AGREEMENT: partly", "agreement"),
    ],
)
def test_a_void_vote_is_missing(line: str, field: ReplyField) -> None:
    """A repeated or unknown option, a score off the scale, two votes where one is asked for: none of it counts."""
    reading = read(line, VOTE)
    assert field in reading.missing
    assert not reading.readable


def test_a_partial_ranking_stands() -> None:
    """Three of four ranked is a ranking of three."""
    assert read("RANKING: B, A", VOTE).reply.ranking == ("B", "A")


def test_ballots_by_style() -> None:
    """Approval takes several or none, cumulative shares out no more points than there are."""
    approval = ReplySpec(fields=("ballot",), candidates=("A", "B", "C"), ballot_style="approval")
    assert read("BALLOT: A, C", approval).reply.ballot == {"A": 1.0, "C": 1.0}
    assert read("BALLOT: none", approval).reply.ballot == {}
    cumulative = ReplySpec(fields=("ballot",), candidates=("A", "B", "C"), ballot_style="cumulative")
    assert read("BALLOT: A=6, B=4", cumulative).reply.ballot == {"A": 6.0, "B": 4.0}
    assert read("BALLOT: A=6, B=5", cumulative).reply.ballot is None


def test_only_what_was_asked_for_is_read() -> None:
    """A tag nobody asked for is part of the argument."""
    spec = ReplySpec(fields=("answer", "text"), kind="open")
    reading = read("STANCE: support\nANSWER: Paris", spec)
    assert reading.reply.stance is None
    assert reading.reply.text == "STANCE: support"
    assert reading.reply.answer == "paris"
    assert reading.reply.answer_written == "Paris"


def test_free_text_needs_only_words() -> None:
    """Without a footer any text is readable, and blank is not."""
    assert read("Hello.", ReplySpec(fields=("text",))).readable
    empty = read("  \n", ReplySpec(fields=("text",)))
    assert not empty.readable
    assert empty.problem == "the completion is empty"


def test_a_long_completion_is_read_from_its_end() -> None:
    """What is beyond the limit is cut at the front, where no footer stands."""
    reading = read("x" * (2 * LIMIT) + "\n" + FOOTER, MOTION)
    assert reading.readable
    assert len(reading.reply.text) < LIMIT


def test_a_repair_fills_only_what_was_missing() -> None:
    """The first reading's fields and text stay; the repair's answer to anything else is ignored."""
    first = read("Cars kill.\nSTANCE: support", ReplySpec(fields=("position", "stance", "answer"), kind="open"))
    assert not first.readable
    spec = ReplySpec(fields=("position", "stance", "answer"), kind="open")
    request = repair_request(first, spec)
    assert "POSITION:" in request
    assert "ANSWER:" in request
    assert "STANCE:" not in request
    both = mended(first, read("POSITION: Ban cars.\nSTANCE: oppose\nANSWER: Ban", spec), spec)
    assert both.readable
    assert both.reply == Reply(
        text="Cars kill.", position="Ban cars.", stance=Stance.SUPPORT, answer="ban", answer_written="Ban"
    )


def test_a_repair_that_says_nothing_leaves_it_unreadable() -> None:
    """One repair, then unreadable, with the reason."""
    first = read("No idea.", CHOICE)
    both = mended(first, read("Still none.", CHOICE), CHOICE)
    assert not both.readable
    assert both.problem == "no answer"
    assert both.reply.text == "No idea."


def test_a_whole_json_repair_replaces_one_that_was_cut() -> None:
    """JSON cut off by the token limit is no argument; the repair's text is."""
    first = read('{"text": "Saturn has mo', CHOICE)
    both = mended(first, read('{"text": "Saturn.", "answer": "B", "confidence": 70}', CHOICE), CHOICE)
    assert both.reply == Reply(text="Saturn.", answer="B", answer_written="B", confidence=0.7)


def _example(schema: dict[str, object]) -> object:
    """Some value that a schema of ours allows."""
    if "enum" in schema:
        return schema["enum"][-1]  # type: ignore[index]
    match schema["type"]:
        case "object":
            return {name: _example(inner) for name, inner in schema["properties"].items()}  # type: ignore[attr-defined]
        case "array":
            return [_example(schema["items"])]  # type: ignore[arg-type]
        case "integer" | "number":
            return schema.get("minimum", 3)
        case "boolean":
            return False
        case _:
            return "Words."


@pytest.mark.parametrize("style", ["one", "approval", "cumulative"])
@pytest.mark.parametrize("kind", [None, *get_args(QuestionKind)])
def test_whatever_the_schema_allows_is_read(kind: QuestionKind | None, style: str) -> None:
    """A completion held to the schema gives every field; all keys are required and no others allowed."""
    choices = {"A": "x", "B": "y"} if kind in ("choice", "set") else {}
    spec = ReplySpec(
        fields=("position", "stance", "answer", "confidence", "agreement", "ranking", "scores", "critique", "stop"),
        kind=kind, choices=choices, candidates=("p.1", "p.2"), ballot_style=style,
    )  # fmt: skip
    schema = json_schema(spec)
    assert schema["required"] == ["text", *spec.fields]
    assert schema["additionalProperties"] is False
    reading = read(json.dumps(_example(schema)), spec)
    assert reading.missing == ()
    assert reading.extractor == "json"


def test_instructions_are_the_footer_of_the_design() -> None:
    """One line a field, in order, tag first."""
    lines = instructions(MOTION).splitlines()
    assert [line.split(":")[0] for line in lines[1:]] == ["POSITION", "STANCE", "CONFIDENCE"]
    assert "A, B, C" in instructions(CHOICE)
    assert "JSON" in instructions(CHOICE, "schema")
    assert instructions(ReplySpec(fields=("text",))) == ""


_MARKS = ("ANSWER:", "STANCE:", "POSITION:", "CONFIDENCE:", "RANKING:", "SCORES:", "BALLOT:", "**", "```json\n", "```")
_SIGNS = tuple("{}[],:$A-=>|^_%/\n \x00\ud800")
_WORDS = (
    '"answer":',
    '"stance"',
    "\\boxed{",
    "\\frac",
    "the answer is ",
    "(B)",
    "70,000",
    "1e9",
    "support",
    "null",
    "NaN",
)
_PIECES = st.sampled_from([*_MARKS, *_SIGNS, *_WORDS, "\\begin{pmatrix}", "\\\\"])
_SPECS = st.builds(
    ReplySpec,
    fields=st.lists(st.sampled_from(get_args(ReplyField)), min_size=1, max_size=6, unique=True).map(tuple),
    kind=st.sampled_from([None, *get_args(QuestionKind)]),
    choices=st.sampled_from([{}, {"A": "Jupiter", "B": "Saturn"}, {"yes": "yes", "no": "no"}]),
    ballot_style=st.sampled_from(["one", "approval", "cumulative"]),
    extractors=st.permutations(get_args(Extractor)).map(tuple),
)


@given(st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=40).map("".join)), _SPECS)
def test_reading_never_raises_and_is_consistent(text: str, spec: ReplySpec) -> None:
    """Any text gives a reading that can be stored, and that is readable exactly when no required field is missing."""
    reading = read(text, spec)
    assert reading.readable == (not set(spec.required) & set(reading.missing))
    assert (reading.problem is None) == reading.readable
    assert Reply.model_validate_json(reading.reply.model_dump_json()) == reading.reply
    repair_request(reading, spec)
    assert mended(reading, reading, spec).reply == reading.reply
