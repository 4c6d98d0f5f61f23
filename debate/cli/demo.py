"""``debate demo``: the first minute."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from debate.cli import options
from debate.cli.comparing import Comparison, compare
from debate.cli.ending import edge, ended
from debate.cli.failing import code_of_run
from debate.cli.given import Asking, scenario_from, settings_from
from debate.cli.holding import Holding, hold
from debate.cli.output import say
from debate.cli.pacing import Paced, free
from debate.cli.plan import cast_of, planned
from debate.cli.showing import view_for
from debate.engine.replaying import verify
from debate.errors import EXIT_CODES, EmbedderError
from debate.report.words import SIMULATED, share, table
from debate.transcript.reading import load
from debate.transcript.result import Result

PAID = "remote-work"
"""The scenario whose plan is shown."""

NOTHING_INSTEAD: Asking = {"motion": None, "question": None, "context": None}

NEXT = (
    ("debate replay last", "the debate you saw, every word of it"),
    ("debate scenarios remote-work", "a scenario as it is written, to copy and change"),
    ("debate init", "a first scenario for the key or local server that is there"),
    (f"debate run {PAID} --model '*=simulated:debater'", "any scenario, without a key"),
    ("TOGETHER_API_KEY=… debate run remote-work", "real models, within the budget of the file"),
)


def demo(*, out: options.Out = None) -> int:
    """Show what there is in a minute: no key, no bill, nothing leaves this machine but a look for missing weights."""
    scenario = scenario_from("demo", no_similarity=True)
    settings = settings_from(out=out)
    ladders = [scenario.models, *(participant.models for participant in scenario.participants.values())]
    models = [spec.use for ladder in ladders for spec in ladder.values() if spec.use is not None]
    # The embedder loads while the debate goes on.
    with ThreadPoolExecutor(1) as beside:
        weighing = beside.submit(lambda: asyncio.run(compare(settings.embedder)))
        _section(1, "A debate, from a YAML file to its verdict", f"({SIMULATED})")
        how = Holding(
            settings=free(settings, dict.fromkeys(models)), asking=NOTHING_INSTEAD, models={"simulated": Paced()}
        )
        result = hold(scenario, how, view_for(as_json=False, quiet=False))
        ended(result, as_json=False)
        if result.status != "completed" or result.transcript is None:
            return code_of_run(result.status, result.stop_reason)
        _section(2, "What a run with real models would hold and cost", f"(debate plan {PAID}; nothing is spent)")
        cast = cast_of(scenario_from(PAID), NOTHING_INSTEAD, settings)
        say(*planned(cast, settings))
        _section(3, "The transcript proves itself", "(debate replay last --verify)")
        if not _verified(result):
            return EXIT_CODES["failed"]
        _section(4, "How far do two positions agree?", "")
        try:
            say(*_compared(weighing.result()))
        except EmbedderError as error:
            say(f"not shown: {error}")
    _section(5, "Where to go next", "")
    say(*table(NEXT, indent=2, width=edge()))
    return EXIT_CODES["done"]


def _section(number: int, title: str, remark: str) -> None:
    say("", f"── {number}. {title} {remark}".rstrip(), "")


def _verified(result: Result) -> bool:
    assert result.transcript is not None, "the demo keeps its transcript"
    saved = load(Path(result.transcript))
    found = asyncio.run(verify(saved))
    if found.divergence is not None:
        say(f"it does not: {found.divergence}")
        return False
    say(
        f"{len(saved.entries)} lines, each holding the hash of the one before; {found.events} events worked out again",
        "from the recorded replies alone: prompts, scores, gates and the verdict came out the same.",
    )
    return True


def _compared(found: Comparison) -> list[str]:
    rows = [("", "cosine", "ours"), *((pair.what, share(pair.cosine), share(pair.agreement)) for pair in found.pairs)]
    return [
        *table(rows, indent=2, width=edge()),
        "",
        f"cosine  of the two sentences by {found.embedder}",
        "ours    the motion's own component projected out, then negations and numbers looked at",
        "",
        "The first pair is why cosine is not used as agreement; the last is why neither is where it can be helped:",
        "replies state a stance or an answer, and that is compared.",
    ]
