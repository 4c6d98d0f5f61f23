import json
import subprocess
import sys
from pathlib import Path

import pytest

from debate.consensus.encoder import EncoderWorker
from debate.consensus.method import Method
from debate.consensus.nli import NliJudge
from debate.consensus.score import Scorer
from debate.consensus.voices import Voice
from debate.consensus.worker import label_columns
from debate.errors import EmbedderError

BUILD = """
import sys, torch
from pathlib import Path
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast
folder = Path(sys.argv[1]); folder.mkdir(exist_ok=True)
letters = list("abcdefghijklmnopqrstuvwxyz.")
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
(folder / "vocab.txt").write_text("\\n".join([*special, *letters, *["##" + l for l in letters]]))
BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
torch.manual_seed(7)
labels = {0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT"} if sys.argv[2] == "nli" else {0: "A", 1: "B", 2: "C"}
config = BertConfig(vocab_size=59, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                    max_position_embeddings=64, num_labels=3, id2label=labels, initializer_range=0.2,
                    label2id={v: k for k, v in labels.items()})
BertForSequenceClassification(config).save_pretrained(folder)
"""


@pytest.fixture(scope="module", name="tiny")
def _tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nli") / "tiny"
    subprocess.run([sys.executable, "-W", "ignore", "-c", BUILD, str(folder), "nli"], check=True, capture_output=True)
    return folder


@pytest.mark.acceptance
async def test_a_cross_encoder_judges_pairs_in_both_directions(tiny: Path):
    """Real loading code on tiny random weights: symmetric, in [0, 1]; other labels are an error."""
    worker = EncoderWorker()
    judge = NliJudge(tiny, worker=worker)
    judge.start()
    texts = ["trams", "roads are wide.", "do nothing at all for a year or two."]
    matrix = await judge.matrix(texts)
    assert await judge.agreements([(texts[1], texts[0])]) == pytest.approx([matrix[0][1]])
    off = [matrix[i][j] for i in range(3) for j in range(3) if i != j]
    assert all(0 <= value <= 1 for value in off)
    assert len(set(off)) == 3
    assert all(matrix[i][j] == matrix[j][i] for i in range(3) for j in range(3))
    voices = [Voice(participant=f"p{i}", position=text) for i, text in enumerate(texts)]
    measures = await Scorer(nli=judge).score(voices, Method.NLI)
    assert measures.agreement == pytest.approx(sum(off) / 6)
    assert measures.embedder == f"tiny@{judge.version}"
    assert await judge.agreements([]) == []
    config = json.loads((tiny / "config.json").read_text())
    config["id2label"] = {"0": "good", "1": "bad", "2": "ugly"}
    (tiny / "config.json").write_text(json.dumps(config))
    other = EncoderWorker()
    with pytest.raises(EmbedderError, match=r"no NLI model: its labels are \['bad', 'good', 'ugly'\]"):
        await NliJudge(tiny, worker=other).agreements([("a", "b")])
    for one in (worker, other):
        one.close()


def test_labels_are_found_by_name_in_any_order():
    """Cross-encoders order their outputs differently; case and abbreviation do not matter."""
    assert label_columns({0: "CONTRADICTION", 1: "ENTAILMENT", 2: "NEUTRAL"}, "m") == [1, 2, 0]
    assert label_columns({0: "entailment", 1: "neutral", 2: "contradiction"}, "m") == [0, 1, 2]
    with pytest.raises(ValueError, match="no NLI model"):
        label_columns({0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, "m")
