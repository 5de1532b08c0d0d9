"""The decisions of routers, and how routers are woken."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

from contactcentre.adapters.state_redis.blackboard import HEADS_MAX, Blackboard
from contactcentre.adapters.state_redis.keys import REQUEST_KEPT_S
from contactcentre.domain.errors import StateUnavailable, StoreChanged
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId, RequestId, Token
from contactcentre.ports.state import Matchable, Reservation
from contactcentre.ports.wishes import Wish

RESERVATIONS_MAX = 500
"""More are looked at when these, the oldest, are done with."""
WAKE = "message"
"""What redis-py calls what was published; the rest is said between it and the server."""
WAKE_QUIET_S = 2.0
"""A channel that has been silent for so long is asked whether it is still there."""
NOT_OPENED = "Matching has not been opened on the store that answers now."
RECONNECT_AFTER_S = 0.1
RECONNECT_SPREAD_S = 0.4


class RedisMatching(Blackboard):
    """Matching in Redis."""

    async def match_advisers(
        self, advisers: Sequence[AdviserId], *, request: RequestId
    ) -> Sequence[Reservation]:
        """Reserve for each ready adviser the best waiting head the adviser is asked for."""
        match await self.run(
            "match_advisers",
            keys={
                "request": self.keys.request(request),
                "adviser:": self.keys.any_adviser,
                "call:": self.keys.any_call,
                "queue:": self.keys.any_queue,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "token": self.keys.token,
                "opened": self.keys.opened,
            },
            argv={
                "heads_max": HEADS_MAX,
                "request_kept_s": REQUEST_KEPT_S,
                "advisers...": advisers,
            },
        ):
            case ["changed"]:
                raise StoreChanged(NOT_OPENED)
            case ["reserved", *found]:
                return [self._given(one) for one in found]
            case reply:
                raise AssertionError(reply)

    async def match_queue(self, queue: QueueId, *, request: RequestId) -> Reservation | None:
        """Reserve a queue's head for who is next of those asked for it by now; None if nobody."""
        match await self.run(
            "match_queue",
            keys={
                "request": self.keys.request(request),
                "queue:": self.keys.any_queue,
                "call:": self.keys.any_call,
                "adviser:": self.keys.any_adviser,
                "ready_in:": self.keys.any_ready_in,
                "ready": self.keys.ready,
                "reservations": self.keys.reservations,
                "token": self.keys.token,
                "opened": self.keys.opened,
            },
            argv={"queue": queue, "heads_max": HEADS_MAX, "request_kept_s": REQUEST_KEPT_S},
        ):
            case ["none"]:
                return None
            case ["changed"]:
                raise StoreChanged(NOT_OPENED)
            case ["reserved", *said]:
                return self._given(said)
            case reply:
                raise AssertionError(reply)

    def _given(self, said: list[str]) -> Reservation:
        """Return a reservation that a script has made."""
        reservation = _reservation(said)
        self.see(reservation.token)
        return reservation

    async def matchable(self, *, advisers_max: int) -> Matchable:
        """Return where somebody waits, and who is ready for one of them."""
        assert advisers_max > 0, "whoever asks wants to match somebody"
        match await self.run(
            "look_matchable",
            keys={
                "queues": self.keys.queues,
                "queue:": self.keys.any_queue,
                "ready_in:": self.keys.any_ready_in,
            },
            argv={"advisers_max": advisers_max},
        ):
            case ["matchable", queues, advisers]:
                return Matchable(
                    queues=[QueueId(queue) for queue in queues],
                    advisers=[AdviserId(adviser) for adviser in advisers],
                )
            case reply:
                raise AssertionError(reply)

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

    async def wishes(self) -> Sequence[Wish]:
        """Return the calls that wait for one adviser alone."""
        match await self.run(
            "list_wishes",
            keys={
                "wishes": self.keys.wishes,
                "call:": self.keys.any_call,
                "queue:": self.keys.any_queue,
            },
            argv={"count_max": RESERVATIONS_MAX},
        ):
            case ["wishes", *found]:
                return [
                    Wish(call=CallId(call), adviser=AdviserId(adviser), token=Token(int(token)))
                    for call, adviser, token in found
                ]
            case reply:
                raise AssertionError(reply)

    async def lapse_wish(self, wish: Wish) -> None:
        """Let a call that has waited for one adviser alone wait in its queue."""
        await self.run(
            "lapse_wish",
            keys={
                "call": self.keys.call(wish.call),
                "queue:": self.keys.any_queue,
                "queues": self.keys.queues,
                "wishes": self.keys.wishes,
                "wake": self.keys.wake,
            },
            argv={"call": wish.call, "adviser": wish.adviser, "token": wish.token},
        )

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
