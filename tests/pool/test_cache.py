"""Answers that were paid for are not paid for again; nothing else is ever taken for one of them."""

from __future__ import annotations

import dataclasses
import json
import logging
import multiprocessing
import sqlite3
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_asking import MODEL, ask

from debate.errors import EmptyCompletion, ModelError, RateLimited
from debate.models.options import TurnOptions
from debate.models.port import Completion, Delta, Message, ModelRef, Request, ResponseFormat
from debate.pool.cache import Cache
from debate.pool.cache_key import cache_key
from debate.pool.cache_store import CacheStore, discard
from debate.pool.path import request_path
from debate.pool.single_flight import flight_key
from debate.settings.prices import Price
from debate.transcript.usage import Usage

HERE = "https://api.example/v1"
WHOLE = Completion(
    text="Yes.",
    reasoning="Hm.",
    finish="stop",
    model="talker-2",
    usage=Usage(prompt_tokens=1000, completion_tokens=500, cached_tokens=10),
    request_id="r1",
    warnings=("max_tokens was lowered",),
)
PRICE = Price(input=Decimal(1), output=Decimal(4))


class Server:
    """Answers, and counts how often it was asked."""

    def __init__(self, answer: Completion | Callable[[int], Completion] = WHOLE) -> None:
        self.answer = answer
        self.asked = 0

    async def __call__(self, request: Request, /) -> Completion:
        """Answer."""
        self.asked += 1
        return self.answer(self.asked) if callable(self.answer) else self.answer


def store(path: Path, *, ttl: float = 3600, entries: int = 1000, size: int = 1_000_000) -> CacheStore:
    """The file at ``path``."""
    return CacheStore(path, ttl_seconds=ttl, max_entries=entries, max_bytes=size)


def cache(path: Path, server: Server, *, clock: Callable[[], float] = lambda: 1000.0) -> Cache:
    """A cache over ``path`` round ``server``."""
    return Cache(
        server, open_store=lambda: store(path), endpoint_of=lambda _: HERE, price_of=lambda _: PRICE, clock=clock
    )


async def twice(path: Path, server: Server, first: Request, second: Request) -> Completion:
    """Ask both, each in a cache of its own, as two commands would; gives the second answer."""
    async with cache(path, server) as one:
        await one(first)
    async with cache(path, server) as other:
        return await other(second)


class TestWhatIsGivenAgain:
    """A hit is the answer as it was, at no cost."""

    async def test_the_same_request_is_answered_from_what_was_kept(self, tmp_path: Path) -> None:
        """Text, reasoning, finish, usage and warnings are those of the answer; it says that nothing was sent."""
        server = Server()
        found = await twice(tmp_path / "a.sqlite", server, ask(), ask())
        assert server.asked == 1
        assert found == dataclasses.replace(WHOLE, source="cache", attempts=0, timing=found.timing)

    async def test_whoever_listens_hears_a_kept_answer_too(self, tmp_path: Path) -> None:
        """A live view shows it as one piece."""
        heard: list[Delta] = []
        await twice(tmp_path / "a", Server(), ask(), dataclasses.replace(ask(), on_delta=heard.append))
        assert heard == [Delta("Yes.")]

    async def test_a_reported_cost_is_kept(self, tmp_path: Path) -> None:
        """What the provider charged is what was saved."""
        charged = dataclasses.replace(WHOLE, reported_cost=Decimal("0.0123"))
        found = await twice(tmp_path / "a", Server(charged), ask(), ask())
        assert found.reported_cost == Decimal("0.0123")

    async def test_any_text_comes_back_as_it_was(self, tmp_path: Path) -> None:
        """Half a surrogate pair, NUL and emoji are text too, in the question and in the answer."""
        odd = "\ud800 \x00 🙂"
        found = await twice(tmp_path / "a", Server(dataclasses.replace(WHOLE, text=odd)), ask(odd), ask(odd))
        assert found.text == odd

    async def test_asked_once_more_is_asked_and_takes_the_old_ones_place(self, tmp_path: Path) -> None:
        """A fresh request is never answered from what was kept; its answer is what is kept from then on."""
        server = Server(lambda number: dataclasses.replace(WHOLE, text=f"Answer {number}."))
        path = tmp_path / "a"
        request = ask()
        assert request.turn is not None
        fresh = dataclasses.replace(request, turn=dataclasses.replace(request.turn, fresh=True))
        assert (await twice(path, server, request, fresh)).text == "Answer 2."
        async with cache(path, server) as third:
            assert (await third(request)).text == "Answer 2."


