"""The worker process that holds the weights: ``python -m debate.consensus.worker``.

The only module that imports sentence_transformers (and with it torch), so that neither their import nor encoding ever
delays the event loop. It reads frames on stdin, answers on the original stdout, and whatever libraries print goes to
stderr. It ends when stdin closes or its parent is gone.

Requests: ``{"op": "encode", "model": path, "texts": […]}`` answers ``{"rows": n}`` with (n, d) float32 values;
``{"op": "nli", "model": path, "pairs": [[a, b], …]}`` answers with (n, 3) probabilities of entailment, neutral and
contradiction; ``{"op": "load", "model": path, "kind": "encode" | "nli"}`` only loads. A failure answers
``{"error": text}``.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Final

from debate.consensus.wire import Json, read_frame, write_frame

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from sentence_transformers import CrossEncoder, SentenceTransformer

BATCH: Final = 16
"""Texts a forward pass; larger batches gain nothing on two cores (``docs/explanation/consensus.md`` §speed)."""
LABELS: Final = ("entailment", "neutral", "contradiction")


class _Models:
    """The models loaded so far, each once."""

    def __init__(self) -> None:
        self._encoders: dict[str, SentenceTransformer] = {}
        self._judges: dict[str, tuple[CrossEncoder, list[int]]] = {}

    def answer(self, request: Json) -> tuple[Json, bytes]:
        model = str(request["model"])
        if request["op"] == "load":
            _ = self.judge(model) if request["kind"] == "nli" else self.encoder(model)
            return {"rows": 0}, b""
        if request["op"] == "nli":
            pairs = request["pairs"]
            assert isinstance(pairs, list)
            return _block(self.judged(model, [(str(a), str(b)) for a, b in pairs]))
        texts = request["texts"]
        assert isinstance(texts, list)
        return _block(self.encoded(model, [str(text) for text in texts]))

    def encoder(self, path: str) -> SentenceTransformer:
        if path not in self._encoders:
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - seconds; only when asked for

            self._encoders[path] = SentenceTransformer(path, device="cpu", local_files_only=True)
        return self._encoders[path]

    def judge(self, path: str) -> tuple[CrossEncoder, list[int]]:
        if path not in self._judges:
            from sentence_transformers import CrossEncoder  # noqa: PLC0415 - seconds; only when asked for

            found = CrossEncoder(path, device="cpu", local_files_only=True)
            self._judges[path] = (found, label_columns(dict(found.config.id2label), path))
        return self._judges[path]

    def encoded(self, path: str, texts: list[str]) -> npt.NDArray[np.float32]:
        # sentence-transformers sorts by length itself, longest first.
        vectors: npt.NDArray[np.float32] = self.encoder(path).encode(
            texts, batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=True
        )
        return vectors.astype("<f4")

    def judged(self, path: str, pairs: list[tuple[str, str]]) -> npt.NDArray[np.float32]:
        found, columns = self.judge(path)
        scores: npt.NDArray[np.float32] = found.predict(
            pairs, batch_size=BATCH, show_progress_bar=False, apply_softmax=True, convert_to_numpy=True
        )
        return scores[:, columns].astype("<f4")


def label_columns(id2label: dict[int, str], path: str) -> list[int]:
    """Where entailment, neutral and contradiction stand among a model's outputs.

    Raises:
        ValueError: If its labels are not those of natural-language inference.
    """
    named = {str(label).lower(): int(column) for column, label in id2label.items()}
    columns = [next((c for label, c in named.items() if label.startswith(wanted[:6])), None) for wanted in LABELS]
    if len(named) != len(LABELS) or None in columns:
        raise ValueError(
            f"{path} is no NLI model: its labels are {sorted(named)}, expected {sorted(LABELS)}; "
            "name them in id2label of its config.json"
        )
    return [column for column in columns if column is not None]


def _block(values: npt.NDArray[np.float32]) -> tuple[Json, bytes]:
    return {"rows": int(values.shape[0])}, values.tobytes()


def _read_all(stream: IO[bytes], requests: queue.SimpleQueue[Json]) -> None:
    while (frame := read_frame(stream)) is not None:
        requests.put(frame[0])
    os._exit(0)  # the parent is gone or done: nobody waits for the work under way


def _watch_parent(parent: int) -> None:
    # A forked sibling may hold the other end of stdin open, so that its end alone does not tell.
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main() -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[Json] = queue.SimpleQueue()
    threading.Thread(target=_read_all, args=(sys.stdin.buffer, requests), daemon=True).start()
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    models = _Models()
    while True:
        request = requests.get()
        try:
            header, block = models.answer(request)
        except Exception as error:  # noqa: BLE001 - whatever a library raises is reported to the parent, which raises it
            header, block = {"error": f"{type(error).__name__}: {error}"}, b""
        write_frame(answers, header, block)


if __name__ == "__main__":
    main()
