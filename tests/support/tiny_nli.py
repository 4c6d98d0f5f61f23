"""Writes the weights of a tiny random cross-encoder into the folder that is named: ``python tiny_nli.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LABELS = {0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT"}


def main(folder: Path) -> None:
    """Write tokenizer, configuration and weights."""
    folder.mkdir(exist_ok=True)
    letters = list("abcdefghijklmnopqrstuvwxyz.")
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL, *letters, *[f"##{letter}" for letter in letters]]))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=59,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=3,
        id2label=LABELS,
        label2id={label: column for column, label in LABELS.items()},
        initializer_range=0.2,
    )
    BertForSequenceClassification(config).save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
