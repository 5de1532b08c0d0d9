"""Callers, advisers, nodes and desks of a small centre, as its tests speak of them."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from types import MappingProxyType
from typing import Any

from redis import Redis

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.call import CallState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    DeskId,
    NodeId,
    QueueId,
    RequestId,
    Token,
)
from contactcentre.domain.levels import Asked
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.ports.state import (
    AdviserReport,
    AdviserStanding,
    CallReport,
    CallsReply,
    CallStanding,
    NodeReport,
    QueueStanding,
    Reservation,
)

PAYING = QueueId("tax.paying.en")
WELSH = QueueId("tax.paying.cy")
ADA, BOB = AdviserId("ada"), AdviserId("bob")
EARLY, LATE = CallId("early"), CallId("late")
NORTH, SOUTH = NodeId("north-1"), NodeId("south-1")
DESK = DeskId("desk-1")
FIRST = LegEpoch(1, "aaaa")
HASTY_MS = 800
"""The deadline of those whose store is going to hang."""
NOW_MS = 1_700_000_000_000
"""A time that is given to callers where a test says when they came."""
NO_LEVELS: Mapping[QueueId, Asked] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """A server process that is all the test's own."""

    url: str
    pid: int

    def ask(self, *command: str) -> Any:
        """Run one command with a client that is none of ours."""
        with Redis.from_url(self.url, decode_responses=True, protocol=2) as client:
            return client.execute_command(*command)

    def count(self, command: str) -> int:
        """Return how often a command has come in since the server's start."""
        stats = self.ask("INFO", "commandstats")
        return int(stats[f"cmdstat_{command}"]["calls"])

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let the server stand still for a while, connections and all."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


