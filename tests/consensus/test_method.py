import subprocess
import sys

import pytest

from debate.consensus.method import Method, method_for
from debate.reply.reply import ReplyField
from debate.reply.spec import ReplySpec


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("position", "answer", "confidence"), Method.ANSWER),
        (("position", "stance", "confidence"), Method.STANCE),
        (("position", "confidence"), Method.POSITION),
        (("text",), Method.TEXT),
    ],
)
def test_auto_takes_the_most_reliable_field_that_is_asked_for(fields: tuple[ReplyField, ...], expected: object):
    """Answers before stances before positions; free text only where nothing is stated."""
    assert method_for(ReplySpec(fields=fields)) is expected


def test_without_weights_positions_are_compared_lexically_and_say_so():
    """The method's name tells that only wording was compared."""
    method = method_for(ReplySpec(fields=("position",)), lexical=True)
    assert method is Method.LEXICAL
    assert method.reliability == "low"


def test_a_method_whose_field_is_not_asked_for_is_refused():
    """An explicit method that could only ever find unreadable replies is an error before anything is spent."""
    with pytest.raises(ValueError, match="compares stance, which the replies are not asked for"):
        method_for(ReplySpec(fields=("position",)), "stance")
    with pytest.raises(ValueError, match="none of auto, answer"):
        method_for(ReplySpec(fields=("position",)), "cosine")


def test_structured_methods_import_nothing_heavy():
    """Measuring by answer or stance loads neither numpy nor torch."""
    code = (
        "import sys\n"
        "from debate.consensus.measures import measure\n"
        "from debate.consensus.method import Method\n"
        "from debate.consensus.voices import Voice\n"
        "import debate.consensus.score, debate.consensus.resolve, debate.consensus.movement\n"
        "measure([Voice(participant='x', answer='1'), Voice(participant='y', answer='2')], Method.ANSWER)\n"
        "heavy = ('numpy', 'torch', 'sentence_transformers', 'huggingface_hub', 'httpx')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
