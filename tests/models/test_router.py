"""From names to models, and models that only repeat."""

from __future__ import annotations

import subprocess
import sys

import pytest
from model_server import KEY, Server, ask, says

from debate.errors import MissingKey, NotRecorded, SettingsError
from debate.models.options import TurnOptions
from debate.models.port import Completion, Delta, Request
from debate.models.recorded import RecordedModel
from debate.models.router import Router
from debate.settings import Settings


async def test_each_provider_is_opened_once_and_closed(server: Server) -> None:
    """Two calls share one client; closing the router closes its connections."""
    server.plays(says())
    settings = Settings.model_validate({"providers": {"ollama": {"base_url": server.url}}})
    async with Router(settings) as router:
        assert (await router(ask("ollama:a"))).text == "Hello."
        assert router.provider("ollama") is router.provider("ollama")
        await router(ask("ollama:b"))
        assert server.connections == 1
        assert (await router(ask("simulated:debater"))).text
    assert [request.json["model"] for request in server.received] == ["a", "b"]


async def test_own_models_come_first() -> None:
    """Any async callable is a model, under a name of its own or in place of a known provider."""

    async def mine(request: Request) -> Completion:
        return Completion(text=f"mine: {request.model.id}")

    async with Router(Settings(), custom={"mine": mine, "together": mine}) as router:
        assert (await router(ask("mine:x"))).text == "mine: x"
        assert (await router(ask("together:y"))).text == "mine: y"


async def test_what_cannot_be_opened_says_why() -> None:
    """An unknown provider is named with its neighbour, a missing key with the ways on, no key is borrowed."""
    settings = Settings().with_environment({"OPENAI_API_KEY": KEY})
    async with Router(settings) as router:
        with pytest.raises(SettingsError, match=r"no provider is called 'togheter' \(did you mean 'together'\?\)"):
            await router(ask("togheter:m"))
        with pytest.raises(MissingKey) as caught:
            await router(ask("together:m"))
        for nowhere in ("recorded:no-such-run", "recorded:last", "recorded:../elsewhere"):
            with pytest.raises(NotRecorded):
                await router(ask(nowhere))
    assert str(caught.value) == (
        "together needs TOGETHER_API_KEY (not set). Set it · local: --model cheap=ollama:qwen3:4b · "
        "free: --model '*=simulated:debater'"
    )


async def test_closing_goes_on_when_one_model_cannot_be_closed(server: Server) -> None:
    """An error while closing one client does not leave the others open."""
    closed: list[str] = []

    class Client:
        def __init__(self, name: str) -> None:
            self.name = name

        async def __call__(self, request: Request) -> Completion:
            return Completion(text=self.name)

        async def aclose(self) -> None:
            closed.append(self.name)
            if self.name == "vllm":
                raise OSError("broken")

    router = Router(Settings(), connect=lambda endpoint: Client(endpoint.provider))  # type: ignore[arg-type,return-value]
    for provider in ("ollama", "vllm", "lmstudio"):
        await router(ask(f"{provider}:m"))
    with pytest.raises(OSError, match="broken"):
        await router.aclose()
    assert sorted(closed) == ["lmstudio", "ollama", "vllm"]
    await router.aclose()
    assert len(closed) == 3


async def test_a_recorded_model_repeats_and_invents_nothing() -> None:
    """Each turn and try gets what was recorded for it, marked so; anything else is an error."""
    model = RecordedModel({("r.1/ana", 1): Completion(text="first"), ("r.1/ana", 2): Completion(text="second")})
    deltas: list[Delta] = []

    def request(turn: str, number: int) -> Request:
        return ask("recorded:x", turn=TurnOptions(run="r", turn=turn, try_number=number), on_delta=deltas.append)

    second = await model(request("r.1/ana", 2))
    assert (second.text, second.source, second.attempts) == ("second", "recorded", 0)
    assert deltas == [Delta("second")]
    with pytest.raises(NotRecorded, match=r"nothing is recorded for r\.1/ben, try 1") as caught:
        await model(request("r.1/ben", 1))
    assert caught.value.kind == "not_recorded"
    assert not caught.value.retryable
    with pytest.raises(NotRecorded, match="outside any turn"):
        await model(ask("recorded:x"))


def test_neither_settings_nor_the_router_load_an_http_client() -> None:
    """A simulated run and every command that asks nobody pay nothing for HTTP."""
    code = (
        "import sys, debate.settings, debate.models.router; "
        "print([m for m in ('httpx', 'aiohttp', 'openai', 'torch', 'networkx') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
