"""A router in a rush: whom it tries, what it has under way, and where it asks for nodes."""

import asyncio
from dataclasses import replace

from contactcentre.domain.errors import PeerUnavailable
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, Token
from contactcentre.domain.window import OFFERS_FIRST, SOON_MS
from contactcentre.journey.matching import ADDRESS_KEPT_MS, MATCHES_AT_ONCE_MAX
from contactcentre.limits import OFFER_MOST_MS, OFFER_WITHIN_MS
from contactcentre.ports.state import NodeStanding
from tests.journey.stage import StagedClock
from tests.journey.staged_matching import MANY, NODE, StagedNodes, StagedStore, matcher, reservation


async def test_advisers_are_tried_in_their_order_and_some_at_once() -> None:
    store = StagedStore()
    store.ready = MANY
    assert [one async for one in matcher(store, StagedNodes()).matches()] == []
    assert [one for some in store.tried for one in some] == [*MANY]
    assert max(map(len, store.tried)) == MATCHES_AT_ONCE_MAX


async def test_queues_are_gone_through_only_if_not_every_ready_adviser_can_be_tried() -> None:
    store = StagedStore()
    store.by_queue = [reservation()]
    store.ready = MANY[1:]
    assert [one async for one in matcher(store, StagedNodes()).matches()] == []
    store.ready = MANY
    assert [one async for one in matcher(store, StagedNodes()).matches()] == [reservation()]


class SlowNodes(StagedNodes):
    """Nodes that answer no offer before they are told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = asyncio.Event()

    async def offer(
        self,
        *,
        node_url: str,
        call: CallId,
        adviser: AdviserId,
        desk: DeskId,
        token: Token,
        within_ms: int,
    ) -> None:
        """Take the offer late."""
        await super().offer(
            node_url=node_url,
            call=call,
            adviser=adviser,
            desk=desk,
            token=token,
            within_ms=within_ms,
        )
        await self.answer.wait()


async def test_no_more_is_reserved_than_can_be_offered_in_time() -> None:
    store, nodes = StagedStore(), SlowNodes()
    store.by_adviser = [reservation(f"c{n}", n) for n in range(len(MANY))]
    store.ready = MANY
    running = asyncio.create_task(matcher(store, nodes).run())
    await asyncio.sleep(0.3)
    assert len(nodes.offered) == OFFERS_FIRST == len(MANY) - len(store.by_adviser)
    nodes.answer.set()
    await asyncio.sleep(0.3)
    running.cancel()
    await asyncio.wait([running])
    assert len(nodes.offered) == len(MANY)


async def test_nodes_that_take_offers_up_slowly_are_sent_fewer_at_once() -> None:
    store, nodes, clock = StagedStore(), SlowNodes(), StagedClock()
    store.by_adviser = [reservation(f"c{n}", n) for n in range(len(MANY))]
    store.ready = MANY
    router = matcher(store, nodes, clock=clock)
    for one in store.by_adviser[:OFFERS_FIRST]:
        offering = asyncio.create_task(router.offer(one), name="offer")
        await asyncio.sleep(0)
        await clock.sleep_ms(SOON_MS + 1)
        nodes.answer.set()
        await offering
        nodes.answer.clear()
    nodes.offered.clear()
    running = asyncio.create_task(router.run())
    await asyncio.sleep(0.3)
    running.cancel()
    await asyncio.wait([running])
    assert len(nodes.offered) == OFFERS_FIRST // 2


async def test_an_offer_has_more_time_once_its_node_has_been_slow_to_answer() -> None:
    nodes, clock = SlowNodes(), StagedClock()
    router = matcher(StagedStore(), nodes, clock=clock)
    offering = asyncio.create_task(router.offer(reservation(token=1)), name="offer")
    await asyncio.sleep(0)
    await clock.sleep_ms(400)
    nodes.answer.set()
    await offering
    await router.offer(reservation(token=2))
    assert nodes.within_ms == [OFFER_WITHIN_MS, OFFER_MOST_MS]


async def test_an_offer_without_an_answer_says_nothing_about_the_line() -> None:
    nodes = StagedNodes(PeerUnavailable("gone"))
    router = matcher(StagedStore(), nodes, clock=StagedClock())
    for token in (1, 2):
        await router.offer(reservation(token=token))
    assert nodes.within_ms == [OFFER_WITHIN_MS, OFFER_WITHIN_MS]


class CountedBook(StagedStore):
    """An address book that counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_count = 0
        self.url = NODE.internal_url

    async def node(self, node: NodeId) -> NodeStanding | None:
        """Return where the node is now."""
        assert node
        self.asked_count += 1
        return replace(NODE, internal_url=self.url)


async def test_where_a_node_is_is_asked_for_once_a_beat() -> None:
    book, nodes, clock = CountedBook(), StagedNodes(), StagedClock()
    router = matcher(book, nodes, clock=clock)
    for token in (1, 2):
        await router.offer(reservation(token=token))
    assert book.asked_count == 1
    book.url = "http://127.0.0.1:9"
    await clock.sleep_ms(ADDRESS_KEPT_MS)
    await router.offer(reservation(token=3))
    assert [url for url, _, _ in nodes.offered] == [NODE.internal_url, NODE.internal_url, book.url]


async def test_a_node_that_did_not_answer_is_looked_up_before_the_next_offer() -> None:
    book, nodes = CountedBook(), StagedNodes(PeerUnavailable("gone"))
    router = matcher(book, nodes, clock=StagedClock())
    await router.offer(reservation(token=1))
    book.url = "http://127.0.0.1:9"
    await router.offer(reservation(token=2))
    assert [url for url, _, _ in nodes.offered] == [NODE.internal_url, book.url]
