"""Every desk of this process, and the beat in which the live state is told of them.

The live state is told at once of each change and of everything once a beat. While it is away the
desks go on, and what was pressed meanwhile is told when it is back.
"""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from contactcentre.apps import desk_told as told
from contactcentre.apps.desk_seat import Page, Seat, SeatTools
from contactcentre.domain import desk_events as e
from contactcentre.domain.desk import GRACE_MS
from contactcentre.domain.errors import StateUnavailable, UnknownName
from contactcentre.domain.ids import AdviserId, CallId, DeskId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.journey.supervision import Supervision
from contactcentre.journey.wrapup import WrapUps
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.accounts import Account
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import AdviserReport, AdviserStanding, Presences
from contactcentre.wire import desk as said
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import Ring, RingOver, Talk

log = structlog.get_logger()

RECOVER_WITHIN_MS = GRACE_MS
"""For so long after its start a desk process takes up what the live state has of an adviser."""


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
        self._clock = clock
        self._tools = SeatTools(
            clock=clock,
            wrap_ups=wrap_ups,
            sign_ticket=sign_ticket,
            spawn=spawn,
            stirred=self._stir,
            wrap_up_ms=wrap_up_ms,
        )
        self._seats: dict[AdviserId, Seat] = {}
        self._stirred: set[AdviserId] = set()
        self._something_stirred = asyncio.Event()
        self._beat = clock.now_ms()
        """Goes on from the time of day, so that it rises over a restart."""
        self._began_ms = clock.monotonic_ms()
        self._queue_reachable = True
        self._health_told = self.health()

    # What people do

    def sign_in(self, account: Account) -> None:
        """Give an adviser a desk."""
        self._seat(account).follow(e.SignedIn(at_ms=self._now))

    def sign_out(self, adviser: AdviserId) -> None:
        """Take an adviser's desk away."""
        seat = self._seats.get(adviser)
        if seat is not None:
            seat.follow(e.SignedOut(at_ms=self._now))
            seat.close(Closing.NOT_SIGNED_IN, "You have signed out.")

    def sit(self, account: Account, page: Page) -> None:
        """Let a page be the one live page of its adviser, and tell it how everything stands."""
        seat = self._present(account)
        seat.seat(page)
        page.send(self.health())
        if self._supervision.overview is not None:
            seat.tell_queues(self._supervision.overview)

    def leave(self, adviser: AdviserId, page: Page) -> None:
        """Note that a page is gone; one that was replaced has gone before."""
        seat = self._seats.get(adviser)
        if seat is not None and seat.page is page:
            seat.page = None
            seat.follow(e.SocketLost(at_ms=self._now))

    def press(self, account: Account, reason: AwayReason | None) -> said.PresenceNow:
        """Make an adviser away for a reason, or ready. Raises OutOfOrder, BadRequest."""
        at_ms = self._now
        if reason is None:
            return self._pressed(account, e.ReadyPressed(at_ms=at_ms))
        return self._pressed(account, e.AwayPressed(at_ms=at_ms, reason=reason))

    def finish(self, account: Account, call: CallId, away: AwayReason | None) -> said.PresenceNow:
        """End a wrap-up. Raises OutOfOrder."""
        return self._pressed(account, e.WrapUpFinished(at_ms=self._now, call=call, away=away))

    def more_time(self, account: Account) -> said.WrapUpNow:
        """Give an adviser another minute. Raises OutOfOrder."""
        self._pressed(account, e.MoreTimeAsked(at_ms=self._now))
        return self._seats[account.id].wrap_up_now()

    def choose(self, account: Account, call: CallId, *, chosen: bool) -> None:
        """Note that an outcome has been chosen, whether or not it can be written down now."""
        seat = self._present(account)
        seat.follow(e.OutcomeChosen(at_ms=self._now, call=call, chosen=chosen))

    def _pressed(self, account: Account, event: e.DeskEvent) -> said.PresenceNow:
        seat = self._present(account)
        seat.follow(event)
        return told.presence_now(seat.desk, self._now)

    # What nodes say

    def ring(self, ring: Ring) -> None:
        """Let a desk ring. Raises UnknownName without a live page, OutOfOrder, StaleToken."""
        seat = self._known(ring.adviser)
        if seat.page is None:
            raise UnknownName("That adviser has no page open at this desk.")
        seat.ring(ring)

    def bridged(self, talk: Talk) -> None:
        """Begin a talk. Raises UnknownName, OutOfOrder, StaleToken."""
        event = e.TalkBegan(at_ms=self._now, call=talk.call, token=talk.token)
        self._known(talk.adviser).follow(event)

    def over(self, over: RingOver) -> None:
        """End a ring or a talk. Raises UnknownName, OutOfOrder, StaleToken."""
        event = e.RingEnded(at_ms=self._now, token=over.token, lapse=over.lapse)
        self._known(over.adviser).follow(event)

    def _known(self, adviser: AdviserId) -> Seat:
        seat = self._seats.get(adviser)
        if seat is None:
            raise UnknownName("That adviser is not at this desk.")
        return seat

    # Who is here

    @property
    def _now(self) -> int:
        return self._clock.monotonic_ms()

    def _seat(self, account: Account) -> Seat:
        """Return an adviser's seat, with the account as it is now."""
        seat = self._seats.get(account.id)
        if seat is None:
            seat = self._seats[account.id] = Seat(account, self._tools)
        seat.account = account
        return seat

    def _present(self, account: Account) -> Seat:
        """Return the seat of an adviser who is signed in, and so is not offline."""
        seat = self._seat(account)
        if seat.desk.state is Presence.OFFLINE:
            seat.follow(self._first_event(account.id))
        return seat

    def _first_event(self, adviser: AdviserId) -> e.DeskEvent:
        """Return how an adviser who is signed in, but has no desk here, comes to one."""
        overview = self._supervision.overview
        if overview is not None and self._now - self._began_ms < RECOVER_WITHIN_MS:
            stood = dict(overview.advisers).get(adviser)
            if stood is not None:
                return e.Recovered(
                    at_ms=self._now,
                    state=stood.state,
                    reason=stood.reason,
                    call=stood.call,
                    token=stood.token,
                )
        return e.SignedIn(at_ms=self._now)

    def close(self) -> None:
        """Send every page elsewhere; the live state keeps what whoever comes next takes up."""
        for seat in self._seats.values():
            seat.close(Closing.STOPPING, "This desk stops for a moment.")

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

    def _stir(self, adviser: AdviserId) -> None:
        self._stirred.add(adviser)
        self._something_stirred.set()

    async def _stirs(self, *, within_ms: int) -> bool:
        """Wait until a desk has changed; False if none did in time."""
        try:
            async with asyncio.timeout(within_ms / 1_000):
                await self._something_stirred.wait()
        except TimeoutError:
            return False
        return True

    def _take_stirred(self) -> list[AdviserId]:
        stirred = list(self._stirred)
        self._stirred.clear()
        self._something_stirred.clear()
        return stirred

    async def beat(self) -> None:
        """Let one beat pass."""
        await self._supervision.look()
        overview = self._supervision.overview
        for adviser, standing in () if overview is None else overview.advisers:
            if adviser in self._seats:
                self._see(self._seats[adviser], standing)
        for seat in self._seats.values():
            seat.follow(e.TimePassed(at_ms=self._now))
            self._let_go_of_lost_talk(seat)
        self._beat += 1
        self._take_stirred()
        await self._report([*self._seats], beat=True)
        health = self.health()
        for seat in self._seats.values():
            if overview is not None:
                seat.tell_queues(overview)
            if health != self._health_told:
                seat.send(health)
        self._health_told = health

    def _see(self, seat: Seat, standing: AdviserStanding) -> None:
        """Take up what the live state knows better."""
        seen = e.StandingSeen(
            at_ms=self._now, state=standing.state, reason=standing.reason, token=standing.token
        )
        seat.follow(seen)

    def _let_go_of_lost_talk(self, seat: Seat) -> None:
        """End a talk whose node is gone for good: nobody else is left to say so."""
        talks = seat.desk.state is Presence.TALKING
        if talks and seat.rang is not None and self._supervision.is_gone(seat.rang.node):
            seat.follow(e.NodeGone(at_ms=self._now))

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
        report = AdviserReport(
            adviser=adviser,
            desk=self._desk,
            beat=self._beat,
            state=desk.state,
            reason=desk.reason,
            call=desk.call,
            token=desk.token,
            queues=seat.account.queues,
        )
        standing = await self._presences.report_adviser(report)
        if desk.state is seat.desk.state is Presence.OFFLINE:
            del self._seats[adviser]
            return
        self._see(seat, standing)