class TestWhatIsNeverKept:
    """Errors, refusals, what was cut off, what is empty, what no server said."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"finish": "length"},
            {"finish": "content_filter"},
            {"finish": None},
            {"text": " \n"},
            {"source": "recorded"},
            {"source": "shared"},
            {"source": "planted"},
        ],
        ids=lambda changes: "-".join(map(str, next(iter(changes.items())))).strip(),
    )
    async def test_a_completion_that_is_not_whole(self, tmp_path: Path, changes: dict[str, str]) -> None:
        """It is given to the one who asked, and asked for again by the next."""
        server = Server(dataclasses.replace(WHOLE, **changes))
        await twice(tmp_path / "a", server, ask(), ask())
        assert server.asked == 2

    @pytest.mark.parametrize("error", [RateLimited("above"), EmptyCompletion("a refusal: no")])
    async def test_an_error(self, tmp_path: Path, error: ModelError) -> None:
        """The next one asks again, and gets the answer."""

        def fails_first(number: int) -> Completion:
            if number == 1:
                raise error
            return WHOLE

        server = Server(fails_first)
        async with cache(tmp_path / "a", server) as one:
            with pytest.raises(type(error)):
                await one(ask())
            assert (await one(ask())).source == "live"

    async def test_a_model_at_no_known_address(self, tmp_path: Path) -> None:
        """Simulated models and a caller's own are asked each time, and no file is made."""
        server = Server()
        path = tmp_path / "a"
        async with request_path(server, open_store=lambda: store(path)) as asked:
            await asked(ask())
            await asked(ask())
        assert server.asked == 2
        assert not path.exists()


def requests() -> dict[str, Request]:
    """A request, and one that differs from it in each field that is sent."""
    base = dataclasses.replace(ask(), seed=1, stop=("a",), temperature=1.0, top_p=0.5)
    form = ResponseFormat(name="reply", schema={"type": "object"})
    changes: dict[str, object] = {
        "model": ModelRef("house", "other"),
        "messages": (Message("user", "Should we not?"),),
        "max_tokens": 101,
        "temperature": 0.9,
        "top_p": 0.6,
        "seed": 2,
        "stop": ("a", "b"),
        "reasoning": "low",
        "response_format": form,
    }
    return {"": base, **{name: dataclasses.replace(base, **{name: value}) for name, value in changes.items()}}


class TestKey:
    """Nothing that could change the answer is left out of the key."""

    def test_every_field_that_is_sent_belongs_to_it(self) -> None:
        """Each of them alone makes another key, here and where calls in flight are shared; a new field needs a row."""
        sent = {field.name for field in dataclasses.fields(Request) if field.compare}
        assert sent == {name for name in requests() if name}
        assert len({cache_key(request, HERE) for request in requests().values()}) == len(sent) + 1
        assert len({flight_key(request) for request in requests().values()}) == len(sent) + 1

    def test_role_order_and_schema_belong_to_it(self) -> None:
        """The same words from another role, in another order, or under another schema are another question."""
        one, other = Message("user", "a"), Message("assistant", "b")
        variants = [
            dataclasses.replace(ask(), messages=messages, response_format=form)
            for messages in ((one, other), (other, one), (Message("system", "a"), other), (one, Message("user", "b")))
            for form in (
                None,
                ResponseFormat(name="reply", schema={"type": "object"}),
                ResponseFormat(name="reply", schema={"type": "array"}),
                ResponseFormat(name="other", schema={"type": "object"}),
            )
        ]
        assert len({cache_key(request, HERE) for request in variants}) == len(variants)

    def test_the_address_belongs_to_it(self) -> None:
        """One model id at two addresses is two models."""
        assert cache_key(ask(), HERE) != cache_key(ask(), "http://localhost:8000/v1")

    def test_equal_numbers_and_schemas_written_otherwise_are_the_same(self) -> None:
        """1 and 1.0, and a schema's keys in another order, are no difference."""
        one = dataclasses.replace(
            ask(), temperature=1.0, response_format=ResponseFormat(name="r", schema={"a": 1, "b": 2})
        )
        other = dataclasses.replace(
            ask(), temperature=1, response_format=ResponseFormat(name="r", schema={"b": 2.0, "a": 1})
        )
        assert cache_key(one, HERE) == cache_key(other, HERE)

    def test_seed_turn_and_try_tell_samples_apart_unless_the_temperature_is_zero(self) -> None:
        """Two debaters who ask the same are given two answers; at temperature 0 there is only one to give."""
        turns = [
            TurnOptions(run=run, turn=turn, seed=seed, try_number=number)
            for run in ("one", "other")
            for turn in ("a.1/ana", "a.1/ben")
            for seed in (0, 1)
            for number in (1, 2)
        ]
        warm = {cache_key(dataclasses.replace(ask(), turn=turn, temperature=0.5), HERE) for turn in turns}
        unset = {cache_key(dataclasses.replace(ask(), turn=turn), HERE) for turn in turns}
        cold = {cache_key(dataclasses.replace(ask(), turn=turn, temperature=0), HERE) for turn in turns}
        assert (len(warm), len(unset), len(cold)) == (8, 8, 1)
        assert cache_key(dataclasses.replace(ask(), turn=None), HERE) is None

    @given(st.text(), st.text())
    def test_two_texts_never_share_a_key(self, one: str, other: str) -> None:
        """Whatever stands in them."""
        same = cache_key(ask(one, turn="t"), HERE) == cache_key(ask(other, turn="t"), HERE)
        assert same == (one == other)


