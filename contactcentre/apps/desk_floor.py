"""Every desk of this process: whose page is there, how each adviser stands, who is told what.

The rules are in domain/desk; here they meet the page's socket, the rings of nodes and the beat. The
live state is told at once of each change and of everything once a beat. While it is away the desks
go on, and what was pressed meanwhile is told when it is back.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

import structlog
from pydantic import BaseModel

from contactcentre.apps import desk_told as told
from contactcentre.domain import desk as d
from contactcentre.domain.errors import StateUnavailable, UnknownName
from contactcentre.domain.ids import AdviserId, CallId, DeskId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.journey.supervision import Supervision
from contactcentre.journey.wrapup import WrapUps
from contactcentre.limits import BEAT_EVERY_MS, TICKET_LIFE_S
from contactcentre.ports.accounts import Account
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import AdviserReport, Overview, Presences
from contactcentre.wire import desk as said
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import Ring, RingOver, Talk

log = structlog.get_logger()

RECOVER_WITHIN_MS = d.GRACE_MS
"""For so long after its start a desk process takes up what the live state has of an adviser."""


class Page(Protocol):
    """An adviser's page, as its desk sees it."""

    def send(self, said: BaseModel) -> None:
        """Say something; never waits."""

    def close(self, why: Closing, words: str = "") -> None:
        """Close once everything has been said."""


@dataclass(slots=True, kw_only=True)
class Seat:
    """One adviser at this process."""

    account: Account
    desk: d.Desk
    page: Page | None = None
    ring: Ring | None = None
    """What the node told of the call that rings, is talked with or wrapped up."""
    queues_told: tuple[tuple[str, int, int | None], ...] | None = None


