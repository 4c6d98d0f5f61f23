"""The source document's cache: what was wrong in it, by name, and is not so here."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pool_asking import all_of, ask

from debate.errors import Overloaded
from debate.models.options import TurnOptions
from debate.models.port import Completion, Message, ModelRef, Request, ResponseFormat
from debate.pool.cache_key import cache_key
from debate.pool.cache_store import CacheStore
from debate.pool.path import RequestPath, request_path
from debate.transcript.usage import Usage

HERE = "https://api.example/v1"


def opened(path: Path, *, ttl: float = 3600.0, entries: int = 100, size: int = 10_000) -> CacheStore:
    """The file at ``path``."""
    return CacheStore(path, ttl_seconds=ttl, max_entries=entries, max_bytes=size)


class Server:
    """Answers with a number that counts up, and what ``changes`` says."""

    def __init__(self, changes: Callable[[int], Completion] | None = None) -> None:
        self.asked = 0
        self.changes = changes

    async def __call__(self, request: Request, /) -> Completion:
        """Answer."""
        self.asked += 1
        if self.changes is not None:
            return self.changes(self.asked)
        return Completion(text=f"{self.asked}", finish="stop", usage=Usage(prompt_tokens=5, completion_tokens=1))


def path_over(server: Server, file: Path) -> RequestPath:
    """The whole request path, with answers kept in ``file``."""
    return request_path(server, open_store=lambda: opened(file), endpoint_of=lambda _: HERE)


def test_cache_colliding_prompts_do_not_answer_each_other():
    """There "Aa" and "BB" hashed alike, so one prompt was given the other's answer; here no two do."""
    keys = {cache_key(ask(text, turn="t"), HERE) for text in ("Aa", "BB", "AaAa", "BBBB", "AaBB", "BBAa")}
    assert len(keys) == 6
    assert all(key is not None and len(key) == hashlib.sha256().digest_size * 2 for key in keys)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 7},
        {"stop": ("END",)},
        {"top_p": 0.1},
        {"reasoning": "high"},
        {"response_format": ResponseFormat(name="reply", schema={"type": "object"})},
        {"messages": (Message("assistant", "Should we?"),)},
        {"model": ModelRef("elsewhere", "talker")},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_cache_key_omitted_what_changes_the_answer(changes: dict[str, object]):
    """There seed, stop, sampling, schema, reasoning and provider were no part of the key."""
    assert cache_key(dataclasses.replace(ask(), **changes), HERE) != cache_key(ask(), HERE)
    assert cache_key(ask(), "https://other.example/v1") != cache_key(ask(), HERE)


async def test_cache_sampled_answers_were_shared_between_debaters(tmp_path: Path):
    """There one sample answered all who asked alike, so nobody differed; here each turn has its own."""
    server = Server()
    for _ in range(2):
        async with path_over(server, tmp_path / "a") as path:
            said = [(await path(ask(turn=f"opening/{who}"))).text for who in ("ana", "ben", "cleo")]
            assert said == ["1", "2", "3"]
    assert server.asked == 3


def test_cache_lru_was_first_in_first_out(tmp_path: Path):
    """There reading did not refresh an entry, so the most used one went first."""
    kept = opened(tmp_path / "a", entries=2)
    kept.put("one", "m", "1", usd=None, now=0.0)
    kept.put("two", "m", "2", usd=None, now=0.0)
    assert kept.get("one", "m", now=0.0) == "1"
    kept.put("three", "m", "3", usd=None, now=0.0)
    assert [one.key for one in kept.kept()] == ["three", "one"]
    kept.close()


def test_cache_overwriting_a_key_drove_another_out(tmp_path: Path):
    """There a full cache lost an entry whenever one it already had was written again."""
    kept = opened(tmp_path / "a", entries=2)
    for key in ("one", "two", "two"):
        kept.put(key, "m", "x", usd=None, now=0.0)
    assert {one.key for one in kept.kept()} == {"one", "two"}
    kept.close()


def test_cache_expired_entries_were_never_removed(tmp_path: Path):
    """There they stayed in memory for good; here writing anything lets go of them."""
    kept = opened(tmp_path / "a", ttl=60)
    kept.put("old", "m", "x", usd=None, now=0.0)
    kept.put("new", "m", "x", usd=None, now=60.0)
    assert [one.key for one in kept.kept()] == ["new"]
    kept.close()


async def test_cache_callers_could_change_what_was_kept(tmp_path: Path):
    """There all shared one object; here what is given is made anew each time, and is frozen."""
    async with path_over(Server(), tmp_path / "a") as path:
        await path(ask())
        one, other = await path(ask()), await path(ask())
    assert one.usage == other.usage
    assert one.usage is not other.usage
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.text = "changed"  # type: ignore[misc]


async def test_cache_an_answer_without_usage_crashed_it(tmp_path: Path):
    """There counting savings failed on it; here it is given again, and what it saved is unknown."""
    server = Server(lambda _: Completion(text="x", finish="stop"))
    async with path_over(server, tmp_path / "a") as path:
        await path(ask())
        assert (await path(ask())).usage is None
    kept = opened(tmp_path / "a")
    assert [(one.unpriced, one.usd) for one in kept.served()] == [(1, Decimal(0))]
    kept.close()


async def test_cache_cut_answers_and_errors_were_cacheable(tmp_path: Path):
    """There a reply cut at max_tokens, or an error, was the answer for an hour."""

    def changes(number: int) -> Completion:
        if number == 1:
            raise Overloaded("busy", status=503, should_retry=False)
        return Completion(text="x", finish="length" if number == 2 else "stop")

    server = Server(changes)
    async with path_over(server, tmp_path / "a") as path:
        with pytest.raises(Overloaded):
            await path(ask())
        finishes = [(await path(ask())).finish for _ in range(3)]
    assert (finishes, server.asked) == (["length", "stop", "stop"], 3)


async def test_cache_had_no_single_flight(tmp_path: Path):
    """There two who asked at once both paid; here one asks, and later ones find the answer."""
    server = Server()
    cold = dataclasses.replace(ask(), temperature=0)
    turns = [TurnOptions(run="r", turn=f"opening/p{number}") for number in range(40)]
    async with path_over(server, tmp_path / "a") as path:
        await all_of(*(lambda t=turn: path(dataclasses.replace(cold, turn=t)) for turn in turns))
        assert (await path(cold)).source == "cache"
    assert server.asked == 1


async def test_cache_was_in_memory_only(tmp_path: Path):
    """There a new process paid again; here the file is all that is shared, and only its owner can read it."""
    server = Server()
    for _ in range(2):
        async with path_over(server, tmp_path / "a") as path:
            await path(ask())
    assert server.asked == 1
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


def test_cache_had_no_bound_in_bytes(tmp_path: Path):
    """There a thousand entries could be of any size."""
    kept = opened(tmp_path / "a", size=100)
    for number in range(50):
        kept.put(str(number), "m", "x" * 30, usd=None, now=0.0)
    assert kept.totals() == (3, 90)
    kept.close()
