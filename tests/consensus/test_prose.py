import pytest

from debate.consensus.leaning import leaning
from debate.consensus.prose import read_prose, stated_agreement
from debate.consensus.selfstance import self_stance, self_stating
from debate.reply.reply import Stance

MEDIA = "Social media does more harm than good to society"
INCOME = "Governments should introduce a universal basic income"
CARS = "Cities should ban private cars from their centres"


@pytest.mark.parametrize(
    ("topic", "text", "side"),
    [
        (MEDIA, "I remain opposed to the proposition.", -1),
        (MEDIA, "While I agree that some harms are real, I cannot support the motion.", -1),
        (MEDIA, "I lean toward supporting the proposition, though with caveats.", 1),
        (MEDIA, "On balance, the proposition overstates the harm and ignores the benefits.", -1),
        (MEDIA, "I do not believe that social media does more harm than good to society.", -1),
        (MEDIA, "You raise a strong point, and I agree with you on that. But I still disagree with the claim.", -1),
        (MEDIA, "I am not convinced that the proposition is correct.", -1),
        (MEDIA, "The proposition is not wrong; I think it holds.", 1),
        (INCOME, "Ladies and gentlemen, I stand in firm opposition to the motion.", -1),
        (INCOME, "I rise today in strong support of the motion.", 1),
        (INCOME, "I strongly oppose introducing a universal basic income because it is too expensive.", -1),
        (INCOME, "I therefore conclude that governments should introduce a universal basic income.", 1),
        (INCOME, "I no longer support the proposition.", -1),
        (INCOME, "My view has not changed: the motion is sound and deserves to pass.", 1),
        (INCOME, "I've moved somewhat toward the proposition but ultimately remain against it.", -1),
        (INCOME, "The case against the proposition is stronger.", -1),
        (INCOME, "I've become more sympathetic to the proposition.", 1),
        (INCOME, "My overall stance remains one of cautious opposition.", -1),
        (INCOME, "I grant the system is unfair; however, I can't go along with the proposition.", -1),
        (INCOME, "My position has shifted: I now believe the proposition has merit.", 1),
        (INCOME, "The evidence does not support the proposition.", -1),
        (INCOME, "On this side of the house we firmly oppose the motion.", -1),
        (CARS, "I support banning private cars from city centres.", 1),
        (CARS, "I support keeping private cars in our cities.", -1),
    ],
)
def test_a_speaker_that_takes_a_side_is_read(topic: str, text: str, side: int):
    """The sign of the estimate is the side the sentence takes, negations, concessions and turns heeded."""
    estimate = self_stance(topic, text)
    assert estimate is not None
    assert estimate * side > 0


@pytest.mark.parametrize(
    "text",
    [
        "It would give workers more bargaining power and reduce poverty.",
        "Critics argue that the proposition is too expensive.",
        "I disagree with your argument that people would stop working.",
        "The claim that work would collapse is false.",
        "I'm on the fence; I remain neutral on this question.",
    ],
)
def test_where_no_side_is_taken_none_is_read(text: str):
    """Arguments, reports of others, quarrels with the opponent and neutrality give no estimate."""
    assert self_stance(INCOME, text) is None


def test_later_sentences_count_for_more():
    """A speaker that changes its mind within a text is read by where it ends."""
    assert self_stance(INCOME, "At first I supported the motion. Now I oppose the motion.") < 0
    assert self_stating(INCOME, "I support the motion. It is cheap.") == "I support the motion."


@pytest.mark.parametrize(
    ("topic", "text", "sign"),
    [
        ("Homeschooling should be banned", "homeschooling should not be banned because home is a safe setting", -1),
        ("Homeschooling should be banned", "homeschooling should be prohibited", 1),
        ("We should legalize prostitution", "legalizing it would make the work safer and protect women", 1),
        ("We should ban human cloning", "Human cloning is dangerous and immoral.", 1),
        ("We should ban human cloning", "Human cloning could cure patients and brings great benefits.", -1),
        ("We should adopt atheism", "Faith is older than writing.", 0),
    ],
)
def test_arguments_lean_by_what_they_demand_and_praise(topic: str, text: str, sign: int):
    """What speaks ill of a thing leans towards a motion that goes against it, and the other way round."""
    found = leaning(topic, text)
    total = found.demand + found.evaluation
    assert total * sign > 0 if sign else total == 0


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("POSITION: Cars out.\nSTANCE: strongly_support\nCONFIDENCE: 80", "strongly_support"),
        ("**Position:** Cars out.\n**Stance:** Strongly Oppose\n**Confidence:** 80%", "strongly_oppose"),
        ('```json\n{"position": "Cars stay", "stance": "oppose", "confidence": 0.7}\n```', "oppose"),
        ("{'position': 'Cars stay', 'stance': 'oppose', 'confidence': 70}", "oppose"),
        ("Text.\n\nstance: NEUTRAL\nconfidence: 50", "neutral"),
        ("My stance: I strongly oppose this motion.", "strongly_oppose"),
        ("| Stance | support |", "support"),
        ("<stance>oppose</stance>", "oppose"),
        ("Stance (final): support", "support"),
        ("STANCE: somewhat oppose", "oppose"),
        ("Stance - oppose", "oppose"),
        ("STANCE: strongly oppose (95%)", "strongly_oppose"),
        ("### Stance\nStrongly support\n### Confidence\n80", "strongly_support"),
    ],
)
def test_stances_tagged_in_any_notation_are_read(text: str, stance: str):
    """Markdown, JSON, tables, tags and plain lines of texts nobody gave a format to."""
    assert read_prose(CARS, text).stance is Stance(stance)


@pytest.mark.parametrize(
    "text", ["STANCE: support or oppose", "stance: strongly_support | support | oppose", "No tag."]
)
def test_a_tag_that_names_both_sides_is_no_stance(text: str):
    """An unfilled placeholder is not guessed at."""
    assert read_prose(CARS, text).stance is None


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("The answer is (B).", "Saturn has most. (B)", True),
        ("Therefore (C) is the correct answer.", "**Answer: (A)**", False),
        ("So the answer is $18.", "... = 9 x 2 = 18 dollars", True),
        ("\\boxed{18}", "The answer is 26.", False),
        ("So the answer is yes.", "Answer: Yes", True),
        ("Trams are cheap.", "The answer is (B).", None),
    ],
)
def test_stated_answers_are_compared(first: str, second: str, same: object):
    """Letters, numbers and yes or no, however they are written; nothing where only one states an answer."""
    assert stated_agreement(read_prose("", first), read_prose("", second)) is same