class Floor:
    """The desks of one process."""

    def __init__(
        self,
        *,
        desk: DeskId,
        internal_url: str,
        presences: Presences,
        supervision: Supervision,
        wrap_ups: WrapUps,
        clock: Clock,
        sign_ticket: Callable[[AdviserTicket], str],
        spawn: Callable[[Coroutine[None, None, None], str], None],
        wrap_up_ms: int,
    ) -> None:
        self._desk = desk
        self._internal_url = internal_url
        self._presences = presences
        self._supervision = supervision
        self._wrap_ups = wrap_ups
        self._clock = clock
        self._sign_ticket = sign_ticket
        self._spawn = spawn
        self._wrap_up_ms = wrap_up_ms
        self._seats: dict[AdviserId, Seat] = {}
        self._stirred: set[AdviserId] = set()
        self._stir = asyncio.Event()
        self._beat = clock.now_ms()
        """Goes on from the time of day, so that it rises over a restart."""
        self._began_ms = clock.monotonic_ms()
        self._queue_reachable = True
        self._health_told = self.health()

    # What people do

    def sign_in(self, account: Account) -> None:
        """Give an adviser a desk."""
        seat = self._seat(account)
        self._follow(seat, d.SignedIn(at_ms=self._now))

    def sign_out(self, adviser: AdviserId) -> None:
        """Take an adviser's desk away."""
        seat = self._seats.get(adviser)
        if seat is None:
            return
        self._follow(seat, d.SignedOut(at_ms=self._now))
        if seat.page is not None:
            seat.page.close(Closing.NOT_SIGNED_IN, "You have signed out.")
            seat.page = None

    def sit(self, account: Account, page: Page) -> None:
        """Let a page be the one live page of its adviser, and tell it how everything stands."""
        seat = self._seat(account)
        if seat.desk.state is Presence.OFFLINE:
            self._follow(seat, self._first_event(account.id))
        if seat.page is not None:
            seat.page.send(said.Replaced())
            seat.page.close(Closing.REPLACED, "Another tab has taken over.")
            seat.page = None
        self._follow(seat, d.SocketOpened(at_ms=self._now))
        seat.page = page
        seat.queues_told = None
        page.send(told.presence_now(seat.desk, self._now))
        page.send(self.health())
        self._tell_work(seat)
        self._tell_queues(seat)

    def leave(self, adviser: AdviserId, page: Page) -> None:
        """Note that a page is gone; one that was replaced has gone before."""
        seat = self._seats.get(adviser)
        if seat is not None and seat.page is page:
            seat.page = None
            self._follow(seat, d.SocketLost(at_ms=self._now))

    def press(self, account: Account, reason: AwayReason | None) -> said.PresenceNow:
        """Make an adviser away for a reason, or ready. Raises OutOfOrder, BadRequest."""
        at_ms = self._now
        if reason is None:
            return self._pressed(account, d.ReadyPressed(at_ms=at_ms))
        return self._pressed(account, d.AwayPressed(at_ms=at_ms, reason=reason))

    def finish(self, account: Account, call: CallId, away: AwayReason | None) -> said.PresenceNow:
        """End a wrap-up. Raises OutOfOrder."""
        return self._pressed(account, d.WrapUpFinished(at_ms=self._now, call=call, away=away))

    def more_time(self, account: Account) -> said.WrapUpNow:
        """Give an adviser another minute. Raises OutOfOrder."""
        self._pressed(account, d.MoreTimeAsked(at_ms=self._now))
        return self._wrap_up_now(self._seats[account.id])

    def choose(self, account: Account, call: CallId, *, chosen: bool) -> None:
        """Note that an outcome has been chosen, whether or not it can be written down now."""
        seat = self._seats.get(account.id)
        if seat is not None and seat.desk.state is not Presence.OFFLINE:
            self._follow(seat, d.OutcomeChosen(at_ms=self._now, call=call, chosen=chosen))

    def _pressed(self, account: Account, event: d.DeskEvent) -> said.PresenceNow:
        seat = self._seat(account)
        if seat.desk.state is Presence.OFFLINE:
            self._follow(seat, self._first_event(account.id))
        self._follow(seat, event)
        return told.presence_now(seat.desk, self._now)

    # What nodes say

    def ring(self, ring: Ring) -> None:
        """Let a desk ring. Raises UnknownName without a live page, OutOfOrder, StaleToken."""
        seat = self._seats.get(ring.adviser)
        if seat is None or seat.page is None:
            raise UnknownName("That adviser has no page open at this desk.")
        rang = d.Rang(
            at_ms=self._now,
            call=ring.call,
            queue=ring.queue,
            token=ring.token,
            ring_ms=ring.ring_ms,
        )
        after = d.follow(seat.desk, rang)
        seat.ring = ring
        self._become(seat, after)

    def bridged(self, talk: Talk) -> None:
        """Begin a talk. Raises UnknownName, OutOfOrder, StaleToken."""
        event = d.TalkBegan(at_ms=self._now, call=talk.call, token=talk.token)
        self._follow(self._known(talk.adviser), event)

    def over(self, over: RingOver) -> None:
        """End a ring or a talk. Raises UnknownName, OutOfOrder, StaleToken."""
        event = d.RingEnded(at_ms=self._now, token=over.token, lapse=over.lapse)
        self._follow(self._known(over.adviser), event)

    def _known(self, adviser: AdviserId) -> Seat:
        seat = self._seats.get(adviser)
        if seat is None:
            raise UnknownName("That adviser is not at this desk.")
        return seat

    # What follows

    @property
    def _now(self) -> int:
        return self._clock.monotonic_ms()

    def _seat(self, account: Account) -> Seat:
        """Return an adviser's seat, with the account as it is now."""
        seat = self._seats.get(account.id)
        if seat is None:
            desk = d.Desk(adviser=account.id, wrap_up_allowed_ms=self._wrap_up_ms)
            seat = self._seats[account.id] = Seat(account=account, desk=desk)
        seat.account = account
        return seat

    def _first_event(self, adviser: AdviserId) -> d.DeskEvent:
        """Return how an adviser who is signed in, but has no desk here, comes to one."""
        overview = self._supervision.overview
        if overview is not None and self._now - self._began_ms < RECOVER_WITHIN_MS:
            stood = dict(overview.advisers).get(adviser)
            if stood is not None:
                return d.Recovered(
                    at_ms=self._now,
                    state=stood.state,
                    reason=stood.reason,
                    call=stood.call,
                    token=stood.token,
                )
        return d.SignedIn(at_ms=self._now)

    def _follow(self, seat: Seat, event: d.DeskEvent) -> None:
        self._become(seat, d.follow(seat.desk, event))

    def _become(self, seat: Seat, after: d.Desk) -> None:
        """Let a desk stand as it does now, and tell its page and the live state."""
        before, seat.desk = seat.desk, after
        if before == after:
            return
        self._stirred.add(after.adviser)
        self._stir.set()
        if seat.page is not None:
            self._tell_change(seat, before)
        if after.call is None:
            seat.ring = None
        if after.state is Presence.TALKING and before.state is not Presence.TALKING:
            self._fetch_words(seat)

    def _tell_change(self, seat: Seat, before: d.Desk) -> None:
        """Tell a page what has changed."""
        assert seat.page is not None, "there is a page"
        after = seat.desk
        same = (before.call, before.token) == (after.call, after.token)
        if before.state is Presence.RINGING and not same:
            seat.page.send(told.ring_ended(before, after))
        if (before.state, before.reason) != (after.state, after.reason):
            seat.page.send(told.presence_now(after, self._now))
            self._tell_work(seat)
        elif before.wrap_up != after.wrap_up or not same:
            self._tell_work(seat)

    def _tell_work(self, seat: Seat) -> None:
        """Tell a page of the call it has to do with."""
        assert seat.page is not None, "there is a page"
        desk = seat.desk
        match desk.state:
            case Presence.RINGING:
                assert seat.ring is not None, "whoever is rung was told of the call"
                assert desk.ring_until_ms is not None, "a ring has its end"
                left_ms = max(0, desk.ring_until_ms - self._now)
                seat.page.send(told.ring_now(seat.ring, left_ms=left_ms, ticket=seat.ring.ticket))
            case Presence.TALKING:
                assert desk.call is not None, "a talk has its call"
                seat.page.send(told.talk_now(desk, desk.call, self._rang(seat), self._now))
            case Presence.WRAP_UP:
                seat.page.send(self._wrap_up_now(seat))
            case _:
                pass

    def _rang(self, seat: Seat) -> said.RingNow | None:
        """Return the ring a talk began with, and a fresh ticket to the same leg."""
        ring = seat.ring
        if ring is None or ring.token != seat.desk.token:
            return None
        ticket = AdviserTicket(
            call=ring.call,
            adviser=ring.adviser,
            token=ring.token,
            node=ring.node,
            exp=self._clock.now_ms() // 1_000 + TICKET_LIFE_S,
        )
        return told.ring_now(ring, left_ms=0, ticket=self._sign_ticket(ticket))

    def _wrap_up_now(self, seat: Seat) -> said.WrapUpNow:
        assert seat.desk.call is not None, "a wrap-up has its call"
        words = self._wrap_ups.known(call=seat.desk.call, adviser=seat.account.id)
        return told.wrap_up_now(seat.desk, words, self._now)

    def _fetch_words(self, seat: Seat) -> None:
        """Have ready what the adviser has said of a call before, if it came back."""
        call = seat.desk.call
        assert call is not None, "a talk has its call"

        self._spawn(self._wrap_ups.fetch(call=call, adviser=seat.account.id), "saved words")

    # The beat

    def health(self) -> said.HealthNow:
        """Return what this process can reach."""
        return said.HealthNow(
            queue_reachable=self._queue_reachable,
            records_reachable=self._supervision.today is not None,
        )

    async def keep_beating(self) -> None:
        """Look, let time pass, and report: everything once a beat, what has changed at once."""
        due_ms = self._now
        while True:
            if self._now < due_ms and await self._stirs(within_ms=due_ms - self._now):
                await self._report(self._take_stirred())
                continue
            due_ms = self._now + BEAT_EVERY_MS
            await self.beat()

    async def _stirs(self, *, within_ms: int) -> bool:
        """Wait until a desk has changed; False if none did in time."""
        try:
            async with asyncio.timeout(within_ms / 1_000):
                await self._stir.wait()
        except TimeoutError:
            return False
        return True

    def _take_stirred(self) -> list[AdviserId]:
        stirred = list(self._stirred)
        self._stirred.clear()
        self._stir.clear()
        return stirred

    async def beat(self) -> None:
        """Let one beat pass."""
        await self._supervision.look()
        overview = self._supervision.overview
        if overview is not None:
            self._see_standings(overview)
        for seat in self._seats.values():
            self._follow(seat, d.TimePassed(at_ms=self._now))
            self._let_go_of_lost_talk(seat)
        self._beat += 1
        self._take_stirred()
        await self._report([*self._seats], beat=True)
        health = self.health()
        for seat in self._seats.values():
            self._tell_queues(seat)
            if seat.page is not None and health != self._health_told:
                seat.page.send(health)
        self._health_told = health

    def _let_go_of_lost_talk(self, seat: Seat) -> None:
        """End a talk whose node is gone for good: nobody else is left to say so."""
        talks = seat.desk.state is Presence.TALKING
        if talks and seat.ring is not None and self._supervision.is_gone(seat.ring.node):
            self._follow(seat, d.NodeGone(at_ms=self._now))

    def _see_standings(self, overview: Overview) -> None:
        """Take up what the live state knows better."""
        for adviser, standing in overview.advisers:
            seat = self._seats.get(adviser)
            if seat is not None:
                seen = d.StandingSeen(
                    at_ms=self._now,
                    state=standing.state,
                    reason=standing.reason,
                    token=standing.token,
                )
                self._follow(seat, seen)

    async def _report(self, advisers: list[AdviserId], *, beat: bool = False) -> None:
        """Report desks; the first that the store does not take ends this round."""
        try:
            if beat:
                await self._presences.report_desk(
                    desk=self._desk, beat=self._beat, internal_url=self._internal_url
                )
            for adviser in advisers:
                await self._report_one(adviser)
        except StateUnavailable:
            if self._queue_reachable:
                log.warning("the queues cannot be reached")
            self._queue_reachable = False
        else:
            self._queue_reachable = True

    async def _report_one(self, adviser: AdviserId) -> None:
        seat = self._seats.get(adviser)
        if seat is None:
            return
        desk = seat.desk
        standing = await self._presences.report_adviser(
            AdviserReport(
                adviser=adviser,
                desk=self._desk,
                beat=self._beat,
                state=desk.state,
                reason=desk.reason,
                call=desk.call,
                token=desk.token,
                queues=seat.account.queues,
            )
        )
        if seat.desk.state is Presence.OFFLINE and desk.state is Presence.OFFLINE:
            del self._seats[adviser]
            return
        self._follow(
            seat,
            d.StandingSeen(
                at_ms=self._now,
                state=standing.state,
                reason=standing.reason,
                token=standing.token,
            ),
        )

    def _tell_queues(self, seat: Seat) -> None:
        """Tell a page its queues, if they have changed; waits go on by themselves."""
        overview = self._supervision.overview
        if seat.page is None or overview is None:
            return
        mine = set(seat.account.queues)
        now = tuple(
            (queue.queue, queue.waiting_count, queue.oldest_enqueued_ms)
            for queue in overview.queues
            if queue.queue in mine
        )
        if now != seat.queues_told:
            seat.queues_told = now
            seat.page.send(told.queues_now(overview, seat.account.queues))

    # The end

    def close(self) -> None:
        """Send every page elsewhere; the live state keeps what whoever comes next takes up."""
        for seat in self._seats.values():
            if seat.page is not None:
                seat.page.close(Closing.STOPPING, "This desk stops for a moment.")
                seat.page = None
