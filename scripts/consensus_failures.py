"""Known failures of cosine as a measure of agreement, with raw cosine beside this package's scores.

    python scripts/consensus_failures.py            # the table of docs/explanation/consensus.md, as markdown

Needs the weights of all-MiniLM-L6-v2 (extra ``weights``); downloads nothing.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import numpy as np

from debate.consensus.encoder import WorkerEmbedder
from debate.consensus.freetext import text_agreements
from debate.consensus.measures import measure
from debate.consensus.method import Method
from debate.consensus.resolve import resolve_embedder
from debate.consensus.score import Scorer
from debate.consensus.voices import Voice


class Case(NamedTuple):
    """Two texts on a topic, and whether they agree."""

    topic: str
    first: str
    second: str
    agree: bool


CASES = (
    Case(
        "How should cities treat cars?",
        "Cities should ban private cars.",
        "Cities should not ban private cars.",
        agree=False,
    ),
    Case("What should the central bank do?", "Raise interest rates now.", "Lower interest rates now.", agree=False),
    Case("What about the ban?", "I support the ban.", "I oppose the ban.", agree=False),
    Case("Was the strike right?", "The strike was justified.", "The strike was unjustified.", agree=False),
    Case("How many eggs are left?", "The answer is 18.", "The answer is 26.", agree=False),
    Case("Which database should we use?", "We should use PostgreSQL.", "We should use MongoDB.", agree=False),
    Case("Who follows whom?", "The turtle follows the fish.", "The fish follows the turtle.", agree=False),
    Case(
        "Should we build nuclear power plants?",
        "Nuclear power is a low-carbon source of energy.",
        "Atomic energy produces electricity with little CO2.",
        agree=True,
    ),
    Case(
        "Social media does more harm than good.",
        "On balance, the proposition overstates the evidence.",
        "I remain opposed: its benefits outweigh its costs.",
        agree=True,
    ),
    Case("What should we have for lunch?", "Let us have soup.", "Let us have soup!", agree=True),
)


async def main() -> None:
    """Print the table."""
    found = resolve_embedder(None, allow_download=False)
    if found.path is None:
        raise SystemExit(found.note)
    embedder = WorkerEmbedder(found.path, name=found.name, version=found.version)
    scorer = Scorer(embedder=embedder)
    print(f"Embedder: {found}. Right: agreement above 0.5 where they agree, below where they do not.\n")
    print("| texts | agree | raw cosine | position | free text | lexical |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        vectors = await embedder.embed([case.first, case.second])
        voices = [Voice(participant="a", position=case.first), Voice(participant="b", position=case.second)]
        position = await scorer.score(voices, Method.POSITION, topic=case.topic)
        text = (await text_agreements([case.first, case.second], topic=case.topic, embedder=embedder))[0][1]
        lexical = measure(voices, Method.LEXICAL)
        scores = " | ".join(
            f"{score:.2f}{'' if (score > 0.5) == case.agree else ' (wrong)'}"
            for score in (float(np.dot(*vectors)), position.agreement or 0.0, text, lexical.agreement or 0.0)
        )
        print(f"| {case.first} / {case.second} | {'yes' if case.agree else 'no'} | {scores} |")
    await embedder.aclose()


if __name__ == "__main__":
    asyncio.run(main())
