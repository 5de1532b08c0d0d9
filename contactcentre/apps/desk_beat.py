"""The beat of a desk process: it looks at the live state, and tells it how its advisers stand.

The live state is told at once of each change and of everything once a beat. While it is away the
desks go on, and what was pressed meanwhile is told when it is back.

An adviser is at one desk process: the one that has spoken last. Another one that finds that out
lets go, without a word to the live state; a page that has only just come holds on. A process that
has stood still says nothing of anybody before a new look: they may have gone on elsewhere.
"""

import asyncio
from collections.abc import Collection, Sequence

import structlog

from contactcentre.apps.desk_calls import DeskCalls
from contactcentre.apps.desk_chats import Chats
from contactcentre.apps.desk_monitors import DeskMonitors
from contactcentre.apps.desk_seat import Seat
from contactcentre.domain import desk_events as e
from contactcentre.domain.desk import AT_WORK
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import AdviserId, DeskId
from contactcentre.domain.presence import Presence
from contactcentre.journey.supervision import Supervision
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import AdviserReport, AdviserStanding, Overview, Presences
from contactcentre.wire import desk as said
from contactcentre.wire.closing import Closing

log = structlog.get_logger()

Seats = dict[AdviserId, Seat]

REPORTS_AT_ONCE = 8
"""Each takes the way to the live state and back, and another site is not always near."""
UNHEARD_LOOKS = 2
"""A call that the live state has here in so many looks is asked for: its node has told another."""
HOLDS_ON_MS = 3 * BEAT_EVERY_MS
"""A page that has come within this is not sent away by what another process has said before."""
FREE = frozenset({Presence.AWAY, Presence.READY, Presence.WRAP_UP})


class Stirred:
    """The advisers whose desks have changed and are to be reported at once."""

    def __init__(self) -> None:
        self._advisers: set[AdviserId] = set()
        self._some = asyncio.Event()

    def add(self, adviser: AdviserId) -> None:
        """Note that a desk has changed."""
        self._advisers.add(adviser)
        self._some.set()

    def take(self) -> list[AdviserId]:
        """Return whose have, and begin anew."""
        stirred = list(self._advisers)
        self._advisers.clear()
        self._some.clear()
        return stirred

    async def wait(self, *, within_ms: int) -> bool:
        """Wait until a desk has changed; False if none did in time."""
        try:
            async with asyncio.timeout(within_ms / 1_000):
                await self._some.wait()
        except TimeoutError:
            return False
        return True


