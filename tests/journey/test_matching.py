"""What a router does with what the store decides."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.domain.errors import (
    OutOfOrder,
    PeerUnavailable,
    StateUnavailable,
)
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId, RequestId, Token
from contactcentre.domain.pace import PACE_FIRST_PER_S
from contactcentre.journey.matching import Matcher
from contactcentre.limits import TAKE_UP_MS, WISH_MS
from contactcentre.ports.state import Matchable, Reservation
from contactcentre.ports.wishes import Wish
from tests.journey.stage import StagedQueues
from tests.journey.staged_matching import (
    MANY,
    NODE,
    PAYING,
    StagedNodes,
    StagedStore,
    Watchful,
    matcher,
    reservation,
)


async def run_until(router: Matcher, seconds: float) -> None:
    """Let a router run for so long."""
    running = asyncio.create_task(router.run())
    await asyncio.sleep(seconds)
    running.cancel()
    await asyncio.wait([running])


async def test_a_reservation_is_handed_to_the_node_that_has_the_call() -> None:
    store, nodes = StagedStore(), StagedNodes()
    store.by_adviser.append(reservation())
    await run_until(matcher(store, nodes), 0.2)
    assert nodes.offered == [(NODE.internal_url, CallId("c1"), Token(7))]


async def test_each_attempt_has_a_name_of_its_own() -> None:
    store = StagedStore()
    store.ready = MANY
    assert [one async for one in matcher(store, StagedNodes()).matches()] == []
    assert len(set(store.asked)) == len(store.asked) > 2


async def test_nobody_is_tried_while_no_one_who_is_ready_could_be_given_a_caller() -> None:
    store = StagedStore()
    store.ready = ()
    assert [one async for one in matcher(store, StagedNodes()).matches()] == []
    assert store.asked == []


async def test_a_call_its_node_does_not_have_goes_back_and_frees_the_adviser() -> None:
    store, queues = StagedStore(), StagedQueues()
    await matcher(store, StagedNodes(OutOfOrder("not here")), queues).offer(reservation())
    assert queues.told == [
        (
            "give_back",
            {
                "call": CallId("c1"),
                "adviser": AdviserId("ada"),
                "token": Token(7),
                "why": LapseReason.CALLER_LEFT,
            },
        )
    ]


async def test_a_node_that_does_not_answer_may_have_taken_the_call_all_the_same() -> None:
    queues = StagedQueues()
    router = matcher(StagedStore(), StagedNodes(PeerUnavailable("slow")), queues)
    await router.offer(reservation())
    assert queues.told == []


async def test_what_no_node_takes_up_goes_back_after_a_while_and_not_before() -> None:
    store, queues = StagedStore(), StagedQueues()
    store.untaken = (reservation(),)
    running = asyncio.create_task(matcher(store, StagedNodes(), queues).run())
    await asyncio.sleep(TAKE_UP_MS / 1_000 * 0.6)
    assert queues.told == []
    await asyncio.sleep(TAKE_UP_MS / 1_000 * 1.2)
    running.cancel()
    await asyncio.wait([running])
    assert queues.told
    assert queues.told[0][0] == "give_back"


async def test_a_router_outlives_an_outage_of_the_store() -> None:
    store, nodes = StagedStore(), StagedNodes()

    class Away(StagedStore):
        """A store that is away at first."""

        async def matchable(self, *, advisers_max: int) -> Matchable:
            """Fail once."""
            if not self.asked:
                self.asked.append(RequestId("failed"))
                raise StateUnavailable("away")
            return await super().matchable(advisers_max=advisers_max)

    store = Away()
    store.by_adviser.append(reservation())
    await run_until(matcher(store, nodes), 2.6)
    assert nodes.offered


async def test_what_was_reserved_before_the_store_went_away_is_offered_all_the_same() -> None:
    nodes = StagedNodes()

    class Breaks(StagedStore):
        """A store that goes away in the middle of a sweep."""

        async def match_queue(self, queue: QueueId, *, request: RequestId) -> Reservation | None:
            """Fail."""
            raise StateUnavailable("away", queue, request)

    store = Breaks()
    store.by_adviser.append(reservation())
    await run_until(matcher(store, nodes), 0.2)
    assert [call for _, call, _ in nodes.offered] == ["c1"]


async def test_nobody_is_matched_on_a_changed_store_and_matching_goes_on_when_it_is_opened() -> (
    None
):
    store, nodes, told = StagedStore(), StagedNodes(), Watchful()
    store.is_open = False
    store.by_adviser.append(reservation())
    router = matcher(store, nodes, told=told)
    running = asyncio.create_task(router.run())
    await asyncio.sleep(0.3)
    assert (nodes.offered, told.changed_count, len(store.asked)) == ([], 1, 1)
    store.is_open = True
    router.resume()
    await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.wait([running])
    assert [call for _, call, _ in nodes.offered] == ["c1"]


async def test_matching_goes_on_soon_also_where_another_router_has_opened_it() -> None:
    store, nodes = StagedStore(), StagedNodes()
    store.is_open = False
    store.by_adviser.append(reservation())
    running = asyncio.create_task(matcher(store, nodes).run())
    await asyncio.sleep(0.1)
    store.is_open = True
    await asyncio.sleep(1.2)
    running.cancel()
    await asyncio.wait([running])
    assert nodes.offered


async def test_after_a_loss_the_callers_who_have_waited_are_not_matched_all_at_once() -> None:
    store, nodes = StagedStore(), StagedNodes()
    store.ready = MANY
    store.by_queue = [reservation(f"c{number}", number) for number in range(1, 501)]
    router = matcher(store, nodes)
    router.begin_slowly()
    await run_until(router, 1.0)
    offered = [call for _, call, _ in nodes.offered]
    assert 5 <= len(offered) <= PACE_FIRST_PER_S + 1
    assert offered == [f"c{number}" for number in range(1, len(offered) + 1)]


async def test_in_peace_they_are_matched_as_fast_as_it_goes() -> None:
    store, nodes = StagedStore(), StagedNodes()
    store.ready = MANY
    store.by_queue = [reservation(f"c{number}", number) for number in range(1, 501)]
    await run_until(matcher(store, nodes), 1.0)
    assert len(nodes.offered) > 5 * PACE_FIRST_PER_S


async def test_a_token_that_falls_is_told_of_and_one_that_rises_is_not() -> None:
    store, told = StagedStore(), Watchful()
    store.ready = MANY
    store.waiting = (PAYING, PAYING, PAYING)
    store.by_queue = [reservation("c1", 7), reservation("c2", 8), reservation("c3", 6)]
    found = [one async for one in matcher(store, StagedNodes(), told=told).matches()]
    assert len(found) == 3
    facts = {"call": "c3", "queue": PAYING, "token": 6, "last_token": 8}
    assert told.violated == [("I12", facts)]


async def test_an_adviser_bound_to_two_calls_is_told_of_once() -> None:
    store, told = StagedStore(), Watchful()
    store.untaken = (reservation("c1", 7), reservation("c2", 8))
    await run_until(matcher(store, StagedNodes(), told=told), 1.4)
    assert told.violated == [("I4", {"adviser": "ada", "reservations_count": 2})]


class HurriedClock(MachineClock):
    """A clock by which every sleep is over at once."""

    def __init__(self, *, until_ms: int) -> None:
        self._now_ms = 0
        self._until_ms = until_ms

    def monotonic_ms(self) -> int:
        """Return how long has been slept."""
        return self._now_ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Sleep, but for ever once the test's time is over."""
        if self._now_ms + span_ms > self._until_ms:
            await asyncio.Event().wait()
        self._now_ms += span_ms
        await asyncio.sleep(0)


WISH = Wish(call=CallId("c1"), adviser=AdviserId("ada"), token=Token(7))


async def test_a_wish_lapses_by_the_routers_own_clock_and_not_before_its_time() -> None:
    store = StagedStore()
    store.wished = [WISH]
    await run_until(matcher(store, StagedNodes(), clock=HurriedClock(until_ms=WISH_MS)), 0.1)
    assert store.lapsed == []
    clock = HurriedClock(until_ms=WISH_MS + 2_000)
    await run_until(matcher(store, StagedNodes(), clock=clock), 0.1)
    assert store.lapsed == [WISH]


async def test_a_wish_after_another_talk_begins_anew() -> None:
    class Renewed(StagedStore):
        clock = HurriedClock(until_ms=WISH_MS + 4_000)

        async def wishes(self) -> Sequence[Wish]:
            """Return a later wish of the same two once a while has passed."""
            is_later = self.clock.monotonic_ms() > WISH_MS - 2_000
            return [replace(WISH, token=Token(8)) if is_later else WISH]

    store = Renewed()
    await run_until(matcher(store, StagedNodes(), clock=store.clock), 0.1)
    assert store.lapsed == []
