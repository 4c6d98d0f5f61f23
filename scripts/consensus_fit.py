"""Fit the constants of ``debate.consensus`` on labelled human arguments, and check them on topics left out.

    DEBATE_TEST_DATA=../shared/data python scripts/consensus_fit.py

Prints the coefficients of the free-text score, the two semantic maps, and the AUROC of ten-fold cross-validation in
which every topic is wholly inside or outside of a fold. The data are ArgKP and Perspectrum (see ``agreement/`` there).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from debate.consensus.encoder import EncoderWorker, WorkerEmbedder
from debate.consensus.fitting import auroc, fit_logistic, folds, logistic
from debate.consensus.freetext import best_match, sentence_rows, texts_to_embed, valence
from debate.consensus.lexical import lexical_similarity
from debate.consensus.pair import wording_discount
from debate.consensus.prose import read_prose
from debate.consensus.resolve import resolve_embedder

DATA = Path(os.environ.get("DEBATE_TEST_DATA", "../shared/data")) / "agreement" / "dev"
TASKS = ("argkp_stance", "persp_stance", "argkp_samepoint", "persp_paraphrase")
SAME_POSITION = ("argkp_samepoint", "persp_paraphrase")

Row = tuple[str, str, str, str, float]
"""Task, topic, first, second, label."""


def rows_of(task: str, texts: dict[str, str]) -> list[Row]:
    """The labelled pairs of one task."""
    lines = (DATA / f"pairs_{task}.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [(task, texts.get(r["topic"], ""), texts[r["a"]], texts[r["b"]], float(r["label"])) for r in found]


def cross_validated(features: np.ndarray, labels: np.ndarray, weights: np.ndarray, topics: list[str]) -> np.ndarray:
    """Predictions for each row from a fit that saw none of its topic."""
    predicted = np.zeros(len(labels))
    for train, test in folds(topics, 10):
        found = fit_logistic(features[train], labels[train], weights[train], ridge=0.01)
        predicted[test] = logistic(features[test] @ found[:-1] + found[-1])
    return predicted


def main() -> None:
    """Fit and print."""
    lines = (DATA / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {one["id"]: one["text"] for one in map(json.loads, lines)}
    rows = [row for task in TASKS for row in rows_of(task, texts)]
    prose = {(topic, text): read_prose(topic, text) for _, topic, a, b, _ in rows for text in (a, b)}
    needed = texts_to_embed((topic, one) for (topic, _), one in prose.items())
    resolution = resolve_embedder(None, allow_download=False)
    if resolution.path is None:
        raise SystemExit(f"no weights: {resolution.note}")
    worker = EncoderWorker()
    embedder = WorkerEmbedder(resolution.path, name=resolution.name, version=resolution.version, worker=worker)
    vectors = dict(zip(needed, embedder.submit(needed).result(), strict=True))
    worker.close()

    features, raw = [], []
    for _, topic, a, b, _ in rows:
        first, second = prose[topic, a], prose[topic, b]
        left, right = sentence_rows(topic, first, vectors), sentence_rows(topic, second, vectors)
        apart = abs(valence(left, vectors) - valence(right, vectors))
        features.append([first.leans * second.leans, best_match(left, right), apart])
        raw.append(float((sentence_rows("", first, vectors) @ sentence_rows("", second, vectors).T).mean()))
    found = np.array(features)
    labels = np.array([row[4] for row in rows])
    tasks = np.array([row[0] for row in rows])
    topics = [row[1] for row in rows]
    kept = np.array([wording_discount(row[2], row[3]) for row in rows])
    weights = np.array([len(rows) / len(TASKS) / (tasks == task).sum() for task in tasks])

    print(f"{resolution}: {len(rows)} pairs, {len(set(topics))} topics\n")
    print(f"{'AUROC, topics left out':34s}" + "".join(f"{task:>18s}" for task in TASKS))
    for name, columns in (("nearness", [1]), ("sides, nearness", [0, 1]), ("all three", [0, 1, 2])):
        scores = cross_validated(found[:, columns], labels, weights, topics) * kept
        print(f"{name:34s}" + "".join(f"{auroc(labels[tasks == t], scores[tasks == t]):18.3f}" for t in TASKS))
    print(
        f"{'raw cosine':34s}" + "".join(f"{auroc(labels[tasks == t], np.array(raw)[tasks == t]):18.3f}" for t in TASKS)
    )
    sides, near, apart, base = fit_logistic(found, labels, weights, ridge=0.01)
    print(f"\nfree text: SIDES {sides:.2f}, NEARNESS {near:.2f}, VALENCE {-apart:.2f}, BASE {base:.2f}")
    disagree = np.isin(tasks, SAME_POSITION) & (labels == 0)
    print(f"SPREAD of projected cosines between other sides: {found[disagree, 1].std():.3f}")

    chosen = np.isin(tasks, SAME_POSITION) & (kept == 1)
    lexical = np.array([lexical_similarity(row[2], row[3]) for row in rows])
    for name, similarity in (("MINILM", found[:, 1]), ("LEXICAL", lexical)):
        slope, intercept = fit_logistic(similarity[chosen][:, None], labels[chosen], weights[chosen])
        score = auroc(labels[chosen], similarity[chosen])
        print(
            f"{name}: centre {-intercept / slope:.3f}, width {1 / slope:.3f} (AUROC {score:.3f}, {chosen.sum()} pairs)"
        )


if __name__ == "__main__":
    main()