class Centre:
    """People who use the live state; where a test does not care, they do the usual thing."""

    def __init__(self, state: RedisState) -> None:
        self.state = state
        self._requests = count(1)

    async def call(
        self,
        call: CallId = EARLY,
        *,
        queue: QueueId = PAYING,
        at_ms: int | None = None,
        head_start_ms: int = 0,
        epoch: LegEpoch = FIRST,
        node: NodeId = NORTH,
    ) -> int:
        """Let a caller join a queue."""
        return await self.state.join(
            call=call,
            queue=queue,
            head_start_ms=head_start_ms,
            enqueued_ms=at_ms,
            epoch=epoch,
            node=node,
        )

    async def desk_says(
        self,
        adviser: AdviserId,
        presence: Presence,
        *,
        reason: AwayReason | None = None,
        call: CallId | None = None,
        token: int = 0,
        queues: tuple[QueueId, ...] = (PAYING,),
        desk: DeskId = DESK,
        beat: int = 1,
        later: Mapping[QueueId, Asked] = NO_LEVELS,
        occupied: int = 0,
    ) -> AdviserStanding:
        """Let a desk report an adviser."""
        return await self.state.report_adviser(
            AdviserReport(
                adviser=adviser,
                desk=desk,
                beat=beat,
                state=presence,
                reason=reason,
                call=call,
                token=Token(token),
                queues=queues,
                asked_later=later,
                occupied=occupied,
            )
        )

    async def ready(
        self,
        adviser: AdviserId = ADA,
        *,
        token: int = 0,
        queues: tuple[QueueId, ...] = (PAYING,),
        later: Mapping[QueueId, Asked] = NO_LEVELS,
        occupied: int = 0,
    ) -> AdviserStanding:
        """Let an adviser press Ready."""
        return await self.desk_says(
            adviser,
            Presence.READY,
            token=token,
            queues=queues,
            later=later,
            occupied=occupied,
        )

    async def match(self, adviser: AdviserId = ADA) -> Reservation | None:
        """Let a router look for a call for an adviser."""
        found = await self.state.match_advisers([adviser], request=self.request())
        return found[0] if found else None

    async def reserve(self, adviser: AdviserId = ADA) -> Reservation:
        """Let a router reserve a call that must be there."""
        found = await self.match(adviser)
        assert found is not None, f"nothing to reserve for {adviser}"
        return found

    async def ring(self, adviser: AdviserId = ADA) -> Reservation:
        """Reserve a call and let its node take it up."""
        found = await self.reserve(adviser)
        await self.state.take_up(call=found.call, adviser=adviser, token=found.token)
        return found

    async def talk(self, adviser: AdviserId = ADA) -> Reservation:
        """Let a call ring and its adviser answer."""
        found = await self.ring(adviser)
        await self.state.answer(call=found.call, adviser=adviser, token=found.token)
        return found

    async def give_back(self, held: Reservation, why: LapseReason = LapseReason.DECLINED) -> None:
        """Give a reserved call back."""
        await self.state.give_back(call=held.call, adviser=held.adviser, token=held.token, why=why)

    async def break_off(self, held: Reservation, *, wishes: bool = True) -> None:
        """Let a talk break; the caller wishes for the same adviser."""
        await self.state.return_to_queue(
            call=held.call, adviser=held.adviser, token=held.token, wishes=wishes
        )

    async def end(
        self, call: CallId = EARLY, *, epoch: LegEpoch = FIRST, ending: Ending = Ending.HANDLED
    ) -> None:
        """Let a call end."""
        await self.state.end(call=call, epoch=epoch, ending=ending)

    async def node_says(
        self, *calls: CallReport, node: NodeId = NORTH, beat: int = 1
    ) -> CallsReply:
        """Let a node report its calls and itself."""
        reply = await self.state.report_calls(node, calls)
        await self.node_beats(node, beat=beat, legs_count=len(calls))
        return reply

    async def node_beats(
        self, node: NodeId = NORTH, *, beat: int = 1, legs_count: int = 0, strained: bool = False
    ) -> int:
        """Let a node report itself; return up to which of its events the ledger has them."""
        return await self.state.report_node(
            NodeReport(
                node=node,
                site=node.split("-", maxsplit=1)[0],
                beat=beat,
                internal_url=f"http://{node}.example",
                public_url=f"wss://{node}.example",
                draining=False,
                legs_count=legs_count,
                legs_max=10,
                strained=strained,
            )
        )

    async def all_ready(self) -> list[AdviserId]:
        """Return everybody who is ready, whoever is next first."""
        found = await self.state.client.ask("ZRANGE", self.state.keys.ready, 0, -1)
        return [AdviserId(one.decode()) for one in found]

    async def queues_waiting(self) -> Sequence[QueueId]:
        """Return the queues in which somebody waits, the best-scored head first."""
        return (await self.state.matchable(advisers_max=9)).queues

    async def standing(self, adviser: AdviserId = ADA) -> AdviserStanding:
        """Return how an adviser stands, as a supervisor sees it."""
        return dict((await self.state.overview([])).advisers)[adviser]

    async def overview_of(self, queue: QueueId) -> QueueStanding:
        """Return how a queue stands, as a supervisor sees it."""
        [found] = (await self.state.overview([queue])).queues
        return found

    async def desk_beats(self, desk: DeskId = DESK, *, beat: int = 1) -> None:
        """Let a desk process report itself."""
        await self.state.report_desk(desk=desk, beat=beat, internal_url=f"http://{desk}.example")

    async def call_standing(self, call: CallId = EARLY) -> CallStanding:
        """Return how a call stands that must be known."""
        [found] = await self.state.look_calls([call])
        return found

    async def lose_node(self, node: NodeId = NORTH) -> int:
        """Let a router lose a node, all of it; return how many calls were looked at."""
        total = 0
        while chunk := await self.state.lose_calls(node, beat=None):
            total += chunk
        return total

    async def lost(self) -> list[CallId]:
        """Return which calls are lost."""
        return [lost.call for lost in await self.state.lost_calls()]

    async def order(self, queue: QueueId = PAYING) -> list[CallId]:
        """Return who waits in a queue, the head first, and check that each is told that place."""
        found = await self.state.client.ask("ZRANGE", self.state.keys.queue(queue), 0, -1)
        calls = [CallId(call.decode()) for call in found]
        for place, call in enumerate(calls, start=1):
            told = await self.state.place(call=call, queue=queue)
            assert told is not None
            assert (told.place, told.waiting_count) == (place, len(calls))
        return calls

    async def forget_everything(self) -> None:
        """Lose all keys, as a store that was restarted empty, and let a router open it again."""
        await self.state.client.ask("FLUSHALL")
        await self.open()

    async def open(self) -> None:
        """Let a router open matching on the store as it is now."""
        await self.state.open_matching((await self.state.generation()).store)

    def request(self) -> RequestId:
        """Return a name for one attempt."""
        return RequestId(f"r{next(self._requests)}")


def said(
    call: CallId = EARLY,
    state: str = "waiting",
    *,
    at_ms: int = NOW_MS,
    epoch: LegEpoch = FIRST,
    held: Reservation | None = None,
    token: int = 0,
) -> CallReport:
    """Return what a node says of a call; `held` is what it rings or talks by."""
    is_in_menu = state == CallState.IN_MENU
    report = CallReport(
        call=call,
        queue=None if is_in_menu else PAYING,
        head_start_ms=0,
        enqueued_ms=None if is_in_menu else at_ms,
        epoch=epoch,
        state=state,
        adviser=None,
        token=Token(token),
    )
    return report if held is None else replace(report, adviser=held.adviser, token=held.token)
