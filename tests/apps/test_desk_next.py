"""What a desk says of its adviser that decides who is next: levels, and the last hour's work."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

import pytest

from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.apps.callback_words import CallbackWords
from contactcentre.apps.desk_seat import Seat, SeatTools
from contactcentre.apps.ways_back import WaysBack
from contactcentre.domain import desk_events as e
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import CallId, DeskId, NodeId, QueueId, RequestId, Token
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.journey.wrapup import WrapUps
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import AdviserReport, AdviserStanding
from contactcentre.wire.claims import AdviserTicket
from tests.apps.desk_centre import ADA, DeskCentre, desk_centre
from tests.apps.desk_node import GENERAL

MINUTE_MS = 60_000
CALL, LEG = CallId("c1"), LegEpoch(1, "a")
PAYING = QueueId("tax.paying.en")
GONE = AdviserReport(
    adviser=ADA.id,
    desk=DeskId("desk-9"),
    beat=1,
    state=Presence.AWAY,
    reason=AwayReason.LOST_CONNECTION,
    call=None,
    token=Token(0),
    queues=ADA.queues,
    occupied=600,
)
"""What another desk process has said last."""


class HandClock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.minute = 0

    def monotonic_ms(self) -> int:
        """Return the time that it shows."""
        return self.minute * MINUTE_MS


def seat_of(clock: HandClock, *, by_occupancy: bool = True) -> Seat:
    """Return the seat of an adviser who is there and wants calls."""

    def spawn(work: Coroutine[None, None, None], _: str) -> None:
        work.close()

    tools = SeatTools(
        clock=cast(Clock, clock),
        wrap_ups=cast(WrapUps, None),
        sign_ticket=lambda _: "",
        read_ticket=cast(Callable[[str], AdviserTicket], None),
        spawn=spawn,
        stirred=lambda _: None,
        wrap_up_ms=10 * MINUTE_MS,
        widening={},
        callback_words=cast(CallbackWords, None),
        ways_back=cast(WaysBack, None),
        by_occupancy=by_occupancy,
    )
    seat = Seat(ADA, tools)
    for event in (e.SignedIn, e.SocketOpened, e.ReadyPressed):
        seat.follow(event(at_ms=seat.now_ms))
    return seat


def lives(seat: Seat, clock: HandClock) -> list[int]:
    """Let an adviser talk from minute 10, wrap up from 16, be ready from 22; say what counts."""
    counted = []
    for minute, event, more in (
        (10, e.TalkBegan, {"call": CALL, "token": Token(7), "epoch": LEG}),
        (16, e.RingEnded, {"token": Token(7), "epoch": LEG, "lapse": None}),
        (22, e.WrapUpFinished, {"call": CALL, "away": None}),
    ):
        clock.minute = minute
        kind = cast(Any, event)
        seat.follow(kind(at_ms=seat.now_ms, **more))
        counted.append(seat.occupied)
    return counted


def test_talk_and_wrap_up_put_an_adviser_behind_the_less_occupied() -> None:
    clock = HandClock()
    seat = seat_of(clock)
    assert lives(seat, clock) == [0, 100, 200]
    clock.minute = 79
    assert seat.occupied == 50


def test_nothing_of_it_counts_where_the_longest_ready_is_next() -> None:
    clock = HandClock()
    assert lives(seat_of(clock, by_occupancy=False), clock) == [0, 0, 0]


@pytest.mark.parametrize(
    ("state", "taken_up"), [(Presence.AWAY, 400), (Presence.WRAP_UP, 400), (Presence.OFFLINE, 0)]
)
def test_what_another_process_has_counted_goes_on_unless_the_adviser_had_gone_home(
    state: Presence, taken_up: int
) -> None:
    seat = seat_of(HandClock())
    seat.recall(
        AdviserStanding(
            state=state, reason=None, call=None, token=Token(0), since_ms=1, occupied=400
        )
    )
    assert seat.occupied == taken_up


async def test_a_desk_tells_at_which_level_its_adviser_is_asked_and_goes_on_counting(
    redis_url: str, database_url: str
) -> None:
    async with desk_centre(redis_url, database_url, CC_NEXT_ADVISER="least_occupied") as centre:
        async with PostgresPool(database_url) as pool:
            second = replace(ADA, levels={PAYING: 2, GENERAL: 2})
            await PostgresAccounts(pool).put(second, password=None)
        await centre.state.report_adviser(GONE)
        await asyncio.sleep(1.3)  # the desk looks at the live state once a second
        await centre.state.open_matching((await centre.state.generation()).store)
        async with centre.ready():
            assert 590 <= (await centre.standing(Presence.READY)).occupied <= 600
            assert not await is_matched(centre, PAYING, waited_ms=5_000)
            assert await is_matched(centre, PAYING, waited_ms=20_000)
        async with centre.ready():
            assert await is_matched(centre, GENERAL, waited_ms=0), "no levels are told apart there"


async def is_matched(centre: DeskCentre, queue: QueueId, *, waited_ms: int) -> bool:
    """Let a caller come who has waited for so long; say whether an adviser is asked."""
    state = centre.state
    call = CallId(f"{queue}-{waited_ms}")
    await state.join(
        call=call,
        queue=queue,
        head_start_ms=0,
        enqueued_ms=(await state.overview([])).now_ms - waited_ms,
        epoch=LEG,
        node=NodeId("node-1"),
    )
    return await state.match_queue(queue, request=RequestId(call)) is not None
