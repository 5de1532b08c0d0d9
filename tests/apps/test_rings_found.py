"""A ring that a desk process has taken up from the live state, and its call's node."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contactcentre.apps.desk_calls import DeskCalls
from contactcentre.apps.desk_seat import Seat
from contactcentre.domain import desk_events as e
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import PeerUnavailable, Refusal, StaleToken, UnknownName
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId, Token
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import CallStanding
from contactcentre.wire.cluster import AskRing, RingAgain

ADA, CALL, NODE = AdviserId("ada"), CallId("call-1"), NodeId("node-1")
TOKEN = Token(5)


class Centre:
    """A live state in which a call rings at an adviser's desk, and the call's node."""

    def __init__(self, answer: Exception) -> None:
        self.asked_count = 0
        self._answer = answer
        self._tasks: list[asyncio.Task[None]] = []
        self.calls = DeskCalls(
            desk=DeskId("desk-1"),
            queues=cast("Any", self),
            supervision=cast(
                "Any",
                SimpleNamespace(
                    overview=SimpleNamespace(
                        nodes=[SimpleNamespace(node=NODE, internal_url="http://node-1")]
                    ),
                    lives=lambda _: True,
                ),
            ),
            nodes=self,
            spawn=self._spawn,
            grace_ms=60_000,
        )

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    async def look_calls(self, calls: list[CallId]) -> list[CallStanding]:
        """Say that the call rings."""
        assert calls == [CALL]
        rings = CallStanding(
            call=CALL,
            state="ringing",
            node=NODE,
            epoch=LegEpoch(1, "a"),
            queue=QueueId("tax.general.en"),
            enqueued_ms=0,
            adviser=ADA,
            desk=DeskId("desk-1"),
            token=TOKEN,
            ending=None,
            is_presumed=False,
        )
        return [rings]

    async def again(self, node_url: str, ask: AskRing) -> RingAgain:
        """Answer as the node does."""
        assert (node_url, ask.call, ask.token) == ("http://node-1", CALL, TOKEN)
        self.asked_count += 1
        raise self._answer

    async def look(self, seat: Seat) -> None:
        """Look once, and let the node answer."""
        await self.calls.look([seat])
        await asyncio.gather(*self._tasks)


def taken_up(state: Presence) -> Seat:
    """Return the seat of an adviser as a desk process has it from the live state."""
    clock = SimpleNamespace(now_ms=lambda: 0, monotonic_ms=lambda: 0)
    tools = SimpleNamespace(
        clock=clock,
        wrap_up_ms=60_000,
        stirred=lambda _: None,
        spawn=lambda work, _: work.close(),
        wrap_ups=SimpleNamespace(fetch=_nothing),
    )
    seat = Seat(cast("Any", SimpleNamespace(id=ADA)), cast("Any", tools))
    seat.follow(
        e.Recovered(at_ms=0, state=state, reason=None, call=CALL, token=TOKEN, for_ms=1_000)
    )
    seat.follow(e.SocketOpened(at_ms=0))
    return seat


async def _nothing(**_: object) -> None:
    return None


@pytest.mark.parametrize("refusal", [UnknownName("not here"), StaleToken("over")])
async def test_a_ring_that_its_node_does_not_have_is_over(refusal: Refusal) -> None:
    centre, seat = Centre(refusal), taken_up(Presence.RINGING)
    await centre.look(seat)
    assert (seat.desk.state, seat.desk.call) == (Presence.READY, None)


async def test_a_ring_is_not_over_because_its_node_does_not_answer() -> None:
    centre, seat = Centre(PeerUnavailable("away")), taken_up(Presence.RINGING)
    for _ in range(5):
        await centre.look(seat)
    assert (centre.asked_count, seat.desk.state) == (5, Presence.RINGING)


async def test_a_talk_waits_for_its_caller_though_its_node_does_not_have_it_yet() -> None:
    centre, seat = Centre(UnknownName("not here")), taken_up(Presence.TALKING)
    for _ in range(5):
        await centre.look(seat)
    assert (centre.asked_count, seat.desk.state) == (5, Presence.TALKING)


async def test_nothing_is_over_before_it_is_read_how_the_adviser_stands() -> None:
    centre, seat = Centre(UnknownName("not here")), taken_up(Presence.RINGING)
    seat.is_to_be_read()
    states = []
    for is_read in (False, True):
        if is_read:
            seat.read()
        await centre.look(seat)
        states.append(seat.desk.state)
    assert states == [Presence.RINGING, Presence.READY]
