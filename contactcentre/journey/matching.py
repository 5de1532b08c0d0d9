"""What a router does: bring each ready adviser and the best waiting call together.

A router holds nothing. Any number of them may run, each may die at any moment: the decision is one
atomic step in the store, and a reservation that no node has taken up goes back after a while that
each router counts by its own clock. While the store is away, or is not the one that matching was
opened on, nobody is matched: the rescue stage sees or opens it and says so here.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

from contactcentre.domain.errors import Outage, Refusal, StateUnavailable, StoreChanged
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, NodeId, Token
from contactcentre.domain.pace import Pace
from contactcentre.domain.take_up import TakeUp
from contactcentre.domain.window import Window
from contactcentre.limits import BEAT_EVERY_MS, MATCHES_PER_SWEEP_MAX, WISH_MS
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.live import Nodes
from contactcentre.ports.monitors import Violated
from contactcentre.ports.rings import Brake
from contactcentre.ports.state import AddressBook, CallQueues, Matching, Reservation
from contactcentre.ports.wishes import Wish

SWEEP_EVERY_MS = 1_000
"""A lost wake costs a caller no more than this."""
PACED_SWEEP_EVERY_MS = 100
"""While matching is paced nothing wakes it for what it has left."""
WATCH_EVERY_MS = 300
MATCHES_AT_ONCE_MAX = 8
"""Advisers tried in one step of the store, which shares out what a step costs by itself."""
ADDRESS_KEPT_MS = BEAT_EVERY_MS
"""Where a node is, is asked for no more often than it may have changed."""


class Matcher:
    """One router's loops."""

    def __init__(
        self,
        *,
        matching: Matching,
        queues: CallQueues,
        addresses: AddressBook,
        nodes: Nodes,
        clock: Clock,
        chance: Chance,
        brake: Brake,
        store_changed: Callable[[], None],
        violated: Violated,
        wish_ms: int = WISH_MS,
    ) -> None:
        self._matching = matching
        self._queues = queues
        self._addresses = addresses
        self._nodes = nodes
        self._clock = clock
        self._chance = chance
        self._brake = brake
        self._store_changed = store_changed
        self._violated = violated
        self._wish_ms = wish_ms
        self._woken = asyncio.Event()
        self._resumed = asyncio.Event()
        self._is_suspended = False
        self._first_seen_ms: dict[tuple[CallId, Token], int] = {}
        self._wish_seen_ms: dict[Wish, int] = {}
        self._last_token = Token(0)
        self._pace = Pace()
        self._bound_twice: set[AdviserId] = set()
        self._offers: set[asyncio.Task[None]] = set()
        """Those on their way to nodes."""
        self._window = Window()
        self._take_up = TakeUp()
        self._arrived = asyncio.Event()
        """Set when one of them has come to its node, or has failed to."""
        self._urls: dict[NodeId, tuple[str, int]] = {}
        """Where nodes are, and when each was asked for."""

    async def run(self) -> None:
        """Match for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="wakes")
            group.create_task(self._watch_reservations(), name="reservations")
            group.create_task(self._match_for_ever(group), name="matching")

    def suspend(self) -> None:
        """Match nobody until it is said to go on: the store cannot be seen."""
        self._is_suspended = True

    def resume(self) -> None:
        """Match again at once: the store has come back, or matching has been opened on it."""
        self._is_suspended = False
        self._resumed.set()
        self._woken.set()

    def begin_slowly(self) -> None:
        """Match no faster than `domain.pace` says for a while: everybody has waited meanwhile."""
        self._pace.begin(at_ms=self._clock.monotonic_ms())

    async def _listen(self) -> None:
        async for _ in self._matching.wakes():
            self._woken.set()

    async def _match_for_ever(self, group: asyncio.TaskGroup) -> None:
        while True:
            await _until(self._woken, within_ms=SWEEP_EVERY_MS + self._chance.jitter(200))
            if self._is_suspended:
                await self._back_off(SWEEP_EVERY_MS)
                continue
            try:
                async for reservation in self.matches():
                    offering = group.create_task(self.offer(reservation), name="offer")
                    self._offers.add(offering)
                    offering.add_done_callback(self._offer_arrived)
            except StoreChanged:
                self._store_changed()
                await self._back_off(SWEEP_EVERY_MS)
            except StateUnavailable:
                await self._back_off(self._chance.jitter(SWEEP_EVERY_MS))

    async def _back_off(self, within_ms: int) -> None:
        """Leave the store alone until it is said to be usable, at most for so long; then try."""
        await _until(self._resumed, within_ms=within_ms)
        self._woken.set()

    async def matches(self) -> AsyncIterator[Reservation]:
        """Reserve what can be reserved now: the longest ready adviser first, then queue by queue.

        The queues are gone through only if there are more advisers than are tried in one sweep.
        Raises StateUnavailable; what was yielded before stands.
        """
        await self._brake.look()
        seen = await self._matching.matchable(advisers_max=MATCHES_PER_SWEEP_MAX)
        untried = [*seen.advisers]
        while untried:
            if self._must_wait():
                return
            count = await self._room()
            tried, untried = untried[:count], untried[count:]
            request = self._chance.request()
            for reservation in await self._matching.match_advisers(tried, request=request):
                yield self._seen(reservation)
        if len(seen.advisers) < MATCHES_PER_SWEEP_MAX:
            return  # everybody has been tried; whoever comes now wakes us again
        for queue in seen.queues:
            if self._must_wait():
                return
            await self._room()
            found = await self._matching.match_queue(queue, request=self._chance.request())
            if found is not None:
                self._woken.set()  # there may be more behind it
                yield self._seen(found)

    async def _room(self) -> int:
        """Return how many may be matched in one step, once there is room for all their offers."""
        slowly = self._pace.is_on or self._brake.is_on
        count = 1 if slowly else min(MATCHES_AT_ONCE_MAX, self._window.size)
        while len(self._offers) + count > self._window.size:
            self._arrived.clear()
            await self._arrived.wait()  # each offer has its deadline
            count = min(count, self._window.size)
        return count

    def _offer_arrived(self, offering: asyncio.Task[None]) -> None:
        self._offers.discard(offering)
        self._arrived.set()

    def _must_wait(self) -> bool:
        """Say whether no more may be matched just now, and see to it that it goes on soon."""
        if self._is_suspended:
            return True
        if self._pace.allows(at_ms=self._clock.monotonic_ms()) and self._brake.allows():
            return False
        asyncio.get_running_loop().call_later(PACED_SWEEP_EVERY_MS / 1_000, self._woken.set)
        return True

    def _seen(self, reservation: Reservation) -> Reservation:
        """Return a new reservation; say so if its token is not above all this router was given."""
        self._pace.note()
        self._brake.tried()
        if reservation.token <= self._last_token:
            self._violated(
                "I12",
                call=reservation.call,
                queue=reservation.queue,
                token=reservation.token,
                last_token=self._last_token,
            )
        self._last_token = max(self._last_token, reservation.token)
        return reservation

    async def offer(self, reservation: Reservation) -> None:
        """Hand a reservation to the call's node; take it back if that node does not have the call.

        A node that does not answer may have taken it all the same: the watch decides.
        """
        try:
            node_url = await self._url(reservation.node)
            if node_url is None:
                return
            await self._hand(reservation, node_url)
        except Refusal:
            await self._take_back(reservation, LapseReason.CALLER_LEFT)
        except Outage:
            self._urls.pop(reservation.node, None)  # it may be elsewhere now

    async def _hand(self, reservation: Reservation, node_url: str) -> None:
        began_ms, is_answered = self._clock.monotonic_ms(), False
        try:
            await self._nodes.offer(
                node_url=node_url,
                call=reservation.call,
                adviser=reservation.adviser,
                desk=reservation.desk,
                token=reservation.token,
                within_ms=self._take_up.offer_within_ms(reservation.node),
            )
            is_answered = True
        finally:
            now_ms = self._clock.monotonic_ms()
            self._window.note(now_ms - began_ms)
            if is_answered:
                self._take_up.offered(reservation.node, now_ms - began_ms, at_ms=now_ms)

    async def _url(self, node: NodeId) -> str | None:
        """Return where a node is, None if nobody knows."""
        now_ms = self._clock.monotonic_ms()
        url, asked_ms = self._urls.get(node, ("", now_ms - ADDRESS_KEPT_MS))
        if now_ms - asked_ms < ADDRESS_KEPT_MS:
            return url
        standing = await self._addresses.node(node)
        if standing is None:
            self._urls.pop(node, None)
            return None
        self._urls[node] = (standing.internal_url, now_ms)
        return standing.internal_url

    async def _watch_reservations(self) -> None:
        """Take back what no node has taken up, timed by this router's own clock."""
        while True:
            await self._clock.sleep_ms(WATCH_EVERY_MS + self._chance.jitter(WATCH_EVERY_MS))
            began_ms = self._clock.monotonic_ms()
            try:
                standing = await self._matching.reservations()
                self._take_up.looked(self._clock.monotonic_ms() - began_ms)
                await self._lapse_wishes(await self._matching.wishes())
            except StateUnavailable:
                continue
            self._check_advisers(standing)
            for reservation in self._overdue(standing):
                await self._take_back(reservation, LapseReason.NOT_TAKEN_UP)

    async def _lapse_wishes(self, wishes: Sequence[Wish]) -> None:
        """Let calls that have waited for one adviser for long enough wait for anybody."""
        now_ms = self._clock.monotonic_ms()
        self._wish_seen_ms = {wish: self._wish_seen_ms.get(wish, now_ms) for wish in wishes}
        for wish, seen_ms in self._wish_seen_ms.items():
            if now_ms - seen_ms >= self._wish_ms:
                await self._matching.lapse_wish(wish)

    def _overdue(self, standing: Sequence[Reservation]) -> list[Reservation]:
        now_ms = self._clock.monotonic_ms()
        seen = {(one.call, one.token): one for one in standing}
        self._first_seen_ms = {key: self._first_seen_ms.get(key, now_ms) for key in seen}
        first_ms = now_ms - self._take_up.within_ms(at_ms=now_ms)
        return [one for key, one in seen.items() if self._first_seen_ms[key] < first_ms]

    def _check_advisers(self, standing: Sequence[Reservation]) -> None:
        """Say so, once, if an adviser is bound to two calls at one moment."""
        counts = Counter(one.adviser for one in standing)
        twice = {adviser for adviser, count in counts.items() if count > 1}
        for adviser in sorted(twice - self._bound_twice):
            self._violated("I4", adviser=adviser, reservations_count=counts[adviser])
        self._bound_twice = twice

    async def _take_back(self, reservation: Reservation, why: LapseReason) -> None:
        with suppress(StateUnavailable):  # it is still listed when the store is back
            await self._queues.give_back(
                call=reservation.call,
                adviser=reservation.adviser,
                token=reservation.token,
                why=why,
            )


async def _until(event: asyncio.Event, *, within_ms: int) -> None:
    """Wait until something is told, or has not been for so long; then it counts as heard."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_ms / 1_000):
            await event.wait()
    event.clear()
