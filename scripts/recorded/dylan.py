"""DyLAN's MMLU records through the whole engine: does its rule, as YAML, ask exactly the recorded turns?

Every question is a debate of its own, with a transcript on disk, of which the recorded model answers what is recorded
and nothing else. The speaking order within a round is not recorded, so one that could have been is taken: who was not
asked speaks last, and before them who gives the commonest letter.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from debate.engine.engine import Engine
from debate.models.options import TurnOptions
from debate.models.port import Completion, Request
from debate.models.recorded import RecordedModel
from debate.reply.reading import read
from debate.scenario.reading import parse_scenario
from debate.scenario.schema import Scenario
from debate.transcript.result import Result
from recorded.corpus import Report, Row, lines, percent
from recorded.letters import LETTER, Texts, unexplained

HERE = Path(__file__).parent
AGENTS = (2, 3, 4)
RANKED = 4
"""Agents from which on a ranker says who goes on to the third round."""
AT_LEAST = 97.0
SECONDS = 180.0
"""All of it, on two cores."""
TOGETHER = 4
"""Debates under way at once in one process."""
PROCESSES = 2
GROWTH = 64.0
"""MB by which the peak memory of the second half of a process's questions may exceed that of the first half."""


class Question(NamedTuple):
    """One recorded debate."""

    agents: int
    name: str
    texts: Texts


@dataclass
class Tally:
    """What the debates of one process gave."""

    questions: Counter[int] = field(default_factory=Counter)
    """By the number of agents."""
    exact: Counter[int] = field(default_factory=Counter)
    turns: int = 0
    why: Counter[tuple[int, str]] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    cpu: float = 0.0
    """Seconds."""
    wall: float = 0.0
    halfway: float = 0.0
    """MB at the peak after half of the questions."""
    peak: float = 0.0


def scenario_for(agents: int) -> Scenario:
    """The rule as YAML, for so many agents."""
    if agents >= RANKED:
        return parse_scenario((HERE / "dylan-ranked.yaml").read_text(encoding="utf-8"))
    text = (HERE / "dylan.yaml").read_text(encoding="utf-8")
    return parse_scenario(text, overrides=[("participants.agent.count", str(agents))])


def speaking_order(texts: Texts) -> list[int]:
    """The agents in an order that the record allows: of the last round that was held, who holds what most hold last."""
    rounds = [number for number in range(3) if any(agent[number] is not None for agent in texts)]
    held = rounds[-1] if rounds else 0
    said = [agent[held] for agent in texts]
    letters = [read(text, LETTER).reply.answer if text is not None else None for text in said]
    commonest = Counter(letter for letter in letters if letter is not None).most_common(1)
    last = commonest[0][0] if commonest else None
    return sorted(range(len(texts)), key=lambda i: (said[i] is None, letters[i] is not None and letters[i] == last))


def recorded_answers(question: Question) -> tuple[dict[tuple[str, int], Completion], set[str]]:
    """What the recorded model can say, and the turns of agents that were recorded."""
    order = speaking_order(question.texts)
    answers: dict[tuple[str, int], Completion] = {}
    for place, agent in enumerate(order, 1):
        for number, text in enumerate(question.texts[agent], 1):
            if text is not None:
                answers[_turn(question.agents, number, place), 1] = Completion(text=text, finish="stop")
    asked = {turn for turn, _ in answers}
    if question.agents >= RANKED:
        third = [place for place, agent in enumerate(order, 1) if question.texts[agent][2] is not None]
        others = [place for place in range(1, len(order) + 1) if place not in third]
        ranking = " > ".join(f"agent.{place}" for place in (*third, *others))
        answers["ranking/ranker", 1] = Completion(text=f"RANKING: {ranking}", finish="stop")
    return answers, asked


def _turn(agents: int, number: int, place: int) -> str:
    name = "third" if agents >= RANKED and number == len(AGENTS) else f"answer.{number}"
    return f"{name}/agent.{place}"


class Recording:
    """The recorded model of every debate under way, told apart by the run each turn belongs to."""

    def __init__(self) -> None:
        self.runs: dict[str, RecordedModel] = {}

    async def __call__(self, request: Request, /) -> Completion:
        """What was recorded for the turn, in the run it belongs to."""
        turn: TurnOptions | None = request.turn
        assert turn is not None, "the engine asks for turns only"
        return await self.runs[turn.run](request)


