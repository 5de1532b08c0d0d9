"""The decisions of routers, and how routers are woken."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

from contactcentre.adapters.state_redis.blackboard import HEADS_MAX, Blackboard, texts
from contactcentre.adapters.state_redis.keys import REQUEST_KEPT_S
from contactcentre.domain.errors import StateUnavailable, StoreChanged
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId, RequestId, Token
from contactcentre.ports.state import Reservation

RESERVATIONS_MAX = 500
"""More are looked at when these, the oldest, are done with."""
WAKE = "message"
"""What redis-py calls what was published; the rest is said between it and the server."""
WAKE_QUIET_S = 2.0
"""A channel that has been silent for so long is asked whether it is still there."""
RECONNECT_AFTER_S = 0.1
RECONNECT_SPREAD_S = 0.4


class RedisMatching(Blackboard):
    """Matching in Redis."""

    async def match_adviser(self, adviser: AdviserId, *, request: RequestId) -> Reservation | None:
        """Reserve the best waiting head of the adviser's queues; None if none or not ready."""
        reply = await self.run(
            "match_adviser",
            keys={
                "adviser": self.keys.adviser(adviser),
                "request": self.keys.request(request),
                "call:": self.keys.any_call,
                "queue:": self.keys.any_queue,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "token": self.keys.token,
                "opened": self.keys.opened,
            },
            argv={
                "adviser": adviser,
                "heads_max": HEADS_MAX,
                "request_kept_s": REQUEST_KEPT_S,
            },
        )
        return _granted(reply)

    async def match_queue(self, queue: QueueId, *, request: RequestId) -> Reservation | None:
        """Reserve a queue's head for the adviser who has been ready for longest; None if nobody."""
        reply = await self.run(
            "match_queue",
            keys={
                "request": self.keys.request(request),
                "queue": self.keys.queue(queue),
                "ready_in": self.keys.ready_in(queue),
                "call:": self.keys.any_call,
                "adviser:": self.keys.any_adviser,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "token": self.keys.token,
                "opened": self.keys.opened,
            },
            argv={"queue": queue, "heads_max": HEADS_MAX, "request_kept_s": REQUEST_KEPT_S},
        )
        return _granted(reply)

    async def queues_waiting(self) -> Sequence[QueueId]:
        """Return the queues in which somebody waits."""
        match await self.run(
            "look_waiting",
            keys={"queues": self.keys.queues, "queue:": self.keys.any_queue},
            argv={},
        ):
            case ["waiting", *queues]:
                return [QueueId(queue) for queue in queues]
            case reply:
                raise AssertionError(reply)

    async def advisers_ready(self, *, count_max: int) -> Sequence[AdviserId]:
        """Return ready advisers, the longest ready first."""
        found = await self.client.ask("ZRANGE", self.keys.ready, 0, count_max - 1)
        return [AdviserId(adviser) for adviser in texts(found)]

    async def reservations(self) -> Sequence[Reservation]:
        """Return the reservations that no node has taken up yet."""
        match await self.run(
            "list_reservations",
            keys={"reservations": self.keys.reservations, "call:": self.keys.any_call},
            argv={"count_max": RESERVATIONS_MAX},
        ):
            case ["reservations", *found]:
                return [_reservation(one) for one in found]
            case reply:
                raise AssertionError(reply)

    async def wakes(self) -> AsyncIterator[None]:
        """Yield at every (re)connection, and whenever something may be matched."""
        while True:
            try:
                async with self.client.listening(self.keys.wake) as heard:
                    yield
                    while True:
                        await self._heard(heard)
                        yield
            except StateUnavailable:
                spread_s = random.random() * RECONNECT_SPREAD_S  # noqa: S311 - spreads a herd out
                await asyncio.sleep(RECONNECT_AFTER_S + spread_s)

    async def _heard(self, heard: Any) -> None:
        """Return once a wake has come; all that have come by then are one."""
        word: str | None = None
        while word != WAKE:
            word = await self.client.hear(heard, within_s=WAKE_QUIET_S)
            if word is None:
                word = await self.client.ask_if_there(heard)
        while word is not None:
            word = await self.client.hear(heard, within_s=0)


def _granted(reply: list[str]) -> Reservation | None:
    match reply:
        case ["none"]:
            return None
        case ["changed"]:
            raise StoreChanged("Matching has not been opened on the store that answers now.")
        case ["reserved", *said]:
            return _reservation(said)
        case _:
            raise AssertionError(reply)


def _reservation(said: list[str]) -> Reservation:
    call, adviser, token, queue, enqueued_ms, node, desk = said
    return Reservation(
        call=CallId(call),
        adviser=AdviserId(adviser),
        token=Token(int(token)),
        queue=QueueId(queue),
        enqueued_ms=int(enqueued_ms),
        node=NodeId(node),
        desk=DeskId(desk),
    )
