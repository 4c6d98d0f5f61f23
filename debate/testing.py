"""Models for tests of code that holds debates: they say what they are told to say, and cost nothing.

Both are any other model to the engine: ``Engine(models={"mine": ScriptedModel({"ana": reply("Yes.")})})`` serves
``mine:anything``. With ``transcript=None`` nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from debate.errors import ModelError, Unavailable
from debate.models.port import ChatModel, Completion, Delta, Request
from debate.transcript.usage import Usage

__all__ = ["FailingModel", "ScriptedModel", "reply"]

Line = str | Completion | Exception | Callable[[Request], str | Completion]
"""A completion's text, a whole completion, an error to raise, or what works one of the first two out."""


def reply(
    text: str = "An argument.",
    *,
    position: str | None = None,
    stance: str | None = None,
    answer: str | None = None,
    confidence: int | None = None,
) -> str:
    """The text of a completion with the footer that debaters are asked for; what is None is left out.

    Args:
        text: The argument.
        position: One self-contained sentence.
        stance: As ``strongly_support``, ``support``, ``neutral``, ``oppose``, ``strongly_oppose``.
        answer: A letter, number or phrase.
        confidence: From 0 to 100.
    """
    footer = {"POSITION": position, "STANCE": stance, "ANSWER": answer, "CONFIDENCE": confidence}
    return "\n".join([text, *(f"{name}: {value}" for name, value in footer.items() if value is not None)])


class ScriptedModel:
    """Says a line for each turn, and keeps what it was asked.

    A line is looked up by turn (``rebuttal.2/ana``), then participant (``ana``), then iteration (``rebuttal.2``), then
    round (``rebuttal``); what none of them names gets ``otherwise``. It reports a token for each word.

    Args:
        lines: What is said.
        otherwise: What everybody else says; None fails the turn, saying that the script has no line for it.
    """

    def __init__(self, lines: Mapping[str, Line], *, otherwise: Line | None = None) -> None:
        self.lines = dict(lines)
        self.otherwise = otherwise
        self.asked: list[Request] = []
        """Every request, in the order in which they came."""

    async def __call__(self, request: Request, /) -> Completion:
        """Say the turn's line.

        Raises:
            Exception: The line itself, where it is one.
            ModelError: If there is no line for the turn.
        """
        self.asked.append(request)
        line = self._line(request)
        said = line(request) if callable(line) else line
        if isinstance(said, Exception):
            raise said
        if isinstance(said, str):
            read = sum(len(message.content.split()) for message in request.messages)
            usage = Usage(prompt_tokens=read, completion_tokens=len(said.split()))
            said = Completion(text=said, finish="stop", model=str(request.model), usage=usage)
        if request.on_sent is not None:
            request.on_sent()
        if request.on_delta is not None:
            request.on_delta(Delta(said.text))
        return said

    def prompts(self, turn: str) -> tuple[str, ...]:
        """The last message of each request that was made for a turn."""
        return tuple(r.messages[-1].content for r in self.asked if r.turn is not None and r.turn.turn == turn)

    def _line(self, request: Request) -> Line:
        turn = request.turn
        names = () if turn is None else (turn.turn, turn.participant, turn.turn.rpartition("/")[0], turn.round)
        found = next((self.lines[name] for name in names if name in self.lines), self.otherwise)
        if found is None:
            asked = "a request outside any turn" if turn is None else turn.turn
            raise ModelError(f"the script has no line for {asked}", model=str(request.model))
        return found


class FailingModel:
    """Fails a number of times, then hands over to another model.

    Args:
        error: What is raised; by default a server that is unavailable, which the engine asks again.
        times: How often; None is always.
        then: Who answers after that.

    Raises:
        ValueError: If it is to end failing and nobody answers after it.
    """

    def __init__(
        self, error: Exception | None = None, *, times: int | None = None, then: ChatModel | None = None
    ) -> None:
        if times is not None and then is None:
            raise ValueError(f"after {times} failures somebody must answer: give `then`, or leave `times` out")
        self._error = error if error is not None else Unavailable("the test's server is unavailable", status=500)
        self._left = times
        self._then = then
        self.failures = 0
        """How often it has failed."""

    async def __call__(self, request: Request, /) -> Completion:
        """Fail, or answer as ``then`` does.

        Raises:
            Exception: The error it was given.
        """
        if self._then is not None and self._left == 0:
            return await self._then(request)
        self._left = None if self._left is None else self._left - 1
        self.failures += 1
        raise self._error
