"""The arguments and flags that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A file, or the name of a scenario that comes along.")
]
TranscriptName = Annotated[
    str, typer.Argument(metavar="TRANSCRIPT", help="A path, the beginning of a run id, or last.")
]
Sets = Annotated[
    list[str], typer.Option("--set", metavar="PATH=VALUE", help="Change one value, as rounds[1].repeat.up_to=2.")
]
Models = Annotated[
    list[str],
    typer.Option(
        "--model",
        metavar="TIER=MODEL",
        help="Another model for a tier, for all ('*=simulated:debater'), or for one participant (ana.cheap=…).",
    ),
]
Endpoints = Annotated[
    list[str], typer.Option("--endpoint", metavar="PROVIDER=URL", help="Reach a provider at another address.")
]
KeyVariables = Annotated[
    list[str],
    typer.Option(
        "--key-env",
        metavar="[PROVIDER=]VARIABLE",
        help="The variable that holds the key for --endpoint; a new origin never gets the old key.",
    ),
]
MaxUsd = Annotated[str | None, typer.Option(metavar="X", help="Spend at most X US dollars.")]
MaxRequests = Annotated[int | None, typer.Option(metavar="N", min=1, help="Send at most N requests.")]
Seed = Annotated[int, typer.Option(metavar="N", help="What orders and lots derive from.")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Where transcripts are; by default transcripts/.")]
Concurrency = Annotated[int | None, typer.Option(metavar="N", min=1, help="Requests in flight at once.")]
EmbedderName = Annotated[str | None, typer.Option("--embedder", metavar="NAME|PATH", help="What compares positions.")]
Nli = Annotated[
    str | None, typer.Option("--nli", metavar="NAME|PATH", help="What judges positions, for the method nli.")
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Ask for every answer anew, and keep none (debate cache shows what is kept).")
]
NoSimilarity = Annotated[
    bool, typer.Option("--no-similarity", help="Leave the embedding similarity of the positions out.")
]
QuestionText = Annotated[str | None, typer.Option(metavar="TEXT", help="Ask this instead.")]
MotionText = Annotated[str | None, typer.Option(metavar="TEXT", help="Debate this motion instead.")]
ContextText = Annotated[str | None, typer.Option(metavar="TEXT", help="Background that everyone is given.")]
Deadline = Annotated[float | None, typer.Option(metavar="SECONDS", min=0.001, help="Stop, resumably, after this long.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show the result alone.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Spend without asking, as is needed outside a terminal.")]