async def _hold(engine: Engine, model: Recording, question: Question, folder: Path, tally: Tally) -> None:
    answers, recorded = recorded_answers(question)
    # A text of its own, since the records hold none: equal requests of two debates would share one answer.
    run = await engine.prepare(
        SCENARIOS[question.agents], question=question.name, transcript=folder / f"{question.name}.jsonl"
    )
    model.runs[run.id] = RecordedModel(answers)
    result = await run.hold()
    del model.runs[run.id]
    asked = {id_ for id_, turn in result.state.turns.items() if turn.asked and not id_.startswith("ranking/")}
    tally.questions[question.agents] += 1
    tally.turns += sum(bool(turn.asked) for turn in result.state.turns.values())
    problem = _problem(question, asked, recorded, result)
    tally.exact[question.agents] += problem is None
    if problem is not None:
        tally.why[question.agents, problem] += 1
        tally.differences.append(f"{question.agents} agents, {question.name}: {problem}")


def _problem(question: Question, asked: set[str], recorded: set[str], result: Result) -> str | None:
    """Why the engine did not ask exactly the recorded turns."""
    if result.status != "completed":
        return f"{result.status}: {result.stop_reason}"
    if asked == recorded:
        return None
    return unexplained(question.texts) or ("asked more than recorded" if asked > recorded else "asked others")


async def _replay(questions: Sequence[Question], folder: Path) -> Tally:
    tally, model = Tally(), Recording()
    began, cpu = time.perf_counter(), time.process_time()
    waiting = iter(questions)
    done = 0

    async def work(engine: Engine) -> None:
        nonlocal done
        for question in waiting:
            await _hold(engine, model, question, folder, tally)
            done += 1
            if done == len(questions) // 2:
                gc.collect()
                tally.halfway = _peak()

    async with Engine(models={"recording": model}, concurrency=TOGETHER) as engine, asyncio.TaskGroup() as group:
        for _ in range(TOGETHER):
            group.create_task(work(engine))
    tally.wall, tally.cpu, tally.peak = time.perf_counter() - began, time.process_time() - cpu, _peak()
    return tally


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _process(folder: Path, part: int, of: int, most: int | None) -> Tally:
    """Replay every ``of``-th question in a process of its own."""
    chosen = [question for index, question in enumerate(_questions(folder, most)) if index % of == part]
    with tempfile.TemporaryDirectory(prefix="dylan-") as transcripts:
        return asyncio.run(_replay(chosen, Path(transcripts)))


def _questions(folder: Path, most: int | None) -> Iterator[Question]:
    """All of them, or so many of each set."""
    for agents in AGENTS:
        taken = 0
        for record in lines(folder / "DyLAN" / f"mmlu_optimal7_{agents}.jsonl.gz"):
            completions = record["completions"]
            assert isinstance(completions, list)
            for number, texts in enumerate(completions):
                if most is not None and taken >= most:
                    break
                taken += 1
                yield Question(agents, f"{agents}-{record['subject']}-{number}", texts)


SCENARIOS = {agents: scenario_for(agents) for agents in AGENTS}


def report(folder: Path, *, most: int | None = None) -> Report:
    """The share of questions on which the engine asks exactly the recorded turns, and what the replay cost."""
    began = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        tallies = list(pool.map(_process, *zip(*((folder, i, PROCESSES, most) for i in range(PROCESSES)), strict=True)))
    seconds = time.perf_counter() - began
    turns = sum(tally.turns for tally in tallies)
    rows = [row for agents in AGENTS for row in _rows_of(agents, tallies)]
    cpu = sum(tally.cpu for tally in tallies)
    peak, growth = max(tally.peak for tally in tallies), max(tally.peak - tally.halfway for tally in tallies)
    memory = f"{peak:.0f} MB, of which {growth:.0f}"
    rows += [
        Row("DyLAN replay: wall time", turns, f"{seconds:.0f} s", f"< {SECONDS:.0f} s", seconds < SECONDS),
        Row("DyLAN replay: processor time a turn", turns, f"{1e6 * cpu / turns:.0f} µs", "", None),
        Row("DyLAN replay: peak memory, gained in the second half", turns, memory, f"< {GROWTH:.0f}", growth < GROWTH),
    ]
    return Report(rows, [line for tally in tallies for line in tally.differences])


def _rows_of(agents: int, tallies: Sequence[Tally]) -> Iterator[Row]:
    n = sum(tally.questions[agents] for tally in tallies)
    share = percent(sum(tally.exact[agents] for tally in tallies), n)
    what = f"DyLAN's rule as YAML, {agents} agents: exactly the recorded turns"
    yield Row(what, n, f"{share:.1f} %", f"≥ {AT_LEAST:.0f} %", share >= AT_LEAST)
    why = sum((tally.why for tally in tallies), Counter[tuple[int, str]]())
    for (of, reason), count in why.most_common():
        if of == agents:
            yield Row(f"    left: {reason}", count, "", "", None)
