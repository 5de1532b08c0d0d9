"""One process of ours tells another something, and hears what the other refuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from contactcentre.adapters.web.peers import CLUSTER_KEY_HEADER, Peers
from contactcentre.adapters.web.problems import say_problems
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import (
    LedgerUnavailable,
    OutOfOrder,
    PeerBroke,
    PeerUnavailable,
    Refusal,
    StaleToken,
)
from contactcentre.domain.ids import AdviserId, CallId, Token
from contactcentre.limits import MESSAGE_MAX_BYTES
from contactcentre.wire.cluster import Talk

TALK = Talk(call=CallId("call-1"), adviser=AdviserId("ada"), token=Token(7), epoch=LegEpoch(1, "a"))

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def peer(answer: Answering) -> AsyncIterator[str]:
    app = web.Application(middlewares=[say_problems])
    app.router.add_post("/rings/{token}/bridged", answer)
    async with TestServer(app) as server:
        yield str(server.make_url(""))


async def tell(url: str, *, path: str = "/rings/7/bridged", deadline_ms: int = 2_000) -> None:
    async with Peers("the key of the cluster") as peers:
        await peers.post(url, path, TALK, deadline_ms=deadline_ms)


async def test_a_peer_is_told_under_the_cluster_key() -> None:
    told: list[tuple[str | None, Talk]] = []

    async def note(request: web.Request) -> web.StreamResponse:
        said = Talk.model_validate_json(await request.read())
        told.append((request.headers.get(CLUSTER_KEY_HEADER), said))
        return web.Response(status=204)

    async with peer(note) as url:
        await tell(url)
    assert told == [("the key of the cluster", TALK)]


@pytest.mark.parametrize("refusal", [OutOfOrder("Not ready."), StaleToken("A newer one stands.")])
async def test_what_a_peer_refuses_is_refused_here_in_its_words(refusal: Refusal) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        raise refusal

    async with peer(refuse) as url:
        with pytest.raises(type(refusal), match=str(refusal)):
            await tell(url)


async def test_an_outage_or_a_mistake_of_a_peer_means_that_it_cannot_be_reached() -> None:
    async def fail(_: web.Request) -> web.StreamResponse:
        raise LedgerUnavailable("at 10.0.0.7")

    async def stumble(_: web.Request) -> web.StreamResponse:
        raise AssertionError

    async def speak_another_language(_: web.Request) -> web.StreamResponse:
        return web.Response(status=502, text="<html>")

    for answer in (fail, stumble, speak_another_language):
        async with peer(answer) as url:
            with pytest.raises(PeerUnavailable):
                await tell(url)


async def test_a_peer_that_is_not_there_or_says_nothing_is_given_up_in_time() -> None:
    async def dawdle(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.Response(status=204)

    with pytest.raises(PeerUnavailable) as not_there:
        await tell(f"http://127.0.0.1:{unused_port()}")
    async with peer(dawdle) as url:
        with pytest.raises(PeerUnavailable, match="Timeout") as silent:
            await tell(url, deadline_ms=50)
    assert {not_there.type, silent.type} == {PeerUnavailable}, "neither is known to have been told"


async def test_a_peer_that_dies_as_it_is_told_is_told_apart_from_one_that_was_not_there() -> None:
    async def die(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response(status=204)

    async with peer(die) as url:
        with pytest.raises(PeerBroke):
            await tell(url)


async def test_a_path_that_a_peer_does_not_know_is_a_refusal() -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        raise AssertionError

    async with peer(never) as url:
        with pytest.raises(Refusal, match="Not Found"):
            await tell(url, path="/elsewhere")


async def ask(url: str) -> Talk:
    async with Peers("the key of the cluster") as peers:
        path = "/rings/7/bridged"
        return await peers.ask(url, path, TALK, gives=Talk, deadline_ms=2_000)


async def test_what_a_peer_answers_is_read_as_what_was_asked_for() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=await request.read(), content_type="application/json")

    async with peer(answer) as url:
        assert await ask(url) == TALK


async def test_a_refusal_is_no_answer() -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        raise OutOfOrder("Not now.")

    async with peer(refuse) as url:
        with pytest.raises(OutOfOrder, match="Not now"):
            await ask(url)


@pytest.mark.parametrize("body", [b"", b"{}", b" " * (MESSAGE_MAX_BYTES + 1)])
async def test_an_answer_that_is_none_means_that_the_peer_cannot_be_asked(body: bytes) -> None:
    async def mumble(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    async with peer(mumble) as url:
        with pytest.raises(PeerUnavailable):
            await ask(url)
