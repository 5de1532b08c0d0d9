"""What joins the seats of one adviser: who gets chats, and what is offered beside what.

Each chat has a seat of its own (domain/seats), so the live state, the beat and the rules of a desk
know nothing of chats. An adviser is offered chats while ready, and calls beside a few chats.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel

from contactcentre.apps.desk_seat import Page, Seat
from contactcentre.domain import seats
from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.domain.presence import Presence
from contactcentre.ports.accounts import Account
from contactcentre.wire import desk as said
from contactcentre.wire.closing import Closing

TOLD = (said.PresenceNow, said.RingNow, said.RingEnded, said.TalkNow, said.WrapUpNow)
"""What a page is told of a chat's seat; all else it hears of its own."""


class ChatPage:
    """An adviser's page, as one of the chat seats sees it."""

    def __init__(self, page: Page, seat: AdviserId) -> None:
        self.page = page
        self._seat = seat

    def send(self, said_: BaseModel) -> None:
        """Say what is new of this seat."""
        if isinstance(said_, TOLD):
            self.page.send(said.ChatNow(seat=self._seat, said=said_))

    def close(self, why: Closing, words: str = "") -> None:
        """Leave the page to the seat for calls, which closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """The chat seats of a process's advisers."""

    seats: Mapping[AdviserId, Seat]
    queues: Collection[QueueId]
    """Those in which chats wait."""
    count: int
    """With how many callers an adviser may chat at a time."""
    beside_max: int
    """An adviser who chats with more is offered no call."""

    def accounts(self, account: Account) -> Sequence[Account]:
        """Return an adviser as each chat seat has it; none if the adviser serves no chat."""
        served = [queue for queue in account.queues if queue in self.queues]
        if not served or seats.is_chat_seat(account.id):
            return ()
        levels = {queue: account.levels[queue] for queue in served if queue in account.levels}
        return tuple(
            replace(account, id=seat, queues=served, levels=levels)
            for seat in seats.chat_seats(account.id, self.count)
        )

    def with_call(self, account: Account, call: CallId) -> Account:
        """Return the adviser as the seat has it that has to do with a call."""
        for one in self.accounts(account):
            seat = self.seats.get(one.id)
            if seat is not None and seat.desk.call == call:
                return one
        return account

    def asked_for(self, seat: Seat) -> Sequence[QueueId]:
        """Return the queues for which a seat is asked now."""
        person = seats.person_of(seat.account.id)
        if seats.is_chat_seat(seat.account.id):
            return seat.account.queues if seats.may_chat(self._state(person)) else ()
        if not seats.may_talk(
            [self._state(one.id) for one in self.accounts(seat.account)],
            beside_max=self.beside_max,
        ):
            return ()
        return [queue for queue in seat.account.queues if queue not in self.queues]

    def stirring(self, stirred: Callable[[AdviserId], None]) -> Callable[[AdviserId], None]:
        """Return what is told of a changed seat: what the person's others are asked for changes."""

        def stir(changed: AdviserId) -> None:
            person = seats.person_of(changed)
            for seat in {changed, person, *seats.chat_seats(person, self.count)}:
                if seat in self.seats:
                    stirred(seat)

        return stir

    def _state(self, seat: AdviserId) -> Presence:
        found = self.seats.get(seat)
        return Presence.OFFLINE if found is None else found.desk.state