class TestBounds:
    """Age, number and bytes."""

    def test_an_answer_grows_too_old(self, tmp_path: Path) -> None:
        """It is given up to its age, not at it, and is gone from the file then; a clock set back is no way round."""
        kept = store(tmp_path / "a", ttl=60)
        kept.put("k", "m", "body", usd=None, now=100.0)
        assert kept.get("k", "m", now=159.0) == "body"
        assert kept.get("k", "m", now=160.0) is None
        assert kept.totals() == (0, 0)
        kept.put("k", "m", "body", usd=None, now=10_000.0)
        assert kept.get("k", "m", now=100.0) is None
        kept.close()

    def test_prune_lets_go_of_what_is_too_old(self, tmp_path: Path) -> None:
        """And says how much that was."""
        kept = store(tmp_path / "a", ttl=60)
        kept.put("old", "m", "12345", usd=None, now=0.0)
        kept.put("new", "m", "123", usd=None, now=59.0)
        assert kept.prune(now=60.0) == (1, 5)
        assert [one.key for one in kept.kept()] == ["new"]
        kept.close()

    def test_what_is_larger_than_the_whole_cache_is_not_kept_and_drives_nothing_out(self, tmp_path: Path) -> None:
        """One giant does not empty it."""
        kept = store(tmp_path / "a", size=10)
        kept.put("small", "m", "12345", usd=None, now=0.0)
        kept.put("giant", "m", "1" * 11, usd=None, now=0.0)
        assert [one.key for one in kept.kept()] == ["small"]
        kept.close()

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.tuples(st.sampled_from("pg"), st.sampled_from("abcdefg"), st.integers(1, 6)), max_size=40),
        st.integers(1, 5),
        st.integers(4, 16),
    )
    def test_it_is_a_true_lru(
        self, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]], entries: int, size: int
    ) -> None:
        """Any mix of puts and gets leaves exactly what a model of an LRU cache keeps, in its order of use."""
        kept = store(tmp_path_factory.mktemp("lru") / "a", entries=entries, size=size)
        model: dict[str, int] = {}
        for doing, key, length in steps:
            if doing == "g":
                assert (kept.get(key, "m", now=0.0) is not None) == (key in model)
                if key in model:
                    model[key] = model.pop(key)
            elif length <= size:
                kept.put(key, "m", "x" * length, usd=None, now=0.0)
                model.pop(key, None)
                model[key] = length
                while len(model) > entries or sum(model.values()) > size:
                    del model[next(iter(model))]
        assert [one.key for one in kept.kept()] == list(reversed(model))
        assert kept.totals() == (len(model), sum(model.values()))
        kept.close()


class TestCounting:
    """Hits, misses and money, over all who used the file."""

    async def test_hits_misses_and_savings_are_counted_for_good(self, tmp_path: Path) -> None:
        """What a hit would have cost is saved; where that is unknown, it is counted as unknown and not as nothing."""
        path, server = tmp_path / "a", Server()
        for _ in range(3):
            async with cache(path, server) as one:
                await one(ask())
                assert (one.hits, one.misses) in ((0, 1), (1, 0))
        unpriced = Cache(server, open_store=lambda: store(path), endpoint_of=lambda _: HERE)
        async with unpriced as two:
            await two(ask("another"))
            await two(ask("another"))
        opened = store(path)
        usd = (1000 + 4 * 500) / Decimal(1_000_000)
        assert opened.served() == [(str(MODEL), 3, 2, 1, 2 * usd)]
        opened.close()