class DeskBeat:
    """Looks and reports for all seats of one process."""

    def __init__(
        self,
        *,
        desk: DeskId,
        internal_url: str,
        seats: Seats,
        stirred: Stirred,
        presences: Presences,
        supervision: Supervision,
        calls: DeskCalls,
        chats: Chats,
        monitors: DeskMonitors,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._internal_url = internal_url
        self._seats = seats
        self._stirred = stirred
        self._presences = presences
        self._supervision = supervision
        self._calls = calls
        self._chats = chats
        self._monitors = monitors
        self._clock = clock
        self._beat = clock.now_ms()
        """Goes on from the time of day, so that it rises over a restart."""
        self._queue_reachable = True
        self._health_told = self.health()

    def health(self) -> said.HealthNow:
        """Return what this process can reach."""
        return said.HealthNow(
            queue_reachable=self._queue_reachable and self._supervision.overview is not None,
            records_reachable=self._supervision.today is not None,
        )

    async def keep_beating(self) -> None:
        """Look, let time pass, and report: everything once a beat, what has changed at once."""
        due_ms = self._now
        while True:
            if self._now < due_ms and await self._stirred.wait(within_ms=due_ms - self._now):
                await self._report(self._stirred.take())
                continue
            due_ms = self._now + BEAT_EVERY_MS
            await self.beat()

    async def report_last(self) -> None:
        """Report everybody once more before this process ends."""
        await self._report([*self._seats])

    @property
    def _now(self) -> int:
        return self._clock.monotonic_ms()

    async def beat(self) -> None:
        """Let one beat pass."""
        await self._supervision.look()
        if self._supervision.has_stood_still:
            return  # the next beat is due at once
        overview = self._supervision.overview
        if overview is not None:
            self._take_up(overview)
        for seat in self._seats.values():
            seat.follow(e.TimePassed(at_ms=self._now))
        await self._look_at_calls()
        self._beat += 1
        self._stirred.take()
        await self._report([*self._seats], beat=True)
        self._tell_pages(overview)

    def _take_up(self, overview: Overview) -> None:
        """Take up what the live state knows better."""
        stood = dict(overview.advisers)
        for adviser, seat in [*self._seats.items()]:
            if not seat.is_told_by(self._supervision.asked_ms):
                continue
            standing = stood.get(adviser)
            if standing is not None and self._has_left(seat, standing):
                self._let_go(seat)
            elif standing is not None:
                self._recover(seat, standing, overview.now_ms)
                see(seat, standing)
            seat.read()

    def _is_elsewhere(self, standing: AdviserStanding) -> bool:
        """Say whether another desk process has spoken last of the adviser."""
        return standing.desk not in {None, self._desk}

    def _has_left(self, seat: Seat, standing: AdviserStanding) -> bool:
        """Say whether the adviser is at another desk process by now."""
        if seat.is_unread or not self._is_elsewhere(standing):
            return False
        if seat.page is None or seat.page_came_ms is None:
            return True
        return self._supervision.asked_ms - seat.page_came_ms >= HOLDS_ON_MS

    def _let_go(self, seat: Seat) -> None:
        log.info("an adviser is at another desk process", adviser=seat.account.id)
        seat.close(Closing.REPLACED, "Your desk is open elsewhere.")
        del self._seats[seat.account.id]
        self._monitors.forget(seat.account.id)

    def _recover(self, seat: Seat, standing: AdviserStanding, now_ms: int) -> None:
        """Take up what could not be read when the adviser came, or what was told elsewhere."""
        unheard = standing.state in AT_WORK and standing.token > seat.desk.token
        seat.unheard_looks = seat.unheard_looks + 1 if unheard else 0
        if seat.is_unread:
            seat.recall(standing)
            if self._knows_better(seat, standing):
                seat.begin_anew(recovered(standing, at_ms=self._now, stood_ms=now_ms))
                return
        is_due = seat.is_unread or seat.unheard_looks >= UNHEARD_LOOKS
        if is_due and seat.desk.state in FREE:
            seat.follow(recovered(standing, at_ms=self._now, stood_ms=now_ms))

    def _knows_better(self, seat: Seat, standing: AdviserStanding) -> bool:
        """Say whether the live state has a newer word on an adviser who has come than we have."""
        if seat.has_news or standing.token < seat.desk.token:
            return False
        return self._is_elsewhere(standing) or not seat.has_reported

    async def _look_at_calls(self) -> None:
        seats = [seat for seat in self._seats.values() if seat.desk.state in AT_WORK]
        self._calls.forget([(seat.account.id, seat.desk.token) for seat in seats])
        await self._calls.look(seats)

    def _tell_pages(self, overview: Overview | None) -> None:
        health = self.health()
        for seat in self._seats.values():
            if overview is not None:
                seat.tell_queues(overview)
            if health != self._health_told:
                seat.send(health)
        self._health_told = health

    async def _report(self, advisers: Collection[AdviserId], *, beat: bool = False) -> None:
        """Report desks; the first that the store does not take ends this round."""
        try:
            if beat:
                await self._presences.report_desk(
                    desk=self._desk, beat=self._beat, internal_url=self._internal_url
                )
            await self._report_each([*advisers])
        except StateUnavailable:
            if self._queue_reachable:
                log.warning("the queues cannot be reached")
            self._queue_reachable = False
        else:
            self._queue_reachable = True

    async def _report_each(self, advisers: Sequence[AdviserId]) -> None:
        """Report some at a time. Raises StateUnavailable."""
        for start in range(0, len(advisers), REPORTS_AT_ONCE):
            try:
                async with asyncio.TaskGroup() as reports:
                    for adviser in advisers[start : start + REPORTS_AT_ONCE]:
                        reports.create_task(self._report_one(adviser), name="report")
                continue
            except* StateUnavailable:
                pass
            raise StateUnavailable("The live state does not take what the desk says")

    async def _report_one(self, adviser: AdviserId) -> None:
        seat = self._seats.get(adviser)
        if seat is None or seat.is_unread or self._supervision.has_stood_still:
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
            queues=self._chats.asked_for(seat),
            asked_later=seat.asked_later,
            occupied=seat.occupied,
        )
        standing = await self._presences.report_adviser(report)
        seat.has_reported = True
        if desk.state is seat.desk.state is Presence.OFFLINE:
            self._monitors.forget(adviser)
            self._seats.pop(adviser, None)
            return
        if desk == seat.desk:
            self._monitors.stands(desk, standing, self._now)
        see(seat, standing)


def see(seat: Seat, standing: AdviserStanding) -> None:
    """Take up what the live state says of an adviser and the desk was not told."""
    seen = e.StandingSeen(
        at_ms=seat.now_ms, state=standing.state, reason=standing.reason, token=standing.token
    )
    seat.follow(seen)


def recovered(standing: AdviserStanding, *, at_ms: int, stood_ms: int) -> e.Recovered:
    """Return what a desk that does not know an adviser finds in an overview of `stood_ms`."""
    return e.Recovered(
        at_ms=at_ms,
        state=standing.state,
        reason=standing.reason,
        call=standing.call,
        token=standing.token,
        for_ms=max(0, stood_ms - standing.since_ms),
    )
