"""One adviser at a desk process: how the desk stands, and the page that is told of it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from contactcentre.apps import desk_told as told
from contactcentre.domain import desk_events as e
from contactcentre.domain.desk import Desk, follow
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.presence import Presence
from contactcentre.journey.wrapup import WrapUps
from contactcentre.limits import TICKET_LIFE_S
from contactcentre.ports.accounts import Account
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import Overview
from contactcentre.wire import desk as said
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import Ring


class Page(Protocol):
    """An adviser's page, as its desk sees it."""

    def send(self, said: BaseModel) -> None:
        """Say something; never waits."""

    def close(self, why: Closing, words: str = "") -> None:
        """Close once everything has been said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTools:
    """What every seat of a process shares."""

    clock: Clock
    wrap_ups: WrapUps
    sign_ticket: Callable[[AdviserTicket], str]
    spawn: Callable[[Coroutine[None, None, None], str], None]
    stirred: Callable[[AdviserId], None]
    """Called when a desk has changed; must not wait."""
    wrap_up_ms: int


class Seat:
    """One adviser's desk, and its one live page."""

    def __init__(self, account: Account, tools: SeatTools) -> None:
        self.account = account
        self.desk = Desk(adviser=account.id, wrap_up_allowed_ms=tools.wrap_up_ms)
        self.page: Page | None = None
        self.rang: Ring | None = None
        """What the node told of the call that rings, is talked with or wrapped up."""
        self._tools = tools
        self._queues_told: tuple[tuple[QueueId, int, int | None], ...] | None = None

    @property
    def now_ms(self) -> int:
        """Return the time by the clock of every event here."""
        return self._tools.clock.monotonic_ms()

    def follow(self, event: e.DeskEvent) -> None:
        """Let the desk follow an event, and tell its page. Raises OutOfOrder, StaleToken."""
        self._become(follow(self.desk, event))

    def ring(self, ring: Ring) -> None:
        """Let the desk ring. Raises OutOfOrder, StaleToken."""
        rang = e.Rang(
            at_ms=self.now_ms,
            call=ring.call,
            queue=ring.queue,
            token=ring.token,
            ring_ms=ring.ring_ms,
        )
        after = follow(self.desk, rang)
        self.rang = ring
        self._become(after)

    def seat(self, page: Page) -> None:
        """Let a page be the one live page, and tell it how the desk stands."""
        self.close(Closing.REPLACED, "Another tab has taken over.")
        self.follow(e.SocketOpened(at_ms=self.now_ms))
        self.page = page
        self._queues_told = None
        page.send(told.presence_now(self.desk, self.now_ms))
        self._tell_work(page)

    def close(self, why: Closing, words: str) -> None:
        """Close the page that is there."""
        if self.page is None:
            return
        if why is Closing.REPLACED:
            self.page.send(said.Replaced())
        self.page.close(why, words)
        self.page = None

    def send(self, message: BaseModel) -> None:
        """Say something to the page, if there is one."""
        if self.page is not None:
            self.page.send(message)

    def tell_queues(self, overview: Overview) -> None:
        """Tell the page its queues, if they have changed; waits go on by themselves."""
        if self.page is None:
            return
        mine = set(self.account.queues)
        now = tuple(
            (queue.queue, queue.waiting_count, queue.oldest_enqueued_ms)
            for queue in overview.queues
            if queue.queue in mine
        )
        if now != self._queues_told:
            self._queues_told = now
            self.page.send(told.queues_now(overview, self.account.queues))

    def wrap_up_now(self) -> said.WrapUpNow:
        """Return how the wrap-up stands."""
        assert self.desk.call is not None, "a wrap-up has its call"
        words = self._tools.wrap_ups.known(call=self.desk.call, adviser=self.account.id)
        return told.wrap_up_now(self.desk, words, self.now_ms)

    def _become(self, after: Desk) -> None:
        """Let the desk stand as it does now, and tell whoever must know."""
        before, self.desk = self.desk, after
        if before == after:
            return
        self._tools.stirred(after.adviser)
        if self.page is not None:
            self._tell_change(self.page, before)
        if after.call is None:
            self.rang = None
        if after.state is Presence.TALKING and before.state is not Presence.TALKING:
            self._fetch_words()

    def _tell_change(self, page: Page, before: Desk) -> None:
        """Tell the page what has changed."""
        after = self.desk
        same = (before.call, before.token) == (after.call, after.token)
        if before.state is Presence.RINGING and not same:
            page.send(told.ring_ended(before, after))
        if (before.state, before.reason) != (after.state, after.reason):
            page.send(told.presence_now(after, self.now_ms))
            self._tell_work(page)
        elif before.wrap_up != after.wrap_up or not same:
            self._tell_work(page)

    def _tell_work(self, page: Page) -> None:
        """Tell the page of the call it has to do with."""
        desk = self.desk
        match desk.state:
            case Presence.RINGING:
                assert self.rang is not None, "whoever is rung was told of the call"
                assert desk.ring_until_ms is not None, "a ring has its end"
                left_ms = max(0, desk.ring_until_ms - self.now_ms)
                page.send(told.ring_now(self.rang, left_ms=left_ms, ticket=self.rang.ticket))
            case Presence.TALKING:
                assert desk.call is not None, "a talk has its call"
                page.send(told.talk_now(desk, desk.call, self._way_back(), self.now_ms))
            case Presence.WRAP_UP:
                page.send(self.wrap_up_now())
            case _:
                pass

    def _way_back(self) -> said.RingNow | None:
        """Return the ring that a talk began with, and a fresh ticket to the same leg."""
        ring = self.rang
        if ring is None or ring.token != self.desk.token:
            return None
        ticket = AdviserTicket(
            call=ring.call,
            adviser=ring.adviser,
            token=ring.token,
            node=ring.node,
            exp=self._tools.clock.now_ms() // 1_000 + TICKET_LIFE_S,
        )
        return told.ring_now(ring, left_ms=0, ticket=self._tools.sign_ticket(ticket))

    def _fetch_words(self) -> None:
        """Have ready what the adviser has said of a call before, if it came back."""
        assert self.desk.call is not None, "a talk has its call"
        fetch = self._tools.wrap_ups.fetch(call=self.desk.call, adviser=self.account.id)
        self._tools.spawn(fetch, "saved words")