class TestFile:
    """One file, its owner's alone."""

    async def test_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        """The file and those beside it have mode 0600, also where it stood open before; the folder 0700."""
        path = tmp_path / "new" / "a.sqlite"
        path.parent.mkdir(mode=0o700)
        path.touch(mode=0o666)
        path.chmod(0o666)
        async with cache(path, Server()) as one:
            await one(ask())
            await one(ask())
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert modes == {"a.sqlite": 0o600, "a.sqlite-wal": 0o600, "a.sqlite-shm": 0o600}

    async def test_it_holds_neither_prompts_nor_pickles(self, tmp_path: Path) -> None:
        """Of the question there is only a hash; the answer is JSON."""
        path = tmp_path / "a.sqlite"
        async with cache(path, Server()) as one:
            await one(ask("a secret question"))
        assert b"secret" not in _bytes(tmp_path)
        with sqlite3.connect(path) as connection:
            (body,) = connection.execute("SELECT body FROM answer").fetchone()
        connection.close()
        assert json.loads(body)["text"] == "Yes."

    @pytest.mark.parametrize("spoilt", ["no database", "a folder"])
    async def test_a_file_that_cannot_be_used_costs_one_warning(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, spoilt: str
    ) -> None:
        """Every request is answered all the same."""
        path = tmp_path / "a.sqlite"
        if spoilt == "a folder":
            path.mkdir()
        else:
            path.write_bytes(b"not a database at all" * 100)
        server = Server()
        with caplog.at_level(logging.WARNING, "debate"):
            async with cache(path, server) as one:
                assert (await one(ask())).text == "Yes."
                assert (await one(ask())).text == "Yes."
                assert one.unusable is not None
        assert server.asked == 2
        assert len(caplog.records) == 1

    def test_a_file_of_another_version_is_emptied(self, tmp_path: Path) -> None:
        """What it holds can be asked for again; it is no error."""
        path = tmp_path / "a.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE answer (something_else TEXT)")
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        opened = store(path)
        opened.put("k", "m", "body", usd=None, now=0.0)
        assert opened.get("k", "m", now=1.0) == "body"
        opened.close()

    def test_clear_leaves_nothing_and_discard_deletes(self, tmp_path: Path) -> None:
        """After a clear no byte of an answer is left in any file; a file that is no database can only be deleted."""
        path = tmp_path / "a.sqlite"
        opened = store(path)
        opened.put("k", "m", "confidential", usd=None, now=0.0)
        assert opened.clear() == (1, 12)
        assert b"confidential" not in _bytes(tmp_path)
        opened.close()
        discard(path)
        assert list(tmp_path.iterdir()) == []


def _work(path: Path, own: str, go: multiprocessing.synchronize.Event) -> None:
    """What one of two processes does with the file: open it at the same moment, then put and get without a pause."""
    go.wait()
    opened = store(path)
    for number in range(150):
        opened.put(f"{own}{number}", own, f"{own} {number}", usd=Decimal("0.001"), now=1.0)
        opened.put("common", own, own * 50, usd=None, now=1.0)
        assert opened.get(f"{own}{number}", own, now=1.0) == f"{own} {number}"
        assert opened.get("common", own, now=1.0) in ("a" * 50, "b" * 50)
    opened.close()


class TestTwoProcesses:
    """Nothing is lost and nothing is torn."""

    def test_two_processes_at_once_neither_corrupt_nor_lose(self, tmp_path: Path) -> None:
        """Both open the file at once and write as fast as they can: every answer, hit and cent is there after."""
        context = multiprocessing.get_context("spawn")
        path, go = tmp_path / "a.sqlite", context.Event()
        both = [context.Process(target=_work, args=(path, own, go)) for own in "ab"]
        for process in both:
            process.start()
        go.set()
        for process in both:
            process.join(60)
        assert [process.exitcode for process in both] == [0, 0]
        opened = store(path)
        keys = {one.key for one in opened.kept()}
        assert keys == {f"{own}{number}" for own in "ab" for number in range(150)} | {"common"}
        assert opened.totals() == (301, sum(one.size for one in opened.kept()))
        assert opened.served() == [("a", 300, 0, 150, Decimal("0.15")), ("b", 300, 0, 150, Decimal("0.15"))]
        opened.close()
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()

    def test_a_process_that_is_killed_leaves_a_sound_file(self, tmp_path: Path) -> None:
        """What it had kept is there, and the next one goes on."""
        context = multiprocessing.get_context("spawn")
        path, go = tmp_path / "a.sqlite", context.Event()
        process = context.Process(target=_work, args=(path, "a", go))
        process.start()
        go.set()
        while not path.exists() or _count(path) < 20:
            pass
        process.kill()
        process.join(60)
        opened = store(path)
        kept = [one for one in opened.kept() if one.key != "common"]
        assert [opened.get(one.key, "a", now=1.0) for one in kept] == [f"a {one.key[1:]}" for one in kept]
        assert opened.totals() == (len(opened.kept()), sum(one.size for one in opened.kept()))
        opened.close()


def _bytes(folder: Path) -> bytes:
    """Everything that stands in the files of a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


def _count(path: Path) -> int:
    """How many answers another process has kept so far."""
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT entries FROM total").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
