"""Every desk of this process: what people do at it, and what calls' nodes tell it."""

from collections.abc import Sequence

from contactcentre.apps import desk_told as told
from contactcentre.apps.desk_beat import DeskBeat, Seats, recovered
from contactcentre.apps.desk_calls import DeskCalls
from contactcentre.apps.desk_chats import ChatPage, Chats
from contactcentre.apps.desk_monitors import DeskMonitors
from contactcentre.apps.desk_seat import Page, Seat, SeatTools
from contactcentre.domain import desk_events as e
from contactcentre.domain.callback import Attempt, TakeUp
from contactcentre.domain.desk import AT_WORK
from contactcentre.domain.errors import BadClaim, OutOfOrder, UnknownName
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.domain.seats import is_chat_seat
from contactcentre.journey.supervision import Supervision
from contactcentre.ports.accounts import Account
from contactcentre.wire import desk as said
from contactcentre.wire.callbacks import CallbackWay
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import CallbackSaid, Ring, RingOver, Talk

GOES_ON = frozenset({Presence.RINGING, Presence.TALKING, Presence.WRAP_UP})
"""What goes on also where the adviser signs in anew."""


class Floor:
    """The desks of one process."""

    def __init__(
        self,
        *,
        seats: Seats,
        tools: SeatTools,
        supervision: Supervision,
        beat: DeskBeat,
        calls: DeskCalls,
        chats: Chats,
        monitors: DeskMonitors,
    ) -> None:
        self._seats = seats
        self._tools = tools
        self._supervision = supervision
        self._beat = beat
        self._calls = calls
        self._chats = chats
        self._monitors = monitors

    # What people do

    def chats_max(self, account: Account) -> int:
        """Return with how many callers an adviser may chat at a time."""
        return len(self._chats.accounts(account))

    @property
    def chats_beside_call_max(self) -> int:
        """Return with how many open chats an adviser is still offered calls."""
        return self._chats.beside_max

    def sign_in(self, account: Account) -> None:
        """Give an adviser a desk; a call or its wrap-up goes on, whatever else was is over."""
        for one in (account, *self._chats.accounts(account)):
            seat = self._seat(one)
            if seat.desk.state is Presence.OFFLINE:
                self._begin(seat, only=GOES_ON)
            seat.follow(e.SignedIn(at_ms=self._now))

    def sign_out(self, account: Account) -> None:
        """Take an adviser's desk away, and every seat for chats with it.

        Raises OutOfOrder while somebody would be left behind: a call, or a chat.
        """
        seats = [
            seat
            for one in (account, *self._chats.accounts(account))
            if (seat := self._seats.get(one.id)) is not None
        ]
        _refuse_at_work(seats)
        for seat in seats:
            seat.follow(e.SignedOut(at_ms=self._now))
            seat.close(Closing.NOT_SIGNED_IN, "You have signed out.")

    def sit(self, account: Account, page: Page) -> None:
        """Let a page be the one live page of its adviser, and tell it how everything stands."""
        seat = self._seat(account)
        if seat.desk.state is Presence.OFFLINE:
            self._begin(seat)
        elif seat.page_came_ms is not None:
            seat.is_to_be_read()  # the adviser may have been elsewhere
        seat.seat(page)
        for one in self._chats.accounts(account):
            self._present(one).seat(ChatPage(page, one.id))
        page.send(self._beat.health())
        if self._supervision.overview is not None:
            seat.tell_queues(self._supervision.overview)

    def leave(self, account: Account, page: Page) -> None:
        """Note that a page is gone; one that was replaced has gone before."""
        for one in (account, *self._chats.accounts(account)):
            seat = self._seats.get(one.id)
            if seat is not None and page in _pages(seat):
                seat.page = None
                seat.follow(e.SocketLost(at_ms=self._now))

    def press(self, account: Account, reason: AwayReason | None) -> said.PresenceNow:
        """Make an adviser away for a reason, or ready. Raises OutOfOrder, BadRequest."""
        at_ms = self._now
        if reason is None:
            pressed = self._pressed(account, e.ReadyPressed(at_ms=at_ms))
            for seat in map(self._present, self._chats.accounts(account)):
                if seat.desk.state is Presence.AWAY:
                    seat.follow(e.ReadyPressed(at_ms=at_ms))
            return pressed
        return self._pressed(account, e.AwayPressed(at_ms=at_ms, reason=reason))

    def finish(self, account: Account, call: CallId, away: AwayReason | None) -> said.PresenceNow:
        """End a wrap-up. Raises OutOfOrder."""
        account = self._chats.with_call(account, call)
        return self._pressed(account, e.WrapUpFinished(at_ms=self._now, call=call, away=away))

    def more_time(self, account: Account) -> said.WrapUpNow:
        """Give an adviser another minute. Raises OutOfOrder."""
        self._pressed(account, e.MoreTimeAsked(at_ms=self._now))
        return self._seats[account.id].wrap_up_now()

    def talk(self, account: Account, call: CallId | None = None) -> said.TalkNow:
        """Return an adviser's talk, or chat, with a fresh ticket to it. Raises OutOfOrder."""
        if call is not None:
            account = self._chats.with_call(account, call)
        return self._present(account).talk_now()

    def end_talk(self, account: Account, call: CallId) -> said.PresenceNow:
        """End a talk here, since its node cannot be told. Raises OutOfOrder."""
        account = self._chats.with_call(account, call)
        return self._pressed(account, e.TalkLeft(at_ms=self._now, call=call))

    async def do_callback(
        self, account: Account, call: CallId, word: TakeUp | Attempt, ticket: str | None
    ) -> said.CallbackHeard:
        """Tell a callback's keeper what its adviser does; `ticket` is that of its ring.

        What follows from it the keeper tells this desk. How an attempt has ended is taken also
        where this desk knows of no such ring: the adviser may have come here since, and the
        ticket proves that it rang. Raises OutOfOrder, BadClaim, PeerUnavailable, LedgerUnavailable.
        """
        seat = self._present(account)
        rang = None if ticket is None else self._tools.read_ticket(ticket)
        if rang is not None and (rang.adviser, rang.call) != (account.id, call):
            raise BadClaim("This ticket is for another callback.")
        ring = seat.ring_now
        if ring is not None and (ring.call != call or (rang and rang.token != ring.token)):
            ring = None
        if ring is None and rang is None:
            raise OutOfOrder("This callback is not with you any more.")
        token = rang.token if ring is None and rang is not None else seat.desk.token
        told = CallbackSaid(call=call, adviser=account.id, token=token, word=word)
        is_written = await self._tools.callback_words.say(ring, told)
        if is_written and (seat.desk.state, seat.desk.token) == (Presence.TALKING, token):
            seat.follow(e.TalkLeft(at_ms=self._now, call=call))
        return said.CallbackHeard(written=is_written)

    def way_back(self, account: Account, call: CallId) -> CallbackWay:
        """Return where the adviser has the number of a callback rung that was taken.

        Raises OutOfOrder, NodeFull.
        """
        seat = self._present(account)
        is_here = seat.desk.state is Presence.TALKING and seat.desk.call == call
        return self._tools.ways_back.to_ring(seat.ring_now if is_here else None)

    def choose(self, account: Account, call: CallId, *, chosen: bool) -> None:
        """Note that an outcome has been chosen, whether or not it can be written down now."""
        seat = self._present(self._chats.with_call(account, call))
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
        self._monitors.rings(seat.desk, ring)
        seat.ring(ring)

    def bridged(self, talk: Talk) -> None:
        """Begin a talk. Raises UnknownName, OutOfOrder, StaleToken, StaleEpoch."""
        event = e.TalkBegan(at_ms=self._now, call=talk.call, token=talk.token, epoch=talk.epoch)
        self._known(talk.adviser).follow(event)

    def moved(self, ring: Ring) -> None:
        """Let a talk go on elsewhere. Raises UnknownName, OutOfOrder, StaleToken, StaleEpoch."""
        self._known(ring.adviser).moved(ring)

    def over(self, over: RingOver) -> None:
        """End a ring or a talk. Raises UnknownName, OutOfOrder, StaleToken, StaleEpoch."""
        event = e.RingEnded(at_ms=self._now, token=over.token, epoch=over.epoch, lapse=over.lapse)
        self._known(over.adviser).follow(event)

    def _known(self, adviser: AdviserId) -> Seat:
        seat = self._seats.get(adviser)
        if seat is None:
            raise UnknownName("That adviser is not at this desk.")
        return seat

    # Who is here

    @property
    def _now(self) -> int:
        return self._tools.clock.monotonic_ms()

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
            self._begin(seat)
        return seat

    def _begin(self, seat: Seat, *, only: frozenset[Presence] | None = None) -> None:
        """Let an adviser who has no desk here come to one: as the live state has it, or anew.

        Only what is in some states, if they are named: whoever signs in begins anew otherwise.
        """
        seat.page_came_ms = None
        overview = None if self._supervision.has_stood_still else self._supervision.overview
        stood = None if overview is None else dict(overview.advisers).get(seat.account.id)
        if stood is not None:
            seat.recall(stood)
        if overview is None or stood is None or (only is not None and stood.state not in only):
            seat.follow(e.SignedIn(at_ms=self._now))
            if overview is None or only is None:
                seat.is_to_be_read()
            return
        seat.follow(recovered(stood, at_ms=self._now, stood_ms=overview.now_ms))
        seat.is_to_be_read()
        if seat.desk.state in AT_WORK:
            self._calls.look_soon(seat)

    def close(self) -> None:
        """Send every page elsewhere; the live state keeps what whoever comes next takes up."""
        for seat in self._seats.values():
            seat.close(Closing.STOPPING, "This desk stops for a moment.")
            seat.follow(e.SocketLost(at_ms=self._now))


def _refuse_at_work(seats: Sequence[Seat]) -> None:
    """Raise OutOfOrder while callers are with an adviser."""
    busy = [seat.account.id for seat in seats if seat.desk.state in AT_WORK]
    chats_count = sum(map(is_chat_seat, busy))
    if len(busy) > chats_count:
        raise OutOfOrder("A caller is with you. End the call, then sign out.")
    if chats_count == 1:
        raise OutOfOrder("A chat is open. End it or hand it back, then sign out.")
    if chats_count:
        raise OutOfOrder(f"{chats_count} chats are open. End or hand them back, then sign out.")


def _pages(seat: Seat) -> tuple[Page, ...]:
    """Return the page at a seat, as the seat and as its adviser's browser has it."""
    here = seat.page
    if here is None:
        return ()
    return (here, here.page) if isinstance(here, ChatPage) else (here,)
