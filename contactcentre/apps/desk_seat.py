"""One adviser at a desk process: how the desk stands, and the page that is told of it."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from pydantic import BaseModel

from contactcentre.apps import desk_told as told
from contactcentre.apps.callback_words import CallbackWords
from contactcentre.apps.ways_back import WaysBack
from contactcentre.domain import desk_events as e
from contactcentre.domain import occupancy
from contactcentre.domain.desk import AT_WORK, follow
from contactcentre.domain.desk_stand import Desk
from contactcentre.domain.errors import OutOfOrder
from contactcentre.domain.ids import AdviserId, CallId, QueueId, Token
from contactcentre.domain.levels import Asked, LevelsAfter, asked_later
from contactcentre.domain.occupancy import Occupancy
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.domain.seats import person_of
from contactcentre.journey.wrapup import WrapUps
from contactcentre.limits import CALLBACK_TICKET_LIFE_S, TICKET_LIFE_S
from contactcentre.ports.accounts import Account
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import AdviserStanding, CallStanding, Overview
from contactcentre.wire import desk as said
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import Ring, RingAgain

PASSING = (
    e.CallGone,
    e.Recovered,
    e.SocketLost,
    e.SocketOpened,
    e.StandingSeen,
    e.TimePassed,
)
"""What neither the adviser has done nor a node has told."""
HAVE_WORDS = frozenset({Presence.TALKING, Presence.WRAP_UP})


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
    read_ticket: Callable[[str], AdviserTicket]
    """Raises BadClaim."""
    spawn: Callable[[Coroutine[None, None, None], str], None]
    stirred: Callable[[AdviserId], None]
    """Called when a desk has changed; must not wait."""
    wrap_up_ms: int
    widening: Mapping[QueueId, LevelsAfter]
    """The queues that tell levels apart."""
    callback_words: CallbackWords
    ways_back: WaysBack
    by_occupancy: bool
    """Whether the least occupied adviser is next, and not who has been ready for longest."""


class Seat:
    """One adviser's desk, and its one live page."""

    def __init__(self, account: Account, tools: SeatTools) -> None:
        self.account = account
        self.desk = Desk(adviser=account.id, wrap_up_allowed_ms=tools.wrap_up_ms)
        self.page: Page | None = None
        self.page_came_ms: int | None = None
        """None if no page has been here since the adviser signed in."""
        self.has_reported = False
        """The live state has heard of the adviser from here."""
        self.has_news = False
        """The adviser has done something here, or a node has told something, since coming."""
        self._unread_since_ms: int | None = None
        self.unheard_looks = 0
        """In how many looks in a row the live state had a call here that the desk had not."""
        self._rang: Ring | None = None
        """What the node told of the call that rings, is talked with or wrapped up."""
        self._tools = tools
        self._occupancy = Occupancy(began_at_ms=self.now_ms)
        self._queues_told: tuple[tuple[QueueId, int, int | None], ...] | None = None

    @property
    def now_ms(self) -> int:
        """Return the time by the clock of every event here."""
        return self._tools.clock.monotonic_ms()

    @property
    def is_unread(self) -> bool:
        """Say whether it is not known yet how the adviser stood: nothing is reported before."""
        return self._unread_since_ms is not None

    def is_to_be_read(self) -> None:
        """Stand as it seems, until a look tells that is asked for from now on."""
        self._unread_since_ms, self.has_news = self.now_ms, False

    def is_told_by(self, asked_ms: int) -> bool:
        """Say whether what was asked for at `asked_ms` tells how the adviser stands."""
        return self._unread_since_ms is None or asked_ms >= self._unread_since_ms

    def read(self) -> None:
        """Note that it is known by now how the adviser stood."""
        self._unread_since_ms = None

    @property
    def _person(self) -> AdviserId:
        return person_of(self.account.id)

    @property
    def asked_later(self) -> Mapping[QueueId, Asked]:
        """Return where the adviser is asked at a level below the first."""
        return asked_later(self.account.levels, self._tools.widening)

    @property
    def occupied(self) -> int:
        """Return by how much the adviser stands behind others who are ready, in thousandths."""
        if not self._tools.by_occupancy:
            return 0
        return occupancy.share(self._occupancy, at_ms=self.now_ms)

    def recall(self, standing: AdviserStanding) -> None:
        """Take up what another desk process has counted, unless the adviser has been away since."""
        if standing.state is not Presence.OFFLINE:
            self._occupancy = replace(self._occupancy, share_before=standing.occupied)

    def follow(self, event: e.DeskEvent) -> None:
        """Let the desk follow an event, and tell its page. Raises OutOfOrder, StaleToken."""
        after = follow(self.desk, event)
        self.has_news |= not isinstance(event, PASSING)
        self._become(after)

    def begin_anew(self, found: e.Recovered) -> None:
        """Stand as the live state has it, and not as it seemed when the adviser came."""
        fresh = Desk(adviser=self.account.id, wrap_up_allowed_ms=self._tools.wrap_up_ms)
        there = follow(fresh, found)
        if self.page is not None:
            there = follow(there, e.SocketOpened(at_ms=self.now_ms))
        if _stands(there) != _stands(self.desk):
            self._become(there)

    @property
    def ring_now(self) -> Ring | None:
        """Return what is known of the call at hand, if a node has told of it."""
        ring = self._rang
        return ring if ring is not None and ring.token == self.desk.token else None

    def ring(self, ring: Ring) -> None:
        """Let the desk ring. Raises OutOfOrder, StaleToken, StaleEpoch."""
        rang = e.Rang(
            at_ms=self.now_ms,
            call=ring.call,
            queue=ring.queue,
            token=ring.token,
            epoch=ring.epoch,
            ring_ms=ring.ring_ms,
        )
        self._learn(ring, follow(self.desk, rang))

    def moved(self, ring: Ring) -> None:
        """Let the talk go on at another node. Raises OutOfOrder, StaleToken, StaleEpoch."""
        moved = e.TalkMoved(
            at_ms=self.now_ms,
            call=ring.call,
            queue=ring.queue,
            token=ring.token,
            epoch=ring.epoch,
        )
        self._learn(ring, follow(self.desk, moved))

    def found(self, again: RingAgain) -> None:
        """Take up what the call's node has told again. Raises StaleToken, StaleEpoch."""
        ring = again.ring
        if ring.token != self.desk.token or self.desk.state not in AT_WORK:
            return
        found = e.RingFound(
            at_ms=self.now_ms,
            queue=ring.queue,
            token=ring.token,
            epoch=ring.epoch,
            ring_ms=ring.ring_ms,
            talking=again.talking,
        )
        self._learn(ring, follow(self.desk, found))

    def lose_call(self) -> None:
        """Let go of a ring or talk that is over, as the live state has it."""
        self.follow(e.CallGone(at_ms=self.now_ms, token=self.desk.token))

    def is_behind(self, standing: CallStanding) -> bool:
        """Say whether the call is elsewhere, or has a newer leg, than its node told here."""
        ring = self.ring_now
        return ring is None or ring.node != standing.node or self.desk.epoch < standing.epoch

    def seat(self, page: Page) -> None:
        """Let a page be the one live page, and tell it how the desk stands."""
        self.close(Closing.REPLACED, "Another tab has taken over.")
        self.follow(e.SocketOpened(at_ms=self.now_ms))
        self.page = page
        self.page_came_ms = self.now_ms
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
        words = self._tools.wrap_ups.known(call=self.desk.call, adviser=self._person)
        return told.wrap_up_now(self.desk, words, self.now_ms)

    def talk_now(self) -> said.TalkNow:
        """Return the talk, and a fresh ticket to it. Raises OutOfOrder."""
        if self.desk.state is not Presence.TALKING:
            raise OutOfOrder("You are not on a call.")
        assert self.desk.call is not None, "a talk has its call"
        return told.talk_now(self.desk, self.desk.call, self._way_back(), self.now_ms)

    def _learn(self, ring: Ring, after: Desk) -> None:
        """Know a call by what its node tells, and tell the page what is new of it.

        A node that has taken it over does not know all that has happened to it before.
        """
        self.has_news = True
        before, known = self.desk, self.ring_now
        if known is not None and known.token == ring.token and known.call == ring.call:
            steps = [*known.journey, *(step for step in ring.journey if step not in known.journey)]
            kept = {"journey": steps, "waited_ms": known.waited_ms}
            if ring.callback is None:  # its caller has answered, and it is a call by now
                kept["callback"] = known.callback
            ring = ring.model_copy(update=kept)
        self._rang = ring
        self._become(after)
        is_told = (before.state, before.token) != (after.state, after.token)
        is_new = known is None or known.epoch != ring.epoch
        if self.page is not None and is_new and not is_told:
            self._tell_work(self.page)

    def _become(self, after: Desk) -> None:
        """Let the desk stand as it does now, and tell whoever must know."""
        before, self.desk = self.desk, after
        if before == after:
            return
        self._occupancy = occupancy.see(self._occupancy, after.state, at_ms=self.now_ms)
        self._tools.stirred(after.adviser)
        if self.page is not None:
            self._tell_change(self.page, before)
        if after.call is None:
            self._rang = None
        if after.state in HAVE_WORDS and before.state not in HAVE_WORDS:
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
                ring = self.ring_now
                if ring is None:
                    return  # taken up from the live state: the call's node is being asked
                assert desk.ring_until_ms is not None, "a ring has its end"
                left_ms = max(0, desk.ring_until_ms - self.now_ms)
                ticket = ring.ticket if ring.callback is None else self._ticket(ring)
                page.send(told.ring_now(ring, left_ms=left_ms, ticket=ticket))
            case Presence.TALKING:
                page.send(self.talk_now())
            case Presence.WRAP_UP:
                page.send(self.wrap_up_now())
            case _:
                pass

    def _way_back(self) -> said.RingNow | None:
        """Return the ring that a talk began with, and a fresh ticket to the same leg."""
        ring = self.ring_now
        if ring is None:
            return None
        return told.ring_now(ring, left_ms=0, ticket=self._ticket(ring))

    def _ticket(self, ring: Ring) -> str:
        """Return a fresh ticket to a ring; that to a callback proves whose word on it this is."""
        life_s = TICKET_LIFE_S if ring.callback is None else CALLBACK_TICKET_LIFE_S
        ticket = AdviserTicket(
            call=ring.call,
            adviser=ring.adviser,
            token=ring.token,
            node=ring.node,
            exp=self._tools.clock.now_ms() // 1_000 + life_s,
        )
        return self._tools.sign_ticket(ticket)

    def _fetch_words(self) -> None:
        """Have ready what the adviser has said of a call before, if it came back."""
        assert self.desk.call is not None, "a talk has its call"
        self._tools.spawn(self._fetch(self.desk.call), "saved words")

    async def _fetch(self, call: CallId) -> None:
        await self._tools.wrap_ups.fetch(call=call, adviser=self._person)
        if self.desk.state is not Presence.WRAP_UP or self.desk.call != call:
            return
        # a wrap-up that was taken up from the live state: its words come after it
        words = self._tools.wrap_ups.known(call=call, adviser=self._person)
        if words.outcome is not None and not self.desk.outcome_chosen:
            self.follow(e.OutcomeChosen(at_ms=self.now_ms, call=call, chosen=True))
        self.send(self.wrap_up_now())


def _stands(desk: Desk) -> tuple[Presence, AwayReason | None, CallId | None, Token]:
    """Return in what two desks of one adviser must not differ."""
    return desk.state, desk.reason, desk.call, desk.token
