"""How nodes reach desks: where they are found, and what they are told of a ring and a talk."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.reach import HttpDesks
from contactcentre.domain.call import Call, CallState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import PeerUnavailable, StateUnavailable
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, DeskId, LineId, NodeId, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.ports.live import Offered
from contactcentre.wire.cluster import Ring, RingOver, Talk
from tests.apps.desk_centre import CLUSTER_KEY, SIGNING_KEYS, Wire

DESK = DeskId("desk-1")
OFFERED = Offered(adviser=AdviserId("ada"), desk=DESK, token=Token(7))
CALL = Call(
    id=CallId("call-1"),
    line=LineId("tax"),
    language=Language.ENGLISH,
    node=NodeId("node-2"),
    epoch=LegEpoch(2, "b"),
    state=CallState.TALKING,
    version=9,
    arrived_at_ms=1_000,
    queue=QueueId("tax.general.en"),
    enqueued_ms=10_000,
    bridged_at_ms=71_000,
)
MODELS: Mapping[str, type[Ring | Talk | RingOver]] = {
    "/rings": Ring,
    "bridged": Talk,
    "moved": Ring,
    "over": RingOver,
}


class HeardDesk:
    """A desk process that writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Ring | Talk | RingOver]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Write it down."""
        what = request.match_info.get("what", "/rings")
        self.heard.append((request.path, MODELS[what].model_validate_json(await request.read())))
        return web.Response(status=204)


@pytest.fixture
async def desk() -> AsyncIterator[HeardDesk]:
    """Give a desk process."""
    desk = HeardDesk()
    app = web.Application()
    app.add_routes([web.post("/rings", desk.take), web.post("/rings/7/{what}", desk.take)])
    async with TestServer(app) as server:
        desk.url = str(server.make_url(""))
        yield desk


@asynccontextmanager
async def reaching(
    redis_url: str, static: dict[DeskId, str] | None = None
) -> AsyncIterator[tuple[HttpDesks, RedisState, Wire]]:
    """Give a node's way to the desks, through an address book that can be cut off."""
    wire = Wire(redis_url)
    await wire.mend()
    state = RedisState(wire.url)
    kid, _, secret = SIGNING_KEYS.partition(":")
    async with Peers(CLUSTER_KEY) as peers:
        yield (
            HttpDesks(
                peers,
                state,
                Signatures({kid: secret}, kid, MachineClock()),
                MachineClock(),
                node=CALL.node,
                node_url="ws://node-2.example/leg",
                words={},
                titles={},
                static=static or {},
            ),
            state,
            wire,
        )
    await wire.cut()
    await state.close()


async def test_a_desk_is_told_of_a_talk_that_moved_as_of_a_ring(
    redis_url: str, desk: HeardDesk
) -> None:
    async with reaching(redis_url) as (desks, state, _):
        await state.report_desk(desk=DESK, beat=1, internal_url=desk.url)
        await desks.moved(CALL, OFFERED, steps=())
        await desks.bridged(CALL, OFFERED)
        await desks.over(CALL, OFFERED, lapse=LapseReason.NODE_LOST)
    (path, moved), *others = desk.heard
    assert path == "/rings/7/moved"
    assert isinstance(moved, Ring)
    assert (moved.node_url, moved.epoch) == ("ws://node-2.example/leg", CALL.epoch)
    assert (moved.ring_ms, moved.waited_ms) == (0, 61_000), "the wait ended with the talk"
    assert [path for path, _ in others] == ["/rings/7/bridged", "/rings/7/over"]
    assert {told.epoch for _, told in desk.heard} == {CALL.epoch}


async def test_a_caller_who_is_rung_for_waits_still(redis_url: str, desk: HeardDesk) -> None:
    async with reaching(redis_url) as (desks, state, _):
        await state.report_desk(desk=DESK, beat=1, internal_url=desk.url)
        now_ms = MachineClock().now_ms()
        waits = replace(CALL, state=CallState.RINGING, enqueued_ms=now_ms - 5_000)
        await desks.ring(waits, OFFERED, ring_ms=20_000, steps=())
    ((_, ring),) = desk.heard
    assert isinstance(ring, Ring)
    assert 5_000 <= ring.waited_ms < 7_000


async def test_a_desk_is_found_where_it_was_last_while_redis_is_away(
    redis_url: str, desk: HeardDesk
) -> None:
    async with reaching(redis_url) as (desks, state, wire):
        await state.report_desk(desk=DESK, beat=1, internal_url=desk.url)
        await desks.bridged(CALL, OFFERED)
        await wire.cut()
        await desks.over(CALL, OFFERED, lapse=None)
    assert len(desk.heard) == 2


async def test_a_desk_is_found_where_the_settings_say_before_it_was_ever_used(
    redis_url: str, desk: HeardDesk
) -> None:
    async with reaching(redis_url, {DESK: desk.url}) as (desks, _, wire):
        await desks.bridged(CALL, OFFERED)
        await wire.cut()
        await desks.over(CALL, OFFERED, lapse=None)
    assert len(desk.heard) == 2


async def test_a_desk_that_has_moved_is_found_where_it_says(
    redis_url: str, desk: HeardDesk
) -> None:
    async with reaching(redis_url, {DESK: "http://127.0.0.1:1"}) as (desks, state, _):
        await state.report_desk(desk=DESK, beat=1, internal_url=desk.url)
        await desks.bridged(CALL, OFFERED)
    assert len(desk.heard) == 1


async def test_a_desk_that_nobody_knows_is_out_of_reach(redis_url: str) -> None:
    async with reaching(redis_url) as (desks, _, wire):
        with pytest.raises(PeerUnavailable):
            await desks.bridged(CALL, OFFERED)
        await wire.cut()
        with pytest.raises(StateUnavailable):
            await desks.bridged(CALL, OFFERED)
